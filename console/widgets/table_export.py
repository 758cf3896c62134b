"""Writing the shown rows of a table to a CSV file that the person names, without blocking the window."""

from collections.abc import Callable
from pathlib import Path

from PySide6.QtWidgets import QFileDialog

from console.domain.file_names import path_fault
from console.ui.format import whole_text
from console.ui.table_view import TableView
from console.ui.translation import tr


def export_table(table: TableView, say: Callable[[str], None]) -> QFileDialog:
    """Ask for a file and write it; `say` tells how it went. The dialog is not modal and is returned."""
    dialog = QFileDialog(table, tr("Export the shown rows as CSV"), f"{table.table_id}.csv", "CSV (*.csv)")
    dialog.setAcceptMode(QFileDialog.AcceptMode.AcceptSave)
    dialog.setDefaultSuffix("csv")
    dialog.setModal(False)

    def write(name: str) -> None:
        fault = path_fault(name)
        if fault:
            say(tr("Not exported: {why}", why=tr(fault)))
            return
        try:
            rows = table.export_csv(Path(name))
        except OSError as error:
            say(tr("Not exported: {why}", why=error.strerror or str(error)))
        else:
            say(tr("{n} rows exported to {file}", n=whole_text(rows), file=Path(name).name))

    dialog.fileSelected.connect(write)
    dialog.finished.connect(dialog.deleteLater)
    dialog.finished.connect(lambda _result: table.window().activateWindow())
    dialog.show()
    dialog.activateWindow()
    return dialog
