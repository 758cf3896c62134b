"""A change of the look goes in short steps while somebody works, and nothing is painted half dressed."""

from collections.abc import Iterator

import pytest
from PySide6.QtWidgets import QApplication, QWidget
from pytestqt.qtbot import QtBot

from console.models.alarm_table import AlarmTable
from console.ui.stylesheet import Look, stylesheet
from console.ui.table_view import TableView
from console.ui.theme import theme
from console.widgets.column_layout import ColumnFit, lay_out_columns
from tests.support.fake_station import FakeStation


@pytest.fixture(autouse=True)
def light_again(qapp: QApplication) -> Iterator[None]:
    sheet, colors, dressing = qapp.styleSheet(), qapp.palette(), tuple(theme().dressing)
    theme().dressing.clear()
    yield
    theme().dressing[:] = dressing
    theme().use("light")
    qapp.setPalette(colors)
    qapp.setStyleSheet(sheet)


def test_a_switch_takes_one_step_a_turn_and_tells_everyone_last(qtbot: QtBot) -> None:
    told: list[str] = []
    theme().dressing[:] = [lambda: told.append("off"), lambda: told.append("on")]
    with qtbot.waitSignal(theme().changed):
        theme().switch("dark")
        assert told == ["off"] and theme().name == "dark"
    assert told == ["off", "on"]


def test_what_asks_for_it_at_once_gets_the_whole_change_at_once(qtbot: QtBot) -> None:
    told: list[str] = []
    theme().dressing[:] = [lambda: told.append("off"), lambda: told.append("on")]
    with qtbot.waitSignal(theme().changed):
        theme().use("dark")
        assert told == ["off", "on"]


def test_no_sheet_is_put_over_another_and_no_window_paints_between_them(qapp: QApplication, qtbot: QtBot) -> None:
    window, hidden = QWidget(), QWidget()
    for widget in (window, hidden):
        qtbot.addWidget(widget)
    window.show()
    theme().use("dark")
    take_off, put_on = Look(qapp).steps
    take_off()
    assert qapp.styleSheet() == "" and not window.updatesEnabled() and hidden.updatesEnabled()
    put_on()
    assert qapp.styleSheet() == stylesheet("dark") and window.updatesEnabled()
    take_off(), put_on()  # the same look again costs nothing
    assert qapp.styleSheet() == stylesheet("dark") and window.updatesEnabled()


def test_a_list_that_nobody_sees_fits_its_columns_when_it_is_shown(
    qtbot: QtBot, monkeypatch: pytest.MonkeyPatch
) -> None:
    view, table = TableView("any"), AlarmTable(FakeStation())
    qtbot.addWidget(view)
    view.setModel(table)
    lay_out_columns(view, [column.width for column in AlarmTable.COLUMNS], (5,))
    shared: list[None] = []
    share = ColumnFit._share
    monkeypatch.setattr(ColumnFit, "_share", lambda self, *told: shared.append(None) or share(self, *told))
    theme().use("dark")
    assert not shared
    view.show()
    assert shared
    table.close()
