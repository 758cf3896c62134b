"""A station that lived for days or a year: acts of every kind in its journal, alarms that are over, others not."""

import random
from pathlib import Path
from types import TracebackType
from uuid import UUID, uuid5

from console.domain import facts as f
from console.domain.alarm_facts import AlarmShelved, AlarmUnacknowledged
from console.domain.fact import Fact
from console.domain.people_facts import SessionLocked, UserDisabled
from console.domain.station_facts import BackupMade
from console.services.alarms.acknowledgements import Acknowledgements
from console.services.archiving import Archiving, Pruned
from console.services.journal.archive_sealing import Sealer
from console.services.journal.entries import Actor, Entry
from console.services.journal.envelope import RawEvent
from console.services.journal.event_table import Tip, tips
from console.services.journal.keys import FileKey
from console.services.journal.own_stream import Place
from tests.support.journals import SITE, MovedClock, StationJournal

DAY_US = 86_400_000_000
YEAR_US = 365 * DAY_US
CONDITIONS = tuple(uuid5(SITE, f"condition {n}") for n in range(12))
ALIVE = CONDITIONS[:2]  # their alarms are not over


class PlantYear(StationJournal):
    """`async with PlantYear(folder, code) as plant`; `live` writes, `archive` seals and prunes."""

    def __init__(
        self, folder: Path, code: str, clock: MovedClock | None = None, seed: int = 1, place: Place | None = None
    ) -> None:
        self.place_of = lambda code, site=SITE: place or StationJournal.place_of(code, site)  # type: ignore[method-assign]
        super().__init__(folder, code, clock)
        self.key = FileKey.load_or_create(folder / "keys")
        self.chance = random.Random(seed)
        self.kept = Acknowledgements()
        self._session = 0
        self._acknowledged: list[Entry] = []
        self._incidents: list[UUID] = []

    async def __aenter__(self) -> "PlantYear":
        await self.start()
        return self

    async def __aexit__(
        self, _kind: type[BaseException] | None, _error: BaseException | None, _trace: TracebackType | None
    ) -> None:
        self.close()

    async def live(self, days: int, acts: int = 12) -> None:
        for _ in range(days):
            await self.day(acts)

    async def day(self, acts: int) -> None:
        chance = self.chance
        self._session += 1
        actor = Actor(f"u-{chance.randrange(4)}", "anna", "Anna", ("operator",), f"s-{self._session}", "password")
        await self.log.append([f.UserSignedOn(actor.user_id)], actor)
        for _ in range(acts):
            self.clock.now_us += DAY_US // (acts + 1)
            entries = await self.log.append(self._some(actor), actor)
            self._acknowledged += [one for one in entries if isinstance(one.fact, f.AlarmAcknowledged)]
        self.clock.now_us += DAY_US // (acts + 1)
        if chance.random() < 0.9:
            await self.log.append([f.UserSignedOff(actor.user_id)], actor)

    def _some(self, actor: Actor) -> list[Fact]:
        chance, now = self.chance, self.clock.now_us
        condition = chance.choice(CONDITIONS)
        match chance.randrange(12):
            case 0 | 1 | 2:
                many = [f.AlarmAcknowledged(one, now - 60, now) for one in chance.sample(CONDITIONS, 3)]
                return list(many)
            case 3:
                return [f.AlarmCommented(condition, now - 60, "looked at it")]
            case 4:
                return [f.HornSilenced(chance.choice("AB"), now)]
            case 5:
                return [f.PreferenceSaved(actor.user_id, chance.choice("xyz"), str(chance.random()))]
            case 6:
                incident = uuid5(SITE, f"incident {now}")
                self._incidents.append(incident)
                opened = f.IncidentOpened(incident, f"INC-{now}", "pump", 2, 2)
                return [
                    opened,
                    f.IncidentAlarmLinked(incident, condition, now),
                    f.AlarmCommented(condition, now, "see"),
                ]
            case 7 if self._incidents:
                return [f.IncidentNoted(chance.choice(self._incidents), "went there")]
            case 8 if self._acknowledged:
                old = chance.choice(self._acknowledged)
                assert isinstance(old.fact, f.AlarmAcknowledged)
                one = old.fact
                names = (old.hash.hex(),)
                return [AlarmUnacknowledged(one.condition_id, one.start_us, names, one.seen_through_us)]
            case 9:
                return [SessionLocked(actor.user_id, "idle"), BackupMade("b.zip", "00", 1)]
            case 10:
                return [AlarmShelved(condition, now + DAY_US, 86_400)]
            case _:
                return [UserDisabled(f"u-{chance.randrange(99)}", "left")]

    def archiving(self) -> Archiving:
        readers = self.database.readers
        return Archiving(self.log, self.log.holdings, self.database.writer, readers, self.kept, self.place.station)

    def seal(self, folder: Path, before_us: int) -> list[tuple[bytes, bytes, str]]:
        """(manifest, signature, uri) of every file that was written or found."""
        with Sealer(self.path, folder, self.place, self.key, self.clock) as sealer:
            written = [sealer.seal(part) for part in sealer.plan(before_us).parts]
        return [(one.sealed.raw, one.sealed.sig, one.path.as_uri()) for one in written]

    async def note(self, sealed: list[tuple[bytes, bytes, str]]) -> None:
        for raw, sig, uri in sealed:
            await self.archiving().note(raw, sig, uri)

    async def rows(self, sql: str) -> list[tuple[object, ...]]:
        return await self.database.readers.read(lambda c: [tuple(row) for row in c.exec_driver_sql(sql)])

    async def all_kept(self) -> list[RawEvent]:
        """Every event whose content is still in the table."""
        rows = await self.rows("SELECT hash, body, sig FROM event")
        return [RawEvent(*row) for row in rows]  # type: ignore[arg-type]

    async def hashes(self) -> set[bytes]:
        return {raw.hash for raw in await self.all_kept()}

    async def ends(self) -> list[Tip]:
        return list(await self.database.readers.read(tips))

    async def prune(self, before_us: int, held: list[Tip] | None, alive: tuple[UUID, ...] | None = ALIVE) -> int:
        """All steps; gives how many entries left."""
        total, rid = 0, 0
        while True:
            step: Pruned = await self.archiving().prune(before_us, held, alive, rid)
            total, rid = total + step.events, step.next_rid
            if not rid:
                return total

    async def archive(self, folder: Path, before_us: int) -> int:
        """Everything, with somebody else holding all of it."""
        await self.note(self.seal(folder, before_us))
        return await self.prune(before_us, await self.ends())
