"""The plots beside the figures: alarms in time with floods and gaps, and how the load is shared."""

from PySide6.QtWidgets import QHBoxLayout, QVBoxLayout, QWidget

from console.domain.alarm_targets import Kpi, target_of
from console.models.kpi_words import BAND_NAMES, PRIORITY_NAMES, percent_text
from console.models.text_rank import one_line
from console.services.kpi_records import Bins, KpiReport
from console.ui.format import whole_text
from console.ui.plain_label import PlainLabel
from console.ui.translation import mark, tr
from console.widgets.bin_plot import BinPlot
from console.widgets.share_bars import Share, ShareBars

_MIX = (Kpi.SHARE_CRITICAL, Kpi.SHARE_HIGH, Kpi.SHARE_MEDIUM, Kpi.SHARE_LOW)
_MIX_NAMES = (PRIORITY_NAMES[0], mark("Critical and high"), PRIORITY_NAMES[2], PRIORITY_NAMES[3])
_TEN_LIMIT, _HOUR_LIMIT = 10, 30


class KpiPlots(QWidget):
    """`show_report` draws all of them."""

    def __init__(self) -> None:
        super().__init__()
        self.ten, self.hours = BinPlot(150), BinPlot(100)
        self.ten_label, self.hour_label = PlainLabel(elide=True), PlainLabel(elide=True)
        self.mix, self.bands, self.top = ShareBars(whole=True), ShareBars(whole=True), ShareBars()
        column = QVBoxLayout(self)
        column.setContentsMargins(12, 8, 12, 8)
        column.setSpacing(4)
        for label, plot, stretch in ((self.ten_label, self.ten, 3), (self.hour_label, self.hours, 2)):
            label.setProperty("role", "strong")
            column.addWidget(label)
            column.addWidget(plot, stretch)
        row = QHBoxLayout()
        row.setSpacing(12)
        for bars, stretch in ((self.mix, 3), (self.bands, 3), (self.top, 4)):
            row.addWidget(bars, stretch)
        column.addLayout(row, 3)

    def show_report(self, report: KpiReport | None, nothing: str) -> None:
        """`nothing` stands where a plot would be while there is no report."""
        self.ten_label.setText(tr("Alarms in 10 min · floods marked above"))
        self.hour_label.setText(tr("Alarms per hour"))
        if report is None:
            self.ten.show_nothing(nothing)
            self.hours.show_nothing("")
        else:
            _show(self.ten, report, report.ten_minutes, _TEN_LIMIT, floods=True)
            _show(self.hours, report, report.hours, _HOUR_LIMIT, floods=False)
        self._show_shares(report)

    def _show_shares(self, report: KpiReport | None) -> None:
        values = [report.value(kpi) if report is not None else None for kpi in _MIX]
        mix = [
            Share(tr(name), value, percent_text(value), target_of(kpi).target, priority)
            for name, value, kpi, priority in zip(_MIX_NAMES, values, _MIX, (1, 2, 3, 4), strict=True)
        ]
        self.mix.show_shares(tr("Priorities (target 80/15/5 %)"), mix)
        bands = report.bands if report is not None and report.bands else (None,) * len(BAND_NAMES)
        told = [Share(tr(name), value, percent_text(value)) for name, value in zip(BAND_NAMES, bands, strict=True)]
        self.bands.show_shares(tr("Load, share of the 10 min"), told)
        found = report.lists.get("top_ten", ()) if report is not None else ()
        rows = [
            Share(one_line(one.text) or one_line(one.subject), one.share, whole_text(one.count), None, one.priority)
            for one in found
        ]
        self.top.show_shares(tr("Ten most frequent"), rows)


def _show(plot: BinPlot, report: KpiReport, bins: Bins, limit: int, *, floods: bool) -> None:
    spans = [(one.start_us, one.end_us) for one in report.floods] if floods else []
    plot.show_bins(
        (report.from_us, report.to_us), bins.starts_us, bins.counts, bins.watched, bins.width_us,
        limit * report.positions, spans, report.unwatched,
    )  # fmt: skip
