"""The road of entries: one that a projection cannot take stops nothing; flags follow verdicts, also after a kill."""

import asyncio
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace
from typing import Any
from uuid import UUID, uuid4

import pytest

from console.app.journal_road import JournalRoad
from console.domain.facts import IncidentMoved, IncidentOpened
from console.domain.people import Role
from console.domain.people_facts import RoleGranted, UserAdded, UserDisabled
from console.services.centre_marks import CentreMarks
from console.services.identity.gate import Gate
from console.services.identity.people_history import PeopleHistory
from console.services.journal.entries import SITE_FILE, Actor, Entry
from console.services.journal.projector import Projector
from console.services.servicedesk.incidents import IncidentDesk
from tests.conftest import LogLines
from tests.support.journals import ANNA, StationJournal, note

CASE = UUID(int=77)


class Road:
    """A station's journal with its road; people are the real gate without the rest of the administration."""

    def __init__(self, folder: Path) -> None:
        self.station = StationJournal(folder, "A1")
        self.gate = Gate(PeopleHistory())
        self.desk = IncidentDesk()
        self.broken: set[bytes] = set()
        self.defects: list[str] = []
        people: Any = SimpleNamespace(gate=self.gate, take=self._take)
        marks = CentreMarks(lambda *_: False, lambda _: None)
        self.road = JournalRoad(self.station.log, people, Projector(), self.desk, marks, on_defect=self.defects.append)

    def _take(self, entries: Sequence[Entry]) -> None:
        self.gate.take(entries)
        if any(entry.hash in self.broken for entry in entries):
            raise ValueError("what nobody thought of")

    async def start(self, *, live: bool = True) -> None:
        await self.station.start()
        await self.station.log.replay(self.road.replayed)
        self.station.log.entries.subscribe(self.road.apply)
        if live:
            self.road.go_live()

    async def stop(self) -> None:
        await self.road.close()
        self.station.close()

    async def flags(self) -> dict[bytes, str]:
        rows = await self.station.database.readers.read(
            lambda c: c.exec_driver_sql("SELECT hash, flag FROM event_flag WHERE cleared_by IS NULL").all()
        )
        return {row[0]: row[1] for row in rows}

    async def until_flagged(self, wanted: dict[bytes, str]) -> None:
        for _ in range(500):
            if await self.flags() == wanted:
                return
            await asyncio.sleep(0.01)
        assert await self.flags() == wanted


def _operator(*roles: Role) -> Actor:
    return Actor("u-olga", "olga", "Olga", tuple(roles), "s-2", "password")


async def _people(road: Road) -> None:
    log = road.station.log
    await log.append([UserAdded("u-olga"), RoleGranted("u-olga", Role.OPERATOR.value, "")], SITE_FILE)


@pytest.mark.proves("P10", "INV-24")
def test_an_entry_that_a_projection_cannot_take_stops_neither_the_others_nor_the_start(
    tmp_path: Path, log_lines: LogLines
) -> None:
    log_lines.expect("cannot take")

    async def story() -> None:
        road = Road(tmp_path)
        await road.station.start()
        made = await road.station.log.append(
            [IncidentOpened(CASE, "INC-1", "Press", 1, 2), note("poison", CASE), note("sound", CASE)], ANNA
        )
        road.broken.add(made[1].hash)
        road.road.apply(made)
        assert road.desk.record(CASE) is not None
        assert len(road.desk._cases[CASE].entries) == 3
        assert road.defects == ["journal"]
        await road.stop()
        again = Road(tmp_path)
        again.broken = road.broken
        await again.start()
        assert again.desk.record(CASE) is not None
        await again.stop()

    asyncio.run(story())


@pytest.mark.proves("P19")
def test_flags_that_a_killed_station_had_not_written_are_written_at_the_next_start(tmp_path: Path) -> None:
    async def story() -> None:
        killed = Road(tmp_path)
        await killed.start(live=False)
        killed.station.log.entries = type(killed.station.log.entries)()  # it ends before it hears of its own act
        await _people(killed)
        (act,) = await killed.station.log.append([IncidentMoved(CASE, "closed", "", "")], _stranger())
        assert await killed.flags() == {}
        await killed.stop()
        reader = Road(tmp_path)
        await reader.start(live=False)
        assert await reader.flags() == {}
        await reader.stop()
        again = Road(tmp_path)
        await again.start()
        await again.until_flagged({act.hash: "unauthorised"})
        await again.stop()

    asyncio.run(story())


def _stranger() -> Actor:
    return Actor("u-nobody", "nobody", "Nobody", (), "s-3", "password")


@pytest.mark.proves("P19", "INV-29")
def test_late_facts_about_people_judge_everything_behind_them_in_one_walk(tmp_path: Path) -> None:
    async def story() -> None:
        road = Road(tmp_path)
        await road.start()
        await _people(road)
        acts = [(await road.station.log.append([note(str(n))], _operator(Role.OPERATOR)))[0] for n in range(30)]
        walks = 0
        walk = road.station.log.walk

        def counted(from_hlc: int, chunk: int = 500) -> Any:
            nonlocal walks
            walks += 1
            return walk(from_hlc, chunk)

        road.station.log.walk = counted  # type: ignore[method-assign]
        before = acts[0].hlc - 1
        disabled = (await road.station.log.append([UserDisabled("u-olga", "left")], SITE_FILE))[0]
        late = _at(disabled, before)
        for number in range(20):
            road.road.apply((_at(late, before - number),))
        await road.until_flagged({act.hash: "revoked_user" for act in acts})
        assert walks < 6
        await road.stop()

    asyncio.run(story())


def _at(entry: Entry, hlc: int) -> Entry:
    return replace(entry, hlc=hlc, hash=uuid4().bytes * 2)
