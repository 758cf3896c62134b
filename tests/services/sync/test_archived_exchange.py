"""A station that moved old entries to its archive says so, and everybody still gets everything."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest

from console.domain.refusal import Refused
from console.services.archiving import proven_events
from console.services.journal import archive_finished, archive_sealing
from console.services.journal.archive_file import segments_in
from console.services.journal.event_table import Tip
from console.services.journal.keys import FileKey
from console.services.journal.table_store import TableDisk, TableStore
from console.services.journal.verify import verify_journal
from console.services.storage.database import reader_engine
from console.services.sync import messages as m
from console.services.sync.carry_export import Exporter
from console.services.sync.central import Central
from console.services.sync.conversation import Budget, Outcome, answer, exchange
from console.services.sync.replicator import Replicator
from tests.support.archived import PlantYear
from tests.support.journals import StationJournal
from tests.support.postgres import TestDatabase
from tests.support.synced import asked, enrolled, synced, until


@pytest.fixture(autouse=True)
def near(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(archive_sealing, "NEAR", 5)
    monkeypatch.setattr(archive_finished, "NEAR", 5)


def hello(station: StationJournal) -> m.Hello:
    place = station.place
    return m.Hello(place.site, place.station, place.code, place.tenant)


async def fetched(asker: StationJournal, giver: StationJournal) -> Outcome:
    """One exchange by word of mouth, and what came of it taken in."""
    outcome = Outcome()
    ours, theirs = reader_engine(asker.path), reader_engine(giver.path)
    try:
        with ours.connect() as here, theirs.connect() as there:
            talk = exchange(TableDisk(here), hello(asker), outcome, Budget(pull=1000))
            try:
                question = next(talk)
                while True:
                    with there.begin():
                        told = answer(TableStore(there), question, hello(giver))
                    question = talk.send(m.decode_answer(m.encode(told)))
            except StopIteration:
                pass
    finally:
        ours.dispose()
        theirs.dispose()
    await asker.log.receive(outcome.pulled, giver.place.code)
    return outcome


async def vector(station: StationJournal) -> set[Tip]:
    with_reader = station.database.readers.read(lambda c: TableStore(c).tips())
    return set(await with_reader)


@pytest.mark.proves("P30")
def test_a_pruned_station_says_so_and_another_one_gives_what_it_lacks(tmp_path: Path) -> None:
    async def story() -> None:
        async with PlantYear(tmp_path / "A1", "A1") as a:
            keeper, fresh = StationJournal(tmp_path / "B2", "B2"), StationJournal(tmp_path / "C3", "C3")
            try:
                await keeper.start()
                await fresh.start()
                await a.live(days=10)
                await fetched(keeper, a)
                await fetched(a, keeper)
                assert await a.archive(tmp_path / "out", a.clock.now_us) > 20
                told = await fetched(fresh, a)
                assert told.archived  # never as if there was nothing
                assert told.archived <= told.fruitless
                assert not told.is_equal
                assert not (await fetched(keeper, a)).archived  # who has them is not told of any archive
                for _ in range(3):
                    await fetched(fresh, keeper)
                    await fetched(fresh, a)
                    await fetched(keeper, fresh)
                    await fetched(a, fresh)
                assert await vector(fresh) == await vector(a) == await vector(keeper)
                assert (await fetched(fresh, a)).is_equal
                for path in (a.path, fresh.path, keeper.path):
                    assert verify_journal(path).is_sound
            finally:
                keeper.close()
                fresh.close()

    asyncio.run(story())


@pytest.mark.proves("P30")
def test_a_fork_that_begins_among_archived_entries_is_found_and_joined(tmp_path: Path) -> None:
    """The hashes stay, so the search by halves works on what is left as on the whole."""

    async def story() -> None:
        import shutil

        async with PlantYear(tmp_path / "A1", "A1") as a:
            await a.live(days=4)
        shutil.copytree(tmp_path / "A1", tmp_path / "twin")
        async with PlantYear(tmp_path / "A1", "A1", seed=2) as a, PlantYear(tmp_path / "twin", "A1", seed=3) as twin:
            a.clock.now_us += 10**12
            twin.clock.now_us += 10**12
            await a.live(days=6)
            await twin.live(days=6)
            assert await a.archive(tmp_path / "out", a.clock.now_us) > 10
            reader = StationJournal(tmp_path / "B2", "B2")
            try:
                await reader.start()
                await fetched(reader, twin)
                before = await reader.hashes()
                outcome = await fetched(reader, a)
                assert len(await reader.hashes()) >= len(before)
                assert outcome.fruitless or outcome.pulled or outcome.archived
                assert verify_journal(reader.path).is_sound
                await fetched(a, twin)
                await fetched(a, twin)
                report = verify_journal(a.path)
                assert report.is_sound, report.breaks
                assert report.segments
            finally:
                reader.close()

    asyncio.run(story())


@asynccontextmanager
async def replicated(plant: PlantYear, folder: Path, centre: TestDatabase) -> AsyncIterator[Replicator]:
    links: list[object] = []
    replicator = Replicator(
        plant.log, plant.path, enrolled(folder, "A1", centre), on_link=links.append, now_us=plant.clock, poll_s=0.1
    )
    replicator.start()
    try:
        yield replicator
    finally:
        replicator.stop(15)


@pytest.mark.proves("P30", "INV-27", "INV-7")
def test_one_station_prunes_and_a_new_one_bootstraps_from_the_centre(tmp_path: Path, postgres: TestDatabase) -> None:
    async def story() -> None:
        postgres.set_up()
        folder = tmp_path
        async with PlantYear(folder / "A1", "A1") as a:
            settings = enrolled(folder, "A1", postgres)
            await a.live(days=8)
            await a.note(a.seal(folder / "out", a.clock.now_us))
            central = Central(settings, a.place)
            assert await a.prune(a.clock.now_us, list(central.tips())) == 0  # the centre holds nothing yet
            central.close()
            everything = await a.hashes()
            async with replicated(a, folder, postgres):
                count = "select count(*) from leitstand.event"
                await until(lambda: asked(postgres.url, count) == [(len(everything),)], "all is in the centre")
                central = Central(settings, a.place)
                ends = list(central.tips())
                central.close()
                assert await a.prune(a.clock.now_us, ends) > 20
                listed = "select count(*), min(uri) from leitstand.archive_segment where station_id is not null"
                await until(lambda: asked(postgres.url, listed)[0][0] == 1, "the archived part is listed")
                assert str(asked(postgres.url, listed)[0][1]).startswith("file://")
            async with synced(folder, "B2", postgres) as b, replicated(a, folder, postgres):
                await until(lambda: len(b.seen) >= len(everything), "the new station has all that the centre keeps")
                deadline = asyncio.get_running_loop().time() + 20
                while await vector(a) != await vector(b):
                    assert asyncio.get_running_loop().time() < deadline, "the vectors stay different"
                    await asyncio.sleep(0.05)
                assert everything <= await b.hashes()
            assert verify_journal(a.path).is_sound
            assert verify_journal(folder / "B2" / "journal.db").is_sound

    asyncio.run(story())


@pytest.mark.proves("P30", "P37")
def test_an_empty_centre_is_told_of_the_gap_and_filled_when_the_entries_are_brought_back(
    tmp_path: Path, postgres: TestDatabase
) -> None:
    async def story() -> None:
        postgres.set_up()
        async with PlantYear(tmp_path / "A1", "A1") as a:
            await a.live(days=8)
            everything = await a.hashes()
            assert await a.archive(tmp_path / "out", a.clock.now_us) > 20  # the centre of then had all of it
            async with replicated(a, tmp_path, postgres) as replicator:
                await until(lambda: replicator.link.detail == m.ARCHIVED_HERE, "the gap is said")
                assert replicator.link.state == "live"
                assert replicator.link.waiting > 20
                count = "select count(*) from leitstand.event"
                assert asked(postgres.url, count)[0][0] < len(everything)  # type: ignore[operator]
                for path in segments_in(tmp_path / "out"):
                    await a.archiving().bring_back(path, proven_events(path), a.clock.now_us)
                await until(lambda: asked(postgres.url, count)[0][0] > len(everything), "everything is in the centre")  # type: ignore[operator]
                await until(lambda: not replicator.link.detail, "nothing more is said")

    asyncio.run(story())


@pytest.mark.proves("P30", "SEC-65")
def test_the_centre_lists_only_what_fits_its_chain_and_only_for_who_is_enrolled(
    tmp_path: Path, postgres: TestDatabase
) -> None:
    async def story() -> None:
        postgres.set_up()
        async with PlantYear(tmp_path / "A1", "A1") as a:
            settings = enrolled(tmp_path, "A1", postgres)
            await a.live(days=4)
            a.seal(tmp_path / "out", a.clock.now_us)
            with archive_sealing.Sealer(a.path, tmp_path / "out", a.place, a.key, a.clock) as sealer:
                told = sealer.seal(sealer.plan(a.clock.now_us).parts[0]).sealed.manifest
            central = Central(settings, a.place)
            assert central.lists_archives
            assert not central.archive(told, "file:///a")  # the centre lacks its events
            async with replicated(a, tmp_path, postgres):
                await until(lambda: bool(central.tips()), "the events came")
                deadline = asyncio.get_running_loop().time() + 20
                while not central.archive(told, "file:///a"):
                    assert asyncio.get_running_loop().time() < deadline
                    await asyncio.sleep(0.05)
            assert central.archive(told, "file:///b")  # the first word stands
            central.close()
            assert asked(postgres.url, "select uri from leitstand.archive_segment") == [("file:///a",)]

    asyncio.run(story())


def test_a_journal_with_gaps_is_not_carried_away_as_if_it_was_whole(tmp_path: Path) -> None:
    async def story() -> None:
        async with PlantYear(tmp_path / "A1", "A1") as a:
            await a.live(days=6)
            assert await a.archive(tmp_path / "out", a.clock.now_us) > 5
            exporter = Exporter(a.path, a.place, FileKey.load_or_create(tmp_path / "A1" / "keys"), "", a.clock)
            with pytest.raises(Refused, match="archive alone"):
                exporter.journal_beyond(tmp_path / "all.carry", None)
            with pytest.raises(Refused, match="archive alone"):
                exporter.snapshot(tmp_path / "all.snapshot", {})
            exporter.vector(tmp_path / "a.vector")
            assert exporter.journal_beyond(tmp_path / "nothing.carry", tmp_path / "a.vector").events == 0

    asyncio.run(story())
