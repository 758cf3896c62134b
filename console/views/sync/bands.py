"""The bands above the tables of the Sync view: the few facts, why this station only watches, how far a catch-up is."""

from collections.abc import Sequence

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QFrame, QGridLayout, QHBoxLayout, QProgressBar, QPushButton, QVBoxLayout, QWidget

from console.models.sync_words import SyncFact, pairing_code
from console.services.records import CatchUp
from console.ui.format import whole_text
from console.ui.plain_label import PlainLabel, plain_tip
from console.ui.translation import tr
from console.widgets.flow import FlowLayout
from console.widgets.lamp import Lamp, LampState

_FINE = 1000  # steps of a bar


class FactBand(QWidget):
    """Lamp, dim label and strong text per fact, in their order; `incidents_asked` leads to the conflicts."""

    incidents_asked = Signal()

    def __init__(self) -> None:
        super().__init__()
        self._row = FlowLayout(self, spacing=2)
        self._parts: dict[str, tuple[QWidget, Lamp, PlainLabel, PlainLabel]] = {}
        self.button = QPushButton()
        self.button.setAutoDefault(False)
        self.button.clicked.connect(self.incidents_asked)
        self.button.hide()

    def show_facts(self, facts: Sequence[SyncFact], conflicts: int) -> None:
        """Exactly these; what is not told disappears."""
        for fact in facts:
            part, lamp, label, text = self._parts.get(fact.key) or self._make(fact.key)
            lamp.set_state(LampState(fact.lamp))
            label.setText(fact.label)
            text.setText(fact.text)
            part.setToolTip(plain_tip(fact.tip))
            part.setAccessibleName(f"{fact.label} {fact.text}")
        told = {fact.key for fact in facts}
        for key, (part, *_rest) in self._parts.items():
            part.setVisible(key in told)
        self.button.setText(tr("Show incidents"))
        self.button.setVisible(conflicts > 0)

    def _make(self, key: str) -> tuple[QWidget, Lamp, PlainLabel, PlainLabel]:
        part, lamp, label, text = QWidget(), Lamp(), PlainLabel(), PlainLabel()
        row = QHBoxLayout(part)
        row.setContentsMargins(0, 0, 16, 0)
        row.setSpacing(6)
        part.setMinimumHeight(34)
        label.setProperty("role", "dim")
        text.setProperty("role", "strong")
        for piece in (lamp, label, text):
            row.addWidget(piece)
        if key == "conflicts":
            row.addWidget(self.button)
        self._row.addWidget(part)
        self._parts[key] = (part, lamp, label, text)
        return self._parts[key]


class EnrolmentCard(QFrame):
    """Hidden while the station may act; else says why it only watches, the pairing code large enough to read out."""

    def __init__(self) -> None:
        super().__init__()
        self.setProperty("role", "card")
        column = QVBoxLayout(self)
        column.setContentsMargins(16, 12, 16, 12)
        column.setSpacing(6)
        self.heading, self.why, self.code = PlainLabel(), PlainLabel(), PlainLabel()
        self.heading.setProperty("role", "strong")
        self.why.setWordWrap(True)
        self.code.setStyleSheet("font-size: 34px; font-weight: 600; letter-spacing: 6px;")
        for label in (self.why, self.code):
            label.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)
        for label in (self.heading, self.why, self.code):
            column.addWidget(label)
        self.hide()

    def show_why(self, why: str, code: str = "") -> None:
        """`why` is marked English, empty: hidden. Without a `code` one that stands in the text is taken."""
        code = code or pairing_code(why)
        self.heading.setText(tr("This station only watches: it is not enrolled"))
        self.why.setText(tr(why))
        self.code.setText(code)
        self.code.setVisible(bool(code))
        self.code.setAccessibleName(tr("Pairing code {code}", code=" ".join(code)))
        self.setVisible(bool(why))


class CatchUpBand(QFrame):
    """One bar for each long exchange; hidden while there is none."""

    def __init__(self) -> None:
        super().__init__()
        self.setProperty("role", "panel")
        self._grid = QGridLayout(self)
        self._grid.setContentsMargins(14, 4, 14, 8)
        self._grid.setHorizontalSpacing(12)
        self._grid.setColumnStretch(1, 1)
        self.bars: dict[str, tuple[PlainLabel, QProgressBar, PlainLabel]] = {}
        self.hide()

    def show_progress(self, catch_ups: Sequence[CatchUp], names: dict[str, str]) -> None:
        """`names` maps a peer to how people call it."""
        running = {one.peer: one for one in catch_ups}
        for peer in [peer for peer in self.bars if peer not in running]:
            for part in self.bars.pop(peer):
                part.hide()
                part.deleteLater()
        for peer, one in running.items():
            label, bar, count = self.bars.get(peer) or self._make(peer)
            label.setText(tr("Catching up with {peer}", peer=names.get(peer, peer)))
            total = max(one.total, one.done, 1)
            bar.setRange(0, _FINE)
            bar.setValue(one.done * _FINE // total)
            count.setText(tr("{n} of {m}", n=whole_text(one.done), m=whole_text(max(one.total, one.done))))
        self.setVisible(bool(running))

    def _make(self, peer: str) -> tuple[PlainLabel, QProgressBar, PlainLabel]:
        label, bar, count = PlainLabel(), QProgressBar(), PlainLabel()
        bar.setTextVisible(False)
        bar.setMaximumHeight(16)
        count.setProperty("role", "dim")
        at = self._grid.rowCount()
        for column, part in enumerate((label, bar, count)):
            self._grid.addWidget(part, at, column)
        self.bars[peer] = (label, bar, count)
        return self.bars[peer]
