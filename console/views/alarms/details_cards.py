"""The cards of the details pane: what is known of one alarm in an order that answers first what matters first, in as
many columns as there is room for."""

from collections.abc import Callable, Sequence

from PySide6.QtWidgets import QHBoxLayout, QPushButton, QVBoxLayout, QWidget

from console.models import alarm_past as past
from console.models.alarm_present import Present
from console.models.tag_cache import TagCache
from console.services.story_records import AlarmDetails
from console.ui.format import local
from console.ui.translation import tr, tr_n
from console.widgets.card import Card

FEW = {"past": 5, "history": 12}
_MORE = 20  # lines at once: each costs a moment of the window
_COLUMN_PX = 400
# Which card stands in which column, by the number of columns.
_PLACES: dict[int, tuple[tuple[str, ...], ...]] = {
    1: (
        (
            "what", "aside", "todo", "trend", "limits", "guidance", "solutions", "incidents", "acks", "comments",
            "past", "inputs", "history",
        ),
    ),
    2: (
        ("what", "aside", "todo", "guidance", "incidents", "acks", "comments", "inputs"),
        ("trend", "limits", "solutions", "past", "history"),
    ),
    3: (
        ("what", "aside", "acks", "comments"),
        ("todo", "trend", "limits", "guidance", "inputs"),
        ("solutions", "incidents", "past", "history"),
    ),
}  # fmt: skip


class DetailsCards(QWidget):
    """`trend` is put among the cards. What is not known yet, or not there, shows no card; `past` says how far it is."""

    def __init__(self, trend: QWidget) -> None:
        super().__init__()
        self.cards = {key: Card() for key in _PLACES[1][0] if key != "trend"}
        self._parts: dict[str, QWidget] = {**self.cards, "trend": trend}
        self._columns: list[QVBoxLayout] = []
        self._count = 0
        self._unit: str | None = None
        self._most = dict(FEW)  # lines of a card
        self._details: AlarmDetails | None = None  # which past stands here
        self._told: object = None  # and how
        row = self._row = QHBoxLayout(self)
        row.setContentsMargins(12, 4, 12, 12)
        row.setSpacing(10)
        for _ in range(3):
            column = QVBoxLayout()
            column.setSpacing(8)
            row.addLayout(column, 1)
            self._columns.append(column)
        self.more = {key: self._more_button(key) for key in ("past", "history")}
        self.incident_buttons = QWidget()
        self.cards["incidents"].column.addWidget(self.incident_buttons)
        self.changed: Callable[[], None] = lambda: None
        self.arrange(_COLUMN_PX)

    def _more_button(self, key: str) -> QPushButton:
        button = QPushButton()
        button.setProperty("flat", True)
        button.setAutoDefault(False)
        button.clicked.connect(lambda: self.show_more(key))
        self.cards[key].column.addWidget(button)
        return button

    def show_more(self, key: str) -> None:
        """The next lines of a card."""
        self._most[key] += _MORE
        self._told = None
        self.changed()

    def fold(self) -> None:
        """The newest lines only, for another alarm."""
        self._most = dict(FEW)

    def arrange(self, width: int) -> None:
        """As many columns as the width holds."""
        count = min(3, max(1, width // _COLUMN_PX))
        if count == self._count:
            return
        self._count = count
        for column in self._columns:
            while column.count():
                column.takeAt(0)
        for number, column in enumerate(self._columns):
            self._row.setStretch(number, 1 if number < count else 0)
            for key in _PLACES[count][number] if number < count else ():
                column.addWidget(self._parts[key])
            column.addStretch(1)

    def texts(self) -> list[str]:
        """Everything that is shown, card by card, for copying."""
        lines = []
        for key in _PLACES[1][0]:
            card = self.cards.get(key)
            if card is None or card.isHidden():
                continue
            told = card.texts()
            pairs = zip(told[::2], told[1::2], strict=False) if len(told) % 2 == 0 else ()
            lines += ["", card.heading.text()] if card.heading.text() else [""]
            lines += [f"{label}: {text}" for label, text in pairs] if pairs else told
        return lines

    def show_present(self, present: Present) -> None:
        cards = self.cards
        self._unit = present.condition.unit if present.condition.limits else None
        self._rows("what", "", present.what)
        self._rows("aside", tr("Kept out of the list"), present.aside)
        self._rows("limits", tr("Limits"), present.limits)
        self._rows("guidance", tr("Why, and how long there is"), present.guidance)
        cards["todo"].set_title(tr("What to do"))
        cards["todo"].set_text(present.response or tr("No response is written for this alarm."))

    def show_past(self, details: AlarmDetails | None, words: str, tags: TagCache, now_us: int) -> None:
        """`words` stands in place of what is not known yet, or cannot be read."""
        if details is not None:  # its inputs alone go on changing
            self._rows("inputs", tr("Raw inputs"), past.input_lines(details.inputs, tags))
        told = (words, tuple(self._most.values()), self._unit, tr("History"), local(now_us).date())
        if details is self._details and told == self._told:
            return
        self._details, self._told = details, told
        if details is None:
            for key in ("solutions", "incidents", "acks", "comments", "inputs", "history"):
                self.cards[key].hide()
            self._lines("past", tr("Like cases"), (), 0, words)
            return
        self._rows("acks", tr("Acknowledgements"), past.acknowledgement_lines(details, now_us))
        self._rows("comments", tr("Comments"), past.comment_lines(details, now_us))
        self._rows("incidents", tr("Incidents"), past.incident_lines(details.incidents, now_us))
        self._rows("solutions", tr("What was done then"), past.solution_lines(details, now_us))
        lines = past.past_lines(details, now_us, self._most["past"])
        self._lines("past", tr("Like cases"), lines, len(details.past), past.past_summary(details))
        lines = past.history_lines(details, now_us, self._most["history"], self._unit)
        self._lines("history", tr("History"), lines, len(details.steps), "")

    def _rows(self, key: str, title: str, rows: Sequence[tuple[str, str, str]]) -> None:
        self.cards[key].set_title(title)
        self.cards[key].set_rows(rows)

    def _lines(self, key: str, title: str, lines: Sequence[tuple[str, str, str]], of_all: int, words: str) -> None:
        """A card that may hold much: the newest first, the rest on demand."""
        card = self.cards[key]
        card.set_title(title)
        card.set_rows(lines)
        card.set_text(words)
        card.setVisible(bool(lines) or bool(words))
        left = of_all - len(lines)
        self.more[key].setText(tr_n("Show {n} more", "Show {n} more", min(left, _MORE)))
        self.more[key].setVisible(left > 0)
