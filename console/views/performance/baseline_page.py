"""What is usual for a tag: two weeks between the bounds, where it left them, and the alarms that judge by it."""

from collections.abc import Mapping, Sequence
from functools import partial
from uuid import UUID

from PySide6.QtCore import QLocale, QSignalBlocker
from PySide6.QtWidgets import QAbstractSpinBox, QComboBox, QDoubleSpinBox, QPushButton, QSpinBox, QWidget

from console.domain.history.baseline import LEAST_KNOWN, Cycle, Measure
from console.models.performance_tables import BaselineRuleTable
from console.models.performance_words import CYCLES, MEASURES, score_text, span_text
from console.models.text_rank import one_line
from console.services.performance_records import BaselineRecord, BaselineRule
from console.services.station import BaselineQuery, BaselineRulesQuery
from console.ui.errands import Errands
from console.ui.format import whole_text
from console.ui.plain_label import PlainLabel
from console.ui.table_view import TableView
from console.ui.translation import tr, tr_n
from console.ui.view import Selection, ViewContext
from console.views.performance.page import Page
from console.widgets.band_chart import BandChart, BandPicture
from console.widgets.flow import FlowLayout
from console.widgets.panel import bare_column, headed, panel_row

_MOST_PERIODS = 52


class BaselinePage(Page):
    """`show_tag` from a row of any page or from a selection elsewhere; the choices above ask again."""

    def __init__(self, context: ViewContext, errands: Errands) -> None:
        super().__init__(context, errands)
        self.rules: tuple[BaselineRule, ...] = ()
        self.record: BaselineRecord | None = None
        self.tag_id: UUID | None = None
        self.model = BaselineRuleTable(self)
        self.list = self.table("performance_baselines", self.model, ("cycle", "periods", "rule"), ("known",))
        self.chart, self.heading = BandChart(), PlainLabel(elide=True)
        self.cycle, self.measure = QComboBox(), QComboBox()
        self.periods, self.amount = QSpinBox(), QDoubleSpinBox()
        self.trend_button = QPushButton()
        self.trend_button.setAutoDefault(False)
        self.periods_label, self.amount_label = PlainLabel(), PlainLabel()
        self._lay_out()
        for part in (self.cycle, self.measure):
            part.currentIndexChanged.connect(lambda _at: self._settle.start())
        for field in (self.periods, self.amount):
            field.valueChanged.connect(lambda _value: self._settle.start())
        self._settle.timeout.connect(self.look)
        self.trend_button.clicked.connect(self.open_trend)
        self.retell()

    def _lay_out(self) -> None:
        self.cycle.addItems([""] * len(CYCLES))
        self.measure.addItems([""] * len(MEASURES))
        self.periods.setRange(LEAST_KNOWN, _MOST_PERIODS)
        self.periods.setValue(12)
        self.amount.setRange(0.1, 1e6)
        self.amount.setDecimals(1)
        self.amount.setValue(2.0)
        for field in (self.periods, self.amount):
            field.setButtonSymbols(QAbstractSpinBox.ButtonSymbols.NoButtons)
            field.setFixedWidth(70)
        choices = QWidget()
        row = FlowLayout(choices, spacing=6)
        for part in (self.cycle, self.periods_label, self.periods, self.amount_label, self.amount, self.measure):
            part.setFixedHeight(self.cycle.sizeHint().height())
            row.addWidget(part)
        lower = QWidget()
        column = bare_column(lower)
        panel_row(column, edge=4).addWidget(choices, 1)
        column.addWidget(headed(self.heading, self.chart, self.trend_button), 1)
        self.splitter.addWidget(lower)
        self.splitter.addWidget(self.list)
        self.splitter.setSizes([540, 200])
        self.splitter.setStretchFactor(0, 1)
        self.splitter.setStretchFactor(1, 0)

    def views(self) -> Sequence[TableView]:
        return (self.list,)

    def ask(self) -> None:
        self.run("rules", self._ask)
        self.look()

    async def _ask(self) -> None:
        self.rules = await self.context.station.query(BaselineRulesQuery())
        self.model.show(self.rules)
        self.model.flush()
        if self.tag_id is None:
            self.look_at_first(self.list)
        self.retell()

    def tag_of_row(self) -> UUID | None:
        one = self.model.record_at(self.list.first_selected()) if self.list.first_selected() >= 0 else None
        if one is not None and one.tag_id != self.tag_id:
            self.tag_id = one.tag_id
            self._take_choices(one)
        return self.tag_id

    def _take_choices(self, rule: BaselineRule) -> None:
        """As the alarm rule has them."""
        parts = (self.cycle, self.measure, self.periods, self.amount)
        blockers = [QSignalBlocker(part) for part in parts]
        self.cycle.setCurrentIndex(tuple(CYCLES).index(rule.cycle))
        self.measure.setCurrentIndex(tuple(MEASURES).index(rule.measure))
        self.periods.setValue(rule.periods)
        self.amount.setValue(rule.above or rule.below or 2.0)
        del blockers

    def show_tag(self, tag_id: UUID) -> None:
        if tag_id != self.tag_id:
            self.tag_id = tag_id
            self.list.clearSelection()
            self.record = None
            self._settle.start()

    def open_trend(self) -> None:
        if self.tag_id is not None:
            self.context.go("trends", Selection(tag_id=self.tag_id))

    @property
    def query(self) -> BaselineQuery | None:
        if self.tag_id is None:
            return None
        amount = self.amount.value()
        return BaselineQuery(
            self.tag_id,
            tuple(CYCLES)[self.cycle.currentIndex()],
            self.periods.value(),
            tuple(MEASURES)[self.measure.currentIndex()],
            amount,
            amount,
        )

    def look(self) -> None:
        if self.query is not None and self.isVisible():
            self.run("one", partial(self._look, self.query))

    async def _look(self, query: BaselineQuery) -> None:
        self.record = await self.context.station.query(query)
        self._draw()

    def facts(self) -> str:
        return tr_n("{n} alarm on a baseline", "{n} alarms on baselines", len(self.rules)) if self.rules else ""

    def save_state(self) -> dict[str, object]:
        cycle, measure = tuple(CYCLES)[self.cycle.currentIndex()], tuple(MEASURES)[self.measure.currentIndex()]
        return {"cycle": cycle.value, "measure": measure.value, "periods": self.periods.value(),
                "amount": self.amount.value()}  # fmt: skip

    def restore_state(self, state: Mapping[str, object]) -> None:
        cycle, measure = state.get("cycle"), state.get("measure")
        if cycle in tuple(Cycle):
            self.cycle.setCurrentIndex(tuple(CYCLES).index(Cycle(str(cycle))))
        if measure in tuple(Measure):
            self.measure.setCurrentIndex(tuple(MEASURES).index(Measure(str(measure))))
        periods, amount = state.get("periods"), state.get("amount")
        if isinstance(periods, int):
            self.periods.setValue(periods)
        if isinstance(amount, int | float):
            self.amount.setValue(float(amount))

    def retell(self) -> None:
        for at, name in enumerate(CYCLES.values()):
            self.cycle.setItemText(at, tr(name))
        for at, name in enumerate(MEASURES.values()):
            self.measure.setItemText(at, tr(name))
        self.amount.setLocale(QLocale())
        self.periods_label.setText(tr("of the last periods:"))
        self.amount_label.setText(tr("bounds at:"))
        self.trend_button.setText(tr("Trend"))
        self.list.set_empty_text(
            tr("No alarm rule judges by what is usual: a [[rule]] of kind “baseline” in site/alarms.toml does.")
        )
        self._draw()

    def _draw(self) -> None:
        record = self.record
        self.trend_button.setEnabled(self.tag_id is not None)
        if record is None:
            self.heading.setText(tr("What is usual"))
            self.chart.show_nothing(
                self.problem or tr("Select a tag in any view, or a row of the other tabs, to see what is usual for it.")
            )
            return
        known = [one for one in record.references if one is not None and one.known >= LEAST_KNOWN]
        parts = [
            one_line(record.path),
            tr("{known} of {all} slots known", known=whole_text(len(known)), all=whole_text(len(record.references))),
            tr("{time} of history", time=span_text(record.has_us)),
            tr_n("{n} anomaly in two weeks", "{n} anomalies in two weeks", len(record.anomalies)),
        ]
        self.heading.setText(" · ".join(parts))
        if not record.has_us:
            self.chart.show_nothing(tr("There is no history of this tag yet."))
            return
        self.chart.show_picture(
            BandPicture(
                at_us=record.starts_us,
                values=record.values,
                width_us=record.width_us,
                band_us=record.starts_us,
                low=record.lower,
                middle=record.expected,
                high=record.upper,
                unit=record.unit,
                marks=tuple((one.start_us, one.end_us, score_text(one.score)) for one in record.anomalies),
            )
        )
