"""The field that adds a pen: a few letters of a tag, the best matches below, Enter adds."""

from PySide6.QtCore import QStringListModel, Qt, Signal
from PySide6.QtGui import QKeyEvent
from PySide6.QtWidgets import QAbstractItemView, QCompleter, QLineEdit, QWidget

from console.models.tag_cache import TagCache
from console.ui.translation import tr
from console.widgets.fuzzy import FuzzyIndex

SHOWN = 14


class TagField(QLineEdit):
    """`chosen(handle)`; `nothing(text)` when no tag matches what was typed."""

    chosen = Signal(int)
    nothing = Signal(str)

    def __init__(self, cache: TagCache, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._cache = cache
        self._index: FuzzyIndex | None = None
        self._handles: list[int] = []
        self._found: list[int] = []
        self._names = QStringListModel(self)
        self._list = QCompleter(self._names, self)
        self._list.setCompletionMode(QCompleter.CompletionMode.UnfilteredPopupCompletion)
        self._list.setMaxVisibleItems(SHOWN)
        self._popup().setTextElideMode(Qt.TextElideMode.ElideMiddle)
        self._list.activated.connect(self._on_text)
        self.setMaxLength(300)
        self.setMinimumWidth(330)
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

    def _search(self, text: str) -> None:
        self._found = self.matches(text) if text.strip() else []
        tags = (self._cache.tag(handle) for handle in self._found)
        self._names.setStringList([tag.source.path() for tag in tags if tag is not None])
        if not self.completer():
            self.setCompleter(self._list)
        if self._found:
            self._list.complete()

    def _on_text(self, shown: str) -> None:
        rows = self._names.stringList()
        if shown in rows:
            self._choose(self._found[rows.index(shown)])

    def _take_best(self) -> None:
        if not self.text().strip():
            return
        found = self.matches(self.text())
        if found:
            self._choose(found[0])
        else:
            self.nothing.emit(self.text().strip())

    def _choose(self, handle: int) -> None:
        self._popup().hide()
        self.clear()
        self.chosen.emit(handle)
