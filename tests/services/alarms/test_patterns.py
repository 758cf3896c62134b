"""Floods, chattering and first-out, through the engine: marks come and go, and no alarm is changed by them."""

from itertools import permutations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from console.domain.alarm_classes import FloodRules
from console.domain.alarm_flags import AlarmFlag
from console.domain.alarms import AlarmKind, AlarmRule, AlarmState
from console.domain.chatter import COUNT, WITHIN_US, Chatter, proposal
from console.domain.first_out import FirstOutGroup
from console.domain.flood import FloodWatch
from tests.support.alarm_plant import Plant, condition_of, us

S = 1_000_000
HOT = AlarmRule("hot", "*/Temp", AlarmKind.LIMIT, h=90.0)


def flags_of(plant, tag, rule_id="hot", side="high"):
    row = plant.engine._book.row_of(condition_of(tag, rule_id, side))
    return AlarmFlag(int(plant.engine._book.rows.flags[row]))


def tick(plant, second):
    plant.engine.tick(us(second), second)


# -- chatter


@pytest.mark.proves("ALARM-F53")
def test_three_activations_within_a_minute_mark_the_alarm_until_it_was_quiet():
    plant = Plant(HOT)
    tag = plant.tag()
    for second in (0, 20, 40):
        assert AlarmFlag.CHATTERING not in flags_of(plant, tag)
        plant.send((tag, second, 95.0), (tag, second + 5, 20.0))
    assert AlarmFlag.CHATTERING in flags_of(plant, tag)
    tick(plant, 339)
    assert AlarmFlag.CHATTERING in flags_of(plant, tag)
    tick(plant, 346)
    assert AlarmFlag.CHATTERING not in flags_of(plant, tag)


def test_three_activations_in_more_than_a_minute_are_no_chatter():
    plant = Plant(HOT)
    tag = plant.tag()
    for second in (0, 31, 62, 93):
        plant.send((tag, second, 95.0), (tag, second + 5, 20.0))
    assert AlarmFlag.CHATTERING not in flags_of(plant, tag)


@pytest.mark.proves("ALARM-T31")
@settings(max_examples=20, deadline=None)
@given(st.lists(st.tuples(st.integers(1, 9), st.booleans()), min_size=1, max_size=60))
def test_after_any_flapping_the_alarm_is_what_its_source_is(steps):
    plant = Plant(HOT)
    tag = plant.tag()
    second, is_hot = 0, False
    for step, is_hot in steps:
        second += step
        plant.send((tag, second, 95.0 if is_hot else 20.0))
    tick(plant, second + 1)
    state = plant.state(condition_of(tag, "hot", "high"))
    assert (state is AlarmState.UNACKNOWLEDGED) is is_hot
    tick(plant, second + 1000)  # the mark ends, the state stays
    assert plant.state(condition_of(tag, "hot", "high")) is state
    assert AlarmFlag.CHATTERING not in flags_of(plant, tag)


@settings(max_examples=100, deadline=None)
@given(st.lists(st.integers(0, 200), unique=True, max_size=10), st.randoms(use_true_random=False))
def test_chatter_is_the_same_whoever_is_told_first_when_it_is_three_at_a_time(starts, random):
    in_order = Chatter()
    for start in sorted(starts):
        in_order.begun(start * S, 0)
    wanted = any(
        starts[n + COUNT - 1] - starts[n] <= WITHIN_US // S
        for starts in [sorted(starts)]
        for n in range(len(starts) - 2)
    )
    assert in_order.is_chattering is wanted
    if len(starts) == COUNT:
        shuffled = Chatter()
        for start in random.sample(starts, len(starts)):
            shuffled.begun(start * S, 0)
        assert shuffled.is_chattering is wanted


@pytest.mark.proves("ALARM-F53")
def test_a_chattering_alarm_is_offered_what_would_have_calmed_it():
    short = proposal([(n * 20 * S, n * 20 * S + 2 * S) for n in range(10)], [0.4] * 9)
    assert (short.activations, short.on_delay_s, short.off_delay_s) == (10, 3, 19)
    assert short.deadband == pytest.approx(0.44)
    slow = proposal([(n * 1000 * S, n * 1000 * S + 400 * S) for n in range(5)])
    assert (slow.on_delay_s, slow.off_delay_s, slow.deadband) == (0, 0, None)
    assert proposal([(0, 0)]).on_delay_s == 0
    assert proposal([]).activations == 0


def test_the_delay_that_is_proposed_swallows_the_chatter():
    spans = [(n * 10, n * 10 + 3) for n in range(8)]
    offered = proposal([(start * S, end * S) for start, end in spans])
    plant = Plant(AlarmRule("hot", "*/Temp", AlarmKind.LIMIT, h=90.0, on_delay_s=float(offered.on_delay_s)))
    tag = plant.tag()
    for start, end in spans:
        plant.send((tag, start, 95.0), (tag, end, 20.0))
    plant.pass_time(200)
    assert plant.logged() == []


# -- flood


@pytest.mark.proves("ALARM-F56")
def test_a_flood_begins_above_ten_in_ten_minutes_and_ends_below_five():
    plant = Plant(HOT)
    tags = [plant.tag(device=f"D{n}") for n in range(20)]
    for n, tag in enumerate(tags[:10]):
        plant.engine.tick(us(n), n)
        plant.send((tag, n, 95.0))
    assert not plant.engine.patterns.flood_record().is_flood
    plant.send((tags[10], 10, 95.0))
    record = plant.engine.patterns.flood_record()
    assert (record.is_flood, record.since_us, record.in_window) == (True, us(10), 11)
    assert record.areas == (("Line/PLC1", 11, 3),)
    tick(plant, 605)
    assert plant.engine.patterns.flood_record().is_flood  # five are left: 6 to 10
    tick(plant, 606.5)
    record = plant.engine.patterns.flood_record()
    assert (record.is_flood, record.since_us, record.in_window) == (False, 0, 4)


def test_what_is_hidden_or_for_the_journal_alone_makes_no_flood():
    plant = Plant(AlarmRule("hot", "*/Temp", AlarmKind.LIMIT, h=90.0, priority=5))
    tags = [plant.tag(device=f"D{n}") for n in range(20)]
    plant.send(*((tag, 1, 95.0) for tag in tags))
    assert plant.engine.patterns.flood_record().in_window == 0
    hidden = Plant(HOT)
    tags = [hidden.tag(device=f"D{n}") for n in range(20)]
    hidden.engine.suppress("test", [condition_of(tag, "hot", "high") for tag in tags], us(0), us(0), is_on=True)
    hidden.send(*((tag, 1, 95.0) for tag in tags))
    assert hidden.engine.patterns.flood_record().in_window == 0


def test_areas_of_a_flood_come_most_urgent_first():
    watch = FloodWatch(FloodRules(enter=2, leave=1, window_s=10))
    for at, area, priority in ((0, "b", 3), (1, "b", 3), (2, "a", 1), (3, "b", 4)):
        watch.annunciated(at * S, area, priority)
    assert watch.areas() == (("a", 1, 1), ("b", 3, 3))


@settings(max_examples=60, deadline=None)
@given(st.lists(st.integers(0, 40), max_size=60), st.integers(1, 6), st.integers(1, 6))
def test_the_window_counts_as_a_look_at_everything_does(steps, enter, leave):
    rules = FloodRules(enter=enter, leave=min(leave, enter), window_s=60)
    watch, at, told, is_flood = FloodWatch(rules), 0, [], False
    for step in steps:
        for _ in range(step):
            at += 1
            watch.tick(at * S)
            count = sum(1 for one in told if one > at - 60)
            is_flood = is_flood and count >= rules.leave
            assert (watch.in_window, watch.is_flood) == (count, is_flood)
        told.append(at)
        watch.annunciated(at * S, "a", 1)
        is_flood = is_flood or sum(1 for one in told if one > at - 60) > rules.enter
        assert watch.is_flood is is_flood


# -- first-out


def group_plant():
    rules = [AlarmRule(name, f"*/{name}", AlarmKind.LIMIT, h=90.0, first_out="unit {device}") for name in "ABC"]
    plant = Plant(*rules)
    return plant, [plant.tag(name) for name in "ABC"], [plant.tag(name, device="Other") for name in "ABC"]


def firsts(plant, tags):
    return [name for name, tag in zip("ABC", tags, strict=True) if AlarmFlag.FIRST_OUT in flags_of(plant, tag, name)]


@pytest.mark.proves("ALARM-F55")
def test_the_first_alarm_of_a_group_is_marked_and_no_other():
    plant, (a, b, c), others = group_plant()
    plant.send((b, 1, 95.0), (a, 2, 95.0), (c, 3, 95.0), (others[2], 3, 95.0))
    assert firsts(plant, (a, b, c)) == ["B"]
    assert firsts(plant, others) == ["C"]  # another device is another group


@pytest.mark.proves("ALARM-F55")
@pytest.mark.parametrize("order", list(permutations(range(3))))
def test_first_is_who_began_first_in_source_time_whoever_is_told_first(order):
    plant, tags, _others = group_plant()
    for which in order:
        plant.send((tags[which], which + 1, 95.0))
    assert firsts(plant, tags) == ["A"]


@pytest.mark.proves("ALARM-F55")
def test_the_mark_stays_until_the_group_is_normal_and_then_begins_anew():
    plant, (a, b, c), _others = group_plant()
    tags = (a, b, c)
    plant.send((b, 1, 95.0), (a, 2, 95.0), (b, 3, 20.0))
    for name, tag in (("B", b),):
        plant.acknowledge(plant.open(tag, name, "high"), 4)
    tick(plant, 5)
    assert firsts(plant, tags) == []  # its bearer has left the list; the group is still active
    plant.send((c, 6, 95.0))
    plant.send((a, 7, 20.0), (c, 8, 20.0))
    for name, tag in (("A", a), ("C", c)):
        plant.acknowledge(plant.open(tag, name, "high"), 9)
    tick(plant, 10)
    assert firsts(plant, tags) == []
    plant.send((c, 11, 95.0), (a, 12, 95.0))
    assert firsts(plant, tags) == ["C"]


@pytest.mark.proves("ALARM-F55")
def test_the_mark_is_reset_by_hand_and_comes_back_only_with_the_next_activity():
    plant, (a, b, c), _others = group_plant()
    plant.send((a, 1, 95.0))
    plant.engine.patterns.reset_first_out("unit Press")
    plant.send((b, 2, 95.0))
    assert firsts(plant, (a, b, c)) == []


@settings(max_examples=100, deadline=None)
@given(st.lists(st.tuples(st.sampled_from(["begun", "normal", "reset"]), st.integers(0, 3), st.integers(0, 9))))
def test_there_is_at_most_one_first_and_it_is_listed_or_was_when_it_began(steps):
    group = FirstOutGroup()
    for what, member, at in steps:
        if what == "begun":
            group.begun(member, at)
        elif what == "normal":
            group.normal(member)
        else:
            group.reset()
        assert group.first is None or group.members
        assert group.members or group.first is None
