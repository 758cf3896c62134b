"""The page of the alarm system's performance: figures with targets, plots, lists, and what it says without data."""

import asyncio
from collections.abc import Callable
from dataclasses import replace
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from PySide6.QtWidgets import QFileDialog
from pytestqt.qtbot import QtBot

from console.domain.alarm_targets import Kpi, Verdict
from console.domain.alarms import Occurrence
from console.domain.audit_commands import ExportAlarmKpi
from console.domain.refusal import Refused
from console.models.kpi_words import BAND_NAMES, LIST_NAMES, NAMES, PERCENT, SECONDS, VERDICTS, figure_text, target_text
from console.services.kpi_records import LISTS, KpiPosition, KpiReport
from console.services.records import SessionRecord
from console.services.reports.alarm_kpi import KpiQuestion, alarm_kpi
from console.services.reports.kpi_columns import AlarmColumns, columns_of
from console.services.station import SESSION, AlarmAreasQuery, AlarmKpiQuery, AlarmPositionsQuery
from console.ui.translation import set_language
from console.ui.wall_clock import now_us
from console.views.kpi.head import PERIODS
from console.views.kpi.view import KpiView
from tests.support.alarm_month import DAY, HOUR, Month, S
from tests.support.fake_station import FakeStation
from tests.support.qt_loop import run, until
from tests.support.screens import Screen

NOW = now_us()
DESKS = (KpiPosition("melt", "Melt <b>shop</b>", ("Hall 2",)), KpiPosition("lead", "Shift lead"))


class Desk:
    """Answers from a synthetic month that ends now; keeps what it was asked."""

    def __init__(self) -> None:
        self.month = Month(NOW - 31 * DAY, NOW, seed=3, conditions=30)
        self.columns: AlarmColumns = columns_of(self.month.rows)
        self.asked: list[AlarmKpiQuery] = []
        self.watched = self.month.watched
        self.station = FakeStation()
        self.station.answers[AlarmKpiQuery] = self.report
        self.station.answers[AlarmAreasQuery] = lambda _query: ("Hall 2", "Press shop")
        self.station.answers[AlarmPositionsQuery] = lambda _query: DESKS
        self.station.deliver(SESSION, SESSION_OF_ANNA)

    def report(self, query: AlarmKpiQuery) -> KpiReport:
        self.asked.append(query)
        zone = ZoneInfo("Europe/Berlin")
        position = next((one for one in DESKS if one.position_id == query.position), None)
        count = 1 if position else len(DESKS)
        asked = KpiQuestion(query.from_us, query.to_us, zone, count, query.skips_empty, position=position)
        return named(alarm_kpi(self.columns, self.watched, asked))


SESSION_OF_ANNA = SessionRecord("u-anna", "anna", "Anna", ("operator",), NOW)


def named(report: KpiReport) -> KpiReport:
    def one(offender: Any) -> Any:
        return replace(offender, subject="a/<b>x</b>", text="Temperature high", area="Hall 2", priority=2)

    return replace(report, lists={name: tuple(map(one, found)) for name, found in report.lists.items()})


@pytest.fixture(scope="module")
def kept_desk() -> Desk:
    return Desk()


@pytest.fixture
def desk(kept_desk: Desk) -> Desk:
    kept_desk.asked.clear()
    kept_desk.watched = kept_desk.month.watched
    kept_desk.station.submitted.clear()
    kept_desk.station.answers[AlarmKpiQuery] = kept_desk.report
    return kept_desk


def on(desk: Desk, story: Callable[[Screen, KpiView], Any]) -> None:
    async def whole() -> None:
        async with Screen(KpiView, desk.station) as screen:
            view = screen.view
            assert isinstance(view, KpiView)
            await until(lambda: view.report is not None or not view.is_busy)
            await story(screen, view)

    run(whole())


def cells(view: KpiView, key: str) -> dict[str, str]:
    """Figure -> its cell."""
    keys = [column.key for column in view.figures.COLUMNS]
    at, what = keys.index(key), keys.index("what")
    rows = range(view.figures.rowCount())
    return {view.figures.index(row, what).data(): view.figures.index(row, at).data() for row in rows}


@pytest.mark.proves("ALARM-F66")
def test_every_figure_stands_with_its_value_target_and_verdict(qtbot: QtBot, desk: Desk) -> None:
    async def story(_screen: Screen, view: KpiView) -> None:
        assert view.report is not None
        values, targets, verdicts = (cells(view, key) for key in ("value", "target", "verdict"))
        assert set(values) == set(NAMES.values())
        for figure in view.report.figures:
            name = NAMES[figure.kpi]
            assert values[name] == figure_text(figure.kpi, figure.value)
            assert targets[name] == target_text(figure.kpi)
            assert verdicts[name] == VERDICTS[figure.verdict]
        assert values[NAMES[Kpi.CHANGED_SETTINGS]] == "–" or values[NAMES[Kpi.CHANGED_SETTINGS]] == "—"
        shapes = {view.figures.symbol(row) for row in range(view.figures.rowCount())}
        assert {Verdict.GOOD, Verdict.OVER_TARGET, Verdict.NO_DATA} <= shapes, "told by shape, not by colour"

    on(desk, story)


def test_every_figure_has_a_name_and_a_unit() -> None:
    assert set(NAMES) == set(Kpi)
    assert set(LIST_NAMES) == {*LISTS, "floods"}
    assert not PERCENT & SECONDS
    assert len(BAND_NAMES) == 4


@pytest.mark.proves("ALARM-F66")
def test_the_plots_show_floods_gaps_and_the_mix(qtbot: QtBot, desk: Desk) -> None:
    async def story(_screen: Screen, view: KpiView) -> None:
        view.head.choose("month")
        await until(lambda: bool(desk.asked) and desk.asked[-1].to_us - desk.asked[-1].from_us == 30 * DAY)
        await until(lambda: not view.is_busy)
        report = view.report
        assert report is not None
        plot = view.plots.ten
        assert plot.columns()[2].max() == report.ten_minutes.counts.max()
        box = plot._box()
        flood, hole = report.floods[0], report.unwatched[0]

        def place(at_us: int) -> float:
            return box.left() + (at_us - report.from_us) / (report.to_us - report.from_us) * box.width()

        assert "flood" in plot.told_at(place(flood.start_us + 60 * S))
        assert "no data" in plot.told_at(place((hole[0] + hole[1]) // 2))
        assert [row.priority for row in view.plots.mix.rows] == [1, 2, 3, 4]
        assert [row.goal for row in view.plots.mix.rows] == [1, 5, 15, 80]
        assert len(view.plots.top.rows) == 10
        view.grab()  # it paints

    on(desk, story)


@pytest.mark.proves("ALARM-F67")
def test_each_list_is_there_with_its_count_and_goes_to_its_alarm(qtbot: QtBot, desk: Desk) -> None:
    async def story(screen: Screen, view: KpiView) -> None:
        view.head.choose("month")
        await until(lambda: view.report is not None and view.report.to_us - view.report.from_us == 30 * DAY)
        assert view.report is not None
        for at, name in enumerate(LIST_NAMES):
            found = view.report.floods if name == "floods" else view.report.lists[name]
            assert view.lists.bar.tabText(at) == f"{LIST_NAMES[name]} · {len(found)}"
            view.lists.show_list(name)
            assert view.lists.view.model().rowCount() == len(found) > 0
            if name == "floods":
                continue
            view.lists.view.selectRow(0)
            view.lists.open_selected()
            went, selection = screen.went[-1]
            assert went == "alarms"
            assert selection is not None
            assert selection.occurrence == Occurrence(found[0].condition_id, found[0].start_us)
        assert view.lists.offenders["stale"].cell(0, "subject") == "a/<b>x</b>", "plain text, whatever it looks like"

    on(desk, story)


def test_a_flood_is_looked_at_closely(qtbot: QtBot, desk: Desk) -> None:
    async def story(_screen: Screen, view: KpiView) -> None:
        view.head.choose("month")
        await until(lambda: view.report is not None and view.report.to_us - view.report.from_us == 30 * DAY)
        assert view.report is not None
        newest = view.report.floods[-1]
        view.lists.show_list("floods")
        view.lists.view.selectRow(0)
        view.lists.open_selected()
        await until(lambda: desk.asked[-1].from_us == newest.start_us - HOUR // 2)
        assert desk.asked[-1].to_us == newest.end_us + HOUR // 2

    on(desk, story)


@pytest.mark.parametrize("period", [name for name in PERIODS if name != "free"])
def test_a_period_ends_now(qtbot: QtBot, desk: Desk, period: str) -> None:
    async def story(_screen: Screen, view: KpiView) -> None:
        desk.asked.clear()
        view.head.choose(period)
        await until(lambda: bool(desk.asked))
        assert desk.asked[-1].to_us - desk.asked[-1].from_us == PERIODS[period][1]
        assert abs(desk.asked[-1].to_us - now_us()) < 60 * S

    on(desk, story)


def test_position_area_and_empty_intervals_are_asked_for_and_kept(qtbot: QtBot, desk: Desk) -> None:
    async def story(_screen: Screen, view: KpiView) -> None:
        view.head.skips_empty.setChecked(True)
        await until(lambda: view.head.area.count() == 3)
        view.head.area.setCurrentIndex(view.head.area.findData("Hall 2"))
        view.head.position.setCurrentIndex(view.head.position.findData("melt"))
        await until(lambda: desk.asked[-1].areas == ("Hall 2",) and desk.asked[-1].position == "melt")
        assert desk.asked[-1].skips_empty
        state = view.save_state()
        view.head.restore_state({"period": "day"})
        view.restore_state(state)
        choice = view.head.choice()
        assert (choice.period, choice.area, choice.position) == ("week", "Hall 2", "melt")

    on(desk, story)


@pytest.mark.proves("ALARM-F66")
def test_the_site_or_one_position_is_looked_at_and_the_title_says_which(qtbot: QtBot, desk: Desk) -> None:
    async def story(screen: Screen, view: KpiView) -> None:
        await until(lambda: view.head.area.count() == 3)
        box = view.head.position
        words = ["Whole site (2 positions)", "Melt <b>shop</b>", "Shift lead"]
        assert [box.itemText(at) for at in range(box.count())] == words
        assert view.heading.text() == "Alarm performance: Whole site (2 positions)"
        divided = cells(view, "value")[NAMES[Kpi.PER_DAY]]
        box.setCurrentIndex(2)
        await until(lambda: view.report is not None and view.report.position == DESKS[1])
        assert view.heading.text() == "Alarm performance: position Shift lead"
        assert cells(view, "value")[NAMES[Kpi.PER_DAY]] != divided
        assert view.head.area.count() == 3, "a position without areas answers for all"
        box.setCurrentIndex(1)
        await until(lambda: view.report is not None and view.report.position == DESKS[0])
        assert view.heading.text() == "Alarm performance: position Melt <b>shop</b>"
        assert [view.head.area.itemData(at) for at in range(view.head.area.count())] == ["", "Hall 2"]
        dialog = view.export()
        assert isinstance(dialog, QFileDialog)
        dialog.fileSelected.emit("/plant/melt.pdf")
        await until(lambda: bool(screen.said))
        assert desk.station.submitted[-1].position == "melt"
        dialog.reject()

    on(desk, story)


def test_a_position_that_the_site_has_not_any_more_gives_way_to_the_site(qtbot: QtBot, desk: Desk) -> None:
    async def whole() -> None:
        async with Screen(lambda context: restored(KpiView(context)), desk.station) as screen:
            view = screen.view
            assert isinstance(view, KpiView)
            await until(lambda: view.report is not None)
            assert {one.position for one in desk.asked} == {""}
            assert view.head.position.findData("gone") < 0

    def restored(view: KpiView) -> KpiView:
        view.restore_state({"head": {"position": "gone", "positions": 3}})
        assert view.head.choice().position == "gone"
        return view

    run(whole())


def test_a_time_that_nobody_watched_is_no_data_everywhere(qtbot: QtBot, desk: Desk) -> None:
    desk.watched = []
    columns, desk.columns = desk.columns, columns_of([])

    async def story(_screen: Screen, view: KpiView) -> None:
        values, verdicts = cells(view, "value"), cells(view, "verdict")
        assert set(verdicts.values()) == {"no data"}
        assert not any(value.startswith("0") for value in values.values())
        assert "nobody watched" in view.lists.view.empty_text
        view.grab()

    try:
        on(desk, story)
    finally:
        desk.columns = columns


def test_a_long_computation_is_told_and_can_be_cancelled(qtbot: QtBot, desk: Desk) -> None:
    class Slow(FakeStation):
        is_cancelled = False

        async def query(self, query: Any) -> Any:
            try:
                await asyncio.Event().wait()
            except asyncio.CancelledError:
                self.is_cancelled = True
                raise

    station = Slow()

    async def whole() -> None:
        async with Screen(KpiView, station) as screen:
            view = screen.view
            assert isinstance(view, KpiView)
            await until(lambda: view.is_busy)
            assert view.cancel_button.isVisible()
            assert view.progress.isVisible()
            assert "Computing" in view.working_label.text()
            view.cancel_button.click()
            await until(lambda: station.is_cancelled)
            assert not view.is_busy
            assert not view.cancel_button.isVisible()
            assert "Cancelled" in view.working_label.text()

    run(whole())


def test_a_refused_period_says_why_and_keeps_what_was_shown(qtbot: QtBot, desk: Desk) -> None:
    async def story(screen: Screen, view: KpiView) -> None:
        before = view.report

        def refuse(_query: AlarmKpiQuery) -> KpiReport:
            raise Refused("A period may be 400 days long at most.")

        desk.station.answers[AlarmKpiQuery] = refuse
        view.head.choose("day")
        await until(lambda: bool(screen.said))
        assert "400 days" in screen.said[-1]
        assert view.report is before

    on(desk, story)


def test_the_shown_report_is_exported_by_the_station(qtbot: QtBot, desk: Desk) -> None:
    async def story(screen: Screen, view: KpiView) -> None:
        assert view.export_button.isEnabled()
        dialog = view.export()
        assert isinstance(dialog, QFileDialog)
        dialog.fileSelected.emit("/plant/kpi.xlsx")
        await until(lambda: bool(screen.said))
        (command,) = desk.station.submitted
        assert view.report is not None
        assert command == ExportAlarmKpi("/plant/kpi.xlsx", view.report.from_us, view.report.to_us)
        dialog.reject()

    on(desk, story)


def test_whoever_is_not_signed_on_sees_figures_and_exports_none(qtbot: QtBot, desk: Desk) -> None:
    async def story(_screen: Screen, view: KpiView) -> None:
        desk.station.deliver(SESSION, None)
        assert not view.export_button.isEnabled()
        assert view.report is not None

    try:
        on(desk, story)
    finally:
        desk.station.deliver(SESSION, SESSION_OF_ANNA)


def test_the_page_speaks_german(qtbot: QtBot, desk: Desk) -> None:
    set_language("de")

    async def story(_screen: Screen, view: KpiView) -> None:
        assert view.heading.text() == "Alarmkennzahlen: Ganze Anlage (2 Plätze)"
        assert "Alarme pro Tag" in cells(view, "value")
        assert not {"no data", "off target", "within target"} & set(cells(view, "verdict").values())

    try:
        on(desk, story)
    finally:
        set_language("en")


def test_nothing_lies_over_the_plots_in_the_smallest_window(qtbot: QtBot, desk: Desk) -> None:
    async def story() -> None:
        async with Screen(KpiView, desk.station) as screen:
            view = screen.view
            assert isinstance(view, KpiView)
            view.resize(822, 600)
            parts = [view.splitter.widget(at) for at in range(2)]
            await until(lambda: view.splitter.width() <= 822)
            assert parts[0].geometry().right() < parts[1].geometry().left()
            assert parts[1].geometry().right() <= view.splitter.width()

    run(story())
