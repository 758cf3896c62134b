"""Proves what stands beside the events: the file's pages and indexes, its tables' form, and every row about events."""

from collections.abc import Iterable, Iterator, Sequence
from functools import cache
from pathlib import Path
from typing import Any
from uuid import UUID

from sqlalchemy import create_engine
from sqlalchemy.engine import Connection
from sqlalchemy.pool import StaticPool

from console.services.journal.envelope import BadEvent, RawEvent, check_signature, decode_event
from console.services.journal.event_table import Stream, Tip, chain_name, find_stream, read_meta, tips
from console.services.journal.holdings import CENTRE
from console.services.journal.keys import is_signed_by
from console.services.journal.own_stream import OWN
from console.services.journal.verify_report import VerifyReport
from console.services.journal.verify_stream import Slice
from console.services.storage.database import LIBRARY
from console.services.storage.migrations import migrate, version_of
from console.services.storage.schema import JOURNAL
from console.services.sync.messages import Head, receipt_bytes

_CHUNK = 500
_FLAGS = {
    "unknown_type", "poison", "clock_suspect", "fork_branch", "unauthorised", "revoked_user", "revoked_station",
}  # fmt: skip
# index: how its entry for a row is found again
_INDEXES = {
    "event_place": "b.stream_id = a.stream_id AND b.seq = a.seq AND b.hash = a.hash",
    "sqlite_autoindex_event_1": "b.hash = a.hash",
    "event_entity": "b.entity_type = a.entity_type AND b.entity_id = a.entity_id AND b.hlc = a.hlc",
    "event_tx": "b.tx_id = a.tx_id",
    "event_kind": "b.etype = a.etype AND b.hlc = a.hlc",
    "event_user": "b.user_id = a.user_id AND b.hlc = a.hlc",
    "event_order": "b.hlc = a.hlc",
}


def check_pages(connection: Connection, report: VerifyReport) -> None:
    """SQLite's look at every page, every index entry and every column's type; 10 s and more per gigabyte."""
    for (result,) in connection.exec_driver_sql("PRAGMA integrity_check(100)").all():
        if result != "ok":
            report.broken("", 0, f"the file is damaged: {result}", is_damage=True)


def index_slices(report: VerifyReport, last_rid: int) -> Iterator[Slice]:
    """The same for the events' indexes in small steps, for a station that runs: every row is found through each."""
    for start in range(1, last_rid + 1, _CHUNK):
        end = min(last_rid, start + _CHUNK - 1)

        def check(connection: Connection, start: int = start, end: int = end) -> None:
            _check_indexes(connection, report, start, end)

        yield check


def _check_indexes(connection: Connection, report: VerifyReport, start: int, end: int) -> None:
    sql = "SELECT count(*) FROM event NOT INDEXED WHERE rid BETWEEN ? AND ?"
    wanted = connection.exec_driver_sql(sql, (start, end)).scalar_one()
    for index, found_by in _INDEXES.items():
        sql = (
            "SELECT count(*) FROM event a NOT INDEXED "  # noqa: S608 names of this module
            f"JOIN event b INDEXED BY {index} ON {found_by} AND b.rid = a.rid WHERE a.rid BETWEEN ? AND ?"
        )
        if connection.exec_driver_sql(sql, (start, end)).scalar_one() != wanted:
            reason = f"the index {index} does not lead to every event (rows {start} to {end})"
            report.broken("", 0, reason, is_damage=True)


def check_form(connection: Connection, report: VerifyReport) -> None:
    """Tables, indexes and triggers are those that this program makes: a trigger that somebody took away shows here."""
    version = version_of(connection)
    if version > JOURNAL.version or version < 1:
        report.broken("", 0, f"the file is of version {version}, this program knows {JOURNAL.version}")
        return
    found = _form(connection)
    if version == JOURNAL.version:
        for name in sorted({*found, *_expected()} - {"sqlite_stat1", "sqlite_stat4"}):
            if found.get(name) != _expected().get(name):
                report.broken("", 0, f"{name} is not as this program makes it")


@cache
def _expected() -> dict[str, str]:
    engine = create_engine("sqlite://", module=LIBRARY, poolclass=StaticPool)
    try:
        migrate(engine, Path("memory"), JOURNAL)
        with engine.connect() as connection:
            return _form(connection)
    finally:
        engine.dispose()


def _form(connection: Connection) -> dict[str, str]:
    rows = connection.exec_driver_sql("SELECT name, type, tbl_name, coalesce(sql, '') FROM sqlite_schema").all()
    return {row[0]: f"{row[1]} {row[2]} {row[3]}" for row in rows}


def check_orphans(connection: Connection, report: VerifyReport) -> None:
    rows = connection.exec_driver_sql(
        "SELECT stream_id, min(seq) FROM event WHERE stream_id NOT IN (SELECT stream_id FROM stream) GROUP BY stream_id"
    ).all()
    for stream, seq in rows:
        report.broken(stream, seq, "events of a stream that is not listed")


def check_list(
    connection: Connection, report: VerifyReport, stream: Stream, ends: dict[bytes, int], events: int, newest: int
) -> None:
    """The stream's row and ends as its events tell; only while nothing was written since the walk began."""
    row = connection.exec_driver_sql(
        "SELECT head_seq, forked FROM stream WHERE stream_id = ?", (str(stream.stream),)
    ).first()
    if row is None or row[0] != stream.head_seq or newest != row[0]:
        return
    told = {tip.hash: tip.seq for tip in tips(connection) if tip.stream == stream.stream}
    if told != ends:
        report.broken(stream.stream, newest, "the list of ends and the stream's events disagree")
    if bool(row[1]) != (events > newest):
        report.broken(stream.stream, 0, "the list of streams is wrong about a fork")


def receipt_slices(report: VerifyReport, streams: Sequence[Stream]) -> Iterator[Slice]:
    """What a peer acknowledged must still be here: an end cut off by an insider shows here (P16)."""
    known = {one.station for one in streams}
    keys = {station: {one.public_key for one in streams if one.station == station} for station in known}
    place: list[int] = [0]

    def check(connection: Connection) -> None:
        rows = connection.exec_driver_sql(
            "SELECT rowid, peer_id, stream_id, seq, hash, peer_sig FROM receipt WHERE rowid > ? ORDER BY rowid LIMIT ?",
            (place[0], _CHUNK),
        ).all()
        for row in rows:
            report.receipts += 1
            reason = _fault_of_receipt(connection, report, tuple(row[1:]), keys)
            if reason:
                report.broken(row[2], row[3], reason)
        place[0] = rows[-1][0] if rows else -1

    while place[0] >= 0:
        yield check


def _fault_of_receipt(
    connection: Connection, report: VerifyReport, row: tuple[Any, ...], keys: dict[UUID, set[bytes]]
) -> str:
    peer, stream, seq, event_hash, signature = row
    if not _is_at(connection, event_hash, stream, seq):
        return f"{peer} holds an event that is not here"
    if peer == CENTRE:
        return ""
    station = _uuid(peer.removeprefix("neighbour:"))
    if station is None:
        return "a receipt of nobody who is known"
    if not signature:
        return ""
    report.signed_receipts += 1
    told = receipt_bytes(Head(UUID(stream), seq, event_hash))
    if any(is_signed_by(key, signature, told) for key in keys.get(station, ())):
        return ""
    return f"the receipt of {peer} is not signed by it"


def check_notes(connection: Connection, report: VerifyReport) -> None:
    """Flags belong to events, events that wait are what they claim, and the journal names its own stream."""
    chain = chain_name(connection)
    rows = connection.exec_driver_sql(
        "SELECT f.hash, f.flag, f.cleared_by, "  # noqa: S608 one of two names
        f"(SELECT stream_id FROM {chain} WHERE hash = f.hash), (SELECT seq FROM {chain} WHERE hash = f.hash) "
        "FROM event_flag f"
    )
    for event_hash, flag, cleared_by, stream, seq in rows:
        if stream is None:
            report.broken("", 0, f"a flag names an event that is not here: {event_hash.hex()[:12]}")
        elif flag not in _FLAGS or (cleared_by and not _is_at(connection, cleared_by)):
            report.broken(stream, seq, f"a flag of the event is not one that this program sets: {flag!r}")
    for event_hash, missing, stream, seq, body, sig in connection.exec_driver_sql(
        "SELECT hash, missing_prev, stream_id, seq, body, sig FROM pending"
    ):
        try:
            event = decode_event(RawEvent(event_hash, body, sig))
            if (str(event.stream), event.seq, event.prev) != (stream, seq, missing):
                raise BadEvent("the row and its signed body disagree")
            opened = find_stream(connection, event.stream)
            if opened is not None:
                check_signature(event, opened.public_key)
        except BadEvent as error:
            report.broken(stream, seq, f"an event that waits: {error}")


def check_own(connection: Connection, report: VerifyReport, own_public_key: bytes | None, anchor: Tip | None) -> None:
    """The stream that this station writes, and the mark that it left outside the data folder."""
    told = read_meta(connection, OWN)
    own = _uuid(told) if told else None
    streams = {row[0]: row for row in connection.exec_driver_sql("SELECT stream_id, pubkey, head_seq FROM stream")}
    if told is not None and (own is None or str(own) not in streams):
        report.broken("", 0, "the journal's own stream is not in it")
    if own_public_key is not None and streams:
        _check_key(report, own_public_key, told, [row[1] for row in streams.values()])
    if anchor is None:
        return
    if not _is_at(connection, anchor.hash, str(anchor.stream), anchor.seq):
        report.broken(anchor.stream, anchor.seq, "the anchor outside the data folder names an event that is not here")
    elif own == anchor.stream and streams[str(own)][2] > anchor.seq:
        report.note(anchor.stream, anchor.seq, "events were written behind the anchor")


def _is_at(connection: Connection, event_hash: bytes, stream: str = "", seq: int = 0) -> bool:
    """The event stands there, or anywhere when no stream is named; its content may be in the archive alone."""
    sql = f"SELECT stream_id, seq FROM {chain_name(connection)} WHERE hash = ?"  # noqa: S608 one of two names
    row = connection.exec_driver_sql(sql, (event_hash,)).first()
    return row is not None and (not stream or (row[0], row[1]) == (stream, seq))


def _check_key(report: VerifyReport, own: bytes, told: str | None, keys: Iterable[bytes]) -> None:
    if own not in set(keys):
        report.broken("", 0, "no stream was signed by this station's key")
    elif told is None:
        report.broken("", 0, "the journal does not say which stream is its own")


def _uuid(text: str) -> UUID | None:
    try:
        return UUID(text)
    except ValueError:
        return None
