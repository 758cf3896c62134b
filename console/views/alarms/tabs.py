"""The tabs over the alarm list, each with its count."""

from collections.abc import Callable, Mapping

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QButtonGroup, QHBoxLayout, QPushButton, QWidget

from console.models.alarm_table import AlarmTab
from console.ui.format import DASH, whole_text
from console.ui.translation import mark, tr, tr_n

TITLES: Mapping[AlarmTab, str] = {
    AlarmTab.ACTIVE: mark("All"),  # "active" is what stands now, as the banner counts it
    AlarmTab.UNACKNOWLEDGED: mark("Unacknowledged"),
    AlarmTab.SHELVED: mark("Shelved"),
    AlarmTab.OUT_OF_SERVICE: mark("Out of service"),
    AlarmTab.SUPPRESSED: mark("Suppressed"),
}
TIPS: Mapping[AlarmTab, str] = {
    AlarmTab.ACTIVE: mark("Active alarms, and returned ones that nobody has acknowledged"),
    AlarmTab.UNACKNOWLEDGED: mark("Nobody has acknowledged these"),
    AlarmTab.SHELVED: mark("Put aside for a time by a person"),
    AlarmTab.OUT_OF_SERVICE: mark("Taken out for maintenance"),
    AlarmTab.SUPPRESSED: mark("Held back by a rule or behind their cause"),
}
EMPTY: Mapping[AlarmTab, str] = {
    AlarmTab.ACTIVE: mark("No alarm. The plant is quiet."),
    AlarmTab.UNACKNOWLEDGED: mark("Everything is acknowledged."),
    AlarmTab.SHELVED: mark("No alarm is shelved."),
    AlarmTab.OUT_OF_SERVICE: mark("No alarm is out of service."),
    AlarmTab.SUPPRESSED: mark("No alarm is suppressed."),
}


class AlarmTabs(QWidget):
    """Flat buttons of which one is pressed."""

    chosen = Signal(object)  # AlarmTab

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        row = QHBoxLayout(self)
        row.setContentsMargins(0, 0, 0, 0)
        row.setSpacing(2)
        self._group = QButtonGroup(self)
        self._buttons: dict[AlarmTab, QPushButton] = {}
        self._counts: dict[AlarmTab, int | None] = dict.fromkeys(AlarmTab, None)
        self._soon = 0
        for tab in AlarmTab:
            button = QPushButton()
            button.setCheckable(True)
            button.setProperty("flat", True)
            button.setAutoDefault(False)
            button.clicked.connect(self._press(tab))
            self._group.addButton(button)
            self._buttons[tab] = button
            row.addWidget(button)
        self._buttons[AlarmTab.ACTIVE].setChecked(True)
        self.retell()

    def _press(self, tab: AlarmTab) -> Callable[[], None]:
        return lambda: self.chosen.emit(tab)

    def choose(self, tab: AlarmTab) -> None:
        self._buttons[tab].setChecked(True)

    def set_counts(self, counts: Mapping[AlarmTab, int | None], *, soon: int = 0) -> None:
        """None is a count that nobody knows yet; `soon`: how many shelves ask to be looked at before they end."""
        is_soon = soon != self._soon
        self._soon = soon
        for tab, count in counts.items():
            if count != self._counts[tab] or (is_soon and tab == AlarmTab.SHELVED):
                self._counts[tab] = count
                self._buttons[tab].setText(self._label(tab))

    def count(self, tab: AlarmTab) -> int | None:
        return self._counts[tab]

    def retell(self) -> None:
        for tab, button in self._buttons.items():
            button.setText(self._label(tab))
            button.setToolTip(tr(TIPS[tab]))

    def _label(self, tab: AlarmTab) -> str:
        count = self._counts[tab]
        shown = f"{tr(TITLES[tab])} {DASH if count is None else whole_text(count)}"
        if tab == AlarmTab.SHELVED and self._soon:
            shown += " · " + tr_n("{n} ends soon", "{n} end soon", self._soon)
        return shown
