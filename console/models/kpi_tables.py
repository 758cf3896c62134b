"""The figures of the alarm system, the alarms that make the load, and the floods, as tables."""

from collections.abc import Callable, Sequence

import numpy as np
from PySide6.QtCore import QObject

from console.domain.alarm_classes import FloodRules
from console.domain.alarm_targets import Verdict
from console.models.kpi_words import (
    NAMES,
    ORDER,
    TIPS,
    figure_text,
    limit_text,
    percent_text,
    target_text,
    verdict_text,
    window_text,
)
from console.models.record_table import RecordTable
from console.models.row_order import Keys, SortColumn
from console.models.sorted_table import PLAIN, Column, RowLook
from console.models.text_rank import one_line, text_ranks
from console.services.kpi_records import Flood, KpiFigure, KpiReport, Offender
from console.ui.format import US, age_text, clock_text, time_tip, whole_text
from console.ui.priority_symbol import SymbolState
from console.ui.translation import mark, tr
from console.ui.wall_clock import now_us

_OVER = RowLook(is_bold=True)
_UNKNOWN = RowLook(is_dim=True, is_italic=True)
_RANK = {Verdict.OVER_LIMIT: 0, Verdict.OVER_TARGET: 1, Verdict.NO_DATA: 2, Verdict.NO_TARGET: 3, Verdict.GOOD: 4}


class FigureTable(RecordTable[KpiFigure]):
    """One row a figure, in the order in which one reads them; the first column holds the verdict's shape."""

    COLUMNS = (
        Column("symbol", "", 34),
        Column("what", mark("Figure"), 0),
        Column("value", mark("Value"), 84, is_number=True),
        Column("target", mark("Target"), 84, is_number=True, is_dim=True),
        Column("limit", mark("Limit"), 64, is_number=True, is_dim=True),
        Column("verdict", mark("Verdict"), 150),
    )
    DEFAULT_SORT = "symbol"

    def __init__(self, parent: QObject | None = None, *, now_us: Callable[[], int] = now_us) -> None:
        super().__init__(parent, now_us)
        self._undo = _nothing
        self._flood = FloodRules()

    def show(self, report: KpiReport | None) -> None:
        """None: nothing is known (yet), every figure is without data."""
        self._flood = report.flood if report is not None else FloodRules()
        told = {one.kpi: one for one in report.figures} if report is not None else {}
        empty = (KpiFigure(kpi, None, Verdict.NO_DATA) for kpi in ORDER)
        self.take(((one.kpi, told.get(one.kpi, one)) for one in empty), is_snapshot=True)

    def _keys(self) -> Keys:
        return np.arange(len(self._records), dtype=np.uint64)

    def _sort_column(self, key: str) -> SortColumn:
        if key == "verdict":
            return np.array([_RANK[one.verdict] for one in self._records], np.float64)
        if key in ("value", "target", "limit", "symbol"):
            return np.arange(len(self._records), dtype=np.float64)
        return text_ranks([tr(NAMES[one.kpi]) for one in self._records])

    def look(self, row: int) -> RowLook:
        verdict = self._records[row].verdict
        return _OVER if verdict is Verdict.OVER_LIMIT else _UNKNOWN if verdict is Verdict.NO_DATA else PLAIN

    def tip(self, row: int, key: str) -> str:
        kpi, flood = self._records[row].kpi, self._flood
        if kpi not in TIPS:
            return ""
        return tr(TIPS[kpi], enter=flood.enter, leave=flood.leave, window=window_text(flood))

    def symbol(self, row: int) -> Verdict:
        return self._records[row].verdict

    def cell(self, row: int, key: str) -> str:
        one = self._records[row]
        if key == "what":
            return tr(NAMES[one.kpi])
        if key == "value":
            return figure_text(one.kpi, one.value)
        if key == "target":
            return target_text(one.kpi)
        if key == "limit":
            return limit_text(one.kpi)
        return verdict_text(one.verdict) if key == "verdict" else ""


class OffenderTable(RecordTable[Offender]):
    """The alarms of one list, in its order."""

    COLUMNS = (
        Column("symbol", "", 44),
        Column("text", mark("Alarm"), 0),
        Column("subject", mark("Tag"), 260, is_dim=True),
        Column("area", mark("Area"), 130, is_dim=True),
        Column("count", mark("Count"), 76, is_number=True),
        Column("share", mark("Share"), 84, is_number=True),
        Column("lasting", mark("Active for"), 100, is_number=True),
        Column("last", mark("Newest"), 140),
    )
    DEFAULT_SORT = "symbol"

    def __init__(self, parent: QObject | None = None, *, now_us: Callable[[], int] = now_us) -> None:
        super().__init__(parent, now_us)
        self._undo = _nothing

    def show(self, found: Sequence[Offender]) -> None:
        self.take(enumerate(found), is_snapshot=True)

    def _keys(self) -> Keys:
        return np.arange(len(self._records), dtype=np.uint64)

    def _sort_column(self, key: str) -> SortColumn:
        numbers: dict[str, Callable[[Offender], float]] = {
            "count": lambda one: one.count,
            "share": lambda one: one.share,
            "lasting": lambda one: one.seconds,
            "last": lambda one: one.at_us,
            "symbol": lambda one: one.priority,
        }
        if key in numbers:
            return np.array([numbers[key](one) for one in self._records], np.float64)
        return text_ranks([str(getattr(one, key)) for one in self._records])

    def symbol(self, row: int) -> object:
        priority = self._records[row].priority
        return (priority, SymbolState.ACKNOWLEDGED) if 1 <= priority <= 4 else None

    def tip(self, row: int, key: str) -> str:
        return time_tip(self._records[row].at_us) if key == "last" else ""

    def cell(self, row: int, key: str) -> str:
        one = self._records[row]
        texts: dict[str, Callable[[], str]] = {
            "count": lambda: whole_text(one.count),
            "share": lambda: percent_text(one.share),
            "lasting": lambda: age_text(round(one.seconds * US)),
            "last": lambda: clock_text(one.at_us, self._now_us()),
            "text": lambda: tr(one_line(one.text)),
            "subject": lambda: one_line(one.subject),
            "area": lambda: one_line(one.area),
        }
        return texts[key]() if key in texts else ""


class FloodTable(RecordTable[Flood]):
    """Floods, the newest first."""

    COLUMNS = (
        Column("start", mark("Began"), 170),
        Column("end", mark("Ended"), 170),
        Column("lasting", mark("Lasted"), 110, is_number=True),
        Column("count", mark("Alarms"), 100, is_number=True),
        Column("peak", mark("Peak in 10 min"), 130, is_number=True),
        Column("rest", "", 0),
    )
    DEFAULT_SORT = "start"

    def __init__(self, parent: QObject | None = None, *, now_us: Callable[[], int] = now_us) -> None:
        super().__init__(parent, now_us)
        self._undo = _nothing

    def show(self, found: Sequence[Flood]) -> None:
        self.take(enumerate(reversed(found)), is_snapshot=True)

    def _keys(self) -> Keys:
        return np.arange(len(self._records), dtype=np.uint64)

    def _sort_column(self, key: str) -> SortColumn:
        numbers: dict[str, Callable[[Flood], float]] = {
            "start": lambda one: one.start_us,
            "end": lambda one: one.end_us,
            "lasting": lambda one: one.end_us - one.start_us,
            "count": lambda one: one.count,
            "peak": lambda one: one.peak,
            "rest": lambda one: one.start_us,
        }
        return np.array([numbers[key](one) for one in self._records], np.float64)

    def tip(self, row: int, key: str) -> str:
        one = self._records[row]
        return time_tip(one.start_us if key == "start" else one.end_us) if key in ("start", "end") else ""

    def cell(self, row: int, key: str) -> str:
        one, now = self._records[row], self._now_us()
        texts: dict[str, Callable[[], str]] = {
            "start": lambda: clock_text(one.start_us, now),
            "end": lambda: clock_text(one.end_us, now),
            "lasting": lambda: age_text(one.end_us - one.start_us),
            "count": lambda: whole_text(one.count),
            "peak": lambda: whole_text(one.peak),
        }
        return texts[key]() if key in texts else ""


def _nothing() -> None:
    """These tables follow no topic."""
