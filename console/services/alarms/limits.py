"""Bands with deadband and delays over numpy columns: which conditions change with these samples, and when.

A band row has two nested bands, seen from the inside: 1 (H, or L mirrored) and 2 (HH, LL). Discrete and quality
conditions use band 1 alone with x in {0, 1}. Rules: the on-delay runs per entry
into a band, the alarm starts with the crossing sample and shows the highest band seen during the delay; the
off-delay holds; each limit's deadband works on the way out only; a sample that cannot be trusted holds the alarm and
makes pending delays start anew. Entries may have to come `count` times within `within_us` (`count_window`).
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from console.services.alarms.count_window import CountWindow
from console.services.alarms.normal_seen import NormalSeen

Rows = NDArray[np.int64]
Times = NDArray[np.int64]
Floats = NDArray[np.float64]
Flags = NDArray[np.bool_]

NONE = np.iinfo(np.int64).min  # no timer runs
_FOREVER = np.iinfo(np.int64).max
_INF = float("inf")


@dataclass(frozen=True, slots=True)
class BandEvents:
    """Changes of n band rows, in order per row. `old` and `new` are bands 0..2.

    `at_us` is the crossing sample's time for entries into a band, the end of the off-delay for exits.
    """

    row: Rows
    at_us: Times
    old: NDArray[np.int8]
    new: NDArray[np.int8]
    value: Floats

    def __len__(self) -> int:
        return len(self.row)


@dataclass(frozen=True, slots=True)
class BandSettings:
    """Thresholds of one side, mirrored by `sign` (-1: low side), inf where there is none; delays in microseconds.

    The defaults fit a condition of yes (x = 1) or no (x = 0).
    """

    t1: float = 0.5
    t2: float = _INF
    sign: float = 1.0
    deadband: float = 0.0
    on_us: int = 0
    off_us: int = 0
    deadband2: float | None = None  # of the outer limit; None: the same
    count: int = 1
    within_us: int = 0


_COLUMNS: dict[str, tuple[str, float | int]] = {
    "sign": ("f8", 1.0),  # -1 mirrors the low side
    "t1": ("f8", _INF),
    "t2": ("f8", _INF),
    "deadband": ("f8", 0.0),  # of t1
    "deadband2": ("f8", 0.0),
    "on_us": ("i8", 0),
    "off_us": ("i8", 0),
    "raw": ("i1", 0),  # band of the newest trusted sample, with hysteresis
    "shown": ("i1", 0),  # band after the delays
    "since1": ("i8", NONE),  # since when band 1 differs between raw and shown
    "since2": ("i8", NONE),
    "seen2": ("?", False),  # band 2 was seen while band 1 waits for its on-delay
    "up_edge": ("f8", _INF),  # at or above: a higher band
    "down_edge": ("f8", -_INF),  # below: a lower band
    "value": ("f8", float("nan")),
}


class BandColumns:
    """All band rows of a station. Rows are dense and never leave; a retired one is disarmed (`disarm`)."""

    sign: Floats
    t1: Floats
    t2: Floats
    deadband: Floats
    deadband2: Floats
    on_us: Times
    off_us: Times
    raw: NDArray[np.int8]
    shown: NDArray[np.int8]
    since1: Times
    since2: Times
    seen2: Flags
    up_edge: Floats
    down_edge: Floats
    value: Floats

    def __init__(self) -> None:
        self.size = 0
        self._capacity = 0
        self._touched: Flags = np.zeros(0, bool)
        self._waiting: set[int] = set()
        self._window = CountWindow()
        self.normal = NormalSeen()
        self._grow(256)

    def add(self, settings: BandSettings, shown: int = 0) -> int:
        """A new row; `shown` > 0 continues an open occurrence."""
        if self.size == self._capacity:
            self._grow(self._capacity * 2)
        row = self.size
        self.size += 1
        self.raw[row] = self.shown[row] = shown
        self.configure(row, settings)
        return row

    def configure(self, row: int, settings: BandSettings) -> None:
        """Set or change the limits; the band shown stays until a sample says otherwise (no false return)."""
        self.t1[row] = min(settings.t1, settings.t2)  # HH without H: both bands begin there
        self.t2[row] = settings.t2
        self.sign[row] = settings.sign
        self.deadband[row] = settings.deadband
        self.deadband2[row] = settings.deadband if settings.deadband2 is None else settings.deadband2
        self.on_us[row] = settings.on_us
        self.off_us[row] = settings.off_us
        self.normal.forget(row)
        is_shown = bool(self.shown[row])
        if self._window.configure(row, settings.count, settings.within_us, is_active=is_shown):
            self.raw[row] = self.shown[row] = 0  # it was kept back until now: the next sample is its entry
            self.since1[row] = self.since2[row] = NONE
        self._set_edge(row)

    def disarm(self, row: int) -> None:
        """No sample changes this row any more."""
        self.t1[row] = self.t2[row] = _INF
        self.raw[row] = self.shown[row] = 0
        self.since1[row] = self.since2[row] = NONE
        self._waiting.discard(row)
        self.normal.drop(row)
        self._window.forget(row)
        self._set_edge(row)

    @property
    def is_waiting(self) -> bool:
        """True while a delay runs anywhere."""
        return bool(self._waiting)

    def waiting_rows(self) -> Rows:
        return np.fromiter(self._waiting, np.int64, len(self._waiting))

    def waiting_since(self, row: int) -> int | None:
        """Crossing time of an entry that waits for its on-delay, or None."""
        entries = [
            int(since[row])
            for band, since in ((1, self.since1), (2, self.since2))
            if since[row] != NONE and self.raw[row] >= band
        ]
        return min(entries, default=None)

    def feed(self, row: Rows, x: Floats, ok: Flags, at_us: Times) -> BandEvents:
        """Apply samples in order. `x` is mirrored; rows may repeat; where `ok` is False the sample only holds."""
        if self.normal.is_any:
            self.look(row, x, ok, at_us)
        out = (x >= self.up_edge[row]) | (x < self.down_edge[row])
        out &= ok
        if self._waiting:
            out |= ~ok & ((self.since1[row] != NONE) | (self.since2[row] != NONE))
        hits = row[out]
        if not len(hits):
            return NO_EVENTS
        self._touched[hits] = True
        pick = np.flatnonzero(self._touched[row])
        self._touched[hits] = False
        return self._told(self._rounds(row[pick], x[pick], ok[pick], at_us[pick]))

    def look(self, row: Rows, x: Floats, ok: Flags, at_us: Times) -> None:
        """Note of the rows that are watched which samples are clearly normal: beyond the limit and its deadband."""
        at = np.flatnonzero(self.normal.is_watched[row])
        if len(at) and len(at := at[ok[at]]):
            row = row[at]
            self.normal.see(row, x[at] < self.t1[row] - self.deadband[row], at_us[at])

    def hold(self, row: Rows) -> None:
        """The samples of these rows cannot be trusted now: pending delays are dropped, what is shown stays."""
        self._apply(row, self.shown[row], np.zeros(len(row), np.int64))
        self.seen2[row] = False

    def expire(self, row: Rows, at_us: Times) -> BandEvents:
        """Let the delays of these rows run to `at_us` (one each). A row may change more than once, in order."""
        return self._told(self._run_out(row, at_us))

    def _told(self, events: BandEvents) -> BandEvents:
        """Without the entries that are not enough yet."""
        told = self._window.let_through(events.row, events.at_us, events.old, events.new) if len(events) else None
        if told is None:
            return events
        return BandEvents(events.row[told], events.at_us[told], events.old[told], events.new[told], events.value[told])

    def _run_out(self, row: Rows, at_us: Times) -> BandEvents:
        parts: list[BandEvents] = []
        while len(row):
            first, is1, is2 = self._due(row)
            due = first <= at_us
            if not due.any():
                break
            row, at_us = row[due], at_us[due]
            parts.append(self._commit(row, first[due], is1[due], is2[due]))
        return _joined(parts)

    def _grow(self, capacity: int) -> None:
        for name, (kind, fill) in _COLUMNS.items():
            column = np.full(capacity, fill, kind)
            if self._capacity:
                column[: self._capacity] = getattr(self, name)
            setattr(self, name, column)
        self._touched = np.zeros(capacity, bool)
        self.normal.grow(capacity)
        self._capacity = capacity

    def _set_edge(self, row: int) -> None:
        """`_set_edges` for one row: a hundred thousand of them are configured one by one at start."""
        raw = self.raw[row]
        limits = (-_INF, self.t1[row], self.t2[row], _INF)
        self.up_edge[row] = limits[raw + 1]
        self.down_edge[row] = limits[raw] - (self.deadband2[row] if raw == 2 else self.deadband[row])

    def _set_edges(self, row: Rows) -> None:
        raw = self.raw[row]
        t1, t2 = self.t1[row], self.t2[row]
        self.up_edge[row] = np.where(raw == 0, t1, np.where(raw == 1, t2, _INF))
        edge = np.where(raw == 1, t1 - self.deadband[row], t2 - self.deadband2[row])
        self.down_edge[row] = np.where(raw == 0, -_INF, edge)

    def _band(self, row: Rows, x: Floats) -> NDArray[np.int8]:
        """Band of x: up at the limit, down only beyond that limit's deadband."""
        t1, t2, raw = self.t1[row], self.t2[row], self.raw[row]
        is2 = (x >= t2) | ((raw == 2) & (x >= t2 - self.deadband2[row]))
        is1 = (x >= t1) | ((raw >= 1) & (x >= t1 - self.deadband[row]))
        result: NDArray[np.int8] = np.where(is2, 2, is1).astype(np.int8)
        return result

    def _rounds(self, row: Rows, x: Floats, ok: Flags, at_us: Times) -> BandEvents:
        """The k-th remaining sample of each row in round k."""
        order = np.argsort(row, kind="stable")
        row, x, ok, at_us = row[order], x[order], ok[order], at_us[order]
        keep = self._changes_class(row, x, ok)
        row, x, ok, at_us = row[keep], x[keep], ok[keep], at_us[keep]
        starts = np.flatnonzero(np.concatenate(([True], row[1:] != row[:-1])))
        lengths = np.diff(np.append(starts, len(row)))
        rank = np.arange(len(row)) - np.repeat(starts, lengths)
        by_rank = np.argsort(rank, kind="stable")
        cuts = np.cumsum(np.bincount(rank))[:-1]
        parts = []
        for turn in np.split(by_rank, cuts):
            rows, at = row[turn], at_us[turn]
            parts.append(self._run_out(rows, at))
            self.value[rows] = x[turn] * self.sign[rows]
            trusted = ok[turn]
            band = np.where(trusted, self._band(rows, x[turn]), self.shown[rows]).astype(np.int8)
            self._apply(rows, band, at)
            self.seen2[rows[~trusted]] = False
            parts.append(self._run_out(rows, at))
        return _joined(parts)

    def _changes_class(self, row: Rows, x: Floats, ok: Flags) -> Flags:
        """False for a sample that meets the same side of every edge as the one before it: it changes nothing."""
        t1, t2 = self.t1[row], self.t2[row]
        side = (x >= t1).astype(np.int8) + (x >= t2) + (x >= t1 - self.deadband[row]) * np.int8(3)
        side = np.where(ok, side + (x >= t2 - self.deadband2[row]) * np.int8(9), np.int8(-1))
        keep = np.ones(len(row), bool)
        keep[1:] = (row[1:] != row[:-1]) | (side[1:] != side[:-1])
        return keep

    def _apply(self, row: Rows, raw: NDArray[np.int8], at_us: Times) -> None:
        """Set the raw band at a time; starts and stops the delays."""
        shown, old = self.shown[row], self.raw[row]
        for band, since in ((1, self.since1), (2, self.since2)):
            was = (old >= band) != (shown >= band)
            now = (raw >= band) != (shown >= band)
            since[row] = np.where(now, np.where(was, since[row], at_us), NONE)
        self.seen2[row] = (shown == 0) & (raw >= 1) & (self.seen2[row] | (raw >= 2))
        self.raw[row] = raw
        self._set_edges(row)
        self._note_waiting(row)

    def _due(self, row: Rows) -> tuple[Times, Flags, Flags]:
        """When the next delay of each row ends, and which bands change then."""
        on, off, shown = self.on_us[row], self.off_us[row], self.shown[row]
        since1, since2 = self.since1[row], self.since2[row]
        end1 = np.where(since1 == NONE, _FOREVER, since1 + np.where(shown == 0, on, off))
        end2 = np.where(since2 == NONE, _FOREVER, since2 + np.where(shown <= 1, on, off))
        first = np.minimum(end1, end2)
        return first, end1 == first, end2 == first

    def _commit(self, row: Rows, end_us: Times, is1: Flags, is2: Flags) -> BandEvents:
        """One change per row at the end of its delay."""
        old, raw = self.shown[row], self.raw[row]
        since1, since2 = self.since1[row], self.since2[row]
        entering1 = is1 & (old == 0)
        new = np.where(is1, np.where(entering1, np.where(self.seen2[row], 2, 1), 0), np.where(old == 2, 1, 2))
        at = np.where(entering1, since1, np.where(new > old, since2, end_us))
        self.shown[row] = new
        self.since1[row] = np.where(is1, NONE, since1)
        differs2 = (raw >= 2) != (new >= 2)
        # band 2 was seen only during the delay: its own off-delay begins with the alarm
        self.since2[row] = np.where(differs2, np.where(entering1, end_us, since2), NONE)
        self.seen2[row] &= ~is1
        self._note_waiting(row)
        return BandEvents(row, at, old, new.astype(np.int8), self.value[row])

    def _note_waiting(self, row: Rows) -> None:
        waits = (self.since1[row] != NONE) | (self.since2[row] != NONE)
        if waits.any():
            self._waiting.update(row[waits].tolist())
        if self._waiting:
            self._waiting.difference_update(row[~waits].tolist())


def _joined(parts: list[BandEvents]) -> BandEvents:
    parts = [part for part in parts if len(part)]
    if not parts:
        return NO_EVENTS
    if len(parts) == 1:
        return parts[0]
    return BandEvents(
        np.concatenate([part.row for part in parts]),
        np.concatenate([part.at_us for part in parts]),
        np.concatenate([part.old for part in parts]),
        np.concatenate([part.new for part in parts]),
        np.concatenate([part.value for part in parts]),
    )


NO_EVENTS = BandEvents(
    np.zeros(0, np.int64), np.zeros(0, np.int64), np.zeros(0, np.int8), np.zeros(0, np.int8), np.zeros(0, np.float64)
)
