"""Whether this station belongs to its site, and how another one comes in: certificate, pairing code, join requests.

Who has the authority's key in `site/` lets himself in; who has a copy without it shows a pairing code that an
administrator at an enrolled station types. A site without an authority knows no enrolment: everybody belongs.
"""

import hmac
from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from uuid import UUID

import msgspec

from console.config.private_file import write_private
from console.domain.refusal import Refused
from console.services.identity.certificates import (
    AUTHORITY_FILE,
    Authority,
    BadCertificate,
    check_certificate,
    make_certificate,
    pairing_code,
    typed_code,
)
from console.services.notifier import Notifier

CERTIFICATE_FILE = "certificate.txt"
NOT_ENROLLED = "This station is not enrolled: an administrator at another station lets it in with its pairing code"
REVOKED = "This station was revoked: it watches only"
ALLOWED_WITHOUT = frozenset({"sign-on", "sign-off", "silence", "lock", "unlock"})
_PENDING = 50  # stations that ask at one time; more are noise or an attack
_MAX_TEXT = 100


class JoinRequest(msgspec.Struct, frozen=True):
    """What a station that wants in publishes; anybody can write it, so nothing in it is believed before the code."""

    v: int
    site: UUID
    station: UUID
    code: str
    name: str
    public_key: str  # hex


@dataclass(frozen=True, slots=True)
class PendingJoin:
    """A station that asks to be let in. Its pairing code is not here: the administrator reads it off its screen."""

    station_id: UUID
    code: str
    name: str
    public_key: bytes
    first_us: int


@dataclass(frozen=True, slots=True)
class Identity:
    """Who this station is: `site`, `station`, its short `code`, its shown `name`, its public key."""

    site: UUID
    station: UUID
    code: str
    name: str
    public_key: bytes


class Enrolment:
    """`authority` is the site's public key (empty: no enrolment), `site_folder` may hold its private part, `keys`
    is the folder of this station's certificate. `changed` tells that this station was let in."""

    def __init__(
        self, me: Identity, *, authority: bytes, site_folder: Path, keys: Path, clock_us: Callable[[], int]
    ) -> None:
        self.changed: Notifier[str] = Notifier()  # the certificate
        self.asked: Notifier[None] = Notifier()  # `pending` is another
        self.certificate_hex = ""
        self.is_revoked = False  # set by who follows the journal
        self._me = me
        self._authority = authority
        self._authority_file = site_folder / AUTHORITY_FILE
        self._path = keys / CERTIFICATE_FILE
        self._clock_us = clock_us
        self._pending: OrderedDict[UUID, PendingJoin] = OrderedDict()
        if authority:
            self.certificate_hex = self._stored() or self._made_by_ourselves()

    @property
    def is_enrolled(self) -> bool:
        return not self.is_revoked and (not self._authority or bool(self.certificate_hex))

    @property
    def why_not(self) -> str:
        """English, translated where shown; empty when this station is enrolled."""
        if self.is_revoked:
            return REVOKED
        return "" if self.is_enrolled else NOT_ENROLLED

    def refusal_of(self, command: str) -> str | None:
        """The reason why this command is refused at a station that is not enrolled; None when it is not."""
        return None if self.is_enrolled or command in ALLOWED_WITHOUT else self.why_not

    @property
    def pairing_code(self) -> str:
        """What this station shows while it is not enrolled, in two groups of four; empty afterwards."""
        if self.is_enrolled:
            return ""
        code = pairing_code(self._me.site, self._me.station, self._me.public_key)
        return f"{code[:4]}-{code[4:]}"

    @property
    def can_let_in(self) -> bool:
        """True where the authority's private key can be read."""
        return bool(self._authority) and self._authority_file.is_file()

    @property
    def pending(self) -> tuple[PendingJoin, ...]:
        """Who asks, oldest first."""
        return tuple(self._pending.values())

    def request(self) -> bytes | None:
        """What to publish while not enrolled; None when there is nothing to ask."""
        if self.is_enrolled:
            return None
        me = self._me
        return msgspec.json.encode(JoinRequest(1, me.site, me.station, me.code, me.name, me.public_key.hex()))

    def take_request(self, raw: bytes) -> bool:
        """A join request from the wire; False when it is none of this site or malformed."""
        try:
            request = msgspec.json.decode(raw[:4096], type=JoinRequest)
            key = bytes.fromhex(request.public_key)
        except (msgspec.DecodeError, ValueError):
            return False
        is_odd = len(request.code) > 3 or len(request.name) > _MAX_TEXT or len(key) != 32 or request.v != 1
        if is_odd or request.site != self._me.site or request.station == self._me.station:
            return False
        known = self._pending.get(request.station)
        if known is None and len(self._pending) >= _PENDING:
            self._pending.popitem(last=False)  # who still wants in asks again
        first_us = known.first_us if known is not None and known.public_key == key else self._clock_us()
        pending = PendingJoin(request.station, request.code, request.name, key, first_us)
        if pending != known:
            self._pending[request.station] = pending
            self.asked.notify(None)
        return True

    def accept(self, station_id: UUID, code: str) -> tuple[PendingJoin, str]:
        """The station that asked and its certificate, when `code` is what stands on its screen. Raises Refused."""
        request = self._pending.get(station_id)
        if request is None:
            raise Refused("This station does not ask to be let in")
        if not self.can_let_in:
            raise Refused("The authority's key is not at this station: use one whose site folder holds authority.pem")
        right = pairing_code(self._me.site, station_id, request.public_key)
        if not hmac.compare_digest(right.encode(), typed_code(code).encode("utf-8", "replace")):
            raise Refused("This is not the pairing code of {name}", name=request.name)
        authority = Authority.load(self._authority_file)
        if authority.public_key != self._authority:
            raise Refused("authority.pem is not the key that site.toml names")
        certificate = make_certificate(
            authority,
            site=self._me.site,
            station=station_id,
            code=request.code,
            public_key=request.public_key,
            issued_us=self._clock_us(),
        )
        return request, certificate

    def done(self, station_id: UUID) -> None:
        """The station was let in, durably: it no longer waits."""
        self._pending.pop(station_id, None)
        self.asked.notify(None)

    def take_certificate(self, text: str) -> bool:
        """A certificate from the wire or a file; kept and True when it is ours. Notifies `changed`."""
        if not self._authority or self.is_enrolled or not self._is_ours(text.strip()):
            return False
        self._keep(text.strip())
        self.changed.notify(self.certificate_hex)
        return True

    def _stored(self) -> str:
        try:
            text = self._path.read_text(encoding="ascii").strip()
        except (OSError, UnicodeDecodeError):
            return ""
        return text if self._is_ours(text) else ""

    def _made_by_ourselves(self) -> str:
        if not self._authority_file.is_file():
            return ""
        authority = Authority.load(self._authority_file)
        if authority.public_key != self._authority:
            return ""
        me = self._me
        text = make_certificate(
            authority,
            site=me.site,
            station=me.station,
            code=me.code,
            public_key=me.public_key,
            issued_us=self._clock_us(),
        )
        self._keep(text)
        return text

    def _keep(self, text: str) -> None:
        self._path.parent.mkdir(parents=True, exist_ok=True)
        write_private(self._path, text + "\n")
        self.certificate_hex = text

    def _is_ours(self, text: str) -> bool:
        me = self._me
        try:
            check_certificate(
                text, self._authority, site=me.site, station=me.station, code=me.code, public_key=me.public_key
            )
        except BadCertificate:
            return False
        return True
