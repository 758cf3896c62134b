"""Proves a journal file or shows where it breaks: hashes, chains, signatures, receipts; read-only, running or not."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from uuid import UUID

from sqlalchemy.engine import Connection
from sqlalchemy.exc import DBAPIError

from console.domain.identity import is_bound
from console.domain.station_facts import StationEnrolled, StreamOpened
from console.services.identity.certificates import BadCertificate, check_certificate
from console.services.journal import verify_file as file
from console.services.journal.event_table import Stream, Tip, all_streams
from console.services.journal.verify_report import Break as Break  # noqa: PLC0414 part of this module's face
from console.services.journal.verify_report import VerifyReport as VerifyReport  # noqa: PLC0414 likewise
from console.services.journal.verify_stream import Slice, StreamWalk
from console.services.storage.database import reader_engine

CHUNK = 1000
Progress = Callable[[int, int], bool]  # (events, of all) -> False to give up


@dataclass(frozen=True, slots=True)
class Against:
    """What a journal is proven against, from outside of it; each may be missing.

    `own_public_key` must be a stream's key (a wholly rewritten journal has another), `anchor` must be in it,
    `authority` of the site must know every station's key.
    """

    own_public_key: bytes | None = None
    anchor: Tip | None = None
    site: UUID | None = None
    authority: bytes = b""


@dataclass(slots=True)
class Verification:
    """A proof in slices. Run each in a reading transaction of its own, one after the other, on one file.

    `checks_pages` looks at the whole file at once, else its indexes are looked at in slices too. Signatures may be
    left out where they were checked before.
    """

    against: Against = field(default_factory=Against)
    checks_pages: bool = True
    checks_signatures: bool = True
    chunk: int = CHUNK
    report: VerifyReport = field(default_factory=VerifyReport)
    expected: int = 0  # events, once the first slice was run
    _last: int = 0
    _streams: tuple[Stream, ...] = ()
    _openings: list[tuple[StreamOpened, UUID]] = field(default_factory=list)
    _enrolments: list[StationEnrolled] = field(default_factory=list)

    def slices(self) -> Iterator[Slice]:
        yield self._begin
        if self.checks_pages:
            yield lambda connection: file.check_pages(connection, self.report)
        for stream in self._streams:
            self.report.streams += 1
            self.report.unbound += not is_bound(stream.stream)
            yield from self._walk(stream)
        if not self.checks_pages:
            yield from file.index_slices(self.report, self._last)
        yield from file.receipt_slices(self.report, self._streams)
        yield lambda connection: file.check_notes(connection, self.report)
        yield lambda connection: file.check_form(connection, self.report)
        yield lambda connection: file.check_own(
            connection, self.report, self.against.own_public_key, self.against.anchor
        )
        self._check_certificates()

    def _begin(self, connection: Connection) -> None:
        last, count = connection.exec_driver_sql("SELECT coalesce(max(rid), 0), count(*) FROM event").one()
        self._last, self.expected = int(last), int(count)
        self._streams = all_streams(connection)
        file.check_orphans(connection, self.report)

    def _walk(self, stream: Stream) -> Iterator[Slice]:
        walk = StreamWalk(stream, self.report, self._last, self.chunk, checks_signatures=self.checks_signatures)
        yield from walk.slices()
        self._openings += walk.openings
        self._enrolments += walk.enrolments
        if not self.report.breaks:
            yield lambda connection: file.check_list(
                connection, self.report, stream, walk.ends, walk.events, walk.newest
            )

    def _check_certificates(self) -> None:
        """Every stream's key was let in by the site's authority, with this stream or another of its station."""
        if not self.against.authority or self.against.site is None:
            return
        certified = {
            (station, key)
            for code, key, station, text in (
                *(
                    (one.station_code, one.public_key_hex, station, one.certificate_hex)
                    for one, station in self._openings
                ),
                *((one.code, one.public_key_hex, one.station_id, one.certificate_hex) for one in self._enrolments),
            )
            if self._is_certified(code, key, station, text)
        }
        for stream in self._streams:
            if (stream.station, stream.public_key.hex()) not in certified:
                self.report.broken(stream.stream, 1, "station is not enrolled")

    def _is_certified(self, code: str, key: str, station: UUID, text: str) -> bool:
        site = self.against.site
        assert site is not None
        try:
            public_key = bytes.fromhex(key)
            check_certificate(
                text, self.against.authority, site=site, station=station, code=code, public_key=public_key
            )
        except (BadCertificate, ValueError):
            return False
        return True


def verify_journal(
    path: Path,
    own_public_key: bytes | None = None,
    *,
    against: Against | None = None,
    progress: Progress | None = None,
) -> VerifyReport:
    """Check every event of a journal file, and everything about them. Reads in short transactions, so a running
    station is not held up; what is written meanwhile is left out."""
    verification = Verification(against or Against(own_public_key))
    report = verification.report
    if not path.exists():
        report.broken("", 0, "the file is missing")
        return report
    engine = reader_engine(path)
    try:
        with engine.connect() as connection:
            for part in verification.slices():
                with connection.begin():
                    part(connection)
                if progress is not None and not progress(report.events, verification.expected):
                    report.note("", 0, "given up before the end")
                    break
    except DBAPIError as error:
        report.broken("", 0, f"the file is damaged: {error.orig}")
    except (ValueError, TypeError, AttributeError, UnicodeError) as error:  # a row that no longer holds what it should
        report.broken("", 0, f"the file is damaged: a row cannot be read ({type(error).__name__}: {error})")
    finally:
        engine.dispose()
    return report
