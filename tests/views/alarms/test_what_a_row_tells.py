"""What one row of the alarm list tells without a click: state, severity now and at worst, marks, folded activations."""

import random

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from PySide6.QtCore import Qt
from PySide6.QtGui import QFont
from pytestqt.qtbot import QtBot

from console.domain.alarm_flags import HIDING, AlarmFlag
from console.domain.alarms import ACTIVE_STATES, UNACKNOWLEDGED_STATES, AlarmState
from console.models.alarm_aside import AsideTable
from console.models.alarm_table import ASIDE_FLAGS, AlarmTab, AlarmTable
from console.services.station import ALARMS
from console.ui.format import clock_text
from console.ui.priority_symbol import SymbolState
from tests.support.fake_station import FakeStation
from tests.support.plant_rows import T0, alarms, condition

MINUTE = 60_000_000


@pytest.fixture
def table(qtbot: QtBot) -> AlarmTable:
    station = FakeStation()
    made = AlarmTable(station, now_us=lambda: T0 + 30 * MINUTE)
    made.set_visible(True)
    made.station = station  # type: ignore[attr-defined]
    yield made
    made.close()


def tell(table: AlarmTable, rows: list[int], **values: object) -> None:
    table.station.deliver(ALARMS, alarms(rows, **values))  # type: ignore[attr-defined]
    table.flush()


def look(table: AlarmTable, row: int) -> tuple[object, bool, bool]:
    """Symbol, whether the row is bold, whether it is dim."""
    index = table.index(table.position_of(row), 3)
    font = index.data(Qt.ItemDataRole.FontRole) or QFont()
    dim = index.data(Qt.ItemDataRole.ForegroundRole) is not None
    return table.symbol(row)[1], font.weight() > QFont.Weight.Normal, dim


@pytest.mark.proves("ALARM-F1", "ALARM-F77")
def test_the_four_base_states_and_the_latched_ones_look_different(table: AlarmTable) -> None:
    states = [AlarmState.NORMAL, AlarmState.UNACKNOWLEDGED, AlarmState.ACKNOWLEDGED]
    states += [AlarmState.RETURNED_UNACKNOWLEDGED, AlarmState.LATCHED_UNACKNOWLEDGED, AlarmState.LATCHED_ACKNOWLEDGED]
    rows = list(range(6))
    tell(table, rows, state=states, conditions=[condition(row) for row in rows], is_snapshot=True)
    assert table.position_of(0) == -1  # normal: not listed
    looks = {row: (*look(table, row), table.cell(row, "note")) for row in rows[1:]}
    assert len(set(looks.values())) == 4  # the latched, unacknowledged one reads as returned and unacknowledged
    assert looks[3] == looks[4]
    assert looks[1][:3] == (SymbolState.UNACKNOWLEDGED, True, False)
    assert looks[2][:3] == (SymbolState.ACKNOWLEDGED, False, False)
    assert looks[3][3] == "returned" and looks[5][3] == "waits for its reset"


@pytest.mark.proves("ALARM-F5")
def test_a_fallen_severity_shows_what_stands_now_and_the_worst_since_the_acknowledgement(table: AlarmTable) -> None:
    tell(table, [0, 1], conditions=[condition(0), condition(1)], is_snapshot=True, severity=1, worst=2)
    assert table.cell(0, "limit") == "H 70 (HH)"
    assert table.tip(0, "limit") == "Now H 70; HH 75 was the worst since it was last acknowledged."
    tell(table, [0], severity=1, worst=1, state=AlarmState.ACKNOWLEDGED)
    assert (table.cell(0, "limit"), table.tip(0, "limit")) == ("H 70", "")


@pytest.mark.proves("ALARM-F52")
def test_activations_fold_into_one_row_with_their_count_and_first_and_last_time(table: AlarmTable) -> None:
    tell(table, [0, 1], conditions=[condition(0), condition(1)], is_snapshot=True)
    for again in range(2, 6):
        tell(table, [0], start_us=T0 + again * MINUTE, count=again)
    assert table.rowCount() == 2
    assert table.cell(0, "note") == "×5"
    first, last = table.tip(0, "note").split("\n")[1].removeprefix("5 times from ").split(" to ")
    now = T0 + 30 * MINUTE
    assert (first, last) == (clock_text(T0, now), clock_text(T0 + 5 * MINUTE, now))  # in the zone of the site
    tell(table, [2], conditions=[condition(2)], count=7)
    assert "7 times, last at" in table.tip(2, "note")  # what came before this window looked is not claimed


@pytest.mark.proves("ALARM-F53", "ALARM-F55", "ALARM-F11")
def test_first_out_chattering_and_re_alarmed_are_marked(table: AlarmTable) -> None:
    flags = [int(flag) for flag in (AlarmFlag.FIRST_OUT, AlarmFlag.CHATTERING, AlarmFlag.REALARMED)]
    tell(table, [0, 1, 2], conditions=[condition(row) for row in range(3)], is_snapshot=True, flags=flags)
    assert [table.cell(row, "note") for row in range(3)] == ["first out", "chattering", "alarmed again"]
    assert "propose a delay or a deadband" in table.tip(1, "note")
    assert table.rowCount() == 3  # marks hide nothing


changes = st.lists(
    st.tuples(
        st.integers(0, 25),
        st.sampled_from([int(state) for state in AlarmState]),
        st.integers(1, 4),
        st.integers(0, 255),
    ),
    max_size=30,
)


@pytest.mark.proves("ALARM-T17", "ALARM-F20", "ALARM-F19", "ALARM-F22")
@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.lists(changes, max_size=5))
def test_after_any_changes_each_alarm_is_in_one_list_and_the_counts_are_those_of_the_lists(
    qapp: object, turns: list[list[tuple[int, int, int, int]]]
) -> None:
    station = FakeStation()
    table = AlarmTable(station)
    asides = {tab: AsideTable(table, tab, now_us=lambda: T0) for tab in ASIDE_FLAGS}
    known = [condition(row) for row in range(26)]
    station.deliver(ALARMS, alarms([], conditions=known, is_snapshot=True))
    truth: dict[int, tuple[int, int, int]] = {}
    for shown in (table, *asides.values()):
        shown.set_visible(True)
    for turn in turns:
        newest = {row: tuple(rest) for row, *rest in turn}
        columns = list(zip(*newest.values(), strict=True)) or [(), (), ()]
        station.deliver(ALARMS, alarms(list(newest), state=columns[0], priority=columns[1], flags=columns[2]))
        truth |= newest  # type: ignore[arg-type]
        for shown in (table, *asides.values()):
            shown.flush()
    hiding = {row: flags & HIDING for row, (_state, _priority, flags) in truth.items()}
    listed = {row for row, (state, _p, _f) in truth.items() if state != AlarmState.NORMAL and not hiding[row]}
    out = {row for row, flags in hiding.items() if flags & AlarmFlag.OUT_OF_SERVICE}
    by_rule = {row for row, flags in hiding.items() if flags & (AlarmFlag.SUPPRESSED | AlarmFlag.MASKED)} - out
    shelved = {row for row, flags in hiding.items() if flags} - out - by_rule
    expected = {AlarmTab.SHELVED: shelved, AlarmTab.OUT_OF_SERVICE: out, AlarmTab.SUPPRESSED: by_rule}
    assert set(table.shown_rows.tolist()) == listed
    for tab, rows in expected.items():
        assert set(asides[tab].shown_rows.tolist()) == rows
        assert table.tab_count(tab) == len(rows)
    owed = [truth[row][1] for row in listed if truth[row][0] in UNACKNOWLEDGED_STATES]
    active = [truth[row][1] for row in listed if truth[row][0] in ACTIVE_STATES]
    assert table.unacknowledged_by_priority() == tuple(owed.count(priority) for priority in (1, 2, 3, 4))
    assert table.active_by_priority() == tuple(active.count(priority) for priority in (1, 2, 3, 4))
    for shown in (*asides.values(), table):
        shown.close()


@pytest.mark.proves("ALARM-F51")
def test_twenty_thousand_active_alarms_are_all_there_with_the_worst_first(table: AlarmTable) -> None:
    rows = list(range(20_000))
    random.Random(2).shuffle(rows)
    known = [condition(row, area=f"area {row % 40}") for row in rows]
    priorities = [1 if row == 77 else 2 + row % 3 for row in rows]
    tell(table, rows, conditions=known, is_snapshot=True, priority=priorities, start_us=[T0 + row for row in rows])
    assert (table.rowCount(), table.row_at(0)) == (20_000, 77)
    tell(table, [5], state=AlarmState.ACKNOWLEDGED, priority=2, start_us=T0 + 5)
    assert table.row_at(19_999) == 5
