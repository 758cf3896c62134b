"""What the historian stores: samples of many tags in columns, and who those tags are."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from uuid import UUID

import numpy as np
from numpy.typing import NDArray

from console.domain.values import ValueType
from console.services.records import Bytes8, Floats, Longs

Keys = NDArray[np.uint32]


@dataclass(frozen=True, slots=True)
class SampleBlock:
    """Samples in delivery order, columns of equal length. Times int64 us UTC (source time).

    `key` is the tag's small integer in history.db. `value` is nan where there is no number; a gap marker (trust lost
    without a sample) is such a row with its quality. `exact`: row -> integer beyond 2**53. `texts`: row -> text, only
    on the way in: the store replaces the row's value by the text's code in the tag's dictionary, and hands codes back.
    """

    key: Keys
    at_us: Longs
    value: Floats
    quality: Bytes8
    exact: dict[int, int] = field(default_factory=dict)
    texts: dict[int, str] = field(default_factory=dict)

    def __len__(self) -> int:
        return int(self.at_us.size)


@dataclass(frozen=True, slots=True)
class TagInfo:
    """A tag as history.db knows it. `retention_class` names a row of site/history.toml."""

    key: int
    tag_id: UUID
    kind: ValueType
    retention_class: str
    unit: str


def empty_block() -> SampleBlock:
    """No samples."""
    return SampleBlock(np.empty(0, np.uint32), np.empty(0, np.int64), np.empty(0), np.empty(0, np.uint8))


def join_blocks(blocks: Sequence[SampleBlock]) -> SampleBlock:
    """One block after the other."""
    if len(blocks) == 1:
        return blocks[0]
    if not blocks:
        return empty_block()
    exact: dict[int, int] = {}
    texts: dict[int, str] = {}
    start = 0
    for block in blocks:
        exact.update((start + row, number) for row, number in block.exact.items())
        texts.update((start + row, text) for row, text in block.texts.items())
        start += len(block)
    return SampleBlock(
        np.concatenate([block.key for block in blocks]),
        np.concatenate([block.at_us for block in blocks]),
        np.concatenate([block.value for block in blocks]),
        np.concatenate([block.quality for block in blocks]),
        exact,
        texts,
    )


def pick(block: SampleBlock, rows: NDArray[np.intp]) -> SampleBlock:
    """The rows of a block in this order."""
    exact: dict[int, int] = {}
    texts: dict[int, str] = {}
    if block.exact or block.texts:
        place = {int(row): index for index, row in enumerate(rows)}
        exact = {place[row]: block.exact[row] for row in block.exact.keys() & place.keys()}
        texts = {place[row]: block.texts[row] for row in block.texts.keys() & place.keys()}
    return SampleBlock(block.key[rows], block.at_us[rows], block.value[rows], block.quality[rows], exact, texts)


def in_order(block: SampleBlock) -> SampleBlock:
    """Sorted by tag, then time; equal stamps keep their order. A sample that is there twice is kept once.

    Two samples are the same when tag, time, value (bit for bit), exact integer and quality are equal.
    """
    n = len(block)
    if n < 2:
        return block
    order = np.lexsort((block.at_us, block.key))  # stable
    key, at = block.key[order], block.at_us[order]
    same_stamp = (key[1:] == key[:-1]) & (at[1:] == at[:-1])
    if same_stamp.any():
        order = order[_once(block, order, same_stamp)]
    elif (order[1:] > order[:-1]).all():
        return block
    return pick(block, order)


def _once(block: SampleBlock, order: NDArray[np.intp], same_stamp: NDArray[np.bool_]) -> NDArray[np.bool_]:
    """Which places of `order` stay; only runs of equal stamps are looked at one by one."""
    keep = np.ones(order.size, np.bool_)
    bits = block.value.view(np.int64)
    seen: set[tuple[int, int, int | None]] = set()
    before = -2
    for place in np.flatnonzero(same_stamp).tolist():
        if place != before + 1:
            seen = {_identity(block, bits, int(order[place]))}
        before = place
        identity = _identity(block, bits, int(order[place + 1]))
        keep[place + 1] = identity not in seen
        seen.add(identity)
    return keep


def _identity(block: SampleBlock, bits: Longs, row: int) -> tuple[int, int, int | None]:
    return int(bits[row]), int(block.quality[row]), block.exact.get(row)
