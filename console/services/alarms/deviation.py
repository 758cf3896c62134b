"""Value minus setpoint: what each sample of either means to the bands that compare them."""

from collections.abc import Iterable

import numpy as np
from numpy.typing import NDArray

from console.domain import derived
from console.domain.alarms import AlarmKind, AlarmRule
from console.domain.tags import Tag
from console.services.alarms.limits import NONE, Flags, Floats, Rows, Times

Fed = tuple[Rows, Floats, Flags, Times]  # band rows, what they are fed (not mirrored), whether to trust it, when
_COLUMNS: dict[str, tuple[str, float | int]] = {
    "band": ("i8", -1),
    "main": ("f8", float("nan")),  # nan: nothing that can be trusted
    "main_us": ("i8", NONE),
    "setpoint": ("f8", float("nan")),
    "setpoint_us": ("i8", NONE),
}


class Deviations:
    """One entry per band row of kind DEVIATION; setpoint tags may become known before or after."""

    band: Rows
    main: Floats
    main_us: Times
    setpoint: Floats
    setpoint_us: Times

    def __init__(self) -> None:
        self._size = 0
        self._entry: dict[int, int] = {}  # band row -> entry
        self._entry_of = np.full(256, -1, np.int64)
        self._wanted: dict[int, str] = {}  # entry -> setpoint as the rule has it
        self._by_setpoint: dict[int, set[int]] = {}  # handle -> entries
        self._is_setpoint = np.zeros(256, bool)
        self._handle: dict[int, int] = {}  # entry -> handle of its setpoint tag
        self._waiting: dict[str, set[int]] = {}  # path with broker -> entries that wait for it
        self._waits_for: dict[int, tuple[str, ...]] = {}
        self._tails: set[str] = set()
        self._known: dict[str, int] = {}  # path with broker -> handle, of tags that may be a setpoint
        self._grow(64)

    @property
    def is_empty(self) -> bool:
        return not self._size

    def expect(self, rules: Iterable[AlarmRule]) -> None:
        """The rules from now on: tags that one of them may mean are remembered when they become known."""
        self._tails = {rule.setpoint.rpartition("/")[2] for rule in rules if rule.kind is AlarmKind.DEVIATION}

    def know(self, tag: Tag) -> None:
        """A tag exists: it may be the setpoint that somebody waits for, now or later."""
        if tag.source.metric.rpartition("/")[2] not in self._tails:
            return
        path = tag.source.path()
        self._known[path] = tag.handle
        for entry in self._waiting.pop(path, ()):
            if entry not in self._handle:
                self._link(entry, tag.handle)

    def hang(self, band: int, tag: Tag, rule: AlarmRule) -> None:
        """A band compares this tag with the rule's setpoint from now on. A setpoint that stays keeps its value."""
        entry = self._entry.get(band)
        if entry is None:
            entry = self._new(band)
        elif self._wanted.get(entry) == rule.setpoint:
            return
        self._unlink(entry)
        self._wanted[entry] = rule.setpoint
        try:
            self.setpoint[entry] = float(rule.setpoint)
        except ValueError:
            self._look_for(entry, tag, rule.setpoint)

    def setpoint_tag(self, band: int) -> int:
        """Handle of the tag that is a band's setpoint; -1: a number is, or the tag is not known yet."""
        return self._handle.get(self._entry.get(band, -1), -1)

    def samples(self, handle: NDArray[np.int32], at_us: Times, value: Floats, main: tuple[Rows, Rows]) -> Fed:
        """What the samples (nan: not to be trusted) mean. `main`: band rows and, beside each, the index of a sample
        of its own tag. Value and setpoint are joined in source time."""
        entry, at, is_setpoint = self._joined(handle, main)
        order = np.lexsort((np.arange(len(entry)), at_us[at], entry))
        entry, at, is_setpoint = entry[order], at[order], is_setpoint[order]
        if not len(entry):
            return entry, np.zeros(0), np.zeros(0, bool), entry
        number, time = value[at], at_us[at]
        begins = np.concatenate(([True], entry[1:] != entry[:-1]))
        start = np.maximum.accumulate(np.where(begins, np.arange(len(entry)), 0))
        here = np.arange(len(entry))
        newest_main = np.maximum.accumulate(np.where(is_setpoint, -1, here))
        newest_set = np.maximum.accumulate(np.where(is_setpoint, here, -1))
        has_main, has_set = newest_main >= start, newest_set >= start
        main_value = np.where(has_main, number[newest_main], self.main[entry])
        main_us = np.where(has_main, time[newest_main], self.main_us[entry])
        set_value = np.where(has_set, number[newest_set], self.setpoint[entry])
        set_us = np.where(has_set, time[newest_set], self.setpoint_us[entry])
        last = np.flatnonzero(np.concatenate((begins[1:], [True])))
        self.main[entry[last]], self.main_us[entry[last]] = main_value[last], main_us[last]
        self.setpoint[entry[last]], self.setpoint_us[entry[last]] = set_value[last], set_us[last]
        deviation = main_value - set_value
        # value and setpoint that change at the same moment are judged once: there was no deviation between them
        whole = np.concatenate((begins[1:] | (time[1:] != time[:-1]), [True]))
        entry, deviation, at_us = entry[whole], deviation[whole], np.maximum(main_us, set_us)[whole]
        return self.band[entry], deviation, np.isfinite(deviation), at_us

    def distrust(self, handles: NDArray[np.int32], main: Rows) -> Rows:
        """Nothing of these tags can be trusted until their next samples; `main` are the band rows of their own.

        Returns the band rows whose setpoint is among them: they hold too."""
        entries = self._entry_of[main]
        self.main[entries] = np.nan
        held: list[int] = []
        for handle in handles[self._are_setpoints(handles)].tolist():
            held.extend(self._by_setpoint.get(handle, ()))
        found = np.array(held, np.int64)
        self.setpoint[found] = np.nan
        return self.band[found]

    def _joined(self, handle: NDArray[np.int32], main: tuple[Rows, Rows]) -> tuple[Rows, Rows, Flags]:
        """Entry, sample and whether it is the setpoint's, for every meeting of the two."""
        parts = [self._entry_of[main[0]]]
        places = [main[1]]
        for i in np.flatnonzero(self._are_setpoints(handle)).tolist():
            entries = np.fromiter(self._by_setpoint.get(int(handle[i]), ()), np.int64)
            parts.append(entries)
            places.append(np.full(len(entries), i, np.int64))
        entry = np.concatenate(parts)
        is_setpoint = np.ones(len(entry), bool)
        is_setpoint[: len(main[0])] = False
        return entry, np.concatenate(places), is_setpoint

    def _are_setpoints(self, handles: NDArray[np.int32]) -> Flags:
        inside = handles < len(self._is_setpoint)
        found: Flags = inside & self._is_setpoint[np.where(inside, handles, 0)]
        return found

    def _new(self, band: int) -> int:
        entry = self._entry[band] = self._size
        self._size += 1
        if entry == len(self.band):
            self._grow(2 * entry)
        if band >= len(self._entry_of):
            self._entry_of = np.concatenate([self._entry_of, np.full(max(band, 256), -1, np.int64)])
        self._entry_of[band] = entry
        self.band[entry] = band
        return entry

    def _look_for(self, entry: int, tag: Tag, setpoint: str) -> None:
        """By its path on the tag's own broker, among the derived tags, or with its broker named."""
        source = tag.source
        if setpoint.startswith("./"):
            paths = [f"{source.asset_path()}/{setpoint[2:]}"]
        else:
            paths = [f"{source.broker}/{setpoint}", f"{derived.BROKER}/{setpoint}", setpoint]
        for path in paths:
            if path in self._known:
                self._link(entry, self._known[path])
                return
        self._waits_for[entry] = tuple(paths)
        for path in paths:
            self._waiting.setdefault(path, set()).add(entry)

    def _link(self, entry: int, handle: int) -> None:
        self._handle[entry] = handle
        self._by_setpoint.setdefault(handle, set()).add(entry)
        if handle >= len(self._is_setpoint):
            self._is_setpoint = np.concatenate([self._is_setpoint, np.zeros(max(handle, 256), bool)])
        self._is_setpoint[handle] = True

    def _unlink(self, entry: int) -> None:
        handle = self._handle.pop(entry, None)
        if handle is not None:
            self._by_setpoint[handle].discard(entry)
            self._is_setpoint[handle] = bool(self._by_setpoint[handle])
        for path in self._waits_for.pop(entry, ()):
            self._waiting.get(path, set()).discard(entry)
        self.setpoint[entry], self.setpoint_us[entry] = np.nan, NONE

    def _grow(self, capacity: int) -> None:
        for name, (kind, fill) in _COLUMNS.items():
            column = np.full(capacity, fill, kind)
            if self._size:
                column[: self._size - 1] = getattr(self, name)[: self._size - 1]
            setattr(self, name, column)
