"""`leitstand archive --show FILE`: the entries of an archived part of the journal, readable, with what proves them."""

import json
import sys
from datetime import UTC, datetime
from pathlib import Path

from console.app.exit_codes import Exit
from console.services.journal.archive_file import SegmentReport, check_segment
from console.services.journal.envelope import Event


def show(path: Path, entity: str, *, as_json: bool) -> int:
    """Every entry that is as it was written, then what is wrong with the file, if anything is."""
    events: list[Event] = []
    try:
        report = check_segment(path, events.append)
    except OSError as error:
        print(error, file=sys.stderr)
        return Exit.WORLD
    for event in events:
        if not entity or entity in (event.body.entity_id, event.body.entity_type):
            print(_as_json(event) if as_json else _as_line(event))
    _tell(path, report)
    return Exit.DONE if report.is_sound else Exit.VERIFICATION_FAILED


def _as_line(event: Event) -> str:
    body = event.body
    content = bytes(body.payload).decode("utf-8")
    reason = f" because: {body.reason!r}" if body.reason else ""
    line = f"{_iso(body.wall_us)} {body.seq:>7} {body.user_id or '-':12} {body.etype:24} {body.entity_type}"
    return _plain(f"{line} {body.entity_id} {content}{reason}")


def _as_json(event: Event) -> str:
    """Stable keys of journal rows, the content beside them."""
    body = event.body
    row = {
        "hash": event.raw.hash.hex(), "stream": str(body.stream), "seq": body.seq, "at": _iso(body.wall_us),
        "station": str(body.station), "user": body.user_id, "type": body.etype,
        "entity": f"{body.entity_type}:{body.entity_id}", "reason": body.reason,
        "content": json.loads(bytes(body.payload)),
    }  # fmt: skip
    return json.dumps(row)


def _tell(path: Path, report: SegmentReport) -> None:
    if report.sealed is not None:
        told = report.sealed.manifest
        print(
            f"{path}: stream {told.stream_code} {told.stream} seq {told.from_seq} to {told.to_seq}, "
            f"{report.events} of {told.count} entries from {_iso(told.first_us)} to {_iso(told.last_us)}, "
            f"sealed {_iso(told.sealed_us)} by station {told.code}: " + ("sound" if report.is_sound else "BROKEN"),
            file=sys.stderr,
        )
    for fault in report.faults:
        print(f"seq {fault.seq}, byte {fault.at}: {fault.reason}", file=sys.stderr)


def _iso(us: int) -> str:
    try:
        return datetime.fromtimestamp(us / 1e6, UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
    except (OverflowError, OSError, ValueError):  # of a clock beyond every calendar
        return f"{us} us"


def _plain(text: str) -> str:
    return "".join(one if one.isprintable() else "\N{REPLACEMENT CHARACTER}" for one in text)
