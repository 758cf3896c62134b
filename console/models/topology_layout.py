"""Where every card stands: bands from top to bottom, cards in a band ordered so that links run straight.

Barycentre ordering (Sugiyama, Tagawa, Toda 1981) over numpy columns: 20,000 cards and 40,000 links in tens of
milliseconds, the same input always the same picture.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]

CARD_W, CARD_H = 124.0, 54.0
CELL_W, CELL_H = 160.0, 88.0
BAND_HEAD, BAND_FOOT, BAND_GAP, MARGIN = 34.0, 16.0, 12.0, 12.0
LEAST_COLUMNS = 9
_SWEEPS = 6


@dataclass(frozen=True, slots=True)
class Layout:
    """`place` holds the upper left corner of every card; `bands` (top, height) of every band, `width` of them all."""

    place: Floats
    bands: tuple[tuple[float, float], ...]
    width: float
    height: float


def layered(band: Ints, links: Ints, bands: int) -> Layout:
    """Places for n cards: `band` 0..bands-1 from the top (shape n), `links` index pairs (shape m, 2).

    The input order decides between equals. No two cards overlap.
    """
    n = band.size
    if not n:
        return Layout(np.empty((0, 2)), ((MARGIN, BAND_HEAD + BAND_FOOT),) * bands, CELL_W, CELL_H)
    columns = max(LEAST_COLUMNS, int(np.ceil(np.sqrt(n * 1.8 * CELL_H / CELL_W))))
    members = [np.flatnonzero(band == k) for k in range(bands)]
    columns = min(columns, max(1, *(m.size for m in members)))
    members = _ordered(members, links, n)
    width = columns * CELL_W
    place = np.empty((n, 2))
    tops: list[tuple[float, float]] = []
    top = MARGIN
    for rows_of in members:
        rows = max(1, -(-rows_of.size // columns))
        across = max(1, -(-rows_of.size // rows))
        index = np.arange(rows_of.size)
        cell = width / across
        place[rows_of, 0] = MARGIN + (index // rows) * cell + (cell - CARD_W) / 2  # column by column: order is in x
        place[rows_of, 1] = top + BAND_HEAD + (index % rows) * CELL_H
        height = BAND_HEAD + (rows - 1) * CELL_H + CARD_H + BAND_FOOT
        tops.append((top, height))
        top += height + BAND_GAP
    return Layout(place, tuple(tops), width + 2 * MARGIN, top)


def _ordered(members: list[Ints], links: Ints, n: int) -> list[Ints]:
    """Sweep down and up; every band is sorted by the mean place of what its cards are linked with."""
    members = list(members)
    x = np.zeros(n)
    for rows in members:
        x[rows] = (np.arange(rows.size) + 0.5) / max(rows.size, 1)
    if not links.size:
        return members
    home = np.zeros(n, np.int64)
    for k, rows in enumerate(members):
        home[rows] = k
    ends = np.concatenate((links, links[:, ::-1]))
    ends = ends[home[ends[:, 0]] != home[ends[:, 1]]]  # links within a band cannot pull it to anywhere
    order = np.argsort(home[ends[:, 0]], kind="stable")
    ends = ends[order]
    bounds = np.searchsorted(home[ends[:, 0]], np.arange(len(members) + 1))
    slot = np.zeros(n, np.int64)
    for sweep in range(_SWEEPS):
        down = sweep % 2 == 0
        for k in range(len(members)) if down else range(len(members) - 1, -1, -1):
            rows, own = members[k], ends[bounds[k] : bounds[k + 1]]
            if rows.size < 2 or not own.size:
                continue
            slot[rows] = np.arange(rows.size)
            at = slot[own[:, 0]]
            count = np.bincount(at, minlength=rows.size)
            total = np.bincount(at, x[own[:, 1]], rows.size)
            wish = np.where(count > 0, total / np.maximum(count, 1), x[rows])
            members[k] = rows[np.argsort(wish, kind="stable")]
            x[members[k]] = (np.arange(rows.size) + 0.5) / rows.size
    return members
