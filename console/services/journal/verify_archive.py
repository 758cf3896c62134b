"""Proves the chain across what was archived: by the signed manifests, by the journal's own facts, by the files."""

from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from uuid import UUID

from sqlalchemy.engine import Connection

from console.domain.archive_facts import JournalArchived
from console.services.journal.archive_file import (
    SegmentReport,
    check_segment,
    leaf,
    merkle_root,
    segments_in,
)
from console.services.journal.archive_table import Segment, segments
from console.services.journal.envelope import BadEvent, RawEvent, decode_event
from console.services.journal.event_table import Stream, chain_name, find_stream
from console.services.journal.facts_codec import decode_fact
from console.services.journal.verify_groups import PartWalk
from console.services.journal.verify_report import VerifyReport
from console.services.storage.database import reader_engine

_NO_FACT = "the journal does not tell of this archived part"
FileProgress = Callable[[int, int], bool]  # (files proven, of all) -> False to give up


@dataclass(slots=True)
class ArchiveWalk:
    """One stream's archived parts while it is walked: of each the Merkle root has to come out of the rows."""

    _segments: tuple[Segment, ...] | None = None
    _told: set[tuple[UUID, int, str]] = field(default_factory=set)
    _now: list[tuple[int, bytes, bytes]] = field(default_factory=list)  # (seq, hash, prev) of the part that is walked
    _stream: UUID | None = None

    def rows(
        self, connection: Connection, stream: Stream, place: tuple[int, bytes], limit: int
    ) -> list[tuple[Any, ...]]:
        """What stays of events that were taken out, behind a place; columns as `verify_stream` numbers them."""
        if self._segments is None:
            self._begin(connection, stream)
        if not self._segments:
            return []
        return [
            (None, row[0], None, row[1], row[2], 0)
            for row in connection.exec_driver_sql(
                "SELECT p.hash, p.seq, p.prev FROM archive_segment s JOIN pruned p USING (segment) "
                "WHERE s.stream_id = ? AND s.to_seq >= ? AND (p.seq, p.hash) > (?, ?) "
                "ORDER BY s.from_seq, p.seq, p.hash LIMIT ?",
                (str(stream.stream), place[0], *place, limit),
            )
        ]

    def _begin(self, connection: Connection, stream: Stream) -> None:
        is_new = chain_name(connection) == "chain"
        self._segments = segments(connection, stream.stream) if is_new else ()
        self._stream = stream.stream
        self._told = told_segments(connection, stream.stream) if self._segments else set()

    def passed(self, report: VerifyReport, seq: int, event_hash: bytes, prev: bytes) -> None:
        """The walk went over this place, whatever is left of it."""
        if not self._segments:
            return
        first = self._segments[0].manifest
        if seq > first.to_seq:
            self._close(report)
            self.passed(report, seq, event_hash, prev)
        elif seq >= first.from_seq:
            self._now.append((seq, event_hash, prev))

    def ended(self, report: VerifyReport) -> None:
        while self._segments:
            self._close(report)

    def _close(self, report: VerifyReport) -> None:
        assert self._segments
        segment, self._segments = self._segments[0], self._segments[1:]
        rows, self._now = self._now, []
        told = segment.manifest
        if not segment.sealed.is_signed:
            report.broken(self._stream, told.from_seq, "the manifest of an archived part is not signed by its key")
        elif not _fits(segment, rows):
            report.broken(self._stream, told.from_seq, "an archived part does not fit what is left of it here")
        elif (told.stream, told.from_seq, told.merkle_root) not in self._told:
            report.broken(self._stream, told.from_seq, _NO_FACT)
        else:
            report.segments += 1


def _fits(segment: Segment, rows: list[tuple[int, bytes, bytes]]) -> bool:
    """Back from the last event the rows lead to the first, and the tree over them has the sealed root. Other branches
    of a stream that turned out to be forked are no part of it."""
    told = segment.manifest
    by_hash = {row[1]: row for row in rows}
    found: list[tuple[int, bytes, bytes]] = []
    step = bytes.fromhex(told.last_hash)
    while step in by_hash and len(found) < told.count:
        found.append(by_hash[step])
        step = by_hash[step][2]
    return (
        len(found) == told.count
        and step.hex() == told.first_prev
        and merkle_root(leaf(*row) for row in reversed(found)).hex() == told.merkle_root
    )


def told_segments(connection: Connection, stream: UUID) -> set[tuple[UUID, int, str]]:
    """(stream, first seq, Merkle root) of every part that the journal's facts tell to be archived."""
    found: set[tuple[UUID, int, str]] = set()
    for row in connection.exec_driver_sql(
        "SELECT hash, body, sig FROM event WHERE etype = ? AND entity_type = ? AND entity_id = ?",
        (JournalArchived.etype, JournalArchived.entity_type, str(stream)),
    ):
        try:
            body = decode_event(RawEvent(*row)).body
        except BadEvent:
            continue
        fact = decode_fact(body.etype, body.min_reader, bytes(body.payload))
        if isinstance(fact, JournalArchived):
            found.add((fact.stream, fact.from_seq, fact.merkle_root))
    return found


@dataclass(slots=True)
class ArchiveReport:
    """What a folder of archived parts holds: lines that name file, place and fault."""

    files: int = 0
    events: int = 0
    groups: int = 0  # transactions: each was looked at for being whole
    streams: set[UUID] = field(default_factory=set)
    faults: list[str] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)

    @property
    def is_sound(self) -> bool:
        return not self.faults


def verify_folder(
    folder: Path, journal: Path | None, progress: FileProgress = lambda _done, _of_all: True
) -> ArchiveReport:
    """Prove every file in the folder, and that it is what the journal says was archived. Raises OSError."""
    report = ArchiveReport()
    paths = segments_in(folder)
    engine = reader_engine(journal) if journal is not None else None
    try:
        for number, path in enumerate(paths):
            checked, places = _proven(path, report)
            if engine is not None and checked.sealed is not None:
                with engine.connect() as connection, connection.begin():
                    report.faults += [f"{path.name}: {one}" for one in _against(connection, checked, places)]
            if not progress(number + 1, len(paths)):
                report.notes.append("given up before the end")
                return report
        if engine is not None:
            with engine.connect() as connection, connection.begin():
                report.notes += _elsewhere(connection, {path.name for path in paths})
    finally:
        if engine is not None:
            engine.dispose()
    return report


def _proven(path: Path, report: ArchiveReport) -> tuple[SegmentReport, dict[bytes, int]]:
    walk = PartWalk()
    checked = check_segment(path, walk.take)
    report.files += 1
    report.events += checked.events
    report.groups += walk.groups
    report.faults += [f"{path.name}: seq {fault.seq}, byte {fault.at}: {fault.reason}" for fault in checked.faults]
    if checked.sealed is not None:
        told = checked.sealed.manifest
        report.streams.add(told.stream)
        report.faults += [f"{path.name}: stream {told.stream} seq {seq}: {why}" for seq, why in walk.faults(told)]
    return checked, walk.places


def _against(connection: Connection, checked: SegmentReport, places: dict[bytes, int]) -> list[str]:
    """Why the file does not belong to this journal; nothing when it does."""
    assert checked.sealed is not None
    told = checked.sealed.manifest
    stream = find_stream(connection, told.stream)
    if stream is None:
        return ["its stream is not in this journal"]
    if stream.public_key.hex() != told.stream_key:
        return ["its stream has another key in this journal"]
    if stream.station != told.stream_station:
        return ["its stream is of another station in this journal"]
    keys = connection.exec_driver_sql("SELECT pubkey FROM stream WHERE station_id = ?", (str(told.station),)).scalars()
    if told.public_key not in {bytes(key).hex() for key in keys}:
        return [f"it was not sealed by a key of station {told.code} in this journal"]
    faults = []
    if (told.stream, told.from_seq, told.merkle_root) not in told_segments(connection, told.stream):
        faults.append(_NO_FACT)
    here = {
        bytes(row[1]): row[0]
        for row in connection.exec_driver_sql(
            f"SELECT seq, hash FROM {chain_name(connection)} "  # noqa: S608 one of two names
            "WHERE stream_id = ? AND seq BETWEEN ? AND ?",
            (str(told.stream), told.from_seq, told.to_seq),
        )
    }
    strange = sorted(seq for one, seq in places.items() if here.get(one) != seq)
    faults += [f"seq {seq}: this event is not in the journal" for seq in strange[:3]]
    return faults


def _elsewhere(connection: Connection, names: set[str]) -> list[str]:
    if chain_name(connection) != "chain":
        return []
    return [f"not in this folder: {one.uri}" for one in segments(connection) if one.uri.rpartition("/")[2] not in names]
