"""The byte stream below paho: cuts MQTT packets, hands QoS 0 publishes straight on, and never stores giant ones.

paho spends some 40 us of Python on each publish and buffers any size; this costs 2 us and skips what is too large.
Everything but QoS 0 publishes still goes through paho, in order.
"""

import socket
import ssl
from collections.abc import Callable
from typing import Protocol

_CHUNK = 1 << 17
_TURN = 1 << 18  # bytes read per turn, so that one flood does not starve the timers
_PUBLISH = 0x30
_TOPIC_ROOM = 70_000  # topic and properties beside the payload


class Receiver(Protocol):
    """Who takes the publishes. `oversize` gets only the size and the first bytes."""

    def publish(self, topic: bytes, payload: bytes, retained: bool) -> None: ...

    def oversize(self, topic: bytes, size: int) -> None: ...


class Wire:
    """Stands where paho expects its socket. `fill` reads the network, `cut` works through whole packets."""

    def __init__(self, sock: socket.socket, max_payload: int, *, has_properties: bool) -> None:
        self._sock = sock
        self._max_packet = max_payload + _TOPIC_ROOM
        self._has_properties = has_properties
        self._in = b""
        self._for_paho = bytearray()
        self._skip = 0
        self.is_closed = False
        self.is_saturated = False  # there may be more to read at once

    # what paho calls

    def recv(self, size: int) -> bytes:
        if not self._for_paho:
            if self.is_closed:
                return b""
            raise BlockingIOError
        taken = bytes(self._for_paho[:size])
        del self._for_paho[:size]
        return taken

    def send(self, data: bytes | bytearray) -> int:
        return self._sock.send(data)

    def close(self) -> None:
        self._sock.close()

    def fileno(self) -> int:
        return self._sock.fileno()

    def setblocking(self, flag: bool) -> None:
        self._sock.setblocking(flag)

    def pending(self) -> int:
        """Bytes that `select` does not see: already decrypted by TLS."""
        return self._sock.pending() if isinstance(self._sock, ssl.SSLSocket) else 0

    # what the link calls

    def fill(self) -> int:
        """Read what the network has, some 256 KiB at most; returns the number of bytes. Raises OSError."""
        chunks = []
        total = 0
        while total < _TURN:
            try:
                chunk = self._sock.recv(_CHUNK)
            except (BlockingIOError, ssl.SSLWantReadError, ssl.SSLWantWriteError):
                break
            if not chunk:
                self.is_closed = True
                break
            total += len(chunk)
            chunks.append(self._without_skipped(chunk))
            if len(chunk) < _CHUNK // 8 and not isinstance(self._sock, ssl.SSLSocket):
                break
        if chunks:
            self._in = b"".join((self._in, *chunks))
        self.is_saturated = total >= _TURN
        return total

    def cut(self, receiver: Receiver, let_paho_read: Callable[[], None]) -> int:
        """Hand every whole packet on, in order; returns how many publishes went straight."""
        data, at, count = self._in, 0, 0
        self._in = b""
        while True:
            header = _header(data, at)
            if header is None:
                break
            start, length = header
            end = start + length
            if length > self._max_packet:
                taken = self._begin_skip(data, at, start, length, receiver)
                if not taken:
                    break
                at = min(end, len(data))
                continue
            if end > len(data):
                break
            if data[at] & 0xF6 == _PUBLISH:  # QoS 0
                self._publish(data, start, end, bool(data[at] & 1), receiver)
                count += 1
            else:
                self._for_paho += data[at:end]
                let_paho_read()
            at = end
        self._in = data[at:]
        return count

    def _publish(self, data: bytes, start: int, end: int, retained: bool, receiver: Receiver) -> None:
        topic_end = start + 2 + (data[start] << 8 | data[start + 1]) if end >= start + 2 else end + 1
        body = topic_end
        if self._has_properties and topic_end < end:
            properties = _varint(data, topic_end, end)
            body = end + 1 if properties is None else sum(properties)
        if body > end:
            raise ConnectionError("malformed publish")
        receiver.publish(data[start + 2 : topic_end], data[body:end], retained)

    def _begin_skip(self, data: bytes, at: int, start: int, length: int, receiver: Receiver) -> bool:
        """Drop a packet that is too large without storing it; False when its topic has not arrived yet."""
        topic_end = start + 2 + (data[start] << 8 | data[start + 1]) if len(data) >= start + 2 else len(data) + 1
        if topic_end + 2 > len(data):
            return False
        receiver.oversize(data[start + 2 : topic_end], length)
        if data[at] & 0x06 == 0x02:  # QoS 1 wants its PUBACK, else the broker stops sending after some
            self.send(b"\x40\x02" + data[topic_end : topic_end + 2])
        self._skip = max(0, start + length - len(data))
        return True

    def _without_skipped(self, chunk: bytes) -> bytes:
        if not self._skip:
            return chunk
        dropped = min(self._skip, len(chunk))
        self._skip -= dropped
        return chunk[dropped:]


def _header(data: bytes, at: int) -> tuple[int, int] | None:
    """Start of the packet's body and its length, None when not all of the fixed header is here."""
    if at + 2 > len(data):
        return None
    length = data[at + 1]
    if length < 128:
        return at + 2, length
    found = _varint(data, at + 1, len(data))
    if found is None:
        if len(data) >= at + 5:
            raise ConnectionError("malformed packet length")
        return None
    return found


def _varint(data: bytes, at: int, end: int) -> tuple[int, int] | None:
    """(where it ends, value) of an MQTT variable length integer; None when it is cut short or too long."""
    value = 0
    for index in range(4):
        if at + index >= end:
            return None
        byte = data[at + index]
        value |= (byte & 0x7F) << (7 * index)
        if byte < 128:
            return at + index + 1, value
    return None
