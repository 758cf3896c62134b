"""Tags are dragged from the lists, the map, the palette and the side panel onto a plot."""

from uuid import UUID

import pytest
from PySide6.QtCore import QEvent, QPoint, QPointF, QStringListModel, Qt
from PySide6.QtGui import QMouseEvent
from PySide6.QtWidgets import QApplication, QListView, QWidget

from console.ui.tag_drag import FORMAT, MOST, TagDrag, mime_of

IDS = (UUID(int=1), UUID(int=2))


def send(widget, kind, place, pressed):
    button = Qt.MouseButton.LeftButton if kind != QEvent.Type.MouseMove else Qt.MouseButton.NoButton
    buttons = Qt.MouseButton.LeftButton if pressed else Qt.MouseButton.NoButton
    where = QPointF(place)
    event = QMouseEvent(kind, where, widget.mapToGlobal(where), button, buttons, Qt.KeyboardModifier.NoModifier)
    QApplication.sendEvent(widget, event)


def drag(widget, start, end):
    send(widget, QEvent.Type.MouseButtonPress, start, True)
    for step in range(1, 6):
        send(widget, QEvent.Type.MouseMove, start + (end - start) * step / 5, True)
    send(widget, QEvent.Type.MouseButtonRelease, end, False)


def test_what_is_carried_are_ids_as_lines_for_plots_and_for_other_programs():
    mime = mime_of([UUID(int=n) for n in range(MOST + 5)])
    assert bytes(mime.data(FORMAT).data()).decode() == mime.text()
    assert mime.text().splitlines() == [str(UUID(int=n)) for n in range(MOST)]


def test_a_short_way_is_a_click_and_a_long_one_carries_the_tags(qtbot):
    widget, carried = QWidget(), []
    qtbot.addWidget(widget)
    TagDrag(widget, lambda _place: IDS, lambda _source, ids: carried.append(ids))
    drag(widget, QPoint(5, 5), QPoint(6, 6))
    assert carried == []
    drag(widget, QPoint(5, 5), QPoint(60, 60))
    assert carried == [IDS]


def test_where_there_is_no_tag_nothing_is_carried(qtbot):
    widget, carried = QWidget(), []
    qtbot.addWidget(widget)
    TagDrag(widget, lambda _place: (), lambda _source, ids: carried.append(ids))
    drag(widget, QPoint(5, 5), QPoint(60, 60))
    assert carried == []


@pytest.mark.parametrize(
    ("is_selected", "end", "is_carried"),
    [(False, QPoint(8, 70), False), (False, QPoint(90, 8), True), (True, QPoint(8, 70), True)],
)
def test_in_a_list_dragging_down_goes_on_selecting_rows_unless_the_row_was_selected(
    qtbot, is_selected, end, is_carried
):
    view, carried = QListView(), []
    qtbot.addWidget(view)
    view.setModel(QStringListModel([f"tag {n}" for n in range(20)]))
    view.resize(200, 200)
    view.show()
    if is_selected:
        view.setCurrentIndex(view.indexAt(QPoint(8, 8)))
    TagDrag(view.viewport(), lambda _place: IDS, lambda _source, ids: carried.append(ids))
    drag(view.viewport(), QPoint(8, 8), end)
    assert bool(carried) == is_carried
