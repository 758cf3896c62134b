"""The plant is calm by itself, equal for equal seeds and clocks, and publishes what it should."""

from console.app.demo.machine import Machine, MachineState
from console.app.demo.plant import Plant
from tests.app.demo.plant import NOON_US, SECOND_US, shipped_plant, shipped_rules
from tests.support.demo_alarms import AlarmWatch


def _lived(seconds: int) -> tuple[list[tuple[str, str, int]], int]:
    plant = Plant(shipped_plant(), NOON_US)
    said: list[tuple[str, str, int]] = []
    count = 0
    for tick in range(seconds * 10):
        for changes in plant.advance(NOON_US + tick * SECOND_US // 10):
            said.append((changes.node, changes.device, hash(tuple(str(point.value) for point in changes.points))))
            count += len(changes.points)
    return said, count


def test_equal_seeds_and_clocks_make_equal_plants() -> None:
    first, _ = _lived(4)
    again, _ = _lived(4)
    assert first == again


def test_the_plant_publishes_some_hundred_metrics_a_second() -> None:
    seconds = 10
    _, count = _lived(seconds)
    assert 300 <= count / seconds <= 1_000


def test_a_plant_without_faults_raises_at_most_three_alarms() -> None:
    for start_us in (NOON_US, NOON_US + 13 * 3600 * SECOND_US):
        plant = Plant(shipped_plant(), start_us)
        watch = AlarmWatch(plant, shipped_rules())
        for turn in range(150):
            now_us = start_us + turn * 2 * SECOND_US
            plant.advance(now_us)
            watch.look(now_us)
        assert len(watch.ever) <= 3, watch.ever


def test_every_rule_of_the_plant_concerns_something() -> None:
    rules = shipped_rules()
    assert len(rules) >= 60
    watch = AlarmWatch(Plant(shipped_plant(), NOON_US), rules)
    beside = {"meter-silent", "scrap-rate"}  # meters are no Sparkplug metrics, and key figures are derived
    assert {rule.rule_id for rule in rules} - watch.concerned() <= beside
    assert all(rule.text and rule.response for rule in rules)


def test_a_machine_counts_a_part_per_cycle_and_stands_still_in_a_fault() -> None:
    from random import Random

    machine = Machine(Random(1), 2.0, 0.0)
    cycles, made = machine.cycles, machine.good + machine.scrap
    for tick in range(1, 400):
        machine.advance(tick / 10)
    done = machine.cycles - cycles
    assert 15 <= done <= 21
    assert machine.good + machine.scrap - made == done
    machine.is_stopped = True
    before = machine.cycles
    for tick in range(400, 500):
        machine.advance(tick / 10)
    assert machine.state is MachineState.FAULT
    assert machine.cycles == before
    machine.is_stopped = False
    for tick in range(500, 900):
        machine.advance(tick / 10)
    assert machine.cycles > before
