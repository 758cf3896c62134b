"""The context menu of a table: the same action objects as everywhere else."""

from collections.abc import Sequence

from PySide6.QtCore import QPoint, Qt
from PySide6.QtWidgets import QAbstractItemView, QMenu

from console.ui.actions import ActionSet


def attach_menu(view: QAbstractItemView, actions: ActionSet, action_ids: Sequence[str]) -> None:
    """Show these actions on a right click; an empty id is a separator."""
    view.setContextMenuPolicy(Qt.ContextMenuPolicy.CustomContextMenu)
    view.customContextMenuRequested.connect(lambda place: _popup(view, actions, action_ids, place))


def _popup(view: QAbstractItemView, actions: ActionSet, action_ids: Sequence[str], place: QPoint) -> None:
    menu = QMenu(view)
    for action_id in action_ids:
        if action_id:
            menu.addAction(actions.action(action_id))
        else:
            menu.addSeparator()
    menu.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
    menu.popup(view.viewport().mapToGlobal(place))
