"""More comes than a person can read: the list is grouped by itself, always says so, and goes back in one click."""

from collections.abc import Callable

from PySide6.QtWidgets import QFrame, QHBoxLayout, QPushButton

from console.models.alarm_groups import GROUP_WORDS, GroupBy
from console.services.records import FloodRecord
from console.ui.format import clock_text, whole_text
from console.ui.icons import icon
from console.ui.plain_label import PlainLabel
from console.ui.theme import theme
from console.ui.translation import tr, tr_n

_AREAS = 3


class FloodBand(QFrame):
    """Shown while there is a flood, while changes wait, or while the list is grouped: what is in force is always to be
    seen.

    `group(by, folded)` arranges the list; `now_us()` tells the time.
    """

    def __init__(self, group: Callable[[GroupBy, bool], None], now_us: Callable[[], int]) -> None:
        super().__init__()
        self.setProperty("role", "panel")
        self._group, self._now_us = group, now_us
        self.record = FloodRecord()
        self.by = GroupBy.NONE
        self.is_automatic = False  # grouped by the flood, not by a person
        self.waiting = 0  # changes of alarms that this list does not show yet
        row = QHBoxLayout(self)
        row.setContentsMargins(14, 6, 14, 6)
        row.setSpacing(8)
        self.sign, self.text = PlainLabel(), PlainLabel(elide=True)
        self.text.setProperty("role", "strong")
        self.button = QPushButton()
        self.button.setAutoDefault(False)
        self.button.clicked.connect(self._turn)
        row.addWidget(self.sign)
        row.addWidget(self.text, 1)
        row.addWidget(self.button)
        theme().changed.connect(self.retell)
        self.hide()

    def take(self, record: FloodRecord) -> None:
        """By rule a flood groups the list when it begins, and lets go of it when it ends, unless a person chose."""
        began, ended = record.is_flood and not self.record.is_flood, self.record.is_flood and not record.is_flood
        self.record = record
        if began and self.by == GroupBy.NONE:
            self.is_automatic = True
            self._group(GroupBy.CAUSE, True)
        elif ended and self.is_automatic:
            self.is_automatic = False
            self._group(GroupBy.NONE, False)
        self.retell()

    def tell_waiting(self, count: int) -> None:
        """How many changes are not taken in yet: the list is not the whole truth meanwhile, and says so."""
        if count != self.waiting:
            self.waiting = count
            self.retell()

    def tell(self, by: GroupBy) -> None:
        """How the list is arranged now."""
        self.by = by
        self.retell()

    def choose(self, by: GroupBy) -> None:
        """A person chose: the end of the flood changes nothing then."""
        self.is_automatic = False
        self._group(by, self.record.is_flood and by != GroupBy.NONE)

    def _turn(self) -> None:
        self.choose(GroupBy.NONE if self.by != GroupBy.NONE else GroupBy.CAUSE)

    def words(self) -> str:
        parts = []
        record = self.record
        if record.is_flood:
            since = clock_text(record.since_us, self._now_us())[:-3]
            parts.append(tr("Alarm flood since {time}", time=since))
            minutes = max(1, record.window_s // 60)
            parts.append(tr("{n} alarms in {minutes} min", n=whole_text(record.in_window), minutes=minutes))
            worst = sorted(record.areas, key=lambda area: (-area[1], area[2]))[:_AREAS]
            if worst and self.by == GroupBy.NONE:
                parts.append(", ".join(f"{area or tr('no area')} {whole_text(count)}" for area, count, _worst in worst))
        if self.by != GroupBy.NONE:
            grouped = tr(GROUP_WORDS[self.by])
            parts.append(grouped if parts else grouped[:1].upper() + grouped[1:])
        if self.waiting:
            one, many = "{n} change is still being taken in", "{n} changes are still being taken in"
            parts.append(tr_n(one, many, self.waiting))
        return " · ".join(parts)

    def retell(self) -> None:
        self.text.setText(self.words())
        is_grouped = self.by != GroupBy.NONE
        self.button.setText(tr("Show as one list") if is_grouped else tr("Group by area and cause"))
        is_much = self.record.is_flood or bool(self.waiting)
        self.sign.setPixmap(icon("warning" if is_much else "group").pixmap(20, 20))
        self.setVisible(is_much or is_grouped)
