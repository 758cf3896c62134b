"""Which machine and which file this is: a copied data folder shows by its fingerprint."""

import hashlib
import platform
import sys
from pathlib import Path

_LINUX = (Path("/etc/machine-id"), Path("/var/lib/dbus/machine-id"))


def machine_id() -> str:
    """What the operating system calls this installation; the host name where it has no such id."""
    return _system_id().strip().lower() or platform.node()


def file_id(path: Path) -> str:
    """The file's number in its file system: a copy has another one. Raises OSError.

    On Windows with the volume's serial number; on Linux device numbers change with every start of some machines.
    """
    status = path.stat()
    return f"{status.st_dev}:{status.st_ino}" if sys.platform == "win32" else str(status.st_ino)


def fingerprint(journal: Path, public_key: bytes) -> str:
    """64 hex digits for this journal file, on this machine, with this key. The file must exist (OSError)."""
    parts = (machine_id(), file_id(journal), public_key.hex())
    return hashlib.sha256("\n".join(("leitstand-fingerprint1", *parts)).encode()).hexdigest()


if sys.platform == "win32":  # only Windows can prove this branch
    import winreg

    def _system_id() -> str:
        try:
            place = r"SOFTWARE\Microsoft\Cryptography"
            with winreg.OpenKey(winreg.HKEY_LOCAL_MACHINE, place, 0, winreg.KEY_READ | winreg.KEY_WOW64_64KEY) as key:
                return str(winreg.QueryValueEx(key, "MachineGuid")[0])
        except OSError:
            return ""

else:

    def _system_id() -> str:
        for path in _LINUX:
            try:
                return path.read_text(encoding="ascii", errors="replace")
            except OSError:
                continue
        return ""
