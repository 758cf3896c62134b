"""Whatever a plant says in whatever order: what history says of now is what the screen says of now."""

import asyncio
from dataclasses import replace

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from console.domain.history.settings import Band, HistorySettings, TagHistory, TagRule
from console.domain.quality import Quality
from console.services.historian.recorder import Recorder
from console.services.telemetry.tag_store import TagStore
from tests.services.historian.test_recorder import Disk
from tests.support.live_plant import S, quality, samples, tag

TAG = tag(0)


class World:
    """One tag, its store, its recorder, and the restarts of their station. All clocks are right."""

    def __init__(self, band):
        self.rules = (TagRule("*", TagHistory(exception=Band(band), max_interval_s=30)),) if band else ()
        self.disk = Disk()
        self.now_us = 1_000 * S
        self.said = []  # (at, value, quality) of live samples
        self.store = TagStore()
        self.recorder = self._recorder(0)
        self.define()

    def _recorder(self, alive_us):
        recorder = Recorder(self.store, HistorySettings(rules=self.rules), lambda: self.now_us)
        recorder.begin(self.disk, alive_us)
        return recorder

    def define(self):
        self.store.define([TAG])
        self.recorder.on_tags((TAG,))

    @property
    def newest_us(self):
        return self.said[-1][0] if self.said else 0

    def say(self, at_us, value, trust):
        self.said = [*self.said, (at_us, value, trust)] if at_us >= self.newest_us else self.said
        batch = samples((0, at_us, value, trust))
        batch = replace(batch, receive_us=np.array([self.now_us], np.int64))
        self.recorder.on_samples(self.store.apply(batch))

    def lose_trust(self, why):
        for change in self.store.doubt(quality([0], why, self.now_us)):
            self.recorder.on_quality(change)

    def tick(self):
        asyncio.run(self.recorder.tick())

    def restart(self):
        self.tick()
        alive_us = self.now_us
        self.now_us += 5 * S
        before, self.store = self.store, TagStore()
        self.recorder = self._recorder(alive_us)
        self.store.define([TAG])
        if before.source_us[0]:
            self.store.restore(0, float(before.value[0]), "", int(before.source_us[0]), int(before.receive_us[0]))
        self.recorder.on_tags((TAG,))

    def now_by_history(self):
        """Value and quality that hold now."""
        rows = [
            (at, value, trust)
            for block in self.disk.blocks
            for at, value, trust in zip(block.at_us.tolist(), block.value.tolist(), block.quality.tolist(), strict=True)
        ]
        past = sorted((row for row in rows if row[0] <= self.now_us), key=lambda row: row[0])
        return past[-1][1:] if past else (float("nan"), int(Quality.UNKNOWN))


OPS = st.lists(
    st.tuples(
        st.sampled_from(["say", "say", "say", "repeat", "older", "late", "blind", "stale", "restart", "tick"]),
        st.integers(1, 20),
        st.sampled_from([1.0, 1.5, 2.0, 7.0]),
        st.sampled_from([0, 0, 0, 1, 2]),
    ),
    min_size=1,
    max_size=25,
)


def act(world, what, value, trust):
    """`older`: measured a while ago, but after everything heard so far. `late`: before something heard already."""
    if what == "say":
        world.say(world.now_us, value, trust)
    elif what == "repeat" and world.said:
        world.say(*world.said[-1])
    elif what == "older":
        world.say(max(world.newest_us + 1, world.now_us - 3 * S), value, trust)
    elif what == "late" and world.newest_us:
        world.say(world.newest_us - S // 2, value, trust)
    elif what == "blind":
        world.lose_trust(Quality.BLIND)
    elif what == "stale":
        world.lose_trust(Quality.STALE)
    elif what == "restart":
        world.restart()


def agrees(world, band):
    value, trust = world.now_by_history()
    is_trusted = int(world.store.quality[0]) <= Quality.UNCERTAIN
    assert (trust <= Quality.UNCERTAIN and not np.isnan(value)) == is_trusted
    if is_trusted:
        assert trust == int(world.store.quality[0])
        assert abs(value - float(world.store.value[0])) <= band


@settings(max_examples=120, deadline=None)
@given(OPS)
def test_what_history_says_of_now_is_what_the_screen_says(ops):
    world = World(0.0)
    for what, seconds, value, trust in ops:
        world.now_us += seconds * S // 4
        act(world, what, value, trust)
        world.tick()
        agrees(world, 0.0)


@settings(max_examples=120, deadline=None)
@given(OPS)
def test_and_with_a_deadband_it_is_off_by_no_more_than_that(ops):
    world = World(0.6)
    for what, seconds, value, trust in ops:
        world.now_us += seconds * S // 4
        if what != "late":  # a sample of the past holds until the next stored one: `TagHistory` says so
            act(world, what, value, trust)
        world.tick()
        agrees(world, 0.6)


@settings(max_examples=80, deadline=None)
@given(OPS)
def test_every_live_sample_is_there_once_and_nothing_else_but_what_ends_a_gap(ops):
    world = World(0.0)
    for what, seconds, value, trust in ops:
        world.now_us += seconds * S // 4
        act(world, what, value, trust)
    world.tick()
    rows = [(round(at * S), value, trust) for at, value, trust in world.disk.rows() if value is not None]
    for sample in set(world.said):
        assert sample in rows
    values = {(value, trust) for _, value, trust in rows}
    assert values <= {(value, trust) for _, value, trust in ((0, v, q) for _, _, v, q in ops)}
