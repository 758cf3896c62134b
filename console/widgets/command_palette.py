"""Anything by a few letters, keyboard only: tags, assets, alarms, incidents, views and actions."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from PySide6.QtCore import (
    QAbstractListModel,
    QEvent,
    QModelIndex,
    QObject,
    QPersistentModelIndex,
    QRectF,
    QSize,
    Qt,
    Signal,
)
from PySide6.QtGui import QKeyEvent, QPainter
from PySide6.QtWidgets import (
    QFrame,
    QLineEdit,
    QListView,
    QStyle,
    QStyledItemDelegate,
    QStyleOptionViewItem,
    QVBoxLayout,
    QWidget,
)

from console.ui.fonts import font
from console.ui.icons import paint_icon
from console.ui.key_names import key_text
from console.ui.theme import theme
from console.ui.translation import mark, tr
from console.widgets.fuzzy import FuzzyIndex

LIMIT = 60
ROW = 36
Index = QModelIndex | QPersistentModelIndex
KIND_WORDS = {
    "view": mark("View"),
    "action": mark("Action"),
    "tag": mark("Tag"),
    "asset": mark("Asset"),
    "alarm": mark("Alarm"),
    "incident": mark("Incident"),
}
KIND_ICONS = {
    "view": "right",
    "action": "play",
    "tag": "tag",
    "asset": "assets",
    "alarm": "bell",
    "incident": "incident",
}


@dataclass(frozen=True, slots=True)
class PaletteItem:
    """`kind` groups and names the icon; `payload` comes back unchanged. `why_not` makes it visible but refused."""

    kind: str
    text: str
    payload: object
    key: str = ""
    why_not: str = ""


@dataclass(frozen=True, slots=True)
class Bulk:
    """Very many items behind one index that outlives the palette; `make(position)` builds the few that are shown."""

    index: FuzzyIndex
    make: Callable[[int], PaletteItem]


class PaletteModel(QAbstractListModel):
    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self.items: Sequence[PaletteItem] = ()
        self._index = FuzzyIndex(())
        self._bulk: Bulk | None = None
        self._shown: list[PaletteItem] = []

    def set_items(self, items: Sequence[PaletteItem], bulk: Bulk | None = None) -> None:
        self.items = items
        self._bulk = bulk
        self._index = FuzzyIndex([item.text for item in items])
        self.search("")

    def search(self, query: str) -> None:
        self.beginResetModel()
        few = [(cost, 0, at) for cost, at in self._index.ranked(query, LIMIT)]
        many = [(cost, 1, at) for cost, at in self._bulk.index.ranked(query, LIMIT)] if self._bulk is not None else []
        self._shown = [
            self.items[at] if source == 0 or self._bulk is None else self._bulk.make(at)
            for _cost, source, at in sorted(few + many)[:LIMIT]
        ]
        self.endResetModel()

    def item(self, row: int) -> PaletteItem:
        return self._shown[row]

    def rowCount(self, parent: Index = QModelIndex()) -> int:  # noqa: B008
        return 0 if parent.isValid() else len(self._shown)

    def data(self, index: Index, role: int = Qt.ItemDataRole.DisplayRole) -> object:
        if not index.isValid():
            return None
        if role == Qt.ItemDataRole.DisplayRole:
            return self.item(index.row()).text
        if role == Qt.ItemDataRole.AccessibleTextRole:
            item = self.item(index.row())
            return f"{tr(KIND_WORDS.get(item.kind, item.kind))}: {item.text}"
        return None


class PaletteDelegate(QStyledItemDelegate):
    """Icon, name, and the kind or the key at the right."""

    def sizeHint(self, option: QStyleOptionViewItem, index: Index) -> QSize:
        return QSize(200, ROW)

    def paint(self, painter: QPainter, option: QStyleOptionViewItem, index: Index) -> None:
        model = index.model()
        assert isinstance(model, PaletteModel)
        item = model.item(index.row())
        rect = QRectF(option.rect)
        if option.state & QStyle.StateFlag.State_Selected:
            painter.fillRect(rect, theme().color("selection"))
        dim = theme().color("text.dim")
        paint_icon(painter, QRectF(rect.left() + 14, rect.top() + 9, 18, 18), KIND_ICONS.get(item.kind, "right"), dim)
        painter.setFont(font("font_small"))
        painter.setPen(dim)
        right = item.why_not or key_text(item.key) or tr(KIND_WORDS.get(item.kind, item.kind))
        metrics = painter.fontMetrics()
        right = metrics.elidedText(right, Qt.TextElideMode.ElideRight, int(rect.width() / 2))
        wide = metrics.horizontalAdvance(right)
        middle = int(Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter)
        painter.drawText(QRectF(rect.right() - wide - 14, rect.top(), wide + 2, ROW), middle, right)
        painter.setFont(font())
        painter.setPen(dim if item.why_not else theme().color("text"))
        room = rect.width() - wide - 44 - 28
        text = painter.fontMetrics().elidedText(item.text.replace("\n", " "), Qt.TextElideMode.ElideMiddle, int(room))
        painter.drawText(QRectF(rect.left() + 44, rect.top(), room, ROW), middle, text)


class CommandPalette(QFrame):
    """An overlay of its parent: `open_with(items)`, then `chosen(payload)` or nothing. It never takes the loop."""

    chosen = Signal(object)

    def __init__(self, parent: QWidget) -> None:
        super().__init__(parent)
        self._over = parent
        self.setObjectName("palette")
        self.field = QLineEdit()
        self.model = PaletteModel(self)
        self.list = QListView()
        self.list.setModel(self.model)
        self.list.setItemDelegate(PaletteDelegate(self.list))
        self.list.setUniformItemSizes(True)
        self.list.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        self.list.setFrameShape(QFrame.Shape.NoFrame)
        self.list.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.list.clicked.connect(lambda index: self.choose(index.row()))
        column = QVBoxLayout(self)
        column.setContentsMargins(1, 1, 1, 6)
        column.setSpacing(0)
        column.addWidget(self.field)
        column.addWidget(self.list)
        self.field.textChanged.connect(self._search)
        self.field.installEventFilter(self)
        self._before: QWidget | None = None
        self.hide()

    def open_with(self, items: Sequence[PaletteItem], bulk: Bulk | None = None) -> None:
        """Show over the parent, empty query, first item selected."""
        self.field.setPlaceholderText(tr("Tag, asset, alarm, incident, view or action"))
        self.field.setAccessibleName(tr("Find anything"))
        self.field.clear()
        self.model.set_items(items, bulk)
        self._select(0)
        parent = self._over
        wide = min(720, parent.width() - 80)
        high = min(10 * ROW + 60, parent.height() - 120)
        self.setGeometry((parent.width() - wide) // 2, 72, wide, high)
        self._before = parent.window().focusWidget()
        self.show()
        self.raise_()
        self.field.setFocus()

    def dismiss(self) -> None:
        """Hide and give the focus back."""
        self.hide()
        if self._before is not None and self._before.isVisible():
            self._before.setFocus()
        self._before = None

    def choose(self, row: int) -> None:
        if not 0 <= row < self.model.rowCount():
            return
        item = self.model.item(row)
        if item.why_not:
            return
        self.dismiss()
        self.chosen.emit(item.payload)

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        if watched is self.field and event.type() == QEvent.Type.FocusOut and self.isVisible():
            self.hide()
        if watched is not self.field or not isinstance(event, QKeyEvent):
            return False
        if event.type() == QEvent.Type.ShortcutOverride:
            event.accept()  # while it is open every key belongs to the palette
            return event.key() == Qt.Key.Key_Escape
        return event.type() == QEvent.Type.KeyPress and self._key(event)

    def _key(self, event: QKeyEvent) -> bool:
        row = self.list.currentIndex().row()
        page = max(1, self.list.viewport().height() // ROW - 1)
        steps = {Qt.Key.Key_Down: 1, Qt.Key.Key_Up: -1, Qt.Key.Key_PageDown: page, Qt.Key.Key_PageUp: -page}
        key = Qt.Key(event.key())
        if key == Qt.Key.Key_Escape:
            self.dismiss()
        elif key in (Qt.Key.Key_Return, Qt.Key.Key_Enter):
            self.choose(max(row, 0))
        elif key in steps:
            self._select(min(max(row + steps[key], 0), self.model.rowCount() - 1))
        else:
            return False
        return True

    def _search(self, query: str) -> None:
        self.model.search(query)
        self._select(0)

    def _select(self, row: int) -> None:
        self.list.setCurrentIndex(self.model.index(row))
