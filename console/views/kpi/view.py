"""How the alarm system treats its operators: figures with their targets, the load in time, and who makes it."""

import asyncio
from collections.abc import Callable, Mapping
from dataclasses import replace

from PySide6.QtCore import Qt, QTimer
from PySide6.QtGui import QHideEvent, QShowEvent
from PySide6.QtWidgets import QFrame, QProgressBar, QPushButton, QSplitter

from console.domain.audit_commands import ExportAlarmKpi
from console.domain.permissions import SIGN_ON_FIRST
from console.models.kpi_tables import FigureTable
from console.services.kpi_records import Flood, KpiReport
from console.services.records import SessionRecord
from console.services.station import SESSION, AlarmAreasQuery, AlarmKpiQuery, AlarmPositionsQuery
from console.ui.errands import Errands
from console.ui.format import US, age_text, date_text, local, whole_text
from console.ui.plain_label import PlainLabel, plain_tip
from console.ui.table_view import TableView
from console.ui.theme import theme
from console.ui.translation import mark, tr
from console.ui.view import View, ViewContext
from console.ui.wall_clock import now_us
from console.views.kpi.exporting import ask_file, export
from console.views.kpi.head import KpiHead, whole_site
from console.views.kpi.lists import KpiLists
from console.views.kpi.plots import KpiPlots
from console.views.kpi.shape import ShapeDelegate
from console.widgets.action_menu import attach_menu
from console.widgets.column_layout import lay_out_columns
from console.widgets.panel import bare_column, panel_row
from console.widgets.steady_scroll import SteadyScroll
from console.widgets.table_export import export_table

_FIGURES_PX, _LEAST_PX = 600, 390  # in a narrow window words give way; nothing lies over the plots
_AGAIN_MS, _SETTLE_MS = 60_000, 250
_AROUND_US = 30 * 60 * US  # before and after a flood that is looked at


class KpiView(View):
    """Asks the station when it is looked at and every minute after; one question at a time, the newest counts."""

    view_id = "kpi"
    title = mark("Alarm performance")
    icon = "kpi"

    def __init__(self, context: ViewContext) -> None:
        super().__init__(context)
        self.errands = Errands(self._refused)
        self.report: KpiReport | None = None
        self._asking: asyncio.Task[None] | None = None
        self._answered: AlarmKpiQuery | None = None
        self._is_site_known = False
        self._why_not, self._problem = SIGN_ON_FIRST, ""
        self._is_shown = False
        self.head, self.plots = KpiHead(), KpiPlots()
        self.figures = FigureTable(self)
        self.figure_list = TableView("kpi_figures")
        self.lists = KpiLists(lambda selection: context.go("alarms", selection), self._zoom)
        self.heading, self.facts = PlainLabel(), PlainLabel(elide=True)
        self.again_button, self.export_button, self.cancel_button = QPushButton(), QPushButton(), QPushButton()
        self.progress, self.working = QProgressBar(), QFrame()
        self.working_label = PlainLabel(elide=True)
        self._settle = QTimer(self, interval=_SETTLE_MS, singleShot=True)
        self._again = QTimer(self, interval=_AGAIN_MS)
        self._lay_out()
        self._connect()
        self.setFocusProxy(self.figure_list)
        self._undo = [context.station.subscribe(SESSION, self._on_session)]
        self._retell()

    def _lay_out(self) -> None:
        self.figure_list.setModel(self.figures)
        lay_out_columns(self.figure_list, [column.width for column in FigureTable.COLUMNS], (4, 5), (2, 3))
        self.figure_list.setItemDelegate(ShapeDelegate(self.figure_list))
        for view in (self.figure_list, *self.lists.views.values()):
            attach_menu(view, self.context.actions, ("table.copy", "table.export"))
            SteadyScroll(view)
        column = bare_column(self)
        top = panel_row(column)
        self.heading.setProperty("role", "heading")
        top.addWidget(self.heading)
        top.addSpacing(12)
        top.addWidget(self.facts, 1)
        for button in (self.again_button, self.export_button):
            button.setAutoDefault(False)
            top.addWidget(button)
        panel_row(column, edge=4).addWidget(self.head, 1)
        row = panel_row(column, edge=2)
        self.working = row.parentWidget()  # type: ignore[assignment]
        self.progress.setRange(0, 0)
        self.progress.setTextVisible(False)
        self.cancel_button.setAutoDefault(False)
        for part, stretch in ((self.working_label, 1), (self.progress, 1), (self.cancel_button, 0)):
            row.addWidget(part, stretch)
        right = QSplitter(Qt.Orientation.Vertical)
        right.addWidget(self.plots)
        right.addWidget(self.lists)
        right.setStretchFactor(0, 3)
        right.setStretchFactor(1, 2)
        self.splitter = QSplitter(Qt.Orientation.Horizontal)
        self.splitter.addWidget(self.figure_list)
        self.splitter.addWidget(right)
        self.figure_list.setMinimumWidth(_LEAST_PX)
        self.splitter.setSizes([_FIGURES_PX, 840])
        self.splitter.setStretchFactor(0, 0)
        self.splitter.setStretchFactor(1, 1)
        for one in (right, self.splitter):
            one.setChildrenCollapsible(False)
        column.addWidget(self.splitter, 1)

    def _connect(self) -> None:
        self.head.changed.connect(self._on_choice)
        self._settle.timeout.connect(self.ask)
        self._again.timeout.connect(lambda: self.ask() if self.head.is_rolling and not self.is_busy else None)
        self.again_button.clicked.connect(self.ask)
        self.cancel_button.clicked.connect(self.cancel)
        self.export_button.clicked.connect(self.export)
        theme().changed.connect(self._retell)

    @property
    def is_busy(self) -> bool:
        return self._asking is not None and not self._asking.done()

    def ask(self) -> asyncio.Task[None] | None:
        """Ask for the report of what is chosen now; what was asked before is of no interest any more."""
        self._settle.stop()
        if self._asking is not None:
            self._asking.cancel()
            self._asking = None
        if self.head.choice().query(now_us()) is not None:
            self._asking = self.errands.run(self._ask())
        self._tell()
        return self._asking

    def cancel(self) -> None:
        """Stop computing; what was shown before stays."""
        if self._asking is not None:
            self._asking.cancel()
            self._asking = None
        self._problem = tr("Cancelled; press “Compute again” for the figures.")
        self._tell()

    async def _ask(self) -> None:
        mine = asyncio.current_task()
        self._problem = ""
        try:
            if not self._is_site_known:
                self.head.set_positions(await self.context.station.query(AlarmPositionsQuery()))
                self._is_site_known = True
            query = self.head.choice().query(now_us())
            if query is None:
                return
            self.report, self._answered = await self.context.station.query(query), query
            if self._asking is mine:
                self._asking = None
            self._show()
            if self.head.area.count() <= 1:
                self.head.set_areas(await self.context.station.query(AlarmAreasQuery()))
        finally:
            if self._asking is mine:
                self._asking = None
            if self._undo:  # not closed meanwhile
                self._tell()

    def export(self) -> object:
        return ask_file(self, self._write)

    def _write(self, file: str) -> None:
        """What is shown, not what has come since."""
        report, query = self.report, self._answered
        if report is not None and query is not None:
            query = replace(query, from_us=report.from_us, to_us=report.to_us, since_shift=False)
            export(self.context.station, self.errands, file, query, lambda text: self.context.refused(self, text))

    def action_handlers(self) -> Mapping[str, Callable[[], object]]:
        return {
            "table.copy": lambda: self._focused().copy_selection(),
            "table.export": lambda: export_table(self._focused(), lambda text: self.context.refused(self, text)),
        }

    def save_state(self) -> dict[str, object]:
        tables = {name: view.save_state() for name, view in self.lists.views.items()}
        tables["figures"] = self.figure_list.save_state()
        return {"head": self.head.save_state(), "tables": tables, "list": self.lists.shown}

    def restore_state(self, state: Mapping[str, object]) -> None:
        head, tables = state.get("head"), state.get("tables")
        if isinstance(head, Mapping):
            self.head.restore_state(head)
        for name, view in {**self.lists.views, "figures": self.figure_list}.items():
            kept = tables.get(name) if isinstance(tables, Mapping) else None
            if isinstance(kept, Mapping):
                view.restore_state(kept)
        self.lists.show_list(str(state.get("list", "")))

    def close_view(self) -> None:
        for undo in self._undo:
            undo()
        self._undo.clear()
        self._settle.stop()
        self._again.stop()
        self.errands.cancel()
        for table in (self.figures, *self.lists.tables()):
            table.close()

    def _focused(self) -> TableView:
        return self.lists.view if self.lists.view.hasFocus() else self.figure_list

    def _zoom(self, flood: Flood) -> None:
        """Look at one flood and half an hour around it."""
        begin, end = flood.start_us - _AROUND_US, flood.end_us + _AROUND_US
        texts = (f"{local(at):%Y-%m-%d %H:%M:%S}" for at in (begin, end))
        self.head.show_span(begin, end, *texts)

    def _on_choice(self) -> None:
        if self._is_shown:
            self._settle.start()

    def _on_session(self, session: SessionRecord | None) -> None:
        self._why_not = SIGN_ON_FIRST if session is None else session.denied.get(ExportAlarmKpi.name, "")
        self._tell()

    def _refused(self, text: str) -> None:
        self._problem = text
        self.context.refused(self, text)
        self._tell()

    def _whose(self) -> str:
        """Whose figures are shown."""
        report = self.report
        if report is None or report.position is None:
            return whole_site(report.positions if report is not None else self.head.site_positions)
        return tr("position {name}", name=report.position.name)

    def _nothing(self) -> str:
        """What stands where figures would be; empty when there are some."""
        if self.report is not None:
            return "" if self.report.watched_us else tr("No data: nobody watched the plant in this time.")
        if self.is_busy:
            return tr("Computing…")
        return self._problem or tr("Choose a period.")

    def _show(self) -> None:
        self.figures.show(self.report)
        self.plots.show_report(self.report, self._nothing())
        self.lists.show_report(self.report, self._nothing())
        for table in (self.figures, *self.lists.tables()):
            table.flush()
        self._tell()

    def _tell(self) -> None:
        report = self.report
        self.working.setVisible(self.is_busy or bool(self._problem))
        self.progress.setVisible(self.is_busy)
        self.cancel_button.setVisible(self.is_busy)
        self.working_label.setText(tr("Computing…") if self.is_busy else self._problem)
        self.heading.setText(f"{tr(self.title)}: {self._whose()}")
        why = tr(self._why_not) if self._why_not else ""
        self.export_button.setEnabled(not why and report is not None)
        self.export_button.setToolTip(plain_tip(why or tr("All figures, lists and intervals as Excel, CSV or PDF")))
        if report is None:
            self.facts.setText(self._nothing())
            self.plots.show_report(None, self._nothing())
            return
        moments = (f"{date_text(local(at))} {local(at):%H:%M}" for at in (report.from_us, report.to_us))
        parts = [
            " – ".join(moments),
            tr("{n} alarms", n=whole_text(report.annunciations)),
            tr("watched {time}", time=age_text(report.watched_us)),
        ]
        missing = report.to_us - report.from_us - report.watched_us
        if missing > 0:
            parts.append(tr("no data for {time}", time=age_text(missing)))
        self.facts.setText(" · ".join(parts))

    def _retell(self) -> None:
        self.again_button.setText(tr("Compute again"))
        self.export_button.setText(tr("Export…"))
        self.cancel_button.setText(tr("Cancel"))
        self.head.retell()
        self._show()

    def showEvent(self, event: QShowEvent) -> None:
        super().showEvent(event)
        self._is_shown = True
        for table in (self.figures, *self.lists.tables()):
            table.set_visible(True)
        self._again.start()
        self.ask()

    def hideEvent(self, event: QHideEvent) -> None:
        super().hideEvent(event)
        self._is_shown = False
        self._again.stop()
        for table in (self.figures, *self.lists.tables()):
            table.set_visible(False)
