"""The station's signing key behind a small protocol, so that a TPM or the Windows key store can take its place."""

import stat
from pathlib import Path
from typing import Protocol

from cryptography.exceptions import InvalidSignature, UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    PublicFormat,
    load_pem_private_key,
)

from console.config.private_file import write_private
from console.domain.refusal import Refused
from console.services.storage.ownership import restrict_to_owner


class StationKey(Protocol):
    """Signs for this station; the private part need not be readable."""

    @property
    def public_key(self) -> bytes:
        """32 bytes, Ed25519."""
        ...

    def sign(self, data: bytes) -> bytes:
        """64 bytes."""
        ...


class FileKey:
    """An Ed25519 key in a PEM file that only its owner can read."""

    def __init__(self, private: Ed25519PrivateKey) -> None:
        self._private = private
        self._public = private.public_key().public_bytes(Encoding.Raw, PublicFormat.Raw)

    @classmethod
    def load_or_create(cls, folder: Path) -> "FileKey":
        """The key in `folder/station.pem`, made at the first start. Raises Refused for a file without one, OSError."""
        path = folder / "station.pem"
        if not path.exists():
            _write_new(path, Ed25519PrivateKey.generate())
        try:
            private = load_pem_private_key(path.read_bytes(), password=None)
        except (ValueError, TypeError, UnsupportedAlgorithm) as error:
            raise _no_key(path) from error
        if not isinstance(private, Ed25519PrivateKey):
            raise _no_key(path)
        if stat.S_IMODE(path.stat().st_mode) & 0o077:
            restrict_to_owner(path)
        return cls(private)

    @property
    def public_key(self) -> bytes:
        return self._public

    def sign(self, data: bytes) -> bytes:
        return self._private.sign(data)


def is_signed_by(public_key: bytes, signature: bytes, data: bytes) -> bool:
    """True when the signature is the key's. Never raises for malformed keys or signatures."""
    try:
        Ed25519PublicKey.from_public_bytes(public_key).verify(signature, data)
    except (InvalidSignature, ValueError):
        return False
    return True


def _no_key(path: Path) -> Refused:
    return Refused(
        "{file} holds no Ed25519 key. Bring it back from a backup, or move it away: the station makes a new key "
        "and opens a new stream.",
        file=str(path),
    )


def _write_new(path: Path, private: Ed25519PrivateKey) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    restrict_to_owner(path.parent)
    pem = private.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    write_private(path, pem)  # whole or not at all: half a key would end the stream at the next start
