"""A burst is played in slices: nothing is lost, order holds per alarm, the urgent sound first, nobody acknowledges what
waits."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from console.domain.alarms import AlarmKind, AlarmRule, AlarmState, Priority
from console.domain.quality import Quality
from console.domain.tags import TagSource
from console.services.alarms import band_play
from console.services.alarms.annunciation import Annunciation
from console.services.alarms.engine import AlarmEngine
from tests.support.alarm_plant import SITE, STATION, FakeTags, batch_of, condition_of, us

RULES = (
    AlarmRule("mild", "*/Mild", AlarmKind.LIMIT, h=70.0, hh=90.0, deadband=1.0, priority=Priority.HIGH),
    AlarmRule("grave", "*/Grave", AlarmKind.LIMIT, h=70.0, deadband=1.0, priority=Priority.CRITICAL),
)


TAGS = 40


@pytest.fixture(scope="module", autouse=True)
def _small_bursts():
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(band_play, "AT_ONCE", 8)
        yield


class Sliced:
    """An engine whose every slice plays a few rows only."""

    def __init__(self, count: int, grave: int = 0) -> None:
        self.tags = FakeTags(count)
        self.horn = Annunciation()
        self.looks = 0.0
        self.engine = AlarmEngine(
            SITE, self.tags, RULES, station_id=STATION, annunciation=self.horn, elapsed=self._look
        )
        self.made = [
            self.tags.define(TagSource("p", "L", f"N{n // 50}", f"D{n}", "Grave" if n >= count - grave else "Mild"))
            for n in range(count)
        ]
        self.engine.on_tags(tuple(self.made))

    def _look(self) -> float:
        self.looks += 1.0  # every look at the clock finds the slice used up
        return self.looks

    def send(self, second: float, values: np.ndarray, quality: int = Quality.GOOD) -> None:
        samples = ((tag, second, float(value)) for tag, value in zip(self.made, values, strict=True))
        self.engine.on_samples(self.tags.apply(batch_of(*samples, quality=quality)))

    def turn(self, second: float) -> None:
        self.engine.tick(us(second), second)

    def story(self) -> dict[object, list[tuple[object, ...]]]:
        """By condition, what the log got, in order."""
        found: dict[object, list[tuple[object, ...]]] = {}
        for one in self.engine.take_transitions():
            row = (one.transition, one.start_us, one.n, one.at_us, one.severity, one.priority, one.value)
            found.setdefault(one.condition_id, []).append(row)
        return found

    def rows(self) -> list[tuple[object, ...]]:
        delta = self.engine.snapshot()
        columns = (delta.state, delta.severity, delta.start_us, delta.changed_us, delta.count, delta.uncertain)
        at = {row: n for n, row in enumerate(delta.rows.tolist())}
        return [
            (one.condition_id, *(column[at[one.row]] for column in columns))
            for one in sorted(delta.conditions, key=lambda one: str(one.condition_id))
            if one.row in at
        ]


@settings(max_examples=25, deadline=None)
@given(
    st.lists(st.tuples(st.integers(0, 2**32 - 1), st.integers(0, 3), st.booleans()), min_size=1, max_size=6),
)
def test_a_burst_in_slices_tells_of_each_alarm_what_the_same_burst_at_once_tells(steps):
    sliced, whole = Sliced(TAGS), Sliced(TAGS)
    for number, (seed, turns, is_trusted) in enumerate(steps):
        values = np.random.default_rng(seed).choice([20.0, 75.0, 95.0], TAGS)
        for one in (sliced, whole):
            one.send(number * 10, values, Quality.GOOD if is_trusted else Quality.UNCERTAIN)
        whole.engine.drain(us(number * 10))
        assert whole.engine.waiting == 0
        for _ in range(turns):
            sliced.turn(number * 10)
    while sliced.engine.waiting:
        sliced.turn(100.0)
    assert sliced.story() == whole.story()
    assert sliced.rows() == whole.rows()
    assert sliced.engine.counts().active == whole.engine.counts().active
    assert sliced.engine.counts().unacknowledged == whole.engine.counts().unacknowledged


@pytest.mark.proves("ALARM-T1")
def test_the_critical_alarms_of_a_burst_sound_with_the_first_slice_however_late_they_came():
    plant = Sliced(2_000, grave=3)
    plant.send(0, np.full(2_000, 75.0))
    assert plant.engine.waiting == 2_000
    plant.turn(0)
    assert plant.engine.waiting > 1_800
    assert plant.engine.counts().active[0] == 3
    assert plant.horn.snapshot().priority == Priority.CRITICAL
    assert plant.engine.counts().active[1:] != (0, 0, 0), "the rest of the slice goes to the others"


def test_a_tag_that_oscillates_ten_thousand_times_does_not_hold_up_a_critical_alarm():
    plant = Sliced(2, grave=1)
    mild, grave = plant.made
    many = ((mild, n / 1000, 95.0 * ((n + 1) % 2)) for n in range(10_000))
    plant.engine.on_samples(plant.tags.apply(batch_of(*many)))
    plant.engine.on_samples(plant.tags.apply(batch_of((grave, 10.0, 99.0))))
    plant.turn(10.0)
    assert plant.engine.open_occurrence(condition_of(grave, "grave", "high")) is not None
    assert plant.engine.waiting == 1
    plant.engine.drain(us(10.0))
    words = [row[0].value for row in plant.story()[condition_of(mild, "mild", "high")]]
    assert words.count("raised") == words.count("returned") == 5_000


@pytest.mark.proves("ALARM-F42")
def test_who_acknowledges_during_a_burst_has_not_seen_what_still_waits():
    plant = Sliced(TAGS)
    tag = plant.made[0]
    plant.send(0, np.full(TAGS, 75.0))
    plant.engine.drain(us(0))
    seen = plant.engine.open_occurrence(condition_of(tag, "mild", "high"))
    assert seen is not None and plant.engine.seen_through_us(seen, us(5)) == us(0)
    plant.send(1, np.full(TAGS, 20.0))
    plant.send(2, np.full(TAGS, 75.0))
    assert plant.engine.waiting
    assert plant.engine.seen_through_us(seen, us(5)) == us(1) - 1
    plant.engine.drain(us(5))
    assert plant.engine.open_occurrence(seen.condition_id).start_us == us(2)


def test_rules_that_change_during_a_burst_meet_every_alarm_of_it():
    plant = Sliced(TAGS)
    plant.send(0, np.full(TAGS, 75.0))
    plant.engine.set_rules(RULES[1:], us(1))
    assert plant.engine.waiting == 0
    story = plant.story()
    assert len(story) == TAGS
    assert {tuple(row[0].value for row in rows) for rows in story.values()} == {("raised", "retired")}
    assert plant.engine.counts().active == (0, 0, 0, 0)


def test_sources_that_are_lost_behind_a_burst_mark_the_alarms_that_it_brought():
    plant = Sliced(TAGS)
    plant.send(0, np.full(TAGS, 75.0))
    plant.send(1, np.full(TAGS, 75.0), Quality.UNCERTAIN)
    plant.engine.drain(us(1))
    delta = plant.engine.snapshot()
    assert delta.uncertain[delta.state == AlarmState.UNACKNOWLEDGED].sum() == TAGS
