"""Holds back what a tag's deadband makes superfluous: the exception test and the swinging door, for whole batches.

Of each tag the state is a row of columns. A batch is walked in rounds of one sample for each tag, so that a round is
vectorised over all of them. What is let through comes out in order, together with the sample before it where that had
been held back and is needed: so a jump begins where it began, and a door closes on the last point it had room for.
"""

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from console.domain.history.settings import TagHistory
from console.services.records import Bytes8, Floats, Ints, Longs

Rows = NDArray[np.int64]
Flags = NDArray[np.bool_]


@dataclass(frozen=True, slots=True)
class Stream:
    """Samples in order, equally long columns; `row` says at which row of the batch each came out."""

    handle: Ints
    at_us: Longs
    value: Floats
    quality: Bytes8
    row: Rows

    def __len__(self) -> int:
        return len(self.handle)

    def take(self, rows: NDArray[np.intp] | Flags) -> "Stream":
        return Stream(self.handle[rows], self.at_us[rows], self.value[rows], self.quality[rows], self.row[rows])


def joined(parts: list[Stream]) -> Stream:
    """In the order of the rows that they came out at; of one row in the order of the parts."""
    if not parts:
        empty = np.empty(0, np.int64)
        return Stream(np.empty(0, np.int32), empty, np.empty(0), np.empty(0, np.uint8), empty)
    whole = Stream(
        np.concatenate([part.handle for part in parts]),
        np.concatenate([part.at_us for part in parts]),
        np.concatenate([part.value for part in parts]),
        np.concatenate([part.quality for part in parts]),
        np.concatenate([part.row for part in parts]),
    )
    return whole.take(np.argsort(whole.row, kind="stable"))


class Deadbands:
    """Tags without a band are not known here. `always` marks rows that pass whatever they say (texts, exact integers).

    Samples of a tag come in the order of their time (late and historical ones pass by, after `release` of the tag).
    """

    def __init__(self) -> None:
        self._exception = _Exception()
        self._door = _Door()
        self.known: Flags = np.zeros(1024, np.bool_)  # by handle
        self.most_us: Longs = np.zeros(1024, np.int64)

    def define(self, handle: int, history: TagHistory) -> None:
        if handle >= len(self.known):
            room = max(handle + 1, 2 * len(self.known))
            self.known = _grown(self.known, room)
            self.most_us = _grown(self.most_us, room)
        self.known[handle] = history.has_deadband
        self.most_us[handle] = int(history.max_interval_s * 1_000_000)
        for test, band in ((self._exception, history.exception), (self._door, history.compression)):
            test.grow(len(self.known))
            test.width[handle], test.is_percent[handle] = band.width, band.is_percent

    def knows(self, handles: Ints) -> Flags:
        inside = handles < len(self.known)
        return inside & self.known[np.where(inside, handles, 0)]

    def push(self, batch: Stream, always: Flags) -> Stream:
        """What is stored now; rows of the result are those of the batch at which it came out."""
        parts: list[Stream] = []
        for rows in _rounds(batch.handle):
            one = batch.take(rows)
            self._step(one, always[rows], parts)
        return joined(parts)

    def release(self, handles: Ints, row: int = 0) -> Stream:
        """Everything held back of these tags; their next sample is stored in any case."""
        parts: list[Stream] = []
        mine = np.unique(handles[self.knows(handles)])
        if len(mine):
            rows = np.full(len(mine), row, np.int64)
            held = self._exception.pull(mine, rows)
            if len(held):
                self._door.step(held, np.zeros(len(held), np.bool_), self.most_us[held.handle], parts)
            parts.append(self._door.pull(mine, rows))
            self._exception.forget(mine)
            self._door.forget(mine)
        return joined(parts)

    def overdue(self, before_us: int) -> Stream:
        """Points that a door holds back since a sample of before `before_us`: nothing came that would close it. A
        reader would see an old value held for as long; the next point opens a new door from this one."""
        held = np.flatnonzero(self._door.has_held & (self._door.held_us < before_us)).astype(np.int32)
        return self._door.let_go(held)

    def release_all(self) -> Stream:
        return self.release(np.flatnonzero(self.known).astype(np.int32))

    def _step(self, one: Stream, always: Flags, parts: list[Stream]) -> None:
        passed: list[Stream] = []
        self._exception.step(one, always, self.most_us[one.handle], passed)
        for stream in passed:  # of each tag at most two: what was held back, then the sample itself
            if not self._door.width[stream.handle].any():
                parts.append(stream)
            elif len(stream):
                is_sure = always[np.searchsorted(one.row, stream.row)] if always.any() else None
                sure = np.zeros(len(stream), np.bool_) if is_sure is None else is_sure
                self._door.step(stream, sure, self.most_us[stream.handle], parts)


class _Exception:
    """Passes what differs from the last passed sample by more than the band, and then the one before it too."""

    def __init__(self) -> None:
        self.width: Floats = np.zeros(0)
        self.is_percent: Flags = np.zeros(0, np.bool_)
        self.has_last: Flags = np.zeros(0, np.bool_)
        self.has_held: Flags = np.zeros(0, np.bool_)
        self.last_us: Longs = np.zeros(0, np.int64)
        self.last_value: Floats = np.zeros(0)
        self.last_quality: Bytes8 = np.zeros(0, np.uint8)
        self.held_us: Longs = np.zeros(0, np.int64)
        self.held_value: Floats = np.zeros(0)

    def grow(self, room: int) -> None:
        if room > len(self.width):
            for name, column in vars(self).items():
                setattr(self, name, _grown(column, room))

    def step(self, one: Stream, always: Flags, most_us: Longs, out: list[Stream]) -> None:
        """Distinct handles. Appends what passes: held-back ones, then the samples."""
        h = one.handle
        last, last_us, has_held, width = self.last_value[h], self.last_us[h], self.has_held[h], self.width[h]
        is_percent = self.is_percent[h]
        band = np.where(is_percent, np.abs(last) * width / 100, width) if is_percent.any() else width
        jumps = always | ~self.has_last[h] | (one.quality != self.last_quality[h]) | (width <= 0)
        with np.errstate(invalid="ignore", over="ignore"):
            jumps |= ~(np.abs(one.value - last) <= band)  # also where one of them is no number
        jumps |= one.at_us < np.where(has_held, self.held_us[h], last_us)
        passes = jumps | (one.at_us - last_us >= most_us)
        needed = jumps & has_held
        if needed.any():
            out.append(self._held(h[needed], one.row[needed]))
        gone, stays = h[passes], ~passes
        self.last_us[gone], self.last_value[gone] = one.at_us[passes], one.value[passes]
        self.last_quality[gone], self.has_last[gone], self.has_held[gone] = one.quality[passes], True, False
        kept = h[stays]
        self.held_us[kept], self.held_value[kept], self.has_held[kept] = one.at_us[stays], one.value[stays], True
        out.append(one.take(passes))

    def pull(self, handles: Ints, rows: Rows) -> Stream:
        """What is held back of these."""
        mine = self.has_held[handles]
        found = self._held(handles[mine], rows[mine])
        self.has_held[handles] = False
        return found

    def forget(self, handles: Ints) -> None:
        self.has_last[handles] = self.has_held[handles] = False

    def _held(self, handles: Ints, rows: Rows) -> Stream:
        return Stream(handles, self.held_us[handles], self.held_value[handles], self.last_quality[handles], rows)


class _Door:
    """The swinging door: from the last stored point a line must pass every held-back one within the band.

    Stored is the last point whose own line did so (not the corner of the door), so that what a straight line between
    two stored points rebuilds is off by no more than the band anywhere.
    """

    def __init__(self) -> None:
        self.width: Floats = np.zeros(0)
        self.is_percent: Flags = np.zeros(0, np.bool_)
        self.has_last: Flags = np.zeros(0, np.bool_)
        self.has_held: Flags = np.zeros(0, np.bool_)
        self.last_us: Longs = np.zeros(0, np.int64)
        self.last_value: Floats = np.zeros(0)
        self.last_quality: Bytes8 = np.zeros(0, np.uint8)
        self.held_us: Longs = np.zeros(0, np.int64)
        self.held_value: Floats = np.zeros(0)
        self.low: Floats = np.zeros(0)  # slopes per us between which the next line must lie
        self.high: Floats = np.zeros(0)

    def grow(self, room: int) -> None:
        if room > len(self.width):
            for name, column in vars(self).items():
                setattr(self, name, _grown(column, room))

    def step(self, one: Stream, always: Flags, most_us: Longs, out: list[Stream]) -> None:
        """Distinct handles. Appends what is stored: held-back points, then samples."""
        h = one.handle
        breaks = always | ~self.has_last[h] | (one.quality != self.last_quality[h]) | ~np.isfinite(one.value)
        breaks |= ~np.isfinite(self.last_value[h]) | (self.width[h] <= 0)
        breaks |= one.at_us < np.where(self.has_held[h], self.held_us[h], self.last_us[h])  # a clock was put back
        with np.errstate(invalid="ignore", over="ignore", divide="ignore"):
            slope = (one.value - self.last_value[h]) / (one.at_us - self.last_us[h])
        fits = (slope >= self.low[h]) & (slope <= self.high[h]) & (one.at_us - self.last_us[h] < most_us)
        closes = ~breaks & self.has_held[h] & ~fits
        is_first = ~breaks & ~self.has_held[h]
        stored = self.has_held[h] & (breaks | closes)
        if stored.any():
            out.append(self._held(h[stored], one.row[stored]))
        turned = h[closes]
        self.last_us[turned], self.last_value[turned] = self.held_us[turned], self.held_value[turned]
        # no time passed since the stored point, or too much: no door can open, the sample is stored itself
        waited = one.at_us - self.last_us[h]
        opens = (closes | is_first) & (waited > 0) & (waited < most_us)
        through = breaks | ((closes | is_first) & ~opens)
        gone = h[through]
        self.last_us[gone], self.last_value[gone] = one.at_us[through], one.value[through]
        self.last_quality[gone], self.has_last[gone], self.has_held[gone] = one.quality[through], True, False
        if through.any():
            out.append(one.take(through))
        self._hold(one, opens, ~through)

    def _hold(self, one: Stream, opens: Flags, held: Flags) -> None:
        """The samples behind the door, and how far it is open now."""
        h = one.handle
        fresh = h[opens]
        self.low[fresh], self.high[fresh] = -np.inf, np.inf
        mine = h[held]
        value, since = one.value[held], (one.at_us[held] - self.last_us[mine]).astype(np.float64)
        last = self.last_value[mine]
        width = np.where(self.is_percent[mine], np.abs(last) * self.width[mine] / 100, self.width[mine])
        with np.errstate(over="ignore"):
            self.low[mine] = np.maximum(self.low[mine], (value - width - last) / since)
            self.high[mine] = np.minimum(self.high[mine], (value + width - last) / since)
        self.held_us[mine], self.held_value[mine], self.has_held[mine] = one.at_us[held], value, True

    def pull(self, handles: Ints, rows: Rows) -> Stream:
        """What is held back of these."""
        mine = self.has_held[handles]
        found = self._held(handles[mine], rows[mine])
        self.has_held[handles] = False
        return found

    def let_go(self, handles: Ints) -> Stream:
        """The same, and the door turns on the point that was held back."""
        found = self.pull(handles, np.zeros(len(handles), np.int64))
        self.last_us[found.handle], self.last_value[found.handle] = found.at_us, found.value
        return found

    def forget(self, handles: Ints) -> None:
        self.has_last[handles] = self.has_held[handles] = False

    def _held(self, handles: Ints, rows: Rows) -> Stream:
        return Stream(handles, self.held_us[handles], self.held_value[handles], self.last_quality[handles], rows)


def _rounds(handles: Ints) -> list[NDArray[np.intp]]:
    """Rows of the first sample of each tag, of the second, and so on; each ascending."""
    order = np.argsort(handles, kind="stable")
    ordered = handles[order]
    starts = np.flatnonzero(np.concatenate([[True], ordered[1:] != ordered[:-1]])) if len(order) else order
    if len(starts) == len(order):
        return [np.arange(len(order))] if len(order) else []
    lengths = np.diff(np.append(starts, len(order)))
    nth = np.arange(len(order)) - np.repeat(starts, lengths)
    return [np.sort(order[nth == n]) for n in range(int(lengths.max()))]


def _grown(column: NDArray[Any], room: int) -> NDArray[Any]:
    """The column with zeros behind."""
    return np.concatenate([column, np.zeros(room - len(column), column.dtype)])
