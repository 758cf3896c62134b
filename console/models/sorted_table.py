"""A table model over numpy rows that keeps its own order: one relayout per heartbeat, only visible cells formatted."""

from abc import abstractmethod
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PySide6.QtCore import QAbstractTableModel, QModelIndex, QObject, QPersistentModelIndex, Qt
from PySide6.QtGui import QBrush, QColor, QFont

from console.models.heartbeat import BEATS_PER_SECOND, heartbeat
from console.models.row_order import (
    NO_ROWS,
    Keys,
    Rows,
    SortColumn,
    merged_rows,
    positions,
    rows_sorted_by,
    sorted_rows,
)
from console.models.text_rank import one_line
from console.services.notifier import Notifier, Undo
from console.ui.theme import theme
from console.ui.translation import tr

Index = QModelIndex | QPersistentModelIndex
_NO_INDEX = QModelIndex()
_MAX_SORTS = 3
_ROLE = Qt.ItemDataRole
SYMBOL_ROLE = int(_ROLE.UserRole) + 1  # (priority, SymbolState)
_LEFT = Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter
_RIGHT = Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter


@dataclass(frozen=True, slots=True)
class Column:
    """One column: `key` is stable (saved layouts), `title` marked English. `width` 0 takes what is left."""

    key: str
    title: str
    width: int = 120
    is_number: bool = False
    is_dim: bool = False
    is_live: bool = False  # grows older by itself: repainted every second


@dataclass(frozen=True, slots=True)
class RowLook:
    """How a whole row stands out, without colour."""

    is_bold: bool = False
    is_dim: bool = False
    is_italic: bool = False
    is_hatched: bool = False  # nothing is known: our own link is down
    is_head: bool = False  # stands over the rows below it


PLAIN = RowLook()


class SortedTable(QAbstractTableModel):
    """Rows of a subclass, filtered and sorted. It changes what is shown only in `flush`, while it is visible.

    A subclass calls `touch(rows)` when rows changed and `relayout()` when its filter did; it gives `_keys` (uint64
    per row, ascending is the default order) and `_shown` (bool per row).
    """

    COLUMNS: tuple[Column, ...] = ()
    DEFAULT_SORT = ""  # key of the column whose ascending order is the default order

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._order = NO_ROWS
        self._touched: list[Rows] = []
        self._repainted: list[Rows] = []
        self._sorts: list[tuple[int, bool]] = []
        self._is_resort_due = False
        self._leave: Undo | None = None
        self._last_look: tuple[tuple[int, str], RowLook] = ((-1, ""), PLAIN)
        self._flushed: Notifier[None] = Notifier()

    # what a subclass gives

    @abstractmethod
    def _keys(self) -> Keys: ...

    @abstractmethod
    def _shown(self) -> NDArray[np.bool_]: ...

    @abstractmethod
    def _sort_column(self, key: str) -> SortColumn: ...

    @abstractmethod
    def cell(self, row: int, key: str) -> str:
        """The text of a cell; asked for visible cells only."""

    def tip(self, row: int, key: str) -> str:
        """What hovering tells, as plain text; empty: the cell's text when it is cut short."""
        return ""

    def look(self, row: int) -> RowLook:
        return PLAIN

    def cell_look(self, row: int, key: str) -> RowLook | None:
        """A cell that differs from its row."""
        return None

    def symbol(self, row: int) -> object:
        """What the delegate draws in the symbol column; None for nothing."""
        return None

    def _take_in(self) -> None:
        """Apply what waited for the heartbeat."""

    # visibility and heartbeat

    def set_visible(self, is_visible: bool) -> None:
        """Follow the heartbeat while seen; on becoming visible show at once what was missed."""
        if is_visible and self._leave is None:
            self._leave = heartbeat().join(self._on_beat)
            self._is_resort_due = self._is_resort_due or bool(self._sorts)
            self.flush()
        elif not is_visible and self._leave is not None:
            self._leave()
            self._leave = None

    @property
    def is_visible(self) -> bool:
        return self._leave is not None

    def on_flushed(self, callback: Callable[[None], None]) -> Undo:
        """Be told after what is shown has changed (counts, hidden rows)."""
        return self._flushed.subscribe(callback)

    def _on_beat(self, beat: int) -> None:
        self.flush()
        if beat % BEATS_PER_SECOND == 0 and len(self._order):
            for number, column in enumerate(self.COLUMNS):
                if column.is_live:
                    self._cells_changed(0, len(self._order) - 1, number, number)

    def touch(self, rows: Rows, *, may_move: bool = True) -> None:
        """These rows changed since the last flush; `may_move` unless neither order nor filter depend on the change."""
        if len(rows):
            (self._touched if may_move or self._sorts else self._repainted).append(rows)

    def relayout(self) -> None:
        """Filter or sort changed: show it now."""
        self._is_resort_due = True
        self.flush()

    def flush(self) -> None:
        """Show everything that changed in at most one relayout; selection and current row stay on their rows."""
        self._take_in()
        if not self._touched and not self._repainted and not self._is_resort_due:
            return
        self._last_look = ((-1, ""), PLAIN)
        changed = _distinct(self._touched)
        order = self._reordered(changed) if len(changed) or self._is_resort_due else self._order
        if len(order) != len(self._order) or not np.array_equal(order, self._order):
            self.layoutAboutToBeChanged.emit()
            held = self.persistentIndexList()
            before, self._order = self._order, order
            self._keep_indexes(held, before)
            self.layoutChanged.emit()
        else:
            self._repaint(_distinct([changed, *self._repainted]))
        self._touched.clear()
        self._repainted.clear()
        self._is_resort_due = False
        self._flushed.notify(None)

    def _reordered(self, changed: Rows) -> Rows:
        keys, shown = self._keys(), self._shown()
        if self._sorts:
            columns = [(self._sort_column(self.COLUMNS[number].key), down) for number, down in self._sorts]
            return rows_sorted_by(columns, keys, shown)
        if self._is_resort_due:
            return sorted_rows(keys, shown)
        return merged_rows(self._order, keys, shown, changed)

    def _keep_indexes(self, held: Sequence[QModelIndex], before: Rows) -> None:
        if not held:
            return
        places = positions(self._order, int(max(before.max(initial=-1), self._order.max(initial=-1))) + 1)
        moved = [int(places[before[old.row()]]) for old in held]
        self.changePersistentIndexList(
            list(held),
            [
                self.index(place, old.column()) if place >= 0 else QModelIndex()
                for place, old in zip(moved, held, strict=True)
            ],
        )

    def _repaint(self, rows: Rows) -> None:
        if not len(rows) or not len(self._order):
            return
        places = positions(self._order, int(max(rows.max(), self._order.max())) + 1)[rows]
        places = places[places >= 0]
        if len(places):
            self._cells_changed(int(places.min()), int(places.max()), 0, len(self.COLUMNS) - 1)

    def _cells_changed(self, first: int, last: int, left: int, right: int) -> None:
        self.dataChanged.emit(self.index(first, left), self.index(last, right))

    # sorting

    def sort(self, column: int, order: Qt.SortOrder = Qt.SortOrder.AscendingOrder) -> None:
        """Sort by one column; -1 goes back to the default order."""
        self.sort_by([(column, order == Qt.SortOrder.DescendingOrder)])

    def sort_by(self, keys: Sequence[tuple[int, bool]]) -> None:
        """(column, is_descending) pairs, the first one decides first. No key, or the `DEFAULT_SORT` column ascending
        in front, means the default order."""
        known = [(column, down) for column, down in keys if 0 <= column < len(self.COLUMNS)][:_MAX_SORTS]
        is_default = not known or (self.COLUMNS[known[0][0]].key == self.DEFAULT_SORT and not known[0][1])
        self._sorts = [] if is_default else known
        self.relayout()

    @property
    def sorts(self) -> tuple[tuple[int, bool], ...]:
        return tuple(self._sorts)

    # rows and positions: a row is a subclass's own number for ever, a position is where it is shown now

    @property
    def shown_rows(self) -> Rows:
        """Rows in the order shown; a view of the model's own array."""
        return self._order

    def row_at(self, position: int) -> int:
        """Row shown at a position, -1 for none."""
        return int(self._order[position]) if 0 <= position < len(self._order) else -1

    def position_of(self, row: int) -> int:
        """Position of a row, -1 when it is not shown."""
        found = np.flatnonzero(self._order == row)
        return int(found[0]) if len(found) else -1

    # QAbstractTableModel

    def rowCount(self, parent: Index = _NO_INDEX) -> int:
        return 0 if parent.isValid() else len(self._order)

    def columnCount(self, parent: Index = _NO_INDEX) -> int:
        return 0 if parent.isValid() else len(self.COLUMNS)

    def headerData(self, section: int, orientation: Qt.Orientation, role: int = _ROLE.DisplayRole) -> Any:
        if orientation != Qt.Orientation.Horizontal or not 0 <= section < len(self.COLUMNS):
            return None
        if role == _ROLE.DisplayRole:
            return tr(self.COLUMNS[section].title)
        if role == _ROLE.TextAlignmentRole:
            return _RIGHT if self.COLUMNS[section].is_number else _LEFT
        return None

    def data(self, index: Index, role: int = _ROLE.DisplayRole) -> Any:
        answer = _ANSWERS.get(role)
        position = index.row()
        if answer is None or not 0 <= position < len(self._order):
            return None
        return answer(self, int(self._order[position]), self.COLUMNS[index.column()])

    def painted(self, position: int, section: int) -> tuple[str, QFont | None, QColor | None, QBrush | None, int]:
        """Text, font, colour, ground and alignment of a cell in one answer, the same as the roles give one by one.
        A font is one of few that last: it may be known again by its identity."""
        if not 0 <= position < len(self._order):
            return "", None, None, None, _LEFT
        row, column = int(self._order[position]), self.COLUMNS[section]
        look = self.look_of(row, column)
        ground = _background(self, row, column) if look.is_head or look.is_hatched else None
        color = theme().color("text.dim") if look.is_dim or column.is_dim else None
        font = _look_font(look.is_bold, look.is_italic) if look.is_bold or look.is_italic else None
        return one_line(self.cell(row, column.key)), font, color, ground, _RIGHT if column.is_number else _LEFT

    def look_of(self, row: int, column: Column) -> RowLook:
        """The look of a cell; the roles of one cell are asked for one after the other and share one answer."""
        cell, look = self._last_look
        if cell != (row, column.key):
            look = self.cell_look(row, column.key) or self.look(row)
            self._last_look = ((row, column.key), look)
        return look


def _distinct(parts: Sequence[Rows]) -> Rows:
    return np.unique(np.concatenate(parts)).astype(np.int32) if parts else NO_ROWS


@cache
def _look_font(is_bold: bool, is_italic: bool) -> QFont:
    font = QFont()
    if is_bold:
        font.setWeight(QFont.Weight.DemiBold)
    font.setItalic(is_italic)
    return font


def _font(model: SortedTable, row: int, column: Column) -> QFont | None:
    look = model.look_of(row, column)
    return _look_font(look.is_bold, look.is_italic) if look.is_bold or look.is_italic else None


def _foreground(model: SortedTable, row: int, column: Column) -> QColor | None:
    look = model.look_of(row, column)
    return theme().color("text.dim") if look.is_dim or column.is_dim else None


def _background(model: SortedTable, row: int, column: Column) -> QBrush | None:
    look = model.look_of(row, column)
    if look.is_head:
        return QBrush(theme().color("surface.panel"))
    if not look.is_hatched:
        return None
    return QBrush(theme().color("line.soft"), Qt.BrushStyle.BDiagPattern)


_ANSWERS: Mapping[int, Callable[[SortedTable, int, Column], Any]] = {
    _ROLE.DisplayRole: lambda model, row, column: one_line(model.cell(row, column.key)),
    _ROLE.ToolTipRole: lambda model, row, column: model.tip(row, column.key) or None,
    _ROLE.TextAlignmentRole: lambda _model, _row, column: _RIGHT if column.is_number else _LEFT,
    _ROLE.FontRole: _font,
    _ROLE.ForegroundRole: _foreground,
    _ROLE.BackgroundRole: _background,
    SYMBOL_ROLE: lambda model, row, column: model.symbol(row) if column.key == "symbol" else None,
}
