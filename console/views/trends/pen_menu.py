"""What can be done with the pens of a trend and with their plots: the menus on the table and on a plot."""

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from functools import partial

from PySide6.QtGui import QAction, QColor, QIcon, QPixmap
from PySide6.QtWidgets import QMenu, QWidget

from console.domain.refusal import Refused
from console.models.trend_pens import COLOURS, PenLook, PlotLook
from console.ui.asking import ask_until_done
from console.ui.dialogs import Field, Question
from console.ui.format import number_text
from console.ui.theme import theme
from console.ui.translation import language, tr
from console.views.trends.pens import PenSet

_SWATCH = 14


class PenMenu:
    """Fills menus. `changed` after every change; `ask_range(plot, axis)` asks for the value range of an axis."""

    def __init__(self, pens: PenSet, changed: Callable[[], None], ask_range: Callable[[int, int], None]) -> None:
        self._pens, self._changed, self._ask_range = pens, changed, ask_range

    def fill_for_pens(self, menu: QMenu, handles: Sequence[int]) -> None:
        """Entries for these pens; the first one decides what is ticked."""
        first = self._pens.row(handles[0]) if handles else None
        if first is None:
            return
        look, one = first.look, handles[0]

        def change(change_look: Callable[[PenLook], PenLook]) -> Callable[[], None]:
            return lambda: self._do(lambda: self._pens.change(handles, change_look))

        hide = not look.is_hidden
        _add(menu, tr("Hidden"), change(lambda old: replace(old, is_hidden=hide)), ticked=look.is_hidden)
        own = not look.has_own_axis
        _add(menu, tr("Own axis"), change(lambda old: replace(old, has_own_axis=own)), ticked=look.has_own_axis)
        width = 1 if look.width > 1 else 2
        _add(menu, tr("Two pixels wide"), change(lambda old: replace(old, width=width)), ticked=look.width > 1)
        colours = menu.addMenu(tr("Colour"))
        for index in range(COLOURS):
            entry = _add(colours, tr("Colour {n}", n=index + 1), change(_coloured(index)), ticked=index == look.colour)
            entry.setIcon(_swatch(theme().pen(index)))
        menu.addSeparator()
        for text, step in ((tr("Move to the plot above"), -1), (tr("Move to the plot below"), 1)):
            entry = _add(menu, text, partial(self._do, partial(self._pens.move, one, step)))
            entry.setEnabled(len(handles) == 1 and self._pens.can_move(one, step))
        _add(menu, tr("To a plot of its own"), lambda: self._do(lambda: self._each(handles, self._pens.to_own_plot)))
        menu.addSeparator()
        self.fill_for_plot(menu, first.plot, self._pens.axis_of(one))
        menu.addSeparator()
        _add(menu, tr("Remove pen"), lambda: self._do(lambda: self._each(handles, self._pens.remove)))

    def fill_for_plot(self, menu: QMenu, key: int, axis: int = 0) -> None:
        """Entries for the plot of this key, and for one of its axes."""
        look = self._pens.plot(key)
        is_fixed = (self._pens.rows[axis - 1].look if axis else look).y_range is not None
        _add(menu, tr("Logarithmic axis"), lambda: self.set_log(key, not look.is_log), ticked=look.is_log)
        _add(menu, tr("Value range..."), lambda: self._ask_range(key, axis))
        _add(menu, tr("Fit the values"), lambda: self.fix(key, axis, None), enabled=is_fixed)

    def set_log(self, key: int, on: bool) -> None:
        """A fixed range that a logarithmic axis cannot show is given up."""

        def change(look: PlotLook) -> PlotLook:
            keeps = look.y_range is not None and (not on or look.y_range[0] > 0)
            return replace(look, is_log=on, y_range=look.y_range if keeps else None)

        self._do(lambda: self._pens.change_plot(key, change))

    def fix(self, key: int, axis: int, y_range: tuple[float, float] | None) -> None:
        """The value range of an axis, None fits it."""
        self._do(lambda: self._pens.fix_range(key, axis, y_range))

    async def ask(self, key: int, axis: int, shown: tuple[float, float], parent: QWidget) -> None:
        """The value range by typing; `shown` is what stands there at first."""
        question = Question(
            tr("Value range of the plot"),
            fields=(
                Field("low", tr("From"), value=number_text(shown[0], digits=9), required=True, max_length=40),
                Field("high", tr("To"), value=number_text(shown[1], digits=9), required=True, max_length=40),
            ),
            accept=tr("Set value range"),
        )

        async def act(answers: Mapping[str, str]) -> None:
            is_log = self._pens.plot(key).is_log
            self.fix(key, axis, read_range(answers["low"], answers["high"], is_log=is_log))

        await ask_until_done(question, act, parent)

    def _each(self, handles: Sequence[int], act: Callable[[int], None]) -> None:
        for handle in handles:
            act(handle)

    def _do(self, act: Callable[[], object]) -> None:
        act()
        self._changed()


def read_range(low: str, high: str, *, is_log: bool) -> tuple[float, float]:
    """Two numbers as a person of the current language writes them. Raises Refused when they are no range."""
    bounds = []
    for text in (low, high):
        value = read_number(text)
        if value is None:
            raise Refused("“{words}” is no number", words=text.strip())
        bounds.append(value)
    if not bounds[0] < bounds[1]:
        raise Refused("The range must end above its beginning")
    if is_log and bounds[0] <= 0:
        raise Refused("A logarithmic axis begins above zero")
    return bounds[0], bounds[1]


def read_number(text: str) -> float | None:
    """A finite number with the decimal sign of the language, thousands grouped or not; None for anything else."""
    plain = text.strip().replace(" ", "").replace("−", "-")
    group, sign = (".", ",") if language() == "de" else (",", ".")
    if re.fullmatch(rf"-?\d{{1,3}}(\{group}\d{{3}})+(\{sign}\d*)?", plain):
        plain = plain.replace(group, "")
    elif sign in plain and group in plain:
        return None
    plain = plain.replace(sign, ".") if group != "," else plain
    try:
        value = float(plain)
    except ValueError:
        return None
    return value if abs(value) < 1e300 and "_" not in plain else None


def _add(
    menu: QMenu, text: str, act: Callable[[], object], *, ticked: bool | None = None, enabled: bool = True
) -> QAction:
    entry = menu.addAction(text.replace("&", "&&"))
    if ticked is not None:
        entry.setCheckable(True)
        entry.setChecked(ticked)
    entry.setEnabled(enabled)
    entry.triggered.connect(lambda _checked=False: act())
    return entry


def _coloured(index: int) -> Callable[[PenLook], PenLook]:
    return lambda look: replace(look, colour=index)


def _swatch(colour: QColor) -> QIcon:
    pixmap = QPixmap(_SWATCH, _SWATCH)
    pixmap.fill(colour)
    return QIcon(pixmap)
