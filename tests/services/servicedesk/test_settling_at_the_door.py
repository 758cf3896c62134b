"""Two consoles that were apart: what a person can do about it at the operators' door, and what both show afterwards."""

import asyncio
from collections.abc import Awaitable, Callable
from uuid import UUID

import pytest

from console.domain import commands as c
from console.domain import merge_commands as m
from console.domain.acknowledgement import NAMED_AT_ONCE, Standing
from console.domain.acknowledgements import AckInterval
from console.domain.alarm_facts import AlarmUnacknowledged
from console.domain.facts import IncidentMoved
from console.domain.permissions import OTHER_AREA
from console.domain.refusal import Refused
from console.services.projection_digest import ProjectionDigest
from tests.support.desk import Desk


def apart(story: Callable[[Desk, Desk], Awaitable[None]]) -> None:
    """Two consoles of one site; `meet` lets them exchange what they have."""

    async def inside(one: Desk, other: Desk) -> None:
        await one.signed_on("olga")
        await other.signed_on("lena")
        await story(one, other)
        meet(one, other)
        assert one.incidents.snapshot() == other.incidents.snapshot()
        digests = [ProjectionDigest({"incident": desk.incidents}).digests() for desk in (one, other)]
        assert digests[0] == digests[1]

    with Desk("A1", 1) as one, Desk("B2", 2) as other:
        asyncio.run(inside(one, other))


def meet(one: Desk, other: Desk) -> None:
    ours, theirs = list(one.log.kept), list(other.log.kept)
    one.log.receive(theirs)
    other.log.receive(ours)


async def refusal(desk: Desk, command: c.Command) -> str:
    with pytest.raises(Refused) as refused:
        await desk.operations.submit(command)
    return refused.value.text


async def opened(one: Desk, other: Desk, **more: object) -> UUID:
    receipt = await one.operations.submit(c.OpenIncident("Fan stands", **more))  # type: ignore[arg-type]
    meet(one, other)
    return UUID(receipt.entity_id)


def test_two_titles_are_settled_by_a_person_with_a_reason_that_stays_in_the_history():
    async def story(one: Desk, other: Desk) -> None:
        incident = await opened(one, other)
        await one.operations.submit(c.EditIncident(incident, "title", "Fan P3 stands"))
        await other.operations.submit(c.EditIncident(incident, "title", "Belt of P3 torn"))
        meet(one, other)
        assert one.incidents.record(incident).conflicts == ("title",)
        assert {value.who for value in one.incidents.record(incident).competing} == {"Olga", "Lena"}
        ask = m.ResolveConflict(incident, "title", "Fan P3 stands", " ")
        assert await refusal(one, ask) == "Give a reason"
        receipt = await one.operations.submit(m.ResolveConflict(incident, "title", "Fan P3 stands", "seen on site"))
        settled = one.log.kept[-1]
        assert settled.hash.hex() == receipt.hashes[0]
        assert (len(settled.parents), settled.reason) == (2, "seen on site")
        record = one.incidents.record(incident)
        assert (record.title, record.conflicts) == ("Fan P3 stands", ())
        assert record.steps[-1].detail == "Fan P3 stands, seen on site"
        assert "no conflict" in await refusal(one, m.ResolveConflict(incident, "title", "x", "again"))

    apart(story)


@pytest.mark.proves("P28")
def test_a_reopening_beats_a_closing_until_somebody_settles_the_state():
    async def story(one: Desk, other: Desk) -> None:
        incident = await opened(one, other)
        await one.operations.submit(c.AssignIncident(incident, "IT", "emil"))
        await one.operations.submit(c.ResolveIncident(incident, "replaced", "new fan"))
        meet(one, other)
        await one.operations.submit(c.CloseIncident(incident))
        await other.operations.submit(c.ReopenIncident(incident, "stands again"))
        meet(one, other)
        assert one.incidents.record(incident).state == "assigned"
        assert one.incidents.record(incident).conflicts == ("state",)
        assert (
            await refusal(one, m.ResolveConflict(incident, "state", "new", "x"))
            == "Choose one of the values that stand"
        )
        await one.operations.submit(m.ResolveConflict(incident, "state", "closed", "runs since noon"))
        record = one.incidents.record(incident)
        assert (record.state, record.conflicts, record.is_active_after_close) == ("closed", (), False)

    apart(story)


@pytest.mark.proves("P28")
def test_a_note_written_without_knowing_of_the_closing_is_told():
    async def story(one: Desk, other: Desk) -> None:
        incident = await opened(one, other)
        await other.operations.submit(c.NoteIncident(incident, "on my way"))
        meet(one, other)
        await one.operations.submit(c.CancelIncident(incident, "false alarm"))
        meet(one, other)
        assert not one.incidents.record(incident).is_active_after_close
        assert "read-only" in await refusal(other, c.NoteIncident(incident, "and yet"))

    async def race(one: Desk, other: Desk) -> None:
        incident = await opened(one, other)
        await other.operations.submit(c.NoteIncident(incident, "it burns"))  # earlier by every clock, but not known
        one.clock.now_us += 3_600_000_000
        await one.operations.submit(c.CancelIncident(incident, "false alarm"))
        assert len(one.log.facts(IncidentMoved)) == 1
        meet(one, other)
        assert one.incidents.record(incident).is_active_after_close

    apart(story)
    apart(race)


@pytest.mark.proves("P27")
def test_two_incidents_for_one_alarm_are_merged_once_by_a_person():
    async def story(one: Desk, other: Desk) -> None:
        alarm = one.alarms.raise_alarm(1, one.clock.now_us)
        first = UUID((await one.operations.submit(c.OpenIncident("Fan", occurrences=(alarm,)))).entity_id)
        second = UUID((await other.operations.submit(c.OpenIncident("Fan!", occurrences=(alarm,)))).entity_id)
        meet(one, other)
        assert [told.incident_id for told in one.incidents.record(first).suggestions] == [second]
        assert "itself" in await refusal(one, m.MergeIncidents(first, first, "x"))
        assert "not known" in await refusal(one, m.MergeIncidents(first, UUID(int=99), "x"))
        assert await refusal(one, m.MergeIncidents(first, second, "")) == "Give a reason"
        await one.operations.submit(m.MergeIncidents(first, second, "same fan"))
        meet(one, other)
        root = min(first, second)
        for desk in (one, other):
            assert desk.incidents.record(max(first, second)).root.incident_id == root
            assert desk.incidents.record(root).suggestions == ()
        assert "already" in await refusal(other, m.MergeIncidents(second, first, "same"))

    apart(story)


def test_a_note_is_amended_with_a_reason_and_only_while_the_incident_is_open():
    async def story(one: Desk, other: Desk) -> None:
        incident = await opened(one, other)
        note = (await one.operations.submit(c.NoteIncident(incident, "pump P1"))).hashes[0]
        assert await refusal(one, m.AmendNote(incident, note, "pump P2", "")) == "Give a reason"
        assert await refusal(one, m.AmendNote(incident, note, "pump P1", "x")) == "Nothing has changed"
        assert "not known" in await refusal(one, m.AmendNote(incident, "no hash", "x", "y"))
        assert "not known" in await refusal(one, m.AmendNote(incident, "ab" * 32, "x", "y"))
        await one.operations.submit(m.AmendNote(incident, note, "pump P2", "wrong pump"))
        meet(one, other)
        step = next(step for step in other.incidents.record(incident).steps if step.kind == "note")
        assert (step.text, step.struck) == ("pump P2", ("pump P1",))
        await one.operations.submit(c.CancelIncident(incident, "done"))
        assert "read-only" in await refusal(one, m.AmendNote(incident, note, "pump P3", "x"))

    apart(story)


def test_taking_back_names_every_acknowledgement_that_is_known_and_nothing_else():
    async def story(one: Desk, _other: Desk) -> None:
        alarm, calm = one.alarms.raise_alarm(1, 5), one.alarms.raise_alarm(2, 6)
        one.alarms.standings[alarm] = Standing.ACKNOWLEDGED
        acks = (AckInterval(1, b"a" * 32, 5, 9), AckInterval(2, b"b" * 32, 5, 12))
        one.alarms.acknowledged_by[alarm] = acks
        await one.operations.submit(m.UnacknowledgeAlarms((alarm, alarm), "look again"))
        entry = one.log.kept[-1]
        assert entry.fact == AlarmUnacknowledged(
            alarm.condition_id, 5, (acks[0].by.hex(), acks[1].by.hex()), 12, "look again"
        )
        assert entry.parents == (acks[0].by, acks[1].by)
        assert "Not acknowledged" in await refusal(one, m.UnacknowledgeAlarms((alarm, calm)))
        assert await refusal(one, m.UnacknowledgeAlarms(())) == "No alarm is selected"
        one.alarms.standings[alarm] = Standing.STALE
        assert "no longer" in await refusal(one, m.UnacknowledgeAlarms((alarm,)))
        one.alarms.standings[alarm] = Standing.ACKNOWLEDGED
        many = tuple(AckInterval(n, n.to_bytes(32, "big"), 5, 9) for n in range(NAMED_AT_ONCE + 1))
        one.alarms.acknowledged_by[alarm] = many
        assert "At most" in await refusal(one, m.UnacknowledgeAlarms((alarm,)))

    apart(story)


def test_who_merges_must_be_responsible_for_both_incidents_however_many_alarms_the_first_has():
    async def story(one: Desk, other: Desk) -> None:
        here = tuple(one.alarms.raise_alarm(n, 5, area="Press shop") for n in range(1, 101))
        there = other.alarms.raise_alarm(200, 5, area="Paint shop")
        one.alarms.areas[there.condition_id] = "Paint shop"
        first = UUID((await one.operations.submit(c.OpenIncident("Fans", occurrences=here))).entity_id)
        second = UUID((await other.operations.submit(c.OpenIncident("Robot", occurrences=(there,)))).entity_id)
        meet(one, other)
        await one.signed_on("pia")
        assert await refusal(one, m.MergeIncidents(first, second, "x")) == OTHER_AREA
        assert await refusal(one, m.MergeIncidents(second, first, "x")) == OTHER_AREA

    apart(story)
