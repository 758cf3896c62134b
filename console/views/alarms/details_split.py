"""The alarm lists and the details of the current alarm: side by side where there is room, else one below the other."""

from collections.abc import Mapping

from PySide6.QtCore import Qt, Signal
from PySide6.QtGui import QResizeEvent
from PySide6.QtWidgets import QSplitter

from console.domain.alarms import Occurrence
from console.ui.errands import Errands
from console.ui.theme import theme
from console.ui.view import ViewContext
from console.views.alarms.details import DetailsPane
from console.views.alarms.lists import AlarmLists

_BESIDE_PX = 1180  # from this width on the pane stands beside the list
_PANE_PX, _BELOW_PX = 430, 280


class DetailsSplit(QSplitter):
    """Opens by itself where it stands beside the list; what the person chose is kept (`save_state`)."""

    squeezed = Signal(bool)  # the pane stands below the list: what else is below it should give way

    def __init__(self, context: ViewContext, lists: AlarmLists, errands: Errands) -> None:
        super().__init__(Qt.Orientation.Horizontal)
        self.setObjectName("alarmDetailsSplit")
        self.setChildrenCollapsible(False)
        self._lists = lists
        self._wanted: bool | None = None  # what the person chose
        self._sizes: dict[str, list[int]] = {}
        self.pane = DetailsPane(context, lists.table, errands)
        self.pane.setMinimumSize(300, 160)
        self.pane.hide()
        self.addWidget(lists)
        self.addWidget(self.pane)
        self.setStretchFactor(0, 1)
        self.setStretchFactor(1, 0)
        self.splitterMoved.connect(lambda *_: self._sizes.update({self._way: self.sizes()}))
        self.pane.close_asked.connect(self.toggle)
        self.pane.left.connect(self._to_list)
        lists.selection_changed.connect(self._on_selection)
        theme().changed.connect(self.pane.retell)

    @property
    def is_open(self) -> bool:
        return not self.pane.isHidden()

    @property
    def _way(self) -> str:
        return "beside" if self.orientation() == Qt.Orientation.Horizontal else "below"

    def explains(self, occurrence: Occurrence | None) -> bool:
        """Whether the details in sight are of this occurrence."""
        present = self.pane.present
        return present is not None and present.occurrence == occurrence and self.pane.isVisible()

    def toggle(self) -> None:
        """Show or hide it; the keyboard stays in the list."""
        self._wanted = not self.is_open
        had_focus = self.pane.has_keyboard()
        self._arrange()
        if had_focus and not self.is_open:
            self._to_list()

    def _to_list(self) -> None:
        self._lists.shown[1].setFocus()

    def _on_selection(self) -> None:
        view = self._lists.shown[1]
        chosen, current = view.selected_rows(), view.currentIndex().row()
        if chosen:
            rows = self._lists.shown[0].alarm_rows([current if current in chosen else chosen[0]])
            self.pane.follow(rows[0] if rows else -1)

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self._arrange()

    def _arrange(self) -> None:
        is_beside = self.width() >= _BESIDE_PX
        way = Qt.Orientation.Horizontal if is_beside else Qt.Orientation.Vertical
        is_open = is_beside if self._wanted is None else self._wanted
        if way == self.orientation() and is_open == self.is_open:
            self._share()
            return
        self.setOrientation(way)
        self.pane.setVisible(is_open)
        self.squeezed.emit(is_open and not is_beside)
        chosen = self._sizes.get(self._way)
        if chosen:
            self.setSizes(chosen)
        self._share()

    def _share(self) -> None:
        """Beside the list the pane has its width; below it, half of the height; until somebody moves the edge."""
        if self.is_open and self._way not in self._sizes:
            is_beside = self._way == "beside"
            whole = self.width() if is_beside else self.height()
            mine = min(_PANE_PX, whole // 2) if is_beside else max(_BELOW_PX, whole // 2)
            self.setSizes([max(whole - mine, 0), mine])

    def copy(self) -> None:
        """What has the keyboard: all of the details, or the selected rows."""
        if self.pane.has_keyboard():
            self.pane.copy_all()
        else:
            self._lists.shown[1].copy_selection()

    def save_state(self) -> dict[str, object]:
        return {"open": self._wanted, "sizes": dict(self._sizes)}

    def restore_state(self, state: Mapping[str, object]) -> None:
        wanted, sizes = state.get("open"), state.get("sizes")
        self._wanted = wanted if isinstance(wanted, bool) else None
        if isinstance(sizes, Mapping):
            known = {str(k): v for k, v in sizes.items() if isinstance(v, list) and len(v) == 2}
            self._sizes = {k: v for k, v in known.items() if all(isinstance(part, int) and part > 0 for part in v)}
        self._arrange()

    def close_split(self) -> None:
        self.pane.close_pane()
