"""What of this station's history travels to the centre: packed parts of one tag and one hour or day."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from uuid import UUID

from sqlalchemy.engine import Connection

from console.services.historian.chunk_codec import pack_chunk
from console.services.historian.history_read import read_raw, read_rollups
from console.services.historian.rollup_codec import pack_rollups
from console.services.historian.rollup_columns import LEVELS_S, SECOND_US
from console.services.historian.samples import TagInfo
from console.services.sync.central_samples import Held, Part
from console.services.sync.central_schema_4 import DAY_S, HOUR_S

LEVELS = {HOUR_S: (0, 1), DAY_S: (2, 3)}  # span of a part -> its fine and its coarse level, numbers of LEVELS_S
MOST_RAW = 400_000  # samples of one part: 100 a second for an hour


@dataclass(frozen=True, slots=True)
class Chosen:
    """A tag that travels; `with_raw`: its samples too, not only its buckets."""

    tag: TagInfo
    with_raw: bool = False


@dataclass(frozen=True, slots=True)
class Counted:
    """A part that could be made: of which tag, from when, of how many samples."""

    chosen: Chosen
    start_us: int
    samples: int

    @property
    def place(self) -> tuple[UUID, int]:
        return self.chosen.tag.tag_id, self.start_us

    def is_news_to(self, held: Held | None) -> bool:
        """True when the centre lacks it, has less of it, or lacks samples that travel."""
        if held is None or held.samples < self.samples:
            return True
        return held.samples == self.samples and self.chosen.with_raw and not held.has_raw


def counted(connection: Connection, chosen: Iterable[Chosen], span_s: int, start_us: int) -> Iterator[Counted]:
    """The parts of one span that hold anything; buckets belong to the span in which they begin."""
    level = LEVELS[span_s][1]
    for one in chosen:
        begin, end = _borders(span_s, level, start_us)
        rollups = read_rollups(connection, one.tag.key, level, begin, end, ("count", "untrusted"))
        samples = int(rollups.count.sum()) + int(rollups.untrusted.sum())
        if samples:
            yield Counted(one, start_us, samples)


def made(connection: Connection, one: Counted, span_s: int) -> Part:
    """The part itself, read anew: it may hold a sample more than was counted."""
    tag = one.chosen.tag
    fine, coarse = (
        read_rollups(connection, tag.key, level, *_borders(span_s, level, one.start_us)) for level in LEVELS[span_s]
    )
    raw = None
    if one.chosen.with_raw and span_s == HOUR_S:
        block = read_raw(connection, tag.key, one.start_us, one.start_us + span_s * SECOND_US, MOST_RAW)
        raw = pack_chunk(block.at_us, block.value, block.quality, block.exact)
    samples = int(coarse.count.sum()) + int(coarse.untrusted.sum())
    return Part(tag.tag_id, one.start_us, samples, pack_rollups(fine), pack_rollups(coarse), raw)


def oldest_us(connection: Connection) -> int:
    """When the oldest bucket of what is kept begins, 0 when nothing is."""
    row = connection.exec_driver_sql(
        "SELECT min(at) FROM (SELECT min(first_us) AS at FROM chunk UNION ALL SELECT min(first_us) FROM tail"
        " UNION ALL SELECT min(first_k) * ? FROM rollup WHERE level = ?)",
        (LEVELS_S[-1] * SECOND_US, len(LEVELS_S) - 1),
    ).first()
    width = LEVELS_S[-1] * SECOND_US
    return max(int(row[0]) // width * width, 0) if row is not None and row[0] is not None else 0


def batches(parts: Iterable[Part], most: int, most_bytes: int) -> Iterator[Sequence[Part]]:
    """At most so many parts and bytes at a time; a part that is larger alone comes alone."""
    batch: list[Part] = []
    size = 0
    for part in parts:
        if batch and (len(batch) == most or size + part.nbytes > most_bytes):
            yield batch
            batch, size = [], 0
        batch.append(part)
        size += part.nbytes
    if batch:
        yield batch


def _borders(span_s: int, level: int, start_us: int) -> tuple[int, int]:
    """From the first to behind the last bucket that begins in the span."""
    width = LEVELS_S[level] * SECOND_US
    end_us = start_us + span_s * SECOND_US
    return -(-start_us // width) * width, -(-end_us // width) * width
