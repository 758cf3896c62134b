"""Answers which states a tag was in and for how long: from samples while they are kept and few enough, else rollups."""

from collections.abc import Mapping
from dataclasses import dataclass, fields, replace

import numpy as np

from console.services.historian.cover import cover, kept_stretches
from console.services.historian.fold import fold
from console.services.historian.rollup_columns import LEVELS_S, SECOND_US, Held, is_trusted
from console.services.historian.segments import NOBODY, Bools, Segments, sums_by
from console.services.historian.timeline import EVERYTHING, Timeline
from console.services.history_records import AggregateColumns, StateColumns, StateTime
from console.services.records import Bytes8, Floats, Longs

MOST_SAMPLES = 2_000_000
MOST_STATES = 1_000  # that are told one by one; a measured value has as many as samples
_Times = tuple[StateTime, ...]
_ROUNDING_S = 1e-3  # of a sum over millions of spans
_FINER = 4  # buckets for each span that is asked for, so that what is constant is found


@dataclass(frozen=True, slots=True)
class _Spans:
    """What held when, in order; nan and UNKNOWN nowhere: unknown time is left out. A mixed span has no value."""

    start_us: Longs
    end_us: Longs
    value: Floats
    quality: Bytes8
    is_mixed: Bools

    def rows(self, chosen: Bools | Longs) -> "_Spans":
        return _Spans(
            self.start_us[chosen],
            self.end_us[chosen],
            self.value[chosen],
            self.quality[chosen],
            self.is_mixed[chosen],
        )

    @property
    def seconds(self) -> Floats:
        return (self.end_us - self.start_us) / 1e6


def state_answer(
    timeline: Timeline,
    from_us: int,
    to_us: int,
    most: int,
    *,
    is_boolean: bool,
    texts: Mapping[int, str],
) -> StateColumns:
    """See `StateColumns`; at most `most` spans. `texts` tells the codes of a text tag."""
    most = max(most, 3)
    level_s = max((level for level in LEVELS_S if level * SECOND_US * _FINER * most <= to_us - from_us), default=10)
    width = level_s * SECOND_US
    begin, end = from_us // width * width, -(-to_us // width) * width
    found = kept_stretches(timeline, level_s, begin, end)
    is_whole = from_us >= timeline.raw_from_us and int((found.count + found.untrusted).sum()) <= MOST_SAMPLES
    before = timeline.held_before(from_us if is_whole or not len(found) else min(begin, int(found.start_us[0])))
    if is_whole:
        block = timeline.raw(from_us, to_us, EVERYTHING)
        spans = _held(block.at_us, block.value, block.quality, before, (from_us, min(to_us, timeline.until_us)))
    else:
        spans = _clipped(_of_buckets(found, before, timeline.until_us, (begin, end)), from_us, to_us)
    spans = _united(spans)
    trusted = is_trusted(spans.value, spans.quality) & ~spans.is_mixed
    durations = _durations(spans.rows(trusted), before if is_whole else NOBODY, texts, is_counted=is_whole)
    rest_s = float(spans.seconds[trusted].sum()) - sum(one.seconds for one in durations)
    mixed_s = float(spans.seconds[spans.is_mixed].sum()) + (rest_s if rest_s > _ROUNDING_S else 0.0)
    bad_s = float(spans.seconds[~spans.is_mixed & ~trusted].sum())
    if is_boolean and mixed_s:  # its integral is the time it was true
        edges = np.array([from_us, to_us], np.int64)
        figures = fold(
            timeline.tag_id, cover(timeline, edges).segments, edges, timeline.held_before(from_us), timeline.until_us
        )
        durations, bad_s, mixed_s = _of_integral(figures), float(figures.bad_s[0]), 0.0
    known_s = mixed_s + bad_s + sum(one.seconds for one in durations)
    unknown_s = max((to_us - from_us) / 1e6 - known_s, 0.0)
    spans = _thinned(spans, (to_us - from_us) * 3 // most)
    columns = spans.start_us, spans.end_us, spans.value, spans.quality, spans.is_mixed
    return StateColumns(timeline.tag_id, *columns, durations, mixed_s, bad_s, unknown_s, texts)


def _held(at: Longs, value: Floats, quality: Bytes8, before: Held | None, window: tuple[int, int]) -> _Spans:
    """What samples and the one before them say over a window."""
    held = before or NOBODY
    start = np.concatenate((np.array(window[:1], np.int64), at))
    end = np.append(start[1:], window[1])
    said = np.concatenate(([held.value], value)), np.concatenate((np.array([held.quality], np.uint8), quality))
    some = start < np.minimum(end, window[1])
    if before is None:
        some[0] = False
    return _Spans(start, np.minimum(end, window[1]), *said, np.zeros(start.size, np.bool_)).rows(some)


def _of_buckets(found: Segments, before: Held | None, until_us: int, window: tuple[int, int]) -> _Spans:
    """Buckets in which nothing changed, mixed ones, and what holds between them."""
    held = before or NOBODY
    n = len(found)
    tail = np.concatenate(([held.value], found.tail))
    quality = np.concatenate((np.array([held.quality], np.uint8), found.tail_quality))
    trusted = is_trusted(tail, quality)
    one = (found.total == found.count * found.first) & (found.squares == found.count * found.first**2)
    is_steady = (found.count > 0) & (found.untrusted == 0) & one & (tail[:-1] == found.first) & trusted[:-1]
    is_bad = (found.count == 0) & (~trusted[:-1] | (found.untrusted == 0))  # no sample at all: damaged
    start = found.start_us.copy()
    if n and before is None:  # unknown up to its first sample
        known_us = round(float(found.good_s[0] + found.bad_s[0]) * SECOND_US)
        start[0] = found.end_us[0] - known_us
    stored = _Spans(start, found.end_us, found.tail, found.tail_quality, ~is_steady & ~is_bad)
    since = np.concatenate((np.array(window[:1], np.int64), found.end_us))
    until = np.minimum(np.append(found.start_us, window[1]), until_us)
    between = _Spans(since, until, tail, quality, np.zeros(n + 1, np.bool_))
    some = since < until
    some[0] &= before is not None
    return _joined([stored, between.rows(some)])


def _clipped(spans: _Spans, from_us: int, to_us: int) -> _Spans:
    cut = replace(spans, start_us=np.maximum(spans.start_us, from_us), end_us=np.minimum(spans.end_us, to_us))
    return cut.rows(cut.start_us < cut.end_us)


def _joined(parts: list[_Spans]) -> _Spans:
    """In order of their begin."""
    columns = [np.concatenate([getattr(part, one.name) for part in parts]) for one in fields(_Spans)]
    return _Spans(*columns).rows(np.argsort(columns[0], kind="stable"))


def _united(spans: _Spans) -> _Spans:
    """Neighbours that say the same are one."""
    if len(spans.start_us) < 2:
        return spans
    bits = np.where(spans.is_mixed, np.nan, spans.value).view(np.int64)
    differs = (bits[1:] != bits[:-1]) | (spans.is_mixed[1:] != spans.is_mixed[:-1])
    differs |= (spans.quality[1:] != spans.quality[:-1]) & ~spans.is_mixed[1:]
    starts = np.flatnonzero(np.append(True, differs | (spans.start_us[1:] != spans.end_us[:-1])))
    ends = np.append(starts[1:], bits.size) - 1
    return replace(spans.rows(starts), end_us=spans.end_us[ends])


def _thinned(spans: _Spans, cell_us: int) -> _Spans:
    """What is shorter than a cell is drawn together with its neighbours in that cell, as mixed."""
    if not len(spans.start_us):
        return replace(spans, value=spans.value.copy())
    number = np.where(spans.end_us - spans.start_us >= cell_us, -1, spans.start_us // max(cell_us, 1))
    differs = (number[1:] != number[:-1]) | (number[1:] < 0)
    starts = np.flatnonzero(np.append(True, differs))
    ends = np.append(starts[1:], number.size) - 1
    is_mixed = (starts != ends) | spans.is_mixed[starts]
    value = np.where(is_mixed, np.nan, spans.value[starts])
    return _Spans(spans.start_us[starts], spans.end_us[ends], value, spans.quality[starts], is_mixed)


def _durations(spans: _Spans, before: Held | None, texts: Mapping[int, str], *, is_counted: bool) -> _Times:
    """Of spans with one trusted value each. A state is entered when the trusted value before was another one."""
    if not len(spans.start_us):
        return ()
    values, place = np.unique(spans.value, return_inverse=True)
    seconds = sums_by(place, spans.seconds, len(values))
    held = before if before is not None and is_trusted(before.value, before.quality) else NOBODY
    earlier = np.concatenate(([held.value], spans.value[:-1]))
    entered = sums_by(place, (earlier != spans.value) & ~np.isnan(earlier), len(values)).astype(np.int64)
    longest = np.argsort(-seconds, kind="stable")[:MOST_STATES].tolist()
    return tuple(
        StateTime(
            float(values[i]), texts.get(int(values[i]), ""), float(seconds[i]), int(entered[i]) if is_counted else -1
        )
        for i in longest
    )


def _of_integral(figures: AggregateColumns) -> _Times:
    """The integral of a boolean tag is the time it was true."""
    true_s = float(figures.integral[0])
    made = (StateTime(1.0, "", true_s, -1), StateTime(0.0, "", max(float(figures.good_s[0]) - true_s, 0.0), -1))
    return tuple(sorted((one for one in made if one.seconds > 0), key=lambda one: -one.seconds))
