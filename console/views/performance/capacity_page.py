"""What fills up and when: every capacity in a table, the selected one with its past and what is expected."""

from collections.abc import Sequence
from functools import partial
from uuid import UUID

from console.domain.history.forecast import Outcome
from console.models.performance_tables import CapacityTable
from console.models.performance_words import amount_text, days_text, reason_text
from console.models.text_rank import one_line
from console.services.performance_records import CapacityReport, ForecastRecord
from console.services.station import CapacityQuery, ForecastQuery
from console.ui.errands import Errands
from console.ui.format import whole_text
from console.ui.plain_label import PlainLabel
from console.ui.table_view import TableView
from console.ui.translation import tr, tr_n
from console.ui.view import ViewContext
from console.ui.wall_clock import now_us
from console.views.performance.page import Page
from console.widgets.band_chart import BandChart, BandPicture
from console.widgets.panel import headed

_SHOWN_US = 60 * 86_400_000_000


class CapacityPage(Page):
    """Asks for the list when it is looked at, and for one forecast at a time."""

    def __init__(self, context: ViewContext, errands: Errands) -> None:
        super().__init__(context, errands)
        self.report: CapacityReport | None = None
        self.record: ForecastRecord | None = None
        self.model = CapacityTable(self)
        self.list = self.table(
            "performance_capacity",
            self.model,
            ("between", "area", "metric", "full", "rate", "date"),
            ("level", "days", "rate"),
        )
        self.chart, self.heading = BandChart(), PlainLabel(elide=True)
        self.splitter.addWidget(self.list)
        self.splitter.addWidget(headed(self.heading, self.chart))
        self.splitter.setSizes([380, 400])
        self._settle.timeout.connect(self.look)
        self.retell()

    def views(self) -> Sequence[TableView]:
        return (self.list,)

    def ask(self) -> None:
        self.run("list", self._ask)

    async def _ask(self) -> None:
        self.report = await self.context.station.query(CapacityQuery())
        self.model.show(self.report.rows)
        self.model.flush()
        self.look_at_first(self.list)
        self.retell()

    def tag_of_row(self) -> UUID | None:
        one = self.model.record_at(self.list.first_selected()) if self.list.first_selected() >= 0 else None
        return one.subject.tag_id if one is not None else None

    def show_tag(self, tag_id: UUID) -> None:
        for position in range(self.model.rowCount()):
            one = self.model.record_at(position)
            if one is not None and one.subject.tag_id == tag_id:
                self.list.selectRow(position)
                return

    def look(self) -> None:
        tag_id = self.tag_of_row()
        if tag_id is not None and self.isVisible():
            self.run("one", partial(self._look, tag_id))

    async def _look(self, tag_id: UUID) -> None:
        self.record = await self.context.station.query(ForecastQuery(tag_id))
        self._draw()

    def facts(self) -> str:
        if self.report is None:
            return ""
        rows = self.report.rows
        dated = sum(one.forecast.outcome in (Outcome.PREDICTED, Outcome.FULL) for one in rows)
        parts = [tr_n("{n} capacity", "{n} capacities", len(rows)), tr("{n} with a date", n=whole_text(dated))]
        if self.report.left_out:
            parts.append(tr("{n} more are left out", n=whole_text(self.report.left_out)))
        return " · ".join(parts)

    def retell(self) -> None:
        self.list.set_empty_text(self._nothing_text())
        self._draw()

    def _nothing_text(self) -> str:
        if self.report is None:
            return self.problem or tr("Computing…")
        return tr("Nothing here fills up: site/performance.toml names the tags that do, each with its end.")

    def _draw(self) -> None:
        record = self.record
        if record is None:
            self.heading.setText(tr("Forecast"))
            self.chart.show_nothing(tr("Select a capacity to see its past and what is expected."))
            return
        row, told = record.row, record.row.forecast
        self.heading.setText(
            " · ".join(
                part
                for part in (
                    one_line(row.subject.name),
                    days_text(told.days) if told.days is not None else "",
                    reason_text(row, now_us()),
                )
                if part
            )
        )
        if not len(record.values):
            self.chart.show_nothing(reason_text(row, now_us()))
            return
        self.chart.show_picture(_picture(record))


def _picture(record: ForecastRecord) -> BandPicture:
    """The newest two months, or as long as there is something ahead, and the band."""
    import numpy as np

    told, unit = record.row.forecast, record.row.subject.unit
    path = told.path
    now = path[0].at_us if path else int(record.starts_us[-1]) + record.width_us
    ahead = path[-1].at_us - now if path else 0
    shown = record.starts_us >= now - max(_SHOWN_US, ahead)
    lines = [(told.cleaned_us, tr("filled up") if record.row.is_low else tr("cleaned up"))] if told.cleaned_us else []
    lines += [(at_us, tr("trend changes")) for at_us in told.changes_us]
    full = amount_text(told.full, unit)
    return BandPicture(
        at_us=record.starts_us[shown],
        values=record.values[shown],
        width_us=record.width_us,
        band_us=np.array([point.at_us for point in path], np.int64),
        low=np.array([point.low for point in path]),
        middle=np.array([point.middle for point in path]),
        high=np.array([point.high for point in path]),
        limit=told.full,
        limit_text=tr("empty at {value}", value=full) if record.row.is_low else tr("full at {value}", value=full),
        unit=unit,
        now_us=now,
        lines=tuple(lines),
    )
