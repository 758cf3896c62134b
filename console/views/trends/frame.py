"""The parts of the trend view in their places: header, time bar, plots with the overview, tables."""

from collections.abc import Callable

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QHBoxLayout, QSplitter, QStackedWidget, QVBoxLayout, QWidget

from console.models.tag_cache import TagCache
from console.models.trend_periods import TrendPeriod
from console.ui.plain_label import PlainLabel
from console.ui.translation import mark, tr
from console.views.trends.header import TrendHeader
from console.views.trends.pen_desk import PenDesk
from console.widgets.trend_overview import TrendOverview
from console.widgets.trend_plot import TrendPlot
from console.widgets.trend_time_bar import TrendTimeBar

EMPTY = mark(
    "No pen yet. Type a few letters of a tag into the field above, drag a tag here, or press T on a row of any list."
)
PERIODS = (
    (TrendPeriod.TODAY, mark("Today")),
    (TrendPeriod.YESTERDAY, mark("Yesterday")),
    (TrendPeriod.SHIFT, mark("This shift")),
    (TrendPeriod.WEEK, mark("This week")),
)


class TrendFrame:
    """Lays out `owner`. `drawing` is what a picture of the trend shows."""

    def __init__(
        self,
        owner: QWidget,
        title: str,
        cache: TagCache,
        plot: TrendPlot,
        desk: PenDesk,
        now_us: Callable[[], int],
    ) -> None:
        """`title` is marked English."""
        self.header = TrendHeader(title, cache)
        self.time_bar = TrendTimeBar(PERIODS, now_us)
        self.overview = TrendOverview()
        plot.sides_changed.connect(self.overview.set_sides)
        self._tables = desk.tables
        self.drawing = QWidget()
        column = _column(self.drawing)
        column.addWidget(plot, 1)
        column.addWidget(self.overview)
        self.empty = PlainLabel()
        self.empty.setProperty("role", "dim")
        self.empty.setAlignment(Qt.AlignmentFlag.AlignCenter)
        self.empty.setWordWrap(True)
        self.stack = QStackedWidget()
        self.stack.addWidget(self.empty)
        self.stack.addWidget(self.drawing)
        self.splitter = QSplitter(Qt.Orientation.Vertical)
        upper = QWidget()
        self.beside = QHBoxLayout(upper)
        self.beside.setContentsMargins(0, 0, 0, 0)
        self.beside.setSpacing(0)
        self.beside.addWidget(self.stack, 1)
        self.splitter.addWidget(upper)
        self.splitter.addWidget(desk.tables)
        self.splitter.setStretchFactor(0, 1)
        self.splitter.setSizes([800, 170])
        layout = _column(owner)
        layout.addWidget(self.header)
        layout.addWidget(self.time_bar)
        self.below = _column()
        layout.addLayout(self.below)
        layout.addWidget(self.splitter, 1)

    def show_pens(self, has_pens: bool, has_rows: bool = False) -> None:
        """Plots and tables, or what to do while there are none. `has_rows`: something is there beside pens."""
        self.stack.setCurrentIndex(1 if has_pens or has_rows else 0)
        self._tables.setVisible(has_pens)

    def retell(self) -> None:
        self.header.retell()
        self.time_bar.retell()
        self.empty.setText(tr(EMPTY))


def _column(owner: QWidget | None = None) -> QVBoxLayout:
    column = QVBoxLayout(owner) if owner is not None else QVBoxLayout()
    column.setContentsMargins(0, 0, 0, 0)
    column.setSpacing(0)
    return column
