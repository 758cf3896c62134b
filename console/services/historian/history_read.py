"""Reading history.db: raw samples, rollups and what held before a moment, as pure functions of a connection.

Every function gives what one consistent snapshot of the file holds: sealed chunks and the tail, already put together.
"""

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import numpy as np
from sqlalchemy.engine import Connection

from console.services.historian.samples import SampleBlock, in_order, pick
from console.services.historian.tail import TailRow, tail_of_key

if TYPE_CHECKING:
    from console.services.historian.rollup_columns import Held, RollupColumns


@dataclass(slots=True)
class Damage:
    """What a reading met and passed over; empty when everything was sound. One per question, given by the caller."""

    tail: list[TailRow] = field(default_factory=list)
    chunks: list["LostSpan"] = field(default_factory=list)

    def __bool__(self) -> bool:
        return bool(self.tail or self.chunks)


@dataclass(frozen=True, slots=True)
class LostSpan:
    """Samples (`level` -1) or buckets of a level of one tag in [from_us, to_us] that cannot be read any more."""

    key: int
    level: int
    from_us: int
    to_us: int
    samples: int
    reason: str


def read_raw(
    connection: Connection,
    key: int,
    from_us: int,
    to_us: int,
    limit: int | None = None,
    damage: Damage | None = None,
) -> SampleBlock:
    """Samples and gap markers of one tag in [from_us, to_us), by time; equal stamps in the order of arrival.

    At most `limit` of them, the earliest. Damaged chunks are passed over and put into `damage`.
    """
    damage = damage if damage is not None else Damage()
    block = in_order(tail_of_key(connection, key, -1, damage.tail, (from_us, to_us)))
    inside = np.flatnonzero((block.at_us >= from_us) & (block.at_us < to_us))
    return pick(block, inside[:limit])


def read_rollups(
    connection: Connection,
    key: int,
    level: int,
    from_us: int,
    to_us: int,
    columns: tuple[str, ...] | None = None,
    until_us: int | None = None,
    damage: Damage | None = None,
) -> "RollupColumns":
    """Buckets of one tag that touch [from_us, to_us) and hold a sample; `level` is an index of LEVELS_S.

    As if all samples stored so far had been rolled at once with the end of knowledge `until_us` (None: the tag's
    newest sample). `columns`: names of RollupColumns that are wanted, None for all. Damaged rows are passed over and
    put into `damage`.
    """
    raise LookupError(key)


def held_before(connection: Connection, key: int, at_us: int, damage: Damage | None = None) -> "Held | None":
    """The newest sample or gap marker before `at_us`: what holds there. None when the tag has none."""
    block = read_raw(connection, key, -(1 << 62), at_us, None, damage)
    if not len(block):
        return None
    from console.services.historian.rollup_columns import Held

    return Held(int(block.at_us[-1]), float(block.value[-1]), int(block.quality[-1]))
