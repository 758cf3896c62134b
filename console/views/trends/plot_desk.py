"""What a person does on the plots: their menu, value ranges by hand, heights, and the two cursors."""

from collections.abc import Callable

from PySide6.QtCore import QObject, QPoint, Qt
from PySide6.QtWidgets import QMenu

from console.ui.dialogs import Question, QuestionDialog
from console.ui.errands import Errands
from console.ui.translation import mark, tr
from console.views.trends.navigation import TrendNavigation
from console.views.trends.pen_menu import PenMenu
from console.views.trends.pens import PenSet
from console.widgets.trend_cursors import NAMES
from console.widgets.trend_plot import TrendPlot

KEYS = (
    (mark("Left, Right"), mark("move by a tenth of the window, with Shift by half of it")),
    (mark("Page up, Page down"), mark("move by a whole window")),
    (mark("+, −, Up, Down"), mark("a shorter or a longer time, around the pointer")),
    (mark("Home, End"), mark("the oldest values here; live")),
    (mark("0"), mark("fit all value axes")),
    (mark("A, B, Backspace"), mark("cursors to the pointer; remove them")),
    (mark("Ctrl+Left, Ctrl+Right"), mark("move the cursor that was set last")),
    (mark("Alt+Left, Alt+Right"), mark("back to the time shown before, and forward again")),
    (mark("Drag; wheel; Shift+wheel"), mark("move; zoom at the pointer; move")),
    (mark("Shift+drag"), mark("zoom to what the band encloses")),
    (mark("Ctrl+click"), mark("place a cursor; drag its line to move it")),
    (mark("On a value axis"), mark("drag and wheel change its range, a double click fits it")),
    (mark("Between two plots"), mark("drag to change their heights, a double click resets them")),
)


class PlotDesk(QObject):
    """Changes pens and plots and calls `changed`; `menu` fills the menus of the table too."""

    def __init__(
        self,
        plot: TrendPlot,
        pens: PenSet,
        navigation: TrendNavigation,
        changed: Callable[[], None],
        say: Callable[[str], None],
    ) -> None:
        super().__init__(plot)
        self._plot, self._pens, self._navigation, self._changed = plot, pens, navigation, changed
        self._errands = Errands(say)
        self.menu = PenMenu(pens, changed, self._ask_range)
        plot.menu_wanted.connect(self._popup)
        plot.range_wanted.connect(self._fix_range)
        plot.heights_changed.connect(self._set_heights)
        plot.fit_wanted.connect(self.fit_all)
        plot.start_wanted.connect(self.go_to_start)

    def show_cursors(self, on: bool) -> None:
        """Both into the window, or none."""
        if not on:
            self._plot.cursors.clear()
            return
        for name in NAMES:
            self._plot.place_cursor(name, at_pointer=False)

    def show_keys(self) -> None:
        """What keys and mouse do on the plots, beside the work."""
        lines = "\n".join(f"{tr(keys)}:  {tr(words)}" for keys, words in KEYS)
        question = Question(tr("Keys and mouse on a trend"), lines, accept=tr("Close"), width=620)
        dialog = QuestionDialog(question, self._plot)
        dialog.cancel_button.hide()
        dialog.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        dialog.show()

    def fit_all(self) -> None:
        """No axis is fixed by hand any more."""
        self._pens.fit_all()
        self._changed()

    def go_to_start(self) -> None:
        """To the oldest sample that a pen holds."""
        firsts = [row.pen.first_us for row in self._pens.rows if len(row.pen)]
        if firsts:
            self._navigation.look_at(min(firsts), min(firsts) + self._navigation.look.span_us)

    def plot_menu(self, row: int, at_us: int) -> QMenu:
        """Of the plot in this place, at this moment."""
        menu = QMenu(self._plot)
        for name in NAMES:
            entry = menu.addAction(tr("Cursor {name} here", name=name))
            entry.triggered.connect(lambda _on=False, which=name: self._plot.cursors.set(which, at_us))
        menu.addAction(tr("Remove the cursors")).triggered.connect(self._plot.cursors.clear)
        menu.addSeparator()
        self.menu.fill_for_plot(menu, self._pens.shown[row])
        return menu

    def close(self) -> None:
        self._errands.cancel()

    def _popup(self, row: int, at_us: int, place: QPoint) -> None:
        menu = self.plot_menu(row, at_us)
        menu.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        menu.popup(place)

    def _fix_range(self, row: int, axis: int, y_range: tuple[float, float] | None) -> None:
        self.menu.fix(self._pens.shown[row], axis, y_range)

    def _set_heights(self, weights: list[float]) -> None:
        self._pens.set_weights(weights)
        self._changed()

    def _ask_range(self, key: int, axis: int) -> None:
        shown = self._pens.shown
        scale = self._plot.scales(shown.index(key)).get(axis) if key in shown else None
        bounds = (scale.low, scale.high) if scale is not None else (0.0, 1.0)
        self._errands.run(self.menu.ask(key, axis, bounds, self._plot))
