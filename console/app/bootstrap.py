"""The composition root: builds a station from its folders, starts and stops it; without Qt, for window and `serve`."""

import logging
import time
from collections.abc import Callable, Sequence
from enum import StrEnum, auto
from functools import partial
from pathlib import Path
from uuid import UUID
from zoneinfo import ZoneInfo

from console.app.audit import join_audit
from console.app.folders import Folders
from console.app.history_room import HistoryRoom
from console.app.journal_road import JournalRoad
from console.app.kpi import join_kpi
from console.app.master_room import join_master
from console.app.people_room import people_of
from console.app.performance_room import join_performance
from console.app.proof_care import ProofCare
from console.app.site_reading import SiteFiles, places_of, read_site, suppression_of
from console.app.standing_work import StandingWork
from console.app.station_status import status_of
from console.app.storage_care import StorageCare, damage_met, open_station
from console.app.story import join_story
from console.app.sync_room import SyncRoom, is_enrolled
from console.app.tag_recall import TagRecall
from console.app.trend_room import join_trends
from console.config.settings import StationSettings
from console.config.station_file import load_station
from console.domain.alarms import Priority
from console.domain.numbers import site_short
from console.services.alarms import alarm_log, alarm_tables
from console.services.alarms.annunciation import Annunciation
from console.services.alarms.engine import AlarmEngine
from console.services.archiving import CONDITION
from console.services.centre_marks import CentreMarks
from console.services.effects import Effects
from console.services.followers import Followers, WorldRecords
from console.services.historian.live_ring import LiveRing
from console.services.identity import credential_tables
from console.services.identity.enrolment import Enrolment, Identity
from console.services.identity.password_worker import PasswordWorker
from console.services.inbox import Inbox
from console.services.journal.archive_table import sums
from console.services.journal.entries import Entry
from console.services.journal.holdings import CENTRE
from console.services.journal.keys import FileKey
from console.services.journal.log import JournalLog
from console.services.journal.own_stream import Place, is_certified
from console.services.journal.projector import Projector
from console.services.journal.store import EventStore
from console.services.local_station import LocalStation, Parts
from console.services.operations import Operations
from console.services.recent_journal import RecentJournal
from console.services.records import StatusRecord
from console.services.rule_revisions import RuleRevisions
from console.services.servicedesk.incarnation import IncarnationLetter
from console.services.servicedesk.incidents import IncidentDesk
from console.services.station import AlarmLogRow
from console.services.storage.ownership import Ownership
from console.services.storage.schema import Database, open_journal_db
from console.services.tag_feed import TagFeed
from console.services.telemetry import tag_snapshot, tag_tables
from console.services.telemetry.batch import Consumer, Message
from console.services.telemetry.clock import SystemClock
from console.services.telemetry.derived_tags import DerivedTags
from console.services.telemetry.ingest import Ingest
from console.services.telemetry.tag_store import TagStore
from console.services.telemetry.telemetry import Telemetry
from console.services.telemetry.watchdog import Watchdog
from console.services.topology.plant import PlantTopology

log = logging.getLogger(__name__)
# Texts of system alarms are constant: they are logged as they are and translated when shown.
DEFECT_TEXT = "A part of Leitstand failed; the log has the detail"
SOUND_TEXT = "Alarms cannot be heard: there is no sound device"


class Work(StrEnum):
    """How much of a station is started."""

    RUN = auto()  # everything: telemetry, sync, door
    ACT = auto()  # journal and projections; may write
    READ = auto()  # what the files say


def now_us() -> int:
    """Wall time, microseconds UTC."""
    return time.time_ns() // 1000


async def build(folders: Folders, work: Work, *, may_rescue: bool = True, tags_later: bool = False) -> "Core":
    """Open everything and bring it to where it was. Raises BadConfiguration, DataFolderInUse, OSError, Refused.

    Damage that only the replay meets is rescued by opening once more. `tags_later`: the tags of the last run come back
    after `start`, behind a window that shows the open alarms already.
    """
    settings = load_station(folders.config)
    core = Core(settings, read_site(settings.site or folders.config / "site"), folders, work)
    try:
        await core.open()
        if not tags_later:
            await core.recall.at_once()
    except BaseException as error:
        await core.stop()
        damaged = damage_met(error, folders.data)
        if damaged is None:
            raise
        if work is Work.READ or not may_rescue:
            raise damaged from error
        return await build(folders, work, may_rescue=False, tags_later=tags_later)
    return core


class Core:
    """A built station: its parts, the seam in front of them, and the work that goes on while it runs."""

    parts: Parts
    recall: TagRecall
    station: LocalStation
    sync: SyncRoom

    def __init__(self, settings: StationSettings, files: SiteFiles, folders: Folders, work: Work) -> None:
        self.settings = settings
        self.site = files.site
        self.folders = folders
        self.defects: list[str] = []
        self.doubt = ""  # of the files, found at the start
        self._files = files
        self._work = work
        self._ownership: Ownership | None = Ownership(folders.data)
        self._closers: list[Callable[[], object]] = []
        self.rules = RuleRevisions()
        self._standing: StandingWork | None = None

    async def open(self) -> None:
        """Build the parts bottom up (files, journal, telemetry, desks), then replay what the files remember."""
        data = self.folders.data
        self.care = StorageCare(self, now_us)
        if self._work is not Work.READ:
            await self.care.prepare()
        journal_db = self._opened(open_journal_db(data / "journal.db"))
        metadatas = [tag_tables.metadata, alarm_tables.metadata, credential_tables.metadata]
        station_db = self._opened(open_station(data, metadatas))
        self.key = FileKey.load_or_create(data / "keys")
        self.enrolment = self._enrolment()
        journal = self._journal(journal_db)
        worker = PasswordWorker()
        self._closers.append(worker.close)
        self.people = people_of(self, journal, worker, station_db, now_us)
        await self.people.load()
        store, inbox = TagStore(), Inbox[Message]()
        self.inbox = inbox
        self.engine = self._alarm_engine(store)
        self.telemetry = Telemetry(self.settings, self.site.site_id, self._files.topics, inbox, SystemClock())
        projector, desk = Projector(), IncidentDesk(self._name_of)
        self.effects = Effects(projector, self.engine, self._name_of, now_us)
        self.parts = self._join(store, journal, desk, station_db)
        self.master = join_master(self.parts, self._files.rules, self._name_of, now_us, self._files.settings.matrix)
        join_audit(self.parts, self.settings, self.site, data, self.people.name_pair, now_us)
        self.watch = join_kpi(self.parts, station_db, self.settings, self.site, self.master, now_us, self.engine)
        self.usual = join_performance(self.parts, self._files, now_us, self.engine)
        consumers = self._feed_from(inbox)
        join_story(self.parts, self.settings.station_id, station_db, journal_db, self.derived, self._name_of)
        self.alarm_lane = alarm_log.AlarmLog(station_db.writer)
        self._tag_file = tag_snapshot.TagSnapshot(store, station_db.writer)
        self.sync = SyncRoom(self, journal_db.readers, data, now_us)
        self.journal_db, self.readers = journal_db, journal_db.readers
        self.proof = ProofCare(self, journal_db, self.key.public_key, self.care, self.engine, self.sync.status, now_us)
        await self._replay(projector, station_db, consumers)
        self.people.renamed.subscribe(lambda _none: self._on_renamed())
        self._undo_recent()  # the station follows the journal from here on
        self.station = LocalStation(self.parts)
        self._closers.append(self.station.close)

    def _enrolment(self) -> Enrolment:
        settings, site = self.settings, self.site
        me = Identity(site.site_id, settings.station_id, settings.code, settings.name, self.key.public_key)
        return Enrolment(
            me,
            authority=site.authority,
            site_folder=self.site_folder,
            keys=self.folders.data / "keys",
            clock_us=now_us,
        )

    @property
    def site_folder(self) -> Path:
        return self.settings.site or self.folders.config / "site"

    def _journal(self, database: Database) -> JournalLog:
        return JournalLog(
            database.writer,
            database.readers,
            place=Place(self.site.site_id, self.settings.station_id, self.settings.code),
            key=self.key,
            now_us=now_us,
            names=lambda user_id: self.people.name_pair(user_id),  # noqa: PLW0108 there is no `people` yet
            certificate=lambda: self.enrolment.certificate_hex,
            enrolled=partial(is_enrolled, self.site),
            closed=lambda: self.enrolment.why_not,
        )

    def _name_of(self, user_id: str) -> str:
        return self.people.sign_on.users.name_of(user_id)

    def _on_renamed(self) -> None:
        """What is shown with names is told again."""
        self.effects.renamed()
        self.engine.renamed()
        self.parts.desk.renamed()
        self.parts.recent.renamed(self._name_of)
        self.master.renamed()

    def _alarm_engine(self, store: TagStore) -> AlarmEngine:
        return AlarmEngine(
            self.site.site_id,
            store,
            self._files.rules,
            station_id=self.settings.station_id,
            annunciation=Annunciation(self.settings.position),
            places=places_of(self._files.plant),
            name_of=self._name_of,
            settings=self._files.settings,
        )

    def _join(self, store: TagStore, journal: JournalLog, desk: IncidentDesk, station_db: Database) -> Parts:
        """The door for operators, and everything that the seam stands in front of."""
        self._letter = IncarnationLetter(self.settings.station_id)
        operations = Operations(
            journal,
            self.engine,
            desk,
            self.people.sign_on,
            clock_us=now_us,
            site_short=site_short(self.site.name),
            station_code=self.settings.code,
            position=self.settings.position,
            incarnation=self._letter,
            zone=ZoneInfo(self.site.time_zone),
            rebirth=self.telemetry,
            station_refusal=self.enrolment.refusal_of,
            signing=self.people.signing,
        )
        operations.extend(self.people.acts())

        async def alarm_history(condition_id: UUID | None, limit: int) -> tuple[AlarmLogRow, ...]:
            return await station_db.readers.read(lambda c: alarm_log.history(c, condition_id, limit))

        self.feed, self.followers = TagFeed(store), Followers()
        plant = PlantTopology(self.site.site_id, self._files.plant)
        return Parts(
            store, self.engine, LiveRing(), plant, journal, desk, self.people, operations,
            RecentJournal(journal.rows, journal.placed),
            alarm_history=alarm_history,
            tags_delta=self.feed.take,
            horn=self.engine.annunciation.snapshot,
            status=self.status,
            preferences=self._preferences,
            now_us=now_us,
            add_consumer=self.followers.join,
        )  # fmt: skip

    def _feed_from(self, inbox: Inbox[Message]) -> tuple[Consumer, ...]:
        """Who takes each message from the inbox, in this order: alarms before anything that only shows."""
        parts = self.parts
        world = WorldRecords(parts.nodes, parts.links)
        self.by_design = suppression_of(self._files, parts.store, self.engine)
        derived = self.derived = DerivedTags(self._files.derived, self.telemetry.handles, parts.store)
        self.history = HistoryRoom(self, self._files.history, now_us)
        parts.history_store, parts.far_history = lambda: self.history.store, self.history.central
        parts.more_answers |= self.history.central.answers()
        consumers = (
            self.by_design,
            self.engine,
            self.history.recorder,
            self.history.central,
            parts.ring,
            parts.plant,
            self.feed,
            world,
            self.followers,
        )
        self.ingest = Ingest(inbox, parts.store, Watchdog(parts.store), consumers, derived=derived)
        self.ingest.troubles.subscribe(parts.troubles.put)
        self.ingest.troubles.subscribe(self.engine.on_trouble)
        return (derived, *consumers)

    def _opened(self, database: Database) -> Database:
        self._closers.append(database.close)
        return database

    async def _replay(self, projector: Projector, station_db: Database, consumers: Sequence[Consumer]) -> None:
        """Start-up is the same road as every day: facts first, then open alarms, then the tags as they were left."""
        parts = self.parts
        holdings = parts.journal.holdings
        marks = CentreMarks(
            partial(holdings.is_held, CENTRE), parts.desk.mark_in_centre, partial(holdings.is_forked, CENTRE)
        )

        trends = join_trends(parts, ZoneInfo(self.site.time_zone), self._name_of, now_us)
        others = (self._letter.apply, self.rules.apply, self.master.apply, trends)
        road = self._road = JournalRoad(
            parts.journal, self.people, projector, parts.desk, marks, others, self.defect, [self.effects.flags]
        )

        def replayed(entries: tuple[Entry, ...]) -> None:
            road.replayed(entries)
            parts.recent.on_entries(entries)

        parts.journal.own_head.subscribe(self.care.on_own_head)
        if self._work is Work.READ:
            await parts.journal.look()
        else:
            await parts.journal.open(self._doubt)
        open_alarms = await station_db.readers.read(alarm_log.load_open)
        urgent = {one.condition_id for one in open_alarms} if self._work is Work.RUN else None
        self.engine.acknowledging.kept.set_archived(await self.readers.read(lambda c: sums(c, CONDITION)))
        await parts.journal.replay(replayed, urgent=urgent)
        self.replay_rest = partial(self.proof.replay_rest, parts.journal, road.replayed)
        if self._work is not Work.READ:
            road.go_live()
        parts.journal.entries.subscribe(road.apply)
        self._undo_recent = parts.journal.entries.subscribe(parts.recent.on_entries)  # what the start itself writes
        parts.journal.holdings_changed.subscribe(marks.on_holdings)
        if self._work is Work.READ:
            self.people.pretend()
        else:
            await self.care.opened(parts.journal, self.engine)
            await self.people.settle()
        one_shots = self.engine.shelves.one_shots(now_us())
        returned = await station_db.readers.read(lambda c: alarm_log.returned_since(c, one_shots))
        self.engine.restore(open_alarms, now_us(), returned)
        if station_db.set_aside is not None:
            text = f"Alarm log and tag file were damaged and begin anew; both are kept in {station_db.set_aside.name}"
            self.engine.raise_system("station.db", text, Priority.HIGH, now_us())
        self.effects.set_notes()
        self.recall = TagRecall(station_db.readers, self.telemetry.handles, parts.store, self._tag_file, consumers)

    def _doubt(self, store: EventStore) -> str:
        """Why the own stream may not be continued: what the files say, or that it began before this station was let
        into a site that has an authority now."""
        why = self.care.doubt(self.key.public_key)(store)
        self.doubt = why
        return why or ("enrolled" if self.enrolment.certificate_hex and not is_certified(store) else "")

    def start(self, raise_window: Callable[[], None] | None = None) -> None:
        """Begin: telemetry, sync, the beat, the door. Call in the running loop."""
        self._standing = StandingWork(self, self.alarm_lane, self._tag_file, raise_window)
        self._standing.start()

    async def stop(self) -> None:
        """End in order: nothing new comes in, what came is written, files are closed, the folder is free."""
        if self._standing is not None:
            await self._standing.stop()
            self._standing = None
        if hasattr(self, "_road"):
            await self._road.close()
        if hasattr(self, "history"):
            await self.history.stop()
        if hasattr(self, "care"):
            await self.care.stop()
        for close in reversed(self._closers):
            close()
        self._closers.clear()
        if self._ownership is not None:
            self._ownership.release()
            self._ownership = None

    def defect(self, place: str) -> None:
        """Something in Leitstand itself failed: logged by the caller, shown to the operator, and the work goes on."""
        self.defects.append(place)
        self.engine.raise_system("defect", DEFECT_TEXT, Priority.HIGH, now_us())

    def set_sound(self, problem: str) -> None:
        """The window's horn cannot be heard (`problem`), or can again (empty)."""
        self.engine.annunciation.set_device(not problem)
        if problem:
            log.warning("alarms cannot be heard: %s", problem)
            self.engine.raise_system("sound", SOUND_TEXT, Priority.HIGH, now_us())
        else:
            self.engine.clear_system("sound", now_us())

    def status(self) -> StatusRecord:
        return status_of(self, now_us())

    def _preferences(self) -> dict[str, str]:
        session = self.people.sign_on.current
        return dict(self.effects.preferences.get(session.person.user_id, {})) if session is not None else {}
