"""How far a value lies from what is usual at its hour: fed to the bands of baseline rules, in source time.

The references come from history (`tell`); while a slot has none, or of too few periods, its samples only hold what is
shown. What is usual changes with the hour, sample or not: a value that stands still is judged again as its slot ends.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, tzinfo

import numpy as np
from numpy.typing import NDArray

from console.domain.alarms import AlarmKind, AlarmRule
from console.domain.history.baseline import (
    LEAST_KNOWN,
    MOST_SIGMAS,
    SLOTS,
    Cycle,
    Measure,
    Reference,
    local,
    slot_of,
)
from console.services.alarms.deviation import Fed
from console.services.alarms.limits import NONE, Floats, Rows, Times

QUARTER_US = 900_000_000  # the clocks of all zones change their hour at one
_FOREVER = np.iinfo(np.int64).max
_MEASURES = {Measure.ABSOLUTE: 0, Measure.PERCENT: 1, Measure.SIGMA: 2}
_CYCLES = tuple(Cycle)
_MOST_QUARTERS = 4096
_NOTHING: Fed = (np.zeros(0, np.int64), np.zeros(0), np.zeros(0, bool), np.zeros(0, np.int64))
_COLUMNS: dict[str, tuple[str, float]] = {
    "band": ("i8", -1),
    "need": ("i8", -1),
    "measure": ("i1", 0),
    "floor": ("f8", float("-inf")),
    "least": ("f8", 0.0),
    "value": ("f8", float("nan")),  # nan: nothing that can be trusted
    "slot": ("i8", -1),
    "due_us": ("i8", _FOREVER),  # next moment at which the slot may change
}


@dataclass(frozen=True, slots=True)
class Need:
    """References that somebody must make: of a tag, over so many periods."""

    handle: int
    cycle: Cycle
    periods: int


@dataclass(frozen=True, slots=True)
class Told:
    """How many of a rule's slots have enough of a past on one tag, and whether the present one has."""

    handle: int
    rule: AlarmRule
    known: int
    slots: int
    knows_now: bool


class UsualBands:
    """One entry per band row of kind BASELINE. `zone` is the site's."""

    band: Rows
    need: Rows
    measure: NDArray[np.int8]
    floor: Floats
    least: Floats
    value: Floats
    slot: Rows
    due_us: Times

    def __init__(self) -> None:
        self.zone: tzinfo = UTC
        self._size = 0
        self._entry: dict[int, int] = {}
        self._entry_of = np.full(256, -1, np.int64)
        self._hung: dict[int, tuple[int, AlarmRule]] = {}  # entry -> handle of its tag, its rule
        self._live: set[str] = set()
        self._needs: dict[Need, int] = {}
        self._cycle = np.zeros(16, np.int8)  # by need
        self._mean = np.full((16, max(SLOTS.values())), np.nan)
        self._sigma = np.full((16, max(SLOTS.values())), np.nan)
        self._slots: dict[int, tuple[int, ...]] = {}  # quarter of an hour -> slot by cycle
        self._grow(16)

    def expect(self, rules: Iterable[AlarmRule]) -> None:
        """The rules from now on; what hangs on others needs nothing any more."""
        self._live = {rule.rule_id for rule in rules if rule.kind is AlarmKind.BASELINE}

    @property
    def needs(self) -> tuple[Need, ...]:
        """What the rules want to be told."""
        present = {int(self.need[entry]) for entry, (_, rule) in self._hung.items() if rule.rule_id in self._live}
        return tuple(need for need, number in self._needs.items() if number in present)

    def told(self, now_us: int) -> tuple[Told, ...]:
        """How much every rule knows of every tag that it hangs on."""
        found: dict[tuple[int, str], Told] = {}
        for entry, (handle, rule) in self._hung.items():
            if rule.rule_id not in self._live or (handle, rule.rule_id) in found:
                continue
            number = int(self.need[entry])
            slots = SLOTS[Cycle(rule.cycle)]
            known = np.isfinite(self._mean[number, :slots])
            slot = int(self._slot(np.array([entry]), np.array([now_us]))[0])
            found[handle, rule.rule_id] = Told(handle, rule, int(known.sum()), slots, bool(known[slot]))
        return tuple(found.values())

    def hang(self, band: int, handle: int, rule: AlarmRule) -> None:
        """A band judges its tag by what is usual from now on."""
        entry = self._entry.get(band)
        if entry is None:
            entry = self._new(band)
        self._hung[entry] = handle, rule
        self.need[entry] = self._need(Need(handle, Cycle(rule.cycle), rule.periods))
        self.measure[entry] = _MEASURES[Measure(rule.bound)]
        self.floor[entry] = float("-inf") if rule.floor is None else rule.floor
        self.least[entry] = rule.least_sigma
        self.slot[entry] = -1

    def tell(self, need: Need, usual: Sequence[Reference | None]) -> None:
        """What is usual for a tag now, one per slot; values that stand are judged by it at the next turn."""
        number = self._needs.get(need)
        if number is None:
            return
        enough = [one if one is not None and one.known >= LEAST_KNOWN else None for one in usual]
        mean = np.full(self._mean.shape[1], np.nan)
        sigma = mean.copy()
        mean[: len(enough)] = [one.mean if one is not None else np.nan for one in enough]
        sigma[: len(enough)] = [one.sigma if one is not None else np.nan for one in enough]
        if np.array_equal(mean, self._mean[number], equal_nan=True) and np.array_equal(
            sigma, self._sigma[number], equal_nan=True
        ):
            return
        self._mean[number], self._sigma[number] = mean, sigma
        mine = np.flatnonzero(self.need[: self._size] == number)
        self.slot[mine] = -1
        known = mine[np.isfinite(self.value[mine])]
        self.due_us[known] = NONE

    def samples(self, band: Rows, at_us: Times, value: Floats) -> Fed:
        """Samples of these bands' tags in order (nan: not to be trusted). Returns what the bands are fed, in order."""
        if not len(band):
            return _NOTHING
        entry = self._entry_of[band]
        slot = self._slot(entry, at_us)
        far = self._far(entry, slot, value)
        self.value[entry], self.slot[entry] = value, slot  # of equal rows the last one stands
        after = (at_us // QUARTER_US + 1) * QUARTER_US
        self.due_us[entry] = np.where(np.isfinite(value), after, _FOREVER)
        return band, far, np.isfinite(far), at_us

    def waiting(self) -> Rows:
        """Band rows whose slot will change by time alone."""
        return self.band[np.flatnonzero(self.due_us[: self._size] < _FOREVER)]

    def go_on(self, band: Rows, until_us: Times) -> Fed:
        """Time goes on to `until_us` on the nodes of these bands, without samples."""
        entry = self._entry_of[band]
        parts: list[Fed] = []
        while True:
            due = self.due_us[entry] <= until_us
            if not due.any():
                break
            entry, until_us = entry[due], until_us[due]
            at_us = self.due_us[entry]
            anew = at_us == NONE  # told of other references: now
            behind = until_us - at_us > _MOST_QUARTERS * QUARTER_US
            at_us = np.where(anew | behind, until_us, at_us)
            slot = self._slot(entry, at_us)
            other = slot != self.slot[entry]
            self.slot[entry] = slot
            self.due_us[entry] = (at_us // QUARTER_US + 1) * QUARTER_US
            if other.any():
                mine, moment = entry[other], at_us[other]
                far = self._far(mine, slot[other], self.value[mine])
                parts.append((self.band[mine], far, np.isfinite(far), moment))
        if not parts:
            return _NOTHING
        return (
            np.concatenate([part[0] for part in parts]),
            np.concatenate([part[1] for part in parts]),
            np.concatenate([part[2] for part in parts]),
            np.concatenate([part[3] for part in parts]),
        )

    def distrust(self, band: Rows) -> None:
        """Nothing of these tags can be trusted until their next samples."""
        entry = self._entry_of[band]
        self.value[entry], self.due_us[entry] = np.nan, _FOREVER

    def _far(self, entry: Rows, slot: Rows, value: Floats) -> Floats:
        """Distance from the mean in what the rule's limits are given in; nan where too little is known."""
        need = self.need[entry]
        mean, sigma = self._mean[need, slot], self._sigma[need, slot]
        measure = self.measure[entry]
        unit = np.where(
            measure == 0, 1.0, np.where(measure == 1, np.abs(mean) / 100, np.fmax(sigma, self.least[entry]))
        )
        away = value - mean
        with np.errstate(divide="ignore", invalid="ignore"):
            far = away / unit
        far = np.where(away == 0, 0.0, far)
        far = np.where(measure == 0, far, np.clip(far, -MOST_SIGMAS, MOST_SIGMAS))
        far = np.where(value < self.floor[entry], np.minimum(far, 0.0), far)
        result: Floats = np.where(np.isnan(mean), np.nan, far)
        return result

    def _slot(self, entry: Rows, at_us: Times) -> Rows:
        """The slot of each entry's cycle; each quarter of an hour is looked up once."""
        quarter, place = np.unique(at_us // QUARTER_US, return_inverse=True)
        table = np.array([self._slots_at(one) for one in quarter.tolist()], np.int64)
        found: Rows = table[place, self._cycle[self.need[entry]]]
        return found

    def _slots_at(self, quarter: int) -> tuple[int, ...]:
        known = self._slots.get(quarter)
        if known is None:
            if len(self._slots) >= _MOST_QUARTERS:
                self._slots.clear()
            moment = local(quarter * QUARTER_US, self.zone)
            known = self._slots[quarter] = tuple(slot_of(moment, cycle) for cycle in _CYCLES)
        return known

    def _need(self, need: Need) -> int:
        number = self._needs.get(need)
        if number is None:
            number = self._needs[need] = len(self._needs)
            if number == len(self._cycle):
                self._cycle = np.concatenate([self._cycle, np.zeros_like(self._cycle)])
                self._mean = np.concatenate([self._mean, np.full_like(self._mean, np.nan)])
                self._sigma = np.concatenate([self._sigma, np.full_like(self._sigma, np.nan)])
            self._cycle[number] = _CYCLES.index(need.cycle)
        return number

    def _new(self, band: int) -> int:
        entry = self._entry[band] = self._size
        if entry == len(self.band):
            self._grow(2 * entry)
        self._size += 1
        if band >= len(self._entry_of):
            self._entry_of = np.concatenate([self._entry_of, np.full(max(band, 256), -1, np.int64)])
        self._entry_of[band] = entry
        self.band[entry] = band
        return entry

    def _grow(self, capacity: int) -> None:
        for name, (kind, fill) in _COLUMNS.items():
            column = np.full(capacity, fill, kind)
            if self._size:
                column[: self._size] = getattr(self, name)[: self._size]
            setattr(self, name, column)
