"""Reads a password from its owner-only file."""

from pathlib import Path

from console.config.private_file import is_private

OPEN_TO_OTHERS = "the password file is open to others: chmod 600"
UNREADABLE = "the password file cannot be read"


class CredentialError(OSError):
    """The text says what is wrong with the file, without its content."""


def read_password(path: Path) -> str:
    """The first line. Raises CredentialError when the file is missing, unreadable or open to others (POSIX modes;
    on Windows the installer's access list protects the folder)."""
    try:
        if not is_private(path):
            raise CredentialError(OPEN_TO_OTHERS)
        lines = path.read_text(encoding="utf-8").splitlines()
    except CredentialError:
        raise
    except (OSError, UnicodeDecodeError) as error:
        raise CredentialError(UNREADABLE) from error
    return lines[0] if lines else ""
