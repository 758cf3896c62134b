"""The journal's SQLite tables as an `EventStore`: made for one connection in one transaction."""

from collections.abc import Collection, Iterable, Iterator, Sequence
from contextlib import contextmanager
from uuid import UUID

from sqlalchemy.engine import Connection

from console.domain.station_facts import StationRevoked
from console.services.journal import event_table as table
from console.services.journal.envelope import BadEvent, Event, RawEvent, decode_event
from console.services.journal.event_table import Stream, Tip
from console.services.journal.facts_codec import decode_fact
from console.services.journal.store import EventStore, Held, Rejection
from console.services.storage.direct import direct

WAITING_BYTES = 50 << 20
REJECTIONS_KEPT = 1000
_LOOK_EVERY = 64


class TableStore:
    """Implements `EventStore`."""

    def __init__(self, connection: Connection, waiting_bytes: int = WAITING_BYTES) -> None:
        self._c = connection
        self._waiting_bytes = waiting_bytes

    def meta(self, name: str) -> str | None:
        return table.read_meta(self._c, name)

    def set_meta(self, name: str, value: str) -> None:
        table.write_meta(self._c, name, value)

    def stream(self, stream: UUID) -> Stream | None:
        return table.find_stream(self._c, stream)

    def streams(self) -> tuple[Stream, ...]:
        return table.all_streams(self._c)

    def add_stream(self, stream: Stream, opened_hlc: int, predecessor: UUID | None) -> None:
        table.add_stream(self._c, stream, opened_hlc, predecessor)

    def close_stream(self, stream: UUID) -> None:
        table.close_stream(self._c, stream)

    def mark_forked(self, stream: UUID) -> None:
        self._c.exec_driver_sql("UPDATE stream SET forked = 1 WHERE stream_id = ?", (str(stream),))

    def place_of(self, event_hash: bytes) -> tuple[UUID, int] | None:
        return table.place_of(self._c, event_hash)

    def insert(self, event: Event, recv_from: str, recv_at: int) -> int:
        return table.insert_event(self._c, event, recv_from, recv_at)

    def tips(self) -> tuple[Tip, ...]:
        return table.tips(self._c)

    def events_after(self, stream: UUID, seq: int, event_hash: bytes, limit: int, size: int) -> list[RawEvent]:
        return bounded(table.events_after(self._c, stream, seq, event_hash, limit), size)

    def archived_behind(self, stream: UUID, seq: int, event_hash: bytes) -> bool:
        is_archived = table.first_pruned_behind(self._c, stream, seq, event_hash) is not None
        return is_archived and not table.events_after(self._c, stream, seq, event_hash, 1)

    def hashes(self, stream: UUID, from_seq: int, to_seq: int) -> list[Tip]:
        rows = self._c.exec_driver_sql(
            "SELECT seq, hash FROM chain WHERE stream_id = ? AND seq BETWEEN ? AND ? ORDER BY seq, hash",
            (str(stream), from_seq, to_seq),
        )
        return [Tip(stream, row[0], row[1]) for row in rows]

    def events_by_hash(self, hashes: Sequence[bytes]) -> list[RawEvent]:
        marks = ", ".join("?" * len(hashes))
        rows = self._c.exec_driver_sql(
            f"SELECT hash, body, sig FROM event WHERE hash IN ({marks}) ORDER BY stream_id, seq, hash",  # noqa: S608
            tuple(hashes),
        )
        return [RawEvent(*row) for row in rows]

    def flag(self, event_hash: bytes, flag: str, since_us: int) -> None:
        table.flag_event(self._c, event_hash, flag, since_us)

    def hold(self, held: Held, recv_at: int) -> None:
        size = len(held.raw.body) + len(held.raw.sig) + 200
        if size > self._waiting_bytes:
            return
        cursor = self._c.exec_driver_sql(
            "INSERT OR IGNORE INTO pending (hash, missing_prev, stream_id, seq, body, sig, recv_at, size) "
            "VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
            (held.raw.hash, held.missing, str(held.stream), held.seq, held.raw.body, held.raw.sig, recv_at, size),
        )
        if cursor.lastrowid % _LOOK_EVERY and size < self._waiting_bytes // _LOOK_EVERY:
            return  # adding up all of them for each would cost more than the few that are too many
        while self._waiting() > self._waiting_bytes:
            self._c.exec_driver_sql(
                "DELETE FROM pending WHERE hash IN (SELECT hash FROM pending ORDER BY recv_at, seq LIMIT 100)"
            )

    def _waiting(self) -> int:
        return int(self._c.exec_driver_sql("SELECT coalesce(sum(size), 0) FROM pending").scalar_one())

    def held_behind(self, event_hash: bytes) -> list[RawEvent]:
        sql = "SELECT hash, body, sig FROM pending WHERE missing_prev = ?"
        rows = direct(self._c, sql, (event_hash,)).fetchall()
        if rows:
            direct(self._c, "DELETE FROM pending WHERE missing_prev = ?", (event_hash,))
        return [RawEvent(*row) for row in rows]

    def note_rejection(self, rejection: Rejection) -> None:
        cursor = self._c.exec_driver_sql(
            "INSERT OR REPLACE INTO rejected VALUES (?, ?, ?, ?, ?, ?)",
            (
                rejection.hash,
                str(rejection.stream) if rejection.stream else "",
                rejection.seq,
                rejection.reason,
                rejection.peer,
                rejection.since_us,
            ),
        )
        if cursor.lastrowid % _LOOK_EVERY:
            return  # a flood is not to sort all of them for each
        self._c.exec_driver_sql(
            "DELETE FROM rejected WHERE hash IN (SELECT hash FROM rejected ORDER BY since DESC LIMIT -1 OFFSET ?)",
            (REJECTIONS_KEPT,),
        )

    def revocations(self, station: UUID) -> Iterable[tuple[int, StationRevoked]]:
        rows = self._c.exec_driver_sql(
            "SELECT hlc, hash, body, sig FROM event WHERE entity_type = ? AND entity_id = ? AND etype = ?",
            (StationRevoked.entity_type, str(station), StationRevoked.etype),
        ).all()
        for row in rows:
            fact = _fact(RawEvent(*row[1:]))
            if isinstance(fact, StationRevoked):
                yield row[0], fact

    def newest_stamp(self, furthest: int) -> int:
        sql = "SELECT coalesce(max(hlc), 0) FROM event WHERE hlc <= ?"
        return int(self._c.exec_driver_sql(sql, (furthest,)).scalar_one())

    def newest_of(self, etypes: Collection[str]) -> int:
        sql = "SELECT coalesce(max(hlc), 0) FROM event WHERE etype = ?"
        return max((int(self._c.exec_driver_sql(sql, (etype,)).scalar_one()) for etype in etypes), default=0)

    def stamp_of(self, event_hash: bytes) -> int:
        row = self._c.exec_driver_sql("SELECT hlc FROM event WHERE hash = ?", (event_hash,)).first()
        return int(row[0]) if row else 0


class TableDisk:
    """A read-only connection as a `Disk`; for the thread that owns the connection."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    @contextmanager
    def read(self) -> Iterator[EventStore]:
        with self._connection.begin():
            yield TableStore(self._connection)


def bounded(raws: Sequence[RawEvent], size: int) -> list[RawEvent]:
    """The first ones whose bodies stay below `size` bytes together; one at least."""
    taken: list[RawEvent] = []
    left = size
    for raw in raws:
        left -= len(raw.body)
        if left < 0 and taken:
            break
        taken.append(raw)
    return taken


def _fact(raw: RawEvent) -> object:
    try:
        body = decode_event(raw).body
    except BadEvent:
        return None
    return decode_fact(body.etype, body.min_reader, bytes(body.payload))
