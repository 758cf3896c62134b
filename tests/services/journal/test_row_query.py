"""Asking the journal: who, what, when, which station and thing, and on from where the last answer ended."""

import asyncio
from pathlib import Path
from uuid import UUID

import pytest

from console.domain.facts import IncidentFieldSet, IncidentOpened, PreferenceSaved
from console.services.journal.entries import Actor
from console.services.records import JournalRow
from console.services.station import JournalQuery
from tests.support.journals import ANNA, START_US, StationJournal, acknowledgement, note

MINUTE = 60_000_000
INCIDENT = UUID(int=9)


async def filled(folder: Path) -> StationJournal:
    """Five minutes with an act in each, then the clock is set back an hour and there is one more."""
    station = await StationJournal(folder, "K1").start()
    acts = (
        acknowledgement(UUID(int=1)),
        note("pump", INCIDENT),
        IncidentFieldSet(INCIDENT, "title", "Fan"),
        PreferenceSaved("u-anna", "theme", '"dark"'),
    )
    for minute, fact in enumerate(acts, 1):
        station.clock.now_us = START_US + minute * MINUTE
        await station.log.append([fact], ANNA, reason=f"because {minute}")
    station.clock.now_us = START_US - 60 * MINUTE
    await station.log.append([IncidentOpened(UUID(int=10), "INC-1", "late", 3, 3)], Actor("u-bo", "bo", "Bo"))
    return station


def asking(folder: Path, *queries: JournalQuery) -> list[list[str]]:
    async def story() -> list[list[str]]:
        station = await filled(folder)
        try:
            return [[row.etype for row in await station.log.query(query)] for query in queries]
        finally:
            station.close()

    return asyncio.run(story())


def test_a_time_window_goes_by_the_clock_of_who_did_it(tmp_path: Path) -> None:
    from_third, until_third, an_hour_before = asking(
        tmp_path,
        JournalQuery(from_us=START_US + 3 * MINUTE),
        JournalQuery(to_us=START_US + 3 * MINUTE, from_us=START_US + MINUTE),
        JournalQuery(to_us=START_US - 59 * MINUTE),
    )
    assert from_third == ["preference.saved", "incident.field_set"]
    assert until_third == ["incident.noted", "alarm.acknowledged"]
    assert an_hour_before == ["incident.opened"]  # its logical clock is later than the hour it was done


def test_several_types_station_and_person_narrow_the_answer(tmp_path: Path) -> None:
    types, own, other, person = asking(
        tmp_path,
        JournalQuery(etype="incident alarm.acknowledged"),
        JournalQuery(station="k1", etype="preference"),
        JournalQuery(station="K2"),
        JournalQuery(user="u-bo"),
    )
    assert types == ["incident.opened", "incident.field_set", "incident.noted", "alarm.acknowledged"]
    assert own == ["preference.saved"]
    assert other == []
    assert person == ["incident.opened"]


def test_a_thing_is_found_by_its_whole_name_and_by_a_part_of_its_id(tmp_path: Path) -> None:
    whole, part, other_kind = asking(
        tmp_path,
        JournalQuery(entity=f"incident {INCIDENT}"),
        JournalQuery(entity=str(INCIDENT)[-8:]),
        JournalQuery(entity=f"condition {INCIDENT}"),
    )
    assert whole == part == ["incident.field_set", "incident.noted"]
    assert other_kind == []


@pytest.mark.parametrize("page", [1, 2, 4])
def test_pages_follow_each_other_without_gap_or_double(tmp_path: Path, page: int) -> None:
    async def story() -> None:
        station = await filled(tmp_path)
        try:
            whole = await station.log.query(JournalQuery())
            read: list[JournalRow] = []
            while rows := await station.log.query(JournalQuery(limit=page, before_rid=read[-1].rid if read else 0)):
                read += rows
            assert read == list(whole)
            assert len(read) == 6
        finally:
            station.close()

    asyncio.run(story())


@pytest.mark.proves("SEC-48")
def test_a_row_tells_who_with_which_roles_and_why(tmp_path: Path) -> None:
    async def story() -> None:
        station = await filled(tmp_path)
        try:
            (row,) = await station.log.query(JournalQuery(etype="incident.noted"))
            assert (row.user_id, row.roles, row.reason) == ("u-anna", ("operator",), "because 2")
        finally:
            station.close()

    asyncio.run(story())
