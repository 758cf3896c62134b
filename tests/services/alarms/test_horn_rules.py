"""How the horn is heard in a burst, after a silence and while the plant is out of reach; a virtual clock, no device."""

from dataclasses import dataclass, field

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from console.domain.alarm_classes import AlarmClass, AlarmSettings, SoundRules
from console.domain.alarm_flags import hidden_by
from console.domain.alarms import AlarmKind, AlarmRule, Priority
from console.services.alarms.annunciation import LINK, MANY, PATTERNS, RECALL, Annunciation, Way
from console.services.records import AlarmCounts, HornState
from tests.support.alarm_plant import condition_of
from tests.support.flag_plant import FlagPlant

NAG_S = 900


@dataclass
class Desk:
    """A horn, the alarms it is told of, and time that goes on by hand (seconds)."""

    rules: SoundRules = field(default_factory=SoundRules)
    now_s: float = 0.0
    waiting: dict[int, int] = field(default_factory=dict)  # row -> priority, unacknowledged
    ways: dict[int, Way] = field(default_factory=dict)
    is_lost: bool = False
    step_s: float = 1.0

    def __post_init__(self):
        self.horn = Annunciation("desk", self.rules)
        self.horn.counts = self.counts
        self.horn.way_of = lambda row: self.ways.get(row, Way.USUAL)
        self.horn.is_link_lost = lambda: self.is_lost

    def counts(self):
        told = [sum(priority == wanted for priority in self.waiting.values()) for wanted in range(1, 5)]
        return AlarmCounts(tuple(told))

    @property
    def now_us(self):
        return round(self.now_s * 1e6)

    def alarm(self, row, priority=Priority.HIGH, way=Way.USUAL):
        self.waiting[row], self.ways[row] = priority, way
        self.horn.annunciate(row, priority, self.now_us)

    def end(self, row):
        self.waiting.pop(row, None)
        self.horn.end(row)

    def wait(self, seconds):
        """As the station's turn does, only coarser."""
        until = self.now_s + seconds
        while self.now_s < until:
            self.now_s += self.step_s
            self.horn.tick(self.now_us, self.now_s)

    def silence(self):
        self.horn.silence("desk", self.horn.newest_sounding_us())

    @property
    def heard(self):
        return self.horn.snapshot().pattern


@pytest.mark.proves("ALARM-F59")
def test_each_priority_has_its_own_sound_and_the_most_urgent_one_wins_until_it_is_silenced():
    desk = Desk()
    for row, priority in enumerate((Priority.LOW, Priority.MEDIUM, Priority.HIGH)):
        desk.alarm(row, priority)
        assert desk.heard == PATTERNS[priority]
    desk.wait(NAG_S * 2)
    assert desk.heard == "high"
    desk.silence()
    assert desk.heard == ""


@pytest.mark.proves("ALARM-F60")
def test_more_alarms_than_the_burst_rule_allows_are_one_sound_that_tells_how_many_and_how_urgent():
    desk = Desk(SoundRules(burst=3))
    for row in range(3):
        desk.alarm(row, Priority.MEDIUM)
    assert (desk.heard, desk.horn.snapshot().summary) == ("medium", 0)
    for row in range(3, 60):
        desk.alarm(row, Priority.MEDIUM)
    told = desk.horn.snapshot()
    assert (told.pattern, told.summary, told.priority) == (MANY + "medium", 60, Priority.MEDIUM)
    assert told.request == 4, "three sounds and one summary, not sixty sounds"
    desk.alarm(60, Priority.CRITICAL)
    urgent = desk.horn.snapshot()
    assert (urgent.pattern, urgent.request) == (MANY + "critical", told.request + 1)
    for row in range(58):
        desk.end(row)
    assert (desk.heard, desk.horn.snapshot().summary) == ("critical", 0)


@pytest.mark.proves("ALARM-F61")
def test_an_alarm_that_stands_out_is_heard_by_itself_in_a_burst_and_never_hides_a_more_urgent_one():
    desk = Desk()
    for row in range(10):
        desk.alarm(row, Priority.HIGH)
    before = desk.horn.snapshot().request
    desk.alarm(20, Priority.HIGH, Way.STANDS_OUT)
    same = desk.horn.snapshot()
    assert (same.pattern, same.request) == ("high", before + 1)
    desk.end(20)
    assert desk.heard == MANY + "high"
    desk.alarm(21, Priority.LOW, Way.STANDS_OUT)
    lower = desk.horn.snapshot()
    assert (lower.pattern, lower.first) == (MANY + "high", "low"), "once its own sound, then the more urgent ones"
    desk.alarm(22, Priority.CRITICAL)
    assert desk.horn.snapshot().first == ""


def test_alarms_that_stand_out_are_not_counted_as_a_burst():
    desk = Desk()
    for row in range(10):
        desk.alarm(row, Priority.HIGH, Way.STANDS_OUT)
    assert (desk.heard, desk.horn.snapshot().summary) == ("high", 0)


@pytest.mark.proves("ALARM-F62")
def test_what_nobody_acknowledged_is_recalled_after_every_quarter_of_an_hour_of_quiet_and_can_be_silenced_again():
    desk = Desk(SoundRules(nag_s=NAG_S))
    desk.alarm(1, Priority.MEDIUM)
    desk.silence()
    for _ in range(3):
        desk.wait(NAG_S - 2)
        assert desk.horn.snapshot().state is HornState.SILENCED
        desk.wait(3)
        told = desk.horn.snapshot()
        assert (told.state, told.pattern, told.is_nag, told.priority) == (HornState.SOUNDING, RECALL, True, 3)
        desk.silence()
        assert desk.horn.snapshot().state is HornState.SILENCED
    desk.end(1)
    desk.wait(NAG_S * 3)
    assert desk.horn.snapshot().state is HornState.QUIET


@pytest.mark.proves("ALARM-F14", "ALARM-F62")
def test_what_was_known_before_a_restart_is_silent_at_first_and_recalled_like_the_rest():
    desk = Desk()
    desk.waiting[1] = Priority.HIGH
    desk.horn.restore(1)
    desk.wait(NAG_S - 2)
    assert desk.heard == ""
    desk.wait(4)
    assert desk.heard == RECALL


def test_a_recall_ends_with_the_acknowledgement_and_gives_way_to_a_new_alarm():
    desk = Desk()
    desk.alarm(1, Priority.LOW)
    desk.silence()
    desk.wait(NAG_S + 2)
    desk.alarm(2, Priority.LOW)
    assert desk.heard == "low"
    desk.end(2)
    assert desk.heard == "", "the recall was answered by what came"
    desk.wait(NAG_S + 2)
    assert desk.heard == RECALL
    desk.end(1)
    assert desk.heard == ""


def test_a_site_without_recalls_is_not_nagged():
    desk = Desk(SoundRules(nag_s=0))
    desk.alarm(1)
    desk.silence()
    desk.wait(3 * NAG_S)
    assert desk.heard == ""


def test_a_silence_at_another_desk_ends_no_recall_here():
    desk = Desk()
    desk.alarm(1)
    desk.silence()
    desk.wait(NAG_S + 2)
    desk.horn.silence("hall", desk.now_us)
    assert desk.heard == RECALL


@pytest.mark.proves("ALARM-F65")
def test_a_lost_link_has_its_own_sound_and_is_said_again_until_it_is_back_acknowledged_or_not():
    desk = Desk(SoundRules(nag_s=NAG_S))
    desk.is_lost = True
    desk.alarm(1, Priority.CRITICAL, Way.LINK)
    assert desk.heard == LINK
    desk.end(1)  # somebody acknowledged the alarm
    assert desk.heard == ""
    for _ in range(2):
        desk.wait(NAG_S + 2)
        told = desk.horn.snapshot()
        assert (told.state, told.pattern, told.priority, told.is_nag) == (HornState.SOUNDING, LINK, 1, False)
        desk.silence()
        assert desk.heard == ""
    desk.wait(NAG_S + 2)
    desk.is_lost = False
    assert desk.heard == "", "it is back"
    desk.wait(3 * NAG_S)
    assert desk.heard == ""


def test_a_lost_link_is_said_again_also_where_a_site_wants_no_recalls():
    desk = Desk(SoundRules(nag_s=0), is_lost=True)
    desk.wait(NAG_S + 3)
    assert desk.heard == LINK


def test_a_critical_alarm_is_heard_before_a_lost_link():
    desk = Desk(is_lost=True)
    desk.alarm(1, Priority.CRITICAL, Way.LINK)
    desk.alarm(2, Priority.CRITICAL)
    assert desk.heard == "critical"


OPS = st.lists(
    st.one_of(
        st.tuples(st.just("alarm"), st.integers(0, 7), st.sampled_from(sorted(PATTERNS)), st.sampled_from(Way)),
        st.tuples(st.just("end"), st.integers(0, 7)),
        st.tuples(st.just("silence")),
        st.tuples(st.just("wait"), st.sampled_from((1, 60, NAG_S + 120))),
        st.tuples(st.just("link"), st.booleans()),
    ),
    max_size=25,
)


@pytest.mark.proves("ALARM-F59", "ALARM-F60", "ALARM-F62")
@settings(max_examples=100, deadline=None)
@given(OPS)
def test_something_sounds_exactly_while_something_is_neither_acknowledged_nor_silenced(ops):
    """`due`: rows not silenced since they were last heard or recalled; `quiet_s`: how long nothing was heard."""
    desk = Desk(SoundRules(nag_s=NAG_S), step_s=60.0)
    due: set[int] = set()
    recalled = link_said = False
    for op, *given_ in ops:
        if op == "alarm":
            desk.alarm(*given_)
            due.add(given_[0])
            recalled = False
            link_said = link_said and given_[2] is not Way.LINK  # the alarm itself says it
        elif op == "end":
            desk.end(*given_)
            due.discard(*given_)
        elif op == "silence":
            desk.silence()
            due.clear()
            recalled = link_said = False
        elif op == "link":
            (desk.is_lost,) = given_
            link_said = link_said and desk.is_lost
        else:
            desk.wait(*given_)
            recalled, link_said = RECALL in desk.horn._calls, LINK in desk.horn._calls  # what came by time
        recalled = recalled and bool(desk.waiting)
        told = desk.horn.snapshot()
        assert (told.state is HornState.SOUNDING) == bool(due or recalled or link_said)
        assert bool(told.pattern) == bool(told.priority)
        if due:
            assert told.priority == min(desk.waiting[row] for row in due)
        if told.summary:
            assert told.summary == len(desk.waiting)
            assert len(due) > desk.rules.burst
        if not told.pattern and (desk.waiting or desk.is_lost):
            desk.wait(2 * NAG_S)  # nothing unacknowledged stays unheard for ever
            told = desk.horn.snapshot()
            assert told.pattern in (RECALL, LINK)
            recalled, link_said = RECALL in desk.horn._calls, LINK in desk.horn._calls


HOT = AlarmRule("hot", "*/Temp*", AlarmKind.LIMIT, h=90.0, priority=Priority.HIGH, text="Too hot")
TRIP = AlarmRule("trip", "*/Trip", AlarmKind.LIMIT, h=90.0, priority=Priority.HIGH, alarm_class="trip", text="Tripped")
CLASSES = AlarmSettings({"trip": AlarmClass("trip", stands_out=True)}, sound=SoundRules(burst=2))


@pytest.mark.proves("ALARM-T16", "ALARM-T17", "ALARM-F64")
def test_the_number_that_the_horn_tells_is_that_of_banner_and_list_whatever_is_put_aside():
    plant = FlagPlant(HOT, settings=CLASSES)
    tags = [plant.tag(f"Temp{i}") for i in range(8)]
    plant.send(*((tag, 0, 95.0) for tag in tags))
    conditions = [condition_of(tag, "hot", "high") for tag in tags]
    plant.shelve(conditions[0], 1, 600)
    plant.take_out(conditions[1], 1)
    plant.suppress(conditions[2], 1)
    plant.acknowledge(plant.open(tags[3], "hot", "high"), 2)
    told, listed = plant.horn.snapshot(), plant.engine.snapshot()
    shown = [not hidden_by(int(flags)) for flags in listed.flags]
    waiting = sum(is_shown and state == 1 for is_shown, state in zip(shown, listed.state, strict=True))
    assert told.summary == waiting == sum(plant.engine.counts().unacknowledged) == 4
    plant.acknowledge(plant.open(tags[4], "hot", "high"), 3)
    plant.acknowledge(plant.open(tags[5], "hot", "high"), 3)
    assert (plant.horn.snapshot().pattern, plant.horn.snapshot().summary) == ("high", 0)


@pytest.mark.proves("ALARM-F61")
def test_the_class_of_an_alarm_says_whether_it_stands_out():
    plant = FlagPlant(HOT, TRIP, settings=CLASSES)
    plant.send(*((plant.tag(f"Temp{i}"), 0, 95.0) for i in range(4)))
    assert plant.horn.snapshot().pattern == MANY + "high"
    plant.send((plant.tag("Trip"), 1, 95.0))
    assert plant.horn.snapshot().pattern == "high"


@pytest.mark.proves("ALARM-F65")
def test_the_engine_says_a_lost_broker_again_until_it_is_back_or_its_alarm_is_put_aside():
    plant = FlagPlant(settings=AlarmSettings(sound=SoundRules(nag_s=60)))

    def pass_minutes(begin, end):
        for second in range(begin, end):
            plant.pass_time(second)

    plant.link("lost", 0)
    assert plant.horn.snapshot().pattern == LINK
    (condition,) = plant.engine.snapshot().conditions
    plant.acknowledge(plant.engine.open_occurrence(condition.condition_id), 1)
    assert plant.horn.snapshot().pattern == ""
    pass_minutes(2, 66)
    assert plant.horn.snapshot().pattern == LINK
    plant.take_out(condition.condition_id, 66)
    assert plant.horn.snapshot().pattern == ""
    pass_minutes(67, 200)
    assert plant.horn.snapshot().pattern == ""
    plant.return_to_service(condition.condition_id, 201)
    assert plant.horn.snapshot().pattern == LINK
    plant.link("live", 202)
    assert plant.horn.snapshot().pattern == ""
