"""What happens at the operators' door: who may, what is decided, what is written down."""

import asyncio
from collections.abc import Awaitable, Callable
from uuid import UUID

import pytest

from console.domain import alarm_commands as al
from console.domain import commands as c
from console.domain import merge_commands as m
from console.domain.commands import COMMANDS, Command
from console.domain.facts import (
    ActRefused,
    IncidentAlarmLinked,
)
from console.domain.numbers import is_valid
from console.domain.people import Person, Role
from console.domain.permissions import PERMISSIONS, SIGN_ON_FIRST, may
from console.domain.refusal import Refused
from console.services.acts import Act
from console.services.station import Receipt
from tests.support.desk import Desk

NOBODY = UUID(int=999)
LOGIN = {
    Role.OPERATOR: "olga",
    Role.SHIFT_LEAD: "lena",
    Role.ENGINEER: "emil",
    Role.SERVICE_MANAGER: "sina",
    Role.ADMINISTRATOR: "adam",
    Role.AUDITOR: "aude",
}


def told(story: Callable[[Desk], Awaitable[object]]) -> None:
    async def inside(desk: Desk) -> None:
        await story(desk)

    with Desk() as desk:
        asyncio.run(inside(desk))


async def refusal(desk: Desk, command: Command, **more) -> str:
    with pytest.raises(Refused) as refused:
        await desk.operations.submit(command, **more)
    return refused.value.text


async def opened(desk: Desk, title: str = "Fan stands", **changes) -> UUID:
    receipt = await desk.operations.submit(c.OpenIncident(title, **changes))
    return UUID(receipt.entity_id)


def examples(desk: Desk) -> dict[type[Command], Command]:
    occurrence = desk.alarms.raise_alarm(1, desk.clock.now_us)
    return {
        c.AcknowledgeAlarms: c.AcknowledgeAlarms((occurrence,)),
        c.CommentAlarm: c.CommentAlarm(occurrence, "looked at"),
        c.OpenIncident: c.OpenIncident("Fan stands"),
        c.NoteIncident: c.NoteIncident(NOBODY, "x"),
        c.EditIncident: c.EditIncident(NOBODY, "title", "x"),
        c.LinkAlarms: c.LinkAlarms(NOBODY, (occurrence,)),
        c.AssignIncident: c.AssignIncident(NOBODY, "IT", "emil"),
        c.PendIncident: c.PendIncident(NOBODY, "x"),
        c.ResumeIncident: c.ResumeIncident(NOBODY),
        c.ResolveIncident: c.ResolveIncident(NOBODY, "x", "y"),
        c.ReopenIncident: c.ReopenIncident(NOBODY, "x"),
        c.CloseIncident: c.CloseIncident(NOBODY),
        c.CancelIncident: c.CancelIncident(NOBODY, "x"),
        al.ShelveAlarms: al.ShelveAlarms((occurrence,), 900, "other", "noisy sensor"),
        al.UnshelveAlarms: al.UnshelveAlarms((occurrence.condition_id,)),
        al.TakeOutOfService: al.TakeOutOfService((occurrence.condition_id,), "sensor is being changed"),
        al.ReturnToService: al.ReturnToService((occurrence.condition_id,)),
        al.ResetAlarms: al.ResetAlarms((occurrence,)),
        al.ResetFirstOut: al.ResetFirstOut((occurrence,)),
        al.TakeAlarms: al.TakeAlarms((occurrence,)),
        al.LeaveAlarms: al.LeaveAlarms((occurrence,)),
        m.UnacknowledgeAlarms: m.UnacknowledgeAlarms((occurrence,)),
        m.MergeIncidents: m.MergeIncidents(NOBODY, UUID(int=3), "same fan"),
        m.AmendNote: m.AmendNote(NOBODY, "ab" * 32, "x", "typo"),
        m.ResolveConflict: m.ResolveConflict(NOBODY, "title", "x", "seen it"),
        c.SavePreference: c.SavePreference("theme", '"dark"'),
        c.RequestRebirth: c.RequestRebirth("plant", "g", "n"),
    }


BY_STATE = {  # what the state of things refuses, or nothing
    None,
    "This incident is not known here",
    "Not acknowledged: {alarms}",
    "These are not marked as first of their group: {alarms}",
    "These are not shelved: {alarms}",
    "These are in service: {alarms}",
    "Nobody works on these: {alarms}",
}

with Desk() as _desk:
    ACTS = sorted(command.name for command in _desk.operations.commands - {c.SilenceHorn})


@pytest.mark.parametrize("role", list(Role))
def test_the_matrix_holds_at_the_door_and_every_denied_act_is_written_down(role):
    async def story(desk: Desk) -> None:
        await desk.signed_on(LOGIN[role])
        person = desk.sign_on.current.person
        for name in ACTS:
            await act(desk, name, person)

    async def act(desk: Desk, name: str, person: Person) -> None:
        command = examples(desk)[COMMANDS[name]]
        denial = may(person, type(command))
        before = len(desk.log.facts(ActRefused))
        try:
            await desk.operations.submit(command)
            text = None
        except Refused as refused:
            text = refused.text
        acts = desk.log.facts(ActRefused)[before:]
        if denial is not None:
            assert text == denial, name
            assert acts == [ActRefused(person.user_id, name, denial)]
            assert desk.log.kept[-1].actor.user_id == person.user_id
        elif name == "close-incident":  # nobody's own: the record is unknown
            assert text == PERMISSIONS[name].why_not_own
            assert acts == [ActRefused(person.user_id, name, text)]
        else:
            assert acts == [], name
            assert text in BY_STATE, name

    told(story)


def test_without_sign_on_nothing_is_done_and_nothing_is_written():
    async def story(desk: Desk) -> None:
        for name in ACTS:
            assert await refusal(desk, examples(desk)[COMMANDS[name]]) == SIGN_ON_FIRST, name
        assert desk.log.kept == []

    told(story)


def test_the_shift_lead_resolves_what_the_operator_opened_and_only_she_closes_it():
    async def story(desk: Desk) -> None:
        occurrence = desk.alarms.raise_alarm(1, desk.clock.now_us, "Oil pressure low")
        await desk.signed_on("olga")
        receipt = await desk.operations.submit(c.OpenIncident("", 1, 1, occurrences=(occurrence,)))
        incident_id = UUID(receipt.entity_id)
        record = desk.incidents.record(incident_id)
        assert (record.title, record.priority, record.number) == ("Oil pressure low", 1, receipt.number)
        assert len(receipt.hashes) == 2

        await desk.signed_on("lena")
        submit = desk.operations.submit
        assert "assigned" in await refusal(desk, c.ResolveIncident(incident_id, "replaced", "new pump"))
        await submit(c.AssignIncident(incident_id, "Shop IT", "emil"))
        assert desk.incidents.record(incident_id).agent == "Emil"
        await submit(c.PendIncident(incident_id, "pump ordered"))
        await submit(c.ResumeIncident(incident_id))
        await submit(c.ResolveIncident(incident_id, "replaced", "new pump"))
        assert await refusal(desk, c.CloseIncident(incident_id)) == PERMISSIONS["close-incident"].why_not_own

        await desk.signed_on("olga")
        await submit(c.CloseIncident(incident_id))
        record = desk.incidents.record(incident_id)
        assert (record.state, record.allowed, record.conflicts) == ("closed", (), ())
        assert [(who, text) for _, who, text in record.notes] == [
            ("Olga", "Opened: Oil pressure low"),
            ("Lena", "Assigned: Shop IT, Emil"),
            ("Lena", "Waiting: pump ordered"),
            ("Lena", "Resumed"),
            ("Lena", "Resolved: replaced, new pump"),
            ("Olga", "Closed"),
        ]
        assert "read-only" in await refusal(desk, c.NoteIncident(incident_id, "late"))

    told(story)


def test_a_resolved_incident_comes_back_within_five_working_days_and_not_later():
    async def story(desk: Desk) -> None:
        await desk.signed_on("olga")
        incident_id = await opened(desk)
        submit = desk.operations.submit
        await submit(c.AssignIncident(incident_id, "IT", "emil"))
        for days, is_in_time in ((6, True), (8, False)):
            await submit(c.ResolveIncident(incident_id, "replaced", "new fan"))
            desk.clock.advance(days * 86400)
            command = c.ReopenIncident(incident_id, "stands again")
            if is_in_time:
                await submit(command)
            else:
                assert "working days" in await refusal(desk, command)

    told(story)


def test_numbers_count_within_the_day_and_are_checkable():
    async def story(desk: Desk) -> None:
        await desk.signed_on("olga")
        receipts = [await desk.operations.submit(c.OpenIncident("x")) for _ in range(2)]
        receipts += await asyncio.gather(*(desk.operations.submit(c.OpenIncident("y")) for _ in range(3)))
        numbers = [receipt.number for receipt in receipts]
        assert all(is_valid(number) for number in numbers)
        assert [number[:-1].rsplit("-", 1)[1] for number in numbers] == ["1", "2", "3", "4", "5"]
        assert all(number.startswith("INC-KASS-A1A-") for number in numbers)
        desk.clock.advance(86400)
        assert (await desk.operations.submit(c.OpenIncident("z"))).number[:-1].endswith("-1")

    told(story)


def test_one_alarm_has_one_open_incident_even_when_two_hands_press_at_once():
    async def story(desk: Desk) -> None:
        occurrence = desk.alarms.raise_alarm(1, desk.clock.now_us)
        await desk.signed_on("olga")
        command = c.OpenIncident("Fan stands", occurrences=(occurrence,))
        answers = await asyncio.gather(*(desk.operations.submit(command) for _ in range(3)), return_exceptions=True)
        made = [answer for answer in answers if isinstance(answer, Receipt)]
        refused = [answer for answer in answers if isinstance(answer, Refused)]
        assert (len(made), len(refused)) == (1, 2)
        assert all(one.values == {"number": made[0].number} for one in refused)
        incident_id = UUID(made[0].entity_id)
        await desk.operations.submit(c.CancelIncident(incident_id, "was a test"))
        await desk.operations.submit(command)

    told(story)


def test_an_act_whose_window_was_closed_is_done_once_and_seen_by_the_next():
    async def story(desk: Desk) -> None:
        occurrence = desk.alarms.raise_alarm(1, desk.clock.now_us)
        await desk.signed_on("olga")
        command = c.OpenIncident("Fan stands", occurrences=(occurrence,))
        asked = asyncio.ensure_future(desk.operations.submit(command))
        for _ in range(2):
            await asyncio.sleep(0)  # now the disk has it
        asked.cancel()
        assert "is open" in await refusal(desk, command)
        assert len(desk.incidents.snapshot().incidents) == 1
        assert asked.cancelled()

    told(story)


def test_further_alarms_are_linked_once():
    async def story(desk: Desk) -> None:
        first, second = (desk.alarms.raise_alarm(n, desk.clock.now_us) for n in (1, 2))
        await desk.signed_on("olga")
        incident_id = await opened(desk, occurrences=(first,))
        await desk.operations.submit(c.LinkAlarms(incident_id, (first, second)))
        assert desk.log.facts(IncidentAlarmLinked)[-1].text == "alarm 2"
        assert len(desk.log.facts(IncidentAlarmLinked)) == 2
        assert "already" in await refusal(desk, c.LinkAlarms(incident_id, (second,)))

    told(story)


def test_two_consoles_edit_one_title_and_nothing_is_lost():
    async def story(here: Desk) -> None:
        with Desk("B2", 2) as there:
            await here.signed_on("olga")
            await there.signed_on("lena")
            incident_id = await opened(here)
            there.log.receive(here.log.kept)
            await here.operations.submit(c.EditIncident(incident_id, "title", "Fan broken"))
            await there.operations.submit(c.EditIncident(incident_id, "title", "Fan dirty"))
            here.log.receive(there.log.kept)
            there.log.receive(here.log.kept)
            assert here.incidents.record(incident_id) == there.incidents.record(incident_id)
            assert here.incidents.record(incident_id).conflicts == ("title",)
            await here.operations.submit(c.EditIncident(incident_id, "title", "Fan dirty and broken"))
            there.log.receive(here.log.kept)
            assert there.incidents.record(incident_id).conflicts == ()
            assert there.incidents.record(incident_id).title == "Fan dirty and broken"

    told(story)


def test_resolving_here_while_it_waits_there_leaves_it_open():
    async def story(here: Desk) -> None:
        with Desk("B2", 2) as there:
            await here.signed_on("olga")
            await there.signed_on("emil")
            incident_id = await opened(here)
            await here.operations.submit(c.AssignIncident(incident_id, "IT", "emil"))
            there.log.receive(here.log.kept)
            await there.operations.submit(c.PendIncident(incident_id, "part ordered"))
            await here.operations.submit(c.ResolveIncident(incident_id, "by_itself", "runs again"))
            here.log.receive(there.log.kept)
            assert here.incidents.record(incident_id).state == "pending"
            assert here.incidents.record(incident_id).conflicts == ("state",)
            await here.operations.submit(c.ResumeIncident(incident_id))
            assert here.incidents.record(incident_id).conflicts == ()

    told(story)


def test_every_command_of_this_door_has_an_example_and_no_command_has_two_acts():
    with Desk() as desk:
        assert set(examples(desk)) == desk.operations.commands - {c.SilenceHorn}
        with pytest.raises(ValueError, match="two acts for ack"):
            desk.operations.extend({c.AcknowledgeAlarms: Act(lambda command, actor: None)})
