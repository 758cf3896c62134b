"""Turns what SQLite says when a disk fails into a refusal that an operator understands."""

from pathlib import Path

from sqlalchemy.exc import DBAPIError

from console.domain.refusal import Refused

_FULL = ("SQLITE_FULL",)
_WORLD = ("SQLITE_IOERR", "SQLITE_READONLY", "SQLITE_BUSY", "SQLITE_LOCKED", "SQLITE_CANTOPEN", "SQLITE_PERM")
_LOCKED = ("SQLITE_BUSY", "SQLITE_LOCKED")
_DAMAGE = ("SQLITE_CORRUPT", "SQLITE_NOTADB")


class DamagedDatabase(Refused):
    """The file cannot be read as a database; nothing was changed."""


def is_damage(error: BaseException) -> bool:
    """True when SQLite says that the file's content is wrong (not that the world around it fails)."""
    return isinstance(error, DBAPIError) and str(getattr(error.orig, "sqlite_errorname", "")).startswith(_DAMAGE)


def is_locked(error: BaseException) -> bool:
    """True when another program holds the file (virus scanner, backup agent) longer than SQLite waited."""
    return isinstance(error, DBAPIError) and str(getattr(error.orig, "sqlite_errorname", "")).startswith(_LOCKED)


def opening_refusal(error: DBAPIError, path: Path) -> Refused:
    """Why a database could not be opened or read, with what to do; to be raised `from error`."""
    if is_damage(error):
        return DamagedDatabase(
            "{file} is damaged ({reason}). Nothing was changed. Bring it back from a backup, or move it away: "
            "what the centre holds comes back by itself.",
            file=path.name,
            reason=str(error.orig),
        )
    return Refused("{file} cannot be opened: {reason}", file=str(path), reason=str(error.orig))


def as_refusal(error: BaseException) -> BaseException:
    """A failure of the world (full, read-only, locked, damaged) as Refused; any other error unchanged."""
    if not isinstance(error, DBAPIError):
        return error
    name = str(getattr(error.orig, "sqlite_errorname", ""))
    refusal: Refused | None = None
    if name.startswith(_FULL):
        refusal = Refused("Not saved: the disk is full.")
    elif name.startswith(_WORLD):
        refusal = Refused("Not saved: the database cannot be written ({reason}).", reason=str(error.orig))
    elif name.startswith(_DAMAGE):
        refusal = Refused("Not saved: the database is damaged ({reason}).", reason=str(error.orig))
    if refusal is None:
        return error
    refusal.__cause__ = error
    return refusal
