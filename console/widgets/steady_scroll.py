"""A scrolled table stays on the rows that are being read, whatever arrives above them."""

from PySide6.QtCore import QObject, QPersistentModelIndex
from PySide6.QtWidgets import QTableView


class SteadyScroll(QObject):
    """At the very top the table stays at the top, so that what is new and urgent is seen; below it stands still."""

    def __init__(self, view: QTableView) -> None:
        """Call after the view has its model."""
        super().__init__(view)
        self._view = view
        self._top: QPersistentModelIndex | None = None
        model = view.model()
        model.layoutAboutToBeChanged.connect(self._remember)
        model.layoutChanged.connect(self._restore)

    def _remember(self) -> None:
        bar = self._view.verticalScrollBar()
        first = self._view.rowAt(0)
        self._top = None
        if bar.value() > 0 and first >= 0:
            self._top = QPersistentModelIndex(self._view.model().index(first, 0))

    def _restore(self) -> None:
        if self._top is None:
            return
        top, self._top = self._top, None
        if top.isValid():
            self._view.doItemsLayout()  # the bar must know the new number of rows before it is set
            self._view.verticalScrollBar().setValue(self._view.verticalHeader().visualIndex(top.row()))
