"""From samples to bands: which conditions hang on a tag, and what each sample means to them."""

from collections.abc import Callable, Iterable
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from console.domain.alarms import AlarmKind, AlarmRule
from console.domain.quality import Detail, Quality
from console.domain.tags import Tag
from console.domain.values import ValueType
from console.services.alarms.deviation import Deviations, Fed
from console.services.alarms.limits import NO_EVENTS, BandColumns, BandEvents, BandSettings, Flags, Floats, Rows, Times
from console.services.alarms.rate import Rates
from console.services.alarms.usual import UsualBands
from console.services.telemetry.batch import FLAG_HISTORICAL, FLAG_LATE, SampleBatch, TagColumns

_LIMIT, _DISCRETE, _BAD, _STALE, _DEVIATION, _RATE, _USUAL = range(7)
_MODES = {
    AlarmKind.LIMIT: _LIMIT,
    AlarmKind.DISCRETE: _DISCRETE,
    AlarmKind.BAD_QUALITY: _BAD,
    AlarmKind.STALE: _STALE,
    AlarmKind.DEVIATION: _DEVIATION,
    AlarmKind.RATE: _RATE,
    AlarmKind.BASELINE: _USUAL,
}
_NO_VALUE, _FED, _OF_TAG = range(3)  # what is shown beside an alarm
WITH_SIDES = (AlarmKind.LIMIT, AlarmKind.DEVIATION, AlarmKind.RATE, AlarmKind.BASELINE)
_INF = float("inf")
SILENT_DETAILS = (Detail.SILENT, Detail.REPORTED)  # the source itself is quiet; dead and blind have their own alarms


def is_silent(quality: NDArray[np.uint8], detail: NDArray[np.uint8]) -> NDArray[np.bool_]:
    """True where a tag is stale by its own silence, not because its node or our link is gone."""
    silent: NDArray[np.bool_] = (quality == Quality.STALE) & (
        (detail == SILENT_DETAILS[0]) | (detail == SILENT_DETAILS[1])
    )
    return silent


class _Values:
    """The alarm values of discrete rules: one entry per distinct set."""

    def __init__(self) -> None:
        self._index: dict[tuple[frozenset[float], frozenset[str]], int] = {}
        self.numbers: list[NDArray[np.float64]] = []
        self.texts: list[frozenset[str]] = []

    def add(self, rule: AlarmRule, tag: Tag) -> int:
        """Texts of the rule that the tag's enumeration knows count as their numbers too."""
        texts = frozenset(item for item in rule.equals if isinstance(item, str))
        numbers = {float(item) for item in rule.equals if not isinstance(item, str)}
        numbers |= {float(number) for number, text in tag.enum if text in texts}
        if tag.value_type is ValueType.BOOLEAN:
            numbers |= {float(text.lower() == "true") for text in texts if text.lower() in ("true", "false")}
        key = (frozenset(numbers), texts)
        if key not in self._index:
            self._index[key] = len(self.numbers)
            self.numbers.append(np.array(sorted(numbers), np.float64))
            self.texts.append(texts)
        return self._index[key]


class TagConditions:
    """Band rows by tag handle (a chain per handle, so that adding a tag costs nothing elsewhere)."""

    def __init__(self, bands: BandColumns) -> None:
        self.bands = bands
        self._values = _Values()
        self._deviations = Deviations()
        self._rates = Rates()
        self.usual = UsualBands()
        self._first = np.full(256, -1, np.int64)  # handle -> band row
        self._next = np.full(256, -1, np.int64)  # band row -> band row of the same handle
        self._mode = np.zeros(256, np.uint8)
        self._set = np.zeros(256, np.int32)
        self._shows = np.zeros(256, np.uint8)

    def expect(self, rules: Iterable[AlarmRule]) -> None:
        """The rules from now on, before the first tag hangs on them."""
        rules = tuple(rules)
        self._deviations.expect(rules)
        self.usual.expect(rules)

    def know(self, tag: Tag) -> None:
        """A tag exists; a deviation may have it for its setpoint."""
        self._deviations.know(tag)

    def add(self, tag: Tag, rule: AlarmRule, side: str, shown: int) -> int:
        """Hang a condition on a tag; `shown` > 0 continues an open occurrence. Returns the band row."""
        band = self.bands.add(band_settings(rule, side), shown)
        self._first = _room(self._first, tag.handle, -1)
        self._next = _room(self._next, band, -1)
        self._mode = _room(self._mode, band, 0)
        self._set = _room(self._set, band, 0)
        self._next[band] = self._first[tag.handle]
        self._first[tag.handle] = band
        self.configure(band, tag, rule)
        return band

    def configure(self, band: int, tag: Tag, rule: AlarmRule) -> None:
        """What a rule looks at beside its limits, again when the rule or the tag's enumeration changed."""
        self._mode[band] = _MODES[rule.kind]
        self._shows = _room(self._shows, band, _NO_VALUE)
        self._shows[band] = _FED if rule.kind in WITH_SIDES else _OF_TAG
        self._set[band] = self._values.add(rule, tag) if rule.kind is AlarmKind.DISCRETE else 0
        if rule.kind is AlarmKind.DEVIATION:
            self._deviations.hang(band, tag, rule)
        elif rule.kind is AlarmKind.RATE:
            self._rates.hang(band, rule.over_s)
        elif rule.kind is AlarmKind.BASELINE:
            self.usual.hang(band, tag.handle, rule)

    def shown(self, bands: Rows, fed: Floats, of_tag: Floats) -> tuple[Floats, Flags]:
        """The value beside each alarm, and whether there is one: what a yes-or-no condition was fed is none, the tag's
        value is shown then; what hangs on no tag has none."""
        known = bands < len(self._shows)
        what = np.where(known, self._shows[np.where(known, bands, 0)], _NO_VALUE)
        return np.where(what == _FED, fed, of_tag), what != _NO_VALUE

    def setpoint_tag(self, band: int) -> int:
        """Handle of the tag that a deviation has for its setpoint, -1: none."""
        return self._deviations.setpoint_tag(band)

    def rows_of(self, handles: NDArray[np.int32]) -> tuple[Rows, Rows]:
        """Band rows of these handles and, beside each, the index into `handles`."""
        known = np.flatnonzero((handles >= 0) & (handles < len(self._first)))
        rows = self._first[handles[known]]
        parts: list[Rows] = []
        places: list[Rows] = []
        while True:
            some = rows >= 0
            if not some.any():
                break
            rows, known = rows[some], known[some]
            parts.append(rows)
            places.append(known)
            rows = self._next[rows]
        if not parts:
            return np.zeros(0, np.int64), np.zeros(0, np.int64)
        return np.concatenate(parts), np.concatenate(places)

    def evaluate(self, batch: SampleBatch) -> tuple[BandEvents, Rows]:
        """All samples of a batch in order. Returns the changes, and the rows whose tag met a sample without trust."""
        rows, at = self.rows_of(batch.handle)
        counts = (batch.flags & (FLAG_LATE | FLAG_HISTORICAL)) == 0
        if not counts.all():
            judged = counts[at]
            rows, at = rows[judged], at[judged]
        good = (batch.quality == Quality.GOOD) & np.isfinite(batch.value)
        mode = self._mode[rows]
        parts: list[Fed] = []
        if not self._deviations.is_empty or (mode >= _DEVIATION).any():
            parts = self._over_time(batch, rows, at, mode, np.flatnonzero(counts), good)
            plain = mode < _DEVIATION
            rows, at, mode = rows[plain], at[plain], mode[plain]
        x, ok = self._judge(batch, rows, at, mode, good)
        times = batch.source_us[at]
        for more, number, is_known, moment in parts:
            rows, ok, times = (
                np.concatenate([rows, more]),
                np.concatenate([ok, is_known]),
                np.concatenate([times, moment]),
            )
            x = np.concatenate([x, number * self.bands.sign[more]])
        return self.bands.feed(rows, x, ok, times), rows[~ok]

    def look(self, rows: Rows, batch: SampleBatch) -> None:
        """One present sample beside each row, for those that are watched; the others need a past."""
        at = np.flatnonzero(rows < len(self._shows))
        at = at[(self._shows[rows[at]] != _NO_VALUE) & (self._mode[rows[at]] < _DEVIATION)]
        rows = rows[at]
        good = (batch.quality == Quality.GOOD) & np.isfinite(batch.value)
        x, ok = self._judge(batch, rows, at, self._mode[rows], good)
        self.bands.look(rows, x, ok, batch.source_us[at])

    def _judge(
        self, batch: SampleBatch, rows: Rows, at: Rows, mode: NDArray[np.uint8], good: Flags
    ) -> tuple[Floats, Flags]:
        """What these rows are fed by the samples at `at`, mirrored, and whether it can be trusted."""
        ok = good[at]
        x: Floats = batch.value[at] * self.bands.sign[rows]
        if mode.any():
            self._judge_discrete(batch, rows, at, mode, x, ok)
            self._judge_quality(batch.quality[at], batch.detail[at], mode, x, ok)
        return x, ok

    def go_on(self, time_of: Callable[[Rows], Times]) -> BandEvents:
        """What time alone changes: a rate ends when its value has stood still for long enough, and another hour has
        another usual value."""
        fed = [one.go_on(rows, time_of(rows)) for one in (self._rates, self.usual) if len(rows := one.waiting())]
        if not any(len(part[0]) for part in fed):
            return NO_EVENTS
        band, number, ok, times = (np.concatenate([part[k] for part in fed]) for k in range(4))
        return self.bands.feed(band, number * self.bands.sign[band], ok, times)

    def _over_time(
        self,
        batch: SampleBatch,
        rows: Rows,
        at: Rows,
        mode: NDArray[np.uint8],
        counts: Rows,
        good: NDArray[np.bool_],
    ) -> list[Fed]:
        """What is fed to all that need a past; their joined samples stay in order per row."""
        value = np.where(good, batch.value, np.nan)
        place = np.zeros(len(batch), np.int64)
        place[counts] = np.arange(len(counts))
        mine = mode == _DEVIATION
        main = (rows[mine], place[at[mine]])
        deviations = self._deviations.samples(batch.handle[counts], batch.source_us[counts], value[counts], main)
        rate, usual = mode == _RATE, mode == _USUAL
        return [
            deviations,
            self._rates.samples(rows[rate], batch.source_us[at[rate]], value[at[rate]]),
            self.usual.samples(rows[usual], batch.source_us[at[usual]], value[at[usual]]),
        ]

    def judge_quality(self, handles: NDArray[np.int32], tags: TagColumns, at_us: int) -> tuple[BandEvents, Rows]:
        """Quality changed without a sample. Returns the changes, and the rows that hold from now on."""
        rows, at = self.rows_of(handles)
        quality, detail, mode = tags.quality[handles[at]], tags.detail[handles[at]], self._mode[rows]
        ok = np.zeros(len(rows), bool)
        x = np.zeros(len(rows))
        self._judge_quality(quality, detail, mode, x, ok)
        lost = (quality != Quality.GOOD) & ~ok
        held = rows[lost]
        if not self._deviations.is_empty:
            by_setpoint = self._deviations.distrust(handles, held[mode[lost] == _DEVIATION])
            held = np.concatenate([held, by_setpoint])
        self._rates.distrust(rows[lost & (mode == _RATE)])
        self.usual.distrust(rows[lost & (mode == _USUAL)])
        self.bands.hold(held)
        rows, x, ok = rows[ok], x[ok], ok[ok]
        return self.bands.feed(rows, x, ok, np.full(len(rows), at_us, np.int64)), held

    def _judge_discrete(
        self,
        batch: SampleBatch,
        rows: Rows,
        at: Rows,
        mode: NDArray[np.uint8],
        x: NDArray[np.float64],
        ok: NDArray[np.bool_],
    ) -> None:
        pairs = np.flatnonzero(mode == _DISCRETE)
        if not len(pairs):
            return
        sets = self._set[rows[pairs]]
        value = batch.value[at[pairs]]
        hit = np.zeros(len(pairs))
        for number in np.unique(sets):
            mine = sets == number
            hit[mine] = np.isin(value[mine], self._values.numbers[number])
        x[pairs] = hit
        if not batch.texts:
            return
        has_text = np.isin(at[pairs], np.fromiter(batch.texts, np.int64, len(batch.texts)))
        for i in np.flatnonzero(has_text).tolist():
            pair, sample = pairs[i], int(at[pairs[i]])
            ok[pair] = batch.quality[sample] == Quality.GOOD
            x[pair] = hit[i] or batch.texts[sample] in self._values.texts[sets[i]]

    def _judge_quality(
        self,
        quality: NDArray[np.uint8],
        detail: NDArray[np.uint8],
        mode: NDArray[np.uint8],
        x: NDArray[np.float64],
        ok: NDArray[np.bool_],
    ) -> None:
        """Conditions about trust itself are decided by every quality except "nothing can be known"."""
        about = (mode == _BAD) | (mode == _STALE)
        if not about.any():
            return
        knows = (quality == Quality.GOOD) | (quality == Quality.UNCERTAIN) | (quality == Quality.BAD)
        silent = is_silent(quality, detail)
        hit = np.where(mode == _BAD, quality == Quality.BAD, silent)
        x[about] = hit[about]
        ok[about] = (knows | silent)[about]


@lru_cache(maxsize=4096)
def band_settings(rule: AlarmRule, side: str) -> BandSettings:
    """One side of a rule as a band row (`side` empty: a condition of yes or no)."""
    on_us, off_us = int(rule.on_delay_s * 1e6), int(rule.off_delay_s * 1e6)
    within_us = int(rule.within_s * 1e6)
    if not side:
        return BandSettings(on_us=on_us, off_us=off_us, count=rule.count, within_us=within_us)
    sign = -1.0 if side == "low" else 1.0
    inner, outer = (rule.l, rule.ll) if side == "low" else (rule.h, rule.hh)
    deadbands = dict(rule.deadbands)
    of_inner, of_outer = (
        deadbands.get(name, rule.deadband) for name in (("l", "ll") if side == "low" else ("h", "hh"))
    )
    return BandSettings(
        t1=_INF if inner is None else inner * sign,
        t2=_INF if outer is None else outer * sign,
        sign=sign,
        deadband=of_outer if inner is None else of_inner,
        on_us=on_us,
        off_us=off_us,
        deadband2=of_outer,
        count=rule.count,
        within_us=within_us,
    )


def sides(rule: AlarmRule) -> tuple[str, ...]:
    """The conditions that one rule makes on one tag."""
    if rule.kind not in WITH_SIDES:
        return ("",)
    high = ("high",) if rule.h is not None or rule.hh is not None else ()
    low = ("low",) if rule.l is not None or rule.ll is not None else ()
    return high + low


def _room(column: NDArray, index: int, fill: int) -> NDArray:  # type: ignore[type-arg]
    """The column, made longer when the index lies beyond it."""
    if index < len(column):
        return column
    grown = np.full(max(index + 1, 2 * len(column)), fill, column.dtype)
    grown[: len(column)] = column
    return grown
