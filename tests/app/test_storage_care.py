"""What keeps a station's files alive, joined as in a station: rescued journals are told, damage found later too."""

import asyncio
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import pytest

from console.app import storage_care
from console.app.folders import Folders
from console.app.storage_care import StorageCare, damage_met, open_station
from console.config.settings import BackupSettings, StationSettings
from console.domain.station_facts import BackupRestored, DatabaseSetAside, StreamOpened
from console.services.storage import schema
from console.services.storage.disk_watch import DiskProblem
from console.services.storage.failures import DamagedDatabase
from console.services.storage.journal_health import damage_noted, note_damage
from console.services.storage.start_mark import read_mark
from console.services.telemetry import tag_tables
from console.services.telemetry.tag_snapshot import TagSnapshot, load
from tests.services.telemetry.rig import Rig
from tests.support.edge import M
from tests.support.journals import START_US, StationJournal, note

STATION = StationJournal.place_of("K1").station


@dataclass
class Engine:
    """Keeps the system alarms that are raised."""

    raised: dict[str, str] = field(default_factory=dict)

    def raise_system(self, key: str, text: str, _priority: object, _now_us: int) -> None:
        self.raised[key] = text

    def clear_system(self, key: str, _now_us: int) -> None:
        self.raised.pop(key, None)


class Station:
    """A journal under care, as the composition root joins them."""

    def __init__(self, folder: Path) -> None:
        self.settings = StationSettings(
            STATION, "PC 1", "K1", backup=BackupSettings(folder.parent / "second"), anchor=folder.parent / "anchors"
        )
        self.folders = Folders(folder, folder)
        self.care = StorageCare(self, lambda: START_US)
        self.engine: Any = Engine()

    async def open(self) -> "Station":
        self.folders.data.mkdir(exist_ok=True)
        await self.care.prepare()
        self.journal = StationJournal(self.folders.data, "K1")
        self.journal.log.own_head.subscribe(self.care.on_own_head)
        await self.journal.log.open(self.care.doubt(b"key"))
        await self.care.opened(self.journal.log, self.engine)
        return self

    async def close(self) -> None:
        await self.care.stop()
        self.journal.close()

    def facts(self, kind: type) -> list[Any]:
        return [entry.fact for entry in self.journal.seen if isinstance(entry.fact, kind)]


@pytest.mark.proves("P35", "P4", "SEC-40")
def test_a_damaged_journal_is_rescued_at_the_start_and_everybody_is_told(tmp_path: Path, log_lines: object) -> None:
    log_lines.expect("is damaged")  # type: ignore[attr-defined]

    async def story() -> None:
        station = await Station(tmp_path / "k").open()
        await station.journal.act(note("one"))
        station.care.start(station.journal.database.readers)
        assert station.care.backups is not None
        await station.care.backups.make()
        await station.journal.act(note("two"))
        await station.close()
        assert station.engine.raised == {}
        path = tmp_path / "k" / "journal.db"
        with path.open("r+b") as file:
            file.write(bytes(4096))

        again = await Station(tmp_path / "k").open()
        (opened,) = again.facts(StreamOpened)
        assert opened.reason == "salvage"
        (aside,) = again.facts(DatabaseSetAside)
        (restored,) = again.facts(BackupRestored)
        assert (aside.kept_as, restored.events) == ("journal.db.damaged-1", 4)
        assert aside.salvaged == 2  # the act after the backup, and the fact that tells of the backup
        assert again.engine.raised == {"journal.db": storage_care.RESCUED_TEXT}
        assert read_mark(tmp_path / "k") is None
        await again.close()

        third = await Station(tmp_path / "k").open()
        assert third.journal.seen == []
        await third.close()

    asyncio.run(story())


@pytest.mark.proves("P35")
def test_damage_that_the_look_through_the_whole_file_finds_is_told_and_rescued_next_time(
    tmp_path: Path, log_lines: object, monkeypatch: pytest.MonkeyPatch
) -> None:
    log_lines.expect("is damaged")  # type: ignore[attr-defined]
    monkeypatch.setattr(storage_care, "whole_check", lambda _connection: "row 7 missing from index")

    async def story() -> None:
        station = await Station(tmp_path / "k").open()
        station.care.start(station.journal.database.readers)
        async with asyncio.timeout(30):
            while not station.engine.raised:  # noqa: ASYNC110
                await asyncio.sleep(0.01)
        assert station.engine.raised == {"journal.db": storage_care.DAMAGED_TEXT}
        await station.close()
        assert damage_noted(tmp_path / "k" / "journal.db") == "row 7 missing from index"
        again = await Station(tmp_path / "k").open()
        assert again.facts(DatabaseSetAside)
        assert damage_noted(tmp_path / "k" / "journal.db") == ""
        await again.close()

    asyncio.run(story())


def test_shortages_of_the_disk_become_alarms_and_end(tmp_path: Path) -> None:
    async def story() -> None:
        station = await Station(tmp_path / "k").open()
        told = station.care._on_disk
        told(frozenset({DiskProblem.LOW, DiskProblem.CAPACITY}))
        assert station.engine.raised == {
            "disk.low": DiskProblem.LOW.value,
            "disk.capacity": DiskProblem.CAPACITY.value,
        }
        told(frozenset({DiskProblem.FULL}))
        assert station.engine.raised == {"disk.full": DiskProblem.FULL.value}
        told(frozenset())
        assert station.engine.raised == {}
        await station.close()

    asyncio.run(story())


def test_a_rescue_that_could_not_be_told_is_told_at_the_next_start(tmp_path: Path, log_lines: object) -> None:
    log_lines.expect("is damaged")  # type: ignore[attr-defined]

    async def story() -> None:
        station = await Station(tmp_path / "k").open()
        await station.close()
        note_damage(tmp_path / "k" / "journal.db", "a test says so")
        untold = Station(tmp_path / "k")
        await untold.care.prepare()
        untold.journal = StationJournal(tmp_path / "k", "K1")
        await untold.journal.log.open(untold.care.doubt(b"key"))
        await untold.close()  # it ended before `opened`
        told = await Station(tmp_path / "k").open()
        assert len(told.facts(DatabaseSetAside)) == 1
        await told.close()

    asyncio.run(story())


def test_the_settings_of_a_station_say_where_things_go(tmp_path: Path) -> None:
    station = Station(tmp_path / "k")
    sources = storage_care.backup_sources(station)
    assert (sources.data, sources.site, sources.code) == (tmp_path / "k", tmp_path / "k" / "site", "K1")
    station.settings = replace(station.settings, site=tmp_path / "site")
    assert storage_care.backup_sources(station).site == tmp_path / "site"


def test_damage_that_only_reading_the_tags_meets_costs_the_tag_file_and_not_the_desk(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(schema, "_LOOK_THROUGH", 0)  # as if it were too large to be looked through at the start
    metadatas = [tag_tables.metadata]

    async def story() -> None:
        database = open_station(tmp_path, metadatas)
        rig = Rig()
        rig.birth(*(M(f"metric {number}", 1.0) for number in range(2000)))
        await TagSnapshot(rig.store, database.writer).save()
        database.close()
        path = tmp_path / "station.db"
        with path.open("r+b") as file:
            file.seek(path.stat().st_size // 4 & ~4095)  # behind the first rows of the tags, before their values
            file.write(b"\xa5" * 8192)
        database = open_station(tmp_path, metadatas)
        assert database.set_aside is None
        with pytest.raises(DamagedDatabase) as met:
            await database.readers.read(load)
        database.close()
        assert damage_met(met.value, tmp_path) is not None  # then the start is tried once more
        database = open_station(tmp_path, metadatas)
        assert database.set_aside == tmp_path / "station.db.damaged-1"
        assert await database.readers.read(load) == []
        database.close()
        database = open_station(tmp_path, metadatas)
        assert database.set_aside is None
        database.close()

    asyncio.run(story())
