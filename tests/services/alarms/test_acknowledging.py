"""Acknowledgements and what takes them back reach the alarm list: in any order, from any console, through a restart."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from console.domain.acknowledgement import Standing
from console.domain.acknowledgements import AckInterval, TakenBack
from console.domain.alarms import AlarmKind, AlarmRule, AlarmState, Occurrence
from console.services.alarms.acknowledging import TIDY_EVERY_S
from tests.support.alarm_plant import Plant, condition_of, us
from tests.support.alarm_records import Records

HOT = AlarmRule("hot", "*", AlarmKind.LIMIT, h=90.0, hh=95.0)
DAY = 86_400


@pytest.fixture
def plant():
    return Plant(HOT)


def shown_by(plant: Plant) -> list[str]:
    return list(plant.engine.snapshot().acked_by.values())


@pytest.mark.proves("ALARM-F43")
def test_taking_an_acknowledgement_back_is_silent_logged_and_can_be_acknowledged_again(plant):
    tag = plant.tag()
    hot = condition_of(tag, "hot", "high")
    plant.send((tag, 0, 92.0))
    plant.acknowledged(hot, us(0), us(3), "Eva", by=b"eva")
    before = plant.horn.snapshot().request
    assert plant.taken_back(hot, us(0), us(3), b"eva", now_us=us(9))
    assert plant.state(hot) is AlarmState.UNACKNOWLEDGED
    assert (plant.horn.snapshot().request, shown_by(plant)) == (before, [])
    assert plant.logged() == ["raised", "acknowledged", "unacknowledged"]
    occurrence = plant.open(tag, "hot", "high")
    assert plant.engine.annunciated_us(occurrence) == us(3)
    assert plant.engine.acknowledgements_of(occurrence) == ()
    assert not plant.acknowledged(hot, us(0), us(2), "Ole", by=b"less")  # who saw less than was taken back
    assert plant.acknowledge(occurrence, 10)
    assert plant.state(hot) is AlarmState.ACKNOWLEDGED
    assert plant.engine.check_acknowledge((occurrence,)) == (Standing.ACKNOWLEDGED,)


@pytest.mark.proves("P21", "ALARM-F47")
@pytest.mark.parametrize("order", [("lena", "lutz"), ("lutz", "lena")])
def test_of_two_shift_leads_the_first_given_is_shown_whichever_arrives_first(plant, order):
    tag = plant.tag()
    hot = condition_of(tag, "hot", "high")
    plant.send((tag, 0, 92.0))
    for who in order:
        plant.acknowledged(hot, us(0), us(1), who, by=who.encode(), hlc={"lena": 5, "lutz": 3}[who])
    assert shown_by(plant) == ["lutz"]
    found = plant.engine.acknowledgements_of(plant.open(tag, "hot", "high"))
    assert [one.user_id for one in found] == ["lutz", "lena"]
    plant.taken_back(hot, us(0), us(1), b"lutz")
    assert plant.state(hot) is AlarmState.ACKNOWLEDGED  # hers was not named
    assert shown_by(plant) == ["lena"]


@pytest.mark.proves("INV-5", "INV-29", "ALARM-F47", "ALARM-T11")
@settings(max_examples=60, deadline=None)
@given(st.data())
def test_the_list_shows_the_same_whatever_the_order_of_facts_and_of_the_return(data):
    given_ = [AckInterval(n, bytes([n]), us(0), us(data.draw(st.integers(0, 4))), f"p{n}") for n in range(3)]
    acts: list[object] = list(given_)
    for n in range(data.draw(st.integers(0, 2))):
        named = data.draw(st.sets(st.sampled_from(given_), min_size=1))
        reach = max(one.seen_through_us for one in named)
        acts.append(TakenBack(9, bytes([n, n]), us(0), reach, frozenset(one.by for one in named)))
    acts.append("rise" if data.draw(st.booleans()) else "nothing")
    if data.draw(st.booleans()):
        acts.append("return")
    seen = {_played(data.draw(st.permutations(acts)) + data.draw(st.lists(st.sampled_from(acts)))) for _ in range(3)}
    assert len(seen) == 1


def _played(acts: list[object]) -> tuple[AlarmState, tuple[str, ...]]:
    plant = Plant(HOT)
    tag = plant.tag()
    hot = condition_of(tag, "hot", "high")
    plant.send((tag, 0, 92.0))
    if "rise" in acts:  # samples keep their order among themselves
        plant.send((tag, 2, 97.0))
    for act in acts:
        if isinstance(act, AckInterval):
            plant.engine.acknowledging.apply(hot, act, us(9))
        elif isinstance(act, TakenBack):
            plant.engine.acknowledging.take_back(hot, act, "Udo", us(9))
        elif act == "return":
            plant.send((tag, 5, 20.0))
    return plant.state(hot), tuple(shown_by(plant))


def test_what_was_closed_by_an_acknowledgement_that_is_taken_back_waits_again_also_after_a_restart(plant, tmp_path):
    records = Records(tmp_path / "station.db")
    try:
        tag = plant.tag()
        hot = condition_of(tag, "hot", "high")
        plant.send((tag, 0, 92.0))
        plant.acknowledged(hot, us(0), us(3), "Eva", by=b"eva")
        plant.send((tag, 4, 20.0))
        assert plant.state(hot) is AlarmState.NORMAL
        assert plant.taken_back(hot, us(0), us(3), b"eva", now_us=us(9))
        assert plant.state(hot) is AlarmState.RETURNED_UNACKNOWLEDGED
        records.keep(plant)
        again = Plant(HOT)
        again.acknowledged(hot, us(0), us(3), "Eva", by=b"eva")
        again.taken_back(hot, us(0), us(3), b"eva")
        again.engine.restore(records.open(), us(20))
        assert again.state(hot) is AlarmState.RETURNED_UNACKNOWLEDGED
        assert again.acknowledge(Occurrence(hot, us(0)), 21)
        assert again.state(hot) is AlarmState.NORMAL
    finally:
        records.database.close()


def test_old_acknowledgements_are_forgotten_but_never_those_of_an_open_alarm_and_the_digest_stays(plant):
    tag, calm = plant.tag(), plant.tag("Pressure")
    hot, other = condition_of(tag, "hot", "high"), condition_of(calm, "hot", "high")
    plant.send((tag, 0, 92.0))
    plant.acknowledged(hot, us(0), us(3), "Eva", by=b"eva")
    plant.acknowledged(other, us(0), us(3), "Eva", by=b"old")
    plant.acknowledged(other, us(0), us(40 * DAY), "Eva", by=b"new")
    kept = plant.engine.acknowledging.kept
    digests = [kept.digest(hot), kept.digest(other)]
    plant.pass_time(50 * DAY)
    plant.pass_time(50 * DAY + TIDY_EVERY_S)
    assert [kept.digest(hot), kept.digest(other)] == digests
    assert kept.forget(us(50 * DAY), lambda _condition: False) == 2  # only now: eva's, and the newer one
    assert [kept.digest(hot), kept.digest(other)] == digests
    assert plant.state(hot) is AlarmState.ACKNOWLEDGED
