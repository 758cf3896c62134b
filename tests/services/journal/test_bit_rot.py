"""A bit that turned anywhere in a journal file is found and placed, or no reader can ever see it (P35)."""

import asyncio
import logging
import random
import re
import struct
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest

from console.domain.station_facts import StationRevoked
from console.services.journal.event_table import Tip
from console.services.journal.holdings import CENTRE
from console.services.journal.keys import FileKey
from console.services.journal.verify import VerifyReport, verify_journal
from console.services.storage.database import LIBRARY
from console.services.sync.messages import Head, receipt_bytes
from tests.support.journals import StationJournal, note, started

# What anybody can read of a journal, as far as it matters: who did what, when, in which order, and what is known of
# it. Not here: when and from whom this station got an event, when a receipt or flag was written, how far a consumer
# of rows came, which events were turned away. Those are notes of this station to itself, signed by nobody.
_READ = (
    """SELECT rid, hash, stream_id, seq, prev, hlc, etype, ever, entity_type, entity_id, user_id, tx_id, tx_n, body, sig
       FROM event NOT INDEXED ORDER BY rid""",
    """SELECT stream_id, station_id, code, opened_hlc, head_seq, head_hash, forked, predecessor, pubkey
       FROM stream NOT INDEXED""",
    "SELECT stream_id, hash, seq FROM stream_tip NOT INDEXED",
    "SELECT peer_id, stream_id, seq, hash, peer_sig FROM receipt NOT INDEXED",
    "SELECT hash, flag, coalesce(cleared_by, '') FROM event_flag NOT INDEXED",
    "SELECT hash, missing_prev, stream_id, seq, body, sig FROM pending NOT INDEXED",
    "SELECT name, value FROM meta NOT INDEXED WHERE name IN ('schema_ver', 'own_stream')",
    "SELECT type, name, tbl_name, sql FROM sqlite_schema",
)


def written(folder: Path) -> Path:
    """A small journal with everything in it: two stations, a fork, receipts with and without a signature, flags, an
    event that waits, free pages."""

    async def story() -> Path:
        a, b = await started(folder, "A1", "B2")
        for number in range(12):
            await a.act(note(f"{number} " + "x" * 300), note(f"{number}b"))
            await b.act(note(f"b{number}"))
        events = await b.all_events()
        await a.log.receive([*events[:8], events[10]], "b")
        revoked = StationRevoked(b.place.station, (events[0] and _stream(b),), (5,), "stolen")
        await a.act(revoked)
        await a.act(note("long " * 1400))
        await a.log.receive(events[:9], "b")
        head = a.seen[-1]
        tip = Tip(head.stream, head.seq, head.hash)
        key = FileKey.load_or_create(folder / "B2" / "keys")
        await a.log.note_receipts(CENTRE, [tip])
        signature = key.sign(receipt_bytes(Head(tip.stream, tip.seq, tip.hash)))
        await a.log.note_receipts(str(b.place.station), [tip], [signature])
        a.close()
        b.close()
        return a.path

    path = asyncio.run(story())
    connection = LIBRARY.connect(str(path), isolation_level=None)
    connection.execute("VACUUM")  # no stale copies of rows
    connection.execute("CREATE TABLE filler (x BLOB)")
    connection.execute("INSERT INTO filler VALUES (zeroblob(40000))")
    connection.execute("DROP TABLE filler")
    connection.close()
    return path


def _stream(station: StationJournal) -> UUID:
    return station.seen[-1].stream


def read(path: Path) -> list[Any]:
    """Everything that can be read; a statement that fails gives its error instead."""
    connection = LIBRARY.connect(path.as_uri() + "?mode=ro", uri=True, isolation_level=None)
    found: list[Any] = []
    try:
        for sql in _READ:
            try:
                found.append(sorted(connection.execute(sql).fetchall(), key=repr))
            except LIBRARY.Error as error:
                found.append(str(error))
    finally:
        connection.close()
    return found


def pages_by_kind(path: Path, content: bytes) -> dict[str, list[int]]:
    """Offsets of the file's pages by what they hold, walked from the schema as SQLite does it; "rest" are free pages
    and the overflow of long bodies."""
    size = struct.unpack(">H", content[16:18])[0]
    connection = LIBRARY.connect(path.as_uri() + "?mode=ro", uri=True)
    roots = connection.execute("SELECT type, tbl_name, rootpage FROM sqlite_schema WHERE rootpage > 0").fetchall()
    connection.close()
    kinds: dict[str, list[int]] = {"header": [0]}
    seen = set()
    for kind, table, root in (("table", "schema", 1), *roots):
        for page in _tree(content, size, root):
            seen.add(page)
            kinds.setdefault(f"{kind} {table}", []).append((page - 1) * size)
    rest = [page for page in range(1, len(content) // size + 1) if page not in seen]
    kinds["rest"] = [(page - 1) * size for page in rest]
    return kinds


def _tree(content: bytes, size: int, page: int) -> Iterator[int]:
    yield page
    start = (page - 1) * size
    header = start + (100 if page == 1 else 0)
    if content[header] not in (2, 5):
        return
    count = struct.unpack(">H", content[header + 3 : header + 5])[0]
    for i in range(count):
        cell = start + struct.unpack(">H", content[header + 12 + 2 * i : header + 14 + 2 * i])[0]
        yield from _tree(content, size, struct.unpack(">I", content[cell : cell + 4])[0])
    yield from _tree(content, size, struct.unpack(">I", content[header + 8 : header + 12])[0])


def offsets(path: Path, content: bytes, seed: int, each: int) -> Iterator[tuple[str, list[int]]]:
    """Random places in every kind of region."""
    rnd = random.Random(seed)
    for kind, pages in pages_by_kind(path, content).items():
        for _ in range(each):
            yield kind, [rnd.choice(pages) + rnd.randrange(100 if kind == "header" else 4096)]
    connection = LIBRARY.connect(path.as_uri() + "?mode=ro", uri=True)
    rows = connection.execute("SELECT hash, body, sig FROM event WHERE length(body) < 2000").fetchall()
    connection.close()
    for _ in range(each):
        for name, value in zip(("hash", "body", "sig"), rnd.choice(rows), strict=True):
            at = rnd.randrange(len(value))  # in every copy of it, indexes and lists included
            yield name, [found.start() + at for found in re.finditer(re.escape(value), content)]


def judged(path: Path, content: bytes, places: list[int], bit: int, before: list[Any]) -> tuple[str, VerifyReport]:
    """ "found" or "unseen" when nobody can read a difference; "missed" must never be."""
    altered = bytearray(content)
    for offset in places:
        altered[offset] ^= 1 << bit
    path.write_bytes(altered)
    report = verify_journal(path)
    for end in ("-wal", "-shm"):
        path.with_name(path.name + end).unlink(missing_ok=True)
    if not report.is_sound:
        return "found", report
    return ("unseen" if read(path) == before else "missed"), report


def flipped(tmp_path: Path, seed: int, each: int) -> dict[tuple[str, str], int]:
    path = written(tmp_path)
    content = path.read_bytes()
    before = read(path)
    report = verify_journal(path)
    assert report.is_sound, report.breaks
    assert (report.streams, report.receipts, report.signed_receipts) == (2, 2, 1)
    rnd = random.Random(seed)
    counts: dict[tuple[str, str], int] = {}
    for kind, places in list(offsets(path, content, seed, each)):
        bit = rnd.randrange(8)
        result, report = judged(path, content, places, bit, before)
        assert result != "missed", f"bytes {places} ({kind}), bit {bit}: changed what is read, and was not found"
        if result == "found":
            assert all(one.reason and (one.stream or one.seq == 0) for one in report.breaks)
        counts[kind, result] = counts.get((kind, result), 0) + 1
    return counts


@pytest.mark.proves("P35", "SEC-20", "SEC-22", "INV-2")
def test_a_bit_that_turned_is_found_or_nobody_can_see_it(tmp_path: Path) -> None:
    counts = flipped(tmp_path, seed=1, each=12)
    assert counts["rest", "unseen"] > 0
    assert [counts[name, "found"] for name in ("hash", "body", "sig")] == [12, 12, 12]


@pytest.mark.soak
@pytest.mark.proves("P35", "SEC-20")
@pytest.mark.timeout(3600)
@pytest.mark.parametrize("seed", range(4))
def test_thousands_of_turned_bits_are_found_or_nobody_can_see_them(tmp_path: Path, seed: int) -> None:
    counts = flipped(tmp_path, seed=100 + seed, each=150)
    logging.getLogger(__name__).info("%s", sorted(counts.items()))
    assert [counts[name, "found"] for name in ("hash", "body", "sig")] == [150, 150, 150]
