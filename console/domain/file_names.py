"""File names that a person typed or that came from outside: which are refused before anything is written (SEC-62).

Judged by Windows' rules on every system, so that a folder written on one can be taken to the other: `..`, network
shares and devices, drive-relative `C:x`, alternate streams `a:ads` (joining one drops the folder it is joined to),
reserved names such as CON and NUL with any ending, characters that Windows forbids.
"""

import re
from pathlib import Path, PureWindowsPath

from console.domain.refusal import Refused

_RESERVED = frozenset(
    {"con", "prn", "aux", "nul", "conin$", "conout$", "clock$"}
    | {f"{port}{n}" for port in ("com", "lpt") for n in "0123456789¹²³"}
)
_FORBIDDEN = frozenset('<>"|?*')
_DRIVE = re.compile(r"[A-Za-z]:[\\/]")
_LONGEST = 255


def path_fault(path: str) -> str:
    """Why a path may not be written to (English, for `Refused`), empty when it may. Absolute or relative."""
    if not path.strip() or path.endswith(("/", "\\")):
        return "it names no file"
    if path.startswith(("\\\\", "//")):
        return "it names a network share or a device"
    drive = _DRIVE.match(path)
    rest = path[drive.end() :] if drive else path
    parts = [part for part in re.split(r"[\\/]", rest) if part]
    return next((fault for part in parts if (fault := name_fault(part))), "")


def name_fault(name: str) -> str:
    """Why one part of a path may not be used, empty when it may."""
    if name in {".", ".."}:
        return "it leads elsewhere with dots"
    if ":" in name:
        return "it names a drive or a hidden stream of a file"
    if any(ord(letter) < 32 or letter in _FORBIDDEN for letter in name):
        return "it has characters that file names must not have"
    if name != name.rstrip(". "):
        return "it ends with a dot or a blank"
    if name.split(".", maxsplit=1)[0].strip().casefold() in _RESERVED:
        return "it is a reserved device name"
    return "it is too long" if len(name) > _LONGEST else ""


def checked_path(path: str, endings: tuple[str, ...]) -> Path:
    """The path to write to. Raises Refused with the reason, or for another ending than these (`.csv`)."""
    fault = path_fault(path)
    if fault:
        raise Refused("{file} is not written: {why}.", file=path, why=fault)
    made = Path(path)
    if made.suffix.casefold() not in endings:
        raise Refused("{file} is not written: it must end with {endings}.", file=path, endings=", ".join(endings))
    return made


def below(folder: Path, name: str) -> Path:
    """A file of a generated or foreign name inside a folder. Raises Refused for one that would lie elsewhere."""
    fault = path_fault(name)
    if not fault and (
        PureWindowsPath(name).is_absolute() or not (folder / name).resolve().is_relative_to(folder.resolve())
    ):
        fault = "it leads out of the folder"
    if fault:
        raise Refused("{file} is not written: {why}.", file=name, why=fault)
    return folder / name
