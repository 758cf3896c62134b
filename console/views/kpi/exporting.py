"""Taking the report away as a file: asks for it, and says how it went."""

from collections.abc import Callable

from PySide6.QtWidgets import QFileDialog, QWidget

from console.domain.audit_commands import ExportAlarmKpi
from console.services.station import AlarmKpiQuery, Station
from console.ui.errands import Errands
from console.ui.translation import tr

_FORMS = (("Excel", "xlsx"), ("CSV", "csv"), ("PDF", "pdf"))


def ask_file(parent: QWidget, begin: Callable[[str], None]) -> QFileDialog:
    """`begin(file)` when one is chosen. Not modal; the dialog is returned."""
    forms = {f"{name} (*.{ending})": ending for name, ending in _FORMS}
    dialog = QFileDialog(parent, tr("Export the alarm performance"), "alarm-performance.xlsx", ";;".join(forms))
    dialog.setAcceptMode(QFileDialog.AcceptMode.AcceptSave)
    dialog.setDefaultSuffix("xlsx")
    dialog.setModal(False)
    dialog.filterSelected.connect(lambda chosen: dialog.setDefaultSuffix(forms.get(chosen, "xlsx")))
    dialog.fileSelected.connect(begin)
    dialog.finished.connect(dialog.deleteLater)
    dialog.finished.connect(lambda _result: parent.window().activateWindow())
    dialog.show()
    dialog.activateWindow()
    return dialog


def export(station: Station, errands: Errands, file: str, query: AlarmKpiQuery, say: Callable[[str], None]) -> object:
    """Ask the station to write it; a refusal is shown by the errands."""

    async def work() -> None:
        receipt = await station.submit(
            ExportAlarmKpi(
                file,
                query.from_us,
                query.to_us,
                query.positions,
                query.skips_empty,
                query.areas,
                query.position,
            )
        )
        say(tr("Written to {file}", file=receipt.entity_id or file))

    return errands.run(work())
