"""The cells of a list and the widths of its columns: the main column always has room; what a person chose wins."""

from collections.abc import Mapping, Sequence

from PySide6.QtCore import QEvent, QObject, Qt
from PySide6.QtGui import QGuiApplication
from PySide6.QtWidgets import QHeaderView

from console.ui.table_view import TableView
from console.ui.theme import theme
from console.widgets.row_delegate import RowDelegate

MAIN_LEAST, MAIN_SHARE = 200, 0.3  # of the list's width, for the column that says what the row is about
SHRINK = 0.75  # how narrow other columns become before one of them gives way
SYMBOL_WIDTH = 50  # columns up to here hold symbols, which do not shrink


def lay_out_columns(
    view: TableView,
    widths: Sequence[int],
    give_way: Sequence[int] = (),
    steady: Sequence[int] = (),
    grows: int = -1,
) -> None:
    """Set the widths in pixels; the column of width 0 takes what is left.

    `give_way`: which go first in a narrow list; `steady`: which never become narrower; `grows`: which shares with the
    column of width 0 what a wide list has over.
    """
    view.setItemDelegate(RowDelegate(view))
    view.header.setStretchLastSection(False)
    view.fitter = ColumnFit(view, dict(enumerate(widths)), give_way, steady, grows)


class ColumnFit(QObject):
    """Fits when the list's width changes. Columns that a person set or brought back are left as they are."""

    def __init__(
        self, view: TableView, widths: Mapping[int, int], give_way: Sequence[int], steady: Sequence[int], grows: int
    ) -> None:
        super().__init__(view)
        self._view = view
        self._widths = dict(widths)
        self._main = next((column for column, width in widths.items() if not width), -1)
        self._give_way, self._steady, self._grows = tuple(give_way), frozenset(steady), grows
        self._held_back: set[int] = set()
        self._chosen: set[int] = set()
        self._busy = False
        self._hints: dict[int, int] = {}  # asked for many times in one fit
        if self._main >= 0:
            view.header.setSectionResizeMode(self._main, QHeaderView.ResizeMode.Stretch)
        view.header.sectionResized.connect(self._on_resized)
        view.viewport().installEventFilter(self)
        self._is_due = False
        theme().changed.connect(self._look_again)  # headings of another language have other widths
        self.fit()

    def width_of(self, column: int, shown: int) -> int:
        """The width to keep: the wanted one, not what a narrow window makes of it."""
        return self._widths.get(column, 0) or shown

    def is_held_back(self, column: int) -> bool:
        """Hidden only because the list is narrow."""
        return column in self._held_back

    def adopt(self, widths: Mapping[int, int]) -> None:
        """Widths that were kept; they are wanted from now on."""
        self._widths.update({c: width for c, width in widths.items() if c != self._main and width > 0})
        self.fit()

    def choose(self, column: int) -> None:
        """A person hid this column or brought it back."""
        self._held_back.discard(column)
        self._chosen.add(column)
        self.fit()

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        if event.type() == QEvent.Type.Resize or (self._is_due and event.type() == QEvent.Type.Show):
            self.fit()
        return False

    def _look_again(self) -> None:
        """A list that nobody sees waits until it is shown."""
        self._is_due = not self._view.isVisible()
        if not self._is_due:
            self.fit()

    def fit(self) -> None:
        """Shrink what may shrink, then let columns give way, until the main column has its room."""
        if self._busy:
            return
        self._busy, self._is_due = True, False
        self._hints.clear()
        room = self._view.viewport().width()
        main = max(MAIN_LEAST, round(room * MAIN_SHARE)) if self._main >= 0 else 0
        present = [c for c in self._widths if c != self._main and not self._is_hidden_by_choice(c)]
        gone: set[int] = set()
        for column in (-1, *self._give_way):
            if column in self._chosen or (column >= 0 and column not in present):
                continue
            gone |= {column} - {-1}
            kept = [c for c in present if c not in gone]
            if sum(map(self._least, kept)) + main <= room:
                break
        widths = self._share([c for c in present if c not in gone], room - main)
        if self._grows in widths and self._grows not in self._chosen:
            widths[self._grows] += max(0, room - main - sum(widths.values())) // 2
        for column in present:
            hidden = column in gone
            if hidden != self._view.isColumnHidden(column):
                self._view.setColumnHidden(column, hidden)
            if not hidden:
                self._view.setColumnWidth(column, widths[column])
        self._held_back = gone
        self._busy = False

    def _share(self, columns: Sequence[int], room: int) -> dict[int, int]:
        """Every column its wanted width, or a like share of what there is, none less than its least."""
        shares = {c: self._wanted(c) for c in columns}
        loose = [c for c in columns if self._least(c) < shares[c]]
        while loose:
            rest = room - sum(width for c, width in shares.items() if c not in loose)
            factor = min(1.0, max(0.0, rest / sum(self._wanted(c) for c in loose)))
            pinned = [c for c in loose if self._wanted(c) * factor < self._least(c)]
            for c in pinned or loose:
                shares[c] = self._least(c) if pinned else int(self._wanted(c) * factor)
            if not pinned:
                break
            loose = [c for c in loose if c not in pinned]
        return shares

    def _is_hidden_by_choice(self, column: int) -> bool:
        return self._view.isColumnHidden(column) and column not in self._held_back

    def _wanted(self, column: int) -> int:
        """Wide enough for its heading in any language."""
        width = self._widths[column]
        return width if column in self._chosen else max(width, self._hint(column))

    def _least(self, column: int) -> int:
        wanted = self._wanted(column)
        if column in self._chosen or column in self._steady or wanted <= SYMBOL_WIDTH:
            return wanted
        return max(int(wanted * SHRINK), min(wanted, self._hint(column)))

    def _hint(self, column: int) -> int:
        """Room for the heading."""
        if column not in self._hints:
            self._hints[column] = self._view.header.sectionSizeHint(column)
        return self._hints[column]

    def _on_resized(self, column: int, _old: int, new: int) -> None:
        is_by_hand = bool(QGuiApplication.mouseButtons() & Qt.MouseButton.LeftButton)
        if not self._busy and is_by_hand and column != self._main and new > 0:
            self._widths[column] = new
            self._chosen.add(column)
