"""The form of a journal carried by hand: one signed file of frames, written and read in pieces of bounded size.

    magic | frame ... | frame       frame = kind (1) length (4) crc32 (4) payload

The first frame is the header, the last the trailer: number of events, SHA-256 of every byte before it, and the
signature of the station that wrote the file. Between them events, whole transaction groups to a frame. Each event is
signed by its own station too, so the file's signature is about completeness, never about truth.
"""

import hashlib
import struct
import zlib
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import BinaryIO
from uuid import UUID

import msgspec

from console.domain.refusal import Refused
from console.services.journal.envelope import RawEvent
from console.services.journal.keys import is_signed_by
from console.services.sync.messages import Head
from console.services.sync.profile_rows import ProfileNow

MAGIC = b"LEITSTAND CARRY 1\n"
VERSION = 1
MAX_HEADER = 8 << 20
MAX_FRAME = 16 << 20  # a group of 200 events of 64 KiB each
_FRAME = struct.Struct(">cII")
_HEADER, _EVENTS, _TRAILER = b"H", b"E", b"T"
_DOMAIN = b"leitstand-carry1"


class BadCarry(Refused):
    """The file is not what it should be; nothing of it was taken."""


class Header(msgspec.Struct, frozen=True):
    """Who wrote the file, when, and what its journal held at that moment.

    `what` is journal, snapshot or vector. `heads` is every end of every stream, `marks` (of a vector) hashes further
    back, so that another side finds the last event that both have. `expected` is the number of events to come.
    """

    v: int
    what: str
    site: UUID
    tenant: UUID
    station: UUID
    code: str
    public_key: bytes
    certificate: str
    made_us: int
    heads: tuple[Head, ...]
    marks: tuple[Head, ...] = ()
    expected: int = 0
    digests: dict[str, bytes] = {}  # bucket -> digest of the projections at `heads`, of a snapshot; empty: not told
    min_reader: int = 1
    profiles: tuple[ProfileNow, ...] = ()  # what the people of the journal are called; each signed by itself


class Trailer(msgspec.Struct, frozen=True):
    events: int
    sha256: bytes
    signature: bytes


_encoder = msgspec.msgpack.Encoder()
_headers: "msgspec.msgpack.Decoder[Header]" = msgspec.msgpack.Decoder(Header)
_events: "msgspec.msgpack.Decoder[tuple[RawEvent, ...]]" = msgspec.msgpack.Decoder(tuple[RawEvent, ...])
_trailers: "msgspec.msgpack.Decoder[Trailer]" = msgspec.msgpack.Decoder(Trailer)


def signed_bytes(sha256: bytes, events: int) -> bytes:
    """What the trailer signs."""
    return _DOMAIN + sha256 + events.to_bytes(8, "big")


class CarryWriter:
    """Writes header, events and trailer to an open file."""

    def __init__(self, file: BinaryIO, header: Header) -> None:
        self.events = 0
        self._file = file
        self._hash = hashlib.sha256()
        self._put(MAGIC)
        self._frame(_HEADER, _encoder.encode(header))

    def add(self, raws: Sequence[RawEvent]) -> None:
        """One frame; at most MAX_FRAME bytes."""
        self._frame(_EVENTS, _encoder.encode(tuple(raws)))
        self.events += len(raws)

    def finish(self, sign: Callable[[bytes], bytes]) -> str:
        """Close the content with the writer's signature; gives the SHA-256 of the file as hex."""
        told = self._hash.digest()
        trailer = Trailer(self.events, told, sign(signed_bytes(told, self.events)))
        self._frame(_TRAILER, _encoder.encode(trailer))
        return self._hash.hexdigest()

    def _frame(self, kind: bytes, payload: bytes) -> None:
        self._put(_FRAME.pack(kind, len(payload), zlib.crc32(payload, zlib.crc32(kind))))
        self._put(payload)

    def _put(self, data: bytes) -> None:
        self._file.write(data)
        self._hash.update(data)


class CarryReader:
    """Reads a file from outside; nothing in it is believed beyond what its sums and signatures prove.

    `frames()` gives the events frame by frame and raises BadCarry at the first byte that is wrong; once it has ended
    the whole file is proven, and `sha256` is that of the file. Memory: one frame.
    """

    def __init__(self, path: Path, file: BinaryIO) -> None:
        self.name = path.name
        self.size = path.stat().st_size
        self.sha256 = ""
        self.events = 0
        self.offset = 0
        self._file = file
        self._hash = hashlib.sha256()
        if self._take(len(MAGIC)) != MAGIC:
            raise BadCarry("{file} is no file of a journal that is carried by hand.", file=self.name)
        kind, payload = self._frame(MAX_HEADER)
        self.header = self._header(kind, payload)

    def frames(self) -> Iterator[tuple[RawEvent, ...]]:
        while True:
            before = self._hash.digest()
            at = self.offset
            kind, payload = self._frame(MAX_FRAME)
            if kind == _TRAILER:
                self._end(payload, before, at)
                return
            if kind != _EVENTS:
                raise self._damaged(at)
            try:
                raws = _events.decode(payload)
            except (msgspec.DecodeError, UnicodeDecodeError) as error:
                raise self._damaged(at) from error
            self.events += len(raws)
            yield raws

    def _header(self, kind: bytes, payload: bytes) -> Header:
        try:
            told = msgspec.msgpack.decode(payload, type=_Version)
            if kind == _HEADER and told.min_reader > VERSION:
                raise BadCarry("{file} was written by a newer Leitstand: update this program.", file=self.name)
            header = _headers.decode(payload)
        except (msgspec.DecodeError, UnicodeDecodeError) as error:
            raise self._damaged(len(MAGIC)) from error
        if kind != _HEADER:
            raise self._damaged(len(MAGIC))
        return header

    def _end(self, payload: bytes, before: bytes, at: int) -> None:
        try:
            trailer = _trailers.decode(payload)
        except (msgspec.DecodeError, UnicodeDecodeError) as error:
            raise self._damaged(at) from error
        is_whole = (trailer.sha256, trailer.events) == (before, self.events)
        if not is_whole or not is_signed_by(
            self.header.public_key, trailer.signature, signed_bytes(before, self.events)
        ):
            raise BadCarry(
                "{file} is not as station {code} wrote it: its signature does not fit.",
                file=self.name,
                code=self.header.code,
            )
        if self._file.read(1):
            raise self._damaged(self.offset)
        self.sha256 = self._hash.hexdigest()

    def _frame(self, most: int) -> tuple[bytes, bytes]:
        at = self.offset
        kind, length, told = _FRAME.unpack(self._take(_FRAME.size))
        if length > most:
            raise self._damaged(at)
        payload = self._take(length)
        if zlib.crc32(payload, zlib.crc32(kind)) != told:
            raise self._damaged(at)
        return kind, payload

    def _take(self, size: int) -> bytes:
        data = self._file.read(size)
        self._hash.update(data)
        self.offset += len(data)
        if len(data) < size:
            if self.offset < len(MAGIC):
                raise BadCarry("{file} is no file of a journal that is carried by hand.", file=self.name)
            raise BadCarry(
                "{file} is cut off or damaged: it ends after {size} bytes.", file=self.name, size=self.offset
            )
        return data

    def _damaged(self, at: int) -> BadCarry:
        return BadCarry("{file} is damaged at byte {offset}; export it again.", file=self.name, offset=at)


class _Version(msgspec.Struct, frozen=True):
    min_reader: int = 1
