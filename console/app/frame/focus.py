"""Where letter keys act: in tables, trees and the canvases of views, never in fields, buttons and popups."""

from PySide6.QtCore import Qt
from PySide6.QtWidgets import (
    QAbstractButton,
    QAbstractItemView,
    QAbstractSlider,
    QAbstractSpinBox,
    QComboBox,
    QLineEdit,
    QPlainTextEdit,
    QTabBar,
    QTextEdit,
    QWidget,
)

from console.ui.view import View

_OWN_KEYS = (
    QAbstractButton,
    QAbstractSlider,
    QAbstractSpinBox,
    QComboBox,
    QLineEdit,
    QPlainTextEdit,
    QTabBar,
    QTextEdit,
)


_FIELDS = (QAbstractSpinBox, QComboBox, QLineEdit, QPlainTextEdit, QTextEdit)


def is_field(widget: QWidget | None) -> bool:
    """True for what text is typed into."""
    return isinstance(widget, _FIELDS)


def has_list_focus(widget: QWidget | None) -> bool:
    """True when the widget with the keyboard shows things that actions can act on."""
    if widget is None or isinstance(widget, _OWN_KEYS) or widget.window().windowType() == Qt.WindowType.Popup:
        return False
    if isinstance(widget, QAbstractItemView):
        return True
    at: QWidget | None = widget
    while at is not None and not isinstance(at, View):
        at = at.parentWidget()
    return at is not None and widget.focusPolicy() == Qt.FocusPolicy.StrongFocus


def keyboard_place(view: View) -> QWidget:
    """Where the keyboard goes when a view is opened: its chosen place, where it was, its first list in sight."""
    proxy, last = view.focusProxy(), view.focusWidget()
    for place in (proxy, last, *view.findChildren(QAbstractItemView)):
        if isinstance(place, QWidget) and place.isEnabled() and place.isVisibleTo(view):
            return place
    return view
