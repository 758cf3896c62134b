"""What a hostile or broken program sends costs at most its own stream: nobody else waits, forks, or is hidden by it."""

import asyncio
import os
from dataclasses import replace
from pathlib import Path
from uuid import UUID, uuid4

import msgspec
import pytest
from sqlalchemy.engine import Connection

from console.domain.facts import IncidentNoted
from console.domain.refusal import Refused
from console.services.journal.entries import Entry
from console.services.journal.envelope import RawEvent, hash_of
from console.services.journal.event_table import Tip, flag_event
from console.services.journal.holdings import CENTRE
from console.services.journal.keys import FileKey
from console.services.journal.long_replay import LongReplay
from console.services.journal.receipts import confirmed, open_flags
from tests.support.journals import StationJournal, note, started


def _rewritten(folder: Path, raw: RawEvent, **changed: object) -> RawEvent:
    """The event with other fields, hashed and signed by the station whose folder this is."""
    fields = msgspec.json.decode(raw.body) | changed
    body = msgspec.json.encode(fields)
    event_hash = hash_of(bytes.fromhex(fields["prev"]), body)
    return RawEvent(event_hash, body, FileKey.load_or_create(folder / "keys").sign(event_hash))


def _texts(station: StationJournal) -> list[str]:
    return [entry.fact.text for entry in station.seen if isinstance(entry.fact, IncidentNoted)]


@pytest.mark.proves("P10")
def test_numbers_that_no_database_holds_stop_no_other_event_of_the_batch(tmp_path: Path) -> None:
    async def story() -> None:
        a, c, b = await started(tmp_path, "A1", "C3", "B2")
        await a.act(note("one"))
        await c.act(note("sound"))
        _opening, one = await a.all_events()
        huge = _rewritten(tmp_path / "A1", one, seq=2**70, prev="11" * 32)
        elsewhere = _rewritten(tmp_path / "A1", one, seq=2**70, site=str(uuid4()))
        long_name = replace(one, hash=bytes(100_000))
        received = await b.log.receive([huge, elsewhere, long_name, *await c.all_events()], "a")
        assert len(received.rejected) == 3
        assert _texts(b) == ["sound"]
        kept = await b.database.readers.read(
            lambda con: con.exec_driver_sql("SELECT max(length(hash)) FROM rejected").scalar_one()
        )
        assert kept <= 32
        for station in (a, b, c):
            station.close()

    asyncio.run(story())


@pytest.mark.proves("P10")
def test_predecessors_that_are_no_hashes_never_stop_a_reader(tmp_path: Path) -> None:
    async def story() -> None:
        a, b = await started(tmp_path, "A1", "B2")
        await a.act(note("one"))
        opening, one = await a.all_events()
        bad = _rewritten(tmp_path / "A1", one, parents=["no hash"])
        await b.log.receive([opening, bad, one], "a")
        assert _texts(b) == ["one"]
        again: list[object] = []
        await b.log.replay(again.extend)
        assert len(again) == 3
        a.close()
        b.close()

    asyncio.run(story())


@pytest.mark.proves("INV-10")
def test_another_station_that_uses_the_same_transaction_completes_and_hides_nothing(tmp_path: Path) -> None:
    async def story() -> None:
        a, c, b = await started(tmp_path, "A1", "C3", "B2")
        await a.act(note("1"), note("2"))
        first, one, two = await a.all_events()
        await c.act(note("foreign"))
        opening, foreign = await c.all_events()
        stolen = _rewritten(tmp_path / "C3", foreign, tx_id=msgspec.json.decode(one.body)["tx_id"], tx_n=2)
        await b.log.receive([first, one], "a")
        await b.log.receive([opening, stolen], "c")
        assert _texts(b) == []
        await b.log.receive([two], "a")
        assert _texts(b) == ["1", "2"]
        for station in (a, b, c):
            station.close()

    asyncio.run(story())


@pytest.mark.proves("INV-14")
def test_a_forged_event_of_our_own_never_makes_us_leave_our_stream(tmp_path: Path) -> None:
    async def story() -> None:
        a, b = await started(tmp_path, "A1", "B2")
        await a.act(note("one"))
        _opening, one = await a.all_events()
        other = FileKey.load_or_create(tmp_path / "B2" / "keys")
        follows = _rewritten(tmp_path / "A1", one, reason="forged")
        loose = _rewritten(tmp_path / "A1", one, seq=7, prev="11" * 32)
        forged = [replace(raw, sig=other.sign(raw.hash)) for raw in (follows, loose)]
        received = await a.log.receive(forged, "b")
        assert len(received.rejected) == 2
        await a.act(note("two"))
        assert len({entry.stream for entry in a.seen}) == 1
        await a.log.receive([loose], "b")  # what the own key signed is another matter
        await a.act(note("three"))
        assert len({entry.stream for entry in a.seen}) == 2
        a.close()
        b.close()

    asyncio.run(story())


@pytest.mark.proves("P10", "P35")
def test_an_event_that_was_spoiled_while_it_waited_stops_no_other(tmp_path: Path) -> None:
    async def story() -> None:
        a, b = await started(tmp_path, "A1", "B2")
        await a.act(note("one"))
        await a.act(note("two"))
        opening, one, two = await a.all_events()
        await b.log.receive([two], "a")
        await b.database.writer.write(lambda con: con.exec_driver_sql("UPDATE pending SET body = x'7b7d'").rowcount)
        received = await b.log.receive([opening, one], "a")
        assert [stored.event.raw.hash for stored in received.stored] == [opening.hash, one.hash]
        await b.log.receive([two], "a")
        assert _texts(b) == ["one", "two"]
        a.close()
        b.close()

    asyncio.run(story())


def test_a_second_opening_of_a_stream_by_another_station_is_not_taken(tmp_path: Path) -> None:
    async def story() -> None:
        a, c, b = await started(tmp_path, "A1", "C3", "B2")
        (opening,) = await a.all_events()
        fields = msgspec.json.decode(opening.body)
        (theirs,) = await c.all_events()
        key = msgspec.json.decode(theirs.body)["payload"]["public_key_hex"]
        stolen = _rewritten(
            tmp_path / "C3", opening, station=str(c.place.station), payload=fields["payload"] | {"public_key_hex": key}
        )
        received = await b.log.receive([opening, stolen], "c")
        assert sorted(stored.event.raw.hash for stored in received.stored) in ([opening.hash], [stolen.hash])
        assert len(received.rejected) == 1
        for station in (a, b, c):
            station.close()

    asyncio.run(story())


def test_a_fork_at_the_opening_is_kept_and_flagged(tmp_path: Path) -> None:
    async def story() -> None:
        a, b = await started(tmp_path, "A1", "B2")
        (opening,) = await a.all_events()
        twin = _rewritten(tmp_path / "A1", opening, id=str(UUID(int=7)))
        received = await b.log.receive([opening, twin], "a")
        assert len(received.stored) == 2
        assert len(received.flagged) == 1
        assert [seq for _, seq in received.forked] == [1]
        a.close()
        b.close()

    asyncio.run(story())


@pytest.mark.proves("INV-1")
def test_a_doubtful_event_that_is_stored_is_shown_though_no_reader_answers(tmp_path: Path) -> None:
    async def story() -> None:
        a, b = await started(tmp_path, "A1", "B2")
        a.clock.now_us += 86_400_000_000 * 400
        await a.act(note("from next year"))
        events = await a.all_events()
        b.database.readers.close()
        await b.log.receive(events, "a")
        assert _texts(b) == ["from next year"]
        assert b.log.flags_of(events[1].hash) == {"clock_suspect"}
        a.close()
        b.close()

    asyncio.run(story())


@pytest.mark.proves("INV-13")
def test_a_fork_is_told_though_the_disk_becomes_full_behind_it(tmp_path: Path) -> None:
    async def story() -> None:
        a, b = await started(tmp_path, "A1", "B2")
        (opening,) = await a.all_events()
        for number in range(120):
            await a.act(note(str(number)))
        events = [opening, _rewritten(tmp_path / "A1", opening, id=str(UUID(int=7))), *(await a.all_events())[1:]]
        told: list[tuple[UUID, int]] = []
        looks: list[int] = []
        b.log.fork_found.subscribe(told.append)
        b.log.fork_found.subscribe(lambda _: b.database.writer.close())  # behind the first hundred
        b.log.received.subscribe(lambda received: looks.append(len(received.stored)))
        with pytest.raises(Refused):
            await b.log.receive(events, "a")
        assert (len(told), b.log.forks, looks) == (1, 1, [100])
        a.close()
        b.close()

    asyncio.run(story())


@pytest.mark.proves("INV-12")
@pytest.mark.parametrize("is_hearsay", [False, True])
def test_an_end_that_stands_elsewhere_here_confirms_nothing(tmp_path: Path, is_hearsay: bool) -> None:
    async def story() -> None:
        a, b = await started(tmp_path, "A1", "B2")
        await a.act(note("one"))
        opening, one = a.seen
        (foreign,) = b.seen
        lies = [
            Tip(opening.stream, 10**9, opening.hash),
            Tip(opening.stream, 2, foreign.hash),
            Tip(foreign.stream, 1, opening.hash),
        ]
        await a.log.note_receipts(CENTRE, lies, is_hearsay=is_hearsay)
        assert not a.log.is_in_centre(one)
        assert not a.log.is_in_centre(opening)
        await a.log.note_receipts(CENTRE, [Tip(opening.stream, 1, opening.hash), *lies], is_hearsay=is_hearsay)
        assert (a.log.is_in_centre(opening), a.log.is_in_centre(one)) == (True, False)
        a.close()
        b.close()

    asyncio.run(story())


@pytest.mark.proves("P18")
def test_a_revocation_flags_any_number_of_events_that_are_here(tmp_path: Path) -> None:
    hashes = [number.to_bytes(32) for number in range(1, 1301)]

    async def story() -> None:
        (a,) = await started(tmp_path, "A1")

        def write(connection: Connection) -> dict[bytes, set[str]]:
            for one in hashes:
                flag_event(connection, one, "revoked_station", 1)
            return open_flags(connection, hashes[:1299])

        flags = await a.database.writer.write(write)
        assert set(flags) == set(hashes[:1299])
        assert await a.database.writer.write(lambda c: len(open_flags(c))) == 1300
        a.close()

    asyncio.run(story())


def test_what_a_peer_confirmed_of_a_stream_is_its_furthest_receipt(tmp_path: Path) -> None:
    async def story() -> None:
        (a,) = await started(tmp_path, "A1")
        await a.act(note("one"))
        opening, one = a.seen
        for entry in (opening, one, opening):
            await a.log.note_receipts(CENTRE, [Tip(entry.stream, entry.seq, entry.hash)])
        seqs = [
            await a.database.readers.read(lambda c, who=peer: confirmed(c, who, one.stream))  # type: ignore[misc]
            for peer in (CENTRE, "neighbour:x")
        ]
        assert seqs == [2, 0]
        a.close()

    asyncio.run(story())


def test_a_flood_of_what_is_not_taken_leaves_the_newest_of_it(tmp_path: Path) -> None:
    async def story() -> None:
        (b,) = await started(tmp_path, "B2")
        for number in range(15):
            b.clock.now_us += 1
            await b.log.receive([RawEvent(os.urandom(32), b"{}", b"") for _ in range(100)], f"peer {number}")
        peers = await b.database.readers.read(
            lambda c: c.exec_driver_sql("SELECT peer, count(*) FROM rejected GROUP BY peer").all()
        )
        kept = {row[0]: row[1] for row in peers}
        assert 1000 <= sum(kept.values()) < 1064
        assert kept["peer 14"] == 100
        assert "peer 0" not in kept
        b.close()

    asyncio.run(story())


@pytest.mark.proves("INV-10")
@pytest.mark.parametrize("is_whole", [True, False])
def test_a_start_with_a_long_journal_hides_and_halves_nothing_for_a_stolen_transaction(
    tmp_path: Path, is_whole: bool
) -> None:
    async def story() -> None:
        a, c, b = await started(tmp_path, "A1", "C3", "B2")
        await a.act(note("1"), note("2"))
        first, one, two = await a.all_events()
        await c.act(note("foreign"))
        opening, foreign = await c.all_events()
        stolen = _rewritten(tmp_path / "C3", foreign, tx_id=msgspec.json.decode(one.body)["tx_id"], tx_n=2)
        await b.log.receive([first, one, *([two] if is_whole else []), opening, stolen], "x")
        given: list[Entry] = []
        replay = LongReplay(b.database.readers, b.log._entries)
        await replay.first((), given.extend)
        await replay.rest(given.extend, lambda _seconds: asyncio.sleep(0))
        texts = [entry.fact.text for entry in given if isinstance(entry.fact, IncidentNoted)]
        assert texts == (["1", "2"] if is_whole else [])
        for station in (a, b, c):
            station.close()

    asyncio.run(story())
