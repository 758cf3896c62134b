"""Over which time, for whom and which area: the choices over the alarm system's figures."""

from collections.abc import Mapping
from dataclasses import dataclass

from PySide6.QtCore import QSignalBlocker, Signal
from PySide6.QtWidgets import QCheckBox, QComboBox, QPushButton, QWidget

from console.services.kpi_records import KpiPosition
from console.services.station import AlarmKpiQuery
from console.ui.format import US
from console.ui.plain_label import PlainLabel, plain_tip
from console.ui.translation import mark, tr, tr_n
from console.ui.wall_clock import now_us
from console.widgets.flow import FlowLayout
from console.widgets.time_field import TimeField

_HOUR = 3600 * US
PERIODS: dict[str, tuple[str, int]] = {
    "shift": (mark("Shift"), 8 * _HOUR),
    "day": (mark("24 h"), 24 * _HOUR),
    "week": (mark("7 days"), 7 * 24 * _HOUR),
    "month": (mark("30 days"), 30 * 24 * _HOUR),
    "free": (mark("From – to"), 0),
}


@dataclass(frozen=True, slots=True)
class Choice:
    """What is looked at; `begin_us` and `end_us` only count for the free period. A shift is the site's running one,
    and the last eight hours where it has none. `position`: whose alarms, empty: the whole site's."""

    period: str = "week"
    begin_us: int = 0
    end_us: int = 0
    skips_empty: bool = False
    area: str = ""
    position: str = ""

    def query(self, now: int) -> AlarmKpiQuery | None:
        """None while the free period has no beginning, or ends before it."""
        length = PERIODS[self.period][1]
        begin, end = (now - length, now) if length else (self.begin_us, self.end_us or now)
        if not 0 < begin < end:
            return None
        areas = (self.area,) if self.area else ()
        return AlarmKpiQuery(
            begin,
            end,
            skips_empty=self.skips_empty,
            areas=areas,
            since_shift=self.period == "shift",
            position=self.position,
        )


def whole_site(positions: int) -> str:
    """The site with what it is divided by."""
    return tr_n("Whole site (1 position)", "Whole site ({n} positions)", positions)


class KpiHead(QWidget):
    """`changed` when another report is wanted."""

    changed = Signal()

    def __init__(self) -> None:
        super().__init__()
        self._period = "week"
        self._areas: tuple[str, ...] = ()
        self._positions: tuple[KpiPosition, ...] = ()
        self.periods = {name: QPushButton() for name in PERIODS}
        self.begin, self.end = TimeField(), TimeField(is_end=True)
        self.position, self.position_label = QComboBox(), PlainLabel()
        self.skips_empty, self.area = QCheckBox(), QComboBox()
        row = FlowLayout(self, spacing=6)
        for name, button in self.periods.items():
            button.setAutoDefault(False)
            button.clicked.connect(lambda _on=False, period=name: self.choose(period))
            row.addWidget(button)
        for field in (self.begin, self.end):
            field.setFixedWidth(150)
            field.changed.connect(self._on_field)
            row.addWidget(field)
        self.area.setMinimumWidth(130)
        self.position.setMinimumWidth(170)
        for part in (self.position_label, self.position, self.area, self.skips_empty):
            part.setFixedHeight(self.area.sizeHint().height())  # they stand in one line
            row.addWidget(part)
        self.position.currentIndexChanged.connect(lambda _at: self._on_position())
        self.skips_empty.toggled.connect(lambda _on: self.changed.emit())
        self.area.currentIndexChanged.connect(lambda _at: self.changed.emit())
        self.area.addItem("", "")
        self.position.addItem("", "")
        self.retell()

    @property
    def is_rolling(self) -> bool:
        """The period ends now, so that it goes on."""
        return self._period != "free"

    def choice(self) -> Choice:
        return Choice(
            self._period,
            self.begin.at_us,
            self.end.at_us,
            self.skips_empty.isChecked(),
            str(self.area.currentData() or ""),
            str(self.position.currentData() or ""),
        )

    def choose(self, period: str) -> None:
        """Another period; the free one waits for its times."""
        self._period = period
        self._tell_period()
        if period == "free" and not self.begin.at_us:
            self.begin.setFocus()
        self.changed.emit()

    def show_span(self, begin_us: int, end_us: int, begin: str, end: str) -> None:
        """A free period: its moments, and how they are written in the fields."""
        with QSignalBlocker(self.begin), QSignalBlocker(self.end):
            self.begin.setText(begin)
            self.end.setText(end)
        self.begin.at_us, self.end.at_us = begin_us, end_us
        self.choose("free")

    def set_areas(self, areas: tuple[str, ...]) -> None:
        """What may be chosen; the chosen one stays."""
        chosen = str(self.area.currentData() or "")
        self._areas = tuple(sorted({*areas, *([chosen] if chosen else [])}))
        self._offer_areas()

    def set_positions(self, positions: tuple[KpiPosition, ...]) -> None:
        """The site's; a chosen one that it has not any more gives way to the whole site. Without a signal."""
        chosen = self.position.currentData()
        self._positions = positions
        with QSignalBlocker(self.position):
            self.position.clear()
            self.position.addItem("", "")
            for one in positions:
                self.position.addItem(one.name, one.position_id)
            self.position.setCurrentIndex(max(0, self.position.findData(chosen)))
        self.position.setItemText(0, whole_site(self.site_positions))
        self._offer_areas()

    @property
    def site_positions(self) -> int:
        """By how many the whole site is divided."""
        return max(1, len(self._positions))

    def _offer_areas(self) -> None:
        """Of the chosen position its own only."""
        chosen, position = str(self.area.currentData() or ""), self.position.currentData()
        own = next((one.areas for one in self._positions if one.position_id == position), ())
        with QSignalBlocker(self.area):
            self.area.clear()
            self.area.addItem(tr("All areas"), "")
            for area in self._areas:
                if not own or area in own:
                    self.area.addItem(area, area)
            self.area.setCurrentIndex(max(0, self.area.findData(chosen)))

    def _on_position(self) -> None:
        self._offer_areas()
        self.changed.emit()

    def save_state(self) -> dict[str, object]:
        choice = self.choice()
        period = choice.period if self.is_rolling else "week"
        return {"period": period, "position": choice.position, "skips_empty": choice.skips_empty, "area": choice.area}

    def restore_state(self, state: Mapping[str, object]) -> None:
        period, position, area = state.get("period"), state.get("position"), state.get("area")
        with QSignalBlocker(self):
            if isinstance(position, str) and position:
                if self.position.findData(position) < 0:
                    self.position.addItem(position, position)  # until the site's are known
                self.position.setCurrentIndex(self.position.findData(position))
            self.skips_empty.setChecked(state.get("skips_empty") is True)
            if isinstance(area, str) and area:
                if self.area.findData(area) < 0:
                    self._areas = tuple(sorted({*self._areas, area}))
                    self._offer_areas()
                self.area.setCurrentIndex(max(0, self.area.findData(area)))
            if isinstance(period, str) and period in PERIODS and PERIODS[period][1]:
                self.choose(period)
        self.changed.emit()

    def retell(self) -> None:
        for name, (text, _length) in PERIODS.items():
            self.periods[name].setText(tr(text))
        for field, word in ((self.begin, tr("From (time)")), (self.end, tr("To (time)"))):
            field.set_now(now_us())
            field.setPlaceholderText(word)
            field.setAccessibleName(word)
        self.position_label.setText(tr("Operator position"))
        self.position.setAccessibleName(tr("Operator position"))
        self.position.setItemText(0, whole_site(self.site_positions))
        tip = tr(
            "Whole site: rates are divided by its operator positions, a flood needs so many times more alarms."
            " One position: the alarms of its areas, not divided"
        )
        self.position.setToolTip(plain_tip(tip))
        self.skips_empty.setText(tr("Leave out empty intervals"))
        tip = tr("Intervals without any alarm take no part in means and percentages: both become higher")
        self.skips_empty.setToolTip(plain_tip(tip))
        self.area.setAccessibleName(tr("Area"))
        self.area.setItemText(0, tr("All areas"))
        self._tell_period()

    def _tell_period(self) -> None:
        for name, button in self.periods.items():
            button.setProperty("flat", name != self._period)
            button.style().polish(button)
        for field in (self.begin, self.end):
            field.setVisible(self._period == "free")

    def _on_field(self) -> None:
        if self._period == "free":
            self.changed.emit()
