"""A table of records that replace each other by key, whatever topic they come from."""

from collections.abc import Callable, Iterable
from typing import Generic, TypeVar

import numpy as np
from numpy.typing import NDArray
from PySide6.QtCore import QObject

from console.models.sorted_table import SortedTable
from console.services.notifier import Undo

R = TypeVar("R")


class RecordTable(SortedTable, Generic[R]):
    """Records that replace each other by key; all of them are shown. Subclasses set `_undo` to their subscription's."""

    _undo: Undo

    def __init__(self, parent: QObject | None, now_us: Callable[[], int]) -> None:
        super().__init__(parent)
        self._now_us = now_us
        self._records: list[R] = []
        self._row_of: dict[object, int] = {}
        self._is_there: list[bool] = []

    def close(self) -> None:
        """Follow the station no longer."""
        self._undo()
        self.set_visible(False)

    def record_at(self, position: int) -> R | None:
        row = self.row_at(position)
        return self._records[row] if row >= 0 else None

    def take(self, records: Iterable[tuple[object, R]], *, is_snapshot: bool) -> None:
        """Records by their keys; a snapshot replaces all that was known."""
        if is_snapshot:
            self._forget_all()
        rows = []
        for key, record in records:
            row = self._row(key)
            if row == len(self._records):
                self._records.append(record)
            self._records[row] = record
            rows.append(row)
        self.touch(np.asarray(rows, np.int32))

    def _row(self, key: object) -> int:
        row = self._row_of.setdefault(key, len(self._is_there))
        if row == len(self._is_there):
            self._is_there.append(True)
        self._is_there[row] = True
        return row

    def _forget_all(self) -> None:
        self._is_there = [False] * len(self._is_there)
        self.touch(np.arange(len(self._is_there), dtype=np.int32))

    def _shown(self) -> NDArray[np.bool_]:
        return np.asarray(self._is_there, np.bool_)
