"""Hashes of passwords and PINs, and profiles: signed by the station that set them, overwritable, never in the journal.

Hashes travel through the centre and `site/users.toml` only; profiles (`profiles.py`) are no secrets. The hash in
users.toml is version 0: it holds until somebody sets a password at a console. What somebody who was erased had is
overwritten by a last version, in the file too.
"""

import asyncio
import logging
from collections.abc import Awaitable, Callable, Iterable, Mapping, Sequence
from enum import StrEnum
from typing import Any
from uuid import UUID

import msgspec
from argon2 import extract_parameters
from argon2.exceptions import InvalidHashError
from sqlalchemy import delete, func, select
from sqlalchemy.dialects.sqlite import insert
from sqlalchemy.engine import Connection

from console.domain.refusal import Refused
from console.services.identity.credential_tables import credential
from console.services.identity.profile_form import forget_read, read_profile
from console.services.journal.keys import StationKey, is_signed_by
from console.services.notifier import Notifier
from console.services.storage.ports import Reader, Writer

log = logging.getLogger(__name__)
_DOMAIN = b"leitstand-credential1"
_MAX_ENCODED = 512
_WIPE = "PRAGMA secure_delete = ON"  # what a row held before is overwritten where it stood
LAST = 2**31 - 1  # the version of what was erased: made of the fact by each station, never taken from anybody


class Kind(StrEnum):
    PASSWORD = "password"  # noqa: S105 a kind, not a secret
    PIN = "pin"
    PROFILE = "profile"


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


async def _folded() -> bool:
    return True


class Credentials:
    """`keys_of` gives the keys of a station that count now (`Stations.keys_of`), `keys_ever` those that ever did: who
    was called what by a station that was revoked later is still called so. `is_erased` tells of whom nothing is kept;
    `fold` empties the database's WAL (False: somebody reads in it). Lives in the main thread."""

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
        keys_ever: Callable[[UUID], Sequence[bytes]] | None = None,
        is_erased: Callable[[str], bool] = lambda user_id: False,
        fold: Callable[[], Awaitable[bool]] = _folded,
    ) -> None:
        self._writer = writer
        self._reader = reader
        self._site = site
        self._station = station
        self._key = key
        self._keys_of = keys_of
        self._keys_ever = keys_ever or keys_of
        self._now_us = now_us
        self._fold = fold
        self.is_erased = is_erased
        self.changes = 0
        self.changed: Notifier[None] = Notifier()
        self._rows: dict[tuple[str, str], SignedCredential] = {}
        self._proved: dict[bytes, tuple[bytes, SignedCredential]] = {}  # signature -> key that made it, and for what
        self._file: Mapping[str, str] = {}
        self._one_at_a_time = asyncio.Lock()
        self._to_erase: dict[tuple[str, str], SignedCredential] = {}  # not in the file yet

    async def load(self) -> None:
        """Read what is kept. Signatures are checked at each use: a row that was changed in the file proves nothing."""
        found = await self._reader.read(lambda connection: _all(connection, self._site))
        self._rows = {(row.user_id, row.kind): row for row in found}

    def set_file(self, hashes: Mapping[str, str]) -> None:
        """Password hashes of users.toml by user id: version 0."""
        self._file = dict(hashes)

    def encoded(self, user_id: str, kind: Kind = Kind.PASSWORD) -> str:
        """What stands, empty for none. Secrets of a station that was revoked do not count, nor those of somebody who
        was erased."""
        if self.is_erased(user_id):
            return ""
        row = self._rows.get((user_id, kind))
        if row is not None and self._is_signed(row, self._keys_ever if kind is Kind.PROFILE else self._keys_of):
            return row.encoded
        return self._file.get(user_id, "") if kind is Kind.PASSWORD else ""

    def pin(self, user_id: str) -> str:
        """The hash of the PIN that stands, empty for none."""
        return self.encoded(user_id, Kind.PIN)

    def version(self, user_id: str, kind: Kind) -> int:
        row = self._rows.get((user_id, kind))
        return row.version if row is not None else 0

    async def set(self, user_id: str, kind: Kind, encoded: str) -> SignedCredential:
        """Replace what stands; durable when it returns. An empty hash takes the credential away. Raises Refused."""
        (row,) = await self.set_all([(user_id, kind, encoded)])
        return row

    async def set_all(self, values: Sequence[tuple[str, Kind, str]]) -> tuple[SignedCredential, ...]:
        """The same for several (user id, kind, what stands) together."""
        if any(self.is_erased(user_id) or self.version(user_id, kind) == LAST for user_id, kind, _ in values):
            raise Refused("This person was erased")
        rows = tuple(self._made(user, kind, self.version(user, kind) + 1, encoded) for user, kind, encoded in values)
        await self._writer.write(lambda connection: _put_all(connection, rows))
        self._rows.update({(row.user_id, row.kind): row for row in rows})
        self._changed()
        return rows

    async def erase(self, user_ids: Iterable[str]) -> None:
        """Overwrite everything of these people, first what is shown, then the file and its WAL; what could not be
        written is tried again at the next call. Raises Refused."""
        for user_id in user_ids:
            for kind in Kind:
                known = self._rows.get((user_id, kind.value))
                if known is None or known.version != LAST or known.encoded:
                    made = self._made(user_id, kind, LAST, "")
                    self._rows[(user_id, kind.value)] = self._to_erase[(user_id, kind.value)] = made
        async with self._one_at_a_time:
            await self._overwrite()

    async def _overwrite(self) -> None:
        if not self._to_erase:
            return
        gone = dict(self._to_erase)
        self._proved = {sig: one for sig, one in self._proved.items() if (one[1].user_id, one[1].kind) not in gone}
        forget_read()
        self._changed()
        rows = tuple(gone.values())
        await self._writer.write(lambda connection: _rewrite(connection, rows))
        self._changed()  # once more: the centre is told what stands in the file
        if await self._fold():
            self._to_erase = {key: row for key, row in self._to_erase.items() if gone.get(key) != row}

    def profiles(self) -> tuple[SignedCredential, ...]:
        """The signed profiles that others would take, by user id."""
        found = (row for (_, kind), row in sorted(self._rows.items()) if kind == Kind.PROFILE and row.encoded)
        return tuple(row for row in found if not self.is_erased(row.user_id) and self._is_signed(row, self._keys_of))

    def _made(self, user_id: str, kind: Kind, version: int, encoded: str) -> SignedCredential:
        bare = SignedCredential(1, self._site, user_id, kind.value, version, encoded, self._now_us(), self._station)
        return msgspec.structs.replace(bare, sig=self._key.sign(bare.signed_bytes()))

    def _changed(self) -> None:
        self.changes += 1
        self.changed.notify(None)

    async def take(self, rows: Sequence[SignedCredential]) -> int:
        """Rows from elsewhere; gives how many were new. Forged, malformed and older ones are left out."""
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
            self._changed()
        return len(best)

    async def rows_since(self, changed: int) -> tuple[tuple[SignedCredential, ...], int]:
        """Rows changed here behind a mark, and the mark to ask with next time; 0 asks for all."""
        return await self._reader.read(lambda connection: _since(connection, self._site, changed))

    def _is_taken(self, row: SignedCredential) -> bool:
        if row.version == LAST or self.is_erased(row.user_id):
            return False
        known = self._rows.get((row.user_id, row.kind))
        if known is not None and self._is_signed(known, self._keys_of) and row.rank <= known.rank:
            return False
        is_good = (
            row.v == 1
            and row.site == self._site
            and row.kind in tuple(Kind)
            and 0 < row.version < LAST
            and 0 <= row.at_us < 2**62
            and len(row.user_id) <= 100
            and _is_sound(row.kind, row.encoded)
            and self._is_signed(row, self._keys_of)
        )
        if not is_good and self._keys_of(row.station):  # of a station that is not known yet it comes again
            log.warning("a credential of %s was not taken: not signed by a station of this site", row.user_id[:100])
        return is_good

    def _is_signed(self, row: SignedCredential, keys_of: Callable[[UUID], Sequence[bytes]]) -> bool:
        own = (self._key.public_key,) if row.station == self._station else ()
        keys = (*own, *keys_of(row.station))
        proved = self._proved.get(row.sig)
        if proved is not None and proved[1] == row:  # checked before; what may change is which keys count
            return proved[0] in keys
        for key in keys:
            if is_signed_by(key, row.sig, row.signed_bytes()):
                self._proved[row.sig] = (key, row)
                return True
        return False


def _is_sound(kind: str, encoded: str) -> bool:
    return read_profile(encoded) is not None if kind == Kind.PROFILE else _is_hash(encoded)


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


def _rewrite(connection: Connection, rows: Sequence[SignedCredential]) -> None:
    """The whole table anew: with `secure_delete` no page keeps a remnant of what stood there (rows are few)."""
    gone = {(row.user_id, row.kind) for row in rows}
    columns = list(credential.c)
    kept = [dict(one._mapping) for one in connection.execute(select(*columns).order_by(credential.c.changed))]
    newest = _newest(connection)  # counted on: whoever carries changes to the centre must not miss what is overwritten
    connection.exec_driver_sql(_WIPE)
    connection.execute(delete(credential))
    left = [one for one in kept if (one["user_id"], one["kind"]) not in gone]
    if left:
        connection.execute(insert(credential), left)
    for number, row in enumerate(rows, newest + 1):
        connection.execute(insert(credential), [_values(row, number)])


def _newest(connection: Connection) -> int:
    return int(connection.execute(select(func.coalesce(func.max(credential.c.changed), 0))).scalar_one())


def _put(connection: Connection, row: SignedCredential) -> None:
    connection.exec_driver_sql(_WIPE)
    values = _values(row, _newest(connection) + 1)
    statement = insert(credential).values(**values)
    connection.execute(statement.on_conflict_do_update(index_elements=["user_id", "kind"], set_=values))


def _values(row: SignedCredential, changed: int) -> dict[str, Any]:
    return {
        "user_id": row.user_id,
        "kind": row.kind,
        "version": row.version,
        "encoded": row.encoded,
        "at_us": row.at_us,
        "station": str(row.station),
        "sig": row.sig,
        "changed": changed,
    }


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
