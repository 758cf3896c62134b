"""Which tags are drawn: their pens, how they look, and the plots that they share."""

from collections.abc import Callable, Iterable
from dataclasses import replace

from console.domain.tags import Tag
from console.domain.values import ValueType, is_numeric
from console.models.tag_cache import TagCache
from console.models.trend_feed import MAX_PENS, TrendFeed
from console.models.trend_limits import AlarmLimits
from console.models.trend_pens import COLOURS, USUAL, PenLook, PlotLook
from console.models.trend_table import PenRow
from console.ui.translation import mark, tr
from console.views.trends.layout import PenLayout, RememberedPen
from console.widgets.trend_spans import Curve
from console.widgets.trend_stack import PlotGroup

NO_NUMBER = mark("{tag} holds no number and cannot be drawn")
FULL = mark("At most {limit} pens fit on one trend: remove one first")


class PenSet:
    """Tags in the order they were added. A new pen goes to the plot of its unit; yes/no and unitless ones have their
    own. Plots are numbered by keys that stay while pens move; `shown` are those that have a pen in sight, from above.
    """

    def __init__(self, feed: TrendFeed, limits: AlarmLimits, cache: TagCache) -> None:
        self._feed, self._limits, self._cache = feed, limits, cache
        self.rows: list[PenRow] = []
        self.waiting: list[RememberedPen] = []  # remembered pens whose tags were not seen yet
        self._plots: dict[int, PlotLook] = {}  # from above
        self._last_key = 0

    def __contains__(self, handle: int) -> bool:
        return any(row.tag.handle == handle for row in self.rows)

    @property
    def shown(self) -> list[int]:
        """Keys of the plots in sight, in the order of `groups`."""
        return [key for key in self._plots if any(row.plot == key and not row.look.is_hidden for row in self.rows)]

    def plot(self, key: int) -> PlotLook:
        return self._plots[key]

    def row(self, handle: int) -> PenRow | None:
        return next((row for row in self.rows if row.tag.handle == handle), None)

    def refusal(self, tag: Tag) -> str:
        """Why this tag cannot be added, empty when it can."""
        if not is_numeric(tag.value_type) or tag.value_type == ValueType.DATETIME:
            return tr(NO_NUMBER, tag=tag.name)
        if len(self.rows) >= MAX_PENS and tag.handle not in self:
            return tr(FULL, limit=MAX_PENS)
        return ""

    def add(self, tag: Tag, look: PenLook = USUAL, plot: int | None = None) -> None:
        """Draw a tag, on the plot of this key or on one of its unit; among pens of another unit on its own axis."""
        if tag.handle in self:
            return
        key = self._home_of(tag) if plot is None or plot not in self._plots else plot
        if look == USUAL and any(row.plot == key and row.tag.unit != tag.unit for row in self.rows):
            look = replace(look, has_own_axis=True)
        if look.colour < 0:
            used = [row.colour for row in self.rows]
            look = replace(look, colour=min(range(COLOURS), key=used.count))
        self.rows.append(PenRow(tag, self._feed.add(tag), look, key))

    def remove(self, handle: int) -> None:
        self.rows = [row for row in self.rows if row.tag.handle != handle]
        self._feed.remove(handle)
        self._sweep()

    def clear(self) -> None:
        for row in tuple(self.rows):
            self.remove(row.tag.handle)
        self.waiting = []
        self._plots = {}

    def change(self, handles: Iterable[int], change: Callable[[PenLook], PenLook]) -> None:
        for row in map(self.row, handles):
            if row is not None:
                row.look = change(row.look)

    def fix_range(self, key: int, axis: int, y_range: tuple[float, float] | None) -> None:
        """An axis of a plot, by the number that its curves have; None lets it fit itself."""
        if axis:
            self.change([self.rows[axis - 1].tag.handle], lambda look: replace(look, y_range=y_range))
        else:
            self.change_plot(key, lambda look: replace(look, y_range=y_range))

    def fit_all(self) -> None:
        """No axis is fixed by hand any more."""
        for row in self.rows:
            row.look = replace(row.look, y_range=None)
        for key in self._plots:
            self.change_plot(key, lambda look: replace(look, y_range=None))

    def axis_of(self, handle: int) -> int:
        """Number of the axis that a pen is drawn on."""
        row = self.row(handle)
        return self.rows.index(row) + 1 if row is not None and row.look.has_own_axis else 0

    def change_plot(self, key: int, change: Callable[[PlotLook], PlotLook]) -> None:
        self._plots[key] = change(self._plots[key])

    def set_weights(self, weights: list[float]) -> None:
        """Of the plots in sight, from above; empty: the usual ones."""
        for place, key in enumerate(self.shown):
            weight = weights[place] if place < len(weights) else 0.0
            self._plots[key] = replace(self._plots[key], weight=weight)

    def can_move(self, handle: int, step: int) -> bool:
        """A pen moves to the next plot, beyond the last one to a new plot; not when it is alone there."""
        row = self.row(handle)
        if row is None:
            return False
        keys = list(self._plots)
        is_edge = not 0 <= keys.index(row.plot) + step < len(keys)
        return not (is_edge and sum(other.plot == row.plot for other in self.rows) == 1)

    def move(self, handle: int, step: int) -> None:
        """To the plot above (-1) or below (1)."""
        row = self.row(handle)
        if row is None or not self.can_move(handle, step):
            return
        keys = list(self._plots)
        place = keys.index(row.plot) + step
        row.plot = keys[place] if 0 <= place < len(keys) else self._new_plot(0 if place < 0 else len(keys))
        self._sweep()

    def to_own_plot(self, handle: int) -> None:
        """A plot of its own, below the one it was on."""
        row = self.row(handle)
        if row is not None and sum(other.plot == row.plot for other in self.rows) > 1:
            row.plot = self._new_plot(list(self._plots).index(row.plot) + 1)

    def groups(self, strong: int) -> list[PlotGroup]:
        """The plots in sight; `strong` is the selected handle."""
        return [self._group(key, strong) for key in self.shown]

    def remembered(self) -> PenLayout:
        """As it is, with the pens that still wait for their tags."""
        places = {key: place for place, key in enumerate(self._plots)}
        pens = [RememberedPen(row.tag.tag_id, places[row.plot], row.look) for row in self.rows]
        waiting = [replace(pen, plot=places.get(pen.plot, -1)) for pen in self.waiting]
        return PenLayout((*pens, *waiting), tuple(self._plots.values()))

    def recall(self, layout: PenLayout) -> bool:
        """Take these pens in the place of all; those of unknown tags come when their tags do. True: one is here."""
        self.clear()
        for plot in layout.plots:
            self._plots[self._new_key()] = plot
        keys = list(self._plots)
        self.waiting = [replace(pen, plot=keys[pen.plot] if pen.plot >= 0 else -1) for pen in layout.pens]
        return self.adopt()

    def adopt(self) -> bool:
        """Add the waiting pens whose tags are known now; True when there was one."""
        known = [(pen, self._cache.tag(self._cache.handle_of(pen.tag_id))) for pen in self.waiting]
        self.waiting = [pen for pen, tag in known if tag is None]
        added = [(pen, tag) for pen, tag in known if tag is not None and not self.refusal(tag)]
        for pen, tag in added:
            self.add(tag, pen.look, pen.plot if pen.plot >= 0 else None)
        self._sweep()
        return bool(added)

    def handles_in(self, text: str) -> list[int]:
        """Handles of the tags that lines of text name, by id or by path; at most as many as pens fit."""
        tags = self._cache.tags
        known = {tag.source.path(): tag.handle for tag in tags} | {str(tag.tag_id): tag.handle for tag in tags}
        found = (known.get(line.strip()) for line in text.splitlines()[:MAX_PENS])
        return [handle for handle in found if handle is not None]

    def _home_of(self, tag: Tag) -> int:
        same = (row for row in self.rows if tag.unit and row.tag.unit == tag.unit)
        found = next(same, None)
        return found.plot if found is not None else self._new_plot(len(self._plots))

    def _new_key(self) -> int:
        self._last_key += 1
        return self._last_key

    def _new_plot(self, place: int) -> int:
        key = self._new_key()
        plots = list(self._plots.items())
        plots.insert(place, (key, PlotLook()))
        self._plots = dict(plots)
        return key

    def _sweep(self) -> None:
        """Plots without pens go; those of waiting pens stay."""
        used = {row.plot for row in self.rows} | {pen.plot for pen in self.waiting}
        self._plots = {key: look for key, look in self._plots.items() if key in used}

    def _group(self, key: int, strong: int) -> PlotGroup:
        rows = [row for row in self.rows if row.plot == key and not row.look.is_hidden]
        look = self._plots[key]
        curves = [self._curve(row, look, row.tag.handle == strong) for row in rows]
        pins = [(curve.axis, row.look.y_range) for curve, row in zip(curves, rows, strict=True) if curve.axis]
        fixed = tuple((axis, bounds) for axis, bounds in [(0, look.y_range), *pins] if bounds is not None)
        return PlotGroup(_title(rows), tuple(curves), look.weight or _weight(rows), fixed)

    def _curve(self, row: PenRow, plot: PlotLook, is_selected: bool) -> Curve:
        """Its own axis has the number of its row, from 1 on."""
        return Curve(
            row.tag.handle,
            row.pen,
            row.colour,
            self._limits.limits(row.tag.handle),
            is_selected and len(self.rows) > 1,
            width_px=row.look.width,
            axis=self.rows.index(row) + 1 if row.look.has_own_axis else 0,
            is_log=plot.is_log,
        )


def _title(rows: list[PenRow]) -> str:
    """Names of the pens; a unit that they share stands once at the end."""
    units = {row.tag.unit for row in rows}
    if len(units) == 1:
        (unit,) = units
        return " · ".join(row.tag.name for row in rows) + (f" [{unit}]" if unit else "")
    return " · ".join(f"{row.tag.name} [{row.tag.unit}]" if row.tag.unit else row.tag.name for row in rows)


def _weight(rows: list[PenRow]) -> float:
    return 1 if all(row.tag.value_type == ValueType.BOOLEAN for row in rows) else 2 + (len(rows) > 1)
