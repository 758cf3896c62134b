"""What was active in the last hours, read back out of the alarm log: the strip under the list after a restart."""

import asyncio
from functools import partial
from pathlib import Path
from uuid import UUID, uuid5

import pytest

from console.domain.alarm_step import Transition
from console.services.alarms import alarm_tables
from console.services.alarms.alarm_log import insert_transitions
from console.services.alarms.past_spans import past_spans
from console.services.alarms.transitions import AlarmTransition
from console.services.storage.schema import open_station_db
from console.services.story_records import PastSpans
from tests.support.journals import SITE

HOUR = 3_600_000_000
T0 = 1_780_000_000_000_000
PUMP, FAN = uuid5(SITE, "pump"), uuid5(SITE, "fan")


def move(condition: UUID, start_us: int, what: Transition, at_us: int, priority: int = 3) -> AlarmTransition:
    area, asset = ("Press shop", "PUMP-1") if condition == PUMP else ("Paint", "FAN-1")
    return AlarmTransition(
        condition, start_us, what, 0, at_us, at_us, priority, 1, 91.5, f"{asset} is too hot", "p", "limit", "hot",
        "high", area, asset,
    )  # fmt: skip


def told(folder: Path, rows: list[AlarmTransition], from_us: int, to_us: int, most: int = 100) -> PastSpans:
    async def story() -> PastSpans:
        database = open_station_db(folder / "station.db", [alarm_tables.metadata])
        try:
            await database.writer.write(partial(insert_transitions, transitions=rows))
            return await database.readers.read(lambda c: past_spans(c, from_us, to_us, most))
        finally:
            database.close()

    return asyncio.run(story())


def spans(past: PastSpans) -> list[tuple[str, str, int, int, int]]:
    """Area, asset, start and end in hours after T0, priority."""
    return [
        (
            past.alarms[alarm].area,
            past.alarms[alarm].asset_name,
            (start - T0) // HOUR,
            (end - T0) // HOUR,
            priority,
        )
        for alarm, start, end, priority in zip(
            past.alarm.tolist(), past.start_us.tolist(), past.end_us.tolist(), past.priority.tolist(), strict=True
        )
    ]


@pytest.mark.proves("ALARM-F58", "ALARM-F70")
def test_an_alarm_that_is_over_is_told_with_its_place_and_its_most_urgent_priority(tmp_path: Path) -> None:
    rows = [
        move(PUMP, T0, Transition.RAISED, T0),
        move(PUMP, T0, Transition.SEVERITY_UP, T0 + HOUR, priority=1),
        move(PUMP, T0, Transition.RETURNED, T0 + 2 * HOUR),
        move(PUMP, T0, Transition.CLOSED, T0 + 4 * HOUR),
        move(FAN, T0 + 3 * HOUR, Transition.RAISED, T0 + 3 * HOUR),
        move(FAN, T0 + 3 * HOUR, Transition.RETURNED, T0 + 5 * HOUR),  # and nobody has acknowledged it
    ]
    past = told(tmp_path, rows, T0 + HOUR, T0 + 8 * HOUR)
    assert spans(past) == [("Press shop", "PUMP-1", 0, 2, 1), ("Paint", "FAN-1", 3, 5, 3)]
    assert [alarm.text for alarm in past.alarms] == ["PUMP-1 is too hot", "FAN-1 is too hot"]


def test_what_returned_before_the_time_and_is_acknowledged_in_it_was_not_active_in_it(tmp_path: Path) -> None:
    rows = [
        move(PUMP, T0, Transition.RAISED, T0),
        move(PUMP, T0, Transition.RETURNED, T0 + HOUR),
        move(PUMP, T0, Transition.CLOSED, T0 + 6 * HOUR),
    ]
    assert spans(told(tmp_path, rows, T0 + 4 * HOUR, T0 + 8 * HOUR)) == []


def test_what_still_lasts_is_left_to_the_live_list(tmp_path: Path) -> None:
    assert spans(told(tmp_path, [move(PUMP, T0, Transition.RAISED, T0)], T0 - HOUR, T0 + HOUR)) == []


def test_of_more_than_can_be_shown_the_newest_stay(tmp_path: Path) -> None:
    rows = []
    for nth in range(10):
        start = T0 + nth * HOUR
        ends = (Transition.RETURNED, Transition.CLOSED)
        rows += [move(PUMP, start, Transition.RAISED, start), *(move(PUMP, start, end, start + HOUR) for end in ends)]
    past = told(tmp_path, rows, T0, T0 + 20 * HOUR, most=3)
    assert [start for _area, _asset, start, _end, _priority in spans(past)] == [7, 8, 9]
