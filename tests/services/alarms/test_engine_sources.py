"""Alarms that no rule makes: deaths, links, silence, bad quality, clocks, and the station about itself."""

import random

import numpy as np
import pytest

from console.domain.alarms import AlarmKind, AlarmRule, AlarmState, Occurrence, Priority
from console.domain.identity import condition_id
from console.domain.quality import Detail, Quality
from console.domain.tags import TagSource
from console.services.records import HornState
from console.services.telemetry.batch import SampleBatch
from tests.services.alarms.test_engine import HOT
from tests.support.alarm_plant import SITE, FakeTags, Plant, condition_of, us


def test_a_node_that_dies_makes_one_alarm_and_its_devices_and_stale_tags_make_none(plant):
    tags = tuple(plant.tag("Temp", f"D{i}") for i in range(20))
    node = plant.session("online", 0)
    for i in range(20):
        plant.session("online", 0, device=f"D{i}")
    plant.send(*((tag, 1, 20.0) for tag in tags))
    for i in range(20):
        plant.session("offline", 100, device=f"D{i}")
    plant.session("offline", 100)
    plant.quality(tags, Quality.STALE, Detail.NODE_DEAD, 100)
    plant.pass_time(100)
    dead = condition_id(node, "node_dead")
    assert plant.logged() == ["raised"]
    assert plant.engine.open_occurrence(dead) == Occurrence(dead, us(0))  # the birth that it ends
    plant.session("online", 200)
    for i in range(20):
        plant.session("online", 200, device=f"D{i}")
    plant.pass_time(300)
    assert plant.logged() == ["returned"]


def test_a_device_that_dies_alone_or_never_comes_back_with_its_node_makes_its_own_alarm(plant):
    plant.session("online", 0)
    device = plant.session("online", 0, device="D1")
    plant.session("offline", 10, device="D1")
    plant.pass_time(10)
    assert plant.logged() == ["raised"]
    plant.session("online", 20, device="D1")
    plant.acknowledge(plant.engine.open_occurrence(condition_id(device, "node_dead")), 21)
    plant.engine.take_transitions()
    plant.session("offline", 30)
    plant.session("offline", 30, device="D1")
    plant.session("online", 40)
    plant.pass_time(41)
    assert plant.state(condition_id(device, "node_dead")) is AlarmState.NORMAL
    plant.pass_time(80)
    assert plant.state(condition_id(device, "node_dead")) is AlarmState.UNACKNOWLEDGED


@pytest.mark.proves("ALARM-F3", "ALARM-F12")
def test_a_second_death_is_not_covered_by_the_acknowledgement_of_the_first(plant):
    node = plant.session("online", 0)
    dead = condition_id(node, "node_dead")
    plant.session("offline", 100)
    plant.session("online", 105)
    plant.acknowledge(plant.engine.open_occurrence(dead), 110)
    assert plant.state(dead) is AlarmState.NORMAL
    plant.session("offline", 200)
    assert plant.state(dead) is AlarmState.UNACKNOWLEDGED
    assert plant.engine.open_occurrence(dead).start_us == us(105)


@pytest.mark.proves("SEC-27", "ALARM-F12")
def test_while_our_own_link_is_down_only_the_link_alarm_is_raised(plant):
    tags = tuple(plant.tag("Temp", f"D{i}") for i in range(5))
    node, other = plant.session("online", 0), plant.session("online", 0, node="PLC2")
    plant.send(*((tag, 1, 20.0) for tag in tags))
    plant.link("live", 0)
    plant.link("lost", 10)
    plant.quality(tags, Quality.BLIND, Detail.LINK_DOWN, 10)
    plant.session("offline", 11)
    plant.pass_time(100)
    assert plant.logged() == ["raised"]
    assert plant.engine.counts().unacknowledged == (1, 0, 0, 0)
    plant.link("connecting", 101)
    assert plant.engine.counts().active == (1, 0, 0, 0)
    plant.link("live", 110)
    plant.session("online", 111, node="PLC2")
    plant.pass_time(112)
    assert plant.logged() == ["returned"]
    plant.pass_time(150)  # PLC1 was not born again
    assert plant.state(condition_id(node, "node_dead")) is AlarmState.UNACKNOWLEDGED
    assert plant.state(condition_id(other, "node_dead")) is AlarmState.NORMAL


def test_a_plain_topic_that_is_quiet_after_the_link_returned_is_not_called_dead(plant):
    tag = plant.tags.define(TagSource("plant", "Line", "Line/Meter", "", "kWh", plain=True))
    plant.engine.on_tags((tag,))
    plant.session("online", 0, node="Line/Meter", handles=(tag.handle,))
    plant.send((tag, 1, 5.0))
    plant.link("lost", 10)
    plant.link("live", 20)
    plant.pass_time(21)
    plant.pass_time(100)
    assert plant.logged() == ["raised", "returned"]


@pytest.mark.proves("ALARM-F12")
def test_a_hundred_bad_or_silent_tags_of_a_device_make_one_alarm_each_kind(plant):
    tags = tuple(plant.tag(f"M{i}", "Press") for i in range(100))
    plant.send(*((tag, 0, 1.0) for tag in tags))
    plant.quality(tags[:60], Quality.STALE, Detail.SILENT, 30)
    plant.send(*((tag, 30, 1.0) for tag in tags[60:]))
    for tag in tags[60:]:
        plant.at(tag, 31, 0.0, quality=Quality.BAD, detail=Detail.NULL)
    plant.pass_time(40)
    stale, bad = (condition_id(tags[0].asset_id, kind) for kind in ("stale", "bad_quality"))
    assert plant.engine.counts().active == (0, 0, 1, 1)
    plant.send(*((tag, 41, 1.0) for tag in tags[1:]))
    assert plant.state(stale) is AlarmState.UNACKNOWLEDGED  # one tag is still silent
    plant.send((tags[0], 42, 1.0))
    plant.pass_time(60)
    assert {plant.state(stale), plant.state(bad)} == {AlarmState.RETURNED_UNACKNOWLEDGED}


def test_a_rule_of_kind_bad_quality_makes_the_alarm_of_that_tag_and_takes_it_out_of_the_devices():
    plant = Plant(AlarmRule("probe", "*/Probe", AlarmKind.BAD_QUALITY, priority=Priority.HIGH))
    tag = plant.tag("Probe")
    plant.at(tag, 0, 0.0, quality=Quality.BAD)
    plant.pass_time(60)
    assert plant.state(condition_of(tag, "probe")) is AlarmState.UNACKNOWLEDGED
    assert plant.engine.counts().active == (0, 1, 0, 0)
    plant.at(tag, 61, 1.0)
    assert plant.engine.counts().active == (0, 0, 0, 0)


def test_a_wrong_clock_is_one_alarm_per_node_and_ends_when_it_stays_right(plant):
    tag, other = plant.tag(), plant.tag("Other", "D2")
    plant.at(tag, 0, 20.0, detail=Detail.BAD_CLOCK)
    plant.at(other, 1, 20.0, detail=Detail.BAD_CLOCK)
    plant.pass_time(2)
    plant.pass_time(8)
    assert plant.logged() == ["raised"]
    plant.at(tag, 9, 20.0)
    plant.pass_time(30)
    assert plant.logged() == []
    plant.pass_time(80)
    assert plant.logged() == ["returned"]


def test_leitstand_alarms_about_itself_until_the_reason_is_gone(plant):
    plant.engine.raise_system("sound", "No sound device", Priority.HIGH, us(0))
    plant.engine.raise_system("sound", "No sound device", Priority.HIGH, us(5))
    assert plant.engine.counts().active == (0, 1, 0, 0)
    plant.engine.clear_system("sound", us(9))
    plant.engine.clear_system("never-raised", us(9))
    assert plant.logged() == ["raised", "returned"]


def test_a_journal_only_alarm_is_logged_without_row_count_or_sound():
    plant = Plant(AlarmRule("note", "*", AlarmKind.LIMIT, h=90.0, priority=Priority.JOURNAL))
    tag = plant.tag()
    plant.send((tag, 0, 95.0))
    delta = plant.engine.take_delta()
    assert not delta.state.any()
    assert plant.engine.counts().unacknowledged == (0, 0, 0, 0)
    plant.send((tag, 1, 20.0))
    assert plant.logged() == ["raised", "returned", "closed"]
    assert plant.horn.snapshot().request == 0


@pytest.mark.proves("ALARM-F13", "ALARM-T15")
def test_an_edited_limit_and_a_rebirth_keep_the_occurrence_and_a_removed_rule_retires_it(plant):
    tag = plant.tag()
    plant.send((tag, 0, 92.0))
    plant.acknowledge(plant.open(tag, "hot", "high"), 1)
    plant.engine.on_tags((tag,))
    edited = AlarmRule("hot", "*/Temp", AlarmKind.LIMIT, hh=99.0, h=80.0, text="Hot", priority=Priority.HIGH)
    plant.engine.set_rules([edited], us(2))
    plant.send((tag, 3, 92.0))
    assert plant.open(tag, "hot", "high").start_us == us(0)
    assert plant.state(condition_of(tag, "hot", "high")) is AlarmState.ACKNOWLEDGED
    assert plant.logged() == ["raised", "acknowledged"]
    plant.engine.set_rules([AlarmRule("hot", "*/Temp", AlarmKind.LIMIT, h=93.0)], us(4))
    assert plant.logged() == ["returned", "closed"]
    plant.send((tag, 5, 94.0))
    plant.engine.set_rules([], us(6))
    assert plant.logged() == ["raised", "retired"]
    plant.send((tag, 7, 99.0))
    assert plant.logged() == []
    plant.engine.set_rules([HOT], us(8))
    assert plant.logged() == ["raised"]


def test_a_flood_of_ten_thousand_is_counted_listed_and_sounds_as_the_most_urgent():
    tags = FakeTags(10_000)
    plant = Plant(HOT, tags=tags)
    many = [tags.define(TagSource("plant", "L", f"N{i // 100}", f"D{i}", "Temp")) for i in range(10_000)]
    plant.engine.on_tags(tuple(many))
    assert plant.engine.take_delta() is None  # configured conditions cost nothing
    times = np.full(10_000, us(0), np.int64)
    zeros = np.zeros(10_000, np.uint8)
    values = np.where(np.arange(10_000) == 7777, 99.0, 92.0)
    batch = SampleBatch(np.arange(10_000, dtype=np.int32), times, times, values, zeros, zeros, zeros)
    plant.engine.on_samples(tags.apply(batch))
    plant.engine.drain(us(0))
    assert plant.engine.counts().unacknowledged == (0, 1, 9999, 0)
    top = plant.engine.counts().top_row
    delta = plant.engine.take_delta()
    assert len(delta.rows) == 10_000
    assert next(c for c in delta.conditions if c.row == top).asset_name == "D7777"
    assert plant.horn.snapshot().priority == Priority.HIGH
    assert len(plant.engine.take_transitions()) == 10_000


def test_a_new_subscriber_knows_every_condition_that_a_later_delta_takes_for_granted(plant):
    tag = plant.tag()
    plant.send((tag, 0, 92.0))
    plant.engine.take_delta()
    plant.send((tag, 1, 20.0))
    plant.acknowledge(plant.open(tag, "hot", "high"), 2)
    plant.engine.take_delta()
    snapshot = plant.engine.snapshot()
    assert len(snapshot.rows) == 0
    known = {condition.row for condition in snapshot.conditions}
    plant.send((tag, 3, 92.0))
    delta = plant.engine.take_delta()
    assert set(delta.rows.tolist()) <= known | {condition.row for condition in delta.conditions}


@pytest.mark.proves("ALARM-T17")
def test_the_one_count_equals_the_list_and_the_sound_after_any_operations(plant):
    tags = [plant.tag("Temp", f"D{i}") for i in range(12)]
    chance = random.Random(17)
    for i in range(600):
        tag = chance.choice(tags)
        act = chance.random()
        if act < 0.6:
            plant.send((tag, i, chance.choice([20.0, 92.0, 99.0])))
        elif act < 0.9 and (open_now := plant.open(tag, "hot", "high")) is not None:
            plant.acknowledge(open_now, i)
        else:
            plant.horn.silence("desk", plant.engine.newest_sounding_us())
        listed = plant.engine.snapshot()
        counts = plant.engine.counts()
        for p in range(1, 5):
            unacknowledged = np.isin(listed.state, (1, 3)) & (listed.priority == p)
            active = np.isin(listed.state, (1, 2)) & (listed.priority == p)
            assert counts.unacknowledged[p - 1] == unacknowledged.sum()
            assert counts.active[p - 1] == active.sum()
        if plant.horn.snapshot().state is HornState.SOUNDING:
            assert counts.unacknowledged[plant.horn.snapshot().priority - 1] > 0
        if not (listed.state == AlarmState.UNACKNOWLEDGED).any():
            assert plant.horn.snapshot().state is HornState.QUIET


def test_the_site_of_a_tag_is_part_of_its_alarms_identity(plant):
    tag = plant.tag()
    assert condition_of(tag, "hot", "high") == condition_id(tag.tag_id, "hot/high")
    assert tag.tag_id != SITE
