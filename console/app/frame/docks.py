"""Views as docks: split, tabbed, torn off to other monitors; a view is built when it is first looked at."""

import base64
import binascii
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from PySide6.QtCore import QByteArray, QObject, QTimer, Signal
from PySide6.QtGui import QIcon
from PySide6.QtWidgets import QAbstractButton, QApplication, QVBoxLayout, QWidget

from console.ui.icons import icon
from console.ui.theme import theme
from console.ui.translation import tr
from console.ui.view import Selection, View, ViewContext
from console.widgets.notice_bar import NoticeBar

LAYOUT_VERSION = 1
_BUTTON_ICONS = {
    "tabCloseButton": "close",
    "dockAreaCloseButton": "close",
    "detachGroupButton": "detach",
    "tabsMenuButton": "down",
}


@dataclass(frozen=True, slots=True)
class ViewSpec:
    """One screen: `title` is marked English, `factory` imports the view late and builds it."""

    view_id: str
    title: str
    icon: str
    factory: Callable[[ViewContext], View]


class ViewPage(QWidget):
    """A notice bar above the view, so that a refusal stands where the eye is."""

    def __init__(self) -> None:
        super().__init__()
        self.notice = NoticeBar()
        self.view: View | None = None
        self._column = QVBoxLayout(self)
        self._column.setContentsMargins(0, 0, 0, 0)
        self._column.setSpacing(0)
        self._column.addWidget(self.notice)

    def hold(self, view: View) -> None:
        self.view = view
        self._column.addWidget(view, 1)


class DockArea(QObject):
    """Wraps the dock manager. Signals name views by id; `floated(container)` lets the frame add its slim banner."""

    current_changed = Signal(str)
    built = Signal(str)
    floated = Signal(object)  # QWidget of the torn-off window

    def __init__(self, parent: QWidget, specs: Sequence[ViewSpec], context: ViewContext) -> None:
        super().__init__(parent)
        import PySide6QtAds as ads  # noqa: N813

        self._ads = ads
        self._context = context
        self._specs = {spec.view_id: spec for spec in specs}
        self._states: dict[str, Mapping[str, Any]] = {}
        self._pages: dict[str, ViewPage] = {}
        self._docks: dict[str, Any] = {}
        self._current = ""
        flag = ads.CDockManager.eConfigFlag
        manager = ads.CDockManager
        for name, on in (
            (flag.OpaqueSplitterResize, True),
            (flag.AlwaysShowTabs, True),
            (flag.DockAreaHasCloseButton, False),
            (flag.DockAreaHasTabsMenuButton, True),
            (flag.DockAreaDynamicTabsMenuButtonVisibility, True),
            (flag.AllTabsHaveCloseButton, False),
            (flag.ActiveTabHasCloseButton, True),
            (flag.FloatingContainerHasWidgetTitle, True),
            (flag.XmlCompressionEnabled, True),
            (flag.DisableStylesheet, True),
            (flag.MiddleMouseButtonClosesTab, True),
            (flag.DoubleClickUndocksWidget, True),
        ):
            manager.setConfigFlag(name, on)
        self.manager = manager(parent)
        self._dress()
        self.manager.floatingWidgetCreated.connect(self.floated.emit)
        for spec in specs:
            self._docks[spec.view_id] = self._make_dock(spec)
        theme().changed.connect(self.retranslate)
        self.retranslate()

    def _make_dock(self, spec: ViewSpec) -> Any:
        dock = self._ads.CDockWidget(self.manager, spec.view_id)
        dock.setObjectName(spec.view_id)
        page = ViewPage()
        dock.setWidget(page, self._ads.CDockWidget.eInsertMode.ForceNoScrollArea)
        self._pages[spec.view_id] = page
        dock.visibilityChanged.connect(lambda shown, key=spec.view_id: self._visible(key, shown))
        area = self.manager.dockArea(0) if self.manager.dockAreaCount() else None
        if area is None:
            self.manager.addDockWidget(self._ads.CenterDockWidgetArea, dock)
        else:
            self.manager.addDockWidgetTabToArea(dock, area)
        dock.toggleView(False)
        return dock

    @property
    def current(self) -> str:
        """Id of the view that was last brought to the front or focused."""
        return self._current

    def view(self, view_id: str) -> View | None:
        """The built view, or None before its first showing."""
        page = self._pages.get(view_id)
        return page.view if page is not None else None

    def views(self) -> list[View]:
        return [page.view for page in self._pages.values() if page.view is not None]

    def explainer(self, selection: Selection) -> View | None:
        """The view in sight that tells everything about a selection, None for none."""
        return next((view for view in self.views() if view.explains(selection)), None)

    def is_shown(self, view_id: str) -> bool:
        return view_id in self._docks and not self._docks[view_id].isClosed()

    def activate(self, view_id: str) -> None:
        """Open the view where it was, in front of its tabs; raise the window it was torn off to."""
        dock = self._docks.get(view_id)
        if dock is None:
            return
        if dock.isClosed():
            dock.toggleView(True)
        dock.setAsCurrentTab()
        container = dock.floatingDockContainer()
        if container is not None:
            container.raise_()
            container.activateWindow()
        elif QApplication.activeWindow() is not None and not dock.isActiveWindow():
            dock.window().activateWindow()  # the person comes from a torn-off window of ours
        self.build(view_id)
        self._make_current(view_id)

    def tear_off(self, view_id: str) -> None:
        """Put the view in a window of its own."""
        self.activate(view_id)
        self._docks[view_id].setFloating()

    def build(self, view_id: str) -> View:
        """Make the view unless it stands already, with the state it had last."""
        page = self._pages[view_id]
        if page.view is None:
            view = self._specs[view_id].factory(self._context)
            page.hold(view)
            state = self._states.get(view_id)
            if state:
                view.restore_state(state)
            self.built.emit(view_id)
        assert page.view is not None
        return page.view

    def notice_for(self, widget: QWidget) -> NoticeBar | None:
        """The bar of the view that holds the widget."""
        at: QWidget | None = widget
        while at is not None:
            if isinstance(at, ViewPage):
                return at.notice
            at = at.parentWidget()
        return None

    def dismiss_notice(self) -> bool:
        """Put away what is said over the view that is looked at; False when nothing was."""
        page = self._pages.get(self._current)
        return page is not None and page.notice.dismiss()

    def view_id_of(self, widget: QWidget | None) -> str:
        """Id of the view that holds the widget, empty for one outside all views."""
        at = widget
        while at is not None:
            if isinstance(at, ViewPage):
                return next((key for key, page in self._pages.items() if page is at), "")
            at = at.parentWidget()
        return ""

    def set_focus_view(self, view_id: str) -> None:
        if view_id:
            self._make_current(view_id)

    def save(self) -> dict[str, object]:
        """JSON-able: dock state, the current view and each view's own state."""
        state = bytes(self.manager.saveState(LAYOUT_VERSION).data())
        views = {view.view_id: view.save_state() for view in self.views()}
        kept = {key: value for key, value in self._states.items() if key not in views}
        return {
            "version": LAYOUT_VERSION,
            "docks": base64.b64encode(state).decode("ascii"),
            "current": self._current,
            "views": {**kept, **views},
        }

    def restore(self, layout: Mapping[str, Any]) -> bool:
        """What `save` gave; False and nothing changed when it cannot be used."""
        views = layout.get("views")
        if isinstance(views, dict):
            self._states = {key: value for key, value in views.items() if isinstance(value, dict)}
        for view in self.views():
            if view.view_id in self._states:
                view.restore_state(self._states[view.view_id])
        try:
            state = base64.b64decode(str(layout.get("docks", "")), validate=True)
        except (binascii.Error, ValueError):
            return False
        if not state or not self.manager.restoreState(QByteArray(state), LAYOUT_VERSION):
            return False
        for view_id in self._docks:
            if self.is_shown(view_id) and self._docks[view_id].isCurrentTab():
                QTimer.singleShot(0, self, lambda key=view_id: self.build(key))
        current = str(layout.get("current", ""))
        if current in self._docks:
            self.activate(current)
        return True

    def _dress(self) -> None:
        ads = self._ads
        provider = self.manager.iconProvider()
        for which, icon_id in (
            (ads.TabCloseIcon, "close"),
            (ads.DockAreaCloseIcon, "close"),
            (ads.DockAreaUndockIcon, "detach"),
            (ads.DockAreaMenuIcon, "down"),
        ):
            provider.registerCustomIcon(which, QIcon(icon(icon_id, "text.dim")))  # the binding consumes its argument

    def retranslate(self) -> None:
        for view_id, dock in self._docks.items():
            dock.setWindowTitle(tr(self._specs[view_id].title))
            dock.setIcon(QIcon(icon(self._specs[view_id].icon, "text.dim")))
        self._dress()
        for container in self.manager.dockContainers():
            for button in container.findChildren(QAbstractButton):
                if button.objectName() in _BUTTON_ICONS:
                    button.setIcon(QIcon(icon(_BUTTON_ICONS[button.objectName()], "text.dim")))

    def close_views(self) -> None:
        for view in self.views():
            view.close_view()

    def _visible(self, view_id: str, shown: bool) -> None:
        if not shown or self.manager.isRestoringState():
            return
        self.build(view_id)
        self._make_current(view_id)

    def _make_current(self, view_id: str) -> None:
        if view_id != self._current:
            self._current = view_id
            self.current_changed.emit(view_id)
