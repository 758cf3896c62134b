"""When what was in alarm: the spans of the last hours for the timeline strip, by area or asset, live and finished."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from console.domain.alarms import ACTIVE_STATES, Condition
from console.models.columns import Columns
from console.models.text_codes import TextCodes
from console.services.records import AlarmsDelta
from console.services.station import ALARMS, Station
from console.services.story_records import PastAlarm, PastSpans

MAX_ENDED = 40_000  # finished spans kept; the oldest go first
_IS_ACTIVE = np.zeros(256, np.bool_)
_IS_ACTIVE[[int(state) for state in ACTIVE_STATES]] = True
_FIELDS = ("start", "end", "priority", "alarm", "area", "asset")
Longs = NDArray[np.int64]


@dataclass(frozen=True, slots=True)
class SpanLine:
    """One line of the strip. `runs[priority]` are (first, last + 1) slots in alarm; `now` is the worst, 0 none."""

    name: str
    runs: Mapping[int, tuple[tuple[int, int], ...]]
    now: int
    weight: int  # slots in alarm, for the choice of lines


@dataclass(frozen=True, slots=True)
class Span:
    """One alarm of a line at a moment; `text` as it is written, `end_us` 0 lasts."""

    text: str
    asset_name: str
    priority: int
    start_us: int
    end_us: int


@dataclass(frozen=True, slots=True)
class _Window:
    """Spans that touch a time: their columns, and which of them last. `code` names the line; `alarm` is a row of the
    alarm table for what lasts, else a place in the list of what was told."""

    start: Longs
    end: Longs
    priority: Longs
    alarm: Longs
    code: Longs
    is_live: NDArray[np.bool_]


class AlarmSpans:
    """Follows ALARMS; `add_past` takes what the alarm log knows from before. Times are microseconds UTC."""

    def __init__(self, station: Station) -> None:
        self._live = Columns(active=(np.bool_, False), start=(np.int64, 0), priority=(np.uint8, 0))
        self._ended = Columns(
            start=(np.int64, 0), end=(np.int64, 0), priority=(np.uint8, 0),
            alarm=(np.int32, -1), area=(np.int32, -1), asset=(np.int32, -1),
        )  # fmt: skip
        self._names = {"area": TextCodes(), "asset": TextCodes()}
        self._conditions: dict[int, Condition] = {}
        self._told: list[PastAlarm] = []  # the alarms of what ended
        self._told_codes = Columns(area=(np.int32, -1), asset=(np.int32, -1))
        self._place_of: dict[PastAlarm, int] = {}
        self._places: dict[int, int] = {}  # of the conditions as they are now, by row
        self.version = 0
        self._undo = station.subscribe(ALARMS, self._on_delta)

    def close(self) -> None:
        """Follow the station no longer."""
        self._undo()

    def _on_delta(self, delta: AlarmsDelta) -> None:
        self.version += 1
        if delta.conditions:
            self._define(delta.conditions)
        if delta.is_snapshot:
            self._live["active"][:] = False
        if not len(delta.rows):
            return
        self._live.reserve(int(delta.rows.max()) + 1)
        rows, live = delta.rows, self._live
        active = _IS_ACTIVE[delta.state]
        over = live["active"][rows].astype(np.bool_) & (~active | (live["start"][rows] != delta.start_us))
        if over.any():
            gone = rows[over]
            alarms = np.asarray([self._place_of_row(row) for row in gone.tolist()], np.int32)
            self._end(live["start"][gone], delta.changed_us[over], live["priority"][gone], alarms)
        live.write(rows, {"active": active, "start": delta.start_us, "priority": delta.priority})

    def _define(self, conditions: Sequence[Condition]) -> None:
        rows = np.fromiter((one.row for one in conditions), np.int32, len(conditions))
        self._live.reserve(int(rows.max()) + 1)
        self._conditions.update((one.row, one) for one in conditions)
        for row in rows.tolist():
            self._places.pop(row, None)
        self._names["area"].put_all(rows, [one.area for one in conditions])
        self._names["asset"].put_all(rows, [one.asset_name for one in conditions])

    def _place_of_row(self, row: int) -> int:
        place = self._places.get(row)
        if place is None:
            place = self._places[row] = self._place(_past(self._conditions[row]))
        return place

    def _place(self, alarm: PastAlarm) -> int:
        place = self._place_of.get(alarm)
        if place is None:
            place = self._place_of[alarm] = len(self._told)
            self._told.append(alarm)
            area, asset = self._names["area"].code(alarm.area), self._names["asset"].code(alarm.asset_name)
            one = np.asarray([place], np.int32)
            self._told_codes.write(one, {"area": np.asarray([area]), "asset": np.asarray([asset])})
        return place

    def _end(
        self,
        start: NDArray[np.generic],
        end: NDArray[np.generic],
        priority: NDArray[np.generic],
        alarm: NDArray[np.int32],
    ) -> None:
        if not len(start):
            return
        ended = self._ended
        if ended.size + len(start) > MAX_ENDED:
            kept = {name: ended[name][-MAX_ENDED // 2 :].copy() for name in _FIELDS}
            ended.clear()
            ended.write(np.arange(len(kept["start"]), dtype=np.int32), kept)
        places = np.arange(ended.size, ended.size + len(start), dtype=np.int32)
        area, asset = self._told_codes["area"][alarm], self._told_codes["asset"][alarm]
        columns = {"start": start, "end": end, "priority": priority, "alarm": alarm, "area": area, "asset": asset}
        ended.write(places, columns)

    def add_past(self, past: PastSpans) -> None:
        """What was over before this window looked; what was seen here since then is not taken twice."""
        seen = {
            (self._told[alarm].condition_id, start)
            for alarm, start in zip(self._ended["alarm"].tolist(), self._ended["start"].tolist(), strict=True)
        }
        ids = [past.alarms[alarm].condition_id for alarm in past.alarm.tolist()]
        fresh = [one not in seen for one in zip(ids, past.start_us.tolist(), strict=True)]
        new = np.asarray(fresh, np.bool_)
        places = np.asarray([self._place(alarm) for alarm in past.alarms], np.int32)
        if new.any():
            self._end(past.start_us[new], past.end_us[new], past.priority[new], places[past.alarm[new]])
        self.version += 1

    def _window(self, from_us: int, to_us: int, by: str, area: str | None) -> _Window:
        live, ended = self._live, self._ended
        on = np.flatnonzero(live["active"])
        start = np.concatenate([live["start"][on], ended["start"]]).astype(np.int64)
        end = np.concatenate([np.full(len(on), to_us, np.int64), ended["end"]]).astype(np.int64)
        priority = np.concatenate([live["priority"][on], ended["priority"]]).astype(np.int64)
        alarm = np.concatenate([on, ended["alarm"]]).astype(np.int64)
        seen = (end > from_us) & (start < to_us)
        if area is not None:
            seen &= np.isin(self._codes("area", on), self._names["area"].codes_of(frozenset({area})))
        code = np.maximum(self._codes(by, on), 0)
        is_live = np.arange(len(start)) < len(on)
        return _Window(start[seen], end[seen], priority[seen], alarm[seen], code[seen], is_live[seen])

    def _codes(self, by: str, on: NDArray[np.intp]) -> Longs:
        """Of what lasts and then of what ended: the code of its area or asset."""
        live = self._names[by].codes(self._live.size)[on]
        return np.concatenate([live, self._ended[by]]).astype(np.int64)

    def lines(
        self, from_us: int, to_us: int, slots: int, most: int, *, by: str = "area", area: str | None = None
    ) -> tuple[tuple[SpanLine, ...], int]:
        """At most `most` areas (or assets, of one area or of all) with alarms in [from_us, to_us), by name, on `slots`
        equal slots; and how many more. What is most urgent now goes before what was in alarm for long."""
        names, window = self._names[by], self._window(from_us, to_us, by, area)
        codes = window.code
        if not len(codes):
            return (), 0
        span = max(1, to_us - from_us)
        first = np.minimum((np.clip(window.start, from_us, to_us) - from_us) * slots // span, slots - 1)
        last = -(-(np.clip(window.end, from_us, to_us) - from_us) * slots // span)  # rounded up
        last = np.maximum(last, first + 1)
        now = np.full(int(codes.max()) + 1, 9, np.int64)
        np.minimum.at(now, codes[window.is_live], window.priority[window.is_live])
        weight = np.bincount(codes, weights=last - first, minlength=len(now))
        present = np.unique(codes)
        chosen = present[np.lexsort((-weight[present], now[present]))][:most]
        made = []
        for code in chosen.tolist():
            mine = codes == code
            line = _line(names.name(code), window.priority[mine], first[mine], last[mine], window.is_live[mine], slots)
            made.append(line)
        return tuple(sorted(made, key=lambda line: line.name.casefold())), len(present) - len(chosen)

    def at(
        self, name: str, at_us: int, reach_us: int, *, by: str = "area", area: str | None = None, most: int = 8
    ) -> tuple[Span, ...]:
        """The alarms of one line within `reach_us` of a moment, the most urgent first."""
        window = self._window(at_us - reach_us, at_us + reach_us, by, area)
        mine = np.flatnonzero(np.isin(window.code, self._names[by].codes_of(frozenset({name}))))
        mine = mine[np.lexsort((-window.start[mine], window.priority[mine]))][:most]
        found = []
        for place in mine.tolist():
            number, is_live = int(window.alarm[place]), bool(window.is_live[place])
            alarm = _past(self._conditions[number]) if is_live else self._told[number]
            end = 0 if is_live else int(window.end[place])
            found.append(Span(alarm.text, alarm.asset_name, int(window.priority[place]), int(window.start[place]), end))
        return tuple(found)

    def areas(self) -> tuple[str, ...]:
        """Every area that has a condition."""
        return tuple(sorted(self._names["area"].names, key=str.casefold))


def _past(condition: Condition) -> PastAlarm:
    text = condition.text or condition.subject
    return PastAlarm(condition.condition_id, text, condition.asset_name, condition.area)


def _line(name: str, priority: Longs, first: Longs, last: Longs, is_live: NDArray[np.bool_], slots: int) -> SpanLine:
    runs: dict[int, tuple[tuple[int, int], ...]] = {}
    weight = 0
    for level in (4, 3, 2, 1):
        mine = priority == level
        edges = np.zeros(slots + 1, np.int64)
        np.add.at(edges, first[mine], 1)
        np.add.at(edges, last[mine], -1)
        covered = np.cumsum(edges[:-1]) > 0
        weight += int(np.count_nonzero(covered))
        turns = np.flatnonzero(np.diff(np.concatenate([[False], covered, [False]]).astype(np.int8)))
        runs[level] = tuple(zip(turns[::2].tolist(), turns[1::2].tolist(), strict=True))
    now = int(priority[is_live].min()) if is_live.any() else 0
    return SpanLine(name, runs, now, weight)
