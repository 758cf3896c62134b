"""The fast road of a burst and the road of one alarm after the other tell the same: rows, log, horn, marks, deltas."""

from collections import defaultdict
from collections.abc import Iterator

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from console.domain.acknowledgements import AckInterval
from console.domain.alarm_classes import AlarmClass, AlarmSettings, SoundRules
from console.domain.alarms import AlarmKind, AlarmRule, Occurrence, Priority
from console.domain.quality import Quality
from console.domain.tags import TagSource
from console.services.alarms import band_play
from console.services.alarms.alarm_book import RowWatcher
from console.services.alarms.annunciation import Annunciation
from console.services.alarms.engine import AlarmEngine
from console.services.alarms.plain_steps import BandSteps, PlainSteps
from console.services.records import AlarmsDelta
from tests.support.alarm_plant import SITE, STATION, FakeTags, batch_of, condition_of, us

LIMIT = AlarmKind.LIMIT
RULES = (
    AlarmRule("twofold", "*/Twofold", LIMIT, h=70.0, hh=90.0, priority=Priority.HIGH, priority_inner=Priority.LOW),
    AlarmRule("grave", "*/Grave", LIMIT, h=70.0, priority=Priority.CRITICAL, first_out="{node}"),
    AlarmRule("below", "*/Below", LIMIT, l=30.0, priority=Priority.MEDIUM),
    AlarmRule("loud", "*/Loud", LIMIT, h=70.0, priority=Priority.HIGH, alarm_class="loud"),
    AlarmRule("latch", "*/Latch", LIMIT, h=70.0, priority=Priority.HIGH, alarm_class="latch"),
    AlarmRule("journal", "*/Journal", LIMIT, h=70.0, priority=Priority.JOURNAL),
    AlarmRule("state", "*/State", AlarmKind.DISCRETE, equals=(95.0,), priority=Priority.LOW),
)
METRICS = {rule.rule_id.capitalize(): rule for rule in RULES}
CLASSES = {
    "loud": AlarmClass("loud", "Loud", stands_out=True),
    "latch": AlarmClass("latch", "Latching", is_latching=True),
}
OF_EACH = 6
NAMES = [name for name in METRICS for _ in range(OF_EACH)]
VALUES = (20.0, 50.0, 75.0, 95.0)


class Told(RowWatcher):
    """What watchers hear, by row, and which occurrence was on it then."""

    def __init__(self, engine: AlarmEngine) -> None:
        self._rows = engine._book.rows
        self.heard: dict[int, list[tuple[str, int, int]]] = defaultdict(list)
        engine._book.watchers.append(self)

    def begun(self, row: int, now_us: int) -> None:
        self._note("begun", row, now_us)

    def annunciated(self, row: int, now_us: int) -> None:
        self._note("annunciated", row, now_us)

    def returned(self, row: int, now_us: int) -> None:
        self._note("returned", row, now_us)

    def _note(self, word: str, row: int, now_us: int) -> None:
        self.heard[row].append((word, now_us, int(self._rows.start_us[row])))


class Desk:
    """One engine with its horn; `is_fast`: with the road for many rows."""

    def __init__(self, *, is_fast: bool) -> None:
        self.is_fast = is_fast
        self.tags = FakeTags(len(NAMES))
        self.horn = Annunciation("desk")
        alarm_settings = AlarmSettings(classes={**AlarmSettings().classes, **CLASSES}, sound=SoundRules(burst=3))
        self.engine = AlarmEngine(
            SITE, self.tags, RULES, station_id=STATION, annunciation=self.horn, settings=alarm_settings,
            elapsed=lambda: 0.0,
        )  # fmt: skip
        self.told = Told(self.engine)
        sources = [TagSource("p", "L", f"N{at % 3}", f"D{at}", name) for at, name in enumerate(NAMES)]
        self.made = [self.tags.define(source) for source in sources]
        self.engine.on_tags(tuple(self.made))
        self.known: dict[int, tuple[object, ...]] = {}
        self.log: dict[object, list[tuple[object, ...]]] = defaultdict(list)
        self.calls = 0

    def send(self, second: float, values: list[float], quality: int) -> None:
        samples = ((tag, second, value) for tag, value in zip(self.made, values, strict=True))
        with pytest.MonkeyPatch.context() as patch:
            self._choose(patch)
            self.engine.on_samples(self.tags.apply(batch_of(*samples, quality=quality)))
            self.engine.drain(us(second))
            self.engine.tick(us(second), second)
        for one in self.engine.take_transitions():
            self.log[one.condition_id].append(tuple(one)[1:])
        self._take(self.engine.take_delta())

    def _choose(self, patch: pytest.MonkeyPatch) -> None:
        if not self.is_fast:
            patch.setattr(band_play, "FEW", 1_000_000)
            return
        original = PlainSteps.play

        def play(of: PlainSteps, steps: BandSteps, now_us: int) -> np.ndarray:
            done = original(of, steps, now_us)
            self.calls += int(done.sum())
            return done

        patch.setattr(band_play, "FEW", 0)
        patch.setattr(PlainSteps, "play", play)

    def _take(self, delta: AlarmsDelta | None) -> None:
        if delta is None:
            return
        columns = (
            delta.state, delta.priority, delta.severity, delta.start_us, delta.annunciated_us, delta.changed_us,
            delta.count, delta.uncertain, delta.flags, np.asarray(delta.worst), np.nan_to_num(delta.value, nan=-1.0),
        )  # fmt: skip
        for row, *numbers in zip(delta.rows.tolist(), *(column.tolist() for column in columns), strict=True):
            beside = (delta.acked_by.get(row), delta.notes.get(row), delta.owners.get(row), delta.aside.get(row))
            self.known[row] = (*numbers, *beside)

    def acknowledge(self, at: int, second: float, ahead_s: float) -> None:
        """Somebody acknowledges, maybe as of a time that has not come: the fact is before its alarm then."""
        rule = METRICS[NAMES[at]]
        side = "" if rule.kind is AlarmKind.DISCRETE else "low" if rule.l is not None else "high"
        condition_id = condition_of(self.made[at], rule.rule_id, side)
        known = self.engine.open_occurrence(condition_id)
        occurrence = known or Occurrence(condition_id, us(second))
        through_us = us(second + ahead_s)
        by = b"%d/%d" % (at, through_us)
        interval = AckInterval(0, by, occurrence.start_us, through_us, "Eva", "seen")
        self.engine.acknowledging.apply(condition_id, interval, us(second))

    def suppress(self, at: int, second: float, *, is_on: bool) -> None:
        rule = METRICS[NAMES[at]]
        side = "" if rule.kind is AlarmKind.DISCRETE else "low" if rule.l is not None else "high"
        ids = (condition_of(self.made[at], rule.rule_id, side),)
        self.engine.suppress("by rule", ids, us(second), us(second), is_on=is_on)

    def picture(self) -> Iterator[tuple[str, object]]:
        yield "rows as they were told", self.known
        yield "log", dict(self.log)
        yield "watchers", dict(self.told.heard)
        yield "counts", (self.engine.counts().unacknowledged, self.engine.counts().active)
        yield "sounding", {row for row in range(self.engine._book.rows.size) if self.horn.is_sounding(row)}
        yield "silent", {row for row in range(self.engine._book.rows.size) if self.horn.is_silent(row)}
        horn = self.horn.snapshot()
        yield "horn", (horn.state, horn.priority, horn.pattern, horn.summary)
        yield "flood", self.engine.patterns.flood_record()
        yield "ends", self.engine._book.returned_us


Step = tuple[int, float, Quality, list[tuple[int, float]], list[tuple[int, bool]]]
STEP = st.tuples(
    st.integers(0, 2**32 - 1),  # seed of the values
    st.sampled_from((0.0, 1.0, 1.0, 20.0)),  # seconds since the step before
    st.sampled_from((Quality.GOOD, Quality.GOOD, Quality.GOOD, Quality.UNCERTAIN)),
    st.lists(st.tuples(st.integers(0, len(NAMES) - 1), st.sampled_from((0.0, 0.0, 5.0))), max_size=6),
    st.lists(st.tuples(st.integers(0, len(NAMES) - 1), st.booleans()), max_size=2),
)


@pytest.mark.proves("ALARM-T1")
@settings(max_examples=40, deadline=None)
@given(st.lists(STEP, min_size=1, max_size=8))
def test_a_burst_taken_together_tells_what_the_same_burst_tells_one_by_one(steps: list[Step]) -> None:
    fast, slow = Desk(is_fast=True), Desk(is_fast=False)
    second = 0.0
    for seed, passed_s, quality, acknowledged, suppressed in steps:
        second += passed_s
        values = np.random.default_rng(seed).choice(VALUES, len(NAMES)).tolist()
        for desk in (fast, slow):
            desk.send(second, values, quality)
            for at, ahead_s in acknowledged:
                desk.acknowledge(at, second, ahead_s)
            for at, is_on in suppressed:
                desk.suppress(at, second, is_on=is_on)
    for (name, found), (_name, wanted) in zip(fast.picture(), slow.picture(), strict=True):
        assert found == wanted, name


def test_most_of_a_burst_takes_the_road_for_many() -> None:
    desk = Desk(is_fast=True)
    desk.send(0, [95.0] * len(NAMES), Quality.GOOD)
    raised = desk.calls
    assert raised == OF_EACH * 4, "all but the journal's, those of a first-out group and the low ones, which are normal"
    desk.send(10, [50.0] * len(NAMES), Quality.GOOD)
    assert desk.calls - raised == OF_EACH * 3, "all of these but those that latch"
