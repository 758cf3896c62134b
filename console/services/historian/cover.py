"""Which rollups answer for a window: the coarsest that fit, finer ones where a border cuts them, samples at the end.

So every figure is of exactly the asked periods, whatever their borders are, at the price of a few buckets each.
"""

from dataclasses import dataclass

import numpy as np

from console.services.historian.rollup_columns import LEVELS_S, SECOND_US, Held
from console.services.historian.segments import NOBODY, Bools, Segments, joined, moved, nothing, segments_of
from console.services.historian.timeline import EVERYTHING, Timeline
from console.services.records import Longs

_BUCKET_COST = 1.0
_READING_COST = 1_500.0  # of one more question to the disk, in buckets
COARSEST_US = LEVELS_S[-1] * SECOND_US


@dataclass(frozen=True, slots=True)
class Cover:
    """Stretches in order, none across a border, and which periods got a bucket that could not be cut."""

    segments: Segments
    is_whole: Bools


def level_for(edges: Longs) -> int:
    """Bucket width in seconds with which these periods are cheapest to read: buckets against cuts."""
    span_s = (int(edges[-1]) - int(edges[0])) / 1e6
    costs = []
    for number, level_s in enumerate(LEVELS_S):
        cuts = sum(
            np.unique(edges[edges % (finer * SECOND_US) != 0] // (finer * SECOND_US)).size
            for finer in LEVELS_S[: number + 1]
        )
        costs.append(_BUCKET_COST * span_s / level_s + _READING_COST * cuts)
    return LEVELS_S[int(np.argmin(costs))]


def cover(timeline: Timeline, edges: Longs) -> Cover:
    """Everything in [edges[0], edges[-1])."""
    found = _Covering(timeline, edges)
    segments = joined(found.of_level(LEVELS_S.index(level_for(edges)), edges))
    order = np.argsort(segments.start_us, kind="stable")
    segments = segments.rows(order)
    inside = (segments.start_us >= edges[0]) & (segments.start_us < edges[-1])
    return Cover(segments.rows(inside), found.is_whole)


def kept_stretches(
    timeline: Timeline, level_s: int, from_us: int, to_us: int, columns: tuple[str, ...] | None = None
) -> Segments:
    """Of one level in [from_us, to_us), both multiples of it, of coarser ones before it is kept; see
    `Timeline.stretches`. The first may then begin before `from_us`."""
    number = LEVELS_S.index(level_s)
    kept_us = timeline.kept_from_us(level_s)
    if number + 1 == len(LEVELS_S) or kept_us <= from_us:
        return timeline.stretches(level_s, from_us, to_us, columns)
    coarser_us = LEVELS_S[number + 1] * SECOND_US
    split = -(-min(kept_us, to_us) // COARSEST_US) * COARSEST_US
    older = kept_stretches(timeline, LEVELS_S[number + 1], from_us // coarser_us * coarser_us, split, columns)
    return older if split >= to_us else joined([older, timeline.stretches(level_s, split, to_us, columns)])


class _Covering:
    def __init__(self, timeline: Timeline, edges: Longs) -> None:
        self._timeline = timeline
        self._edges = edges
        self.is_whole = np.ones(edges.size - 1, np.bool_)

    def of_level(self, number: int, edges: Longs) -> list[Segments]:
        """Stretches between rising edges, with the rest of the buckets that stand across the first and the last;
        `number` of LEVELS_S. Where the level is not kept any more it is the next one that is."""
        width = LEVELS_S[number] * SECOND_US
        begin, end = int(edges[0]) // width * width, -(-int(edges[-1]) // width) * width
        kept_us = self._timeline.kept_from_us(LEVELS_S[number])
        if number + 1 < len(LEVELS_S) and begin < kept_us:
            split = min(-(-kept_us // COARSEST_US) * COARSEST_US, end)
            older = np.append(edges[edges < split], min(split, int(edges[-1])))
            newer = np.append(split, edges[edges > split]) if split < edges[-1] else edges[:0]
            return self.of_level(number + 1, older) + (self.of_level(number, newer) if newer.size else [])
        found = self._timeline.stretches(LEVELS_S[number], begin, end)
        place = found.start_us // width
        is_cut = np.isin(place, np.unique(edges[edges % width != 0] // width))
        parts = [found.rows(~is_cut)]
        for bucket in np.unique(place[is_cut]).tolist():
            a, b = bucket * width, (bucket + 1) * width
            inner = edges[(edges > a) & (edges < b)]
            parts += self._cut(number, found.rows(place == bucket), np.concatenate(([a], inner, [b])).astype(np.int64))
        return parts

    def _cut(self, number: int, bucket: Segments, edges: Longs) -> list[Segments]:
        """A bucket that borders go through, from what is finer; as a whole when nothing finer is kept."""
        begin = int(edges[0])
        if number and self._timeline.kept_from_us(LEVELS_S[number - 1]) <= begin:
            return self.of_level(number - 1, edges)
        if self._timeline.raw_from_us <= begin:
            return [self._of_samples(edges)]
        return self._uncut(bucket, edges)

    def _of_samples(self, edges: Longs) -> Segments:
        timeline = self._timeline
        begin, end = int(edges[0]), int(edges[-1])
        block = timeline.raw(begin, end, EVERYTHING)
        held = timeline.held_before(begin)
        return segments_of(block.at_us, block.value, block.quality, edges, held, timeline.until_us)

    def _uncut(self, bucket: Segments, edges: Longs) -> list[Segments]:
        """The bucket stands in the period that holds most of it; of its other parts nothing is known."""
        main = int(np.argmax(np.diff(edges)))
        first = int(np.searchsorted(self._edges, edges[0], side="right")) - 1
        last = int(np.searchsorted(self._edges, edges[-1]))
        self.is_whole[max(first, 0) : last] = False
        held = Held(int(edges[main]), float(bucket.tail[-1]), int(bucket.tail_quality[-1]))
        return [
            nothing(edges[:main], edges[1 : main + 1], NOBODY),
            moved(bucket.rows(slice(-1, None)), int(edges[main]), int(edges[main + 1])),
            nothing(edges[main + 1 : -1], edges[main + 2 :], held),
        ]
