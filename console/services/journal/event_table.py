"""The journal's tables as functions on a connection: used by the writer, the readers and the replicator alike."""

from collections.abc import Callable, Iterable
from functools import lru_cache
from sys import intern
from typing import Any
from uuid import UUID

import msgspec
from sqlalchemy.engine import Connection

from console.services.journal.entries import SITE_FILE, SYSTEM, Actor, Entry
from console.services.journal.envelope import Event, RawEvent, decode_event
from console.services.journal.facts_codec import decode_fact
from console.services.storage.direct import direct


class Stored(msgspec.Struct, frozen=True):
    """An event as it stands in the table: local receive order and its station's code beside it."""

    event: Event
    rid: int
    code: str


Names = Callable[[str], tuple[str, str]]  # user id -> (login, shown name); called in any thread


class Stream(msgspec.Struct, frozen=True, gc=False):
    """One incarnation of a station. `opened_hlc` and what follows is read, never given to `add_stream`."""

    stream: UUID
    station: UUID
    code: str
    public_key: bytes
    closed: bool
    head_seq: int
    head_hash: bytes
    forked: bool = False
    opened_hlc: int = 0


class Tip(msgspec.Struct, frozen=True, gc=False):
    """An event without a successor: where a stream ends (a forked one ends at several)."""

    stream: UUID
    seq: int
    hash: bytes


SELECT_STORED = "SELECT e.rid, e.hash, e.body, e.sig, s.code FROM event e JOIN stream s USING (stream_id)"


_SELECT_STREAM = (
    "SELECT stream_id, station_id, code, pubkey, closed, head_seq, head_hash, forked, opened_hlc FROM stream"
)


def id_as_name(user_id: str) -> tuple[str, str]:
    return user_id, user_id


def find_stream(connection: Connection, stream: UUID) -> Stream | None:
    row = direct(connection, f"{_SELECT_STREAM} WHERE stream_id = ?", (str(stream),)).fetchone()
    return None if row is None else _stream_of(row)


def all_streams(connection: Connection) -> tuple[Stream, ...]:
    return tuple(map(_stream_of, connection.exec_driver_sql(f"{_SELECT_STREAM} ORDER BY opened_hlc, stream_id")))


def _stream_of(row: Any) -> Stream:
    return Stream(UUID(row[0]), UUID(row[1]), row[2], row[3], bool(row[4]), row[5], row[6], bool(row[7]), row[8])


def add_stream(connection: Connection, stream: Stream, opened_hlc: int, predecessor: UUID | None) -> None:
    connection.exec_driver_sql(
        "INSERT INTO stream (stream_id, station_id, code, opened_hlc, head_seq, head_hash, predecessor, pubkey) "
        "VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
        (
            str(stream.stream),
            str(stream.station),
            stream.code,
            opened_hlc,
            stream.head_seq,
            stream.head_hash,
            str(predecessor) if predecessor else None,
            stream.public_key,
        ),
    )


def close_stream(connection: Connection, stream: UUID) -> None:
    connection.exec_driver_sql("UPDATE stream SET closed = 1 WHERE stream_id = ?", (str(stream),))


def insert_event(connection: Connection, event: Event, recv_from: str, recv_at: int) -> int:
    """Store one event and move its stream's head and tips; gives its rid. The stream must exist."""
    body, raw = event.body, event.raw
    stream, prev = str(body.stream), event.prev
    cursor = direct(
        connection,
        "INSERT INTO event (hash, stream_id, seq, prev, hlc, etype, ever, entity_type, entity_id, user_id, tx_id, tx_n,"
        " body, sig, recv_from, recv_at) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
        (
            raw.hash, stream, body.seq, prev, event.hlc, body.etype, body.ever, body.entity_type, body.entity_id,
            body.user_id, str(body.tx_id), body.tx_n, raw.body, raw.sig, recv_from, recv_at,
        ),
    )  # fmt: skip
    moved = direct(
        connection,
        "UPDATE stream_tip SET hash = ?, seq = ? WHERE stream_id = ? AND hash = ?",
        (raw.hash, body.seq, stream, prev),
    )
    if not moved.rowcount:  # the first event, or another branch
        direct(connection, "INSERT INTO stream_tip VALUES (?, ?, ?)", (stream, raw.hash, body.seq))
    direct(
        connection,
        "UPDATE stream SET head_seq = ?, head_hash = ? WHERE stream_id = ? AND head_seq < ?",
        (body.seq, raw.hash, stream, body.seq),
    )
    return int(cursor.lastrowid)


def place_of(connection: Connection, event_hash: bytes) -> tuple[UUID, int] | None:
    """Stream and seq of a stored event, also of one whose content is in the archive alone; None when it is not here."""
    row = direct(connection, "SELECT stream_id, seq FROM chain WHERE hash = ?", (event_hash,)).fetchone()
    return None if row is None else (UUID(row[0]), int(row[1]))


def chain_name(connection: Connection) -> str:
    """What tells the place of every event: of a file that was not brought to this version yet the events alone."""
    sql = "SELECT 1 FROM sqlite_schema WHERE type = 'view' AND name = 'chain'"
    return "event" if connection.exec_driver_sql(sql).first() is None else "chain"


def tips(connection: Connection) -> tuple[Tip, ...]:
    rows = connection.exec_driver_sql("SELECT stream_id, seq, hash FROM stream_tip ORDER BY stream_id, seq, hash")
    return tuple(Tip(UUID(row[0]), row[1], row[2]) for row in rows)


def events_after(connection: Connection, stream: UUID, after_seq: int, after_hash: bytes, limit: int) -> list[RawEvent]:
    """Events of a stream behind (seq, hash), in that order; none behind one that is in the archive alone."""
    gap = first_pruned_behind(connection, stream, after_seq, after_hash)
    until = "" if gap is None else f"AND seq < {gap} "
    rows = connection.exec_driver_sql(
        "SELECT hash, body, sig FROM event WHERE stream_id = ? AND (seq, hash) > (?, ?) "  # noqa: S608 a number
        f"{until}ORDER BY seq, hash LIMIT ?",
        (str(stream), after_seq, after_hash, limit),
    )
    return [RawEvent(*row) for row in rows]


def first_pruned_behind(connection: Connection, stream: UUID, seq: int, event_hash: bytes) -> int | None:
    """The seq of the first event behind (seq, hash) whose content is in the archive alone, None for none."""
    row = direct(
        connection,
        "SELECT p.seq FROM archive_segment s JOIN pruned p USING (segment) WHERE s.stream_id = ? AND s.to_seq >= ? "
        "AND p.seq >= ? AND (p.seq, p.hash) > (?, ?) ORDER BY s.from_seq, p.seq, p.hash LIMIT 1",
        (str(stream), seq, seq, seq, event_hash),
    ).fetchone()
    return None if row is None else int(row[0])


def events_in_order(connection: Connection, after_rid: int, limit: int) -> list[RawEvent]:
    """Events in the order in which they were stored here, behind a local row id."""
    rows = connection.exec_driver_sql(
        "SELECT hash, body, sig FROM event WHERE rid > ? ORDER BY rid LIMIT ?", (after_rid, limit)
    )
    return [RawEvent(*row) for row in rows]


def flag_event(connection: Connection, event_hash: bytes, flag: str, since_us: int) -> None:
    direct(
        connection,
        "INSERT OR IGNORE INTO event_flag (hash, flag, since) VALUES (?, ?, ?)",
        (event_hash, flag, since_us),
    )


def read_meta(connection: Connection, name: str) -> str | None:
    row = direct(connection, "SELECT value FROM meta WHERE name = ?", (name,)).fetchone()
    return None if row is None else str(row[0])


def write_meta(connection: Connection, name: str, value: str) -> None:
    direct(connection, "INSERT OR REPLACE INTO meta VALUES (?, ?)", (name, value))


def read_cursor(connection: Connection, name: str) -> int:
    row = connection.exec_driver_sql("SELECT rid FROM cursor WHERE name = ?", (name,)).first()
    return int(row[0]) if row else 0


def write_cursor(connection: Connection, name: str, rid: int) -> None:
    connection.exec_driver_sql("INSERT OR REPLACE INTO cursor VALUES (?, 1, ?)", (name, rid))


def stored_in_order(connection: Connection, after: tuple[int, int], limit: int) -> list[Stored]:
    """Events behind (hlc, rid) in that order: the same on every station up to concurrent equal stamps."""
    sql = f"{SELECT_STORED} WHERE (e.hlc, e.rid) > (?, ?) ORDER BY e.hlc, e.rid LIMIT ?"
    return stored_of(connection.exec_driver_sql(sql, (*after, limit)))


def stored_of(rows: Iterable[Any]) -> list[Stored]:
    """From rows of SELECT_STORED; raises BadEvent for a row that was altered."""
    return [Stored(decode_event(RawEvent(row[1], row[2], row[3])), row[0], row[4]) for row in rows]


def entry_of(stored: Stored, own: UUID, names: Names, *, keeps_bytes: bool = True) -> Entry:
    """The entry that subscribers get; names come from the directory because events hold ids only. Without its bytes
    an entry takes half the memory: a replay gives hundreds of thousands that projections keep."""
    event, body = stored.event, stored.event.body
    payload = bytes(body.payload)
    return Entry(
        rid=stored.rid,
        hash=event.raw.hash,
        stream=_shared(body.stream),
        seq=body.seq,
        prev=event.prev,
        hlc=event.hlc,
        wall_us=body.wall_us,
        station=_shared(body.station),
        station_code=intern(stored.code),
        actor=_actor(event, names),
        fact=decode_fact(body.etype, body.min_reader, payload),
        etype=intern(body.etype),
        ever=body.ever,
        entity_type=intern(body.entity_type),
        entity_id=body.entity_id,
        reason=body.reason,
        parents=tuple(bytes.fromhex(parent) for parent in body.parents),
        payload_json=payload.decode("utf-8"),
        is_own=body.station == own,
        body=event.raw.body if keeps_bytes else b"",
        sig=event.raw.sig if keeps_bytes else b"",
        meaning=body.meaning,
        policy_ver=body.policy_ver,
    )


_known_actor = lru_cache(4096)(Actor)  # one object for all acts of a session


@lru_cache(4096)
def _shared(one: UUID) -> UUID:
    """The same object for the same id: a few stations and streams stand in a million entries."""
    return one


def _actor(event: Event, names: Names) -> Actor:
    body = event.body
    for actor in (SYSTEM, SITE_FILE):
        if body.user_id == actor.user_id:
            return actor
    login, name = names(body.user_id)
    return _known_actor(body.user_id, login, name, body.roles, body.session_id, body.auth_method, body.policy_ver)
