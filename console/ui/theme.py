"""Design tokens as data: colours by name, measures, and the one signal that says they changed."""

import tomllib
from collections.abc import Callable, Sequence
from functools import cache

from PySide6.QtCore import QObject, QTimer, Signal
from PySide6.QtGui import QColor

from console.ui.resources import resource

THEMES = ("light", "dark")
DENSITIES = ("row", "row_compact", "row_touch")
_BREATH_MS = 5  # between two steps of a change: a zero would come before keys and timers that wait
PRIORITY_TOKENS = {1: "alarm.critical", 2: "alarm.high", 3: "alarm.medium", 4: "alarm.low"}


@cache
def load_tokens(name: str) -> dict[str, str]:
    """Token name -> "#rrggbb" of a theme file."""
    table = tomllib.loads(resource("theme", f"{name}.toml").read_text(encoding="utf-8"))
    return {key: value for key, value in table.items() if isinstance(value, str)}


@cache
def load_measures() -> dict[str, int]:
    """Measure name -> device-independent pixels."""
    table = tomllib.loads(resource("theme", "measures.toml").read_text(encoding="utf-8"))
    return {key: value for key, value in table.items() if key != "version"}


class Theme(QObject):
    """The current look. Paint code asks `color("alarm.critical")`; it never names a colour itself.

    `changed` is emitted after a switch of theme, language or density: owners repaint and set their texts again.
    """

    changed = Signal()

    def __init__(self) -> None:
        super().__init__()
        self.name = "light"
        self.density = "row"  # row, row_compact or row_touch
        self.dressing: list[Callable[[], None]] = []  # what dresses the application, step by step, before `changed`
        self._colors: dict[str, QColor] = {}

    def color(self, token: str, alpha: int = 255) -> QColor:
        """Colour of a token; KeyError for one that does not exist."""
        key = f"{token}@{alpha}"
        if key not in self._colors:
            color = QColor(load_tokens(self.name)[token])
            color.setAlpha(alpha)
            self._colors[key] = color
        return self._colors[key]

    def priority_color(self, priority: int, part: str = "") -> QColor:
        """Colour of an alarm priority 1..4; `part` is empty (fill), "edge" or "digit"."""
        token = PRIORITY_TOKENS[priority]
        return self.color(f"{token}.{part}" if part else token)

    def pen(self, index: int) -> QColor:
        """Trend pen colour, 0-based, repeating after eight."""
        return self.color(f"pen.{index % 8 + 1}")

    def measure(self, name: str) -> int:
        return load_measures()[name]

    @property
    def row_height(self) -> int:
        return self.measure(self.density)

    def use(self, name: str) -> None:
        """Switch to "light" or "dark" and tell everyone, all at once."""
        if name in THEMES:
            self._turn_to(name)
            for step in (*self.dressing, self.changed.emit):
                step()

    def switch(self, name: str) -> None:
        """`use` while somebody works: each step in a turn of the event loop of its own."""
        if name in THEMES:
            self._turn_to(name)
            self._go_on((*self.dressing, self.changed.emit))

    def _turn_to(self, name: str) -> None:
        self.name = name
        self._colors.clear()

    def _go_on(self, steps: Sequence[Callable[[], None]]) -> None:
        steps[0]()
        if steps[1:]:
            QTimer.singleShot(_BREATH_MS, self, lambda: self._go_on(steps[1:]))

    def use_density(self, density: str) -> None:
        """Switch the row height (one of DENSITIES) and tell everyone."""
        if density in DENSITIES:
            self.density = density
            self.changed.emit()


@cache
def theme() -> Theme:
    """The one theme of this process."""
    return Theme()
