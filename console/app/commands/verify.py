"""`leitstand verify`: checks the journal's hashes, chains, signatures and receipts, and says where it breaks."""

import argparse
import sys
from pathlib import Path

from console.app.exit_codes import Exit
from console.app.folders import resolve
from console.services.journal.keys import FileKey
from console.services.journal.verify import verify_journal
from console.services.reports.verify_export import verify_export


def command(options: argparse.Namespace) -> int:
    """Works beside a running station (read-only) and on a stopped one's file."""
    path = resolve(options.config, options.data).data / "journal.db"
    if options.export:
        return _verify_export(Path(options.export), path if path.exists() else None)
    if not path.exists():
        print(f"there is no journal at {path}", file=sys.stderr)
        return Exit.WORLD
    key = path.parent / "keys"
    report = verify_journal(path, FileKey.load_or_create(key).public_key if key.is_dir() else None)
    if not (report.events or report.streams or report.receipts):  # neither sound nor broken
        print(f"{path} holds nothing: the station was never started, or its journal was emptied", file=sys.stderr)
        return Exit.WORLD
    for broken in report.breaks:
        print(f"stream {broken.stream or '-'} seq {broken.seq}: {broken.reason}", file=sys.stderr)
    print(
        f"{path}: {report.events} events in {report.streams} streams, {report.receipts} receipts: "
        + ("sound" if report.is_sound else f"BROKEN in {len(report.breaks)} places")
    )
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
