"""A console that begins empty: filled from a snapshot it equals one that heard every event, and it is proven after."""

import asyncio
import random
from pathlib import Path
from typing import Any

import pytest

from console.domain.facts import IncidentNoted
from console.domain.refusal import Refused
from console.domain.station_facts import StationRevoked
from console.services.journal.hlc import HybridClock
from console.services.journal.keys import FileKey
from console.services.journal.own_stream import OWN, OwnStream
from console.services.journal.scrub import UNPROVEN, Scrub, ScrubRecord
from console.services.journal.verify import Against, VerifyReport, verify_journal
from console.services.storage.database import LIBRARY
from console.services.sync.carry import Checked, check_carry, enrolled_by
from console.services.sync.carry_file import BadCarry
from console.services.sync.carry_snapshot import Loaded, load_snapshot
from tests.conftest import LogLines
from tests.services.sync.test_carry import exporter
from tests.support.journals import START_US, StationJournal, note, started

_TABLES = (
    """SELECT hash, stream_id, seq, prev, hlc, etype, ever, entity_type, entity_id, user_id, tx_id, tx_n, body, sig
       FROM event""",
    "SELECT stream_id, station_id, code, opened_hlc, head_seq, head_hash, forked, predecessor, pubkey FROM stream",
    "SELECT * FROM stream_tip",
    "SELECT hash, flag FROM event_flag",
)


def tables(path: Path) -> list[Any]:
    connection = LIBRARY.connect(str(path))
    try:
        return [sorted(connection.execute(sql).fetchall()) for sql in _TABLES]
    finally:
        connection.close()


def fill(folder: Path, code: str, checked: Checked, progress: Any = None) -> tuple[Loaded, Path]:
    station = StationJournal(folder, code)  # makes the file and tells its place
    station.close()
    key = FileKey.load_or_create(folder / "keys")
    own = OwnStream(station.place, key, HybridClock(station.clock), random.Random(1).randbytes)
    loaded = load_snapshot(
        checked,
        station.path,
        station.place,
        enrolled=enrolled_by(station.place.site, b""),
        own_end=own.on_foreign_end,
        now_us=START_US,
        progress=progress,
    )
    return loaded, station.path


async def busy_site(folder: Path, seed: int = 1, acts: int = 30) -> StationJournal:
    """A journal with two other stations, a fork, a wrong clock, a kind from the future and a revoked station in it."""
    rnd = random.Random(seed)
    a, b = await started(folder, "A1", "B2")
    for number in range(acts):
        await rnd.choice((a, b)).act(*(note(f"{number}.{n}") for n in range(rnd.randint(1, 4))))
        a.clock.now_us += 1_000_000
        b.clock.now_us += 1_000_000
    b.close()
    clone = folder / "clone"
    (clone / "keys").mkdir(parents=True)
    for name in ("journal.db", "keys/station.pem"):
        (clone / name).write_bytes((folder / "B2" / name).read_bytes())
    first = await StationJournal(folder / "B2", "B2", a.clock).start()
    second = await StationJournal(clone, "B2", a.clock).start()
    await first.act(note("first"))
    await first.act(note("first again"))
    await second.act(note("second"))
    await a.log.receive(await first.all_events(), "b")
    await a.log.receive(await second.all_events(), "b")
    await a.act(StationRevoked(b.place.station, (b.seen[-1].stream,), (2,), "stolen"))
    first.close()
    second.close()
    a.clock.now_us += 10**15
    await a.act(note("a clock of another age"))
    return a


@pytest.mark.proves("INV-8", "INV-11", "P37")
@pytest.mark.parametrize("seed", range(3))
def test_a_snapshot_makes_the_same_journal_as_hearing_every_event(tmp_path: Path, seed: int) -> None:
    async def story() -> None:
        a = await busy_site(tmp_path, seed)
        exporter(a).snapshot(tmp_path / "snap", {})
        c = StationJournal(tmp_path / "C3", "C3", a.clock)
        c.clock.now_us = START_US
        await c.log.receive(await a.all_events(), "a")
        c.close()
        a.close()
        loaded, path = fill(tmp_path / "D4", "D4", check_carry(tmp_path / "snap", c.place, b""))
        assert loaded.known == 0
        got, wanted = tables(path), tables(c.path)
        # which branch of a fork is the later one depends on the order of arrival
        forks = [[row for row in one[3] if row[1] != "fork_branch"] for one in (got, wanted)]
        assert forks[0] == forks[1]
        assert (got[0], got[2]) == (wanted[0], wanted[2])
        assert [row[:5] for row in got[1]] == [row[:5] for row in wanted[1]]
        assert verify_journal(path).is_sound

    asyncio.run(story())


def test_the_station_goes_on_from_a_snapshot_with_a_stream_of_its_own(tmp_path: Path) -> None:
    async def story() -> None:
        a = await busy_site(tmp_path)
        exporter(a).snapshot(tmp_path / "snap", {})
        a.close()
        fill(tmp_path / "D4", "D4", check_carry(tmp_path / "snap", a.place, b""))
        d = await StationJournal(tmp_path / "D4", "D4", a.clock).start()
        count = await d.log.replay(d.seen.extend)
        await d.act(note("mine"))
        assert len({entry.hash for entry in d.seen}) >= count
        assert sum(isinstance(entry.fact, IncidentNoted) and entry.fact.text == "mine" for entry in d.seen) == 1
        d.close()
        assert verify_journal(d.path).is_sound

    asyncio.run(story())


@pytest.mark.proves("INV-14", "P4")
def test_a_station_whose_own_past_comes_back_by_a_snapshot_opens_a_new_stream(tmp_path: Path) -> None:
    async def story() -> None:
        a = await busy_site(tmp_path)
        exporter(a).snapshot(tmp_path / "snap", {})
        a.close()
        again = tmp_path / "new-disk"
        (again / "keys").mkdir(parents=True)
        (again / "keys/station.pem").write_bytes((tmp_path / "A1/keys/station.pem").read_bytes())
        _, path = fill(again, "A1", check_carry(tmp_path / "snap", a.place, b""))
        new = await StationJournal(again, "A1", a.clock).start()
        await new.act(note("after"))
        streams = {entry.stream for entry in new.seen if entry.is_own}
        assert len(streams) == 1
        assert streams.isdisjoint({entry.stream for entry in a.seen})
        new.close()
        assert verify_journal(path).is_sound

    asyncio.run(story())


@pytest.mark.proves("P13", "INV-1")
def test_a_snapshot_that_was_given_up_half_way_goes_on_where_it_was(tmp_path: Path) -> None:
    async def story() -> StationJournal:
        (a,) = await started(tmp_path, "A1")
        for _ in range(25):
            await a.act(*(note(f"{n}") for n in range(200)))
        exporter(a).snapshot(tmp_path / "snap", {})
        a.close()
        return a

    a = asyncio.run(story())
    checked = check_carry(tmp_path / "snap", a.place, b"")
    with pytest.raises(Refused, match="given up"):
        fill(tmp_path / "D4", "D4", checked, lambda done, _of_all: done < 4500)
    loaded, path = fill(tmp_path / "D4", "D4", checked)
    assert loaded.known >= 4000
    assert loaded.known + loaded.stored == checked.events == 5001
    assert verify_journal(path).is_sound
    assert tables(path)[0] == tables(a.path)[0]


def test_a_station_that_holds_events_of_others_takes_no_snapshot(tmp_path: Path) -> None:
    async def story() -> None:
        a, b, d = await started(tmp_path, "A1", "B2", "D4")
        exporter(a).snapshot(tmp_path / "snap", {})
        await d.log.receive(await b.all_events(), "b")
        d.close()
        with pytest.raises(Refused, match="already holds"):
            fill(tmp_path / "D4", "D4", check_carry(tmp_path / "snap", a.place, b""))
        a.close()
        b.close()

    asyncio.run(story())


def _forged(tmp_path: Path, change: str, where: str) -> Path:
    """A snapshot whose exporter altered an event and told it rehashed; the file's own signature is right."""

    async def story() -> None:
        a = await busy_site(tmp_path)
        a.close()
        connection = LIBRARY.connect(str(a.path), isolation_level=None)
        connection.execute("DROP TRIGGER event_no_update")
        connection.execute(f"UPDATE event SET {change} WHERE {where}")
        connection.close()
        exporter(a).snapshot(tmp_path / "snap", {})

    asyncio.run(story())
    return tmp_path / "snap"


@pytest.mark.proves("P17", "SEC-22")
def test_a_snapshot_with_an_altered_event_is_refused_at_once(tmp_path: Path) -> None:
    altered = "body = CAST(replace(CAST(body AS TEXT), 'first again', 'first against') AS BLOB)"
    snap = _forged(tmp_path, altered, "etype = 'incident.noted'")
    station = StationJournal(tmp_path / "E5", "E5")
    station.close()
    with pytest.raises(BadCarry, match="hash does not fit"):
        fill(tmp_path / "E5", "E5", check_carry(snap, station.place, b""))


async def proven(path: Path) -> tuple[ScrubRecord, list[VerifyReport], list[ScrubRecord]]:
    """The scrub as a running station does it, without its pauses."""
    folder = path.parent
    station = StationJournal(folder, "D4")
    records: list[ScrubRecord] = []
    broken: list[VerifyReport] = []

    async def on_broken(report: VerifyReport) -> None:
        broken.append(report)

    async def no_pause(_seconds: float) -> None:
        await asyncio.sleep(0)

    scrub = Scrub(
        station.database.readers,
        station.database.writer,
        against=Against,
        now_us=lambda: START_US,
        mono_s=lambda: 0.0,
        on_record=records.append,
        on_broken=on_broken,
        pause=no_pause,
    )
    await scrub.load()
    assert await scrub.is_due()
    await scrub.once()
    record = scrub.record
    again = Scrub(
        station.database.readers,
        station.database.writer,
        against=Against,
        now_us=lambda: START_US + 1,
        mono_s=lambda: 0.0,
        on_broken=on_broken,
    )
    await again.load()
    assert again.record == record, "the result outlives a restart"
    assert await again.is_due() == (record.state != "sound")
    station.close()
    return record, broken, records


@pytest.mark.proves("P35")
def test_what_came_by_a_snapshot_is_proven_in_the_background_with_its_progress_visible(tmp_path: Path) -> None:
    async def story() -> None:
        a = await busy_site(tmp_path, acts=150)
        exporter(a).snapshot(tmp_path / "snap", {})
        a.close()
        checked = check_carry(tmp_path / "snap", a.place, b"")
        _, path = fill(tmp_path / "D4", "D4", checked)
        record, broken, records = await proven(path)
        assert (record.state, record.events, record.breaks, broken) == ("sound", checked.events, 0, [])
        assert record.is_of_snapshot
        running = [one.events for one in records if one.state == "running"]
        assert running == sorted(running) and len(set(running)) > 4
        connection = LIBRARY.connect(str(path))
        assert connection.execute("SELECT value FROM meta WHERE name = ?", (UNPROVEN,)).fetchone() == ("",)
        assert connection.execute("SELECT value FROM meta WHERE name = ?", (OWN,)).fetchone() is None
        connection.close()

    asyncio.run(story())


@pytest.mark.proves("P17", "SEC-20", "SEC-22")
def test_a_forged_signature_in_a_snapshot_is_found_by_the_proof_and_stays_unproven(
    tmp_path: Path, log_lines: LogLines
) -> None:
    log_lines.expect("the journal is broken")
    snap = _forged(tmp_path, "sig = zeroblob(64)", "seq = 3")
    station = StationJournal(tmp_path / "E5", "E5")
    station.close()
    loaded, path = fill(tmp_path / "D4", "D4", check_carry(snap, station.place, b""))
    assert loaded.stored > 0, "signatures are not looked at while the journal is filled"
    record, broken, _ = asyncio.run(proven(path))
    assert record.state == "broken"
    assert {(one.seq, one.reason) for one in broken[0].breaks} == {(3, "signature does not fit the stream's key")}
    assert record.place.endswith("seq 3: signature does not fit the stream's key")
