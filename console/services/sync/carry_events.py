"""Which events of a journal another side lacks, by what it told of itself in a vector file; read in small pieces."""

from collections import defaultdict
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from sqlalchemy.engine import Connection

from console.services.journal.envelope import RawEvent
from console.services.journal.event_table import Tip, chain_name, first_pruned_behind, tips
from console.services.sync.messages import Head

_PAGE = 500
_FRAME_EVENTS = 400
_FRAME_BYTES = 512 << 10


@dataclass(frozen=True, slots=True)
class Moment:
    """A journal as it was when the export began: events are never changed, so later ones only have to be left out."""

    last_rid: int
    heads: tuple[Tip, ...]


def moment_of(connection: Connection) -> Moment:
    last = int(connection.exec_driver_sql("SELECT coalesce(max(rid), 0) FROM event").scalar_one())
    return Moment(last, tips(connection))


def marks_of(connection: Connection, heads: Sequence[Tip]) -> tuple[Head, ...]:
    """Hashes at 1, 2, 4, 8, ... events behind each stream's furthest end: whoever holds another branch, or has not
    come as far, finds a common event among them, never further back than twice the distance."""
    marks: list[Head] = []
    chain = chain_name(connection)
    for stream, ends in _by_stream(heads).items():
        top = max(tip.seq for tip in ends)
        seqs = sorted({top, *(top - (1 << step) for step in range(top.bit_length()) if top - (1 << step) >= 1), 1})
        places = ", ".join("?" * len(seqs))
        rows = connection.exec_driver_sql(
            f"SELECT seq, hash FROM {chain} WHERE stream_id = ? AND seq IN ({places}) "  # noqa: S608
            "ORDER BY seq, hash",
            (str(stream), *seqs),
        )
        marks += [Head(stream, row[0], row[1]) for row in rows]
    return tuple(marks)


def beyond(
    connection: Connection, heads: Sequence[Tip], theirs: Sequence[Head], marks: Sequence[Head]
) -> dict[UUID, int]:
    """Per stream the seq behind which events are to be carried; streams of which nothing is missing are left out.

    `theirs` and `marks` are the other side's ends and the hashes further back. A stream that forked is carried from
    the last seq at which they hold everything that is here, so some of it may be known to them.
    """
    told: dict[UUID, dict[int, set[bytes]]] = defaultdict(lambda: defaultdict(set))
    for mark in (*theirs, *marks):
        told[mark.stream][mark.seq].add(mark.hash)
    their_ends = {head.hash for head in theirs}
    found: dict[UUID, int] = {}
    for stream, ends in _by_stream(heads).items():
        if all(tip.hash in their_ends for tip in ends):
            continue
        after = _common(connection, stream, ends, told.get(stream, {}))
        if any(tip.seq > after for tip in ends):
            found[stream] = after
    return found


def _common(connection: Connection, stream: UUID, ends: Sequence[Tip], told: dict[int, set[bytes]]) -> int:
    """The highest seq at and below which they hold all of ours; 0 for none."""
    chain = chain_name(connection)
    for seq in sorted(told, reverse=True):
        here = connection.exec_driver_sql(
            f"SELECT hash FROM {chain} WHERE stream_id = ? AND seq = ?",  # noqa: S608 one of two names
            (str(stream), seq),
        ).scalars()
        ours = set(here)
        short = [tip for tip in ends if tip.seq < seq]
        if ours and ours <= told[seq] and all(tip.hash in told.get(tip.seq, ()) for tip in short):
            return seq
    return 0


def count_behind(connection: Connection, moment: Moment, spans: dict[UUID, int]) -> int:
    """How many events `frames_of` will give."""
    sql = "SELECT count(*) FROM event WHERE stream_id = ? AND seq > ? AND rid <= ?"
    return sum(
        int(connection.exec_driver_sql(sql, (str(stream), after, moment.last_rid)).scalar_one())
        for stream, after in spans.items()
    )


def frames_of(
    read: Callable[[Callable[[Connection], list[Any]]], list[Any]], moment: Moment, spans: dict[UUID, int]
) -> Iterator[list[RawEvent]]:
    """The events behind the spans as frames, streams in their order; a frame ends between two transaction groups.

    `read(function)` runs one short reading transaction, so a running station is not held up.
    """
    frame: list[RawEvent] = []
    size, group = 0, ""
    for stream, after in spans.items():
        for raw, tx_id in _events(read, moment, stream, after):
            is_full = len(frame) >= _FRAME_EVENTS or size >= _FRAME_BYTES
            if is_full and tx_id != group:
                yield frame
                frame, size = [], 0
            frame.append(raw)
            size += len(raw.body) + len(raw.sig) + 40
            group = tx_id
    if frame:
        yield frame


def archived_among(connection: Connection, spans: dict[UUID, int]) -> bool:
    """True when events behind the spans are in the archive alone: a file without them would have gaps."""
    if chain_name(connection) == "event":
        return False
    return any(first_pruned_behind(connection, one, after, b"\xff" * 32) is not None for one, after in spans.items())


def _events(
    read: Callable[[Callable[[Connection], list[Any]]], list[Any]], moment: Moment, stream: UUID, after: int
) -> Iterator[tuple[RawEvent, str]]:
    sql = (
        "SELECT seq, hash, body, sig, tx_id FROM event WHERE stream_id = ? AND (seq, hash) > (?, ?) AND rid <= ? "
        "ORDER BY seq, hash LIMIT ?"
    )
    place: tuple[int, bytes] = (after, b"\xff" * 32)
    while True:
        values = (str(stream), *place, moment.last_rid, _PAGE)
        rows = read(lambda connection, bound=values: connection.exec_driver_sql(sql, bound).all())  # type: ignore[misc]
        for row in rows:
            yield RawEvent(row[1], row[2], row[3]), row[4]
        if len(rows) < _PAGE:
            return
        place = (rows[-1][0], rows[-1][1])


def _by_stream(heads: Sequence[Tip]) -> dict[UUID, list[Tip]]:
    found: dict[UUID, list[Tip]] = defaultdict(list)
    for tip in heads:
        found[tip.stream].append(tip)
    return found


def frames_in_time(
    read: Callable[[Callable[[Connection], list[Any]]], list[Any]], moment: Moment
) -> Iterator[list[RawEvent]]:
    """Every event, by logical time: whoever takes a snapshot in gets the journal in the order in which it was made.

    A stream's clock strictly rises, so its events still stand behind their predecessors.
    """
    sql = (
        "SELECT hlc, rid, hash, body, sig, tx_id FROM event WHERE (hlc, rid) > (?, ?) AND rid <= ? "
        "ORDER BY hlc, rid LIMIT ?"
    )
    frame: list[RawEvent] = []
    size, group, place = 0, "", (-1, -1)
    while True:
        values = (*place, moment.last_rid, _PAGE)
        rows = read(lambda connection, bound=values: connection.exec_driver_sql(sql, bound).all())  # type: ignore[misc]
        for row in rows:
            if (len(frame) >= _FRAME_EVENTS or size >= _FRAME_BYTES) and row[5] != group:
                yield frame
                frame, size = [], 0
            frame.append(RawEvent(row[2], row[3], row[4]))
            size += len(row[3]) + len(row[4]) + 40
            group = row[5]
        if len(rows) < _PAGE:
            break
        place = (rows[-1][0], rows[-1][1])
    if frame:
        yield frame
