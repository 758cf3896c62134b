"""`leitstand verify`: checks hashes, chains, signatures, groups and receipts of the journal, says where it breaks."""

import argparse
import sys
from pathlib import Path

from sqlalchemy.exc import DBAPIError

from console.app.commands.carrying import Bearer, Meter
from console.app.commands.verify_words import Words
from console.app.exit_codes import Exit
from console.app.folders import resolve
from console.config.problems import BadConfiguration
from console.config.station_file import load_station
from console.services.historian.file_figures import samples_lost
from console.services.identity.erasings import erasings_in
from console.services.journal.entries import Entry
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
    words = Words(_language(options))
    if options.archive:
        return _verify_archive(Path(options.archive), path if path.exists() else None, words)
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
    for one in report.breaks:
        print(words.place(one), file=sys.stderr)
    if report.unlisted:
        print(words.say("and {n} more", n=report.unlisted), file=sys.stderr)
    for note in report.notes:
        print(words.note(note), file=sys.stderr)
    erasings = _erasings(path)
    for entry in erasings:
        print(words.erasing(entry), file=sys.stderr)
    if history := _history(path.with_name("history.db"), words):
        print(history, file=sys.stderr)
    verdict = words.verdict(len(report.breaks) + report.unlisted, len(erasings))
    print(f"{path}: {words.counted(report)}: {verdict}")
    return Exit.DONE if report.is_sound else Exit.VERIFICATION_FAILED


def _language(options: argparse.Namespace) -> str:
    """As asked for, else the station's; a journal away from its station is told about in English."""
    if options.language:
        return str(options.language)
    try:
        return load_station(resolve(options.config, options.data).config).language
    except (BadConfiguration, OSError):
        return ""


def _history(path: Path, words: Words) -> str:
    """Values are not signed: what is known to be lost of them is told, and breaks nothing of the proof."""
    if not path.is_file():
        return ""
    try:
        lost = samples_lost(path)
    except DBAPIError:
        return words.say("note: history.db cannot be read; the station rescues it when it starts")
    if lost:
        return words.say("note: {n} samples of history.db are lost by damage to the file", n=lost)
    return words.say("note: history.db is not signed; no loss in it is known")


def _erasings(path: Path) -> tuple[Entry, ...]:
    """No break of the proof: somebody had no right to what the journal soundly tells."""
    try:
        return erasings_in(path)
    except DBAPIError:  # the proof says where the file is damaged
        return ()


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


def _verify_archive(folder: Path, journal: Path | None, words: Words) -> int:
    """Each file by itself, and against the journal here: its keys, its facts, its chain."""
    meter = Meter("files proven")
    try:
        report = verify_folder(folder, journal, meter)
    finally:
        meter.end()
    for fault in report.faults:
        print(words.of(fault), file=sys.stderr)
    for note in report.notes:
        print(words.say("note: {what}", what=words.of(note)), file=sys.stderr)
    if not report.files:
        print(f"{folder} holds no archived parts of a journal", file=sys.stderr)
        return Exit.WORLD
    counts = {"n": report.events, "groups": report.groups, "streams": len(report.streams), "files": report.files}
    told = words.say("{n} events in {groups} groups of {streams} streams in {files} files", **counts)
    if journal is None:
        told += words.say(" (no journal here: keys and facts were not compared)")
    print(f"{folder}: {told}: {words.verdict(len(report.faults))}")
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
