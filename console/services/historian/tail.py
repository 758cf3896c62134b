"""The newest samples of all tags in packed rows: one row a tick, shared out by key when there are many of them.

A row is an array of records, so that many rows are read as one. The tail is what makes an append cheap and durable;
sealing (compaction.py) takes it away partition by partition.
"""

import zlib
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from sqlalchemy.engine import Connection

from console.services.historian.history_schema import EVERY_KEY, NEWEST_PART, RAW
from console.services.historian.samples import SampleBlock, empty_block, join_blocks, pick
from console.services.storage.direct import direct

RECORD = np.dtype([("key", "<u4"), ("at_us", "<i8"), ("value", "<f8"), ("quality", "u1")])  # 21 bytes
_EXACT = np.dtype([("row", "<u4"), ("is_negative", "u1"), ("size", "<u8")])
SPREAD_AT = 32_768  # samples that wait unsorted by key: reading through them takes about 1 ms
SPREAD_ROWS = 256  # and rows
ROW_MOST = 32_768  # samples of one row
EVER = (-(1 << 63), (1 << 63) - 1)
_SEQ_BITS = 40


@dataclass(frozen=True, slots=True)
class TailRow:
    """A row that is not what was written: whose samples it held nobody knows. Times are of its first and last."""

    seq: int
    samples: int
    from_us: int
    to_us: int
    reason: str


def part_of(key: int) -> int:
    """The partition in which a key's samples wait."""
    return key % NEWEST_PART


def bounds(part: int, after_seq: int = -1) -> tuple[int, int]:
    """Ids [from, to) of a partition's rows behind `after_seq`."""
    return (part << _SEQ_BITS) + after_seq + 1, (part + 1) << _SEQ_BITS


def append_tail(connection: Connection, block: SampleBlock) -> None:
    """Add one tick in the connection's transaction. Keeps no state of its own: it may run twice."""
    if not len(block):
        return
    rows, waiting = direct(
        connection, "SELECT count(*), coalesce(sum(n), 0) FROM tail WHERE id >= ? AND id < ?", bounds(NEWEST_PART)
    ).fetchone()
    (seq,) = direct(connection, "SELECT value FROM counter WHERE name = 'seq'").fetchone()
    if waiting + len(block) < SPREAD_AT and rows < SPREAD_ROWS:
        seq = _insert(connection, NEWEST_PART, block, seq + 1)
    else:
        seq = spread(connection, seq, block)
    direct(connection, "UPDATE counter SET value = ? WHERE name = 'seq'", (seq,))


def spread(connection: Connection, seq: int, more: SampleBlock | None = None) -> int:
    """Share the newest rows and `more` out to the partitions; gives the last seq used.

    What a damaged row held is noted as lost.
    """
    damage: list[TailRow] = []
    newest, _ = read_tail(connection, NEWEST_PART, -1, damage)
    for row in damage:
        note_lost_row(connection, row)
    direct(connection, "DELETE FROM tail WHERE id >= ? AND id < ?", bounds(NEWEST_PART))
    block = join_blocks([newest, more]) if more is not None else newest
    parts = (block.key % NEWEST_PART).astype(np.uint8)
    order = np.argsort(parts, kind="stable")  # a radix sort
    starts = np.searchsorted(parts[order], np.arange(NEWEST_PART + 1))
    last = seq
    for part in range(NEWEST_PART):
        if starts[part] < starts[part + 1]:
            rows = order[starts[part] : starts[part + 1]]
            last = max(last, _insert(connection, part, pick(block, rows), seq + 1))
    return last


def _insert(connection: Connection, part: int, block: SampleBlock, seq: int) -> int:
    """Rows of at most ROW_MOST samples; gives the last seq used."""
    for start in range(0, len(block), ROW_MOST):
        piece = block if len(block) <= ROW_MOST else pick(block, np.arange(start, min(start + ROW_MOST, len(block))))
        packed, exact = pack_rows(piece)
        here, first, last = seq + start // ROW_MOST, int(piece.at_us.min()), int(piece.at_us.max())
        direct(
            connection,
            "INSERT INTO tail (id, seq, n, first_us, last_us, crc, block, exact) VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
            ((part << _SEQ_BITS) + here, here, len(piece), first, last, _crc(packed, exact), packed, exact),
        )
    return seq + (len(block) - 1) // ROW_MOST


def pack_rows(block: SampleBlock) -> tuple[bytes, bytes | None]:
    """Records, and the integers beyond 2**53 beside them."""
    records = np.empty(len(block), RECORD)
    records["key"], records["at_us"] = block.key, block.at_us
    records["value"], records["quality"] = block.value, block.quality
    if not block.exact:
        return records.tobytes(), None
    exact = np.array([(row, number < 0, abs(number)) for row, number in sorted(block.exact.items())], _EXACT)
    return records.tobytes(), exact.tobytes()


def unpack_rows(
    packed: Sequence[bytes], exact: Sequence[bytes | None], keys: NDArray[np.uint32] | None = None
) -> SampleBlock:
    """Several rows as one block in their order; only samples of `keys` when these are given."""
    records = np.frombuffer(b"".join(packed), RECORD)
    numbers: dict[int, int] = {}
    start = 0
    for blob, beside in zip(packed, exact, strict=True):
        if beside:
            for row, is_negative, size in np.frombuffer(beside, _EXACT).tolist():
                numbers[start + row] = -size if is_negative else size
        start += len(blob) // RECORD.itemsize
    if keys is not None:
        key = records["key"]
        chosen = np.flatnonzero(key == keys[0] if keys.size == 1 else np.isin(key, keys))
        if numbers:
            place = {int(row): index for index, row in enumerate(chosen)}
            numbers = {place[row]: numbers[row] for row in numbers.keys() & place.keys()}
        records = records[chosen]
    key, at_us, value, quality = (np.ascontiguousarray(records[name]) for name in RECORD.names or ())
    return SampleBlock(key, at_us, value, quality, numbers)


def wrong_with(n: int, crc: int, packed: bytes, exact: bytes | None) -> str:
    """Why a row cannot be believed; empty when it can."""
    if len(packed) != n * RECORD.itemsize:
        return "the row is cut off"
    return "" if _crc(packed, exact) == crc else "the checksum is wrong"


def read_tail(
    connection: Connection,
    part: int,
    after_seq: int,
    damage: list[TailRow],
    keys: NDArray[np.uint32] | None = None,
    span: tuple[int, int] = EVER,
) -> tuple[SampleBlock, int]:
    """Samples of one partition's rows behind `after_seq` in the order of arrival, and the last seq there.

    Rows without a sample in `span` [from, to) are passed over; so are damaged ones, which are put into `damage`.
    """
    sql = (
        "SELECT seq, n, crc, block, exact, first_us, last_us FROM tail"
        " WHERE id >= ? AND id < ? AND last_us >= ? AND first_us < ?"
    )
    packed: list[bytes] = []
    beside: list[bytes | None] = []
    last = after_seq
    for seq, n, crc, block, exact, first_us, last_us in direct(connection, sql, (*bounds(part, after_seq), *span)):
        last = seq
        if reason := wrong_with(n, crc, block, exact):
            damage.append(TailRow(seq, n, first_us, last_us, reason))
        else:
            packed.append(block)
            beside.append(exact)
    return unpack_rows(packed, beside, keys) if packed else empty_block(), last


def tail_of_key(
    connection: Connection, key: int, after_seq: int, damage: list[TailRow], span: tuple[int, int] = EVER
) -> SampleBlock:
    """What of one tag is not sealed yet, in the order of arrival; rows without a sample in `span` are passed over."""
    wanted = np.array([key], np.uint32)
    shared, _ = read_tail(connection, part_of(key), after_seq, damage, wanted, span)
    newest, _ = read_tail(connection, NEWEST_PART, after_seq, damage, wanted, span)
    return join_blocks([block for block in (shared, newest) if len(block)])


@dataclass(frozen=True, slots=True)
class TailPart:
    """A partition's oldest rows: samples in the order of arrival, the seq of each one's row, and the last seq."""

    block: SampleBlock
    seq: NDArray[np.int64]
    last_seq: int
    damage: list[TailRow]


def read_part(connection: Connection, part: int, most: int) -> TailPart:
    """A partition from its beginning, in whole rows until there are `most` samples."""
    sql = "SELECT seq, n, crc, block, exact, first_us, last_us FROM tail WHERE id >= ? AND id < ?"
    packed: list[bytes] = []
    beside: list[bytes | None] = []
    seqs: list[int] = []
    damage: list[TailRow] = []
    last, count = -1, 0
    for seq, n, crc, block, exact, first_us, last_us in direct(connection, sql, bounds(part)):
        last = seq
        if reason := wrong_with(n, crc, block, exact):
            damage.append(TailRow(seq, n, first_us, last_us, reason))
            continue
        packed.append(block)
        beside.append(exact)
        seqs.append(seq)
        count += n
        if count >= most:
            break
    sizes = [len(block) // RECORD.itemsize for block in packed]
    return TailPart(unpack_rows(packed, beside), np.repeat(np.array(seqs, np.int64), sizes), last, damage)


def waiting(connection: Connection, part: int, after_seq: int) -> tuple[int, int]:
    """Samples in rows behind `after_seq` and the last seq there (`after_seq` when there are none)."""
    sql = "SELECT coalesce(sum(n), 0), coalesce(max(seq), ?) FROM tail WHERE id >= ? AND id < ?"
    n, last = direct(connection, sql, (after_seq, *bounds(part, after_seq))).fetchone()
    return int(n), int(last)


def drop_tail(connection: Connection, part: int, to_seq: int) -> None:
    """Delete a partition's rows up to and with `to_seq`: all its tags are sealed that far."""
    low, _ = bounds(part)
    direct(connection, "DELETE FROM tail WHERE id >= ? AND id <= ?", (low, low + to_seq))


def note_lost_row(connection: Connection, row: TailRow) -> None:
    """Remember which time the lost samples of a row were of."""
    direct(
        connection,
        "INSERT INTO damage (key, level, from_us, to_us, samples, reason) VALUES (?, ?, ?, ?, ?, ?)",
        (EVERY_KEY, RAW, row.from_us, row.to_us, row.samples, row.reason),
    )


def _crc(packed: bytes, exact: bytes | None) -> int:
    return zlib.crc32(exact or b"", zlib.crc32(packed))
