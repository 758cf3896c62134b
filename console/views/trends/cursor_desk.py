"""The two cursors below a trend: where they stand, the time between them, and the table of what lies there."""

import asyncio
import math

from PySide6.QtCore import Qt, QTimer
from PySide6.QtGui import QGuiApplication
from PySide6.QtWidgets import QVBoxLayout, QWidget

from console.models.trend_between import Between
from console.models.trend_cursor_table import PEN, CursorTable
from console.models.trend_table import PenRow
from console.services.history_records import AggregateColumns
from console.services.station import AggregateQuery, Station
from console.ui.errands import Errands
from console.ui.export import tabbed_text
from console.ui.format import US, date_text, local, number_text
from console.ui.plain_label import PlainLabel
from console.ui.table_view import TableView
from console.ui.translation import tr
from console.widgets.column_layout import lay_out_columns
from console.widgets.trend_cursors import TrendCursors

_REST_MS = 250
_AGAIN_US = 5 * US  # full pens take a while
_SLICE_MS = 5  # between two pens, so that the window never stands
_WIDTHS = (36, 0, 72, 88, 88, 88, 112, 88, 88, 88, 92, 64, 76)


class CursorDesk(QWidget):
    """Shown in the place of the pens' table while both cursors are set. What the pens hold is measured at once; when
    the cursors rest, the station measures all samples that are kept."""

    def __init__(self, cursors: TrendCursors, station: Station) -> None:
        super().__init__()
        self._cursors, self._station = cursors, station
        self._errands = Errands(lambda _text: None)  # what the pens told stays in sight
        self._asking: asyncio.Task[None] | None = None
        self._measured_us = 0
        self.words = PlainLabel()
        self.words.setProperty("role", "dim")
        self.words.setContentsMargins(14, 4, 14, 4)
        self.table = TableView("trend_cursors")
        self.model = CursorTable(self)
        self.table.setModel(self.model)
        lay_out_columns(self.table, _WIDTHS, (11, 10, 6))
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(0)
        column.addWidget(self.words)
        column.addWidget(self.table, 1)
        self._worker = QTimer(self, singleShot=True, interval=_SLICE_MS)
        self._worker.timeout.connect(self._work)
        self._asker = QTimer(self, singleShot=True, interval=_REST_MS)
        self._asker.timeout.connect(self.ask)
        cursors.changed.connect(self._on_cursors)

    def set_rows(self, rows: list[PenRow]) -> None:
        self.model.set_rows([row for row in rows if not row.look.is_hidden])
        self._work_soon()

    def reloaded(self) -> None:
        """History came."""
        self.model.reloaded()
        self._worker.start()

    def follow(self, now_us: int) -> None:
        """Time runs: a cursor that stands in what was still to come is measured anew, by what the pens hold."""
        is_due = now_us - self._measured_us >= _AGAIN_US
        if is_due and self.model.moments is not None and max(self.model.moments) > self._measured_us:
            self._measured_us = now_us
            self.model.stale()
            self._worker.start()

    def ask(self) -> None:
        """Ask the station; a question under way gives way to this one."""
        if self._asking is not None:
            self._asking.cancel()
        if self.model.moments is not None and self.model.rows:
            self._asking = self._errands.run(self._ask(*sorted(self.model.moments)))

    async def _ask(self, from_us: int, to_us: int) -> None:
        handles = {row.tag.tag_id: row.tag.handle for row in self.model.rows}
        asker = f"trend cursors {id(self)}"
        query = AggregateQuery(tuple(handles), from_us, to_us, deviation_by_time=True, asker=asker)
        told = await self._station.query(query)
        if self.model.moments is not None and sorted(self.model.moments) == [from_us, to_us]:
            self.model.take({handles[one.tag_id]: _figures(one) for one in told if one.mean.size})

    def finish(self) -> None:
        """Measure all at once."""
        while self.model.work():
            pass

    def retell(self) -> None:
        span = self._cursors.span
        if span is None:
            self.words.setText("")
            return
        begin, end = span
        length = duration_words(end - begin)
        self.words.setText(tr("A {begin}  ·  B {end}  ·  B − A {length}", begin=moment_words(begin),
                              end=moment_words(end), length=length))  # fmt: skip

    def copy(self) -> str:
        """The selected rows, or all, with every column and where the cursors stand, to the clipboard; returns it."""
        self.finish()
        model, columns = self.model, range(PEN, self.model.columnCount())
        rows = self.table.selected_rows() or range(model.rowCount())
        headings = [str(model.headerData(column, Qt.Orientation.Horizontal) or "") for column in columns]
        cells = ([str(model.index(row, column).data()) for column in columns] for row in rows)
        text = f"{self.words.text()}\n{tabbed_text(headings, cells)}"
        QGuiApplication.clipboard().setText(text)
        return text

    def stop(self) -> None:
        self._worker.stop()
        self._asker.stop()
        self._errands.cancel()

    def _on_cursors(self) -> None:
        self._measured_us = 0
        self.model.set_span(self._cursors.span)
        self.retell()
        self._work_soon()

    def _work_soon(self) -> None:
        if self.model.moments is not None:
            self._worker.start()
            self._asker.start()

    def _work(self) -> None:
        if self.model.work():
            self._worker.start()


def _figures(told: AggregateColumns) -> Between:
    """What the station measured; without samples it knows the deviation of the samples only, not by time."""
    by_time, by_sample = float(told.deviation_by_time[0]), float(told.deviation[0])
    known = float(told.good_s[0] + told.bad_s[0])
    return Between(
        float(told.low[0]),
        float(told.high[0]),
        float(told.mean[0]),
        by_sample if math.isnan(by_time) else by_time,
        gaps=-1,
        good_share=float(told.good_s[0]) / known if known > 0 else math.nan,
        is_exact=not math.isnan(by_time) or math.isnan(by_sample),
    )


def moment_words(at_us: int) -> str:
    """Date and time of the site, milliseconds where there are some."""
    moment = local(at_us)
    rest = at_us % US // 1000
    return f"{date_text(moment)} {moment:%H:%M:%S}" + (f".{rest:03d}" if rest else "")


def duration_words(span_us: int) -> str:
    """`0:08:53`, `2 d 04:00:00`, `1.25 s`; with its sign."""
    sign, size = "−" if span_us < 0 else "", abs(span_us)
    if size < 60 * US:
        return f"{sign}{number_text(size / US)} s"
    seconds = round(size / US)
    days, rest = divmod(seconds, 86_400)
    hours, minutes = rest // 3600, rest % 3600 // 60
    clock = f"{hours:02d}:{minutes:02d}:{rest % 60:02d}"
    return f"{sign}{days} d {clock}" if days else f"{sign}{clock.removeprefix('0')}"
