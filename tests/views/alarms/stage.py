"""What the tests of the alarm view share: a view filled with alarms, rows selected by their number, open questions."""

from collections.abc import Iterable
from dataclasses import replace
from typing import Any

from PySide6.QtCore import QItemSelectionModel, Qt
from PySide6.QtWidgets import QApplication, QPushButton

from console.domain.alarms import Condition
from console.services.station import ALARMS
from console.ui.dialogs import QuestionDialog
from console.ui.wall_clock import now_us
from console.views.alarms.view import AlarmsView
from tests.support.fake_station import FakeStation
from tests.support.plant_rows import alarms, condition
from tests.support.screens import Screen

MINUTE = 60_000_000


def fill(station: FakeStation, count: int, *, like: dict[str, Any] | None = None, **values: Any) -> None:
    """`count` alarms that began one minute after the other until now; `like` changes every condition."""
    conditions = [replace(condition(row), **(like or {})) for row in range(count)]
    deliver(station, conditions, **values)


def deliver(station: FakeStation, conditions: Iterable[Condition], **values: Any) -> None:
    known = tuple(conditions)
    start = [now_us() - (len(known) - row) * MINUTE for row in range(len(known))]
    rows = [one.row for one in known]
    station.deliver(ALARMS, alarms(rows, conditions=known, is_snapshot=True, **{"start_us": start, **values}))


def view_of(screen: Screen) -> AlarmsView:
    assert isinstance(screen.view, AlarmsView)
    return screen.view


def select(view: AlarmsView, rows: Iterable[int]) -> None:
    """Select alarms by their row number in the list that is in sight, and give it the keyboard."""
    table, shown = view.lists.shown
    shown.clearSelection()
    for row in rows:
        index = table.index(table.position_of(row), 0)
        flags = QItemSelectionModel.SelectionFlag.Select | QItemSelectionModel.SelectionFlag.Rows
        shown.selectionModel().select(index, flags)
        shown.selectionModel().setCurrentIndex(index, QItemSelectionModel.SelectionFlag.NoUpdate)
    shown.setFocus()


def questions() -> list[QuestionDialog]:
    return [one for one in QApplication.topLevelWidgets() if isinstance(one, QuestionDialog) and one.isVisible()]


def words_of(dialog: QuestionDialog) -> str:
    from console.ui.plain_label import PlainLabel

    return "\n".join(label.text() for label in dialog.findChildren(PlainLabel))


def choices(dialog: QuestionDialog, key: str) -> list[str]:
    """Texts of the buttons of a row of options."""
    return [button.text() for button in dialog.input(key).findChildren(QPushButton)]


def press(screen: Screen, key: Qt.Key, modifiers: Qt.KeyboardModifier = Qt.KeyboardModifier.NoModifier) -> None:
    screen.press(key, modifiers)
