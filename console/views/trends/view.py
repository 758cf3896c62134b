"""Trends: up to 16 values over time, live or looking back, with limits, cursor and a table of the pens."""

from collections.abc import Callable, Mapping

from PySide6.QtCore import QPoint, QRect, Qt, QTimer
from PySide6.QtGui import QDragEnterEvent, QDropEvent
from PySide6.QtWidgets import QSplitter, QStackedWidget, QVBoxLayout, QWidget

from console.models.heartbeat import BEATS_PER_SECOND, heartbeat
from console.models.tag_cache import TagChange, tag_cache
from console.models.trend_feed import TrendFeed
from console.models.trend_limits import AlarmLimits
from console.models.trend_table import TrendTable
from console.ui.format import clock_text
from console.ui.plain_label import PlainLabel
from console.ui.table_view import TableView
from console.ui.theme import theme
from console.ui.translation import mark, tr
from console.ui.view import Selection, View, ViewContext
from console.ui.wall_clock import now_us
from console.views.trends.header import MINUTE, PRESETS, TrendHeader
from console.views.trends.pens import PenSet
from console.widgets.column_layout import lay_out_columns
from console.widgets.table_export import export_table
from console.widgets.trend_overview import TrendOverview
from console.widgets.trend_plot import TrendPlot
from console.widgets.trend_readout import TrendReadout

EMPTY = mark(
    "No pen yet. Type a few letters of a tag into the field above, drag a tag here, or press T on a row of any list."
)
NO_SUCH_TAG = mark("No tag matches “{words}”")
BUCKETS = 4000
OVERVIEW_US = 1440 * MINUTE
SETTLE_MS = 150
AROUND_SHARE = 0.7  # an alarm's moment stands here in the window


class TrendsView(View):
    view_id = "trends"
    title = mark("Trends")
    icon = "trends"

    def __init__(self, context: ViewContext, now_us: Callable[[], int] = now_us) -> None:
        super().__init__(context)
        self._now_us = now_us
        self._cache = tag_cache(context.station)
        self._feed = TrendFeed(context.station, lambda text: context.refused(self, text))
        self._limits = AlarmLimits(context.station)
        self._pens = PenSet(self._feed, self._limits, self._cache)
        self._is_live = True
        self._span_us = PRESETS[1][0]
        self._mark = (0, 0)
        self.setAcceptDrops(True)
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self._build()
        self._settle = QTimer(self, singleShot=True, interval=SETTLE_MS)
        self._settle.timeout.connect(self._load)
        self._connect()
        self._leave: Callable[[], None] | None = None
        self._retell()
        self._rebuild()

    def _build(self) -> None:
        self.header = TrendHeader(self.title, self._cache)
        self.plot = TrendPlot()
        self._overview = TrendOverview()
        self._readout = TrendReadout(self.plot)
        drawing = QWidget()
        column = QVBoxLayout(drawing)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(0)
        column.addWidget(self.plot, 1)
        column.addWidget(self._overview)
        self._empty = PlainLabel()
        self._empty.setProperty("role", "dim")
        self._empty.setAlignment(Qt.AlignmentFlag.AlignCenter)
        self._empty.setWordWrap(True)
        self._stack = QStackedWidget()
        self._stack.addWidget(self._empty)
        self._stack.addWidget(drawing)
        self.table = TableView("trend_pens")
        self.model = TrendTable(self._cache, self)
        self.table.setModel(self.model)
        lay_out_columns(self.table, (36, 0, 116, 104, 104, 104, 104, 190), (5, 4, 6))
        self._splitter = QSplitter(Qt.Orientation.Vertical)
        self._splitter.addWidget(self._stack)
        self._splitter.addWidget(self.table)
        self._splitter.setStretchFactor(0, 1)
        self._splitter.setSizes([800, 170])
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(0)
        layout.addWidget(self.header)
        layout.addWidget(self._splitter, 1)

    def _connect(self) -> None:
        self.header.live_pressed.connect(lambda: self._set_live(not self._is_live))
        self.header.span_chosen.connect(self._choose_span)
        self.header.field.chosen.connect(self.add_pen)
        self.header.field.nothing.connect(lambda text: self.context.refused(self, tr(NO_SUCH_TAG, words=text)))
        self.plot.window_wanted.connect(self._look_at)
        self.plot.live_wanted.connect(lambda: self._set_live(True))
        self.plot.cursor_moved.connect(self._on_cursor)
        self._overview.moved.connect(lambda end: self._look_at(end - self._span_us, end))
        self._feed.touched.connect(self.plot.touched)
        self._feed.reloaded.connect(self.plot.reloaded)
        self.table.selectionModel().selectionChanged.connect(lambda *_: self._on_row())
        self._undo = self._cache.subscribe(self._on_tags)
        self._limits.changed = self._rebuild
        theme().changed.connect(self._retell)

    def action_handlers(self) -> Mapping[str, Callable[[], object]]:
        return {
            "app.filter": self.header.field.setFocus,
            "show.topology": self._show_topology,
            "table.copy": self.table.copy_selection,
            "table.export": lambda: export_table(self.table, lambda text: self.context.refused(self, text)),
        }

    def add_pen(self, handle: int) -> bool:
        """Draw a tag; a tag without numbers is refused beside the view."""
        tag = self._cache.tag(handle)
        if tag is None:
            return False
        why = self._pens.refusal(tag)
        if why:
            self.context.refused(self, why)
            return False
        if handle not in self._pens:
            self._pens.add(tag)
            now = self._now_us()
            self._feed.load(now - OVERVIEW_US, now, BUCKETS // 2, (handle,))
            self._rebuild()
            self._settle.start()
        return True

    def remove_selected(self) -> None:
        for row in reversed(self.table.selected_rows()):
            self._pens.remove(self.model.rows[row].tag.handle)
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
            self._mark = (at_us, priority)
            self.plot.mark(*self._mark)
            if not self._now_us() - self._span_us < at_us:
                end = at_us + round(self._span_us * (1 - AROUND_SHARE))
                self._look_at(end - self._span_us, end)

    def save_state(self) -> dict[str, object]:
        return {"pens": self._pens.remembered(), "span_us": self._span_us, "splitter": self._splitter.sizes()}

    def restore_state(self, state: Mapping[str, object]) -> None:
        self._pens.recall(state)
        span, sizes = state.get("span_us"), state.get("splitter")
        if isinstance(span, int) and MINUTE // 60 <= span <= 400 * 1440 * MINUTE:
            self._span_us = span
        if isinstance(sizes, list) and len(sizes) == 2 and all(isinstance(size, int) for size in sizes):
            self._splitter.setSizes(sizes)
        if self._pens.adopt():
            self._settle.start()
        self._rebuild()

    def close_view(self) -> None:
        self.hideEvent(None)
        self._settle.stop()
        self._undo()
        self._limits.close()
        self._feed.close()

    def showEvent(self, event: object) -> None:
        if self._leave is None:
            self._leave = heartbeat().join(self._on_beat)

    def hideEvent(self, event: object) -> None:
        if self._leave is not None:
            self._leave()
            self._leave = None

    def keyPressEvent(self, event: object) -> None:
        if getattr(event, "key", lambda: 0)() == Qt.Key.Key_Delete and self.table.hasFocus():
            self.remove_selected()

    def dragEnterEvent(self, event: QDragEnterEvent) -> None:
        if event.mimeData().hasText():
            event.acceptProposedAction()

    def dropEvent(self, event: QDropEvent) -> None:
        """Text rows of tags: their ids or paths."""
        for handle in self._pens.handles_in(event.mimeData().text()):
            self.add_pen(handle)
        event.acceptProposedAction()

    def _on_beat(self, beat: int) -> None:
        if not self._pens.rows:
            return
        if self._is_live:
            self.plot.advance(self._now_us())
        if beat % (BEATS_PER_SECOND // 2) == 0:
            self._refresh_numbers()

    def _refresh_numbers(self) -> None:
        from_us, to_us = self.plot.window_us
        now = self._now_us()
        self.model.refresh(from_us, min(to_us, now))
        rows = self.table.selected_rows()
        shown = self.model.rows[rows[0] if rows else 0].pen
        self._overview.show_range(shown, (shown.first_us or from_us, now), (from_us, to_us))

    def _rebuild(self) -> None:
        """Pens, limits or the selected pen changed."""
        selected = self.table.selected_rows()
        strong = self.model.rows[selected[0]].tag.handle if selected else -1
        if [row.tag.handle for row in self.model.rows] != [row.tag.handle for row in self._pens.rows]:
            self.model.set_rows(list(self._pens.rows))
        self.plot.set_groups(self._pens.groups(strong))
        self.plot.set_span(self._span_us)
        self.plot.mark(*self._mark)
        self._stack.setCurrentIndex(1 if self._pens.rows else 0)
        self.setFocusProxy(self.plot if self._pens.rows else None)  # type: ignore[arg-type]  # its keys pan and zoom
        self.table.setVisible(bool(self._pens.rows))
        if self._pens.rows:
            if self._is_live:
                self.plot.advance(self._now_us())
            self._refresh_numbers()

    def _on_tags(self, change: TagChange) -> None:
        if change.defined:
            self.header.field.forget()
            if self._pens.waiting and self._pens.adopt():
                self._rebuild()
                self._settle.start()

    def _on_row(self) -> None:
        rows = self.table.selected_rows()
        self._rebuild()
        if rows:
            tag = self.model.rows[rows[0]].tag
            self.selected.emit(Selection(asset_id=tag.asset_id, tag_handle=tag.handle, tag_id=tag.tag_id))

    def _on_cursor(self, at_us: int | None) -> None:
        self.model.set_cursor(at_us)
        if at_us is None:
            self._readout.hide()
            return
        to_us = self.plot.window_us[1]
        place = self.plot.mapFromGlobal(self.plot.cursor().pos())
        within = QRect(QPoint(70, 8), QPoint(self.plot.width() - 12, self.plot.height() - 24))
        self._readout.tell(clock_text(at_us, to_us), self.model.readings(at_us), place, within)

    def _set_live(self, on: bool) -> None:
        self._is_live = on
        if on:
            self.plot.advance(self._now_us())
            self._settle.start()
        self._tell_live()

    def _choose_span(self, span_us: int) -> None:
        self._span_us = span_us
        self.plot.set_span(span_us)
        self._settle.start()
        self._tell_live()

    def _look_at(self, from_us: int, to_us: int) -> None:
        """A window that the person chose; reaching now makes it live."""
        now = self._now_us()
        self._span_us = to_us - from_us
        self._is_live = to_us >= now
        if self._is_live:
            self.plot.set_span(self._span_us)
            self.plot.advance(now)
        else:
            self.plot.show_span(from_us, to_us, now)
        self._settle.start()
        self._refresh_numbers()
        self._tell_live()

    def _load(self) -> None:
        from_us, to_us = self.plot.window_us
        self._feed.load(from_us, to_us + MINUTE // 60, BUCKETS)

    def _show_topology(self) -> None:
        rows = self.table.selected_rows()
        if rows:
            tag = self.model.rows[rows[0]].tag
            self.context.go("topology", Selection(tag.asset_id, tag.handle, tag.tag_id))

    def _tell_live(self) -> None:
        self.header.tell(self._is_live, self._span_us)

    def _retell(self) -> None:
        self.header.retell()
        self._empty.setText(tr(EMPTY))
        self._tell_live()
