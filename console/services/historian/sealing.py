"""How samples that waited in the tail become chunks and buckets: the arithmetic for many tags at once, no writing.

What is stored of a tag is always the rollup of all its sealed samples with the last of them as the end of knowledge.
New samples are rolled from there on: what held goes on from its own stamp, so that both parts of a bucket add up.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from console.services.historian.decimal_grid import products
from console.services.historian.rollup_columns import (
    COLUMNS,
    LEVELS_US,
    SECOND_US,
    Held,
    ManyHeld,
    ManyRollups,
    RollupColumns,
    columns_of,
    is_trusted,
)
from console.services.historian.rollup_rows import end_to_end, taken
from console.services.historian.rollups import coarsen_many, roll_many
from console.services.historian.samples import SampleBlock
from console.services.historian.seals import RECORD, columns_from, records_of, seal_records
from console.services.records import Longs


@dataclass(frozen=True, slots=True)
class YoungMany:
    """Young buckets of T tags: per level, rows by (tag, k). Tag number i has rows offsets[i] to offsets[i + 1]."""

    levels: tuple[ManyRollups, ...]

    def of(self, number: int) -> list[RollupColumns]:
        """The buckets of one tag, by level."""
        return [level.of(number) for level in self.levels]

    def counts(self, number: int) -> list[int]:
        """How many they are."""
        return [int(level.offsets[number + 1] - level.offsets[number]) for level in self.levels]


@dataclass(frozen=True, slots=True)
class PackedYoung:
    """The same as records, from which a tag's bytes are cut out."""

    records: tuple["np.ndarray[tuple[int], np.dtype[np.void]]", ...]
    offsets: tuple[Longs, ...]

    def of(self, number: int, starts: Sequence[int]) -> bytes:
        """A tag's bytes without the first `starts[level]` buckets of each level."""
        parts = (
            records[int(offsets[number]) + start : int(offsets[number + 1])].tobytes()
            for records, offsets, start in zip(self.records, self.offsets, starts, strict=True)
        )
        return seal_records(b"".join(parts))


def held_many(held: Sequence[Held | None]) -> ManyHeld:
    """What holds of many tags, in columns."""
    filled = [one or Held(0, float("nan"), 5) for one in held]
    return ManyHeld(
        np.array([one is not None for one in held], np.bool_),
        np.array([one.at_us for one in filled], np.int64),
        np.array([one.value for one in filled], np.float64),
        np.array([one.quality for one in filled], np.uint8),
    )


def new_buckets(block: SampleBlock, before: ManyHeld, until_us: Longs) -> tuple[ManyRollups, ...]:
    """Buckets of new samples for each level, with the rest of the bucket in which each tag's last sample stands.

    `block` is sorted by (key, time), all of it newer than `before`; one entry of `before` and `until_us` for each key.
    """
    width_us = LEVELS_US[0]
    rolled = roll_many(block.key, block.at_us, block.value, block.quality, width_us, before, until_us)
    starts = np.flatnonzero(np.concatenate(([True], block.key[1:] != block.key[:-1])))
    rest, tags = _rest_of_buckets(before, block.at_us[starts] // width_us, width_us)
    finest = joined_by_tag(rolled.key, [(tags, rest), (numbers_of(rolled), rolled.columns)])
    levels = [finest]
    for wider_us in LEVELS_US[1:]:
        levels.append(coarsen_many(levels[-1], wider_us, before, until_us))
    return tuple(levels)


def grown(young: Sequence[tuple[int, bytes]], more: tuple[ManyRollups, ...]) -> YoungMany:
    """Young buckets with new ones behind them. `young`: tag number and its bytes, which are sound."""
    parts = [records_of(packed) for _, packed in young]
    records = np.concatenate(parts) if parts else np.empty(0, RECORD)
    numbers = np.repeat([number for number, _ in young], [part.size for part in parts]).astype(np.int64)
    levels = []
    for level, many in enumerate(more):
        here = np.flatnonzero(records["level"] == level)
        old = columns_from(records[here], LEVELS_US[level])
        both = joined_by_tag(many.key, [(numbers[here], old), (numbers_of(many), many.columns)])
        # Wider buckets of the same width: a bucket that both parts know is put together, no time is added.
        levels.append(coarsen_many(both, LEVELS_US[level], None, np.full(many.key.size, np.iinfo(np.int64).min // 2)))
    return YoungMany(tuple(levels))


def packed(young: YoungMany) -> PackedYoung:
    """As records of the file."""
    every = []
    for level, many in enumerate(young.levels):
        records = np.empty(len(many.columns), RECORD)
        records["level"] = level
        for name in COLUMNS:
            records[name] = getattr(many.columns, name)
        every.append(records)
    return PackedYoung(tuple(every), tuple(many.offsets for many in young.levels))


def joined_by_tag(
    key: "np.ndarray[tuple[int], np.dtype[np.uint32]]", parts: Sequence[tuple[Longs, RollupColumns]]
) -> ManyRollups:
    """Rows of several parts by tag number; within a tag the parts in their order."""
    numbers = np.concatenate([numbers for numbers, _ in parts])
    order = np.argsort(numbers, kind="stable")
    whole = end_to_end(parts[-1][1].width_us, [columns for _, columns in parts])
    offsets = np.searchsorted(numbers[order], np.arange(key.size + 1)).astype(np.int64)
    return ManyRollups(key, offsets, taken(whole, order))


def numbers_of(many: ManyRollups) -> Longs:
    """The tag number of each row."""
    return np.repeat(np.arange(many.key.size, dtype=np.int64), np.diff(many.offsets))


def _rest_of_buckets(before: ManyHeld, first_k: Longs, width_us: int) -> tuple[RollupColumns, Longs]:
    """For each tag whose next sample stands in a later bucket: the time that its last one holds on in its own."""
    bucket = before.at_us // width_us
    tags = np.flatnonzero(before.known & (bucket != first_k))
    k, value, quality = bucket[tags], before.value[tags], before.quality[tags]
    us = (k + 1) * width_us - before.at_us[tags]
    trusted = is_trusted(value, quality)
    nothing, nan = np.zeros(tags.size), np.full(tags.size, np.nan)
    return columns_of(
        width_us,
        {
            "k": k, "first": nan, "last": nan, "min": nan, "max": nan, "count": nothing, "untrusted": nothing,
            "sum": nothing, "sum_sq": nothing, "integral": products(np.where(trusted, value, 0.0), us, SECOND_US),
            "good_s": np.where(trusted, us, 0) / SECOND_US, "bad_s": np.where(trusted, 0, us) / SECOND_US,
            "tail": value, "tail_quality": quality,
        },
    ), tags.astype(np.int64)  # fmt: skip
