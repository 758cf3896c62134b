"""Checks an exported file against its proof, and the proof against a journal when there is one."""

from dataclasses import dataclass, field
from pathlib import Path

from sqlalchemy.engine import Connection
from sqlalchemy.exc import DBAPIError

from console.services.journal.event_table import chain_name
from console.services.reports.audit_export import csv_hashes
from console.services.reports.proof import BadProof, Proof, file_sha256, proof_path, read_proof
from console.services.storage.database import reader_engine

_AT_ONCE = 500
_NAMED = 5  # missing entries that are named one by one


@dataclass(slots=True)
class ExportReport:
    """What was checked: `faults` break the proof, `notes` say what could not be checked and why."""

    rows: int = 0
    signer: str = ""  # station code as the proof names it
    faults: list[str] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)

    @property
    def is_sound(self) -> bool:
        return not self.faults


def verify_export(file: Path, journal: Path | None = None) -> ExportReport:
    """Hash, signature, the rows' hashes; with a journal also whose key signed and that every row is in there.

    Raises OSError for a file or proof that cannot be read.
    """
    report = ExportReport()
    try:
        proof = read_proof(proof_path(file))
    except FileNotFoundError:
        report.faults.append(f"there is no {proof_path(file).name} beside it")
        return report
    except BadProof as error:
        report.faults.append(str(error))
        return report
    report.rows = len(proof.hashes)
    report.signer = str((proof.manifest.get("station") or {}).get("code", ""))
    if file_sha256(file) != proof.manifest.get("sha256"):
        report.faults.append("the file was changed: its SHA-256 is not the one in the proof")
    if not proof.is_signed:
        report.faults.append("the proof was changed: the signature does not fit it")
    if proof.manifest.get("rows") != len(proof.hashes):
        report.faults.append("the proof names another number of rows than hashes")
    if file.suffix.casefold() == ".csv":
        _check_rows(file, proof, report)
    archived = proof.manifest.get("archived")
    if isinstance(archived, dict):
        report.notes.append(f"up to {archived.get('events')!r} older entries were archived and are not in this export")
    if journal is None:
        report.notes.append("no journal here: whose key signed and whether the rows are in a journal was not checked")
    else:
        _check_journal(journal, proof, report)
    return report


def _check_rows(file: Path, proof: Proof, report: ExportReport) -> None:
    try:
        if csv_hashes(file) != proof.hashes:
            report.faults.append("the rows' hashes are not those of the proof")
    except (ValueError, UnicodeDecodeError) as error:
        report.faults.append(f"the rows cannot be read: {error}")


def _check_journal(journal: Path, proof: Proof, report: ExportReport) -> None:
    engine = reader_engine(journal)
    try:
        with engine.connect() as connection:
            _check_signer(connection, proof, report)
            _check_hashes(connection, proof, report)
            _check_spans(connection, proof, report)
    except DBAPIError as error:
        report.faults.append(f"the journal cannot be read: {error.orig}")
    finally:
        engine.dispose()


def _check_signer(connection: Connection, proof: Proof, report: ExportReport) -> None:
    with connection.begin():
        keys = connection.exec_driver_sql("SELECT pubkey FROM stream WHERE code = ?", (report.signer,)).scalars().all()
    if proof.signer_key not in {bytes(key) for key in keys}:
        report.faults.append(f"the signing key is not one of station {report.signer or '?'} in this journal")


def _check_hashes(connection: Connection, proof: Proof, report: ExportReport) -> None:
    missing: list[str] = []
    for start in range(0, len(proof.hashes), _AT_ONCE):
        part = proof.hashes[start : start + _AT_ONCE]
        marks = ", ".join("?" * len(part))
        with connection.begin():
            found = connection.exec_driver_sql(
                f"SELECT hash FROM {chain_name(connection)} WHERE hash IN ({marks})",  # noqa: S608 question marks only
                tuple(map(_bytes, part)),
            )
            there = {bytes(one).hex() for one in found.scalars()}
        missing += [one for one in part if one not in there]
    for one in missing[:_NAMED]:
        report.faults.append(f"entry {one} is not in this journal")
    if len(missing) > _NAMED:
        report.faults.append(f"{len(missing) - _NAMED} more entries are not in this journal")


def _bytes(text: str) -> bytes:
    try:
        return bytes.fromhex(text)
    except ValueError:
        return b""


def _check_spans(connection: Connection, proof: Proof, report: ExportReport) -> None:
    """The ends of each chain as the journal has them."""
    spans = proof.manifest.get("streams")
    for span in spans if isinstance(spans, list) else []:
        if not isinstance(span, dict):
            continue
        ends = (str(span.get("stream")), span.get("first_seq"), str(span.get("first_prev")).upper())
        last = (str(span.get("stream")), span.get("last_seq"), str(span.get("last_hash")).upper())
        with connection.begin():
            at = f"SELECT 1 FROM {chain_name(connection)} WHERE stream_id = ? AND seq = ? AND "  # noqa: S608 two names
            first = connection.exec_driver_sql(f"{at}hex(prev) = ?", ends).first()
            end = connection.exec_driver_sql(f"{at}hex(hash) = ?", last).first()
        if first is None or end is None:
            report.faults.append(f"stream {span.get('stream')}: its ends are not as in this journal")
