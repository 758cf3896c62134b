"""The table below a trend: every pen with its value now and at the cursor, its extremes, average and quality."""

import math
from collections.abc import Mapping
from dataclasses import dataclass, field, replace

from PySide6.QtCore import QAbstractTableModel, QModelIndex, QObject, QPersistentModelIndex, Qt

from console.domain.quality import Detail, Quality
from console.domain.tags import Tag
from console.domain.values import ValueType
from console.models.tag_cache import TagCache
from console.models.trend_pen import PenStatistics, TrendPen
from console.models.trend_pens import USUAL, PenLook
from console.ui.fonts import font
from console.ui.format import DASH, number_text, quality_word, value_text
from console.ui.theme import theme
from console.ui.translation import mark, tr, tr_n

COLUMNS = ("", mark("Pen"), mark("Now"), mark("At cursor"), mark("Min"), mark("Max"), mark("Average"), mark("Quality"))
COLOUR, PEN, NOW, CURSOR, LOW, HIGH, AVERAGE, QUALITY = range(8)
_EMPTY = PenStatistics(float("nan"), float("nan"), float("nan"), 0, False)
Index = QModelIndex | QPersistentModelIndex
_NUMBERS = (NOW, CURSOR, LOW, HIGH, AVERAGE)


@dataclass(slots=True)
class PenRow:
    """One pen as shown."""

    tag: Tag
    pen: TrendPen
    look: PenLook = USUAL
    plot: int = 0  # key of its plot
    statistics: PenStatistics = field(default=_EMPTY)

    @property
    def colour(self) -> int:
        return self.look.colour


@dataclass(frozen=True, slots=True)
class WindowFigure:
    """What the station measured over [from_us, to_us); nan where there is nothing to tell."""

    from_us: int
    to_us: int
    low: float
    high: float
    mean: float

    def fits(self, from_us: int, to_us: int) -> bool:
        """The window is this one, but for a hundredth that time has run on."""
        tolerance = (to_us - from_us) / 100
        return abs(self.from_us - from_us) <= tolerance and abs(self.to_us - to_us) <= tolerance


class TrendTable(QAbstractTableModel):
    """`refresh` reads the statistics of the shown window anew; call it a few times a second at most."""

    def __init__(self, cache: TagCache, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._cache = cache
        self.rows: list[PenRow] = []
        self._cursor_us: int | None = None
        self._told: dict[int, WindowFigure] = {}

    def set_rows(self, rows: list[PenRow]) -> None:
        self.beginResetModel()
        self.rows = rows
        self.endResetModel()

    def refresh(self, from_us: int, to_us: int) -> None:
        for row in self.rows:
            row.statistics = row.pen.statistics(from_us, to_us)
            told = self._told.get(row.tag.handle)
            if told is not None and told.fits(from_us, to_us):
                row.statistics = replace(row.statistics, low=told.low, high=told.high, average=told.mean)
        self._tell(NOW, QUALITY)

    def take(self, told: Mapping[int, WindowFigure]) -> None:
        """Figures of a window by handle: the next `refresh` shows them while that window is shown."""
        self._told = dict(told)

    def set_cursor(self, at_us: int | None) -> None:
        self._cursor_us = at_us
        self._tell(CURSOR, CURSOR)

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
            return tr(COLUMNS[section]) if COLUMNS[section] else ""
        return _alignment(section) if role == Qt.ItemDataRole.TextAlignmentRole else None

    def data(  # noqa: PLR0911 - one return per role
        self, index: Index, role: int = Qt.ItemDataRole.DisplayRole
    ) -> object:
        if not index.isValid() or index.row() >= len(self.rows):
            return None
        row, column = self.rows[index.row()], index.column()
        if role == Qt.ItemDataRole.DisplayRole:
            return self._text(row, column)
        if role == Qt.ItemDataRole.TextAlignmentRole:
            return _alignment(column)
        if role == Qt.ItemDataRole.ForegroundRole:
            return theme().pen(row.colour) if column == COLOUR else self._shade(row, column)
        if role == Qt.ItemDataRole.FontRole and column == NOW and self._style(row):
            slanted = font()
            slanted.setItalic(True)
            return slanted
        if role == Qt.ItemDataRole.ToolTipRole and column == PEN:
            return row.tag.source.path()
        return None

    def readings(self, at_us: int) -> list[tuple[int, str, str, str]]:
        """(colour, name, value with unit, quality word) of every pen at a moment."""
        made = []
        for row in self.rows:
            if row.look.is_hidden:
                continue
            value, is_good = row.pen.value_at(at_us)
            word = tr("no data") if math.isnan(value) else tr("good") if is_good else tr("not good")
            made.append((row.colour, row.tag.name, self._number(row, value), word))
        return made

    def _text(self, row: PenRow, column: int) -> str:
        statistics = row.statistics
        if column == COLOUR:
            return "" if row.look.is_hidden else "━"
        if column == PEN:
            return tr("{name} (hidden)", name=row.tag.name) if row.look.is_hidden else row.tag.name
        if column == NOW:
            return self._now(row)
        if column == CURSOR:
            return self._number(row, row.pen.value_at(self._cursor_us)[0]) if self._cursor_us else DASH
        if column == QUALITY:
            words = [self._quality_words(row)]
            if statistics.gaps:
                words.append(tr_n("{n} gap", "{n} gaps", statistics.gaps))
            if statistics.has_bad:
                words.append(tr("not all good"))
            return ", ".join(words)
        return self._number(row, {LOW: statistics.low, HIGH: statistics.high, AVERAGE: statistics.average}[column])

    def _quality_words(self, row: PenRow) -> str:
        """A tag that nobody has sent since the start is known from what was."""
        quality, detail = self._quality(row), self._detail(row)
        if quality == Quality.UNKNOWN and detail in (Detail.NONE, Detail.NEVER_SEEN) and len(row.pen):
            return tr("only in history")
        return quality_word(quality, detail)

    def _now(self, row: PenRow) -> str:
        handle, tag = row.tag.handle, row.tag
        if handle >= len(self._cache):
            return DASH
        shown = value_text(
            float(self._cache.value[handle]),
            self._quality(row),
            detail=self._detail(row),
            text=self._cache.texts.get(handle, ""),
            unit=tag.unit,
            enum=tag.enum,
            is_boolean=tag.value_type == ValueType.BOOLEAN,
        )
        return shown.text

    def _number(self, row: PenRow, value: float) -> str:
        if math.isnan(value):
            return DASH
        return f"{number_text(value)} {row.tag.unit}".rstrip()

    def _quality(self, row: PenRow) -> int:
        return int(self._cache.quality[row.tag.handle]) if row.tag.handle < len(self._cache) else 5

    def _detail(self, row: PenRow) -> int:
        return int(self._cache.detail[row.tag.handle]) if row.tag.handle < len(self._cache) else 0

    def _style(self, row: PenRow) -> bool:
        return self._quality(row) != 0

    def _shade(self, row: PenRow, column: int) -> object:
        is_dim = row.look.is_hidden or (column in (NOW, QUALITY) and self._style(row))
        return theme().color("text.dim") if is_dim else None

    def _tell(self, first: int, last: int) -> None:
        if self.rows:
            self.dataChanged.emit(self.index(0, first), self.index(len(self.rows) - 1, last))


def _alignment(column: int) -> Qt.AlignmentFlag:
    side = Qt.AlignmentFlag.AlignRight if column in _NUMBERS else Qt.AlignmentFlag.AlignLeft
    return side | Qt.AlignmentFlag.AlignVCenter
