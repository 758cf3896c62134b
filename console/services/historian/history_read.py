"""Reading history.db: raw samples, rollups and what held before a moment, as pure functions of a connection.

Every function gives what one consistent snapshot of the file holds: sealed chunks and the tail, already put together.
"""

from collections.abc import Callable, Collection
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from sqlalchemy.engine import Connection

from console.services.historian.chunks import newest_before, opened, read_chunks
from console.services.historian.damage import Damage, LostSpan
from console.services.historian.number_codec import DamagedChunk
from console.services.historian.rollup_columns import COLUMNS, LEVELS_US, Held, RollupColumns, columns_of, no_rows
from console.services.historian.rollup_rows import edited, end_to_end, newest_bucket_before, read_rows
from console.services.historian.rollups import concat, hold_on, roll
from console.services.historian.samples import SampleBlock, in_order, join_blocks, pick
from console.services.historian.seals import Seal, load_seal, unpack_young, young_level
from console.services.historian.tag_sealing import last_of, late_edits, parted
from console.services.historian.tail import EVER, tail_of_key

Column = NDArray[Any]
EVER_US = 1 << 60  # who asks up to here asks for all there is
_NEEDED = ("tail", "tail_quality")  # to know what holds


def read_raw(
    connection: Connection,
    key: int,
    from_us: int,
    to_us: int,
    limit: int | None = None,
    damage: Damage | None = None,
) -> SampleBlock:
    """`TagReader.raw` for one question."""
    return TagReader(connection, key, damage).raw(from_us, to_us, limit)


def read_rollups(
    connection: Connection,
    key: int,
    level: int,
    from_us: int,
    to_us: int,
    columns: Collection[str] | None = None,
    until_us: int | None = None,
    damage: Damage | None = None,
) -> RollupColumns:
    """`TagReader.rollups` for one question."""
    return TagReader(connection, key, damage).rollups(level, from_us, to_us, columns, until_us)


def held_before(connection: Connection, key: int, at_us: int, damage: Damage | None = None) -> Held | None:
    """`TagReader.held_before` for one question."""
    return TagReader(connection, key, damage).held_before(at_us)


class TagReader:
    """One tag within one transaction: its state and what waits of it in the tail are read once.

    Damaged rows are passed over and put into `damage`.
    """

    def __init__(self, connection: Connection, key: int, damage: Damage | None = None) -> None:
        self.seal: Seal = load_seal(connection, key)
        self.damage = damage if damage is not None else Damage()
        self._connection = connection
        self._key = key
        self._whole_tail: SampleBlock | None = None

    def raw(self, from_us: int, to_us: int, limit: int | None = None) -> SampleBlock:
        """Samples and gap markers in [from_us, to_us), by time; equal stamps in the order of arrival.

        At most `limit` of them, the earliest.
        """
        sealed = read_chunks(self._connection, self._key, from_us, to_us, self.damage)
        recent = self._tail((from_us, to_us))
        start, stop = np.searchsorted(recent.at_us, (from_us, to_us))
        if start < stop:
            sealed = in_order(join_blocks([sealed, pick(recent, np.arange(start, stop))]))
        return sealed if limit is None or len(sealed) <= limit else pick(sealed, np.arange(limit))

    def rollups(
        self,
        level: int,
        from_us: int,
        to_us: int,
        columns: Collection[str] | None = None,
        until_us: int | None = None,
    ) -> RollupColumns:
        """Buckets that touch [from_us, to_us) and hold a sample; `level` is an index of LEVELS_S.

        As if all samples stored so far had been rolled at once with the end of knowledge `until_us` (None: the tag's
        newest sample), so pass the present to have what holds counted. `columns`: names of RollupColumns that are
        wanted, None for all; `k` and both tails always come with them.
        """
        wanted = COLUMNS if columns is None else tuple(dict.fromkeys((*columns, *_NEEDED)))
        width_us = LEVELS_US[level]
        span = from_us // width_us, -(-to_us // width_us)
        stored, front = self._stored(level, span, wanted)
        return _with_front(stored, front, span, wanted, until_us)

    def held_before(self, at_us: int) -> Held | None:
        """The newest sample or gap marker before `at_us`: what holds there. None when the tag has none.

        Where raw has been purged it comes from the buckets, with the end of its bucket as its stamp.
        """
        recent = self._tail((EVER[0], at_us))
        stop = int(np.searchsorted(recent.at_us, at_us))
        if self.seal.held is not None and self.seal.held.at_us < at_us:
            found: Held | None = self.seal.held
        else:
            found = self._sealed_before(at_us)
        if stop and (found is None or int(recent.at_us[stop - 1]) >= found.at_us):
            return last_of(pick(recent, np.arange(stop)))
        return found

    def _tail(self, span: tuple[int, int]) -> SampleBlock:
        """What waits, in order; of [from, to) at least."""
        if self._whole_tail is not None:
            return self._whole_tail
        found = in_order(tail_of_key(self._connection, self._key, self.seal.seq, self.damage.tail, span))
        if span[1] >= EVER_US:
            self._whole_tail = found
        return found

    def _stored(self, level: int, span: tuple[int, int], wanted: tuple[str, ...]) -> tuple[RollupColumns, "_Front"]:
        """Sealed buckets of the span, late samples of the tail worked in."""
        held, width_us = self.seal.held, LEVELS_US[level]
        is_old = held is not None and span[1] <= held.at_us // width_us  # then only what is late matters
        recent = self._tail((EVER[0], held.at_us + 1) if is_old and held is not None else EVER)
        late, fresh = parted(recent, held)
        packed = read_rows(self._connection, self._key, level, *span, self.damage, wanted)
        try:
            young = young_level(self.seal.young, level, wanted)
        except DamagedChunk as error:
            self.damage.chunks.append(_lost_young(self.seal, level, str(error)))
            young = no_rows(width_us)
        stored = end_to_end(width_us, [packed, young.between(*span)])
        if not len(late) or held is None:
            return stored, _Front(held, fresh)
        edits, held = late_edits(self._connection, self.seal, late, self.damage)
        return edited(stored, edits[level]).between(*span), _Front(held, fresh)

    def _sealed_before(self, at_us: int) -> Held | None:
        for row in newest_before(self._connection, self._key, at_us):
            block = opened(self._key, row, self.damage)
            if block is not None:
                stop = int(np.searchsorted(block.at_us, at_us))
                return last_of(pick(block, np.arange(stop)))
        for level, width_us in enumerate(LEVELS_US):
            k = at_us // width_us
            try:
                young = unpack_young(self.seal.young)[level].between(-(1 << 60), k)
            except DamagedChunk:
                young = no_rows(width_us)
            found = young if len(young) else newest_bucket_before(self._connection, self._key, level, k, self.damage)
            if len(found):
                end_us = (int(found.k[-1]) + 1) * width_us
                return Held(end_us - 1, float(found.tail[-1]), int(found.tail_quality[-1]))
        return None


@dataclass(frozen=True, slots=True)
class _Front:
    """Where sealed knowledge ends and what came since."""

    held: Held | None
    fresh: SampleBlock


def _with_front(
    stored: RollupColumns, front: _Front, span: tuple[int, int], wanted: tuple[str, ...], until_us: int | None
) -> RollupColumns:
    """The stored buckets, what held on behind them, and the fresh samples' own buckets."""
    width_us, held, fresh = stored.width_us, front.held, front.fresh
    if not len(fresh):
        if held is None or until_us is None or not len(stored) or stored.k[-1] != held.at_us // width_us:
            return stored
        return hold_on(stored, held.at_us, until_us)
    newest_us = int(fresh.at_us[-1])
    until_us = newest_us if until_us is None else max(until_us, newest_us)
    held_k = None if held is None else held.at_us // width_us
    if held is not None and held_k != fresh.at_us[0] // width_us and len(stored) and stored.k[-1] == held_k:
        stored = hold_on(stored, held.at_us, int(fresh.at_us[0]))
    rolled = roll(fresh.at_us, fresh.value, fresh.quality, width_us, held, until_us).between(*span)
    if len(stored) and len(rolled) and stored.k[-1] == rolled.k[0]:
        last = len(stored) - 1
        border = _one(stored.rows(last, last + 1), rolled.rows(0, 1))
        return end_to_end(width_us, [stored.rows(0, last), border, rolled.rows(1, len(rolled))])
    return end_to_end(width_us, [stored, rolled])


def _one(before: RollupColumns, after: RollupColumns) -> RollupColumns:
    """Two parts of one bucket put together; quickly where nothing has to be added up exactly."""
    present = before.present()
    if not present.keys() <= _PLAIN.keys():
        return concat(before, after)
    return columns_of(before.width_us, {name: _PLAIN[name](one, getattr(after, name)) for name, one in present.items()})


def _later(before: Column, after: Column) -> Column:
    return after


_PLAIN: dict[str, Callable[[Column, Column], Column]] = {
    "k": _later,
    "first": lambda before, after: after if np.isnan(before[0]) else before,
    "last": lambda before, after: before if np.isnan(after[0]) else after,
    "min": np.fmin,
    "max": np.fmax,
    "count": np.add,
    "untrusted": np.add,
    "tail": _later,
    "tail_quality": _later,
}


def _lost_young(seal: Seal, level: int, reason: str) -> LostSpan:
    newest_us = seal.held.at_us if seal.held else 0
    return LostSpan(seal.key, level, newest_us, newest_us, 0, reason)
