"""A trend as it is remembered: pens, plots and the look in time, as JSON with a version; older forms are read too."""

from collections.abc import Mapping
from dataclasses import dataclass
from math import isfinite
from uuid import UUID

from console.models.trend_feed import MAX_PENS
from console.models.trend_pens import COLOURS, USUAL, PenLook, PlotLook
from console.views.trends.navigation import Look
from console.widgets.trend_plot import LONGEST_US, SHORTEST_US

VERSION = 2
_HEAVIEST = 1000.0


@dataclass(frozen=True, slots=True)
class RememberedPen:
    """`plot` is the number of its plot, -1 where that is found by its unit."""

    tag_id: UUID
    plot: int = -1
    look: PenLook = USUAL


@dataclass(frozen=True, slots=True)
class PenLayout:
    """Pens in the order of the table, plots from above."""

    pens: tuple[RememberedPen, ...] = ()
    plots: tuple[PlotLook, ...] = ()


def pens_to_json(layout: PenLayout) -> dict[str, object]:
    """JSON-able, with its version: for the layout of a screen and for a pen group alike."""
    return {
        "version": VERSION,
        "pens": [
            {
                "tag": str(pen.tag_id),
                "plot": pen.plot,
                "colour": pen.look.colour,
                "width": pen.look.width,
                "hidden": pen.look.is_hidden,
                "own_axis": pen.look.has_own_axis,
                "range": list(pen.look.y_range) if pen.look.y_range else None,
            }
            for pen in layout.pens
        ],
        "plots": [
            {"weight": plot.weight, "log": plot.is_log, "range": list(plot.y_range) if plot.y_range else None}
            for plot in layout.plots
        ],
    }


def pens_from_json(state: Mapping[str, object]) -> PenLayout:
    """What cannot be read is left out. Version 1 was a bare list of tag ids, its plots were found by unit."""
    plots = tuple(_plot(entry) for entry in _list(state.get("plots"))[:MAX_PENS])
    found: dict[UUID, RememberedPen] = {}
    for entry in _list(state.get("pens")):
        pen = _pen(entry, len(plots))
        if pen is not None:
            found.setdefault(pen.tag_id, pen)
    return PenLayout(tuple(found.values())[:MAX_PENS], plots)


def look_to_json(look: Look) -> dict[str, object]:
    return {"span_us": look.span_us, "end_us": 0 if look.is_live else look.end_us}


def look_from_json(state: Mapping[str, object], usual: Look) -> Look:
    """Version 1 had the span only and was live after a start."""
    span_us, end_us = _whole(state.get("span_us")), _whole(state.get("end_us"))
    if span_us is None or not SHORTEST_US <= span_us <= LONGEST_US:
        return usual
    is_live = end_us is None or end_us <= 0
    return Look(span_us, 0 if is_live else end_us or 0, is_live)


def _pen(entry: object, plots: int) -> RememberedPen | None:
    named = entry if isinstance(entry, Mapping) else {"tag": entry}
    try:
        tag_id = UUID(str(named.get("tag")))
    except ValueError:
        return None
    plot, colour = _whole(named.get("plot")), _whole(named.get("colour"))
    look = PenLook(
        colour if colour is not None and 0 <= colour < COLOURS else -1,
        2 if named.get("width") == 2 else 1,
        named.get("hidden") is True,
        named.get("own_axis") is True,
        _range(_list(named.get("range")), is_log=False),
    )
    return RememberedPen(tag_id, plot if plot is not None and 0 <= plot < plots else -1, look)


def _plot(entry: object) -> PlotLook:
    named = entry if isinstance(entry, Mapping) else {}
    weight, bounds = _number(named.get("weight")), _list(named.get("range"))
    is_log = named.get("log") is True
    return PlotLook(weight if weight and 0 < weight <= _HEAVIEST else 0.0, is_log, _range(bounds, is_log=is_log))


def _range(bounds: list[object], *, is_log: bool) -> tuple[float, float] | None:
    low, high = (_number(bounds[0]), _number(bounds[1])) if len(bounds) == 2 else (None, None)
    if low is None or high is None or not low < high or (is_log and low <= 0):
        return None
    return low, high


def _list(value: object) -> list[object]:
    return list(value) if isinstance(value, list) else []


def _whole(value: object) -> int | None:
    return value if isinstance(value, int) and not isinstance(value, bool) else None


def _number(value: object) -> float | None:
    is_number = isinstance(value, int | float) and not isinstance(value, bool)
    return float(value) if is_number and isfinite(value) else None  # type: ignore[arg-type]
