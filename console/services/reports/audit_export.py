"""One audit export from beginning to end: rows into a file, the proof beside it; whole or not at all.

Runs in a worker thread on a read-only connection of its own, beside a running station.
"""

import csv
import os
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from sqlalchemy.engine import Connection

from console.services.journal.event_table import Names
from console.services.journal.keys import StationKey
from console.services.journal.own_stream import Place
from console.services.reports.audit_rows import HEADERS, Question, archived_before, audit_rows, count_rows
from console.services.reports.proof import VERSION, Spans, file_sha256, proof_path, signed_proof
from console.services.reports.row_writers import CsvWriter, PdfWriter, RowWriter, XlsxWriter
from console.services.storage.database import reader_engine

ENDINGS = (".csv", ".xlsx", ".pdf")
_TITLE = "Leitstand: journal"
_TELL_EVERY = 200


class Cancelled(Exception):
    """Whoever asked does not want it any more; nothing was left behind."""


@dataclass(frozen=True, slots=True)
class Exporter:
    """The person who takes it away, and the station where."""

    user_id: str
    login: str
    name: str
    place: Place
    site_name: str
    station_name: str


@dataclass(frozen=True, slots=True)
class Exported:
    """What was written."""

    rows: int
    sha256: str
    proof: Path


@dataclass(frozen=True, slots=True)
class Job:
    """One export; `progress(done, total)` and `is_cancelled()` are called in the worker thread."""

    file: Path
    asked: Question
    exporter: Exporter
    at_us: int
    fonts: Path
    progress: Callable[[int, int], None] = lambda _done, _total: None
    is_cancelled: Callable[[], bool] = lambda: False


def export_audit(journal: Path, job: Job, key: StationKey, names: Names) -> Exported:
    """Write `job.file` and its proof. Raises Cancelled, FileExistsError (nothing is overwritten), OSError."""
    proof = proof_path(job.file)
    for path in (job.file, proof):
        if path.exists():
            raise FileExistsError(17, "File exists", str(path))
    part, proof_part = (path.with_name(path.name + ".part") for path in (job.file, proof))
    try:
        engine = reader_engine(journal)
        try:
            with engine.connect() as connection:
                spans = Spans(_public_keys(connection))
                archived = archived_before(connection, job.asked)
                _write_rows(connection, part, job, spans, names, archived)
        finally:
            engine.dispose()
        sha256 = file_sha256(part)
        manifest = {**_manifest(job, spans, sha256, part.stat().st_size, key), **archived}
        _write_durably(proof_part, signed_proof(manifest, key))
        proof_part.replace(proof)  # first: a file never stands there without its proof
        part.replace(job.file)
    finally:
        for path in (part, proof_part):
            path.unlink(missing_ok=True)
    return Exported(len(spans.hashes), sha256, proof)


def _write_rows(
    connection: Connection, part: Path, job: Job, spans: Spans, names: Names, archived: Mapping[str, Any]
) -> None:
    total = count_rows(connection, job.asked, names)
    writer = _WRITERS[job.file.suffix.casefold()](part, job)
    try:
        writer.begin(_TITLE, HEADERS, _about(job))
        for done, row in enumerate(audit_rows(connection, job.asked, names)):
            if done % _TELL_EVERY == 0:
                job.progress(done, total)
                if job.is_cancelled():
                    raise Cancelled
            writer.row(row.cells)
            spans.add(row.event, row.code)
        writer.end([*_about(job), *_closing(spans), *map(_archived_line, archived.values())])
        job.progress(len(spans.hashes), len(spans.hashes))
    except BaseException:
        writer.drop()
        raise


_WRITERS: Mapping[str, Callable[[Path, Job], RowWriter]] = {
    ".csv": lambda path, _job: CsvWriter(path),
    ".xlsx": lambda path, _job: XlsxWriter(path),
    ".pdf": lambda path, job: PdfWriter(path, job.fonts),
}


def filters_of(asked: Question) -> dict[str, str | int]:
    """What was asked for; what was left open is left out."""
    query = asked.query
    told: dict[str, str | int] = {
        "text": query.text,
        "etype": query.etype,
        "user": query.user,
        "entity": query.entity,
        "station": query.station,
        "from_us": query.from_us,
        "to_us": query.to_us,
    }
    return {"scope": asked.scope.value, **{name: value for name, value in told.items() if value}}


def _about(job: Job) -> list[str]:
    who = job.exporter
    at = datetime.fromtimestamp(job.at_us / 1_000_000, UTC).astimezone(job.asked.zone)
    filters = "; ".join(f"{name} = {value}" for name, value in filters_of(job.asked).items())
    return [
        f"Site {who.site_name}, station {who.station_name} ({who.place.code})",
        f"Exported {at.isoformat(sep=' ', timespec='seconds')} by {who.name} ({who.login})",
        f"Filters: {filters}",
        f"Proof: {proof_path(job.file).name}, checked by: leitstand verify --export {job.file.name}",
    ]


def _closing(spans: Spans) -> list[str]:
    lines = [f"{len(spans.hashes)} entries"]
    for span in spans.spans():
        lines.append(
            f"Stream {span.stream} of {span.code}: entries {span.first_seq} to {span.last_seq}, {span.rows} here"
        )
        lines.append(f"  after {span.first_prev}")
        lines.append(f"  last {span.last_hash}")
    return lines


def _archived_line(told: Mapping[str, Any]) -> str:
    before = datetime.fromtimestamp(told["before_us"] / 1_000_000, UTC).isoformat(timespec="seconds")
    return f"Not here: up to {told['events']} finished entries before {before} that are archived ({told['where']})"


def _manifest(job: Job, spans: Spans, sha256: str, size: int, key: StationKey) -> dict[str, Any]:
    who = job.exporter
    return {
        "v": VERSION,
        "what": "audit",
        "file": job.file.name,
        "sha256": sha256,
        "bytes": size,
        "rows": len(spans.hashes),
        "site": str(who.place.site),
        "station": {"id": str(who.place.station), "code": who.place.code, "public_key": key.public_key.hex()},
        "exporter": {"user_id": who.user_id, "login": who.login, "name": who.name},
        "at_us": job.at_us,
        "filters": filters_of(job.asked),
        "columns": list(HEADERS),
        "streams": [asdict(span) for span in spans.spans()],
        "hashes": spans.hashes,
    }


def _public_keys(connection: Connection) -> dict[str, str]:
    with connection.begin():
        rows = connection.exec_driver_sql("SELECT stream_id, pubkey FROM stream").all()
    return {str(stream): bytes(key).hex() for stream, key in rows}


def _write_durably(path: Path, content: bytes) -> None:
    with path.open("xb") as opened:
        opened.write(content)
        opened.flush()
        os.fsync(opened.fileno())


def csv_hashes(file: Path) -> list[str]:
    """The hash of each row of an exported CSV. ValueError for a file of another form, OSError as it comes."""
    with file.open(encoding="utf-8-sig", newline="") as opened:
        rows = csv.reader(opened)
        headers = next(rows, [])
        if "hash" not in headers:
            raise ValueError("there is no column of hashes")
        column = headers.index("hash")
        return [row[column] for row in rows if len(row) > column]
