"""Which archived events may leave the journal's table: those that no projection needs any more (pitfall P30).

A table of kinds decides; what is not in it stays for ever: people, rights, stations, certificates, incidents (a late
note, a merge or a reopening elsewhere must find them), shelves and what takes things back, signatures. A transaction
leaves whole or not at all, and nothing leaves that is doubtful (flagged), of a forked stream, near an end, or not held
by somebody else.
"""

from collections import defaultdict
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID

import msgspec
from sqlalchemy.engine import Connection

from console.domain.archive_facts import JournalArchived
from console.domain.facts import (
    ActRefused,
    AlarmAcknowledged,
    AlarmCommented,
    HornSilenced,
    PreferenceSaved,
    RebirthRequested,
    SignOnFailed,
    UserSignedOff,
    UserSignedOn,
)
from console.domain.people_facts import SessionLocked, SessionUnlocked, UnlockFailed
from console.domain.station_facts import BackupMade, ClockStepped, JournalExported, JournalImported, SoundChecked
from console.services.journal.archive_table import segments
from console.services.journal.verify_archive import told_segments

NEAR = 100  # events of each stream before its end that stay, and the same tenfold in the order of receiving
_ALWAYS = frozenset(
    kind.etype
    for kind in (
        ActRefused, BackupMade, ClockStepped, JournalExported, JournalImported, RebirthRequested, SessionLocked,
        SessionUnlocked, SignOnFailed, SoundChecked, UnlockFailed,
    )
)  # fmt: skip
_OF_CONDITIONS = frozenset({AlarmAcknowledged.etype, AlarmCommented.etype})  # finished when its alarm is
_NEWEST_STAYS = frozenset({PreferenceSaved.etype, HornSilenced.etype})
_SESSIONS = frozenset({UserSignedOn.etype, UserSignedOff.etype})
FINISHED = tuple(sorted(_ALWAYS | _OF_CONDITIONS | _NEWEST_STAYS | _SESSIONS))
assert JournalArchived.etype not in FINISHED


class _Told(msgspec.Struct):
    payload: dict[str, Any]
    session_id: str = ""


_bodies: "msgspec.json.Decoder[_Told]" = msgspec.json.Decoder(_Told)


@dataclass(frozen=True, slots=True)
class Bound:
    """`before_hlc`: nothing younger. `held`: per stream the seq up to which somebody else holds everything.

    `alive` tells whether a condition has an alarm that is not over; None when that is not known: then no act on an
    alarm leaves.
    """

    before_hlc: int
    held: Mapping[UUID, int]
    alive: Callable[[UUID], bool] | None


@dataclass(slots=True)
class Finished:
    """`look` once, in a reading transaction; then `in_window` in the writer's, window by window of local rows."""

    bound: Bound
    last_rid: int = 0  # no row behind it is looked at
    _standing: set[bytes] = field(default_factory=set)  # the newest preference of each key, the furthest silence
    _began: dict[str, int] = field(default_factory=dict)  # session: row of its beginning
    _ended: set[str] = field(default_factory=set)
    _sealed: dict[str, list[tuple[int, int]]] = field(default_factory=lambda: defaultdict(list))

    def look(self, connection: Connection) -> None:
        last = connection.exec_driver_sql("SELECT coalesce(max(rid), 0) FROM event").scalar_one()
        self.last_rid = max(0, int(last) - 10 * NEAR)
        heads = {
            UUID(row[0]): row[1]
            for row in connection.exec_driver_sql("SELECT stream_id, head_seq FROM stream WHERE forked = 0")
        }
        for segment in segments(connection):
            told = segment.manifest
            end = min(told.to_seq, self.bound.held.get(told.stream, 0), heads.get(told.stream, 0) - NEAR)
            is_told = (told.stream, told.from_seq, told.merkle_root) in told_segments(connection, told.stream)
            if end >= told.from_seq and is_told:
                self._sealed[str(told.stream)].append((told.from_seq, end))
        self._look_at_newest(connection)
        self._look_at_sessions(connection)

    def _look_at_newest(self, connection: Connection) -> None:
        newest: dict[tuple[str, ...], tuple[Any, bytes]] = {}
        for etype, event_hash, hlc, body in connection.exec_driver_sql(
            "SELECT etype, hash, hlc, body FROM event WHERE etype IN (?, ?)", tuple(sorted(_NEWEST_STAYS))
        ):
            told = _bodies.decode(body).payload
            if etype == PreferenceSaved.etype:
                key: tuple[str, ...] = (etype, str(told.get("user_id")), str(told.get("key")))
                place = (hlc, event_hash)
            else:
                key, place = (etype, str(told.get("position"))), (int(told.get("through_us", 0)), event_hash)
            newest[key] = max(newest.get(key, (place, event_hash)), (place, event_hash))
        self._standing = {event_hash for _, event_hash in newest.values()}

    def _look_at_sessions(self, connection: Connection) -> None:
        for etype, rid, hlc, body in connection.exec_driver_sql(
            "SELECT etype, rid, hlc, body FROM event WHERE etype IN (?, ?)", tuple(sorted(_SESSIONS))
        ):
            session = _bodies.decode(body).session_id
            if etype == UserSignedOn.etype:
                self._began[session] = rid
            elif hlc < self.bound.before_hlc:
                self._ended.add(session)

    def in_window(self, connection: Connection, after_rid: int, to_rid: int) -> list[tuple[int, str, bytes]]:
        """(row, kind, body) of what may leave, of the rows behind `after_rid` up to `to_rid`; whole transactions."""
        found: dict[int, tuple[int, str, bytes]] = {}
        asked: set[tuple[str, str]] = set()
        for row in _rows(connection, "e.rid > ? AND e.rid <= ?", (after_rid, min(to_rid, self.last_rid))):
            if row.tx_n <= 1:
                group = [row]
            elif (row.stream_id, row.tx_id) in asked:
                continue
            else:
                asked.add((row.stream_id, row.tx_id))
                group = _rows(connection, "e.tx_id = ? AND e.stream_id = ?", (row.tx_id, row.stream_id))
            if len(group) == row.tx_n and all(self._may_leave(connection, one, found) for one in group):
                found.update({one.rid: (one.rid, one.etype, one.body) for one in group})
        return sorted(found.values())

    def _may_leave(self, connection: Connection, row: Any, leaving: Collection[int]) -> bool:
        if row.rid > self.last_rid or row.hlc >= self.bound.before_hlc or row.is_flagged:
            return False
        if not any(low <= row.seq <= high for low, high in self._sealed.get(row.stream_id, ())):
            return False
        if row.etype in _OF_CONDITIONS:
            return self.bound.alive is not None and not self.bound.alive(UUID(row.entity_id))
        if row.etype in _NEWEST_STAYS:
            return row.hash not in self._standing
        if row.etype in _SESSIONS:
            return self._is_over(connection, row, leaving)
        return row.etype in _ALWAYS

    def _is_over(self, connection: Connection, row: Any, leaving: Collection[int]) -> bool:
        """A beginning leaves when its end is known, an end only behind its beginning: nobody stays signed on."""
        session = _bodies.decode(row.body).session_id
        if row.etype == UserSignedOn.etype:
            return session in self._ended
        began = self._began.get(session)
        sql = "SELECT 1 FROM event WHERE rid = ?"
        return began is None or began in leaving or connection.exec_driver_sql(sql, (began,)).first() is None


def _rows(connection: Connection, where: str, values: Collection[Any]) -> list[Any]:
    marks = ", ".join("?" * len(FINISHED))
    is_group = "tx_id" in where  # members of other kinds must be seen: they keep the group here
    kinds = "" if is_group else f" AND e.etype IN ({marks})"
    sql = (
        "SELECT e.rid, e.stream_id, e.seq, e.hlc, e.hash, e.etype, e.entity_id, e.tx_id, e.tx_n, e.body, "  # noqa: S608
        "EXISTS (SELECT 1 FROM event_flag f WHERE f.hash = e.hash) AS is_flagged "
        f"FROM event e WHERE {where}{kinds} ORDER BY e.rid"
    )
    return list(connection.exec_driver_sql(sql, (*values, *(() if is_group else FINISHED))).all())
