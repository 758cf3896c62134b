"""`leitstand verify`: checks the journal's hashes, chains, signatures and receipts, and says where it breaks."""

import argparse
import sys

from console.app.exit_codes import Exit
from console.app.folders import resolve
from console.services.journal.keys import FileKey
from console.services.journal.verify import verify_journal


def command(options: argparse.Namespace) -> int:
    """Works beside a running station (read-only) and on a stopped one's file."""
    path = resolve(options.config, options.data).data / "journal.db"
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
