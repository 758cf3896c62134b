"""Who belongs to the site: its authority's key, the certificates it gives to stations, and the pairing code.

A certificate is one hex text: canonical JSON bytes, then the authority's 64-byte signature over them.
"""

import hashlib
from pathlib import Path
from uuid import UUID

import msgspec
from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    PublicFormat,
    load_pem_private_key,
)

from console.config.private_file import write_private
from console.domain.refusal import Refused
from console.services.journal.keys import is_signed_by

AUTHORITY_FILE = "authority.pem"
_DOMAIN = b"leitstand-certificate1"
_SIGNATURE = 64
_MAX_HEX = 4096
_CROCKFORD = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"
_PAIRING_CHARACTERS = 8
_LOOK_ALIKES = str.maketrans({"O": "0", "I": "1", "L": "1", "-": "", " ": ""})


class BadCertificate(Exception):
    """Not a certificate of this site's authority; the text is the reason."""


class Certificate(msgspec.Struct, frozen=True):
    """What the authority states: this key is this station's of this site."""

    v: int
    site: UUID
    station: UUID
    code: str
    public_key: str  # hex, 32 bytes
    issued_us: int

    @property
    def key(self) -> bytes:
        return bytes.fromhex(self.public_key)


class Authority:
    """The site's own key. Whoever can read its file can let stations in."""

    def __init__(self, private: Ed25519PrivateKey) -> None:
        self._private = private
        self.public_key = private.public_key().public_bytes(Encoding.Raw, PublicFormat.Raw)

    @classmethod
    def create(cls, folder: Path) -> "Authority":
        """Makes `folder/authority.pem`, for its owner alone. Raises FileExistsError: a key is never replaced."""
        path = folder / AUTHORITY_FILE
        if path.exists():
            raise FileExistsError(f"{path} exists and was left as it is")
        private = Ed25519PrivateKey.generate()
        write_private(path, private.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()))
        return cls(private)

    @classmethod
    def load(cls, path: Path) -> "Authority":
        """The key in this file. Raises Refused for a file without one, OSError."""
        try:
            private = load_pem_private_key(path.read_bytes(), password=None)
        except (ValueError, TypeError, UnsupportedAlgorithm) as error:
            raise Refused("{file} holds no Ed25519 key", file=str(path)) from error
        if not isinstance(private, Ed25519PrivateKey):
            raise Refused("{file} holds no Ed25519 key", file=str(path))
        return cls(private)

    def sign(self, data: bytes) -> bytes:
        return self._private.sign(data)


def make_certificate(
    authority: Authority, *, site: UUID, station: UUID, code: str, public_key: bytes, issued_us: int
) -> str:
    """The certificate as hex text."""
    body = msgspec.json.encode(Certificate(1, site, station, code, public_key.hex(), issued_us))
    return (body + authority.sign(_DOMAIN + body)).hex()


def read_certificate(text: str, authority_public: bytes) -> Certificate:
    """The certificate in a text; raises BadCertificate unless the authority signed exactly these bytes."""
    if len(text) > _MAX_HEX:
        raise BadCertificate("too long")
    try:
        raw = bytes.fromhex(text)
    except ValueError:
        raise BadCertificate("not hexadecimal") from None
    body, signature = raw[:-_SIGNATURE], raw[-_SIGNATURE:]
    if not body or not is_signed_by(authority_public, signature, _DOMAIN + body):
        raise BadCertificate("not signed by the authority of this site")
    try:
        certificate = msgspec.json.decode(body, type=Certificate)
        key_bytes = len(certificate.key)
    except (msgspec.DecodeError, ValueError):
        raise BadCertificate("not readable") from None
    if certificate.v != 1 or key_bytes != 32:
        raise BadCertificate("of a version that this program does not know")
    return certificate


def check_certificate(
    text: str, authority_public: bytes, *, site: UUID, station: UUID, code: str, public_key: bytes
) -> Certificate:
    """Like `read_certificate`, and it is the one of this station with this key. Raises BadCertificate."""
    certificate = read_certificate(text, authority_public)
    wanted = (site, station, code, public_key.hex())
    if (certificate.site, certificate.station, certificate.code, certificate.public_key) != wanted:
        raise BadCertificate("made for another site, station, code or key")
    return certificate


def pairing_code(site: UUID, station: UUID, public_key: bytes) -> str:
    """Eight Crockford base32 characters that a person compares: the start of a hash over site, station and key."""
    digest = hashlib.sha256(b"leitstand-pair" + site.bytes + station.bytes + public_key).digest()
    number = int.from_bytes(digest[:5], "big")
    return "".join(_CROCKFORD[(number >> shift) & 31] for shift in range(35, -1, -5))


def typed_code(text: str) -> str:
    """A pairing code as somebody typed it: case, blanks, hyphens and look-alikes do not matter."""
    return text.strip().upper().translate(_LOOK_ALIKES)
