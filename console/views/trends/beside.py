"""Everything that stands beside the pens of a trend, as one part of the view: events, comparison, states, annotations,
histograms, pen groups, pictures and files."""

from collections.abc import Mapping
from uuid import UUID

from PySide6.QtCore import Qt
from PySide6.QtGui import QKeySequence, QShortcut

from console.domain.tags import Tag
from console.services.records import SessionRecord
from console.services.station import SESSION
from console.ui.format import US
from console.ui.rights import denied_to
from console.ui.translation import tr
from console.views.trends.annotations import Annotations
from console.views.trends.compare import Compare
from console.views.trends.data_export import DataExport
from console.views.trends.events import Events
from console.views.trends.extras import TrendParts
from console.views.trends.groups import Groups
from console.views.trends.histograms import Histograms
from console.views.trends.layout import PenLayout, RememberedPen, pens_from_json, pens_to_json
from console.views.trends.picture import Picture
from console.views.trends.side import TrendSide
from console.views.trends.states import States
from console.widgets.trend_plot import LONGEST_US, SHORTEST_US

COMMANDS = (
    "add-annotation",
    "edit-annotation",
    "withdraw-annotation",
    "save-pen-group",
    "remove-pen-group",
    "export-trend",
)
ANNOTATIONS_PAGE, HISTOGRAMS_PAGE = "annotations", "histograms"


class Beside:
    """An `Extra`."""

    def __init__(self, parts: TrendParts) -> None:
        self._parts = parts
        self._denied: Mapping[str, str] = {}
        self.events = Events(parts)
        self.compare = Compare(parts)
        self.states = States(parts)
        self.annotations = Annotations(parts, self.events)
        self.histograms = Histograms(parts)
        self.groups = Groups(parts, self)
        self.picture = Picture(parts)
        self.picture.note = lambda: self.compare.button.text() if self.compare.comparison.distance else ""
        self.export = DataExport(parts)
        self.side = TrendSide()
        self.side.add_page(ANNOTATIONS_PAGE, self.annotations.widget, lambda: self.annotations.title)
        self.side.add_page(HISTOGRAMS_PAGE, self.histograms.widget, lambda: self.histograms.title)
        self.side.changed.connect(self.histograms.count)
        parts.beside.addWidget(self.side)
        parts.below.addWidget(self.export)
        self.events.changed = self.annotations.refresh
        self.events.annotation_opened = self._open_annotation
        self.states.changed = parts.rebuild
        self.states.add_curve = self._draw_curve
        parts.header.more_opens.connect(self._fill)
        shortcut = QShortcut(QKeySequence("Ctrl+M"), parts.owner)
        shortcut.setContext(Qt.ShortcutContext.WidgetWithChildrenShortcut)
        shortcut.activated.connect(self.annotations.add)
        self._undo = parts.context.station.subscribe(SESSION, self._on_session)

    # an Extra

    @property
    def has_rows(self) -> bool:
        """Whether there is something to show without any pen."""
        return bool(len(self.states))

    def takes(self, tag: Tag) -> bool:
        return self.states.takes(tag)

    def pens_changed(self) -> None:
        self.events.pens_changed()
        self.compare.pens_changed()
        self.histograms.pens_changed()
        self.annotations.refresh()

    def beat(self, beat: int) -> None:
        self.events.beat(beat)
        self.states.beat(beat)
        self.histograms.beat(beat)

    def retell(self) -> None:
        for part in (self.events, self.compare, self.annotations, self.groups, self.side):
            part.retell()
        self.histograms.count()

    def save_state(self) -> dict[str, object]:
        return {
            "events": self.events.save_state(),
            "compare": self.compare.save_state(),
            "states": self.states.save_state(),
            "side": self.side.name,
        }

    def restore_state(self, state: Mapping[str, object]) -> None:
        for name, part in (("events", self.events), ("compare", self.compare), ("states", self.states)):
            kept = state.get(name)
            if isinstance(kept, dict):
                part.restore_state(kept)
        page = state.get("side")
        if page in (ANNOTATIONS_PAGE, HISTOGRAMS_PAGE) and page != self.side.name:
            self.side.show_page(str(page))

    def close(self) -> None:
        self._undo()
        for part in (self.events, self.compare, self.states, self.annotations, self.groups):
            part.close()
        self.export.stop()

    # what a pen group holds of the view

    def tag_ids(self) -> tuple[UUID, ...]:
        pens = [pen.tag_id for pen in self._parts.pens.remembered().pens]
        return (*pens, *(one for one in self.states.ids() if one not in pens))

    def look(self) -> dict[str, object]:
        return {
            **pens_to_json(self._parts.pens.remembered()),
            "states": [str(one) for one in self.states.ids()],
            "span_us": self._parts.navigation.look.span_us,
        }

    def show(self, tag_ids: tuple[UUID, ...], look: Mapping[str, object]) -> None:
        """A group: how it was drawn if that can be read, else its tags plainly."""
        states = look.get("states")
        layout = pens_from_json(look)
        as_states = {str(one) for one in states} if isinstance(states, list) else set()
        known = {pen.tag_id for pen in layout.pens}
        missing = [RememberedPen(one) for one in tag_ids if one not in known and str(one) not in as_states]
        pens = tuple(pen for pen in layout.pens if pen.tag_id in tag_ids)
        self._parts.pens.recall(PenLayout((*pens, *missing), layout.plots))
        self.states.recall(sorted(as_states & {str(one) for one in tag_ids}))
        span = look.get("span_us")
        if isinstance(span, int) and SHORTEST_US <= span <= LONGEST_US:
            self._parts.navigation.set_span(span)
        self._parts.rebuild()
        self._parts.navigation.load_soon()

    def _fill(self) -> None:
        """The menu of the view, anew each time."""
        menu = self._parts.header.more
        menu.clear()
        self._entry(tr("Annotate…"), self.annotations.add, "add-annotation", "Ctrl+M")
        self._page(tr("List of annotations"), ANNOTATIONS_PAGE)
        self._page(tr("Histograms"), HISTOGRAMS_PAGE)
        menu.addMenu(self.events.menu())
        rows = [row.tag for row in self._parts.pens.rows]
        chosen = [rows[row] for row in self._parts.table.selected_rows() if row < len(rows)]
        if chosen:
            self._entry(tr("Show the selected pen as states"), lambda: self._as_states(chosen[0]))
        menu.addSeparator()
        self._entry(tr("Export values…"), lambda: self.export.start(self.tag_ids()), "export-trend")
        self.picture.add_to(menu)

    def _entry(self, text: str, act: object, command: str = "", keys: str = "") -> None:
        made = self._parts.header.more.addAction(text)
        why = self._denied.get(command, "")
        made.setEnabled(not why)
        made.setToolTip(tr(why) if why else "")
        if keys:
            made.setShortcut(QKeySequence(keys))
            made.setShortcutContext(Qt.ShortcutContext.WidgetShortcut)  # shown here, heard by the view
        made.triggered.connect(lambda _on=False: act())  # type: ignore[operator]

    def _page(self, text: str, name: str) -> None:
        made = self._parts.header.more.addAction(text)
        made.setCheckable(True)
        made.setChecked(self.side.name == name)
        made.triggered.connect(lambda _on=False: self.side.show_page(name))

    def _open_annotation(self, annotation_id: object) -> None:
        if self.side.name != ANNOTATIONS_PAGE:
            self.side.show_page(ANNOTATIONS_PAGE)
        if isinstance(annotation_id, UUID):
            self.annotations.select(annotation_id)

    def _as_states(self, tag: Tag) -> None:
        self._parts.pens.remove(tag.handle)
        self.states.add(tag)
        self._parts.rebuild()

    def _draw_curve(self, tag: Tag) -> None:
        self._parts.pens.add(tag)
        now = self._parts.now_us()
        self._parts.feed.load(now - 86_400 * US, now, 2000, (tag.handle,))
        self._parts.rebuild()
        self._parts.navigation.load_soon()

    def _on_session(self, session: SessionRecord | None) -> None:
        self._denied = denied_to(session, COMMANDS)
        self.annotations.denied = self.groups.denied = self._denied
        self.groups.user_id = session.user_id if session is not None else ""
        self.annotations.retell()
        self.groups.retell()
