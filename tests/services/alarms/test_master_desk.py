"""Master alarm records at the real door: review by four eyes, two consoles at once, imports that are whole or not."""

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import replace
from random import Random

import pytest

from console.domain import master_commands as ma
from console.domain.alarms import AlarmKind, Condition
from console.domain.master_alarms import MasterState
from console.domain.master_facts import MasterAlarmMoved, MasterAlarmsImported
from console.domain.refusal import Refused
from console.services.alarms.master_desk import MasterDesk
from console.services.alarms.master_guidance import guidance_of, guided
from tests.support.master_plant import DOOR, PRESSURE, RULES, WHOLE, MasterPlant, projected, swap

LL = "oil-pressure/LL"
Story = Callable[[MasterPlant], Awaitable[None]]


def told(tmp_path, story: Story) -> None:
    async def inside() -> None:
        with MasterPlant(tmp_path) as plant:
            await plant.start()
            await story(plant)

    asyncio.run(inside())


def apart(tmp_path, story: Callable[[MasterPlant, MasterPlant], Awaitable[None]]) -> None:
    async def inside() -> None:
        with MasterPlant(tmp_path / "a", "A1", 1) as one, MasterPlant(tmp_path / "b", "B2", 2) as other:
            await one.start()
            await other.start()
            await story(one, other)
            await one.meet(other)
            await other.meet(one)
            assert one.master.records() == other.master.records()

    asyncio.run(inside())


async def refusal(plant: MasterPlant, command: object) -> str:
    with pytest.raises(Refused) as refused:
        await plant.submit(command)  # type: ignore[arg-type]
    return str(refused.value)


@pytest.mark.proves("ALARM-F68")
def test_a_record_goes_from_draft_through_review_to_approval_and_keeps_who_and_when(tmp_path):
    async def story(plant: MasterPlant) -> None:
        await plant.signed_on("emil")
        await plant.written(LL)
        assert plant.master.record(LL).state is MasterState.DRAFT
        await plant.submit(ma.SubmitMasterAlarms((LL,)))
        assert plant.master.record(LL).state is MasterState.IN_REVIEW
        await plant.signed_on("lena")
        await plant.signed(ma.ApproveMasterAlarms((LL,)))
        record = plant.master.record(LL)
        assert record.state is MasterState.APPROVED
        assert (record.approved.who, record.approved.priority) == ("id-lena", 1)
        assert record.approved.values == WHOLE
        assert record.values == WHOLE
        assert plant.log.kept[-2].meaning == "approved"

    told(tmp_path, story)


@pytest.mark.proves("ALARM-F68")
def test_nobody_approves_what_he_wrote_or_submitted_himself(tmp_path):
    async def story(plant: MasterPlant) -> None:
        await plant.signed_on("emil")
        await plant.written(LL)
        await plant.signed_on("erna")
        await plant.submit(ma.SubmitMasterAlarms((LL,)))
        for login in ("emil", "erna"):
            await plant.signed_on(login)
            with pytest.raises(Refused, match="Somebody else must approve"):
                await plant.signed(ma.ApproveMasterAlarms((LL,)))
        await plant.signed_on("lena")
        await plant.signed(ma.ApproveMasterAlarms((LL,)))
        await plant.signed_on("erna")
        await plant.submit(ma.SetMasterAlarm(LL, (("owner", "Maintenance"),)))
        await plant.submit(ma.SubmitMasterAlarms((LL,)))
        await plant.signed_on("emil")  # wrote what is approved already, not what is new
        await plant.signed(ma.ApproveMasterAlarms((LL,)))
        assert plant.master.record(LL).approved.values["owner"] == "Maintenance"

    told(tmp_path, story)


def test_an_approval_without_signature_is_none(tmp_path):
    async def story(plant: MasterPlant) -> None:
        await plant.signed_on("emil")
        await plant.written(LL)
        await plant.submit(ma.SubmitMasterAlarms((LL,)))
        await plant.signed_on("lena")
        assert "signature" in await refusal(plant, ma.ApproveMasterAlarms((LL,)))
        record = plant.master.record(LL)
        forged = MasterAlarmMoved(LL, "approve", "approved", record.content, tuple(WHOLE.items()), 1)
        await plant.log.append([forged], plant.sign_on.actor(plant.sign_on.current))
        assert plant.master.record(LL).approved is None

    told(tmp_path, story)


@pytest.mark.proves("ALARM-T39", "ALARM-F68")
@pytest.mark.parametrize("field", sorted(WHOLE))
def test_an_edit_of_one_field_loses_nothing_of_the_others_and_makes_it_a_draft(tmp_path, field):
    other = {"severity": "minor", "limit": "2.75", "deadband": "0.3", "on_delay_s": "7", "off_delay_s": "8",
             "time_to_respond_s": "240"}.get(field, "something = else")  # fmt: skip

    async def story(plant: MasterPlant) -> None:
        await plant.approved(LL)
        await plant.signed_on("emil")
        await plant.submit(ma.SetMasterAlarm(LL, ((field, other),)))
        record = plant.master.record(LL)
        assert record.values == {**WHOLE, field: other}
        assert record.state is MasterState.DRAFT
        assert record.approved.values == WHOLE
        await plant.submit(ma.SetMasterAlarm(LL, ((field, WHOLE[field]),)))
        assert plant.master.record(LL).values == WHOLE
        assert plant.master.record(LL).state is MasterState.APPROVED, "what stands is what was approved"

    told(tmp_path, story)


@pytest.mark.proves("ALARM-T39")
def test_retiring_and_bringing_back_loses_neither_words_nor_settings(tmp_path):
    async def story(plant: MasterPlant) -> None:
        await plant.approved(LL)
        await plant.signed_on("emil")
        assert "Give a reason" in await refusal(plant, ma.RetireMasterAlarms((LL,), " "))
        await plant.submit(ma.RetireMasterAlarms((LL,), "pump removed"))
        assert plant.master.record(LL).state is MasterState.RETIRED
        assert plant.master.unauthorised == 0
        plant.told()
        assert plant.master.unauthorised == 1, "the alarm exists although its record is retired"
        await plant.submit(ma.SubmitMasterAlarms((LL,)))
        await plant.signed_on("lena")
        await plant.signed(ma.ApproveMasterAlarms((LL,)))
        assert plant.master.record(LL).values == WHOLE

    told(tmp_path, story)


def test_an_incomplete_record_is_not_submitted_and_the_missing_fields_are_named(tmp_path):
    async def story(plant: MasterPlant) -> None:
        await plant.signed_on("emil")
        await plant.submit(ma.SetMasterAlarm("door-open", (("cause", "Somebody opened it"),)))
        text = await refusal(plant, ma.SubmitMasterAlarms(("door-open",)))
        assert "consequence, severity, response, time_to_respond_s" in text
        assert "no master record" in await refusal(plant, ma.SubmitMasterAlarms(("unknown",)))

    told(tmp_path, story)


def test_a_reviewer_sends_back_with_a_reason(tmp_path):
    async def story(plant: MasterPlant) -> None:
        await plant.signed_on("emil")
        await plant.written(LL)
        await plant.submit(ma.SubmitMasterAlarms((LL,)))
        await plant.signed_on("lena")
        await plant.submit(ma.SendBackMasterAlarms((LL,), "which valve?"))
        assert plant.master.record(LL).state is MasterState.DRAFT
        assert plant.told().records[-1].reason == "which valve?"

    told(tmp_path, story)


@pytest.mark.proves("ALARM-F68")
def test_two_consoles_that_write_the_same_field_at_once_show_both_until_one_is_chosen(tmp_path):
    async def story(one: MasterPlant, other: MasterPlant) -> None:
        await one.approved(LL)
        await one.meet(other)
        await other.meet(one)
        await one.signed_on("emil")
        await other.signed_on("erna")
        await one.submit(ma.SetMasterAlarm(LL, (("response", "Close V1"), ("owner", "Team 1"))))
        await other.submit(ma.SetMasterAlarm(LL, (("response", "Close V2"), ("cause", "Wear"))))
        swap(one, other)
        record = one.master.record(LL)
        assert record.disputed == ("response",)
        assert (record.values["owner"], record.values["cause"]) == ("Team 1", "Wear")
        told = next(row for row in one.told().records if row.key == LL)
        assert {(text.value, text.who) for text in told.competing} == {("Close V1", "Emil"), ("Close V2", "Erna")}
        assert "settle it first" in await refusal(one, ma.SubmitMasterAlarms((LL,)))
        await one.submit(ma.SetMasterAlarm(LL, (("response", record.values["response"]),)))
        assert one.master.record(LL).disputed == ()

    apart(tmp_path, story)


def test_a_change_elsewhere_during_an_approval_leaves_a_draft_behind(tmp_path):
    async def story(one: MasterPlant, other: MasterPlant) -> None:
        await one.signed_on("emil")
        await one.written(LL)
        await one.submit(ma.SubmitMasterAlarms((LL,)))
        await one.meet(other)
        await other.meet(one)
        await one.signed_on("lena")
        await one.signed(ma.ApproveMasterAlarms((LL,)))
        await other.signed_on("erna")
        await other.submit(ma.SetMasterAlarm(LL, (("limit", "2.5"),)))
        swap(one, other)
        record = one.master.record(LL)
        assert record.state is MasterState.DRAFT
        assert record.approved.values["limit"] == "3"

    apart(tmp_path, story)


def test_records_are_the_same_whatever_the_order_and_number_of_arrivals(tmp_path):
    async def story(one: MasterPlant, other: MasterPlant) -> None:
        await one.approved(LL)
        await one.meet(other)
        await other.meet(one)
        await one.signed_on("emil")
        await other.signed_on("erna")
        await one.submit(ma.SetMasterAlarm(LL, (("response", "Close V1"),)))
        file = tmp_path / "records.csv"
        file.write_text("rule;band;response\noil-pressure;LL;Close V3\ndoor-open;;Shut it\n", encoding="utf-8")
        receipt = await other.submit(ma.ImportMasterAlarms(str(file)))
        await other.submit(ma.SetMasterAlarm("door-open", (("cause", "Draught"),)))
        await one.submit(ma.RetireMasterAlarms((LL,), "away"))
        swap(one, other)
        await one.submit(ma.UndoMasterImport(receipt.entity_id, "wrong list"))
        entries, whole = list(one.log.kept), one.master.records()
        for seed in range(20):
            Random(seed).shuffle(entries)
            assert projected([*entries, *entries[:5]]).records() == whole

    apart(tmp_path, story)


@pytest.mark.proves("ALARM-F68")
def test_an_import_is_one_act_that_can_be_taken_back_whole(tmp_path):
    async def story(plant: MasterPlant) -> None:
        await plant.approved(LL)
        before = plant.master.records()
        file = tmp_path / "records.csv"
        file.write_text("rule;band;response;owner\noil-pressure;LL;Run;\ndoor-open;;Shut it;Gate\n", encoding="utf-8")
        await plant.signed_on("emil")
        receipt = await plant.submit(ma.ImportMasterAlarms(str(file)))
        assert plant.master.record(LL).values == {k: v for k, v in WHOLE.items() if k != "owner"} | {"response": "Run"}
        assert plant.master.record(LL).state is MasterState.DRAFT
        assert plant.master.record("door-open").values == {"response": "Shut it", "owner": "Gate"}
        assert [(one.file, one.records) for one in plant.told().imports] == [("records.csv", 2)]
        await plant.submit(ma.SetMasterAlarm("door-open", (("cause", "Wind"),)))
        await plant.submit(ma.UndoMasterImport(receipt.entity_id, "the wrong file"))
        assert plant.master.record(LL) == before[LL]
        assert plant.master.record("door-open").values == {"cause": "Wind"}, "what was written after it stands"
        assert "taken back already" in await refusal(plant, ma.UndoMasterImport(receipt.entity_id, "again"))

    told(tmp_path, story)


def test_a_part_of_an_import_moves_nothing_until_the_last_part_is_here(tmp_path):
    async def story(plant: MasterPlant) -> None:
        await plant.signed_on("emil")
        file = tmp_path / "records.csv"
        rows = "".join(f"rule-{n};{'x' * 1500};{'y' * 1500}\n" for n in range(60))
        file.write_text("rule;cause;response\n" + rows, encoding="utf-8")
        await plant.submit(ma.ImportMasterAlarms(str(file)))
        parts = [entry for entry in plant.log.kept if isinstance(entry.fact, MasterAlarmsImported)]
        assert len(parts) > 3
        half = MasterDesk(rules=RULES)
        half.apply(parts[:-1])
        assert half.records() == {}
        half.apply(parts)
        assert len(half.records()) == 60

    told(tmp_path, story)


@pytest.mark.proves("ALARM-F69")
def test_the_notice_of_unauthorised_changes_comes_and_goes_with_them(tmp_path):
    async def story(plant: MasterPlant) -> None:
        counts: list[int] = []
        plant.master.audited.subscribe(counts.append)
        await plant.approved(LL)
        plant.master.take_delta()
        assert counts == []
        plant.master.set_rules((replace(PRESSURE, ll=2.0, on_delay_s=9.0), DOOR))
        delta = plant.master.take_delta()
        assert (counts, delta.unauthorised) == ([2], 2)
        plant.master.set_rules(RULES)
        plant.master.take_delta()
        assert counts == [2, 0]

    told(tmp_path, story)


@pytest.mark.proves("ALARM-F73")
def test_what_to_do_comes_from_the_approved_record_then_the_rule_then_the_area(tmp_path):
    async def story(plant: MasterPlant) -> None:
        shown = Condition(
            0, plant.me.station, "oil-pressure", AlarmKind.LIMIT, "low", area="Press shop", response="Look at the pump."
        )
        bare = replace(shown, rule_id="door-open", side="", response="")
        assert guided(plant.master, shown) == shown
        await plant.approved("@Press shop", severity="", response="Call the press shop", display="Press shop")
        assert guided(plant.master, bare).response == "Call the press shop"
        assert guided(plant.master, shown).response == "Look at the pump."
        assert guided(plant.master, replace(bare, area="Assembly")).response == ""
        await plant.approved(LL)
        told = guided(plant.master, shown)
        assert (told.cause, told.consequence, told.response) == (
            WHOLE["cause"],
            WHOLE["consequence"],
            WHOLE["response"],
        )
        assert (told.time_to_respond_s, told.owner) == (120, "Hydraulics")
        assert guidance_of(plant.master, "oil-pressure", "low", "Press shop").display == "Press shop"
        await plant.signed_on("emil")
        await plant.submit(ma.SetMasterAlarm(LL, (("response", "not approved yet"),)))
        assert guided(plant.master, shown).response == WHOLE["response"]
        await plant.submit(ma.RetireMasterAlarms((LL,), "away"))
        assert guided(plant.master, shown).response == "Look at the pump."

    told(tmp_path, story)


@pytest.mark.parametrize("login", ["olga", "lena", "sina", "adam", "aude"])
def test_only_engineers_change_master_records(tmp_path, login):
    async def story(plant: MasterPlant) -> None:
        await plant.signed_on(login)
        assert "Only engineers" in await refusal(plant, ma.SetMasterAlarm(LL, (("cause", "x"),)))

    told(tmp_path, story)


def test_an_approval_that_waits_for_a_countersignature_has_no_effect_until_then(tmp_path):
    async def story(plant: MasterPlant) -> None:
        await plant.approved(LL)
        held = {entry.hash for entry in plant.log.kept if getattr(entry.fact, "event", "") == "approve"}
        desk = MasterDesk(rules=RULES, is_withheld=lambda entry: entry.hash in held)
        desk.apply(plant.log.kept)
        assert (desk.record(LL).state, desk.record(LL).approved) == (MasterState.IN_REVIEW, None)
        held.clear()
        desk.rejudge()
        assert desk.record(LL) == plant.master.record(LL)

    told(tmp_path, story)
