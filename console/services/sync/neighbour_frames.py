"""What travels between neighbours over the broker: signed, checked and bounded frames; larger messages in parts.

A frame is `LSN1`, CRC32 of the rest, the sender's Ed25519 signature, and the signed core (msgpack). Whatever bytes
come in, reading them gives a `Part`, or raises `BadFrame`, and never anything else.
"""

import zlib
from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import NoReturn
from uuid import UUID

import msgspec

from console.services.journal.keys import is_signed_by

MAX_FRAME = 192 * 1024
MAX_MESSAGE = 4 << 20  # a batch of events is 1 MiB of bodies; a vector of many streams stays far below
MAX_PARTS = MAX_MESSAGE // (MAX_FRAME // 2)
MAX_OPEN = 4  # messages of one sender that may be incomplete at one time
ALL = UUID(int=0)  # addressee of what everybody may hear

_MAGIC = b"LSN1"  # form and version of the frame; another version is another magic
_DOMAIN = b"leitstand-frame1"
_SIGNATURE = 64
_HEADER = len(_MAGIC) + 4 + _SIGNATURE
_ROOM = 512  # of the core beside its data
_MOST = 2**62


class BadFrame(Exception):
    """Not a frame; `kind` is a short word to count it under."""

    def __init__(self, kind: str) -> None:
        super().__init__(kind)
        self.kind = kind


def bad(kind: str) -> NoReturn:
    raise BadFrame(kind)


class Part(msgspec.Struct, frozen=True, array_like=True):
    """One frame's core. (`session`, `number`) name the message: a session is one run of the sender's program, in
    which numbers rise. `request` is the question's own name, repeated by its answer, 0 where nothing was asked."""

    kind: str
    site: UUID
    sender: UUID
    to: UUID
    session: int
    number: int
    request: int
    index: int
    count: int
    data: bytes


@dataclass(frozen=True, slots=True)
class Signed:
    """A part as it came, its signature not yet judged: that needs to know the sender's key."""

    part: Part
    core: bytes
    signature: bytes

    def is_by(self, public_key: bytes) -> bool:
        return is_signed_by(public_key, self.signature, _DOMAIN + self.core)


@dataclass(frozen=True, slots=True)
class Message:
    """A whole message."""

    kind: str
    sender: UUID
    session: int
    number: int
    request: int
    data: bytes


_encoder = msgspec.msgpack.Encoder(uuid_format="bytes")
_decoder = msgspec.msgpack.Decoder(Part)


def frames_of(part: Part, sign: Callable[[bytes], bytes]) -> list[bytes]:
    """The frames of a message, whose first part is given with all of its data. Raises ValueError above MAX_MESSAGE."""
    if len(part.data) > MAX_MESSAGE:
        raise ValueError(f"a message of {len(part.data)} bytes")
    step = MAX_FRAME - _HEADER - _ROOM
    pieces = [part.data[at : at + step] for at in range(0, len(part.data), step)] or [b""]
    return [
        _frame(msgspec.structs.replace(part, index=index, count=len(pieces), data=piece), sign)
        for index, piece in enumerate(pieces)
    ]


def _frame(part: Part, sign: Callable[[bytes], bytes]) -> bytes:
    core = _encoder.encode(part)
    rest = sign(_DOMAIN + core) + core
    return _MAGIC + zlib.crc32(rest).to_bytes(4, "big") + rest


def read_frame(raw: bytes) -> Signed:
    """Raises BadFrame: oversize, other_version, garbled (CRC), undecodable, out_of_range."""
    if len(raw) > MAX_FRAME:
        raise BadFrame("oversize")
    if raw[:4] != _MAGIC:
        raise BadFrame("other_version" if raw[:3] == _MAGIC[:3] else "garbage")
    rest = raw[8:]
    if len(rest) <= _SIGNATURE or zlib.crc32(rest) != int.from_bytes(raw[4:8], "big"):
        raise BadFrame("garbled")
    core = rest[_SIGNATURE:]
    try:
        part = _decoder.decode(core)
    except (msgspec.DecodeError, ValueError, RecursionError, OverflowError) as error:
        raise BadFrame("undecodable") from error
    numbers = (part.session, part.number, part.request)
    if not all(0 <= number < _MOST for number in numbers) or len(part.kind) > 16:
        raise BadFrame("out_of_range")
    if not 1 <= part.count <= MAX_PARTS or not 0 <= part.index < part.count:
        raise BadFrame("out_of_range")
    return Signed(part, core, rest[:_SIGNATURE])


@dataclass(slots=True)
class _Open:
    count: int
    pieces: dict[int, bytes] = field(default_factory=dict)
    size: int = 0


class Assembly:
    """Puts the verified parts of one sender together again. Few messages may be incomplete; the oldest gives way."""

    def __init__(self) -> None:
        self._open: OrderedDict[tuple[str, int, int], _Open] = OrderedDict()

    @property
    def held_bytes(self) -> int:
        return sum(one.size for one in self._open.values())

    def add(self, part: Part) -> Message | None:
        """The whole message once its last part is here. Raises BadFrame when parts contradict each other."""
        if part.count == 1:
            return _message(part, part.data)
        key = (part.kind, part.session, part.number)
        known = self._open.setdefault(key, _Open(part.count))
        if known.count != part.count:
            del self._open[key]
            raise BadFrame("contradicting_parts")
        if part.index not in known.pieces:
            known.pieces[part.index] = part.data
            known.size += len(part.data)
        if known.size > MAX_MESSAGE:
            del self._open[key]
            raise BadFrame("oversize")
        if len(known.pieces) == known.count:
            del self._open[key]
            return _message(part, b"".join(known.pieces[index] for index in range(known.count)))
        while len(self._open) > MAX_OPEN:
            self._open.popitem(last=False)
        return None


def _message(part: Part, data: bytes) -> Message:
    return Message(part.kind, part.sender, part.session, part.number, part.request, data)


class Replays:
    """Numbers of a sender rise within a session and kind: what does not rise was heard before."""

    def __init__(self, sessions: int = 8) -> None:
        self._highest: OrderedDict[tuple[str, int], int] = OrderedDict()
        self._kept = sessions * 6

    def is_new(self, kind: str, session: int, number: int) -> bool:
        key = (kind, session)
        if number <= self._highest.get(key, -1):
            return False
        self._highest[key] = number
        self._highest.move_to_end(key)
        while len(self._highest) > self._kept:
            self._highest.popitem(last=False)
        return True
