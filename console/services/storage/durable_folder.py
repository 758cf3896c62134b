"""Makes a renamed file's name last over a power cut: where the system has that, its folder is flushed as well."""

import os
import sys
from pathlib import Path


def settle(folder: Path) -> None:
    """After a rename into this folder. NTFS writes names to its own journal in order; nothing is to be done there."""
    if sys.platform != "win32":
        handle = os.open(folder, os.O_RDONLY)
        try:
            os.fsync(handle)
        finally:
            os.close(handle)
