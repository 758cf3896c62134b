"""How fast a value changes: now minus `over` ago, per second, in source time, with a bounded past per band row.

A value is held until the next sample (sources report by exception), so the rate changes with every sample and again
`over` later. Both moments are judged: a value that stands still after a step has no rate any more, sample or not. The
past keeps the last sample of every 32nd part of `over`. Cost follows the samples, not the rows.
"""

import numpy as np
from numpy.typing import NDArray

from console.services.alarms.deviation import Fed
from console.services.alarms.limits import NONE, Floats, Rows, Times

CELLS = 32
_ROOM = CELLS + 8
_FOREVER = np.iinfo(np.int64).max
_NOTHING: Fed = (np.zeros(0, np.int64), np.zeros(0), np.zeros(0, bool), np.zeros(0, np.int64))


class Rates:
    """One entry per band row of kind RATE."""

    def __init__(self) -> None:
        self._size = 0
        self._entry: dict[int, int] = {}
        self._entry_of = np.full(256, -1, np.int64)
        self._band = np.zeros(16, np.int64)
        self._over_us = np.ones(16, np.int64)
        self._judged_us = np.full(16, NONE, np.int64)  # up to here
        self._due_us = np.full(16, _FOREVER, np.int64)  # next moment at which the rate changes without a sample
        self._count = np.zeros(16, np.int64)
        self._time = np.zeros((16, _ROOM), np.int64)
        self._value = np.zeros((16, _ROOM))

    def hang(self, band: int, over_s: float) -> None:
        """A band judges the rate over this time; another time than before begins a new past."""
        over_us = max(CELLS, round(over_s * 1e6))
        entry = self._entry.get(band)
        if entry is None:
            entry = self._new(band)
        elif self._over_us[entry] == over_us:
            return
        self._over_us[entry] = over_us
        self._count[entry] = 0
        self._judged_us[entry], self._due_us[entry] = NONE, _FOREVER

    def samples(self, band: Rows, at_us: Times, value: Floats) -> Fed:
        """Samples of these bands' tags in order (nan: not to be trusted). Returns what the bands are fed, in order."""
        if not len(band):
            return _NOTHING
        entry = self._entry_of[band]
        involved, local = np.unique(entry, return_inverse=True)
        horizon = np.full(len(involved), NONE, np.int64)
        np.maximum.at(horizon, local, at_us)
        return self._judge(involved, horizon, (local, at_us, value))

    def waiting(self) -> Rows:
        """Band rows whose rate will change by time alone."""
        return self._band[np.flatnonzero(self._due_us[: self._size] < _FOREVER)]

    def go_on(self, band: Rows, until_us: Times) -> Fed:
        """Time goes on to `until_us` on the nodes of these bands, without samples."""
        entry = self._entry_of[band]
        due = self._due_us[entry] <= until_us
        if not due.any():
            return _NOTHING
        none = np.zeros(0, np.int64)
        return self._judge(entry[due], until_us[due], (none, none, np.zeros(0)))

    def distrust(self, band: Rows) -> None:
        """From right after their newest sample on, nothing is known."""
        for entry in self._entry_of[band].tolist():
            count = int(self._count[entry])
            if count and not np.isnan(self._value[entry, count - 1]):
                one = np.array([entry])
                at = self._time[entry, count - 1 : count] + 1
                self._judge(one, np.maximum(at, self._judged_us[one]), (np.zeros(1, np.int64), at, np.full(1, np.nan)))

    def _judge(self, entry: Rows, horizon: Times, fresh: tuple[Rows, Times, Floats]) -> Fed:
        """All moments up to the horizon that were not judged yet. `fresh`: place in `entry`, time, value."""
        over = self._over_us[entry]
        owner, time, value = self._past(entry, fresh)
        keys = _Keys(owner, time, int(over.max()))
        last = _last_of_cells(owner, time, (over // CELLS)[owner])
        kept_owner, kept_time, kept_value = owner[last], time[last], value[last]
        kept = _Keys(kept_owner, kept_time, int(over.max()), like=keys)
        later = kept_time + over[kept_owner]
        is_due = (later > self._judged_us[entry][kept_owner]) & (later <= horizon[kept_owner])
        at_owner = np.concatenate([fresh[0], kept_owner[is_due]])
        at_time = np.concatenate([fresh[1], later[is_due]])
        at_owner, at_time = _unique(at_owner, at_time)
        now = keys.held(at_owner, at_time, value)
        then = kept.held(at_owner, at_time - over[at_owner], kept_value)
        rate = (now - then) / (over[at_owner] / 1e6)
        self._judged_us[entry] = np.maximum(self._judged_us[entry], horizon)
        self._keep(entry, kept_owner, kept_time, kept_value)
        return self._band[entry[at_owner]], rate, np.isfinite(rate), at_time

    def _past(self, entry: Rows, fresh: tuple[Rows, Times, Floats]) -> tuple[Rows, Times, Floats]:
        """What is remembered and what is new, by owner and time."""
        count = self._count[entry]
        filled = np.arange(_ROOM) < count[:, None]
        owner = np.concatenate([np.repeat(np.arange(len(entry)), count), fresh[0]])
        time = np.concatenate([self._time[entry][filled], fresh[1]])
        value = np.concatenate([self._value[entry][filled], fresh[2]])
        order = np.lexsort((np.arange(len(owner)), time, owner))
        return owner[order], time[order], value[order]

    def _keep(self, entry: Rows, owner: Rows, time: Times, value: Floats) -> None:
        """What later moments will look back on: everything after `judged - over`, and the one before that."""
        since = (self._judged_us[entry] - self._over_us[entry])[owner]
        is_needed = time > since
        before_next = np.concatenate((owner[1:] != owner[:-1], [True])) if len(owner) else np.zeros(0, bool)
        next_needed = np.concatenate((is_needed[1:], [False])) if len(owner) else before_next
        wanted = is_needed | next_needed | before_next
        owner, time, value = owner[wanted], time[wanted], value[wanted]
        count = np.bincount(owner, minlength=len(entry))
        start = np.cumsum(count) - count
        place = np.arange(len(owner)) - start[owner]
        place -= np.maximum(0, count - _ROOM)[owner]
        room = place >= 0
        owner, time, value, place = owner[room], time[room], value[room], place[room]
        self._time[entry[owner], place] = time
        self._value[entry[owner], place] = value
        self._count[entry] = np.minimum(count, _ROOM)
        later = time + self._over_us[entry][owner]
        due = np.full(len(entry), _FOREVER, np.int64)
        ahead = later > self._judged_us[entry][owner]
        np.minimum.at(due, owner[ahead], later[ahead])
        self._due_us[entry] = due

    def _new(self, band: int) -> int:
        entry = self._entry[band] = self._size
        self._size += 1
        if entry == len(self._band):
            for name in ("_band", "_over_us", "_judged_us", "_due_us", "_count", "_time", "_value"):
                column = getattr(self, name)
                setattr(self, name, np.concatenate([column, np.zeros_like(column)]))
        if band >= len(self._entry_of):
            self._entry_of = np.concatenate([self._entry_of, np.full(max(band, 256), -1, np.int64)])
        self._entry_of[band] = entry
        self._band[entry] = band
        return entry


class _Keys:
    """Owner and time as one sorted integer, to find what is held at a time."""

    _first: int
    _span: int

    def __init__(self, owner: Rows, time: Times, over_us: int, like: "_Keys | None" = None) -> None:
        if like is not None:
            self._first, self._span = like._first, like._span
        else:
            first = int(time.min()) if len(time) else 0
            self._first = first - over_us - 1
            self._span = (int(time.max()) if len(time) else 0) + over_us + 2 - self._first
        self._owner = owner
        self._time = time
        self._is_wide = (int(owner[-1]) + 2 if len(owner) else 1) * self._span >= 1 << 62
        self._keys = np.zeros(0, np.int64) if self._is_wide else owner * self._span + (time - self._first)

    def held(self, owner: Rows, time: Times, value: Floats) -> Floats:
        """The value of each owner at this time, nan when it has none yet."""
        if not len(value):
            return np.full(len(owner), np.nan)
        if self._is_wide:  # clocks ages apart: one owner at a time
            at = np.zeros(len(owner), np.int64)
            for one in np.unique(owner).tolist():
                low, high = np.searchsorted(self._owner, [one, one + 1])
                mine = owner == one
                at[mine] = low + np.searchsorted(self._time[low:high], time[mine], side="right") - 1
        else:
            at = np.searchsorted(self._keys, owner * self._span + (time - self._first), side="right") - 1
        found: NDArray[np.float64] = np.where((at >= 0) & (self._owner[at] == owner), value[at], np.nan)
        return found


def _last_of_cells(owner: Rows, time: Times, step: Times) -> NDArray[np.bool_]:
    cell = time // step
    last = np.ones(len(owner), bool)
    last[:-1] = (owner[1:] != owner[:-1]) | (cell[1:] != cell[:-1])
    return last


def _unique(owner: Rows, time: Times) -> tuple[Rows, Times]:
    """By owner and time, each moment once."""
    order = np.lexsort((time, owner))
    owner, time = owner[order], time[order]
    first = np.ones(len(owner), bool)
    first[1:] = (owner[1:] != owner[:-1]) | (time[1:] != time[:-1])
    return owner[first], time[first]
