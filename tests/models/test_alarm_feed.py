"""Several alarm lists of one console share what is known, and none shows more than it has painted."""

import pytest
from pytestqt.qtbot import QtBot

from console.domain.alarms import AlarmState
from console.models import alarm_columns
from console.models.alarm_table import AlarmTable
from console.services.station import ALARMS
from tests.support.fake_station import FakeStation
from tests.support.plant_rows import T0, alarms, condition

UN, ACKED = AlarmState.UNACKNOWLEDGED, AlarmState.ACKNOWLEDGED


@pytest.fixture
def station() -> FakeStation:
    return FakeStation()


def rows_of(table: AlarmTable) -> list[int]:
    return table.shown_rows.tolist()


def test_each_delta_is_taken_in_once_for_all_lists_of_a_station(
    station: FakeStation, qtbot: QtBot, monkeypatch: pytest.MonkeyPatch
) -> None:
    tables = [AlarmTable(station) for _ in range(3)]
    taken: list[int] = []
    apply = alarm_columns.AlarmColumns.apply
    monkeypatch.setattr(
        alarm_columns.AlarmColumns, "apply", lambda self, delta: taken.append(len(delta.rows)) or apply(self, delta)
    )
    station.deliver(ALARMS, alarms([0, 1], conditions=[condition(0), condition(1)], is_snapshot=True))
    assert taken == [2]
    for table in tables:
        table.set_visible(True)
        assert len(rows_of(table)) == 2
        table.close()


def test_a_list_that_is_seen_moves_together_with_another_that_takes_in_what_waited(
    station: FakeStation, qtbot: QtBot
) -> None:
    one, other = AlarmTable(station), AlarmTable(station)
    for table in (one, other):
        table.set_visible(True)
    station.deliver(ALARMS, alarms([0, 1], start_us=[T0, T0 + 1], conditions=[condition(0), condition(1)]))
    assert rows_of(one) == rows_of(other) == []  # both wait for the beat
    one.flush()
    assert rows_of(one) == rows_of(other) == [1, 0]
    station.deliver(ALARMS, alarms([1], state=ACKED, start_us=T0 + 1))
    assert other.occurrences([0])[0].start_us == T0 + 1 and other.owed([0]) == (0,)
    other.flush()
    assert rows_of(one) == rows_of(other) == [0, 1]
    one.close(), other.close()


def test_a_list_that_was_hidden_shows_what_the_others_took_in(station: FakeStation, qtbot: QtBot) -> None:
    seen, hidden = AlarmTable(station), AlarmTable(station)
    seen.set_visible(True)
    station.deliver(ALARMS, alarms([0], conditions=[condition(0)], is_snapshot=True))
    seen.flush()
    assert rows_of(hidden) == []
    hidden.set_visible(True)
    assert rows_of(hidden) == [0]
    late = AlarmTable(station)
    late.set_visible(True)
    assert rows_of(late) == [0]
    for table in (seen, hidden, late):
        table.close()


def test_words_are_found_whether_they_were_made_ready_before_or_not(station: FakeStation, qtbot: QtBot) -> None:
    table = AlarmTable(station)
    table.set_visible(True)
    rows = list(range(5))
    station.deliver(ALARMS, alarms(rows, conditions=[condition(row) for row in rows], is_snapshot=True))
    table.flush()
    subject = condition(3).subject
    table.set_filter(subject)
    assert 3 in rows_of(table)
    table.set_filter("")
    assert len(rows_of(table)) == 5
    table.set_filter("no such word anywhere")
    assert rows_of(table) == []
    station.deliver(ALARMS, alarms([5], conditions=[condition(5)]))
    table.flush()
    assert rows_of(table) == [] and table.hidden_count() == 6
    table.close()
