"""Files of master alarm records: asks for one, shows what an import would change or what is wrong, follows the work."""

import asyncio
from collections.abc import Callable, Coroutine
from typing import Any

from PySide6.QtWidgets import (
    QFileDialog,
    QFrame,
    QHBoxLayout,
    QPlainTextEdit,
    QProgressBar,
    QPushButton,
    QVBoxLayout,
    QWidget,
)

from console.domain.master_commands import ExportMasterAlarms, ImportMasterAlarms
from console.models.master_words import fault_text, field_word, value_word
from console.services.master_records import MasterPreview
from console.services.records import ExportRecord
from console.services.station import MASTER_FILES, MasterPreviewQuery, Station
from console.ui.dialogs import ReturningDialog
from console.ui.errands import Errands
from console.ui.format import whole_text
from console.ui.plain_label import PlainLabel
from console.ui.translation import tr

_FORMS = ("CSV (*.csv)", "Excel (*.xlsx)")
_READ = "CSV, Excel (*.csv *.xlsx)"
_LINES = 2000
_FINE = 1000


class PreviewDialog(ReturningDialog):
    """What an import would change, line by line; with faults it can only be closed."""

    def __init__(self, preview: MasterPreview, parent: QWidget) -> None:
        super().__init__(parent)
        self.setModal(False)
        self.resize(860, 560)
        self.setWindowTitle(tr("Import master records"))
        self.preview = preview
        self.heading, self.summary, self.lines = PlainLabel(preview.file), PlainLabel(), QPlainTextEdit()
        self.import_button, self.close_button = QPushButton(tr("Import all of it")), QPushButton(tr("Cancel"))
        self._future: asyncio.Future[bool] | None = None
        self.heading.setProperty("role", "heading")
        self.summary.setWordWrap(True)
        self.lines.setReadOnly(True)
        column = QVBoxLayout(self)
        column.setContentsMargins(20, 16, 20, 16)
        column.setSpacing(12)
        for part in (self.heading, self.summary, self.lines):
            column.addWidget(part)
        row = QHBoxLayout()
        row.addStretch(1)
        for button in (self.close_button, self.import_button):
            button.setAutoDefault(False)
            row.addWidget(button)
        column.addLayout(row)
        self.import_button.setProperty("primary", True)
        self.close_button.clicked.connect(self.reject)
        self.import_button.clicked.connect(self.accept)
        self._tell()

    def _tell(self) -> None:
        preview = self.preview
        if preview.faults:
            self.summary.setProperty("role", "refused")
            self.summary.setText(
                tr("{n} places are wrong. Nothing can be imported until the file is right.", n=len(preview.faults))
            )
            lines = [fault_text(fault) for fault in preview.faults]
        else:
            self.summary.setText(
                tr(
                    "{rows} rows: {new} new records, {changed} changed ones. Records that are not in the file stay.",
                    rows=whole_text(preview.rows),
                    new=whole_text(preview.new),
                    changed=whole_text(preview.changed),
                )
            )
            lines = [
                f"{one.key} · {field_word(one.field)}: "
                f"{value_word(one.field, one.before) or '–'} → {value_word(one.field, one.after) or '–'}"
                for one in preview.changes[:_LINES]
            ] or [tr("Nothing changes: every value is there already.")]
        rest = len(preview.changes) - _LINES
        if rest > 0:
            lines.append(tr("and {n} more", n=whole_text(rest)))
        self.lines.setPlainText("\n".join(lines))
        self.import_button.setEnabled(bool(preview.changes) and not preview.faults)

    async def answer(self) -> bool:
        self._future = asyncio.get_running_loop().create_future()
        self.show()
        self.activateWindow()
        self.close_button.setFocus()
        return await self._future

    def done(self, result: int) -> None:
        super().done(result)
        if self._future is not None and not self._future.done():
            self._future.set_result(bool(result))


class FileBand(QFrame):
    """Asks for files and follows the work; hidden while there is none. `say` tells how it ended."""

    def __init__(self, station: Station, say: Callable[[str], None]) -> None:
        super().__init__()
        self.setProperty("role", "panel")
        self._station, self._say = station, say
        self.errands = Errands(say)
        self._task: asyncio.Task[Any] | None = None
        self._record = ExportRecord()
        self.label, self.bar, self.cancel_button = PlainLabel(elide=True), QProgressBar(), QPushButton(tr("Cancel"))
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
        self._undo = station.subscribe(MASTER_FILES, self._on_record)

    def close_band(self) -> None:
        self._undo()
        self.errands.cancel()

    @property
    def is_running(self) -> bool:
        return self._task is not None and not self._task.done()

    def cancel(self) -> None:
        if self._task is not None:
            self._task.cancel()

    def ask_import(self) -> QFileDialog:
        dialog = QFileDialog(self.parentWidget(), tr("Import master records"), "", _READ)
        dialog.setFileMode(QFileDialog.FileMode.ExistingFile)
        return self._shown(dialog, self.begin_import)

    def ask_export(self, *, differences: bool) -> QFileDialog:
        name = "alarm-audit.csv" if differences else "master-alarms.csv"
        title = tr("Export the differences") if differences else tr("Export all master records")
        dialog = QFileDialog(self.parentWidget(), title, name, ";;".join(_FORMS))
        dialog.setAcceptMode(QFileDialog.AcceptMode.AcceptSave)
        dialog.setDefaultSuffix("csv")
        dialog.filterSelected.connect(lambda chosen: dialog.setDefaultSuffix("xlsx" if chosen == _FORMS[1] else "csv"))
        return self._shown(dialog, lambda file: self.begin_export(file, differences=differences))

    def begin_import(self, file: str) -> None:
        self._begin(self._import(file))

    def begin_export(self, file: str, *, differences: bool) -> None:
        self._begin(self._export(file, differences=differences))

    def _shown(self, dialog: QFileDialog, chosen: Callable[[str], None]) -> QFileDialog:
        dialog.setModal(False)
        dialog.fileSelected.connect(chosen)
        dialog.finished.connect(dialog.deleteLater)
        dialog.show()
        dialog.activateWindow()
        return dialog

    def _begin(self, work: Coroutine[Any, Any, None]) -> None:
        if self.is_running:
            work.close()
            self._say(tr("A file is being read or written"))
            return
        self._task = self.errands.run(work)

    async def _import(self, file: str) -> None:
        preview: MasterPreview = await self._station.query(MasterPreviewQuery(file))
        dialog = PreviewDialog(preview, self.window())
        try:
            is_wanted = await dialog.answer()
        finally:
            dialog.close()
            dialog.deleteLater()
        if is_wanted:
            receipt = await self._station.submit(ImportMasterAlarms(file, preview.sha256))
            self._say(tr("{n} records imported from {file}.", n=receipt.number, file=preview.file))

    async def _export(self, file: str, *, differences: bool) -> None:
        receipt = await self._station.submit(ExportMasterAlarms(file, differences))
        self._say(tr("{n} rows exported to {file}", n=receipt.number, file=receipt.entity_id or file))

    def _on_record(self, record: ExportRecord) -> None:
        self._record = record
        count = tr("{n} of {m}", n=whole_text(record.done), m=whole_text(record.total)) if record.total else ""
        self.label.setText(" · ".join(filter(None, (record.file, count or whole_text(record.done)))))
        self.bar.setRange(0, _FINE if record.total else 0)
        if record.total:
            self.bar.setValue(min(record.done, record.total) * _FINE // record.total)
        self.setVisible(record.is_running)
