"""When what was in alarm: the spans of the last hours for the timeline strip, by area or asset, live and finished."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from uuid import UUID

import numpy as np
from numpy.typing import NDArray

from console.domain.alarms import ACTIVE_STATES, Condition
from console.models.columns import Columns
from console.models.text_codes import TextCodes
from console.services.records import AlarmsDelta
from console.services.station import ALARMS, AlarmLogRow, Station

MAX_ENDED = 20_000  # finished spans kept; the oldest go first
_IS_ACTIVE = np.zeros(256, np.bool_)
_IS_ACTIVE[[int(state) for state in ACTIVE_STATES]] = True
_ENDS = frozenset({"returned", "closed"})
_FIELDS = ("start", "end", "priority", "row")
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
    """One alarm of a line at a moment; `end_us` 0 lasts."""

    condition: Condition
    priority: int
    start_us: int
    end_us: int


@dataclass(frozen=True, slots=True)
class _Window:
    """Spans that touch a time: their columns, and which of them last."""

    start: Longs
    end: Longs
    priority: Longs
    row: Longs
    is_live: NDArray[np.bool_]


class AlarmSpans:
    """Follows ALARMS; `add_history` takes what the alarm log still knows. Times are microseconds UTC."""

    def __init__(self, station: Station) -> None:
        self._live = Columns(active=(np.bool_, False), start=(np.int64, 0), priority=(np.uint8, 0))
        self._ended = Columns(start=(np.int64, 0), end=(np.int64, 0), priority=(np.uint8, 0), row=(np.int32, -1))
        self._names = {"area": TextCodes(), "asset": TextCodes()}
        self._conditions: dict[int, Condition] = {}
        self._row_of: dict[UUID, int] = {}
        self.version = 0
        self._undo = station.subscribe(ALARMS, self._on_delta)

    def close(self) -> None:
        """Follow the station no longer."""
        self._undo()

    def _on_delta(self, delta: AlarmsDelta) -> None:
        self.version += 1
        for condition in delta.conditions:
            self._live.reserve(condition.row + 1)
            self._conditions[condition.row] = condition
            self._names["area"].put(condition.row, condition.area)
            self._names["asset"].put(condition.row, condition.asset_name)
            self._row_of[condition.condition_id] = condition.row
        if delta.is_snapshot:
            self._live["active"][:] = False
        if not len(delta.rows):
            return
        self._live.reserve(int(delta.rows.max()) + 1)
        rows, live = delta.rows, self._live
        active = _IS_ACTIVE[delta.state]
        over = live["active"][rows].astype(np.bool_) & (~active | (live["start"][rows] != delta.start_us))
        self._end(live["start"][rows][over], delta.changed_us[over], live["priority"][rows][over], rows[over])
        live.write(rows, {"active": active, "start": delta.start_us, "priority": delta.priority})

    def _end(
        self,
        start: NDArray[np.generic],
        end: NDArray[np.generic],
        priority: NDArray[np.generic],
        row: NDArray[np.generic],
    ) -> None:
        if not len(start):
            return
        ended = self._ended
        if ended.size + len(start) > MAX_ENDED:
            kept = {name: ended[name][-MAX_ENDED // 2 :].copy() for name in _FIELDS}
            ended.clear()
            ended.write(np.arange(len(kept["start"]), dtype=np.int32), kept)
        places = np.arange(ended.size, ended.size + len(start), dtype=np.int32)
        ended.write(places, {"start": start, "end": end, "priority": priority, "row": row})

    def add_history(self, log: Iterable[AlarmLogRow]) -> None:
        """Spans that were over before this window opened; of conditions that are known by now."""
        starts: dict[tuple[UUID, int], int] = {}
        ends: dict[tuple[UUID, int], int] = {}
        for line in log:
            key = (line.condition_id, line.start_us)
            starts[key] = min(starts.get(key, 9), line.priority)
            if line.transition in _ENDS:
                ends[key] = min(ends.get(key, line.at_us), line.at_us)
        spans = [
            (start, ends[identity, start], priority, self._row_of[identity])
            for (identity, start), priority in starts.items()
            if (identity, start) in ends and identity in self._row_of
        ]
        columns = list(zip(*spans, strict=True)) or [(), (), (), ()]
        self._end(*(np.asarray(column, np.int64) for column in columns))
        self.version += 1

    def _window(self, from_us: int, to_us: int, area: str | None) -> _Window:
        live, ended = self._live, self._ended
        on = np.flatnonzero(live["active"])
        start = np.concatenate([live["start"][on], ended["start"]]).astype(np.int64)
        end = np.concatenate([np.full(len(on), to_us, np.int64), ended["end"]]).astype(np.int64)
        priority = np.concatenate([live["priority"][on], ended["priority"]]).astype(np.int64)
        row = np.concatenate([on, ended["row"]]).astype(np.int64)
        seen = (end > from_us) & (start < to_us)
        if area is not None:
            names = self._names["area"]
            wanted = names.codes_of(frozenset({area}))
            seen &= np.isin(names.codes(live.size)[row], wanted)
        is_live = np.arange(len(start)) < len(on)
        return _Window(start[seen], end[seen], priority[seen], row[seen], is_live[seen])

    def lines(
        self, from_us: int, to_us: int, slots: int, most: int, *, by: str = "area", area: str | None = None
    ) -> tuple[tuple[SpanLine, ...], int]:
        """At most `most` areas (or assets, of one area or of all) with alarms in [from_us, to_us), by name, on `slots`
        equal slots; and how many more. What is most urgent now goes before what was in alarm for long."""
        names, window = self._names[by], self._window(from_us, to_us, area)
        if not len(window.row):
            return (), 0
        codes = np.maximum(names.codes(self._live.size)[window.row], 0)
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
        window = self._window(at_us - reach_us, at_us + reach_us, area)
        names = self._names[by]
        codes = names.codes(self._live.size)[window.row] if len(window.row) else window.row
        mine = np.flatnonzero(np.isin(codes, names.codes_of(frozenset({name}))))
        mine = mine[np.lexsort((-window.start[mine], window.priority[mine]))][:most]
        return tuple(
            Span(
                self._conditions[int(window.row[place])],
                int(window.priority[place]),
                int(window.start[place]),
                0 if window.is_live[place] else int(window.end[place]),
            )
            for place in mine.tolist()
            if int(window.row[place]) in self._conditions
        )

    def areas(self) -> tuple[str, ...]:
        """Every area that has a condition."""
        return tuple(sorted(self._names["area"].names, key=str.casefold))


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
