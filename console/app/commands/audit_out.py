"""`leitstand export audit FILE --user U`: journal rows as CSV, XLSX or PDF with their proof, through the same door."""

import argparse
import asyncio
import sys
from pathlib import Path

from console.app.commands.act import act, password_of, report
from console.app.commands.query import microseconds
from console.app.exit_codes import Exit
from console.app.folders import resolve
from console.config.problems import BadConfiguration
from console.domain.audit_commands import ExportAudit


def export(options: argparse.Namespace) -> int:
    """The station writes the file, running or not: its key signs the proof."""
    if not options.user:
        print("name the person who takes it away: --user", file=sys.stderr)
        return Exit.BAD_INPUT
    try:
        fields = _fields(options)
        password = password_of(options)
        folders = resolve(options.config, options.data)
        reply = asyncio.run(act(folders, ExportAudit.name, fields, options.user, password))
    except (ValueError, BadConfiguration) as error:
        print(error, file=sys.stderr)
        return Exit.BAD_INPUT
    except OSError as error:
        print(error, file=sys.stderr)
        return Exit.WORLD
    return report(reply, options.json)


def _fields(options: argparse.Namespace) -> dict[str, str]:
    """The command's fields as texts. The path is made whole here: the station runs in another folder.

    What is judged is what was typed: making it whole would let `..` and reserved names vanish.
    """
    from console.domain.file_names import checked_path
    from console.domain.refusal import Refused
    from console.services.reports.audit_export import ENDINGS

    try:
        typed = checked_path(options.file, ENDINGS)
    except Refused as refusal:
        raise ValueError(str(refusal)) from refusal
    told = {
        "file": str(Path.cwd() / typed),
        "text": options.text,
        "etype": options.etype,
        "user": options.who,
        "entity": options.entity,
        "station": options.station,
        "from_us": str(microseconds(options.from_time)) if options.from_time else "",
        "to_us": str(microseconds(options.to_time)) if options.to_time else "",
    }
    return {name: value for name, value in told.items() if value}
