"""A small Sparkplug B edge node for tests: publishes births, data and deaths by hand, with real will and seq."""

import threading
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

import paho.mqtt.client as mqtt
from paho.mqtt.enums import CallbackAPIVersion

from console.services.telemetry.sparkplug_b_pb2 import Payload

_INTEGER_FIELDS = {1: "int_value", 2: "int_value", 3: "int_value", 5: "int_value", 6: "int_value", 7: "int_value"}
_FIELDS = {
    **_INTEGER_FIELDS, 4: "long_value", 8: "long_value", 9: "float_value", 10: "double_value", 11: "boolean_value",
    12: "string_value", 13: "long_value", 14: "string_value", 15: "string_value", 17: "bytes_value",
}  # fmt: skip
_BITS = {1: 32, 2: 32, 3: 32, 4: 64}


@dataclass(frozen=True, slots=True)
class M:
    """One metric of a payload. `value` None = is_null. `type` 0 leaves the data type out (as DATA messages do).

    `wire_type` says which field carries the value when `type` is left out.
    """

    name: str = ""
    value: Any = None
    type: int = 10
    alias: int | None = None
    ms: int | None = None
    historical: bool = False
    transient: bool = False
    quality: int | None = None
    unit: str = ""
    wire_type: int = 0
    properties: dict[str, Any] = field(default_factory=dict)


def now_ms() -> int:
    return time.time_ns() // 1_000_000


def _set_value(metric: Payload.Metric, m: M) -> None:
    kind = m.type or m.wire_type or 10
    if m.value is None:
        metric.is_null = True
        return
    value = m.value
    if kind in _BITS and value < 0:
        value += 1 << _BITS[kind]  # two's complement in the 32 or 64 bit field
    setattr(metric, _FIELDS[kind], value)


def _add_properties(metric: Payload.Metric, m: M) -> None:
    properties = dict(m.properties)
    if m.unit:
        properties["engUnit"] = m.unit
    if m.quality is not None:
        properties["Quality"] = m.quality
    for key, value in properties.items():
        metric.properties.keys.append(key)
        item = metric.properties.values.add()
        if isinstance(value, str):
            item.type, item.string_value = 12, value
        elif isinstance(value, bool):
            item.type, item.boolean_value = 11, value
        elif isinstance(value, int):
            item.type, item.int_value = 3, value & 0xFFFFFFFF
        else:
            item.type, item.double_value = 10, float(value)


def payload(metrics: Sequence[M], *, seq: int | None = None, ms: int | None = None) -> bytes:
    """A serialised Sparkplug payload; every metric gets its own or the payload's time."""
    message = Payload()
    message.timestamp = now_ms() if ms is None else ms
    if seq is not None:
        message.seq = seq
    for m in metrics:
        metric = message.metrics.add()
        if m.name:
            metric.name = m.name
        if m.alias is not None:
            metric.alias = m.alias
        metric.timestamp = message.timestamp if m.ms is None else m.ms
        if m.type:
            metric.datatype = m.type
        if m.historical:
            metric.is_historical = True
        if m.transient:
            metric.is_transient = True
        _set_value(metric, m)
        _add_properties(metric, m)
    return message.SerializeToString()


class SparkplugEdge:
    """One edge node on a real broker. Everything is explicit: `birth`, `device_birth`, `data`, `device_data`,
    `device_death`, `die` (connection cut: the broker sends the will), `close` (NDEATH, then DISCONNECT).

    `commands` collects the NCMD payloads it received; `rebirth_wanted` is set by `Node Control/Rebirth`.
    """

    def __init__(self, port: int, group: str = "plant", node: str = "line1", *, bd_seq: int = 0) -> None:
        self.group, self.node, self.bd_seq = group, node, bd_seq
        self.seq = 0
        self.commands: list[Payload] = []
        self.rebirth_wanted = threading.Event()
        self._connected = threading.Event()
        self._subscribed = threading.Event()
        self._client = mqtt.Client(CallbackAPIVersion.VERSION2, client_id=f"{group}-{node}", clean_session=True)
        self._client.will_set(self.topic("NDEATH"), self._death(), qos=1, retain=False)
        self._client.on_connect = self._on_connect
        self._client.on_subscribe = lambda *_: self._subscribed.set()
        self._client.on_message = self._on_message
        self._client.max_inflight_messages_set(1000)
        self._client.connect("127.0.0.1", port, keepalive=60)
        self._client.loop_start()
        assert self._connected.wait(10), "the edge node does not reach its broker"
        assert self._subscribed.wait(10)

    def topic(self, verb: str, device: str = "") -> str:
        return f"spBv1.0/{self.group}/{verb}/{self.node}" + (f"/{device}" if device else "")

    def next_seq(self) -> int:
        seq, self.seq = self.seq, (self.seq + 1) % 256
        return seq

    def birth(self, metrics: Sequence[M] = (), *, ms: int | None = None) -> None:
        self.seq = 0
        every = [M("bdSeq", self.bd_seq, 4), M("Node Control/Rebirth", False, 11), *metrics]
        self.publish(self.topic("NBIRTH"), payload(every, seq=self.next_seq(), ms=ms))

    def device_birth(self, device: str, metrics: Sequence[M] = (), *, ms: int | None = None) -> None:
        self.publish(self.topic("DBIRTH", device), payload(metrics, seq=self.next_seq(), ms=ms))

    def data(self, metrics: Sequence[M], *, ms: int | None = None) -> None:
        self.publish(self.topic("NDATA"), payload(metrics, seq=self.next_seq(), ms=ms))

    def device_data(self, device: str, metrics: Sequence[M], *, ms: int | None = None) -> None:
        self.publish(self.topic("DDATA", device), payload(metrics, seq=self.next_seq(), ms=ms))

    def device_death(self, device: str, *, ms: int | None = None) -> None:
        self.publish(self.topic("DDEATH", device), payload((), seq=self.next_seq(), ms=ms))

    def publish(self, topic: str, body: bytes | str, *, qos: int = 0, retain: bool = False) -> None:
        """Anything on any topic; waits until it is on the wire."""
        self._client.publish(topic, body, qos=qos, retain=retain).wait_for_publish(30)

    def die(self) -> None:
        """Cut the connection without DISCONNECT, so that the broker publishes the will."""
        sock = self._client.socket()
        self._client.on_connect = None
        self._client.reconnect_delay_set(600, 600)
        if sock is not None:
            sock.close()
        self._client.loop_stop()

    def close(self) -> None:
        if self._client.is_connected():
            self._client.publish(self.topic("NDEATH"), self._death(), qos=1).wait_for_publish(5)
            self._client.disconnect()
        self._client.loop_stop()

    def _death(self) -> bytes:
        return payload((M("bdSeq", self.bd_seq, 4),))

    def _on_connect(self, client: mqtt.Client, *_: object) -> None:
        self._connected.set()
        client.subscribe(self.topic("NCMD"), qos=1)

    def _on_message(self, _client: mqtt.Client, _data: object, message: mqtt.MQTTMessage) -> None:
        command = Payload.FromString(bytes(message.payload))
        self.commands.append(command)
        if any(m.name == "Node Control/Rebirth" and m.boolean_value for m in command.metrics):
            self.rebirth_wanted.set()


@contextmanager
def running_edge(port: int, group: str = "plant", node: str = "line1", *, bd_seq: int = 0) -> Iterator[SparkplugEdge]:
    edge = SparkplugEdge(port, group, node, bd_seq=bd_seq)
    try:
        yield edge
    finally:
        edge.close()
