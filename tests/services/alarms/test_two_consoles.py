"""Two consoles hear one stream with losses of their own: whoever acknowledges does so for both, and for what was seen.

Both know what an acknowledgement says at once; they may or may not tell each other what is open (`elsewhere`).
"""

from dataclasses import dataclass, field, replace
from uuid import UUID

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from console.domain.alarm_step import Transition
from console.domain.alarms import UNACKNOWLEDGED_STATES, AlarmKind, AlarmRule
from tests.support.alarm_plant import Plant, condition_of, us

FAST = AlarmRule("hot", "*/Temp", AlarmKind.LIMIT, h=1.0, deadband=0.3)
SLOW = AlarmRule("hot", "*/Temp", AlarmKind.LIMIT, h=1.0, deadband=0.3, on_delay_s=2.0, off_delay_s=2.0)
NORMAL, IN_DEADBAND, HIGH = 0.0, 0.8, 1.2
FOREVER = 2**62
Span = tuple[int, int]  # begins, ends: the end is not in it


@dataclass(frozen=True)
class There:
    condition_id: UUID
    start_us: int
    annunciated_us: int
    worst: int
    heard_us: int


@dataclass(frozen=True)
class Turn:
    """One second of the plant: its value, who hears it, and who then acknowledges what he has on the screen."""

    value: float
    heard: tuple[bool, bool] = (True, True)
    acts: tuple[bool, bool] = (False, False)


@dataclass
class Console:
    rule: AlarmRule
    station: UUID
    spans: dict[int, int] = field(default_factory=dict)  # start -> end of what is known here
    acknowledged: set[int] = field(default_factory=set)
    heard_us: int = 0

    def __post_init__(self) -> None:
        self.plant = Plant(self.rule)
        self.tag = self.plant.tag()
        self.condition_id = condition_of(self.tag, "hot", "high")

    def live(self, second: int, value: float, *, is_heard: bool) -> None:
        if is_heard:
            self.plant.send((self.tag, second, value))
            self.heard_us = us(second)
        self.plant.pass_time(second)
        self.note()

    def note(self) -> None:
        for one in self.plant.engine.take_transitions():
            if one.transition is Transition.RAISED:
                self.spans[one.start_us] = FOREVER
            elif one.transition is Transition.RETURNED:
                self.spans[one.start_us] = one.at_us
            elif one.transition is Transition.SUPERSEDED:  # it is a part of an older one
                del self.spans[one.start_us]
            elif one.transition is Transition.ACKNOWLEDGED:
                self.acknowledged.add(one.start_us)

    def meet(self, other: "Console", second: int, *, everything: bool) -> None:
        """The other one tells what is active there, if that changed or `everything` is asked for."""
        ours = other.plant.engine.elsewhere.ours(everything=everything)
        if ours is None:
            return
        there = [There(one[0], one[1], one[2], *one[5:]) for one in ours]
        self.plant.engine.elsewhere.told(other.station, there, us(second))
        self.note()

    def waiting(self) -> list[Span]:
        """What waits for acknowledgement here."""
        book = self.plant.engine._book
        row = book.row_of(self.condition_id)
        if row is None:
            return []
        current = book.rows.load(row)
        found = [*book.acknowledgements.older(row)]
        found += [current] if current.state in UNACKNOWLEDGED_STATES else []
        return [(one.start_us, one.returned_us or FOREVER) for one in found]


class Pair:
    """Two consoles of one position, and what anybody had on a screen when he acknowledged.

    `meet`: they tell each other what is open; `often`: in every second, not only when something changed.
    """

    def __init__(self, rule: AlarmRule, *, meet: bool, often: bool = True) -> None:
        self.both = Console(rule, UUID(int=1)), Console(rule, UUID(int=2))
        self.is_met = meet
        self.is_told_often = often
        self.seen: list[Span] = []

    def live(self, second: int, turn: Turn) -> None:
        one, other = self.both
        for console, is_heard in zip(self.both, turn.heard, strict=True):
            console.live(second, turn.value, is_heard=is_heard)
        if self.is_met:
            one.meet(other, second, everything=self.is_told_often)
            other.meet(one, second, everything=self.is_told_often)
            one.meet(other, second, everything=self.is_told_often)
        for console, does in zip(self.both, turn.acts, strict=True):
            if does:
                self.acknowledge(console, second)

    def acknowledge(self, at: Console, second: int) -> None:
        """What is current at this console and waits, as far as it is on the screen there."""
        occurrence = at.plant.engine.open_occurrence(at.condition_id)
        if occurrence is None or occurrence.start_us not in dict(at.waiting()):
            return
        reach = at.plant.engine.seen_through_us(occurrence, us(second))
        for console in self.both:
            console.plant.acknowledged(occurrence.condition_id, occurrence.start_us, reach, "Eva", us(second))
            console.note()
        start, end = occurrence.start_us, at.spans[occurrence.start_us]
        if end == FOREVER:
            end = max(start, at.heard_us) + 1
        self.seen.append((start, end))
        surely = min(end, us(second))  # more samples of this very instant may come
        for console in self.both:
            left = [one for one in console.waiting() if overlap(one, (start, max(surely, start + 1)))]
            assert not left, f"acknowledged was {(start, end)}, but {left} still waits"

    def nothing_unseen_is_acknowledged(self) -> None:
        for console in self.both:
            for start in console.acknowledged & console.spans.keys():
                whole = start, max(console.spans[start], start + 1)
                shares_stamp = any(start_seen == whole[1] for start_seen, _end in self.seen)  # and counts as one
                assert shares_stamp or any(overlap(whole, one) for one in self.seen), f"nobody has seen {whole}"


def overlap(one: Span, other: Span) -> bool:
    return one[0] < other[1] and other[0] < one[1]


BOTH, FIRST, SECOND, NOBODY = (True, True), (True, False), (False, True), (False, False)
LOSSES = st.sampled_from([BOTH] * 6 + [FIRST, SECOND, NOBODY])
TURNS = st.lists(
    st.builds(
        Turn,
        st.sampled_from([NORMAL, NORMAL, IN_DEADBAND, HIGH, HIGH]),
        LOSSES,
        st.sampled_from([NOBODY] * 6 + [FIRST, SECOND]),
    ),
    max_size=30,
)
LOST_PULSE = [  # the first console never hears of the second pulse, and acknowledges the first one
    Turn(HIGH), Turn(NORMAL), Turn(HIGH, SECOND), Turn(NORMAL), Turn(NORMAL), Turn(NORMAL, acts=FIRST),
]  # fmt: skip
LOST_RETURN = [  # to the second console two pulses are one, and it has seen both
    Turn(HIGH), Turn(NORMAL, FIRST), Turn(HIGH), Turn(NORMAL, FIRST, SECOND),
]  # fmt: skip
CUT_OFF = [  # the first console acknowledges, and then hears no more of the plant; the second one comes later
    Turn(HIGH, FIRST, acts=FIRST), Turn(NORMAL, SECOND), Turn(HIGH, SECOND),
]  # fmt: skip


@settings(max_examples=100, deadline=None)
@pytest.mark.proves("ALARM-T12", "INV-18", "INV-22")
@pytest.mark.parametrize("rule", [FAST, SLOW], ids=["at once", "with delays"])
@pytest.mark.parametrize(
    ("meet", "often"), [(True, True), (True, False), (False, False)], ids=["in touch", "told of news", "apart"]
)
@given(turns=TURNS)
@example(turns=LOST_PULSE)
@example(turns=LOST_RETURN)
@example(turns=CUT_OFF)
def test_who_acknowledges_at_one_console_does_so_at_both_and_never_for_what_nobody_saw(rule, meet, often, turns):
    pair = Pair(rule, meet=meet, often=often)
    for second, turn in enumerate(turns, 1):
        pair.live(second, turn)
        pair.nothing_unseen_is_acknowledged()


@pytest.mark.proves("ALARM-T12")
def test_a_pulse_that_only_the_other_console_heard_still_waits_there():
    pair = Pair(FAST, meet=False)
    for second, turn in enumerate(LOST_PULSE, 1):
        pair.live(second, turn)
    one, other = pair.both
    assert one.waiting() == []
    assert other.waiting() == [(us(3), us(4))]


@pytest.mark.proves("ALARM-T12")
def test_two_pulses_that_are_one_at_the_console_that_lost_the_return_are_both_acknowledged_there():
    pair = Pair(FAST, meet=False)
    for second, turn in enumerate(LOST_RETURN, 1):
        pair.live(second, turn)
    one, other = pair.both
    assert sorted(one.acknowledged) == [us(1), us(3)]
    assert sorted(other.acknowledged) == [us(1)]
    assert one.waiting() == other.waiting() == []


@pytest.mark.proves("ALARM-F3", "ALARM-F42")
def test_what_a_limit_that_is_put_back_finds_over_a_standing_value_is_not_what_was_acknowledged():
    """The acknowledgement reaches as far as the newest sample; the sample still stands when the limit comes back."""
    console = Console(FAST, UUID(int=1))
    console.live(1, HIGH, is_heard=True)
    console.live(3, HIGH, is_heard=True)
    console.live(4, HIGH, is_heard=False)
    occurrence = console.plant.engine.open_occurrence(console.condition_id)
    assert console.plant.engine.seen_through_us(occurrence, us(4)) == us(3)
    console.plant.acknowledge(occurrence, 4)
    console.plant.engine.set_rules([replace(FAST, h=2.0)], us(5))
    console.plant.engine.set_rules([FAST], us(6))
    assert [start for start, _end in console.waiting()] == [us(3) + 1]
