"""Acts on flags that wait for a second person: as if they had never been until countersigned, then as if always."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from console.domain.alarm_flags import AlarmFlag
from console.domain.alarms import AlarmKind, AlarmRule, AlarmState, Priority
from console.domain.shelving import Taken, shelved
from tests.support.alarm_plant import condition_of, us
from tests.support.flag_plant import LONG_S, FlagPlant

HOT = AlarmRule("hot", "*/Temp", AlarmKind.LIMIT, h=90.0, priority=Priority.HIGH, text="Too hot")
SHELVE, EXTEND, UNSHELVE, OUT, BACK, AGAIN = (bytes([n]) * 32 for n in range(1, 7))
PARENTS = {EXTEND: (SHELVE,), UNSHELVE: (EXTEND,), BACK: (OUT,), AGAIN: (BACK,)}
FACTS = (SHELVE, EXTEND, UNSHELVE, OUT, BACK, AGAIN)
NOW = 60.0
A, B, C, D, E, F = AlarmState


def station():
    plant = FlagPlant(HOT)
    tag = plant.tag()
    plant.send((tag, 1, 92.0))
    plant.pass_time(NOW)
    return plant, condition_of(tag, "hot", "high")


def tell(plant, hot, by):
    """A fact arrives; each was given a few seconds after the one that it knew."""
    at = 10.0 + 5 * FACTS.index(by)
    hlc, parents = plant.hlc(at), PARENTS.get(by, ())
    if by in (OUT, BACK, AGAIN):
        value = None if by == BACK else Taken("Emil", "sensor change", "WO 7", "A1", us(at))
        plant.engine.service.take(hot, by, hlc, value, parents, "Emil", us(at), us(NOW))
        return
    shelf = shelved(us(at), us(at + 3600), LONG_S, "Eva", "noisy", reason_code="other", hlc=hlc, by=by)
    plant.engine.shelves.take(hot, by, hlc, None if by == UNSHELVE else shelf, parents, "Eva", us(NOW))


def seen(plant, hot):
    flags = plant.flags(hot) & ~AlarmFlag.CHATTERING
    aside = {rows[0].flag: rows for rows in plant.engine.snapshot().aside.values() if rows}
    return flags, aside, plant.engine.is_shelved(hot), plant.engine.is_out_of_service(hot)


@pytest.mark.proves("ALARM-F19", "INV-5", "INV-11")
@settings(max_examples=150, deadline=None)
@given(
    st.lists(st.sampled_from(FACTS), unique=True),
    st.sets(st.sampled_from(FACTS)),
    st.sets(st.sampled_from(FACTS)),
    st.randoms(use_true_random=False),
)
def test_flags_follow_what_counts_whatever_the_order_of_acts_doubts_and_second_persons(facts, doubted, signed, chance):
    """`signed` of the doubted ones are countersigned in the end; each arrives, is doubted and signed at any moment."""
    plant, hot = station()
    todo = [("tell", by) for by in facts] + [("doubt", by) for by in sorted(doubted)]
    chance.shuffle(todo)
    for by in sorted(doubted & signed):
        after = todo.index(("doubt", by)) + 1
        todo.insert(chance.randint(after, len(todo)), ("sign", by))
    for what, by in todo:
        if what == "tell":
            tell(plant, hot, by)
        elif what == "doubt":
            plant.engine.withhold([by], us(NOW))
        else:
            plant.engine.release([by], us(NOW))
    clean, _same = station()
    for by in facts:
        if by not in doubted - signed:
            tell(clean, hot, by)
    assert seen(plant, hot) == seen(clean, hot)
    is_hidden = bool(seen(plant, hot)[0])
    assert plant.state(hot) is B
    assert plant.sounds is False or not is_hidden


@pytest.mark.proves("ALARM-F18", "ALARM-F19")
def test_a_return_to_service_that_is_countersigned_counts_from_then_and_sounds():
    plant, hot = station()
    for by in (OUT, BACK):
        if by == BACK:
            plant.engine.withhold([BACK], us(NOW))
        tell(plant, hot, by)
    assert (plant.flags(hot), plant.sounds) == (AlarmFlag.OUT_OF_SERVICE, False)
    plant.engine.release([BACK], us(NOW))
    assert (plant.flags(hot), plant.state(hot), plant.sounds) == (0, B, True)


@pytest.mark.proves("ALARM-F18", "INV-22")
def test_an_out_of_service_without_the_right_to_it_ends_and_the_alarm_sounds_though_somebody_saw_it_there():
    plant, hot = station()
    tell(plant, hot, OUT)
    plant.acknowledge(plant.engine.open_occurrence(hot), 58)
    plant.engine.withhold([OUT], us(NOW))
    assert (plant.flags(hot), plant.state(hot), plant.sounds) == (0, B, True)


@pytest.mark.proves("INV-5")
@pytest.mark.parametrize("order", [(OUT, BACK), (BACK, OUT)])
def test_a_countersigned_return_does_the_same_to_an_acknowledged_alarm_whatever_came_first(order):
    plant, hot = station()
    plant.acknowledged(hot, us(1), us(2), "Eva", us(3), by=b"a" * 32, hlc=plant.hlc(3))
    plant.engine.withhold([BACK], us(NOW))
    tell(plant, hot, order[0])
    if order[0] == BACK:
        plant.engine.release([BACK], us(NOW))
    tell(plant, hot, order[1])
    plant.engine.release([BACK], us(NOW))
    assert (plant.flags(hot), plant.state(hot), plant.sounds) == (0, B, True)
