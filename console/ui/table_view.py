"""The one table: several sort columns, chosen columns kept, copy and CSV, plain text only, words when it is empty."""

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, Protocol

from PySide6.QtCore import (
    QAbstractItemModel,
    QEvent,
    QModelIndex,
    QPersistentModelIndex,
    QPoint,
    QRect,
    Qt,
    Signal,
)
from PySide6.QtGui import QGuiApplication, QHelpEvent, QKeyEvent, QMouseEvent, QPainter, QPaintEvent
from PySide6.QtWidgets import (
    QAbstractItemView,
    QFrame,
    QHeaderView,
    QMenu,
    QStyledItemDelegate,
    QStyleOptionViewItem,
    QTableView,
    QToolTip,
    QWidget,
)

from console.ui.export import tabbed_text, write_csv
from console.ui.fonts import font
from console.ui.plain_label import plain_tip
from console.ui.theme import theme
from console.ui.translation import tr

Index = QModelIndex | QPersistentModelIndex
SortKeys = tuple[tuple[int, bool], ...]  # (column, descending), the first decides first
MAX_SORT_KEYS = 3
_STEPS = frozenset({Qt.Key.Key_Up, Qt.Key.Key_Down, Qt.Key.Key_Home, Qt.Key.Key_End})


class Fitter(Protocol):
    """Gives columns their room; tells what is wanted apart from what a narrow window makes of it."""

    def width_of(self, column: int, shown: int) -> int: ...

    def is_held_back(self, column: int) -> bool: ...

    def adopt(self, widths: Mapping[int, int]) -> None: ...

    def choose(self, column: int) -> None: ...


class PlainDelegate(QStyledItemDelegate):
    """Draws and tells plain text only, however it looks like markup; views subclass it for symbols."""

    def initStyleOption(self, option: QStyleOptionViewItem, index: Index) -> None:
        super().initStyleOption(option, index)
        option.textElideMode = Qt.TextElideMode.ElideRight
        if len(option.text) > 2000:
            option.text = option.text[:2000]

    def helpEvent(self, event: QHelpEvent, view: QAbstractItemView, option: QStyleOptionViewItem, index: Index) -> bool:
        if event.type() != QEvent.Type.ToolTip or not index.isValid():
            return super().helpEvent(event, view, option, index)
        tip = index.data(Qt.ItemDataRole.ToolTipRole)
        if not tip:
            text = str(index.data() or "")
            room = view.visualRect(_model_index(index)).width() - 16
            tip = text if option.fontMetrics.horizontalAdvance(text) > room else ""
        if tip:
            QToolTip.showText(event.globalPos(), plain_tip(str(tip)), view)
        else:
            QToolTip.hideText()
        return True


def _model_index(index: Index) -> QModelIndex:
    return index if isinstance(index, QModelIndex) else index.model().index(index.row(), index.column(), index.parent())


class SortHeader(QHeaderView):
    """Click sorts by a column, Shift+click adds one; arrows with their rank stand in the header."""

    sort_asked = Signal(object)  # SortKeys

    def __init__(self, parent: QWidget) -> None:
        super().__init__(Qt.Orientation.Horizontal, parent)
        self.keys: SortKeys = ()
        self.setSectionsClickable(True)
        self.setHighlightSections(False)
        self.setSectionsMovable(True)
        self.setDefaultAlignment(Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter)
        self.setMinimumSectionSize(32)
        self._pressed = QPoint()

    def mousePressEvent(self, event: QMouseEvent) -> None:
        self._pressed = event.position().toPoint()
        super().mousePressEvent(event)

    def mouseReleaseEvent(self, event: QMouseEvent) -> None:
        super().mouseReleaseEvent(event)
        place = event.position().toPoint()
        if event.button() != Qt.MouseButton.LeftButton or (place - self._pressed).manhattanLength() > 4:
            return
        if self.cursor().shape() == Qt.CursorShape.SplitHCursor:
            return
        column = self.logicalIndexAt(place)
        if column >= 0:
            self.press(column, add=bool(event.modifiers() & Qt.KeyboardModifier.ShiftModifier))

    def press(self, column: int, *, add: bool = False) -> None:
        """Turn the column's direction, or sort by it; `add` keeps the other keys before it."""
        old = dict(self.keys)
        key = (column, not old[column] if column in old else False)
        if add:
            kept = [key if other[0] == column else other for other in self.keys]
            if column not in old:
                kept.append(key)
            self.keys = tuple(kept[-MAX_SORT_KEYS:])
        else:
            self.keys = (key,)
        self.viewport().update()
        self.sort_asked.emit(self.keys)

    def paintSection(self, painter: QPainter, rect: QRect, column: int) -> None:
        painter.save()
        super().paintSection(painter, rect, column)
        painter.restore()
        rank = next((at for at, (key, _down) in enumerate(self.keys) if key == column), -1)
        if rank < 0:
            return
        arrow = "▾" if self.keys[rank][1] else "▴"
        text = arrow if len(self.keys) == 1 else f"{arrow}{rank + 1}"
        shown = str(self.model().headerData(column, self.orientation()) or "")
        painter.save()
        painter.setFont(font("font_small", bold=True))
        painter.setPen(theme().color("accent"))
        align = self.model().headerData(column, self.orientation(), Qt.ItemDataRole.TextAlignmentRole)
        metrics = painter.fontMetrics()
        if align is not None and int(align) & int(Qt.AlignmentFlag.AlignRight):
            x = rect.right() - 13 - metrics.horizontalAdvance(shown) - metrics.horizontalAdvance(text) - 2
            x = max(rect.left(), x)
        else:
            x = min(rect.left() + 15 + metrics.horizontalAdvance(shown), rect.right() - metrics.horizontalAdvance(text))
        painter.drawText(QRect(x, rect.top(), 40, rect.height()), Qt.AlignmentFlag.AlignVCenter, text)
        painter.restore()


class TableView(QTableView):
    """A table over any item model. A model with `sort_by(keys)` sorts by several columns, others by the first.

    `table_id` names its kept state. `empty_text` is shown (already translated) while there is no row.
    """

    sort_changed = Signal(object)  # SortKeys
    activated_row = Signal(int)

    def __init__(self, table_id: str, empty_text: str = "", parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName(f"table.{table_id}")
        self.table_id = table_id
        self.empty_text = empty_text
        self.fitter: Fitter | None = None
        self.header = SortHeader(self)
        self.setHorizontalHeader(self.header)
        self.header.sort_asked.connect(self._sort)
        self.header.setContextMenuPolicy(Qt.ContextMenuPolicy.CustomContextMenu)
        self.header.customContextMenuRequested.connect(self._column_menu)
        self.header.setStretchLastSection(True)
        self.verticalHeader().hide()
        self.verticalHeader().setSectionResizeMode(QHeaderView.ResizeMode.Fixed)
        self.verticalHeader().setMinimumSectionSize(1)
        self.setItemDelegate(PlainDelegate(self))
        self.setShowGrid(False)
        self.setWordWrap(False)
        self.setFrameShape(QFrame.Shape.NoFrame)
        self.setSelectionBehavior(QAbstractItemView.SelectionBehavior.SelectRows)
        self.setSelectionMode(QAbstractItemView.SelectionMode.ExtendedSelection)
        self.setEditTriggers(QAbstractItemView.EditTrigger.NoEditTriggers)
        self.setHorizontalScrollMode(QAbstractItemView.ScrollMode.ScrollPerPixel)
        self.setTabKeyNavigation(False)
        self.setCornerButtonEnabled(False)
        theme().changed.connect(self._follow_theme)
        self._follow_theme()

    def setModel(self, model: QAbstractItemModel | None) -> None:
        super().setModel(model)
        if model is not None:
            for signal in (model.rowsInserted, model.rowsRemoved, model.modelReset, model.layoutChanged):
                signal.connect(self._refresh_empty)

    def keyboardSearch(self, search: str) -> None:
        """Letters are keys of deeds: one that does nothing here must not move the selection to another row."""

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """With nothing selected an arrow selects the row that it stands on: it would be passed over otherwise."""
        current, selection = self.currentIndex(), self.selectionModel()
        is_plain = not event.modifiers() & ~Qt.KeyboardModifier.KeypadModifier
        if event.key() in _STEPS and is_plain and current.isValid() and not selection.hasSelection():
            self.selectRow(
                {Qt.Key.Key_Home: 0, Qt.Key.Key_End: self.model().rowCount() - 1}.get(
                    Qt.Key(event.key()), current.row()
                )
            )
            return
        super().keyPressEvent(event)

    def moveCursor(self, action: QAbstractItemView.CursorAction, modifiers: Qt.KeyboardModifier) -> QModelIndex:
        """Home and End go to the first and last row: whole rows are chosen here, a first cell means nothing."""
        move = QAbstractItemView.CursorAction
        if action in (move.MoveHome, move.MoveEnd):
            modifiers |= Qt.KeyboardModifier.ControlModifier
        return super().moveCursor(action, modifiers)

    def set_empty_text(self, text: str) -> None:
        self.empty_text = text
        self.viewport().update()

    def paintEvent(self, event: QPaintEvent) -> None:
        super().paintEvent(event)
        model = self.model()
        if not self.empty_text or (model is not None and model.rowCount() > 0):
            return
        painter = QPainter(self.viewport())
        painter.setFont(font())
        painter.setPen(theme().color("text.dim"))
        room = self.viewport().rect().adjusted(32, 32, -32, -32)
        flags = int(Qt.AlignmentFlag.AlignHCenter | Qt.AlignmentFlag.AlignTop) | int(Qt.TextFlag.TextWordWrap)
        painter.drawText(room, flags, self.empty_text)
        painter.end()

    def set_sort(self, keys: SortKeys) -> None:
        """Show and apply these sort keys."""
        self.header.keys = keys
        self.header.viewport().update()
        self._sort(keys)

    def visible_columns(self) -> list[int]:
        """Logical columns as shown, from left to right."""
        order = [self.header.logicalIndex(at) for at in range(self.header.count())]
        return [column for column in order if not self.isColumnHidden(column)]

    def selected_rows(self) -> list[int]:
        selection = self.selectionModel()
        return sorted(index.row() for index in selection.selectedRows()) if selection is not None else []

    def chosen_current(self) -> int:
        """The current position if it is selected, else -1: with the keyboard alone a first row becomes current."""
        current, selection = self.currentIndex(), self.selectionModel()
        return current.row() if selection is not None and selection.isSelected(current) else -1

    def first_selected(self) -> int:
        """The first selected position, -1 for none; a row that merely has the focus is not chosen."""
        return next(iter(self.selected_rows()), -1)

    def headers(self) -> list[str]:
        model = self.model()
        return [str(model.headerData(c, Qt.Orientation.Horizontal) or "") for c in self.visible_columns()]

    def row_texts(self, rows: list[int] | range) -> Iterator[list[str]]:
        """Shown texts of the visible columns, row by row."""
        model = self.model()
        columns = self.visible_columns()
        for row in rows:
            cells = (model.index(row, column).data(Qt.ItemDataRole.DisplayRole) for column in columns)
            yield ["" if cell is None else str(cell) for cell in cells]

    def copy_selection(self) -> str:
        """Put the selected rows on the clipboard as tab-separated text with a heading; returns it."""
        if self.model() is None:
            return ""
        text = tabbed_text(self.headers(), self.row_texts(self.selected_rows()))
        QGuiApplication.clipboard().setText(text)
        return text

    def export_csv(self, path: Path) -> int:
        """Write all shown rows and visible columns; returns the number of rows, OSError when it cannot be written."""
        rows = range(self.model().rowCount()) if self.model() is not None else range(0)
        return write_csv(path, self.headers() if rows else [], self.row_texts(rows))

    def save_state(self) -> dict[str, object]:
        """JSON-able: columns by their number with place, width and whether hidden; sort keys."""
        header, fitter = self.header, self.fitter
        columns = [
            [
                header.visualIndex(c),
                fitter.width_of(c, header.sectionSize(c)) if fitter else header.sectionSize(c),
                self.isColumnHidden(c) and not (fitter and fitter.is_held_back(c)),
            ]
            for c in range(header.count())
        ]
        return {"columns": columns, "sort": [list(key) for key in header.keys]}

    def restore_state(self, state: Mapping[str, Any]) -> None:
        """What `save_state` gave; a state of another number of columns or of another shape is ignored."""
        try:
            columns = [(int(place), int(width), bool(hidden)) for place, width, hidden in state.get("columns", ())]
            keys = tuple((int(column), bool(down)) for column, down in state.get("sort", ()))
        except (TypeError, ValueError):
            return
        if len(columns) == self.header.count():
            for column in sorted(range(len(columns)), key=lambda c: columns[c][0]):
                place, width, hidden = columns[column]
                if 0 <= place < len(columns):
                    self.header.moveSection(self.header.visualIndex(column), place)
                self.setColumnHidden(column, hidden)
                if width > 0 and not hidden:
                    self.setColumnWidth(column, min(width, 2000))
            if self.fitter is not None:
                self.fitter.adopt({c: min(width, 2000) for c, (_place, width, _hidden) in enumerate(columns)})
        if keys and all(0 <= column < self.header.count() for column, _down in keys):
            self.set_sort(keys[:MAX_SORT_KEYS])

    def column_menu(self) -> QMenu:
        """The column chooser; the last visible column cannot be hidden."""
        menu = QMenu(self)
        heading = menu.addAction(tr("Columns"))
        heading.setEnabled(False)
        visible = self.visible_columns()
        for column in range(self.header.count()):
            shown = str(self.model().headerData(column, Qt.Orientation.Horizontal) or "") or f"{column + 1}"
            action = menu.addAction(shown.replace("&", "&&"))
            action.setCheckable(True)
            action.setChecked(column in visible)
            action.setEnabled(visible != [column])
            action.toggled.connect(lambda on, c=column: self._choose_column(c, on))
        return menu

    def _choose_column(self, column: int, on: bool) -> None:
        self.setColumnHidden(column, not on)
        if self.fitter is not None:
            self.fitter.choose(column)

    def _column_menu(self, place: QPoint) -> None:
        if self.model() is None:
            return
        menu = self.column_menu()
        menu.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        menu.popup(self.header.viewport().mapToGlobal(place))

    def _sort(self, keys: SortKeys) -> None:
        model = self.model()
        sort_by = getattr(model, "sort_by", None)
        if callable(sort_by):
            sort_by(keys)
        elif model is not None and keys:
            down = Qt.SortOrder.DescendingOrder if keys[0][1] else Qt.SortOrder.AscendingOrder
            model.sort(keys[0][0], down)
        self.sort_changed.emit(keys)

    def _refresh_empty(self) -> None:
        model = self.model()
        if self.empty_text and model is not None and model.rowCount() <= 1:
            self.viewport().update()

    def _follow_theme(self) -> None:
        self.verticalHeader().setDefaultSectionSize(theme().row_height)
        self.viewport().update()
