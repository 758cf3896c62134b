"""A damaged or lost journal: set aside, brought back from the newest backup, refilled from what the old file holds.

Nothing is deleted and nothing is believed: an event of the damaged file counts only when hash and signature are right
and its predecessor is here (P35). What is missing still comes from peers by the ordinary sync.
"""

import logging
import os
import shutil
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import count
from pathlib import Path
from uuid import UUID

from sqlalchemy.engine import Connection
from sqlalchemy.exc import DBAPIError

from console.domain.station_facts import StreamOpened
from console.services.journal.envelope import FIRST, BadEvent, Event, RawEvent, check_signature, decode_event
from console.services.journal.event_table import Stream
from console.services.journal.facts_codec import decode_fact
from console.services.journal.store import Held
from console.services.journal.table_store import TableStore
from console.services.storage.anchor import AnchorMark
from console.services.storage.backup_file import JOURNAL as JOURNAL_PART
from console.services.storage.backup_file import extract_part, newest_verified, sha256_of
from console.services.storage.bit_heal import healed, healed_signature
from console.services.storage.database import LIBRARY, writer_engine
from console.services.storage.failures import opening_refusal
from console.services.storage.journal_health import damage_of, forget_damage
from console.services.storage.migrations import migrate
from console.services.storage.ownership import restrict_to_owner
from console.services.storage.page_salvage import rows_in
from console.services.storage.schema import JOURNAL
from console.services.storage.start_mark import StartMark, Why, write_mark

_COLUMNS = 17  # of an event row; hash, body and sig stand at:
_HASH, _BODY, _SIG = 1, 13, 14
_FROM = "salvage"
_HEALED_AT_MOST = 1000  # tries a file, 40 ms each: a disk that flips more bits than that is another matter
_OWN_STREAM = "own_stream"
log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class RescuePlan:
    """Where to look, and whose journal it is."""

    journal: Path
    station_id: UUID
    backup_folders: tuple[Path, ...]
    now_us: int


def prepare_journal(plan: RescuePlan, anchor: AnchorMark | None) -> StartMark | None:
    """Look at the journal before it is opened; rescue it when it is damaged, or lost although an anchor tells of it.

    Gives what was done (also kept as the start mark until `clear_mark`), None when the journal is sound or new. Call
    it as the folder's owner, in a worker: a rescue takes about a minute per 100,000 events. Raises Refused, OSError.
    """
    journal = plan.journal
    _finish_interrupted(journal)
    why = damage_of(journal)
    if not why and anchor is not None and (not journal.exists() or journal.stat().st_size == 0):
        why = "the file is missing" if not journal.exists() else "the file is empty"
    return _rescue(plan, why) if why else None


def _rescue(plan: RescuePlan, why: str) -> StartMark:
    journal = plan.journal
    log.warning("%s is damaged: %s", journal, why)
    scratch = journal.with_name(".rescue")
    shutil.rmtree(scratch, ignore_errors=True)
    scratch.mkdir()
    restrict_to_owner(scratch)
    fresh = scratch / journal.name
    try:
        backup = newest_verified(plan.backup_folders, plan.station_id, scratch, every_event=True)
        if backup is not None:
            extract_part(backup[0], JOURNAL_PART, fresh)
        salvaged, waiting, events = _refill(plan, fresh, scratch)
        kept = _name_to_keep(journal) if journal.exists() else None
        mark = StartMark(
            Why.SALVAGE,
            backup[0].name if backup else "",
            sha256_of(backup[0]) if backup else "",
            events,
            kept.name if kept else "",
            salvaged,
            waiting,
            why,
        )
        write_mark(journal.parent, mark)
        fresh.replace(_rescued(journal))
        if kept is not None:
            _move(journal, kept)
        _finish_interrupted(journal)
        forget_damage(journal)
    finally:
        shutil.rmtree(scratch, ignore_errors=True)
    return mark


def _rescued(journal: Path) -> Path:
    """Under this name stands only a journal that is whole."""
    return journal.with_name(journal.name + ".rescued")


def _finish_interrupted(journal: Path) -> None:
    """The rescued file takes the journal's place once the damaged one has left it."""
    rescued = _rescued(journal)
    if rescued.exists() and not journal.exists():
        rescued.replace(journal)


def _name_to_keep(journal: Path) -> Path:
    return next(kept for n in count(1) if not (kept := journal.with_name(f"{journal.name}.damaged-{n}")).exists())


def _move(journal: Path, kept: Path) -> None:
    for end in ("-wal", "-shm", ""):  # the database last: until then this rescue can be done again
        part = journal.with_name(journal.name + end)
        if part.exists():
            part.replace(kept.with_name(kept.name + end))


def _refill(plan: RescuePlan, fresh: Path, scratch: Path) -> tuple[int, int, int]:
    """Bring the new file to today's form and put the damaged one's events into it: (stored, waiting, events in all)."""
    engine = writer_engine(fresh, synchronous="OFF")  # until it takes its place nobody relies on it
    try:
        migrate(engine, fresh, JOURNAL)
        stored = waiting = 0
        with engine.connect() as connection:
            if plan.journal.exists():
                with connection.begin():
                    stored, waiting = _Refill(connection, plan).run(scratch)
            with connection.begin():
                _close_own_streams(connection, plan.station_id)
                events = int(connection.exec_driver_sql("SELECT count(*) FROM event").scalar_one())
    except DBAPIError as error:
        raise opening_refusal(error, fresh) from error
    finally:
        engine.dispose()
    with fresh.open("r+b") as file:  # the last connection folded the WAL in; now it becomes durable
        os.fsync(file.fileno())
    return stored, waiting, events


class _Refill:
    """Puts claimed events into a journal as far as they prove themselves."""

    def __init__(self, connection: Connection, plan: RescuePlan) -> None:
        self._store = TableStore(connection)
        self._plan = plan
        self._stored = self._waiting = 0

    def run(self, scratch: Path) -> tuple[int, int]:
        for raw in _in_stream_order(self._plan.journal, scratch, self._store):
            try:
                self._take(decode_event(raw))
            except BadEvent as error:
                log.info("event %s is not salvaged: %s", raw.hash.hex()[:12], error)
        return self._stored, self._waiting

    def _take(self, event: Event) -> None:
        store = self._store
        if store.place_of(event.raw.hash) is not None:
            return
        stream = store.stream(event.stream) or self._opened(event)
        if stream is None or (event.seq > 1 and store.place_of(event.prev) != (event.stream, event.seq - 1)):
            if stream is not None:
                event = _with_signature(event, stream.public_key)
            store.hold(Held(event.raw, event.stream, event.seq, event.prev), self._plan.now_us)
            self._waiting += 1
            return
        event = _with_signature(event, stream.public_key)
        if event.body.station != stream.station:
            raise BadEvent("of another station than its stream")
        if event.seq <= stream.head_seq:
            store.mark_forked(event.stream)
        store.insert(event, _FROM, self._plan.now_us)
        self._stored += 1

    def _opened(self, event: Event) -> Stream | None:
        """The stream that this event opens, told and signed by itself; None when it is not an opening."""
        body = event.body
        fact = decode_fact(body.etype, body.min_reader, bytes(body.payload))
        if event.seq != 1 or not isinstance(fact, StreamOpened) or fact.stream != event.stream:
            return None
        try:
            key = bytes.fromhex(fact.public_key_hex)
        except ValueError as error:
            raise BadEvent("stream opens without a key") from error
        check_signature(event, key)
        stream = Stream(event.stream, body.station, fact.station_code, key, False, 0, FIRST)
        self._store.add_stream(stream, event.hlc, fact.predecessor)
        return stream


def _with_signature(event: Event, public_key: bytes) -> Event:
    """The event, its signature healed if one bit of it flipped. Raises BadEvent."""
    try:
        check_signature(event, public_key)
    except BadEvent:
        whole = healed_signature(event, public_key)
        if whole is None:
            raise
        return whole
    return event


def _in_stream_order(damaged: Path, scratch: Path, known: TableStore) -> Iterator[RawEvent]:
    """Events of the damaged file that the new one lacks; sorted in a file, because there may be more than memory."""
    pile = LIBRARY.connect(str(scratch / "pile.db"), isolation_level=None)
    try:
        pile.execute("PRAGMA journal_mode=OFF")
        pile.execute("PRAGMA synchronous=OFF")
        pile.execute("CREATE TABLE pile (hash BLOB PRIMARY KEY, stream TEXT, seq INTEGER, body BLOB, sig BLOB)")
        pile.execute("BEGIN")
        for raw in events_in(damaged):
            if known.place_of(raw.hash) is None:
                event = decode_event(raw)
                values = (raw.hash, str(event.stream), event.seq, raw.body, raw.sig)
                pile.execute("INSERT OR IGNORE INTO pile VALUES (?, ?, ?, ?, ?)", values)
        pile.execute("COMMIT")
        for row in pile.execute("SELECT hash, body, sig FROM pile ORDER BY stream, seq, hash"):
            yield RawEvent(*row)
    finally:
        pile.close()


def events_in(damaged: Path) -> Iterator[RawEvent]:
    """Every event in the pages of a journal file whose bytes fit their hash; in no order, some twice.

    Where one flipped bit is all that is wrong, the event is given as it was.
    """
    tries = _HEALED_AT_MOST
    for row in rows_in(damaged):
        raw = _claimed(row)
        if raw is None:
            continue
        try:
            decode_event(raw)
        except BadEvent:
            tries -= 1
            raw = healed(raw) if tries >= 0 else None
            if raw is None:
                continue
        yield raw


def _claimed(row: Sequence[object]) -> RawEvent | None:
    if len(row) < _COLUMNS:
        return None
    event_hash, body, sig = row[_HASH], row[_BODY], row[_SIG]
    if not (isinstance(event_hash, bytes) and isinstance(body, bytes) and isinstance(sig, bytes)):
        return None
    return RawEvent(event_hash, body, sig) if len(event_hash) == 32 and len(sig) == 64 else None


def _close_own_streams(connection: Connection, station: UUID) -> None:
    """A station never continues a stream whose end it cannot be sure of; the newest stays named as the predecessor."""
    store = TableStore(connection)
    own = [stream for stream in store.streams() if stream.station == station]
    for stream in own:
        store.close_stream(stream.stream)
    if own:
        store.set_meta(_OWN_STREAM, str(max(own, key=lambda stream: stream.opened_hlc).stream))
