"""Hostile commands about alarms at the one door: refused in words, never half done, and nobody goes round his area."""

from uuid import UUID

import pytest

from console.domain import alarm_commands as a
from console.domain import commands as c
from console.domain.alarms import Occurrence
from console.domain.merge_commands import UnacknowledgeAlarms
from console.domain.permissions import OTHER_AREA
from console.domain.refusal import Refused
from tests.services.test_operations import told
from tests.services.test_operations_flags import shelve
from tests.support.desk import Desk

UNKNOWN = Occurrence(UUID(int=999), 5)


def written(desk: Desk) -> int:
    """What is said about alarms; that somebody was refused is said as well, and counts apart."""
    return sum(entry.fact.etype.startswith(("alarm.", "horn.")) for entry in desk.log.kept)


async def why(desk: Desk, command: c.Command) -> str:
    """The refusal; anything else that happens fails the test. Nothing may be written."""
    before = written(desk)
    with pytest.raises(Refused) as refused:
        await desk.operations.submit(command)
    assert written(desk) == before
    return refused.value.text


COMMANDS = {
    "acknowledge": c.AcknowledgeAlarms,
    "unacknowledge": UnacknowledgeAlarms,
    "shelve": lambda many: shelve(*many),
    "unshelve": lambda many: a.UnshelveAlarms(tuple(one.condition_id for one in many)),
    "reset": a.ResetAlarms,
    "take": a.TakeAlarms,
    "leave": a.LeaveAlarms,
}


@pytest.mark.proves("ALARM-F44", "ALARM-F41")
@pytest.mark.parametrize("act", COMMANDS)
def test_repeating_an_alarm_of_his_area_a_thousand_times_takes_nobody_into_another_area(act):
    async def story(desk: Desk) -> None:
        press = desk.alarms.raise_alarm(1, desk.clock.now_us, area="Press shop")
        paint = desk.alarms.raise_alarm(2, desk.clock.now_us, area="Paint shop")
        for one in (press, paint):
            if act == "unshelve":
                desk.alarms.shelved[one.condition_id] = "id-otto"
        await desk.signed_on("pia")
        assert await why(desk, COMMANDS[act]((press,) * 1000 + (paint,))) == OTHER_AREA

    told(story)


@pytest.mark.proves("ALARM-F41", "ALARM-F29")
@pytest.mark.parametrize("act", COMMANDS)
def test_ten_thousand_alarms_in_one_act_and_alarms_that_nobody_knows_are_refused_whole(act):
    async def story(desk: Desk) -> None:
        known = desk.alarms.raise_alarm(1, desk.clock.now_us)
        many = (known, *(Occurrence(UUID(int=n), desk.clock.now_us) for n in range(2, 10_002)))
        await desk.signed_on("olga")
        assert await why(desk, COMMANDS[act](many))
        assert await why(desk, COMMANDS[act]((many[0], UNKNOWN)))
        assert await why(desk, COMMANDS[act](()))

    told(story)


@pytest.mark.proves("ALARM-F23", "ALARM-F24")
@pytest.mark.parametrize("lasts_s", [0, -1, 10**30, float("nan"), float("inf"), 0.5, True, "900", None])
def test_a_shelf_lasts_a_whole_number_of_seconds_that_is_allowed(lasts_s):
    async def story(desk: Desk) -> None:
        one = desk.alarms.raise_alarm(1, desk.clock.now_us)
        await desk.signed_on("olga")
        assert await why(desk, shelve(one, lasts_s=lasts_s))

    told(story)


@pytest.mark.parametrize("priority", [0, -3, 99, float("nan"), None])
def test_an_alarm_of_a_priority_that_does_not_exist_is_not_shelved(priority):
    async def story(desk: Desk) -> None:
        one = desk.alarms.raise_alarm(1, desk.clock.now_us)
        desk.alarms.priorities[one.condition_id] = priority
        await desk.signed_on("olga")
        assert "may not be shelved" in await why(desk, shelve(one))

    told(story)


@pytest.mark.proves("ALARM-F26")
@pytest.mark.parametrize("reason", ["", " ", "\u200b", "\u202e", "\n\t", "\x00"])
def test_a_reason_that_nobody_can_read_is_none(reason):
    async def story(desk: Desk) -> None:
        one = desk.alarms.raise_alarm(1, desk.clock.now_us)
        await desk.signed_on("olga")
        assert await why(desk, shelve(one, reason=reason))
        await desk.signed_on("lena")
        assert await why(desk, a.TakeOutOfService((one.condition_id,), reason))

    told(story)
