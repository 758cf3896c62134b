"""Stories of alarms as a process engineer tells them, on the engine with fake tags."""

import random
from uuid import UUID

import pytest

from console.domain.acknowledgement import Standing
from console.domain.alarms import AlarmKind, AlarmRule, AlarmState, Occurrence, Priority
from console.domain.identity import condition_id
from console.domain.quality import Quality
from console.domain.values import ValueType
from console.services.records import HornState
from console.services.telemetry.batch import FLAG_HISTORICAL
from tests.support.alarm_plant import Plant, batch_of, condition_of, us

HOT = AlarmRule("hot", "*/Temp", AlarmKind.LIMIT, hh=95.0, h=90.0, priority=Priority.HIGH, text="Too hot")
FAULT = AlarmRule("fault", "*/State", AlarmKind.DISCRETE, equals=("FAULT", 3.0, True), priority=Priority.MEDIUM)


@pytest.mark.proves("INV-18", "ALARM-T5", "ALARM-F3")
def test_trap_5_a_return_and_a_new_violation_before_the_acknowledgement_stay_listed_as_active(plant):
    tag = plant.tag()
    plant.send((tag, 0, 92.0))
    plant.send((tag, 1, 20.0))
    hot = condition_of(tag, "hot", "high")
    assert plant.state(hot) is AlarmState.RETURNED_UNACKNOWLEDGED
    assert plant.horn.snapshot().state is HornState.QUIET
    plant.send((tag, 2, 92.0))
    assert plant.state(hot) is AlarmState.UNACKNOWLEDGED
    assert plant.horn.snapshot().request == 2
    plant.acknowledge(plant.open(tag, "hot", "high"), 3)
    assert plant.state(hot) is AlarmState.ACKNOWLEDGED
    assert plant.engine.counts().active == (0, 0, 1, 0)


@pytest.mark.proves("ALARM-F4", "ALARM-F5")
def test_a_severity_rise_takes_the_acknowledgement_back_and_sounds_and_a_fall_does_neither(plant):
    tag = plant.tag()
    plant.send((tag, 0, 92.0))
    plant.acknowledge(plant.open(tag, "hot", "high"), 1)
    assert list(plant.engine.snapshot().acked_by.values()) == ["Eva"]
    plant.send((tag, 2, 96.0))
    assert plant.state(condition_of(tag, "hot", "high")) is AlarmState.UNACKNOWLEDGED
    assert plant.engine.snapshot().acked_by == {}
    assert plant.horn.snapshot().priority == Priority.HIGH
    assert plant.engine.counts().unacknowledged == (0, 1, 0, 0)
    plant.acknowledge(plant.open(tag, "hot", "high"), 3)
    plant.send((tag, 4, 92.0))
    assert plant.state(condition_of(tag, "hot", "high")) is AlarmState.ACKNOWLEDGED
    assert plant.horn.snapshot().request == 2
    assert plant.logged() == ["raised", "acknowledged", "severity_up", "acknowledged", "severity_down"]


@pytest.mark.proves("ALARM-T13")
def test_trap_13_an_acknowledgement_that_races_with_the_clearing_never_leaves_a_normal_source_active():
    plant = Plant(HOT)
    tag = plant.tag()
    hot = condition_of(tag, "hot", "high")
    chance = random.Random(13)
    for i in range(1000):
        plant.send((tag, 2 * i, 92.0))
        occurrence = plant.open(tag, "hot", "high")
        acts = [
            lambda at=2 * i + 1: plant.send((tag, at, 20.0)),
            lambda occurrence=occurrence, at=2 * i + 1: plant.acknowledge(occurrence, at),
        ]
        chance.shuffle(acts)
        for act in acts:
            act()
        assert plant.state(hot) is AlarmState.NORMAL
    assert plant.engine.counts().active == (0, 0, 0, 0)
    assert plant.engine.counts().unacknowledged == (0, 0, 0, 0)


@pytest.mark.proves("ALARM-T18", "ALARM-F12")
def test_trap_18_bad_quality_is_an_alarm_of_its_own_and_one_acknowledgement_never_covers_both(plant):
    tag = plant.tag()
    plant.send((tag, 0, 92.0))
    plant.at(tag, 1, 0.0, quality=Quality.BAD)
    plant.pass_time(10)
    hot, bad = condition_of(tag, "hot", "high"), condition_id(tag.asset_id, "bad_quality")
    assert plant.state(hot) is AlarmState.UNACKNOWLEDGED
    assert plant.state(bad) is AlarmState.UNACKNOWLEDGED
    plant.acknowledge(plant.engine.open_occurrence(bad), 11)
    assert plant.state(hot) is AlarmState.UNACKNOWLEDGED
    snapshot = plant.engine.snapshot()
    row = next(c.row for c in snapshot.conditions if c.condition_id == hot)
    assert snapshot.uncertain[snapshot.rows == row].all()
    plant.at(tag, 12, 92.0)
    plant.pass_time(20)
    assert plant.state(bad) is AlarmState.NORMAL
    assert plant.state(hot) is AlarmState.UNACKNOWLEDGED
    assert plant.open(tag, "hot", "high").start_us == us(0)


@pytest.mark.proves("ALARM-T27")
def test_trap_27_fifty_acknowledgements_in_one_go_are_fifty_journal_rows(plant):
    tags = [plant.tag("Temp", f"D{i}") for i in range(50)]
    plant.send(*((tag, 0, 99.0) for tag in tags))
    plant.engine.take_transitions()
    occurrences = [plant.open(tag, "hot", "high") for tag in tags]
    assert set(plant.engine.check_acknowledge(occurrences)) == {Standing.OPEN}
    for occurrence in occurrences:
        plant.acknowledge(occurrence, 1)
    rows = plant.engine.take_transitions()
    assert len({(row.condition_id, row.start_us, row.transition, row.n) for row in rows}) == 50
    assert {row.who for row in rows} == {"Eva"}


@pytest.mark.proves("ALARM-T28")
@pytest.mark.parametrize(
    "name", ["a/b\\c", "#1 +2", "Öl druck", "x" * 200, "<b>&\"'", "مضخة", "[1-3]*?", "a b\tc", "{name}"]
)
def test_trap_28_an_alarm_with_an_odd_name_can_be_seen_and_acknowledged(name):
    plant = Plant(AlarmRule("odd", "*/" + name.replace("[", "[[]").replace("*", "[*]").replace("?", "[?]"),
                            AlarmKind.LIMIT, h=1.0, text=name))  # fmt: skip
    tag = plant.tag(name, device=name)
    plant.send((tag, 0, 5.0))
    occurrence = plant.open(tag, "odd", "high")
    assert plant.engine.text_of(occurrence.condition_id).endswith(name)
    plant.acknowledge(occurrence, 1)
    assert plant.state(occurrence.condition_id) is AlarmState.ACKNOWLEDGED


@pytest.mark.proves("ALARM-F42", "ALARM-F2")
def test_a_stale_occurrence_is_told_from_an_open_and_an_acknowledged_one(plant):
    tag = plant.tag()
    plant.send((tag, 0, 92.0))
    old = plant.open(tag, "hot", "high")
    plant.send((tag, 1, 20.0), (tag, 2, 92.0))
    new = plant.open(tag, "hot", "high")
    unknown = Occurrence(UUID(int=7), 5)
    assert plant.engine.check_acknowledge((old, new, unknown)) == (Standing.STALE, Standing.OPEN, Standing.STALE)
    plant.acknowledge(new, 3)
    assert plant.engine.check_acknowledge((new,)) == (Standing.ACKNOWLEDGED,)
    plant.send((tag, 4, 20.0))
    assert plant.engine.check_acknowledge((new,)) == (Standing.ACKNOWLEDGED,)
    assert plant.engine.check_acknowledge((old,)) == (Standing.OPEN,)  # nobody has acknowledged it: it is listed again
    assert plant.engine.annunciated_us(unknown) == 0


@pytest.mark.proves("ALARM-F2", "ALARM-F42")
def test_an_older_occurrence_is_acknowledged_from_elsewhere_without_touching_the_one_on_screen(plant):
    tag = plant.tag()
    plant.send((tag, 0, 92.0), (tag, 1, 20.0), (tag, 2, 92.0))
    plant.engine.take_transitions()
    hot = condition_of(tag, "hot", "high")
    assert plant.acknowledged(hot, us(0), us(1), "Ole", now_us=us(5))
    assert plant.state(hot) is AlarmState.UNACKNOWLEDGED
    rows = plant.engine.take_transitions()
    assert [(str(row.transition), row.start_us) for row in rows] == [("acknowledged", us(0)), ("closed", us(0))]


@pytest.mark.proves("P22", "P13")
def test_a_replicated_acknowledgement_may_come_twice_and_before_its_alarm(plant):
    tag = plant.tag()
    hot = condition_of(tag, "hot", "high")
    plant.acknowledged(hot, us(0), us(3), "Ole", now_us=us(3))
    plant.acknowledged(hot, us(0), us(3), "Ole", now_us=us(3))
    plant.send((tag, 0, 92.0))
    assert plant.state(hot) is AlarmState.ACKNOWLEDGED
    assert plant.horn.snapshot().request == 0
    assert plant.logged() == ["raised", "acknowledged"]
    plant.send((tag, 1, 20.0), (tag, 4, 92.0))
    assert plant.state(hot) is AlarmState.UNACKNOWLEDGED


@pytest.mark.proves("ALARM-F42")
def test_an_acknowledgement_never_reaches_an_entry_that_still_waits_for_its_delay():
    plant = Plant(AlarmRule("slow", "*", AlarmKind.LIMIT, h=90.0, on_delay_s=10.0))
    tag, other = plant.tag(), plant.tag("Other")
    plant.send((tag, 0, 95.0), (other, 12, 0.0), (tag, 13, 20.0), (tag, 15, 95.0))
    returned = plant.open(tag, "slow", "high")
    plant.send((other, 20, 0.0))
    plant.acknowledge(returned, 9999)
    assert plant.state(returned.condition_id) is AlarmState.NORMAL
    plant.send((other, 26, 0.0))
    assert plant.open(tag, "slow", "high").start_us == us(15)
    assert plant.state(returned.condition_id) is AlarmState.UNACKNOWLEDGED


@pytest.mark.proves("ALARM-F42")
def test_a_node_with_a_slow_clock_does_not_get_its_next_alarm_acknowledged_unseen(plant):
    tag = plant.tag()
    plant.send((tag, -3600, 92.0))
    plant.acknowledge(plant.open(tag, "hot", "high"), 0)  # an hour later by our clock
    plant.send((tag, -3500, 20.0), (tag, -3400, 92.0))
    assert plant.state(condition_of(tag, "hot", "high")) is AlarmState.UNACKNOWLEDGED


def test_discrete_states_alarm_on_numbers_texts_booleans_and_enumeration_words(plant):
    number = plant.tag("State", "Robot")
    text = plant.tag("State", "Mes", value_type=ValueType.STRING)
    enum = plant.tag("State", "Saw", enum=((7, "FAULT"),))
    plant.send((number, 0, 0), (text, 0, "RUN"), (enum, 0, 2))
    assert plant.logged() == []
    plant.send((number, 1, 3), (text, 1, "FAULT"), (enum, 1, 7))
    assert plant.logged() == ["raised"] * 3
    plant.send((number, 2, 3), (text, 2, "FAULT"), (enum, 2, 7))
    assert plant.logged() == []
    plant.send((number, 3, 0), (text, 3, "RUN"), (enum, 3, 2))
    assert plant.logged() == ["returned"] * 3


@pytest.mark.proves("P25")
def test_late_and_historical_samples_never_alarm(plant):
    tag = plant.tag()
    plant.send((tag, 10, 20.0))
    plant.send((tag, 5, 99.0))
    plant.engine.on_samples(batch_of((tag, 11, 99.0), flags=FLAG_HISTORICAL))
    assert plant.logged() == []
