"""The rows of states below a trend: which tags they show, and what can be done with a row."""

from collections.abc import Callable, Mapping
from functools import partial
from uuid import UUID

from PySide6.QtCore import QPoint
from PySide6.QtWidgets import QMenu

from console.domain.tags import Tag
from console.domain.values import is_numeric
from console.models.heartbeat import BEATS_PER_SECOND
from console.models.trend_states import MOST_ROWS, TrendStates, has_states, is_of_states
from console.ui.format import US
from console.ui.translation import mark, tr
from console.ui.trend_marks import StateRun
from console.views.trends.extras import TrendParts
from console.widgets.trend_curve import Window
from console.widgets.trend_strips import StateStrip

FULL = mark("At most {limit} rows of states fit below a trend: remove one first")
_LONG_US = 3600 * US  # windows beyond this are asked for less often
_SLOWER = 10


class States:
    """`add_curve` draws a tag as a curve instead; `changed` when rows came or went."""

    def __init__(self, parts: TrendParts) -> None:
        self.add_curve: Callable[[Tag], object] = lambda _tag: None
        self.changed: Callable[[], object] = lambda: None
        self._parts = parts
        self._rows: dict[int, tuple[Tag, StateStrip]] = {}
        self._waiting: list[UUID] = []
        show = partial(parts.context.refused, parts.owner)
        self._states = TrendStates(parts.context.station, show, self._on_runs, f"trend states {id(self)}")
        self._window: Window | None = None
        parts.plot.window_changed.connect(self._on_window)
        parts.plot.sides_changed.connect(self._on_sides)
        parts.navigation.settled.connect(lambda _from, _to: self.look())

    def __len__(self) -> int:
        return len(self._rows)

    @property
    def tags(self) -> tuple[Tag, ...]:
        """As shown, from above."""
        return tuple(tag for tag, _strip in self._rows.values())

    def strip(self, handle: int) -> StateStrip:
        return self._rows[handle][1]

    def takes(self, tag: Tag) -> bool:
        """Whether this tag belongs here rather than among the pens; then it is added."""
        if tag.handle in self._parts.pens or not is_of_states(tag):
            return False
        self.add(tag)
        return True

    def add(self, tag: Tag) -> None:
        if tag.handle in self._rows or not has_states(tag):
            return
        if len(self._rows) >= MOST_ROWS:
            self._parts.context.refused(self._parts.owner, tr(FULL, limit=MOST_ROWS))
            return
        strip = StateStrip(tag.name, tag.source.path())
        strip.set_sides(*self._parts.plot.sides)
        strip.show_window(self._parts.plot.shown)
        strip.menu_wanted.connect(partial(self._popup, tag))
        self._rows[tag.handle] = (tag, strip)
        self._parts.plot.add_strip(strip)
        self.changed()
        self.look()

    def remove(self, handle: int) -> None:
        found = self._rows.pop(handle, None)
        if found is not None:
            self._parts.plot.remove_strip(found[1])
            found[1].deleteLater()
            self.changed()

    def clear(self) -> None:
        for handle in tuple(self._rows):
            self.remove(handle)
        self._waiting = []

    def ids(self) -> list[UUID]:
        """With those that wait for their tags."""
        return [tag.tag_id for tag in self.tags] + self._waiting

    def recall(self, ids: object) -> None:
        """These rows in the place of all, as far as their tags are known; the others come when theirs are."""
        self.clear()
        for text in ids if isinstance(ids, list) else ():
            try:
                self._waiting.append(UUID(str(text)))
            except ValueError:
                continue
        self.adopt()

    def adopt(self) -> None:
        """Rows whose tags are known now."""
        if self._waiting:
            known = [(one, self._parts.cache.tag(self._parts.cache.handle_of(one))) for one in self._waiting]
            self._waiting = [one for one, tag in known if tag is None]
            for _one, tag in known:
                if tag is not None:
                    self.add(tag)

    def beat(self, beat: int) -> None:
        """What is new in a live window."""
        from_us, to_us = self._parts.plot.window_us
        every = BEATS_PER_SECOND * (_SLOWER if to_us - from_us > _LONG_US else 1)
        if beat % every == 0:
            self.adopt()
            if self._parts.navigation.is_live:
                self.look()

    def look(self) -> None:
        """Ask what was when in the shown window."""
        from_us, to_us = self._parts.plot.window_us
        self._states.look(self.tags, from_us, min(to_us, self._parts.now_us()))

    def save_state(self) -> dict[str, object]:
        return {"tags": [str(one) for one in self.ids()]}

    def restore_state(self, state: Mapping[str, object]) -> None:
        self.recall(state.get("tags"))

    def close(self) -> None:
        self._states.close()

    def _on_runs(self, tag: Tag, runs: list[StateRun]) -> None:
        if tag.handle in self._rows:
            self._rows[tag.handle][1].show_runs(runs)

    def _on_window(self, window: Window) -> None:
        for _tag, strip in self._rows.values():
            strip.show_window(window)

    def _on_sides(self, left: int, right: int) -> None:
        for _tag, strip in self._rows.values():
            strip.set_sides(left, right)

    def menu(self, tag: Tag) -> QMenu:
        menu = QMenu(self._parts.owner)
        if is_numeric(tag.value_type):
            menu.addAction(tr("Draw as a curve")).triggered.connect(lambda: self._to_curve(tag))
        menu.addAction(tr("Remove")).triggered.connect(lambda: self.remove(tag.handle))
        return menu

    def _popup(self, tag: Tag, place: QPoint) -> None:
        menu = self.menu(tag)
        menu.aboutToHide.connect(menu.deleteLater)
        menu.popup(place)

    def _to_curve(self, tag: Tag) -> None:
        self.remove(tag.handle)
        self.add_curve(tag)
