"""The form of a new incident: beside the work, its priority follows impact and urgency while they are chosen."""

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from PySide6.QtCore import QRectF, QSize
from PySide6.QtGui import QPainter, QPaintEvent
from PySide6.QtWidgets import (
    QComboBox,
    QFormLayout,
    QHBoxLayout,
    QLineEdit,
    QPlainTextEdit,
    QPushButton,
    QVBoxLayout,
    QWidget,
)

from console.domain.alarms import Occurrence
from console.domain.commands import OpenIncident
from console.domain.incidents import priority
from console.domain.refusal import Refused
from console.ui.dialogs import ReturningDialog
from console.ui.errands import Errands
from console.ui.plain_label import PlainLabel
from console.ui.priority_symbol import SymbolState, paint_symbol
from console.ui.translation import mark, tr, tr_n, tr_refusal

IMPACT_WORDS = {
    1: mark("1 · plant, safety or several lines"),
    2: mark("2 · one line, or MES or historian of an area"),
    3: mark("3 · one cell, or a redundant part"),
    4: mark("4 · one user or device"),
}
URGENCY_WORDS = {
    1: mark("1 · now, the line stands"),
    2: mark("2 · this shift"),
    3: mark("3 · this day"),
    4: mark("4 · planned"),
}
_SHOWN_ALARMS = 6


class PrioritySign(QWidget):
    """The symbol of a priority, as an outline."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.priority = 4

    def sizeHint(self) -> QSize:
        return QSize(24, 24)

    minimumSizeHint = sizeHint

    def set_priority(self, value: int) -> None:
        self.priority = value
        self.update()

    def paintEvent(self, event: QPaintEvent) -> None:
        painter = QPainter(self)
        paint_symbol(painter, QRectF(self.rect()).adjusted(2, 2, -2, -2), self.priority, SymbolState.ACKNOWLEDGED)
        painter.end()


@dataclass(frozen=True, slots=True)
class Prefill:
    """What the form starts with: alarms as (occurrence, text) and the assets they are about."""

    title: str = ""
    description: str = ""
    impact: int = 3
    urgency: int = 2
    alarms: tuple[tuple[Occurrence, str], ...] = ()
    asset_ids: tuple[UUID, ...] = ()

    @classmethod
    def of_draft(cls, draft: Mapping[str, object]) -> "Prefill":
        """What `IncidentForm.draft` gave, as far as it can still be read."""
        impact, urgency = draft.get("impact"), draft.get("urgency")
        return cls(
            str(draft.get("title", "")),
            str(draft.get("description", "")),
            impact if isinstance(impact, int) else 3,
            urgency if isinstance(urgency, int) else 2,
        )

    @property
    def key(self) -> str:
        """Names the draft: the same alarms find the same draft again."""
        return ";".join(sorted(str(occurrence.condition_id) for occurrence, _text in self.alarms))


class IncidentForm(ReturningDialog):
    """Not modal. `submit(OpenIncident)` may raise Refused; then the form stays as it was filled in."""

    def __init__(
        self, prefill: Prefill, submit: Callable[[OpenIncident], Awaitable[object]], parent: QWidget | None = None
    ) -> None:
        super().__init__(parent)
        self.setModal(False)
        self.setMinimumWidth(520)
        self.setWindowTitle(tr("New incident"))
        self.prefill = prefill
        self._submit = submit
        self._errands = Errands(self.say)
        self.title_field = QLineEdit(prefill.title)
        self.title_field.setMaxLength(200)
        self.description_field = QPlainTextEdit(prefill.description)
        self.description_field.setTabChangesFocus(True)
        self.description_field.setFixedHeight(110)
        self.impact_choice = _choice(IMPACT_WORDS, prefill.impact)
        self.urgency_choice = _choice(URGENCY_WORDS, prefill.urgency)
        self.sign, self._priority_text = PrioritySign(), PlainLabel()
        self._notice = PlainLabel()
        self._notice.setWordWrap(True)
        self._notice.setProperty("role", "refused")
        self._notice.hide()
        self.open_button, self.cancel_button = QPushButton(tr("Open incident")), QPushButton(tr("Cancel"))
        self._lay_out()
        for changed in (self.impact_choice.currentIndexChanged, self.urgency_choice.currentIndexChanged):
            changed.connect(self._check)
        self.title_field.textChanged.connect(self._check)
        self.open_button.clicked.connect(lambda: self._errands.run(self._send()))
        self.cancel_button.clicked.connect(self.reject)
        self._check()

    def _lay_out(self) -> None:
        column = QVBoxLayout(self)
        column.setContentsMargins(20, 16, 20, 16)
        column.setSpacing(12)
        heading = PlainLabel(tr("New incident"))
        heading.setProperty("role", "heading")
        column.addWidget(heading)
        form = QFormLayout()
        form.setHorizontalSpacing(16)
        form.setVerticalSpacing(8)
        for label, field in (
            (tr("Title"), self.title_field),
            (tr("Description"), self.description_field),
            (tr("Impact"), self.impact_choice),
            (tr("Urgency"), self.urgency_choice),
        ):
            field.setAccessibleName(label)
            form.addRow(PlainLabel(label), field)
        sign = QHBoxLayout()
        sign.addWidget(self.sign)
        sign.addWidget(self._priority_text, 1)
        form.addRow(PlainLabel(tr("Priority")), sign)
        column.addLayout(form)
        for text in self._alarm_lines():
            line = PlainLabel(text, elide=True)
            line.setProperty("role", "small")
            column.addWidget(line)
        column.addWidget(self._notice)
        buttons = QHBoxLayout()
        buttons.addStretch(1)
        self.open_button.setProperty("primary", True)
        self.open_button.setDefault(True)
        self.cancel_button.setAutoDefault(False)
        buttons.addWidget(self.cancel_button)
        buttons.addWidget(self.open_button)
        column.addLayout(buttons)

    def _alarm_lines(self) -> list[str]:
        alarms = self.prefill.alarms
        if not alarms:
            return []
        lines = [tr_n("{n} alarm is linked:", "{n} alarms are linked:", len(alarms))]
        lines += [text for _occurrence, text in alarms[:_SHOWN_ALARMS]]
        return [*lines, "…"] if len(alarms) > _SHOWN_ALARMS else lines

    def command(self) -> OpenIncident:
        """What the form asks for as it is filled in now."""
        return OpenIncident(
            title=self.title_field.text(),
            impact=int(self.impact_choice.currentData()),
            urgency=int(self.urgency_choice.currentData()),
            description=self.description_field.toPlainText(),
            occurrences=tuple(occurrence for occurrence, _text in self.prefill.alarms),
            asset_ids=self.prefill.asset_ids,
        )

    def draft(self) -> dict[str, Any]:
        """JSON-able content, to be kept until it is sent."""
        command = self.command()
        return {
            "title": command.title,
            "description": command.description,
            "impact": command.impact,
            "urgency": command.urgency,
        }

    def say(self, text: str) -> None:
        """Show why it was not taken; everything stays as typed."""
        self._notice.setText(text)
        self._notice.setVisible(bool(text))
        self._check()

    def _check(self) -> None:
        value = priority(int(self.impact_choice.currentData()), int(self.urgency_choice.currentData()))
        self.sign.set_priority(value)
        self._priority_text.setText(tr("Priority {n} from impact and urgency", n=value))
        self.open_button.setEnabled(bool(self.title_field.text().strip()))

    async def _send(self) -> None:
        self.open_button.setEnabled(False)
        try:
            await self._submit(self.command())
        except Refused as refused:
            self.say(tr_refusal(refused))
        else:
            self.accept()
        finally:
            self._check()


def _choice(words: Mapping[int, str], value: int) -> QComboBox:
    made = QComboBox()
    for number, word in words.items():
        made.addItem(tr(word), number)
    made.setCurrentIndex(max(0, made.findData(value)))
    return made
