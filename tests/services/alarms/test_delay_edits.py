"""Delays are edited while entries and returns wait for them: a page's worth of rules beside the engine.

The delay counts from the crossing, whatever it is at the time; a pulse that ends before it
leaves nothing, a return that ends before it is none; an edit never makes a false return.
"""

from dataclasses import dataclass

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from console.domain.alarms import AlarmKind, AlarmRule, AlarmState
from tests.support.alarm_plant import Plant, condition_of, us

HIGH, FINE = 95.0, 20.0
DELAYS = st.sampled_from([0.0, 3.0, 10.0])
STEPS = st.one_of(
    st.tuples(st.just("value"), st.sampled_from([HIGH, FINE])),
    st.tuples(st.just("wait"), st.sampled_from([1, 2, 4, 12])),
    st.tuples(st.just("edit"), st.tuples(DELAYS, DELAYS)),
)


def rule(on_s: float, off_s: float) -> AlarmRule:
    return AlarmRule("hot", "*", AlarmKind.LIMIT, h=90.0, on_delay_s=on_s, off_delay_s=off_s)


@dataclass
class Page:
    """What the alarm is by the rules alone; nobody acknowledges anything here."""

    on_s: float
    off_s: float
    is_high: bool = False
    is_active: bool = False
    crossed: float = 0.0
    start: float | None = None
    ended: float = -1.0
    raised: int = 0

    @property
    def start_us(self) -> int:
        """Named a microsecond later where it begins in the very moment in which the one before ended."""
        assert self.start is not None
        return us(self.start) + (self.start == self.ended)

    def sample(self, is_high: bool, now: float) -> None:
        self.look(now)
        if is_high != self.is_high:
            self.is_high, self.crossed = is_high, now
        self.look(now)

    def look(self, now: float) -> None:
        if self.is_high == self.is_active or now < self.crossed + (self.on_s if self.is_high else self.off_s):
            return
        self.is_active = self.is_high
        if self.is_active:
            self.start, self.raised = self.crossed, self.raised + 1
        else:
            self.ended = now

    @property
    def state(self) -> AlarmState:
        if self.is_active:
            return AlarmState.UNACKNOWLEDGED
        return AlarmState.NORMAL if self.start is None else AlarmState.RETURNED_UNACKNOWLEDGED


@pytest.mark.proves("ALARM-F7", "ALARM-F8", "ALARM-F13", "ALARM-T19", "ALARM-T39")
@settings(max_examples=150, deadline=None)
@given(DELAYS, DELAYS, st.lists(STEPS, max_size=25))
def test_whatever_the_delays_are_edited_to_meanwhile_they_count_from_the_crossing(on_s, off_s, steps):
    page, now = Page(on_s, off_s), 0.0
    plant = Plant(rule(on_s, off_s))
    tag = plant.tag()
    hot = condition_of(tag, "hot", "high")
    plant.at(tag, now, FINE)
    words = []
    for what, how in steps:
        now += how if what == "wait" else 1
        plant.pass_time(now)
        page.look(now)
        if what == "value":
            plant.at(tag, now, how)
            page.sample(how == HIGH, now)
        elif what == "edit":
            plant.engine.set_rules([rule(*how)], us(now))
            page.on_s, page.off_s = how
            page.look(now)
        plant.engine.drain(us(now))
        assert plant.state(hot) is page.state
        words += plant.logged()
        assert words.count("raised") == page.raised
        if page.start is not None:
            assert plant.open(tag, "hot", "high").start_us == page.start_us
