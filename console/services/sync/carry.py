"""Takes a journal that was carried by hand in: the whole file is proven first, then every event takes the normal road.

Nothing is half taken in silence: a file that is damaged, cut off, of another site or of a station that is not enrolled
is refused before its first event; what became of each event is counted, and taking the same file again changes nothing.
"""

from collections import Counter
from collections.abc import Awaitable, Callable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Protocol
from uuid import UUID

from sqlalchemy.engine import Connection

from console.domain.station_facts import StreamOpened
from console.services.identity.certificates import BadCertificate, check_certificate
from console.services.journal.envelope import BadEvent, Event, RawEvent, check_signature, decode_event
from console.services.journal.event_table import find_stream, place_of
from console.services.journal.facts_codec import decode_fact
from console.services.journal.own_stream import Place
from console.services.journal.receiving import OTHER_SITE, Received
from console.services.sync.carry_file import BadCarry, CarryReader, Header

PIECE_EVENTS = 200
PIECE_BYTES = 384 << 10  # stays below the local socket's limit as base64


@dataclass(frozen=True, slots=True)
class Checked:
    """A file that is whole and signed by a station of this site."""

    path: Path
    header: Header
    events: int
    sha256: str
    size: int


@dataclass(slots=True)
class Told:
    """What became of events. `reasons` counts the rejected ones by reason."""

    stored: int = 0
    known: int = 0
    held: int = 0
    rejected: int = 0
    reasons: Counter[str] = field(default_factory=Counter)

    def add(self, other: "Told") -> None:
        self.stored += other.stored
        self.known += other.known
        self.held += other.held
        self.rejected += other.rejected
        self.reasons += other.reasons

    def reject(self, reason: str) -> None:
        self.rejected += 1
        self.reasons[reason] += 1


def told_of(received: Received) -> Told:
    """The counts of what the journal told."""
    reasons = Counter(one.reason for one in received.rejected)
    return Told(len(received.stored), received.known, received.held, len(received.rejected), reasons)


class Taker(Protocol):
    """Takes a piece in: the journal itself, or the door of the station that runs."""

    def __call__(self, raws: Sequence[RawEvent], peer: str) -> Awaitable[Told]: ...


Progress = Callable[[int, int], bool]  # (events done, of all) -> False to give up; what is stored stays stored


def check_carry(path: Path, place: Place, authority: bytes, progress: Progress | None = None) -> Checked:
    """Read the whole file once. Raises BadCarry for what is not to be believed, OSError.

    `authority` is the site's public key, empty for trust on first sight.
    """
    with path.open("rb") as file:
        reader = CarryReader(path, file)
        header = reader.header
        if (header.tenant, header.site) != (place.tenant, place.site):
            raise BadCarry("{file} is of another site.", file=path.name)
        if authority:
            _check_enrolled(path, header, authority)
        for _ in reader.frames():
            if progress is not None and not progress(reader.events, header.expected):
                raise BadCarry("{file} was not looked through to its end; nothing was taken.", file=path.name)
    return Checked(path, header, reader.events, reader.sha256, reader.size)


def _check_enrolled(path: Path, header: Header, authority: bytes) -> None:
    try:
        check_certificate(
            header.certificate,
            authority,
            site=header.site,
            station=header.station,
            code=header.code,
            public_key=header.public_key,
        )
    except BadCertificate as error:
        raise BadCarry(
            "{file} was written by station {code}, which is not enrolled at this site: {why}.",
            file=path.name,
            code=header.code,
            why=str(error),
        ) from error


async def take_in(checked: Checked, take: Taker, progress: Progress | None = None) -> Told:
    """Hand the events over in pieces. A file that changed since it was checked raises BadCarry midway; what was
    taken until then is sound by itself, and taking the file again goes on from there."""
    told, peer = Told(), carrier(checked.header)
    with checked.path.open("rb") as file:
        reader = CarryReader(checked.path, file)
        for frame in reader.frames():
            for piece in pieces(frame):
                told.add(await take(piece, peer))
            if progress is not None and not progress(reader.events, checked.events):
                break
    return told


def carrier(header: Header) -> str:
    """Where the events came from, as the journal notes it."""
    return f"carried:{header.station}"


def pieces(frame: Sequence[RawEvent]) -> Iterator[list[RawEvent]]:
    """Parts of a frame that are small enough for one question; a group that is cut is shown once it is whole."""
    piece: list[RawEvent] = []
    size = 0
    for raw in frame:
        size += len(raw.body) + len(raw.sig) + 40
        if piece and (size > PIECE_BYTES or len(piece) >= PIECE_EVENTS):
            yield piece
            piece, size = [], len(raw.body)
        piece.append(raw)
    if piece:
        yield piece


def enrolled_by(site: UUID, authority: bytes) -> Callable[[StreamOpened, UUID], bool]:
    """Whether the site's authority knows the key that a stream opens with; everybody's without an authority."""

    def is_enrolled(opening: StreamOpened, station: UUID) -> bool:
        try:
            key = bytes.fromhex(opening.public_key_hex)
            if authority:
                code, text = opening.station_code, opening.certificate_hex
                check_certificate(text, authority, site=site, station=station, code=code, public_key=key)
        except (BadCertificate, ValueError):
            return False
        return True

    return is_enrolled


class Trial:
    """A taker that takes nothing: says what would become of the events, for `--dry-run`.

    `connection` reads the journal; the events of one file are given in its order.
    """

    def __init__(self, connection: Connection, place: Place, enrolled: Callable[[StreamOpened, UUID], bool]) -> None:
        self._connection = connection
        self._place = place
        self._enrolled = enrolled
        self._keys: dict[UUID, bytes] = {}
        self._last: dict[UUID, dict[int, set[bytes]]] = {}  # per stream the file's events of the last two seqs

    async def __call__(self, raws: Sequence[RawEvent], peer: str) -> Told:
        told = Told()
        with self._connection.begin():
            for raw in raws:
                self._judge(raw, told)
        return told

    def _judge(self, raw: RawEvent, told: Told) -> None:
        try:
            event = decode_event(raw)
            is_known = place_of(self._connection, raw.hash) is not None
            if not is_known and (event.body.tenant, event.body.site) != (self._place.tenant, self._place.site):
                raise BadEvent(OTHER_SITE)
            if not is_known and not self._follows(event):
                told.held += 1
                return
            if not is_known:
                check_signature(event, self._key_of(event))
        except BadEvent as error:
            told.reject(str(error))
            return
        told.known += is_known
        told.stored += not is_known
        seen = self._last.setdefault(event.stream, {})
        seen.setdefault(event.seq, set()).add(raw.hash)
        for old in [seq for seq in seen if seq < event.seq - 1]:
            del seen[old]

    def _follows(self, event: Event) -> bool:
        if event.seq == 1 or event.prev in self._last.get(event.stream, {}).get(event.seq - 1, ()):
            return True
        return place_of(self._connection, event.prev) is not None

    def _key_of(self, event: Event) -> bytes:
        if event.stream not in self._keys:
            stream = find_stream(self._connection, event.stream)
            self._keys[event.stream] = stream.public_key if stream is not None else self._opened_key(event)
        return self._keys[event.stream]

    def _opened_key(self, event: Event) -> bytes:
        fact = decode_fact(event.body.etype, event.body.min_reader, bytes(event.body.payload))
        if event.seq != 1 or not isinstance(fact, StreamOpened):
            raise BadEvent("stream does not begin with its opening")
        if not self._enrolled(fact, event.body.station):
            raise BadEvent("station is not enrolled")
        try:
            return bytes.fromhex(fact.public_key_hex)
        except ValueError as error:
            raise BadEvent("stream opens without a key") from error
