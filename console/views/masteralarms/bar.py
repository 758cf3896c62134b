"""The deeds below the table: a button with its key for each, the same in the menu, and why one cannot be done."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from PySide6.QtCore import QPoint, Qt
from PySide6.QtGui import QAction, QKeySequence
from PySide6.QtWidgets import QFrame, QMenu, QVBoxLayout, QWidget

from console.ui.actions import ActionSet
from console.ui.plain_label import plain_tip
from console.ui.table_view import TableView
from console.ui.translation import tr
from console.widgets.flow import FlowLayout
from console.widgets.key_button import KeyButton


@dataclass(frozen=True, slots=True)
class Deed:
    """`command` names whose permission governs it ("" for none); `why_not` tells (translated) what forbids it now."""

    deed_id: str
    text: str  # marked English
    run: Callable[[], object]
    why_not: Callable[[], str]
    command: str = ""
    key: str = ""
    is_primary: bool = False


class DeedBar(QFrame):
    """`refresh` after the selection, the rights or the language changed."""

    def __init__(self, deeds: Sequence[Deed], tables: Sequence[TableView], actions: ActionSet) -> None:
        super().__init__()
        self.setProperty("role", "panel")
        self.actions_of: dict[str, QAction] = {}
        self.denied: Mapping[str, str] = {}
        self._deeds, self._frame_actions = tuple(deeds), actions
        inner = QWidget()
        place, flow = QVBoxLayout(self), FlowLayout(inner, spacing=8)
        place.setContentsMargins(14, 6, 14, 6)
        place.addWidget(inner)
        for deed in deeds:
            action = QAction(self)
            action.setObjectName(deed.deed_id)
            if deed.key:
                action.setShortcut(QKeySequence(deed.key))
                action.setShortcutContext(Qt.ShortcutContext.WidgetWithChildrenShortcut)
            action.triggered.connect(lambda _checked=False, one=deed: one.run())
            for table in tables:
                table.addAction(action)
            button = KeyButton(key=deed.key, primary=deed.is_primary)
            button.bind(action, deed.key)
            flow.addWidget(button)
            self.actions_of[deed.deed_id] = action
        for table in tables:
            table.setContextMenuPolicy(Qt.ContextMenuPolicy.CustomContextMenu)
            table.customContextMenuRequested.connect(lambda at, one=table: self._menu(one, at))
        self.refresh()

    def refresh(self) -> None:
        for deed in self._deeds:
            action = self.actions_of[deed.deed_id]
            why = tr(self.denied[deed.command]) if deed.command in self.denied else deed.why_not()
            action.setText(tr(deed.text))
            action.setEnabled(not why)
            action.setToolTip(plain_tip(why or tr(deed.text)))

    def _menu(self, table: TableView, at: QPoint) -> None:
        menu = QMenu(table)
        menu.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        for action in self.actions_of.values():
            menu.addAction(action)
        menu.addSeparator()
        for action_id in ("table.copy", "table.export"):
            menu.addAction(self._frame_actions.action(action_id))
        menu.popup(table.viewport().mapToGlobal(at))
