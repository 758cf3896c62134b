"""Shelving, service, reset and ownership at the one door: what is refused, what is written, and with which words."""

from dataclasses import replace

import pytest

from console.domain import alarm_commands as a
from console.domain import alarm_facts as f
from console.domain import commands as c
from console.domain.alarm_classes import AlarmClass, GroupRules, ShelvingRules
from console.domain.alarms import Occurrence, Priority
from console.domain.facts import AlarmAcknowledged
from console.domain.people_facts import RecordSigned
from console.domain.permissions import OTHER_AREA
from console.domain.refusal import Refused
from console.domain.signatures import Meaning, SignatureProof
from console.services.identity.signing import Signing
from console.services.operations import Operations
from tests.services.test_operations import refusal, told
from tests.support.desk import PASSWORD, Desk

S = 1_000_000
PRESETS = ShelvingRules().presets_s


def shelve(*occurrences: Occurrence, lasts_s: int = 900, **more: object) -> a.ShelveAlarms:
    return a.ShelveAlarms(occurrences, lasts_s, **{"reason_code": "other", "reason": "noisy", **more})  # type: ignore[arg-type]


@pytest.mark.proves("ALARM-T20", "ALARM-F23")
@pytest.mark.parametrize("preset_s", PRESETS)
@pytest.mark.parametrize("many", [1, 20])
def test_the_stored_end_is_the_chosen_one_for_every_preset_and_for_many_at_once(preset_s, many):
    async def story(desk: Desk) -> None:
        alarms = [desk.alarms.raise_alarm(n + 1, desk.clock.now_us) for n in range(many)]
        await desk.signed_on("olga")
        receipt = await desk.operations.submit(shelve(*alarms, lasts_s=preset_s))
        facts = desk.log.facts(f.AlarmShelved)
        assert len(facts) == len(receipt.hashes) == many
        assert {fact.until_us for fact in facts} == {desk.clock.now_us + preset_s * S}
        assert {fact.condition_id for fact in facts} == {one.condition_id for one in alarms}
        assert all(fact.max_s >= preset_s for fact in facts)

    told(story)


@pytest.mark.proves("ALARM-F26")
@pytest.mark.parametrize(
    ("changes", "why"),
    [
        ({"reason_code": ""}, "Choose a reason: {codes}"),
        ({"reason_code": "because"}, "Choose a reason: {codes}"),
        ({"reason": " "}, "Say why"),
        ({"lasts_s": 0}, "Choose for how long"),
        ({"lasts_s": -60}, "Choose for how long"),
    ],
)
def test_a_shelf_needs_a_reason_words_and_an_end(changes, why):
    async def story(desk: Desk) -> None:
        one = desk.alarms.raise_alarm(1, desk.clock.now_us)
        await desk.signed_on("olga")
        assert await refusal(desk, shelve(one, **changes)) == why
        assert desk.log.facts(f.AlarmShelved) == []

    told(story)


@pytest.mark.proves("ALARM-F24", "ALARM-F41")
def test_no_shelf_is_longer_than_priority_and_class_allow_and_the_batch_is_refused_by_name():
    async def story(desk: Desk) -> None:
        high, low, short = (desk.alarms.raise_alarm(n, desk.clock.now_us) for n in (1, 2, 3))
        desk.alarms.priorities = {high.condition_id: Priority.HIGH, low.condition_id: Priority.LOW}
        desk.alarms.classes[short.condition_id] = AlarmClass("short", longest_shelf_s=600)
        await desk.signed_on("olga")
        with pytest.raises(Refused) as refused:
            await desk.operations.submit(shelve(high, low, short, lasts_s=2 * 3600))
        assert "for {minutes} min at most" in refused.value.text
        assert refused.value.values == {"minutes": 10, "alarms": "alarm 1, alarm 3"}
        assert desk.log.facts(f.AlarmShelved) == []
        await desk.operations.submit(shelve(low, lasts_s=2 * 3600))

    told(story)


@pytest.mark.proves("ALARM-F27")
def test_critical_alarms_and_classes_that_may_not_are_never_shelved():
    async def story(desk: Desk) -> None:
        critical, never = (desk.alarms.raise_alarm(n, desk.clock.now_us) for n in (1, 2))
        desk.alarms.priorities[critical.condition_id] = Priority.CRITICAL
        desk.alarms.classes[never.condition_id] = AlarmClass("never", is_shelvable=False)
        await desk.signed_on("olga")
        for one in (critical, never):
            assert "may not be shelved" in await refusal(desk, shelve(one, lasts_s=60))
        await desk.signed_on("emil")
        assert await refusal(desk, shelve(never)) == "Only operators and shift leads may shelve alarms"

    told(story)


@pytest.mark.proves("ALARM-F28")
def test_one_person_has_only_so_many_alarms_shelved_and_extending_them_is_free():
    async def story(desk: Desk) -> None:
        desk.alarms.shelving_rules = ShelvingRules(at_most=2)
        one, two, three = (desk.alarms.raise_alarm(n, desk.clock.now_us) for n in (1, 2, 3))
        desk.alarms.shelved = {one.condition_id: "id-olga", two.condition_id: "id-olga"}
        await desk.signed_on("olga")
        assert "at the same time" in await refusal(desk, shelve(three))
        await desk.operations.submit(shelve(one, two))
        await desk.signed_on("otto")
        await desk.operations.submit(shelve(three))

    told(story)


@pytest.mark.proves("ALARM-F29")
def test_nobody_shelves_an_area_in_one_act():
    async def story(desk: Desk) -> None:
        alarms = [desk.alarms.raise_alarm(n + 1, desk.clock.now_us) for n in range(21)]
        await desk.signed_on("olga")
        assert await refusal(desk, shelve(*alarms)) == "At most {limit} alarms can be shelved at once"
        assert await refusal(desk, shelve()) == "No alarm is selected"

    told(story)


@pytest.mark.proves("ALARM-F42")
def test_what_changed_since_it_was_seen_is_not_shelved_unless_it_is_shelved_already():
    async def story(desk: Desk) -> None:
        seen = desk.alarms.raise_alarm(1, desk.clock.now_us)
        desk.alarms.raise_alarm(1, desk.clock.now_us + 5)
        await desk.signed_on("olga")
        assert "no longer" in await refusal(desk, shelve(seen))
        desk.alarms.shelved[seen.condition_id] = "id-otto"
        await desk.operations.submit(shelve(seen))  # an extension does not fail because the alarm comes and goes

    told(story)


def test_unshelving_and_service_name_what_does_not_fit():
    async def story(desk: Desk) -> None:
        one, two = (desk.alarms.raise_alarm(n, desk.clock.now_us).condition_id for n in (1, 2))
        desk.alarms.shelved[one] = "id-otto"
        await desk.signed_on("lena")
        assert await refusal(desk, a.UnshelveAlarms((one, two))) == "These are not shelved: {alarms}"
        await desk.operations.submit(a.UnshelveAlarms((one,), "fixed"))
        assert desk.log.facts(f.AlarmUnshelved) == [f.AlarmUnshelved(one, "fixed")]
        assert await refusal(desk, a.TakeOutOfService((one,), " ")) == "Say why"
        await desk.operations.submit(a.TakeOutOfService((one, two), "sensor change", "WO 7"))
        assert [fact.work_order for fact in desk.log.facts(f.AlarmOutOfService)] == ["WO 7", "WO 7"]
        assert await refusal(desk, a.ReturnToService((one,))) == "These are in service: {alarms}"
        desk.alarms.out.add(one)
        await desk.operations.submit(a.ReturnToService((one,)))
        assert desk.log.facts(f.AlarmReturnedToService) == [f.AlarmReturnedToService(one)]

    told(story)


@pytest.mark.proves("ALARM-F18")
def test_operators_take_nothing_out_of_service():
    async def story(desk: Desk) -> None:
        one = desk.alarms.raise_alarm(1, desk.clock.now_us).condition_id
        await desk.signed_on("olga")
        assert "Only shift leads and engineers" in await refusal(desk, a.TakeOutOfService((one,), "x"))

    told(story)


@pytest.mark.proves("ALARM-F41", "ALARM-F6")
def test_a_batch_of_resets_with_a_wrong_one_is_refused_with_its_reason():
    async def story(desk: Desk) -> None:
        one, two = (desk.alarms.raise_alarm(n, desk.clock.now_us) for n in (1, 2))
        desk.alarms.no_resets[two.condition_id] = "It is still active."
        await desk.signed_on("olga")
        with pytest.raises(Refused) as refused:
            await desk.operations.submit(a.ResetAlarms((one, two)))
        assert refused.value.values == {"alarms": "alarm 2: It is still active."}
        await desk.operations.submit(a.ResetAlarms((one,)))
        assert desk.log.facts(f.AlarmReset) == [f.AlarmReset(one.condition_id, one.start_us)]

    told(story)


@pytest.mark.proves("ALARM-F46")
def test_alarms_are_taken_and_left_by_name():
    async def story(desk: Desk) -> None:
        one = desk.alarms.raise_alarm(1, desk.clock.now_us)
        await desk.signed_on("olga")
        assert await refusal(desk, a.LeaveAlarms((one,))) == "Nobody works on these: {alarms}"
        await desk.operations.submit(a.TakeAlarms((one,)))
        desk.alarms.owners[one] = "id-olga"
        assert await refusal(desk, a.TakeAlarms((one,))) == "You have these already"
        await desk.signed_on("emil")
        await desk.operations.submit(a.TakeAlarms((one,)))
        await desk.operations.submit(a.LeaveAlarms((one,)))
        assert [entry.actor.user_id for entry in desk.log.kept if isinstance(entry.fact, f.AlarmTaken)] == [
            "id-olga",
            "id-emil",
        ]

    told(story)


@pytest.mark.proves("ALARM-F44")
def test_an_operator_of_the_press_shop_shelves_there_only():
    async def story(desk: Desk) -> None:
        press = desk.alarms.raise_alarm(1, desk.clock.now_us, area="Press shop")
        paint = desk.alarms.raise_alarm(2, desk.clock.now_us, area="Paint shop")
        await desk.signed_on("pia")
        await desk.operations.submit(shelve(press))
        assert await refusal(desk, shelve(press, paint)) == OTHER_AREA

    told(story)


@pytest.mark.proves("ALARM-T27")
def test_fifty_acknowledgements_in_one_go_are_fifty_entries():
    async def story(desk: Desk) -> None:
        alarms = tuple(desk.alarms.raise_alarm(n + 1, desk.clock.now_us) for n in range(50))
        await desk.signed_on("olga")
        receipt = await desk.operations.submit(c.AcknowledgeAlarms(alarms))
        facts = desk.log.facts(AlarmAcknowledged)
        assert len(set(receipt.hashes)) == len(facts) == 50
        assert {fact.condition_id for fact in facts} == {one.condition_id for one in alarms}

    told(story)


@pytest.mark.proves("ALARM-F38")
def test_acknowledging_many_is_a_right_of_its_own():
    async def story(desk: Desk) -> None:
        one, two = (desk.alarms.raise_alarm(n, desk.clock.now_us) for n in (1, 2))
        desk.alarms.group_rules = GroupRules(frozenset({"shift_lead"}))
        await desk.signed_on("olga")
        assert await refusal(desk, c.AcknowledgeAlarms((one, two))) == "Your role acknowledges one alarm at a time"
        await desk.operations.submit(c.AcknowledgeAlarms((one, one)))
        await desk.signed_on("lena")
        await desk.operations.submit(c.AcknowledgeAlarms((one, two)))
        assert len(desk.log.facts(AlarmAcknowledged)) == 3

    told(story)


@pytest.mark.proves("ALARM-F39")
def test_alarms_that_ask_for_a_comment_are_not_acknowledged_without_one():
    async def story(desk: Desk) -> None:
        plain, asking = (desk.alarms.raise_alarm(n, desk.clock.now_us) for n in (1, 2))
        desk.alarms.classes[asking.condition_id] = AlarmClass("asking", needs_comment=True)
        await desk.signed_on("olga")
        with pytest.raises(Refused) as refused:
            await desk.operations.submit(c.AcknowledgeAlarms((plain, asking), " "))
        assert refused.value.values == {"alarms": "alarm 2"}
        assert desk.log.facts(AlarmAcknowledged) == []
        await desk.operations.submit(c.AcknowledgeAlarms((plain, asking), "bearing replaced"))
        assert len(desk.log.facts(AlarmAcknowledged)) == 2

    told(story)


@pytest.mark.proves("ALARM-F40")
def test_one_alarm_that_asks_for_a_signature_makes_the_whole_batch_a_signed_one():
    async def story(desk: Desk) -> None:
        signing(desk)
        plain, asking = (desk.alarms.raise_alarm(n, desk.clock.now_us) for n in (1, 2))
        desk.alarms.classes[asking.condition_id] = AlarmClass("asking", needs_signature=True)
        await desk.signed_on("olga")
        command = c.AcknowledgeAlarms((plain, asking))
        assert "with your signature only" in await refusal(desk, command)
        await desk.operations.submit(c.AcknowledgeAlarms((plain,)))  # alone it needs none
        command = replace(command, signs=True)
        assert "signature" in await refusal(desk, command)  # saying so is not signing
        record = desk.operations.record_of(command)
        assert [label for label, _value in record.lines] == ["Alarm", "Alarm"]
        assert "alarm 2" in record.lines[1][1]
        proof = SignatureProof("wrong", "responsible", record.sha256(Meaning.RESPONSIBLE))
        await refusal(desk, replace(command, proof=proof))
        proof = SignatureProof(PASSWORD, "responsible", record.sha256(Meaning.RESPONSIBLE))
        await desk.operations.submit(replace(command, proof=proof))
        (signed,) = desk.log.facts(RecordSigned)
        assert (signed.meaning, desk.log.kept[-1].actor.user_id) == ("responsible", "id-olga")
        assert len(desk.log.facts(AlarmAcknowledged)) == 3  # signer recorded for all of the batch

    told(story)


def signing(desk: Desk) -> Operations:
    """The desk's door anew, with signatures."""
    desk.operations = Operations(
        desk.log,
        desk.alarms,
        desk.incidents,
        desk.sign_on,
        clock_us=desk.clock,
        site_short="KASS",
        station_code="A1",
        signing=Signing(desk.log, desk.sign_on, desk.clock),
    )
    return desk.operations


@pytest.mark.proves("ALARM-F55")
def test_the_mark_of_the_first_alarm_is_reset_by_who_may_and_only_where_it_is():
    async def story(desk: Desk) -> None:
        one, two = (desk.alarms.raise_alarm(n, desk.clock.now_us) for n in (1, 2))
        desk.alarms.first_outs.add(one)
        await desk.signed_on("olga")
        with pytest.raises(Refused) as refused:
            await desk.operations.submit(a.ResetFirstOut((one, two)))
        assert refused.value.values == {"alarms": "alarm 2"}
        await desk.operations.submit(a.ResetFirstOut((one,)))
        assert desk.log.facts(f.FirstOutReset) == [f.FirstOutReset(one.condition_id, one.start_us)]

    told(story)
