"""The living topology: follows tags, sessions, links and alarms, and tells what changed as `TopologyDelta`."""

from collections import deque
from collections.abc import Callable, Iterable, Iterator
from dataclasses import replace
from itertools import islice
from uuid import UUID

import numpy as np

from console.config.assets_file import AssetsFile
from console.domain.alarm_flags import HIDING
from console.domain.alarms import ACTIVE_STATES, UNACKNOWLEDGED_STATES, AlarmState, Condition
from console.domain.assets import Asset
from console.domain.tags import Tag
from console.domain.values import ValueType
from console.services.records import AlarmsDelta, AssetState, Ints, NodeRecord, TopologyDelta
from console.services.telemetry.batch import (
    FLAG_HISTORICAL,
    FLAG_LATE,
    LinkChanged,
    QualityChanged,
    SampleBatch,
    SessionChanged,
)
from console.services.topology.graph import PlantGraph
from console.services.topology.states import (
    ActiveAlarm,
    AreaState,
    TagQualities,
    area_states,
    counted_quality,
    judge,
    roll_up,
)

_PIECE = 64  # rows of alarms between two looks at the clock


def _never() -> bool:
    return False


class PlantTopology:
    """A `Consumer` in the main thread; also give it every `AlarmsDelta`. `take_delta` once per heartbeat."""

    def __init__(self, site_id: UUID, plant: AssetsFile | None = None) -> None:
        self.graph = PlantGraph(site_id)
        self._rows: dict[UUID, int] = {}  # asset -> row of the quality counts; a row is never reused
        self._ids: list[UUID] = []
        self._qualities = TagQualities()
        self._tags: dict[int, Tag] = {}
        self._values: dict[int, float] = {}  # only of tags with an active alarm
        self._watched = np.zeros(0, np.bool_)
        self._sessions: dict[UUID, NodeRecord] = {}
        self._lost: set[str] = set()
        self._lived: set[str] = set()  # the first attempt to connect is no loss
        self._conditions: dict[int, Condition] = {}
        self._alarms: dict[UUID, dict[int, ActiveAlarm]] = {}
        self._told: deque[Iterator[tuple[int, int, int, int, float]]] = (
            deque()
        )  # rows of alarms not yet on their assets
        self._states: dict[UUID, AssetState] = {}
        self._children: dict[UUID, list[UUID]] = {}
        self._dirty: dict[UUID, None] = {}
        self._unsent: dict[UUID, None] = {}
        self.document(plant or AssetsFile())

    def document(self, plant: AssetsFile) -> None:
        """Use this plant from now on, before or after any birth."""
        self.graph.document(plant)
        self.graph.take_fresh()
        self._children = {}
        for asset in self.graph.assets.values():
            self._register(asset)
        self._states = {key: state for key, state in self._states.items() if key in self.graph.assets}

    def on_tags(self, tags: tuple[Tag, ...]) -> None:
        for tag in tags:
            asset_id = self.graph.discover(tag.source)
            self._tags[tag.handle] = tag
            lost_by = self._qualities.own(tag.handle, self._row(asset_id))
            self._dirty[asset_id] = None
            if lost_by >= 0:
                self._dirty[self._ids[lost_by]] = None
        self._register_new()

    def on_samples(self, batch: SampleBatch) -> None:
        rows = np.flatnonzero((batch.flags & (FLAG_LATE | FLAG_HISTORICAL)) == 0)
        if not rows.size:
            return
        handles = batch.handle[rows]
        last = rows[_last_of_each(handles)]
        handles = batch.handle[last]
        self._mark(self._qualities.set(handles, counted_quality(batch.quality[last], batch.detail[last])))
        if self._values:
            known = handles < self._watched.size
            watched = last[known][self._watched[handles[known]]]
            for row in watched:
                handle = int(batch.handle[row])
                self._values[handle] = float(batch.value[row])
                self._dirty[self.graph.discover(self._tags[handle].source)] = None

    def on_quality(self, change: QualityChanged) -> None:
        quality = np.full(change.handles.size, change.quality, np.uint8)
        self._mark(self._qualities.set(change.handles, quality))

    def on_session(self, change: SessionChanged) -> None:
        node = change.node
        asset_id = self.graph.discover_session(node.broker, node.group, node.node, node.device)
        self._sessions[asset_id] = node
        self._register_new()
        self._dirty[asset_id] = None
        if not node.device:
            self._dirty.update((child, None) for child in self._devices_of(node))

    def on_link(self, change: LinkChanged) -> None:
        """A lost link blinds all of its broker; when it lives again nothing is trusted before its next birth."""
        was_lost = change.broker in self._lost
        if change.link.state == "live":
            self._lost.discard(change.broker)
            self._lived.add(change.broker)
        elif change.link.state != "connecting" or change.broker in self._lived:
            self._lost.add(change.broker)
        if was_lost == (change.broker in self._lost):
            return
        mine = [key for key, broker in self.graph.brokers.items() if broker == change.broker]
        for key in mine:
            session = self._sessions.get(key)
            if session is not None and session.state == "online" and not was_lost:
                self._sessions[key] = replace(session, state="stale", since_us=change.at_us)
        self._dirty.update((key, None) for key in mine)

    def on_alarms(self, delta: AlarmsDelta) -> None:
        """Rows of the alarm table. A snapshot replaces all that was known."""
        if delta.is_snapshot:
            self._dirty.update((key, None) for key in self._alarms)
            self._alarms, self._conditions = {}, {}
            self._told.clear()
        self._conditions.update((condition.row, condition) for condition in delta.conditions)
        shown = np.where((delta.flags & np.uint8(HIDING)) == 0, delta.state, np.uint8(AlarmState.NORMAL))
        columns = (delta.rows, shown, delta.priority, delta.start_us, delta.value)  # what is kept aside colours nothing
        self._told.append(zip(*(c.tolist() for c in columns), strict=True))

    def _take_in(self, is_enough: Callable[[], bool]) -> None:
        """Put alarms on their assets; what is left when it `is_enough` waits for the next call."""
        while self._told:
            while piece := list(islice(self._told[0], _PIECE)):
                for row, state, priority, start_us, value in piece:
                    self._put(row, state, priority, start_us, value)
                if is_enough():
                    return
            self._told.popleft()

    def _put(self, row: int, state: int, priority: int, start_us: int, value: float) -> None:
        condition = self._conditions.get(row)
        asset_id = self._asset_of(condition) if condition is not None else None
        if condition is None or asset_id is None:
            return
        mine = self._alarms.setdefault(asset_id, {})
        if state in ACTIVE_STATES and 1 <= priority <= 4:
            unacknowledged = state in UNACKNOWLEDGED_STATES
            mine[row] = ActiveAlarm(priority, unacknowledged, start_us, condition.text, condition.tag_handle)
            self._watch(condition.tag_handle, value)
        else:
            mine.pop(row, None)
        self._dirty[asset_id] = None

    def take_delta(self, now_us: int, is_enough: Callable[[], bool] = _never) -> TopologyDelta | None:
        """What changed since the last call; a snapshot after a new document; None when nothing did.

        In a flood hundreds of assets change at once: what is not judged when it `is_enough` follows with the next call.
        """
        whole, assets, links = self.graph.take_changes()
        self._take_in(is_enough)
        self._settle(now_us, is_enough)
        unsent, self._unsent = self._unsent, {}
        if whole:
            return self.snapshot(now_us)
        states = [self._states[key] for key in unsent if self.graph.is_shown(key)]
        if not (assets or links or states):
            return None
        sent = {state.asset_id for state in states}
        extra = (self._states[a.asset_id] for a in assets if a.asset_id not in sent and a.asset_id in self._states)
        return TopologyDelta(False, assets, links, (), (*states, *extra))

    def snapshot(self, now_us: int) -> TopologyDelta:
        """Everything; changes not yet taken stay to be taken."""
        self._take_in(_never)
        self._settle(now_us)
        assets = self.graph.shown_assets()
        states = tuple(self._states[a.asset_id] for a in assets if a.asset_id in self._states)
        return TopologyDelta(True, assets, self.graph.shown_links(), (), states)

    def areas(self, now_us: int) -> tuple[AreaState, ...]:
        """The worst of each area."""
        self.snapshot(now_us)
        return area_states({a.asset_id: a.area for a in self.graph.shown_assets()}, self._states)

    def state_of(self, asset_id: UUID) -> AssetState | None:
        return self._states.get(asset_id)

    def _settle(self, now_us: int, is_enough: Callable[[], bool] = _never) -> None:
        """Judge what is dirty, parts before wholes, and remember what differs from before."""
        waiting, self._dirty = self._dirty, {}
        judged: dict[UUID, int] = {}
        while waiting:
            upwards: dict[UUID, None] = {}
            for place, asset_id in enumerate(waiting):
                if place and is_enough():
                    self._dirty = dict.fromkeys((*islice(waiting, place, None), *upwards, *self._dirty))
                    return
                asset = self.graph.assets.get(asset_id)
                if asset is None or judged.get(asset_id, 0) > 64:  # deeper than any plant: a circle
                    continue
                judged[asset_id] = judged.get(asset_id, 0) + 1
                before, after = self._states.get(asset_id), self._judge(asset, now_us)
                if before == after and asset_id in self._states:
                    continue
                self._states[asset_id] = after
                self._unsent[asset_id] = None
                parent = self.graph.assets.get(asset.parent) if asset.parent else None
                if parent is not None and not parent.source:
                    upwards[parent.asset_id] = None
            waiting = upwards

    def _judge(self, asset: Asset, now_us: int) -> AssetState:
        top, is_owed = _most_urgent(self._alarms.get(asset.asset_id, {}).values())
        session = self._sessions.get(asset.asset_id)
        since = 0
        parts: list[AssetState] = []
        if self.graph.is_broker(asset.asset_id):
            state = "blind" if asset.source in self._lost else ("alarm" if top else "ok")
        elif asset.source:
            above = self._node_session(session)
            counts = self._qualities.counts(self._rows[asset.asset_id])
            is_lost = self.graph.brokers.get(asset.asset_id) in self._lost
            state = judge(counts, session, above, is_link_lost=is_lost, has_alarm=top is not None)
            since = session.since_us if session is not None and state == "down" else 0
        else:
            parts = [self._states[key] for key in self._children.get(asset.asset_id, ()) if key in self._states]
            state = roll_up([part.state for part in parts], has_alarm=top is not None)
        if state == "alarm" and top is not None:
            since = top.start_us
        before = self._states.get(asset.asset_id)
        if not since:
            since = before.since_us if before is not None and before.state == state else now_us
        return AssetState(
            asset_id=asset.asset_id,
            state=state,
            priority=min([p for p in (top.priority if top else 0, *(part.priority for part in parts)) if p], default=0),
            unacknowledged=is_owed or any(part.unacknowledged for part in parts),
            since_us=since,
            headline=self._headline(top) if top and state == "alarm" else "",
        )

    def _headline(self, alarm: ActiveAlarm) -> str:
        """The value that alarms with its unit, else the alarm's text; words for states are the view's."""
        tag, value = self._tags.get(alarm.tag_handle), self._values.get(alarm.tag_handle, float("nan"))
        if tag is None or not np.isfinite(value) or tag.enum or tag.value_type == ValueType.BOOLEAN:
            return alarm.text
        return f"{value:.6g} {tag.unit}".rstrip()

    def _node_session(self, session: NodeRecord | None) -> NodeRecord | None:
        if session is None or not session.device:
            return None
        return self._sessions.get(self.graph.discover_session(session.broker, session.group, session.node, ""))

    def _devices_of(self, node: NodeRecord) -> Iterable[UUID]:
        return [
            key
            for key, other in self._sessions.items()
            if other.device and (other.broker, other.group, other.node) == (node.broker, node.group, node.node)
        ]

    def _asset_of(self, condition: Condition) -> UUID | None:
        tag = self._tags.get(condition.tag_handle)
        if tag is not None:
            return self.graph.discover(tag.source)
        return condition.asset_id

    def _watch(self, handle: int, value: float) -> None:
        if handle < 0:
            return
        if handle >= self._watched.size:
            self._watched = np.concatenate((self._watched, np.zeros(handle + 256 - self._watched.size, np.bool_)))
        if not self._watched[handle] or np.isfinite(value):
            self._values[handle] = value
        self._watched[handle] = True

    def _mark(self, rows: Ints) -> None:
        self._dirty.update((self._ids[row], None) for row in rows.tolist())

    def _row(self, asset_id: UUID) -> int:
        row = self._rows.get(asset_id)
        if row is None:
            row = self._rows[asset_id] = len(self._ids)
            self._ids.append(asset_id)
        return row

    def _register(self, asset: Asset) -> None:
        self._row(asset.asset_id)
        if asset.parent is not None:
            self._children.setdefault(asset.parent, []).append(asset.asset_id)
        self._dirty[asset.asset_id] = None

    def _register_new(self) -> None:
        for asset_id in self.graph.take_fresh():
            self._register(self.graph.assets[asset_id])


def _most_urgent(alarms: Iterable[ActiveAlarm]) -> tuple[ActiveAlarm | None, bool]:
    """The newest of the highest priority, and whether any is unacknowledged; in a flood this is asked very often."""
    top, is_owed = None, False
    for alarm in alarms:
        is_owed = is_owed or alarm.unacknowledged
        if (
            top is None
            or alarm.priority < top.priority
            or (alarm.priority == top.priority and alarm.start_us > top.start_us)
        ):
            top = alarm
    return top, is_owed


def _last_of_each(handles: Ints) -> Ints:
    """Indexes of the last row of every handle."""
    _, first = np.unique(handles[::-1], return_index=True)
    return (handles.size - 1 - first).astype(np.int32)
