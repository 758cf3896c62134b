"""The journal's rows about its rows: what peers confirmed, and what is doubtful about an event."""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from itertools import zip_longest
from uuid import UUID

from sqlalchemy.engine import Connection

from console.domain.facts import FACTS
from console.services.journal.envelope import RawEvent, decode_event
from console.services.journal.event_table import Tip, flag_event, place_of
from console.services.journal.facts_codec import doubt_about
from console.services.journal.holdings import branch_of

_AT_ONCE = 500  # values of one statement


def add_receipts(
    connection: Connection, peer: str, held: Sequence[Tip], signatures: Sequence[bytes], now_us: int
) -> None:
    """Write down what a peer confirmed; a receipt once written is never changed."""
    for tip, signature in zip_longest(held, signatures):
        connection.exec_driver_sql(
            "INSERT OR IGNORE INTO receipt (peer_id, stream_id, seq, hash, at, peer_sig) VALUES (?, ?, ?, ?, ?, ?)",
            (peer, str(tip.stream), tip.seq, tip.hash, now_us, signature),
        )


def last_receipts(connection: Connection) -> dict[str, list[Tip]]:
    """Per peer and stream the furthest end that it ever confirmed; at start this is believed until it tells anew."""
    rows = connection.exec_driver_sql(
        "SELECT peer_id, stream_id, max(seq), hash FROM receipt GROUP BY peer_id, stream_id"
    )
    found: dict[str, list[Tip]] = defaultdict(list)
    for peer, stream, seq, event_hash in rows:
        found[peer].append(Tip(UUID(stream), seq, event_hash))
    return found


def confirmed(connection: Connection, peer: str, stream: UUID) -> int:
    """The furthest seq of a stream that a peer ever confirmed, 0 for none: one step into the index."""
    sql = "SELECT max(seq) FROM receipt WHERE peer_id = ? AND stream_id = ?"
    return int(connection.exec_driver_sql(sql, (peer, str(stream))).scalar() or 0)


def true_ones(connection: Connection, held: Sequence[Tip]) -> list[int]:
    """Which of these ends (by their place in the sequence) name an event that is here, where it stands."""
    return [n for n, tip in enumerate(held) if place_of(connection, tip.hash) == (tip.stream, tip.seq)]


def branches(connection: Connection, ends: Sequence[Tip]) -> Mapping[UUID, frozenset[bytes]]:
    """For the forked ones among these streams: every event on the way to these ends."""
    forked = set(connection.exec_driver_sql("SELECT stream_id FROM stream WHERE forked = 1").scalars())
    ends_of: dict[UUID, list[bytes]] = defaultdict(list)
    for tip in ends:
        if str(tip.stream) in forked:
            ends_of[tip.stream].append(tip.hash)
    return {stream: branch_of(hashes, _chain(connection, stream)) for stream, hashes in ends_of.items()}


def _chain(connection: Connection, stream: UUID) -> list[tuple[bytes, bytes]]:
    rows = connection.exec_driver_sql("SELECT hash, prev FROM chain WHERE stream_id = ?", (str(stream),))
    return [(row[0], row[1]) for row in rows]


def open_flags(connection: Connection, hashes: Sequence[bytes] = ()) -> dict[bytes, set[str]]:
    """What is doubtful and not settled, by event; of these events only when any are named."""
    found: dict[bytes, set[str]] = defaultdict(set)
    for start in range(0, max(1, len(hashes)), _AT_ONCE):
        part = tuple(hashes[start : start + _AT_ONCE])
        where = f" AND hash IN ({', '.join('?' * len(part))})" if part else ""
        rows = connection.exec_driver_sql(
            f"SELECT hash, flag FROM event_flag WHERE cleared_by IS NULL{where}",  # noqa: S608 question marks only
            part,
        )
        for event_hash, flag in rows:
            found[event_hash].add(flag)
    return found


def clear_flag(connection: Connection, event_hash: bytes, flag: str, cleared_by: bytes) -> None:
    connection.exec_driver_sql(
        "UPDATE event_flag SET cleared_by = ? WHERE hash = ? AND flag = ?", (cleared_by, event_hash, flag)
    )


def clear_known_types(connection: Connection) -> None:
    """After an upgrade: what an older program did not know is no longer doubtful; replay applies it (invariant 23)."""
    rows = connection.exec_driver_sql(
        "SELECT f.hash, f.since, e.etype, e.body, e.sig FROM event_flag f JOIN event e USING (hash) "
        "WHERE f.flag = 'unknown_type' AND f.cleared_by IS NULL"
    ).all()
    for event_hash, since, etype, body, sig in rows:
        if etype not in FACTS:
            continue
        told = decode_event(RawEvent(event_hash, body, sig)).body
        doubt = doubt_about(etype, told.min_reader, bytes(told.payload))
        if doubt != "unknown_type":
            clear_flag(connection, event_hash, "unknown_type", b"")
        if doubt == "poison":
            flag_event(connection, event_hash, doubt, since)
