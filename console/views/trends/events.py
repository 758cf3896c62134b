"""The row of events below a trend: which kinds are shown, and what a click opens."""

from collections.abc import Callable, Mapping
from functools import partial
from uuid import UUID

from PySide6.QtWidgets import QMenu

from console.domain.alarms import Occurrence
from console.models.heartbeat import BEATS_PER_SECOND
from console.models.trend_marks import MOST_ALARMS, Subjects, TrendMarks
from console.ui.format import whole_text
from console.ui.translation import mark, tr
from console.ui.trend_marks import Marker, MarkerKind, MarkerSet
from console.ui.view import Selection
from console.views.trends.extras import TrendParts
from console.widgets.trend_markers import MarkerLines, MarkerStrip

KINDS: dict[MarkerKind, str] = {
    MarkerKind.ALARM: mark("Alarms"),
    MarkerKind.INCIDENT: mark("Incidents"),
    MarkerKind.ANNOTATION: mark("Annotations"),
    MarkerKind.CHANGE: mark("Changes of settings"),
    MarkerKind.SHIFT: mark("Shifts"),
}
NEWEST = mark("Of the alarms of this time only the newest {n} are looked at: choose a shorter window to see all")
_LOOK_AGAIN = 10 * BEATS_PER_SECOND
_FLUSH = BEATS_PER_SECOND // 2


class Events:
    """`marks` knows all that happened. Set `annotation_opened` to what a click on a flag does."""

    def __init__(self, parts: TrendParts) -> None:
        self.markers = MarkerSet()
        self.strip = MarkerStrip(self.markers)
        self.lines = MarkerLines(self.markers)
        self._parts = parts
        self._is_all = False
        self.changed: Callable[[], object] = lambda: None
        self.annotation_opened: Callable[[object], object] = lambda _annotation_id: None
        self.marks = TrendMarks(parts.context.station, self.markers, partial(parts.context.refused, parts.owner))
        self.marks.changed = self._on_marks
        parts.plot.add_layer(self.lines)
        parts.plot.add_strip(self.strip)
        parts.plot.window_changed.connect(self.strip.show_window)
        parts.plot.sides_changed.connect(self.strip.set_sides)
        self.strip.set_sides(*parts.plot.sides)
        self.strip.opened.connect(self._open)
        parts.navigation.settled.connect(self.marks.look)
        self._menu = QMenu(parts.owner)

    def menu(self) -> QMenu:
        """Which kinds are shown, and whether only what concerns the pens; made anew each time."""
        self._menu.clear()
        self._menu.setTitle(tr("Events"))
        for kind, name in KINDS.items():
            act = self._menu.addAction(tr(name))
            act.setCheckable(True)
            act.setChecked(kind in self.markers.shown)
            act.toggled.connect(partial(self.show_kind, kind))
        self._menu.addSeparator()
        act = self._menu.addAction(tr("Of the whole site, not only of these pens"))
        act.setCheckable(True)
        act.setChecked(self._is_all)
        act.toggled.connect(self.show_all)
        return self._menu

    def show_kind(self, kind: MarkerKind, on: bool) -> None:
        self.markers.shown = self.markers.shown | {kind} if on else self.markers.shown - {kind}
        self._redraw()

    def show_all(self, on: bool) -> None:
        self._is_all = on
        self.pens_changed()

    def pens_changed(self) -> None:
        tags = [row.tag for row in self._parts.pens.rows]
        subjects = Subjects(
            frozenset(tag.tag_id for tag in tags), frozenset(tag.asset_id for tag in tags), self._is_all
        )
        self.marks.set_subjects(subjects)

    def beat(self, beat: int) -> None:
        """What ended meanwhile in a live window is asked for now and then."""
        if beat % _FLUSH == 0:
            self.marks.flush()
        if beat % _LOOK_AGAIN == 0 and self._parts.navigation.is_live:
            self.marks.look(*self._parts.plot.window_us)

    def retell(self) -> None:
        self.strip.setAccessibleName(tr("Events"))
        self.marks.retell()
        self._redraw()

    def save_state(self) -> dict[str, object]:
        return {"shown": sorted(self.markers.shown), "all": self._is_all}

    def restore_state(self, state: Mapping[str, object]) -> None:
        shown = state.get("shown")
        if isinstance(shown, list):
            self.markers.shown = frozenset(kind for kind in MarkerKind if kind.value in shown)
        self._is_all = state.get("all") is True
        self.pens_changed()

    def close(self) -> None:
        self.marks.close()

    def _on_marks(self) -> None:
        self._redraw()
        self.changed()

    def _redraw(self) -> None:
        self.strip.setVisible(bool(self.markers.shown))
        self.strip.set_note("" if self.marks.is_whole else tr(NEWEST, n=whole_text(MOST_ALARMS)))
        self.strip.update()
        self._parts.plot.repaint_layers()

    def _open(self, marker: Marker) -> None:
        go, record = self._parts.context.go, marker.record
        if isinstance(record, Occurrence):
            go("alarms", Selection(occurrence=record, at_us=record.start_us))
        elif marker.kind is MarkerKind.INCIDENT and isinstance(record, UUID):
            go("incidents", Selection(incident_id=record))
        elif marker.kind is MarkerKind.ANNOTATION:
            self.annotation_opened(record)
        else:
            go("journal", Selection(at_us=marker.at_us))
