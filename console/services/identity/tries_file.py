"""Wrong tries survive a restart: pulling the plug does not give five new ones (security row 9).

Kept under a hash keyed by the station: what was typed as a login may be a password.
"""

import hashlib
import hmac

from sqlalchemy import Delete, delete, select
from sqlalchemy.dialects.sqlite import insert
from sqlalchemy.engine import Connection

from console.services.identity.back_off import BackOff
from console.services.identity.credential_tables import sign_on_tries
from console.services.journal.keys import StationKey
from console.services.storage.ports import Reader, Writer

_KEPT = 1000


class TriesFile:
    """Implements `sign_on.Tries`: a `BackOff` whose state is in station.db."""

    def __init__(self, writer: Writer, reader: Reader, key: StationKey) -> None:
        self._writer = writer
        self._reader = reader
        self._secret = hashlib.sha256(key.sign(b"leitstand sign-on tries")).digest()
        self._back_off = BackOff()

    async def load(self) -> None:
        for who, failures, until_us in await self._reader.read(_all):
            self._back_off.restore(who, failures, until_us)

    def waits_s(self, login: str, now_us: int) -> int:
        return self._back_off.waits_s(self._who(login), now_us)

    async def failed(self, login: str, now_us: int) -> None:
        """Counted at once, durable when it returns."""
        who = self._who(login)
        self._back_off.failed(who, now_us)
        failures, until_us = self._back_off.standing(who)
        await self._writer.write(lambda connection: _put(connection, who, failures, until_us))

    async def succeeded(self, login: str) -> None:
        who = self._who(login)
        self._back_off.succeeded(who)
        await self._writer.write(lambda connection: connection.execute(_without(who)))

    def _who(self, login: str) -> str:
        return hmac.new(self._secret, login.strip().casefold().encode("utf-8", "replace"), "sha256").hexdigest()


class TriesInMemory:
    """The same without a file: for a station that only looks, and for tests."""

    def __init__(self) -> None:
        self._back_off = BackOff()

    def waits_s(self, login: str, now_us: int) -> int:
        return self._back_off.waits_s(login, now_us)

    async def failed(self, login: str, now_us: int) -> None:
        self._back_off.failed(login, now_us)

    async def succeeded(self, login: str) -> None:
        self._back_off.succeeded(login)


def _all(connection: Connection) -> list[tuple[str, int, int]]:
    newest = select(sign_on_tries).order_by(sign_on_tries.c.until_us.desc()).limit(_KEPT)
    return [(row.who, row.failures, row.until_us) for row in connection.execute(newest)]


def _put(connection: Connection, who: str, failures: int, until_us: int) -> None:
    values = {"who": who, "failures": failures, "until_us": until_us}
    statement = insert(sign_on_tries).values(**values)
    connection.execute(statement.on_conflict_do_update(index_elements=["who"], set_=values))
    too_many = select(sign_on_tries.c.who).order_by(sign_on_tries.c.until_us.desc()).offset(_KEPT)
    connection.execute(delete(sign_on_tries).where(sign_on_tries.c.who.in_(too_many)))


def _without(who: str) -> Delete:
    return delete(sign_on_tries).where(sign_on_tries.c.who == who)
