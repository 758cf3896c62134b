"""The busiest of every kind over a window: a list of lists at the left, the chosen one at the right."""

from collections.abc import Callable, Sequence
from uuid import UUID

from PySide6.QtCore import QSize, Qt
from PySide6.QtWidgets import QListWidget, QListWidgetItem

from console.models.performance_tables import TopTable
from console.models.performance_words import metric_name
from console.models.text_rank import one_line
from console.services.performance_records import TopList, TopReport
from console.services.station import TopQuery
from console.ui.errands import Errands
from console.ui.format import number_text, whole_text
from console.ui.plain_label import PlainLabel
from console.ui.table_view import TableView
from console.ui.theme import theme
from console.ui.translation import tr
from console.ui.view import ViewContext
from console.views.performance.page import Page
from console.widgets.panel import headed
from console.widgets.share_bars import Share, ShareBars

COUNT = 10


class TopPage(Page):
    """`window()` gives from and to in microseconds."""

    def __init__(self, context: ViewContext, errands: Errands, window: Callable[[], tuple[int, int]]) -> None:
        super().__init__(context, errands)
        self.report: TopReport | None = None
        self._window = window
        self._shown = ""
        self.kinds = QListWidget()
        self.kinds.setObjectName("performance_kinds")
        self.kinds.setFixedWidth(220)
        self.model = TopTable(self)
        self.list = self.table("performance_top", self.model, ("area",), ("mean", "high", "known"))
        self.bars, self.heading = ShareBars(), PlainLabel(elide=True)
        self.splitter.setOrientation(Qt.Orientation.Horizontal)
        self.splitter.addWidget(self.kinds)
        self.splitter.addWidget(headed(self.heading, self.list))
        self.splitter.addWidget(self.bars)
        self.splitter.setSizes([220, 820, 320])
        self.kinds.currentRowChanged.connect(self._on_kind)
        self.retell()

    def views(self) -> Sequence[TableView]:
        return (self.list,)

    def ask(self) -> None:
        self.run("list", self._ask)

    async def _ask(self) -> None:
        self.report = await self.context.station.query(TopQuery(*self._window(), COUNT))
        self.retell()

    def tag_of_row(self) -> UUID | None:
        one = self.model.record_at(self.list.first_selected()) if self.list.first_selected() >= 0 else None
        return one.subject.tag_id if one is not None else None

    def _on_kind(self, row: int) -> None:
        item = self.kinds.item(row)
        if item is not None:
            self._shown = str(item.data(Qt.ItemDataRole.UserRole))
            self._show_list()

    def shown_list(self) -> TopList | None:
        lists = self.report.lists if self.report is not None else ()
        return next((one for one in lists if one.metric_id == self._shown), lists[0] if lists else None)

    def _show_list(self) -> None:
        found = self.shown_list()
        self.model.show(found.rows if found is not None else ())
        self.model.flush()
        if found is None:
            self.heading.setText("")
            self.list.set_empty_text(self.problem or tr("Computing…"))
            self.bars.show_shares("", [])
            return
        parts = [metric_name(found.metric), tr("{n} tags", n=whole_text(found.tags))]
        if found.without_data:
            parts.append(tr("{n} without data in this time", n=whole_text(found.without_data)))
        self.heading.setText(" · ".join(parts))
        empty = tr("No tag of this kind has a trusted value in this time.")
        self.list.set_empty_text(empty if found.tags else tr("No tag of this plant is of this kind."))
        most = max((row.mean for row in found.rows), default=0.0)
        self.bars.show_shares(
            " · ".join(part for part in (tr("Mean"), found.unit) if part),
            [
                Share(
                    one_line(row.subject.name),
                    100 * row.mean / most if most > 0 else 0.0,
                    number_text(row.mean, digits=3),
                )
                for row in found.rows
            ],
        )

    def retell(self) -> None:
        shown, lists = self._shown, self.report.lists if self.report is not None else ()
        self.kinds.blockSignals(True)
        self.kinds.clear()
        for one in lists:
            item = QListWidgetItem(f"{metric_name(one.metric)} · {whole_text(one.tags)}")
            item.setSizeHint(QSize(0, theme().row_height))
            item.setData(Qt.ItemDataRole.UserRole, one.metric_id)
            self.kinds.addItem(item)
        names = [one.metric_id for one in lists]
        if lists:
            with_rows = next((k for k, one in enumerate(lists) if one.rows), 0)
            self.kinds.setCurrentRow(names.index(shown) if shown in names else with_rows)
            self._shown = names[self.kinds.currentRow()]
        self.kinds.blockSignals(False)
        self._show_list()
