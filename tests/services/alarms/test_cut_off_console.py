"""A console that is cut from the plant holds what it last heard, and its neighbour takes nothing new for that.

Two consoles of one position are in touch. What the first one acknowledged must not silence what came later, when only
the second one has heard that it was normal in between.
"""

from dataclasses import replace
from uuid import UUID

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from console.domain.alarms import AlarmKind, AlarmRule, AlarmState
from console.domain.quality import Quality
from console.domain.tags import TagSource
from console.services.alarms.limits import BandColumns, BandSettings
from console.services.alarms.normal_seen import NormalSeen
from console.services.records import HornState
from tests.services.alarms.test_two_consoles import (
    BOTH,
    CUT_OFF,
    FAST,
    FIRST,
    FOREVER,
    HIGH,
    IN_DEADBAND,
    NORMAL,
    SECOND,
    SLOW,
    Console,
    Pair,
    There,
    Turn,
)  # fmt: skip
from tests.support.alarm_plant import condition_of, us

HERE, THERE = UUID(int=1), UUID(int=2)
TEXT = AlarmRule("hot", "*/Temp", AlarmKind.DISCRETE, equals=("high",))


def told(turns: list[Turn], rule: AlarmRule = FAST, *, often: bool = False) -> Pair:
    """Both consoles after these seconds; they tell each other what changed, as the product does."""
    pair = Pair(rule, meet=True, often=often)
    for second, turn in enumerate(turns, 1):
        pair.live(second, turn)
        pair.nothing_unseen_is_acknowledged()
    return pair


def shown(console: Console) -> tuple[list[int], AlarmState, HornState]:
    """What is open there (seconds at which it began), the state of the row, the horn."""
    starts = [second for second in range(100) if console.spans.get(us(second)) == FOREVER]
    return starts, console.plant.state(console.condition_id), console.plant.horn.snapshot().state


ACKNOWLEDGED, WAITING = AlarmState.ACKNOWLEDGED, AlarmState.UNACKNOWLEDGED
QUIET, SOUNDING = HornState.QUIET, HornState.SOUNDING
oftenness = pytest.mark.parametrize("often", [True, False], ids=["told every second", "told of news"])


@oftenness
@pytest.mark.proves("ALARM-T12", "INV-18", "INV-22")
def test_what_was_normal_since_the_cut_off_console_heard_of_it_is_a_new_alarm_and_sounds(often):
    one, other = told(CUT_OFF, often=often).both
    assert shown(one) == ([1], ACKNOWLEDGED, QUIET)
    assert shown(other) == ([3], WAITING, SOUNDING)


@oftenness
@pytest.mark.proves("ALARM-T12")
def test_it_is_one_alarm_at_both_as_soon_as_the_first_one_hears_it_standing_again(often):
    one, other = told([*CUT_OFF, Turn(HIGH)], often=often).both
    assert shown(one) == shown(other) == ([1], ACKNOWLEDGED, QUIET)


@pytest.mark.proves("ALARM-T12", "INV-18")
def test_it_stays_a_new_alarm_when_the_first_one_comes_back_to_a_normal_value():
    one, other = told([*CUT_OFF, Turn(HIGH, SECOND), Turn(NORMAL), Turn(HIGH)]).both
    assert shown(one)[:2] == shown(other)[:2] == ([6], WAITING)


@oftenness
@pytest.mark.parametrize("rule", [FAST, SLOW], ids=["at once", "with delays"])
@pytest.mark.parametrize("lost", range(1, 8))
def test_one_sample_that_one_console_lost_makes_no_second_alarm_while_it_stands(rule, lost, often):
    turns = [Turn(HIGH, FIRST if second == lost else BOTH) for second in range(1, 9)]
    pair = told([*turns, Turn(HIGH, acts=FIRST), Turn(HIGH)], rule, often=often)
    assert [shown(one)[:2] for one in pair.both] == [([1], ACKNOWLEDGED)] * 2


@settings(max_examples=60, deadline=None)
@pytest.mark.parametrize("rule", [FAST, SLOW], ids=["at once", "with delays"])
@given(values=st.lists(st.sampled_from([NORMAL, IN_DEADBAND, HIGH]), min_size=2, max_size=14), data=st.data())
def test_with_one_sample_lost_the_consoles_name_their_alarms_as_if_nobody_looked_for_normal_values(rule, values, data):
    lost = data.draw(st.integers(0, len(values) - 1))
    turns = [Turn(value, FIRST if at == lost else BOTH) for at, value in enumerate(values)]
    pair = told(turns, rule, often=True)
    blind = Pair(rule, meet=True)
    for console in blind.both:
        console.plant.engine.elsewhere.hearing.normal_before = lambda _row, _start_us: 0
    for second, turn in enumerate(turns, 1):
        blind.live(second, turn)
    assert [one.spans for one in pair.both] == [one.spans for one in blind.both]


@pytest.mark.proves("ALARM-T12", "INV-18")
def test_one_batch_may_hold_the_normal_value_the_rise_and_the_return():
    one, other = told([Turn(HIGH, FIRST, acts=FIRST)]).both
    other.plant.send((other.tag, 2, NORMAL), (other.tag, 3, HIGH), (other.tag, 4, NORMAL))
    other.note()
    assert other.spans == {us(3): us(4)}
    assert other.plant.state(other.condition_id) is AlarmState.RETURNED_UNACKNOWLEDGED
    assert shown(one) == ([1], ACKNOWLEDGED, QUIET)


@pytest.mark.proves("ALARM-T12")
@pytest.mark.parametrize("between", [[], [IN_DEADBAND]], ids=["nothing", "a value in the deadband"])
def test_a_value_in_the_deadband_is_no_end_and_the_alarm_of_the_neighbour_is_taken_over_silently(between):
    turns = [Turn(HIGH, FIRST, acts=FIRST), *(Turn(value, SECOND) for value in between), Turn(HIGH, SECOND)]
    assert shown(told(turns).both[1]) == ([1], ACKNOWLEDGED, QUIET)


@pytest.mark.proves("ALARM-T12")
def test_a_normal_value_without_trust_or_from_before_the_alarm_is_no_end():
    pair = told([Turn(NORMAL), Turn(HIGH, FIRST, acts=FIRST)])
    other = pair.both[1]
    other.plant.at(other.tag, 3, NORMAL, quality=Quality.UNCERTAIN)
    pair.live(4, Turn(HIGH, SECOND))
    assert shown(other) == ([2], ACKNOWLEDGED, QUIET)


@pytest.mark.proves("ALARM-T12", "INV-18")
@pytest.mark.parametrize("edited", [False, True], ids=["", "and before a rule was edited"])
def test_a_normal_value_counts_that_came_before_the_neighbours_word(edited):
    pair = Pair(FAST, meet=False)
    one, other = pair.both
    pair.live(1, Turn(HIGH, FIRST, acts=FIRST))
    pair.live(2, Turn(NORMAL, SECOND))
    other.meet(one, 2, everything=True)
    if edited:
        other.plant.engine.set_rules([FAST], us(2))
    pair.live(3, Turn(HIGH, SECOND))
    assert shown(other) == ([3], WAITING, SOUNDING)


@pytest.mark.proves("ALARM-T12", "ALARM-F13")
def test_what_was_normal_by_another_limit_is_no_end():
    console = Console(replace(FAST, h=2.0), HERE)
    console.plant.engine.elsewhere.told(THERE, [There(console.condition_id, us(1), us(1), 1, us(1))], us(1))
    console.live(2, HIGH, is_heard=True)
    assert console.spans == {}
    console.plant.engine.set_rules([FAST], us(3))
    console.note()
    assert console.spans == {us(1): FOREVER}


@pytest.mark.proves("ALARM-T12", "INV-18")
@pytest.mark.parametrize(
    ("rule", "side", "high", "normal"),
    [(TEXT, "", "high", "fine"), (SLOW, "high", HIGH, NORMAL)],
    ids=["words", "an on-delay"],
)
def test_it_holds_for_words_as_for_numbers_and_through_an_on_delay(rule, side, high, normal):
    console = Console(rule, HERE)
    condition_id = condition_of(console.tag, "hot", side)
    console.plant.engine.elsewhere.told(THERE, [There(condition_id, us(1), us(1), 1, us(1))], us(1))
    console.plant.send((console.tag, 2, normal))
    for second in (3, 4, 5, 6):
        console.plant.send((console.tag, second, high))
    console.note()
    assert list(console.spans) == [us(3)]


@pytest.mark.proves("ALARM-T12")
def test_how_far_an_alarm_was_heard_is_told_with_other_news_and_is_none_by_itself():
    console = Console(FAST, HERE)
    ours = console.plant.engine.elsewhere.ours
    console.live(1, HIGH, is_heard=True)
    assert [one[6] for one in ours(everything=False)] == [us(1)]
    console.live(2, HIGH, is_heard=True)
    assert ours(everything=False) is None
    assert [one[6] for one in ours(everything=True)] == [us(2)]
    console.plant.at(console.tag, 3, HIGH, quality=Quality.BAD)
    assert [one[6] for one in ours(everything=True)] == [0], "what it says now cannot be trusted"


def test_an_alarm_in_its_off_delay_was_heard_until_the_value_fell():
    console = Console(SLOW, HERE)
    for second in (1, 2, 3, 4):
        console.live(second, HIGH, is_heard=True)
    console.live(5, NORMAL, is_heard=True)
    assert [one[6] for one in console.plant.engine.elsewhere.ours(everything=True)] == [us(5) - 1]


BANDS = 5
SAMPLES = st.lists(
    st.tuples(st.integers(0, BANDS - 1), st.sampled_from([NORMAL, IN_DEADBAND, HIGH]), st.booleans()), max_size=12
)


@settings(max_examples=300, deadline=None)
@given(st.lists(SAMPLES, max_size=6), st.sets(st.integers(0, BANDS - 1)))
def test_the_columns_note_what_a_look_at_each_sample_by_itself_would(batches, watched):
    bands = BandColumns()
    for _ in range(BANDS):
        bands.add(BandSettings(t1=1.0, deadband=0.3))
    bands.normal.watch(np.array(sorted(watched), np.int64))
    newest, left, now = {}, {}, 0
    for batch in batches:
        times = list(range(now + 1, now + 1 + len(batch)))
        now += len(batch)
        if batch:
            row, x, ok = (np.array(column) for column in zip(*batch, strict=True))
            bands.feed(row, x, ok, np.array(times))
        for (band, value, is_good), at in zip(batch, times, strict=True):
            if band not in watched or not is_good:
                continue
            if value == NORMAL:
                newest[band] = at
            elif band in newest:
                left.setdefault(band, []).append((at, newest.pop(band)))
    for band in range(BANDS):
        for start in range(now + 2):
            wanted = [normal for at, normal in left.get(band, []) if at <= start]
            assert bands.normal.before(band, start) == (wanted[-1] if wanted else 0)


def test_what_is_watched_no_more_is_forgotten_and_costs_nothing():
    seen = NormalSeen()
    seen.grow(4)
    assert seen.watch(np.array([1, 2])).tolist() == [1, 2]
    seen.see(np.array([1, 1, 2, 2]), np.array([True, False, True, False]), np.array([5, 6, 7, 8]))
    assert seen.watch(np.array([2, 3])).tolist() == [3]
    assert (seen.before(1, 9), seen.before(2, 9)) == (0, 7)
    assert seen.watch(np.array([], np.int64)).tolist() == []
    assert not seen.is_any


@pytest.mark.proves("ALARM-T12", "INV-18")
def test_a_tag_that_is_first_seen_after_the_neighbours_word_is_listened_to_as_well():
    console = Console(FAST, HERE)
    later = condition_of(
        console.plant.tags.define(TagSource("plant", "Line", "PLC1", "Press", "a/Temp")), "hot", "high"
    )
    console.plant.engine.elsewhere.told(THERE, [There(later, us(1), us(1), 1, us(1))], us(1))
    tag = console.plant.tags.tag(console.tag.handle + 1)
    console.plant.engine.on_tags((tag,))
    console.plant.send((tag, 2, NORMAL), (tag, 3, HIGH))
    assert console.plant.engine.open_occurrence(later).start_us == us(3)
    assert console.plant.horn.snapshot().state is SOUNDING


@pytest.mark.proves("ALARM-T12", "INV-18")
def test_a_console_that_is_behind_listens_for_what_began_there_while_its_own_alarm_still_stands():
    console = Console(FAST, HERE)
    console.live(1, HIGH, is_heard=True)
    console.plant.engine.elsewhere.told(THERE, [There(console.condition_id, us(10), us(10), 1, us(10))], us(10))
    for second, value in ((6, NORMAL), (11, NORMAL), (12, HIGH)):
        console.plant.send((console.tag, second, value))
    console.note()
    assert console.spans == {us(1): us(6), us(12): FOREVER}
