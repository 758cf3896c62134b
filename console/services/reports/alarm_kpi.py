"""All figures of the alarm system's performance from columns of the alarm log: pure, exact, without a clock.

What counts (after ISA-18.2 and EEMUA 191): an annunciation is a raise, a rise in severity or a
repeated announcement of an alarm that is not shelved, suppressed, masked or out of service at that moment; alarms of
the fifth priority are none. Means divide by the time that was watched. Percentages use fixed bins on the site's clock;
a bin of which less than nine tenths were watched is no data. Ten minutes in which something was logged count as
watched, whoever logged it. Floods slide. Everything "a position" divides by the number of positions given, thresholds
multiply by it. Days are those of the site, 23 or 25 hours long when the clock changes.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, tzinfo

import numpy as np
from numpy.typing import NDArray

from console.domain.alarm_classes import FloodRules
from console.domain.alarm_targets import BANDS, Kpi, verdict
from console.services.kpi_records import Bins, DayRow, Flood, KpiFigure, KpiPosition, KpiReport, Offender
from console.services.reports import kpi_offenders as off
from console.services.reports import kpi_rates as rates
from console.services.reports.kpi_columns import AlarmColumns
from console.services.reports.kpi_occurrences import (
    Annunciations,
    Occurrences,
    annunciations,
    flag_spans,
    hidden_spans,
    occurrences,
    parts_of,
    shown,
)
from console.services.reports.kpi_spans import Spans

LOOKBACK_US = rates.DAY_US  # floods are followed from a day before the window on
OUT_LONG_US = 30 * rates.DAY_US
WEEK_US = 7 * rates.DAY_US
Figures = dict[Kpi, float | None]


@dataclass(frozen=True, slots=True)
class KpiQuestion:
    """[from_us, to_us) and how to look at it. `skips_empty`: bins without any annunciation take no part in means and
    percentages (which raises both). `fleeting_s`: what returns within it, unseen, is fleeting. `changed_settings`:
    differences from the master record, counted elsewhere; None: not known. `flood`: what the site calls one.
    `position`: whose rows the columns are, if not the site's."""

    from_us: int
    to_us: int
    zone: tzinfo = UTC
    positions: int = 1
    skips_empty: bool = False
    fleeting_s: float = 10.0
    changed_settings: int | None = None
    flood: FloodRules = field(default_factory=FloodRules)
    position: KpiPosition | None = None


@dataclass(frozen=True, slots=True)
class _Work:
    """What the figures share."""

    asked: KpiQuestion
    columns: AlarmColumns
    hidden: dict[int, Spans]
    all_of: Occurrences
    called: Annunciations  # within the window
    before: Annunciations  # with the day before it
    watched: Spans
    chatter: off.Chatter
    ten: Bins
    hours: Bins

    @property
    def seen_us(self) -> int:
        return int((self.watched.ends - self.watched.starts).sum())


def alarm_kpi(columns: AlarmColumns, watched: Sequence[tuple[int, int]], asked: KpiQuestion) -> KpiReport:
    """Every figure, list and series of the window. `watched`: when a station looked at the plant, in any order."""
    work = _prepare(columns, watched, asked)
    floods = _floods(work)
    stale = off.stale_pieces(work.all_of, work.hidden, asked.from_us, asked.to_us)
    days = _days(work, stale)
    lists, figures = _lists(work, stale)
    if work.seen_us:
        figures |= _rates(work, days) | _flood_figures(work, floods) | _shares(work) | _times(work) | _aside(work)
        figures[Kpi.STALE] = max(day.stale for day in days if day.stale is not None)
    else:
        figures = {}
    changed = asked.changed_settings
    figures[Kpi.CHANGED_SETTINGS] = None if changed is None else float(changed)
    valid = _valid(work.ten, asked)
    return KpiReport(
        asked.from_us,
        asked.to_us,
        asked.positions,
        len(work.called),
        _dechattered(work),
        work.seen_us,
        tuple(KpiFigure(kpi, figures.get(kpi), verdict(kpi, figures.get(kpi))) for kpi in Kpi),
        work.ten,
        work.hours,
        days,
        floods,
        tuple(work.watched.outside(asked.from_us, asked.to_us)),
        tuple(int((work.called.priority == level).sum()) for level in (1, 2, 3, 4)),  # type: ignore[arg-type]
        _bands(work.ten.counts[valid] / asked.positions),
        {name: tuple(found) for name, found in lists.items()},
        len(columns),
        asked.flood,
        asked.position,
    )


def _prepare(columns: AlarmColumns, watched: Sequence[tuple[int, int]], asked: KpiQuestion) -> _Work:
    low, high = asked.from_us, asked.to_us
    columns = columns.take(columns.at_us < high)
    hidden = hidden_spans(columns)
    before = annunciations(columns, hidden).between(low - LOOKBACK_US, high)
    called = before.between(low, high)
    starts = rates.bin_starts(low, high, rates.TEN_MINUTES_US, asked.zone)
    heard = starts[np.unique(np.searchsorted(starts, called.at_us, "right") - 1)]
    spans = Spans.of(watched).joined(heard, heard + rates.TEN_MINUTES_US).within(low, high)
    widths = (rates.TEN_MINUTES_US, rates.HOUR_US)
    ten, hours = (rates.binned(called.at_us, low, high, width, asked.zone, spans) for width in widths)
    return _Work(asked, columns, hidden, occurrences(columns), called, before, spans, off.chatter(called), ten, hours)


def _valid(bins: Bins, asked: KpiQuestion) -> NDArray[np.bool_]:
    return bins.watched & (bins.counts > 0) if asked.skips_empty else bins.watched


def _mean(work: _Work, bins: Bins) -> float | None:
    """A position and bin."""
    if not work.asked.skips_empty:
        return len(work.called) * bins.width_us / (work.seen_us * work.asked.positions)
    valid = _valid(bins, work.asked)
    count = int(valid.sum()) * work.asked.positions
    return int(bins.counts[valid].sum()) / count if count else None


def _share_above(work: _Work, bins: Bins, more_than: int) -> float | None:
    valid = _valid(bins, work.asked)
    above = bins.counts[valid] > more_than * work.asked.positions
    return 100 * int(above.sum()) / len(above) if len(above) else None


def _rates(work: _Work, days: tuple[DayRow, ...]) -> Figures:
    asked, called = work.asked, work.called.at_us
    minute = rates.binned(called, asked.from_us, asked.to_us, rates.MINUTE_US, asked.zone, work.watched)
    sliding = rates.sliding(work.before.at_us)[work.before.at_us >= asked.from_us]
    seen_us = work.seen_us
    if asked.skips_empty:
        full = [day for day in days if day.count]
        low, high = (np.array([edge(day) for day in full], np.int64) for edge in (_start, _end))
        seen_us = int(work.watched.measure(low, high).sum())
    per_day = rates.DAY_US / (seen_us * asked.positions) if seen_us else None
    return {
        Kpi.PER_DAY: None if per_day is None else len(called) * per_day,
        Kpi.PER_DAY_DECHATTERED: None if per_day is None else _dechattered(work) * per_day,
        Kpi.PER_HOUR: _mean(work, work.hours),
        Kpi.PER_TEN_MINUTES: _mean(work, work.ten),
        Kpi.HOURS_OVER_30: _share_above(work, work.hours, 30),
        Kpi.BINS_OVER_10: _share_above(work, work.ten, 10),
        Kpi.ABOVE_STEADY: _share_above(work, work.ten, 1),
        Kpi.MOST_IN_TEN_MINUTES: int(work.ten.counts.max()) / asked.positions,
        Kpi.PEAK_HOUR: int(work.hours.counts.max()) / asked.positions,
        Kpi.PEAK_MINUTE: int(minute.counts.max()) / asked.positions,
        Kpi.PEAK_RATE: int(sliding.max(initial=0)) / asked.positions,
    }


def _start(day: DayRow) -> int:
    return day.start_us


def _end(day: DayRow) -> int:
    return day.end_us


def _floods(work: _Work) -> tuple[Flood, ...]:
    """Those that reach into the window; one that still runs ends with it."""
    low, high = work.asked.from_us, work.asked.to_us
    found = rates.floods(work.before.at_us, work.asked.positions, work.asked.flood)
    return tuple(Flood(one.start_us, min(one.end_us, high), one.count, one.peak) for one in found if one.end_us > low)


def _flood_figures(work: _Work, floods: tuple[Flood, ...]) -> Figures:
    spans = Spans.of((flood.start_us, flood.end_us) for flood in floods)
    in_flood = int(work.watched.measure(spans.starts, spans.ends).sum())
    lengths = [flood.end_us - flood.start_us for flood in floods]
    return {
        Kpi.FLOOD_TIME: 100 * in_flood / work.seen_us,
        Kpi.FLOODS: len(floods),
        Kpi.FLOODS_PER_WEEK: len(floods) * WEEK_US / max(WEEK_US, work.seen_us),  # less than a week is not spun out
        Kpi.LONGEST_FLOOD: max(lengths, default=0) / rates.SECOND_US,
    }


def _shares(work: _Work) -> Figures:
    """How the priorities are mixed; without an annunciation there is no mix."""
    total, priority = len(work.called), work.called.priority
    if not total:
        return {}
    critical, _high, medium, low = (100 * int((priority == level).sum()) / total for level in (1, 2, 3, 4))
    both = 100 * int((priority <= 2).sum()) / total
    top = np.sort(np.bincount(work.called.condition))[::-1][: off.TOP]
    return {
        Kpi.SHARE_CRITICAL: critical,
        Kpi.SHARE_HIGH: both,
        Kpi.SHARE_MEDIUM: medium,
        Kpi.SHARE_LOW: low,
        Kpi.TOP_TEN_SHARE: 100 * int(top.sum()) / total,
    }


def _within(moments: NDArray[np.int64], asked: KpiQuestion) -> NDArray[np.bool_]:
    return (moments >= asked.from_us) & (moments < asked.to_us)


def _times(work: _Work) -> Figures:
    """How long alarms waited for somebody, how long they stood, and how many stood at once."""
    all_of, asked = work.all_of, work.asked
    raised = off.is_known(all_of.raised_us)
    acknowledged = np.flatnonzero(raised & _within(all_of.acknowledged_us, asked))
    returned = np.flatnonzero(raised & _within(all_of.returned_us, asked))
    waits, lasts = (
        part[shown(all_of.condition[part], all_of.raised_us[part], work.hidden)] for part in (acknowledged, returned)
    )
    wait = np.maximum(all_of.acknowledged_us[waits] - all_of.raised_us[waits], 0)
    lasted = all_of.returned_us[lasts] - all_of.start_us[lasts]
    return {
        Kpi.ACK_MEDIAN: off.nearest_rank(wait, 50),
        Kpi.ACK_P95: off.nearest_rank(wait, 95),
        Kpi.ACK_MOST: off.nearest_rank(wait, 100),
        Kpi.ACTIVE_MEDIAN: off.nearest_rank(lasted, 50),
        Kpi.ACTIVE_P95: off.nearest_rank(lasted, 95),
        Kpi.ACTIVE_MOST: off.nearest_rank(lasted, 100),
        Kpi.STANDING: _standing_us(work) / work.seen_us,
    }


def _standing_us(work: _Work) -> int:
    """Watched time of every active alarm in the list, all together."""
    begin, end = work.all_of.start_us, work.all_of.over_us
    total = int(work.watched.measure(begin, end).sum())
    for one, part in parts_of(work.all_of.condition, work.hidden):
        unlisted = work.watched.common(work.hidden[one])
        total -= int(unlisted.measure(begin[part], end[part]).sum())
    return total


def _aside(work: _Work) -> Figures:
    """What is kept out of the list as the window ends."""
    last = np.array([work.asked.to_us - 1], np.int64)
    shelves, services = (flag_spans(work.columns, flag) for flag in ("shelved", "out_of_service"))
    since = [spans.starts[-1] for spans in services.values() if spans.holds(last)[0]]
    return {
        Kpi.SHELVED: sum(bool(spans.holds(last)[0]) for spans in shelves.values()),
        Kpi.OUT_OF_SERVICE_LONG: sum(int(start) <= work.asked.to_us - OUT_LONG_US for start in since),
    }


def _lists(work: _Work, stale: off.Pieces) -> tuple[dict[str, list[Offender]], Figures]:
    all_of, asked, ids = work.all_of, work.asked, work.columns.ids
    raised = np.flatnonzero(_within(all_of.raised_us, asked))
    new = np.zeros(len(all_of), np.bool_)
    new[raised[shown(all_of.condition[raised], all_of.raised_us[raised], work.hidden)]] = True
    unseen = new & (all_of.returned_us < asked.to_us) & (all_of.acknowledged_us > all_of.returned_us)
    brief = all_of.returned_us - all_of.start_us <= round(asked.fleeting_s * rates.SECOND_US)
    fleeting = unseen & brief & ~np.isin(all_of.condition, work.chatter.conditions)
    again, total = off.reshelved(work.columns, asked.from_us, asked.to_us), len(work.called)
    lists = {
        "top_ten": off.counted(work.called, np.ones(total, np.bool_), ids, off.TOP),
        "chattering": off.counted(work.called, work.chatter.member, ids, off.MOST),
        "fleeting": off.occurrence_list(all_of, fleeting, ids, total),
        "stale": off.stale_list(all_of, stale, ids, asked.to_us),
        "reshelved": again[: off.MOST],
        "returned_first": off.occurrence_list(all_of, unseen, ids, total),
    }
    return lists, {
        Kpi.CHATTERING: len(work.chatter.conditions),
        Kpi.FLEETING: len(np.unique(all_of.condition[fleeting])),
        Kpi.RETURNED_FIRST: 100 * int(unseen.sum()) / total if total else None,
        Kpi.RESHELVED: len(again),
    }


def _days(work: _Work, stale: off.Pieces) -> tuple[DayRow, ...]:
    edges = np.array(rates.day_edges(work.asked.from_us, work.asked.to_us, work.asked.zone), np.int64)
    counts = np.diff(np.searchsorted(work.called.at_us, edges))
    seen = work.watched.measure(edges[:-1], edges[1:])
    rows = []
    for low, high, count, watched in zip(edges[:-1].tolist(), edges[1:].tolist(), counts, seen, strict=True):
        old = len(np.unique(stale.of[(stale.low_us < high) & (stale.high_us > low)]))
        rows.append(DayRow(low, high, int(count) if watched else None, old if watched else None))
    return tuple(rows)


def _bands(counts: NDArray[np.float64]) -> tuple[float, ...]:
    if not len(counts):
        return ()
    at = np.searchsorted([most for _name, most in BANDS], counts)
    return tuple(100 * int(count) / len(counts) for count in np.bincount(at, minlength=len(BANDS)))


def _dechattered(work: _Work) -> int:
    """With every burst of a chattering alarm counted once."""
    return len(work.called) - int(work.chatter.member.sum()) + work.chatter.bursts
