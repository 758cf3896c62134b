"""Cells with the priority symbol: the same shape and flash in every table."""

from PySide6.QtCore import QModelIndex, QPersistentModelIndex, QRectF
from PySide6.QtGui import QPainter
from PySide6.QtWidgets import QStyleOptionViewItem, QTableView

from console.ui.priority_symbol import SymbolState, flash_clock, stamp_symbol
from console.widgets.row_delegate import RowDelegate

_SIDE = 20.0
_FLASHING = frozenset({SymbolState.UNACKNOWLEDGED, SymbolState.RETURNED})


class SymbolDelegate(RowDelegate):
    """Paints what the model gives in `symbol_role`: (priority, SymbolState). Only visible symbols flash."""

    def __init__(self, view: QTableView, column: int, symbol_role: int) -> None:
        super().__init__(view)
        self._view = view
        self._column = column
        self._role = symbol_role
        flash_clock().beat.connect(self._flash)

    def paint(
        self, painter: QPainter, option: QStyleOptionViewItem, index: QModelIndex | QPersistentModelIndex
    ) -> None:
        super().paint(painter, option, index)
        symbol = index.data(self._role)
        if symbol is None:
            return
        priority, state = symbol
        if state in _FLASHING and not flash_clock().is_running:
            flash_clock().hold(self)
        box = QRectF(0, 0, _SIDE, _SIDE)
        box.moveCenter(QRectF(option.rect).center())
        stamp_symbol(painter, box, priority, state, lit=flash_clock().lit(state))

    def _flash(self) -> None:
        """Repaint the symbols in sight that flash; hold the beat only while there are any."""
        view, model = self._view, self._view.model()
        if model is None or not view.isVisible():
            flash_clock().hold(self, False)
            return
        first = max(0, view.rowAt(0))
        last = view.rowAt(view.viewport().height() - 1)
        last = model.rowCount() - 1 if last < 0 else last
        flashing = False
        for row in range(first, last + 1):
            index = model.index(row, self._column)
            symbol = index.data(self._role)
            if symbol is not None and symbol[1] in _FLASHING:
                flashing = True
                view.viewport().update(view.visualRect(index))
        flash_clock().hold(self, flashing)
