"""What the station says of its exchange with others: peers, streams, what is set apart, and how far it came."""

from collections.abc import Callable
from dataclasses import replace
from uuid import UUID

from sqlalchemy.engine import Connection

from console.domain.station_facts import StreamOpened
from console.services.journal.archive_table import newest_segment, pruned_count
from console.services.journal.envelope import BadEvent, RawEvent, decode_event
from console.services.journal.event_table import all_streams, read_meta
from console.services.journal.facts_codec import decode_fact
from console.services.journal.hlc import wall_ms
from console.services.journal.own_stream import OWN
from console.services.records import CatchUp, PeerRecord, QuarantinedEvent, StreamRecord, SyncRecord

SHOWN = 500  # quarantined events, newest first
_PENDING = "pending"
_REJECTED = "rejected"
_WAITS = "waits for the event before it"


class SyncStatus:
    """Fed in the main loop by the roads and by the journal; `record()` is what is told. `changed` rises with it."""

    def __init__(self, now_us: Callable[[], int]) -> None:
        self._now_us = now_us
        self._peers: dict[str, PeerRecord] = {}
        self._catch_ups: dict[str, CatchUp] = {}
        self._record = SyncRecord()
        self.is_dirty = True  # streams and quarantine are to be read anew

    def on_peer(self, peer: PeerRecord) -> None:
        self._peers[peer.name] = peer
        self._set(peers=tuple(self._peers[name] for name in sorted(self._peers, key=_centre_first)))

    def on_gone(self, name: str) -> None:
        """A peer that is no longer one (revoked, another site)."""
        self._peers.pop(name, None)
        self._set(peers=tuple(self._peers[one] for one in sorted(self._peers, key=_centre_first)))

    def on_catch_up(self, progress: CatchUp) -> None:
        """A long exchange goes on; one that has come to its end is no longer shown."""
        if progress.done >= progress.total:
            self._catch_ups.pop(progress.peer, None)
        else:
            self._catch_ups[progress.peer] = progress
        self._set(catch_ups=tuple(self._catch_ups.values()))

    def on_journal(self, *_told: object) -> None:
        """The journal took something in, found a fork or a flag: look again when there is time."""
        self.is_dirty = True

    def set_conflicts(self, conflicts: int) -> None:
        self._set(conflicts=conflicts)

    def set_enrolled(self, why_not: str, pairing_code: str) -> None:
        self._set(enrolled=why_not, pairing_code=pairing_code)

    def set_backup(self, made_us: int, detail: str) -> None:
        self._set(backup_us=made_us, backup_detail=detail)

    def set_proof(self, state: str, at_us: int, place: str) -> None:
        self._set(proof=state, proof_us=at_us, proof_place=place)

    def take_look(self, look: "Look") -> None:
        """What `look_at` found."""
        self._set(
            streams=look.streams,
            quarantined=look.quarantined,
            forks=look.forks,
            own_waiting=look.own_waiting,
            archived=look.archived,
            archived_before_us=look.archived_before_us,
            archive=look.archive,
        )

    def record(self) -> SyncRecord:
        return self._record

    def _set(self, **fields: object) -> None:
        self._record = replace(self._record, **fields)  # type: ignore[arg-type]


class Look:
    """One look into the journal, in a reader's thread."""

    def __init__(self, connection: Connection) -> None:
        own = read_meta(connection, OWN)
        streams = all_streams(connection)
        stations = {row[0] for row in connection.exec_driver_sql(_OWN_STATION, (own or "",))}
        reasons = _reasons(connection)
        self.streams = tuple(
            StreamRecord(
                stream.stream,
                stream.code,
                str(stream.station) in stations,
                not stream.closed and (str(stream.station) not in stations or str(stream.stream) == own),
                stream.forked,
                stream.head_seq,
                reasons.get(stream.stream, ""),
                wall_ms(stream.opened_hlc) * 1000,
            )
            for stream in streams
        )
        codes = {stream.stream: stream.code for stream in streams}
        self.forks = sum(stream.forked for stream in streams)
        self.quarantined = _quarantined(connection, codes)
        self.own_waiting = _own_waiting(connection, own or "")
        self.archived = pruned_count(connection)
        self.archived_before_us, self.archive = newest_segment(connection)


_OWN_STATION = "SELECT station_id FROM stream WHERE stream_id = ?"


def _centre_first(name: str) -> tuple[bool, str]:
    return name != "centre", name


def _reasons(connection: Connection) -> dict[UUID, str]:
    """Why each stream was opened."""
    found: dict[UUID, str] = {}
    rows = connection.exec_driver_sql("SELECT hash, body, sig FROM event WHERE etype = ?", (StreamOpened.etype,))
    for row in rows:
        try:
            body = decode_event(RawEvent(*row)).body
        except BadEvent:
            continue
        fact = decode_fact(body.etype, body.min_reader, bytes(body.payload))
        if isinstance(fact, StreamOpened):
            found[fact.stream] = fact.reason
    return found


def _quarantined(connection: Connection, codes: dict[UUID, str]) -> tuple[QuarantinedEvent, ...]:
    found: list[QuarantinedEvent] = []
    flagged = connection.exec_driver_sql(
        "SELECT f.hash, e.stream_id, e.seq, f.flag, f.since, e.etype FROM (SELECT hash, flag, since FROM event_flag "
        "WHERE cleared_by IS NULL ORDER BY since DESC LIMIT ?) f CROSS JOIN event e ON e.hash = f.hash",
        (SHOWN,),
    )
    for event_hash, stream, seq, flag, since, etype in flagged:
        code = codes.get(UUID(stream), "")
        found.append(QuarantinedEvent(event_hash.hex(), UUID(stream), seq, flag, "", since, code, etype))
    pending = connection.exec_driver_sql(
        "SELECT hash, stream_id, seq, recv_at FROM pending ORDER BY recv_at DESC LIMIT ?", (SHOWN,)
    )
    for event_hash, stream, seq, since in pending:
        code = codes.get(UUID(stream), "")
        found.append(QuarantinedEvent(event_hash.hex(), UUID(stream), seq, _PENDING, _WAITS, since, code))
    rejected = connection.exec_driver_sql(
        "SELECT hash, stream_id, seq, reason, since FROM rejected r "  # what came again and was taken is no longer
        "WHERE NOT EXISTS (SELECT 1 FROM chain e WHERE e.hash = r.hash) ORDER BY since DESC LIMIT ?",
        (SHOWN,),
    )
    for event_hash, stream, seq, reason, since in rejected:
        place = UUID(stream) if stream else None
        code = codes.get(place, "") if place else ""
        found.append(QuarantinedEvent(event_hash.hex(), place, seq, _REJECTED, reason, since, code))
    found.sort(key=lambda one: -one.since_us)
    return tuple(found[:SHOWN])


def _own_waiting(connection: Connection, own: str) -> int:
    """Events of the own open stream that nobody else confirmed: they are on this PC only."""
    head = connection.exec_driver_sql("SELECT head_seq FROM stream WHERE stream_id = ?", (own,)).scalar()
    told = connection.exec_driver_sql("SELECT max(seq) FROM receipt WHERE stream_id = ?", (own,)).scalar()
    return max(0, int(head or 0) - int(told or 0))
