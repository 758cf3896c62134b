"""The station of this process: joins what runs behind the seam and lets nobody reach around it."""

import time
from collections.abc import Awaitable, Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from typing import Any, TypeVar
from uuid import UUID
from zoneinfo import ZoneInfo

from console.domain.alarm_classes import AlarmSettings
from console.domain.commands import Command
from console.services import station as s
from console.services.alarms.engine import AlarmEngine
from console.services.alarms.master_desk import MasterDesk
from console.services.historian.far_history import FarHistory
from console.services.historian.history_query import HistoryDesk
from console.services.historian.live_feed import LiveFeed
from console.services.historian.live_ring import LiveRing
from console.services.historian.store import HistoryStore
from console.services.identity.people import People
from console.services.identity.sign_on import Session
from console.services.journal.entries import Entry
from console.services.journal.log import JournalLog
from console.services.keyed_records import KeyedRecords
from console.services.master_records import MasterPreview
from console.services.notifier import Undo
from console.services.operations import Operations
from console.services.people_records import SignatureSheet
from console.services.publications import Latest, Publication, Publications
from console.services.recent_journal import RecentJournal
from console.services.records import (
    AlarmCounts,
    AlarmsDelta,
    ExportRecord,
    FloodRecord,
    HornSnapshot,
    IncidentsDelta,
    JournalRow,
    LinkRecord,
    LinksDelta,
    NodeRecord,
    NodesDelta,
    SamplesDelta,
    SessionRecord,
    StatusRecord,
    SyncRecord,
    TagsDelta,
    TopologyDelta,
    Trouble,
    TroublesDelta,
)
from console.services.servicedesk.incidents import IncidentDesk
from console.services.telemetry.batch import Consumer
from console.services.telemetry.tag_store import TagStore
from console.services.topology.plant import PlantTopology
from console.services.trends.annotation_desk import AnnotationDesk
from console.services.trends.pen_group_desk import PenGroupDesk

T = TypeVar("T")
PIECE_S = 0.008  # of a beat at a time
TOPOLOGY_S = 0.004  # of a beat to judge assets; in a flood the rest follows


@dataclass(slots=True)
class Parts:
    """What a station is made of; the composition root fills it."""

    store: TagStore
    engine: AlarmEngine
    ring: LiveRing
    plant: PlantTopology
    journal: JournalLog
    desk: IncidentDesk
    people: People
    operations: Operations
    recent: RecentJournal
    alarm_history: Callable[[UUID | None, int], Awaitable[tuple[s.AlarmLogRow, ...]]]
    tags_delta: Callable[[bool], TagsDelta | None]
    horn: Callable[[], HornSnapshot]
    status: Callable[[], StatusRecord]
    preferences: Callable[[], dict[str, str]]
    now_us: Callable[[], int]
    add_consumer: Callable[[Consumer], Undo]
    more_answers: dict[type, Callable[[Any], Awaitable[Any]]] = field(default_factory=dict)  # question -> its desk
    links: KeyedRecords[LinkRecord] = field(default_factory=lambda: KeyedRecords[LinkRecord](lambda link: link.name))
    nodes: KeyedRecords[NodeRecord] = field(
        default_factory=lambda: KeyedRecords[NodeRecord](lambda n: (n.broker, n.group, n.node, n.device))
    )
    troubles: KeyedRecords[Trouble] = field(
        default_factory=lambda: KeyedRecords[Trouble](lambda trouble: (trouble.sender, trouble.kind))
    )
    export: Latest[ExportRecord] = field(default_factory=lambda: Latest(ExportRecord()))
    flood: Latest[FloodRecord] = field(default_factory=lambda: Latest(FloodRecord()))
    sync: Latest[SyncRecord] = field(default_factory=lambda: Latest(SyncRecord()))
    master: MasterDesk = field(default_factory=MasterDesk)
    master_files: Latest[ExportRecord] = field(default_factory=lambda: Latest(ExportRecord()))
    annotations: AnnotationDesk = field(default_factory=AnnotationDesk)
    pen_groups: PenGroupDesk = field(default_factory=PenGroupDesk)
    trend_files: Latest[ExportRecord] = field(default_factory=lambda: Latest(ExportRecord()))
    master_preview: Callable[[str], Awaitable[MasterPreview]] | None = None
    history_store: Callable[[], HistoryStore | None] = lambda: None  # None: history.db is not open
    far_history: FarHistory | None = None


class LocalStation:
    """Implements `Station`. `beat()` is called at 10 Hz; everything happens in the main thread but trend queries."""

    def __init__(self, parts: Parts) -> None:
        self._parts = parts
        self._hub = Publications()
        self._counts = Latest(AlarmCounts())
        self._horn = Latest(parts.horn())
        self._status = Latest(parts.status())
        self._session: Latest[SessionRecord | None] = Latest(parts.people.sign_on.record())
        self._people = Latest(parts.people.view.record())
        self._is_people_old = False
        self._pool = ThreadPoolExecutor(1, "trend query")
        zone = ZoneInfo(parts.status().time_zone)
        self._history = HistoryDesk(
            parts.ring, parts.store, zone, parts.now_us, self._pool, parts.history_store, parts.far_history
        )
        parts.more_answers |= self._history.answers()  # other desks ask it as well
        self._answers: dict[type, Callable[[Any], Awaitable[Any]]] = {
            s.JournalQuery: self._journal_rows,
            s.AlarmHistoryQuery: self._alarm_history,
            s.AlarmSettingsQuery: self._alarm_settings,
            s.PreferencesQuery: self._preferences,
            s.SignatureQuery: self._signature,
            **parts.more_answers,
            s.MasterPreviewQuery: self._master_preview,
        }
        parts.people.sign_on.changed.subscribe(self._session.set)
        parts.people.changed.subscribe(self._on_people)
        parts.journal.entries.subscribe(self._on_entries)
        parts.journal.holdings_changed.subscribe(parts.recent.on_holdings)
        parts.journal.received.subscribe(lambda received: parts.recent.on_flags() if received.flagged else None)
        self._offer()

    async def submit(self, command: Command, session: Session | None = None) -> s.Receipt:
        """See `Station.submit`; `session` is that of the command line's own person."""
        receipt = await self._parts.operations.submit(command, session)
        self._tell_alarms()
        return receipt

    async def query(self, query: s.Query[T]) -> T:
        answer: T = await self._answers[type(query)](query)
        return answer

    def subscribe(self, topic: s.Topic[T], callback: Callable[[T], None]) -> Undo:
        return self._hub.subscribe(topic, callback)

    def beat(self) -> None:
        """Tell everybody at once what changed."""
        self._look()
        self._hub.beat()

    def beat_some(self) -> bool:
        """The same in pieces of some milliseconds, so that keys and painting come between; True: call again soon.

        What is told is of one moment, that of the first piece.
        """
        end = time.perf_counter() + PIECE_S
        if not self._hub.has_due:
            self._look()
            self._hub.begin()
        return self._hub.deliver(lambda: time.perf_counter() >= end)

    def _look(self) -> None:
        self._counts.set(self._parts.engine.counts())
        self._horn.set(self._parts.horn())
        self._status.set(self._parts.status())
        self._parts.flood.set(self._parts.engine.patterns.flood_record())
        if self._is_people_old:
            self._is_people_old = False
            self._people.set(self._parts.people.view.record())

    def _tell_alarms(self) -> None:
        """What an act did to alarms is seen at once: who pressed a key waits for no beat."""
        self._counts.set(self._parts.engine.counts())
        self._horn.set(self._parts.horn())
        self._hub.tell(s.ALARMS, s.ALARM_COUNTS, s.HORN)

    def close(self) -> None:
        self._pool.shutdown(wait=True, cancel_futures=True)

    def _on_people(self, _told: None) -> None:
        self._is_people_old = True

    def _on_entries(self, entries: Sequence[Entry]) -> None:
        self._parts.recent.on_entries(entries)

    def _offer(self) -> None:
        parts, hub = self._parts, self._hub
        hub.offer(s.HORN, self._horn.snapshot, self._horn.delta)  # who listens waits for nothing else
        hub.offer(s.BEAT, parts.now_us, parts.now_us)
        hub.offer(s.TAGS, lambda: _present(parts.tags_delta(True)), lambda: parts.tags_delta(False))
        hub.offer(s.ALARMS, parts.engine.snapshot, self._alarms_delta)
        hub.offer(s.ALARM_COUNTS, self._counts.snapshot, self._counts.delta)
        hub.offer(s.FLOOD, parts.flood.snapshot, parts.flood.delta)
        hub.offer(s.STATUS, self._status.snapshot, self._status.delta)
        hub.offer(s.PEOPLE, self._people.snapshot, self._people.delta)
        hub.offer(s.SESSION, self._session.snapshot, self._session.delta)
        hub.offer(s.LINKS, lambda: LinksDelta(True, parts.links.all()), self._links_delta)
        hub.offer(s.NODES, lambda: NodesDelta(True, parts.nodes.all()), self._nodes_delta)
        hub.offer(s.TROUBLES, lambda: TroublesDelta(True, parts.troubles.all()), self._troubles_delta)
        hub.offer(s.TOPOLOGY, lambda: parts.plant.snapshot(parts.now_us()), self._topology_delta)
        hub.offer(s.INCIDENTS, parts.desk.snapshot, self._incidents_delta)
        hub.offer(s.EXPORT, parts.export.snapshot, parts.export.delta)
        hub.offer(s.SYNC, parts.sync.snapshot, parts.sync.delta)
        hub.offer(s.MASTER, parts.master.snapshot, parts.master.take_delta)
        hub.offer(s.MASTER_FILES, parts.master_files.snapshot, parts.master_files.delta)
        hub.offer(s.ANNOTATIONS, parts.annotations.snapshot, parts.annotations.take_delta)
        hub.offer(s.PEN_GROUPS, parts.pen_groups.snapshot, parts.pen_groups.take_delta)
        hub.offer(s.TREND_FILES, parts.trend_files.snapshot, parts.trend_files.delta)
        hub.offer(s.JOURNAL, parts.recent.snapshot, parts.recent.delta)
        hub.offer_kind("samples", self._samples)

    def _alarms_delta(self) -> AlarmsDelta | None:
        delta = self._parts.engine.take_delta()
        if delta is not None:
            self._parts.plant.on_alarms(delta)
        return delta

    def _links_delta(self) -> LinksDelta | None:
        changed = self._parts.links.take_changed()
        return LinksDelta(False, changed) if changed else None

    def _nodes_delta(self) -> NodesDelta | None:
        changed = self._parts.nodes.take_changed()
        return NodesDelta(False, changed) if changed else None

    def _troubles_delta(self) -> TroublesDelta | None:
        changed = self._parts.troubles.take_changed()
        return TroublesDelta(False, changed) if changed else None

    def _topology_delta(self) -> TopologyDelta | None:
        end = time.perf_counter() + TOPOLOGY_S
        return self._parts.plant.take_delta(self._parts.now_us(), lambda: time.perf_counter() >= end)

    def _incidents_delta(self) -> IncidentsDelta | None:
        return self._parts.desk.take_delta() if self._parts.desk.is_changed else None

    def _samples(self, rest: str) -> Publication[SamplesDelta]:
        feed = LiveFeed(tuple(int(handle) for handle in rest.split(",") if handle))
        return Publication(feed.snapshot, feed.take, self._parts.add_consumer(feed))

    async def _journal_rows(self, query: s.JournalQuery) -> tuple[JournalRow, ...]:
        return await self._parts.journal.query(query)

    async def _signature(self, query: s.SignatureQuery) -> SignatureSheet:
        record = self._parts.operations.record_of(query.command)
        return self._parts.people.signing.sheet(query.command, record)

    async def _master_preview(self, query: s.MasterPreviewQuery) -> MasterPreview:
        assert self._parts.master_preview is not None
        return await self._parts.master_preview(query.file)

    async def _preferences(self, _query: s.PreferencesQuery) -> dict[str, str]:
        return self._parts.preferences()

    async def _alarm_settings(self, _query: s.AlarmSettingsQuery) -> AlarmSettings:
        return self._parts.engine.settings

    async def _alarm_history(self, query: s.AlarmHistoryQuery) -> tuple[s.AlarmLogRow, ...]:
        return await self._parts.alarm_history(query.condition_id, query.limit)


def _present(delta: TagsDelta | None) -> TagsDelta:
    assert delta is not None
    return delta
