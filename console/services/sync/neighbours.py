"""Neighbours over the plant's broker: consoles of a site agree within a second, also while the centre is away.

`Neighbours` is the part in the main loop: it hands fresh own events to the thread (`neighbour_link`, `neighbour_room`)
and takes in what comes from there. Nothing here waits for the thread, nor the thread for the main loop.
"""

import asyncio
import logging
import os
import random
from collections.abc import Callable, Coroutine, Sequence
from contextlib import suppress
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any
from uuid import UUID

from sqlalchemy import func, select
from sqlalchemy.engine import Connection

from console.config.settings import BrokerSettings
from console.domain.alarms import AlarmKind
from console.domain.refusal import Refused
from console.services.alarms.alarm_tables import alarm_log
from console.services.alarms.transitions import AlarmTransition
from console.services.journal.entries import Entry
from console.services.journal.envelope import RawEvent
from console.services.journal.event_table import Tip
from console.services.journal.keys import StationKey
from console.services.journal.log import JournalLog
from console.services.journal.table_store import TableDisk
from console.services.notifier import Undo
from console.services.records import CatchUp, LinkRecord, PeerRecord, Trouble
from console.services.storage.database import reader_engine
from console.services.sync.neighbour_check import EVERY_S
from console.services.sync.neighbour_link import NeighbourLink
from console.services.sync.neighbour_peer import Self, Trust
from console.services.sync.neighbour_room import Room
from console.services.sync.neighbour_voice import Voice
from console.services.sync.neighbour_words import (
    MAX_OCCURRENCES,
    MAX_ROWS,
    Fresh,
    Now,
    OpenNow,
    RowNow,
    Topics,
    transition_of,
)
from console.services.sync.profile_rows import ProfileNow
from console.services.telemetry.clock import Clock, SystemClock

_LIVE_BYTES = 128 * 1024  # of events in one frame; more than that goes into another
_FULL_DISK_S = 5.0
_OWN_KINDS = (AlarmKind.SYSTEM, AlarmKind.LINK_DOWN)  # about the station that tells it; nobody else can end them
_ROWS_AT_FIRST = MAX_ROWS  # of the alarm log that a neighbour is told when it comes
log = logging.getLogger(__name__)


def _nothing(*_args: object) -> None:
    return None


@dataclass(frozen=True, slots=True)
class Listeners:
    """Who is told what, in the main loop. All are optional.

    `open_now(everything)` gives what is active here, None when nothing changed since it was asked last; `digests`
    gives the projections' digests by bucket, None when there are none to compare. `on_occurrences(station, None)`
    says that a neighbour is away.
    """

    on_link: Callable[[LinkRecord], None] = _nothing
    on_peer: Callable[[PeerRecord], None] = _nothing
    on_catch_up: Callable[[CatchUp], None] = _nothing
    on_troubles: Callable[[list[Trouble]], None] = _nothing
    on_twin: Callable[[], None] = _nothing
    on_divergence: Callable[[str, str], None] = _nothing  # bucket, peer
    on_occurrences: Callable[[UUID, Sequence[OpenNow] | None], None] = _nothing
    on_alarm_rows: Callable[[Sequence[AlarmTransition]], None] = _nothing
    on_join: Callable[[bytes], object] = _nothing  # a request as it came
    on_joined: Callable[[str], object] = _nothing  # a certificate as it came
    on_profiles: Callable[[Sequence[ProfileNow]], object] = _nothing  # unproven
    open_now: Callable[[bool], Sequence[OpenNow] | None] = lambda _everything: None
    digests: Callable[[], dict[str, bytes] | None] = lambda: None


@dataclass(frozen=True, slots=True)
class Standing:
    """What this station shows of itself. `revoked` gives the stations that are revoked, `request` what to publish
    while it wants in; both are asked in the main loop, again and again."""

    name: str
    key: StationKey
    authority: bytes = b""
    certificate: Callable[[], str] = lambda: ""
    revoked: Callable[[], frozenset[UUID]] = frozenset
    request: Callable[[], bytes | None] = lambda: None


class Neighbours:
    """Created and started in the main loop. Without a broker there is no thread and nothing to say."""

    def __init__(
        self,
        journal: JournalLog,
        journal_path: Path,
        broker: BrokerSettings | None,
        standing: Standing,
        listeners: Listeners,
        *,
        station_db: Path | None = None,
        clock: Clock | None = None,
        chance: random.Random | None = None,
        check_every_s: float = EVERY_S,
    ) -> None:
        self._journal = journal
        self._journal_path = journal_path
        self._broker = broker
        self._standing = standing
        self._listeners = listeners
        self._station_db = station_db
        self._clock = clock or SystemClock()
        self._chance = chance or random.Random()  # noqa: S311 jitter, not secrets
        self._check_every_s = check_every_s
        self._link: NeighbourLink | None = None
        self._room: Room | None = None
        self._loop: asyncio.AbstractEventLoop | None = None
        self._tasks: set[asyncio.Task[None]] = set()
        self._undo: Undo | None = None
        self._request: bytes | None = None
        self._revoked: frozenset[UUID] = frozenset()
        self._rows: _Rows | None = None
        self._profiles: tuple[ProfileNow, ...] = ()

    @property
    def is_running(self) -> bool:
        """True while the thread lives."""
        return self._link is not None and self._link.is_running

    def start(self) -> None:
        """Begin; call in the main loop after the journal's replay."""
        if self._broker is None:
            return
        self._loop = asyncio.get_running_loop()
        self._undo = self._journal.entries.subscribe(self._on_entries)
        self._look()
        client_id = f"leitstand-{self._journal.place.code}-n-{os.urandom(4).hex()}"
        self._link = NeighbourLink(self._broker, client_id, self._open, self._clock, self._chance.random)
        self._link.start()

    def ask_stop(self) -> None:
        """Begin to stop, without waiting."""
        if self._link is not None:
            self._link.ask_stop()

    def stop(self, patience_s: float = 8.0) -> None:
        """Say goodbye and end the thread."""
        if self._undo is not None:
            self._undo()
        for task in tuple(self._tasks):
            task.cancel()
        if self._link is not None:
            self._link.stop(patience_s)
            if self.is_running:
                log.warning("the neighbours' thread still waits for the broker")

    def publish_joined(self, station: UUID, certificate: str) -> None:
        """A station was let in: it fetches its certificate from the broker."""
        self._post(lambda room: room.tell_joined(station, certificate))

    def set_profiles(self, rows: Sequence[ProfileNow]) -> None:
        """What neighbours may have of this station, whole; main loop."""
        self._profiles = told = tuple(rows)
        self._post(lambda room: room.profiles.set(told))

    # --- main loop -------------------------------------------------------------------------------------------------

    def _on_entries(self, entries: tuple[Entry, ...]) -> None:
        own = [RawEvent(entry.hash, entry.body, entry.sig) for entry in entries if entry.is_own]
        for batch in _batches(own):
            self._post(partial(_tell_fresh, Fresh(tuple(batch))))
        self._post(lambda room: room.wake())
        if any(entry.entity_type in ("station", "stream") for entry in entries):
            self._look()

    def _look(self) -> None:
        """What may have changed with the last facts about stations."""
        self._request = self._standing.request()
        revoked = self._standing.revoked()
        if revoked != self._revoked:
            self._revoked = revoked
            self._post(lambda room: room.distrust(revoked))

    def _post(self, work: Callable[[Room], None]) -> None:
        link = self._link
        if link is not None:
            link.post(lambda: work(self._room) if self._room is not None else None)

    def _spawn(self, work: Callable[[], Coroutine[Any, Any, None]]) -> None:
        task = asyncio.create_task(work())
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def _take_in(self, peer: str, raws: list[RawEvent], then: Callable[[frozenset[UUID]], None]) -> None:
        bad: frozenset[UUID] = frozenset()
        try:
            received = await self._journal.receive(raws, peer)
            bad = frozenset(one.stream for one in received.rejected if one.stream is not None)
            if received.rejected:
                first = received.rejected[0]
                log.info("%d events of %s do not fit; the first: %s", len(received.rejected), peer, first.reason)
        except Refused as refusal:
            log.warning("what %s sent could not be stored: %s", peer, refusal)
            await asyncio.sleep(_FULL_DISK_S)
        finally:
            self._post(lambda room: _then(room, partial(then, bad)))

    async def _note_receipts(self, peer: str, held: list[Tip], signatures: list[bytes]) -> None:
        with suppress(Refused):  # a receipt that is not noted is told again
            await self._journal.note_receipts(peer, held, signatures)

    async def _note_vector(self, peer: str, ends: tuple[Tip, ...]) -> None:
        with suppress(Refused):
            await self._journal.note_vector(peer, ends)

    def _give_now(self, everything: bool) -> None:
        occurrences = self._listeners.open_now(everything)
        told = None if occurrences is None else tuple(occurrences[:MAX_OCCURRENCES])
        self._post(lambda room: self._tell_now(room, told, everything))

    def _give_digests(self, then: Callable[[dict[str, bytes]], None]) -> None:
        digests = self._listeners.digests()
        if digests is not None:
            self._post(lambda _room: then(digests))

    def _take_now(self, station: UUID, told: Now | None) -> None:
        if told is None:
            self._listeners.on_occurrences(station, None)
            return
        if told.occurrences is not None:
            self._listeners.on_occurrences(station, told.occurrences[:MAX_OCCURRENCES])
        rows = [
            row for row in map(transition_of, told.rows[:MAX_ROWS]) if row is not None and row.kind not in _OWN_KINDS
        ]
        if rows:
            self._listeners.on_alarm_rows(rows)

    def _take_joined(self, raw: bytes) -> None:
        with suppress(UnicodeDecodeError):
            self._listeners.on_joined(raw.decode("ascii"))
        self._look()

    # --- the thread ------------------------------------------------------------------------------------------------

    def _open(self, link: NeighbourLink) -> tuple[Room, Callable[[], None]]:
        journal = reader_engine(self._journal_path).connect()
        station = reader_engine(self._station_db).connect() if self._station_db is not None else None
        self._rows = _Rows(station) if station is not None else None
        place, standing = self._journal.place, self._standing
        session = int.from_bytes(os.urandom(7), "big")
        voice = Voice(Topics(place.site, place.station), standing.key, session, link.send)
        me = Self(
            Trust(place, standing.authority, self._revoked),
            standing.name,
            standing.key.public_key,
            standing.certificate,
            lambda: self._request,
        )
        disk = TableDisk(journal)
        room = self._room = Room(me, disk, voice, self, link, self._clock, self._chance, self._check_every_s)
        room.profiles.set(self._profiles)

        def close() -> None:
            journal.close()
            if station is not None:
                station.close()

        return room, close

    def _tell_now(self, room: Room, occurrences: tuple[OpenNow, ...] | None, everything: bool) -> None:
        rows = self._rows.new(everything=everything) if self._rows is not None else ()
        if occurrences is not None or rows:
            room.tell_now(Now(occurrences, rows))

    # --- Ears: called in the thread --------------------------------------------------------------------------------

    def events(self, peer: str, raws: list[RawEvent], then: Callable[[frozenset[UUID]], None]) -> None:
        self._in_main(lambda: self._spawn(partial(self._take_in, peer, raws, then)))

    def receipts(self, peer: str, held: list[Tip], signatures: list[bytes]) -> None:
        self._in_main(lambda: self._spawn(partial(self._note_receipts, peer, held, signatures)))

    def vector(self, peer: str, ends: tuple[Tip, ...]) -> None:
        self._in_main(lambda: self._spawn(partial(self._note_vector, peer, ends)))

    def peer(self, record: PeerRecord) -> None:
        self._in_main(partial(self._listeners.on_peer, record))

    def link(self, record: LinkRecord) -> None:
        self._in_main(partial(self._listeners.on_link, record))

    def catch_up(self, progress: CatchUp) -> None:
        self._in_main(partial(self._listeners.on_catch_up, progress))

    def twin(self) -> None:
        self._in_main(self._listeners.on_twin)

    def now(self, station: UUID, told: Now | None) -> None:
        self._in_main(partial(self._take_now, station, told))

    def want_now(self, *, everything: bool) -> None:
        self._in_main(partial(self._give_now, everything))

    def digests(self, then: Callable[[dict[str, bytes]], None]) -> None:
        self._in_main(partial(self._give_digests, then))

    def divergence(self, bucket: str, peer: str) -> None:
        self._in_main(partial(self._listeners.on_divergence, bucket, peer))

    def profiles(self, rows: Sequence[ProfileNow]) -> None:
        self._in_main(partial(self._listeners.on_profiles, rows))

    def troubles(self, troubles: list[Trouble]) -> None:
        self._in_main(partial(self._listeners.on_troubles, troubles))

    def join(self, raw: bytes) -> None:
        self._in_main(partial(self._listeners.on_join, raw))

    def joined(self, raw: bytes) -> None:
        self._in_main(partial(self._take_joined, raw))

    def _in_main(self, callback: Callable[[], object]) -> None:
        assert self._loop is not None
        with suppress(RuntimeError):  # the loop has ended: nobody listens
            self._loop.call_soon_threadsafe(callback)


class _Rows:
    """Rows of the alarm log that neighbours were not told yet; lives in the thread."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection
        self._rid: int | None = None

    def new(self, *, everything: bool) -> tuple[RowNow, ...]:
        """Rows since the last call; with `everything` the newest ones again, for one who just came."""
        with self._connection.begin():
            if self._rid is None or everything:
                newest = int(self._connection.execute(select(func.coalesce(func.max(alarm_log.c.rid), 0))).scalar_one())
                before = max(0, newest - _ROWS_AT_FIRST)
                self._rid = before if self._rid is None else min(before, self._rid)
            query = select(alarm_log).where(alarm_log.c.rid > self._rid).order_by(alarm_log.c.rid).limit(MAX_ROWS)
            rows = self._connection.execute(query).all()
        if rows:
            self._rid = int(rows[-1].rid)
        return tuple(_row(row) for row in rows)


def _row(row: Any) -> RowNow:
    told = {name: getattr(row, name) for name in RowNow.__struct_fields__}
    return RowNow(**{**told, "condition_id": UUID(bytes=row.condition_id)})


def _tell_fresh(fresh: Fresh, room: Room) -> None:
    room.tell_fresh(fresh)


def _then(room: Room, then: Callable[[], None]) -> None:
    room.wake()
    then()


def _batches(raws: Sequence[RawEvent]) -> list[list[RawEvent]]:
    batches: list[list[RawEvent]] = []
    size = _LIVE_BYTES
    for raw in raws:
        size += len(raw.body) + 150
        if size > _LIVE_BYTES:
            batches.append([])
            size = len(raw.body) + 150
        batches[-1].append(raw)
    return batches
