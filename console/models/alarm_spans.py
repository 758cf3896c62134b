"""When which area was in alarm: the spans of the last hours for the timeline strip, live ones and finished ones."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from uuid import UUID

import numpy as np
from numpy.typing import NDArray

from console.domain.alarms import ACTIVE_STATES
from console.models.columns import Columns
from console.services.records import AlarmsDelta
from console.services.station import ALARMS, AlarmLogRow, Station

MAX_ENDED = 20_000  # finished spans kept; the oldest go first
_IS_ACTIVE = np.zeros(256, np.bool_)
_IS_ACTIVE[[int(state) for state in ACTIVE_STATES]] = True
_ENDS = frozenset({"returned", "closed"})


@dataclass(frozen=True, slots=True)
class AreaLine:
    """One line of the strip. `runs[priority]` are (first, last + 1) slots in alarm; `now` is the worst, 0 none."""

    area: str
    runs: Mapping[int, tuple[tuple[int, int], ...]]
    now: int
    weight: int  # slots in alarm, for the choice of lines


class AlarmSpans:
    """Follows ALARMS; `add_history` takes what the alarm log still knows. Times are microseconds UTC."""

    def __init__(self, station: Station) -> None:
        self._live = Columns(active=(np.bool_, False), start=(np.int64, 0), priority=(np.uint8, 0), area=(np.int32, -1))
        self._ended = Columns(start=(np.int64, 0), end=(np.int64, 0), priority=(np.uint8, 0), area=(np.int32, -1))
        self._areas: dict[str, int] = {}
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
            self._live["area"][condition.row] = self._areas.setdefault(condition.area, len(self._areas))
            self._row_of[condition.condition_id] = condition.row
        if delta.is_snapshot:
            self._live["active"][:] = False
        if not len(delta.rows):
            return
        self._live.reserve(int(delta.rows.max()) + 1)
        rows, live = delta.rows, self._live
        active = _IS_ACTIVE[delta.state]
        over = live["active"][rows].astype(np.bool_) & (~active | (live["start"][rows] != delta.start_us))
        self._end(
            live["start"][rows][over], delta.changed_us[over], live["priority"][rows][over], live["area"][rows][over]
        )
        live.write(rows, {"active": active, "start": delta.start_us, "priority": delta.priority})

    def _end(
        self,
        start: NDArray[np.generic],
        end: NDArray[np.generic],
        priority: NDArray[np.generic],
        area: NDArray[np.generic],
    ) -> None:
        if not len(start):
            return
        ended = self._ended
        if ended.size + len(start) > MAX_ENDED:
            kept = {name: ended[name][-MAX_ENDED // 2 :].copy() for name in ("start", "end", "priority", "area")}
            ended.clear()
            ended.write(np.arange(len(kept["start"]), dtype=np.int32), kept)
        places = np.arange(ended.size, ended.size + len(start), dtype=np.int32)
        ended.write(places, {"start": start, "end": end, "priority": priority, "area": area})

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
            (start, ends[identity, start], priority, int(self._live["area"][self._row_of[identity]]))
            for (identity, start), priority in starts.items()
            if (identity, start) in ends and identity in self._row_of
        ]
        columns = list(zip(*spans, strict=True)) or [(), (), (), ()]
        self._end(*(np.asarray(column, np.int64) for column in columns))
        self.version += 1

    def lines(self, from_us: int, to_us: int, slots: int, most: int) -> tuple[tuple[AreaLine, ...], int]:
        """At most `most` areas with alarms in [from_us, to_us), by name, on `slots` equal slots; and how many more."""
        live, ended = self._live, self._ended
        on = np.flatnonzero(live["active"])
        start = np.concatenate([live["start"][on], ended["start"]]).astype(np.int64)
        end = np.concatenate([np.full(len(on), to_us, np.int64), ended["end"]]).astype(np.int64)
        priority = np.concatenate([live["priority"][on], ended["priority"]]).astype(np.int64)
        area = np.concatenate([live["area"][on], ended["area"]]).astype(np.int64)
        seen = (end > from_us) & (start < to_us) & (area >= 0)
        span = max(1, to_us - from_us)
        first = np.minimum((np.clip(start, from_us, to_us) - from_us) * slots // span, slots - 1)
        last = -(-(np.clip(end, from_us, to_us) - from_us) * slots // span)  # rounded up
        last = np.maximum(last, first + 1)
        is_live = np.arange(len(start)) < len(on)
        made = []
        for name, code in self._areas.items():
            mine = seen & (area == code)
            if mine.any():
                made.append(_line(name, priority[mine], first[mine], last[mine], is_live[mine], slots))
        chosen = sorted(made, key=lambda line: (line.now or 9, -line.weight))[:most]
        return tuple(sorted(chosen, key=lambda line: line.area.casefold())), len(made) - len(chosen)


def _line(
    area: str,
    priority: NDArray[np.int64],
    first: NDArray[np.int64],
    last: NDArray[np.int64],
    is_live: NDArray[np.bool_],
    slots: int,
) -> AreaLine:
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
    return AreaLine(area, runs, now, weight)
