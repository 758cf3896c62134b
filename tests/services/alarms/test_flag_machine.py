"""Whatever people, rules and the plant do in whatever order: list, counts and horn agree, and flags are free."""

from collections.abc import Callable

import pysqlite3.dbapi2 as driver
import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule
from sqlalchemy import create_engine
from sqlalchemy.pool import StaticPool

from console.domain.alarm_classes import AlarmClass, AlarmSettings
from console.domain.alarm_flags import HIDING, AlarmFlag, hidden_by
from console.domain.alarms import ACTIVE_STATES, UNACKNOWLEDGED_STATES, AlarmKind, AlarmRule, AlarmState, Priority
from console.services.alarms import alarm_tables
from console.services.alarms.alarm_log import insert_transitions, load_open, returned_since
from console.services.records import HornState
from tests.support.alarm_plant import condition_of, us
from tests.support.flag_plant import FlagPlant

HOT = AlarmRule("hot", "*/Temp", AlarmKind.LIMIT, hh=95.0, h=90.0, priority=Priority.HIGH, text="Too hot")
TRIP = AlarmRule("trip", "*/Temp", AlarmKind.LIMIT, h=93.0, alarm_class="trip", text="Tripped")
SETTINGS = AlarmSettings({"trip": AlarmClass("trip", is_latching=True, realarm_s=300)})
WHICH = st.integers(0, 3)
PERSISTENT = AlarmFlag.SHELVED | AlarmFlag.OUT_OF_SERVICE | AlarmFlag.REALARMED | AlarmFlag.OWNED


class FlagMachine(RuleBasedStateMachine):
    """Two tags with two rules each, a station that restarts, and a shadow of it that knows no flags."""

    def __init__(self) -> None:
        super().__init__()
        self.now = 0.0
        self.events = 0
        self.journal: list[Callable[[FlagPlant], object]] = []
        self.values = [20.0, 20.0]
        self.suppressed: set[int] = set()
        self.log = create_engine("sqlite://", module=driver, poolclass=StaticPool)
        alarm_tables.metadata.create_all(self.log)

    @initialize()
    def build(self) -> None:
        self.plant, self.tags = self.new_plant()
        self.shadow, self.shadow_tags = self.new_plant()
        self.conditions = [condition_of(tag, one, "high") for tag in self.tags for one in ("hot", "trip")]

    def teardown(self) -> None:
        self.log.dispose()

    def new_plant(self):
        plant = FlagPlant(HOT, TRIP, settings=SETTINGS)
        return plant, [plant.tag("Temp", device) for device in ("Press", "Pump")]

    def pass_on(self, seconds: float) -> None:
        self.now += seconds
        shelves = {one: self.plant.engine.shelves.in_force(one) for one in self.conditions}
        for plant in (self.plant, self.shadow):
            plant.pass_time(self.now)
        for one, shelf in shelves.items():
            if shelf is not None and shelf.until_us <= us(self.now) and not self.plant.flags(one) & HIDING:
                if self.plant.state(one) is AlarmState.UNACKNOWLEDGED:
                    assert self.sounds(one)
                elif self.plant.state(one) is AlarmState.ACKNOWLEDGED:  # by somebody who knew of the shelf
                    given = self.plant.engine.acknowledgements_of(self.plant.engine.open_occurrence(one))
                    assert any(ack.hlc > shelf.hlc for ack in given)

    def sounds(self, condition_id) -> bool:
        return self.plant.horn.is_sounding(self.plant.engine._book.row_of(condition_id))

    def is_announced(self, condition_id) -> bool:
        """It is in the list again: what is active waits, and sounds."""
        if self.plant.flags(condition_id) & HIDING or self.plant.state(condition_id) not in ACTIVE_STATES:
            return True
        return self.plant.state(condition_id) is AlarmState.UNACKNOWLEDGED and self.sounds(condition_id)

    def event(self) -> bytes:
        """A hash that no plant gives itself."""
        self.events += 1
        return (1_000_000 + self.events).to_bytes(4, "big") * 8

    def write_down(self, act: Callable[[FlagPlant], object]) -> None:
        self.journal.append(act)
        act(self.plant)

    # -- what happens ------------------------------------------------------------------------------------------------

    @rule(which=st.integers(0, 1), value=st.sampled_from([20.0, 91.0, 94.0, 97.0]))
    def the_plant_reports(self, which: int, value: float) -> None:
        self.pass_on(1)
        self.values[which] = value
        self.plant.send((self.tags[which], self.now, value))
        self.shadow.send((self.shadow_tags[which], self.now, value))

    @rule(seconds=st.sampled_from([2, 30, 61, 299, 400]))
    def time_passes(self, seconds: int) -> None:
        self.pass_on(seconds)

    @rule(which=WHICH)
    def somebody_acknowledges(self, which: int) -> None:
        self.pass_on(1)
        occurrence = self.plant.engine.open_occurrence(self.conditions[which])
        if occurrence is None:
            return
        reach, by, at = self.plant.engine.seen_through_us(occurrence, us(self.now)), self.event(), self.now

        def act(plant: FlagPlant) -> None:
            plant.acknowledged(
                occurrence.condition_id, occurrence.start_us, reach, "Eva", us(at), by=by, hlc=plant.hlc(at)
            )

        self.write_down(act)
        act(self.shadow)

    @rule(which=WHICH, lasts=st.sampled_from([30, 60, 400]), one_shot=st.booleans())
    def somebody_shelves(self, which: int, lasts: int, one_shot: bool) -> None:
        self.pass_on(1)
        condition_id, at, by = self.conditions[which], self.now, self.event()
        before = self.plant.flags(condition_id), self.plant.state(condition_id)
        self.write_down(lambda plant: plant.shelve(condition_id, at, lasts, one_shot=one_shot, by=by, now=self.now))
        assert self.plant.flags(condition_id) == before[0] | AlarmFlag.SHELVED
        assert self.plant.state(condition_id) is before[1]

    @rule(which=WHICH)
    def somebody_unshelves(self, which: int) -> None:
        self.pass_on(1)
        condition_id, at = self.conditions[which], self.now
        if not self.plant.engine.is_shelved(condition_id):
            return
        before = self.plant.flags(condition_id), self.plant.state(condition_id)
        self.write_down(lambda plant: plant.unshelve(condition_id, at))
        assert self.plant.flags(condition_id) == before[0] & ~AlarmFlag.SHELVED
        assert self.plant.state(condition_id) is before[1]  # by hand keeps the acknowledgement

    @rule(which=WHICH)
    def maintenance_begins_or_ends(self, which: int) -> None:
        self.pass_on(1)
        condition_id, at = self.conditions[which], self.now
        before = self.plant.flags(condition_id)
        is_out = self.plant.engine.is_out_of_service(condition_id)
        if is_out:
            self.write_down(lambda plant: plant.return_to_service(condition_id, at))
        else:
            self.write_down(lambda plant: plant.take_out(condition_id, at))
        assert self.plant.flags(condition_id) & HIDING == (before ^ AlarmFlag.OUT_OF_SERVICE) & HIDING
        assert not is_out or self.is_announced(condition_id)

    @rule(which=WHICH)
    def a_rule_suppresses_or_lets_go(self, which: int) -> None:
        self.pass_on(1)
        condition_id = self.conditions[which]
        before = self.plant.flags(condition_id)
        if which in self.suppressed:
            self.plant.release(condition_id, self.now)
            assert self.is_announced(condition_id)
        else:
            self.plant.suppress(condition_id, self.now)
        self.suppressed ^= {which}
        assert self.plant.flags(condition_id) & HIDING == (before ^ AlarmFlag.SUPPRESSED) & HIDING

    @rule(which=WHICH)
    def somebody_resets(self, which: int) -> None:
        self.pass_on(1)
        occurrence, at = self.plant.engine.open_occurrence(self.conditions[which]), self.now
        if occurrence is not None and not self.plant.engine.why_no_reset(occurrence):
            self.write_down(lambda plant: plant.reset(occurrence, at))
            assert self.plant.state(occurrence.condition_id) is AlarmState.NORMAL

    @rule(which=WHICH, leaves=st.booleans())
    def somebody_takes_or_leaves_it(self, which: int, leaves: bool) -> None:
        self.pass_on(1)
        occurrence, at = self.plant.engine.open_occurrence(self.conditions[which]), self.now
        if occurrence is not None:
            before = self.plant.state(occurrence.condition_id)
            self.write_down(lambda plant: (plant.leave if leaves else plant.take)(occurrence, at))
            assert self.plant.state(occurrence.condition_id) is before

    @precondition(lambda self: not self.suppressed)
    @rule()
    def the_station_restarts(self) -> None:
        """Everything is as it was, and nothing sounds by it."""
        with self.log.begin() as connection:
            insert_transitions(connection, self.plant.engine.take_transitions())
        before = self.picture()
        again = FlagPlant(HOT, TRIP, settings=SETTINGS)
        for act in self.journal:
            act(again)
        with self.log.begin() as connection:
            returned = returned_since(connection, again.engine.shelves.one_shots(us(self.now)))
            again.engine.restore(load_open(connection), us(self.now), returned)
        self.plant, self.tags = again, [again.tag("Temp", device) for device in ("Press", "Pump")]
        for tag, value in zip(self.tags, self.values, strict=True):
            again.send((tag, self.now, value))
        again.pass_time(self.now)
        assert self.picture() == before
        assert again.horn.snapshot().state is not HornState.SOUNDING

    def picture(self):
        rows = self.plant.engine._book.rows
        found = {}
        for one in self.conditions:
            row = self.plant.engine._book.row_of(one)
            state = AlarmState(int(rows.state[row]))
            start, annunciated = int(rows.start_us[row]), int(rows.annunciated_us[row])
            flags = int(rows.flags[row]) & int(PERSISTENT if state else PERSISTENT & HIDING)
            found[one] = (state, flags, *((start, annunciated) if state else ()))
        return found

    # -- what always holds -------------------------------------------------------------------------------------------

    @invariant()
    def counts_list_and_horn_say_the_same(self) -> None:
        snapshot, counts = self.plant.engine.snapshot(), self.plant.engine.counts()
        listed = dict.fromkeys(("unacknowledged", "active"), 0)
        aside = dict.fromkeys((AlarmFlag.SHELVED, AlarmFlag.OUT_OF_SERVICE, AlarmFlag.SUPPRESSED), 0)
        may_sound = set()
        for row, state, flags in zip(
            snapshot.rows.tolist(), snapshot.state.tolist(), snapshot.flags.tolist(), strict=True
        ):
            hidden = hidden_by(flags)
            if hidden is not None:
                aside[hidden] += 1
                assert {record.flag for record in snapshot.aside[row]} == {f for f in AlarmFlag if flags & HIDING & f}
                continue
            listed["unacknowledged"] += state in UNACKNOWLEDGED_STATES
            listed["active"] += state in ACTIVE_STATES
            if state == AlarmState.UNACKNOWLEDGED:
                may_sound.add(row)
        assert sum(counts.unacknowledged) == listed["unacknowledged"]
        assert sum(counts.active) == listed["active"]
        assert (counts.shelved, counts.out_of_service, counts.suppressed) == tuple(aside.values())
        assert (counts.top_row >= 0) == bool(listed["unacknowledged"])
        sounding = {row for row in range(8) if self.plant.horn.is_sounding(row)}
        assert sounding <= may_sound

    @invariant()
    def the_condition_itself_knows_nothing_of_flags(self) -> None:
        for condition_id in self.conditions:
            mine, other = (one.engine._book.rows.load(one.engine._book.row_of(condition_id)) for one in self.both())
            assert (mine.state in ACTIVE_STATES) == (other.state in ACTIVE_STATES)
            if mine.state in ACTIVE_STATES:
                assert (mine.start_us, mine.severity) == (other.start_us, other.severity)

    @invariant()
    def nothing_is_shelved_beyond_its_end(self) -> None:
        for condition_id in self.conditions:
            shelf = self.plant.engine.shelves.in_force(condition_id)
            assert bool(self.plant.flags(condition_id) & AlarmFlag.SHELVED) == (shelf is not None)
            assert shelf is None or shelf.until_us > us(self.now)

    def both(self) -> tuple[FlagPlant, FlagPlant]:
        return self.plant, self.shadow


FlagMachine.TestCase.settings = settings(
    max_examples=25, stateful_step_count=40, deadline=None, suppress_health_check=list(HealthCheck)
)


@pytest.mark.proves("ALARM-T17", "ALARM-F19", "ALARM-F22", "ALARM-F13")
class TestFlags(FlagMachine.TestCase):  # type: ignore[name-defined,misc]
    """Found by its name; the machine above is the test."""
