"""From every view a tag can be dragged onto a plot: what the pointer takes along there is what the plot draws."""

import numpy as np
import pytest
from PySide6.QtCore import QPoint, QPointF, Qt
from PySide6.QtGui import QDragEnterEvent, QDropEvent
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QWidget

from console.app.frame.faceplate import Faceplate
from console.app.frame.palette_items import GoTo, drag_from
from console.app.frame.plant_picture import PlantPicture
from console.models.heartbeat import heartbeat
from console.services.records import TrendColumns
from console.services.station import TrendQuery
from console.ui.actions import ActionSet
from console.ui.errands import Errands
from console.ui.tag_drag import TagDrag, mime_of
from console.ui.view import Selection, ViewContext
from console.views.alarms.view import AlarmsView
from console.views.overview.tag_browser import TagBrowser
from console.views.topology.view import TopologyView
from console.views.trends.view import TrendsView
from console.widgets.command_palette import CommandPalette, PaletteItem
from tests.support import frame_plant as plant
from tests.support.fake_station import FakeStation


@pytest.fixture
def station():
    made = FakeStation()
    plant.deliver_plant(made, session=plant.SESSION)
    none = np.empty(0)
    made.answers[TrendQuery] = lambda query: tuple(
        TrendColumns(one, none.astype(np.int64), none, none, none, none.astype(bool), True) for one in query.tag_ids
    )
    return made


@pytest.fixture
def made(qtbot, station):
    window = QWidget()  # actions live as long as it does
    qtbot.addWidget(window)
    yield ViewContext(station, ActionSet(window), lambda *_: None, lambda *_: None)
    window.close()


def beat():
    for _ in range(10):
        heartbeat().beat()


def taken_along(widget, start):
    """What a pointer that drags sideways from there takes along."""
    carried = []
    for one in widget.findChildren(TagDrag, options=Qt.FindChildOption.FindDirectChildrenOnly):
        one._carry = lambda _source, ids: carried.extend(ids)
    QTest.mousePress(widget, Qt.MouseButton.LeftButton, pos=start)
    for step in (8, 30, 60):
        QTest.mouseMove(widget, start + QPoint(step, 1))
    QTest.mouseRelease(widget, Qt.MouseButton.LeftButton, pos=start + QPoint(60, 1))
    return carried


def row_place(view, row):
    return view.visualRect(view.model().index(row, 1)).center()


def test_from_the_list_of_all_tags(qtbot, station, made):
    browser = TagBrowser(station, made.actions, lambda: plant.NOW_US)
    qtbot.addWidget(browser)
    browser.resize(1000, 500)
    browser.show()
    browser.set_seen(True)
    beat()
    expected = browser.table.tag_at(1).tag_id
    assert taken_along(browser.list.viewport(), row_place(browser.list, 1)) == [expected]
    browser.close_browser()


def test_from_the_list_of_alarms(qtbot, made):
    view = AlarmsView(made)
    qtbot.addWidget(view)
    view.resize(1200, 600)
    view.show()
    beat()
    shown = view.lists.list
    rows = range(view.table.rowCount())
    found = [taken_along(shown.viewport(), row_place(shown, row)) for row in rows]
    tags = {one.tag_id for one in plant.TAGS}
    assert any(found)
    assert all(one in tags for ids in found for one in ids)
    view.close_view()


def test_from_the_map_by_pulling_a_card_out_of_it(qtbot, made, monkeypatch):
    carried = []
    monkeypatch.setattr("console.views.topology.view.carry", lambda _source, ids: carried.extend(ids))
    view = TopologyView(made, now_us=lambda: plant.NOW_US)
    qtbot.addWidget(view)
    view.resize(1000, 700)
    view.show()
    view.rebuild()
    canvas, index = view.canvas, view.model.index_of(plant.asset_id("SW-CORE-1"))
    before = canvas.scene.place[index].tolist()
    start = next(
        QPoint(x, y)
        for x in range(0, canvas.width(), 8)
        for y in range(0, canvas.height(), 8)
        if canvas.card_at(QPointF(x, y)) == index
    )
    QTest.mousePress(canvas, Qt.MouseButton.LeftButton, pos=start)
    for place in (start + QPoint(30, 0), QPoint(canvas.width() // 2, 5), QPoint(canvas.width() // 2, -20)):
        QTest.mouseMove(canvas, place)
    QTest.mouseRelease(canvas, Qt.MouseButton.LeftButton, pos=QPoint(canvas.width() // 2, -20))
    assert carried == [one.tag_id for one in plant.TAGS[:4]]
    assert canvas.scene.place[index].tolist() == before  # the card stands where it stood
    view.close_view()


def test_from_the_palette(qtbot):
    page = QWidget()
    qtbot.addWidget(page)
    page.resize(900, 600)
    page.show()
    palette = CommandPalette(page)
    drag = drag_from(palette)
    one = plant.TAGS[3]
    item = PaletteItem("tag", one.source.path(), GoTo("trends", Selection(one.asset_id, one.handle, one.tag_id)))
    palette.open_with([item, PaletteItem("view", "Alarms", GoTo("alarms"))])
    ids_at = drag._ids_at
    assert ids_at(palette.list.visualRect(palette.model.index(0)).center()) == [one.tag_id]
    assert ids_at(palette.list.visualRect(palette.model.index(1)).center()) == []


def test_from_the_values_of_the_side_panel(qtbot, station, made):
    picture = PlantPicture(station)
    plate = Faceplate(station, picture, made.actions, Errands(print), lambda: plant.NOW_US)
    qtbot.addWidget(plate)
    plate.resize(372, 900)
    plate.show()
    plate.show_selection(Selection(asset_id=plant.asset_id("SW-CORE-1")))
    line = plate.facts.values[1]
    name = plate.values._parts[1][0]
    assert taken_along(plate.values, name.geometry().center()) == [picture.tags.tag(line.handle).tag_id]


def test_a_plot_takes_what_is_dropped_on_it_anywhere(qtbot, made):
    view = TrendsView(made, now_us=lambda: plant.NOW_US)
    qtbot.addWidget(view)
    view.resize(1000, 700)
    view.show()
    view.add_pen(1)
    mime = mime_of([plant.TAGS[2].tag_id, plant.TAGS[3].tag_id, plant.TAGS[0].tag_id])
    copy, left, none = Qt.DropAction.CopyAction, Qt.MouseButton.LeftButton, Qt.KeyboardModifier.NoModifier
    over = view.plot._canvas.viewport()
    enter = QDragEnterEvent(QPoint(200, 100), copy, mime, left, none)
    QApplication.sendEvent(over, enter)
    assert enter.isAccepted()
    view.dropEvent(QDropEvent(QPointF(200, 100), copy, mime, left, none))
    assert [row.tag.handle for row in view.model.rows] == [1, 2, 3]
    assert [one.handle for one in view.extras["beside"].states.tags] == [0]  # yes/no becomes a row of states
    view.close_view()
