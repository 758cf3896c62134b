"""Sound at this workstation: how loud, and whether it can be heard. Closed by Esc, in nobody's way."""

from typing import TYPE_CHECKING

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QHBoxLayout, QPushButton, QSlider, QVBoxLayout, QWidget

from console.ui.dialogs import ReturningDialog, fit_height
from console.ui.plain_label import PlainLabel
from console.ui.theme import theme
from console.ui.translation import mark, tr

if TYPE_CHECKING:
    from console.app.frame.sound_desk import SoundDesk

PLAYED = mark("Every sound was played to its end. Was it loud enough?")
PLAYING = mark("The sounds are being played")
NOT_NOW = mark("Not while an alarm sounds")
NOT_LOADED = mark("The sounds are not loaded yet")


class SoundDialog(ReturningDialog):
    """The slider acts at once and is kept for whoever sits here; an alarm that comes is heard as always."""

    def __init__(self, desk: "SoundDesk", parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._desk = desk
        self.setModal(False)
        self.setMinimumWidth(460)
        self._result: tuple[str, str] = ("", "")  # role and English text
        self.heading = PlainLabel()
        self.heading.setProperty("role", "heading")
        self.label, self.percent = PlainLabel(), PlainLabel()
        self.slider = QSlider(Qt.Orientation.Horizontal)
        self.slider.setRange(0, 100)
        self.slider.setPageStep(10)
        self.slider.setValue(desk.volume)
        self.hint, self.outcome = PlainLabel(), PlainLabel()
        self.hint.setProperty("role", "small")
        for words in (self.hint, self.outcome):
            words.setWordWrap(True)
        self.test_button, self.close_button = QPushButton(), QPushButton()
        self._lay_out()
        self.slider.valueChanged.connect(self._on_volume)
        self.test_button.clicked.connect(self._on_test)
        self.close_button.clicked.connect(self.close)
        theme().changed.connect(self.retranslate)
        self.retranslate()

    def _lay_out(self) -> None:
        column = QVBoxLayout(self)
        column.setContentsMargins(20, 16, 20, 16)
        column.setSpacing(12)
        column.addWidget(self.heading)
        row = QHBoxLayout()
        row.setSpacing(12)
        row.addWidget(self.label)
        row.addWidget(self.slider, 1)
        row.addWidget(self.percent)
        column.addLayout(row)
        column.addWidget(self.hint)
        column.addWidget(self.outcome)
        buttons = QHBoxLayout()
        buttons.addWidget(self.test_button)
        buttons.addStretch(1)
        buttons.addWidget(self.close_button)
        column.addLayout(buttons)

    def retranslate(self) -> None:
        title = tr("Sound at this workstation")
        self.setWindowTitle(title)
        self.heading.setText(title)
        self.label.setText(tr("Volume"))
        self.slider.setAccessibleName(tr("Volume"))
        self.percent.setMinimumWidth(self.percent.fontMetrics().horizontalAdvance("100 %") + 4)
        self.test_button.setText(tr("Play each sound once"))
        self.close_button.setText(tr("Close"))
        self._words()

    def show_tested(self, text: str) -> None:
        """The test has ended; `text` (English) says why it was not played out."""
        self._say("alarm" if text else "small", text or PLAYED)

    def _on_volume(self, percent: int) -> None:
        self._desk.set_volume(percent)
        self._words()

    def _on_test(self) -> None:
        if self._desk.test():
            self._say("small", PLAYING)
        elif self._desk.horn.is_alarming:
            self._say("alarm", NOT_NOW)
        else:
            self._say("alarm", self._desk.horn.failure or NOT_LOADED)

    def _say(self, role: str, text: str) -> None:
        self._result = (role, text)
        self._words()

    def _words(self) -> None:
        percent, lowest = self.slider.value(), self._desk.rules.lowest_volume
        self.percent.setText(f"{percent} %")
        if percent < lowest:
            hint = tr("Critical alarms and a lost link stay at {n} %: this site wants it so.", n=lowest)
        elif percent == 0:
            hint = tr("No alarm is heard here, not even a critical one.")
        else:
            hint = tr("Holds for everybody at this workstation.")
        self.hint.setText(hint)
        role, text = self._result
        self.outcome.setText(tr(text) if text else "")
        self.outcome.setVisible(bool(text))
        self.outcome.setProperty("role", role)
        self.outcome.style().unpolish(self.outcome)
        self.outcome.style().polish(self.outcome)
        fit_height(self)
