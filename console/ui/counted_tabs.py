"""The parts of a screen as flat buttons of which one is pressed, each with how much there is behind it."""

from collections.abc import Iterable, Mapping

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QButtonGroup, QHBoxLayout, QPushButton, QWidget

from console.ui.format import DASH, whole_text
from console.ui.translation import tr


class CountedTabs(QWidget):
    """`titles` are marked English by name; the first one is pressed at first."""

    chosen = Signal(str)  # by a person, not by `choose`

    def __init__(self, titles: Mapping[str, str]) -> None:
        super().__init__()
        self._titles = titles
        self._counts: dict[str, int | None] = {}
        self._group = QButtonGroup(self)
        self.buttons: dict[str, QPushButton] = {}
        row = QHBoxLayout(self)
        row.setContentsMargins(0, 0, 0, 0)
        row.setSpacing(2)
        for name in titles:
            button = QPushButton()
            button.setCheckable(True)
            button.setProperty("flat", True)
            button.setAutoDefault(False)
            button.clicked.connect(lambda _checked=False, key=name: self.chosen.emit(key))
            self._group.addButton(button)
            self.buttons[name] = button
            row.addWidget(button)
        self.choose(next(iter(titles)))
        self.retell()

    @property
    def shown(self) -> str:
        """The name of the pressed one."""
        return next(name for name, button in self.buttons.items() if button.isChecked())

    def choose(self, name: str) -> None:
        self.buttons[name].setChecked(True)

    def count(self, name: str) -> int | None:
        return self._counts.get(name)

    def set_counts(self, counts: Mapping[str, int | None]) -> None:
        """None is a count that nobody knows yet; what was never counted stands without."""
        changed = [name for name, count in counts.items() if name not in self._counts or count != self._counts[name]]
        self._counts.update(counts)
        self._write(changed)

    def retell(self) -> None:
        """In the language as it is now."""
        self._write(self._titles)

    def _label(self, name: str) -> str:
        title = tr(self._titles[name])
        if name not in self._counts:
            return title
        count = self._counts[name]
        return f"{title} {DASH if count is None else whole_text(count)}"

    def _write(self, names: Iterable[str]) -> None:
        for name in names:
            self.buttons[name].setText(self._label(name))
