"""The window: banner above and strip below that nothing covers, rail, docks and faceplate between them."""

from collections.abc import Callable, Sequence
from functools import partial

from PySide6.QtCore import QEvent, Qt, QTimer, Signal
from PySide6.QtGui import QCloseEvent, QKeySequence, QPaintEvent, QResizeEvent, QShortcut
from PySide6.QtWidgets import (
    QApplication,
    QFrame,
    QHBoxLayout,
    QMainWindow,
    QSplitter,
    QVBoxLayout,
    QWidget,
)

from console.app.frame.banners import Banners
from console.app.frame.docks import DockArea, ViewSpec
from console.app.frame.faceplate import Faceplate
from console.app.frame.focus import has_list_focus, is_field, keyboard_place
from console.app.frame.horn import Horn
from console.app.frame.palette_items import Do, GoTo, TagFinder, drag_from, palette_items
from console.app.frame.people_items import waiting_items
from console.app.frame.person import Person
from console.app.frame.plant_picture import PlantPicture
from console.app.frame.session_desk import SessionDesk
from console.app.frame.strip_items import strip_items, view_behind
from console.app.frame.window_layout import WindowLayout
from console.app.frame.wishes import Wishes
from console.services.records import StatusRecord
from console.services.station import HORN, STATUS, Station
from console.ui.actions import ActionSet
from console.ui.errands import Errands
from console.ui.format import set_site_zone
from console.ui.preferences import Preferences
from console.ui.theme import theme
from console.ui.translation import tr
from console.ui.view import Selection, View, ViewContext
from console.ui.wall_clock import now_us
from console.widgets.command_palette import CommandPalette
from console.widgets.navigation_rail import NavigationRail, RailItem
from console.widgets.notice_bar import NoticeBar
from console.widgets.status_strip import StatusStrip

TICK_MS = 500
KEEP_MS = 20_000  # how much of a layout change a crash may cost


class MainWindow(QMainWindow):
    """Never quits by itself: `closing` asks whoever composed it, who then calls `finish()`.

    The window is shown first; docks and views are made right after, each view when it is first looked at.
    """

    closing = Signal()
    opened = Signal()  # docks and the first view stand

    def __init__(
        self,
        station: Station,
        views: Sequence[ViewSpec],
        preferences: Preferences,
        *,
        clock: Callable[[], int] = now_us,
        with_sound: bool = True,
    ) -> None:
        super().__init__()
        self.setWindowTitle("Leitstand")
        self.setMinimumSize(960, 600)
        self._station = station
        self._specs = tuple(views)
        self._clock = clock
        self._with_sound = with_sound
        self._status: StatusRecord | None = None
        self._history: list[str] = []
        self._is_finished = False
        self.docks: DockArea | None = None
        self._layout = WindowLayout(self)
        self.errands = Errands(self._say)
        self.picture = PlantPicture(station)
        self._tag_finder = TagFinder(self.picture)
        self.actions_set = ActionSet(self)
        self.context = ViewContext(station, self.actions_set, self.go, self.say_beside)
        self.wishes = Wishes(station, self.picture, self.errands, self.go, self, clock, self._say)
        wishes = (self.show_top_alarm, self._acknowledge_top, self.wishes.silence)
        self.banners = Banners(station, self.picture, wishes, self._show_priority, self)
        self.banners.main.aside_chosen.connect(self._show_aside)
        self.faceplate = Faceplate(station, self.picture, self.actions_set, self.errands, clock)
        self.faceplate.wished.connect(self.wishes.do)
        self.faceplate.explainer = lambda of: self.docks.explainer(of) if self.docks is not None else None
        self.horn = Horn(self)
        self.horn.failed.connect(lambda _text: self.banners.set_no_sound(True))
        self.horn.recovered.connect(lambda: self.banners.set_no_sound(False))
        self.notice = NoticeBar()
        self.desk = SessionDesk(
            station, self, self.errands, preferences.folder, clock, tell=self._tell_news, go=self.go
        )
        self._build()
        self.person = Person(station, preferences, self.actions_set, self.errands, self._on_person)
        self._undo = [station.subscribe(HORN, self.horn.show), station.subscribe(STATUS, self._on_status)]
        self._wire()

    def _build(self) -> None:
        page = QWidget()
        page.setObjectName("frame")
        column = QVBoxLayout(page)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(0)
        self.rail = NavigationRail(
            [
                RailItem(spec.view_id, spec.title, spec.icon, f"Ctrl+{at}" if at <= 9 else "")
                for at, spec in enumerate(self._specs, 1)
            ]
        )
        self.strip = StatusStrip()
        self._place = QFrame()  # the docks move in here
        self._place.setObjectName("surface")
        room = QVBoxLayout(self._place)
        room.setContentsMargins(0, 0, 0, 0)
        self.splitter = QSplitter()
        self.splitter.setHandleWidth(1)
        self.splitter.setChildrenCollapsible(False)
        self.splitter.addWidget(self._place)
        self.splitter.addWidget(self.faceplate)
        self.splitter.setStretchFactor(0, 1)
        self.splitter.setStretchFactor(1, 0)
        middle = QHBoxLayout()
        middle.setSpacing(0)
        middle.addWidget(self.rail)
        middle.addWidget(self.splitter, 1)
        column.addWidget(self.banners.main)
        column.addWidget(self.desk.bands)
        column.addWidget(self.notice)
        column.addLayout(middle, 1)
        column.addWidget(self.strip)
        self.setCentralWidget(page)
        self.palette_box = CommandPalette(page)
        self.palette_box.chosen.connect(self._on_palette)
        drag_from(self.palette_box)

    def _wire(self) -> None:
        actions = self.actions_set
        for action_id in ("alarm.acknowledge", "alarm.comment", "incident.open", "show.trend", "show.topology"):
            actions.register_global(action_id, partial(self._wish, action_id))
        for action_id, handler in (
            ("alarm.next", self.show_top_alarm),
            ("horn.silence", self.wishes.silence),
            ("show.procedure", self.faceplate.show_procedure),
            ("app.palette", self.open_palette),
            ("app.lock", self.desk.switch_user),
            ("app.lock_now", self.desk.lock),
            ("app.full_screen", self.toggle_full_screen),
            ("app.back", self.back),
            ("app.theme", self.person.switch_theme),
            ("app.language", self.person.switch_language),
        ):
            actions.register_global(action_id, handler)
        for at, spec in enumerate(self._specs[:9], 1):
            key = QShortcut(QKeySequence(f"Ctrl+{at}"), self)
            key.setContext(Qt.ShortcutContext.ApplicationShortcut)
            key.activated.connect(lambda view_id=spec.view_id: self.go(view_id))
        self.rail.chosen.connect(self.go)
        self.strip.clicked.connect(self._on_strip)
        app = QApplication.instance()
        assert isinstance(app, QApplication)
        app.setQuitOnLastWindowClosed(False)
        app.focusChanged.connect(self._on_focus)
        theme().changed.connect(self._retell)
        self._timer = QTimer(self, interval=TICK_MS)
        self._timer.timeout.connect(self.tick)
        self._timer.start()
        self._keeper = QTimer(self, interval=KEEP_MS)
        self._keeper.timeout.connect(lambda: self.keep_layout(carry=False))
        self._keeper.start()
        self.actions_set.refresh()
        self.tick()

    def paintEvent(self, event: QPaintEvent) -> None:
        """Docks and views come after the first picture, so that the person sees the frame at once."""
        super().paintEvent(event)
        if self.docks is None:
            QTimer.singleShot(0, self, self.open_docks)

    def open_docks(self) -> None:
        """Make the docks and bring back the layout this person had here; called by itself after the first show."""
        if self.docks is not None or self._is_finished:
            return
        self.docks = DockArea(self._place, self._specs, self.context)
        self.docks.built.connect(self._on_built)
        self.docks.current_changed.connect(self._on_current)
        self.docks.floated.connect(self.banners.dress)
        room = self._place.layout()
        assert room is not None
        room.addWidget(self.docks.manager)
        self._layout.restore()
        self.tick()
        if self._with_sound:
            QTimer.singleShot(0, self.horn, self.horn.open_device)
        self.opened.emit()

    def go(self, view_id: str, selection: Selection | None = None) -> None:
        """Show a view, and in it the selection; unknown views are passed over."""
        if self.docks is None or view_id not in {spec.view_id for spec in self._specs}:
            return
        self.docks.activate(view_id)
        view = self.docks.view(view_id)
        if selection is not None:
            if view is not None:
                view.show_selection(selection)
            self.faceplate.show_selection(selection)  # last: what the view selects for it may say less
        if view is not None:
            keyboard_place(view).setFocus()

    def show_top_alarm(self) -> None:
        selection = self.banners.top_selection()
        if selection is not None:
            self.go("alarms", selection)

    def open_palette(self) -> None:
        items = palette_items(self.picture, self._specs, self.actions_set)
        self.palette_box.open_with(items, self._tag_finder.bulk())

    def back(self) -> None:
        """Esc: a notice away, from the faceplate to the list, else the view before this one."""
        if self.notice.dismiss() or (self.docks is not None and self.docks.dismiss_notice()):
            return
        if self.docks is not None and self.faceplate.isAncestorOf(self.focusWidget() or self):
            self.go(self.docks.current)
        elif len(self._history) > 1:
            self._history.pop()
            self.go(self._history.pop())

    def toggle_full_screen(self) -> None:
        if self.isFullScreen():
            self.showMaximized() if self._was_maximized else self.showNormal()
        else:
            self._was_maximized = self.isMaximized()
            self.showFullScreen()

    _was_maximized = False

    def say_beside(self, widget: QWidget, text: str) -> None:
        """A refusal or error above the view it concerns (text already translated); the frame's bar otherwise."""
        bar = self.docks.notice_for(widget) if self.docks is not None else None
        (bar or self.notice).show_text(text, "refused")

    def keep_layout(self, *, carry: bool) -> None:
        """Write the layout at this workstation; `carry` also makes it a fact of the person."""
        if not self._is_finished:
            self._layout.keep(carry=carry)

    def finish(self) -> None:
        """Keep the layout and let everything go; afterwards the window can be deleted."""
        if self._is_finished:
            return
        self.keep_layout(carry=True)
        self._is_finished = True
        self._timer.stop()
        self._keeper.stop()
        self.errands.cancel()
        app = QApplication.instance()
        assert isinstance(app, QApplication)
        app.focusChanged.disconnect(self._on_focus)
        if self.docks is not None:
            self.docks.close_views()
        for undo in self._undo:
            undo()
        self.person.close()
        self.desk.close()
        self.banners.close()
        self.faceplate.close_panel()
        self._tag_finder.close()
        self.picture.close()
        self.horn.close()

    def closeEvent(self, event: QCloseEvent) -> None:
        if self._is_finished:
            super().closeEvent(event)
            return
        event.ignore()
        self.closing.emit()

    def tick(self) -> None:
        """Twice a second: ages, clock, strip and faceplate; models and views beat by themselves."""
        now_us = self._clock()
        self.banners.refresh_top()
        self.banners.tick(now_us)
        picture, session = self.picture, self.wishes.session
        items = strip_items(picture.own_links, self._status, session, now_us, picture.sync)
        self.strip.show_items(items + waiting_items(self.desk.people))
        self._badges()
        if self.faceplate.isVisible():
            self.faceplate.refresh()

    def changeEvent(self, event: QEvent) -> None:
        super().changeEvent(event)
        if event.type() == QEvent.Type.WindowStateChange and self.docks is not None:
            self.docks.manager.updateGeometry()

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        if self.palette_box.isVisible():
            self.palette_box.dismiss()

    def _badges(self) -> None:
        unacknowledged = self.banners.counts.unacknowledged
        worst = next((priority for priority, count in enumerate(unacknowledged, 1) if count), 0)
        self.rail.set_badge("alarms", sum(unacknowledged), worst)
        running = sum(record.state not in _ENDED for record in self.picture.incidents.values())
        self.rail.set_badge("incidents", running)

    def _wish(self, action_id: str) -> None:
        self.wishes.do(action_id, self.faceplate.selection)

    def _acknowledge_top(self) -> None:
        selection = self.banners.top_selection()
        if selection is not None:
            self.wishes.do("alarm.acknowledge", selection)

    def _show_priority(self, priority: int) -> None:
        self._show_alarms("show_priority", priority)

    def _show_aside(self, tab: str) -> None:
        self._show_alarms("show_aside", tab)

    def _show_alarms(self, how: str, what: object) -> None:
        self.go("alarms")
        view = self.docks.view("alarms") if self.docks is not None else None
        show = getattr(view, how, None)
        if callable(show):
            show(what)

    def _on_built(self, view_id: str) -> None:
        assert self.docks is not None
        view = self.docks.view(view_id)
        assert isinstance(view, View)
        view.selected.connect(self._on_selected)

    def _on_selected(self, selection: object) -> None:
        if isinstance(selection, Selection):
            self.faceplate.show_selection(selection)
            self.actions_set.refresh()

    def _on_current(self, view_id: str) -> None:
        assert self.docks is not None
        self.rail.set_current(view_id)
        self.actions_set.set_target(self.docks.view(view_id))
        if not self._history or self._history[-1] != view_id:
            self._history = [*self._history[-20:], view_id]

    def _on_focus(self, _old: QWidget | None, now: QWidget | None) -> None:
        if self.docks is not None:
            self.docks.set_focus_view(self.docks.view_id_of(now))
        self.actions_set.set_list_focus(has_list_focus(now))
        self.actions_set.set_typing(is_field(now))

    def _on_palette(self, payload: object) -> None:
        if isinstance(payload, GoTo):
            self.go(payload.view_id, payload.selection)
        elif isinstance(payload, Do):
            self.actions_set.trigger(payload.action_id)

    def _on_strip(self, key: str) -> None:
        if key == "person":
            self.desk.switch_user()
        elif key != "clock":
            self.go(view_behind(key))

    def _on_status(self, status: StatusRecord) -> None:
        self._status = status
        set_site_zone(status.time_zone)

    def _on_person(self, changed_user: bool) -> None:
        self.wishes.session = self.person.session
        self.banners.set_denied(tr(self.actions_set.why_denied("alarm.acknowledge")))
        if changed_user and self.docks is not None:
            self._layout.restore()

    @property
    def first_view(self) -> str:
        return self._specs[0].view_id

    def _retell(self) -> None:
        self.banners.set_denied(tr(self.actions_set.why_denied("alarm.acknowledge")))
        self.tick()

    def _tell_news(self, text: str) -> None:
        self.notice.show_text(text, "info")

    def _say(self, text: str) -> None:
        """Beside the view that is looked at, else in the frame."""
        view = self.docks.view(self.docks.current) if self.docks is not None else None
        self.say_beside(view or self, text)


_ENDED = frozenset({"closed", "cancelled", "resolved"})
