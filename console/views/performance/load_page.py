"""Performance under load: how every figure goes with what is made, and the hours behind the selected one."""

from collections.abc import Callable, Sequence
from functools import partial
from uuid import UUID

from PySide6.QtCore import QSignalBlocker
from PySide6.QtWidgets import QComboBox, QWidget

from console.models.performance_tables import LoadTable
from console.models.performance_words import CLOSE, relation_text
from console.models.text_rank import one_line
from console.services.performance_records import LoadPoints, LoadReport
from console.services.station import LoadPointsQuery, LoadQuery
from console.ui.errands import Errands
from console.ui.format import number_text, whole_text
from console.ui.plain_label import PlainLabel
from console.ui.table_view import TableView
from console.ui.translation import tr, tr_n
from console.ui.view import ViewContext
from console.views.performance.page import Page
from console.widgets.load_scatter import Bar, LoadScatter
from console.widgets.panel import bare_column, headed, panel_row


class LoadPage(Page):
    """`window()` gives from and to in microseconds."""

    def __init__(self, context: ViewContext, errands: Errands, window: Callable[[], tuple[int, int]]) -> None:
        super().__init__(context, errands)
        self.report: LoadReport | None = None
        self.points: LoadPoints | None = None
        self._window = window
        self.model = LoadTable(self)
        self.list = self.table(
            "performance_load", self.model, ("metric", "load", "hours", "area"), ("at_rest", "at_full", "rank")
        )
        self.chart, self.heading = LoadScatter(), PlainLabel(elide=True)
        self.area, self.summary = QComboBox(), PlainLabel(elide=True)
        self.area.setMinimumWidth(200)
        self.area.addItem("", "")
        self.area.currentIndexChanged.connect(lambda _at: self._show_rows())
        upper = QWidget()
        column = bare_column(upper)
        row = panel_row(column, edge=4)
        row.addWidget(self.area)
        row.addWidget(self.summary, 1)
        column.addWidget(self.list, 1)
        self.splitter.addWidget(upper)
        self.splitter.addWidget(headed(self.heading, self.chart))
        self.splitter.setSizes([400, 380])
        self._settle.timeout.connect(self.look)
        self.retell()

    def views(self) -> Sequence[TableView]:
        return (self.list,)

    def ask(self) -> None:
        self.run("list", self._ask)

    async def _ask(self) -> None:
        self.report = await self.context.station.query(LoadQuery(*self._window()))
        self.points = None
        self._offer_areas()
        self._show_rows()
        self.look()
        self.retell()

    @property
    def shown_area(self) -> str:
        """Empty: all of them."""
        return str(self.area.currentData() or "")

    def choose_area(self, name: str) -> None:
        self.area.setCurrentIndex(max(0, self.area.findData(name)))

    def _offer_areas(self) -> None:
        """Every group of assets that has figures; the chosen one stays."""
        chosen = self.shown_area
        rows = self.report.rows if self.report is not None else ()
        with QSignalBlocker(self.area):
            self.area.clear()
            self.area.addItem(tr("All areas"), "")
            for name in sorted({row.subject.area for row in rows if row.subject.area}):
                self.area.addItem(one_line(name), name)
        self.choose_area(chosen)

    def _show_rows(self) -> None:
        rows = [row for row in self.report.rows if self.shown_area in ("", row.subject.area)] if self.report else []
        self.model.show(rows)
        self.model.flush()
        self.look_at_first(self.list)
        close = sum(row.relation.spearman is not None and abs(row.relation.spearman) >= CLOSE for row in rows)
        known = sum(row.relation.spearman is not None for row in rows)
        told = tr("{n} of {all} figures go closely with production", n=whole_text(close), all=whole_text(known))
        self.summary.setText(told if rows else "")

    def tag_of_row(self) -> UUID | None:
        one = self.model.record_at(self.list.first_selected()) if self.list.first_selected() >= 0 else None
        return one.subject.tag_id if one is not None else None

    def look(self) -> None:
        tag_id = self.tag_of_row()
        if tag_id is not None and self.isVisible():
            self.run("one", partial(self._look, tag_id))

    async def _look(self, tag_id: UUID) -> None:
        self.points = await self.context.station.query(LoadPointsQuery(tag_id, *self._window()))
        self._draw()

    def facts(self) -> str:
        if self.report is None or not self.report.counters:
            return ""
        return tr_n("{n} counter of production", "{n} counters of production", self.report.counters)

    def retell(self) -> None:
        self.area.setItemText(0, tr("All areas"))
        self._show_rows()
        self.list.set_empty_text(self._nothing())
        self._draw()

    def _nothing(self) -> str:
        if self.report is None:
            return self.problem or tr("Computing…")
        if not self.report.counters:
            return tr("Nothing here counts what is made: site/performance.toml names the counters of production.")
        return tr("The counters of production have no values in this time.")

    def _draw(self) -> None:
        points = self.points
        if points is None:
            self.heading.setText(tr("Figure against production"))
            self.chart.show_nothing(tr("Select a figure to see its hours."))
            return
        row, told = points.row, points.row.relation
        parts = [one_line(row.subject.name), relation_text(told), tr("{n} hours", n=whole_text(told.count))]
        if told.spearman is not None:
            parts.insert(2, f"ρ = {number_text(told.spearman, digits=2)}")
        self.heading.setText(" · ".join(parts))
        if not len(points.load):
            self.chart.show_nothing(tr("No hour has both: what was made, and a trusted value."))
            return
        self.chart.show_points(
            points.load,
            points.figure,
            [Bar(one.low, one.high, one.p10, one.median, one.p90) for one in told.bins],
            (
                tr("made per hour, whole site") if row.by_site else tr("made per hour, {area}", area=row.subject.area),
                row.subject.unit,
            ),
        )
