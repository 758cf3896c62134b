"""The canvas shows, finds, moves and walks between cards; hostile names stay plain and inside their card."""

import numpy as np
import pytest
from PySide6.QtCore import QPoint, QPointF, Qt
from PySide6.QtGui import QImage

from console.ui.theme import theme
from console.widgets.topology_canvas import NOBODY, TopologyCanvas
from console.widgets.topology_painter import BLIND, OK, STALE, Scene, outline

NAMES = ["ERP", "SW-CORE", "PLC-1", "PLC-2", "<h1>" + "W" * 300 + "\u202eabc"]


@pytest.fixture
def canvas(qtbot):
    made = TopologyCanvas()
    qtbot.addWidget(made)
    made.resize(900, 600)
    n = len(NAMES)
    made.set_scene(
        Scene(
            names=list(NAMES),
            headlines=["ok"] * n,
            place=np.array([[300.0, 40.0], [300.0, 200.0], [100.0, 360.0], [500.0, 360.0], [700.0, 360.0]]),
            links=np.array([[0, 1], [1, 2], [1, 3]], np.int64),
            state=np.zeros(n, np.int8),
            priority=np.zeros(n, np.int8),
            unacknowledged=np.zeros(n, np.bool_),
            proposed=np.zeros(n, np.bool_),
            bands=(("Level 4", 10.0, 120.0), ("Level 1", 320.0, 120.0)),
            width=900.0,
            height=500.0,
        )
    )
    made.show()
    qtbot.waitExposed(made)
    return made


def middle(canvas, index):
    return canvas._painter.box(index).center()


def test_a_click_selects_and_a_click_beside_selects_nothing(qtbot, canvas):
    seen = []
    canvas.node_selected.connect(seen.append)
    qtbot.mouseClick(canvas, Qt.MouseButton.LeftButton, pos=middle(canvas, 1).toPoint())
    qtbot.mouseClick(canvas, Qt.MouseButton.LeftButton, pos=QPoint(5, 590))
    assert seen == [1, NOBODY]


def test_arrow_keys_walk_along_links(qtbot, canvas):
    canvas.select(0)
    for key, index in ((Qt.Key.Key_Down, 1), (Qt.Key.Key_Down, 2), (Qt.Key.Key_Right, 3), (Qt.Key.Key_Up, 1)):
        qtbot.keyClick(canvas, key)
        assert canvas.selected == index


def test_a_dragged_card_tells_its_new_place(qtbot, canvas):
    moved = []
    canvas.node_moved.connect(lambda *place: moved.append(place))
    start = middle(canvas, 2).toPoint()
    before = canvas.scene.place[2].copy()
    qtbot.mousePress(canvas, Qt.MouseButton.LeftButton, pos=start)
    qtbot.mouseMove(canvas, start + QPoint(30, 10))
    qtbot.mouseRelease(canvas, Qt.MouseButton.LeftButton, pos=start + QPoint(30, 10))
    assert moved
    assert moved[0][0] == 2
    assert np.allclose(np.array(moved[0][1:]) - before, np.array((30, 10)) / canvas.scale)


def test_panning_gives_the_same_picture_as_drawing_anew(canvas):
    canvas.grab()
    for dx, dy in ((13, 0), (0, -21), (-40, 17), (5, 5)):
        canvas.pan(dx, dy)
    panned = canvas.grab().toImage()
    canvas.redraw()
    fresh = canvas.grab().toImage()
    different = sum(
        1
        for x in range(0, fresh.width(), 3)
        for y in range(0, fresh.height(), 3)
        if panned.pixelColor(x, y) != fresh.pixelColor(x, y)
    )
    assert different < 0.002 * fresh.width() * fresh.height() / 9  # antialiased edges where strips meet


def test_zooming_keeps_the_point_under_the_pointer(canvas):
    place = QPointF(200, 150)
    x, y = canvas._painter.origin
    before = ((x + 200) / canvas.scale, (y + 150) / canvas.scale)
    canvas.zoom(1.5, place)
    x, y = canvas._painter.origin
    assert np.allclose(before, ((x + 200) / canvas.scale, (y + 150) / canvas.scale), atol=1.0)


def test_centre_on_brings_a_card_to_the_middle_and_fit_shows_all(canvas):
    canvas.zoom(3.0)
    canvas.centre_on(4)
    assert abs(middle(canvas, 4).x() - canvas.width() / 2) < 2
    canvas.fit()
    assert all(canvas.rect().contains(canvas._painter.box(k).toAlignedRect()) for k in range(len(NAMES)))


def test_a_hostile_name_stays_inside_its_card(canvas):
    canvas.grab()
    shown = [text for key, text in canvas._painter._elided.items() if key[0].startswith("<h1>")]
    assert shown
    assert all(text.startswith("<h1>") and len(text) < 40 for text in shown)


def test_what_is_not_known_is_dashed_and_looks_like_nothing_healthy(qtbot):
    good_pen, good_fill = outline(OK, 0)
    for state in (STALE, BLIND):
        pen, fill = outline(state, 0)
        assert pen.style() == Qt.PenStyle.CustomDashLine != good_pen.style()
        assert fill.color() != good_fill.color()


def test_a_changed_state_is_painted(canvas):
    def colours(image: QImage):
        return {image.pixelColor(x, y).rgb() for x in range(900) for y in range(0, 600, 2)}

    red = theme().priority_color(1, "edge").rgb()
    assert red not in colours(canvas.grab().toImage())
    canvas.scene.state[2], canvas.scene.priority[2] = 1, 1
    canvas.states_changed(np.array([2]))
    assert red in colours(canvas.grab().toImage())


def test_a_large_plant_zooms_the_kept_picture_first_and_draws_it_sharp_after(qtbot):
    n = 4500
    made = TopologyCanvas()
    qtbot.addWidget(made)
    made.resize(500, 400)
    place = np.stack((np.arange(n) % 100 * 160.0, np.arange(n) // 100 * 104.0), axis=1)
    flags, codes = np.zeros(n, np.bool_), np.zeros(n, np.int8)
    scene = Scene(["x"] * n, ["ok"] * n, place, np.empty((0, 2), np.int64), codes, codes.copy(), flags, flags.copy())
    scene.width, scene.height = 16_000.0, 4_700.0
    made.set_scene(scene)
    made.grab()
    made.zoom(1.5)
    assert made._preview is not None
    assert made._preview.width() == 750
    qtbot.waitUntil(lambda: made._preview is None)
    made.grab()
    assert made._is_fresh
