"""Seals the oldest part of each stream into files: planned, written, read back and proven; nothing is taken out here.

Works on a read-only view, so beside a running station too. What was sealed before is not sealed again; a file that was
written before its end was told is taken over when the same is asked again.
"""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeVar
from uuid import UUID

from sqlalchemy.engine import Connection

from console.config.private_file import own_private
from console.domain.refusal import Refused
from console.services.journal import archive_file as form
from console.services.journal.archive_file import Manifest, Sealed
from console.services.journal.envelope import FIRST, RawEvent
from console.services.journal.event_table import Stream, all_streams, chain_name
from console.services.journal.hlc import wall_ms
from console.services.journal.keys import StationKey
from console.services.journal.own_stream import Place
from console.services.storage.database import reader_engine
from console.services.storage.durable_folder import settle
from console.services.storage.failpoints import reach

NEAR = 100  # events before a stream's end that are never sealed
_PAGE = 1000
_BITS = 16
T = TypeVar("T")
Progress = Callable[[int, int], bool]  # (events, of all) -> False to give up


@dataclass(frozen=True, slots=True)
class Part:
    """A part of a stream that becomes one file; whole transactions."""

    stream: UUID
    code: str
    from_seq: int
    to_seq: int

    @property
    def events(self) -> int:
        return self.to_seq - self.from_seq + 1


@dataclass(frozen=True, slots=True)
class Plan:
    """What is to be sealed, oldest streams first, and the streams that are left alone because they are forked."""

    parts: tuple[Part, ...]
    forked: tuple[str, ...] = ()

    @property
    def events(self) -> int:
        return sum(part.events for part in self.parts)


@dataclass(frozen=True, slots=True)
class Written:
    """A sealed file that was proven; `is_new` is False for one that an earlier attempt had written."""

    sealed: Sealed
    path: Path
    is_new: bool


class Sealer:
    """A context manager around one reading connection. `now_us`: wall time in microseconds UTC."""

    def __init__(self, journal: Path, folder: Path, place: Place, key: StationKey, now_us: Callable[[], int]) -> None:
        self._engine = reader_engine(journal)
        self._folder = folder
        self._place = place
        self._key = key
        self._now_us = now_us

    def __enter__(self) -> "Sealer":
        self._connection = self._engine.connect()
        return self

    def __exit__(self, *_: object) -> None:
        self._connection.close()
        self._engine.dispose()

    def plan(self, before_us: int) -> Plan:
        """Everything older than this moment by its own logical time, but for the ends of the streams.

        Raises Refused for a journal that was not opened by this version yet.
        """
        if self._read(chain_name) != "chain":
            raise Refused("Start this station once with the present program first: its journal is of an older version.")
        streams = self._read(all_streams)
        parts = [part for one in streams if not one.forked for part in self._parts(one, (before_us // 1000) << _BITS)]
        return Plan(tuple(parts), tuple(f"{one.code} {one.stream}" for one in streams if one.forked))

    def seal(self, part: Part, progress: Callable[[int], bool] = lambda _done: True) -> Written:
        """Write the file whole or not at all. Raises Refused when given up, or when the journal or the file is not
        what it should be; OSError."""
        self._folder.mkdir(parents=True, exist_ok=True)
        prefix = form.prefix_of(part.code, part.stream, part.from_seq)
        for path in sorted(self._folder.glob(f"{prefix}*{form.SUFFIX}")):
            return Written(self._taken_over(path), path, is_new=False)
        sealed = form.seal(self._manifest(part), self._key.sign)
        target = self._folder / form.name_of(sealed.manifest)
        fresh = target.with_name(target.name + ".part")
        done = 0

        def events() -> Iterator[RawEvent]:
            nonlocal done
            for row in self._rows(part, "hash, body, sig"):
                done += 1
                if done % _PAGE == 0 and not progress(_PAGE):
                    raise Refused("Archiving was given up; what was sealed before stays.")
                yield RawEvent(row[1], row[2], row[3])

        with own_private(fresh) as file:
            form.write_segment(file, sealed, events())
        reach("seal.written")
        self._prove(fresh, sealed)
        fresh.replace(target)
        settle(self._folder)
        reach("seal.renamed")
        progress(done % _PAGE)
        return Written(sealed, target, is_new=True)

    def _taken_over(self, path: Path) -> Sealed:
        """A file that is here already must be sound, of this journal, and sealed by this station."""
        sealed = form.read_sealed(path)
        self._prove(path, sealed)
        told = sealed.manifest
        part = Part(told.stream, told.stream_code, told.from_seq, told.to_seq)
        if told.public_key != self._key.public_key.hex() or self._root(part) != told.merkle_root:
            raise Refused("{file} is of another station or journal: name another folder.", file=str(path))
        return sealed

    @staticmethod
    def _prove(path: Path, sealed: Sealed) -> None:
        report = form.check_segment(path)
        if report.sealed != sealed or not report.is_sound or report.events != sealed.manifest.count:
            fault = next(iter(report.faults), None)
            why = f"seq {fault.seq}: {fault.reason}" if fault is not None else "it is another file"
            raise Refused("{file} does not prove itself ({why}): nothing was taken out.", file=path.name, why=why)

    def _parts(self, stream: Stream, before_hlc: int) -> Iterator[Part]:
        start = self._read(lambda c: _sealed_until(c, stream.stream)) + 1
        end = self._last_before(stream.stream, start, stream.head_seq - NEAR, before_hlc)
        if end < start:
            return
        whole, size, first, group = start - 1, 0, start, ""
        for seq, tx_id, length in self._rows(Part(stream.stream, stream.code, start, end + 1), "tx_id, length(body)"):
            if tx_id != group:
                whole, group = seq - 1, tx_id
                if whole >= first and (whole - first + 1 >= form.MOST_EVENTS or size >= form.MOST_BYTES):
                    yield Part(stream.stream, stream.code, first, whole)
                    first, size = whole + 1, 0
            size += length
        if whole >= first:
            yield Part(stream.stream, stream.code, first, whole)

    def _last_before(self, stream: UUID, low: int, high: int, before_hlc: int) -> int:
        """A stream's clock strictly rises: halve until the last event before the moment is found."""
        while low <= high:
            middle = (low + high) // 2
            stamp = self._read(lambda c, at=middle: _stamp_at(c, stream, at))  # type: ignore[misc]
            if stamp is None:
                raise Refused("The journal is damaged: `leitstand verify` says where.")
            low, high = (middle + 1, high) if stamp < before_hlc else (low, middle - 1)
        return high

    def _manifest(self, part: Part) -> Manifest:
        stream = self._read(lambda c: next(one for one in all_streams(c) if one.stream == part.stream))
        leaves: list[bytes] = []
        first = last = (FIRST, FIRST, 0)
        for seq, event_hash, prev, hlc in self._rows(part, "hash, prev, hlc"):
            if seq != part.from_seq + len(leaves) or (leaves and prev != last[0]):
                raise Refused("The journal is damaged: `leitstand verify` says where.")
            last = (event_hash, prev, hlc)
            first = first if leaves else last
            leaves.append(form.leaf(seq, event_hash, prev))
        return Manifest(
            v=form.VERSION,
            site=self._place.site,
            tenant=self._place.tenant,
            stream=part.stream,
            from_seq=part.from_seq,
            to_seq=part.to_seq,
            first_prev=first[1].hex(),
            last_hash=last[0].hex(),
            count=len(leaves),
            merkle_root=form.merkle_root(leaves).hex(),
            first_us=wall_ms(first[2]) * 1000,
            last_us=wall_ms(last[2]) * 1000,
            sealed_us=self._now_us(),
            station=self._place.station,
            code=self._place.code,
            public_key=self._key.public_key.hex(),
            stream_station=stream.station,
            stream_code=stream.code,
            stream_key=stream.public_key.hex(),
        )

    def _root(self, part: Part) -> str:
        return form.merkle_root(form.leaf(row[0], row[1], row[2]) for row in self._rows(part, "hash, prev")).hex()

    def _rows(self, part: Part, columns: str) -> Iterator[Sequence[Any]]:
        """(seq, columns...) of a part that is wholly here, in order, in short reading transactions."""
        sql = (
            f"SELECT seq, {columns} FROM event "  # noqa: S608 columns of this module
            "WHERE stream_id = ? AND seq BETWEEN ? AND ? ORDER BY seq LIMIT ?"
        )
        place = part.from_seq
        while True:
            values = (str(part.stream), place, part.to_seq, _PAGE)
            rows = self._read(lambda c, bound=values: c.exec_driver_sql(sql, bound).all())  # type: ignore[misc]
            yield from rows
            if len(rows) < _PAGE:
                return
            place = rows[-1][0] + 1

    def _read(self, function: Callable[[Connection], T]) -> T:
        with self._connection.begin():
            return function(self._connection)


def _stamp_at(connection: Connection, stream: UUID, seq: int) -> int | None:
    sql = "SELECT hlc FROM event WHERE stream_id = ? AND seq = ?"
    found: int | None = connection.exec_driver_sql(sql, (str(stream), seq)).scalar()
    return found


def _sealed_until(connection: Connection, stream: UUID) -> int:
    sql = "SELECT coalesce(max(to_seq), 0) FROM archive_segment WHERE stream_id = ?"
    return int(connection.exec_driver_sql(sql, (str(stream),)).scalar_one())
