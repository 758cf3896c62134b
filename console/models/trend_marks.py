"""What happened beside the pens of a trend: alarms, incidents, changes, shifts, annotations."""

from collections.abc import Callable, Collection
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID

from console.domain.alarms import AlarmState, Condition, Occurrence
from console.domain.history.periods import shift_borders
from console.models.journal_words import event_word
from console.services.incident_records import IncidentRecord, IncidentsDelta
from console.services.records import AlarmsDelta, JournalRow
from console.services.station import (
    ALARMS,
    ANNOTATIONS,
    INCIDENTS,
    AlarmSettingsQuery,
    AlarmSpansQuery,
    JournalQuery,
    Station,
)
from console.services.story_records import PastSpans
from console.services.trend_records import AnnotationRecord, AnnotationsDelta
from console.ui.errands import Errands
from console.ui.format import US, local
from console.ui.priority_symbol import symbol_state
from console.ui.translation import mark, tr
from console.ui.trend_marks import Marker, MarkerKind, MarkerSet

CHANGES = "site.file_applied master_alarm.moved master_alarm.imported master_alarm.import_undone"
MOST_CHANGES = 500
MOST_ALARMS = 10_000
SLACK_US = 86_400 * US  # an alarm of the window may have ended so long after it, or as long after it as it is
MOST_SHIFTS = 90  # borders in one window: of more nothing can be told apart
SHIFT_TEXT = mark("Shift begins")


@dataclass(slots=True)
class _Open:
    """An alarm that is on the list now."""

    start_us: int
    state: int
    priority: int


@dataclass(frozen=True, slots=True)
class Subjects:
    """What the pens are about: only what concerns them is marked, unless `is_all`."""

    tag_ids: frozenset[UUID] = frozenset()
    asset_ids: frozenset[UUID] = frozenset()
    is_all: bool = False

    def concern(self, tag_ids: Collection[UUID], asset_ids: Collection[UUID]) -> bool:
        """Something about nothing in particular concerns everybody."""
        about_nothing = not tag_ids and not asset_ids
        return (
            self.is_all
            or about_nothing
            or bool(self.tag_ids.intersection(tag_ids) or self.asset_ids.intersection(asset_ids))
        )


@dataclass(slots=True)
class _Known:
    """Everything told so far."""

    conditions: dict[int, Condition] = field(default_factory=dict)
    by_id: dict[UUID, Condition] = field(default_factory=dict)
    open: dict[int, _Open] = field(default_factory=dict)
    mine: set[int] = field(default_factory=set)  # rows whose condition concerns the pens
    ended: dict[Occurrence, int] = field(default_factory=dict)  # while one looks on, with their priority
    incidents: dict[UUID, IncidentRecord] = field(default_factory=dict)
    annotations: dict[UUID, AnnotationRecord] = field(default_factory=dict)
    past: PastSpans = field(default_factory=PastSpans)
    changes: tuple[JournalRow, ...] = ()


class TrendMarks:
    """Fills a `MarkerSet` and calls `changed` when something else is to be shown. `look(from, to)` asks for what is
    over in that window; what is going on comes by itself, alarms with the next `flush`: in a flood there are many.
    `is_whole`: False when the window has more past alarms than are asked for; the newest are marked."""

    def __init__(self, station: Station, markers: MarkerSet, show: Callable[[str], None]) -> None:
        self.changed: Callable[[], object] = lambda: None
        self.subjects = Subjects()
        self._station = station
        self._markers = markers
        self._errands = Errands(show)
        self._known = _Known()
        self._window = (0, 0)
        self._asked: Any = None
        self._are_alarms_old = False
        self.is_whole = True
        self._shifts_s: tuple[int, ...] = ()
        self._undo = (
            station.subscribe(ALARMS, self._on_alarms),
            station.subscribe(INCIDENTS, self._on_incidents),
            station.subscribe(ANNOTATIONS, self._on_annotations),
        )
        self._errands.run(self._learn_shifts())

    def close(self) -> None:
        for undo in self._undo:
            undo()
        self._errands.cancel()

    @property
    def annotations(self) -> list[AnnotationRecord]:
        """Those that concern the pens, withdrawn ones too, newest time first."""
        concerned = (one for one in self._known.annotations.values() if self._is_about(one))
        return sorted(concerned, key=lambda one: (one.from_us, one.annotation_id), reverse=True)

    def annotation(self, annotation_id: UUID) -> AnnotationRecord | None:
        return self._known.annotations.get(annotation_id)

    def set_subjects(self, subjects: Subjects) -> None:
        if subjects != self.subjects:
            self.subjects = subjects
            self._known.mine = {row for row, one in self._known.conditions.items() if self._concerns(one)}
            self._tell(*MarkerKind)

    def look(self, from_us: int, to_us: int) -> None:
        """The latest window wins."""
        self._window = (from_us, to_us)
        self._tell(MarkerKind.SHIFT)
        if self._asked is not None:
            self._asked.cancel()
        self._asked = self._errands.run(self._ask(from_us, to_us))

    def retell(self) -> None:
        """Another language."""
        self._tell(*MarkerKind)

    async def _learn_shifts(self) -> None:
        self._shifts_s = (await self._station.query(AlarmSettingsQuery())).sound.shifts_s
        self._tell(MarkerKind.SHIFT)

    async def _ask(self, from_us: int, to_us: int) -> None:
        end_us = max(to_us, from_us + 1) + max(to_us - from_us, SLACK_US)
        self._known.past = await self._station.query(AlarmSpansQuery(from_us, end_us, MOST_ALARMS))
        self.is_whole = self._known.past.start_us.size < MOST_ALARMS
        self._known.changes = await self._station.query(
            JournalQuery(etype=CHANGES, from_us=from_us, to_us=to_us, limit=MOST_CHANGES)
        )
        self._known.ended.clear()
        self._tell(MarkerKind.ALARM, MarkerKind.CHANGE)

    def _end(self, row: int) -> None:
        """It left the list: until its past is asked for anew it is remembered here."""
        over, condition = self._known.open.pop(row, None), self._known.conditions.get(row)
        if over is not None and condition is not None:
            self._known.ended[Occurrence(condition.condition_id, over.start_us)] = over.priority

    def _on_alarms(self, delta: AlarmsDelta) -> None:
        known = self._known
        if delta.is_snapshot:
            known.open.clear()
        for condition in delta.conditions:
            known.conditions[condition.row] = known.by_id[condition.condition_id] = condition
            if self._concerns(condition):
                known.mine.add(condition.row)
        columns = (delta.rows, delta.start_us, delta.state, delta.priority)
        for row, start_us, state, priority in zip(*(column.tolist() for column in columns), strict=True):
            if state == AlarmState.NORMAL:
                self._end(row)
            else:
                known.open[row] = _Open(start_us, state, priority)
        self._are_alarms_old = True

    def flush(self) -> None:
        """Mark what the list of alarms told since the last time."""
        if self._are_alarms_old:
            self._are_alarms_old = False
            self._tell(MarkerKind.ALARM)

    def _on_incidents(self, delta: IncidentsDelta) -> None:
        self._known.incidents.update({one.incident_id: one for one in delta.incidents})
        self._tell(MarkerKind.INCIDENT)

    def _on_annotations(self, delta: AnnotationsDelta) -> None:
        self._known.annotations.update({one.annotation_id: one for one in delta.annotations})
        self._tell(MarkerKind.ANNOTATION)
        if delta.annotations:
            self.changed()  # the list of them also shows withdrawn ones

    def _tell(self, *kinds: MarkerKind) -> None:
        makers: dict[MarkerKind, Callable[[], list[Marker]]] = {
            MarkerKind.ALARM: self._alarms,
            MarkerKind.INCIDENT: self._incidents,
            MarkerKind.CHANGE: self._changes,
            MarkerKind.SHIFT: self._shifts,
            MarkerKind.ANNOTATION: self._annotations,
        }
        if any([self._markers.put(kind, makers[kind]()) for kind in kinds]):  # noqa: C419 all of them are to be put
            self.changed()

    def _alarms(self) -> list[Marker]:
        known = self._known
        found: dict[Occurrence, Marker] = {}
        past = known.past
        columns = (past.alarm, past.start_us, past.end_us, past.priority)
        for at, start_us, end_us, priority in zip(*(column.tolist() for column in columns), strict=True):
            alarm = past.alarms[at]
            if self._concerns(known.by_id.get(alarm.condition_id)):
                occurrence = Occurrence(alarm.condition_id, start_us)
                text = _alarm_text(alarm.text, alarm.asset_name)
                found[occurrence] = Marker(MarkerKind.ALARM, start_us, text, occurrence, end_us, priority)
        for occurrence, priority in known.ended.items():
            over = known.by_id[occurrence.condition_id]
            if self._concerns(over):
                text = _alarm_text(over.text or over.subject, over.asset_name)
                found[occurrence] = Marker(MarkerKind.ALARM, occurrence.start_us, text, occurrence, priority=priority)
        for row in known.mine & known.open.keys():
            condition, one = known.conditions[row], known.open[row]
            occurrence = Occurrence(condition.condition_id, one.start_us)
            text = _alarm_text(condition.text or condition.subject, condition.asset_name)
            state = symbol_state(one.state)
            found[occurrence] = Marker(
                MarkerKind.ALARM, one.start_us, text, occurrence, priority=one.priority, state=state
            )
        return sorted(found.values(), key=lambda marker: marker.at_us)

    def _concerns(self, condition: Condition | None) -> bool:
        if self.subjects.is_all or condition is None:
            return self.subjects.is_all
        own = (condition.tag_id,) if condition.tag_id is not None else ()
        asset = (condition.asset_id,) if condition.asset_id is not None and not own else ()
        return bool(self.subjects.tag_ids.intersection(own) or self.subjects.asset_ids.intersection(asset))

    def _incidents(self) -> list[Marker]:
        made = []
        for one in self._known.incidents.values():
            conditions = (self._known.by_id.get(condition_id) for condition_id, _start, _text in one.alarms)
            tags = [known.tag_id for known in conditions if known is not None and known.tag_id is not None]
            if self.subjects.is_all or ((tags or one.assets) and self.subjects.concern(tags, one.assets)):
                text = f"{one.number} {one.title}".strip()
                made.append(Marker(MarkerKind.INCIDENT, one.opened_us, text, one.incident_id))
        return sorted(made, key=lambda marker: marker.at_us)

    def _changes(self) -> list[Marker]:
        return [
            Marker(MarkerKind.CHANGE, row.at_us, f"{row.user or row.station}: {event_word(row.etype)}", row.hash)
            for row in self._known.changes
        ]

    def _shifts(self) -> list[Marker]:
        """Those of the window, and as much on both sides, for who moves on."""
        from_us, to_us = self._window
        span, zone = to_us - from_us, local(from_us).tzinfo
        if zone is None or span > MOST_SHIFTS * 86_400 * US:
            return []
        borders = shift_borders(from_us - span, to_us + span, self._shifts_s, zone)
        few = borders if len(borders) <= 3 * MOST_SHIFTS else ()
        return [Marker(MarkerKind.SHIFT, at, tr(SHIFT_TEXT)) for at in few]

    def _annotations(self) -> list[Marker]:
        return [
            Marker(MarkerKind.ANNOTATION, one.from_us, f"{one.author}: {one.text}", one.annotation_id, one.to_us)
            for one in reversed(self.annotations)
            if not one.is_gone
        ]

    def _is_about(self, one: AnnotationRecord) -> bool:
        return self.subjects.concern(one.tag_ids, one.asset_ids)


def _alarm_text(text: str, asset_name: str) -> str:
    told = tr(text) if text else ""
    return f"{told} · {asset_name}" if asset_name and asset_name not in told else told
