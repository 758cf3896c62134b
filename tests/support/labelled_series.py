"""Series with what happened in them known: a yardstick for forecasts and anomaly marks, the same at every run."""

import math
from dataclasses import dataclass
from datetime import datetime
from random import Random
from zoneinfo import ZoneInfo

HOUR_US = 3_600_000_000
DAY_US = 24 * HOUR_US
BERLIN = ZoneInfo("Europe/Berlin")
FRESH_US = 1_790_000_000_000_000 // DAY_US * DAY_US  # a midnight (UTC) in September 2026


@dataclass(frozen=True, slots=True)
class Labelled:
    """Hourly means over `weeks`, with the anomalies that were put in: [start, end) and their size in sigmas."""

    starts_us: list[int]
    values: list[float]
    anomalies: list[tuple[int, int, float]]


def hours(count: int, end_us: int = FRESH_US) -> list[int]:
    """So many whole hours up to a moment."""
    return [end_us - (count - k) * HOUR_US for k in range(count)]


def labelled(seed: int, weeks: int = 10, noise: float = 1.5, found_after_weeks: int = 3) -> Labelled:
    """A server's load: shifts by weekday and hour, growth, noise with memory; spikes, falls and long deviations."""
    rng = Random(seed)
    starts = hours(weeks * 168)
    memory, values = 0.0, []
    for k, at_us in enumerate(starts):
        moment = datetime.fromtimestamp(at_us / 1e6, BERLIN)
        shift = 22.0 * math.exp(-(((moment.hour - 10.5) / 4.5) ** 2)) if moment.weekday() < 5 else 3.0
        backup = 12.0 if moment.hour == 2 else 0.0
        memory = 0.5 * memory + noise * rng.gauss(0, 1)
        values.append(30.0 + 0.004 * k + shift + backup + memory)
    found: list[tuple[int, int, float]] = []
    sigma = noise / math.sqrt(1 - 0.25)
    at = found_after_weeks * 168 + rng.randrange(48)
    while at < len(starts) - 12:
        length, size = rng.choice([(1, 9.0), (2, -8.0), (4, 7.0), (8, 8.0), (3, -9.0)])
        for k in range(at, at + length):
            values[k] += size * sigma
        found.append((starts[at], starts[at] + length * HOUR_US, size))
        at += rng.randrange(60, 160)
    return Labelled(starts, values, found)


def matched(marked: list[tuple[int, int]], true: list[tuple[int, int]]) -> tuple[int, int]:
    """How many of the marked spans touch a true one, and how many true ones are touched."""

    def touches(one: tuple[int, int], others: list[tuple[int, int]]) -> bool:
        return any(one[0] < end and one[1] > start for start, end in others)

    return sum(touches(one, true) for one in marked), sum(touches(one, marked) for one in true)
