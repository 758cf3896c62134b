"""Keys and signatures that cost nothing: for runs of thousands of schedules.

Nobody in the simulator computes a seal of another station, so it separates genuine from forged as Ed25519 does.
"""

import hashlib
from typing import Any
from uuid import UUID

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from console.domain.facts import StreamOpened
from console.services.identity.certificates import Authority, BadCertificate, check_certificate, make_certificate
from console.services.journal.envelope import BadEvent, Event, check_signature
from console.services.journal.keys import FileKey
from console.services.journal.own_stream import Place


class QuickKey:
    """Implements `StationKey`."""

    def __init__(self, secret: bytes) -> None:
        self._public = hashlib.sha256(b"public" + secret).digest()

    @property
    def public_key(self) -> bytes:
        return self._public

    def sign(self, data: bytes) -> bytes:
        return _seal(self._public, data)


def check_seal(event: Event, public_key: bytes) -> None:
    """In the place of `check_signature`."""
    if event.raw.sig != _seal(public_key, event.raw.hash):
        raise BadEvent("signature does not fit the stream's key")


def _seal(public_key: bytes, data: bytes) -> bytes:
    """64 bytes that belong to this key and this hash alone."""
    return data + public_key


class QuickTrust:
    """Seals, and a site without an authority."""

    def key(self, place: Place) -> Any:
        return QuickKey(place.station.bytes)

    def signed(self, event: Event, public_key: bytes) -> None:
        check_seal(event, public_key)

    def certificate(self, place: Place, public_key: bytes) -> str:
        return ""

    def enrolled(self, opening: StreamOpened, place: Place, station: UUID) -> bool:
        return True


class RealTrust(QuickTrust):
    """Ed25519 and certificates of a site's authority. A station whose code begins with U was never let in."""

    def __init__(self) -> None:
        self._authority = Authority(_private(b"authority"))

    def key(self, place: Place) -> Any:
        return FileKey(_private(place.station.bytes))

    def signed(self, event: Event, public_key: bytes) -> None:
        check_signature(event, public_key)

    def certificate(self, place: Place, public_key: bytes) -> str:
        authority = Authority(_private(b"somebody else")) if place.code.startswith("U") else self._authority
        return make_certificate(
            authority, site=place.site, station=place.station, code=place.code, public_key=public_key, issued_us=1
        )

    def enrolled(self, opening: StreamOpened, place: Place, station: UUID) -> bool:
        try:
            check_certificate(
                opening.certificate_hex,
                self._authority.public_key,
                site=place.site,
                station=station,
                code=opening.station_code,
                public_key=bytes.fromhex(opening.public_key_hex),
            )
        except BadCertificate:
            return False
        return True


def _private(seed: bytes) -> Ed25519PrivateKey:
    return Ed25519PrivateKey.from_private_bytes(hashlib.sha256(b"private" + seed).digest())
