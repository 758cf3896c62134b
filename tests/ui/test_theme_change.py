"""A change of the look goes in short pieces while somebody works, and nothing is painted half dressed."""

from collections.abc import Iterator

import pytest
from PySide6.QtCore import QEvent, QObject, Qt
from PySide6.QtWidgets import QApplication, QLabel, QPushButton, QStackedWidget, QVBoxLayout, QWidget
from pytestqt.qtbot import QtBot

from console.models.alarm_table import AlarmTable
from console.ui.stylesheet import Look, stylesheet
from console.ui.table_view import TableView
from console.ui.theme import load_tokens, theme
from console.ui.translation import language, read_catalogue, set_language, tr
from console.widgets.column_layout import ColumnFit, lay_out_columns
from tests.support.fake_station import FakeStation


@pytest.fixture(autouse=True)
def light_again(qapp: QApplication) -> Iterator[None]:
    sheet, colors, dress = qapp.styleSheet(), qapp.palette(), theme().dress
    theme().dress = None
    yield
    theme().dress = dress
    set_language("en")
    theme().use("light")
    qapp.setPalette(colors)
    qapp.setStyleSheet(sheet)


@pytest.fixture
def look(qapp: QApplication, light_again: None) -> Look:
    theme().use("light")
    theme().dress = made = Look(qapp)
    return made


class Watch(QObject):
    """Counts events of one kind at one widget."""

    def __init__(self, widget: QWidget, kind: QEvent.Type) -> None:
        super().__init__(widget)
        self.count = 0
        self._kind = kind
        widget.installEventFilter(self)

    def eventFilter(self, _watched: QObject, event: QEvent) -> bool:
        self.count += event.type() == self._kind
        return False


class Room(QWidget):
    """A label and a button that lies in a view which can be hidden."""

    def __init__(self) -> None:
        super().__init__()
        self.label, self.view = QLabel("level"), QWidget()
        self.label.setProperty("role", "alarm")
        self.button = QPushButton("close")
        column = QVBoxLayout(self)
        column.addWidget(self.label)
        column.addWidget(self.view)
        QVBoxLayout(self.view).addWidget(self.button)


def ink(widget: QWidget) -> str:
    return widget.palette().color(widget.foregroundRole()).name()


def token(name: str, key: str) -> str:
    return load_tokens(name)[key].lower()


def test_what_is_in_sight_is_dressed_when_everyone_is_told_and_paints_only_then(look: Look, qtbot: QtBot) -> None:
    room = Room()
    qtbot.addWidget(room)
    room.show()
    qtbot.waitExposed(room)
    told: list[tuple[str, bool]] = []
    theme().changed.connect(told_now := lambda: told.append((ink(room.label), room.updatesEnabled())))
    theme().switch("dark")
    assert theme().chosen == "dark"
    qtbot.waitUntil(lambda: bool(told) and room.updatesEnabled())
    theme().changed.disconnect(told_now)
    assert told == [(token("dark", "alarm.critical.edge"), False)]
    assert ink(room.button) == token("dark", "text")


def test_the_screen_keeps_the_old_look_whole_until_the_new_one_stands_ready(look: Look, qtbot: QtBot) -> None:
    room = Room()
    qtbot.addWidget(room)
    room.show()
    for _piece in look.prepare("dark"):
        assert theme().name == "light" and room.updatesEnabled()
        assert ink(room.label) == token("light", "alarm.critical.edge")
    theme().use("dark")
    assert ink(room.label) == token("dark", "alarm.critical.edge")


def test_a_view_that_nobody_sees_costs_nothing_and_is_dressed_when_it_is_shown(look: Look, qtbot: QtBot) -> None:
    room = Room()
    qtbot.addWidget(room)
    room.show()
    room.view.hide()
    watch = Watch(room.button, QEvent.Type.StyleChange)
    theme().use("dark")
    theme().use("light")
    theme().use("dark")
    assert watch.count == 0
    room.view.show()
    assert ink(room.button) == token("dark", "text")
    assert room.button.minimumSizeHint().height() >= 32  # the sheet's, not only the palette's


def test_a_page_that_was_seen_and_hidden_is_in_the_new_look_when_it_comes_back(look: Look, qtbot: QtBot) -> None:
    pages = QStackedWidget()
    qtbot.addWidget(pages)
    tables = [TableView("one"), TableView("two")]
    for table in tables:
        pages.addWidget(table)
    pages.show()
    for name in ("dark", "light", "dark"):
        shown = pages.currentIndex()
        pages.setCurrentIndex(1 - shown)
        theme().use(name)
        pages.setCurrentIndex(shown)
        wanted = load_tokens(name)
        assert pages.currentWidget().testAttribute(Qt.WidgetAttribute.WA_WState_Polished)
        bases = {table.palette().base().color().name() for table in tables}
        assert bases == {tables[1 - shown].palette().base().color().name()}
        assert bases <= {value.lower() for value in wanted.values()}
        pages.setCurrentIndex(1 - shown)


def test_nobody_is_told_that_measures_changed_when_only_colours_do(look: Look, qtbot: QtBot) -> None:
    room = Room()
    qtbot.addWidget(room)
    room.show()
    size = room.button.size()
    watch, moved = Watch(room.button, QEvent.Type.StyleChange), Watch(room.button, QEvent.Type.Resize)
    theme().switch("dark")
    qtbot.waitUntil(lambda: theme().name == "dark" and room.updatesEnabled())
    assert (watch.count, moved.count, room.button.size()) == (0, 0, size)
    qtbot.waitUntil(lambda: not look._deaf)
    assert not room.button.testAttribute(Qt.WidgetAttribute.WA_SetStyle)  # of a change of style it is told again


def test_a_widget_with_a_sheet_of_its_own_keeps_it(look: Look, qtbot: QtBot) -> None:
    room = Room()
    qtbot.addWidget(room)
    room.button.setStyleSheet("min-height: 70px;")
    room.show()
    theme().use("dark")
    assert room.button.sizeHint().height() >= 70
    assert ink(room.button) == token("dark", "text")


def test_a_window_that_comes_up_during_a_change_has_the_new_look_as_well(look: Look, qtbot: QtBot) -> None:
    pieces = look.prepare("dark")
    next(pieces)
    late = Room()
    qtbot.addWidget(late)
    late.show()
    assert ink(late.label) == token("light", "alarm.critical.edge")
    for _piece in pieces:
        pass
    later = Room()
    qtbot.addWidget(later)
    later.show()
    look.put_on("dark")
    assert ink(late.label) == ink(later.label) == token("dark", "alarm.critical.edge")
    theme().use("light")
    assert ink(late.label) == ink(later.label) == token("light", "alarm.critical.edge")


def test_two_changes_at_once_end_with_what_was_chosen_last(look: Look, qtbot: QtBot, qapp: QApplication) -> None:
    room = Room()
    qtbot.addWidget(room)
    room.show()
    theme().switch("dark")
    theme().switch("light")
    theme().switch("dark")
    theme().use("light")  # at once: what was going on is over then
    assert (theme().name, theme().chosen, room.updatesEnabled()) == ("light", "light", True)
    assert ink(room.label) == token("light", "alarm.critical.edge")
    assert qapp.styleSheet() == stylesheet("light")


def test_windows_paint_again_even_if_a_change_breaks(look: Look, qtbot: QtBot, monkeypatch: pytest.MonkeyPatch) -> None:
    room = Room()
    qtbot.addWidget(room)
    room.show()
    monkeypatch.setattr(look, "put_on", lambda _name: 1 / 0)
    with pytest.raises(ZeroDivisionError):
        theme().use("dark")
    assert room.updatesEnabled()
    monkeypatch.undo()
    theme().use("light")
    theme().use("dark")
    assert ink(room.label) == token("dark", "alarm.critical.edge")


def test_a_change_of_language_is_read_in_pieces_and_told_while_no_window_paints(look: Look, qtbot: QtBot) -> None:
    room = Room()
    qtbot.addWidget(room)
    room.show()
    told: list[tuple[str, bool]] = []
    theme().changed.connect(told_now := lambda: told.append((tr("Acknowledge"), room.updatesEnabled())))
    theme().change_in_pieces(read_catalogue("de"), lambda: set_language("de"))
    qtbot.waitUntil(lambda: bool(told) and room.updatesEnabled())
    theme().changed.disconnect(told_now)
    assert told == [("Quittieren", False)] and language() == "de"


def test_a_list_that_nobody_sees_fits_its_columns_when_it_is_shown(
    qtbot: QtBot, monkeypatch: pytest.MonkeyPatch
) -> None:
    view, table = TableView("any"), AlarmTable(FakeStation())
    qtbot.addWidget(view)
    view.setModel(table)
    lay_out_columns(view, [column.width for column in AlarmTable.COLUMNS], (5,))
    shared: list[ColumnFit] = []
    share = ColumnFit._share

    def counted(self: ColumnFit, present: list[int], room: int) -> dict[int, int]:
        shared.append(self)
        return share(self, present, room)

    monkeypatch.setattr(ColumnFit, "_share", counted)
    theme().use("dark")
    assert not shared
    view.show()
    assert shared
    table.close()
