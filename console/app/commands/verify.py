"""`leitstand verify`: checks the journal's hashes, chains, signatures and receipts, and says where it breaks."""

import argparse
import sys
from pathlib import Path

from console.app.commands.carrying import Bearer, Meter
from console.app.exit_codes import Exit
from console.app.folders import resolve
from console.config.problems import BadConfiguration
from console.services.journal.event_table import Tip
from console.services.journal.keys import FileKey
from console.services.journal.verify import Against, verify_journal
from console.services.journal.verify_archive import verify_folder
from console.services.reports.verify_export import verify_export
from console.services.storage.anchor import Anchor, anchor_folder


def command(options: argparse.Namespace) -> int:
    """Works beside a running station (read-only) and on a stopped one's file."""
    path = resolve(options.config, options.data).data / "journal.db"
    if options.export:
        return _verify_export(Path(options.export), path if path.exists() else None)
    if options.archive:
        return _verify_archive(Path(options.archive), path if path.exists() else None)
    if not path.exists():
        print(f"there is no journal at {path}", file=sys.stderr)
        return Exit.WORLD
    meter = Meter("events proven")
    try:
        report = verify_journal(path, against=_against(options, path), progress=meter)
    finally:
        meter.end()
    if path.stat().st_size == 0 or not (report.events or report.streams or report.breaks):  # neither sound nor broken
        print(f"{path} holds nothing: the station was never started, or its journal was emptied", file=sys.stderr)
        return Exit.WORLD
    for line in report.places():
        print(line, file=sys.stderr)
    for note in report.notes:
        print(f"note: stream {note.stream or '-'} seq {note.seq}: {note.reason}", file=sys.stderr)
    count = len(report.breaks) + report.unlisted
    archived = f", {report.archived} more in {report.segments} archived parts" if report.segments else ""
    signed = f" ({report.signed_receipts} signed)" if report.signed_receipts else ""
    print(
        f"{path}: {report.events} events in {report.streams} streams{archived}, {report.receipts} receipts{signed}: "
        + ("sound" if report.is_sound else f"BROKEN in {count} place{'s' * (count > 1)}")
    )
    return Exit.DONE if report.is_sound else Exit.VERIFICATION_FAILED


def _against(options: argparse.Namespace, path: Path) -> Against:
    """What is known outside the file: the station's key, its anchor and the site's authority, as far as they are."""
    keys = path.parent / "keys"
    own_key = FileKey.load_or_create(keys).public_key if keys.is_dir() else None
    try:
        bearer = Bearer.of(options.config, options.data)
    except (BadConfiguration, OSError):  # a journal alone, away from its station
        return Against(own_key)
    mark = Anchor(anchor_folder(bearer.settings.anchor), bearer.settings.station_id).read()
    anchor = Tip(mark.stream, mark.seq, mark.hash) if mark is not None else None
    return Against(own_key, anchor, bearer.site.site_id, bearer.site.authority)


def _verify_archive(folder: Path, journal: Path | None) -> int:
    """Each file by itself, and against the journal here: its keys, its facts, its chain."""
    meter = Meter("files proven")
    try:
        report = verify_folder(folder, journal, meter)
    finally:
        meter.end()
    for fault in report.faults:
        print(fault, file=sys.stderr)
    for note in report.notes:
        print(f"note: {note}", file=sys.stderr)
    if not report.files:
        print(f"{folder} holds no archived parts of a journal", file=sys.stderr)
        return Exit.WORLD
    against = "" if journal is not None else " (no journal here: keys and facts were not compared)"
    verdict = "sound" if report.is_sound else f"BROKEN in {len(report.faults)} places"
    print(f"{folder}: {report.events} events in {report.files} files{against}: {verdict}")
    return Exit.DONE if report.is_sound else Exit.VERIFICATION_FAILED


def _verify_export(file: Path, journal: Path | None) -> int:
    """An export stands by its proof; a journal here also tells whose key it was and whether the rows are in it."""
    try:
        report = verify_export(file, journal)
    except OSError as error:
        print(error, file=sys.stderr)
        return Exit.WORLD
    for fault in report.faults:
        print(fault, file=sys.stderr)
    for note in report.notes:
        print(note)
    verdict = "sound" if report.is_sound else f"BROKEN: {len(report.faults)} faults"
    print(f"{file}: {report.rows} rows, signed by station {report.signer or '?'}: {verdict}")
    return Exit.DONE if report.is_sound else Exit.VERIFICATION_FAILED
