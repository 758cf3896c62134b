"""Pens on plots: moved, hidden, wide, coloured, on axes of their own, ranges by hand, dropped there; remembered."""

import json

import pytest
from PySide6.QtCore import QMimeData, QPointF, Qt
from PySide6.QtGui import QDropEvent
from PySide6.QtWidgets import QMenu

from console.domain.refusal import Refused
from console.services.station import TAGS
from console.ui.translation import set_language
from console.views.trends.pen_menu import read_number, read_range
from tests.support.plant_rows import tag, tag_values
from tests.views.trends.test_view import Desk


@pytest.fixture
def desk(qtbot):
    made = Desk(qtbot)
    for handle in (0, 1, 2):
        made.view.add_pen(handle)  # two in bar, one in degrees
    yield made
    made.view.close_view()
    set_language("en")


def choose(desk, text, *handles):
    """The entry of the pens' menu."""
    menu = desk.view.desk.menu(list(handles))
    entries = [entry for entry in menu.actions() if entry.text() == text]
    entries[0].trigger()


def entry(desk, text, handle):
    return next(entry for entry in desk.view.desk.menu([handle]).actions() if entry.text() == text)


def plots(desk):
    return [[curve.key for curve in item.curves] for item in desk.view.plot.spans]


def test_a_pen_moves_to_the_plot_below_and_back_and_beyond_the_edge_to_a_new_one(desk):
    assert plots(desk) == [[0, 1], [2]]
    choose(desk, "Move to the plot below", 1)
    assert plots(desk) == [[0], [1, 2]]
    choose(desk, "Move to the plot above", 1)
    assert plots(desk) == [[0, 1], [2]]
    choose(desk, "Move to the plot above", 1)
    assert plots(desk) == [[1], [0], [2]]


def test_a_pen_alone_at_the_edge_has_nowhere_to_go(desk):
    assert not entry(desk, "Move to the plot below", 2).isEnabled()
    assert entry(desk, "Move to the plot above", 2).isEnabled()
    choose(desk, "Move to the plot above", 2)
    assert plots(desk) == [[0, 1, 2]]


def test_a_pen_gets_a_plot_of_its_own(desk):
    choose(desk, "To a plot of its own", 0)
    assert plots(desk) == [[1], [0], [2]]


def test_a_hidden_pen_leaves_no_empty_plot_and_stays_in_the_table(desk):
    choose(desk, "Hidden", 2)
    assert plots(desk) == [[0, 1]]
    texts = [desk.view.model.index(row, 1).data() for row in range(3)]
    assert texts[2].endswith("(hidden)")
    assert len(desk.view.model.readings(desk.now_us)) == 2
    choose(desk, "Hidden", 2)
    assert plots(desk) == [[0, 1], [2]]


def test_width_and_colour_and_own_axis_reach_the_curve(desk):
    choose(desk, "Two pixels wide", 1)
    choose(desk, "Own axis", 1)
    menu = desk.view.desk.menu([1])
    (colours,) = menu.findChildren(QMenu)
    colours.actions()[6].trigger()
    curve = desk.view.plot.spans[0].curves[1]
    assert (curve.width_px, curve.colour, curve.axis) == (2, 6, 2)
    assert sorted(desk.view.plot.scales(0)) == [0, 2]


def test_ranges_by_hand_belong_to_their_axis_and_zero_fits_all(qtbot, desk):
    choose(desk, "Own axis", 1)
    desk.view.plot.range_wanted.emit(0, 0, (-5.0, 5.0))
    desk.view.plot.range_wanted.emit(0, 2, (100.0, 900.0))
    scales = desk.view.plot.scales(0)
    assert (scales[0].low, scales[0].high) == (-5.0, 5.0)
    assert (scales[2].low, scales[2].high) == (100.0, 900.0)
    qtbot.keyClick(desk.view.plot, Qt.Key.Key_0)
    assert all(row.look.y_range is None for row in desk.view.pens.rows)
    assert (desk.view.plot.scales(0)[0].low, desk.view.plot.scales(0)[0].high) != (-5.0, 5.0)


def test_a_logarithmic_axis_gives_up_a_range_that_it_cannot_show(desk):
    desk.view.plot.range_wanted.emit(1, 0, (-5.0, 5.0))
    choose(desk, "Logarithmic axis", 2)
    assert desk.view.plot.scales(1)[0].is_log
    assert desk.view.plot.scales(1)[0].low > 0
    choose(desk, "Logarithmic axis", 2)
    assert not desk.view.plot.scales(1)[0].is_log


def test_heights_by_hand_stay_until_they_are_reset(desk):
    desk.view.plot.heights_changed.emit([1.0, 4.0])
    tall = [pane.box.height() for pane in desk.view.plot._stack.panes]
    assert tall[1] > 3 * tall[0]
    desk.view._rebuild()
    assert [pane.box.height() for pane in desk.view.plot._stack.panes] == tall
    desk.view.plot.heights_changed.emit([])
    usual = [pane.box.height() for pane in desk.view.plot._stack.panes]
    assert usual[0] > usual[1]


def test_everything_a_person_chose_is_remembered(qtbot, desk):
    choose(desk, "Move to the plot below", 1)
    choose(desk, "Own axis", 1)
    choose(desk, "Two pixels wide", 0)
    choose(desk, "Hidden", 2)
    desk.view.plot.range_wanted.emit(0, 0, (-5.0, 5.0))
    desk.view.plot.heights_changed.emit([3.0, 1.0])
    state = json.loads(json.dumps(desk.view.save_state()))
    other = Desk(qtbot)
    other.view.restore_state(state)
    assert other.pens() == [0, 1, 2]
    assert plots(other) == plots(desk)
    assert [row.look for row in other.view.pens.rows] == [row.look for row in desk.view.pens.rows]
    assert other.view.save_state()["plots"] == state["plots"]
    other.view.close_view()


def test_a_tag_dropped_onto_a_plot_is_drawn_there_on_its_own_axis(desk):
    more = tag(9, "speed", unit="1/min")
    desk.station.deliver(TAGS, tag_values([9], added=[more]))
    mime = QMimeData()
    mime.setText(str(more.tag_id))
    box = desk.view.plot._stack.panes[0].box
    place = desk.view.plot._canvas.mapTo(desk.view, box.center().toPoint())
    desk.view.dropEvent(
        QDropEvent(
            QPointF(place),
            Qt.DropAction.CopyAction,
            mime,
            Qt.MouseButton.LeftButton,
            Qt.KeyboardModifier.NoModifier,
        )
    )
    assert plots(desk) == [[0, 1, 9], [2]]
    assert desk.view.pens.row(9).look.has_own_axis


def test_removing_the_last_pen_of_a_plot_removes_the_plot(desk):
    choose(desk, "Remove pen", 2)
    assert plots(desk) == [[0, 1]]
    assert len(desk.view.save_state()["plots"]) == 1


@pytest.mark.parametrize(
    ("language", "text", "value"),
    [
        ("en", "1,234.5", 1234.5),
        ("en", "-0.5", -0.5),
        ("en", "1e-3", 0.001),
        ("en", "1,5", None),
        ("en", "", None),
        ("en", "nan", None),
        ("en", "inf", None),
        ("de", "1.234,5", 1234.5),
        ("de", "12.345", 12345.0),
        ("de", "0,5", 0.5),
        ("de", "2.5", 2.5),
        ("de", "1,000e-05", 1e-5),
    ],
)
def test_numbers_are_read_as_they_are_written_in_each_language(language, text, value):
    set_language(language)
    assert read_number(text) == value
    set_language("en")


def test_a_range_that_is_none_is_refused():
    for low, high, is_log in (("5", "5", False), ("x", "5", False), ("0", "5", True)):
        with pytest.raises(Refused):
            read_range(low, high, is_log=is_log)
    assert read_range("-1", "2.5", is_log=False) == (-1.0, 2.5)
