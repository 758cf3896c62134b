"""What `leitstand bench history` keeps and asks: pens of 1 Hz as a plant gives them, and the windows that are drawn."""

from dataclasses import dataclass

import numpy as np

from console.services.records import Floats, Longs

SECOND_US = 1_000_000
BEGIN_US = 1_767_225_600 * SECOND_US
BUCKETS = 2_000
DAY_S = 86_400


@dataclass(frozen=True, slots=True)
class Plant:
    """`pens` of `days` at 1 Hz; rows in SQLite only of the first pen's last `row_days`."""

    pens: int
    days: int
    row_days: int

    @property
    def samples(self) -> int:
        """Of each pen."""
        return self.days * DAY_S

    @property
    def end_us(self) -> int:
        return BEGIN_US + self.days * DAY_S * SECOND_US

    def windows(self) -> dict[str, int]:
        """Name -> seconds up to the end."""
        return {f"{self.days} days": self.days * DAY_S, "one day": DAY_S, "one hour": 3600}


def stamps(plant: Plant, pen: int) -> Longs:
    """One a second in ms, as sources stamp: a phase of its own and 20 ms of jitter."""
    random = np.random.default_rng(1000 + pen)
    first_us = BEGIN_US + 25_000 + int(random.integers(0, 950)) * 1000
    at = np.arange(plant.samples, dtype=np.int64)
    at *= SECOND_US
    at += first_us
    at += random.integers(-20, 21, plant.samples, dtype=np.int16) * np.int64(1000)
    return at


def values(plant: Plant, pen: int) -> Floats:
    """A transmitter of 0.01: slow swing, wandering and noise of 0.2."""
    random = np.random.default_rng(pen)
    n = plant.samples
    wander = np.cumsum(random.standard_normal(n, dtype=np.float32), dtype=np.float64)
    wander -= np.linspace(0, wander[-1], n)
    wander *= 0.006
    wander += random.standard_normal(n, dtype=np.float32) * np.float32(0.2)
    wander += 50 + 30 * np.sin(np.arange(n, dtype=np.float32) * np.float32(2e-5 * (pen + 1)))
    return np.round(wander, 2)
