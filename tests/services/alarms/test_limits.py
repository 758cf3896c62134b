"""The column engine against a slow oracle that judges one sample at a time, on a virtual clock."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from console.domain.alarms import AlarmKind, AlarmRule
from console.domain.quality import Quality
from tests.support.alarm_plant import Plant, batch_of, us


class OneCondition:
    """One side of one rule, in plain words: two nested bands, each with its own delays."""

    def __init__(self, rule: AlarmRule, side: str) -> None:
        self.sign = -1 if side == "low" else 1
        limits = (rule.l, rule.ll) if side == "low" else (rule.h, rule.hh)
        outer = limits[1] if limits[1] is not None else self.sign * float("inf")
        inner = limits[0] if limits[0] is not None else outer
        self.limits = {1: self.sign * inner, 2: self.sign * outer}
        self.rule = rule
        self.inside = {1: False, 2: False}
        self.since: dict[int, float | None] = {1: None, 2: None}
        self.shown = 0
        self.outer_seen = False
        self.events: list[tuple[str, float]] = []

    def sample(self, at: float, value: float, trusted: bool) -> None:
        self.advance(at)
        for band in (1, 2):
            x = value * self.sign
            if not trusted:
                inside = self.shown >= band
            elif x >= self.limits[band]:
                inside = True
            elif x < self.limits[band] - self.rule.deadband:
                inside = False
            else:
                inside = self.inside[band]
            self._set(band, inside, at)
        if self.shown or not self.inside[1]:
            self.outer_seen = False
        elif self.inside[2]:
            self.outer_seen = True
        self.advance(at)

    def advance(self, to: float) -> None:
        while True:
            ends = {
                band: since + (self.rule.on_delay_s if self.shown < band else self.rule.off_delay_s)
                for band, since in self.since.items()
                if since is not None
            }
            ends = {band: end for band, end in ends.items() if end <= to}
            if not ends:
                return
            self._change(min(ends.values()), {band for band, end in ends.items() if end == min(ends.values())})

    def _change(self, end: float, bands: set[int]) -> None:
        before, crossing = self.shown, next(self.since[band] for band in sorted(bands))
        if 1 in bands:
            self.shown = 0 if before else (2 if self.outer_seen else 1)
            self.outer_seen = False
        else:
            self.shown = 1 if before == 2 else 2
        if before == 0:
            self.events.append((f"raised {self.shown}", crossing))
        elif self.shown == 0:
            self.events.append(("returned 0", end))
        elif self.shown > before:
            self.events.append((f"severity_up {self.shown}", crossing))
        else:
            self.events.append((f"severity_down {self.shown}", end))
        for band in (1, 2):
            if self.inside[band] == (self.shown >= band):
                self.since[band] = None
            elif self.since[band] is None or before == 0:
                self.since[band] = end

    def _set(self, band: int, inside: bool, at: float) -> None:
        self.inside[band] = inside
        if inside == (self.shown >= band):
            self.since[band] = None
        elif self.since[band] is None:
            self.since[band] = at


RULES = st.builds(
    lambda low, high, deadband, on, off: AlarmRule(
        "r", "*", AlarmKind.LIMIT, **low, **high, deadband=deadband, on_delay_s=on, off_delay_s=off
    ),
    st.sampled_from([{}, {"l": -3.0}, {"ll": -6.0}, {"l": -3.0, "ll": -6.0}]),
    st.sampled_from([{"h": 3.0}, {"hh": 6.0}, {"h": 3.0, "hh": 6.0}]),
    st.sampled_from([0.0, 1.0, 2.0, 4.0]),
    st.sampled_from([0.0, 0.0, 1.0, 2.0, 5.0]),
    st.sampled_from([0.0, 0.0, 1.0, 3.0]),
)
# tag, step of time (negative: late), value, quality
SAMPLES = st.lists(
    st.tuples(
        st.integers(0, 2),
        st.sampled_from([0, 0, 0, 1, 1, 2, 5, -1]),
        st.integers(-8, 8),
        st.sampled_from([Quality.GOOD] * 6 + [Quality.BAD]),
    ),
    max_size=14,
)


@pytest.mark.proves("INV-30")
@settings(max_examples=300, deadline=None)
@given(RULES, st.lists(SAMPLES, max_size=6), st.integers(0, 8))
def test_the_columns_say_what_a_slow_judge_of_single_samples_says(rule, batches, quiet):
    plant = Plant(rule)
    tags = [plant.tag(f"T{i}") for i in range(3)]
    sides = [side for side, limits in (("high", (rule.h, rule.hh)), ("low", (rule.l, rule.ll))) if any(limits)]
    oracles = {(tag.handle, side): OneCondition(rule, side) for tag in tags for side in sides}
    newest, now = dict.fromkeys(range(3), -1), 0
    for batch in batches:
        rows = []
        for tag, forward, value, quality in batch:
            at = now + forward
            now = max(now, at)
            rows.append((tag, at, value, quality))
        if not rows:
            continue
        samples = batch_of(*((tags[tag], at, value) for tag, at, value, _quality in rows))
        samples.quality[:] = [quality for *_rest, quality in rows]
        plant.engine.on_samples(plant.tags.apply(samples))
        for tag, at, value, quality in rows:
            if at < newest[tag]:
                continue  # late: history only
            newest[tag] = at
            for side in sides:
                oracles[tag, side].sample(at, value, quality == Quality.GOOD)
        for oracle in oracles.values():
            oracle.advance(max(newest.values()))
    plant.pass_time(now + quiet)
    for oracle in oracles.values():
        oracle.advance(now + quiet)
    seen = {key: [] for key in oracles}
    for item in plant.engine.take_transitions():
        if item.kind != AlarmKind.LIMIT:
            continue
        tag = next(tag for tag in tags if tag.source.path() == item.subject)
        at_us = item.at_us - item.at_us % 1000  # what shares a time stamp is named some microseconds apart
        seen[tag.handle, item.side].append((f"{item.transition} {abs(item.severity)}", at_us))
    assert seen == {key: [(word, us(at)) for word, at in oracle.events] for key, oracle in oracles.items()}


def limit(**more) -> AlarmRule:
    return AlarmRule("r", "*", AlarmKind.LIMIT, **more)


def test_a_pulse_inside_one_batch_is_not_lost():
    plant = Plant(limit(h=90.0))
    tag = plant.tag()
    plant.send((tag, 0, 20.0), (tag, 1, 95.0), (tag, 2, 20.0))
    assert plant.logged() == ["raised", "returned"]
    assert plant.open(tag, "r", "high").start_us == us(1)


@pytest.mark.proves("ALARM-F7")
def test_a_pulse_shorter_than_its_on_delay_leaves_no_alarm_and_no_sound():
    plant = Plant(limit(h=90.0, on_delay_s=5.0))
    tag = plant.tag()
    plant.send((tag, 0, 95.0), (tag, 4.9, 20.0))
    plant.pass_time(60)
    assert plant.logged() == []
    assert plant.horn.snapshot().request == 0


@pytest.mark.proves("ALARM-F7")
def test_after_its_on_delay_the_alarm_starts_at_the_crossing_and_shows_the_highest_band_seen():
    plant = Plant(limit(h=90.0, hh=99.0, on_delay_s=5.0))
    tag = plant.tag()
    plant.send((tag, 0, 91.0), (tag, 1, 100.0), (tag, 2, 92.0))
    plant.pass_time(4.9)
    assert plant.logged() == []
    plant.pass_time(5)
    assert plant.open(tag, "r", "high").start_us == us(0)
    raised, softer = plant.engine.take_transitions()
    assert (raised.severity, softer.transition, softer.severity) == (2, "severity_down", 1)


@pytest.mark.proves("ALARM-F10")
def test_the_deadband_works_on_the_way_out_only():
    plant = Plant(limit(h=90.0, deadband=5.0))
    tag = plant.tag()
    plant.send((tag, 0, 89.9))
    assert plant.logged() == []
    plant.send((tag, 1, 90.0), (tag, 2, 85.0))
    assert plant.logged() == ["raised"]
    plant.send((tag, 3, 84.9))
    assert plant.logged() == ["returned"]


@pytest.mark.proves("ALARM-F8")
def test_a_new_crossing_within_the_off_delay_is_the_same_occurrence_without_a_sound():
    plant = Plant(limit(h=90.0, off_delay_s=10.0))
    tag = plant.tag()
    plant.send((tag, 0, 95.0), (tag, 1, 20.0), (tag, 9, 95.0), (tag, 10, 20.0))
    plant.pass_time(19.9)
    assert plant.logged() == ["raised"]
    assert plant.horn.snapshot().request == 1
    plant.pass_time(20)
    assert plant.logged() == ["returned"]


@pytest.mark.proves("ALARM-F8")
def test_an_acknowledgement_during_the_off_delay_counts():
    plant = Plant(limit(h=90.0, off_delay_s=10.0))
    tag = plant.tag()
    plant.send((tag, 0, 95.0), (tag, 1, 20.0))
    plant.acknowledge(plant.open(tag, "r", "high"), 5)
    plant.pass_time(30)
    assert plant.logged() == ["raised", "acknowledged", "returned", "closed"]


def test_a_low_limit_is_a_condition_of_its_own():
    plant = Plant(limit(h=90.0, l=10.0, ll=5.0))
    tag = plant.tag()
    plant.send((tag, 0, 4.0), (tag, 1, 95.0))
    high, low = plant.open(tag, "r", "high"), plant.open(tag, "r", "low")
    assert (high.start_us, low.start_us) == (us(1), us(0))
    assert {item.severity for item in plant.engine.take_transitions() if item.transition == "raised"} == {-2, 1}


def test_a_delay_that_waits_when_the_value_goes_bad_starts_anew_with_the_next_good_sample():
    plant = Plant(limit(h=90.0, on_delay_s=5.0))
    tag = plant.tag()
    plant.at(tag, 0, 95.0)
    plant.at(tag, 3, 0.0, quality=Quality.BAD)
    plant.pass_time(20)
    assert plant.open(tag, "r", "high") is None
    plant.at(tag, 21, 95.0)
    plant.pass_time(27)
    assert plant.open(tag, "r", "high").start_us == us(21)


def test_ten_thousand_oscillating_samples_of_one_tag_in_one_message_are_all_judged():
    plant = Plant(limit(h=50.0))
    tag = plant.tag()
    plant.send(*((tag, i / 1000, 100.0 * (i % 2)) for i in range(2000)))
    assert plant.logged().count("raised") == 1000
