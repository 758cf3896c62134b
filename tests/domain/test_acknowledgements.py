"""Who has seen what: a set of intervals that is the same whatever arrives first, twice or late."""

from itertools import permutations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.stateful import Bundle, RuleBasedStateMachine, invariant, rule

from console.domain.acknowledgement import AHEAD_US
from console.domain.acknowledgements import AckInterval, AckSet, Occurred, TakenBack, interval_of, taken_back

MINUTE = 60_000_000
Act = AckInterval | TakenBack


@st.composite
def acts(draw: st.DrawFn) -> list[Act]:
    """Acknowledgements, and un-acknowledgements of some that were known."""
    made: list[Act] = []
    for n in range(draw(st.integers(1, 8))):
        by, hlc, start = bytes([n, 9]), draw(st.integers(0, 4)), draw(st.integers(0, 20))
        through = start + draw(st.integers(0, 20))
        given_before = [one.by for one in made if isinstance(one, AckInterval)]
        if given_before and draw(st.booleans()):
            named = draw(st.sets(st.sampled_from(given_before), min_size=1))
            made.append(TakenBack(hlc, by, start, through, frozenset(named)))
        else:
            made.append(AckInterval(hlc, by, start, through, draw(st.sampled_from(["eva", "ole"]))))
    return made


occurrences = st.builds(
    lambda start, rise, end: Occurred(start, start + rise, start + rise + end if end else 0),
    st.integers(0, 20),
    st.integers(0, 10),
    st.integers(0, 10),
)


def filled(made: list[Act]) -> AckSet:
    known = AckSet()
    for act in made:
        if isinstance(act, AckInterval):
            known.put(act)
        else:
            known.take_back(act)
    return known


def state(known: AckSet) -> set[Act]:
    return set(known)


@pytest.mark.proves("INV-5", "INV-11", "INV-29")
@given(acts(), occurrences, st.data())
def test_any_order_and_any_repetition_acknowledge_the_same_occurrences(made, occurred, data):
    shuffled = data.draw(st.permutations(made)) + data.draw(st.lists(st.sampled_from(made)))
    assert filled(shuffled).covering(occurred) == filled(made).covering(occurred)
    assert filled(shuffled).annunciated_us(occurred) == filled(made).annunciated_us(occurred)


@pytest.mark.proves("INV-11")
@given(acts(), acts(), acts(), occurrences)
def test_merging_is_commutative_associative_and_idempotent(one, two, three, occurred):
    def merged(*sets: list[Act]) -> AckSet:
        whole = AckSet()
        for part in sets:
            whole.merge(filled(part))
        return whole

    two = [_renamed(act, b"2") for act in two]
    three = [_renamed(act, b"3") for act in three]
    whole = merged(one, two, three)
    assert state(merged(three, one, two)) == state(whole)
    assert state(merged(one, two, three, two)) == state(whole)
    left = filled(one)
    left.merge(filled(two))
    left.merge(filled(three))
    assert state(left) == state(whole)
    assert left.covering(occurred) == whole.covering(occurred)


def _renamed(act: Act, prefix: bytes) -> Act:
    if isinstance(act, AckInterval):
        return AckInterval(act.hlc, prefix + act.by, act.start_us, act.seen_through_us, act.user_id)
    named = frozenset(prefix + one for one in act.named)
    return TakenBack(act.hlc, prefix + act.by, act.start_us, act.seen_through_us, named)


@pytest.mark.proves("INV-18")
@given(acts(), st.integers(1, 100))
def test_an_occurrence_that_starts_behind_everything_seen_is_unacknowledged(made, later):
    reach = max(act.seen_through_us for act in made)
    assert filled(made).covering(Occurred(reach + later, reach + later)) == ()


@pytest.mark.proves("INV-19", "P25")
@given(st.integers(-(10**15), 10**15), st.integers(-(10**16), 10**16))
def test_no_act_reaches_further_than_five_minutes_beyond_its_own_clock(wall_us, through_us):
    assert interval_of(b"a", 1, wall_us, 0, through_us).seen_through_us <= wall_us + AHEAD_US
    assert taken_back(b"a", 1, wall_us, 0, through_us, ()).seen_through_us <= wall_us + AHEAD_US


@pytest.mark.proves("INV-19", "INV-11")
def test_what_lies_ahead_of_the_clock_is_acknowledged_exactly_and_in_every_copy():
    """The clock of the one who acts was set back: he has seen the annunciation that he names, and nothing later."""
    ahead_us = 10 * AHEAD_US
    one = interval_of(b"a", 1, 0, ahead_us, ahead_us)
    mine, copy = filled([one]), AckSet()
    copy.merge(mine)
    for known in (mine, copy):
        assert known.covering(Occurred(ahead_us, ahead_us)) == (one,)
        assert known.covering(Occurred(ahead_us, ahead_us + 1)) == ()
        assert known.covering(Occurred(ahead_us - 1, ahead_us)) == ()
        assert known.covering(Occurred(0, AHEAD_US))  # so far it reaches like any other
        assert not known.covering(Occurred(0, AHEAD_US + 1))
    copy.take_back(TakenBack(2, b"b", ahead_us, AHEAD_US, frozenset({b"a"})))
    assert copy.covering(Occurred(ahead_us, ahead_us)) == ()
    mine.forget(AHEAD_US + 1)
    assert mine.is_empty
    assert mine.covering(Occurred(ahead_us, ahead_us)) == ()


@pytest.mark.proves("P21", "ALARM-F47")
def test_two_shift_leads_acknowledge_at_once_both_are_listed_and_the_first_is_shown():
    lena, lutz = AckInterval(7, b"\x02", 10, 30, "lena"), AckInterval(5, b"\x09", 10, 25, "lutz")
    for order in permutations([lena, lutz]):
        assert filled(list(order)).covering(Occurred(10, 10)) == (lutz, lena)


@pytest.mark.proves("P22", "ALARM-F47")
def test_an_acknowledgement_that_comes_before_its_occurrence_covers_it_when_it_appears():
    known = filled([AckInterval(1, b"\x01", 10, 30, "eva")])
    assert known.covering(Occurred(12, 12))
    assert known.covering(Occurred(12, 31)) == ()  # it got worse after it was seen


@pytest.mark.proves("P23", "ALARM-F3", "ALARM-F42")
def test_an_alarm_that_cleared_and_came_back_behind_the_acknowledgement_waits_again():
    known = filled([AckInterval(1, b"\x01", 10, 30, "eva")])
    assert known.covering(Occurred(10, 10, 28))
    assert known.covering(Occurred(35, 35)) == ()
    assert known.covering(Occurred(5, 5, 9)) == ()  # and what was over before anybody looked is not covered


def test_only_what_is_named_is_taken_back_and_a_concurrent_acknowledgement_stands():
    eva, ole = AckInterval(1, b"\x01", 10, 30, "eva"), AckInterval(2, b"\x02", 10, 31, "ole")
    back = TakenBack(3, b"\x03", 10, 30, frozenset({b"\x01"}))
    for order in permutations([eva, ole, back]):
        assert filled(list(order)).covering(Occurred(10, 10)) == (ole,)
    for order in permutations([eva, back]):
        assert filled(list(order)).covering(Occurred(10, 10)) == ()


def test_taking_back_annunciates_anew_so_that_who_saw_less_does_not_acknowledge_it():
    eva, less = AckInterval(1, b"\x01", 10, 30, "eva"), AckInterval(2, b"\x02", 10, 20, "ole")
    back = TakenBack(3, b"\x03", 10, 30, frozenset({b"\x01"}))
    known = filled([less, eva, back])
    assert known.covering(Occurred(10, 10)) == ()
    assert known.annunciated_us(Occurred(10, 10)) == 30
    assert known.annunciated_us(Occurred(40, 40)) == 40  # the next occurrence is its own


@given(acts(), st.integers(0, 40), st.data())
def test_forgetting_never_changes_what_covers_an_occurrence_that_is_still_ahead(made, before, data):
    occurred = Occurred(before + data.draw(st.integers(0, 9)), before + 9)
    known, whole = filled(made), filled(made)
    gone = known.forget(before)
    assert {*known, *gone} == set(whole)
    assert known.covering(occurred) == whole.covering(occurred)


class Stations(RuleBasedStateMachine):
    """Three consoles acknowledge, take back and meet in any order: who has met everybody agrees with everybody."""

    events = Bundle("events")

    def __init__(self) -> None:
        super().__init__()
        self.consoles = [AckSet(), AckSet(), AckSet()]
        self.n = 0

    def _by(self) -> bytes:
        self.n += 1
        return self.n.to_bytes(2, "big")

    @rule(target=events, at=st.integers(0, 2), start=st.integers(0, 9), length=st.integers(0, 9))
    def acknowledge(self, at, start, length):
        act = AckInterval(self.n, self._by(), start, start + length)
        assert self.consoles[at].put(act)
        assert not self.consoles[at].put(act)
        return act

    @rule(at=st.integers(0, 2), data=st.data())
    def take_back(self, at, data):
        named = [one for one in self.consoles[at].standing() if data.draw(st.booleans())]
        if named:
            reach = max(one.seen_through_us for one in named)
            hashes = frozenset(one.by for one in named)
            self.consoles[at].take_back(TakenBack(self.n, self._by(), named[0].start_us, reach, hashes))
            assert not hashes & {one.by for one in self.consoles[at].standing()}

    @rule(at=st.integers(0, 2), act=events)
    def arrives_alone(self, at, act):
        self.consoles[at].put(act)

    @rule(one=st.integers(0, 2), other=st.integers(0, 2))
    def meet(self, one, other):
        self.consoles[one].merge(self.consoles[other])

    @invariant()
    def who_has_met_everybody_agrees(self):
        copies = []
        for order in ((0, 1, 2), (2, 1, 0)):
            whole = AckSet()
            for place in order:
                whole.merge(self.consoles[place])
            copies.append(whole)
        assert set(copies[0]) == set(copies[1])
        assert copies[0].standing() == copies[1].standing()


Stations.TestCase.settings = settings(max_examples=40, stateful_step_count=20, deadline=None)
test_consoles_that_meet_agree = pytest.mark.proves("INV-7", "INV-9", "INV-11")(Stations.TestCase)
