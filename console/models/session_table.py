"""Node sessions and troubles as tables: what arrives, from whom, and what was wrong with it."""

from collections.abc import Callable

import numpy as np
from PySide6.QtCore import QObject

from console.models.record_table import RecordTable
from console.models.row_order import Keys, SortColumn, pack_keys
from console.models.sorted_table import PLAIN, Column, RowLook
from console.models.text_rank import text_ranks
from console.services.records import NodeRecord, NodesDelta, Trouble, TroublesDelta
from console.services.station import NODES, TROUBLES, Station
from console.ui.format import DASH, age_text, clock_text, number_text, state_word, time_tip, whole_text
from console.ui.translation import mark, tr
from console.ui.wall_clock import now_us

_BAD = RowLook(is_dim=True, is_italic=True)
_BLIND = RowLook(is_dim=True, is_italic=True, is_hatched=True)
_STATE_RANK = {"offline": 0, "blind": 1, "stale": 2, "online": 4}
SKEW_SHOWN_S = 1.0

TROUBLE_WORDS: dict[str, str] = {
    "undecodable": mark("cannot be decoded"),
    "unknown_alias": mark("unknown alias"),
    "data_before_birth": mark("data before birth"),
    "seq_gap": mark("gap in the sequence"),
    "too_large": mark("payload too large"),
    "too_many_metrics": mark("too many metrics"),
    "history_lost": mark("samples not kept"),
}


def trouble_word(kind: str) -> str:
    return tr(TROUBLE_WORDS[kind]) if kind in TROUBLE_WORDS else kind.replace("_", " ")


class NodeTable(RecordTable[NodeRecord]):
    """Sparkplug sessions, those that are not online first."""

    COLUMNS = (
        Column("node", mark("Node"), 0),
        Column("state", mark("State"), 110),
        Column("since", mark("Since"), 130),
        Column("metrics", mark("Metrics"), 84, is_number=True),
        Column("births", mark("Births"), 76, is_number=True),
        Column("rebirths", mark("Rebirths asked"), 116, is_number=True),
        Column("gaps", mark("Gaps"), 70, is_number=True),
        Column("skew", mark("Clock off by"), 104, is_number=True),
        Column("last", mark("Last message"), 106, is_live=True),
        Column("error", mark("Last error"), 220, is_dim=True),
    )
    DEFAULT_SORT = "state"

    def __init__(
        self,
        station: Station,
        parent: QObject | None = None,
        *,
        now_us: Callable[[], int] = now_us,
    ) -> None:
        super().__init__(parent, now_us)
        self._undo = station.subscribe(NODES, self._on_delta)

    def _on_delta(self, delta: NodesDelta) -> None:
        records = (((node.broker, node.group, node.node, node.device), node) for node in delta.nodes)
        self.take(records, is_snapshot=delta.is_snapshot)

    def node_at(self, position: int) -> NodeRecord | None:
        return self.record_at(position)

    def _keys(self) -> Keys:
        rank = np.asarray([_STATE_RANK.get(node.state, 3) for node in self._records], np.uint8)
        names = text_ranks([node_path(node) for node in self._records])
        return pack_keys(np.zeros(len(rank), np.bool_), rank, len(names) - names)

    def _sort_column(self, key: str) -> SortColumn:
        if key in _NODE_NUMBERS:
            return np.asarray([_NODE_NUMBERS[key](node) for node in self._records], np.float64)
        return text_ranks([_NODE_TEXTS[key](self, node) for node in self._records])

    def look(self, row: int) -> RowLook:
        state = self._records[row].state
        return PLAIN if state == "online" else (_BLIND if state == "blind" else _BAD)

    def tip(self, row: int, key: str) -> str:
        node = self._records[row]
        return time_tip({"since": node.since_us, "last": node.last_message_us}.get(key, 0))

    def cell(self, row: int, key: str) -> str:
        return _NODE_TEXTS[key](self, self._records[row])

    def since(self, at_us: int) -> str:
        return clock_text(at_us, self._now_us())

    def ago(self, at_us: int) -> str:
        return age_text(self._now_us() - at_us) if at_us else DASH


def node_path(node: NodeRecord) -> str:
    return " / ".join(part for part in (node.broker, node.group, node.node, node.device) if part)


def _skew_text(skew_s: float | None) -> str:
    if skew_s is None:
        return DASH
    return f"{number_text(round(skew_s, 1))} s" if abs(skew_s) >= SKEW_SHOWN_S else "0 s"


_NODE_TEXTS: dict[str, Callable[[NodeTable, NodeRecord], str]] = {
    "node": lambda _table, node: node_path(node),
    "state": lambda _table, node: state_word(node.state),
    "since": lambda table, node: table.since(node.since_us),
    "metrics": lambda _table, node: whole_text(node.metrics),
    "births": lambda _table, node: whole_text(node.births),
    "rebirths": lambda _table, node: whole_text(node.rebirths_requested),
    "gaps": lambda _table, node: whole_text(node.seq_gaps),
    "skew": lambda _table, node: _skew_text(node.skew_s),
    "last": lambda table, node: table.ago(node.last_message_us),
    "error": lambda _table, node: node.last_error,
}
_NODE_NUMBERS: dict[str, Callable[[NodeRecord], float]] = {
    "since": lambda node: node.since_us,
    "metrics": lambda node: node.metrics,
    "births": lambda node: node.births,
    "rebirths": lambda node: node.rebirths_requested,
    "gaps": lambda node: node.seq_gaps,
    "skew": lambda node: node.skew_s if node.skew_s is not None else float("nan"),
    "last": lambda node: -node.last_message_us,
}


class TroubleTable(RecordTable[Trouble]):
    """Bad input by sender and kind, the newest first."""

    COLUMNS = (
        Column("last", mark("Last"), 130),
        Column("sender", mark("Sender"), 0),
        Column("kind", mark("Trouble"), 200),
        Column("count", mark("Count"), 84, is_number=True),
        Column("first", mark("First"), 130, is_dim=True),
        Column("example", mark("Example"), 320, is_dim=True),
    )
    DEFAULT_SORT = "last"

    def __init__(
        self,
        station: Station,
        parent: QObject | None = None,
        *,
        now_us: Callable[[], int] = now_us,
    ) -> None:
        super().__init__(parent, now_us)
        self._undo = station.subscribe(TROUBLES, self._on_delta)

    def _on_delta(self, delta: TroublesDelta) -> None:
        records = (((trouble.sender, trouble.kind), trouble) for trouble in delta.troubles)
        self.take(records, is_snapshot=delta.is_snapshot)

    def trouble_at(self, position: int) -> Trouble | None:
        return self.record_at(position)

    def total(self) -> int:
        """How many messages were troubled, all senders and kinds."""
        return sum(trouble.count for trouble, there in zip(self._records, self._is_there, strict=True) if there)

    def _keys(self) -> Keys:
        last = np.asarray([trouble.last_us for trouble in self._records], np.int64)
        return pack_keys(np.zeros(len(last), np.bool_), np.zeros(len(last), np.uint8), last)

    def _sort_column(self, key: str) -> SortColumn:
        numbers = {"last": "last_us", "first": "first_us", "count": "count"}
        if key in numbers:
            return np.asarray([getattr(trouble, numbers[key]) for trouble in self._records], np.int64)
        return text_ranks([self._text(trouble, key) for trouble in self._records])

    def _text(self, trouble: Trouble, key: str) -> str:
        return {"sender": trouble.sender, "kind": trouble_word(trouble.kind), "example": trouble.example}[key]

    def tip(self, row: int, key: str) -> str:
        trouble = self._records[row]
        return time_tip({"last": trouble.last_us, "first": trouble.first_us}.get(key, 0))

    def cell(self, row: int, key: str) -> str:
        trouble = self._records[row]
        if key in {"last", "first"}:
            return clock_text(trouble.last_us if key == "last" else trouble.first_us, self._now_us())
        return whole_text(trouble.count) if key == "count" else self._text(trouble, key)
