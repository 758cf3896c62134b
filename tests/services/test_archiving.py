"""Old entries leave the journal's table for sealed files; what is left proves itself and shows the same as before."""

import asyncio
from collections import defaultdict
from pathlib import Path
from uuid import UUID

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from console.domain import facts as f
from console.domain.acknowledgements import interval_of, taken_back
from console.domain.alarm_facts import AlarmUnacknowledged
from console.domain.refusal import Refused
from console.services.alarms.acknowledgements import Acknowledgements
from console.services.archiving import CONDITION, proven_events
from console.services.journal import archive_finished, archive_sealing
from console.services.journal.archive_file import segments_in
from console.services.journal.archive_table import pruned_count, segments, sums
from console.services.journal.entries import Entry
from console.services.journal.event_table import Tip
from console.services.journal.verify import verify_journal
from console.services.journal.verify_archive import verify_folder
from console.services.projection_digest import ProjectionDigest
from console.services.servicedesk.incidents import IncidentDesk
from tests.support.archived import ALIVE, DAY_US, YEAR_US, PlantYear
from tests.support.journals import StationJournal


class Shown:
    """What a station shows that starts from its file: the digests, and what a person would see."""

    def __init__(self) -> None:
        self.desk, self.kept = IncidentDesk(), Acknowledgements()
        self.preferences: dict[tuple[str, str], tuple[int, str]] = {}
        self.silenced: dict[str, int] = defaultdict(int)
        self.signed_on: set[str] = set()
        self.others: set[bytes] = set()  # entries of kinds that never leave

    def take(self, entries: tuple[Entry, ...]) -> None:
        self.desk.apply(entries)
        for entry in entries:
            match entry.fact:
                case f.AlarmAcknowledged() as fact:
                    one = interval_of(entry.hash, entry.hlc, entry.wall_us, fact.start_us, fact.seen_through_us)
                    self.kept.add(fact.condition_id, one)
                case AlarmUnacknowledged() as fact:
                    named = [bytes.fromhex(one) for one in fact.acknowledgements]
                    act = taken_back(entry.hash, entry.hlc, entry.wall_us, fact.start_us, fact.seen_through_us, named)
                    self.kept.take_back(fact.condition_id, act)
                case f.PreferenceSaved(user, key, value):
                    told = (entry.hlc, value)
                    self.preferences[user, key] = max(told, self.preferences.get((user, key), told))
                case f.HornSilenced(position, through):
                    self.silenced[position] = max(through, self.silenced[position])
                case f.UserSignedOn():
                    self.signed_on.add(entry.actor.session_id)
                case f.UserSignedOff():
                    self.signed_on.discard(entry.actor.session_id)
            if entry.etype not in (*archive_finished.FINISHED, "journal.archived", "journal.pruned"):
                self.others.add(entry.hash)

    def picture(self) -> object:
        digests = ProjectionDigest({"incident": self.desk, "ack": self.kept}).digests()
        covering = {one: self.kept._sets[one].standing() for one in ALIVE if one in self.kept._sets}
        return digests, covering, self.preferences, dict(self.silenced), self.signed_on, self.others


async def shown(station: StationJournal) -> Shown:
    picture = Shown()
    picture.kept.set_archived(await station.database.readers.read(lambda c: sums(c, CONDITION)))
    await station.log.replay(picture.take)
    return picture


@pytest.mark.proves("P30", "INV-27")
def test_a_year_is_pruned_and_the_rest_of_the_journal_proves_itself(tmp_path: Path) -> None:
    async def story() -> None:
        async with PlantYear(tmp_path / "A1", "A1") as plant:
            await plant.live(days=500, acts=2)
            before, everything = await shown(plant), await plant.hashes()
            gone = await plant.archive(tmp_path / "out", plant.clock.now_us - YEAR_US)
            assert gone > 300
            assert (await shown(plant)).picture() == before.picture()
            report = verify_journal(plant.path)
            assert report.is_sound, report.breaks
            assert report.archived == gone == await plant.database.readers.read(pruned_count)
            assert report.segments >= 1
            folder = verify_folder(tmp_path / "out", plant.path)
            assert folder.is_sound, folder.faults
            archived = {event.raw.hash for path in segments_in(tmp_path / "out") for event in proven_events(path)}
            assert everything <= archived | {raw.hash for raw in await plant.all_kept()}
        async with PlantYear(tmp_path / "A1", "A1") as again:
            await again.act()  # the stream goes on where it was
            assert (
                len(await again.database.readers.read(lambda c: c.exec_driver_sql("SELECT * FROM stream").all())) == 1
            )
        assert verify_journal(tmp_path / "A1" / "journal.db").is_sound

    asyncio.run(story())


@pytest.mark.proves("P30", "INV-6")
@settings(max_examples=12, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(seed=st.integers(0, 1 << 30), cut=st.integers(3, 11), again=st.booleans())
def test_whatever_happened_projections_are_equal_before_and_after(
    tmp_path_factory: pytest.TempPathFactory, seed: int, cut: int, again: bool
) -> None:
    folder = tmp_path_factory.mktemp("year")
    patch = pytest.MonkeyPatch()
    patch.setattr(archive_sealing, "NEAR", 3)
    patch.setattr(archive_finished, "NEAR", 3)

    async def story() -> None:
        async with PlantYear(folder / "A1", "A1", seed=seed) as plant:
            began = plant.clock.now_us
            await plant.live(days=12, acts=6)
            before = (await shown(plant)).picture()
            await plant.archive(folder / "out", began + cut * DAY_US)
            assert (await shown(plant)).picture() == before
            if again:
                await plant.live(days=3, acts=6)
                before = (await shown(plant)).picture()
                await plant.archive(folder / "out", plant.clock.now_us)
                assert (await shown(plant)).picture() == before
            report = verify_journal(plant.path)
            assert report.is_sound, report.breaks

    try:
        asyncio.run(story())
    finally:
        patch.undo()


@pytest.fixture
def near(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(archive_sealing, "NEAR", 5)
    monkeypatch.setattr(archive_finished, "NEAR", 5)


@pytest.mark.proves("P30")
def test_what_nobody_else_holds_is_never_taken_out(tmp_path: Path, near: None) -> None:
    async def story() -> None:
        async with PlantYear(tmp_path / "A1", "A1") as plant:
            await plant.live(days=12)
            before_us = plant.clock.now_us
            await plant.note(plant.seal(tmp_path / "out", before_us))
            (end,) = await plant.ends()
            assert await plant.prune(before_us, []) == 0  # an empty centre
            assert await plant.prune(before_us, None) == 0  # no centre, and no other station told anything
            unknown = Tip(end.stream, end.seq, bytes(32))
            assert await plant.prune(before_us, [unknown]) == 0  # another branch than ours
            everything = {e.seq: e.hash for e in plant.seen}
            half = Tip(end.stream, end.seq // 2, everything[end.seq // 2])
            assert await plant.prune(before_us, [half]) > 0
            left = {seq for (seq,) in await plant.rows("SELECT seq FROM event")}
            assert set(range(half.seq + 1, end.seq + 1)) <= left
            some = await plant.prune(before_us, [end])
            assert some > 0

    asyncio.run(story())


@pytest.mark.proves("P30")
def test_other_stations_receipts_count_where_there_is_no_centre(tmp_path: Path, near: None) -> None:
    async def story() -> None:
        async with PlantYear(tmp_path / "A1", "A1") as plant:
            await plant.live(days=6)
            await plant.note(plant.seal(tmp_path / "out", plant.clock.now_us))
            await plant.log.note_receipts(f"neighbour:{UUID(int=7)}", await plant.ends())
            assert await plant.prune(plant.clock.now_us, None) > 0

    asyncio.run(story())


@pytest.mark.proves("P30")
def test_nothing_leaves_that_was_not_sealed_or_that_the_journal_does_not_tell(tmp_path: Path, near: None) -> None:
    async def story() -> None:
        async with PlantYear(tmp_path / "A1", "A1") as plant:
            await plant.live(days=6)
            sealed = plant.seal(tmp_path / "out", plant.clock.now_us)
            assert await plant.prune(plant.clock.now_us, await plant.ends()) == 0
            assert sealed
            with pytest.raises(Exception, match="event is never changed"):
                await plant.database.writer.write(lambda c: c.exec_driver_sql("DELETE FROM event WHERE seq = 5"))
            with pytest.raises(Exception, match="only an archived event leaves"):
                await plant.database.writer.write(
                    lambda c: c.exec_driver_sql("INSERT INTO pruned SELECT hash, 1, seq, prev FROM event WHERE seq = 5")
                )

    asyncio.run(story())


def test_acts_on_alarms_that_are_not_over_stay(tmp_path: Path, near: None) -> None:
    async def story() -> None:
        async with PlantYear(tmp_path / "A1", "A1") as plant:
            await plant.live(days=8)
            await plant.note(plant.seal(tmp_path / "out", plant.clock.now_us))
            sql = "SELECT DISTINCT entity_id FROM event WHERE etype = 'alarm.acknowledged'"
            before = await plant.rows(sql)
            await plant.prune(plant.clock.now_us, await plant.ends(), alive=None)
            assert await plant.rows(sql) == before  # not known which alarms are over: all stay
            await plant.prune(plant.clock.now_us, await plant.ends())
            assert {UUID(str(one)) for (one,) in await plant.rows(sql)} >= set(ALIVE)

    asyncio.run(story())


@pytest.mark.proves("P30", "SEC-20")
@pytest.mark.parametrize(
    ("statement", "reason"),
    [
        ("DELETE FROM pruned WHERE seq = (SELECT max(seq) FROM pruned)", "predecessor is missing"),
        ("UPDATE pruned SET prev = zeroblob(32) WHERE seq = (SELECT min(seq) FROM pruned)", "predecessor is missing"),
        ("UPDATE archive_segment SET sig = zeroblob(64)", "the manifest of an archived part is not signed by its key"),
        ("DELETE FROM event WHERE etype = 'journal.archived'", "the journal does not tell of this archived part"),
    ],
)
def test_whoever_alters_what_is_left_of_archived_entries_is_found(
    tmp_path: Path, near: None, statement: str, reason: str
) -> None:
    async def story() -> Path:
        async with PlantYear(tmp_path / "A1", "A1") as plant:
            await plant.live(days=8)
            assert await plant.archive(tmp_path / "out", plant.clock.now_us) > 20
            return plant.path

    path = asyncio.run(story())
    assert verify_journal(path).is_sound
    insider(path, statement)
    assert reason in {one.reason for one in verify_journal(path).breaks}


def test_what_left_can_be_brought_back_from_its_file(tmp_path: Path, near: None) -> None:
    async def story() -> None:
        async with PlantYear(tmp_path / "A1", "A1") as plant:
            await plant.live(days=8)
            before = (await shown(plant)).picture()
            everything = await plant.hashes()
            gone = await plant.archive(tmp_path / "out", plant.clock.now_us)
            back = 0
            for path in segments_in(tmp_path / "out"):
                back += await plant.archiving().bring_back(path, proven_events(path), plant.clock.now_us)
            assert back == gone
            assert everything <= await plant.hashes()
            assert (await shown(plant)).picture() == before
            assert verify_journal(plant.path).is_sound
            assert await plant.archiving().bring_back(path, proven_events(path), plant.clock.now_us) == 0

    asyncio.run(story())


def test_a_journal_that_begins_anew_takes_archived_parts_in_from_their_files(tmp_path: Path, near: None) -> None:
    async def story() -> None:
        async with PlantYear(tmp_path / "A1", "A1") as plant, PlantYear(tmp_path / "B2", "B2") as fresh:
            await plant.live(days=8)
            await plant.archive(tmp_path / "out", plant.clock.now_us)
            (path,) = segments_in(tmp_path / "out")
            events = proven_events(path)
            assert await fresh.archiving().bring_back(path, events, fresh.clock.now_us) == len(events)
            assert {event.raw.hash for event in events} <= await fresh.hashes()
            assert verify_journal(fresh.path).is_sound

    asyncio.run(story())


def test_a_file_of_another_station_is_not_listed(tmp_path: Path, near: None) -> None:
    async def story() -> None:
        async with PlantYear(tmp_path / "A1", "A1") as a, PlantYear(tmp_path / "B2", "B2") as b:
            await a.live(days=6)
            with pytest.raises(Refused, match="not sealed by this station"):
                await b.note(a.seal(tmp_path / "out", a.clock.now_us))
            assert await b.database.readers.read(segments) == ()

    asyncio.run(story())


def insider(path: Path, *statements: str) -> None:
    """Alter the file as an insider would: the triggers are dropped first and put back."""
    from console.services.storage.database import LIBRARY

    connection = LIBRARY.connect(str(path), isolation_level=None)
    triggers = connection.execute("SELECT name, sql FROM sqlite_schema WHERE type = 'trigger'").fetchall()
    for name, _ in triggers:
        connection.execute(f"DROP TRIGGER {name}")
    for statement in statements:
        connection.execute(statement)
    for _, sql in triggers:
        connection.execute(sql)
    connection.close()
