"""The composition root: builds a station from its folders, starts and stops it; without Qt, for window and `serve`."""

import logging
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from enum import StrEnum, auto
from functools import partial
from pathlib import Path
from uuid import UUID
from zoneinfo import ZoneInfo

from console.app.audit import join_audit
from console.app.folders import Folders
from console.app.standing_work import StandingWork
from console.config.alarm_rules import load_alarm_rules
from console.config.assets_file import AssetsFile, load_assets
from console.config.problems import BadConfiguration
from console.config.settings import SiteSettings, StationSettings, TopicMap
from console.config.site_files import load_site, read_topics
from console.config.station_file import load_station
from console.config.users_file import load_users
from console.domain.alarms import AlarmRule, Priority
from console.domain.numbers import site_short
from console.services.alarms import alarm_log, alarm_tables
from console.services.alarms.annunciation import Annunciation
from console.services.alarms.engine import AlarmEngine
from console.services.centre_marks import CentreMarks
from console.services.effects import Effects
from console.services.followers import Followers, WorldRecords
from console.services.historian.live_ring import LiveRing
from console.services.identity.password_worker import PasswordWorker
from console.services.identity.sign_on import SignOnDesk
from console.services.identity.users import Users
from console.services.inbox import Inbox
from console.services.journal.entries import Entry
from console.services.journal.holdings import CENTRE
from console.services.journal.keys import FileKey
from console.services.journal.log import JournalLog
from console.services.journal.own_stream import Place
from console.services.journal.projector import Projector
from console.services.local_station import LocalStation, Parts
from console.services.operations import Operations
from console.services.recent_journal import RecentJournal
from console.services.records import StatusRecord
from console.services.servicedesk.incarnation import IncarnationLetter
from console.services.servicedesk.incidents import IncidentDesk
from console.services.station import AlarmLogRow
from console.services.storage.ownership import Ownership
from console.services.storage.schema import Database, open_journal_db, open_station_db
from console.services.sync.replicator import Replicator
from console.services.tag_feed import TagFeed
from console.services.telemetry import tag_snapshot, tag_tables
from console.services.telemetry.batch import Consumer, Message
from console.services.telemetry.clock import SystemClock
from console.services.telemetry.ingest import Ingest
from console.services.telemetry.tag_store import TagStore
from console.services.telemetry.telemetry import Telemetry
from console.services.telemetry.watchdog import Watchdog
from console.services.topology.plant import PlantTopology

log = logging.getLogger(__name__)
# Texts of system alarms are constant: they are logged as they are and translated when shown.
DEFECT_TEXT = "A part of Leitstand failed; the log has the detail"
SOUND_TEXT = "Alarms cannot be heard: there is no sound device"
TROUBLE_US = 10 * 60 * 1_000_000


class Work(StrEnum):
    """How much of a station is started."""

    RUN = auto()  # everything: telemetry, sync, door
    ACT = auto()  # journal and projections; may write
    READ = auto()  # what the files say


def now_us() -> int:
    """Wall time, microseconds UTC."""
    return time.time_ns() // 1000


@dataclass(frozen=True, slots=True)
class SiteFiles:
    """What the files of the site say, checked before anything is opened."""

    site: SiteSettings
    topics: tuple[TopicMap, ...]
    rules: tuple[AlarmRule, ...]
    plant: AssetsFile
    users: Users


async def build(folders: Folders, work: Work) -> "Core":
    """Open everything and bring it to where it was. Raises BadConfiguration, DataFolderInUse, OSError."""
    settings = load_station(folders.config)
    core = Core(settings, _site_files(settings.site or folders.config / "site"), folders, work)
    try:
        await core.open()
    except BaseException:
        await core.stop()
        raise
    return core


def _site_files(folder: Path) -> SiteFiles:
    site = load_site(folder)
    topics, wrong = read_topics(folder)
    if wrong:
        raise BadConfiguration(tuple(wrong))
    users = Users(load_users(folder))
    return SiteFiles(site, topics, load_alarm_rules(folder), load_assets(folder, site.site_id), users)


class Core:
    """A built station: its parts, the seam in front of them, and the work that goes on while it runs."""

    parts: Parts
    station: LocalStation

    def __init__(self, settings: StationSettings, files: SiteFiles, folders: Folders, work: Work) -> None:
        self.settings = settings
        self.site = files.site
        self.folders = folders
        self.defects: list[str] = []
        self._files = files
        self._work = work
        self._ownership: Ownership | None = Ownership(folders.data)
        self._closers: list[Callable[[], object]] = []
        self._standing: StandingWork | None = None

    async def open(self) -> None:
        """Build the parts bottom up (files, journal, telemetry, desks), then replay what the files remember."""
        data, users = self.folders.data, self._files.users
        journal_db = self._opened(open_journal_db(data / "journal.db"))
        station_db = self._opened(open_station_db(data / "station.db", [tag_tables.metadata, alarm_tables.metadata]))
        journal = self._journal(journal_db)
        store, inbox = TagStore(), Inbox[Message]()
        self.engine = self._alarm_engine(store)
        self.telemetry = Telemetry(self.settings, self.site.site_id, self._files.topics, inbox, SystemClock())
        projector, desk = Projector(), IncidentDesk(users.name_of)
        self.effects = Effects(projector, self.engine, users.name_of, now_us)
        worker = PasswordWorker()
        self._closers.append(worker.close)
        sign_on = SignOnDesk(users, journal, worker, now_us)
        self.parts = self._join(store, journal, desk, sign_on, station_db)
        join_audit(self.parts, self.settings, self.site, data, _names(users), now_us)
        consumers = self._feed_from(inbox)
        self._alarm_lane = alarm_log.AlarmLog(station_db.writer)
        self._tag_file = tag_snapshot.TagSnapshot(store, station_db.writer)
        self.replicator = Replicator(
            journal, data / "journal.db", self.settings.centre,
            on_link=self.parts.links.put, now_us=now_us, station_db=data / "station.db",
        )  # fmt: skip
        await self._replay(projector, station_db, consumers)
        self.station = LocalStation(self.parts)
        self._closers.append(self.station.close)

    def _journal(self, database: Database) -> JournalLog:
        return JournalLog(
            database.writer,
            database.readers,
            place=Place(self.site.site_id, self.settings.station_id, self.settings.code),
            key=FileKey.load_or_create(self.folders.data / "keys"),
            now_us=now_us,
            names=_names(self._files.users),
        )

    def _alarm_engine(self, store: TagStore) -> AlarmEngine:
        places = {asset.asset_id: (asset.name, asset.area) for asset in self._files.plant.assets}
        return AlarmEngine(
            self.site.site_id,
            store,
            self._files.rules,
            station_id=self.settings.station_id,
            annunciation=Annunciation(self.settings.position),
            places=lambda asset_id: places.get(asset_id, ("", "")),
        )

    def _join(
        self, store: TagStore, journal: JournalLog, desk: IncidentDesk, sign_on: SignOnDesk, station_db: Database
    ) -> Parts:
        """The door for operators, and everything that the seam stands in front of."""
        self._letter = IncarnationLetter(self.settings.station_id)
        operations = Operations(
            journal,
            self.engine,
            desk,
            sign_on,
            clock_us=now_us,
            site_short=site_short(self.site.name),
            station_code=self.settings.code,
            position=self.settings.position,
            incarnation=self._letter,
            zone=ZoneInfo(self.site.time_zone),
            rebirth=self.telemetry,
        )

        async def alarm_history(condition_id: UUID | None, limit: int) -> tuple[AlarmLogRow, ...]:
            return await station_db.readers.read(lambda c: alarm_log.history(c, condition_id, limit))

        self.feed, self.followers = TagFeed(store), Followers()
        plant = PlantTopology(self.site.site_id, self._files.plant)
        return Parts(
            store, self.engine, LiveRing(), plant, journal, desk, sign_on, operations,
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
        consumers = (self.engine, parts.ring, parts.plant, self.feed, world, self.followers)
        self.ingest = Ingest(inbox, parts.store, Watchdog(parts.store), consumers)
        self.ingest.troubles.subscribe(parts.troubles.put)
        return consumers

    def _opened(self, database: Database) -> Database:
        self._closers.append(database.close)
        return database

    async def _replay(self, projector: Projector, station_db: Database, consumers: Sequence[Consumer]) -> None:
        """Start-up is the same road as every day: facts first, then open alarms, then the tags as they were left."""
        parts = self.parts
        marks = CentreMarks(partial(parts.journal.holdings.is_held, CENTRE), parts.desk.mark_in_centre)

        def apply(entries: tuple[Entry, ...]) -> None:
            projector.apply(entries)
            parts.desk.apply(entries)
            self._letter.apply(entries)
            marks.on_entries(entries)

        def replayed(entries: tuple[Entry, ...]) -> None:
            apply(entries)
            parts.recent.on_entries(entries)

        if self._work is Work.READ:
            await parts.journal.look()
        else:
            await parts.journal.open()
        await parts.journal.replay(replayed)
        parts.journal.entries.subscribe(apply)
        parts.journal.holdings_changed.subscribe(marks.on_holdings)
        self.engine.restore(await station_db.readers.read(alarm_log.load_open), now_us())
        if station_db.set_aside is not None:
            text = f"The alarm log was damaged and begins anew; the old one is kept as {station_db.set_aside.name}"
            self.engine.raise_system("station.db", text, Priority.HIGH, now_us())
        self.effects.set_notes()
        stored = await station_db.readers.read(tag_snapshot.load)
        tags = tag_snapshot.restore(stored, self.telemetry.handles, parts.store)
        if tags:
            for consumer in consumers:
                consumer.on_tags(tags)

    def start(self, raise_window: Callable[[], None] | None = None) -> None:
        """Begin: telemetry, sync, the beat, the door. Call in the running loop."""
        self._standing = StandingWork(self, self._alarm_lane, self._tag_file, raise_window)
        self._standing.start()

    async def stop(self) -> None:
        """End in order: nothing new comes in, what came is written, files are closed, the folder is free."""
        if self._standing is not None:
            await self._standing.stop()
            self._standing = None
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
        live, stale, bad, blind = self.feed.counts()
        return StatusRecord(
            site_name=self.site.name,
            station_name=self.settings.name,
            position=self.settings.position,
            time_zone=self.site.time_zone,
            tags_live=live,
            tags_stale=stale,
            tags_bad=bad,
            tags_blind=blind,
            samples_per_s=round(self.ingest.samples_per_s, 1) if hasattr(self, "ingest") else 0.0,
            inbox_lag_ms=round(self.ingest.lag_s * 1000, 1) if hasattr(self, "ingest") else 0.0,
            troubles=self._recent_troubles(),
            journal_events=self.parts.journal.event_count,
            defects=len(self.defects),
        )

    def _recent_troubles(self) -> int:
        """Bad input of the last minutes. A node that speaks before its birth is asked for it: that is no trouble."""
        since_us = now_us() - TROUBLE_US
        return sum(
            trouble.last_us >= since_us and trouble.kind != "data_before_birth" for trouble in self.parts.troubles.all()
        )

    def _preferences(self) -> dict[str, str]:
        session = self.parts.sign_on.current
        return dict(self.effects.preferences.get(session.person.user_id, {})) if session is not None else {}


def _names(users: Users) -> Callable[[str], tuple[str, str]]:
    def names(user_id: str) -> tuple[str, str]:
        person = users.person(user_id)
        return (person.user.login, person.user.name) if person is not None else (user_id, users.name_of(user_id))

    return names
