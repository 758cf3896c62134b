"""Sealing in the background: which partition of the tail is due, and its tags' plans, a few at a time.

Preparing reads and computes on a reader's connection; writing is short and runs on the writing one, so that no append
waits for arithmetic. What is written for a tag and how far its tail counts as taken are one transaction; the
partition's rows go when all of its tags are done.
"""

import logging
from collections.abc import Sequence
from dataclasses import dataclass, field, replace

import numpy as np
from sqlalchemy.engine import Connection
from sqlalchemy.exc import DBAPIError

from console.services.historian.history_schema import NEWEST_PART
from console.services.historian.number_codec import DamagedChunk
from console.services.historian.samples import SampleBlock, in_order, pick
from console.services.historian.sealing import PackedYoung, YoungMany, grown, held_many, new_buckets, packed
from console.services.historian.seals import Seal, load_seal, records_of
from console.services.historian.tag_sealing import TagWrites, plan_fresh, plan_late, write_tag
from console.services.historian.tail import TailRow, drop_tail, note_lost_row, read_part, spread, waiting
from console.services.storage.direct import direct

SEAL_AT = 400_000  # samples of a partition: about 100 MB while they are sorted
SEAL_AFTER_US = 3_600_000_000  # and a partition that has fewer waits no longer than this
SLICE = 24  # tags of one write transaction: a few milliseconds
log = logging.getLogger(__name__)


@dataclass(slots=True)
class _Waiting:
    """What is known of a partition's rows."""

    samples: int = 0
    seq: int = -1
    since_us: int = 0
    not_before_us: int = -(1 << 62)


@dataclass(slots=True)
class PartWork:
    """A partition being sealed: its samples by tag, and how far it is done."""

    part: int
    last_seq: int
    lost: list[TailRow]
    block: SampleBlock
    keys: list[int]
    starts: list[int]  # of each key's rows, and the end
    seals: dict[int, Seal]
    fresh: dict[int, int]  # key -> its number in `young`
    young: YoungMany | None = None
    packed: PackedYoung | None = None
    done: int = 0  # keys
    is_stale: bool = False  # some tag is not sealed: the partition's rows stay for the next time
    has_failed: bool = False  # and that is not to be soon

    def samples(self, number: int) -> SampleBlock:
        """One tag's samples in order."""
        return _cut(self.block, self.starts[number], self.starts[number + 1])


@dataclass(slots=True)
class Compactor:
    """Remembers what waits in each partition, in memory only: after a start it looks anew."""

    parts: list[_Waiting] = field(default_factory=lambda: [_Waiting() for _ in range(NEWEST_PART + 1)])

    def next_part(self, connection: Connection, now_us: int, *, is_all: bool = False) -> int | None:
        """The partition that is to be sealed now, NEWEST_PART when the newest rows are to be shared out first.

        `is_all`: everything is due.
        """
        for part, known in enumerate(self.parts):
            more, known.seq = waiting(connection, part, known.seq)
            if not known.samples and more:
                known.since_us = now_us
            known.samples += more
        for part in (NEWEST_PART, *sorted(range(NEWEST_PART), key=lambda part: -self.parts[part].samples)):
            known = self.parts[part]
            is_due = is_all or now_us - known.since_us >= SEAL_AFTER_US
            if (
                known.samples
                and now_us >= known.not_before_us
                and (is_due or (part != NEWEST_PART and known.samples >= SEAL_AT))
            ):
                return part
        return None

    def close(self, work: PartWork, now_us: int) -> None:
        """A partition's rows have changed otherwise than by appends: count them anew. After a failure it rests."""
        self.forget(work.part)
        if work.has_failed:
            self.parts[work.part].not_before_us = now_us + SEAL_AFTER_US

    def forget(self, part: int) -> None:
        """Count a partition's rows anew."""
        self.parts[part] = _Waiting()


def share_out(connection: Connection) -> None:
    """Give the newest rows to the partitions, in the connection's transaction."""
    (seq,) = direct(connection, "SELECT value FROM counter WHERE name = 'seq'").fetchone()
    direct(connection, "UPDATE counter SET value = ? WHERE name = 'seq'", (spread(connection, seq),))


def open_part(connection: Connection, part: int, most: int = SEAL_AT) -> PartWork:
    """Read a partition and compute the new buckets of all its tags at once. About 0.5 s for 400,000 samples."""
    found = read_part(connection, part, most)
    block, seq = found.block, found.seq
    seals = {key: load_seal(connection, key) for key in np.unique(block.key).tolist()}
    if any(seal.seq >= seq[0] for seal in seals.values()):  # the last time was broken off
        sealed = np.array([seals[key].seq for key in sorted(seals)], np.int64)
        places = np.searchsorted(np.array(sorted(seals), np.uint32), block.key)
        block = pick(block, np.flatnonzero(seq > sealed[places]))
    seals = {key: replace(seal, seq=found.last_seq) for key, seal in seals.items()}
    return _work(part, found.last_seq, found.damage, block, seals)


def work_of(connection: Connection, block: SampleBlock) -> PartWork:
    """Seal these samples as they are, past the tail: for filling a file from elsewhere. There is nothing to close."""
    seals = {key: load_seal(connection, key) for key in np.unique(block.key).tolist()}
    return _work(NEWEST_PART, -1, [], block, seals)


def plan_tags(connection: Connection, work: PartWork, most: int = SLICE) -> list[TagWrites]:
    """What is to be written for the next tags; they count as done. Of a tag that fails the samples stay in the tail."""
    plans = []
    every = range(work.done, min(work.done + most, len(work.keys)))
    for number in every:
        try:
            plans.append(_plan(connection, work, number))
        except (DBAPIError, MemoryError):
            raise
        except Exception:  # a defect: the other tags go on
            log.exception("tag %s cannot be sealed", work.keys[number])
            work.is_stale = work.has_failed = True
    work.done = every.stop
    return plans


def write_tags(connection: Connection, every: Sequence[TagWrites]) -> bool:
    """Write them; False when at least one was made from a state that is no longer the tag's."""
    written = [write_tag(connection, writes) for writes in every]
    return all(written)


def close_part(connection: Connection, work: PartWork) -> None:
    """All tags are sealed: the partition's rows go, lost ones are remembered."""
    for row in work.lost:
        note_lost_row(connection, row)
    drop_tail(connection, work.part, work.last_seq)


def _work(part: int, last_seq: int, lost: list[TailRow], block: SampleBlock, seals: dict[int, Seal]) -> PartWork:
    block = in_order(block)
    keys, starts = np.unique(block.key, return_index=True)
    work = PartWork(part, last_seq, lost, block, keys.tolist(), [*starts.tolist(), len(block)], seals, {})
    _roll(work)
    return work


def _plan(connection: Connection, work: PartWork, number: int) -> TagWrites:
    key, block = work.keys[number], work.samples(number)
    seal = work.seals[key]
    if key not in work.fresh:
        return plan_late(connection, seal, block)
    assert work.young is not None
    assert work.packed is not None
    place = work.fresh[key]
    writes, moved = plan_fresh(connection, seal, block, work.young, place)
    writes.seal = replace(writes.seal, young=work.packed.of(place, moved))
    return writes


def _roll(work: PartWork) -> None:
    """The new young buckets of the tags that have only fresh samples; the others are done one by one."""
    young: list[tuple[int, bytes]] = []
    chosen: list[int] = []
    for number, key in enumerate(work.keys):
        seal = work.seals[key]
        is_fresh = seal.held is None or int(work.block.at_us[work.starts[number]]) > seal.held.at_us
        if is_fresh and _is_sound(seal):
            work.fresh[key] = len(chosen)
            young.append((len(chosen), seal.young))
            chosen.append(number)
    if not chosen:
        return
    if len(chosen) == len(work.keys):
        block = work.block
    else:
        rows = [np.arange(work.starts[number], work.starts[number + 1]) for number in chosen]
        block = pick(work.block, np.concatenate(rows))
    before = held_many([work.seals[work.keys[number]].held for number in chosen])
    until_us = np.array([work.block.at_us[work.starts[number + 1] - 1] for number in chosen], np.int64)
    work.young = grown(young, new_buckets(block, before, until_us))
    work.packed = packed(work.young)


def _is_sound(seal: Seal) -> bool:
    try:
        records_of(seal.young)
    except DamagedChunk:
        return False
    return True


def _cut(block: SampleBlock, start: int, stop: int) -> SampleBlock:
    exact = {row - start: number for row, number in block.exact.items() if start <= row < stop} if block.exact else {}
    return SampleBlock(
        block.key[start:stop], block.at_us[start:stop], block.value[start:stop], block.quality[start:stop], exact
    )
