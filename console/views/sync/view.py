"""Where every act of this station is kept, how far the others are, and what of the exchange needs a person."""

from collections.abc import Callable, Mapping

from PySide6.QtCore import Qt, QTimer
from PySide6.QtGui import QHideEvent, QShowEvent
from PySide6.QtWidgets import QSplitter

from console.models.empty_words import EmptyWords
from console.models.sorted_table import SortedTable
from console.models.sync_tables import PeerTable, QuarantineTable, StreamTable
from console.models.sync_words import facts, peer_name
from console.services.records import SyncRecord
from console.services.station import SYNC
from console.ui.format import DASH, whole_text
from console.ui.plain_label import PlainLabel
from console.ui.table_view import TableView
from console.ui.theme import theme
from console.ui.translation import mark, tr
from console.ui.view import View, ViewContext
from console.ui.wall_clock import now_us
from console.views.sync.bands import CatchUpBand, EnrolmentCard, FactBand
from console.widgets.action_menu import attach_menu
from console.widgets.column_layout import lay_out_columns
from console.widgets.panel import bare_column, headed, panel_row
from console.widgets.steady_scroll import SteadyScroll
from console.widgets.table_export import export_table

_TICK_MS = 1000
_NO_PEER = mark(
    "Nobody to exchange with: no centre is set up and no neighbour was heard. All acts stand on this PC only."
)
_NO_STREAM = mark("No journal is open. It opens with the first act, or when this station is enrolled.")
_NONE_APART = mark("Nothing is set apart. Every event that arrived could be checked and applied.")


class SyncView(View):
    """Told whole by the SYNC topic; three tables below the facts. All texts of peers are plain."""

    view_id = "sync"
    title = mark("Sync")
    icon = "sync"

    def __init__(self, context: ViewContext) -> None:
        super().__init__(context)
        station = context.station
        self.record = SyncRecord()
        self.peers = PeerTable(station, self, now_us=now_us)
        self.streams = StreamTable(station, self, now_us=now_us)
        self.apart = QuarantineTable(station, self, now_us=now_us)
        self.lists = {
            "peers": _table("sync_peers", self.peers, (7, 2, 6)),
            "streams": _table("sync_streams", self.streams, (5, 3)),
            "apart": _table("sync_apart", self.apart, (6, 4, 2)),
        }
        self.heading = PlainLabel()
        self.headings = {name: PlainLabel() for name in self.lists}
        self.facts, self.enrolment, self.progress = FactBand(), EnrolmentCard(), CatchUpBand()
        self._timer = QTimer(self, interval=_TICK_MS)
        self._lay_out()
        self.setFocusProxy(self.lists["peers"])
        self.facts.incidents_asked.connect(lambda: context.go("incidents", None))
        self._timer.timeout.connect(self._tell)
        theme().changed.connect(self._tell)
        self.words = EmptyWords(station, SYNC, self._tell)
        flushed = [table.on_flushed(lambda _none: self._tell()) for table in self._tables()]
        self._undo = [self.words.close, station.subscribe(SYNC, self._on_record), *flushed]
        self._tell()

    def _lay_out(self) -> None:
        column = bare_column(self)
        top = panel_row(column, edge=4)
        self.heading.setProperty("role", "heading")
        top.addWidget(self.heading)
        top.addSpacing(16)
        top.addWidget(self.facts, 1)
        column.addWidget(self.enrolment)
        column.addWidget(self.progress)
        self.splitter = QSplitter(Qt.Orientation.Vertical)
        for name, table in self.lists.items():
            self.splitter.addWidget(headed(self.headings[name], table))
            attach_menu(table, self.context.actions, ("table.copy", "table.export"))
        for at, share in enumerate((3, 3, 3)):
            self.splitter.setStretchFactor(at, share)
        self.splitter.setChildrenCollapsible(False)
        column.addWidget(self.splitter, 1)

    def action_handlers(self) -> Mapping[str, Callable[[], object]]:
        return {
            "table.copy": lambda: self._focused().copy_selection(),
            "table.export": lambda: export_table(self._focused(), lambda text: self.context.refused(self, text)),
        }

    def save_state(self) -> dict[str, object]:
        return {name: table.save_state() for name, table in self.lists.items()} | {"sizes": self.splitter.sizes()}

    def restore_state(self, state: Mapping[str, object]) -> None:
        for name, table in self.lists.items():
            kept = state.get(name)
            if isinstance(kept, Mapping):
                table.restore_state(kept)
        sizes = state.get("sizes")
        if isinstance(sizes, list) and len(sizes) == len(self.lists) and all(isinstance(one, int) for one in sizes):
            self.splitter.setSizes(sizes)

    def close_view(self) -> None:
        for undo in self._undo:
            undo()
        self._undo.clear()
        self._timer.stop()
        for table in self._tables():
            table.close()

    def _tables(self) -> tuple[PeerTable, StreamTable, QuarantineTable]:
        return self.peers, self.streams, self.apart

    def _focused(self) -> TableView:
        return next((table for table in self.lists.values() if table.hasFocus()), self.lists["peers"])

    def _on_record(self, record: SyncRecord) -> None:
        self.record = record
        self._tell()

    def _tell(self) -> None:
        """Everything above the rows; nothing is claimed before the station told it once."""
        record, is_known = self.record, self.words.is_known
        self.heading.setText(tr(self.title))
        self.facts.show_facts(facts(record, now_us()) if is_known else (), record.conflicts)
        self.enrolment.show_why(record.enrolled, record.pairing_code)
        self.progress.show_progress(record.catch_ups, {peer.name: peer_name(peer) for peer in record.peers})
        for name, text, empty in (
            ("peers", mark("Exchange with · {n}"), _NO_PEER),
            ("streams", mark("Journals of the stations · {n}"), _NO_STREAM),
            ("apart", mark("Set apart or flagged · {n}"), _NONE_APART),
        ):
            table = self.lists[name]
            shown = whole_text(table.model().rowCount()) if is_known else DASH
            self.headings[name].setText(tr(text, n=shown))
            table.set_empty_text(self.words.text(empty))

    def showEvent(self, event: QShowEvent) -> None:
        super().showEvent(event)
        for table in self._tables():
            table.set_visible(True)
        self._timer.start()
        self._tell()

    def hideEvent(self, event: QHideEvent) -> None:
        super().hideEvent(event)
        self._timer.stop()
        for table in self._tables():
            table.set_visible(False)


def _table(table_id: str, model: SortedTable, give_way: tuple[int, ...]) -> TableView:
    view = TableView(table_id)
    view.setModel(model)
    lay_out_columns(view, [column.width for column in model.COLUMNS], give_way)
    SteadyScroll(view)
    return view
