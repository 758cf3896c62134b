"""Incidents, journal and tags as tables: order, filters, and looks that never flatter."""

from uuid import UUID

import pytest
from PySide6.QtCore import QModelIndex, Qt
from pytestqt.modeltest import ModelTester
from pytestqt.qtbot import QtBot

from console.domain.alarms import Occurrence
from console.domain.quality import Detail, Quality
from console.models.incident_table import IncidentTable
from console.models.journal_table import JournalTable
from console.models.tag_cache import tag_cache
from console.models.tag_table import TagTable
from console.models.tag_tree import BRANCH_ROLE, TagTree
from console.services.records import IncidentRecord, IncidentsDelta, JournalDelta, JournalRow
from console.services.station import INCIDENTS, JOURNAL, TAGS
from tests.support.fake_station import FakeStation
from tests.support.plant_rows import SITE, T0, tag, tag_values


def incident(number: int, **values: object) -> IncidentRecord:
    fields: dict[str, object] = {
        "incident_id": UUID(int=number),
        "number": f"INC-K-{number:04d}",
        "state": "new",
        "priority": 2,
        "title": f"Incident {number}",
        "description": "",
        "impact": 2,
        "urgency": 2,
        "opened_by": "op",
        "opened_us": T0 + number,
        "changed_us": T0 + number,
    }
    return IncidentRecord(**(fields | values))  # type: ignore[arg-type]


def entry(seq: int, **values: object) -> JournalRow:
    fields: dict[str, object] = {
        "hash": f"{seq:064x}",
        "stream": SITE,
        "seq": seq,
        "at_us": T0 + seq,
        "station": "K1",
        "user": "op",
        "etype": "alarm.acknowledged",
        "entity": "condition:1",
        "summary": "{}",
    }
    return JournalRow(**(fields | values))  # type: ignore[arg-type]


@pytest.fixture
def station() -> FakeStation:
    return FakeStation()


def test_open_incidents_come_first_then_priority_then_newest(
    station: FakeStation, qtbot: QtBot, qtmodeltester: ModelTester
) -> None:
    table = IncidentTable(station, now_us=lambda: T0)
    qtmodeltester.check(table)
    table.set_visible(True)
    with qtbot.waitSignal(table.layoutChanged):
        records = (incident(1, state="closed", priority=1), incident(2), incident(3), incident(4, priority=1))
        station.deliver(INCIDENTS, IncidentsDelta(True, records))
    assert [table.index(row, 1).data() for row in range(4)] == ["INC-K-0004", "INC-K-0003", "INC-K-0002", "INC-K-0001"]
    assert table.open_count() == 3
    station.deliver(INCIDENTS, IncidentsDelta(False, (incident(4, state="resolved", priority=1),)))
    table.set_only_open(True)
    assert [record.number for place in range(2) if (record := table.record_at(place))] == ["INC-K-0003", "INC-K-0002"]
    assert table.hidden_count() == 2
    table.close()


def test_the_open_incident_of_an_alarm_is_found_whatever_its_occurrence(station: FakeStation) -> None:
    table = IncidentTable(station)
    alarm = (UUID(int=77), T0, "Fan lost")
    done, under_way = incident(1, state="closed", alarms=(alarm,)), incident(2, alarms=(alarm,))
    station.deliver(INCIDENTS, IncidentsDelta(True, (done, under_way)))
    assert table.open_for(Occurrence(UUID(int=77), T0 + 5)) == under_way
    assert table.open_for(Occurrence(UUID(int=78), T0)) is None
    table.close()


def test_a_conflict_is_named_in_the_list(station: FakeStation) -> None:
    table = IncidentTable(station)
    station.deliver(INCIDENTS, IncidentsDelta(True, (incident(1, conflicts=("title",)),)))
    table.flush()
    assert "conflict" in table.index(0, 2).data()
    table.close()


def test_the_journal_filters_by_who_what_and_entity_and_shows_the_newest_first(
    station: FakeStation, qtbot: QtBot, qtmodeltester: ModelTester
) -> None:
    table = JournalTable(station, now_us=lambda: T0)
    qtmodeltester.check(table)
    table.set_visible(True)
    rows = (entry(1), entry(2, user="lead", etype="incident.noted", entity="incident:9"), entry(3, user="lead"))
    with qtbot.waitSignal(table.layoutChanged):
        station.deliver(JOURNAL, JournalDelta(True, rows))
    assert [found.seq for place in range(3) if (found := table.entry_at(place))] == [3, 2, 1]
    table.set_filters(who="lead", what="note")
    assert [table.entry_at(0), table.rowCount(), table.hidden_count()] == [rows[1], 1, 2]
    table.set_filters(who="", what="", entity="condition")
    assert table.rowCount() == 2
    table.close()


def test_an_entry_that_reached_the_centre_replaces_itself(station: FakeStation) -> None:
    table = JournalTable(station)
    station.deliver(JOURNAL, JournalDelta(True, (entry(1),)))
    table.flush()
    assert table.index(0, 6).data() == "this PC"
    station.deliver(JOURNAL, JournalDelta(False, (entry(1, in_centre=True),)))
    table.flush()
    assert table.rowCount() == 1
    assert table.index(0, 6).data() == "this PC · centre"
    table.close()


def test_tags_show_value_unit_and_quality_and_lose_their_look_when_blind(
    station: FakeStation, qtbot: QtBot, qtmodeltester: ModelTester
) -> None:
    table = TagTable(station, now_us=lambda: T0 + 42_000_000)
    qtmodeltester.check(table)
    table.set_visible(True)
    with qtbot.waitSignal(table.layoutChanged):
        station.deliver(TAGS, tag_values([0, 1], [4.25, 7.0], added=[tag(0), tag(1)], is_snapshot=True))
    assert [table.index(0, column).data() for column in range(2, 6)] == ["4.25", "bar", "good", "0:42"]
    assert table.index(0, 2).data(Qt.ItemDataRole.FontRole) is None
    station.deliver(TAGS, tag_values([0, 1], 4.25, quality=Quality.BLIND, detail=Detail.LINK_DOWN))
    with qtbot.waitSignal(table.dataChanged):
        table.flush()
    assert table.index(0, 4).data() == "blind: our link is down"
    assert table.index(0, 2).data(Qt.ItemDataRole.FontRole).italic()
    table.close()


def test_values_alone_never_relayout_a_table_sorted_by_name(station: FakeStation, qtbot: QtBot) -> None:
    table = TagTable(station)
    station.deliver(TAGS, tag_values([0, 1], 1.0, added=[tag(0), tag(1)], is_snapshot=True))
    table.set_visible(True)
    with qtbot.assertNotEmitted(table.layoutChanged):
        station.deliver(TAGS, tag_values([1], 9.0))
        table.flush()
    assert table.index(1, 2).data() == "9"
    table.sort(2, Qt.SortOrder.DescendingOrder)
    station.deliver(TAGS, tag_values([0], 11.0))
    table.flush()
    assert table.row_at(0) == 0
    table.close()


def test_a_branch_and_a_filter_narrow_the_tags(station: FakeStation) -> None:
    table = TagTable(station)
    tags = [tag(0, node="PLC-1"), tag(1, node="PLC-2"), tag(2, "speed", node="PLC-2", device="drive")]
    station.deliver(TAGS, tag_values([0, 1, 2], added=tags, is_snapshot=True))
    table.flush()
    table.set_branch(("plant", "Press shop", "PLC-2"))
    assert table.rowCount() == 2
    table.set_filter("SPEED")
    assert [table.tag_at(0), table.hidden_count()] == [tags[2], 2]
    table.close()


def test_the_tree_grows_by_itself_and_counts_tags(
    station: FakeStation, qtbot: QtBot, qtmodeltester: ModelTester
) -> None:
    tree = TagTree(station)
    qtmodeltester.check(tree)
    station.deliver(TAGS, tag_values([0], added=[tag(0)], is_snapshot=True))
    with qtbot.waitSignal(tree.rowsInserted):
        station.deliver(TAGS, tag_values([1], added=[tag(1, node="PLC-2", device="<b>drive</b>")]))
    top = tree.index(0, 0, QModelIndex())
    group = tree.index(0, 0, tree.index(0, 0, top))
    node = tree.index(1, 0, group)
    device = tree.index(0, 0, node)
    assert top.data().endswith("2")
    assert device.data(BRANCH_ROLE) == ("plant", "Press shop", "PLC-2", "<b>drive</b>")
    tree.close()


def test_all_views_share_one_cache_and_a_redefined_tag_moves_with_its_asset(station: FakeStation) -> None:
    cache = tag_cache(station)
    assert tag_cache(station) is cache
    station.deliver(TAGS, tag_values([0], added=[tag(0)], is_snapshot=True, texts={0: "running"}))
    assert cache.texts[0] == "running"
    moved = tag(0, node="PLC-9")
    station.deliver(TAGS, tag_values([0], added=[moved]))
    assert cache.handles_of_asset(moved.asset_id) == (0,)
    assert cache.handles_of_asset(tag(0).asset_id) == ()
    assert 0 not in cache.texts
