"""The engine behind the real tag store: the order of a turn, late samples, growth of columns, silence and links."""

import numpy as np
import pytest

from console.domain import identity
from console.domain.alarms import AlarmKind, AlarmRule, AlarmState
from console.domain.quality import Detail, Quality
from console.domain.tags import Tag, TagSource
from console.domain.values import ValueType
from console.services.alarms.engine import AlarmEngine
from console.services.records import LinkRecord, Trouble
from console.services.telemetry.batch import LinkChanged
from console.services.telemetry.tag_store import TagStore
from tests.support.alarm_plant import SITE, STATION, batch_of, condition_of, us


class Turn:
    def __init__(self, *rules):
        self.store = TagStore()
        self.engine = AlarmEngine(SITE, self.store, rules, station_id=STATION)

    def define(self, count, start=0):
        tags = tuple(
            Tag(i, identity.tag_id(SITE, "b", "g", "n", f"d{i}", "Temp"), identity.asset_id(SITE, f"b/g/n/d{i}"),
                TagSource("b", "g", "n", f"d{i}", "Temp"), ValueType.DOUBLE, stale_after_s=5.0)
            for i in range(start, start + count)
        )  # fmt: skip
        self.store.define(tags)
        self.engine.on_tags(tags)
        return tags

    def send(self, *samples, mono_s=0.0):
        self.engine.on_samples(self.store.apply(batch_of(*samples), mono_s))

    def link(self, state, second):
        change = LinkChanged("b", LinkRecord("broker:b", state, us(second)), us(second))
        changes = self.store.link(change)
        self.engine.on_link(change)
        for lost in changes:
            self.engine.on_quality(lost)


@pytest.mark.proves("ALARM-T37")
def test_values_alarm_through_the_store_and_late_samples_do_not():
    turn = Turn(AlarmRule("hot", "*/Temp", AlarmKind.LIMIT, h=90.0))
    turn.link("live", 0)
    first = turn.define(1000)
    more = turn.define(4000, start=1000)
    turn.send((first[3], 10, 50.0), (first[3], 5, 99.0), (more[3999], 10, 95.0))
    assert turn.engine.open_occurrence(condition_of(first[3], "hot", "high")) is None
    assert turn.engine.open_occurrence(condition_of(more[3999], "hot", "high")).start_us == us(10)
    assert turn.engine.counts().active == (0, 0, 1, 0)


@pytest.mark.proves("SEC-27", "INV-22", "ALARM-F12", "ALARM-F81")
def test_a_lost_link_marks_active_alarms_uncertain_and_silence_makes_one_stale_alarm_per_device():
    turn = Turn(AlarmRule("hot", "*/Temp", AlarmKind.LIMIT, h=90.0))
    turn.link("live", 0)
    (tag, other) = turn.define(2)
    turn.send((tag, 10, 95.0), (other, 10, 1.0))
    for change in turn.store.silence(np.array([other.handle], np.int32), us(15)):
        turn.engine.on_quality(change)
    stale = identity.condition_id(other.asset_id, "stale")
    assert turn.engine.open_occurrence(stale).start_us == us(15)
    turn.link("lost", 20)
    assert turn.store.quality[tag.handle] == Quality.BLIND
    assert turn.store.detail[tag.handle] == Detail.LINK_DOWN
    listed = turn.engine.snapshot()
    assert sorted(listed.state.tolist()) == [AlarmState.UNACKNOWLEDGED] * 3
    hot = next(c.row for c in listed.conditions if c.rule_id == "hot")
    assert listed.uncertain[listed.rows == hot].all()


@pytest.mark.proves("P24", "INV-22")
def test_missing_messages_of_a_node_make_its_active_alarms_uncertain_and_no_others():
    turn = Turn(AlarmRule("hot", "*/Temp", AlarmKind.LIMIT, h=90.0))
    turn.link("live", 0)
    tag, other = turn.define(2)
    turn.send((tag, 10, 95.0), (other, 10, 1.0))

    def told(sender: str, kind: str = "seq_gap") -> list[bool]:
        turn.engine.on_trouble(Trouble(sender, kind, 1, us(11), us(11)))
        listed = turn.engine.snapshot()
        rows = {condition.row for condition in listed.conditions if condition.rule_id == "hot"}
        pairs = zip(listed.rows.tolist(), listed.uncertain, listed.state, strict=True)
        return [bool(is_uncertain) for row, is_uncertain, state in pairs if row in rows and state]

    here = tag.source.node_path()
    assert told("b/g/somebody else") == [False]
    assert told(here, "duplicate_message") == [False]
    assert told(here) == [True]
    turn.send((tag, 12, 20.0))
    turn.send((tag, 13, 95.0))
    assert told("b/g/somebody else") == [False], "what begins after the gap is certain again"
