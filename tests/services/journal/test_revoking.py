"""A revocation of a station with a long past is flagged in slices, goes on after a kill, and holds up no act."""

import asyncio
from pathlib import Path

import pytest

from console.domain.station_facts import StationRevoked
from console.services.journal import revoking
from console.services.journal.envelope import decode_event
from console.services.journal.revoking import flag_next, flag_revoked, is_due
from console.services.journal.table_store import TableStore
from console.services.station import JournalQuery
from console.services.storage.database import reader_engine, writer_engine
from tests.support.journals import ANNA, StationJournal, note, started

_ANY = JournalQuery(limit=1)


async def _revoked(folder: Path) -> tuple[StationJournal, StationJournal, StationRevoked]:
    """A station with 60 events at another one, and the fact that revokes it from the eleventh on."""
    a, b = await started(folder, "A1", "B2")
    for number in range(6):
        await a.act(*(note(f"{number}.{n}") for n in range(10)))
    await b.log.receive(await a.all_events(), "a")
    return a, b, StationRevoked(a.place.station, (a.seen[-1].stream,), (11,), "stolen")


def _flagged(path: Path) -> list[int]:
    engine = reader_engine(path)
    with engine.connect() as connection:
        sql = "SELECT e.seq FROM event_flag f JOIN event e USING (hash) WHERE f.flag = 'revoked_station' ORDER BY e.seq"
        rows = list(connection.exec_driver_sql(sql).scalars())
    engine.dispose()
    return rows


@pytest.mark.proves("P18", "INV-25")
def test_a_revocation_flags_a_slice_at_once_and_the_rest_behind_the_next_acts(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(revoking, "AT_ONCE", 7)

    async def story() -> None:
        a, b, fact = await _revoked(tmp_path)
        await b.log.append([fact], ANNA)
        assert _flagged(b.path) == list(range(12, 19)), "an act waits for one slice, not for all"
        async with asyncio.timeout(30):
            while len(_flagged(b.path)) < 50:
                await b.log.query(_ANY)
        assert _flagged(b.path) == list(range(12, 62))
        theirs = next(entry for entry in reversed(b.seen) if not entry.is_own)
        async with asyncio.timeout(30):
            while not b.log.flags_of(theirs.hash):
                await b.log.query(_ANY)
        a.close()
        b.close()

    asyncio.run(story())


@pytest.mark.proves("P18", "INV-1")
def test_a_station_that_is_killed_between_two_slices_goes_on_where_it_was(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def before() -> bytes:
        a, b, fact = await _revoked(tmp_path)
        own = await b.act(note("of b"))
        a.close()
        await b.log.append([fact], ANNA)
        b.close()
        return own[0].hash

    monkeypatch.setattr(revoking, "AT_ONCE", 20)
    asyncio.run(before())
    path = tmp_path / "B2" / "journal.db"
    assert 20 <= len(_flagged(path)) < 50, "it ended in the middle"

    async def after() -> None:
        b = await StationJournal(tmp_path / "B2", "B2").start()
        async with asyncio.timeout(30):
            while len(_flagged(path)) < 50:
                await b.log.query(_ANY)
        b.close()

    asyncio.run(after())
    assert _flagged(path) == list(range(12, 62))


def test_a_revocation_that_reaches_further_back_begins_anew(tmp_path: Path) -> None:
    async def story() -> None:
        a, b, fact = await _revoked(tmp_path)
        await b.log.append([fact], ANNA)
        further = StationRevoked(fact.station_id, fact.streams, (3,), "stolen earlier")
        await b.log.append([further], ANNA)
        assert _flagged(b.path) == list(range(4, 62))
        a.close()
        b.close()

    asyncio.run(story())


def test_slices_of_any_size_flag_the_same(tmp_path: Path) -> None:
    async def story() -> None:
        a, b, fact = await _revoked(tmp_path)
        b.close()
        engine = writer_engine(b.path)
        for size in (1, 3, 49, 50, 51):
            with engine.connect() as connection:
                transaction = connection.begin()
                store = TableStore(connection)
                opening = decode_event((await a.all_events())[0])
                found = _in_slices(store, fact, size)
                assert len(found) == 50 and opening.raw.hash not in found
                assert not is_due(store)
                transaction.rollback()
        engine.dispose()
        a.close()

    asyncio.run(story())


def _in_slices(store: TableStore, fact: StationRevoked, size: int) -> set[bytes]:
    store.revocations = lambda _station: [(2**62, fact)]  # type: ignore[method-assign]
    found = flag_revoked(store, fact.station_id, 1, size)
    assert len(found) == min(size, 50)
    while is_due(store):
        part = flag_next(store, 1, size)
        assert len(part) <= size
        found |= part
    return found
