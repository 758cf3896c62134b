"""Every way to acknowledge meets every transition of the alarm, and what ends, ends whole (ALARM-T11)."""

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any

import pytest

from console.domain.acknowledgements import AckInterval, TakenBack
from console.domain.alarm_classes import AlarmClass, AlarmSettings
from console.domain.alarms import AlarmKind, AlarmRule, AlarmState, Occurrence, Priority
from console.domain.quality import Quality
from tests.support.alarm_plant import condition_of, us
from tests.support.flag_plant import FlagPlant

RULE = AlarmRule("hot", "*/Temp", AlarmKind.LIMIT, hh=95.0, h=90.0, priority=Priority.HIGH, text="Hot")
SETTINGS = AlarmSettings({"trip": AlarmClass("trip", is_latching=True), "slow": AlarmClass("slow", realarm_s=600)})
A, B, C, D, E, F = AlarmState
H, HH, FINE = 92.0, 97.0, 20.0
BEGIN, GIVEN, THEN = 10, 20, 30  # seconds: the alarm, its acknowledgement, the transition


class Story:
    """Two alarms of one rule; the first meets the transition, the second shows that nothing else was touched."""

    def __init__(self, alarm_class: str, value: float) -> None:
        rule = replace(RULE, alarm_class=alarm_class)
        self.rule, self.value = rule, value
        self.plant = FlagPlant(rule, settings=SETTINGS)
        self.tag, self.other = self.plant.tag("Temp", "Press"), self.plant.tag("Temp", "Pump")
        self.hot, self.beside = condition_of(self.tag, "hot", "high"), condition_of(self.other, "hot", "high")
        self.now = float(BEGIN)

    def begin(self) -> None:
        self.plant.send((self.tag, BEGIN, self.value), (self.other, BEGIN, self.value))
        self.pass_time(BEGIN + 1)

    def pass_time(self, second: float) -> None:
        self.now = second
        self.plant.pass_time(second)

    def row(self) -> int:
        condition = self.plant.engine.condition(self.hot)
        assert condition is not None
        return condition.row

    def occurrence(self) -> Occurrence:
        found = self.plant.engine.open_occurrence(self.hot)
        assert found is not None
        return found

    def give(self, start: int, through: int, *, comment: str = "", who: str = "Eva", at: float = GIVEN) -> bytes:
        by = self.plant.event()
        interval = AckInterval(self.plant.hlc(at), by, start, through, who, comment)
        self.plant.engine.acknowledging.apply(self.hot, interval, us(at))
        return by

    def seen(self) -> tuple[int, int]:
        occurrence = self.occurrence()
        return occurrence.start_us, self.plant.engine.seen_through_us(occurrence, us(GIVEN))


def single(story: Story) -> None:
    story.begin()
    story.give(*story.seen())


def page(story: Story) -> None:
    story.begin()
    for one in (story.plant.open(story.tag, "hot", "high"), story.plant.open(story.other, "hot", "high")):
        story.plant.acknowledge(one, GIVEN)


def commented(story: Story) -> None:
    story.begin()
    story.give(*story.seen(), comment="pump is off")


def signed(story: Story) -> None:
    """A signature is kept with the event; the alarm hears the same words."""
    story.begin()
    story.give(*story.seen(), comment="seen on site", who="Olga")


def elsewhere(story: Story) -> None:
    """The other console saw the same sample; its act arrives late, and twice."""
    story.begin()
    story.pass_time(GIVEN + 5)
    interval = AckInterval(story.plant.hlc(GIVEN), b"there" * 7, *story.seen(), "Udo")
    for _ in range(2):
        story.plant.engine.acknowledging.apply(story.hot, interval, us(GIVEN + 5))


def early(story: Story) -> None:
    """The act is faster than the samples it is about."""
    story.give(us(BEGIN), us(BEGIN), at=BEGIN)
    story.begin()


def older(story: Story) -> None:
    """It is about what came before: another occurrence, which is over."""
    story.plant.send((story.tag, 1, story.value))
    start = story.occurrence().start_us
    story.plant.send((story.tag, 2, FINE))
    story.begin()
    story.give(start, us(3))


def taken_back(story: Story) -> None:
    story.begin()
    start, through = story.seen()
    by = story.give(start, through)
    act = TakenBack(story.plant.hlc(GIVEN + 1), story.plant.event(), start, through, frozenset({by}))
    story.plant.engine.acknowledging.take_back(story.hot, act, "Udo", us(GIVEN + 1))


ACKNOWLEDGED: dict[str, Callable[[Story], None]] = {
    "single": single, "page": page, "comment": commented, "signed": signed, "elsewhere": elsewhere, "early": early,
}  # fmt: skip
STILL_OWED: dict[str, Callable[[Story], None]] = {"older": older, "taken back": taken_back}


def returns(story: Story) -> None:
    story.plant.send((story.tag, THEN, FINE))


def rises(story: Story) -> None:
    story.plant.send((story.tag, THEN, HH))


def falls(story: Story) -> None:
    story.plant.send((story.tag, THEN, H))


def comes_again(story: Story) -> None:
    story.plant.send((story.tag, THEN, FINE))
    story.plant.send((story.tag, THEN + 5, story.value))


def runs_out(story: Story) -> None:
    story.pass_time(THEN)
    story.pass_time(GIVEN + 700)
    story.pass_time(GIVEN + 702)


def goes_bad(story: Story) -> None:
    story.plant.at(story.tag, THEN, FINE, quality=Quality.BAD)
    story.pass_time(THEN + 60)


def retires(story: Story) -> None:
    story.plant.engine.set_rules([], us(THEN))


def is_edited(story: Story) -> None:
    edited = replace(story.rule, text="Very hot")
    story.plant.engine.set_rules([edited], us(THEN))


def leaves_its_shelf(story: Story) -> None:
    story.plant.shelve(story.hot, THEN, 60)
    story.pass_time(THEN + 61)


@dataclass(frozen=True)
class Way:
    """What happens, and what the alarm is then: when it was acknowledged, and when it was not."""

    act: Callable[[Story], None]
    acknowledged: AlarmState
    owed: AlarmState
    alarm_class: str = ""
    value: float = H
    sounds: bool = False  # although it was acknowledged


TRANSITIONS = {
    "returns": Way(returns, A, D),
    "returns and latches": Way(returns, F, E, "trip"),
    "gets worse": Way(rises, B, B, sounds=True),
    "gets better": Way(falls, C, B, value=HH),
    "comes again": Way(comes_again, B, B, sounds=True),
    "latches and comes again": Way(comes_again, B, B, "trip", sounds=True),
    "runs out": Way(runs_out, B, B, "slow", sounds=True),
    "goes bad": Way(goes_bad, C, B),
    "retires": Way(retires, A, A),
    "is edited": Way(is_edited, C, B),
    "leaves its shelf": Way(leaves_its_shelf, B, B, sounds=True),
}


def the_end(story: Story) -> None:
    """Everything returns, is acknowledged and reset: nothing of anything is left."""
    plant, now = story.plant, max(story.now, 1000.0)
    for tag in (story.tag, story.other):
        plant.send((tag, now, FINE))
    plant.pass_time(now + 60)
    for condition in plant.engine.snapshot().conditions:  # a bad value has made an alarm of its own
        while (found := plant.engine.open_occurrence(condition.condition_id)) is not None:  # older ones come back
            plant.acknowledge(found, now + 61)
            plant.reset(found, now + 62)
    assert (plant.state(story.hot), plant.state(story.beside), plant.sounds) == (A, A, False)
    counts = plant.engine.counts()
    assert (sum(counts.active), sum(counts.unacknowledged), counts.top_row) == (0, 0, -1)
    assert plant.engine.snapshot().acked_by == {}


def told(story: Story) -> dict[str, Any]:
    """What every list shows beside the alarm."""
    snapshot = story.plant.engine.snapshot()
    return {"who": snapshot.acked_by.get(story.row(), ""), "note": snapshot.notes.get(story.row(), "")}


@pytest.mark.proves("ALARM-T11")
@pytest.mark.parametrize("what", TRANSITIONS)
@pytest.mark.parametrize("way", ACKNOWLEDGED)
def test_what_was_acknowledged_stays_so_or_waits_again_as_a_whole(way, what):
    happens = TRANSITIONS[what]
    story = Story(happens.alarm_class, happens.value)
    ACKNOWLEDGED[way](story)
    assert (story.plant.state(story.hot), bool(told(story)["who"])) == (C, True)
    beside = story.plant.state(story.beside)
    before = story.plant.horn.snapshot().request
    happens.act(story)
    after = story.plant.state(story.hot)
    assert after is happens.acknowledged
    assert story.plant.horn.is_sounding(story.row()) is happens.sounds
    is_heard = happens.sounds or what == "goes bad"  # the bad value is an alarm of its own beside this one
    assert (story.plant.horn.snapshot().request > before) is is_heard
    assert bool(told(story)["who"]) == (after in (C, F)), "who acknowledged is shown exactly while that holds"
    if what.endswith("comes again"):
        assert told(story)["note"] == "", "words belong to the occurrence they were said of"
    if what not in ("retires", "runs out", "is edited"):
        assert story.plant.state(story.beside) is beside
    the_end(story)


@pytest.mark.proves("ALARM-T11")
@pytest.mark.parametrize("what", TRANSITIONS)
@pytest.mark.parametrize("way", STILL_OWED)
def test_what_was_not_acknowledged_after_all_is_never_taken_for_it(way, what):
    happens = TRANSITIONS[what]
    story = Story(happens.alarm_class, happens.value)
    STILL_OWED[way](story)
    assert (story.plant.state(story.hot), told(story)["who"]) == (B, "")
    happens.act(story)
    assert (story.plant.state(story.hot), told(story)["who"]) == (happens.owed, "")
    the_end(story)


@pytest.mark.proves("ALARM-T11")
@pytest.mark.parametrize("way", [way for way in ACKNOWLEDGED if way != "early"])
def test_an_acknowledgement_after_the_return_closes_it_however_it_was_given(way):
    story = Story("", H)
    begin = story.begin

    def begin_and_return() -> None:
        begin()
        story.plant.send((story.tag, BEGIN + 5, FINE))

    story.begin = begin_and_return  # type: ignore[method-assign]
    ACKNOWLEDGED[way](story)
    assert (story.plant.state(story.hot), told(story)["who"]) == (A, "")
    the_end(story)
