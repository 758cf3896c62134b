"""One Sparkplug edge node and its devices: births, deaths, data, and what all that means for their tags.

Pure: no I/O, never asks the time. Test ids in comments are those of the Sparkplug 3.0 specification.
"""

from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np

from console.domain.tags import TagSource
from console.services.records import Ints, NodeRecord
from console.services.telemetry.batch import SessionChanged, TagsDefined
from console.services.telemetry.columns import AHEAD_US, BEHIND_US
from console.services.telemetry.handles import HandleTable
from console.services.telemetry.metric_table import BirthReader, MetricTable, append_data
from console.services.telemetry.outlet import Outlet
from console.services.telemetry.rebirth import RebirthDesk
from console.services.telemetry.reorder import ReorderBuffer
from console.services.telemetry.sparkplug_topic import is_odd
from console.services.telemetry.troubles import hex_example

DEVICE_GRACE_S = 5.0  # a device stays trusted this long between its node's rebirth and its own
MAX_DEVICES = 5_000  # of one node
PROTOCOL_METRICS = 8  # bdSeq, Node Control/* come on top of the plant's own
NO_HANDLES: Ints = np.empty(0, np.int32)


class Arrival(NamedTuple):
    """One decoded message of this node and when it came."""

    verb: str
    device: str
    payload: Any
    raw: bytes
    receive_us: int
    mono_s: float


@dataclass(frozen=True, slots=True)
class Surroundings:
    """What all sessions of one broker share."""

    broker: str
    handles: HandleTable
    outlet: Outlet
    desk: RebirthDesk
    max_metrics: int = 10_000
    reorder_s: float = 2.0


@dataclass(slots=True)
class Place:
    """State of a node (`device` empty) or of one of its devices."""

    device: str
    state: str = "stale"
    since_us: int = 0
    births: int = 0
    metrics: int = 0
    birth_us: int = 0
    last_us: int = 0
    due_s: float | None = None  # a DBIRTH must have come by then


class NodeSession:
    """Feed it with `take`, call `tick` often."""

    def __init__(self, around: Surroundings, group: str, node: str) -> None:
        self.group, self.node = group, node
        self.key = (group, node)
        self.sender = f"{around.broker}/{group}/{node}"
        self.is_born = False
        self._around = around
        self._outlet = around.outlet
        self._places = {"": Place("")}
        self._table = MetricTable()
        self._order: ReorderBuffer[Arrival] = ReorderBuffer(around.reorder_s)
        self._bd_seq: int | None = None
        self._counted = (0, 0)  # duplicates and latecomers already told
        self._devices_due_s: float | None = None
        self._seq_gaps = 0
        self._skew_s: float | None = None
        self._last_error = ""
        self._told_us = 0
        self._told: tuple[object, ...] = ()
        self._has_odd_id = is_odd(group) or is_odd(node)

    def take(self, arrival: Arrival) -> None:
        """Any message of this node, in the order of the wire."""
        verb, payload = arrival.verb, arrival.payload
        self._places[""].last_us = arrival.receive_us
        if verb == "NBIRTH":
            self._node_birth(arrival)
        elif verb == "NDEATH":
            self._node_death(arrival)
        elif not self.is_born:
            self._complain("data_before_birth", arrival, hex_example(arrival.raw))
            self._want_rebirth(arrival.mono_s)
        elif not payload.HasField("seq"):
            self._complain("no_seq", arrival, hex_example(arrival.raw))
            self._accept(arrival)
        else:
            if payload.seq > 255:
                self._complain("bad_seq", arrival, str(payload.seq))
            ready, has_gap = self._order.push(payload.seq, hash(arrival.raw), len(arrival.raw), arrival, arrival.mono_s)
            self._release(ready, arrival.receive_us, arrival.mono_s, has_gap=has_gap)

    def tick(self, now_us: int, mono_s: float) -> None:
        """Timers: gaps that waited too long, devices whose birth did not come."""
        due_s = self._order.due_s
        if due_s is not None and due_s <= mono_s:
            ready, has_gap = self._order.expire(mono_s)
            self._release(ready, now_us, mono_s, has_gap=has_gap)
        if self._devices_due_s is not None and self._devices_due_s <= mono_s:
            self._devices_due_s = None
            for place in self._places.values():
                if place.due_s is not None and place.due_s <= mono_s:
                    place.due_s = None
                    self._change(place, "stale", now_us, self._table.handles(place.device))

    def link_lost(self, now_us: int) -> None:
        """Nothing is known of this node any more (5.3): the tag store blinds its tags, births count from zero."""
        self.is_born = False
        self._order = ReorderBuffer(self._around.reorder_s)
        self._counted = (0, 0)
        for place in self._places.values():
            place.due_s = None
            self._change(place, "blind", now_us, NO_HANDLES)

    def link_live(self, now_us: int) -> None:
        """We hear again, but a node is stale until its next birth."""
        for place in self._places.values():
            self._change(place, "stale", now_us, NO_HANDLES)

    def refresh(self, now_us: int, every_us: int) -> None:
        """Tell counters and times of an active node, at most once per `every_us`."""
        if now_us - self._told_us >= every_us and self._told != self._counters():
            self._told_us = now_us
            self._tell(self._places[""], NO_HANDLES, now_us)

    def _counters(self) -> tuple[object, ...]:
        return self._places[""].last_us, self._seq_gaps, self._around.desk.requests(self.key), self._last_error

    # births and deaths

    def _node_birth(self, arrival: Arrival) -> None:
        rest = self._order.start(arrival.payload.seq % 256)
        if self.is_born:
            for held in rest:
                self._accept(held)
        if not self._fits(arrival):
            self.is_born = False
            return
        bd_seq = _bd_seq(arrival.payload)
        node = self._places[""]
        is_rebirth = self.is_born and bd_seq is not None and bd_seq == self._bd_seq
        self._bd_seq, self.is_born = bd_seq, True
        self._around.desk.born(self.key)
        self._last_error = ""
        old_handles = self._table.handles("")
        devices = {device: self._table.handles(device) for device in self._places if device}
        old = self._table
        self._table = MetricTable()
        self._birth(node, arrival, old_handles)
        for device, handles in devices.items():
            place = self._places[device]
            if place.state == "online" and is_rebirth:  # its names stay known until its own birth, for staleness
                self._table.by_name.update({key: item for key, item in old.by_name.items() if key[0] == device})
                place.due_s = self._devices_due_s = arrival.mono_s + DEVICE_GRACE_S
            elif place.state == "online":
                self._change(place, "stale", arrival.receive_us, handles)

    def _device_birth(self, arrival: Arrival) -> None:
        if not self._fits(arrival):
            return
        if arrival.device not in self._places and len(self._places) > MAX_DEVICES:
            self._complain("too_many_devices", arrival, arrival.device)
            return
        place = self._places.setdefault(arrival.device, Place(arrival.device))
        place.due_s = None
        old_handles = self._table.handles(arrival.device)
        self._table.drop(arrival.device)
        self._birth(place, arrival, old_handles)

    def _birth(self, place: Place, arrival: Arrival, old_handles: Ints) -> None:
        """Order matters: definitions, what is no longer published, the session, then the birth's values."""
        around = self._around
        where = TagSource(around.broker, self.group, self.node, place.device, "")
        reader = BirthReader(
            self._table, around.handles, where, lambda kind, example: self._complain(kind, arrival, example)
        )
        reader.read(arrival.payload)
        if self._has_odd_id or is_odd(place.device):
            self._complain("odd_name", arrival, self.sender)
        if reader.changed:
            self._outlet.emit(TagsDefined(tuple(reader.changed)))
        handles = reader.handles
        dropped = np.setdiff1d(old_handles, handles)
        if len(dropped) and place.state == "online":
            place.state = "stale"
            self._tell(place, dropped, arrival.receive_us)
        place.births += 1
        place.metrics = len(handles)
        place.birth_us = self._source_us(arrival)
        place.last_us = arrival.receive_us
        if place.state != "online":
            place.state, place.since_us = "online", arrival.receive_us
        self._measure_skew(arrival)
        self._tell(place, handles, arrival.receive_us)
        reader.append(self._outlet.columns, self._default_ms(arrival))
        self._outlet.columns.end_message(arrival.receive_us)

    def _node_death(self, arrival: Arrival) -> None:
        """The host's clock gives the time, the payload's is that of the CONNECT (`...host-action-ndeath-*`)."""
        bd_seq = _bd_seq(arrival.payload)
        node = self._places[""]
        is_late_will = self.is_born and None not in {bd_seq, self._bd_seq} and bd_seq != self._bd_seq
        if is_late_will or node.state == "offline":
            return  # a will of an older connection (payloads-ndeath-bdseq), or the second death of the same session
        rest, has_gap = self._order.expire(float("inf"))
        self._release(rest, arrival.receive_us, arrival.mono_s, has_gap=has_gap)
        self.is_born = False
        self._around.desk.born(self.key)  # nobody is there to ask
        for place in self._places.values():
            place.due_s = None
            self._change(place, "offline", arrival.receive_us, self._table.handles(place.device))

    def _device_death(self, arrival: Arrival) -> None:
        place = self._places.get(arrival.device)
        if place is None:
            self._complain("device_without_birth", arrival, arrival.device)
            self._want_rebirth(arrival.mono_s)
            return
        place.due_s = None
        self._change(place, "offline", self._source_us(arrival), self._table.handles(arrival.device))

    # data

    def _release(self, ready: list[Arrival], now_us: int, mono_s: float, *, has_gap: bool) -> None:
        counted = (self._order.duplicates, self._order.late)
        if counted != self._counted:
            for kind, old, new in zip(("duplicate_message", "late_message"), self._counted, counted, strict=True):
                if new > old:
                    self._outlet.trouble(self.sender, kind, now_us, count=new - old)
            self._counted = counted
        if has_gap:
            self._seq_gaps += 1
            self._last_error = "seq_gap"
            self._outlet.trouble(self.sender, "seq_gap", now_us, f"held {len(ready)}")
            self._want_rebirth(mono_s)
        for arrival in ready:
            self._accept(arrival)

    def _accept(self, arrival: Arrival) -> None:
        """A message whose turn it is."""
        if arrival.verb == "DBIRTH":
            self._device_birth(arrival)
        elif arrival.verb == "DDEATH":
            self._device_death(arrival)
        else:
            self._data(arrival)

    def _data(self, arrival: Arrival) -> None:
        place = self._places.get(arrival.device)
        if place is None or place.state != "online" or place.due_s is not None:
            self._complain("device_without_birth", arrival, arrival.device)
            self._want_rebirth(arrival.mono_s)
            return
        if len(arrival.raw) > 2 * self._around.max_metrics and not self._fits(arrival):
            return  # a metric takes two bytes at least, so that short messages need no count
        columns = self._outlet.columns
        default_ms = self._default_ms(arrival)
        place.last_us = arrival.receive_us
        try:
            unknown = append_data(self._table, arrival.device, arrival.payload, arrival.raw, columns, default_ms)
        except Exception:
            columns.rollback()
            self._complain("undecodable", arrival, hex_example(arrival.raw))
            return
        columns.end_message(arrival.receive_us)
        self._skew_s = default_ms / 1e3 - arrival.receive_us / 1e6
        for name in unknown:
            self._complain("unknown_metric" if not name.isdigit() else "unknown_alias", arrival, name)
        if unknown:
            self._want_rebirth(arrival.mono_s)

    # small print

    def _fits(self, arrival: Arrival) -> bool:
        count = len(arrival.payload.metrics)
        if count > self._around.max_metrics + PROTOCOL_METRICS:
            self._complain("too_many_metrics", arrival, str(count))
            return False
        return True

    def _want_rebirth(self, mono_s: float) -> None:
        self._around.desk.want(self.key, mono_s)

    def _default_ms(self, arrival: Arrival) -> int:
        payload = arrival.payload
        return int(payload.timestamp) if payload.HasField("timestamp") else arrival.receive_us // 1000

    def _source_us(self, arrival: Arrival) -> int:
        """The payload's own time, or the receive time when its clock is wrong."""
        source_us = self._default_ms(arrival) * 1000
        is_right = arrival.receive_us - BEHIND_US <= source_us <= arrival.receive_us + AHEAD_US
        return source_us if is_right else arrival.receive_us

    def _measure_skew(self, arrival: Arrival) -> None:
        self._skew_s = self._default_ms(arrival) / 1e3 - arrival.receive_us / 1e6

    def _complain(self, kind: str, arrival: Arrival, example: str) -> None:
        sender = f"{self.sender}/{arrival.device}" if arrival.device else self.sender
        self._last_error = kind
        self._outlet.trouble(sender, kind, arrival.receive_us, example)

    def _change(self, place: Place, state: str, at_us: int, handles: Ints) -> None:
        if place.state == state and place.since_us:
            return
        place.state, place.since_us = state, at_us
        self._tell(place, handles, at_us)

    def _tell(self, place: Place, handles: Ints, at_us: int) -> None:
        """An "online" change carries the birth's own time stamp: a node-dead alarm starts at the birth it ends."""
        around = self._around
        if not place.device:
            self._told = self._counters()
        record = NodeRecord(
            around.broker,
            self.group,
            self.node,
            place.device,
            around.handles.asset_id(around.broker, self.group, self.node, place.device),
            place.state,
            place.since_us,
            place.births,
            around.desk.requests(self.key),
            self._seq_gaps,
            place.metrics,
            self._skew_s,
            place.last_us,
            self._last_error,
        )
        self._outlet.emit(SessionChanged(record, handles, place.birth_us if place.state == "online" else at_us))


def _bd_seq(payload: Any) -> int | None:
    for metric in payload.metrics:
        if metric.name == "bdSeq":
            return int(metric.long_value or metric.int_value)
    return None
