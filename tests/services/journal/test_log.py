"""The journal: durable before effect, chained, replayed, searched; immutable; honest when the disk is full."""

import asyncio
from pathlib import Path
from uuid import uuid4

import pytest

from console.domain.facts import IncidentNoted, StreamOpened
from console.domain.refusal import Refused
from console.services.journal.entries import Entry
from console.services.journal.envelope import FIRST
from console.services.journal.event_table import Tip
from console.services.journal.keys import FileKey
from console.services.journal.log import CENTRE
from console.services.journal.projector import Projector
from console.services.journal.verify import verify_journal
from console.services.station import JournalQuery
from console.services.storage.database import LIBRARY
from tests.conftest import LogLines
from tests.support.journals import ANNA, START_US, StationJournal, acknowledgement, note


def _count_in_file(path: Path) -> int:
    connection = LIBRARY.connect(str(path))
    try:
        return int(connection.execute("SELECT count(*) FROM event").fetchone()[0])
    finally:
        connection.close()


def test_projections_apply_a_fact_after_it_is_durable_and_before_the_operator_is_answered(tmp_path: Path) -> None:
    station = StationJournal(tmp_path, "A1")
    order: list[tuple[str, int]] = []

    async def story() -> None:
        await station.start()
        station.log.entries.subscribe(lambda entries: order.append(("applied", _count_in_file(station.path))))
        entries = await station.act(note("seen"))
        order.append(("answered", _count_in_file(station.path)))
        assert entries[0].fact == note("seen")

    asyncio.run(story())
    station.close()
    assert order == [("applied", 2), ("answered", 2)]


@pytest.mark.proves("INV-3")
def test_the_first_start_opens_a_stream_and_every_event_names_its_predecessor(tmp_path: Path) -> None:
    station = StationJournal(tmp_path, "A1")

    async def story() -> None:
        await station.start()
        await station.act(note("one"))
        await station.act(note("two"), note("three"))

    asyncio.run(story())
    station.close()
    opened, *rest = station.seen
    assert isinstance(opened.fact, StreamOpened)
    assert (opened.fact.reason, opened.fact.station_code, opened.prev) == ("first_start", "A1", FIRST)
    assert [entry.seq for entry in station.seen] == [1, 2, 3, 4]
    for before, after in zip(station.seen, station.seen[1:], strict=False):
        assert after.prev == before.hash
        assert after.hlc > before.hlc
    assert rest[0].actor.user_id == ANNA.user_id
    assert rest[0].actor.roles == ANNA.roles
    assert rest[0].wall_us == START_US
    assert all(entry.is_own for entry in station.seen)


def test_a_restart_continues_the_same_stream_and_replay_gives_what_was_seen(tmp_path: Path) -> None:
    async def run(texts: list[str]) -> tuple[list[Entry], list[Entry]]:
        station = StationJournal(tmp_path, "A1")
        replayed: list[Entry] = []
        try:
            await station.start()
            await station.log.replay(replayed.extend, chunk=3)
            for text in texts:
                await station.act(note(text))
            return replayed, station.seen
        finally:
            station.close()

    _, first = asyncio.run(run(["a", "b", "c", "d"]))
    replayed, second = asyncio.run(run(["e"]))
    assert replayed == first
    assert second[0].prev == first[-1].hash
    assert second[0].stream == first[-1].stream


@pytest.mark.proves("P6", "INV-16")
def test_a_clock_set_back_before_a_restart_does_not_turn_the_order_round(tmp_path: Path) -> None:
    async def run(now_us: int) -> Entry:
        station = StationJournal(tmp_path, "A1")
        station.clock.now_us = now_us
        try:
            await station.start()
            return (await station.act(note("x")))[0]
        finally:
            station.close()

    early, late = asyncio.run(run(START_US)), asyncio.run(run(START_US - 3_600_000_000))
    assert late.hlc > early.hlc
    assert late.wall_us < early.wall_us
    assert verify_journal(tmp_path / "journal.db").is_sound


def test_another_key_begins_another_stream_that_names_the_old_one(tmp_path: Path) -> None:
    async def run() -> list[Entry]:
        station = StationJournal(tmp_path, "A1")
        try:
            await station.start()
            await station.act()
            return station.seen
        finally:
            station.close()

    first = asyncio.run(run())
    (tmp_path / "keys" / "station.pem").unlink()
    second = asyncio.run(run())
    opened = second[0].fact
    assert isinstance(opened, StreamOpened)
    assert (opened.reason, opened.predecessor) == ("key", first[0].stream)
    assert second[1].stream != first[1].stream
    assert verify_journal(tmp_path / "journal.db").is_sound


def test_a_text_that_is_too_long_is_refused_and_nothing_is_stored(tmp_path: Path) -> None:
    station = StationJournal(tmp_path, "A1")

    async def story() -> None:
        await station.start()
        with pytest.raises(Refused, match="8192"):
            await station.act(note("ok"), note("x" * 9000))
        with pytest.raises(Refused, match="8192"):
            await station.log.append([note("ok")], ANNA, reason="y" * 9000)
        with pytest.raises(Refused, match="65536"):
            await station.log.append([note("ok")], ANNA, reason="ok", parents=[bytes(32)] * 1000)

    asyncio.run(story())
    station.close()
    assert _count_in_file(station.path) == 1


@pytest.mark.proves("SEC-18", "INV-34", "P33")
def test_a_full_disk_refuses_the_act_and_the_journal_goes_on_when_there_is_room(tmp_path: Path) -> None:
    station = StationJournal(tmp_path, "A1")

    def room(connection, more: int):  # type: ignore[no-untyped-def]
        pages = connection.exec_driver_sql("PRAGMA page_count").scalar_one()
        connection.exec_driver_sql(f"PRAGMA max_page_count={pages + more}")

    async def story() -> tuple[int, int]:
        await station.start()
        await station.database.writer.write(lambda c: room(c, 6))
        texts = [note("z" * 4000) for _ in range(40)]
        answers = await asyncio.gather(*(station.act(text) for text in texts), return_exceptions=True)
        refused = [a for a in answers if isinstance(a, Refused)]
        accepted = [a for a in answers if not isinstance(a, BaseException)]
        assert len(refused) + len(accepted) == 40
        assert refused and accepted
        assert "disk is full" in str(refused[0])
        await station.database.writer.write(lambda c: room(c, 100_000))
        await station.act(note("after"))
        return len(accepted), len(station.seen)

    accepted, seen = asyncio.run(story())
    station.close()
    assert seen == accepted + 2  # the opening and the last
    assert _count_in_file(station.path) == seen
    assert verify_journal(station.path).is_sound


def test_an_act_whose_caller_stopped_waiting_is_stored_and_applied(tmp_path: Path) -> None:
    station = StationJournal(tmp_path, "A1")

    async def story() -> None:
        await station.start()
        station.log.append([note("left")], ANNA).cancel()
        await station.act(note("next"))

    asyncio.run(story())
    station.close()
    assert [e.fact.text for e in station.seen if isinstance(e.fact, IncidentNoted)] == ["left", "next"]


@pytest.mark.proves("SEC-30", "INV-2")
@pytest.mark.parametrize("table", ["event", "receipt"])
@pytest.mark.parametrize("sql", ["UPDATE {} SET seq = 7", "DELETE FROM {}"])
def test_nobody_changes_or_deletes_what_is_written(tmp_path: Path, table: str, sql: str) -> None:
    station = StationJournal(tmp_path, "A1")

    async def story() -> None:
        await station.start()
        await station.log.note_receipts(CENTRE, [Tip(station.seen[0].stream, 1, station.seen[0].hash)])
        with pytest.raises(Exception, match=f"{table} is never changed"):
            await station.database.writer.write(lambda c: c.exec_driver_sql(sql.format(table)).rowcount)

    asyncio.run(story())
    station.close()


def test_the_journal_is_searched_by_text_type_user_and_entity_newest_first(tmp_path: Path) -> None:
    station = StationJournal(tmp_path, "A1")
    condition = uuid4()

    async def ask(**query: object) -> list[str]:
        rows = await station.log.query(JournalQuery(**query))  # type: ignore[arg-type]
        return [f"{row.seq}:{row.etype}" for row in rows]

    async def story() -> None:
        await station.start()
        await station.act(note('Öldruck "hoch" 100 %'))
        await station.act(acknowledgement(condition))
        assert await ask() == ["3:alarm.acknowledged", "2:incident.noted", "1:stream.opened"]
        assert await ask(text="ÖLDRUCK") == ["2:incident.noted"]
        assert await ask(text='"HOCH" 100 %') == ["2:incident.noted"]
        assert await ask(text="% OR 1=1") == []
        assert await ask(etype="incident") == ["2:incident.noted"]
        assert await ask(etype="alarm.acknowledged") == ["3:alarm.acknowledged"]
        assert await ask(user="ANNA") == ["3:alarm.acknowledged", "2:incident.noted"]
        assert await ask(user="nobody") == []
        assert await ask(entity=str(condition)) == ["3:alarm.acknowledged"]
        assert await ask(entity=f"condition {condition}") == ["3:alarm.acknowledged"]
        assert await ask(entity="incident") == ["2:incident.noted"]
        assert await ask(limit=1) == ["3:alarm.acknowledged"]

    asyncio.run(story())
    station.close()


def test_a_row_says_whether_the_centre_holds_it_even_after_a_restart(tmp_path: Path) -> None:
    async def run(receipts: bool) -> list[bool]:
        station = StationJournal(tmp_path, "A1")
        try:
            await station.start()
            if receipts:
                await station.act(note("there"))
                held = station.seen[-1]
                await station.act(note("not yet"))
                await station.log.note_receipts(CENTRE, [Tip(held.stream, held.seq, held.hash)])
            return [row.in_centre for row in await station.log.query(JournalQuery())]
        finally:
            station.close()

    assert asyncio.run(run(True)) == [False, True, True]
    assert asyncio.run(run(False)) == [False, True, True]


def test_a_projection_that_fails_stops_neither_the_others_nor_the_journal(tmp_path: Path, log_lines: LogLines) -> None:
    log_lines.expect("a projection failed")
    station = StationJournal(tmp_path, "A1")
    projector = Projector()
    texts: list[str] = []

    def broken(entry: Entry, fact: IncidentNoted) -> None:
        raise RuntimeError(fact.text)

    projector.on(IncidentNoted, broken)
    undo = projector.on(IncidentNoted, lambda entry, fact: texts.append(fact.text))
    station.log.entries.subscribe(projector.apply)

    async def story() -> None:
        await station.start()
        await station.act(note("one"))
        undo()
        await station.act(note("two"))

    asyncio.run(story())
    station.close()
    assert texts == ["one"]
    assert projector.failed == 2


@pytest.mark.proves("SEC-63")
def test_the_key_is_made_once_and_only_its_owner_reads_it(tmp_path: Path) -> None:
    key = FileKey.load_or_create(tmp_path / "keys")
    assert FileKey.load_or_create(tmp_path / "keys").public_key == key.public_key
    assert (tmp_path / "keys" / "station.pem").stat().st_mode & 0o077 == 0
    (tmp_path / "keys" / "station.pem").write_bytes(b"rubbish")
    with pytest.raises(Refused, match="move it away"):
        FileKey.load_or_create(tmp_path / "keys")


@pytest.mark.proves("P6", "INV-32")
@pytest.mark.parametrize("years", [-500, -10, 10, 300, 8000])
def test_a_wrong_clock_stops_neither_the_journal_nor_its_replay(tmp_path: Path, years: int) -> None:
    async def story() -> None:
        station = await StationJournal(tmp_path, "A1").start()
        try:
            await station.act(note("right"))
            station.clock.now_us += years * 31_556_952_000_000
            await station.act(note("wrong"))
            station.clock.now_us = START_US
            await station.act(note("right again"))
            replayed: list[Entry] = []
            await station.log.replay(replayed.extend)
            assert [e.hash for e in replayed] == [e.hash for e in station.seen]
        finally:
            station.close()

    asyncio.run(story())
