"""The menu of the simulator: the demo plant's faults in a small window, from the status strip or Ctrl+Shift+D."""

import time
from functools import partial

from PySide6.QtCore import Qt, QTimer
from PySide6.QtGui import QKeySequence, QShortcut
from PySide6.QtWidgets import QCheckBox, QGridLayout, QPushButton, QVBoxLayout, QWidget

from console.app.demo.demo import Demo
from console.app.demo.faults import FaultState
from console.app.frame.main_window import MainWindow
from console.ui.plain_label import PlainLabel
from console.ui.theme import theme
from console.ui.translation import tr

SHORTCUT = "Ctrl+Shift+D"
_REFRESH_MS = 1000


def add_fault_panel(window: MainWindow, demo: Demo) -> "FaultPanel":
    """Give the console of a demo its button and shortcut."""
    panel = FaultPanel(window, demo)
    panel.button.clicked.connect(panel.toggle)
    row = window.strip.layout()
    assert row is not None
    row.addWidget(panel.button)
    QShortcut(QKeySequence(SHORTCUT), window).activated.connect(panel.toggle)
    return panel


class FaultPanel(QWidget):
    """One check box per fault, with when it began or comes next by itself."""

    def __init__(self, window: MainWindow, demo: Demo) -> None:
        super().__init__(window, Qt.WindowType.Tool)
        self._window = window
        self._demo = demo
        self._boxes: dict[str, QCheckBox] = {}
        self._notes: dict[str, PlainLabel] = {}
        self.button = QPushButton()
        self.button.setFixedHeight(22)
        self.button.setStyleSheet("padding: 0 8px; margin-left: 14px; font-size: 12px; min-height: 0;")
        self.button.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        self._hint = PlainLabel()
        self._hint.setProperty("role", "small")
        self._hint.setWordWrap(True)
        self._grid = QGridLayout()
        self._grid.setColumnStretch(0, 1)
        column = QVBoxLayout(self)
        column.addWidget(self._hint)
        column.addLayout(self._grid)
        self._timer = QTimer(self)
        self._timer.setInterval(_REFRESH_MS)
        self._timer.timeout.connect(self.refresh)
        theme().changed.connect(self._say)
        self._say()

    def toggle(self) -> None:
        if self.isVisible():
            self.hide()
            return
        self.refresh()
        self.adjustSize()
        corner = self._window.geometry().bottomRight()
        self.move(corner.x() - self.width() - 16, corner.y() - self.height() - 48)
        self.show()
        self._timer.start()

    def refresh(self) -> None:
        """Show the faults as they stand; rows are made once."""
        if not self.isVisible():
            self._timer.stop()
        for at, state in enumerate(self._demo.faults()):
            if state.name not in self._boxes:
                self._add(at, state)
            box = self._boxes[state.name]
            box.blockSignals(True)
            box.setChecked(state.is_on)
            box.blockSignals(False)
            self._notes[state.name].setText(_when(state, time.time_ns() // 1000))

    def _add(self, at: int, state: FaultState) -> None:
        box = QCheckBox(tr(state.text))
        box.setObjectName(f"fault.{state.name}")
        box.toggled.connect(partial(self._switch, state.name))
        note = PlainLabel()
        note.setProperty("role", "small")
        self._grid.addWidget(box, at, 0)
        self._grid.addWidget(note, at, 1)
        self._boxes[state.name], self._notes[state.name] = box, note

    def _switch(self, name: str, on: bool) -> None:
        self._window.errands.run(self._demo.set_fault(name, on))

    def _say(self) -> None:
        self.setWindowTitle(tr("Demo plant: faults"))
        self.button.setText(tr("Demo faults"))
        self.button.setToolTip(tr("Cut a switch, the broker or the centre of the demo plant") + f" ({SHORTCUT})")
        self._hint.setText(tr("Switch a fault on and watch what the console says. Some come by themselves."))
        for state in self._demo.faults():
            if state.name in self._boxes:
                self._boxes[state.name].setText(tr(state.text))


def _when(state: FaultState, now_us: int) -> str:
    if state.is_on:
        return tr("for {seconds} s", seconds=max(0, (now_us - state.since_us) // 1_000_000))
    if state.next_us > now_us:
        return tr("by itself in {seconds} s", seconds=(state.next_us - now_us) // 1_000_000)
    return ""
