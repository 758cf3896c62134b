"""Writes a journal, or what another side lacks of it, into one signed file that is carried by hand."""

import os
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TypeVar
from uuid import UUID

from sqlalchemy.engine import Connection

from console.domain.refusal import Refused
from console.services.journal.envelope import RawEvent
from console.services.journal.event_table import Tip
from console.services.journal.keys import StationKey
from console.services.journal.own_stream import Place
from console.services.storage.database import reader_engine
from console.services.sync.carry_events import (
    Moment,
    archived_among,
    beyond,
    count_behind,
    frames_in_time,
    frames_of,
    marks_of,
    moment_of,
)
from console.services.sync.carry_file import VERSION, BadCarry, CarryReader, CarryWriter, Header
from console.services.sync.messages import Head, heads_of
from console.services.sync.profile_rows import ProfileNow

T = TypeVar("T")
_ARCHIVED = (
    "Some of these entries are in the archive alone: carry them from a station that keeps all, or fetch them from the "
    "centre, or bring them back first: leitstand archive --bring-back FILE"
)
# Without a word about access lists: sticks carry file systems that know none.
_NEW = os.O_WRONLY | os.O_CREAT | os.O_EXCL | getattr(os, "O_BINARY", 0)
Progress = Callable[[int, int], bool]  # (done, of all) -> False to give up


@dataclass(frozen=True, slots=True)
class Exported:
    """What was written."""

    events: int
    sha256: str
    heads: tuple[Tip, ...]


@dataclass(frozen=True, slots=True)
class Exporter:
    """Whose journal it is and who signs the file. Works beside a running station: it only reads."""

    journal: Path
    place: Place
    key: StationKey
    certificate: str
    now_us: Callable[[], int]
    profiles: tuple[ProfileNow, ...] = ()

    def vector(self, target: Path) -> Exported:
        """What this station has, to be carried to the other side first. Raises Refused, OSError."""
        return self._written(target, "vector", lambda connection, moment: {}, _quiet, marks=True)

    def journal_beyond(self, target: Path, vector: Path | None, progress: Progress | None = None) -> Exported:
        """Every event that whoever wrote the vector file (or any other carried file) lacks; all of them for None.

        Raises BadCarry for a file that is none or of another site, Refused, OSError.
        """
        theirs, marks = self._read_vector(vector) if vector is not None else ((), ())

        def spans(connection: Connection, moment: Moment) -> dict[UUID, int]:
            return beyond(connection, moment.heads, theirs, marks)

        return self._written(target, "journal", spans, progress or _quiet)

    def snapshot(
        self, target: Path, digests: dict[str, bytes], progress: Progress | None = None, at_event: int | None = None
    ) -> Exported:
        """Everything, for a console that begins empty. `digests` are of the projections, empty when not known; they
        are left out when the journal has gone on since `at_event`, its last local row."""
        return self._written(
            target,
            "snapshot",
            lambda connection, moment: beyond(connection, moment.heads, (), ()),
            progress or _quiet,
            digests=digests,
            at_event=at_event,
        )

    def _written(
        self,
        target: Path,
        what: str,
        spans_of: Callable[[Connection, Moment], dict[UUID, int]],
        progress: Progress,
        *,
        marks: bool = False,
        digests: dict[str, bytes] | None = None,
        at_event: int | None = None,
    ) -> Exported:
        if target.exists():
            raise Refused("{file} exists and was left as it is.", file=str(target))
        if not self.journal.exists():
            raise Refused("There is no journal at {file}.", file=str(self.journal))
        engine = reader_engine(self.journal)
        try:
            with engine.connect() as connection:
                with connection.begin():
                    moment = moment_of(connection)
                    spans = spans_of(connection, moment)
                    if archived_among(connection, spans):
                        raise Refused(_ARCHIVED)
                    further = marks_of(connection, moment.heads) if marks else ()
                    expected = count_behind(connection, moment, spans)
                told = digests if digests and at_event in (None, moment.last_rid) else {}
                header = self._header(what, moment, further, expected, told)

                def read(function: Callable[[Connection], T]) -> T:
                    with connection.begin():
                        return function(connection)

                frames = frames_in_time(read, moment) if what == "snapshot" else frames_of(read, moment, spans)
                return self._write(target, header, frames, progress, moment)
        finally:
            engine.dispose()

    def _write(
        self, target: Path, header: Header, frames: Iterator[list[RawEvent]], progress: Progress, moment: Moment
    ) -> Exported:
        part = target.with_name(target.name + ".part")
        part.unlink(missing_ok=True)
        try:
            with os.fdopen(os.open(part, _NEW, 0o600), "wb") as file:
                writer = CarryWriter(file, header)
                for frame in frames:
                    writer.add(frame)
                    if not progress(writer.events, header.expected):
                        raise Refused("The export was given up; nothing was written.")
                sha256 = writer.finish(self.key.sign)
                file.flush()
                os.fsync(file.fileno())  # a stick is pulled out as soon as the program says that it is done
            part.replace(target)
        except BaseException:
            part.unlink(missing_ok=True)
            raise
        return Exported(writer.events, sha256, moment.heads)

    def _header(
        self, what: str, moment: Moment, marks: tuple[Head, ...], expected: int, digests: dict[str, bytes]
    ) -> Header:
        return Header(
            VERSION,
            what,
            self.place.site,
            self.place.tenant,
            self.place.station,
            self.place.code,
            self.key.public_key,
            self.certificate,
            self.now_us(),
            heads_of(moment.heads),
            marks,
            expected,
            digests,
            profiles=() if what == "vector" else self.profiles,
        )

    def _read_vector(self, path: Path) -> tuple[tuple[Head, ...], tuple[Head, ...]]:
        """Ends and marks of of a proven file. A lie in it costs only events that are carried twice or not at all."""
        with path.open("rb") as file:
            reader = CarryReader(path, file)
            if reader.header.site != self.place.site:
                raise BadCarry("{file} is of another site.", file=path.name)
            for _ in reader.frames():
                pass
        return reader.header.heads, reader.header.marks


def _quiet(_done: int, _of_all: int) -> bool:
    return True
