"""Answers aggregates of one tag over periods: from rollups, and from samples what only samples can tell."""

from dataclasses import replace

import numpy as np

from console.services.historian.cover import cover
from console.services.historian.fold import fold
from console.services.historian.segments import sums_by
from console.services.historian.timeline import Timeline
from console.services.history_records import AggregateColumns
from console.services.records import Longs

MOST_SAMPLES = 5_000_000  # that are read for the deviation by time: about half a second


def aggregate_answer(timeline: Timeline, edges: Longs, *, deviation_by_time: bool = False) -> AggregateColumns:
    """See `AggregateColumns`; periods between rising `edges`."""
    covered = cover(timeline, edges)
    before = timeline.held_before(int(edges[0]))
    figures = fold(timeline.tag_id, covered.segments, edges, before, timeline.until_us, covered.is_whole)
    samples = int((figures.count + figures.untrusted).sum())
    if deviation_by_time and edges[0] >= timeline.raw_from_us and samples <= MOST_SAMPLES:
        return _with_deviation(timeline, figures, edges)
    return figures


def _with_deviation(timeline: Timeline, figures: AggregateColumns, edges: Longs) -> AggregateColumns:
    """Around the mean by time, so that large values with small differences keep their digits."""
    squares = np.zeros(edges.size - 1)
    for _block, pieces in timeline.slices(edges):
        squares += sums_by(
            pieces.period, (pieces.value - figures.mean[pieces.period]) ** 2 * pieces.seconds, squares.size
        )
    lasting = np.where(figures.good_s > 0, figures.good_s, np.nan)
    return replace(figures, deviation_by_time=np.sqrt(squares / lasting))
