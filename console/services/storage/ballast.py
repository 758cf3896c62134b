"""A file of real blocks that is given free when the disk is full, so that the journal can go on for a while."""

import os
import shutil
import threading
from pathlib import Path

from console.config.private_file import own_private

_CHUNK = 4 << 20
_BREATH_S = 0.02  # the journal's commits wait for the same disk
ENVIRONMENT = "LEITSTAND_BALLAST_MB"


def ballast_bytes(told_mb: int) -> int:
    """As station.toml says, unless the environment says otherwise (tests, small machines)."""
    given = os.environ.get(ENVIRONMENT, "")
    return (int(given) if given.isdigit() else told_mb) << 20


class _Stopped(Exception):
    """The station ends."""


class Ballast:
    """`ballast` in the data folder. All methods may take a while: call them in a worker."""

    def __init__(self, data: Path, size: int) -> None:
        self.path = data / "ballast"
        self.size = size
        self._stopping = threading.Event()

    def is_there(self) -> bool:
        return self.path.exists() and self.path.stat().st_size >= self.size > 0

    def make(self, keep_free: int) -> bool:
        """Fill the file with bytes that no file system can shrink, unless less than `keep_free` would be left.

        True when it is there afterwards. Raises OSError; a half one is removed, also when `stop` was called.
        """
        if self.size <= 0 or self.is_there():
            return self.size > 0
        if shutil.disk_usage(self.path.parent).free < self.size + keep_free:
            return False
        try:
            with own_private(self.path) as file:
                for start in range(0, self.size, _CHUNK):
                    file.write(os.urandom(min(_CHUNK, self.size - start)))
                    file.flush()
                    os.fsync(file.fileno())
                    if self._stopping.wait(_BREATH_S):
                        raise _Stopped
        except _Stopped:
            return False
        return True

    def stop(self) -> None:
        """No ballast is made from now on."""
        self._stopping.set()

    def release(self) -> bool:
        """Give the blocks free; True when there were any. Raises OSError."""
        had = self.path.exists()
        self.path.unlink(missing_ok=True)
        return had
