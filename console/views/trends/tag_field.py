"""The field that adds a pen: a few letters of a tag, the best matches below, Enter adds."""

from collections.abc import Sequence
from uuid import UUID

from PySide6.QtCore import QStringListModel, Qt, QTimer, Signal
from PySide6.QtGui import QKeyEvent
from PySide6.QtWidgets import QAbstractItemView, QCompleter, QLineEdit, QWidget

from console.models.tag_cache import TagCache
from console.ui.translation import tr
from console.widgets.fuzzy import FuzzyIndex

SHOWN = 14
PAUSE_MS = 300  # nobody types any more
LEAST = 2  # letters that are worth asking others


class TagField(QLineEdit):
    """`chosen(handle)`; `nothing(text)` when no tag matches what was typed. `paused(text)`: whoever knows more tags may
    `offer` them below, then `far_chosen(tag_id)` is one of those."""

    chosen = Signal(int)
    nothing = Signal(str)
    paused = Signal(str)
    far_chosen = Signal(object)

    def __init__(self, cache: TagCache, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._cache = cache
        self._index: FuzzyIndex | None = None
        self._handles: list[int] = []
        self._found: list[int] = []
        self._far: list[tuple[str, UUID]] = []
        self._pause = QTimer(self, singleShot=True, interval=PAUSE_MS)
        self._pause.timeout.connect(lambda: self.paused.emit(self.text().strip()))
        self._names = QStringListModel(self)
        self._list = QCompleter(self._names, self)
        self._list.setCompletionMode(QCompleter.CompletionMode.UnfilteredPopupCompletion)
        self._list.setMaxVisibleItems(SHOWN)
        self._popup().setTextElideMode(Qt.TextElideMode.ElideMiddle)
        self._list.activated.connect(self._on_text)
        self.setMaxLength(300)
        self.setMinimumWidth(150)
        self.setMaximumWidth(420)
        self.textEdited.connect(self._search)
        self.returnPressed.connect(self._take_best)

    def forget(self) -> None:
        """Tags were added or changed: index them anew at the next key."""
        self._index = None

    def matches(self, text: str) -> list[int]:
        """Handles of the best matches."""
        if self._index is None:
            tags = self._cache.tags
            self._handles = [tag.handle for tag in tags]
            self._index = FuzzyIndex([f"{tag.source.path()} {tag.description}" for tag in tags])
        return [self._handles[at] for at in self._index.find(text, SHOWN)]

    def keyPressEvent(self, event: QKeyEvent) -> None:
        if event.key() == Qt.Key.Key_Escape and self.text():
            self.clear()
            self._popup().hide()
        else:
            super().keyPressEvent(event)

    def retell(self) -> None:
        self.setPlaceholderText(tr("Add pen: type a tag"))

    def _popup(self) -> QAbstractItemView:
        popup = self._list.popup()
        assert popup is not None  # a completer makes it when asked
        return popup

    def offer(self, text: str, rows: Sequence[tuple[str, UUID]]) -> None:
        """Tags from elsewhere for this text, as shown; nothing when something else stands here by now."""
        if text == self.text().strip() and rows:
            self._far = list(rows)
            self._show()

    def _search(self, text: str) -> None:
        self._found = self.matches(text) if text.strip() else []
        self._far = []
        self._show()
        if len(text.strip()) >= LEAST:
            self._pause.start()
        else:
            self._pause.stop()

    def _show(self) -> None:
        tags = (self._cache.tag(handle) for handle in self._found)
        own = [tag.source.path() for tag in tags if tag is not None]
        self._names.setStringList([*own, *(shown for shown, _tag_id in self._far)])
        if not self.completer():
            self.setCompleter(self._list)
        if self._found or self._far:
            self._list.complete()

    def _on_text(self, shown: str) -> None:
        rows = self._names.stringList()
        if shown not in rows:
            return
        row = rows.index(shown)
        if row < len(self._found):
            self._choose(self._found[row])
        else:
            self._choose_far(self._far[row - len(self._found)][1])

    def _take_best(self) -> None:
        if not self.text().strip():
            return
        found = self.matches(self.text())
        if found:
            self._choose(found[0])
        elif self._far:
            self._choose_far(self._far[0][1])
        else:
            self.nothing.emit(self.text().strip())

    def _choose_far(self, tag_id: UUID) -> None:
        self._popup().hide()
        self.clear()
        self._pause.stop()
        self.far_chosen.emit(tag_id)

    def _choose(self, handle: int) -> None:
        self._popup().hide()
        self.clear()
        self._pause.stop()
        self.chosen.emit(handle)
