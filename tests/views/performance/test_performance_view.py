"""The page of performance management: what fills up, what is busiest, what is usual, and what load does."""

from collections.abc import Callable
from dataclasses import replace
from typing import Any
from uuid import UUID

import pytest
from PySide6.QtCore import Qt
from pytestqt.qtbot import QtBot

from console.domain.alarms import AlarmKind, AlarmRule
from console.domain.history.baseline import Cycle, Measure
from console.domain.history.forecast import Forecast, Outcome
from console.domain.history.load import Relation
from console.domain.history.metrics import DEFAULTS
from console.models.performance_words import (
    CYCLES,
    LOW_OUTCOMES,
    MEASURES,
    METRICS,
    OUTCOMES,
    between_text,
    days_text,
    reason_text,
    relation_text,
    span_text,
)
from console.services.performance_records import CapacityRow, Subject
from console.services.station import BaselineQuery, CapacityQuery, LoadQuery, TopQuery
from console.ui.translation import catalogue, set_language
from console.ui.view import Selection
from console.ui.wall_clock import now_us
from console.views.performance.view import TABS, PerformanceView
from tests.support.busy_plant import BusyPlant, busy_plant
from tests.support.busy_station import BusyStation
from tests.support.labelled_series import HOUR_US, hours
from tests.support.qt_loop import run, until
from tests.support.screens import Screen

DAY = 86_400_000_000


@pytest.fixture(scope="module")
def plant() -> BusyPlant:
    """Its newest hour is the running one: the page asks for windows up to now."""
    return move_to_now(busy_plant(4))


def move_to_now(plant: BusyPlant) -> BusyPlant:
    shift = now_us() // HOUR_US * HOUR_US - plant.now_us
    plant.history.shift(shift)
    plant.now_us += shift
    return plant


def on(plant: BusyPlant, story: Callable[[Screen, PerformanceView, BusyStation], Any]) -> None:
    async def whole() -> None:
        station = BusyStation(plant)
        async with Screen(PerformanceView, station) as screen:
            view = screen.view
            assert isinstance(view, PerformanceView)
            await until(lambda: not view.is_busy and bool(station.asked))
            await story(screen, view, station)

    run(whole())


def cells(view: Any, key: str) -> list[str]:
    keys = [column.key for column in view.model.COLUMNS]
    return [view.model.index(row, keys.index(key)).data() for row in range(view.model.rowCount())]


def test_the_disk_that_fills_first_stands_first_with_its_day(qtbot: QtBot, plant: BusyPlant) -> None:
    async def story(_screen: Screen, view: PerformanceView, _station: BusyStation) -> None:
        page = view.capacity
        assert cells(page, "name")[0] == "SRV-DB / Disk D/Used"
        assert cells(page, "days")[0].endswith("days")
        assert cells(page, "why")[0] == "rises"
        assert "not predictable: does not rise" in cells(page, "why")
        assert any(text.startswith("needs more than 2 days of data; has") for text in cells(page, "why"))
        await until(lambda: page.record is not None)
        picture = page.chart.picture
        assert picture.limit == 95.0
        assert len(picture.band_us) > 100
        assert picture.now_us == picture.band_us[0]
        assert "1 with a date" in view.facts.text()

    on(plant, story)


def test_a_selected_row_is_drawn_and_its_tag_travels(qtbot: QtBot, plant: BusyPlant) -> None:
    async def story(screen: Screen, view: PerformanceView, _station: BusyStation) -> None:
        page = view.capacity
        row = cells(page, "name").index("SRV-FILES / Disk D/Used")
        page.list.selectRow(row)
        wanted = page.tag_of_row()
        await until(lambda: page.record is not None and page.record.row.subject.tag_id == wanted)
        assert screen.selected[-1].tag_id == wanted
        assert "cleaned up" in [word for _at, word in page.chart.picture.lines]
        page.open_trend()
        assert screen.went == [("trends", Selection(tag_id=wanted))]
        assert page.chart.told_at(page.chart.width() / 3)

    on(plant, story)


def test_the_busiest_are_listed_kind_by_kind(qtbot: QtBot, plant: BusyPlant) -> None:
    async def story(_screen: Screen, view: PerformanceView, station: BusyStation) -> None:
        view.show_tab("top")
        await until(lambda: view.top.report is not None and not view.is_busy)
        assert view.top.kinds.count() == len(DEFAULTS)
        assert len(cells(view.top, "name")) == 2
        names = [view.top.kinds.item(k).text() for k in range(view.top.kinds.count())]
        view.top.kinds.setCurrentRow(next(k for k, name in enumerate(names) if name.startswith("Bandwidth")))
        assert cells(view.top, "name") == ["SRV-DB / Network/Send", "SRV-FILES / Network/Send"]
        assert cells(view.top, "mean")[1].endswith("Mbit/s")
        assert [row.label for row in view.top.bars.rows] == cells(view.top, "name")
        before = len(station.asked)
        view.windows.buttons["day"].click()
        await until(lambda: len(station.asked) > before and not view.is_busy)
        asked = next(one for one in reversed(station.asked) if isinstance(one, TopQuery))
        assert asked.to_us - asked.from_us == DAY

    on(plant, story)


def test_a_row_of_any_tab_tells_what_is_usual_for_it(qtbot: QtBot, plant: BusyPlant) -> None:
    async def story(_screen: Screen, view: PerformanceView, station: BusyStation) -> None:
        mes = next(tag for tag in plant.tags if tag.source.path().endswith("MES/CPU/Load"))
        view.show_selection(Selection(tag_id=mes.tag_id))
        view.show_tab("baselines")
        await until(lambda: view.baselines.record is not None)
        assert view.baselines.record is not None
        assert view.baselines.record.tag_id == mes.tag_id
        picture = view.baselines.chart.picture
        begin, end, text = picture.marks[-1]
        assert end > begin
        assert "scatters" in text
        assert len(picture.at_us) == 14 * 24 + 1 or len(picture.at_us) == 14 * 24
        assert view.baselines.heading.text().startswith("Servers/APPS/MES/CPU/Load · 168 of 168 slots known")
        view.baselines.cycle.setCurrentIndex(tuple(CYCLES).index(Cycle.HOUR))
        view.baselines.measure.setCurrentIndex(tuple(MEASURES).index(Measure.PERCENT))
        await until(lambda: view.baselines.record is not None and view.baselines.record.cycle is Cycle.HOUR)
        asked = next(one for one in reversed(station.asked) if isinstance(one, BaselineQuery))
        assert (asked.measure, asked.above) == (Measure.PERCENT, 2.0)

    on(plant, story)


def test_alarm_rules_on_baselines_say_whether_they_judge(qtbot: QtBot, plant: BusyPlant) -> None:
    tag = next(tag for tag in plant.tags if tag.source.path().endswith("SRV-DB/CPU/Load"))
    rule = AlarmRule("cpu", "*/CPU/Load", AlarmKind.BASELINE, h=3.0, periods=5, text="Busier than usual")
    plant.usual.expect([rule])
    plant.usual.hang(0, tag.handle, rule)

    async def story(_screen: Screen, view: PerformanceView, _station: BusyStation) -> None:
        view.show_tab("baselines")
        await until(lambda: bool(view.baselines.rules))
        assert cells(view.baselines, "rule") == ["Busier than usual"]
        assert cells(view.baselines, "state") == ["no: too little is known of this time"]
        await until(lambda: view.baselines.record is not None)
        assert view.baselines.periods.value() == 5
        assert view.baselines.amount.value() == 3.0

    try:
        on(plant, story)
    finally:
        plant.usual.expect([])


def test_load_is_told_in_words_and_dots(qtbot: QtBot, plant: BusyPlant) -> None:
    async def story(_screen: Screen, view: PerformanceView, station: BusyStation) -> None:
        view.show_tab("load")
        await until(lambda: view.load.report is not None and not view.is_busy)
        assert isinstance(next(one for one in station.asked if isinstance(one, LoadQuery)), LoadQuery)
        says = dict(zip(cells(view.load, "name"), cells(view.load, "why"), strict=True))
        assert says["SRV-DB / CPU/Load"] == "goes closely with production"
        assert says["SRV-DB / Disk C/Used"] == "does not go with production"
        of = dict(zip(cells(view.load, "name"), cells(view.load, "load"), strict=True))
        assert (of["SRV-DB / CPU/Load"], of["PLC-P1 / Scan time"]) == ("whole site", "Press")
        await until(lambda: view.load.points is not None)
        assert len(view.load.chart.load) > 100
        view.load.choose_area("Press")
        assert set(cells(view.load, "name")) == {"PLC-P1 / Scan time", "PRESS-13 / Cycle time"}
        assert view.load.summary.text() == "2 of 2 figures go closely with production"

    on(plant, story)


def test_an_empty_plant_says_what_belongs_here(qtbot: QtBot) -> None:
    async def story(_screen: Screen, view: PerformanceView, _station: BusyStation) -> None:
        assert "performance.toml" in view.capacity._nothing_text()
        for name in TABS:
            view.show_tab(name)
            await until(lambda: not view.is_busy)
        assert "Nothing here counts" in view.load._nothing()
        assert "kind “baseline”" in view.baselines.list.empty_text
        assert view.baselines.chart.nothing.startswith("Select a tag")

    on(move_to_now(BusyPlant(1)), story)


def test_a_refusal_stands_in_the_head_line(qtbot: QtBot, plant: BusyPlant) -> None:
    from console.domain.refusal import Refused

    async def story(_screen: Screen, view: PerformanceView, station: BusyStation) -> None:
        def refuse(_query: object) -> Any:
            raise Refused("No history is kept here.")

        station._desk[CapacityQuery] = refuse
        view.ask()
        await until(lambda: "No history is kept here." in view.facts.text())
        assert view._soon.isActive()

    on(plant, story)


def test_tab_window_and_choices_are_kept(qtbot: QtBot, plant: BusyPlant) -> None:
    kept: dict[str, object] = {}

    async def story(_screen: Screen, view: PerformanceView, _station: BusyStation) -> None:
        view.show_tab("load")
        view.windows.choose("month")
        view.baselines.periods.setValue(7)
        kept.update(view.save_state())

    async def again(_screen: Screen, view: PerformanceView, _station: BusyStation) -> None:
        view.restore_state(kept)
        assert (view.shown, view.windows.shown, view.baselines.periods.value()) == ("load", "month", 7)
        view.restore_state({"tab": "nothing", "window": 3, "tables": 4, "baselines": {"cycle": "x", "periods": "y"}})

    on(plant, story)
    on(plant, again)


def test_the_keyboard_reaches_the_tabs_and_rows(qtbot: QtBot, plant: BusyPlant) -> None:
    async def story(screen: Screen, view: PerformanceView, _station: BusyStation) -> None:
        view.capacity.list.setFocus()
        view.capacity.list.selectRow(0)
        screen.press(Qt.Key.Key_Down)
        assert view.capacity.list.first_selected() == 1
        screen.press(Qt.Key.Key_Return)
        assert screen.went
        assert screen.went[-1][0] == "trends"

    on(plant, story)


@pytest.mark.parametrize("language", ["en", "de"])
def test_every_word_is_there_in_both_languages(language: str) -> None:
    words = [*OUTCOMES.values(), *LOW_OUTCOMES.values(), *METRICS, *CYCLES.values(), *MEASURES.values(), *TABS.values()]
    assert set(METRICS) == {metric.name for metric in DEFAULTS}
    assert set(OUTCOMES) == set(Outcome)
    if language == "de":
        assert [word for word in words if word not in catalogue("de")] == []


def row_of(outcome: Outcome, **more: Any) -> CapacityRow:
    subject = Subject(UUID(int=1), "a/b/c/Disk", "c / Disk", "Hall", "disk", "Disk", "%")
    return CapacityRow(subject, replace(Forecast(outcome, 95.0), **more))


def test_reasons_and_spans_read_like_sentences() -> None:
    set_language("de")
    try:
        told = row_of(Outcome.TOO_SHORT, has_us=17 * HOUR_US)
        assert reason_text(told, 0) == "braucht mehr als 2 Tage Daten; hat 17 h"
        cleaned = row_of(Outcome.CLEANED_UP, cleaned_us=DAY)
        assert reason_text(cleaned, 2 * DAY) == "vor 24 h aufgeräumt; braucht seitdem mehr als 2 Tage"
        assert reason_text(replace(told, is_low=True, forecast=Forecast(Outcome.FLAT, 5.0)), 0).endswith("fällt nicht")
    finally:
        set_language("en")
    assert days_text(0.2) == "< 1 day"
    assert days_text(None) == "–"
    assert span_text(3 * DAY) == "3 d"
    dated = replace(Forecast(Outcome.PREDICTED, 95.0), days=12.0, earliest=9.0)
    assert between_text(dated) == "9 days – open"
    assert relation_text(Relation(3)) == "not enough hours"
    assert relation_text(Relation(300, -0.8, -0.8, -1.0)) == "goes closely with production, the other way"
    assert hours(2)
