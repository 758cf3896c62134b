"""Fills an empty station from a snapshot: hashes, chains and openings are checked at once, signatures afterwards.

The snapshot's own signature was proven before (`carry.check_carry`). What was taken in is marked as unproven in the
journal until the scrub (`journal.scrub`) has checked every signature; a file that does not hold is rescued then.
"""

import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from uuid import UUID

from sqlalchemy.engine import Connection
from sqlalchemy.exc import DBAPIError

from console.domain.refusal import Refused
from console.domain.station_facts import StationRevoked
from console.services.journal.envelope import FIRST, BadEvent, Event, RawEvent, check_signature, decode_event
from console.services.journal.facts_codec import decode_fact, doubt_about
from console.services.journal.hlc import wall_ms
from console.services.journal.own_stream import Place
from console.services.journal.receiving import OTHER_SITE, TORN_GROUP, Enrolled, goes_on, opening_of
from console.services.journal.revoking import flag_revoked
from console.services.journal.scrub import UNPROVEN
from console.services.journal.store import EventStore
from console.services.journal.table_store import TableStore
from console.services.storage.database import writer_engine
from console.services.storage.failures import opening_refusal
from console.services.storage.migrations import migrate
from console.services.storage.schema import JOURNAL
from console.services.sync.carry import Checked, Progress, carrier
from console.services.sync.carry_file import BadCarry, CarryReader

_BATCH = 4000
_AHEAD_MS = 5 * 60 * 1000
_CACHE = "PRAGMA cache_size=-65536"  # KiB: seven indexes are filled
_INSERT = (
    "INSERT INTO event (hash, stream_id, seq, prev, hlc, etype, ever, entity_type, entity_id, user_id, tx_id, tx_n,"
    " body, sig, recv_from, recv_at) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)"
)
OwnEnd = Callable[[EventStore, UUID, bytes], bool]  # `OwnStream.on_foreign_end`


@dataclass(frozen=True, slots=True)
class Loaded:
    """How many events were stored, and how many the station had already (an import that goes on)."""

    stored: int
    known: int


@dataclass(slots=True)
class _Growing:
    """A stream while it is filled; `seqs` are the ends and, of a fork, where it is continued."""

    row: tuple[Any, ...]
    station: UUID
    head_seq: int = 0
    head_hash: bytes = FIRST
    forked: bool = False
    ends: dict[bytes, int] = field(default_factory=dict)
    is_new: bool = True
    last: Event | None = None


def load_snapshot(
    checked: Checked,
    journal: Path,
    place: Place,
    *,
    enrolled: Enrolled,
    own_end: OwnEnd,
    now_us: int,
    progress: Progress | None = None,
) -> Loaded:
    """Call it as the owner of the data folder, with no station running. Going on after an interruption is the same
    call again. Raises BadCarry for an event that does not hold, Refused for a station that is not empty."""
    engine = writer_engine(journal)
    try:
        migrate(engine, journal, JOURNAL)
        with engine.connect() as connection, checked.path.open("rb") as file:
            connection.exec_driver_sql(_CACHE)
            connection.rollback()
            load = _Load(connection, checked, place, enrolled, own_end, now_us)
            with connection.begin():
                load.begin()
            reader = CarryReader(checked.path, file)
            batch: list[RawEvent] = []
            for frame in reader.frames():
                batch += frame
                if len(batch) >= _BATCH:
                    load.take(batch)
                    batch = []
                if progress is not None and not progress(reader.events, checked.events):
                    raise Refused("The import was given up; import the same file again to go on.")
            load.take(batch)
            with connection.begin():
                load.end()
        return Loaded(load.stored, load.known)
    except DBAPIError as error:
        raise opening_refusal(error, journal) from error
    finally:
        engine.dispose()


class _Load:
    def __init__(
        self, connection: Connection, checked: Checked, place: Place, enrolled: Enrolled, own_end: OwnEnd, now_us: int
    ) -> None:
        self.stored = self.known = 0
        self._c = connection
        self._store = TableStore(connection)
        self._checked = checked
        self._place = place
        self._enrolled = enrolled
        self._own_end = own_end
        self._now_us = now_us
        self._streams: dict[UUID, _Growing] = {}
        self._revoked: set[UUID] = set()
        self._rows: dict[bytes, tuple[Any, ...]] = {}  # of this batch, by hash
        self._flags: list[tuple[bytes, str, int]] = []
        self._is_empty = True

    def begin(self) -> None:
        """The station holds nothing of others, or a part of this very file."""
        streams = self._store.streams()
        told = self._store.meta(UNPROVEN)
        is_going_on = bool(told) and json.loads(told or "{}").get("sha256") == self._checked.sha256
        if not is_going_on and any(one.station != self._place.station for one in streams):
            raise Refused("This station already holds events of other stations: import the file without --snapshot.")
        self._is_empty = not streams
        tips = self._store.tips()
        for one in streams:
            ends = {tip.hash: tip.seq for tip in tips if tip.stream == one.stream}
            self._streams[one.stream] = _Growing(
                (), one.station, one.head_seq, one.head_hash, one.forked, ends, is_new=False
            )
        mark = {
            "sha256": self._checked.sha256,
            "file": self._checked.path.name,
            "station": self._checked.header.code,
            "events": self._checked.events,
        }
        self._store.set_meta(UNPROVEN, json.dumps(mark))

    def take(self, raws: Sequence[RawEvent]) -> None:
        with self._c.begin():
            touched: set[UUID] = set()
            for raw in raws:
                try:
                    event = decode_event(raw)
                    if self._take(event):
                        touched.add(event.stream)
                except BadEvent as error:
                    raise BadCarry(
                        "{file} holds an event that is not what it claims ({why}); it was not taken, nor what follows.",
                        file=self._checked.path.name,
                        why=str(error),
                    ) from error
            self._write(touched)

    def end(self) -> None:
        for station in self._revoked:
            flag_revoked(self._store, station, self._now_us)

    def _take(self, event: Event) -> bool:
        raw, body = event.raw, event.body
        if raw.hash in self._rows or (not self._is_empty and self._store.place_of(raw.hash) is not None):
            self.known += 1
            return False
        if (body.tenant, body.site) != (self._place.tenant, self._place.site):
            raise BadEvent(OTHER_SITE)
        if body.station == self._place.station:
            self._look_at_own(event)
        stream = self._streams.get(event.stream)
        if stream is None:
            stream = self._streams[event.stream] = self._opening(event)
        elif body.station != stream.station:
            raise BadEvent("of another station than its stream")
        if event.seq > 1 and not self._follows(event, stream):
            raise BadEvent("does not follow the event that it names")
        if not goes_on(self._before(event, stream), event):
            raise BadEvent(TORN_GROUP)
        stream.last = event
        self._flag(event, stream)
        stream.ends.pop(event.prev, None)
        stream.ends[raw.hash] = event.seq
        if event.seq > stream.head_seq:
            stream.head_seq, stream.head_hash = event.seq, raw.hash
        self._rows[raw.hash] = (
            raw.hash, str(body.stream), body.seq, event.prev, event.hlc, body.etype, body.ever, body.entity_type,
            body.entity_id, body.user_id, str(body.tx_id), body.tx_n, raw.body, raw.sig,
            carrier(self._checked.header), self._now_us,
        )  # fmt: skip
        self.stored += 1
        return True

    def _follows(self, event: Event, stream: _Growing) -> bool:
        if stream.ends.get(event.prev) == event.seq - 1:
            return True
        in_batch = self._rows.get(event.prev)
        if in_batch is not None:
            return (in_batch[1], in_batch[2]) == (str(event.stream), event.seq - 1)
        return self._store.place_of(event.prev) == (event.stream, event.seq - 1)

    def _look_at_own(self, event: Event) -> None:
        own = self._store.stream(event.stream)
        if own is not None and not own.closed:
            check_signature(event, own.public_key)  # nobody else makes this station leave its stream
            self._own_end(self._store, event.stream, event.raw.hash)

    def _before(self, event: Event, stream: _Growing) -> Event | None:
        if event.seq == 1 or (stream.last is not None and stream.last.raw.hash == event.prev):
            return stream.last if event.seq > 1 else None
        row = self._rows.get(event.prev)
        kept = [RawEvent(row[0], row[12], row[13])] if row else self._store.events_by_hash([event.prev])
        return decode_event(kept[0]) if kept else None

    def _opening(self, event: Event) -> _Growing:
        fact, key = opening_of(event, self._enrolled)
        check_signature(event, key)
        predecessor = str(fact.predecessor) if fact.predecessor else None
        row = (str(event.stream), str(event.body.station), fact.station_code, event.hlc, predecessor, key)
        return _Growing(row, event.body.station)

    def _flag(self, event: Event, stream: _Growing) -> None:
        """What the normal road would find doubtful about the event."""
        body = event.body
        if wall_ms(event.hlc) > self._now_us // 1000 + _AHEAD_MS:
            self._flags.append((event.raw.hash, "clock_suspect", self._now_us))
        if event.seq <= stream.head_seq:
            stream.forked = True
            self._flags.append((event.raw.hash, "fork_branch", self._now_us))
        fact = decode_fact(body.etype, body.min_reader, bytes(body.payload))
        if fact is None:
            flag = doubt_about(body.etype, body.min_reader, bytes(body.payload))
            self._flags.append((event.raw.hash, flag, self._now_us))
        elif isinstance(fact, StationRevoked):
            self._revoked.add(fact.station_id)

    def _write(self, touched: set[UUID]) -> None:
        c = self._c
        for stream_id in touched:
            stream, text = self._streams[stream_id], str(stream_id)
            if stream.is_new:
                c.exec_driver_sql(
                    "INSERT INTO stream (stream_id, station_id, code, opened_hlc, predecessor, pubkey, head_seq, "
                    "head_hash) VALUES (?, ?, ?, ?, ?, ?, 0, x'00')",
                    stream.row,
                )
                stream.is_new = False
            c.exec_driver_sql(
                "UPDATE stream SET head_seq = ?, head_hash = ?, forked = ? WHERE stream_id = ?",
                (stream.head_seq, stream.head_hash, int(stream.forked), text),
            )
            c.exec_driver_sql("DELETE FROM stream_tip WHERE stream_id = ?", (text,))
            c.exec_driver_sql(
                "INSERT INTO stream_tip VALUES (?, ?, ?)",
                [(text, event_hash, seq) for event_hash, seq in stream.ends.items()],
            )
        if self._rows:
            c.exec_driver_sql(_INSERT, list(self._rows.values()))
        if self._flags:
            c.exec_driver_sql("INSERT OR IGNORE INTO event_flag (hash, flag, since) VALUES (?, ?, ?)", self._flags)
        self._rows.clear()
        self._flags.clear()
