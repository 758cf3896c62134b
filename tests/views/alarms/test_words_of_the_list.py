"""The alarm list speaks as people do: states in words, classes by name, counts as counts are written."""

from collections.abc import Iterator
from dataclasses import replace

import numpy as np
import pytest
from pytestqt.qtbot import QtBot

from console.domain.alarm_flags import AlarmFlag
from console.domain.alarms import AlarmKind, Condition
from console.domain.quality import Detail, Quality
from console.domain.tags import Tag
from console.domain.values import ValueType
from console.models.alarm_filter import AlarmFilter
from console.models.alarm_groups import GroupBy
from console.models.heartbeat import heartbeat
from console.services.records import StatusRecord
from console.services.station import ALARMS, STATUS, TAGS, AlarmDetailsQuery
from console.services.story_records import AlarmDetails
from console.ui.theme import theme
from console.ui.translation import set_language
from console.views.alarms.view import AlarmsView
from tests.support.fake_station import FakeStation
from tests.support.plant_rows import alarms, condition, tag, tag_values
from tests.support.qt_loop import run
from tests.support.screens import Screen
from tests.views.alarms.stage import deliver, select, view_of

SILENT = "Does not answer any more"


@pytest.fixture(autouse=True)
def in_english() -> Iterator[None]:
    set_language("en")
    yield
    set_language("en")


def silent(row: int) -> Condition:
    return replace(condition(row, text=SILENT, area="Paint"), kind=AlarmKind.NODE_DEAD)


def head_names(view: AlarmsView) -> list[str]:
    groups = view.table.groups
    return [groups.group(row).name for row in view.table.shown_rows.tolist() if groups.is_head(row)]


def doubt_of(view: AlarmsView) -> str:
    present = view.details.pane.present
    assert present is not None
    return next((text for label, text, _role in present.what if label == "Doubt"), "")


def cells(view: AlarmsView, key: str) -> list[str]:
    return [view.table.cell(row, key) for row in view.table.shown_rows.tolist()]


@pytest.mark.proves("ALARM-F56")
def test_the_names_of_groups_follow_the_language_and_folded_ones_stay_folded(
    qtbot: QtBot, station: FakeStation
) -> None:
    async def story() -> None:
        deliver(station, [silent(0), silent(1)], priority=3)
        async with Screen(AlarmsView, station) as screen:
            view = view_of(screen)
            view.table.group_by(GroupBy.CAUSE)
            view.table.toggle_group(0)
            assert head_names(view) == [f"Paint · {SILENT}"]
            set_language("de")
            theme().changed.emit()
            assert head_names(view) == ["Paint · Antwortet nicht mehr"]
            view.table.relayout()
            assert len(view.table.shown_rows) == 1  # still folded

    run(story())


def test_an_alarm_of_leitstand_itself_is_found_in_both_languages(qtbot: QtBot, station: FakeStation) -> None:
    async def story() -> None:
        deliver(station, [silent(0), condition(1)], priority=3)
        async with Screen(AlarmsView, station) as screen:
            view = view_of(screen)
            for words in ("answer any more", "antwortet nicht"):
                view.table.set_filter(words)
                assert view.table.shown_rows.tolist() == [0]

    run(story())


def test_counts_of_groups_and_selections_are_written_as_everywhere_else(qtbot: QtBot, station: FakeStation) -> None:
    async def story() -> None:
        deliver(station, [condition(row, area="Paint") for row in range(1800)], priority=3)
        async with Screen(AlarmsView, station) as screen:
            view = view_of(screen)
            view.table.group_by(GroupBy.AREA)
            assert (cells(view, "asset")[0], cells(view, "note")[0]) == ("1,800 alarms", "1,800 unack")
            view.list.selectAll()
            assert view.bar.text.text() == "1,800 alarms selected · 1,800 unacknowledged"
            set_language("de")
            theme().changed.emit()
            assert (cells(view, "asset")[0], cells(view, "note")[0]) == ("1.800 Alarme", "1.800 unquitt.")

    run(story())


def test_a_state_is_shown_in_the_words_of_its_tag(qtbot: QtBot, station: FakeStation) -> None:
    def state_tag(handle: int, kind: ValueType, enum: tuple[tuple[int, str], ...] = ()) -> Tag:
        return replace(tag(handle, unit=""), value_type=kind, enum=enum)

    async def story() -> None:
        tags = [state_tag(0, ValueType.BOOLEAN), state_tag(1, ValueType.INT32, ((0, "STOP"), (1, "RUN")))]
        station.deliver(TAGS, tag_values([0, 1], [1, 0], added=tags, is_snapshot=True))
        known = [replace(condition(row, unit=""), kind=AlarmKind.DISCRETE, limits=(), side="") for row in range(2)]
        known.append(condition(2))
        deliver(station, known, priority=3, value=1.0)
        async with Screen(AlarmsView, station) as screen:
            view = view_of(screen)
            said = dict(zip(view.table.shown_rows.tolist(), cells(view, "value"), strict=True))
            assert said == {0: "yes", 1: "RUN", 2: "1 °C"}

    run(story())


def test_classes_are_called_by_their_name_in_details_groups_and_filters(qtbot: QtBot, station: FakeStation) -> None:
    async def story() -> None:
        station.answers[AlarmDetailsQuery] = lambda query: AlarmDetails(query.condition_id, query.start_us)
        protects = replace(condition(0), alarm_class="protection", class_name="Machine protection")
        deliver(station, [protects, condition(1)], priority=3)
        async with Screen(AlarmsView, station) as screen:
            view = view_of(screen)
            view.table.group_by(GroupBy.CLASS)
            assert sorted(head_names(view)) == ["Machine protection", "standard"]
            view.choose(AlarmFilter(classes=frozenset({"protection"})))
            assert view.filter.clear_button.text().startswith("Machine protection · ")
            select(view, [0])
            view.details.pane.follow(0)
            view.details.pane.refresh()
            assert view.details.pane.present is not None
            assert ("Class", "Machine protection", "dim") in view.details.pane.present.guidance

    run(story())


@pytest.mark.proves("ALARM-F12", "ALARM-F81")
def test_what_was_held_without_its_source_is_not_called_uncertain_once_the_source_is_back(
    qtbot: QtBot, station: FakeStation
) -> None:
    async def story() -> None:
        station.answers[AlarmDetailsQuery] = lambda query: AlarmDetails(query.condition_id, query.start_us)
        lost = {"quality": Quality.BLIND, "detail": int(Detail.LINK_DOWN)}
        station.deliver(TAGS, tag_values([0], added=[tag(0)], is_snapshot=True, **lost))  # type: ignore[arg-type]
        delta = replace(alarms([0], conditions=[condition(0)], is_snapshot=True), uncertain=np.ones(1, np.bool_))
        station.deliver(ALARMS, delta)
        async with Screen(AlarmsView, station) as screen:
            view = view_of(screen)
            assert cells(view, "note")[0] == "blind: our link is down"
            view.details.pane.follow(0)
            view.details.pane.refresh()
            assert doubt_of(view).startswith("held because")
            station.deliver(TAGS, tag_values([0]))
            heartbeat().beat()
            assert cells(view, "note")[0] == ""
            view.details.pane.refresh()
            assert "its source was away" in doubt_of(view)

    run(story())


@pytest.mark.proves("ALARM-F81", "ALARM-F56")
def test_the_list_says_how_many_changes_it_does_not_show_yet(qtbot: QtBot, station: FakeStation) -> None:
    async def story() -> None:
        deliver(station, [condition(0)])
        status = StatusRecord("Plant", "PC", "Desk", "UTC")
        station.deliver(STATUS, status)
        async with Screen(AlarmsView, station) as screen:
            view = view_of(screen)
            assert not view.flood.isVisible()
            station.deliver(STATUS, replace(status, alarms_waiting=12_400))
            assert view.flood.isVisible()
            assert view.flood.text.text() == "12,400 changes are still being taken in"
            station.deliver(STATUS, status)
            assert not view.flood.isVisible()

    run(story())


@pytest.mark.proves("ALARM-F74")
def test_the_count_of_escalated_alarms_leads_to_them_and_says_what_is_hidden(
    qtbot: QtBot, station: FakeStation
) -> None:
    async def story() -> None:
        deliver(station, [condition(0), condition(1), condition(2)])
        late = replace(alarms([1]), flags=np.full(1, AlarmFlag.ESCALATED, np.uint16))
        station.deliver(ALARMS, late)
        async with Screen(AlarmsView, station) as screen:
            view = view_of(screen)
            view.show_aside("escalated")
            view.table.flush()
            assert view.table.shown_rows.tolist() == [1]
            assert view.filter.clear_button.text() == "escalated · 2 hidden by filter · clear"

    run(story())
