"""A Sparkplug host application for one broker: routes topics to node sessions and decides about rebirth requests."""

from typing import NamedTuple

from console.services.telemetry.handles import HandleTable
from console.services.telemetry.outlet import Outlet
from console.services.telemetry.rebirth import Key, RebirthDesk
from console.services.telemetry.sparkplug_b_pb2 import Payload
from console.services.telemetry.sparkplug_decode import PayloadError, parse_payload
from console.services.telemetry.sparkplug_session import Arrival, NodeSession, Surroundings
from console.services.telemetry.sparkplug_topic import COMMANDS, parse_topic
from console.services.telemetry.troubles import hex_example

REBIRTH_METRIC = "Node Control/Rebirth"
_MAX_ROUTES = 100_000
_MAX_KEPT_TOPIC = 512
_MAX_NODES = 20_000
_MAX_UNBORN = 1_000  # names that were heard of but never showed a birth certificate
_REFRESH_US = 5_000_000
_AFTER_LINK_S = 1.0  # nodes that follow STATE bring their births by themselves


class Route(NamedTuple):
    session: NodeSession
    verb: str
    device: str


class SparkplugHost:
    """Pure. `message` every Sparkplug message but STATE, `tick` some ten times a second, then `rebirths_due`."""

    def __init__(
        self,
        broker: str,
        handles: HandleTable,
        outlet: Outlet,
        desk: RebirthDesk,
        *,
        max_payload: int = 1 << 20,
        max_metrics: int = 10_000,
        reorder_s: float = 2.0,
    ) -> None:
        self._around = Surroundings(broker, handles, outlet, desk, max_metrics, reorder_s)
        self._outlet = outlet
        self._desk = desk
        self._max_payload = max_payload
        self._sessions: dict[Key, NodeSession] = {}
        self._routes: dict[str, Route] = {}
        self._unborn: set[Key] = set()

    def message(self, topic: str, raw: bytes, receive_us: int, mono_s: float, *, retained: bool = False) -> None:
        """Never raises: what cannot be used is counted with its sender."""
        route = self._routes.get(topic) or self._route(topic, raw, receive_us)
        if route is None:
            return
        if retained:
            self._outlet.trouble(topic, "retained", receive_us, hex_example(raw))
            return
        if len(raw) > self._max_payload:
            self.too_large(topic, len(raw), receive_us)
            return
        session, verb, device = route
        try:
            payload = parse_payload(raw, self._max_payload)
            session.take(Arrival(verb, device, payload, raw, receive_us, mono_s))
            if verb == "NBIRTH" and session.is_born:
                self._unborn.discard(session.key)
        except PayloadError as error:
            self._outlet.trouble(topic, str(error), receive_us, hex_example(raw))
            self._desk.want(session.key, mono_s)
        except Exception as error:  # a hostile payload must never end the thread
            self._outlet.columns.rollback()
            self._outlet.trouble(topic, "undecodable", receive_us, f"{type(error).__name__} {hex_example(raw)}")

    def too_large(self, topic: str, size: int, receive_us: int) -> None:
        self._outlet.trouble(topic, "too_large", receive_us, f"{size} bytes")

    def tick(self, now_us: int, mono_s: float) -> None:
        for session in self._sessions.values():
            session.tick(now_us, mono_s)
            session.refresh(now_us, _REFRESH_US)

    def rebirths_due(self, mono_s: float) -> list[Key]:
        """Group and node of everybody to ask now."""
        return self._desk.due(mono_s)

    def link_lost(self, now_us: int) -> None:
        self._desk.forget_wishes()
        for session in self._sessions.values():
            session.link_lost(now_us)

    def link_live(self, now_us: int, mono_s: float) -> None:
        """Every known node is asked for its birth unless it comes by itself within a second."""
        for session in self._sessions.values():
            session.link_live(now_us)
        known = set(self._sessions) | self._around.handles.nodes(self._around.broker)
        for key in sorted(known):
            self._desk.want(key, mono_s, delay_s=_AFTER_LINK_S)

    def _route(self, topic: str, raw: bytes, receive_us: int) -> Route | None:
        parsed = parse_topic(topic)
        if parsed.verb in COMMANDS and not parsed.trouble:
            return None  # somebody else's command to a node
        if parsed.trouble:
            self._outlet.trouble(topic, parsed.trouble, receive_us, hex_example(raw))
            return None
        if len(self._routes) >= _MAX_ROUTES:
            self._routes.clear()
        key = (parsed.group, parsed.node)
        session = self._sessions.get(key)
        if session is None:
            if not self._has_room(parsed.verb):
                self._outlet.trouble(topic, "too_many_nodes", receive_us, hex_example(raw))
                return None
            session = self._sessions[key] = NodeSession(self._around, *key)
            self._unborn.add(key)
        route = Route(session, parsed.verb, parsed.device)
        if len(topic) <= _MAX_KEPT_TOPIC:
            self._routes[topic] = route
        return route

    def _has_room(self, verb: str) -> bool:
        """A publisher that invents names is counted, not remembered; a real node shows its birth certificate."""
        return len(self._sessions) < _MAX_NODES and (verb == "NBIRTH" or len(self._unborn) < _MAX_UNBORN)


def rebirth_topic(key: Key) -> str:
    return f"spBv1.0/{key[0]}/NCMD/{key[1]}"


def rebirth_payload(now_us: int) -> bytes:
    """NCMD by metric name, never alias, without seq (`operational-behavior-data-commands-ncmd-rebirth-*`)."""
    payload = Payload()
    payload.timestamp = now_us // 1000
    metric = payload.metrics.add()
    metric.name = REBIRTH_METRIC
    metric.timestamp = payload.timestamp
    metric.datatype = 11
    metric.boolean_value = True
    return bytes(payload.SerializeToString())
