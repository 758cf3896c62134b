"""Tags of other stations: offered while typing, drawn when they are known here, remembered pens asked for once."""

import asyncio
from uuid import uuid4

import pytest
from PySide6.QtCore import Qt

from console.domain.refusal import Refused
from console.services.history_records import FarTag
from console.services.station import TAGS, FarTagQuery, FarTagsQuery
from tests.support.plant_rows import tag, tag_values
from tests.views.trends.test_view import Desk

FAR = tag(40, "far pressure", node="PLC-9")


@pytest.fixture
def desk(qtbot):
    made = Desk(qtbot)
    made.asked = []
    made.station.answers[FarTagsQuery] = lambda query: (
        (FarTag(FAR.tag_id, FAR.source.path(), "far pressure", "bar", "B2"),) if "far" in query.words else ()
    )
    made.station.answers[FarTagQuery] = lambda query: made.asked.append(query.tag_id) or 40
    yield made
    made.view.close_view()


def run(desk, act):
    async def story():
        act()
        while desk.view.far._errands._tasks:
            await asyncio.gather(*desk.view.far._errands._tasks, return_exceptions=True)

    asyncio.run(story())


def typed(qtbot, desk, words):
    field = desk.view.header.field
    field.clear()
    qtbot.keyClicks(field, words)
    run(desk, lambda: field.paused.emit(words))
    return field


def test_a_tag_of_another_station_is_offered_with_its_station_and_drawn_when_it_is_known(qtbot, desk):
    field = typed(qtbot, desk, "far PLC-9")
    assert [name for name in field._names.stringList() if "B2" in name]
    run(desk, lambda: qtbot.keyClick(field, Qt.Key.Key_Return))
    assert desk.asked == [FAR.tag_id]
    assert desk.pens() == []  # promised, not known yet
    desk.station.deliver(TAGS, tag_values([40], added=[FAR]))
    assert desk.pens() == [40]


def test_own_tags_come_first(qtbot, desk):
    desk.station.deliver(TAGS, tag_values([8], added=[tag(8, "far from it")]))
    field = typed(qtbot, desk, "far")
    names = field._names.stringList()
    assert names[0].endswith("far from it")
    assert "B2" in names[-1]


def test_an_answer_for_other_words_is_not_shown(qtbot, desk):
    field = desk.view.header.field
    qtbot.keyClicks(field, "oil")
    field.offer("far", [("x", FAR.tag_id)])
    assert "x" not in field._names.stringList()


def test_without_the_centre_the_refusal_is_said(qtbot, desk):
    def away(_query):
        raise Refused("The centre cannot be reached: other stations' history is not here.")

    field = typed(qtbot, desk, "far PLC-9")
    desk.station.answers[FarTagQuery] = away
    run(desk, lambda: qtbot.keyClick(field, Qt.Key.Key_Return))
    assert "centre" in desk.refused[-1]


def test_remembered_pens_of_other_stations_are_asked_for_once_and_quietly(desk):
    unknown = uuid4()
    desk.view.restore_state({"pens": [str(FAR.tag_id), str(unknown)]})
    run(desk, desk.view.far.recall)
    run(desk, desk.view.far.recall)
    assert sorted(desk.asked) == sorted([FAR.tag_id, unknown])
    assert not desk.refused
    desk.station.deliver(TAGS, tag_values([40], added=[FAR]))
    assert desk.pens() == [40]
    assert len(desk.view.save_state()["pens"]) == 2  # the other still waits
