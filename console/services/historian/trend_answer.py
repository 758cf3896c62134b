"""Answers a trend question for one tag: raw samples where they are few enough, else lowest and highest per bucket."""

import numpy as np

from console.domain.quality import Quality
from console.services.historian.cover import kept_stretches
from console.services.historian.rollup_columns import LEVELS_S, SECOND_US, Held, RollupColumns
from console.services.historian.samples import SampleBlock
from console.services.historian.timeline import AT_ONCE, EVERYTHING, Timeline, last_of, part_of
from console.services.historian.trend_rows import Grid, Rows, grid_of, joined_rows, of_rollups, of_samples, of_stretches
from console.services.records import TrendColumns

COLUMNS = ("k", "min", "max", "untrusted", "tail", "tail_quality")
_COUNTED = (*COLUMNS, "count")
_LEAD_US = LEVELS_S[0] * SECOND_US  # what is read before the window, to know what held as it began
_SLICES = 64  # in which very many samples are made buckets: neither memory nor waiting grows with them


def trend_answer(timeline: Timeline, from_us: int, to_us: int, buckets: int) -> TrendColumns:
    """See `TrendColumns`: at most `buckets` rows (one more where only coarser rollups are kept)."""
    buckets = max(buckets, 1)
    asked_us = -(-max(to_us - from_us, 1) // buckets)
    level_s = max((level for level in LEVELS_S if level * SECOND_US <= asked_us), default=0)
    grid = grid_of(from_us, to_us, buckets, level_s * SECOND_US or 1)
    is_kept = from_us >= timeline.raw_from_us
    if level_s:
        answer = _of_level(timeline, level_s, grid, to_us, buckets if is_kept else 0)
        if answer is not None:
            return answer
    if is_kept:
        return _of_samples(timeline, (from_us, to_us), grid, buckets)
    split = -(-min(timeline.raw_from_us, to_us) // _LEAD_US) * _LEAD_US
    older = kept_stretches(timeline, LEVELS_S[0], grid.begin_us // _LEAD_US * _LEAD_US, split, _COUNTED)
    rows = [of_stretches(older, grid), *_slices(timeline, split, to_us, grid)]
    return _answer(timeline, joined_rows(rows), grid, timeline.held_before(grid.begin_us))


def _of_level(timeline: Timeline, level_s: int, grid: Grid, to_us: int, few: int) -> TrendColumns | None:
    """From one level of rollups; None when there are at most `few` samples."""
    begin, end = grid.begin_us, grid.after(to_us)
    lead = level_s * SECOND_US
    found: RollupColumns | None = None
    if timeline.kept_from_us(level_s) <= begin - lead:
        found = timeline.buckets(level_s, begin - lead, end, COLUMNS)
    newer = timeline.newer(begin, end)
    if found is None:  # late samples that are not on disk yet, or coarser rollups for a part
        stretches = kept_stretches(timeline, level_s, begin, end, _COUNTED)
        if int((stretches.count + stretches.untrusted).sum()) <= few:
            return None
        return _answer(timeline, of_stretches(stretches, grid), grid, timeline.held_before(begin))
    first = int(np.searchsorted(found.k, begin // lead))
    if len(found) - first + len(newer) <= few:
        counted = timeline.buckets(level_s, begin, end, _COUNTED)
        if counted is not None and int(counted.count.sum()) + int(counted.untrusted.sum()) + len(newer) <= few:
            return None
    held = timeline.held_before(begin) if not first else _tail_of(found)
    rows = of_rollups(found.rows(first, len(found)), grid)
    return _answer(timeline, joined_rows([rows, of_samples(newer, grid)]) if len(newer) else rows, grid, held)


def _tail_of(found: RollupColumns) -> Held:
    """What holds behind the first bucket."""
    return Held((int(found.k[0]) + 1) * found.width_us - 1, float(found.tail[0]), int(found.tail_quality[0]))


def _of_samples(timeline: Timeline, window: tuple[int, int], grid: Grid, buckets: int) -> TrendColumns:
    """Raw where they are few, else in buckets."""
    from_us, to_us = window
    block = timeline.raw(from_us - _LEAD_US, to_us, AT_ONCE)
    lead = int(np.searchsorted(block.at_us, from_us))
    held = last_of(part_of(block, 0, lead)) if lead else timeline.held_before(from_us)
    if len(block) < AT_ONCE:
        inside = part_of(block, lead, len(block))
        if len(inside) <= buckets:
            return _raw(timeline, inside, held)
        return _answer(timeline, of_samples(inside, grid), grid, held)
    return _answer(timeline, joined_rows(_slices(timeline, from_us, to_us, grid)), grid, held)


def _slices(timeline: Timeline, from_us: int, to_us: int, grid: Grid) -> list[Rows]:
    """Each a whole number of buckets."""
    if from_us >= to_us:
        return []
    begin = grid.after(from_us + 1) - grid.width_us
    step = -(-(to_us - begin) // grid.width_us // _SLICES) * grid.width_us
    return [
        of_samples(timeline.raw(max(start, from_us), min(start + step, to_us), EVERYTHING), grid)
        for start in range(begin, to_us, step)
    ]


def _answer(timeline: Timeline, rows: Rows, grid: Grid, held: Held | None) -> TrendColumns:
    return TrendColumns(
        timeline.tag_id,
        rows.at_us,
        rows.low,
        rows.high,
        rows.last,
        rows.good,
        False,
        grid.width_us,
        *_beginning(held),
        until_us=0 if timeline.is_lasting else timeline.until_us,
    )


def _raw(timeline: Timeline, block: SampleBlock, held: Held | None) -> TrendColumns:
    good = (block.quality == Quality.GOOD) & ~np.isnan(block.value)
    until_us = 0 if timeline.is_lasting else timeline.until_us
    value = block.value
    return TrendColumns(
        timeline.tag_id, block.at_us, value, value, value, good, True, 0, *_beginning(held), until_us=until_us
    )


def _beginning(held: Held | None) -> tuple[float, bool, int]:
    return (held.value, held.quality == Quality.GOOD, held.at_us) if held is not None else (float("nan"), False, 0)
