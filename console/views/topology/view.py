"""Topology: every thing of the plant by Purdue level, its links and its state; works with no plant model at all."""

from collections.abc import Callable, Mapping

import numpy as np
from PySide6.QtCore import Qt
from PySide6.QtWidgets import QHBoxLayout, QPushButton, QStackedWidget, QVBoxLayout

from console.domain.tags import Tag
from console.domain.values import is_numeric
from console.models.empty_words import NOTHING_HEARD, EmptyWords
from console.models.heartbeat import BEATS_PER_SECOND, heartbeat
from console.models.tag_cache import tag_cache
from console.models.topology_model import TopologyModel
from console.services.station import TOPOLOGY
from console.ui.format import DASH
from console.ui.plain_label import PlainLabel
from console.ui.tag_drag import carry
from console.ui.theme import theme
from console.ui.translation import mark, tr, tr_n
from console.ui.view import Selection, View, ViewContext
from console.ui.wall_clock import now_us
from console.widgets.filter_line import FilterLine
from console.widgets.fuzzy import FuzzyIndex
from console.widgets.topology_canvas import TopologyCanvas
from console.widgets.topology_legend import TopologyLegend
from console.widgets.topology_painter import Scene

CARRIED = 4  # tags of an asset that is dragged onto a trend
EMPTY = mark(
    "Nothing publishes yet. Nodes and devices appear here by themselves as soon as they do; "
    "describe levels, links and areas in site/assets.toml."
)
NOTHING_FOUND = mark("No asset matches “{words}”")


class TopologyView(View):
    view_id = "topology"
    title = mark("Topology")
    icon = "topology"

    def __init__(self, context: ViewContext, now_us: Callable[[], int] = now_us) -> None:
        super().__init__(context)
        self._now_us = now_us
        self._cache = tag_cache(context.station)
        self._is_stale = True
        self._wanted: Selection | None = None
        self._index: FuzzyIndex | None = None
        self._leave: Callable[[], None] | None = None
        self._build()
        self.model = TopologyModel(context.station)
        self.words = EmptyWords(context.station, TOPOLOGY, self._tell_count, deaf=NOTHING_HEARD)
        self.model.structure_changed.connect(self._on_structure)
        self.model.states_changed.connect(self._on_states)
        self._retell()
        self.rebuild()

    def _build(self) -> None:
        self._heading = PlainLabel()
        self._heading.setProperty("role", "heading")
        self._count = PlainLabel()
        self._count.setProperty("role", "small")
        self._fit = QPushButton()
        self._reset = QPushButton()
        self.finder = FilterLine(mark("Find asset"))
        self.finder.setFixedWidth(300)
        header = QHBoxLayout()
        header.setContentsMargins(14, 8, 14, 8)
        header.setSpacing(8)
        for widget in (self._heading, self._count, self._fit, self._reset):
            header.addWidget(widget)
        header.addStretch(1)
        header.addWidget(self.finder)
        self.canvas = TopologyCanvas()
        self._empty = PlainLabel()
        self._empty.setProperty("role", "dim")
        self._empty.setAlignment(Qt.AlignmentFlag.AlignCenter)
        self._empty.setWordWrap(True)
        self._stack = QStackedWidget()
        self._stack.addWidget(self._empty)
        self._stack.addWidget(self.canvas)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(0)
        layout.addLayout(header)
        layout.addWidget(self._stack, 1)
        layout.addWidget(TopologyLegend())
        self.canvas.node_selected.connect(self._on_node)
        self.canvas.node_opened.connect(self._on_opened)
        self.canvas.node_moved.connect(self._on_moved)
        self.canvas.node_carried.connect(self._on_carried)
        self.finder.changed.connect(self._find)
        self.finder.left.connect(self.canvas.setFocus)
        self._fit.clicked.connect(self.canvas.fit)
        self._reset.clicked.connect(self._forget_places)
        theme().changed.connect(self._retell)

    def action_handlers(self) -> Mapping[str, Callable[[], object]]:
        return {"app.filter": self.finder.focus, "show.trend": self._show_trend}

    def show_selection(self, selection: Selection) -> None:
        """Centre the asset, or the asset that carries the tag; kept until the asset is known."""
        asset_id = selection.asset_id
        if asset_id is None:
            tag = self._cache.tag(selection.tag_handle)
            asset_id = tag.asset_id if tag is not None else None
        if self._is_stale:
            self.rebuild()
        index = self.model.index_of(asset_id)
        self._wanted = selection if index < 0 else None
        if index >= 0:
            self.canvas.centre_on(index)
            self.canvas.setFocus()

    def save_state(self) -> dict[str, object]:
        return {"places": self.model.saved_places()}

    def restore_state(self, state: Mapping[str, object]) -> None:
        self.model.recall(state.get("places"))
        self.rebuild()

    def close_view(self) -> None:
        self.hideEvent(None)
        self.words.close()
        self.model.close()

    def showEvent(self, event: object) -> None:
        if self._leave is None:
            self._leave = heartbeat().join(self._on_beat)
        if self._is_stale:
            self.rebuild()

    def hideEvent(self, event: object) -> None:
        if self._leave is not None:
            self._leave()
            self._leave = None

    def rebuild(self) -> None:
        """Lay out all assets and show them; the selected one stays selected."""
        before = self.model.asset(self.canvas.selected)
        self.model.build(self._now_us())
        self._is_stale, self._index = False, None
        layout = self.model.layout
        bands = zip(self.model.captions, layout.bands, strict=True)
        scene = Scene(
            names=self.model.names,
            headlines=self.model.headlines,
            place=layout.place,
            links=self.model.links,
            state=self.model.state,
            priority=self.model.priority,
            unacknowledged=self.model.unacknowledged,
            proposed=self.model.proposed,
            bands=tuple((caption, top, height) for caption, (top, height) in bands),
            width=layout.width,
            height=layout.height,
        )
        self.canvas.set_scene(scene, self.model.index_of(before.asset_id) if before is not None else -1)
        self._stack.setCurrentIndex(1 if self.model.names else 0)
        self._tell_count()
        if (wanted := self._wanted) is not None:
            self.show_selection(wanted)
            if self._wanted is None:
                self.selected.emit(wanted)  # an alarm stays on the faceplate, not only its asset

    def _on_structure(self) -> None:
        self._is_stale = True

    def _on_beat(self, beat: int) -> None:
        if self._is_stale and beat % 3 == 0:  # births come in bursts
            self.rebuild()
        elif beat % BEATS_PER_SECOND == 0:
            self.model.tick(self._now_us())

    def _on_states(self, rows: object) -> None:
        if not self._is_stale:
            self.canvas.states_changed(np.asarray(rows))
            self._tell_count()

    def _on_node(self, index: int) -> None:
        asset = self.model.asset(index)
        self.selected.emit(Selection(asset_id=asset.asset_id) if asset is not None else Selection())

    def _on_opened(self, index: int) -> None:
        self.canvas.centre_on(index)
        self._on_node(index)

    def _on_moved(self, index: int, x: float, y: float) -> None:
        self.model.remember(index, x, y)
        self._tell_count()

    def _forget_places(self) -> None:
        self.model.moved.clear()
        self.rebuild()

    def _find(self, text: str) -> None:
        if not text.strip():
            return
        if self._index is None:
            self._index = FuzzyIndex(self.model.search_texts())
        found = self._index.find(text, 1)
        if found:
            self.canvas.centre_on(found[0])
        else:
            self.context.refused(self, tr(NOTHING_FOUND, words=text.strip()))

    def _show_trend(self) -> None:
        """The asset's first tag that can be drawn."""
        for tag in self._drawable(self.canvas.selected)[:1]:
            self.context.go("trends", Selection(tag.asset_id, tag.handle, tag.tag_id))

    def _on_carried(self, index: int) -> None:
        """A card was dragged out of the map: its first tags go with the pointer."""
        tag_ids = [tag.tag_id for tag in self._drawable(index)[:CARRIED]]
        if tag_ids:
            carry(self.canvas, tag_ids)

    def _drawable(self, index: int) -> list[Tag]:
        asset = self.model.asset(index)
        handles = self._cache.handles_of_asset(asset.asset_id) if asset is not None else ()
        tags = (self._cache.tag(handle) for handle in handles)
        return [tag for tag in tags if tag is not None and is_numeric(tag.value_type)]

    def _tell_count(self) -> None:
        bad = int((self.model.state != 0).sum())
        self._empty.setText(self.words.text(EMPTY))
        words = [tr_n("{n} asset", "{n} assets", len(self.model.names))] if self.words.is_known else [DASH]
        if bad:
            words.append(tr("{count} not ok", count=bad))
        self._count.setText(" · ".join(words))
        self._reset.setVisible(bool(self.model.moved))

    def _retell(self) -> None:
        self._heading.setText(tr(self.title))
        self._fit.setText(tr("Show all"))
        self._fit.setToolTip(tr("Everything in view (0)"))
        self._reset.setText(tr("Arrange anew"))
        self._reset.setToolTip(tr("Forget the places that cards were moved to"))
        self._tell_count()
        self._is_stale = True  # captions and words of states
