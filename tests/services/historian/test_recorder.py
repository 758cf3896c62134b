"""The recorder: every sample once, gaps where trust was lost, and no sample lost in silence."""

import asyncio
from dataclasses import replace

import numpy as np

from console.domain.history.settings import Band, HistorySettings, TagHistory, TagRule
from console.domain.quality import Quality
from console.domain.refusal import Refused
from console.domain.values import ValueType
from console.services.historian.recorder import Recorder
from console.services.telemetry.batch import FLAG_HISTORICAL, FLAG_TRANSIENT, QualityChanged
from console.services.telemetry.tag_store import TagStore
from tests.support.live_plant import S, quality, samples, tag

GOOD, BAD, STALE, BLIND, UNKNOWN = Quality.GOOD, Quality.BAD, Quality.STALE, Quality.BLIND, Quality.UNKNOWN


class Disk:
    """Keeps what was appended; refuses while it is full."""

    def __init__(self):
        self.keys = {}
        self.defined = []
        self.blocks = []
        self.is_full = False

    def key_of(self, tag_id, kind, retention_class, unit):
        self.defined.append((tag_id, kind, retention_class, unit))
        return self.keys.setdefault(tag_id, len(self.keys) + 1)

    async def append(self, blocks):
        await asyncio.sleep(0)
        if self.is_full:
            raise Refused("Not saved: the disk is full.")
        self.blocks += blocks

    def rows(self, key=1):
        """(seconds, value or None, quality) of one tag, as they were written."""
        return [
            (at / S, None if np.isnan(value) else value, quality)
            for block in self.blocks
            for at, value, quality, one in zip(
                block.at_us.tolist(), block.value.tolist(), block.quality.tolist(), block.key.tolist(), strict=True
            )
            if one == key
        ]


class Plant:
    """A tag store with a recorder behind it, as the ingest walks messages past them."""

    def __init__(self, *tags, rules=(), most_rows=10_000, now_s=1_000.0, is_open=True, alive_s=0):
        self.now_s = now_s
        self.states = []
        self.store, self.disk = TagStore(), Disk()
        self.recorder = Recorder(
            self.store,
            HistorySettings(rules=rules),
            lambda: int(self.now_s * S),
            self.states.append,
            most_rows=most_rows,
        )
        if is_open:
            self.recorder.begin(self.disk, alive_s * S)
        self.define(*tags)

    def define(self, *tags):
        self.store.define(tags)
        self.recorder.on_tags(tags)

    def say(self, *rows, receive_s=None, **beside):
        batch = samples(*((handle, round(at * S), *rest) for handle, at, *rest in rows))
        if receive_s is not None:
            batch = replace(batch, receive_us=np.full(len(batch), round(receive_s * S), np.int64))
        self.recorder.on_samples(self.store.apply(replace(batch, **beside)))

    def lose_trust(self, handles, why, at_s):
        for change in self.store.doubt(quality(handles, why, round(at_s * S))):
            self.recorder.on_quality(change)

    def tick(self):
        asyncio.run(self.recorder.tick())
        return self.disk.rows()


def test_every_sample_is_written_once_late_and_historical_ones_too():
    plant = Plant(tag(0))
    plant.say((0, 5, 1.0), (0, 6, 2.0))
    plant.say((0, 3, 0.5), (0, 4, 0.7, GOOD, FLAG_HISTORICAL), (0, 7, 3.0))
    assert plant.tick() == [(5, 1.0, 0), (6, 2.0, 0), (3, 0.5, 0), (4, 0.7, 0), (7, 3.0, 0)]
    assert plant.tick() == plant.disk.rows()
    assert len(plant.disk.blocks) == 1
    assert plant.recorder.state.written == 5


def test_transient_values_arrays_and_what_the_site_does_not_record_stay_out():
    never = TagRule("KAS/PLC/noise", TagHistory(is_recorded=False))
    plant = Plant(
        tag(0), tag(1, metric="noise"), tag(2, metric="curve", value_type=ValueType.DOUBLE_ARRAY), rules=(never,)
    )
    plant.say((0, 5, 1.0), (1, 5, 2.0), (2, 5, float("nan")), (0, 6, 9.0, GOOD, FLAG_TRANSIENT))
    assert plant.tick() == [(5, 1.0, 0)]
    assert [one[1:] for one in plant.disk.defined] == [(ValueType.DOUBLE, "standard", "°C")]


def test_a_birth_that_repeats_what_is_known_is_no_second_sample():
    plant = Plant(tag(0))
    plant.say((0, 5, 1.0))
    plant.say((0, 5, 1.0))
    plant.say((0, 5, 1.0, BAD))
    assert plant.tick() == [(5, 1.0, 0), (5, 1.0, BAD)]


def test_lost_trust_is_a_gap_and_each_further_loss_of_another_kind_too():
    plant = Plant(tag(0), tag(1, metric="never heard"))
    plant.say((0, 5, 1.0))
    plant.lose_trust([0, 1], BLIND, 8)
    plant.lose_trust([0, 1], STALE, 9)
    plant.say((0, 12, 2.0))
    assert plant.tick() == [(5, 1.0, 0), (8, None, BLIND), (9, None, STALE), (12, 2.0, 0)]
    assert plant.disk.rows(2) == []


def test_a_gap_begins_after_the_newest_sample_also_when_its_source_is_ahead_of_time():
    plant = Plant(tag(0))
    plant.say((0, 100, 1.0))
    plant.lose_trust([0], BLIND, 8)
    assert plant.tick() == [(100, 1.0, 0), (100.000001, None, BLIND)]


def test_an_old_value_that_a_birth_tells_again_ends_the_gap_when_it_was_heard():
    plant = Plant(tag(0))
    plant.say((0, 5, 1.0), receive_s=5)
    plant.lose_trust([0], BLIND, 8)
    plant.say((0, 5, 1.0), receive_s=20)
    assert plant.tick() == [(5, 1.0, 0), (8, None, BLIND), (20, 1.0, 0)]


def test_a_value_measured_before_the_gap_began_is_stored_at_its_time_and_counts_from_when_it_was_heard():
    plant = Plant(tag(0))
    plant.say((0, 5, 1.0), receive_s=5)
    plant.lose_trust([0], BLIND, 8)
    plant.say((0, 7, 4.0), receive_s=20)
    assert plant.tick() == [(5, 1.0, 0), (8, None, BLIND), (7, 4.0, 0), (20, 4.0, 0)]


def test_a_source_whose_clock_is_behind_is_believed_after_a_gap_from_when_it_was_heard():
    plant = Plant(tag(0))
    plant.say((0, 5, 1.0), receive_s=35)
    plant.lose_trust([0], BLIND, 40)
    plant.say((0, 20, 2.0), receive_s=50)
    plant.say((0, 25, 3.0), receive_s=55)
    plant.say((0, 52, 4.0), receive_s=82)
    rows = plant.tick()
    assert rows[:4] == [(5, 1.0, 0), (40, None, BLIND), (20, 2.0, 0), (50, 2.0, 0)]
    assert rows[4:] == [(25, 3.0, 0), (50.000001, 3.0, 0), (52, 4.0, 0)]


def test_a_tag_that_speaks_twice_at_once_after_a_gap_is_believed_the_second_time():
    plant = Plant(tag(0))
    plant.say((0, 5, 1.0), receive_s=5)
    plant.lose_trust([0], BLIND, 40)
    plant.say((0, 5, 1.0), (0, 45, 2.0), receive_s=50)
    rows = sorted(plant.tick(), key=lambda row: row[0])
    assert rows == [(5, 1.0, 0), (40, None, BLIND), (45, 2.0, 0), (50, 1.0, 0), (50.000001, 2.0, 0)]


def test_history_that_a_node_tells_later_ends_no_gap():
    plant = Plant(tag(0))
    plant.say((0, 5, 1.0))
    plant.lose_trust([0], BLIND, 8)
    plant.say((0, 6, 2.0, GOOD, FLAG_HISTORICAL), receive_s=20)
    assert plant.tick() == [(5, 1.0, 0), (8, None, BLIND), (6, 2.0, 0)]


def test_texts_and_exact_integers_are_told_beside_and_a_text_of_no_number_is_not():
    plant = Plant(tag(0), tag(1, metric="recipe", value_type=ValueType.STRING), tag(2, metric="n"))
    huge = 2**63 + 1
    plant.say(
        (0, 1, float("nan"), BAD), (1, 1, float("nan")), (2, 1, float(huge)), texts={0: "NaN", 1: "A7"}, exact={2: huge}
    )
    plant.say((1, 2, float("nan")), texts={0: "B8"})
    plant.tick()
    (block,) = plant.disk.blocks
    assert block.texts == {1: "A7", 3: "B8"}
    assert block.exact == {2: huge}


def test_what_is_sent_before_the_file_is_open_is_written_when_it_is():
    plant = Plant(tag(0), is_open=False)
    plant.say((0, 5, 1.0))
    assert plant.tick() == []
    plant.recorder.begin(plant.disk, 0)
    assert plant.tick() == [(5, 1.0, 0)]


def test_what_cannot_be_written_waits_and_comes_first_and_once(log_lines):
    log_lines.expect("the history")
    plant = Plant(tag(0))
    plant.say((0, 1, 1.0))
    plant.disk.is_full = True
    plant.tick()
    assert "full" in plant.states[-1].failure
    plant.say((0, 2, 2.0))
    plant.tick()
    plant.disk.is_full = False
    assert plant.tick() == [(1, 1.0, 0), (2, 2.0, 0)]
    assert plant.states[-1].failure == ""
    assert plant.states[-1].waiting == 0


def test_samples_are_lost_only_when_memory_is_full_and_then_they_are_counted_and_leave_a_gap(log_lines):
    log_lines.expect("the history")
    plant = Plant(tag(0), tag(1, metric="quiet"), most_rows=10)
    plant.disk.is_full = True
    plant.say((1, 0, 7.0))
    for t in range(1, 30):
        plant.say((0, t, float(t)))
    plant.tick()
    state = plant.states[-1]
    assert state.is_losing
    assert (state.waiting, state.lost) == (10, 20)
    plant.disk.is_full = False
    plant.now_s = 40
    plant.tick()
    plant.say((0, 41, 41.0))
    rows = plant.tick()
    assert rows[:9] == [(t, float(t), 0) for t in range(1, 10)]
    assert rows[9:] == [(10, None, UNKNOWN), (40, 29.0, 0), (41, 41.0, 0)]
    assert plant.states[-1].lost == 20
    assert plant.disk.rows(2) == [(0, 7.0, 0)]
    assert not plant.states[-1].is_losing


def test_a_tag_of_an_earlier_run_has_a_gap_from_its_end_until_it_speaks():
    plant = Plant(now_s=1_000, alive_s=700)
    known = tag(0)
    plant.store.define([known])
    plant.store.restore(0, 3.0, "", 650 * S, 650 * S)
    plant.recorder.on_tags((known,))
    plant.say((0, 650, 3.0), receive_s=1_010)
    assert plant.tick() == [(1_010, 3.0, 0), (700, None, BLIND)]


def test_a_history_that_is_new_has_no_gap_before_it():
    plant = Plant(now_s=1_000, alive_s=0)
    known = tag(0)
    plant.store.define([known])
    plant.store.restore(0, 3.0, "", 650 * S, 650 * S)
    plant.recorder.on_tags((known,))
    plant.say((0, 650, 3.0), receive_s=1_010)
    assert plant.tick() == [(1_010, 3.0, 0)]


def test_deadbands_hold_back_and_a_gap_or_the_end_brings_out_what_they_held():
    rule = TagRule("*", TagHistory(exception=Band(0.5), max_interval_s=1e6))
    plant = Plant(tag(0), rules=(rule,))
    plant.say((0, 1, 1.0), (0, 2, 1.1), (0, 3, 1.2))
    assert plant.tick() == [(1, 1.0, 0)]
    plant.lose_trust([0], BLIND, 8)
    assert plant.tick() == [(1, 1.0, 0), (3, 1.2, 0), (8, None, BLIND)]
    plant.say((0, 9, 1.0), (0, 10, 1.1), (0, 11, 1.2))
    asyncio.run(plant.recorder.stop())
    assert plant.disk.rows()[3:] == [(9, 1.0, 0), (11, 1.2, 0)]
    assert plant.recorder.state.held_back == 4


def test_a_late_sample_of_a_tag_with_a_deadband_is_stored_and_the_next_one_too():
    rule = TagRule("*", TagHistory(exception=Band(0.5), max_interval_s=1e6))
    plant = Plant(tag(0), rules=(rule,))
    plant.say((0, 1, 1.0), (0, 5, 1.1))
    plant.say((0, 3, 9.0))
    plant.say((0, 6, 1.0))
    assert plant.tick() == [(1, 1.0, 0), (5, 1.1, 0), (3, 9.0, 0), (6, 1.0, 0)]


def test_an_exact_integer_passes_its_deadband():
    rule = TagRule("*", TagHistory(exception=Band(5.0), max_interval_s=1e6))
    plant = Plant(tag(0), rules=(rule,))
    huge = 2**60 + 1
    plant.say((0, 1, float(huge)), (0, 2, float(huge)), (0, 3, float(huge)), exact={0: huge, 2: huge + 2})
    plant.tick()
    (block,) = plant.disk.blocks
    assert [(block.at_us[row] // S, number) for row, number in block.exact.items()] == [(1, huge), (3, huge + 2)]


def test_a_tag_is_known_by_its_unit_and_class_and_told_anew_when_they_change():
    plant = Plant(tag(0), rules=(TagRule("*/temp", TagHistory("long")),))
    plant.say((0, 1, 1.0))
    plant.tick()
    plant.define(replace(tag(0), unit="K"))
    plant.tick()
    assert [one[2:] for one in plant.disk.defined] == [("long", "°C"), ("long", "K")]


def test_samples_that_come_while_others_are_being_written_wait_for_the_same_tick():
    plant = Plant(tag(0))

    async def story():
        plant.say((0, 1, 1.0))
        ticking = asyncio.ensure_future(plant.recorder.tick())
        await asyncio.sleep(0)
        plant.define(tag(1, metric="new"))
        plant.say((1, 2, 2.0), (0, 2, 2.0))
        await ticking

    asyncio.run(story())
    assert plant.disk.rows() == [(1, 1.0, 0), (2, 2.0, 0)]
    assert plant.disk.rows(2) == [(2, 2.0, 0)]


def test_many_tags_at_once_find_their_keys():
    tags = tuple(tag(handle, metric=f"m{handle}") for handle in range(5_000))
    plant = Plant(*tags)
    plant.say(*((handle, 1, float(handle)) for handle in range(0, 5_000, 100)))
    plant.tick()
    assert len(plant.disk.keys) == 5_000
    for handle in range(0, 5_000, 100):
        assert plant.disk.rows(plant.disk.keys[tags[handle].tag_id]) == [(1, float(handle), 0)]


def test_a_loss_of_trust_while_samples_are_lost_begins_where_they_were_lost(log_lines):
    log_lines.expect("the history")
    plant = Plant(tag(0), most_rows=4)
    plant.disk.is_full = True
    for t in range(1, 8):
        plant.say((0, t, float(t)))
    plant.recorder.on_quality(QualityChanged(np.array([0], np.int32), int(BLIND), 0, 9 * S))
    plant.store.doubt(quality([0], BLIND, 9 * S))
    plant.disk.is_full = False
    plant.tick()
    assert plant.tick() == [(1, 1.0, 0), (2, 2.0, 0), (3, 3.0, 0), (4, 4.0, 0), (5, None, UNKNOWN)]
