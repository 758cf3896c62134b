"""Rates, deviations and counted entries in columns against slow judges of single moments, on a virtual clock."""

from itertools import pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from console.domain.alarms import AlarmKind, AlarmRule
from console.domain.quality import Quality
from tests.support.alarm_plant import Plant, batch_of, us

STEP = st.sampled_from([0, 1, 1, 2, 3, 7])
NUMBER = st.integers(-9, 9)
TRUST = st.sampled_from([Quality.GOOD] * 6 + [Quality.BAD])
# (which tag, seconds after the one before, value, quality)
SAMPLES = st.lists(st.tuples(st.integers(0, 3), STEP, NUMBER, TRUST), max_size=24)
CUTS = st.lists(st.integers(0, 24), max_size=3)


def changes(moments, limit, end):
    """(word, at) of one side, from (at, x or None) in order; None holds."""
    told, inside = [], False
    for at, x in moments:
        if at > end or x is None:
            continue
        if (x >= limit) is not inside:
            inside = not inside
            told.append(("raised" if inside else "returned", us(at)))
    return told


def told_of(plant, tags):
    told = {tag.source.path(): [] for tag in tags}
    for one in plant.engine.take_transitions():
        if one.rule_id == "r":
            told[one.subject].append((str(one.transition), one.at_us))
    return list(told.values())


def play(plant, rows, cuts):
    """The samples (tag, at, value, quality) cut into turns somewhere."""
    edges = sorted({0, *(cut for cut in cuts if cut < len(rows)), len(rows)})
    for low, high in pairwise(edges):
        piece = rows[low:high]
        if not piece:
            continue
        batch = batch_of(*((tag, at, value) for tag, at, value, _quality in piece))
        batch.quality[:] = [quality for *_rest, quality in piece]
        plant.engine.on_samples(plant.tags.apply(batch))
        plant.tags.watermarks_us[:] = 0  # each tag lives on its own newest sample here


def timeline(samples, count):
    """Source time for each tag; two samples of one tag never at the same moment."""
    at, newest, rows = 0, [-1] * count, []
    for drawn, step, value, quality in samples:
        which = drawn % count
        at += step
        if newest[which] >= at:
            at = newest[which] + 1
        newest[which] = at
        rows.append((which, at, value, quality))
    return rows


def held(points, at):
    """The value held at a time; None before the first and after one that cannot be trusted."""
    found = None
    for time, value in points:
        if time > at:
            break
        found = value
    return found


@settings(max_examples=40, deadline=None)
@given(SAMPLES, CUTS, st.integers(0, 40))
def test_rates_in_columns_say_what_a_judge_of_every_moment_says(samples, cuts, quiet):
    over, limit = 6, 0.5
    plant = Plant(AlarmRule("r", "*", AlarmKind.RATE, h=limit, over_s=over))
    tags = [plant.tag(f"T{i}") for i in range(4)]
    rows = timeline(samples, 4)
    play(plant, [(tags[which], at, value, quality) for which, at, value, quality in rows], cuts)
    end = max((at for _which, at, *_rest in rows), default=0) + quiet
    plant.pass_time(end)
    wanted = []
    for which in range(4):
        points = [(at, value if quality == Quality.GOOD else None) for w, at, value, quality in rows if w == which]
        # the tag's trust is gone after its newest sample was bad: nothing moves by time alone
        moments = sorted({at for at, _ in points} | {at + over for at, _ in points})
        judged = []
        for at in moments:
            now, then = held(points, at), held(points, at - over)
            judged.append((at, None if now is None or then is None else (now - then) / over))
        wanted.append(changes(judged, limit, end))
    assert told_of(plant, tags) == wanted


@settings(max_examples=40, deadline=None)
@given(SAMPLES, CUTS)
def test_deviations_in_columns_say_what_a_judge_of_every_sample_says(samples, cuts):
    plant = Plant(AlarmRule("r", "*/T?", AlarmKind.DEVIATION, h=3.0, setpoint="./Setpoint"))
    tags = [plant.tag(f"T{i}") for i in range(3)]
    setpoint = plant.tag("Setpoint")
    every = [*tags, setpoint]
    rows = timeline([(which, max(1, step), value, quality) for which, step, value, quality in samples], 4)
    play(plant, [(every[which], at, value, quality) for which, at, value, quality in rows], cuts)
    wanted = []
    for which in range(3):
        moments, mine, its = [], None, None
        for w, at, value, quality in rows:
            trusted = value if quality == Quality.GOOD else None
            if w == which:
                mine = trusted
            elif w == 3:
                its = trusted
            else:
                continue
            moments.append((at, None if mine is None or its is None else mine - its))
        wanted.append(changes(moments, 3.0, 10**9))
    assert told_of(plant, tags) == wanted


@settings(max_examples=40, deadline=None)
@given(SAMPLES, CUTS, st.integers(1, 4), st.integers(1, 12))
def test_counted_entries_in_columns_say_what_a_counter_by_hand_says(samples, cuts, count, within):
    plant = Plant(AlarmRule("r", "*", AlarmKind.LIMIT, h=3.0, count=count, within_s=float(within)))
    tags = [plant.tag(f"T{i}") for i in range(4)]
    rows = timeline(samples, 4)
    play(plant, [(tags[which], at, value, quality) for which, at, value, quality in rows], cuts)
    wanted = []
    for which in range(4):
        moments = [(at, value if quality == Quality.GOOD else None) for w, at, value, quality in rows if w == which]
        told, entries, is_through = [], [], False
        for word, at_us in changes(moments, 3.0, 10**9):
            if word == "raised":
                entries.append(at_us)
                is_through = sum(1 for one in entries if one >= at_us - within * 1_000_000) >= count
            if is_through:
                told.append((word, at_us))
        wanted.append(told)
    assert told_of(plant, tags) == wanted


@pytest.mark.proves("INV-30")
@settings(max_examples=25, deadline=None)
@given(SAMPLES, CUTS, CUTS, st.randoms(use_true_random=False))
def test_turns_cut_otherwise_and_tags_in_another_order_give_the_same_occurrences(samples, cuts, others, random):
    """What the reorder window gives back in order per tag, in whatever turns and between whatever tags it came."""
    names = {"limit", "rate", "count"}
    rules = [
        AlarmRule("limit", "*/T?", AlarmKind.LIMIT, h=3.0, hh=6.0, deadband=1.0, on_delay_s=2.0),
        AlarmRule("rate", "*/T?", AlarmKind.RATE, h=0.5, over_s=6.0),
        AlarmRule("count", "*/T?", AlarmKind.LIMIT, h=2.0, count=2, within_s=9.0),
    ]
    rows = timeline(samples, 4)
    shuffled = sorted(rows, key=lambda _row: random.random())
    turned = [next(iter_of) for iter_of in _queues(rows, [which for which, *_rest in shuffled])]
    told = []
    for order, cut in ((rows, cuts), (turned, others)):
        plant = Plant(*rules)
        tags = [plant.tag(f"T{i}", node=f"N{i}") for i in range(4)]
        play(plant, [(tags[which], at, value, quality) for which, at, value, quality in order], cut)
        plant.pass_time(max((at for _which, at, *_rest in rows), default=0))
        told.append(sorted((one.subject, one.rule_id, one.start_us, str(one.transition), one.at_us)
                           for one in plant.engine.take_transitions() if one.rule_id in names))  # fmt: skip
    assert told[0] == told[1]


def _queues(rows, order):
    """One iterator per wanted place: the next row of that tag."""
    of = {which: iter([row for row in rows if row[0] == which]) for which in range(4)}
    return [of[which] for which in order]
