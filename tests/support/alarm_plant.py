"""A plant small enough to think about: tag columns that behave, an engine, and words for what happens to them."""

from dataclasses import replace
from uuid import UUID, uuid5

import numpy as np

from console.domain import identity
from console.domain.acknowledgements import AckInterval, TakenBack
from console.domain.alarms import AlarmRule, AlarmState, Occurrence
from console.domain.quality import Detail, Quality
from console.domain.tags import Tag, TagSource
from console.domain.values import ValueType
from console.services.alarms.annunciation import Annunciation
from console.services.alarms.engine import AlarmEngine
from console.services.records import LinkRecord, NodeRecord
from console.services.telemetry.batch import (
    FLAG_LATE,
    LinkChanged,
    QualityChanged,
    SampleBatch,
    SessionChanged,
)

SITE = UUID("11111111-2222-3333-4444-555555555555")
STATION = UUID("66666666-2222-3333-4444-555555555555")
S = 1_000_000  # a second in microseconds
T0 = 1_700_000_000 * S


class FakeTags:
    """`TagColumns` with room for `capacity` tags; the newest source time of a node is its watermark."""

    def __init__(self, capacity: int = 1024) -> None:
        self.size = 0
        self.value = np.full(capacity, np.nan)
        self.quality = np.full(capacity, Quality.UNKNOWN, np.uint8)
        self.detail = np.zeros(capacity, np.uint8)
        self.source_us = np.zeros(capacity, np.int64)
        self.node = np.zeros(capacity, np.int32)
        self.watermarks_us = np.zeros(capacity, np.int64)
        self._tags: list[Tag] = []
        self._texts: dict[int, str] = {}
        self._nodes: dict[str, int] = {}

    def tag(self, handle: int) -> Tag:
        return self._tags[handle]

    def text(self, handle: int) -> str:
        return self._texts.get(handle, "")

    def define(self, source: TagSource, value_type: ValueType = ValueType.DOUBLE, **more: object) -> Tag:
        handle = self.size
        self.size += 1
        tag = Tag(
            handle,
            identity.tag_id(SITE, source.broker, source.group, source.node, source.device, source.metric),
            identity.asset_id(SITE, source.asset_path()),
            source,
            value_type,
            **more,  # type: ignore[arg-type]
        )
        self._tags.append(tag)
        self.node[handle] = self._nodes.setdefault(
            "/".join((source.broker, source.group, source.node)), len(self._nodes)
        )
        return tag

    def apply(self, batch: SampleBatch) -> SampleBatch:
        """What the tag store does: flags late samples, keeps the newest, moves the watermark."""
        flags = batch.flags.copy()
        for i, handle in enumerate(batch.handle.tolist()):
            if batch.source_us[i] < self.source_us[handle]:
                flags[i] |= FLAG_LATE
                continue
            self.value[handle] = batch.value[i]
            self.quality[handle] = batch.quality[i]
            self.detail[handle] = batch.detail[i]
            self.source_us[handle] = batch.source_us[i]
            if i in batch.texts:
                self._texts[handle] = batch.texts[i]
            if batch.detail[i] != Detail.BAD_CLOCK:
                node = self.node[handle]
                self.watermarks_us[node] = max(self.watermarks_us[node], batch.source_us[i])
        return replace(batch, flags=flags)


class Plant:
    """An engine on fake tags. Times are seconds after T0, in source time; the wall clock runs along."""

    def __init__(self, *rules: AlarmRule, tags: FakeTags | None = None, position: str = "desk") -> None:
        self.tags = tags or FakeTags()
        self.horn = Annunciation(position)
        self.engine = AlarmEngine(SITE, self.tags, rules, station_id=STATION, annunciation=self.horn)
        self.now_s = 0.0

    def tag(self, metric: str = "Temp", device: str = "Press", node: str = "PLC1", **more: object) -> Tag:
        tag = self.tags.define(TagSource("plant", "Line", node, device, metric), **more)  # type: ignore[arg-type]
        self.engine.on_tags((tag,))
        return tag

    def send(self, *samples: tuple[Tag, float, object]) -> None:
        """One batch of (tag, seconds, value) in order, and the turns that a burst takes."""
        self.engine.on_samples(self.tags.apply(batch_of(*samples)))
        self.engine.drain(us(max(second for _tag, second, _value in samples)))

    def at(self, tag: Tag, second: float, value: object, quality: int = Quality.GOOD, detail: int = 0) -> None:
        self.engine.on_samples(self.tags.apply(batch_of((tag, second, value), quality=quality, detail=detail)))

    def quality(self, tags: tuple[Tag, ...], quality: int, detail: int, second: float) -> None:
        handles = np.array([tag.handle for tag in tags], np.int32)
        self.tags.quality[handles] = quality
        self.tags.detail[handles] = detail
        self.engine.on_quality(QualityChanged(handles, quality, detail, us(second)))

    def session(
        self, state: str, second: float, *, node: str = "PLC1", device: str = "", handles: tuple[int, ...] = ()
    ) -> UUID:
        asset_id = identity.asset_id(SITE, "/".join(part for part in ("plant", "Line", node, device) if part))
        record = NodeRecord("plant", "Line", node, device, asset_id, state, us(second))
        self.engine.on_session(SessionChanged(record, np.array(handles, np.int32), us(second)))
        return asset_id

    def link(self, state: str, second: float, broker: str = "plant") -> None:
        record = LinkRecord(f"broker:{broker}", state, us(second))
        self.engine.on_link(LinkChanged(broker, record, us(second)))

    def pass_time(self, second: float) -> None:
        """The clocks go on to this second: every quiet node's watermark follows."""
        self.now_s = second
        self.tags.watermarks_us[:] = np.maximum(self.tags.watermarks_us, us(second))
        self.engine.tick(us(second), second)

    def acknowledge(self, occurrence: Occurrence | None, second: float, who: str = "Eva") -> bool:
        assert occurrence is not None
        reach = self.engine.seen_through_us(occurrence, us(second))
        return self.acknowledged(occurrence.condition_id, occurrence.start_us, reach, who, us(second))

    def acknowledged(
        self,
        condition_id: UUID,
        start_us: int,
        through_us: int,
        who: str,
        now_us: int = 0,
        by: bytes = b"",
        hlc: int = 0,
    ) -> bool:
        """The fact arrives, from wherever; `by` names its event."""
        by = by or b"%d/%d" % (start_us, through_us)
        interval = AckInterval(hlc, by, start_us, through_us, who)
        return self.engine.acknowledging.apply(condition_id, interval, now_us)

    def taken_back(
        self, condition_id: UUID, start_us: int, through_us: int, *named: bytes, by: bytes = b"un", now_us: int = 0
    ) -> bool:
        act = TakenBack(0, by, start_us, through_us, frozenset(named))
        return self.engine.acknowledging.take_back(condition_id, act, "Udo", now_us)

    def state(self, condition_id: UUID) -> AlarmState:
        snapshot = self.engine.snapshot()
        for condition in snapshot.conditions:
            if condition.condition_id == condition_id:
                listed = snapshot.state[snapshot.rows == condition.row]
                return AlarmState(int(listed[0])) if len(listed) else AlarmState.NORMAL
        return AlarmState.NORMAL

    def open(self, tag: Tag, rule_id: str, side: str = "") -> Occurrence | None:
        return self.engine.open_occurrence(condition_of(tag, rule_id, side))

    def logged(self) -> list[str]:
        return [str(item.transition) for item in self.engine.take_transitions()]


def us(second: float) -> int:
    return T0 + round(second * S)


def condition_of(tag: Tag, rule_id: str, side: str = "") -> UUID:
    return uuid5(tag.tag_id, f"{rule_id}/{side}" if side else rule_id)


def batch_of(
    *samples: tuple[Tag, float, object], quality: int = Quality.GOOD, detail: int = 0, flags: int = 0
) -> SampleBatch:
    """Text values go beside the number column, as on the wire."""
    n = len(samples)
    times = np.array([us(second) for _tag, second, _value in samples], np.int64)
    values = [float(value) if isinstance(value, int | float) else float("nan") for _tag, _second, value in samples]
    return SampleBatch(
        handle=np.array([tag.handle for tag, _second, _value in samples], np.int32),
        source_us=times,
        receive_us=times.copy(),
        value=np.array(values, np.float64),
        quality=np.full(n, quality, np.uint8),
        detail=np.full(n, detail, np.uint8),
        flags=np.full(n, flags, np.uint8),
        texts={i: value for i, (_tag, _second, value) in enumerate(samples) if isinstance(value, str)},
    )
