"""Numbers with few decimals, as transmitters report them, taken as whole numbers: their sums are exact in any order."""

import numpy as np

from console.services.historian.rollup_columns import Bools
from console.services.records import Floats, Longs

EXACT = 2.0**53  # whole numbers up to here are exact in float64
# Which powers of ten are tried for sums: values have up to 4 decimals, squares twice as many, integrals those and the
# 3 of a stamp in ms or the 6 of one in us.
VALUE_DECIMALS = (0, 1, 2, 3, 4)
SQUARE_DECIMALS = (0, 2, 4, 6, 8)
INTEGRAL_DECIMALS = (0, 3, 5, 7, 10)


def on_grid(value: Floats, decimals: int) -> tuple[Floats, Bools]:
    """value x 10^decimals as whole numbers, and where that gives the value back (-0.0 as 0; never nan)."""
    scale = 10.0**decimals
    with np.errstate(over="ignore", invalid="ignore"):
        whole = np.rint(value * scale)
        fits = (whole / scale == value) & (np.abs(whole) < EXACT)
    return whole, fits


def scaled(value: Floats, starts: Longs, exponents: tuple[int, ...] = VALUE_DECIMALS) -> tuple[Floats, Floats]:
    """Each value times the scale of its segment, and the scales: segment i is the rows from starts[i] on.

    The scale is the least 10^d that makes whole numbers of all values of the segment, or 1 where none does. A segment's
    sum is then add.reduceat(first) / second: exact and the same in any order on a grid, else an ordinary float sum.
    """
    scales = np.ones(starts.size)
    taken = value
    if not value.size:
        return taken, scales
    sizes = np.diff(starts, append=value.size)
    open_ = np.ones(starts.size, np.bool_)
    for decimals in exponents:
        whole, fits = on_grid(value, decimals)
        fitting = np.logical_and.reduceat(fits, starts) & open_
        if fitting.all():
            return whole, np.full(starts.size, 10.0**decimals)
        if fitting.any():
            taken = np.where(np.repeat(fitting, sizes), whole, taken)
            scales[fitting] = 10.0**decimals
            open_ &= ~fitting
        if not open_.any():
            break
    return taken, scales


def segment_sums(value: Floats, starts: Longs, exponents: tuple[int, ...] = VALUE_DECIMALS) -> Floats:
    """Sum of each segment, rounded once where its values have few decimals."""
    if not starts.size:
        return np.zeros(0)
    taken, scales = scaled(value, starts, exponents)
    with np.errstate(over="ignore", invalid="ignore"):
        return np.asarray(np.add.reduceat(taken, starts) / scales)


def products(value: Floats, whole: Longs, per: float) -> Floats:
    """value x whole / per, rounded once where the value has few decimals (whole x value below 2^53)."""
    taken, scales = scaled(value, np.arange(value.size, dtype=np.int64))
    with np.errstate(over="ignore", invalid="ignore"):
        return np.asarray(taken * whole / (scales * per))
