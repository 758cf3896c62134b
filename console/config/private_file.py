"""Files that only their owner may read: password hashes, keys, the demo's passwords and tokens."""

import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO

# without O_BINARY Windows would turn line ends
_NEW_FILE = os.O_WRONLY | os.O_CREAT | os.O_EXCL | getattr(os, "O_BINARY", 0)


def write_private(path: Path, content: str | bytes) -> None:
    """Write whole or not at all, durably, readable by the owner alone from the first byte on. Text becomes UTF-8."""
    fresh = path.with_name(path.name + ".new")
    fresh.unlink(missing_ok=True)
    with os.fdopen(os.open(fresh, _NEW_FILE, 0o600), "wb") as file:
        _own_on_windows(fresh)
        file.write(content.encode("utf-8") if isinstance(content, str) else content)
        file.flush()
        os.fsync(file.fileno())
    fresh.replace(path)


def is_private(path: Path) -> bool:
    """True when no one but the owner (and Windows' administrators) may read it; on Windows this is not checked."""
    return sys.platform == "win32" or path.stat().st_mode & 0o077 == 0


def _own_on_windows(path: Path) -> None:
    """Windows ignores the mode: take away what the folder hands down and grant the present user alone."""
    if sys.platform == "win32":
        user = f"{os.environ.get('USERDOMAIN', '.')}\\{os.environ.get('USERNAME', '')}"
        icacls = Path(os.environ.get("SYSTEMROOT", r"C:\Windows")) / "System32" / "icacls.exe"
        command = [str(icacls), str(path), "/inheritance:r", "/grant:r", f"{user}:F"]
        subprocess.run(command, check=True, capture_output=True)  # noqa: S603 a system program, our own arguments


@contextmanager
def own_private(path: Path) -> Iterator[BinaryIO]:
    """A new file for large content, readable by the owner alone from the first byte on, durable at the end.

    Whoever fails halfway leaves no file. An older file of this name is replaced.
    """
    path.unlink(missing_ok=True)
    try:
        with os.fdopen(os.open(path, _NEW_FILE, 0o600), "wb") as file:
            _own_on_windows(path)
            yield file
            file.flush()
            os.fsync(file.fileno())
    except BaseException:
        path.unlink(missing_ok=True)
        raise
