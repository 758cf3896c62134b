"""One Sparkplug B edge node without a network: what it publishes at birth, on change and at death, letter by letter."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from google.protobuf.message import DecodeError

from console.app.demo.plant import Point
from console.app.demo.signals import TEMPLATES, Instance
from console.app.demo.sparkplug_payload import write_definition, write_properties, write_value
from console.domain.values import ValueType
from console.services.telemetry.sparkplug_b_pb2 import Payload

_REBIRTH = "Node Control/Rebirth"
_QOS_WILL = 1


@dataclass(frozen=True, slots=True)
class Outgoing:
    """One message for the broker; never retained."""

    topic: str
    payload: bytes
    qos: int = 0


class EdgeNode:
    """Session state of one node: bdSeq per connection, one seq counter, one alias table for all its devices.

    Times are milliseconds UTC of the node's own clock (which a fault may set wrong).
    """

    def __init__(self, group: str, node: str, points: Mapping[str, Sequence[Point]], first_bd_seq: int = 0) -> None:
        self.group = group
        self.node = node
        self._points = points
        self._bd_seq = (first_bd_seq - 1) % 256
        self._seq = 0
        self._alias = {
            point.path: number
            for number, point in enumerate((p for own in points.values() for p in own), start=1)
        }  # fmt: skip
        self._dead: set[str] = set()

    @property
    def path(self) -> str:
        return f"{self.group}/{self.node}"

    @property
    def command_topic(self) -> str:
        return self._topic("NCMD")

    @property
    def devices(self) -> list[str]:
        return [name for name in self._points if name]

    def connecting(self, now_ms: int) -> Outgoing:
        """The will of the next connection: NDEATH with a new bdSeq and no seq (payloads-ndeath-bdseq, -seq)."""
        self._bd_seq = (self._bd_seq + 1) % 256
        payload = Payload(timestamp=now_ms)
        payload.metrics.add(name="bdSeq", timestamp=now_ms, datatype=ValueType.INT64, long_value=self._bd_seq)
        return Outgoing(self._topic("NDEATH"), payload.SerializeToString(), _QOS_WILL)

    def births(self, now_ms: int) -> list[Outgoing]:
        """NBIRTH with seq 0 and the bdSeq of this connection's will, then DBIRTH of every device that lives."""
        self._seq = 255
        payload = self._payload(now_ms)
        payload.metrics.add(name="bdSeq", timestamp=now_ms, datatype=ValueType.INT64, long_value=self._bd_seq)
        payload.metrics.add(name=_REBIRTH, timestamp=now_ms, datatype=ValueType.BOOLEAN, boolean_value=False)
        for template in sorted(self._templates()):
            write_definition(payload.metrics.add(timestamp=now_ms), template)
        self._describe(payload, self._points.get("", ()), now_ms)
        born = [Outgoing(self._topic("NBIRTH"), payload.SerializeToString())]
        return born + [self._device_birth(name, now_ms) for name in self.devices if name not in self._dead]

    def data(self, device: str, points: Iterable[Point], now_ms: int) -> Outgoing | None:
        """NDATA or DDATA with aliases only; None for a dead device."""
        if device in self._dead:
            return None
        payload = self._payload(now_ms)
        for point in points:
            metric = payload.metrics.add(alias=self._alias[point.path], timestamp=now_ms)
            write_value(metric, point.model.value_type, point.value)
            if point.is_bad:
                write_properties(metric, "", True)
        verb = "DDATA" if device else "NDATA"
        return Outgoing(self._topic(verb, device), payload.SerializeToString())

    def recovered(self, device: str, points: Iterable[Point], now_ms: int) -> Outgoing | None:
        """Data that says GOOD aloud, for a host that keeps the last quality it was told."""
        if device in self._dead:
            return None
        payload = self._payload(now_ms)
        for point in points:
            metric = payload.metrics.add(alias=self._alias[point.path], timestamp=now_ms)
            write_value(metric, point.model.value_type, point.value)
            write_properties(metric, "", point.is_bad)
        return Outgoing(self._topic("DDATA" if device else "NDATA", device), payload.SerializeToString())

    def device_death(self, device: str, now_ms: int) -> Outgoing:
        self._dead.add(device)
        return Outgoing(self._topic("DDEATH", device), self._payload(now_ms).SerializeToString())

    def device_birth(self, device: str, now_ms: int) -> Outgoing:
        self._dead.discard(device)
        return self._device_birth(device, now_ms)

    def wants_rebirth(self, command: bytes) -> bool:
        """True for an NCMD that asks for new birth certificates; anything else is ignored."""
        payload = Payload()
        try:
            payload.ParseFromString(command)
        except DecodeError:
            return False
        return any(metric.name == _REBIRTH and metric.boolean_value for metric in payload.metrics)

    def _device_birth(self, device: str, now_ms: int) -> Outgoing:
        payload = self._payload(now_ms)
        self._describe(payload, self._points[device], now_ms)
        return Outgoing(self._topic("DBIRTH", device), payload.SerializeToString())

    def _describe(self, payload: Payload, points: Iterable[Point], now_ms: int) -> None:
        for point in points:
            model = point.model
            metric = payload.metrics.add(
                name=model.name, alias=self._alias[point.path], timestamp=now_ms, datatype=model.value_type
            )
            write_value(metric, model.value_type, point.value)
            write_properties(metric, model.unit, point.is_bad)

    def _templates(self) -> set[str]:
        used = {p.value.template for own in self._points.values() for p in own if isinstance(p.value, Instance)}
        return used & TEMPLATES.keys()

    def _payload(self, now_ms: int) -> Payload:
        self._seq = (self._seq + 1) % 256
        return Payload(timestamp=now_ms, seq=self._seq)

    def _topic(self, verb: str, device: str = "") -> str:
        topic = f"spBv1.0/{self.group}/{verb}/{self.node}"
        return f"{topic}/{device}" if device else topic
