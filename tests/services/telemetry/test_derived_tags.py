"""Derived tags through the real store and ingest: values, trust, time, chains, windows, and alarms upon them."""

from uuid import UUID

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from console.domain.alarms import AlarmKind, AlarmRule
from console.domain.derived import DerivedTag, in_order
from console.domain.expressions import parse
from console.domain.quality import Detail, Quality
from console.domain.tags import TagSource
from console.domain.values import ValueType
from console.services.alarms.engine import AlarmEngine
from console.services.inbox import Inbox
from console.services.records import LinkRecord
from console.services.telemetry.batch import LinkChanged, Message, TagsDefined
from console.services.telemetry.derived_tags import DerivedTags
from console.services.telemetry.handles import HandleTable
from console.services.telemetry.ingest import Ingest
from console.services.telemetry.tag_store import TagStore
from console.services.telemetry.watchdog import Watchdog
from tests.services.telemetry.rig import Follower
from tests.support.alarm_plant import T0, batch_of, condition_of, us

SITE = UUID(int=7)


def derived(path, text, **more) -> DerivedTag:
    return DerivedTag(path, parse(text), **more)


class Station:
    """The main thread's part of a station: inbox, ingest, store, derived tags, an engine and a follower."""

    def __init__(self, *tags: DerivedTag, rules: tuple[AlarmRule, ...] = ()) -> None:
        self.store, self.inbox, self.handles = TagStore(), Inbox[Message](), HandleTable(SITE)
        ordered, circle = in_order(tags)
        assert not circle
        self.derived = DerivedTags(ordered, self.handles, self.store)
        self.engine = AlarmEngine(SITE, self.store, rules)
        self.follower = Follower()
        self.ingest = Ingest(
            self.inbox, self.store, Watchdog(self.store), (self.engine, self.follower), derived=self.derived
        )
        self.inbox.put(LinkChanged("plant", LinkRecord("broker:plant", "live", T0), T0))
        self.now_s = 0.0
        self.turn(0)

    def tag(self, metric, device="P1", node="PLC1", broker="plant", value_type=ValueType.DOUBLE):
        tag, _ = self.handles.define(TagSource(broker, "Line", node, device, metric), value_type)
        self.inbox.put(TagsDefined((tag,)))
        return tag

    def send(self, *samples, **more):
        self.inbox.put(batch_of(*samples, **more))
        self.turn(max(second for _tag, second, _value in samples))

    def turn(self, second):
        self.now_s = max(self.now_s, second)
        self.ingest.turn(us(self.now_s), self.now_s, budget_s=10.0)
        self.engine.tick(us(self.now_s), self.now_s)
        assert not self.ingest.defects

    def pass_time(self, second):
        """Quiet nodes' watermarks follow the clock by two seconds."""
        self.turn(second + 2)

    def of(self, path):
        return next(tag for tag in self.store.tags() if tag.source.path() == f"derived/{path}")

    def now(self, path):
        """(value or text, quality, seconds of source time)"""
        handle = self.of(path).handle
        value = float(self.store.value[handle])
        shown = (self.store.text(handle) or None) if np.isnan(value) else value
        return shown, Quality(int(self.store.quality[handle])), (int(self.store.source_us[handle]) - T0) / 1e6

    def history(self, path):
        handle = self.of(path).handle
        return [
            ((int(batch.source_us[row]) - T0) / 1e6, float(batch.value[row]))
            for batch in self.follower.batches
            for row in np.flatnonzero(batch.handle == handle).tolist()
        ]


def test_a_derived_tag_is_a_tag_with_the_source_time_of_its_newest_input():
    station = Station(derived("Line/Sums/Total", "'Line/PLC1/P1/a' + 'Line/PLC1/P1/b'", unit="kW"))
    a, b = station.tag("a"), station.tag("b")
    station.send((a, 1, 10.0))
    assert station.now("Line/Sums/Total")[1] is Quality.UNKNOWN
    station.send((b, 3, 5.0))
    assert station.now("Line/Sums/Total") == (15.0, Quality.GOOD, 3.0)
    assert (station.of("Line/Sums/Total").unit, station.of("Line/Sums/Total").value_type) == ("kW", ValueType.DOUBLE)
    station.send((a, 4, 20.0), (a, 5, 30.0), (b, 6, 0.0))
    assert station.history("Line/Sums/Total") == [(3, 15.0), (4, 25.0), (5, 35.0), (6, 30.0)]


def test_truth_and_text_have_their_own_types():
    station = Station(
        derived("Line/S/Hot", "'Line/PLC1/P1/a' > 5"),
        derived("Line/S/Word", 'if(\'./Hot\', "hot", "cold")'),
        derived("Line/S/Is hot", "'./Word' = \"hot\""),
    )
    a = station.tag("a")
    station.send((a, 1, 10.0))
    assert station.of("Line/S/Hot").value_type is ValueType.BOOLEAN
    assert station.of("Line/S/Word").value_type is ValueType.STRING
    assert [station.now(f"Line/S/{name}")[0] for name in ("Hot", "Word", "Is hot")] == [1.0, "hot", 1.0]


def test_what_cannot_be_trusted_takes_the_trust_from_what_is_made_of_it():
    station = Station(derived("Line/S/Sum", "'Line/PLC1/P1/a' * 2"), derived("Line/S/More", "'./Sum' + 1"))
    a = station.tag("a")
    station.send((a, 1, 10.0))
    station.send((a, 2, 10.0), quality=Quality.UNCERTAIN)
    assert station.now("Line/S/More") == (21.0, Quality.UNCERTAIN, 2.0)
    station.send((a, 3, 10.0), quality=Quality.BAD)
    assert station.now("Line/S/More")[:2] == (21.0, Quality.BAD)
    assert int(station.store.detail[station.of("Line/S/More").handle]) == Detail.BY_INPUT
    station.inbox.put(LinkChanged("plant", LinkRecord("broker:plant", "lost", us(4)), us(4)))
    station.turn(4)
    assert station.now("Line/S/Sum")[1] is Quality.STALE
    assert station.now("Line/S/More")[1] is Quality.STALE
    station.inbox.put(LinkChanged("plant", LinkRecord("broker:plant", "live", us(5)), us(5)))
    station.send((a, 6, 7.0))
    assert station.now("Line/S/More") == (15.0, Quality.GOOD, 6.0)


def test_a_path_that_two_brokers_have_is_unknown_until_the_broker_is_named():
    station = Station(derived("Line/S/x", "'Line/PLC1/P1/a'"), derived("Line/S/y", "'other/Line/PLC1/P1/a'"))
    here, there = station.tag("a"), station.tag("a", broker="other")
    station.send((here, 1, 1.0), (there, 1, 2.0))
    assert station.now("Line/S/x")[1] is Quality.UNKNOWN
    assert station.now("Line/S/y")[0] == 2.0


def test_late_samples_change_nothing():
    station = Station(derived("Line/S/x", "'Line/PLC1/P1/a'"))
    a = station.tag("a")
    station.send((a, 5, 1.0))
    station.send((a, 3, 99.0))
    assert station.history("Line/S/x") == [(5, 1.0)]


def test_an_interval_gives_one_value_for_each_span_and_the_last_one_at_its_end():
    station = Station(derived("Line/S/x", "'Line/PLC1/P1/a'", interval_s=10.0))
    a = station.tag("a")
    station.send((a, 1, 1.0), (a, 2, 2.0), (a, 9, 3.0), (a, 12, 4.0))
    base = T0 / 1e6 % 10
    assert base == 0
    assert station.history("Line/S/x") == [(1, 1.0), (10, 3.0)]
    station.pass_time(21)
    assert station.history("Line/S/x") == [(1, 1.0), (10, 3.0), (20, 4.0)]


def test_a_counter_that_is_reset_goes_on_counting_and_its_alarm_is_a_limit_on_a_derived_tag():
    rule = AlarmRule("scrap", "Line/S/*", AlarmKind.LIMIT, h=10.0)
    station = Station(derived("Line/S/Scrap", "increase('Line/PLC1/P1/Scrap', 60)"), rules=(rule,))
    scrap = station.tag("Scrap")
    station.send(*((scrap, second, 100.0) for second in (0, 30, 60)))
    assert station.now("Line/S/Scrap")[:2] == (0.0, Quality.GOOD)
    station.send((scrap, 61, 106.0), (scrap, 70, 2.0))  # reset, then two more
    assert station.now("Line/S/Scrap")[0] == 8.0
    station.send((scrap, 80, 4.0))
    condition = condition_of(station.of("Line/S/Scrap"), "scrap", "high")
    assert station.engine.open_occurrence(condition).start_us == us(80)
    station.pass_time(122)
    assert station.now("Line/S/Scrap") == (4.0, Quality.GOOD, 121.0)  # what rose at 61 has left the window
    told = [str(one.transition) for one in station.engine.take_transitions() if one.rule_id == "scrap"]
    assert told == ["raised", "returned"]


def test_an_alarm_on_an_expression_is_a_state_of_a_derived_tag():
    rule = AlarmRule("dry", "Line/S/Dry run", AlarmKind.DISCRETE, equals=(True,), on_delay_s=3.0)
    text = "'Line/PLC1/P1/Running' and 'Line/PLC1/P1/Level' < 10"
    station = Station(derived("Line/S/Dry run", text), rules=(rule,))
    running, level = station.tag("Running", value_type=ValueType.BOOLEAN), station.tag("Level")
    station.send((running, 1, 1.0), (level, 2, 50.0), (level, 5, 4.0))
    condition = condition_of(station.of("Line/S/Dry run"), "dry")
    assert station.engine.open_occurrence(condition) is None
    station.pass_time(9)
    assert station.engine.open_occurrence(condition).start_us == us(5)
    station.send((running, 12, 0.0))
    assert str(station.engine.take_transitions()[-1].transition) == "returned"


def test_until_a_window_is_full_its_answer_is_uncertain_and_makes_no_alarm():
    rule = AlarmRule("slow", "Line/S/*", AlarmKind.LIMIT, l=3.0)
    station = Station(derived("Line/S/Parts", "increase('Line/PLC1/P1/Parts', 60)"), rules=(rule,))
    parts = station.tag("Parts")
    station.send(*((parts, second, float(second)) for second in range(0, 50, 5)))
    assert station.now("Line/S/Parts")[:2] == (45.0, Quality.UNCERTAIN)
    station.pass_time(59)
    assert [one for one in station.engine.take_transitions() if one.rule_id == "slow"] == []
    station.pass_time(110)
    assert [str(one.transition) for one in station.engine.take_transitions() if one.rule_id == "slow"] == ["raised"]


def test_how_often_something_became_true_is_counted_by_its_edges():
    station = Station(derived("Line/S/Openings", "count_true('Line/PLC1/P1/Door', 30)"))
    door = station.tag("Door", value_type=ValueType.BOOLEAN)
    station.send(*((door, second, float(second % 10 < 2)) for second in range(40)))
    assert station.now("Line/S/Openings")[:2] == (3.0, Quality.GOOD)
    station.pass_time(100)
    assert station.now("Line/S/Openings")[0] == 0.0


def slow_window(points, function, over, at):
    """The curve now minus then, by hand; None: not known."""
    curve, y, last = [], 0.0, None
    for time, value in points:
        if time > at:
            break
        if function == "change":
            y = value
        elif last is not None and function == "count_true":
            y += float(bool(value) and not last)
        elif last is not None:
            y += value - last if value >= last else value
        last = value
        curve.append((time, y))
    then = [y for time, y in curve if time <= at - over]
    return y - (then[-1] if then else curve[0][1])


STEPS = st.lists(st.tuples(st.integers(1, 7), st.integers(0, 3)), min_size=1, max_size=25)


@settings(max_examples=60, deadline=None)
@given(STEPS, st.sampled_from(["count_true", "increase", "change"]), st.integers(0, 3), st.integers(0, 30))
def test_windows_say_what_a_look_at_all_samples_says(steps, function, cuts, quiet):
    over = 10
    station = Station(derived("Line/S/x", f"{function}('Line/PLC1/P1/a', {over})"))
    a = station.tag("a")
    points, at = [], 0
    for step, value in steps:
        at += step
        points.append((at, float(value)))
    size = max(1, len(points) // (cuts + 1))
    for low in range(0, len(points), size):
        station.send(*((a, second, value) for second, value in points[low : low + size]))
    station.pass_time(at + quiet)
    for second, value in station.history("Line/S/x"):
        assert value == slow_window(points, function, over, second), second
    # and every moment at which it changed was told
    moments = sorted({second for second, _ in points} | {second + over for second, _ in points})
    told = dict(station.history("Line/S/x"))
    shown = None
    for moment in moments:
        if moment > at + quiet:
            break
        shown = told.get(moment, shown)
        assert shown == slow_window(points, function, over, moment), moment


@pytest.mark.proves("INV-30")
def test_turns_cut_otherwise_give_the_same_derived_history():
    texts = ("'Line/PLC1/P1/a' - 'Line/PLC1/P1/b'", "increase('Line/PLC1/P1/a', 5) + 'Line/PLC1/P1/b'")
    told = []
    for size in (1, 3, 100):
        station = Station(*(derived(f"Line/S/{n}", text) for n, text in enumerate(texts)))
        a, b = station.tag("a"), station.tag("b")
        rows = [(a if n % 3 else b, n, float(n * n % 17)) for n in range(40)]
        for low in range(0, len(rows), size):
            station.send(*rows[low : low + size])
        station.pass_time(60)
        told.append([station.history(f"Line/S/{n}") for n in range(2)])
    assert told[0] == told[1] == told[2]


def test_only_what_changed_is_evaluated(monkeypatch):
    """Two thousand derived tags, one input changes: the work is that of its followers."""
    from console.domain.expressions import Expression

    done = []
    evaluate = Expression.evaluate
    monkeypatch.setattr(Expression, "evaluate", lambda self, inputs: done.append(self.text) or evaluate(self, inputs))
    station = Station(*(derived(f"Line/S/{n}", f"'Line/PLC1/P1/t{n % 500}' + {n}") for n in range(2000)))
    tags = [station.tag(f"t{n}") for n in range(500)]
    station.send(*((tag, 1, 1.0) for tag in tags))
    assert len(done) == 2000
    done.clear()
    station.send((tags[3], 2, 5.0))
    assert sorted(done) == sorted(f"'Line/PLC1/P1/t3' + {n}" for n in (3, 503, 1003, 1503))
