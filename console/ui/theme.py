"""Design tokens as data: colours by name, measures, and the one signal that says they changed."""

import tomllib
from collections.abc import Callable, Iterable, Iterator
from functools import cache
from typing import Protocol

from PySide6.QtCore import QObject, Signal
from PySide6.QtGui import QColor

from console.ui.resources import resource
from console.ui.slices import Slices

THEMES = ("light", "dark")
DENSITIES = ("row", "row_compact", "row_touch")
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


class Dress(Protocol):
    """What dresses the standard widgets of the application."""

    def prepare(self, name: str) -> Iterator[None]:
        """Everything that changes nothing in sight, in short pieces."""

    def hold(self) -> None:
        """No window paints until `release`."""

    def put_on(self, name: str) -> None:
        """The look of this theme, for all that is in sight."""

    def release(self) -> None: ...

    def tidy(self) -> Iterator[None]:
        """What is left to do afterwards, in short pieces."""


class Theme(QObject):
    """The current look. Paint code asks `color("alarm.critical")`; it never names a colour itself.

    `changed` is emitted after a switch of theme, language or density: owners repaint and set their texts again. `name`
    is the theme in sight, `chosen` the one that it is turning to while somebody works.
    """

    changed = Signal()

    def __init__(self) -> None:
        super().__init__()
        self.name = self.chosen = "light"
        self.density = "row"  # row, row_compact or row_touch
        self.dress: Dress | None = None
        self._colors: dict[str, QColor] = {}
        self._slices = Slices(self)

    def color(self, token: str, alpha: int = 255) -> QColor:
        """Colour of a token; KeyError for one that does not exist."""
        key = f"{token}@{alpha}"
        if key not in self._colors:
            self._colors[key] = self.color_in(self.name, token, alpha)
        return self._colors[key]

    def color_in(self, name: str, token: str, alpha: int = 255) -> QColor:
        """Colour of a token in a theme that need not be the current one."""
        color = QColor(load_tokens(name)[token])
        color.setAlpha(alpha)
        return color

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
            self._slices.finish()
            self.chosen = name
            for _piece in self._pieces(name):
                pass

    def switch(self, name: str) -> None:
        """`use` while somebody works: in short pieces, and no window paints half of it."""
        if name in THEMES:
            self.chosen = name
            self._slices.run(self._pieces(name))

    def change_in_pieces(self, prepare: Iterable[None], turn: Callable[[], None]) -> None:
        """Another change of what everyone shows: `prepare` in short pieces, then `turn` and the telling, unseen."""
        self._slices.run(self._turn(prepare, turn))

    def finish(self) -> None:
        """What is changing in pieces, to its end and at once."""
        self._slices.finish()

    def _pieces(self, name: str) -> Iterator[None]:
        return self._turn(self.dress.prepare(name) if self.dress is not None else (), lambda: self._turn_to(name))

    def _turn(self, prepare: Iterable[None], turn: Callable[[], None]) -> Iterator[None]:
        yield from prepare
        dress = self.dress
        if dress is not None:
            dress.hold()
        try:
            turn()
            yield
            self.changed.emit()
            yield
        finally:
            if dress is not None:
                dress.release()
        if dress is not None:
            yield from dress.tidy()

    def _turn_to(self, name: str) -> None:
        self.name = name
        self._colors.clear()
        if self.dress is not None:
            self.dress.put_on(name)

    def use_density(self, density: str) -> None:
        """Switch the row height (one of DENSITIES) and tell everyone."""
        if density in DENSITIES:
            self.density = density
            self.changed.emit()


@cache
def theme() -> Theme:
    """The one theme of this process."""
    return Theme()
