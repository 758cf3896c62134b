"""What arrives and what is wrong with it: our links, sessions of nodes and devices, troubled input by sender."""

from collections.abc import Callable, Mapping

from PySide6.QtCore import Qt
from PySide6.QtGui import QHideEvent, QShowEvent
from PySide6.QtWidgets import QHBoxLayout, QPushButton, QSplitter

from console.domain.commands import RequestRebirth
from console.domain.refusal import Refused
from console.models.empty_words import NOTHING_HEARD, EmptyWords
from console.models.history_words import centre_text, history_text
from console.models.link_words import lamp_state, link_text
from console.models.session_table import NodeTable, TroubleTable
from console.models.sorted_table import SortedTable
from console.services.records import HistoryRecord, LinkRecord, LinksDelta, SessionRecord, StatusRecord
from console.services.station import LINKS, NODES, SESSION, STATUS, TROUBLES
from console.ui.errands import Errands
from console.ui.format import DASH, whole_text
from console.ui.plain_label import PlainLabel, plain_tip
from console.ui.table_view import TableView
from console.ui.theme import theme
from console.ui.translation import mark, tr
from console.ui.view import Selection, View, ViewContext
from console.ui.wall_clock import now_us
from console.widgets.action_menu import attach_menu
from console.widgets.column_layout import lay_out_columns
from console.widgets.lamp import Lamp, LampState
from console.widgets.panel import bare_column, headed, panel_row
from console.widgets.steady_scroll import SteadyScroll
from console.widgets.table_export import export_table

_NO_NODE = mark("No node has been born yet. Nodes appear here by themselves.")
_NO_TROUBLE = mark("No trouble. Everything that arrived could be read.")


class DiagnosticsView(View):
    """Nothing here is interpreted: senders and examples are plain text."""

    view_id = "diagnostics"
    title = mark("Diagnostics")
    icon = "diagnostics"

    def __init__(self, context: ViewContext) -> None:
        super().__init__(context)
        self.nodes = NodeTable(context.station, self, now_us=now_us)
        self.troubles = TroubleTable(context.station, self, now_us=now_us)
        self.errands = Errands(lambda text: context.refused(self, text))
        self._denied: Mapping[str, str] = {}
        self._links: dict[str, LinkRecord] = {}
        self._link_parts: dict[str, tuple[Lamp, PlainLabel]] = {}
        self.node_list = _table("nodes", self.nodes, (4, 5, 2, 9))
        self.trouble_list = _table("troubles", self.troubles, (4, 5))
        self.heading, self.node_heading, self.trouble_heading = PlainLabel(), PlainLabel(), PlainLabel()
        self.history_label = PlainLabel()
        self._history: HistoryRecord | None = None
        self.rebirth_button = QPushButton()
        self._link_row = QHBoxLayout()
        self._lay_out()
        self.setFocusProxy(self.node_list)
        for table in (self.node_list, self.trouble_list):
            attach_menu(table, context.actions, ("show.topology", "", "table.copy", "table.export"))
        self.node_list.selectionModel().selectionChanged.connect(lambda *_: self._on_node())
        self.rebirth_button.clicked.connect(lambda: self.errands.run(self.request_rebirth()))
        theme().changed.connect(self._retell)
        self.node_words = EmptyWords(context.station, NODES, self._tell, deaf=NOTHING_HEARD)
        self.trouble_words = EmptyWords(context.station, TROUBLES, self._tell)
        self._undo = [
            self.node_words.close,
            self.trouble_words.close,
            context.station.subscribe(LINKS, self._on_links),
            context.station.subscribe(SESSION, self._on_session),
            context.station.subscribe(STATUS, self._on_status),
            self.troubles.on_flushed(lambda _none: self._tell()),
            self.nodes.on_flushed(lambda _none: self._tell()),
        ]
        self._retell()

    def _lay_out(self) -> None:
        column = bare_column(self)
        top = panel_row(column)
        self.heading.setProperty("role", "heading")
        top.addWidget(self.heading)
        top.addSpacing(16)
        top.addLayout(self._link_row)
        self._link_row.setSpacing(8)
        top.addStretch(1)
        top.addWidget(self.history_label)
        splitter = QSplitter(Qt.Orientation.Vertical)
        splitter.addWidget(headed(self.node_heading, self.node_list, self.rebirth_button))
        splitter.addWidget(headed(self.trouble_heading, self.trouble_list))
        splitter.setStretchFactor(0, 3)
        splitter.setStretchFactor(1, 2)
        splitter.setChildrenCollapsible(False)
        column.addWidget(splitter, 1)

    def action_handlers(self) -> Mapping[str, Callable[[], object]]:
        return {
            "table.copy": lambda: self._focused().copy_selection(),
            "table.export": lambda: export_table(self._focused(), lambda text: self.context.refused(self, text)),
            "show.topology": self._show_on_topology,
        }

    def save_state(self) -> dict[str, object]:
        return {"nodes": self.node_list.save_state(), "troubles": self.trouble_list.save_state()}

    def restore_state(self, state: Mapping[str, object]) -> None:
        for key, table in (("nodes", self.node_list), ("troubles", self.trouble_list)):
            kept = state.get(key)
            if isinstance(kept, Mapping):
                table.restore_state(kept)

    def close_view(self) -> None:
        for undo in self._undo:
            undo()
        self._undo.clear()
        self.errands.cancel()
        self.nodes.close()
        self.troubles.close()

    async def request_rebirth(self) -> None:
        """Ask the selected node for its birth certificate; a device is born with its node."""
        node = self.nodes.node_at(self.node_list.first_selected())
        if node is None:
            raise Refused("Select a node first")
        await self.context.station.submit(RequestRebirth(node.broker, node.group, node.node))
        self.context.refused(self, tr("Asked {node} for its birth.", node=node.node))

    def _focused(self) -> TableView:
        return self.trouble_list if self.trouble_list.hasFocus() else self.node_list

    def _show_on_topology(self) -> None:
        node = self.nodes.node_at(self.node_list.first_selected())
        if node is not None:
            self.context.go("topology", Selection(asset_id=node.asset_id))

    def _on_node(self) -> None:
        node = self.nodes.node_at(self.node_list.first_selected())
        if node is not None:
            self.selected.emit(Selection(asset_id=node.asset_id))
        self._tell()

    def _on_links(self, delta: LinksDelta) -> None:
        if delta.is_snapshot:
            self._links.clear()
        self._links.update({link.name: link for link in delta.links})
        self._tell_links()

    def _on_status(self, status: StatusRecord) -> None:
        if status.history != self._history:
            self._history = status.history
            self._tell_history()

    def _tell_history(self) -> None:
        self.history_label.setText(history_text(self._history))
        words = [tr("How long it is kept is said by site/history.toml"), centre_text(self._history)]
        self.history_label.setToolTip(plain_tip(" · ".join(word for word in words if word)))

    def _on_session(self, session: SessionRecord | None) -> None:
        self._denied = session.denied if session is not None else {}
        self._tell()

    def _tell_links(self) -> None:
        for name, link in self._links.items():
            if name not in self._link_parts:
                lamp, label = Lamp(), PlainLabel()
                self._link_row.addWidget(lamp)
                self._link_row.addWidget(label)
                self._link_row.addSpacing(12)
                self._link_parts[name] = (lamp, label)
            lamp, label = self._link_parts[name]
            lamp.set_state(LampState(lamp_state(link)))
            label.setText(link_text(link, now_us()))
            label.setToolTip(plain_tip(link.detail))
        for name, (lamp, label) in self._link_parts.items():
            lamp.setVisible(name in self._links)
            label.setVisible(name in self._links)

    def _tell(self) -> None:
        nodes = whole_text(self.nodes.rowCount()) if self.node_words.is_known else DASH
        self.node_heading.setText(tr("Sessions of nodes and devices · {n}", n=nodes))
        total = whole_text(self.troubles.total()) if self.trouble_words.is_known else DASH
        self.node_list.set_empty_text(self.node_words.text(_NO_NODE))
        self.trouble_list.set_empty_text(self.trouble_words.text(_NO_TROUBLE))
        self.trouble_heading.setText(tr("Troubled input · {n} messages", n=total))
        why = self._denied.get("request-rebirth", "")
        has_node = self.nodes.node_at(self.node_list.first_selected()) is not None
        self.rebirth_button.setEnabled(has_node and not why)
        self.rebirth_button.setToolTip(
            plain_tip(tr(why) if why else tr("Writes to the node: it sends everything anew"))
        )

    def _retell(self) -> None:
        self.heading.setText(tr(self.title))
        self.rebirth_button.setText(tr("Ask for birth"))
        self._tell()
        self._tell_links()
        self._tell_history()

    def showEvent(self, event: QShowEvent) -> None:
        super().showEvent(event)
        self.nodes.set_visible(True)
        self.troubles.set_visible(True)
        self._tell_links()

    def hideEvent(self, event: QHideEvent) -> None:
        super().hideEvent(event)
        self.nodes.set_visible(False)
        self.troubles.set_visible(False)


def _table(table_id: str, model: SortedTable, give_way: tuple[int, ...]) -> TableView:
    view = TableView(table_id)
    view.setModel(model)
    lay_out_columns(view, [column.width for column in model.COLUMNS], give_way)
    SteadyScroll(view)
    return view
