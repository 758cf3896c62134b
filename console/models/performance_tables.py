"""Capacities, the busiest, alarm rules on what is usual, and figures under load, as tables."""

from collections.abc import Callable, Mapping, Sequence
from typing import ClassVar, Generic, TypeVar

import numpy as np
from PySide6.QtCore import QObject

from console.domain.history.forecast import Outcome
from console.models.performance_words import (
    CYCLES,
    MEASURE_SIGNS,
    amount_text,
    between_text,
    date_of,
    days_text,
    metric_name,
    rate_text,
    reason_text,
    relation_text,
)
from console.models.record_table import RecordTable
from console.models.row_order import Keys, SortColumn
from console.models.sorted_table import PLAIN, Column, RowLook
from console.models.text_rank import one_line, text_ranks
from console.services.performance_records import BaselineRule, CapacityRow, LoadRow, TopRow
from console.ui.format import DASH, number_text, whole_text
from console.ui.translation import mark, tr
from console.ui.wall_clock import now_us

R = TypeVar("R")
NAN, LATE = float("nan"), float("inf")
_SOON_DAYS = 14.0
_DIM = RowLook(is_dim=True)
_SOON = RowLook(is_bold=True)


class _Listed(RecordTable[R], Generic[R]):
    """The records of one answer, in its order unless a column is sorted by."""

    TEXTS: ClassVar[Mapping[str, Callable[..., str]]] = {}
    NUMBERS: ClassVar[Mapping[str, Callable[..., float | None]]] = {}

    def __init__(self, parent: QObject | None = None, *, now_us: Callable[[], int] = now_us) -> None:
        super().__init__(parent, now_us)
        self._undo = _nothing

    def show(self, found: Sequence[R]) -> None:
        """Replaces all that was there."""
        self.take(enumerate(found), is_snapshot=True)

    def _keys(self) -> Keys:
        return np.arange(len(self._records), dtype=np.uint64)

    def _sort_column(self, key: str) -> SortColumn:
        number = self.NUMBERS.get(key)
        if number is not None:
            told = [number(one) for one in self._records]
            return np.array([NAN if value is None else value for value in told], np.float64)
        return text_ranks([self._text(one, key) for one in self._records])

    def cell(self, row: int, key: str) -> str:
        return self._text(self._records[row], key)

    def _text(self, one: R, key: str) -> str:
        text = self.TEXTS.get(key)
        return text(one) if text is not None else ""


class CapacityTable(_Listed[CapacityRow]):
    """The soonest first; what has no date says why."""

    COLUMNS = (
        Column("name", mark("Capacity"), 230),
        Column("area", mark("Area"), 130, is_dim=True),
        Column("metric", mark("Kind"), 100, is_dim=True),
        Column("level", mark("Now"), 84, is_number=True),
        Column("full", mark("End at"), 84, is_number=True, is_dim=True),
        Column("rate", mark("Trend"), 112, is_number=True),
        Column("days", mark("Days left"), 96, is_number=True),
        Column("date", mark("Expected on"), 120),
        Column("between", mark("Between"), 170, is_dim=True),
        Column("why", mark("Reason"), 0),
    )
    DEFAULT_SORT = "days"
    TEXTS: ClassVar[Mapping[str, Callable[..., str]]] = {
        "name": lambda one: one_line(one.subject.name),
        "area": lambda one: one_line(one.subject.area),
        "metric": lambda one: metric_name(one.subject.metric),
        "level": lambda one: amount_text(one.forecast.level, one.subject.unit, 3),
        "full": lambda one: amount_text(one.forecast.full, one.subject.unit),
        "rate": lambda one: rate_text(one.forecast, one.subject.unit),
        "days": lambda one: days_text(one.forecast.days),
        "between": lambda one: between_text(one.forecast),
    }
    NUMBERS: ClassVar[Mapping[str, Callable[..., float | None]]] = {
        "level": lambda one: one.forecast.level,
        "full": lambda one: one.forecast.full,
        "rate": lambda one: one.forecast.per_day,
        "days": lambda one: LATE if one.forecast.days is None else one.forecast.days,
        "date": lambda one: LATE if one.forecast.days is None else one.forecast.days,
        "between": lambda one: LATE if one.forecast.earliest is None else one.forecast.earliest,
    }

    def _text(self, one: CapacityRow, key: str) -> str:
        if key == "why":
            return reason_text(one, self._now_us())
        return date_of(one.forecast, self._now_us()) if key == "date" else super()._text(one, key)

    def tip(self, row: int, key: str) -> str:
        one = self._records[row]
        if key == "level":
            return tr("The highest value of the last day") if not one.is_low else tr("The lowest value of the last day")
        return one_line(one.subject.path) if key == "name" else ""

    def look(self, row: int) -> RowLook:
        told = self._records[row].forecast
        if told.days is not None and told.days <= _SOON_DAYS:
            return _SOON
        return _DIM if told.outcome in (Outcome.NO_DATA, Outcome.OLD, Outcome.TOO_SHORT) else PLAIN


class TopTable(_Listed[TopRow]):
    """The highest mean first."""

    COLUMNS = (
        Column("name", mark("Tag"), 0),
        Column("area", mark("Area"), 150, is_dim=True),
        Column("mean", mark("Mean"), 120, is_number=True),
        Column("high", mark("Highest"), 120, is_number=True),
        Column("known", mark("Known"), 80, is_number=True, is_dim=True),
    )
    DEFAULT_SORT = ""
    TEXTS: ClassVar[Mapping[str, Callable[..., str]]] = {
        "name": lambda one: one_line(one.subject.name),
        "area": lambda one: one_line(one.subject.area),
        "mean": lambda one: amount_text(one.mean, one.subject.unit),
        "high": lambda one: amount_text(one.high, one.subject.unit),
        "known": lambda one: f"{whole_text(round(100 * one.known))} %",
    }
    NUMBERS: ClassVar[Mapping[str, Callable[..., float | None]]] = {
        "mean": lambda one: one.mean,
        "high": lambda one: one.high,
        "known": lambda one: one.known,
    }

    def tip(self, row: int, key: str) -> str:
        if key == "known":
            return tr("Share of the time with trusted values")
        return one_line(self._records[row].subject.path) if key == "name" else ""


class BaselineRuleTable(_Listed[BaselineRule]):
    """Alarm rules that judge by what is usual, tag by tag."""

    COLUMNS = (
        Column("path", mark("Tag"), 0),
        Column("rule", mark("Alarm rule"), 150),
        Column("cycle", mark("Repeats with"), 150),
        Column("periods", mark("Periods"), 80, is_number=True),
        Column("above", mark("Above"), 84, is_number=True),
        Column("below", mark("Below"), 84, is_number=True),
        Column("known", mark("Known"), 100, is_number=True),
        Column("state", mark("Judges now"), 240),
    )
    DEFAULT_SORT = "path"
    TEXTS: ClassVar[Mapping[str, Callable[..., str]]] = {
        "path": lambda one: one_line(one.path),
        "rule": lambda one: one_line(one.text or one.rule_id),
        "cycle": lambda one: tr(CYCLES[one.cycle]),
        "periods": lambda one: whole_text(one.periods),
        "above": lambda one: amount_text(one.above, _sign(one)),
        "below": lambda one: amount_text(one.below, _sign(one)),
        "known": lambda one: f"{whole_text(one.known)} / {whole_text(one.slots)}",
        "state": lambda one: tr("yes") if one.knows_now else tr("no: too little is known of this time"),
    }
    NUMBERS: ClassVar[Mapping[str, Callable[..., float | None]]] = {
        "periods": lambda one: one.periods,
        "above": lambda one: one.above,
        "below": lambda one: one.below,
        "known": lambda one: one.known / one.slots,
    }

    def look(self, row: int) -> RowLook:
        return PLAIN if self._records[row].knows_now else _DIM


class LoadTable(_Listed[LoadRow]):
    """The strongest relation first."""

    COLUMNS = (
        Column("name", mark("Figure"), 230),
        Column("area", mark("Area"), 140, is_dim=True),
        Column("metric", mark("Kind"), 100, is_dim=True),
        Column("at_rest", mark("At rest"), 120, is_number=True),
        Column("at_full", mark("At full load"), 120, is_number=True),
        Column("rank", mark("Rank correlation"), 120, is_number=True),
        Column("hours", mark("Hours"), 70, is_number=True, is_dim=True),
        Column("load", mark("Load of"), 120, is_dim=True),
        Column("why", mark("Says"), 0),
    )
    DEFAULT_SORT = ""
    TEXTS: ClassVar[Mapping[str, Callable[..., str]]] = {
        "name": lambda one: one_line(one.subject.name),
        "area": lambda one: one_line(one.subject.area),
        "metric": lambda one: metric_name(one.subject.metric),
        "at_rest": lambda one: amount_text(one.relation.at_rest, one.subject.unit),
        "at_full": lambda one: amount_text(one.relation.at_full, one.subject.unit),
        "rank": lambda one: DASH if one.relation.spearman is None else number_text(one.relation.spearman, digits=2),
        "hours": lambda one: whole_text(one.relation.count),
        "load": lambda one: tr("whole site") if one.by_site else one_line(one.subject.area),
        "why": lambda one: relation_text(one.relation),
    }
    NUMBERS: ClassVar[Mapping[str, Callable[..., float | None]]] = {
        "at_rest": lambda one: one.relation.at_rest,
        "at_full": lambda one: one.relation.at_full,
        "rank": lambda one: one.relation.spearman,
        "hours": lambda one: one.relation.count,
    }

    def tip(self, row: int, key: str) -> str:
        if key == "rank":
            return tr("From -1 to 1: whether the figure rises when more is made (Spearman)")
        return one_line(self._records[row].subject.path) if key == "name" else ""

    def look(self, row: int) -> RowLook:
        return _DIM if self._records[row].relation.spearman is None else PLAIN


def _sign(one: BaselineRule) -> str:
    return MEASURE_SIGNS[one.measure] or one.unit


def _nothing() -> None:
    """These tables follow no topic."""
