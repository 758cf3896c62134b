"""Where the older entries are that this station's journal no longer holds itself: never as if it began there."""

from pathlib import PurePosixPath
from urllib.parse import unquote, urlparse

from PySide6.QtWidgets import QFrame, QHBoxLayout

from console.services.station import SYNC, Station
from console.services.sync_records import SyncRecord
from console.ui.format import date_text, local, whole_text
from console.ui.plain_label import PlainLabel, plain_tip
from console.ui.translation import tr


class ArchiveLine(QFrame):
    """Hidden while everything is here. Call `close_line()` at the end."""

    def __init__(self, station: Station) -> None:
        super().__init__()
        self.setProperty("role", "panel")
        self.label = PlainLabel(elide=True)
        row = QHBoxLayout(self)
        row.setContentsMargins(14, 4, 14, 4)
        row.addWidget(self.label, 1)
        self._record = SyncRecord()
        self.hide()
        self.close_line = station.subscribe(SYNC, self._on_record)

    def retell(self) -> None:
        """Say it again, in another language or with another record."""
        record = self._record
        self.setVisible(record.archived > 0)
        text = tr(
            "Finished entries before {date} are archived ({count}): {folder}",
            date=date_text(local(record.archived_before_us)),
            count=whole_text(record.archived),
            folder=folder_of(record.archive),
        )
        self.label.setText(text)
        self.label.setToolTip(plain_tip(text))

    def _on_record(self, record: SyncRecord) -> None:
        if (record.archived, record.archived_before_us, record.archive) != (
            self._record.archived,
            self._record.archived_before_us,
            self._record.archive,
        ):
            self._record = record
            self.retell()


def folder_of(uri: str) -> str:
    """As people name it; what is no address of a file stays as it is."""
    parts = urlparse(uri)
    path = str(PurePosixPath(unquote(parts.path)).parent) if parts.scheme == "file" else uri
    return path[1:] if path[2:3] == ":" else path  # /C:/... of Windows
