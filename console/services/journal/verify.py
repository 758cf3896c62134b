"""Proves a journal file or shows where it breaks: hashes, chains, signatures, receipts; read-only, running or not."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from sqlalchemy import Engine
from sqlalchemy.engine import Connection
from sqlalchemy.exc import DBAPIError

from console.domain.facts import StreamOpened
from console.services.journal.envelope import BadEvent, Event, RawEvent, check_signature, decode_event
from console.services.journal.facts_codec import decode_fact
from console.services.storage.database import reader_engine

_CHUNK = 1000
_COLUMNS = "rid, hash, stream_id, seq, prev, hlc, etype, entity_type, entity_id, user_id, body, sig"


@dataclass(frozen=True, slots=True)
class Break:
    """Where the journal is not what it claims: stream id, seq (0 = the whole stream or file), and why."""

    stream: str
    seq: int
    reason: str


@dataclass(slots=True)
class VerifyReport:
    """What was checked and what is wrong; `is_sound` when nothing is."""

    events: int = 0
    streams: int = 0
    receipts: int = 0
    breaks: list[Break] = field(default_factory=list)

    @property
    def is_sound(self) -> bool:
        return not self.breaks


def verify_journal(path: Path, own_public_key: bytes | None = None) -> VerifyReport:
    """Check every event of a journal file. `own_public_key`, when given, must be a stream's key (a wholly rewritten
    journal has another). Reads in short transactions, so a running station is not held up."""
    report = VerifyReport()
    if not path.exists():
        report.breaks.append(Break("", 0, "the file is missing"))
        return report
    engine = reader_engine(path)
    try:
        _check_file(engine, report, own_public_key)
    except DBAPIError as error:
        report.breaks.append(Break("", 0, f"the file is damaged: {error.orig}"))
    finally:
        engine.dispose()
    return report


def _check_file(engine: Engine, report: VerifyReport, own_public_key: bytes | None) -> None:
    with engine.connect() as connection:
        with connection.begin():
            result = str(connection.exec_driver_sql("PRAGMA quick_check(1)").scalar_one())
            if result != "ok":
                report.breaks.append(Break("", 0, f"the file is damaged: {result}"))
            heads = list(connection.exec_driver_sql("SELECT stream_id, head_seq, head_hash, pubkey FROM stream"))
            receipts = list(connection.exec_driver_sql("SELECT peer_id, stream_id, seq, hash FROM receipt"))
            last = int(connection.exec_driver_sql("SELECT coalesce(max(rid), 0) FROM event").scalar_one())
            orphans = connection.exec_driver_sql(
                "SELECT stream_id, min(seq) FROM event WHERE stream_id NOT IN (SELECT stream_id FROM stream) "
                "GROUP BY stream_id"
            ).all()
        for stream_id, seq in orphans:
            report.breaks.append(Break(stream_id, seq, "events of a stream that is not listed"))
        for stream_id, head_seq, head_hash, public_key in heads:
            report.streams += 1
            _check_stream(connection, report, _Stream(stream_id, head_seq, head_hash, public_key), last)
        if own_public_key is not None and own_public_key not in {head[3] for head in heads}:
            report.breaks.append(Break("", 0, "no stream was signed by this station's key"))
        _check_receipts(connection, report, [tuple(row) for row in receipts])


@dataclass(slots=True)
class _Stream:
    stream_id: str
    head_seq: int
    head_hash: bytes
    public_key: bytes
    hashes: dict[int, set[bytes]] = field(default_factory=dict)  # of the last two seqs
    stamps: dict[bytes, int] = field(default_factory=dict)
    newest: int = 0


def _check_stream(connection: Connection, report: VerifyReport, stream: _Stream, last: int) -> None:
    for row in _rows(connection, stream.stream_id, last):
        report.events += 1
        reason = _fault_of(row, stream)
        if reason:
            report.breaks.append(Break(stream.stream_id, row[3], reason))
        for old in [seq for seq in stream.hashes if seq < row[3] - 1]:
            for event_hash in stream.hashes.pop(old):
                stream.stamps.pop(event_hash, None)
        stream.hashes.setdefault(row[3], set()).add(row[1])
        stream.stamps[row[1]] = row[5]
        stream.newest = row[3]
    if stream.newest <= stream.head_seq and stream.head_hash not in stream.hashes.get(stream.head_seq, ()):
        missing = f"the end is missing: {stream.head_seq} events were written, {stream.newest} are there"
        report.breaks.append(Break(stream.stream_id, stream.head_seq, missing))


def _rows(connection: Connection, stream_id: str, last: int) -> Iterator[tuple[Any, ...]]:
    seq, event_hash = 0, b""
    while True:
        with connection.begin():
            rows = connection.exec_driver_sql(
                f"SELECT {_COLUMNS} FROM event WHERE stream_id = ? AND (seq, hash) > (?, ?) AND rid <= ? "  # noqa: S608
                "ORDER BY seq, hash LIMIT ?",
                (stream_id, seq, event_hash, last, _CHUNK),
            ).all()
        if not rows:
            return
        yield from (tuple(row) for row in rows)
        seq, event_hash = rows[-1][3], rows[-1][1]


def _fault_of(row: tuple[Any, ...], stream: _Stream) -> str:
    """Why this row breaks the chain; empty when it does not."""
    _rid, event_hash, stream_id, seq, prev, hlc, etype, entity_type, entity_id, user_id, body, sig = row
    try:
        event = decode_event(RawEvent(event_hash, body, sig))
        check_signature(event, stream.public_key)
    except BadEvent as error:
        return str(error)
    told = event.body
    columns = (stream_id, seq, prev, hlc, etype, entity_type, entity_id, user_id)
    body_says = (str(told.stream), told.seq, event.prev, event.hlc, told.etype, told.entity_type, told.entity_id)
    if columns != (*body_says, told.user_id):
        return "the row and its signed body disagree"
    if seq == 1:
        return _fault_of_first(event, stream)
    if event.prev not in stream.hashes.get(seq - 1, ()):
        return "predecessor is missing"
    return "" if hlc > stream.stamps[event.prev] else "the logical clock went back"


def _fault_of_first(event: Event, stream: _Stream) -> str:
    fact = decode_fact(event.body.etype, event.body.min_reader, bytes(event.body.payload))
    if not isinstance(fact, StreamOpened) or fact.public_key_hex != stream.public_key.hex():
        return "the stream does not begin with its opening"
    return ""


def _check_receipts(connection: Connection, report: VerifyReport, receipts: list[Any]) -> None:
    """What a peer acknowledged must still be here: an end cut off by an insider shows here (P16)."""
    with connection.begin():
        for peer, stream_id, seq, event_hash in receipts:
            report.receipts += 1
            found = connection.exec_driver_sql(
                "SELECT 1 FROM event WHERE hash = ? AND stream_id = ? AND seq = ?", (event_hash, stream_id, seq)
            ).first()
            if found is None:
                report.breaks.append(Break(stream_id, seq, f"{peer} holds an event that is not here"))
