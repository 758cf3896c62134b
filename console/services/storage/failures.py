"""Turns what SQLite says when a disk fails into a refusal that an operator understands."""

from sqlalchemy.exc import DBAPIError

from console.domain.refusal import Refused

_FULL = ("SQLITE_FULL",)
_WORLD = ("SQLITE_IOERR", "SQLITE_READONLY", "SQLITE_BUSY", "SQLITE_LOCKED", "SQLITE_CANTOPEN", "SQLITE_PERM")
_DAMAGE = ("SQLITE_CORRUPT", "SQLITE_NOTADB")


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
