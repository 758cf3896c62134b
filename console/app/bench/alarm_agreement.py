"""Two stations on one stream: how many occurrences both name alike, with every sample and with one in a hundred lost.

An occurrence is named by its condition and its first sample's source time. What the other station names otherwise,
because it lost that sample, is the same alarm when both overlap: that is how stations match them (`elsewhere`).
"""

from collections.abc import Iterator
from uuid import UUID

import numpy as np
from numpy.typing import NDArray

from console.app.bench.rows import BenchRow
from console.domain.alarm_step import Transition
from console.domain.alarms import AlarmKind, AlarmRule, Priority
from console.domain.tags import TagSource
from console.domain.values import ValueType
from console.services.alarms.engine import AlarmEngine
from console.services.records import LinkRecord
from console.services.telemetry.batch import LinkChanged, SampleBatch
from console.services.telemetry.handles import HandleTable
from console.services.telemetry.tag_store import TagStore

SITE = UUID("0192aaaa-0000-7000-8000-000000000001")
START_US = 1_790_000_000_000_000
STEP_US = 500_000
LOST = 0.01
_RULES = (
    AlarmRule("level", "*/level-*", AlarmKind.LIMIT, h=1.0, hh=2.0, l=-1.5, deadband=0.3, priority=Priority.HIGH),
    AlarmRule("slow", "*/slow-*", AlarmKind.LIMIT, h=1.0, deadband=0.3, on_delay_s=2.0, off_delay_s=2.0),
)
Occurred = tuple[UUID, int]  # condition and start
Spans = dict[Occurred, int]  # -> when it returned


class Desk:
    """One station's engine, fed with what reached it."""

    def __init__(self, tags: int) -> None:
        self.store = TagStore()
        self.engine = AlarmEngine(SITE, self.store, _RULES)
        self.spans: Spans = {}
        handles = HandleTable(SITE)
        link = LinkChanged("b", LinkRecord("broker:b", "live", START_US), START_US)
        self.store.link(link)
        self.engine.on_link(link)
        names = (f"{'level' if at % 2 else 'slow'}-{at}" for at in range(tags))
        found = tuple(
            handles.define(TagSource("b", "g", f"n{at // 50}", "", name), ValueType.DOUBLE)[0]
            for at, name in enumerate(names)
        )
        self.store.define(found)
        self.engine.on_tags(found)

    def take(self, handles: NDArray[np.int32], values: NDArray[np.float64], at_us: int) -> None:
        """One turn: these samples, all of this source time."""
        n = len(handles)
        times, zeros = np.full(n, at_us, np.int64), np.zeros(n, np.uint8)
        seconds = (at_us - START_US) / 1e6
        batch = SampleBatch(handles, times, times, values, zeros, zeros, zeros)
        self.engine.on_samples(self.store.apply(batch, seconds))
        self.engine.tick(at_us, seconds)
        for one in self.engine.take_transitions():
            if one.transition is Transition.RAISED:
                self.spans[one.condition_id, one.start_us] = 2**62
            elif one.transition is Transition.RETURNED:
                self.spans[one.condition_id, one.start_us] = one.at_us


def run_both(seed: int, tags: int, steps: int, lost: float) -> tuple[Spans, Spans]:
    """The occurrences of a station that heard everything, and of one that lost this share of the samples."""
    rng = np.random.default_rng(seed)
    whole, other = Desk(tags), Desk(tags)
    every = np.arange(tags, dtype=np.int32)
    values = np.zeros(tags)
    for step in range(1, steps + 1):
        values = values * 0.97 + rng.normal(0.0, 0.25, tags)
        at_us = START_US + step * STEP_US
        whole.take(every, values, at_us)
        heard = rng.random(tags) >= lost
        other.take(every[heard], values[heard], at_us)
    return whole.spans, other.spans


def shares(whole: Spans, other: Spans) -> tuple[float, float]:
    """Which share of the occurrences has the same name at the other station, and which of the rest overlaps one."""
    named = whole.keys() & other.keys()
    rest = whole.keys() - named
    by_condition: dict[UUID, list[tuple[int, int]]] = {}
    for (condition_id, start_us), end_us in other.items():
        by_condition.setdefault(condition_id, []).append((start_us, end_us))
    overlapping = sum(
        any(start <= whole[one] and one[1] <= end for start, end in by_condition.get(one[0], ())) for one in rest
    )
    return len(named) / max(1, len(whole)), overlapping / len(rest) if rest else 1.0


def agreement(quick: bool) -> Iterator[BenchRow]:
    """Rows of the bench."""
    tags, steps = (200, 400) if quick else (1000, 1000)
    whole, other = run_both(11, tags, steps, 0.0)
    same, _rest = shares(whole, other)
    yield _row("two stations, same names, nothing lost", same, 1.0)
    whole, other = run_both(11, tags, steps, LOST)
    same, rest = shares(whole, other)
    yield _row(f"two stations, same names, {LOST:.0%} of samples lost", same, 0.98)
    yield BenchRow("alarms", "of the rest, matched by overlap", round(rest * 100, 2), "%")


def _row(case: str, share: float, least: float) -> BenchRow:
    return BenchRow("alarms", case, round(share * 100, 3), "%", goal=f">= {least * 100:g} %", holds=share >= least)
