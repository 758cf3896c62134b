"""Backups are one file that proves itself; a bad one harms nothing, a restore deletes nothing."""

import asyncio
import contextlib
import json
import shutil
import stat
import threading
import zipfile
from collections.abc import Callable
from pathlib import Path
from uuid import UUID, uuid4

import pytest

from console.config.settings import BackupSettings
from console.config.station_file import TEMPLATE
from console.domain.fact import Fact
from console.domain.refusal import Refused
from console.services.journal.verify import verify_journal
from console.services.storage.backup import BackupSources, BackupStopped, backup_name, make_backup, prune
from console.services.storage.backup_file import (
    MANIFEST,
    BadBackup,
    backups_in,
    newest_verified,
    read_manifest,
    verify_backup,
)
from console.services.storage.backup_schedule import BackupKeeper, newest_age_s
from console.services.storage.ownership import DataFolderInUse, Ownership
from console.services.storage.restore import restore
from console.services.storage.schema import open_station_db
from console.services.storage.start_mark import Why, read_mark
from tests.support.journals import START_US, StationJournal, note

STATION = StationJournal.place_of("K1").station
MINUTE_US = 60_000_000


async def eventually(ask: Callable[[], object]) -> None:
    async with asyncio.timeout(30):
        while not ask():  # noqa: ASYNC110 what is waited for is no event of this loop
            await asyncio.sleep(0.01)


def sources(folder: Path) -> BackupSources:
    return BackupSources(folder, folder, folder / "site", STATION, "K1")


def settle(folder: Path, station_id: UUID = STATION) -> None:
    """station.toml, site/ and station.db beside the journal."""
    (folder / "site").mkdir(parents=True, exist_ok=True)
    text = TEMPLATE.format(station_id=station_id, name='"PC 1"', code="K1")
    (folder / "station.toml").write_text(text, encoding="utf-8")
    (folder / "site" / "site.toml").write_text("version = 1\n", encoding="utf-8")
    open_station_db(folder / "station.db", []).close()


async def acted(folder: Path, count: int) -> StationJournal:
    station = await StationJournal(folder, "K1").start()
    for number in range(count):
        await station.act(note(str(number)))
    return station


def stopped_station(folder: Path, count: int = 5) -> set[bytes]:
    async def story() -> set[bytes]:
        station = await acted(folder, count)
        hashes = await station.hashes()
        station.close()
        return hashes

    settle(folder)
    return asyncio.run(story())


def contents(file: Path) -> dict[str, bytes]:
    with zipfile.ZipFile(file) as archive:
        return {name: archive.read(name) for name in archive.namelist()}


def hashes_in(folder: Path) -> set[bytes]:
    async def story() -> set[bytes]:
        station = StationJournal(folder, "K1")
        try:
            return await station.hashes()
        finally:
            station.close()

    return asyncio.run(story())


@pytest.mark.proves("SEC-39")
def test_a_backup_of_a_writing_station_holds_everything_acknowledged_before_it(tmp_path: Path) -> None:
    async def story() -> None:
        station = await acted(tmp_path / "k", 50)
        stop = asyncio.Event()

        async def go_on() -> int:
            number = 0
            while not stop.is_set():
                await station.act(note(f"meanwhile {number}"))
                number += 1
            return number

        before = await station.hashes()
        writing = asyncio.ensure_future(go_on())
        report = await asyncio.to_thread(make_backup, sources(tmp_path / "k"), tmp_path / "b.zip", START_US)
        stop.set()
        assert await writing > 0
        station.close()
        assert report.events >= len(before)
        restore(report.file, tmp_path / "new", tmp_path / "new", START_US)
        fresh = StationJournal(tmp_path / "new", "K1")
        now = await fresh.hashes()
        fresh.close()
        assert before <= now
        assert len(now) == report.events
        assert verify_journal(tmp_path / "new" / "journal.db").is_sound

    settle(tmp_path / "k")
    asyncio.run(story())


def test_what_is_in_the_file_is_told_by_its_manifest_and_read_by_its_owner_alone(tmp_path: Path) -> None:
    stopped_station(tmp_path / "k")
    file = make_backup(sources(tmp_path / "k"), tmp_path / "second" / "b.zip", START_US).file
    assert stat.S_IMODE(file.stat().st_mode) & 0o077 == 0
    manifest = verify_backup(file, tmp_path)
    assert {part.name for part in manifest.parts} == {
        "data/journal.db", "data/station.db", "data/keys/station.pem", "config/station.toml", "site/site.toml",
    }  # fmt: skip
    assert (manifest.station_id, manifest.code, manifest.events) == (STATION, "K1", 6)
    assert [head.seq for head in manifest.heads] == [6]
    assert list(file.parent.iterdir()) == [file]


@pytest.mark.proves("SEC-39")
def test_no_flipped_bit_anywhere_in_a_backup_passes_as_proven(tmp_path: Path) -> None:
    stopped_station(tmp_path / "k")
    file = make_backup(sources(tmp_path / "k"), tmp_path / "b.zip", START_US).file
    sound, saved, refused = file.read_bytes(), contents(file), 0
    for info in zipfile.ZipFile(file).infolist():
        lengths = sound[info.header_offset + 26 : info.header_offset + 30]
        start = info.header_offset + 30 + sum(int.from_bytes(lengths[n : n + 2], "little") for n in (0, 2))
        spoiled = bytearray(sound)
        spoiled[start + info.compress_size // 2] ^= 1
        file.write_bytes(spoiled)
        try:
            verify_backup(file, tmp_path)
        except BadBackup:
            refused += 1
        else:  # a run of zeros may be said in two ways; then the content is what was saved
            assert contents(file) == saved
    assert refused >= 5
    for length in (0, 10, len(sound) // 2, len(sound) - 1):
        file.write_bytes(sound[:length])
        with pytest.raises(BadBackup):
            verify_backup(file, tmp_path)


def forged(
    file: Path, target: Path, change: dict[str, object] | None = None, more: dict[str, bytes] | None = None
) -> Path:
    """The backup with another manifest and further entries."""
    with zipfile.ZipFile(file) as old, zipfile.ZipFile(target, "w") as new:
        table = json.loads(old.read(MANIFEST)) | (change or {})
        for name in old.namelist():
            if name != MANIFEST:
                new.writestr(name, old.read(name))
        for name, content in (more or {}).items():
            new.writestr(name, content)
        new.writestr(MANIFEST, json.dumps(table))
    return target


@pytest.mark.parametrize("name", ["../evil", "data/../../evil", "/etc/evil", "C:\\evil", "evil", "data"])
def test_a_backup_that_names_files_outside_its_folders_is_refused(tmp_path: Path, name: str) -> None:
    stopped_station(tmp_path / "k")
    file = make_backup(sources(tmp_path / "k"), tmp_path / "b.zip", START_US).file
    part = {"name": name, "size": 1, "sha256": "0" * 64}
    with pytest.raises(BadBackup, match="outside"):
        restore(forged(file, tmp_path / "f.zip", {"parts": [part]}), tmp_path / "n", tmp_path / "n", START_US)
    assert not (tmp_path / "evil").exists()


@pytest.mark.parametrize("change", [{"leitstand_backup": 2}, {"parts": 3}, {"station_id": "x"}, {"events": None}])
def test_a_manifest_that_this_program_does_not_understand_is_refused(tmp_path: Path, change: dict[str, object]) -> None:
    stopped_station(tmp_path / "k")
    file = make_backup(sources(tmp_path / "k"), tmp_path / "b.zip", START_US).file
    with pytest.raises(BadBackup):
        read_manifest(forged(file, tmp_path / "f.zip", change))


def test_a_backup_whose_journal_lost_its_end_is_not_proven(tmp_path: Path) -> None:
    stopped_station(tmp_path / "k")
    file = make_backup(sources(tmp_path / "k"), tmp_path / "b.zip", START_US).file
    heads = [{"stream": str(read_manifest(file).heads[0].stream), "seq": 7, "hash": "ab" * 32}]
    with pytest.raises(BadBackup, match="end of stream"):
        verify_backup(forged(file, tmp_path / "f.zip", {"heads": heads}), tmp_path)


def test_the_newest_backup_that_proves_sound_is_taken_and_others_stations_never(tmp_path: Path) -> None:
    stopped_station(tmp_path / "k")
    second = tmp_path / "second"
    files = [
        make_backup(sources(tmp_path / "k"), second / backup_name("K1", START_US + n * MINUTE_US), START_US).file
        for n in range(3)
    ]
    other = BackupSources(tmp_path / "k", tmp_path / "k", tmp_path / "k" / "site", uuid4(), "K2")
    make_backup(other, second / backup_name("K2", START_US + 9 * MINUTE_US), START_US)
    files[2].write_bytes(files[2].read_bytes()[:500])
    assert backups_in((second,))[1:] == files[::-1]
    found = newest_verified((second, tmp_path / "nowhere"), STATION, tmp_path)
    assert found is not None
    assert found[0] == files[1]


def test_pruning_keeps_the_newest_and_what_others_keep_in_the_folder(tmp_path: Path) -> None:
    for n in range(5):
        (tmp_path / backup_name("K1", START_US + n * MINUTE_US)).touch()
        (tmp_path / backup_name("K2", START_US + n * MINUTE_US)).touch()
    (tmp_path / "holiday.zip").touch()
    gone = prune(tmp_path, "K1", 2)
    assert len(gone) == 3
    assert sorted(tmp_path.glob("leitstand-K1-*")) == [
        tmp_path / backup_name("K1", START_US + n * MINUTE_US) for n in (3, 4)
    ]
    assert len(list(tmp_path.iterdir())) == 2 + 5 + 1


def test_a_backup_that_is_stopped_or_fails_leaves_the_old_file_and_no_remains(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    stopped_station(tmp_path / "k")
    file = make_backup(sources(tmp_path / "k"), tmp_path / "s" / "b.zip", START_US).file
    old = file.read_bytes()
    stop = threading.Event()
    stop.set()
    with pytest.raises(BackupStopped):
        make_backup(sources(tmp_path / "k"), file, START_US, stop)
    usage = shutil.disk_usage(tmp_path)._replace(free=1 << 20)
    monkeypatch.setattr("console.services.storage.backup.shutil.disk_usage", lambda _: usage)
    with pytest.raises(Refused, match="1 MB free"):
        make_backup(sources(tmp_path / "k"), file, START_US)
    assert file.read_bytes() == old
    assert list(file.parent.iterdir()) == [file]


@pytest.mark.proves("SEC-39")
def test_a_restore_into_an_empty_folder_brings_everything_and_marks_the_next_start(tmp_path: Path) -> None:
    hashes = stopped_station(tmp_path / "k")
    report = make_backup(sources(tmp_path / "k"), tmp_path / "b.zip", START_US)
    new = tmp_path / "new"
    restored = restore(report.file, new, new, START_US)
    assert (restored.set_aside, restored.with_settings) == (None, True)
    assert hashes_in(new) == hashes
    for name in ("station.toml", "site/site.toml", "keys/station.pem"):
        assert (new / name).read_bytes() == (tmp_path / "k" / name).read_bytes()
    assert stat.S_IMODE((new / "keys" / "station.pem").stat().st_mode) & 0o077 == 0
    mark = read_mark(new)
    assert mark is not None
    assert (mark.why, mark.backup, mark.sha256, mark.events) == (Why.RESTORED, "b.zip", report.sha256, 6)
    assert not (new / ".restoring").exists()


@pytest.mark.proves("P4")
def test_a_restore_over_a_living_folder_needs_force_and_deletes_nothing(tmp_path: Path) -> None:
    folder = tmp_path / "k"
    early = stopped_station(folder)
    report = make_backup(sources(folder), tmp_path / "b.zip", START_US)
    later = stopped_station(folder)
    newest = (folder / "journal.db").read_bytes()
    with pytest.raises(Refused, match=r"holds journal\.db, station\.db, keys.*--force"):
        restore(report.file, folder, folder, START_US)
    assert (folder / "journal.db").read_bytes() == newest
    restored = restore(report.file, folder, folder, START_US, force=True)
    assert restored.set_aside is not None
    assert not restored.with_settings
    assert (restored.set_aside / "journal.db").read_bytes() == newest
    assert hashes_in(folder) == early < later
    again = restore(report.file, folder, folder, START_US, force=True)
    assert again.set_aside is not None
    assert again.set_aside != restored.set_aside


def test_a_restore_is_refused_while_a_process_owns_the_folder_and_for_another_station(tmp_path: Path) -> None:
    stopped_station(tmp_path / "k")
    file = make_backup(sources(tmp_path / "k"), tmp_path / "b.zip", START_US).file
    owner = Ownership(tmp_path / "n")
    with pytest.raises(DataFolderInUse):
        restore(file, tmp_path / "n", tmp_path / "n", START_US, force=True)
    owner.release()
    settle(tmp_path / "o", uuid4())
    (tmp_path / "o" / "station.db").unlink()
    with pytest.raises(Refused, match="another station"):
        restore(file, tmp_path / "o", tmp_path / "o", START_US, force=True)
    assert not (tmp_path / "o" / "journal.db").exists()


class Kept:
    """A keeper with a list for its facts and problems; its wall clock is real because files' times are."""

    def __init__(self, folder: Path, settings: BackupSettings) -> None:
        self.facts: list[Fact] = []
        self.problems: list[str] = []
        self.keeper = BackupKeeper(
            sources(folder), settings, append=self._append, on_problem=self.problems.append, now_us=self._now_us
        )
        self._ticks = 0

    async def _append(self, facts: object) -> None:
        self.facts.extend(facts)  # type: ignore[call-overload]

    def _now_us(self) -> int:
        self._ticks += 1
        return START_US + self._ticks * MINUTE_US


@pytest.mark.proves("SEC-39")
def test_the_keeper_makes_backups_by_itself_keeps_the_newest_and_tells_the_journal(tmp_path: Path) -> None:
    stopped_station(tmp_path / "k")

    async def story() -> None:
        kept = Kept(tmp_path / "k", BackupSettings(tmp_path / "second", every_s=0, keep=2))
        running = asyncio.ensure_future(kept.keeper.run())
        gone = tmp_path / "second" / backup_name("K1", START_US + 3 * MINUTE_US)
        await eventually(lambda: kept.keeper.last is not None and kept.keeper.last.file > gone)
        running.cancel()
        await kept.keeper.stop()
        await asyncio.gather(running, return_exceptions=True)
        assert 1 <= len(backups_in((tmp_path / "second",))) <= 3
        assert set(kept.problems) == {""}
        assert [fact.etype for fact in kept.facts] == ["backup.made"]  # nothing happened since the first

    asyncio.run(story())


def test_a_backup_that_fails_is_told_and_the_older_ones_stay(
    tmp_path: Path, log_lines: object, monkeypatch: pytest.MonkeyPatch
) -> None:
    log_lines.expect("no backup")  # type: ignore[attr-defined]
    stopped_station(tmp_path / "k")
    second = tmp_path / "second"
    old = make_backup(sources(tmp_path / "k"), second / backup_name("K1", START_US), START_US).file

    async def story() -> None:
        kept = Kept(tmp_path / "k", BackupSettings(second, every_s=0, keep=1))
        journal = tmp_path / "k" / "journal.db"
        sound = journal.read_bytes()
        journal.write_bytes(sound[:5000])
        running = asyncio.ensure_future(kept.keeper.run())
        await eventually(lambda: bool(kept.problems))
        assert kept.problems[0]
        assert backups_in((second,)) == [old]
        monkeypatch.setattr("console.services.storage.backup_schedule._AGAIN_S", 0.0)
        journal.write_bytes(sound)
        await eventually(lambda: kept.problems[-1] == "")
        running.cancel()
        await kept.keeper.stop()
        await asyncio.gather(running, return_exceptions=True)

    asyncio.run(story())


def test_a_backup_on_demand_goes_where_it_was_told_and_prunes_nothing(tmp_path: Path) -> None:
    stopped_station(tmp_path / "k")

    async def story() -> None:
        kept = Kept(tmp_path / "k", BackupSettings(None, keep=1))
        for name in ("a.zip", "b.zip"):
            assert (await kept.keeper.make(tmp_path / name)).file == tmp_path / name
        assert len(kept.facts) == 2
        assert newest_age_s(kept.keeper.folder, "K1", 0.0) is None
        with contextlib.suppress(BackupStopped):
            await kept.keeper.stop()

    asyncio.run(story())
    assert {file.name for file in tmp_path.glob("*.zip")} == {"a.zip", "b.zip"}
