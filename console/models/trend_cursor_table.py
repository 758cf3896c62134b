"""The table of the two cursors: every pen at A and at B, what it changed by, and what lies between them."""

import math
from collections.abc import Mapping
from dataclasses import replace

from PySide6.QtCore import QAbstractTableModel, QModelIndex, QObject, QPersistentModelIndex, Qt

from console.models.trend_between import Between, between_of
from console.models.trend_table import PenRow
from console.ui.format import DASH, US, number_text
from console.ui.theme import theme
from console.ui.translation import mark, tr

COLUMNS = (
    "",
    mark("Pen"),
    mark("Unit"),
    "A",
    "B",
    "B − A",
    mark("Slope"),
    mark("Min"),
    mark("Max"),
    mark("Mean"),
    mark("Std. dev."),
    mark("Gaps"),
    mark("Good"),
)
COLOUR, PEN, UNIT, AT_A, AT_B, CHANGE, SLOPE, LOW, HIGH, MEAN, DEVIATION, GAPS, GOOD = range(13)
_HOUR = 3600
_PER = ((2 * 60, 1, mark("s")), (2 * _HOUR, 60, mark("min")), (48 * _HOUR, _HOUR, mark("h")))
_PER_DAY = (24 * _HOUR, mark("d"))
Index = QModelIndex | QPersistentModelIndex


class CursorTable(QAbstractTableModel):
    """`set_span` says between which moments; `work` then measures one pen after the other, a pen at a call."""

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self.rows: list[PenRow] = []
        self.moments: tuple[int, int] | None = None  # A, B
        self._found: dict[int, Between] = {}
        self._owed: list[int] = []
        self._told: set[int] = set()  # measured by the station

    def set_rows(self, rows: list[PenRow]) -> None:
        self.beginResetModel()
        self.rows = list(rows)
        self._found = {row.tag.handle: found for row in rows if (found := self._found.get(row.tag.handle))}
        self.endResetModel()
        self.stale()

    def set_span(self, span: tuple[int, int] | None) -> None:
        """Moments of A and B; what was measured before stays in sight until it is measured anew."""
        self.moments = span
        self.stale()
        self.headerDataChanged.emit(Qt.Orientation.Horizontal, SLOPE, SLOPE)
        self._tell()

    def stale(self) -> None:
        """Samples came between the cursors."""
        self._told.clear()
        self._owed = [row.tag.handle for row in self.rows]

    def work(self) -> bool:
        """Measure the next pen; False when nothing is owed."""
        if self.moments is None or not self._owed:
            return False
        handle = self._owed.pop(0)
        row = next((row for row in self.rows if row.tag.handle == handle), None)
        if row is not None and handle not in self._told:
            self._found[handle] = between_of(row.pen, *sorted(self.moments))
            self._tell()
        return bool(self._owed)

    def reloaded(self) -> None:
        """Pens hold other samples; what the station measured stays."""
        self._owed = [row.tag.handle for row in self.rows]

    def take(self, found: Mapping[int, Between]) -> None:
        """Measured elsewhere, from all that is kept: by handle. Gaps (-1) stay as the pens have them."""
        for handle, one in found.items():
            before = self._found.get(handle, Between())
            self._found[handle] = replace(one, gaps=before.gaps if one.gaps < 0 else one.gaps)
        self._told.update(found)
        self._tell()

    def rowCount(self, parent: Index = QModelIndex()) -> int:  # noqa: B008 - Qt's signature
        return 0 if parent.isValid() else len(self.rows)

    def columnCount(self, parent: Index = QModelIndex()) -> int:  # noqa: B008
        return 0 if parent.isValid() else len(COLUMNS)

    def headerData(
        self, section: int, orientation: Qt.Orientation, role: int = Qt.ItemDataRole.DisplayRole
    ) -> str | Qt.AlignmentFlag | None:
        if orientation != Qt.Orientation.Horizontal:
            return None
        if role == Qt.ItemDataRole.DisplayRole:
            if section == SLOPE and self.moments is not None:
                return f"{tr(COLUMNS[SLOPE])} /{tr(slope_unit(self.moments[1] - self.moments[0])[1])}"
            return tr(COLUMNS[section]) if section not in (COLOUR, AT_A, AT_B, CHANGE) else COLUMNS[section]
        return _alignment(section) if role == Qt.ItemDataRole.TextAlignmentRole else None

    def data(self, index: Index, role: int = Qt.ItemDataRole.DisplayRole) -> object:
        if not index.isValid() or index.row() >= len(self.rows):
            return None
        row, column = self.rows[index.row()], index.column()
        if role == Qt.ItemDataRole.DisplayRole:
            return self._text(row, column)
        if role == Qt.ItemDataRole.TextAlignmentRole:
            return _alignment(column)
        if role == Qt.ItemDataRole.ForegroundRole:
            return theme().pen(row.colour) if column == COLOUR else self._shade(row, column)
        if role == Qt.ItemDataRole.ToolTipRole:
            return row.tag.source.path() if column == PEN else self._tip(row, column)
        return None

    def _text(self, row: PenRow, column: int) -> str:
        found = self._found.get(row.tag.handle, Between())
        words = {
            COLOUR: "━",
            PEN: row.tag.name,
            UNIT: row.tag.unit,
            GAPS: str(found.gaps) if self.moments else DASH,
            GOOD: DASH if math.isnan(found.good_share) else _percent(found.good_share),
        }
        if column in words:
            return words[column]
        if column in (AT_A, AT_B, CHANGE, SLOPE):
            return self._at_cursors(row, column)
        figures = {LOW: found.low, HIGH: found.high, MEAN: found.mean, DEVIATION: found.deviation}
        is_rough = not found.is_exact and column == DEVIATION and not math.isnan(figures[column])
        return ("≈ " if is_rough else "") + _number(figures[column])

    def _at_cursors(self, row: PenRow, column: int) -> str:
        if self.moments is None:
            return DASH
        begin, end = self.moments
        (first, _good), (last, _also) = row.pen.value_at(begin), row.pen.value_at(end)
        if column in (AT_A, AT_B):
            return _number(first if column == AT_A else last)
        if column == CHANGE:
            return _number(last - first)
        seconds, _word = slope_unit(end - begin)
        return _number((last - first) / ((end - begin) / US) * seconds if begin != end else math.nan)

    def _shade(self, row: PenRow, column: int) -> object:
        """What is not good never looks so."""
        if column not in (AT_A, AT_B) or self.moments is None:
            return None
        _value, is_good = row.pen.value_at(self.moments[column - AT_A])
        return None if is_good else theme().color("text.dim")

    def _tip(self, row: PenRow, column: int) -> str | None:
        found = self._found.get(row.tag.handle)
        if found is not None and not found.is_exact and column == DEVIATION:
            return tr("Of the samples, not weighed by time: not all of them are kept any more")
        if column in (AT_A, AT_B) and self.moments is not None:
            value, is_good = row.pen.value_at(self.moments[column - AT_A])
            return tr("no data") if math.isnan(value) else tr("good") if is_good else tr("not good")
        return None

    def _tell(self) -> None:
        if self.rows:
            self.dataChanged.emit(self.index(0, 0), self.index(len(self.rows) - 1, len(COLUMNS) - 1))


def slope_unit(span_us: int) -> tuple[int, str]:
    """By what time a slope is told: seconds, and its marked word; of a long span per hour or per day."""
    seconds = abs(span_us) / US
    return next(((unit, word) for most, unit, word in _PER if seconds < most), _PER_DAY)


def _percent(share: float) -> str:
    """Never 100 % while something is missing."""
    shown = math.floor(share * 1000) / 10
    return f"{number_text(shown)} %"


def _number(value: float) -> str:
    return DASH if math.isnan(value) else number_text(value)


def _alignment(column: int) -> Qt.AlignmentFlag:
    side = Qt.AlignmentFlag.AlignLeft if column in (COLOUR, PEN, UNIT) else Qt.AlignmentFlag.AlignRight
    return side | Qt.AlignmentFlag.AlignVCenter
