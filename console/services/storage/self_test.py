"""Do the functions that security rests on still work here? Asked at every start and by `leitstand doctor`."""

import hashlib
from collections.abc import Callable
from pathlib import Path

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from sqlalchemy.engine import Connection

from console.config.private_file import is_private
from console.config.users_file import PasswordCost, hash_password, hasher
from console.services.journal.envelope import FIRST, hash_of
from console.services.journal.keys import is_signed_by
from console.services.storage.database import OldLibrary, check_library

# SHA-256 over "leitstand1", 32 zero bytes and the message: made once with another implementation (sha256sum)
_KNOWN = ("Leitstand", "dce87c1db44fe9e1ae67d8d4fdf5a7f6d645a5c792cec06abd5fd81411981099")
_CHEAP = PasswordCost(time=1, memory_kib=8, lanes=1)
_APPEND_ONLY = frozenset(f"{table}_no_{verb}" for table in ("event", "receipt") for verb in ("update", "delete"))


def hashes_are_right() -> bool:
    """The chain's hash gives the known answer."""
    message, answer = _KNOWN
    same = hashlib.sha256(b"leitstand1" + FIRST + message.encode()).hexdigest()
    return hash_of(FIRST, message.encode()).hex() == answer == same


def signatures_are_right() -> bool:
    """A signature is taken for what was signed and for nothing else."""
    private = Ed25519PrivateKey.generate()
    public = private.public_key().public_bytes(Encoding.Raw, PublicFormat.Raw)
    signature = private.sign(b"open")
    other = bytes([signature[0] ^ 1]) + signature[1:]
    return is_signed_by(public, signature, b"open") and not (
        is_signed_by(public, signature, b"opem") or is_signed_by(public, other, b"open")
    )


def passwords_are_right() -> bool:
    """The right password opens, another one does not."""
    from argon2.exceptions import VerifyMismatchError

    kept = hash_password("correct horse", _CHEAP)
    try:
        hasher(_CHEAP).verify(kept, "correct horsf")
    except VerifyMismatchError:
        return hasher(_CHEAP).verify(kept, "correct horse")
    return False


def library_is_right() -> bool:
    """SQLite has no bug that loses a journal."""
    try:
        check_library()
    except OldLibrary:
        return False
    return True


_ALWAYS: tuple[tuple[str, Callable[[], bool]], ...] = (
    ("hashes", hashes_are_right),
    ("signatures", signatures_are_right),
    ("passwords", passwords_are_right),
    ("SQLite", library_is_right),
)


def self_test(keys: Path) -> tuple[str, ...]:
    """Names of what does not work, empty when all does; milliseconds. `keys` is the folder of the station's keys."""
    failed = [name for name, works in _ALWAYS if not _holds(works)]
    if keys.is_dir() and not all(is_private(path) for path in keys.rglob("*") if path.is_file()):
        failed.append("rights of the keys")
    return tuple(failed)


def append_only(connection: Connection) -> bool:
    """The journal's tables refuse to be changed: for a reader's thread."""
    rows = connection.exec_driver_sql("SELECT name FROM sqlite_schema WHERE type = 'trigger'")
    return {row[0] for row in rows} >= _APPEND_ONLY


def _holds(works: Callable[[], bool]) -> bool:
    try:
        return works()
    except Exception:  # a function that raises does not work either
        return False
