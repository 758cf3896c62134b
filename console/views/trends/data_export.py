"""The values of a trend in a file: which form, where to, how far it is, and cancelling it."""

import asyncio
from functools import partial
from typing import Any
from uuid import UUID

from PySide6.QtWidgets import QFileDialog, QFrame, QHBoxLayout, QProgressBar, QPushButton

from console.domain.history.export_commands import ExportTrend
from console.services.records import ExportRecord
from console.services.station import TREND_FILES
from console.ui.dialogs import Field, Question, ask
from console.ui.errands import Errands
from console.ui.format import whole_text
from console.ui.plain_label import PlainLabel
from console.ui.translation import tr
from console.views.trends.extras import TrendParts

BUCKETS = 2000
_FORMS = (("CSV", "csv"), ("Excel", "xlsx"))


class DataExport(QFrame):
    """A line that is hidden unless an export runs that was asked for here."""

    def __init__(self, parts: TrendParts) -> None:
        super().__init__()
        self.setProperty("role", "panel")
        self._parts = parts
        self._say = partial(parts.context.refused, parts.owner)
        self._errands = Errands(self._say)
        self._task: asyncio.Task[Any] | None = None
        self._is_closed = False
        self._record = ExportRecord()
        self.label, self.bar, self.cancel_button = PlainLabel(elide=True), QProgressBar(), QPushButton()
        self.bar.setTextVisible(False)
        self.cancel_button.setAutoDefault(False)
        self.cancel_button.clicked.connect(self.cancel)
        row = QHBoxLayout(self)
        row.setContentsMargins(14, 4, 14, 8)
        row.setSpacing(12)
        row.addWidget(self.label)
        row.addWidget(self.bar, 1)
        row.addWidget(self.cancel_button)
        self.hide()
        self._undo = parts.context.station.subscribe(TREND_FILES, self._on_record)

    @property
    def is_running(self) -> bool:
        return self._task is not None and not self._task.done()

    def start(self, tag_ids: tuple[UUID, ...]) -> None:
        """Ask what is wanted, then where it goes; the time is that of the window now."""
        window = self._parts.plot.shown
        from_us, to_us = (window.from_us, window.to_us) if window is not None else self._parts.plot.window_us
        span = from_us, min(to_us, self._parts.now_us())
        self._errands.run(self._ask(tag_ids, *span))

    def begin(self, command: ExportTrend) -> None:
        """Ask the station to write the file; one at a time."""
        if not self.is_running:
            self._task = self._errands.run(self._work(command))
            self._tell()

    def cancel(self) -> None:
        if self._task is not None:
            self._task.cancel()

    def stop(self) -> None:
        """Follow the station no longer; what runs is cancelled."""
        self._is_closed = True
        self._undo()
        self._errands.cancel()

    async def _ask(self, tag_ids: tuple[UUID, ...], from_us: int, to_us: int) -> None:
        kinds = (
            ("raw", tr("every sample that is kept")),
            ("buckets", tr("lowest, highest and last of {n} parts", n=BUCKETS)),
        )
        forms = tuple((ending, name) for name, ending in _FORMS)
        question = Question(
            tr("Export the values of this window"),
            fields=(
                Field("kind", tr("Values"), "options", "raw", kinds),
                Field("form", tr("Form"), "options", "csv", forms),
            ),
            accept=tr("Choose a file…"),
            hints=(tr("Times are written in the site's zone and in UTC. The journal notes who took the values away."),),
        )
        answers = await ask(question, self._parts.owner)
        if answers is not None:
            buckets = BUCKETS if answers["kind"] == "buckets" else 0
            self.ask_file(answers["form"], ExportTrend("", tag_ids, from_us, to_us, buckets))

    def ask_file(self, ending: str, command: ExportTrend) -> QFileDialog:
        owner = self._parts.owner
        dialog = QFileDialog(owner, tr("Export the values of this window"), f"trend.{ending}", f"*.{ending}")
        dialog.setAcceptMode(QFileDialog.AcceptMode.AcceptSave)
        dialog.setDefaultSuffix(ending)
        dialog.setModal(False)
        dialog.fileSelected.connect(
            lambda name: self.begin(ExportTrend(name, command.tag_ids, command.from_us, command.to_us, command.buckets))
        )
        dialog.finished.connect(dialog.deleteLater)
        dialog.finished.connect(lambda _result: owner.window().activateWindow())
        dialog.show()
        dialog.activateWindow()
        return dialog

    async def _work(self, command: ExportTrend) -> None:
        try:
            receipt = await self._parts.context.station.submit(command)
        except asyncio.CancelledError:
            if not self._is_closed:
                self._say(tr("The export was cancelled; nothing was written."))
            raise
        finally:
            self._task = None
            if not self._is_closed:
                self._tell()
        rows = whole_text(int(receipt.number)) if receipt.number.isdigit() else receipt.number
        self._say(tr("{n} rows exported to {file}", n=rows, file=receipt.entity_id or command.file))

    def _on_record(self, record: ExportRecord) -> None:
        self._record = record
        self._tell()

    def _tell(self) -> None:
        record = self._record
        self.cancel_button.setText(tr("Cancel"))
        self.label.setText(tr("Exporting {file}", file=record.file))
        self.bar.setRange(0, record.total)
        self.bar.setValue(min(record.done, record.total))
        self.setVisible(self.is_running)
