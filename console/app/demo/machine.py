"""How a simulated thing lives: works in cycles, waits now and then, heats up, counts parts; seeded and clocked."""

import math
from enum import IntEnum
from random import Random

_DAY_S = 86_400.0
_HEAT_TAU_S = 240.0
_LONGEST_STEP_S = 5.0  # after a gap of the simulator the plant goes on, it does not race


class MachineState(IntEnum):
    """The number in `State` metrics."""

    OFF = 0
    IDLE = 1
    SETUP = 2
    RUNNING = 3
    STARVED = 4
    BLOCKED = 5
    FAULT = 6


_PAUSES = (MachineState.STARVED, MachineState.BLOCKED, MachineState.IDLE, MachineState.SETUP)


def day_factor(now_s: float) -> float:
    """Load of the plant over the day, 0.72 at night to 1.0 around local noon; `now_s` is UTC seconds."""
    return 0.86 - 0.14 * math.cos(2 * math.pi * ((now_s + 3600.0) % _DAY_S) / _DAY_S)


class Machine:
    """One thing with common causes behind its metrics: `load` and `heat` are 0..1, `phase` its place in the cycle."""

    def __init__(self, rng: Random, cycle_s: float, now_s: float) -> None:
        self.rng = rng
        self.cycle_s = cycle_s
        self.now_s = now_s
        self.started_s = now_s
        self.state = MachineState.RUNNING
        self.is_stopped = False  # a fault stopped it
        self.phase = rng.random()
        self.load = 0.5
        self.heat = 0.6
        self.cycles = rng.randrange(20_000, 900_000)
        self.good = rng.randrange(200, 1800)
        self.scrap = rng.randrange(0, 12)
        self.hours = rng.uniform(2_000.0, 31_000.0)
        self.energy = rng.uniform(1e4, 9e5)  # load hours; a signal scales them to kWh
        self.last_cycle_s = cycle_s
        self.finished_s = now_s
        self._cycle_now_s = cycle_s
        self._until_s = now_s + rng.uniform(60.0, 400.0)

    @property
    def is_running(self) -> bool:
        return self.state is MachineState.RUNNING

    def advance(self, now_s: float) -> None:
        """Live from the last call until `now_s` (UTC seconds)."""
        step_s = min(max(now_s - self.now_s, 0.0), _LONGEST_STEP_S)
        self.now_s = now_s
        self._change_state(now_s)
        if self.is_running:
            self._work(step_s)
        target = self._target_load(now_s)
        self.load += (target - self.load) * min(1.0, step_s / 1.5)
        self.heat += (self.load - self.heat) * min(1.0, step_s / _HEAT_TAU_S)

    def _change_state(self, now_s: float) -> None:
        if self.is_stopped:
            self.state = MachineState.FAULT
            self._until_s = now_s + 2.0
        elif self.state is MachineState.FAULT:
            self.state = MachineState.IDLE
        elif now_s >= self._until_s:
            if self.is_running and self.cycle_s > 0:
                self.state = self.rng.choice(_PAUSES)
                self._until_s = now_s + self.rng.uniform(3.0, 14.0)
            else:
                self.state = MachineState.RUNNING
                self._until_s = now_s + self.rng.uniform(90.0, 500.0)

    def _work(self, step_s: float) -> None:
        self.hours += step_s / 3600.0
        self.energy += self.load * step_s / 3600.0
        if self.cycle_s <= 0:
            return
        self.phase += step_s / self._cycle_now_s
        while self.phase >= 1.0:
            self.phase -= 1.0
            self.cycles += 1
            if self.rng.random() < 0.006:
                self.scrap += 1
            else:
                self.good += 1
            self.finished_s = self.now_s
            self.last_cycle_s = self._cycle_now_s
            self._cycle_now_s = self.cycle_s * self.rng.uniform(0.97, 1.05)

    def _target_load(self, now_s: float) -> float:
        if not self.is_running:
            return 0.08
        swing = 0.15 * math.sin(2 * math.pi * self.phase) if self.cycle_s > 0 else 0.05 * self.rng.uniform(-1, 1)
        return min(1.0, max(0.0, day_factor(now_s) * 0.8 + swing))
