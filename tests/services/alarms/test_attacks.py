"""Attacks on the alarm engine: a reference from the pages' tables beside it, and what it must never fall for."""

from collections.abc import Callable
from dataclasses import replace

import pysqlite3.dbapi2 as driver
import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule
from sqlalchemy import create_engine
from sqlalchemy.pool import StaticPool

from console.domain.alarm_classes import AlarmClass, AlarmSettings
from console.domain.alarm_flags import HIDING, AlarmFlag
from console.domain.alarm_step import Transition
from console.domain.alarms import AlarmKind, AlarmRule, Occurrence, Priority
from console.domain.quality import Quality
from console.services.alarms import alarm_tables
from console.services.alarms.alarm_log import insert_transitions, load_open, returned_since
from console.services.records import HornState
from tests.support.alarm_by_the_page import Paper, Shelf
from tests.support.alarm_plant import condition_of, us
from tests.support.flag_plant import FlagPlant

HOT = AlarmRule("hot", "*/Temp", AlarmKind.LIMIT, hh=95.0, h=90.0, deadband=2.0, priority=Priority.HIGH)
TRIP = AlarmRule("trip", "*/Temp", AlarmKind.LIMIT, h=93.0, alarm_class="trip")
REALARM_S = 300
SETTINGS = AlarmSettings({"trip": AlarmClass("trip", is_latching=True, realarm_s=REALARM_S)})
WHICH = st.integers(0, 3)  # condition: hot and trip of the first tag, then of the second
VALUES = st.sampled_from([20.0, 87.5, 89.0, 91.0, 92.5, 94.0, 97.0])
NAMES = ("hot", "trip")
ONCE = (Transition.RAISED, Transition.RETURNED, Transition.CLOSED, Transition.RETIRED)


class AttackMachine(RuleBasedStateMachine):
    """The engine and the paper live through the same hours."""

    def __init__(self) -> None:
        super().__init__()
        self.now = 0.0
        self.events = 0
        self.journal: list[Callable[[FlagPlant], object]] = []
        self.rules = {"hot": HOT, "trip": TRIP}
        self.removed: set[str] = set()
        self.values = [20.0, 20.0]
        self.good = [True, True]
        self.seen: list = []
        self.log = create_engine("sqlite://", module=driver, poolclass=StaticPool)
        alarm_tables.metadata.create_all(self.log)

    @initialize()
    def build(self) -> None:
        self.papers = [Paper(90.0, 95.0, 2.0), Paper(93.0, latching=True, realarm=REALARM_S)]
        self.papers += [replace(one, older=[]) for one in self.papers]
        self.start_plant()
        self.conditions = [condition_of(tag, name, "high") for tag in self.tags for name in NAMES]
        self.told: dict = {}

    def teardown(self) -> None:
        self.log.dispose()

    def start_plant(self) -> None:
        self.plant = FlagPlant(*self.in_force(), settings=SETTINGS)
        self.told = {}

    def in_force(self) -> list[AlarmRule]:
        return [one for name, one in self.rules.items() if name not in self.removed]

    @property
    def tags(self):
        if not self.plant.tags.size:
            for device in ("Press", "Pump"):
                self.plant.tag("Temp", device)
        return [self.plant.tags.tag(i) for i in range(2)]

    def pass_on(self, seconds: float = 1) -> None:
        self.now += seconds
        self.plant.pass_time(self.now)
        for which, paper in enumerate(self.papers):
            paper.tick(self.now, self.good[which // 2])

    def event(self) -> bytes:
        self.events += 1
        return (1_000_000 + self.events).to_bytes(4, "big") * 8

    def write_down(self, act: Callable[[FlagPlant], object]) -> None:
        self.journal.append(act)
        act(self.plant)

    def report(self, tag: int, value: float, quality: int = Quality.GOOD) -> None:
        self.values[tag] = value
        self.good[tag] = quality == Quality.GOOD
        self.plant.at(self.tags[tag], self.now, value, quality)
        self.plant.engine.drain(us(self.now))

    # -- the plant ---------------------------------------------------------------------------------------------------

    @rule(tag=st.integers(0, 1), value=VALUES)
    def the_plant_reports(self, tag: int, value: float) -> None:
        self.pass_on()
        self.report(tag, value)
        for paper in self.papers[2 * tag : 2 * tag + 2]:
            paper.sample(value, self.now)

    @rule(tag=st.integers(0, 1), value=VALUES)
    def the_value_cannot_be_trusted(self, tag: int, value: float) -> None:
        self.pass_on()
        self.report(tag, value, Quality.BAD)

    @rule(seconds=st.sampled_from([2, 30, 61, 299, 400]))
    def time_passes(self, seconds: int) -> None:
        self.pass_on(seconds)

    @rule(tag=st.integers(0, 1), values=st.lists(VALUES, min_size=2, max_size=4))
    def samples_share_one_time_stamp(self, tag: int, values: list[float]) -> None:
        self.pass_on()
        for value in values:
            self.report(tag, value)
            for paper in self.papers[2 * tag : 2 * tag + 2]:
                paper.sample(value, self.now)

    # -- people ------------------------------------------------------------------------------------------------------

    def fact_ack(self, condition_id, start_us: int, reach_us: int) -> None:
        by, at = self.event(), self.now
        self.write_down(
            lambda plant: plant.acknowledged(condition_id, start_us, reach_us, "Eva", us(at), by=by, hlc=plant.hlc(at))
        )

    def current(self, which: int) -> Occurrence | None:
        return self.plant.engine.open_occurrence(self.conditions[which])

    @rule(which=WHICH, other_start=st.booleans())
    def somebody_acknowledges(self, which: int, other_start: bool) -> None:
        """`other_start`: another station knows the occurrence by an earlier beginning."""
        self.pass_on()
        occurrence = self.current(which)
        assert (occurrence is None) == (self.papers[which].letter == "A")
        if occurrence is not None:
            reach = self.plant.engine.seen_through_us(occurrence, us(self.now))
            start_us = occurrence.start_us - 1000 * other_start
            self.forget_touched(which, start_us, reach)
            self.fact_ack(occurrence.condition_id, start_us, reach)
            self.papers[which].acked(self.now)

    def older(self, which: int) -> tuple:
        row = self.plant.engine._book.row_of(self.conditions[which])
        return () if row is None else self.plant.engine._book.acknowledgements.older(row)

    def forget_touched(self, which: int, start_us: int, reach_us: int) -> None:
        """An interval may touch the ones before, where they share a time stamp."""
        older, paper = self.older(which), self.papers[which]
        assert len(older) == len(paper.older)
        touched = [one.annunciated_us <= reach_us and start_us <= one.returned_us for one in older]
        paper.older = [kept for kept, is_touched in zip(paper.older, touched, strict=True) if not is_touched]

    @rule(which=WHICH)
    def an_acknowledgement_of_an_older_occurrence_arrives(self, which: int) -> None:
        self.pass_on()
        older = self.older(which)
        assert len(older) == len(self.papers[which].older)
        if older:
            reach = max(older[-1].annunciated_us, older[-1].returned_us - 1)
            self.forget_touched(which, older[-1].start_us, reach)
            assert len(self.papers[which].older) < len(older)
            self.fact_ack(self.conditions[which], older[-1].start_us, reach)

    @rule(which=WHICH)
    def an_acknowledgement_is_faster_than_its_sample(self, which: int) -> None:
        self.pass_on()
        if self.papers[which].band or self.papers[which].removed:
            return
        self.fact_ack(self.conditions[which], us(self.now + 1), us(self.now + 1))
        self.pass_on()
        self.report(which // 2, 97.0)
        for i in (which - which % 2, which - which % 2 + 1):
            self.papers[i].sample(97.0, self.now, early_ack=i == which)
        if self.papers[which].letter == "C":
            self.papers[which].acked_at = self.now - 1  # when it was given, not when its alarm came

    @rule(which=WHICH)
    def somebody_takes_his_acknowledgement_back(self, which: int) -> None:
        self.pass_on()
        occurrence = self.current(which)
        if occurrence is None or self.papers[which].letter not in "CF":
            return
        given = self.plant.engine.acknowledgements_of(occurrence)
        named, reach, by, at = [one.by for one in given], max(one.seen_through_us for one in given), self.event(), 0
        at = self.now
        self.write_down(
            lambda plant: plant.taken_back(
                occurrence.condition_id, occurrence.start_us, reach, *named, by=by, now_us=us(at)
            )
        )
        self.papers[which].unacked()

    @rule(which=WHICH, lasts=st.sampled_from([30, 60, 400]), one_shot=st.booleans())
    def somebody_shelves_or_extends(self, which: int, lasts: int, one_shot: bool) -> None:
        self.pass_on()
        condition_id, at, by = self.conditions[which], self.now, self.event()
        self.write_down(lambda plant: plant.shelve(condition_id, at, lasts, one_shot=one_shot, by=by, now=self.now))
        self.papers[which].shelf = Shelf(self.now, self.now + lasts, one_shot)
        self.papers[which].hide()

    @rule(which=WHICH)
    def somebody_unshelves(self, which: int) -> None:
        self.pass_on()
        condition_id, at = self.conditions[which], self.now
        assert self.plant.engine.is_shelved(condition_id) == (self.papers[which].shelf is not None)
        if self.papers[which].shelf is not None:
            self.write_down(lambda plant: plant.unshelve(condition_id, at))
            self.papers[which].shelf = None

    @rule(which=WHICH)
    def maintenance_begins_or_ends(self, which: int) -> None:
        self.pass_on()
        condition_id, at, is_out = self.conditions[which], self.now, not self.papers[which].out
        if is_out:
            self.write_down(lambda plant: plant.take_out(condition_id, at))
        else:
            self.write_down(lambda plant: plant.return_to_service(condition_id, at))
        self.papers[which].service(is_out)

    @rule(which=WHICH)
    def a_rule_suppresses_or_lets_go(self, which: int) -> None:
        self.pass_on()
        is_on = not self.papers[which].suppressed
        (self.plant.suppress if is_on else self.plant.release)(self.conditions[which], self.now)
        self.papers[which].suppress(is_on)

    @rule(which=WHICH)
    def somebody_resets(self, which: int) -> None:
        """Early or late it is refused with a reason; what is latched and acknowledged closes."""
        self.pass_on()
        occurrence, at, paper = self.current(which), self.now, self.papers[which]
        if occurrence is None:
            return
        assert bool(self.plant.engine.why_no_reset(occurrence)) == (paper.letter != "F")
        if paper.letter == "F":
            self.write_down(lambda plant: plant.reset(occurrence, at))
            paper.reset()

    @rule()
    def somebody_silences_the_horn(self) -> None:
        self.pass_on()
        self.plant.horn.silence("desk", self.plant.horn.newest_sounding_us())
        for paper in self.papers:
            paper.sounds = False

    # -- administrators ----------------------------------------------------------------------------------------------

    def edit(self) -> None:
        self.plant.engine.set_rules(self.in_force(), us(self.now))
        self.plant.engine.drain(us(self.now))
        for which, paper in enumerate(self.papers):
            if self.good[which // 2]:
                paper.sample(self.values[which // 2], self.now)

    @rule(limit=st.sampled_from([90.0, 92.0, 94.5]), deadband=st.sampled_from([0.0, 2.0, 4.0]))
    def a_limit_is_edited(self, limit: float, deadband: float) -> None:
        self.pass_on()
        self.rules["hot"] = replace(HOT, h=limit, deadband=deadband)
        for paper in self.papers[::2]:
            paper.h, paper.deadband = limit, deadband
        self.edit()

    @rule(latching=st.booleans())
    def a_class_is_edited(self, latching: bool) -> None:
        self.pass_on()
        self.rules["trip"] = replace(TRIP, alarm_class="trip" if latching else "standard")
        for paper in self.papers[1::2]:
            paper.latching, paper.realarm = latching, REALARM_S * latching
        self.edit()

    @rule(name=st.sampled_from(NAMES))
    def a_rule_leaves_or_comes_back(self, name: str) -> None:
        self.pass_on()
        self.removed ^= {name}
        for paper in self.papers[NAMES.index(name) :: 2]:
            if name in self.removed:
                paper.retire()
            paper.removed = name in self.removed
        self.edit()

    @precondition(lambda self: all(self.good))
    @rule()
    def the_station_restarts(self) -> None:
        self.keep()
        self.start_plant()
        for act in self.journal:
            act(self.plant)
        with self.log.begin() as connection:
            returned = returned_since(connection, self.plant.engine.shelves.one_shots(us(self.now)))
            self.plant.engine.restore(load_open(connection), us(self.now), returned)
        for which, paper in enumerate(self.papers):
            paper.restart()
            if paper.suppressed:  # its rule is judged anew
                self.plant.suppress(self.conditions[which], self.now)
        for tag, value in enumerate(self.values):
            self.report(tag, value)
        self.plant.pass_time(self.now)
        assert self.plant.horn.snapshot().state is not HornState.SOUNDING

    # -- what always holds -------------------------------------------------------------------------------------------

    def keep(self) -> None:
        transitions = self.plant.engine.take_transitions()
        self.seen += [one for one in transitions if one.start_us]
        with self.log.begin() as connection:
            insert_transitions(connection, transitions)

    @invariant()
    def every_alarm_is_as_the_page_says(self) -> None:
        rows = self.plant.engine._book.rows
        for which, paper in enumerate(self.papers):
            row = self.plant.engine._book.row_of(self.conditions[which])
            if row is None:
                assert paper.removed
                continue
            assert "ABCDEF"[rows.state[row]] == paper.letter, which
            hiding = AlarmFlag.SHELVED * (paper.shelf is not None) | AlarmFlag.SUPPRESSED * paper.suppressed
            assert int(rows.flags[row]) & HIDING == hiding | AlarmFlag.OUT_OF_SERVICE * paper.out, which
            assert self.plant.horn.is_sounding(row) == paper.sounds, which
            if paper.letter in "BC":
                assert rows.severity[row] == paper.band

    @invariant()
    def the_counts_are_those_of_the_page(self) -> None:
        engine, snapshot = self.plant.engine, self.plant.engine.snapshot()
        mine = [engine._book.row_of(one) for one in self.conditions]
        listed = ["ABCDEF"[state] for row, state in zip(snapshot.rows, snapshot.state, strict=True) if row not in mine]
        listed += [paper.letter for paper in self.papers if not paper.hidden]
        assert sum(engine.counts().unacknowledged) == sum(letter in "BDE" for letter in listed)
        assert sum(engine.counts().active) == sum(letter in "BC" for letter in listed)

    @invariant()
    def the_log_says_everything_once(self) -> None:
        self.keep()
        keys = [(one.condition_id, one.start_us, one.transition, one.n) for one in self.seen]
        assert len(set(keys)) == len(keys)
        for condition_id, paper in zip(self.conditions, self.papers, strict=True):
            raised = [key for key in keys if key[0] == condition_id and key[2] is Transition.RAISED]
            assert len(raised) == paper.raised
        for key in keys:
            assert key[2] not in ONCE or key[3] == 0
        with self.log.begin() as connection:
            still_open = {(one.condition_id, one.start_us) for one in load_open(connection)}
        for condition_id, paper in zip(self.conditions, self.papers, strict=True):
            here = [start for one, start in still_open if one == condition_id]
            if not paper.removed:
                assert len(here) >= len(paper.older) + (paper.letter != "A")

    @invariant()
    def a_window_that_follows_the_deltas_shows_the_snapshot(self) -> None:
        delta = self.plant.engine.take_delta()
        if delta is not None:
            self.told.update(pictures(delta))
        shown = {row: what for row, what in self.told.items() if what[0] or what[1] & HIDING}
        assert shown == pictures(self.plant.engine.snapshot())


def pictures(delta) -> dict[int, tuple]:
    columns = (delta.state, delta.flags, delta.priority, delta.severity, delta.start_us, delta.annunciated_us)
    return {
        row: (*what, delta.acked_by.get(row))
        for row, *what in zip(delta.rows.tolist(), *(one.tolist() for one in columns), strict=True)
    }


AttackMachine.TestCase.settings = settings(
    max_examples=20,
    stateful_step_count=40,
    deadline=None,
    suppress_health_check=list(HealthCheck),
)


@pytest.mark.proves("ALARM-F1", "ALARM-F3", "ALARM-F4", "ALARM-F6", "ALARM-F13", "ALARM-F19", "ALARM-T16", "ALARM-T17")
class TestByThePage(AttackMachine.TestCase):  # type: ignore[name-defined,misc]
    """Found by its name; the machine above is the test."""
