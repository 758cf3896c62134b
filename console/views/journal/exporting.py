"""Taking journal rows away with their proof: asks for a file, shows how far it is, and can be cancelled."""

import asyncio
from collections.abc import Callable
from typing import Any

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QFileDialog, QFrame, QHBoxLayout, QProgressBar, QPushButton, QWidget

from console.domain.audit_commands import ExportAudit
from console.services.records import ExportRecord
from console.services.station import EXPORT, JournalQuery, Station
from console.ui.errands import Errands
from console.ui.format import whole_text
from console.ui.plain_label import PlainLabel
from console.ui.translation import tr

_FINE = 1000
_FORMS = (("CSV", "csv"), ("Excel", "xlsx"), ("PDF", "pdf"))


class ExportBand(QFrame):
    """Hidden unless an export runs that was asked for here. `said(text)` tells how it ended."""

    said = Signal(str)

    def __init__(self, station: Station, errands: Errands) -> None:
        super().__init__()
        self.setProperty("role", "panel")
        self._station, self._errands = station, errands
        self._task: asyncio.Task[Any] | None = None
        self._record = ExportRecord()
        self._is_closed = False
        self.label, self.bar, self.cancel_button = PlainLabel(elide=True), QProgressBar(), QPushButton()
        self.bar.setTextVisible(False)
        self.bar.setRange(0, 0)
        self.cancel_button.setAutoDefault(False)
        self.cancel_button.clicked.connect(self.cancel)
        row = QHBoxLayout(self)
        row.setContentsMargins(14, 4, 14, 8)
        row.setSpacing(12)
        row.addWidget(self.label)
        row.addWidget(self.bar, 1)
        row.addWidget(self.cancel_button)
        self.hide()
        self._undo = station.subscribe(EXPORT, self._on_record)

    @property
    def is_running(self) -> bool:
        return self._task is not None and not self._task.done()

    def close_band(self) -> None:
        """Follow the station no longer; what runs is cancelled with its owner's errands and says nothing more."""
        self._undo()
        self._is_closed = True

    def ask(self, parent: QWidget, query: Callable[[], JournalQuery | None]) -> QFileDialog:
        """Ask for a file and begin; `query` gives the filters when it is chosen, None: not now. Not modal."""
        forms = ";;".join(f"{name} (*.{ending})" for name, ending in _FORMS)
        dialog = QFileDialog(parent, tr("Export the journal with its proof"), "audit.csv", forms)
        dialog.setAcceptMode(QFileDialog.AcceptMode.AcceptSave)
        dialog.setDefaultSuffix("csv")
        dialog.setModal(False)
        endings = {f"{name} (*.{ending})": ending for name, ending in _FORMS}
        dialog.filterSelected.connect(lambda chosen: dialog.setDefaultSuffix(endings.get(chosen, "csv")))

        def begin(name: str) -> None:
            wanted = query()
            if wanted is not None:
                self.begin(name, wanted)

        dialog.fileSelected.connect(begin)
        dialog.finished.connect(dialog.deleteLater)
        dialog.finished.connect(lambda _result: parent.window().activateWindow())
        dialog.show()
        dialog.activateWindow()
        return dialog

    def begin(self, file: str, query: JournalQuery) -> None:
        """Ask the station to write the file; one export at a time."""
        if self.is_running:
            return
        command = ExportAudit(
            file,
            text=query.text,
            etype=query.etype,
            user=query.user,
            entity=query.entity,
            station=query.station,
            from_us=query.from_us,
            to_us=query.to_us,
        )
        self._task = self._errands.run(self._work(command))
        self._tell()

    def cancel(self) -> None:
        if self._task is not None:
            self._task.cancel()

    async def _work(self, command: ExportAudit) -> None:
        try:
            receipt = await self._station.submit(command)
        except asyncio.CancelledError:
            if not self._is_closed:
                self.said.emit(tr("The export was cancelled; nothing was written."))
            raise
        finally:
            self._task = None
            if not self._is_closed:
                self._tell()
        rows = whole_text(self._record.done)
        self.said.emit(tr("{n} rows and their proof written to {file}", n=rows, file=receipt.entity_id or command.file))

    def _on_record(self, record: ExportRecord) -> None:
        self._record = record
        self._tell()

    def _tell(self) -> None:
        record = self._record
        self.cancel_button.setText(tr("Cancel"))
        count = tr("{n} of {m}", n=whole_text(record.done), m=whole_text(record.total)) if record.total else ""
        self.label.setText(tr("Exporting {file}", file=record.file) + (f" · {count}" if count else ""))
        self.bar.setRange(0, _FINE if record.total else 0)
        if record.total:
            self.bar.setValue(min(record.done, record.total) * _FINE // record.total)
        self.setVisible(self.is_running)
