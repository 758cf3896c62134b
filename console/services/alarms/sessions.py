"""Node and link alarms: who died, what we are blind for, and what is looked at again when our own link returns.

Architecture "Identity, time, values": a death starts at the time stamp of the birth that it ends; while our own
link to a broker is down only the link alarm is raised; after its return a node is stale until its next birth.
"""

from dataclasses import dataclass
from uuid import UUID

from console.domain.alarm_step import Event, Trigger
from console.domain.alarms import AlarmKind, Priority
from console.services.alarms.alarm_book import AlarmBook
from console.services.alarms.asset_conditions import AssetConditions
from console.services.telemetry.batch import LinkChanged, SessionChanged, TagColumns

BIRTH_GRACE_S = 30.0  # after our link returned, or a device's node did: who is not born by then counts as dead
CLOCK_LOOK_S = 5.0  # wrong clocks are counted so long: most nodes wrong at once means that ours is
OWN_CLOCK_NODES = 3
OWN_CLOCK_TEXT = "The clock of this station differs from most nodes: receive time is used"
CLOCK_CALM_S = 60.0  # so long without a wrong time stamp: the clock is right again
_DOWN = ("lost", "refused")
_UP = ("live",)  # "off" is our own closing: it proves nothing about the broker
Key = tuple[str, str, str, str]  # broker, group, node, device


@dataclass(slots=True)
class _Session:
    asset_id: UUID
    state: str
    plain: bool = False  # a plain MQTT topic has no births; its silence is a stale alarm
    birth_us: int = 0
    offline_us: int = 0


class Sessions:
    """State of every node, device and broker link as far as alarms need it."""

    def __init__(self, conditions: AssetConditions, book: AlarmBook, tags: TagColumns) -> None:
        self._conditions = conditions
        self._book = book
        self._tags = tags
        self._devices: dict[Key, list[Key]] = {}  # of each node
        self._sessions: dict[Key, _Session] = {}
        self._blind: set[str] = set()
        self._devices_to_judge: list[Key] = []
        self._due: dict[Key, float | None] = {}  # waits for its birth until then; None: counted from the next tick
        self._wrong_clocks: dict[int, float | None] = {}  # row -> seen wrong at, None: since the last tick
        self._unheard_clocks: set[int] = set()  # restored, nothing heard of the node yet
        self._suspects: dict[str, tuple[UUID, int]] = {}  # node path -> asset, first wrong stamp
        self._suspects_due: float | None = None

    def on_session(self, change: SessionChanged, now_us: int) -> None:
        node = change.node
        key: Key = (node.broker, node.group, node.node, node.device)
        session = self._sessions.get(key)
        if session is None:
            session = self._sessions[key] = _Session(node.asset_id, node.state)
            if node.device:
                self._devices.setdefault((*key[:3], ""), []).append(key)
        if len(change.handles):
            session.plain = self._tags.tag(int(change.handles[0])).source.plain
        session.asset_id, session.state = node.asset_id, node.state
        if not node.device:  # its own news say all about its devices
            self._devices_to_judge = [other for other in self._devices_to_judge if other[:3] != key[:3]]
        if node.state == "online":
            session.birth_us = change.at_us
            self._due.pop(key, None)
            self._return(session, change.at_us, now_us)
            if not node.device:
                self._await_devices(key)
        elif node.state == "offline":
            session.offline_us = change.at_us
            if node.broker in self._blind:
                session.state = "unknown"  # heard of while blind: looked at again when the link is back
            elif node.device:
                self._devices_to_judge.append(key)  # its node's death may follow in the same turn
            else:
                self._die(key, session, now_us)

    def on_link(self, change: LinkChanged, now_us: int) -> None:
        broker, state = change.broker, change.link.state
        if state in _DOWN:
            self._blind.add(broker)
            for key, session in self._sessions.items():
                if key[0] == broker:
                    session.state = "unknown"
                    self._due.pop(key, None)
            row = self._conditions.link_row(broker)
            self._book.apply(row, Trigger(Event.CONDITION_TRUE, change.at_us), now_us)
        elif state in _UP:
            self._blind.discard(broker)
            known = self._conditions.known_link_row(broker)
            if known is not None:
                self._book.apply(known, Trigger(Event.CONDITION_FALSE, change.at_us), now_us)
            for key, session in self._sessions.items():
                if key[0] == broker and session.state != "online" and not session.plain:
                    self._due[key] = None

    def is_blind(self, broker: str) -> bool:
        return broker in self._blind

    def is_link_lost(self) -> bool:
        """Whether a link of ours is down whose alarm nobody put aside."""
        rows = [self._conditions.known_link_row(broker) for broker in self._blind]
        return any(row is not None and not self._book.rows.is_hidden(row) for row in rows)

    def clock_wrong(self, asset_id: UUID, path: str, at_us: int, now_us: int) -> None:
        """A node's samples came with a time stamp that cannot be: its alarm goes on, or is judged a moment later."""
        row = self._conditions.known_asset_row(asset_id, AlarmKind.CLOCK)
        if row is not None and (row in self._wrong_clocks or row in self._unheard_clocks):
            self._blame_node(asset_id, path, at_us, now_us)
        else:
            self._suspects.setdefault(path, (asset_id, at_us))

    def _blame_node(self, asset_id: UUID, path: str, at_us: int, now_us: int) -> None:
        row = self._conditions.asset_row(asset_id, AlarmKind.CLOCK, path)
        self._book.apply(row, Trigger(Event.CONDITION_TRUE, at_us), now_us)
        self._wrong_clocks[row] = None
        self._unheard_clocks.discard(row)

    def _judge_clocks(self, now_us: int, mono_s: float) -> None:
        """One alarm about our own clock instead of one per node when most of the nodes seem wrong."""
        if self._suspects_due is None:
            self._suspects_due = mono_s + CLOCK_LOOK_S
        if mono_s < self._suspects_due:
            return
        suspects, self._suspects, self._suspects_due = self._suspects, {}, None
        nodes = sum(not key[3] and not one.plain and one.state == "online" for key, one in self._sessions.items())
        own = self._conditions.known_system_row("own clock")
        is_known = own is not None and own in self._wrong_clocks
        is_many = len(suspects) >= OWN_CLOCK_NODES
        if is_many and (is_known or len(suspects) * 2 > nodes):
            own = self._conditions.system_row("own clock", OWN_CLOCK_TEXT, Priority.HIGH)
            self._book.apply(own, Trigger(Event.CONDITION_TRUE, now_us), now_us)
            self._wrong_clocks[own] = None
        elif not is_known:  # while ours is in doubt, nobody else's is judged
            for path, (asset_id, at_us) in suspects.items():
                self._blame_node(asset_id, path, at_us, now_us)

    def restored_clock(self, row: int) -> None:
        """A clock alarm of the last run: ends when its node was heard again and stayed calm."""
        self._unheard_clocks.add(row)

    @property
    def awaits_clocks(self) -> bool:
        return bool(self._unheard_clocks)

    def clock_heard(self, asset_id: UUID) -> None:
        """A node sent a good time stamp."""
        row = self._conditions.known_asset_row(asset_id, AlarmKind.CLOCK)
        if row is not None and row in self._unheard_clocks:
            self._unheard_clocks.discard(row)
            self._wrong_clocks.setdefault(row, None)

    def tick(self, now_us: int, mono_s: float) -> None:
        devices, self._devices_to_judge = self._devices_to_judge, []
        for key in devices:
            session = self._sessions[key]
            if session.state == "offline" and self._node_state(key) != "offline":
                self._die(key, session, now_us)
        for key, due in list(self._due.items()):
            if due is None:
                self._due[key] = mono_s + BIRTH_GRACE_S
            elif mono_s >= due:
                del self._due[key]
                self._give_up(key, now_us)
        if self._suspects:
            self._judge_clocks(now_us, mono_s)
        for row, since in list(self._wrong_clocks.items()):
            if since is None:
                self._wrong_clocks[row] = mono_s
            elif mono_s - since >= CLOCK_CALM_S:
                del self._wrong_clocks[row]
                self._book.apply(row, Trigger(Event.CONDITION_FALSE, now_us), now_us)

    def _give_up(self, key: Key, now_us: int) -> None:
        session = self._sessions[key]
        if session.state == "online" or key[0] in self._blind:
            return
        if key[3] and self._node_state(key) != "online":
            return  # its node's alarm says it
        session.state, session.offline_us = "offline", now_us
        self._die(key, session, now_us)

    def _node_state(self, key: Key) -> str:
        node = self._sessions.get((*key[:3], ""))
        return node.state if node is not None else "online"

    def _await_devices(self, key: Key) -> None:
        """The node is born again: each of its devices should follow."""
        for device in self._devices.get(key, ()):
            if self._sessions[device].state != "online":
                self._due[device] = None

    def _die(self, key: Key, session: _Session, now_us: int) -> None:
        path = "/".join(part for part in key if part)
        row = self._conditions.asset_row(session.asset_id, AlarmKind.NODE_DEAD, path)
        start_us = session.birth_us or session.offline_us
        trigger = Trigger(
            Event.CONDITION_TRUE, session.offline_us, start_us=start_us, annunciated_us=session.offline_us
        )
        self._book.apply(row, trigger, now_us)

    def _return(self, session: _Session, at_us: int, now_us: int) -> None:
        row = self._conditions.known_asset_row(session.asset_id, AlarmKind.NODE_DEAD)
        if row is not None:
            self._book.apply(row, Trigger(Event.CONDITION_FALSE, at_us), now_us)
