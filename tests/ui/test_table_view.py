"""The one table: sorts by several columns, keeps its columns, shows plain text, says what belongs into it."""

from PySide6.QtCore import Qt
from PySide6.QtGui import QStandardItem, QStandardItemModel

from console.ui.table_view import TableView


class Rows(QStandardItemModel):
    def __init__(self, rows):
        super().__init__(0, 3)
        self.setHorizontalHeaderLabels(["Since", "Alarm", "Value"])
        self.sorted_by = None
        for row in rows:
            self.appendRow([QStandardItem(cell) for cell in row])

    def sort_by(self, keys):
        self.sorted_by = keys


def table(qtbot, rows=(("1", "<b>hot</b>", "=2"), ("2", "cold", "-3"))):
    view = TableView("test", "Nothing is wrong.")
    qtbot.addWidget(view)
    model = Rows(rows)
    model.setParent(view)
    view.setModel(model)
    view.resize(500, 300)
    view.show()
    return view, model


def test_shift_click_adds_a_sort_column(qtbot):
    view, model = table(qtbot)
    view.header.press(0)
    view.header.press(1, add=True)
    view.header.press(0, add=True)
    assert model.sorted_by == ((0, True), (1, False))
    view.header.press(2)
    assert model.sorted_by == ((2, False),)


def test_a_click_on_the_header_sorts(qtbot):
    view, model = table(qtbot)
    place = view.header.viewport().rect().center()
    place.setX(view.header.sectionViewportPosition(1) + 40)
    with qtbot.waitSignal(view.sort_changed):
        qtbot.mouseClick(view.header.viewport(), Qt.MouseButton.LeftButton, pos=place)
    assert model.sorted_by == ((1, False),)


def test_columns_come_back_as_they_were_left(qtbot):
    view, _model = table(qtbot)
    view.setColumnHidden(1, True)
    view.setColumnWidth(2, 77)
    view.header.moveSection(2, 0)
    view.header.press(0)
    state = view.save_state()
    other, model = table(qtbot)
    other.restore_state(state)
    assert other.visible_columns() == [2, 0]
    assert other.columnWidth(2) == 77
    assert model.sorted_by == ((0, False),)


def test_broken_kept_columns_are_ignored(qtbot):
    view, _model = table(qtbot)
    for state in ({}, {"columns": [[1]]}, {"columns": 5, "sort": "x"}, {"sort": [[99, True]]}):
        view.restore_state(state)
    assert view.visible_columns() == [0, 1, 2]


def test_copied_rows_are_plain_text_without_formulas(qtbot):
    view, _model = table(qtbot)
    view.selectRow(0)
    assert view.copy_selection() == "Since\tAlarm\tValue\n1\t<b>hot</b>\t'=2"


def test_the_exported_file_holds_the_visible_columns(qtbot, tmp_path):
    view, _model = table(qtbot)
    view.setColumnHidden(0, True)
    assert view.export_csv(tmp_path / "t.csv") == 2
    text = (tmp_path / "t.csv").read_text(encoding="utf-8-sig")
    assert text.splitlines() == ['"Alarm","Value"', '"<b>hot</b>","\'=2"', '"cold","-3"']


def test_the_last_column_cannot_be_hidden(qtbot):
    view, _model = table(qtbot)
    view.setColumnHidden(0, True)
    view.setColumnHidden(1, True)
    entries = view.column_menu().actions()[1:]
    assert [entry.isEnabled() for entry in entries] == [True, True, False]


def test_an_empty_table_says_what_belongs_there(qtbot):
    full, _model = table(qtbot)
    empty, _model2 = table(qtbot, ())
    bare = empty.viewport().grab().toImage()
    empty.set_empty_text("")
    assert bare != empty.viewport().grab().toImage()
    assert full.empty_text


def test_a_letter_that_is_no_key_here_leaves_the_selection_where_it_is(qtbot):
    view, _model = table(qtbot, (("1", "hot", ""), ("s", "cold", "")))
    view.selectRow(0)
    view.setFocus()
    qtbot.keyClick(view, Qt.Key.Key_S)
    assert view.selected_rows() == [0]


def test_home_and_end_go_to_the_first_and_the_last_row(qtbot):
    view, _model = table(qtbot, tuple((str(at), "cold", "") for at in range(9)))
    view.selectRow(4)
    view.setFocus()
    qtbot.keyClick(view, Qt.Key.Key_End)
    assert view.selected_rows() == [8]
    qtbot.keyClick(view, Qt.Key.Key_Home)
    assert view.selected_rows() == [0]
    qtbot.keyClick(view, Qt.Key.Key_End, Qt.KeyboardModifier.ShiftModifier)
    assert len(view.selected_rows()) == 9


def test_the_first_arrow_selects_the_row_on_which_the_keyboard_stands(qtbot):
    view, _model = table(qtbot)
    view.setFocus()
    qtbot.waitUntil(view.hasFocus)
    qtbot.keyClick(view, Qt.Key.Key_Down)
    assert view.selected_rows() == [0]
    qtbot.keyClick(view, Qt.Key.Key_Down)
    assert view.selected_rows() == [1]
    view.clearSelection()
    qtbot.keyClick(view, Qt.Key.Key_Home)
    assert view.selected_rows() == [0]
