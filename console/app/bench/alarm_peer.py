"""The plain way to show alarms, for `leitstand bench alarms`: a growing table behind a QSortFilterProxyModel."""

from time import perf_counter

import numpy as np
from PySide6.QtCore import QAbstractTableModel, QModelIndex, QPersistentModelIndex, QSortFilterProxyModel, Qt
from PySide6.QtWidgets import QApplication, QTableView

from console.app.bench.alarm_feed import PER_MESSAGE

_KEY_ROLE = int(Qt.ItemDataRole.UserRole) + 9
_COLUMNS = 9
_NO_INDEX = QModelIndex()


class _Plain(QAbstractTableModel):
    """Rows are appended as they come, one insertion per message."""

    def __init__(self) -> None:
        super().__init__()
        self._keys: list[int] = []

    def append(self, keys: list[int]) -> None:
        self.beginInsertRows(_NO_INDEX, len(self._keys), len(self._keys) + len(keys) - 1)
        self._keys.extend(keys)
        self.endInsertRows()

    def rowCount(self, _parent: QModelIndex | QPersistentModelIndex = _NO_INDEX) -> int:
        return len(self._keys)

    def columnCount(self, _parent: QModelIndex | QPersistentModelIndex = _NO_INDEX) -> int:
        return _COLUMNS

    def data(self, index: QModelIndex | QPersistentModelIndex, role: int = 0) -> object:
        if role == _KEY_ROLE:
            return self._keys[index.row()]
        return str(self._keys[index.row()]) if role == Qt.ItemDataRole.DisplayRole else None


def plain_list_s(before: int, count: int) -> float:
    """Seconds until `count` more alarms beside `before` are sorted in and painted, and the window answers again."""
    keys = np.random.default_rng(5).integers(0, 2**40, before + count).tolist()
    model, proxy, view = _Plain(), QSortFilterProxyModel(), QTableView()
    model.append(keys[:before])
    proxy.setSortRole(_KEY_ROLE)
    proxy.setDynamicSortFilter(True)
    proxy.setSourceModel(model)
    proxy.sort(0)
    view.setModel(proxy)
    view.resize(1600, 900)
    view.show()
    QApplication.processEvents()
    start = perf_counter()
    for first in range(before, before + count, PER_MESSAGE):
        model.append(keys[first : first + PER_MESSAGE])
        QApplication.processEvents()
    took = perf_counter() - start
    view.hide()
    view.setModel(None)
    view.deleteLater()
    QApplication.processEvents()
    return took
