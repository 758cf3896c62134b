"""Two stations on one stream: how many occurrences both name alike, with every sample and with one in a hundred lost.

An occurrence is named by its condition and its first sample's source time. What the other station names otherwise,
because it lost that sample, is the same alarm when both overlap in time: that is how stations match them
(`elsewhere`, and every acknowledgement, which is an interval of the condition's time). An alarm of which the other
station heard nothing that makes one (a pulse of one sample; one that is too short for its on-delay without what was
lost) cannot overlap anything there: it is counted apart, as seen by one only.
"""

from collections.abc import Iterator
from dataclasses import dataclass
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

    def tag_of(self, condition_id: UUID) -> int:
        hung = self.engine.hung_on(condition_id)
        assert hung is not None
        return hung[1].handle

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


@dataclass(frozen=True, slots=True)
class Plant:
    """What the plant said, a row per step and a column per tag, and which of it reached the second station."""

    values: NDArray[np.float64]
    reached: NDArray[np.bool_]

    def could_be_seen(self, tag: int, start_us: int, end_us: int) -> bool:
        """Whether what the second station heard in this time makes an alarm by itself: judged by the samples alone."""
        first, last = ((one_us - START_US) // STEP_US - 1 for one_us in (start_us, min(end_us, self.end_us)))
        rule = _RULES[0] if tag % 2 else _RULES[1]
        heard = np.flatnonzero(self.reached[first:last, tag])
        values = self.values[first:last, tag][heard]
        if self.values[first, tag] < 0:
            return bool((values <= (rule.l or 0.0)).any())
        needed = rule.on_delay_s * 1e6 / STEP_US  # so many steps it has to stay
        since = -1
        for step, value in zip(heard.tolist(), values.tolist(), strict=True):
            if value < 1.0 - rule.deadband:
                since = -1
            elif since < 0 and value >= 1.0:
                since = step
            if since >= 0 and step - since >= needed:
                return True
        return False

    @property
    def end_us(self) -> int:
        return START_US + (len(self.values) + 1) * STEP_US


def run_both(seed: int, tags: int, steps: int, lost: float) -> tuple[Desk, Desk, Plant]:
    """A station that heard everything, one that lost this share of the samples, and what they were told."""
    rng = np.random.default_rng(seed)
    whole, other = Desk(tags), Desk(tags)
    every = np.arange(tags, dtype=np.int32)
    plant = Plant(np.zeros((steps, tags)), np.ones((steps, tags), bool))
    values = np.zeros(tags)
    for step in range(steps):
        values = values * 0.97 + rng.normal(0.0, 0.25, tags)
        at_us = START_US + (step + 1) * STEP_US
        whole.take(every, values, at_us)
        heard = rng.random(tags) >= lost
        other.take(every[heard], values[heard], at_us)
        plant.values[step], plant.reached[step] = values, heard
    return whole, other, plant


@dataclass(frozen=True, slots=True)
class Agreement:
    """How many of the first station's occurrences the other one knows: by the same name, by overlap in time, and not at
    all, of which it could have seen so many (`missed`)."""

    same: int
    overlapping: int
    seen_by_one: int
    missed: int

    @property
    def same_share(self) -> float:
        return self.same / max(1, self.same + self.overlapping + self.seen_by_one)

    @property
    def matched_share(self) -> float:
        """Of what both could see and name otherwise."""
        return self.overlapping / max(1, self.overlapping + self.missed)


def agreement_of(whole: Desk, other: Desk, plant: Plant) -> Agreement:
    """Every occurrence of the first station beside those of the second."""
    by_condition: dict[UUID, list[tuple[int, int]]] = {}
    for (condition_id, start_us), end_us in other.spans.items():
        by_condition.setdefault(condition_id, []).append((start_us, end_us))
    rest = [one for one in whole.spans if one not in other.spans]
    alone = []
    for condition_id, start_us in rest:
        end_us = whole.spans[condition_id, start_us]
        if not any(start < end_us and start_us < end for start, end in by_condition.get(condition_id, ())):
            alone.append((whole.tag_of(condition_id), start_us, end_us))
    missed = sum(plant.could_be_seen(*one) for one in alone)
    return Agreement(len(whole.spans) - len(rest), len(rest) - len(alone), len(alone), missed)


def agreement(quick: bool) -> Iterator[BenchRow]:
    """Rows of the bench."""
    tags, steps = (200, 400) if quick else (1000, 1000)
    found = agreement_of(*run_both(11, tags, steps, 0.0))
    yield _row("two stations, same names, nothing lost", found.same_share, 1.0)
    found = agreement_of(*run_both(11, tags, steps, LOST))
    yield _row(f"two stations, same names, {LOST:.0%} of samples lost", found.same_share, 0.98)
    yield _row("of the rest that both could see, matched by overlap", found.matched_share, 1.0)
    total = found.same + found.overlapping + found.seen_by_one
    yield BenchRow(
        "alarms", f"seen by one only ({found.seen_by_one} of {total:,}): the other heard nothing that makes an alarm",
        round(found.seen_by_one / total * 100, 3), "%",
    )  # fmt: skip


def _row(case: str, share: float, least: float) -> BenchRow:
    return BenchRow("alarms", case, round(share * 100, 3), "%", goal=f">= {least * 100:g} %", holds=share >= least)
