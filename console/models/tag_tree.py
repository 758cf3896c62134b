"""Where tags hang: broker, group, node, device as a tree that grows as the plant is discovered."""

from dataclasses import dataclass, field
from typing import Any

from PySide6.QtCore import QAbstractItemModel, QModelIndex, QObject, QPersistentModelIndex, Qt

from console.models.tag_cache import TagChange, tag_cache
from console.models.tag_table import branch_of
from console.services.station import Station
from console.ui.translation import mark, tr, whole_text

Index = QModelIndex | QPersistentModelIndex
_NO_INDEX = QModelIndex()
BRANCH_ROLE = int(Qt.ItemDataRole.UserRole) + 2  # tuple of names from the broker down
_ALL = mark("All tags")


@dataclass(slots=True, eq=False)
class _Branch:
    path: tuple[str, ...]
    parent: "_Branch | None"
    children: list["_Branch"] = field(default_factory=list)
    by_name: dict[str, "_Branch"] = field(default_factory=dict)
    tags: int = 0

    @property
    def place(self) -> int:
        return self.parent.children.index(self) if self.parent is not None else 0


class TagTree(QAbstractItemModel):
    """One column: name and number of tags. Branches stay in the order in which they were first seen."""

    def __init__(self, station: Station, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._root = _Branch((), None)
        self._top = _Branch((), self._root)
        self._root.children.append(self._top)
        self._cache = tag_cache(station)
        self._seen: set[int] = set()
        self._undo = self._cache.subscribe(self._on_change)
        self._grow(tuple(tag.handle for tag in self._cache.tags))

    def close(self) -> None:
        """Follow the station no longer."""
        self._undo()

    def _on_change(self, change: TagChange) -> None:
        if change.defined:
            self._grow(change.defined)

    def _grow(self, handles: tuple[int, ...]) -> None:
        for handle in handles:
            tag = self._cache.tag(handle)
            if tag is None or handle in self._seen:
                continue
            self._seen.add(handle)
            branch = self._top
            branch.tags += 1
            for name in branch_of(tag):
                branch = branch.by_name.get(name) or self._insert(branch, name)
                branch.tags += 1
        if handles:
            self.dataChanged.emit(self._index_of(self._top), self._index_of(self._top))

    def _insert(self, parent: _Branch, name: str) -> _Branch:
        place = len(parent.children)
        self.beginInsertRows(self._index_of(parent), place, place)
        made = _Branch((*parent.path, name), parent)
        parent.children.append(made)
        parent.by_name[name] = made
        self.endInsertRows()
        return made

    def _index_of(self, branch: _Branch) -> QModelIndex:
        return QModelIndex() if branch is self._root else self.createIndex(branch.place, 0, branch)

    def _branch(self, index: Index) -> _Branch:
        found = index.internalPointer() if index.isValid() else self._root
        return found if isinstance(found, _Branch) else self._root

    def index(self, row: int, column: int, parent: Index = _NO_INDEX) -> QModelIndex:
        children = self._branch(parent).children
        if column != 0 or not 0 <= row < len(children):
            return QModelIndex()
        return self.createIndex(row, 0, children[row])

    def parent(self, index: Index = _NO_INDEX) -> QModelIndex:  # type: ignore[override]
        above = self._branch(index).parent
        return self._index_of(above) if above is not None else QModelIndex()

    def rowCount(self, parent: Index = _NO_INDEX) -> int:
        return len(self._branch(parent).children)

    def columnCount(self, parent: Index = _NO_INDEX) -> int:
        return 1

    def data(self, index: Index, role: int = Qt.ItemDataRole.DisplayRole) -> Any:
        if not index.isValid():
            return None
        branch = self._branch(index)
        if role == Qt.ItemDataRole.DisplayRole:
            return f"{branch.path[-1] if branch.path else tr(_ALL)}   {whole_text(branch.tags)}"
        return branch.path if role == BRANCH_ROLE else None

    def headerData(self, section: int, orientation: Qt.Orientation, role: int = Qt.ItemDataRole.DisplayRole) -> Any:
        return None
