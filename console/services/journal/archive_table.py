"""What of the journal is archived, and what was taken out of it: tables of segments and of what stays of events.

Of an event that was taken out its place, hash and predecessor stay (view `chain`), so that peers, forks, receipts and
the proof of the journal find it as before; only its content has to be fetched from the segment.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from sqlalchemy.engine import Connection

from console.services.journal.archive_file import Manifest, Sealed, read_manifest
from console.services.journal.envelope import Event
from console.services.journal.event_table import read_meta, write_meta
from console.services.storage.direct import direct
from console.services.storage.failpoints import reach

PRUNED = "pruned_events"  # meta: how many events were taken out
_AT_ONCE = 500
_SUM = 1 << 256


@dataclass(frozen=True, slots=True)
class Segment:
    """A sealed part of a stream, by this station; `uri` is where its file was written."""

    number: int
    sealed: Sealed
    uri: str

    @property
    def manifest(self) -> Manifest:
        return self.sealed.manifest


def segments(connection: Connection, stream: UUID | None = None) -> tuple[Segment, ...]:
    """All of them, or those of a stream; by stream and seq."""
    where, values = ("", ()) if stream is None else ("WHERE stream_id = ?", (str(stream),))
    rows = connection.exec_driver_sql(
        f"SELECT segment, manifest, sig, uri FROM archive_segment {where} ORDER BY stream_id, from_seq",  # noqa: S608
        values,
    ).all()
    return tuple(Segment(row[0], Sealed(read_manifest(row[1]), row[1], row[2]), row[3]) for row in rows)


def add_segment(connection: Connection, sealed: Sealed, uri: str) -> bool:
    """False when a segment that begins there is known."""
    told = sealed.manifest
    cursor = direct(
        connection,
        "INSERT OR IGNORE INTO archive_segment (stream_id, from_seq, to_seq, first_us, last_us, manifest, sig, uri) "
        "VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
        (
            str(told.stream),
            told.from_seq,
            told.to_seq,
            told.first_us,
            told.last_us,
            sealed.raw,
            sealed.sig,
            uri,
        ),
    )
    return bool(cursor.rowcount)


def pruned_count(connection: Connection) -> int:
    """How many events are in the archive alone; quick."""
    return int(read_meta(connection, PRUNED) or 0)


def newest_segment(connection: Connection) -> tuple[int, str]:
    """Of the newest part of which anything was taken out: its last event's logical time, and where its file was
    written; (0, "") for none."""
    row = connection.exec_driver_sql(
        "SELECT last_us, uri FROM archive_segment s WHERE EXISTS (SELECT 1 FROM pruned p WHERE p.segment = s.segment) "
        "ORDER BY last_us DESC LIMIT 1"
    ).first()
    return (0, "") if row is None else (int(row[0]), str(row[1]))


def take_out(connection: Connection, rids: Sequence[int]) -> int:
    """Keep place and hash of these archived events and delete the rest of them; in the writer's transaction."""
    count = 0
    for start in range(0, len(rids), _AT_ONCE):
        part = tuple(rids[start : start + _AT_ONCE])
        marks = ", ".join("?" * len(part))
        direct(
            connection,
            "INSERT INTO pruned (hash, segment, seq, prev) SELECT e.hash, s.segment, e.seq, e.prev "  # noqa: S608
            "FROM event e JOIN archive_segment s "
            "ON s.stream_id = e.stream_id AND e.seq BETWEEN s.from_seq AND s.to_seq "
            f"WHERE e.rid IN ({marks})",
            part,
        )
        reach("prune.kept")
        count += direct(connection, f"DELETE FROM event WHERE rid IN ({marks})", part).rowcount  # noqa: S608
        reach("prune.deleted")
    write_meta(connection, PRUNED, str(pruned_count(connection) + count))
    return count


def is_pruned(connection: Connection, event_hash: bytes) -> bool:
    return direct(connection, "SELECT 1 FROM pruned WHERE hash = ?", (event_hash,)).fetchone() is not None


def put_back(connection: Connection, events: Iterable[Event], now_us: int, recv_from: str) -> int:
    """Events that were taken out stand in the journal again; others are passed over. Give proven ones only."""
    count = 0
    for event in events:
        if not is_pruned(connection, event.raw.hash):
            continue
        body, raw = event.body, event.raw
        direct(
            connection,
            "INSERT INTO event (hash, stream_id, seq, prev, hlc, etype, ever, entity_type, entity_id, user_id, tx_id, "
            "tx_n, body, sig, recv_from, recv_at) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
            (
                raw.hash, str(body.stream), body.seq, event.prev, event.hlc, body.etype, body.ever, body.entity_type,
                body.entity_id, body.user_id, str(body.tx_id), body.tx_n, raw.body, raw.sig, recv_from, now_us,
            ),
        )  # fmt: skip
        direct(connection, "DELETE FROM pruned WHERE hash = ?", (raw.hash,))
        count += 1
    write_meta(connection, PRUNED, str(pruned_count(connection) - count))
    return count


def add_sum(connection: Connection, entity_type: str, entity_id: str, amount: int) -> None:
    """What the digest of an entity lacks when only the rest of the journal is replayed; see `Acknowledgements`."""
    values = (entity_type, entity_id)
    row = direct(connection, "SELECT total FROM pruned_sum WHERE entity_type = ? AND entity_id = ?", values).fetchone()
    total = (amount + (int.from_bytes(row[0], "big") if row else 0)) % _SUM
    direct(connection, "INSERT OR REPLACE INTO pruned_sum VALUES (?, ?, ?)", (*values, total.to_bytes(32, "big")))


def sums(connection: Connection, entity_type: str) -> dict[UUID, int]:
    """Per entity the sum of the digests of what was taken out."""
    rows: Iterable[Any] = connection.exec_driver_sql(
        "SELECT entity_id, total FROM pruned_sum WHERE entity_type = ?", (entity_type,)
    )
    return {UUID(row[0]): int.from_bytes(row[1], "big") for row in rows}
