"""Which alarms make the load: the frequent, chattering, fleeting, stale, shelved again and returned unseen ones."""

from dataclasses import dataclass
from uuid import UUID

import numpy as np
from numpy.typing import NDArray

from console.services.kpi_records import Offender
from console.services.reports.kpi_columns import CODE, FOREVER, AlarmColumns, by_condition
from console.services.reports.kpi_occurrences import Annunciations, Occurrences
from console.services.reports.kpi_rates import DAY_US, SECOND_US
from console.services.reports.kpi_spans import Spans

I64 = NDArray[np.int64]
I32 = NDArray[np.int32]
CHATTER_US = 60 * SECOND_US  # three activations within this
MOST = 50  # alarms in a list; the figures count all of them
TOP = 10
RESHELVED = 3


@dataclass(frozen=True, slots=True)
class Chatter:
    """`member` marks the raises that belong to a burst, by their place in the annunciations."""

    member: NDArray[np.bool_]
    bursts: int
    conditions: I32


@dataclass(frozen=True, slots=True)
class Pieces:
    """Parts [low, high) of occurrences' time during which they were not hidden; `of` is the occurrence's index."""

    low_us: I64
    high_us: I64
    of: I64


def chatter(called: Annunciations) -> Chatter:
    """Bursts of at least three activations of one alarm within 60 s; triples that share an activation are one burst."""
    raises = np.flatnonzero(called.is_raise)
    order = raises[by_condition(called.condition[raises])]
    condition, at = called.condition[order], called.at_us[order]
    size = len(order)
    triple = np.zeros(size + 2, np.bool_)  # a triple begins at this raise; padded so that its neighbours can be asked
    if size > 2:
        triple[2:size] = (condition[2:] == condition[:-2]) & (at[2:] - at[:-2] <= CHATTER_US)
    begins = np.append(triple[2:], np.zeros(2, np.bool_))[:size]  # triple that starts here
    middle = np.append(np.zeros(1, np.bool_), begins)[:size]
    ends = np.append(np.zeros(2, np.bool_), begins)[:size]
    in_burst = begins | middle | ends
    linked = middle | ends  # to the raise before
    member = np.zeros(len(called), np.bool_)
    member[order[in_burst]] = True
    return Chatter(member, int((in_burst & ~linked).sum()), np.unique(condition[in_burst]))


def counted(called: Annunciations, chosen: NDArray[np.bool_], ids: tuple[bytes, ...], most: int) -> list[Offender]:
    """Conditions by how often they are chosen, most first, by id where that is equal; with their newest occurrence."""
    condition = called.condition[chosen]
    count = np.bincount(condition, minlength=len(ids))
    last = np.full(len(ids), -1, np.int64)
    last[condition] = np.flatnonzero(chosen)  # the newest wins
    ranked = sorted(np.flatnonzero(count).tolist(), key=lambda one: (-int(count[one]), ids[one]))
    return [
        Offender(
            UUID(bytes=ids[one]),
            int(count[one]),
            100 * int(count[one]) / max(1, len(called)),
            int(called.start_us[last[one]]),
            int(called.at_us[last[one]]),
        )
        for one in ranked[:most]
    ]


def occurrence_list(
    all_of: Occurrences, chosen: NDArray[np.bool_], ids: tuple[bytes, ...], total: int
) -> list[Offender]:
    """Conditions by the number of their chosen occurrences."""
    condition = all_of.condition[chosen]
    count = np.bincount(condition, minlength=len(ids))
    last = np.zeros(len(ids), np.int64)
    np.maximum.at(last, condition, all_of.start_us[chosen])
    ranked = sorted(np.flatnonzero(count).tolist(), key=lambda one: (-int(count[one]), ids[one]))
    return [
        Offender(
            UUID(bytes=ids[one]),
            int(count[one]),
            100 * int(count[one]) / max(1, total),
            int(last[one]),
            int(last[one]),
        )
        for one in ranked[:MOST]
    ]


def visible_pieces(condition: I32, low: I64, high: I64, hidden: dict[int, Spans]) -> Pieces:
    """Each [low, high) without the time in which its condition was hidden."""
    touched = np.isin(condition, list(hidden)) & (high > low)
    plain = np.flatnonzero(~touched & (high > low))
    lows, highs, of = [low[plain]], [high[plain]], [plain]
    for at in np.flatnonzero(touched).tolist():
        parts = hidden[int(condition[at])].outside(int(low[at]), int(high[at]))
        lows.append(parts.starts)
        highs.append(parts.ends)
        of.append(np.full(len(parts), at, np.int64))
    return Pieces(np.concatenate(lows), np.concatenate(highs), np.concatenate(of))


def stale_pieces(all_of: Occurrences, hidden: dict[int, Spans], low: int, high: int) -> Pieces:
    """When within [low, high) an alarm was listed that had been active for more than 24 h. An alarm that did not change
    at all in the window is here as well: its start lies before."""
    old = np.flatnonzero(all_of.start_us < high - DAY_US)
    begin = np.maximum(all_of.start_us[old] + DAY_US, low)
    pieces = visible_pieces(all_of.condition[old], begin, np.minimum(all_of.over_us[old], high), hidden)
    return Pieces(pieces.low_us, pieces.high_us, old[pieces.of])


def stale_list(all_of: Occurrences, pieces: Pieces, ids: tuple[bytes, ...], high: int) -> list[Offender]:
    """Stale alarms, the oldest first."""
    chosen = np.unique(pieces.of).tolist()
    ranked = sorted(chosen, key=lambda one: (int(all_of.start_us[one]), ids[int(all_of.condition[one])]))[:MOST]
    return [
        Offender(
            UUID(bytes=ids[int(all_of.condition[one])]),
            1,
            start_us=int(all_of.start_us[one]),
            at_us=int(all_of.start_us[one]),
            seconds=(min(int(all_of.over_us[one]), high) - int(all_of.start_us[one])) / SECOND_US,
        )
        for one in ranked
    ]


def reshelved(columns: AlarmColumns, low: int, high: int) -> list[Offender]:
    """Conditions that were put on the shelf three times or more within [low, high), extensions included."""
    rows = columns.take((columns.code == CODE["shelved"]) & (columns.at_us >= low) & (columns.at_us < high))
    count = np.bincount(rows.condition, minlength=len(columns.ids))
    last = np.zeros(len(columns.ids), np.int64)
    np.maximum.at(last, rows.condition, rows.at_us)
    often = sorted(np.flatnonzero(count >= RESHELVED).tolist(), key=lambda one: (-int(count[one]), columns.ids[one]))
    return [Offender(UUID(bytes=columns.ids[one]), int(count[one]), at_us=int(last[one])) for one in often]


def nearest_rank(values: I64, percent: int) -> float | None:
    """The percentile as one of the values (nearest rank), in seconds; None without values."""
    if not len(values):
        return None
    rank = max(1, -(-len(values) * percent // 100))
    return int(np.partition(values, rank - 1)[rank - 1]) / SECOND_US


def is_known(moments: I64) -> NDArray[np.bool_]:
    return moments < FOREVER
