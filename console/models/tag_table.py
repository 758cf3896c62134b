"""Tags with value, unit, quality and age: any plant's, with nothing configured."""

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray
from PySide6.QtCore import QObject

from console.domain.quality import Quality
from console.domain.tags import Tag
from console.domain.values import ValueType
from console.models.row_order import Keys, SortColumn
from console.models.sorted_table import PLAIN, Column, RowLook, SortedTable
from console.models.tag_cache import TagChange, tag_cache
from console.models.text_rank import Haystack, text_ranks
from console.services.station import Station
from console.ui.format import DASH, ValueText, age_text, quality_word, time_tip, value_text
from console.ui.translation import mark
from console.ui.wall_clock import now_us

_GOOD, _BLIND_QUALITY = int(Quality.GOOD), int(Quality.BLIND)  # plain numbers: asked for every cell painted
_MANY, _REST_BEATS = 5_000, 10  # while a large plant is discovered its tags are ranked once a second
_LOST = RowLook(is_dim=True, is_italic=True)
_BLIND = RowLook(is_dim=True, is_italic=True, is_hatched=True)
_NAME_BLIND = RowLook(is_hatched=True)


class TagTable(SortedTable):
    """Rows are tag handles. `set_branch` narrows to a branch of the tree, `set_filter` to words."""

    COLUMNS = (
        Column("name", mark("Tag"), 0),
        Column("place", mark("Node"), 210, is_dim=True),
        Column("value", mark("Value"), 120, is_number=True),
        Column("unit", mark("Unit"), 76, is_dim=True),
        Column("quality", mark("Quality"), 180),
        Column("age", mark("Age"), 84, is_dim=True, is_live=True),
    )
    DEFAULT_SORT = "name"

    def __init__(
        self,
        station: Station,
        parent: QObject | None = None,
        *,
        now_us: Callable[[], int] = now_us,
    ) -> None:
        super().__init__(parent)
        self._now_us = now_us
        self._cache = tag_cache(station)
        self._haystack = Haystack()
        self._rank: Keys = np.empty(0, np.uint64)
        self._matches: NDArray[np.bool_] = np.empty(0, np.bool_)
        self._branch: tuple[str, ...] = ()
        self.wanted = ""
        self._undo = self._cache.subscribe(self._on_change)
        self._paths: list[str] = []
        self._branches: list[tuple[str, ...]] = []
        self._ranks: dict[str, NDArray[np.int64]] = {}
        self._undescribed = {tag.handle for tag in self._cache.tags}
        self._rest = 0

    def close(self) -> None:
        """Follow the station no longer."""
        self._undo()
        self.set_visible(False)

    def _on_change(self, change: TagChange) -> None:
        if change.defined:
            self._undescribed.update(change.defined)
        if self.is_visible:
            self.touch(change.handles[change.handles < len(self._rank)], may_move=False)

    def _take_in(self) -> None:
        self._rest -= 1
        if not self._undescribed or self._rest > 0:
            return
        self._rest = _REST_BEATS if len(self._cache) > _MANY else 0
        self._paths.extend([""] * (len(self._cache) - len(self._paths)))
        self._branches.extend([()] * (len(self._cache) - len(self._branches)))
        self._haystack.reserve(len(self._paths))
        for handle in self._undescribed:
            tag = self._cache.tag(handle)
            if tag is not None:
                self._paths[handle] = tag.source.path()
                self._branches[handle] = branch_of(tag)
                self._haystack.put(handle, tag.source.path(), tag.description)
        self._undescribed.clear()
        self._ranks.clear()
        self._rank = text_ranks(self._paths).astype(np.uint64)
        self._is_resort_due = True
        self._find()

    def _find(self) -> None:
        found = self._haystack.matching(self.wanted)
        depth = len(self._branch)
        inside = (bool(path) and path[:depth] == self._branch for path in self._branches)
        self._matches = found & np.fromiter(inside, np.bool_, len(self._branches))

    def set_filter(self, wanted: str) -> None:
        """Show only tags whose path or description hold every word."""
        self.wanted = wanted
        self._find()
        self.relayout()

    def set_branch(self, branch: tuple[str, ...]) -> None:
        """(broker, group, node, device), shortened to the level wanted; empty shows all."""
        self._branch = branch
        self._find()
        self.relayout()

    def hidden_count(self) -> int:
        return len(self._cache.tags) - self.rowCount()

    def tag_at(self, position: int) -> Tag | None:
        return self._cache.tag(self.row_at(position))

    def _keys(self) -> Keys:
        return self._rank

    def _shown(self) -> NDArray[np.bool_]:
        return self._matches

    def _sort_column(self, key: str) -> SortColumn:
        size = len(self._rank)
        if key == "value":
            return self._cache.value[:size]
        if key == "age":
            return -self._cache.source_us[:size]
        if key == "quality":
            return self._cache.quality[:size].astype(np.int64)
        if key not in self._ranks:
            tags = [self._cache.tag(handle) for handle in range(size)]
            self._ranks[key] = text_ranks(["" if tag is None else _TEXTS[key](tag) for tag in tags])
        return self._ranks[key]

    def look(self, row: int) -> RowLook:
        quality = int(self._cache.quality[row])
        return PLAIN if quality == _GOOD else (_BLIND if quality == _BLIND_QUALITY else _LOST)

    def cell_look(self, row: int, key: str) -> RowLook | None:
        if key != "name":
            return None
        return _NAME_BLIND if int(self._cache.quality[row]) == _BLIND_QUALITY else PLAIN

    def tip(self, row: int, key: str) -> str:
        tag = self._cache.tag(row)
        if key in {"age", "value"}:
            when = time_tip(int(self._cache.source_us[row]))
            exact = self.shown_value(tag).exact if tag is not None and key == "value" else ""
            return "\n".join(part for part in (exact, when) if part)
        return tag.source.path() if tag is not None and key in {"name", "place"} else ""

    def cell(self, row: int, key: str) -> str:
        tag = self._cache.tag(row)
        return _CELLS[key](self, tag) if tag is not None else ""

    def age(self, tag: Tag) -> str:
        source_us = int(self._cache.source_us[tag.handle])
        return age_text(self._now_us() - source_us) if source_us else DASH

    def quality(self, tag: Tag) -> str:
        return quality_word(int(self._cache.quality[tag.handle]), int(self._cache.detail[tag.handle]))

    def shown_value(self, tag: Tag) -> ValueText:
        """The value as it may be shown: never a healthy look for what is not good."""
        cache, handle = self._cache, tag.handle
        return value_text(
            float(cache.value[handle]),
            int(cache.quality[handle]),
            detail=int(cache.detail[handle]),
            text=cache.texts.get(handle, ""),
            unit=tag.unit,
            enum=tag.enum,
            is_boolean=tag.value_type == ValueType.BOOLEAN,
        )


def branch_of(tag: Tag) -> tuple[str, ...]:
    """Where the tag hangs in the tree: broker, group, node and, when it has one, device."""
    source = tag.source
    return (source.broker, source.group, source.node, *([source.device] if source.device else []))


_TEXTS: dict[str, Callable[[Tag], str]] = {
    "name": lambda tag: tag.source.metric,
    "place": lambda tag: " / ".join(branch_of(tag)[2:]),
    "unit": lambda tag: tag.unit,
}
_CELLS: dict[str, Callable[[TagTable, Tag], str]] = {
    "name": lambda _table, tag: _TEXTS["name"](tag),
    "place": lambda _table, tag: _TEXTS["place"](tag),
    "unit": lambda table, tag: table.shown_value(tag).unit,
    "value": lambda table, tag: table.shown_value(tag).number,
    "quality": lambda table, tag: table.quality(tag),
    "age": lambda table, tag: table.age(tag),
}
