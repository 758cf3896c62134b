"""Small sockets for what a site may plug in later, each with the default that needs nothing: files, or "none".

`StationKey` (journal/keys.py) is the socket of the key store; its default is a PEM file that only its owner reads.
"""

import asyncio
import hashlib
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from console.services.journal.keys import FileKey, StationKey


class KeyStore(Protocol):
    """Where the station's signing key lives: a file, a TPM, the Windows key store."""

    def station_key(self) -> StationKey:
        """The key, made at the first call. Raises Refused, OSError."""
        ...


@dataclass(frozen=True, slots=True)
class FileKeyStore:
    """`folder/station.pem`."""

    folder: Path

    def station_key(self) -> StationKey:
        return FileKey.load_or_create(self.folder)


class DirectoryCheck(Protocol):
    """Proves a password at the company's directory (Active Directory); roles stay Leitstand's own."""

    async def is_right(self, login: str, password: str) -> bool | None:
        """True or False; None when the directory knows nobody so or cannot be asked: the local hash decides."""
        ...


class NoDirectory:
    """No directory: the local hash decides."""

    async def is_right(self, login: str, password: str) -> bool | None:
        return None


class SecondFactor(Protocol):
    """A second proof for roles that demand one (FIDO2, TOTP)."""

    def is_needed(self, user_id: str, roles: tuple[str, ...]) -> bool: ...

    async def is_proved(self, user_id: str) -> bool: ...


class NoSecondFactor:
    """Nobody needs one."""

    def is_needed(self, user_id: str, roles: tuple[str, ...]) -> bool:
        return False

    async def is_proved(self, user_id: str) -> bool:
        return True


class BadgeReader(Protocol):
    """Names a person for the quick switch; the PIN still proves him."""

    async def next_login(self) -> str:
        """Waits for a badge; the login it stands for. Cancel to stop waiting."""
        ...


class NoBadges:
    """A desk without a reader: never a badge."""

    async def next_login(self) -> str:
        never: asyncio.Future[str] = asyncio.get_running_loop().create_future()
        return await never


@dataclass(frozen=True, slots=True)
class TimeStamp:
    """A statement that a digest existed at a time; `token` is the authority's own form."""

    sha256: str
    at_us: int
    token: bytes
    is_external: bool


class TimeStampAuthority(Protocol):
    """Anchors sealed journal segments in time (RFC 3161), outside the administrators' reach."""

    async def stamp(self, digest: bytes, now_us: int) -> TimeStamp:
        """Raises OSError when the authority cannot be asked."""
        ...


@dataclass(frozen=True, slots=True)
class FileTimeStamps:
    """The default: the station itself signs time and digest, and appends them to a file that backups carry away."""

    key: StationKey
    path: Path

    async def stamp(self, digest: bytes, now_us: int) -> TimeStamp:
        text = f"{now_us} {hashlib.sha256(digest).hexdigest()}"
        token = self.key.sign(b"leitstand-time1" + text.encode())
        self.path.parent.mkdir(parents=True, exist_ok=True)
        with self.path.open("a", encoding="ascii") as file:
            file.write(f"{text} {token.hex()}\n")
        return TimeStamp(hashlib.sha256(digest).hexdigest(), now_us, token, is_external=False)
