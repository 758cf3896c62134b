"""Hashes of passwords and PINs: signed by the station that set them, overwritable, never in the journal.

They travel through the centre and `site/users.toml` only. The hash in users.toml is version 0: it holds until
somebody sets a password at a console.
"""

import logging
from collections.abc import Callable, Mapping, Sequence
from enum import StrEnum
from typing import Any
from uuid import UUID

import msgspec
from argon2 import extract_parameters
from argon2.exceptions import InvalidHashError
from sqlalchemy import func, select
from sqlalchemy.dialects.sqlite import insert
from sqlalchemy.engine import Connection

from console.services.identity.credential_tables import credential
from console.services.journal.keys import StationKey, is_signed_by
from console.services.notifier import Notifier
from console.services.storage.ports import Reader, Writer

log = logging.getLogger(__name__)
_DOMAIN = b"leitstand-credential1"
_MAX_ENCODED = 512
_MAX_VERSION = 2**31


class Kind(StrEnum):
    PASSWORD = "password"  # noqa: S105 a kind, not a secret
    PIN = "pin"


class SignedCredential(msgspec.Struct, frozen=True):
    """One row as it travels. An empty `encoded` takes the credential away. `sig` signs everything else."""

    v: int
    site: UUID
    user_id: str
    kind: str
    version: int
    encoded: str
    at_us: int
    station: UUID
    sig: bytes = b""

    def __repr__(self) -> str:  # never the hash: rows reach logs in errors
        return f"SignedCredential({self.user_id}, {self.kind}, version {self.version})"

    @property
    def rank(self) -> tuple[int, int, str, bytes]:
        """Which of two rows stands: the higher version, then the later, then an order that all stations share."""
        return (self.version, self.at_us, str(self.station), self.sig)

    def signed_bytes(self) -> bytes:
        fields = [self.v, self.site, self.user_id, self.kind, self.version, self.encoded, self.at_us, self.station]
        return _DOMAIN + msgspec.json.encode(fields)


class Credentials:
    """`keys_of` gives the keys of a station that count now (`Stations.keys_of`). Lives in the main thread."""

    def __init__(
        self,
        writer: Writer,
        reader: Reader,
        *,
        site: UUID,
        station: UUID,
        key: StationKey,
        keys_of: Callable[[UUID], Sequence[bytes]],
        now_us: Callable[[], int],
    ) -> None:
        self._writer = writer
        self._reader = reader
        self._site = site
        self._station = station
        self._key = key
        self._keys_of = keys_of
        self._now_us = now_us
        self.changed: Notifier[None] = Notifier()
        self._rows: dict[tuple[str, str], SignedCredential] = {}
        self._proved: dict[bytes, tuple[bytes, SignedCredential]] = {}  # signature -> key that made it, and for what
        self._file: Mapping[str, str] = {}

    async def load(self) -> None:
        """Read what is kept. Signatures are checked at each use: a row that was changed in the file proves nothing."""
        found = await self._reader.read(lambda connection: _all(connection, self._site))
        self._rows = {(row.user_id, row.kind): row for row in found}

    def set_file(self, hashes: Mapping[str, str]) -> None:
        """Password hashes of users.toml by user id: version 0."""
        self._file = dict(hashes)

    def encoded(self, user_id: str, kind: Kind = Kind.PASSWORD) -> str:
        """The hash that stands, empty for none. Rows of a station that was revoked do not count."""
        row = self._rows.get((user_id, kind))
        if row is not None and self._is_signed(row):
            return row.encoded
        return self._file.get(user_id, "") if kind is Kind.PASSWORD else ""

    def pin(self, user_id: str) -> str:
        """The hash of the PIN that stands, empty for none."""
        return self.encoded(user_id, Kind.PIN)

    def version(self, user_id: str, kind: Kind) -> int:
        row = self._rows.get((user_id, kind))
        return row.version if row is not None else 0

    async def set(self, user_id: str, kind: Kind, encoded: str) -> SignedCredential:
        """Replace what stands; durable when it returns. An empty hash takes the credential away."""
        version = self.version(user_id, kind) + 1
        bare = SignedCredential(1, self._site, user_id, kind.value, version, encoded, self._now_us(), self._station)
        row = msgspec.structs.replace(bare, sig=self._key.sign(bare.signed_bytes()))
        await self._writer.write(lambda connection: _put(connection, row))
        self._rows[(user_id, kind.value)] = row
        self.changed.notify(None)
        return row

    async def take(self, rows: Sequence[SignedCredential]) -> int:
        """Rows from the centre; gives how many were new. Forged, malformed and older ones are left out."""
        fresh = [row for row in rows if self._is_taken(row)]
        best: dict[tuple[str, str], SignedCredential] = {}
        for row in fresh:
            known = best.get((row.user_id, row.kind))
            if known is None or row.rank > known.rank:
                best[(row.user_id, row.kind)] = row
        if best:
            chosen = tuple(best.values())
            await self._writer.write(lambda connection: _put_all(connection, chosen))
            self._rows.update(best)
            self.changed.notify(None)
        return len(best)

    async def rows_since(self, changed: int) -> tuple[tuple[SignedCredential, ...], int]:
        """Rows changed here behind a mark, and the mark to ask with next time; 0 asks for all."""
        return await self._reader.read(lambda connection: _since(connection, self._site, changed))

    def _is_taken(self, row: SignedCredential) -> bool:
        known = self._rows.get((row.user_id, row.kind))
        if known is not None and self._is_signed(known) and row.rank <= known.rank:
            return False
        is_good = (
            row.v == 1
            and row.site == self._site
            and row.kind in tuple(Kind)
            and 0 < row.version < _MAX_VERSION
            and len(row.user_id) <= 100
            and _is_hash(row.encoded)
            and self._is_signed(row)
        )
        if not is_good:
            log.warning("a credential of %s was not taken: not signed by a station of this site", row.user_id[:100])
        return is_good

    def _is_signed(self, row: SignedCredential) -> bool:
        own = (self._key.public_key,) if row.station == self._station else ()
        keys = (*own, *self._keys_of(row.station))
        proved = self._proved.get(row.sig)
        if proved is not None and proved[1] == row:  # checked before; what may change is which keys count
            return proved[0] in keys
        for key in keys:
            if is_signed_by(key, row.sig, row.signed_bytes()):
                self._proved[row.sig] = (key, row)
                return True
        return False


def _is_hash(encoded: str) -> bool:
    """Empty, or argon2id that costs no more than a station can bear (a peer does not choose our memory)."""
    if not encoded:
        return True
    if len(encoded) > _MAX_ENCODED:
        return False
    try:
        found = extract_parameters(encoded)
    except InvalidHashError:
        return False
    return found.time_cost <= 16 and found.memory_cost <= 1 << 20 and found.parallelism <= 16


def _put_all(connection: Connection, rows: Sequence[SignedCredential]) -> None:
    for row in rows:
        _put(connection, row)


def _put(connection: Connection, row: SignedCredential) -> None:
    newest = connection.execute(select(func.coalesce(func.max(credential.c.changed), 0))).scalar_one()
    values: dict[str, Any] = {
        "user_id": row.user_id,
        "kind": row.kind,
        "version": row.version,
        "encoded": row.encoded,
        "at_us": row.at_us,
        "station": str(row.station),
        "sig": row.sig,
        "changed": int(newest) + 1,
    }
    statement = insert(credential).values(**values)
    connection.execute(statement.on_conflict_do_update(index_elements=["user_id", "kind"], set_=values))


def _all(connection: Connection, site: UUID) -> list[SignedCredential]:
    return [_row(found, site) for found in connection.execute(select(credential))]


def _since(connection: Connection, site: UUID, changed: int) -> tuple[tuple[SignedCredential, ...], int]:
    query = select(credential).where(credential.c.changed > changed).order_by(credential.c.changed)
    found = connection.execute(query).all()
    return tuple(_row(one, site) for one in found), int(found[-1].changed) if found else changed


def _row(found: Any, site: UUID) -> SignedCredential:
    return SignedCredential(
        1, site, found.user_id, found.kind, found.version, found.encoded, found.at_us, UUID(found.station), found.sig
    )
