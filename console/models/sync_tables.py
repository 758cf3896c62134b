"""Peers, streams and events set apart as tables of the Sync view; a lost or unknown peer never looks well."""

from collections.abc import Callable

import numpy as np
from PySide6.QtCore import QObject

from console.models.journal_words import event_word
from console.models.record_table import RecordTable
from console.models.row_order import Keys, SortColumn, pack_keys
from console.models.sorted_table import PLAIN, Column, RowLook
from console.models.sync_words import (
    clock_grade,
    clock_words,
    flag_word,
    is_trusted_peer,
    lag_words,
    peer_name,
    reason_word,
)
from console.models.text_rank import text_ranks
from console.services.records import PeerRecord, QuarantinedEvent, StreamRecord, SyncRecord
from console.services.station import SYNC, Station
from console.ui.format import DASH, age_text, clock_text, state_word, time_tip, whole_text
from console.ui.translation import mark, tr
from console.ui.wall_clock import now_us

_LOST = RowLook(is_dim=True, is_italic=True)
_CLOCK_OFF = RowLook(is_bold=True)
_HATCHED = RowLook(is_dim=True, is_italic=True, is_hatched=True)
_PEER_RANK = {"refused": 0, "lost": 1, "connecting": 2, "off": 4, "live": 5}
_UNKNOWN_RANK = 3


class PeerTable(RecordTable[PeerRecord]):
    """The centre and every neighbour; those that are not live first."""

    COLUMNS = (
        Column("peer", mark("With"), 0),
        Column("state", mark("State"), 120),
        Column("since", mark("Since"), 120, is_live=True),
        Column("lag", mark("Last answer"), 110, is_number=True),
        Column("clock", mark("Its clock"), 130, is_number=True),
        Column("waiting", mark("Still to send"), 120, is_number=True),
        Column("missing", mark("Still to come"), 120, is_number=True),
        Column("detail", mark("Detail"), 320, is_dim=True),
    )
    DEFAULT_SORT = "state"

    def __init__(self, station: Station, parent: QObject | None = None, *, now_us: Callable[[], int] = now_us) -> None:
        super().__init__(parent, now_us)
        self._undo = station.subscribe(SYNC, self._on_record)

    def _on_record(self, record: SyncRecord) -> None:
        self.take(((peer.name, peer) for peer in record.peers), is_snapshot=True)

    def _keys(self) -> Keys:
        rank = np.asarray([_PEER_RANK.get(peer.state, _UNKNOWN_RANK) for peer in self._records], np.uint8)
        names = text_ranks([peer_name(peer) for peer in self._records])
        return pack_keys(np.zeros(len(rank), np.bool_), rank, len(names) - names)

    def _sort_column(self, key: str) -> SortColumn:
        if key in _PEER_NUMBERS:
            return np.asarray([_PEER_NUMBERS[key](peer) for peer in self._records], np.float64)
        return text_ranks([self._text(peer, key) for peer in self._records])

    def look(self, row: int) -> RowLook:
        return PLAIN if is_trusted_peer(self._records[row]) else _LOST

    def cell_look(self, row: int, key: str) -> RowLook | None:
        if key != "clock" or clock_grade(self._records[row].clock_offset_s) not in {"warning", "alarm"}:
            return None
        return _CLOCK_OFF

    def tip(self, row: int, key: str) -> str:
        peer = self._records[row]
        if key == "clock" and clock_grade(peer.clock_offset_s) == "alarm":
            return tr("More than 5 minutes: times of this peer's acts cannot be trusted")
        return time_tip(peer.since_us) if key == "since" else peer.detail if key == "detail" else ""

    def cell(self, row: int, key: str) -> str:
        return self._text(self._records[row], key)

    def _text(self, peer: PeerRecord, key: str) -> str:
        if key == "since":
            return age_text(self._now_us() - peer.since_us) if peer.since_us else DASH
        return _PEER_TEXTS[key](peer)


_PEER_TEXTS: dict[str, Callable[[PeerRecord], str]] = {
    "peer": peer_name,
    "state": lambda peer: state_word(peer.state),
    "lag": lag_words,
    "clock": lambda peer: clock_words(peer.clock_offset_s),
    "waiting": lambda peer: whole_text(peer.waiting),
    "missing": lambda peer: whole_text(peer.missing) if peer.missing or is_trusted_peer(peer) else DASH,
    "detail": lambda peer: tr(peer.detail) if peer.detail else "",
}
_PEER_NUMBERS: dict[str, Callable[[PeerRecord], float]] = {
    "since": lambda peer: -peer.since_us,
    "lag": lambda peer: peer.lag_s if peer.lag_s is not None else float("nan"),
    "clock": lambda peer: peer.clock_offset_s if peer.clock_offset_s is not None else float("nan"),
    "waiting": lambda peer: peer.waiting,
    "missing": lambda peer: peer.missing,
}


class StreamTable(RecordTable[StreamRecord]):
    """Incarnations of stations: own ones first, then by station, the newest first."""

    COLUMNS = (
        Column("station", mark("Station"), 175),
        Column("state", mark("State"), 200),
        Column("seq", mark("Entries"), 100, is_number=True),
        Column("opened", mark("Opened"), 150),
        Column("reason", mark("Why it was opened"), 0),
        Column("stream", mark("Identity"), 340, is_dim=True),
    )
    DEFAULT_SORT = "station"

    def __init__(self, station: Station, parent: QObject | None = None, *, now_us: Callable[[], int] = now_us) -> None:
        super().__init__(parent, now_us)
        self._undo = station.subscribe(SYNC, self._on_record)

    def _on_record(self, record: SyncRecord) -> None:
        self.take(((one.stream, one) for one in record.streams), is_snapshot=True)

    def _keys(self) -> Keys:
        is_other = np.asarray([not one.is_own for one in self._records], np.bool_)
        codes = text_ranks([one.station_code for one in self._records])
        opened = np.asarray([one.opened_us for one in self._records], np.int64)
        newest = np.lexsort((-opened, codes)).argsort()
        return pack_keys(is_other, np.zeros(len(newest), np.uint8), len(newest) - newest)

    def _sort_column(self, key: str) -> SortColumn:
        if key in {"seq", "opened"}:
            name = "seq" if key == "seq" else "opened_us"
            return np.asarray([getattr(one, name) for one in self._records], np.int64)
        return text_ranks([self._text(one, key) for one in self._records])

    def look(self, row: int) -> RowLook:
        return PLAIN if self._records[row].is_open else _LOST

    def cell_look(self, row: int, key: str) -> RowLook | None:
        return _CLOCK_OFF if key == "state" and self._records[row].is_forked else None

    def tip(self, row: int, key: str) -> str:
        return time_tip(self._records[row].opened_us) if key == "opened" else ""

    def cell(self, row: int, key: str) -> str:
        return self._text(self._records[row], key)

    def _text(self, one: StreamRecord, key: str) -> str:
        return {
            "station": lambda: tr("{code} (this station)", code=one.station_code) if one.is_own else one.station_code,
            "state": lambda: stream_state(one),
            "seq": lambda: whole_text(one.seq),
            "opened": lambda: clock_text(one.opened_us, self._now_us()),
            "reason": lambda: reason_word(one.reason),
            "stream": lambda: str(one.stream),
        }[key]()


def stream_state(one: StreamRecord) -> str:
    word = tr("open") if one.is_open else tr("closed")
    return f"{word} · {tr('forked')}" if one.is_forked else word


class QuarantineTable(RecordTable[QuarantinedEvent]):
    """Events kept apart or flagged, the newest first."""

    COLUMNS = (
        Column("since", mark("Since"), 150),
        Column("flag", mark("Why it is set apart"), 400),
        Column("station", mark("Station"), 90),
        Column("event", mark("What"), 200),
        Column("seq", mark("Entry"), 90, is_number=True),
        Column("reason", mark("Detail"), 0, is_dim=True),
        Column("hash", mark("Identity"), 160, is_dim=True),
    )
    DEFAULT_SORT = "since"

    def __init__(self, station: Station, parent: QObject | None = None, *, now_us: Callable[[], int] = now_us) -> None:
        super().__init__(parent, now_us)
        self._undo = station.subscribe(SYNC, self._on_record)

    def _on_record(self, record: SyncRecord) -> None:
        self.take((((one.hash, one.flag), one) for one in record.quarantined), is_snapshot=True)

    def _keys(self) -> Keys:
        since = np.asarray([one.since_us for one in self._records], np.int64)
        return pack_keys(np.zeros(len(since), np.bool_), np.zeros(len(since), np.uint8), since)

    def _sort_column(self, key: str) -> SortColumn:
        if key in {"since", "seq"}:
            name = "since_us" if key == "since" else "seq"
            return np.asarray([getattr(one, name) for one in self._records], np.int64)
        return text_ranks([self._text(one, key) for one in self._records])

    def look(self, row: int) -> RowLook:
        return _HATCHED if self._records[row].flag in {"pending", "rejected"} else PLAIN

    def tip(self, row: int, key: str) -> str:
        one = self._records[row]
        return {"since": time_tip(one.since_us), "hash": one.hash, "reason": one.reason}.get(key, "")

    def cell(self, row: int, key: str) -> str:
        return self._text(self._records[row], key)

    def _text(self, one: QuarantinedEvent, key: str) -> str:
        return {
            "since": lambda: clock_text(one.since_us, self._now_us()),
            "flag": lambda: flag_word(one.flag),
            "station": lambda: one.station_code,
            "event": lambda: event_word(one.etype) if one.etype else "",
            "seq": lambda: whole_text(one.seq),
            "reason": lambda: tr(one.reason) if one.reason else "",
            "hash": lambda: one.hash[:16],
        }[key]()
