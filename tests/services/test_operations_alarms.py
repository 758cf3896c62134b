"""Acts on alarms, the horn and sessions at the one door."""

import pytest

from console.domain import commands as c
from console.domain.acknowledgement import AHEAD_US, Standing
from console.domain.alarms import Occurrence
from console.domain.facts import (
    AlarmAcknowledged,
    AlarmCommented,
    HornSilenced,
    IncidentMoved,
    PreferenceSaved,
    RebirthRequested,
    UserSignedOff,
    UserSignedOn,
)
from console.domain.people import Role
from console.domain.permissions import DISABLED, OTHER_AREA, SIGN_ON_FIRST
from console.domain.refusal import Refused
from console.services.identity.users import Users
from tests.services.test_operations import NOBODY, opened, refusal, told
from tests.support.desk import PASSWORD, PEOPLE, Desk, user


@pytest.mark.proves("ALARM-T34", "ALARM-F70")
def test_acknowledging_writes_one_fact_for_each_and_says_what_it_skipped():
    async def story(desk: Desk) -> None:
        now = desk.clock.now_us
        one, two, ahead = (desk.alarms.raise_alarm(n, now - n) for n in (1, 2, 3))
        desk.alarms.seen_through[ahead] = now * 2
        desk.alarms.standings[two] = Standing.ACKNOWLEDGED
        await desk.signed_on("olga")
        receipt = await desk.operations.submit(c.AcknowledgeAlarms((one, two, ahead, one), "on my way"))
        assert receipt.skipped == ("alarm 2",)
        assert desk.log.facts(AlarmAcknowledged) == [
            AlarmAcknowledged(one.condition_id, one.start_us, now - 1, "on my way"),
            AlarmAcknowledged(ahead.condition_id, ahead.start_us, now + AHEAD_US, "on my way"),
        ]
        assert len(receipt.hashes) == 2

    told(story)


def test_an_occurrence_that_changed_since_it_was_seen_refuses_the_batch():
    async def story(desk: Desk) -> None:
        seen = desk.alarms.raise_alarm(1, desk.clock.now_us)
        other = desk.alarms.raise_alarm(2, desk.clock.now_us)
        desk.alarms.raise_alarm(1, desk.clock.now_us + 5)
        await desk.signed_on("olga")
        assert "no longer" in await refusal(desk, c.AcknowledgeAlarms((seen, other)))
        assert desk.log.facts(AlarmAcknowledged) == []

    told(story)


def test_an_operator_of_the_press_shop_acts_there_only():
    async def story(desk: Desk) -> None:
        press = desk.alarms.raise_alarm(1, desk.clock.now_us, area="Press shop")
        paint = desk.alarms.raise_alarm(2, desk.clock.now_us, area="Paint shop")
        await desk.signed_on("pia")
        await desk.operations.submit(c.AcknowledgeAlarms((press,)))
        for command in (
            c.AcknowledgeAlarms((press, paint)),
            c.CommentAlarm(paint, "x"),
            c.OpenIncident("x", occurrences=(paint,)),
        ):
            assert await refusal(desk, command) == OTHER_AREA
        await desk.signed_on("olga")
        incident_id = await opened(desk, occurrences=(paint,))
        await desk.signed_on("pia")
        assert await refusal(desk, c.NoteIncident(incident_id, "x")) == OTHER_AREA

    told(story)


def test_the_horn_is_silenced_by_anybody_for_the_position():
    async def story(desk: Desk) -> None:
        assert await refusal(desk, c.SilenceHorn()) == "Nothing is sounding"
        desk.alarms.raise_alarm(1, desk.clock.now_us - 7)
        await desk.operations.submit(c.SilenceHorn())
        assert desk.log.facts(HornSilenced) == [HornSilenced("desk", desk.clock.now_us - 7)]
        assert desk.log.kept[-1].actor.user_id == "system"
        await desk.signed_on("aude")
        await desk.operations.submit(c.SilenceHorn())
        assert desk.log.kept[-1].actor.user_id == "id-aude"

    told(story)


@pytest.mark.proves("ALARM-T21")
def test_what_is_on_screen_from_before_the_clock_was_set_back_is_acknowledged_and_silenced():
    async def story(desk: Desk) -> None:
        ahead_us = desk.clock.now_us + 3600 * 1_000_000
        seen = desk.alarms.raise_alarm(1, ahead_us)
        await desk.signed_on("olga")
        await desk.operations.submit(c.AcknowledgeAlarms((seen,)))
        await desk.operations.submit(c.SilenceHorn())
        assert desk.log.facts(AlarmAcknowledged) == [AlarmAcknowledged(seen.condition_id, ahead_us, ahead_us, "")]
        assert desk.log.facts(HornSilenced) == [HornSilenced("desk", ahead_us)]

    told(story)


def test_a_comment_needs_a_known_alarm_and_words():
    async def story(desk: Desk) -> None:
        occurrence = desk.alarms.raise_alarm(1, desk.clock.now_us)
        await desk.signed_on("emil")
        await desk.operations.submit(c.CommentAlarm(occurrence, " cable loose "))
        assert desk.log.facts(AlarmCommented)[0].text == "cable loose"
        await refusal(desk, c.CommentAlarm(occurrence, " "))
        assert "not known" in await refusal(desk, c.CommentAlarm(Occurrence(NOBODY, 1), "x"))

    told(story)


def test_signing_on_and_off_goes_through_the_same_door():
    async def story(desk: Desk) -> None:
        receipt = await desk.operations.submit(c.SignOn("olga", PASSWORD))
        assert receipt.entity_id == "id-olga"
        assert len(receipt.hashes) == 1
        await desk.operations.submit(c.SignOff())
        assert await refusal(desk, c.OpenIncident("x")) == SIGN_ON_FIRST
        assert (await desk.operations.submit(c.SignOff())).hashes == ()
        assert [type(entry.fact) for entry in desk.log.kept] == [UserSignedOn, UserSignedOff]

    told(story)


def test_an_act_from_the_command_line_carries_its_own_person():
    async def story(desk: Desk) -> None:
        await desk.signed_on("aude")
        session, _ = await desk.sign_on.open_session("olga", PASSWORD)
        await desk.operations.submit(c.OpenIncident("x"), session=session)
        assert desk.log.kept[-1].actor == session.actor
        await desk.operations.submit(c.SignOff(), session=session)
        assert desk.sign_on.current.person.user.login == "aude"
        assert await refusal(desk, c.OpenIncident("y"), session=session) == SIGN_ON_FIRST

    told(story)


def test_who_is_disabled_meanwhile_acts_no_more():
    async def story(desk: Desk) -> None:
        await desk.signed_on("olga")
        desk.sign_on.users = Users([user("olga", Role.OPERATOR, is_disabled=True)])
        assert await refusal(desk, c.OpenIncident("x")) == DISABLED
        await desk.sign_on.replace_users(Users(PEOPLE))
        await desk.operations.submit(c.OpenIncident("x"))

    told(story)


@pytest.mark.parametrize("agent", ["nobody", "dora"])
def test_nobody_unknown_or_disabled_is_given_an_incident(agent):
    async def story(desk: Desk) -> None:
        await desk.signed_on("olga")
        incident_id = await opened(desk)
        assert "Nobody" in await refusal(desk, c.AssignIncident(incident_id, "IT", agent))
        assert "person" in await refusal(desk, c.AssignIncident(incident_id, "IT", " "))
        assert desk.log.facts(IncidentMoved) == []

    told(story)


def test_preferences_belong_to_the_person_and_are_json():
    async def story(desk: Desk) -> None:
        await desk.signed_on("aude")
        await desk.operations.submit(c.SavePreference("theme", '"dark"'))
        assert desk.log.facts(PreferenceSaved) == [PreferenceSaved("id-aude", "theme", '"dark"')]
        for key, value in (("", "1"), ("x", "dark"), ("x", "[" * 5000), ("x", '"' + "y" * 9000 + '"')):
            await refusal(desk, c.SavePreference(key, value))

    told(story)


def test_a_node_is_asked_for_its_birth_only_after_that_is_written_down():
    async def story(desk: Desk) -> None:
        await desk.signed_on("emil")
        command = c.RequestRebirth("plant", "KAS", "PRESS-1")
        await desk.operations.submit(command)
        assert desk.log.facts(RebirthRequested) == [RebirthRequested("plant/KAS/PRESS-1")]
        assert desk.rebirths.asked == [("plant", "KAS", "PRESS-1")]
        desk.log.fail_with = Refused("The disk is full")
        assert "disk" in await refusal(desk, command)
        assert len(desk.rebirths.asked) == 1

    told(story)


def test_when_the_journal_cannot_write_the_act_is_refused_and_has_no_effect():
    async def story(desk: Desk) -> None:
        await desk.signed_on("olga")
        desk.log.fail_with = Refused("The disk is full")
        assert "disk" in await refusal(desk, c.OpenIncident("x"))
        assert "birth" in await refusal(desk, c.RequestRebirth("a", "b", "c"))  # the denial is told all the same
        desk.log.fail_with = None
        assert desk.incidents.snapshot().incidents == ()
        await desk.operations.submit(c.OpenIncident("x"))

    told(story)


def test_the_effect_is_there_when_the_act_returns():
    async def story(desk: Desk) -> None:
        await desk.signed_on("olga")
        incident_id = await opened(desk)
        assert desk.incidents.take_delta().incidents[0].incident_id == incident_id
        await desk.operations.submit(c.NoteIncident(incident_id, "seen"))
        assert desk.incidents.take_delta().incidents[0].notes[-1][2] == "seen"

    told(story)
