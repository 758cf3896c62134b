"""The columns of a list use the room there is: what people wrote grows, what must be read whole is never narrower."""

import pytest
from PySide6.QtGui import QStandardItem, QStandardItemModel
from pytestqt.qtbot import QtBot

from console.ui.table_view import TableView
from console.widgets.column_layout import MAIN_LEAST, SHRINK, lay_out_columns

WIDTHS = (100, 0, 120, 200)  # the second takes what is left


def shown(qtbot: QtBot, width: int, **how: object) -> list[int]:
    view = TableView("columns")
    qtbot.addWidget(view)
    model = QStandardItemModel(1, len(WIDTHS), view)
    for column in range(len(WIDTHS)):
        model.setItem(0, column, QStandardItem("x"))
    view.setModel(model)
    lay_out_columns(view, WIDTHS, **how)  # type: ignore[arg-type]
    view.resize(width, 200)
    view.show()
    return [view.columnWidth(column) for column in range(len(WIDTHS))]


def test_in_a_wide_list_the_column_that_grows_takes_half_of_what_is_over(qtbot: QtBot) -> None:
    plain, grown = shown(qtbot, 1600), shown(qtbot, 1600, grows=3)
    assert plain[3] == WIDTHS[3]
    assert grown[3] > WIDTHS[3] + 200
    assert grown[1] >= grown[3] - WIDTHS[3], "the main column has its part"
    assert sum(grown) == sum(plain)


@pytest.mark.parametrize("grows", [-1, 3])
def test_in_a_narrow_list_the_main_column_keeps_its_room_and_steady_ones_their_width(qtbot: QtBot, grows: int) -> None:
    widths = shown(qtbot, 560, steady=(2,), grows=grows)
    assert widths[1] >= MAIN_LEAST
    assert widths[2] == WIDTHS[2]
    assert WIDTHS[3] * SHRINK <= widths[3] < WIDTHS[3]
