"""Where letter keys act: in tables, trees and canvases, never in fields and popups."""

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QAbstractItemView, QWidget

LIST_PROPERTY = "list_keys"  # a canvas sets this property to True to be treated as a list


def has_list_focus(widget: QWidget | None) -> bool:
    """True when the widget with the keyboard is a list of things that actions can act on."""
    if widget is None or widget.window().windowType() == Qt.WindowType.Popup:
        return False
    return isinstance(widget, QAbstractItemView) or bool(widget.property(LIST_PROPERTY))
