"""The alarm list keeps its order, its selection and its counts whatever arrives."""

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from PySide6.QtCore import QItemSelectionModel, QPersistentModelIndex, Qt
from PySide6.QtWidgets import QTableView
from pytestqt.modeltest import ModelTester
from pytestqt.qtbot import QtBot

from console.domain.alarms import UNACKNOWLEDGED_STATES, AlarmKind, AlarmRule, AlarmState, Priority
from console.models import sorted_table
from console.models.alarm_order import alarm_keys
from console.models.alarm_table import AlarmTab, AlarmTable
from console.models.heartbeat import Heartbeat
from console.models.row_order import merged_rows, sorted_rows
from console.services.station import ALARMS
from tests.support.alarm_plant import Plant
from tests.support.fake_station import FakeStation
from tests.support.plant_rows import T0, alarms, condition

SINCE, ALARM = 1, 3


@pytest.fixture
def station() -> FakeStation:
    return FakeStation()


@pytest.fixture
def table(station: FakeStation, qtbot: QtBot, qtmodeltester: ModelTester) -> AlarmTable:
    made = AlarmTable(station, now_us=lambda: T0 + 42_000_000)
    made.set_visible(True)
    qtmodeltester.check(made)
    yield made
    made.close()


def rows_of(table: AlarmTable) -> list[int]:
    return table.shown_rows.tolist()


@pytest.mark.proves("ALARM-F48")
def test_unacknowledged_come_first_then_priority_then_newest(station: FakeStation, table: AlarmTable) -> None:
    un, ack = AlarmState.UNACKNOWLEDGED, AlarmState.ACKNOWLEDGED
    station.deliver(
        ALARMS,
        alarms(
            [0, 1, 2, 3, 4],
            state=[ack, un, un, un, AlarmState.RETURNED_UNACKNOWLEDGED],
            priority=[1, 2, 2, 4, 3],
            start_us=[T0 + 9, T0 + 1, T0 + 2, T0 + 8, T0],
            conditions=[condition(row) for row in range(5)],
            is_snapshot=True,
        ),
    )
    table.flush()
    assert rows_of(table) == [2, 1, 4, 3, 0]


@pytest.mark.proves("ALARM-T2")
def test_one_layout_change_per_heartbeat(station: FakeStation, table: AlarmTable, qtbot: QtBot) -> None:
    heard: list[int] = []
    table.layoutChanged.connect(lambda *_: heard.append(table.rowCount()))
    with qtbot.waitSignal(table.layoutChanged):
        station.deliver(ALARMS, alarms([0], conditions=[condition(0)], is_snapshot=True))
        station.deliver(ALARMS, alarms([1], conditions=[condition(1)]))
        station.deliver(ALARMS, alarms([1], state=AlarmState.ACKNOWLEDGED))
        assert table.rowCount() == 0  # nothing moves between two beats
    assert heard == [2]


def test_a_hidden_list_rests_and_shows_everything_when_it_is_seen_again(
    station: FakeStation, monkeypatch: pytest.MonkeyPatch
) -> None:
    own = Heartbeat()  # that of the process beats for whatever another test has left to be deleted
    monkeypatch.setattr(sorted_table, "heartbeat", lambda: own)
    table = AlarmTable(station, now_us=lambda: T0 + 42_000_000)
    table.set_visible(True)
    assert own.is_beating
    table.set_visible(False)
    assert not own.is_beating
    station.deliver(ALARMS, alarms([0, 1], conditions=[condition(0), condition(1)], is_snapshot=True))
    own.beat()
    assert table.rowCount() == 0
    table.set_visible(True)
    assert table.rowCount() == 2
    table.close()
    assert not own.is_beating


def test_a_normal_alarm_leaves(station: FakeStation, table: AlarmTable) -> None:
    station.deliver(ALARMS, alarms([0, 1], conditions=[condition(0), condition(1)], is_snapshot=True))
    table.flush()
    station.deliver(ALARMS, alarms([0], state=AlarmState.NORMAL))
    table.flush()
    assert rows_of(table) == [1]


@pytest.mark.proves("ALARM-T16")
def test_a_new_snapshot_forgets_what_it_does_not_name(station: FakeStation, table: AlarmTable) -> None:
    station.deliver(ALARMS, alarms([0, 1], conditions=[condition(0), condition(1)], is_snapshot=True))
    table.flush()
    station.deliver(ALARMS, alarms([1], is_snapshot=True))
    table.flush()
    assert rows_of(table) == [1]


@pytest.mark.proves("ALARM-F49")
def test_filter_counts_what_it_hides(station: FakeStation, table: AlarmTable) -> None:
    conditions = [condition(0, area="Press shop"), condition(1, text="Fan <b>lost</b>"), condition(2, asset="FAN-9")]
    station.deliver(ALARMS, alarms([0, 1, 2], conditions=conditions, is_snapshot=True))
    table.set_filter("fan")
    assert set(rows_of(table)) == {1, 2}
    assert table.hidden_count() == 1
    table.set_filter("PRESS shop")
    assert rows_of(table) == [0]
    station.deliver(ALARMS, alarms([3], conditions=[condition(3)]))
    table.flush()
    assert table.hidden_count() == 3
    table.set_filter("")
    assert table.hidden_count() == 0


@pytest.mark.proves("ALARM-T3", "ALARM-F50")
def test_selection_and_current_row_stay_on_their_alarms_through_a_flood_and_a_re_sort(
    station: FakeStation, table: AlarmTable, qtbot: QtBot
) -> None:
    view = QTableView()
    qtbot.addWidget(view)
    view.setSelectionBehavior(QTableView.SelectionBehavior.SelectRows)
    view.setModel(table)
    conditions = [condition(row) for row in range(600)]
    start = [T0 + row for row in range(100)]
    station.deliver(ALARMS, alarms(range(100), start_us=start, conditions=conditions, is_snapshot=True))
    table.flush()
    chosen = {3, 17, 40, 77, 99}
    for row in chosen:
        flags = QItemSelectionModel.SelectionFlag.Select | QItemSelectionModel.SelectionFlag.Rows
        view.selectionModel().select(table.index(table.position_of(row), 0), flags)
    view.selectionModel().setCurrentIndex(
        table.index(table.position_of(40), ALARM), QItemSelectionModel.SelectionFlag.NoUpdate
    )
    station.deliver(ALARMS, alarms(range(100, 600), priority=1, start_us=T0 + 5))
    table.flush()
    table.sort(SINCE, Qt.SortOrder.AscendingOrder)
    picked = [index.row() for index in view.selectionModel().selectedRows()]
    assert {table.row_at(position) for position in picked} == chosen
    assert table.row_at(view.currentIndex().row()) == 40
    asked = {occurrence.condition_id for occurrence in table.occurrences(picked)}
    assert asked == {conditions[row].condition_id for row in chosen}


def test_an_index_of_an_alarm_that_left_is_invalid(station: FakeStation, table: AlarmTable) -> None:
    station.deliver(ALARMS, alarms([0, 1], conditions=[condition(0), condition(1)], is_snapshot=True))
    table.flush()
    held = QPersistentModelIndex(table.index(table.position_of(1), 0))
    station.deliver(ALARMS, alarms([1], state=AlarmState.NORMAL))
    table.flush()
    assert not held.isValid()


@pytest.mark.proves("ALARM-F42")
def test_occurrences_are_those_on_screen_not_those_of_the_next_beat(station: FakeStation, table: AlarmTable) -> None:
    station.deliver(ALARMS, alarms([0], conditions=[condition(0)], is_snapshot=True))
    table.flush()
    station.deliver(ALARMS, alarms([0], start_us=T0 + 1_000_000))
    assert [occurrence.start_us for occurrence in table.occurrences([0])] == [T0]


@pytest.mark.proves("ALARM-F76", "ALARM-F48")
def test_next_unacknowledged_goes_through_all_of_them_by_urgency(station: FakeStation, table: AlarmTable) -> None:
    station.deliver(
        ALARMS,
        alarms(
            [0, 1, 2],
            priority=[3, 1, 2],
            state=[AlarmState.UNACKNOWLEDGED, AlarmState.UNACKNOWLEDGED, AlarmState.ACKNOWLEDGED],
            conditions=[condition(row) for row in range(3)],
            is_snapshot=True,
        ),
    )
    table.flush()
    first = table.next_unacknowledged(-1)
    second = table.next_unacknowledged(first)
    assert [table.row_at(first), table.row_at(second)] == [1, 0]
    assert table.next_unacknowledged(second) == first


def test_several_columns_sort_together(station: FakeStation, table: AlarmTable) -> None:
    conditions = [condition(0, area="B"), condition(1, area="A"), condition(2, area="B"), condition(3, area="a")]
    station.deliver(
        ALARMS, alarms(range(4), start_us=[T0 + 1, T0 + 2, T0 + 3, T0], conditions=conditions, is_snapshot=True)
    )
    table.sort_by([(5, False), (SINCE, True)])
    assert rows_of(table) == [1, 3, 2, 0]
    table.sort(-1)
    assert rows_of(table) == [2, 1, 0, 3]


@pytest.mark.proves("ALARM-T28")
def test_hostile_names_are_shown_as_they_are(station: FakeStation, table: AlarmTable) -> None:
    hostile = "<img src=x onerror=1>\nline two \u202eדרישה " + "x" * 300
    station.deliver(ALARMS, alarms([0], conditions=[condition(0, text=hostile)], is_snapshot=True))
    table.flush()
    shown = table.index(0, ALARM).data()
    assert shown.startswith("<img src=x onerror=1> line two \ufffdדרישה xxx")
    assert len(shown) == len(hostile)


states = st.sampled_from([int(state) for state in AlarmState])
changes = st.lists(st.tuples(st.integers(0, 30), states, st.integers(1, 5), st.integers(T0, T0 + 20)), max_size=30)


@pytest.mark.proves("ALARM-F48")
@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.lists(changes, max_size=6))
def test_after_any_deltas_the_order_is_that_of_a_plain_sort(
    qapp: object, turns: list[list[tuple[int, int, int, int]]]
) -> None:
    station = FakeStation()
    table = AlarmTable(station)
    station.deliver(ALARMS, alarms([], conditions=[condition(row) for row in range(31)], is_snapshot=True))
    truth: dict[int, tuple[int, int, int]] = {}
    for turn in turns:
        newest = {row: rest for row, *rest in turn}
        rows = list(newest)
        columns = list(zip(*newest.values(), strict=True)) or [[], [], []]
        station.deliver(ALARMS, alarms(rows, state=columns[0], priority=columns[1], start_us=columns[2]))
        table.flush()
        truth.update({row: tuple(rest) for row, rest in newest.items()})
        listed = {row: it for row, it in truth.items() if it[0] != AlarmState.NORMAL and it[1] <= 4}
        naive = sorted(
            listed, key=lambda r: (listed[r][0] not in UNACKNOWLEDGED_STATES, listed[r][1], -listed[r][2], r)
        )
        assert rows_of(table) == naive
        owed = [row for row in naive if listed[row][0] in UNACKNOWLEDGED_STATES]
        assert table.tab_count(AlarmTab.UNACKNOWLEDGED) == sum(table.unacknowledged_by_priority()) == len(owed)
    table.close()


@settings(max_examples=40, deadline=None)
@given(st.integers(1, 200), st.integers(0, 40), st.integers(0, 10_000))
def test_a_merge_is_a_sort(size: int, changed: int, seed: int) -> None:
    rng = np.random.default_rng(seed)
    state = rng.integers(0, 6, size).astype(np.uint8)
    keys = alarm_keys(state, rng.integers(1, 5, size).astype(np.uint8), rng.integers(0, 9, size))
    order = sorted_rows(keys, state != 0)
    rows = rng.choice(size, min(changed, size), replace=False).astype(np.int32)
    state[rows] = rng.integers(0, 6, len(rows))
    keys[rows] = alarm_keys(state[rows], np.full(len(rows), 2, np.uint8), rng.integers(0, 9, len(rows)))
    merged = merged_rows(order, keys, state != 0, rows)
    assert merged.tolist() == sorted_rows(keys, state != 0).tolist()


@pytest.mark.proves("ALARM-T17")
def test_banner_badge_and_list_mean_the_same_by_active_and_unacknowledged(qtbot: QtBot) -> None:
    """The banner and the badge show the engine's counts; the list counts its own rows."""
    plant = Plant(AlarmRule("hot", "*", AlarmKind.LIMIT, hh=95.0, h=90.0, priority=Priority.HIGH, text="Too hot"))
    tags = [plant.tag(f"Temp {number}") for number in range(4)]
    for second, tag in enumerate(tags):
        plant.send((tag, second, 92.0))
    plant.acknowledge(plant.open(tags[1], "hot", "high"), 10)
    plant.send((tags[2], 11, 20.0), (tags[1], 12, 97.0))
    plant.pass_time(30)
    station = FakeStation()
    table = AlarmTable(station)
    station.deliver(ALARMS, plant.engine.snapshot())
    counts = plant.engine.counts()
    assert table.tab_count(AlarmTab.ACTIVE) == 4
    assert sum(counts.active) == 3
    assert table.active_by_priority() == counts.active
    assert table.unacknowledged_by_priority() == counts.unacknowledged
    assert table.tab_count(AlarmTab.UNACKNOWLEDGED) == sum(counts.unacknowledged)
    table.close()
