"""A tag's history in memory, for the queries: rolled by the product's own rollups, purged as a test wishes."""

import uuid

import numpy as np

from console.domain.quality import Quality
from console.services.historian.live_ring import RingSnapshot
from console.services.historian.rollup_columns import COLUMNS, Held, columns_of
from console.services.historian.rollups import roll
from console.services.historian.samples import SampleBlock, in_order, pick
from console.services.historian.timeline import Present, Timeline, nothing_lost

S = 1_000_000
TAG = uuid.UUID(int=7)


def block_of(rows):
    """(us, value, quality) in order of arrival."""
    return SampleBlock(
        np.zeros(len(rows), np.uint32),
        np.array([row[0] for row in rows], np.int64),
        np.array([row[1] for row in rows], np.float64),
        np.array([row[2] for row in rows], np.uint8),
    )


class MemoryPast:
    """Implements `Past`. `kept`: level in seconds (0: samples) -> kept from here on; `reads` counts by kind."""

    def __init__(self, rows, kept=None):
        self.block = in_order(block_of(rows))
        self.kept = kept or {}
        self.reads = []
        self._rolled = {}

    def raw(self, from_us, to_us, limit):
        self.reads.append("raw")
        at = self.block.at_us
        inside = np.flatnonzero((at >= max(from_us, self.kept.get(0, 0))) & (at < to_us))[:limit]
        return pick(self.block, inside)

    def rollups(self, level_s, from_us, to_us, columns):
        self.reads.append(level_s)
        width = level_s * S
        if level_s not in self._rolled:
            newest = int(self.block.at_us[-1]) if len(self.block) else 0
            whole = roll(self.block.at_us, self.block.value, self.block.quality, width, None, newest)
            start = int(np.searchsorted(whole.k, -(-self.kept.get(level_s, 0) // width)))
            self._rolled[level_s] = whole.rows(start, len(whole))
        found = self._rolled[level_s].between(from_us // width, -(-to_us // width))
        names = COLUMNS if columns is None else columns
        return columns_of(width, {name: getattr(found, name) for name in names})

    def held_before(self, at_us):
        row = int(np.searchsorted(self.block.at_us, at_us)) - 1
        if row < 0:
            return None
        return Held(int(self.block.at_us[row]), float(self.block.value[row]), int(self.block.quality[row]))

    def kept_from_us(self, level_s):
        return self.kept.get(level_s, 0)


def timeline_of(past, *, ring=None, now_us=0, is_live=False, check=lambda: None):
    snapshot = ring if ring is not None else RingSnapshot((), {})
    return Timeline(past, snapshot, Present(TAG, 0, is_live, now_us), check, getattr(past, "lost", nothing_lost))


def trusted(row):
    return np.isfinite(row[1]) and row[2] <= Quality.UNCERTAIN


class ByHand:
    """Every figure of the samples of one tag, one sample after the other."""

    def __init__(self, rows, until_us):
        self.rows = sorted(dict.fromkeys(rows), key=lambda row: row[0])  # stable: equal stamps keep their order
        self.until_us = until_us

    def held_before(self, at_us):
        earlier = [row for row in self.rows if row[0] < at_us]
        return earlier[-1] if earlier else None

    def pieces(self, from_us, to_us):
        """(row that holds, seconds) over the window, without unknown time."""
        inside = [row for row in self.rows if from_us <= row[0] < to_us]
        held = self.held_before(from_us)
        turns = ([(from_us, held)] if held else []) + [(row[0], row) for row in inside]
        made = []
        for place, (at_us, row) in enumerate(turns):
            end = turns[place + 1][0] if place + 1 < len(turns) else to_us
            seconds = (min(end, self.until_us) - min(at_us, self.until_us)) / 1e6
            if seconds > 0:
                made.append((row, seconds))
        return made

    def inside(self, from_us, to_us):
        return [row for row in self.rows if from_us <= row[0] < to_us]
