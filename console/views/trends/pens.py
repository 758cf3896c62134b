"""Which tags are drawn: their pens, colours and the plots that they share."""

from collections.abc import Iterable, Mapping
from uuid import UUID

from console.domain.tags import Tag
from console.domain.values import ValueType, is_numeric
from console.models.tag_cache import TagCache
from console.models.trend_feed import MAX_PENS, TrendFeed
from console.models.trend_limits import AlarmLimits
from console.models.trend_table import PenRow
from console.ui.translation import mark, tr
from console.widgets.trend_spans import Curve
from console.widgets.trend_stack import PlotGroup

NO_NUMBER = mark("{tag} holds no number and cannot be drawn")
FULL = mark("At most {limit} pens fit on one trend: remove one first")


class PenSet:
    """Tags in the order they were added. Pens of one unit share a plot; yes/no and unitless pens have their own."""

    def __init__(self, feed: TrendFeed, limits: AlarmLimits, cache: TagCache) -> None:
        self._feed, self._limits, self._cache = feed, limits, cache
        self.rows: list[PenRow] = []
        self.waiting: list[UUID] = []  # remembered pens whose tags were not seen yet

    def __contains__(self, handle: int) -> bool:
        return any(row.tag.handle == handle for row in self.rows)

    def refusal(self, tag: Tag) -> str:
        """Why this tag cannot be added, empty when it can."""
        if not is_numeric(tag.value_type) or tag.value_type == ValueType.DATETIME:
            return tr(NO_NUMBER, tag=tag.name)
        if len(self.rows) >= MAX_PENS and tag.handle not in self:
            return tr(FULL, limit=MAX_PENS)
        return ""

    def add(self, tag: Tag) -> None:
        if tag.handle not in self:
            used = {row.colour for row in self.rows}
            colour = next(k for k in range(MAX_PENS) if k not in used)
            self.rows.append(PenRow(tag, colour, self._feed.add(tag)))

    def remove(self, handle: int) -> None:
        self.rows = [row for row in self.rows if row.tag.handle != handle]
        self._feed.remove(handle)

    def groups(self, strong: int) -> list[PlotGroup]:
        """One plot per unit, in the order of its first pen; `strong` is the selected handle."""
        shared: dict[str, list[PenRow]] = {}
        for row in self.rows:
            shared.setdefault(row.tag.unit or f"#{row.tag.handle}", []).append(row)
        return [PlotGroup(_title(rows), tuple(self._curves(rows, strong)), _weight(rows)) for rows in shared.values()]

    def remembered(self) -> list[str]:
        return [str(row.tag.tag_id) for row in self.rows] + [str(tag_id) for tag_id in self.waiting]

    def recall(self, state: Mapping[str, object]) -> None:
        """Ids of pens to add as soon as their tags are known."""
        ids = state.get("pens")
        for text in ids if isinstance(ids, list) else ():
            try:
                self.waiting.append(UUID(str(text)))
            except ValueError:
                continue

    def adopt(self) -> bool:
        """Add the waiting pens whose tags are known now; True when there was one."""
        known = [(tag_id, self._cache.tag(self._cache.handle_of(tag_id))) for tag_id in self.waiting]
        self.waiting = [tag_id for tag_id, tag in known if tag is None]
        added = [tag for _id, tag in known if tag is not None and not self.refusal(tag)]
        for tag in added:
            self.add(tag)
        return bool(added)

    def handles_in(self, text: str) -> list[int]:
        """Handles of the tags that lines of text name, by id or by path; at most as many as pens fit."""
        tags = self._cache.tags
        known = {tag.source.path(): tag.handle for tag in tags} | {str(tag.tag_id): tag.handle for tag in tags}
        found = (known.get(line.strip()) for line in text.splitlines()[:MAX_PENS])
        return [handle for handle in found if handle is not None]

    def _curves(self, rows: Iterable[PenRow], strong: int) -> Iterable[Curve]:
        for row in rows:
            handle = row.tag.handle
            yield Curve(
                handle, row.pen, row.colour, self._limits.limits(handle), handle == strong and len(self.rows) > 1
            )


def _title(rows: list[PenRow]) -> str:
    unit = f" [{rows[0].tag.unit}]" if rows[0].tag.unit else ""
    return " · ".join(row.tag.name for row in rows) + unit


def _weight(rows: list[PenRow]) -> int:
    return 1 if rows[0].tag.value_type == ValueType.BOOLEAN else 2 + (len(rows) > 1)
