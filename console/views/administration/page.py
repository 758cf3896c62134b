"""One page of the Administration view: a table, what can be done with the selected row, and the reason when not."""

from collections.abc import Callable, Coroutine, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from PySide6.QtCore import QPoint, Qt
from PySide6.QtGui import QAction, QKeySequence
from PySide6.QtWidgets import QFrame, QHBoxLayout, QMenu, QVBoxLayout, QWidget

from console.models.sorted_table import SortedTable
from console.ui.actions import ActionSet
from console.ui.errands import Errands
from console.ui.icons import icon
from console.ui.table_view import TableView
from console.ui.translation import tr
from console.widgets.column_layout import lay_out_columns
from console.widgets.flow import FlowLayout
from console.widgets.key_button import KeyButton
from console.widgets.panel import bare_column
from console.widgets.steady_scroll import SteadyScroll


def always() -> str:
    return ""


@dataclass(frozen=True, slots=True)
class Deed:
    """`command` names whose permission governs it; `why_not` tells (translated) what of the selection forbids it."""

    deed_id: str
    text: str  # marked English
    command: str
    run: Callable[[], Coroutine[Any, Any, object]]
    why_not: Callable[[], str] = always
    key: str = ""
    icon: str = ""
    is_primary: bool = False


class TablePage(QWidget):
    """Subclasses give the deeds; `refresh()` after selection or rights changed. Refusals go to `say`."""

    def __init__(
        self, table_id: str, model: SortedTable, give_way: tuple[int, ...], say: Callable[[str], None]
    ) -> None:
        super().__init__()
        self.model = model
        self.errands = Errands(say)
        self.denied: Mapping[str, str] = {}
        self.table = TableView(table_id)
        self.table.setModel(model)
        lay_out_columns(self.table, [column.width for column in model.COLUMNS], give_way)
        SteadyScroll(self.table)
        self.deeds: dict[str, Deed] = {}
        self.actions_of: dict[str, QAction] = {}
        self.buttons: dict[str, KeyButton] = {}
        self.bar = QFrame()
        self.bar.setProperty("role", "panel")
        place = QVBoxLayout(self.bar)
        place.setContentsMargins(14, 6, 14, 6)
        inner = QWidget()
        self._row = FlowLayout(inner, spacing=8)
        place.addWidget(inner)
        self.column = bare_column(self)
        self.body = QHBoxLayout()
        self.body.setSpacing(0)
        self.body.addWidget(self.table, 1)
        self.column.addLayout(self.body, 1)
        self.column.addWidget(self.bar)
        self.setFocusProxy(self.table)
        self.table.selectionModel().selectionChanged.connect(lambda *_: self.refresh())

    def offer(self, deeds: Sequence[Deed], actions: ActionSet) -> None:
        """Buttons below, keys in the table, and the same in its context menu."""
        for deed in deeds:
            action = QAction(self.table)
            action.setObjectName(deed.deed_id)
            if deed.key:
                action.setShortcut(QKeySequence(deed.key))
                action.setShortcutContext(Qt.ShortcutContext.WidgetWithChildrenShortcut)
            action.triggered.connect(lambda _checked=False, one=deed: self.errands.run(one.run()))
            self.table.addAction(action)
            button = KeyButton(key=deed.key, primary=deed.is_primary)
            button.bind(action, deed.key)
            self._row.addWidget(button)
            self.deeds[deed.deed_id], self.actions_of[deed.deed_id] = deed, action
            self.buttons[deed.deed_id] = button
        self.table.setContextMenuPolicy(Qt.ContextMenuPolicy.CustomContextMenu)
        self.table.customContextMenuRequested.connect(lambda place: self._menu(place, actions))
        self.retell()

    def retell(self) -> None:
        """Another language or theme."""
        for deed_id, deed in self.deeds.items():
            action = self.actions_of[deed_id]
            action.setText(tr(deed.text))
            if deed.icon:
                action.setIcon(icon(deed.icon))
        self.refresh()

    def refresh(self) -> None:
        """What the person may and the selection allows; everything else says why not."""
        for deed_id, deed in self.deeds.items():
            why = tr(self.denied[deed.command]) if deed.command in self.denied else deed.why_not()
            action = self.actions_of[deed_id]
            action.setEnabled(not why)
            action.setToolTip(why or tr(deed.text))
        self._tell_detail()

    def set_denied(self, denied: Mapping[str, str]) -> None:
        self.denied = denied
        self.refresh()

    def selected(self) -> int:
        """Position of the one selected row, -1 for none."""
        rows = self.table.selected_rows()
        return rows[0] if rows else -1

    def close_page(self) -> None:
        self.errands.cancel()
        self.model.close()  # type: ignore[attr-defined]  # every table of this view is a RecordTable

    def _tell_detail(self) -> None:
        """What a page shows beside or below its table."""

    def _menu(self, place: QPoint, actions: ActionSet) -> None:
        menu = QMenu(self.table)
        menu.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        for action in self.actions_of.values():
            menu.addAction(action)
        menu.addSeparator()
        for action_id in ("table.copy", "table.export"):
            menu.addAction(actions.action(action_id))
        menu.popup(self.table.viewport().mapToGlobal(place))
