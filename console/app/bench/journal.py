"""`leitstand bench journal`: durable acts a second and their waits, beside raw SQLite making the same rows durable."""

import asyncio
import tempfile
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from uuid import UUID, uuid5

from sqlalchemy.engine import Connection

from console.app.bench.rows import BenchRow
from console.domain.facts import AlarmAcknowledged
from console.services.journal.entries import Actor
from console.services.journal.keys import FileKey
from console.services.journal.log import JournalLog
from console.services.journal.own_stream import Place
from console.services.journal.verify import verify_journal
from console.services.storage.database import LIBRARY
from console.services.storage.direct import direct
from console.services.storage.schema import Database, open_journal_db

SITE = UUID("0190a0b0-0000-7000-8000-000000000001")
PRODUCERS = 8
_OPERATOR = Actor("u-bench", "bench", "Bench", ("operator",), "s", "password")
_BODY = b"x" * 900
_SIG = b"s" * 64
_RAW = (
    "INSERT INTO event (hash, stream_id, seq, prev, hlc, etype, ever, entity_type, entity_id, user_id, tx_id, tx_n,"
    " body, sig, recv_from, recv_at) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)"
)


@dataclass(frozen=True, slots=True)
class Timed:
    """Events a second, and how long each waited until it was durable, in ms, sorted."""

    per_s: float
    waits: list[float]

    def percentile(self, part: float) -> float:
        return self.waits[min(len(self.waits) - 1, int(len(self.waits) * part))]


def run(quick: bool) -> Iterator[BenchRow]:
    count = 2_000 if quick else 20_000
    with tempfile.TemporaryDirectory(prefix="leitstand-bench-", ignore_cleanup_errors=True) as scratch:
        folder = Path(scratch)
        # in turns, in parts: a busy moment of the disk hits all of them
        one, many, raw, bare = [], [], [], []
        for part in range(4):
            raw.append(_raw(folder / f"raw-{part}.db", count // 8))
            one.append(asyncio.run(_ours(folder / f"one-{part}", count // 8, 1)))
            bare.append(asyncio.run(_writer_alone(folder / f"writer-{part}.db", count // 2)))
            many.append(asyncio.run(_ours(folder / f"many-{part}", count // 2, PRODUCERS)))
        raw_one, ours_one, ours_many = _together(raw), _together(one), _together(many)
        alone = _together(bare)
        ratio = alone.per_s / raw_one.per_s
        yield BenchRow(
            "journal", f"durable appends by the writer, {PRODUCERS} producers", round(alone.per_s), "events/s",
            "raw SQLite, one transaction an event", round(raw_one.per_s), round(ratio, 2), ">= 2 x", ratio >= 2,
        )  # fmt: skip
        ratio = ours_many.per_s / raw_one.per_s
        yield BenchRow(
            "journal", f"whole acts: checked, signed, durable, applied, {PRODUCERS} producers", round(ours_many.per_s),
            "acts/s", "raw SQLite, one transaction an event", round(raw_one.per_s), round(ratio, 2),
        )  # fmt: skip
        ratio = ours_one.percentile(0.99) / raw_one.percentile(0.99)
        yield BenchRow(
            "journal", "one producer, act to durable, p99", round(ours_one.percentile(0.99), 3), "ms",
            "raw SQLite commit, p99", round(raw_one.percentile(0.99), 3), round(ratio, 2), "<= 2 x", ratio <= 2,
        )  # fmt: skip
        ratio = ours_one.percentile(0.5) / raw_one.percentile(0.5)
        yield BenchRow(
            "journal", "one producer, act to durable, median", round(ours_one.percentile(0.5), 3), "ms",
            "raw SQLite commit, median", round(raw_one.percentile(0.5), 3), round(ratio, 2),
        )  # fmt: skip
        broken = [name for name in sorted(folder.glob("many-*")) if not verify_journal(name / "journal.db").is_sound]
        yield BenchRow(
            "journal", "journals of this run that do not verify", len(broken), "files", goal="0", holds=not broken
        )


def _together(parts: list[Timed]) -> Timed:
    waits = sorted(wait for part in parts for wait in part.waits)
    return Timed(sum(part.per_s for part in parts) / len(parts), waits)


def open_log(folder: Path, code: str = "B1") -> tuple[Database, JournalLog]:
    """A real journal in a folder, with its own key."""
    database = open_journal_db(folder / "journal.db")
    key = FileKey.load_or_create(folder / "keys")
    place = Place(SITE, uuid5(SITE, code), code)
    log = JournalLog(database.writer, database.readers, place=place, key=key, now_us=lambda: time.time_ns() // 1000)
    return database, log


async def _ours(folder: Path, count: int, producers: int) -> Timed:
    database, log = open_log(folder)
    waits: list[float] = []

    async def produce(number: int) -> None:
        for act in range(count // producers):
            start = time.perf_counter()
            await log.append([_act(number, act)], _OPERATOR)
            waits.append((time.perf_counter() - start) * 1000)

    try:
        await log.open()
        start = time.perf_counter()
        await asyncio.gather(*(produce(number) for number in range(producers)))
        return Timed(len(waits) / (time.perf_counter() - start), sorted(waits))
    finally:
        database.close()


def _act(producer: int, number: int) -> AlarmAcknowledged:
    return AlarmAcknowledged(uuid5(SITE, f"{producer}/{number}"), number, number + 5)


_ROWS = (
    _RAW,
    "UPDATE stream_tip SET hash = ?, seq = ? WHERE stream_id = ? AND seq = ?",
    "UPDATE stream SET head_seq = ?, head_hash = ? WHERE stream_id = ? AND head_seq < ?",
)


def _rows(number: int) -> tuple[tuple[object, ...], ...]:
    """What one event writes: its row, the tip and the head of its stream."""
    event_hash = number.to_bytes(32, "big")
    return (
        (
            event_hash, "raw", number, event_hash, number, "alarm.acknowledged", 1, "condition", str(number),
            "u-bench", str(number), 1, _BODY, _SIG, "", 0,
        ),
        (event_hash, number, "raw", number - 1),
        (number, event_hash, "raw", number),
    )  # fmt: skip


def _prepared(path: Path) -> Database:
    """The journal's own tables with one stream."""
    database = open_journal_db(path)
    connection = LIBRARY.connect(str(path), isolation_level=None)
    connection.execute("INSERT INTO stream_tip VALUES ('raw', x'00', 0)")
    connection.execute(
        "INSERT INTO stream (stream_id, station_id, code, opened_hlc, head_seq, head_hash, pubkey) "
        "VALUES ('raw', 's', 'R1', 0, 0, x'00', x'00')"
    )
    connection.close()
    return database


def _raw(path: Path, count: int) -> Timed:
    """The same rows, one transaction an event, by the library alone: nothing is encoded, hashed or signed."""
    _prepared(path).close()
    connection = LIBRARY.connect(str(path), isolation_level=None)
    for pragma in ("journal_mode=WAL", "synchronous=FULL", "wal_autocheckpoint=1000"):
        connection.execute(f"PRAGMA {pragma}")
    waits = []
    begun = time.perf_counter()
    for number in range(1, count + 1):
        start = time.perf_counter()
        connection.execute("BEGIN IMMEDIATE")
        for sql, values in zip(_ROWS, _rows(number), strict=True):
            connection.execute(sql, values)
        connection.execute("COMMIT")
        waits.append((time.perf_counter() - start) * 1000)
    per_s = count / (time.perf_counter() - begun)
    connection.close()
    return Timed(per_s, sorted(waits))


async def _writer_alone(path: Path, count: int) -> Timed:
    """The same rows through the writer's thread: many producers share a commit."""
    database = _prepared(path)
    waits: list[float] = []
    numbers = iter(range(1, count + 1))

    def insert(connection: Connection) -> None:
        for sql, values in zip(_ROWS, _rows(next(numbers)), strict=True):
            direct(connection, sql, values)

    async def produce() -> None:
        for _ in range(count // PRODUCERS):
            start = time.perf_counter()
            await database.writer.write(insert)
            waits.append((time.perf_counter() - start) * 1000)

    try:
        start = time.perf_counter()
        await asyncio.gather(*(produce() for _ in range(PRODUCERS)))
        return Timed(len(waits) / (time.perf_counter() - start), sorted(waits))
    finally:
        database.close()
