"""The composition root: builds a station from its folders, starts and stops it; without Qt, for window and `serve`."""

import logging
import time
from collections.abc import Callable
from enum import StrEnum, auto
from typing import Any
from zoneinfo import ZoneInfo

from console.app.folders import Folders
from console.app.standing_work import StandingWork
from console.config.alarm_rules import load_alarm_rules
from console.config.assets_file import load_assets
from console.config.problems import BadConfiguration, Problem
from console.config.settings import SiteSettings, StationSettings
from console.config.site_files import load_site, read_topics
from console.config.station_file import load_station
from console.config.users_file import load_users
from console.domain.alarms import Priority
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
from console.services.storage.ownership import Ownership
from console.services.storage.schema import Database, open_journal_db, open_station_db
from console.services.sync.replicator import Replicator
from console.services.tag_feed import TagFeed
from console.services.telemetry import tag_snapshot, tag_tables
from console.services.telemetry.batch import Message
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


async def build(folders: Folders, work: Work) -> "Core":
    """Open everything and bring it to where it was. Raises BadConfiguration, DataFolderInUse, OSError."""
    settings = load_station(folders.config)
    site_folder = settings.site or folders.config / "site"
    site = load_site(site_folder)
    topics, wrong = read_topics(site_folder)
    if wrong:
        raise BadConfiguration(tuple(wrong))
    core = Core(settings, site, folders, work)
    try:
        await core.open(load_alarm_rules(site_folder), topics)
    except BaseException:
        await core.stop()
        raise
    return core


class Core:
    """A built station: its parts, the seam in front of them, and the work that goes on while it runs."""

    parts: Parts
    station: LocalStation

    def __init__(self, settings: StationSettings, site: SiteSettings, folders: Folders, work: Work) -> None:
        self.settings = settings
        self.site = site
        self.folders = folders
        self.problems: tuple[Problem, ...] = ()
        self.defects: list[str] = []
        self._work = work
        self._ownership: Ownership | None = Ownership(folders.data)
        self._site_folder = settings.site or folders.config / "site"
        self._closers: list[Callable[[], object]] = []
        self._standing: StandingWork | None = None

    async def open(self, rules: Any, topics: Any) -> None:
        data, site_id, position = self.folders.data, self.site.site_id, self.settings.position
        journal_db = self._opened(open_journal_db(data / "journal.db"))
        station_db = self._opened(open_station_db(data / "station.db", [tag_tables.metadata, alarm_tables.metadata]))
        users = Users(load_users(self._site_folder) if (self._site_folder / "users.toml").exists() else ())
        place = Place(site_id, self.settings.station_id, self.settings.code)
        journal = JournalLog(
            journal_db.writer,
            journal_db.readers,
            place=place,
            key=FileKey.load_or_create(data / "keys"),
            now_us=now_us,
            names=_names(users),
        )
        store, inbox = TagStore(), Inbox[Message]()
        document = load_assets(self._site_folder, site_id)
        places = {asset.asset_id: (asset.name, asset.area) for asset in document.assets}
        self.engine = AlarmEngine(
            site_id,
            store,
            rules,
            station_id=self.settings.station_id,
            annunciation=Annunciation(position),
            places=lambda asset_id: places.get(asset_id, ("", "")),
        )
        projector, desk = Projector(), IncidentDesk(users.name_of)
        self.effects = Effects(projector, self.engine, users.name_of, now_us)
        worker = PasswordWorker()
        self._closers.append(worker.close)
        sign_on = SignOnDesk(users, journal, worker, now_us)
        clock = SystemClock()
        self.telemetry = Telemetry(self.settings, site_id, topics, inbox, clock)
        plant = PlantTopology(site_id, document)
        self.feed, self.followers, ring = TagFeed(store), Followers(), LiveRing()
        self._letter = IncarnationLetter(self.settings.station_id)
        operations = Operations(
            journal,
            self.engine,
            desk,
            sign_on,
            clock_us=now_us,
            site_short=site_short(self.site.name),
            station_code=self.settings.code,
            position=position,
            incarnation=self._letter,
            zone=ZoneInfo(self.site.time_zone),
            rebirth=self.telemetry,
        )
        recent = RecentJournal(journal.rows)

        async def alarm_history(condition_id: Any, limit: int) -> Any:
            return await station_db.readers.read(lambda c: alarm_log.history(c, condition_id, limit))

        self.parts = Parts(
            store, self.engine, ring, plant, journal, desk, sign_on, operations, recent,
            alarm_history=alarm_history,
            tags_delta=self.feed.take,
            horn=self.engine.annunciation.snapshot,
            status=self.status,
            preferences=self._preferences,
            now_us=now_us,
            add_consumer=self.followers.join,
        )  # fmt: skip
        world = WorldRecords(self.parts.nodes, self.parts.links)
        consumers = (self.engine, ring, plant, self.feed, world, self.followers)
        self.ingest = Ingest(inbox, store, Watchdog(store), consumers)
        self.ingest.troubles.subscribe(self.parts.troubles.put)
        self._alarm_lane = alarm_log.AlarmLog(station_db.writer)
        self._tag_file = tag_snapshot.TagSnapshot(store, station_db.writer)
        self.replicator = Replicator(
            journal, data / "journal.db", self.settings.centre,
            on_link=self.parts.links.put, now_us=now_us, station_db=data / "station.db",
        )  # fmt: skip
        await self._replay(projector, station_db, consumers)
        self.station = LocalStation(self.parts)
        self._closers.append(self.station.close)

    def _opened(self, database: Database) -> Database:
        self._closers.append(database.close)
        return database

    async def _replay(self, projector: Projector, station_db: Database, consumers: Any) -> None:
        """Start-up is the same road as every day: facts first, then open alarms, then the tags as they were left."""
        parts = self.parts
        marks = CentreMarks(parts.journal.is_in_centre, parts.desk.mark_in_centre)

        def apply(entries: Any) -> None:
            projector.apply(entries)
            parts.desk.apply(entries)
            self._letter.apply(entries)
            marks.on_entries(entries)

        def replayed(entries: Any) -> None:
            apply(entries)
            parts.recent.on_entries(entries)

        if self._work is Work.READ:
            await parts.journal.look()
        else:
            await parts.journal.open()
        await parts.journal.replay(replayed)
        parts.journal.entries.subscribe(apply)
        parts.journal.in_centre_changed.subscribe(marks.on_held)
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
