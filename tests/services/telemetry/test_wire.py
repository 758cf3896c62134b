"""The wire below paho: however the network cuts the bytes, every packet comes once, in order, giants never whole."""

import socket
from collections.abc import Iterator

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from console.services.telemetry.wire import Wire


def vint(number: int) -> bytes:
    out = bytearray()
    while True:
        number, low = number >> 7, number & 0x7F
        out.append(low | 0x80 if number else low)
        if not number:
            return bytes(out)


def publish(topic: bytes, payload: bytes, *, qos: int = 0, retain: bool = False, properties: bytes = b"") -> bytes:
    mid = b"\x00\x07" if qos else b""
    body = len(topic).to_bytes(2, "big") + topic + mid + properties + payload
    return bytes([0x30 | qos << 1 | retain]) + vint(len(body)) + body


class Seen:
    def __init__(self, wire: Wire) -> None:
        self.wire = wire
        self.log: list[tuple[str, bytes]] = []

    def publish(self, topic: bytes, payload: bytes, retained: bool) -> None:
        self.log.append((topic.decode() + ("!" if retained else ""), payload))

    def oversize(self, topic: bytes, size: int) -> None:
        self.log.append((topic.decode(), b"too large"))

    def paho(self) -> None:
        taken = self.wire.recv(1 << 20)
        self.log.append(("paho", taken))


@pytest.fixture
def pair() -> Iterator[tuple[socket.socket, socket.socket]]:
    near, far = socket.socketpair()
    near.setblocking(False)
    yield near, far
    near.close()
    far.close()


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    packets=st.lists(st.tuples(st.binary(max_size=300), st.integers(0, 1), st.booleans()), max_size=8),
    cuts=st.lists(st.integers(1, 90), min_size=1, max_size=40),
)
def test_packets_come_whole_and_in_order_however_they_are_cut(
    pair: tuple[socket.socket, socket.socket], packets: list[tuple[bytes, int, bool]], cuts: list[int]
) -> None:
    near, far = pair
    wire = Wire(near, 200, has_properties=False)
    wire._max_packet = 250
    seen = Seen(wire)
    expected: list[tuple[str, bytes]] = []
    stream = b""
    for number, (payload, qos, retain) in enumerate(packets):
        topic = f"t{number}".encode()
        packet = publish(topic, payload, qos=qos, retain=retain)
        stream += packet
        if len(packet) - len(vint(len(packet))) - 1 > 250:
            expected.append((topic.decode(), b"too large"))
        else:
            expected.append(("paho", packet) if qos else (topic.decode() + ("!" if retain else ""), payload))
    at = index = 0
    while at < len(stream):
        size = cuts[index % len(cuts)]
        far.sendall(stream[at : at + size])
        at, index = at + size, index + 1
        wire.fill()
        wire.cut(seen, seen.paho)
    assert seen.log == expected
    far.setblocking(False)
    acks = b""
    while True:
        try:
            acks += far.recv(1000)
        except BlockingIOError:
            break
    large = [number for number, (name, body) in enumerate(expected) if body == b"too large" and name != "paho"]
    assert acks == b"\x40\x02\x00\x07" * sum(packets[number][1] for number in large)


def test_properties_of_mqtt_5_are_stepped_over(pair: tuple[socket.socket, socket.socket]) -> None:
    near, far = pair
    wire = Wire(near, 1000, has_properties=True)
    seen = Seen(wire)
    far.sendall(publish(b"a", b"x", properties=b"\x02\x01\x01") + publish(b"b", b"", properties=b"\x00"))
    wire.fill()
    assert wire.cut(seen, seen.paho) == 2
    assert seen.log == [("a", b"x"), ("b", b"")]


def test_the_end_of_the_stream_is_seen(pair: tuple[socket.socket, socket.socket]) -> None:
    near, far = pair
    wire = Wire(near, 1000, has_properties=False)
    with pytest.raises(BlockingIOError):
        wire.recv(1)
    far.shutdown(socket.SHUT_WR)
    assert wire.fill() == 0
    assert wire.is_closed


@pytest.mark.parametrize("garbage", [b"\x30\xff\xff\xff\xff\xff", b"\x30\x01\x00", b"\x30\x03\x00\x09a"])
def test_garbage_ends_the_connection_and_nothing_else(
    pair: tuple[socket.socket, socket.socket], garbage: bytes
) -> None:
    near, far = pair
    wire = Wire(near, 1000, has_properties=False)
    seen = Seen(wire)
    far.sendall(garbage)
    wire.fill()
    with pytest.raises(ConnectionError):
        wire.cut(seen, seen.paho)
