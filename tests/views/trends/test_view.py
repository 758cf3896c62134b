"""The trend screen: pens by typing, T or drop, alarm moments, live and paused, remembered and translated."""

import asyncio

import numpy as np
import pytest
from PySide6.QtCore import QMimeData, QPointF, Qt
from PySide6.QtGui import QDropEvent
from PySide6.QtWidgets import QWidget

from console.domain.alarms import Occurrence
from console.domain.tags import Tag, TagSource
from console.domain.values import ValueType
from console.models.heartbeat import heartbeat
from console.services.records import SamplesDelta, TrendColumns
from console.services.station import ALARMS, TAGS, TrendQuery, samples_topic
from console.ui.actions import ActionSet
from console.ui.theme import theme
from console.ui.translation import set_language
from console.ui.view import Selection, ViewContext
from console.views.trends.view import TrendsView
from tests.support.fake_station import FakeStation
from tests.support.plant_rows import SITE, T0, alarms, condition, tag, tag_values

S = 1_000_000
NOW = T0 + 3600 * S
HOSTILE = "<img src=x onerror=alert(1)>" + "\u202e" + "x" * 300


class Desk:
    def __init__(self, qtbot):
        self.station = FakeStation()
        self.window = QWidget()
        qtbot.addWidget(self.window)
        self.went, self.refused = [], []
        self.tags = [
            tag(0, "oil pressure"),
            tag(1, "air pressure"),
            tag(2, "oil temperature", unit="°C"),
            Tag(3, SITE, SITE, TagSource("plant", "P", "N", "", "recipe"), ValueType.BYTES),
            Tag(4, tag(4).tag_id, SITE, TagSource("plant", "P", "N", "", HOSTILE), ValueType.DOUBLE, "<b>"),
        ]
        self.station.deliver(TAGS, tag_values(range(5), added=self.tags, is_snapshot=True))
        self.station.deliver(ALARMS, alarms([2], conditions=[condition(2)], is_snapshot=True, start_us=NOW - 7200 * S))
        self.station.answers[TrendQuery] = self.answer
        self.queries = []
        self.now_us = NOW
        context = ViewContext(
            self.station,
            ActionSet(self.window),
            lambda *a: self.went.append(a),
            lambda _widget, text: self.refused.append(text),
        )
        self.view = TrendsView(context, now_us=lambda: self.now_us)
        qtbot.addWidget(self.view)
        self.view.resize(1000, 700)
        self.view.show()

    def answer(self, query):
        self.queries.append(query)
        at = np.arange(NOW - 900 * S, NOW, S, dtype=np.int64)
        value = np.sin(np.arange(at.size) / 50)
        return tuple(TrendColumns(i, at, value, value, value, np.ones(at.size, np.bool_), True) for i in query.tag_ids)

    def pens(self):
        return [row.tag.handle for row in self.view.model.rows]


@pytest.fixture
def desk(qtbot):
    made = Desk(qtbot)
    yield made
    made.view.close_view()
    set_language("en")
    theme().use("light")


def test_an_empty_trend_says_what_to_do(desk):
    assert desk.view._stack.currentIndex() == 0
    assert "T" in desk.view.frame.empty.text()
    assert desk.view.desk.tables.isHidden()


def test_a_few_letters_and_enter_add_a_pen(qtbot, desk):
    qtbot.keyClicks(desk.view.header.field, "oil temp")
    qtbot.keyClick(desk.view.header.field, Qt.Key.Key_Return)
    assert desk.pens() == [2]
    assert desk.view.header.field.text() == ""
    assert desk.view._stack.currentIndex() == 1


def test_a_tag_without_numbers_is_refused_beside_the_view(desk):
    assert not desk.view.add_pen(3)
    assert "no number" in desk.refused[0]
    assert desk.pens() == []


def test_letters_that_match_nothing_say_so(qtbot, desk):
    qtbot.keyClicks(desk.view.header.field, "§§§")
    qtbot.keyClick(desk.view.header.field, Qt.Key.Key_Return)
    assert "§§§" in desk.refused[0]


def test_history_and_live_samples_are_drawn_as_one(desk):
    async def story():
        desk.view.add_pen(0)
        desk.view._load(*desk.view.navigation.window_us)
        await asyncio.gather(*desk.view._feed._errands._tasks)

    asyncio.run(story())
    assert len(desk.queries) == 2  # the overview, then the window
    pen = desk.view._feed.pens[0]
    assert len(pen) == 900
    desk.now_us = NOW + 2 * S
    desk.station.deliver(
        samples_topic((0,)),
        SamplesDelta(
            False,
            np.array([0], np.int32),
            np.array([NOW + S]),
            np.array([7.0]),
            np.array([0], np.uint8),
            np.array([False]),
        ),
    )
    heartbeat().beat()
    (item,) = desk.view.plot.spans
    assert item.y_range[1] >= 7.0
    assert np.nanmax(item.curves[0].high) == 7.0


def test_pens_of_one_unit_share_a_plot(desk):
    for handle in (0, 1, 2):
        desk.view.add_pen(handle)
    assert [len(item.curves) for item in desk.view.plot.spans] == [2, 1]
    assert desk.view.plot.spans[1].curves[0].limits == (("H", 70.0), ("HH", 75.0))


def test_an_alarm_brings_its_tag_its_limits_and_its_moment(desk):
    desk.view.show_selection(Selection(occurrence=Occurrence(condition(2).condition_id, NOW - 7200 * S)))
    assert desk.pens() == [2]
    (item,) = desk.view.plot.spans
    assert (item.mark_us, item.mark_priority) == (NOW - 7200 * S, 2)
    from_us, to_us = desk.view.plot.window_us
    assert from_us < NOW - 7200 * S < to_us  # it was longer ago than the window: the view looks back
    assert not desk.view.navigation.is_live


def test_looking_back_pauses_and_reaching_now_is_live_again(desk):
    desk.view.add_pen(0)
    desk.view.plot.pan(-1)
    assert not desk.view.navigation.is_live
    assert desk.view.header.live.text() == "Paused"
    before = desk.view.plot.window_us
    desk.now_us += 60 * S
    heartbeat().beat()
    assert desk.view.plot.window_us == before
    desk.view.plot.pan(5)
    assert desk.view.navigation.is_live


def test_pens_are_remembered_and_come_back_when_their_tags_are_known(qtbot, desk):
    desk.view.add_pen(2)
    desk.view.add_pen(0)
    desk.view.navigation.set_span(3600 * S)
    state = desk.view.save_state()
    station = FakeStation()
    other = TrendsView(desk.view.context.__class__(station, desk.view.context.actions, print, print))
    qtbot.addWidget(other)
    other.restore_state(state)
    assert other.model.rows == []
    station.deliver(TAGS, tag_values([0, 1, 2], added=desk.tags[:3], is_snapshot=True))
    assert [row.tag.handle for row in other.model.rows] == [2, 0]
    assert other.save_state()["pens"] == state["pens"]
    other.restore_state({"pens": ["nonsense", 5], "span_us": "x", "splitter": [1]})
    other.close_view()


def test_dropped_tag_paths_become_pens(desk):
    mime = QMimeData()
    mime.setText("\n".join([desk.tags[1].source.path(), str(desk.tags[2].tag_id), "nothing"]))
    event = QDropEvent(
        QPointF(9, 9),
        Qt.DropAction.CopyAction,
        mime,
        Qt.MouseButton.LeftButton,
        Qt.KeyboardModifier.NoModifier,
    )
    desk.view.dropEvent(event)
    assert desk.pens() == [1, 2]


def test_at_most_thirty_two_pens(desk):
    more = [tag(k, f"m{k}") for k in range(10, 45)]
    desk.station.deliver(TAGS, tag_values([t.handle for t in more], added=more))
    for one in more:
        desk.view.add_pen(one.handle)
    assert len(desk.pens()) == 32
    assert "32" in desk.refused[-1]
    colours = [row.colour for row in desk.view.model.rows]
    assert [colours.count(colour) for colour in range(8)] == [4] * 8


def test_a_selected_pen_is_removed_with_delete(qtbot, desk):
    desk.view.add_pen(0)
    desk.view.add_pen(2)
    desk.view.table.selectRow(0)
    desk.view.remove_selected()
    assert desk.pens() == [2]


def test_a_selected_pen_travels(desk):
    seen = []
    desk.view.selected.connect(seen.append)
    desk.view.add_pen(2)
    desk.view.table.selectRow(0)
    assert seen[-1].tag_handle == 2
    desk.view.action_handlers()["show.topology"]()
    assert desk.went[0][0] == "topology"


def test_a_hostile_name_is_plain_text_everywhere(desk):
    desk.view.add_pen(4)
    (item,) = desk.view.plot.spans
    assert "<img" in item.title
    assert not desk.view.grab().isNull()
    assert desk.view.model.readings(NOW)[0][1].endswith(HOSTILE)


def test_german_and_dark_reach_everything(desk):
    desk.view.add_pen(0)
    set_language("de")
    theme().use("dark")
    assert desk.view.header.field.placeholderText().startswith("Kurve")
    assert desk.view.model.headerData(2, Qt.Orientation.Horizontal) == "Jetzt"
    assert not desk.view.grab().isNull()
