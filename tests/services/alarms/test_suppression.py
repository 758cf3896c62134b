"""Suppression by design: what a plant state explains is hidden, still judged, and comes back when the state ends."""

from itertools import permutations

import pytest

from console.domain.alarm_classes import AlarmClass, AlarmSettings
from console.domain.alarm_flags import AlarmFlag
from console.domain.alarms import AlarmKind, AlarmRule, AlarmState
from console.domain.quality import Detail, Quality
from console.domain.suppressions import Suppression
from console.services.alarms.suppression import SuppressionByDesign
from tests.support.alarm_plant import Plant, batch_of, condition_of, us

STOPPED = "'Line/PLC1/Line/Running' = false"
LOW_FLOW = AlarmRule("flow", "*/Flow", AlarmKind.LIMIT, l=5.0)


class Stopping(Plant):
    """A plant whose engine is told by `SuppressionByDesign`, as the ingest tells both: suppression first."""

    def __init__(self, *rules: AlarmRule, suppressions: tuple[Suppression, ...] = ()) -> None:
        super().__init__(*rules)
        settings = AlarmSettings(classes={"safety": AlarmClass("safety")}, suppressions=suppressions)
        self.by_design = SuppressionByDesign(rules, settings, self.tags, self.engine)

    def tag(self, metric="Temp", device="Press", node="PLC1", **more):
        tag = super().tag(metric, device, node, **more)
        self.by_design.on_tags((tag,))
        return tag

    def send(self, *samples, **more):
        batch = self.tags.apply(batch_of(*samples, **more))
        self.by_design.on_samples(batch)
        self.engine.on_samples(batch)
        self.by_design.tick(int(batch.receive_us[-1]))

    def lose(self, tag, second):
        import numpy as np

        from console.services.telemetry.batch import QualityChanged

        handles = np.array([tag.handle], np.int32)
        self.tags.quality[handles] = Quality.STALE
        change = QualityChanged(handles, int(Quality.STALE), int(Detail.NODE_DEAD), us(second))
        self.by_design.on_quality(change)
        self.engine.on_quality(change)

    def flags_of(self, tag, rule_id, side=""):
        row = self.engine._book.row_of(condition_of(tag, rule_id, side))
        return AlarmFlag(int(self.engine._book.rows.flags[row]))

    def told(self, rule_id):
        return [(str(one.transition), one.at_us) for one in self.engine.take_transitions() if one.rule_id == rule_id]


def by_site(**more) -> Suppression:
    return Suppression("stopped", STOPPED, **{"alarms": ("Line/PLC1/*:flow",), **more})


@pytest.mark.proves("ALARM-F15", "ALARM-F21")
def test_an_alarm_that_the_plant_state_explains_is_silent_but_judged_and_logged():
    plant = Stopping(LOW_FLOW, suppressions=(by_site(),))
    running, flow = plant.tag("Running", device="Line"), plant.tag("Flow")
    plant.send((running, 0, 1.0), (flow, 0, 9.0))
    plant.send((flow, 10, 1.0), (running, 10, 0.0))  # both at once, and the alarm came first
    assert AlarmFlag.SUPPRESSED in plant.flags_of(flow, "flow", "low")
    assert plant.horn.snapshot().request == 0
    assert plant.state(condition_of(flow, "flow", "low")) is AlarmState.UNACKNOWLEDGED  # judged under the flag
    told = plant.told("flow")
    assert ("suppressed", us(10)) in told
    assert ("raised", us(10)) in told
    assert plant.engine.counts().suppressed == 1
    assert sum(plant.engine.counts().unacknowledged) == 0
    plant.send((running, 20, 1.0))
    assert plant.horn.snapshot().request == 1  # still low: it sounds once
    assert ("unsuppressed", us(20)) in plant.told("flow")


@pytest.mark.proves("ALARM-F21")
def test_what_began_and_ended_while_it_was_suppressed_is_in_the_log_alone():
    plant = Stopping(LOW_FLOW, suppressions=(by_site(),))
    running, flow = plant.tag("Running", device="Line"), plant.tag("Flow")
    plant.send((flow, 0, 9.0), (running, 1, 0.0), (flow, 2, 1.0), (flow, 3, 9.0), (running, 4, 1.0))
    words = [word for word, _at in plant.told("flow")]
    assert words[:4] == ["suppressed", "raised", "suppressed", "returned"]  # of the condition, then of the occurrence
    assert plant.horn.snapshot().request == 0
    assert plant.state(condition_of(flow, "flow", "low")) is AlarmState.NORMAL


@pytest.mark.proves("ALARM-F15")
def test_a_rule_names_a_state_of_its_own_device():
    plant = Stopping(AlarmRule("hot", "*/Temp", AlarmKind.LIMIT, h=90.0, suppress_when="'./State' = 0"))
    temps = {device: plant.tag(device=device) for device in ("A", "B")}
    states = {device: plant.tag("State", device=device) for device in ("A", "B")}
    plant.send((states["A"], 0, 0.0), (states["B"], 0, 1.0), (temps["A"], 1, 95.0), (temps["B"], 1, 95.0))
    assert AlarmFlag.SUPPRESSED in plant.flags_of(temps["A"], "hot", "high")
    assert not plant.flags_of(temps["B"], "hot", "high")
    assert plant.horn.snapshot().request == 1
    plant.send((states["A"], 5, 1.0))
    assert plant.horn.snapshot().request == 2


@pytest.mark.parametrize("quality", [Quality.UNCERTAIN, Quality.BAD])
def test_a_state_that_cannot_be_trusted_suppresses_nothing(quality):
    plant = Stopping(LOW_FLOW, suppressions=(by_site(),))
    running, flow = plant.tag("Running", device="Line"), plant.tag("Flow")
    plant.send((running, 0, 0.0), quality=quality)
    plant.send((flow, 1, 1.0))
    assert not plant.flags_of(flow, "flow", "low")
    assert plant.horn.snapshot().request == 1


def test_a_state_that_is_lost_lets_go_of_what_it_held():
    plant = Stopping(LOW_FLOW, suppressions=(by_site(),))
    running, flow = plant.tag("Running", device="Line"), plant.tag("Flow")
    plant.send((running, 0, 0.0), (flow, 1, 1.0))
    assert plant.horn.snapshot().request == 0
    plant.lose(running, 5)
    assert not plant.flags_of(flow, "flow", "low")
    assert plant.horn.snapshot().request == 1


def test_a_condition_that_becomes_known_later_is_suppressed_from_its_beginning():
    plant = Stopping(LOW_FLOW, suppressions=(by_site(),))
    running = plant.tag("Running", device="Line")
    plant.send((running, 0, 0.0))
    flow = plant.tag("Flow", device="Late")
    plant.send((flow, 1, 1.0))
    assert AlarmFlag.SUPPRESSED in plant.flags_of(flow, "flow", "low")
    assert plant.horn.snapshot().request == 0


def test_areas_and_classes_narrow_what_is_meant():
    rules = [AlarmRule("a", "*/Flow", AlarmKind.LIMIT, l=5.0, alarm_class="safety"), LOW_FLOW]
    plant = Stopping(*rules, suppressions=(by_site(alarms=(), classes=("safety",), areas=("Line/PLC1",)),))
    running = plant.tag("Running", device="Line")
    here, there = plant.tag("Flow"), plant.tag("Flow", node="PLC2")
    plant.send((running, 0, 0.0), (here, 1, 1.0), (there, 1, 1.0))
    assert plant.flags_of(here, "a", "low") == AlarmFlag.SUPPRESSED
    assert not plant.flags_of(here, "flow", "low")
    assert not plant.flags_of(there, "a", "low")


@pytest.mark.proves("ALARM-T29")
@pytest.mark.parametrize("order", list(permutations(range(4))))
def test_parents_and_children_that_are_told_in_any_order_end_as_they_are(order):
    """Two states hold one alarm; one of them ends. Whatever was told first, it is held by the other, and silent when
    nothing of it was told before its states."""
    rule = AlarmRule("flow", "*/Flow", AlarmKind.LIMIT, l=5.0, suppress_when="'./State' = 0")
    plant = Stopping(rule, suppressions=(by_site(),))
    running, flow, state = plant.tag("Running", device="Line"), plant.tag("Flow"), plant.tag("State")
    steps = [(running, 1, 0.0), (state, 2, 0.0), (flow, 3, 1.0), (state, 4, 1.0)]
    told = [steps[which] for which in order]
    if told.index(steps[1]) > told.index(steps[3]):  # one tag's samples come in order
        told[told.index(steps[1])], told[told.index(steps[3])] = steps[3], steps[1]
    for step in told:
        plant.send(step)
    assert plant.flags_of(flow, "flow", "low") == AlarmFlag.SUPPRESSED
    plant.send((running, 9, 1.0))
    assert not plant.flags_of(flow, "flow", "low")
    assert plant.state(condition_of(flow, "flow", "low")) is AlarmState.UNACKNOWLEDGED
    assert plant.horn.snapshot().priority


@pytest.mark.proves("ALARM-T29")
def test_an_alarm_held_by_two_states_is_free_when_both_have_ended():
    rule = AlarmRule("flow", "*/Flow", AlarmKind.LIMIT, l=5.0, suppress_when="'./State' = 0")
    plant = Stopping(rule, suppressions=(by_site(),))
    running, flow, state = plant.tag("Running", device="Line"), plant.tag("Flow"), plant.tag("State")
    plant.send((running, 0, 0.0), (state, 0, 0.0), (flow, 1, 1.0))
    plant.send((state, 2, 1.0))
    assert plant.flags_of(flow, "flow", "low") == AlarmFlag.SUPPRESSED
    plant.send((running, 3, 1.0))
    assert not plant.flags_of(flow, "flow", "low")
    assert plant.horn.snapshot().request == 1


def test_other_rules_take_over_from_nothing_held():
    plant = Stopping(LOW_FLOW, suppressions=(by_site(),))
    running, flow = plant.tag("Running", device="Line"), plant.tag("Flow")
    plant.send((running, 0, 0.0), (flow, 1, 1.0))
    plant.by_design.let_go(us(2))
    assert not plant.flags_of(flow, "flow", "low")
