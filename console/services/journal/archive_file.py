"""A sealed part of a stream as one signed file: every event's bytes unchanged, and each fault found at its place.

    magic | length (4) manifest signature (64) | record ... | record
    record = mark (4) length (4) complement of length (4) hash (32) signature (64) body

Numbers are big-endian. The records are the stream's events from `from_seq` to `to_seq` without a gap, in that order.
The manifest is canonical JSON, signed by the station that sealed the file; the Merkle root in it binds the place, hash
and predecessor of every event, the event's hash its body, the stream's key its signature.
"""

import hashlib
import struct
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import BinaryIO
from uuid import UUID

import msgspec

from console.domain.refusal import Refused
from console.services.journal.envelope import BadEvent, Event, RawEvent, check_signature, decode_event
from console.services.journal.keys import is_signed_by

MAGIC = b"LEITSTAND ARCHIVE 1\n"
VERSION = 1
SUFFIX = ".segment"
MOST_EVENTS = 20_000  # of one file
MOST_BYTES = 64 << 20  # of its events' bodies, beyond the first transaction
LARGEST = 512 << 20  # of a file that is read at all
_MARK = b"\xa7EV1"  # cannot stand in a body: that is UTF-8
_LENGTH = struct.Struct(">I")
_RECORD = struct.Struct(">4sII")
_HASH, _SIG = 32, 64
_DOMAIN = b"leitstand-archive1"
_LEAF, _NODE = b"\x00", b"\x01"


class BadSegment(Refused):
    """The file is none, or its manifest is not what it should be."""


class Manifest(msgspec.Struct, frozen=True):
    """What is in the file and who says so; the order of the fields is the canonical one. Hashes and keys are hex.

    `first_us` and `last_us` are the logical times of the first and the last event; `station`, `code` and `public_key`
    name who sealed it, `stream_station`, `stream_code` and `stream_key` whose stream it is.
    """

    v: int
    site: UUID
    tenant: UUID
    stream: UUID
    from_seq: int
    to_seq: int
    first_prev: str
    last_hash: str
    count: int
    merkle_root: str
    first_us: int
    last_us: int
    sealed_us: int
    station: UUID
    code: str
    public_key: str
    stream_station: UUID
    stream_code: str
    stream_key: str


@dataclass(frozen=True, slots=True)
class Sealed:
    """A manifest, its very bytes, and the signature over them."""

    manifest: Manifest
    raw: bytes
    sig: bytes

    @property
    def is_signed(self) -> bool:
        """By the key that it names; whether that key is a station's is the journal's to tell."""
        return is_signed_by(_bytes(self.manifest.public_key), self.sig, _DOMAIN + self.raw)


@dataclass(frozen=True, slots=True)
class Fault:
    """What is wrong with a file: the seq (0: its beginning) and the byte at which it shows."""

    seq: int
    at: int
    reason: str


@dataclass(slots=True)
class SegmentReport:
    """What a file holds and what is wrong with it."""

    sealed: Sealed | None = None
    events: int = 0
    faults: list[Fault] = field(default_factory=list)

    @property
    def is_sound(self) -> bool:
        return self.sealed is not None and not self.faults


def leaf(seq: int, event_hash: bytes, prev: bytes) -> bytes:
    return hashlib.sha256(_LEAF + seq.to_bytes(8, "big") + event_hash + prev).digest()


def merkle_root(leaves: Iterable[bytes]) -> bytes:
    """SHA-256 tree; leaves and nodes are told apart, so that no node passes for a leaf. Of nothing: 32 zero bytes."""
    level = list(leaves)
    while len(level) > 1:
        pairs = [hashlib.sha256(_NODE + a + b).digest() for a, b in zip(level[::2], level[1::2], strict=False)]
        level = pairs + level[len(level) - len(level) % 2 :]  # one without a partner rises as it is
    return level[0] if level else bytes(32)


def seal(manifest: Manifest, sign: Callable[[bytes], bytes]) -> Sealed:
    raw = msgspec.json.encode(manifest)
    return Sealed(manifest, raw, sign(_DOMAIN + raw))


def read_manifest(raw: bytes) -> Manifest:
    """Raises BadSegment."""
    try:
        manifest = msgspec.json.decode(raw, type=Manifest)
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        raise BadSegment("The manifest of an archived part of the journal cannot be read.") from error
    if manifest.v > VERSION:
        raise BadSegment("The archived part was written by a newer Leitstand: update this program.")
    return manifest


def name_of(manifest: Manifest) -> str:
    return f"{prefix_of(manifest.stream_code, manifest.stream, manifest.from_seq)}{manifest.to_seq:09d}{SUFFIX}"


def prefix_of(code: str, stream: UUID, from_seq: int) -> str:
    return f"journal-{code}-{stream.hex}-{from_seq:09d}-"


def write_segment(file: BinaryIO, sealed: Sealed, raws: Iterable[RawEvent]) -> int:
    """Manifest, then the events; gives their number."""
    file.write(MAGIC + _LENGTH.pack(len(sealed.raw)) + sealed.raw + sealed.sig)
    count = 0
    for raw in raws:
        length = _HASH + _SIG + len(raw.body)
        file.write(_RECORD.pack(_MARK, length, length ^ 0xFFFFFFFF) + raw.hash + raw.sig + raw.body)
        count += 1
    return count


def read_sealed(path: Path) -> Sealed:
    """The manifest alone, its signature checked. Raises BadSegment, OSError."""
    with path.open("rb") as file:
        return _sealed(file.read(len(MAGIC) + _LENGTH.size + (64 << 10)), path)[0]


def check_segment(path: Path, on_event: Callable[[Event], None] = lambda _event: None) -> SegmentReport:
    """Prove a file from its first byte to its last; `on_event` gets each event that is as it was written.

    Raises OSError.
    """
    report = SegmentReport()
    if path.stat().st_size > LARGEST:
        report.faults.append(Fault(0, 0, "the file is too large"))
        return report
    data = path.read_bytes()
    try:
        report.sealed, at = _sealed(data, path)
    except BadSegment as error:
        report.faults.append(Fault(0, 0, str(error)))
        return report
    _Check(report, report.sealed.manifest, on_event).run(data, at)
    return report


class _Check:
    def __init__(self, report: SegmentReport, manifest: Manifest, on_event: Callable[[Event], None]) -> None:
        self._report = report
        self._told = manifest
        self._on_event = on_event
        self._key = _bytes(manifest.stream_key)
        self._expected = manifest.from_seq
        self._prev: bytes | None = _bytes(manifest.first_prev)
        self._leaves: list[bytes] = []

    def run(self, data: bytes, at: int) -> None:
        for offset, payload in _records(data, at):
            if payload is None:
                self._fault(offset, "its frame is damaged")
            else:
                self._take(offset, payload)
        told, last = self._told, self._prev
        if self._expected <= told.to_seq:
            self._report.faults.append(Fault(self._expected, len(data), "this event and what follows is missing"))
        elif self._report.faults:
            return
        elif self._expected - 1 != told.to_seq or last is None or last.hex() != told.last_hash:
            self._report.faults.append(Fault(self._expected - 1, len(data), "the end is not what the manifest says"))
        elif merkle_root(self._leaves).hex() != told.merkle_root or len(self._leaves) != told.count:
            self._report.faults.append(Fault(told.from_seq, 0, "the Merkle root does not fit the events"))

    def _take(self, offset: int, payload: bytes) -> None:
        raw = RawEvent(payload[:_HASH], payload[_HASH + _SIG :], payload[_HASH : _HASH + _SIG])
        try:
            event = decode_event(raw)
            if (event.stream, event.body.site) != (self._told.stream, self._told.site):
                raise BadEvent("of another stream")
            check_signature(event, self._key)
        except BadEvent as error:
            self._fault(offset, str(error))
            return
        if event.seq != self._expected:
            self._report.faults.append(Fault(self._expected, offset, f"seq {event.seq} stands in its place"))
        elif self._prev is not None and event.prev != self._prev:
            self._report.faults.append(Fault(event.seq, offset, "does not follow the event before it"))
        self._expected, self._prev = event.seq + 1, raw.hash
        self._leaves.append(leaf(event.seq, raw.hash, event.prev))
        self._report.events += 1
        self._on_event(event)

    def _fault(self, offset: int, reason: str) -> None:
        self._report.faults.append(Fault(self._expected, offset, reason))
        self._expected, self._prev = self._expected + 1, None


def _records(data: bytes, at: int) -> Iterator[tuple[int, bytes | None]]:
    """(offset, hash + signature + body), None for a record whose frame is damaged; then on from the next sound one."""
    while at < len(data):
        end = _end_of_record(data, at)
        if end is not None:
            yield at, data[at + _RECORD.size : end]
            at = end
            continue
        yield at, None
        at = _next_record(data, at + 1)


def _end_of_record(data: bytes, at: int) -> int | None:
    if at + _RECORD.size > len(data):
        return None
    mark, length, complement = _RECORD.unpack_from(data, at)
    end = at + _RECORD.size + length
    is_whole = mark == _MARK and length ^ complement == 0xFFFFFFFF and length >= _HASH + _SIG and end <= len(data)
    return end if is_whole else None


def _next_record(data: bytes, at: int) -> int:
    while (at := data.find(_MARK, at)) >= 0:
        if _end_of_record(data, at) is not None:
            return at
        at += 1
    return len(data)


def _sealed(data: bytes, path: Path) -> tuple[Sealed, int]:
    start = len(MAGIC) + _LENGTH.size
    if not data.startswith(MAGIC) or len(data) < start:
        raise BadSegment("{file} is no archived part of a journal.", file=path.name)
    end = start + _LENGTH.unpack_from(data, len(MAGIC))[0]
    raw, sig = data[start:end], data[end : end + _SIG]
    try:
        sealed = Sealed(read_manifest(raw), raw, sig)
    except BadSegment as error:
        raise BadSegment("The manifest of {file} is damaged.", file=path.name) from error
    if not sealed.is_signed:
        raise BadSegment("The manifest of {file} is not signed by the key that it names.", file=path.name)
    return sealed, end + _SIG


def _bytes(text: str) -> bytes:
    try:
        return bytes.fromhex(text)
    except ValueError:
        return b""


def segments_in(folder: Path) -> Sequence[Path]:
    return sorted(folder.glob(f"*{SUFFIX}"))
