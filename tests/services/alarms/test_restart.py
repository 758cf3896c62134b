"""A restart through a real database: the same occurrences, the same acknowledgements, and no sound."""

import asyncio
from uuid import UUID

import pytest

from console.domain.alarm_step import Transition
from console.domain.alarms import AlarmKind, AlarmRule, AlarmState, Priority
from console.domain.identity import condition_id
from console.domain.quality import Quality
from console.services.alarms.alarm_log import AlarmLog
from console.services.alarms.transitions import AlarmTransition
from console.services.records import HornState
from tests.support.alarm_plant import Plant, condition_of, us

HOT = AlarmRule("hot", "*/Temp", AlarmKind.LIMIT, hh=95.0, h=90.0, l=5.0, priority=Priority.HIGH, text="Too hot")


def restarted(records, *rules, acknowledged=(), at=1000.0):
    """A new process: facts are replayed first, then the open occurrences, then the tags are born."""
    plant = Plant(*rules)
    for occurrence, through in acknowledged:
        plant.acknowledged(occurrence.condition_id, occurrence.start_us, us(through), "Eva")
    plant.engine.restore(records.open(), us(at))
    return plant


@pytest.mark.proves("P24", "INV-22", "ALARM-F14", "ALARM-F13")
def test_a_condition_that_is_still_true_is_the_same_occurrence_uncertain_and_silent(records):
    plant = Plant(HOT)
    tag = plant.tag()
    plant.send((tag, 0, 92.0), (tag, 1, 97.0), (tag, 2, 93.0))
    records.keep(plant)
    plant = restarted(records, HOT)
    hot = condition_of(tag, "hot", "high")
    snapshot = plant.engine.snapshot()
    assert plant.state(hot) is AlarmState.UNACKNOWLEDGED
    assert snapshot.uncertain.all()
    assert snapshot.priority.tolist() == [Priority.HIGH]  # the worst since nobody acknowledged
    assert (snapshot.conditions[0].text, snapshot.conditions[0].subject) == ("Too hot", tag.source.path())
    tag = plant.tag()
    plant.send((tag, 1000, 93.5))
    plant.pass_time(1001)
    assert plant.engine.open_occurrence(hot).start_us == us(0)
    assert plant.logged() == []
    assert plant.horn.snapshot().state is HornState.SILENCED
    assert plant.horn.snapshot().request == 0
    plant.send((tag, 1002, 96.0))
    assert plant.horn.snapshot().state is HornState.SOUNDING
    records.keep(plant)
    rises = [row for row in records.history(hot) if row.transition == Transition.SEVERITY_UP]
    assert [row.n for row in rises] == [1, 0]


@pytest.mark.proves("ALARM-F13", "ALARM-T15")
def test_an_acknowledged_alarm_stays_acknowledged_and_closes_when_fresh_data_is_normal(records):
    plant = Plant(HOT)
    tag = plant.tag()
    plant.send((tag, 0, 92.0))
    occurrence = plant.open(tag, "hot", "high")
    plant.acknowledge(occurrence, 1)
    records.keep(plant)
    plant = restarted(records, HOT, acknowledged=[(occurrence, 1)])
    assert plant.state(occurrence.condition_id) is AlarmState.ACKNOWLEDGED
    tag = plant.tag()
    plant.send((tag, 1000, 20.0))
    assert plant.state(occurrence.condition_id) is AlarmState.NORMAL
    records.keep(plant)
    assert records.open() == ()
    kinds = [row.transition for row in records.history(occurrence.condition_id)]
    assert kinds == ["closed", "returned", "acknowledged", "raised"]


def test_an_acknowledgement_that_was_durable_before_a_kill_counts_although_its_log_row_is_missing(records):
    plant = Plant(HOT)
    tag = plant.tag()
    plant.send((tag, 0, 92.0), (tag, 1, 20.0))
    occurrence = plant.open(tag, "hot", "high")
    records.keep(plant)
    plant = restarted(records, HOT, acknowledged=[(occurrence, 1)])
    assert plant.state(occurrence.condition_id) is AlarmState.NORMAL
    records.keep(plant)
    assert records.open() == ()


def test_a_returned_alarm_that_nobody_acknowledged_stays_listed(records):
    plant = Plant(HOT)
    tag = plant.tag()
    plant.send((tag, 0, 92.0), (tag, 1, 20.0))
    records.keep(plant)
    plant = restarted(records, HOT)
    tag = plant.tag()
    plant.send((tag, 1000, 20.0))
    assert plant.state(condition_of(tag, "hot", "high")) is AlarmState.RETURNED_UNACKNOWLEDGED
    plant.send((tag, 1001, 92.0))
    assert plant.horn.snapshot().request == 1


def test_low_sides_keep_their_sign_through_a_restart(records):
    plant = Plant(HOT)
    tag = plant.tag()
    plant.send((tag, 0, 1.0))
    records.keep(plant)
    plant = restarted(records, HOT)
    assert plant.engine.snapshot().severity.tolist() == [-1]
    tag = plant.tag()
    plant.send((tag, 1000, 2.0), (tag, 1001, 20.0))
    assert plant.logged() == ["returned"]


def test_an_alarm_whose_rule_is_gone_retires_and_a_tag_that_never_returns_keeps_its_alarm(records):
    other = AlarmRule("other", "*/Temp", AlarmKind.LIMIT, h=50.0)
    plant = Plant(HOT, other)
    tag = plant.tag()
    plant.send((tag, 0, 92.0))
    records.keep(plant)
    plant = restarted(records, other)
    assert plant.state(condition_of(tag, "hot", "high")) is AlarmState.NORMAL
    plant.pass_time(5000)
    assert plant.state(condition_of(tag, "other", "high")) is AlarmState.UNACKNOWLEDGED


def test_node_link_quality_and_system_alarms_end_after_a_restart_when_their_reason_is_gone(records):
    plant = Plant(HOT)
    tag, second = plant.tag(), plant.tag("Flow")
    node = plant.session("online", 0)
    plant.at(tag, 1, 0.0, quality=Quality.BAD)
    plant.pass_time(8)
    plant.session("offline", 10)
    plant.link("lost", 20)
    plant.engine.raise_system("sound", "No sound device", Priority.HIGH, us(21))
    records.keep(plant)
    plant = restarted(records, HOT)
    assert plant.engine.counts().active == (1, 2, 0, 1)
    plant.pass_time(1000)
    plant.link("live", 1001)
    plant.session("online", 1002)
    tag, second = plant.tag(), plant.tag("Flow")
    plant.send((second, 1003, 1.0))
    plant.pass_time(1020)
    bad = condition_id(tag.asset_id, "bad_quality")
    assert plant.state(bad) is AlarmState.UNACKNOWLEDGED  # the bad one was not heard yet
    plant.send((tag, 1021, 20.0))
    plant.pass_time(1040)
    assert plant.engine.counts().active == (0, 0, 0, 0)
    assert plant.state(condition_id(node, "node_dead")) is AlarmState.RETURNED_UNACKNOWLEDGED
    assert plant.horn.snapshot().request == 0


def test_closing_the_console_does_not_end_the_alarm_of_a_lost_link_and_a_broker_that_is_gone_does(records):
    plant = Plant(HOT)
    plant.link("lost", 0)
    plant.link("lost", 1, broker="old")
    plant.link("off", 10)
    records.keep(plant)
    plant = restarted(records, HOT)
    plant.link("connecting", 1000)
    plant.link("lost", 1001)
    plant.pass_time(1002)
    plant.pass_time(1100)
    states = {
        c.subject: int(state)
        for c, state in zip(plant.engine.snapshot().conditions, plant.engine.snapshot().state, strict=True)
    }
    assert states == {"plant": AlarmState.UNACKNOWLEDGED, "old": AlarmState.RETURNED_UNACKNOWLEDGED}
    assert plant.horn.snapshot().request == 0


def test_the_same_transition_from_two_stations_makes_one_row_and_the_order_of_equal_stamps_is_kept(records):
    plants = [Plant(HOT), Plant(HOT)]
    for plant in plants:
        tag = plant.tag()
        plant.send((tag, 0, 92.0), (tag, 0, 20.0), (tag, 0, 92.0), (tag, 0, 20.0))
        records.keep(plant)
    rows = records.history()
    assert [row.transition for row in rows] == ["returned", "raised"] * 2  # two names, whatever the stamp


def test_what_could_not_be_written_stays_and_is_written_first_next_time():
    class Stubborn:
        def __init__(self):
            self.fails = True
            self.written = 0

        async def write(self, function):
            if self.fails:
                raise OSError("disk full")
            self.written += 1

    async def story():
        writer = Stubborn()
        log = AlarmLog(writer)
        log.add([row("raised")])
        with pytest.raises(OSError, match="disk full"):
            await log.flush()
        assert log.waiting == 1
        log.add([row("returned")])
        writer.fails = False
        assert await log.flush() == 2
        assert (log.waiting, writer.written) == (0, 1)
        assert await log.flush() == 0

    asyncio.run(story())


def test_only_the_newest_rows_of_one_condition_are_asked_for(records):
    plant = Plant(HOT)
    first, second = plant.tag("Temp", "A"), plant.tag("Temp", "B")
    for i in range(5):
        plant.send((first, 2 * i, 92.0), (first, 2 * i + 1, 20.0), (second, i, 92.0))
    records.keep(plant)
    rows = records.history(condition_of(first, "hot", "high"), limit=3)
    assert [row.at_us for row in rows] == [us(9), us(8), us(7)]
    assert {row.condition_id for row in records.history(limit=1000)} == {
        condition_of(first, "hot", "high"),
        condition_of(second, "hot", "high"),
    }


def row(transition):
    return AlarmTransition(UUID(int=1), 5, Transition(transition), 0, 5, 5, 2, 1, None, "Too hot", "a/b", "limit")
