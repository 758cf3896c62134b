"""Dragging tags out of any view, onto a plot: what is carried is the tags' ids, a line each."""

from collections.abc import Callable, Sequence
from uuid import UUID

from PySide6.QtCore import QEvent, QMimeData, QObject, QPoint, QSize, Qt
from PySide6.QtGui import QDrag, QMouseEvent, QPainter, QPixmap
from PySide6.QtWidgets import QAbstractItemView, QApplication, QWidget

from console.ui.fonts import font
from console.ui.theme import theme
from console.ui.translation import tr_n

FORMAT = "application/x-leitstand-tags"
MOST = 32
IdsAt = Callable[[QPoint], Sequence[UUID]]
_LABEL = QSize(150, 26)


def mime_of(tag_ids: Sequence[UUID]) -> QMimeData:
    """For our own plots, and as text for whoever else takes it."""
    lines = "\n".join(str(one) for one in tag_ids[:MOST])
    mime = QMimeData()
    mime.setData(FORMAT, lines.encode())
    mime.setText(lines)
    return mime


def carry(source: QWidget, tag_ids: Sequence[UUID]) -> None:
    """Drag these tags until they are dropped; windows go on showing what arrives meanwhile."""
    drag = QDrag(source)
    drag.setMimeData(mime_of(tag_ids))
    drag.setPixmap(_label(min(len(tag_ids), MOST)))
    drag.exec(Qt.DropAction.CopyAction)


class TagDrag(QObject):
    """Lets tags be dragged out of `source`. `ids_at(place)` names those under a place of it, none: nothing to drag.

    In a list whose rows are selected by dragging over them, a row that was selected before is dragged, and any row
    when the pointer goes sideways.
    """

    def __init__(
        self, source: QWidget, ids_at: IdsAt, carry: Callable[[QWidget, Sequence[UUID]], None] = carry
    ) -> None:
        super().__init__(source)
        self._source, self._ids_at, self._carry = source, ids_at, carry
        self._from: QPoint | None = None
        self._was_selected = False
        source.installEventFilter(self)

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        if not isinstance(event, QMouseEvent):
            return False
        if event.type() == QEvent.Type.MouseButtonPress and event.button() == Qt.MouseButton.LeftButton:
            self._from = event.position().toPoint()
            self._was_selected = _is_selected(self._source, self._from)
        elif event.type() == QEvent.Type.MouseButtonRelease:
            self._from = None
        elif event.type() == QEvent.Type.MouseMove and event.buttons() & Qt.MouseButton.LeftButton:
            return self._moved(event.position().toPoint())
        return False

    def _moved(self, place: QPoint) -> bool:
        if self._from is None:
            return False
        way = place - self._from
        if way.manhattanLength() < QApplication.startDragDistance():
            return False
        is_list = isinstance(self._source.parentWidget(), QAbstractItemView)
        if is_list and not self._was_selected and abs(way.x()) < 2 * abs(way.y()):
            self._from = None  # rows are being selected
            return False
        tag_ids, self._from = tuple(self._ids_at(self._from)), None
        if not tag_ids:
            return False
        self._carry(self._source, tag_ids)
        return True


def _is_selected(viewport: QWidget, place: QPoint) -> bool:
    view = viewport.parentWidget()
    if not isinstance(view, QAbstractItemView):
        return False
    selection = view.selectionModel()
    return selection is not None and selection.isSelected(view.indexAt(place))


def _label(count: int) -> QPixmap:
    """What hangs at the pointer."""
    picture = QPixmap(_LABEL)
    picture.fill(theme().color("surface.raised"))
    painter = QPainter(picture)
    painter.setFont(font("font_small", bold=True))
    painter.setPen(theme().color("accent"))
    painter.drawRect(0, 0, _LABEL.width() - 1, _LABEL.height() - 1)
    painter.drawText(picture.rect(), Qt.AlignmentFlag.AlignCenter, tr_n("Draw {n} tag", "Draw {n} tags", count))
    painter.end()
    return picture
