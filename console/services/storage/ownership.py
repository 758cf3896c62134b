"""One process owns a data folder: an operating-system lock that dies with its process, however that ends."""

import contextlib
import os
import sys
from pathlib import Path
from typing import BinaryIO

_LOCK = "owner.lock"


class DataFolderInUse(Exception):
    """Another process works on this folder."""


class Ownership:
    """Holds `owner.lock` in the data folder. Raises `DataFolderInUse` when somebody else holds it."""

    def __init__(self, folder: Path) -> None:
        folder.mkdir(parents=True, exist_ok=True)
        self._file: BinaryIO | None = (folder / _LOCK).open("a+b")
        try:
            _lock(self._file)
        except OSError as error:
            self._file.close()
            self._file = None
            raise DataFolderInUse(str(folder)) from error

    def release(self) -> None:
        if self._file is not None:
            with contextlib.suppress(OSError):
                _unlock(self._file)
            self._file.close()
            self._file = None


def is_owned(folder: Path) -> bool:
    """True when a living process works on the folder. Asking makes neither folder nor file."""
    if not (folder / _LOCK).exists():
        return False
    try:
        Ownership(folder).release()
    except DataFolderInUse:
        return True
    return False


def restrict_to_owner(path: Path) -> None:
    """Let only the owner read the file; on Windows the folder's access list, set by the installer, does that."""
    if os.name != "nt":
        path.chmod(0o700 if path.is_dir() else 0o600)


if sys.platform == "win32":  # only Windows can prove this branch
    import msvcrt

    def _lock(file: BinaryIO) -> None:
        file.seek(0)
        msvcrt.locking(file.fileno(), msvcrt.LK_NBLCK, 1)

    def _unlock(file: BinaryIO) -> None:
        file.seek(0)
        msvcrt.locking(file.fileno(), msvcrt.LK_UNLCK, 1)
else:
    import fcntl

    def _lock(file: BinaryIO) -> None:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)

    def _unlock(file: BinaryIO) -> None:
        fcntl.flock(file, fcntl.LOCK_UN)
