"""The history in backups: on demand inside them, else one copy a day beside them; it comes back either way."""

import asyncio
import os
import stat
import threading
import zipfile
from pathlib import Path
from uuid import UUID

import numpy as np
import pytest

from console.domain.refusal import Refused
from console.domain.values import ValueType
from console.services.historian.history_read import read_raw
from console.services.historian.samples import SampleBlock
from console.services.historian.store import open_history_db
from console.services.storage import backup, history_copy
from console.services.storage.backup import BackupStopped, make_backup
from console.services.storage.backup_file import HISTORY, BadBackup, verify_backup
from console.services.storage.history_copy import EVERY_S, bring_history_back, copy_history, is_due
from console.services.storage.restore import restore
from tests.services.storage.test_backup import settle, sources, stopped_station
from tests.support.journals import START_US

COUNT = 50_000
TAG = UUID(int=5)


def write_history(folder: Path, first: int = 0) -> None:
    """COUNT samples of one tag; large enough that a copy takes several steps."""

    async def story() -> None:
        store = open_history_db(folder / "history.db")
        key = np.full(COUNT, store.key_of(TAG, ValueType.DOUBLE), np.uint32)
        at_us = np.arange(first, first + COUNT, dtype=np.int64)
        block = SampleBlock(key, at_us, at_us.astype(np.float64), np.zeros(COUNT, np.uint8))
        await store.append([block])
        store.close()

    asyncio.run(story())


def samples_in(folder: Path) -> int:
    async def story() -> int:
        store = open_history_db(folder / "history.db")
        found = store.find(TAG)
        key = found.key if found is not None else 0
        block = await store.database.readers.read(lambda c: read_raw(c, key, 0, 1 << 40))
        store.close()
        return len(block)

    return asyncio.run(story())


def station(folder: Path) -> Path:
    stopped_station(folder)
    write_history(folder)
    return folder


def test_a_backup_on_demand_has_the_history_and_a_scheduled_one_has_not(tmp_path: Path) -> None:
    folder = station(tmp_path / "k")
    make_backup(sources(folder), tmp_path / "small.zip", START_US)
    make_backup(sources(folder), tmp_path / "whole.zip", START_US, with_history=True)
    assert HISTORY not in zipfile.ZipFile(tmp_path / "small.zip").namelist()
    with zipfile.ZipFile(tmp_path / "whole.zip") as archive:
        assert archive.getinfo(HISTORY).compress_type == zipfile.ZIP_STORED
    restore(tmp_path / "whole.zip", tmp_path / "new", tmp_path / "new", START_US)
    assert samples_in(tmp_path / "new") == COUNT


def test_a_flipped_bit_of_the_history_in_a_backup_is_seen(tmp_path: Path) -> None:
    folder = station(tmp_path / "k")
    file = tmp_path / "whole.zip"
    make_backup(sources(folder), file, START_US, with_history=True)
    with zipfile.ZipFile(file) as archive:
        place = archive.getinfo(HISTORY).header_offset + 100_000
    content = bytearray(file.read_bytes())
    content[place] ^= 1
    file.write_bytes(content)
    with pytest.raises(BadBackup):
        verify_backup(file, tmp_path)


def test_a_backup_without_the_history_leaves_the_one_that_is_there(tmp_path: Path) -> None:
    folder = station(tmp_path / "k")
    make_backup(sources(folder), tmp_path / "small.zip", START_US)
    assert restore(tmp_path / "small.zip", folder, folder, START_US, force=True).history == ""
    assert samples_in(folder) == COUNT


def test_a_restored_history_sets_the_one_that_was_there_aside(tmp_path: Path) -> None:
    folder = station(tmp_path / "k")
    make_backup(sources(folder), tmp_path / "whole.zip", START_US, with_history=True)
    write_history(folder, COUNT)
    restored = restore(tmp_path / "whole.zip", folder, folder, START_US, force=True)
    assert restored.set_aside is not None
    assert restored.history == "backup"
    assert samples_in(folder) == COUNT
    assert samples_in(restored.set_aside) == 2 * COUNT


def test_the_daily_copy_is_whole_its_owners_alone_and_comes_back_where_there_is_no_history(tmp_path: Path) -> None:
    folder, backups = station(tmp_path / "k"), tmp_path / "backups"
    make_backup(sources(folder), backups / "leitstand-K1-1.zip", START_US)
    copy = copy_history(folder, backups, "K1", threading.Event())
    assert stat.S_IMODE(copy.stat().st_mode) == 0o600
    restored = restore(backups / "leitstand-K1-1.zip", tmp_path / "new", tmp_path / "new", START_US)
    assert restored.history == "copy"
    assert samples_in(tmp_path / "new") == COUNT
    write_history(folder, COUNT)
    assert not bring_history_back(backups, "K1", folder)  # there is one: it stays
    assert samples_in(folder) == 2 * COUNT


def test_a_copy_that_is_stopped_or_has_no_room_leaves_the_older_one(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = tmp_path / "k"
    settle(folder)
    write_history(folder)
    copy = copy_history(folder, tmp_path, "K1", threading.Event())
    before = copy.read_bytes()
    write_history(folder, COUNT)
    stop = threading.Event()
    stop.set()
    with pytest.raises(BackupStopped):
        copy_history(folder, tmp_path, "K1", stop)
    monkeypatch.setattr(backup, "_ROOM", 1 << 60)
    with pytest.raises(Refused):
        copy_history(folder, tmp_path, "K1", threading.Event())
    assert copy.read_bytes() == before
    assert [path.name for path in tmp_path.glob("*.new")] == []


def test_a_copy_is_due_once_a_day_and_only_on_another_disk(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    data, backups = tmp_path / "k", tmp_path / "b"
    for folder in (data, backups):
        folder.mkdir()
    (data / "history.db").write_bytes(b"x")
    assert not is_due(data, backups, "K1", 1e9)
    other = Path.stat

    def on_another_disk(path: Path, **how: bool) -> os.stat_result:
        found = other(path, **how)
        return os.stat_result((*found[:2], 77, *found[3:])) if path == backups else found

    monkeypatch.setattr(Path, "stat", on_another_disk)
    assert is_due(data, backups, "K1", 1e9)
    copy = history_copy.history_copy(backups, "K1")
    copy.write_bytes(b"x")
    os.utime(copy, (1e9, 1e9))
    assert not is_due(data, backups, "K1", 1e9 + EVERY_S - 1)
    assert is_due(data, backups, "K1", 1e9 + EVERY_S)
    assert is_due(data, backups, "K1", 1e9 - 5), "a clock that was set back"
    (data / "history.db").unlink()
    assert not is_due(data, backups, "K1", 2e9)
