"""How the pens and plots of a trend look: what a person chose for each, frozen values without any widget."""

from dataclasses import dataclass

COLOURS = 8


@dataclass(frozen=True, slots=True)
class PenLook:
    """`colour` is the index of a pen token, -1 for the least used one; `width` 1 or 2 pixels; `y_range`: its own axis
    as it was fixed by hand."""

    colour: int = -1
    width: int = 1
    is_hidden: bool = False
    has_own_axis: bool = False
    y_range: tuple[float, float] | None = None


USUAL = PenLook()


@dataclass(frozen=True, slots=True)
class PlotLook:
    """`weight` is the share of the height, 0 for the usual one; `is_log` of all its axes; `y_range` of the shared axis
    fixed by hand, None fits itself."""

    weight: float = 0.0
    is_log: bool = False
    y_range: tuple[float, float] | None = None
