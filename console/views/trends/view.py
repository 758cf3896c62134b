"""Trends: up to 32 values over time, live or looking back, on stacked plots with limits, cursors and a table."""

from collections.abc import Callable, Mapping

from PySide6.QtCore import QPoint, QRect, Qt, QTimer
from PySide6.QtGui import QDragEnterEvent, QDropEvent, QKeyEvent, QKeySequence, QShortcut
from PySide6.QtWidgets import QStackedWidget

from console.models.heartbeat import BEATS_PER_SECOND, heartbeat
from console.models.tag_cache import TagChange, tag_cache
from console.models.trend_feed import TrendFeed
from console.models.trend_limits import AlarmLimits
from console.ui.format import clock_text
from console.ui.theme import theme
from console.ui.translation import mark, tr
from console.ui.view import Selection, View, ViewContext
from console.ui.wall_clock import now_us
from console.views.trends.beside import Beside
from console.views.trends.extras import Extra, TrendParts
from console.views.trends.far_tags import FarTags
from console.views.trends.frame import TrendFrame
from console.views.trends.layout import look_from_json, look_to_json, pens_from_json, pens_to_json
from console.views.trends.navigation import MINUTE, TrendNavigation
from console.views.trends.pen_desk import PenDesk
from console.views.trends.pens import PenSet
from console.views.trends.plot_desk import PlotDesk
from console.views.trends.time_choice import TimeChoice
from console.views.trends.window_figures import WindowFigures
from console.widgets.table_export import export_table
from console.widgets.trend_plot import PlotGroup, TrendPlot
from console.widgets.trend_readout import TrendReadout

NO_SUCH_TAG = mark("No tag matches “{words}”")
BUCKETS = 4000
OVERVIEW_US = 1440 * MINUTE
NUMBERS_MS = 60
AROUND_SHARE = 0.7  # an alarm's moment stands here in the window


class TrendsView(View):
    view_id = "trends"
    title = mark("Trends")
    icon = "trends"

    def __init__(self, context: ViewContext, now_us: Callable[[], int] = now_us) -> None:
        super().__init__(context)
        self._now_us = now_us
        self._cache = tag_cache(context.station)
        self._feed = TrendFeed(context.station, self._say, now_us)
        self._limits = AlarmLimits(context.station)
        self.pens = PenSet(self._feed, self._limits, self._cache)
        self._mark = (0, 0)
        self.setAcceptDrops(True)
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.plot = TrendPlot()
        self.desk = PenDesk(self._cache, self.plot.cursors, context, self)
        self.frame = TrendFrame(self, self.title, self._cache, self.plot, self.desk, self._now_us)
        self.header, self.table, self.model = self.frame.header, self.desk.table, self.desk.model
        self._stack: QStackedWidget = self.frame.stack
        self._readout = TrendReadout(self.plot)
        self.navigation = TrendNavigation(self.plot, self._now_us, self)
        self.time = TimeChoice(self.frame.time_bar, self.navigation, context.station, self._now_us, self._say)
        self.far = FarTags(self.header.field, context.station, self._cache, self.pens, self.add_pen, self._say)
        self._figures = WindowFigures(context.station, self.model, self._now_us, self)
        self._plots = PlotDesk(self.plot, self.pens, self.navigation, self._rebuild, self._say)
        self._numbers = QTimer(self, singleShot=True, interval=NUMBERS_MS)
        self._numbers.timeout.connect(self._refresh_numbers)
        self._leave: Callable[[], None] | None = None
        parts = TrendParts(
            self, context, self._cache, self._feed, self.pens, self.plot, self.header, self.navigation,
            self.table, self.model, self.frame.drawing, self._rebuild, self._now_us,
            self.frame.beside, self.frame.below,
        )  # fmt: skip
        self.extras: dict[str, Extra] = {}  # name of the part's remembered state
        self.extras["beside"] = Beside(parts)
        self._connect()
        self._retell()
        self._rebuild()

    def _connect(self) -> None:
        navigation, plot, header = self.navigation, self.plot, self.header
        header.live_pressed.connect(lambda: navigation.pause() if navigation.is_live else navigation.follow())
        header.cursors_pressed.connect(self._plots.show_cursors)
        header.keys.triggered.connect(self._plots.show_keys)
        header.more_opens.connect(header.add_keys)
        header.field.chosen.connect(self.add_pen)
        header.field.nothing.connect(lambda text: self._say(tr(NO_SUCH_TAG, words=text)))
        navigation.settled.connect(self._load)
        navigation.moved.connect(self._tell_time)
        plot.cursor_moved.connect(self._on_cursor)
        plot.cursors.changed.connect(self._tell_time)
        self.frame.overview.moved.connect(navigation.look_at)
        self._feed.touched.connect(plot.touched)
        self._feed.reloaded.connect(self._on_reloaded)
        self.desk.chosen.connect(self._on_row)
        self.desk.fill_menu = self._plots.menu.fill_for_pens
        self.time.jumped.connect(self._mark_moment)
        self._undo = self._cache.subscribe(self._on_tags)
        self._limits.changed = self._rebuild
        theme().changed.connect(self._retell)
        for keys, act in (("Alt+Left", navigation.back), ("Alt+Right", navigation.forward)):
            shortcut = QShortcut(QKeySequence(keys), self)
            shortcut.setContext(Qt.ShortcutContext.WidgetWithChildrenShortcut)
            shortcut.activated.connect(act)

    def action_handlers(self) -> Mapping[str, Callable[[], object]]:
        return {
            "app.filter": self.header.field.setFocus,
            "show.topology": self._show_topology,
            "table.copy": self.desk.copy,
            "table.export": lambda: export_table(self.desk.shown, self._say),
        }

    def add_pen(self, handle: int, plot: int | None = None) -> bool:
        """Draw a tag, on the plot of this key; a tag without numbers is refused beside the view."""
        tag = self._cache.tag(handle)
        if tag is None:
            return False
        if any(extra.takes(tag) for extra in self.extras.values()):
            return True
        why = self.pens.refusal(tag)
        if why:
            self._say(why)
            return False
        if handle not in self.pens:
            self.pens.add(tag, plot=plot)
            now = self._now_us()
            self._feed.load(now - OVERVIEW_US, now, BUCKETS // 2, (handle,))
            self._rebuild()
            self.navigation.load_soon()
        return True

    def remove_selected(self) -> None:
        for row in self.desk.selected():
            self.pens.remove(row.tag.handle)
        self._rebuild()

    def show_selection(self, selection: Selection) -> None:
        """Add the tag of the selection; an alarm's moment is marked and brought into view."""
        handle, priority = selection.tag_handle, 0
        if selection.occurrence is not None:
            known, priority = self._limits.handle_and_priority(selection.occurrence)
            handle = known if handle < 0 else handle
        if handle < 0 and selection.tag_id is not None:
            handle = self._cache.handle_of(selection.tag_id)
        if handle < 0 or not self.add_pen(handle):
            return
        at_us = selection.at_us or (selection.occurrence.start_us if selection.occurrence else 0)
        if at_us:
            self._mark_moment(at_us, priority)
            span = self.navigation.look.span_us
            if not self._now_us() - span < at_us:
                end = at_us + round(span * (1 - AROUND_SHARE))
                self.navigation.look_at(end - span, end)

    def save_state(self) -> dict[str, object]:
        state = {**pens_to_json(self.pens.remembered()), **look_to_json(self.navigation.look)}
        state["splitter"] = self.frame.splitter.sizes()
        state["extras"] = {name: extra.save_state() for name, extra in self.extras.items()}
        return state

    def restore_state(self, state: Mapping[str, object]) -> None:
        """What `save_state` gave, or an older version of this program; what is missing stays as it is."""
        self.navigation.begin_with(look_from_json(state, self.navigation.look))
        if "pens" in state and self.pens.recall(pens_from_json(state)):
            self.navigation.load_soon()
        self.far.recall_soon()
        sizes, extras = state.get("splitter"), state.get("extras")
        if isinstance(sizes, list) and len(sizes) == 2 and all(isinstance(size, int) for size in sizes):
            self.frame.splitter.setSizes(sizes)
        for name, extra in self.extras.items():
            kept = extras.get(name) if isinstance(extras, dict) else None
            if isinstance(kept, dict):
                extra.restore_state(kept)
        self._rebuild()

    def close_view(self) -> None:
        self.hideEvent(None)
        stops = (self._figures.close, self.navigation.stop, self.desk.between.stop, self._numbers.stop, self._undo)
        closes = (self.time.close, self._plots.close, self.far.close, self._limits.close, self._feed.close)
        for end in (*stops, *(extra.close for extra in self.extras.values()), *closes):
            end()

    def showEvent(self, event: object) -> None:
        self.time.ask_shifts()
        if self._leave is None:
            self._leave = heartbeat().join(self._on_beat)

    def hideEvent(self, event: object) -> None:
        if self._leave is not None:
            self._leave()
            self._leave = None

    def keyPressEvent(self, event: QKeyEvent) -> None:
        if event.key() == Qt.Key.Key_Delete and self.desk.shown.hasFocus():
            self.remove_selected()

    def dragEnterEvent(self, event: QDragEnterEvent) -> None:
        if event.mimeData().hasText():
            event.acceptProposedAction()

    def dropEvent(self, event: QDropEvent) -> None:
        """Text rows of tags: their ids or paths. On a plot they are drawn there, elsewhere with those of their unit."""
        row = self.plot.row_at(self.plot.mapFrom(self, event.position().toPoint()))
        key = self.pens.shown[row] if 0 <= row < len(self.pens.shown) else None
        for handle in self.pens.handles_in(event.mimeData().text()):
            self.add_pen(handle, key)
        event.acceptProposedAction()

    def _on_beat(self, beat: int) -> None:
        if not self._has_rows():
            return
        self.navigation.beat()
        if beat % (BEATS_PER_SECOND // 2) == 0:
            self._refresh_numbers()
            self.desk.between.follow(self._now_us())
            self._tell_time()
        for extra in self.extras.values():
            extra.beat(beat)

    def _refresh_numbers(self) -> None:
        (from_us, to_us), now = self.plot.window_us, self._now_us()
        self.model.refresh(from_us, min(to_us, now))
        self._figures.follow(from_us, min(to_us, now))
        if rows := self.desk.selected() or self.pens.rows:
            self.frame.overview.show_range(rows[0].pen, (rows[0].pen.first_us or from_us, now), (from_us, to_us))

    def _rebuild(self) -> None:
        """Pens, limits or the selected pen changed."""
        self.desk.set_rows(self.pens.rows)
        selected = self.desk.selected()
        groups = self.pens.groups(selected[0].tag.handle if selected else -1)
        has_rows = self._has_rows()
        self.plot.set_groups(groups or [PlotGroup("", ())] * has_rows)
        self.plot.mark(*self._mark)
        self.frame.show_pens(bool(self.pens.rows), has_rows)
        self.setFocusProxy(self.plot if has_rows else None)  # type: ignore[arg-type]  # its keys pan and zoom
        if has_rows:
            self.navigation.show()
            self._refresh_numbers()
        for extra in self.extras.values():
            extra.pens_changed()

    def _has_rows(self) -> bool:
        return bool(self.pens.rows) or any(extra.has_rows for extra in self.extras.values())

    def _on_tags(self, change: TagChange) -> None:
        if change.defined:
            self.header.field.forget()
            if self.pens.waiting and self.pens.adopt():
                self._rebuild()
                self.navigation.load_soon()

    def _on_row(self) -> None:
        self._rebuild()
        if rows := self.desk.selected():
            tag = rows[0].tag
            self.selected.emit(Selection(asset_id=tag.asset_id, tag_handle=tag.handle, tag_id=tag.tag_id))

    def _on_reloaded(self) -> None:
        self.plot.reloaded()
        self.desk.between.reloaded()

    def _on_cursor(self, at_us: int | None) -> None:
        self.model.set_cursor(at_us)
        if at_us is None:
            self._readout.hide()
            return
        left, right = self.plot.sides
        within = QRect(QPoint(left + 2, 8), QPoint(self.plot.width() - right, self.plot.height() - 24))
        moment = clock_text(at_us, self.plot.window_us[1])
        self._readout.tell(moment, self.model.readings(at_us), self.plot.pointer, within)

    def _mark_moment(self, at_us: int, priority: int = 0) -> None:
        self._mark = (at_us, priority)
        self.plot.mark(*self._mark)

    def _load(self, from_us: int, to_us: int) -> None:
        self._feed.load(from_us, to_us + MINUTE // 60, BUCKETS)

    def _show_topology(self) -> None:
        if rows := self.desk.selected():
            tag = rows[0].tag
            self.context.go("topology", Selection(tag.asset_id, tag.handle, tag.tag_id))

    def _tell_time(self) -> None:
        self.header.tell(self.navigation.is_live, self.time.words(), self.plot.cursors.span is not None)
        self.time.tell()
        if not self._numbers.isActive():  # while somebody drags, too
            self._numbers.start()

    def _say(self, text: str) -> None:
        self.context.refused(self, text)

    def _retell(self) -> None:
        self.frame.retell()
        self.desk.between.retell()
        for extra in self.extras.values():
            extra.retell()
        self._tell_time()
