"""Files that only their owner may read: passwords and tokens of the demo."""

import os
import subprocess
import sys
from pathlib import Path


def write_private(path: Path, text: str) -> None:
    """Write as a whole, readable by the owner alone from the first byte on."""
    fresh = path.with_name(path.name + ".new")
    fresh.unlink(missing_ok=True)
    with os.fdopen(os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w", encoding="utf-8") as file:
        _own_on_windows(fresh)
        file.write(text)
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
