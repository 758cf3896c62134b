"""The history's own backup: one copy beside the backups, renewed once a day, whole or not at all.

Only on another disk than the data's: a second one on the same disk saves nothing when that fails, and takes the room
that the history itself will need.
"""

import os
import shutil
import threading
from pathlib import Path

from console.config.private_file import own_private
from console.services.storage.backup import check_room, copy_database

EVERY_S = 24 * 3600.0
_FILE = "history.db"


def history_copy(folder: Path, code: str) -> Path:
    """Where the copy of this station's history lies."""
    return folder / f"leitstand-{code}-history.db"


def is_due(data: Path, folder: Path, code: str, now_s: float) -> bool:
    """True when there is a history, the folder is on another disk, and the copy is older than a day. Raises OSError."""
    source, copy = data / _FILE, history_copy(folder, code)
    if not source.exists() or not folder.is_dir() or folder.stat().st_dev == data.stat().st_dev:
        return False
    return not copy.exists() or not 0 <= now_s - copy.stat().st_mtime < EVERY_S


def copy_history(data: Path, folder: Path, code: str, stop: threading.Event) -> Path:
    """Renew the copy beside a running station. Raises Refused (no room), BackupStopped, OSError."""
    check_room([data / _FILE], folder, 1)
    copy = history_copy(folder, code)
    fresh = copy.with_name(copy.name + ".new")
    try:
        with own_private(fresh):
            pass  # its owner's alone, from the first byte
        copy_database(data / _FILE, fresh, stop)
        with fresh.open("rb+") as file:
            os.fsync(file.fileno())
        fresh.replace(copy)
    finally:
        fresh.unlink(missing_ok=True)
    return copy


def bring_history_back(folder: Path, code: str, data: Path) -> bool:
    """Take the copy where the data folder has no history; False when there is none to take. Raises OSError."""
    copy, target = history_copy(folder, code), data / _FILE
    if target.exists() or not copy.is_file():
        return False
    fresh = target.with_name(target.name + ".new")
    try:
        with own_private(fresh) as out, copy.open("rb") as source:
            shutil.copyfileobj(source, out, 1 << 20)
        fresh.replace(target)
    finally:
        fresh.unlink(missing_ok=True)
    return True
