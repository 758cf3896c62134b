"""The command line: words, flags and exit codes are a stable contract; each word's work is loaded when called."""

import argparse
import math
import sys
from collections.abc import Callable, Sequence
from importlib import import_module

from console import __version__
from console.app.exit_codes import Exit
from console.domain.refusal import Refused

QUERIES = (
    "tags", "alarms", "journal", "incidents", "assets", "links", "sync", "history", "nodes", "troubles", "horn", "kpi",
)  # fmt: skip

HISTORY_FORMS = ("trend", "samples", "figures", "states", "percentiles")

EXPORTS = ("journal", "vector", "audit")


def _seconds(text: str) -> float:
    try:
        value = float(text)
    except ValueError:
        value = math.nan
    if not 0 < value < math.inf:
        raise argparse.ArgumentTypeError(f"'{text}' is no time: give seconds above 0")
    return value


def _count(text: str) -> int:
    if not (text.isascii() and text.isdigit()):
        raise argparse.ArgumentTypeError(f"'{text}' is no whole number from 0 on")
    return int(text)


def _run(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--seconds", type=_seconds, help="end by itself after this time")


def _demo(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--headless", action="store_true", help="no window: the stations run as `serve`")
    parser.add_argument("--stations", type=int, default=1, metavar="N", help="how many consoles (default 1)")
    parser.add_argument("--seconds", type=_seconds, help="end by itself after this time")
    parser.add_argument("--no-centre", action="store_true", help="without the central PostgreSQL")


def _fault(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("name", help="`list`, or the name of a fault")
    parser.add_argument("state", nargs="?", choices=("on", "off"))
    parser.add_argument("--json", action="store_true")


def _init(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("folder", nargs="?", default="", metavar="DIR")
    parser.add_argument("--site", default="", metavar="NAME", help="name of a new site")
    parser.add_argument("--join", default="", metavar="FOLDER", help="copy this site/ folder: a further station of it")
    parser.add_argument("--admin", default="", metavar="LOGIN", help="the first person: administrator and shift lead")
    parser.add_argument("--hash", action="store_true", help="only print a password's hash for users.toml")
    parser.add_argument("--password-stdin", action="store_true", help="for --admin and --hash: do not ask")


def _check(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("folder", metavar="DIR")


def _query(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("what", choices=QUERIES)
    parser.add_argument("tag", nargs="?", help="for `history`: id or path of the tag")
    parser.add_argument("--json", action="store_true", help="one object a line")
    parser.add_argument("--from", dest="from_time", metavar="T", help="UTC ISO-8601 time, for `history` and `kpi`")
    parser.add_argument("--to", dest="to_time", metavar="T")
    parser.add_argument("--buckets", type=_count, default=0, metavar="N")
    parser.add_argument(
        "--as", dest="form", default="trend", choices=HISTORY_FORMS, help="for `history`: what is to be told (trend)"
    )
    parser.add_argument("--period", default="", metavar="P", help="for figures: hour, day, week, month of the site")
    parser.add_argument("--percentiles", default="", metavar="P,P", help="which ones, in percent (5,50,95)")
    parser.add_argument("--by-time", action="store_true", help="percentiles and deviation of held time, not of samples")
    parser.add_argument("--limit", type=_count, default=0, metavar="N")
    parser.add_argument(
        "--position", default="", metavar="ID", help="for `kpi`: of this operator position, not the site"
    )
    parser.add_argument("--filter", default="", metavar="TEXT", help="only rows that contain this text")


def _act(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("act", metavar="COMMAND", help="ack, comment, open-incident, ... (`list` names all)")
    parser.add_argument("--user", default="", metavar="U")
    parser.add_argument("--password-stdin", action="store_true")
    parser.add_argument("--password-file", default="", metavar="FILE", help="readable by its owner only")
    parser.add_argument("--json", action="store_true")


def _bench(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "name", nargs="?", default="", help="ingest, table, trend, history, topology, startup, ...; default all"
    )
    parser.add_argument("--json", action="store_true", help="one object a line")
    parser.add_argument("--quick", action="store_true", help="smaller cases with goals of their own, within 60 s")


def _centre(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("what", choices=("init", "status", "enrol", "prune"))
    parser.add_argument("names", nargs="+", metavar="[STATION] URL", help="postgresql://user@host:port/database")
    parser.add_argument("--password-file", default="", metavar="FILE", help="the administrator's, readable by him only")
    parser.add_argument("--partitions", type=_count, metavar="N", help="init: tables by site, 0 = plain (new: 8)")
    parser.add_argument("--json", action="store_true", help="status: one object a line")
    parser.add_argument("--revoke", action="store_true", help="enrol: shut the station out")
    for what, days in (("hours", 90), ("days", 3653)):
        text = f"prune: drop the history of tags by {what} that is older ({days} days)"
        parser.add_argument(f"--keep-{what}", type=_count, default=days, metavar="DAYS", help=text)
    parser.add_argument("--to", default="", metavar="FILE", help="enrol: where the station's new password goes")
    for name, text in (("site", "ID"), ("code", "K1"), ("key", "HEX")):
        parser.add_argument(f"--{name}", default="", metavar=text, help="enrol: of a station that is given by its id")


def _backup(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("file", metavar="FILE", help="the file that the backup becomes")
    parser.add_argument("--without-history", action="store_true", help="leave history.db out: it may be very large")


def _restore(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("file", metavar="FILE", help="a file that `backup` or the running station made")
    parser.add_argument("--force", action="store_true", help="set aside what the data folder holds")


def _export(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("what", choices=EXPORTS)
    parser.add_argument("file", metavar="FILE")
    parser.add_argument("--beyond", default="", metavar="VECTORFILE", help="journal: only what its writer lacks")
    parser.add_argument("--all", action="store_true", help="journal: every event (what nothing else says means too)")
    parser.add_argument("--snapshot", action="store_true", help="journal: everything, for a console that begins empty")
    audit = parser.add_argument_group("audit", "rows with their proof; the ending says .csv, .xlsx or .pdf")
    audit.add_argument("--user", default="", metavar="U", help="who takes it away")
    audit.add_argument("--password-stdin", action="store_true")
    audit.add_argument("--password-file", default="", metavar="FILE", help="readable by its owner only")
    audit.add_argument("--from", dest="from_time", default="", metavar="T", help="done from this ISO-8601 time on")
    audit.add_argument("--to", dest="to_time", default="", metavar="T", help="done before this time")
    for name, text in (
        ("who", "login, name or id of a person"),
        ("etype", "types or their first parts, separated by blanks"),
        ("entity", "id of what it is about"),
        ("station", "code of a station"),
        ("text", "text anywhere in the entry"),
    ):
        audit.add_argument(f"--{name}", default="", metavar=name.upper(), help=text)
    audit.add_argument("--json", action="store_true")


def _import(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("files", nargs="+", metavar="FILE")
    parser.add_argument("--dry-run", action="store_true", help="say what would become of it, change nothing")
    parser.add_argument("--snapshot", action="store_true", help="on an empty station: take the whole journal at once")


def _archive(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--older-than", default="", metavar="AGE", help="days, like 365d: older entries are sealed")
    parser.add_argument("--to", default="", metavar="FOLDER", help="where the sealed files go")
    parser.add_argument("--prune", action="store_true", help="take finished entries out of the journal afterwards")
    parser.add_argument("--dry-run", action="store_true", help="say what would be sealed, do nothing")
    parser.add_argument("--show", default="", metavar="FILE", help="list the entries of a sealed file")
    parser.add_argument("--entity", default="", metavar="X", help="--show: only what is about this id or kind")
    parser.add_argument("--json", action="store_true", help="--show: one object a line")
    parser.add_argument("--bring-back", default="", metavar="FILE", help="put a file's entries into the journal again")


def _verify(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--archive", default="", metavar="FOLDER", help="check the files of archived parts")
    parser.add_argument("--export", default="", metavar="FILE", help="check an exported file against its proof")
    parser.add_argument("--language", default="", choices=("", "en", "de"), help="of what is said; else the station's")


def _doctor(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--security", action="store_true", help="list what deviates from the secure settings")


# word: (module below console.app, help, flags)
WORDS: dict[str, tuple[str, str, Callable[[argparse.ArgumentParser], None]]] = {
    "run": ("main", "the console window", _run),
    "serve": ("serve", "the same station without a window", _run),
    "demo": ("commands.demo", "a complete demo plant on this machine", _demo),
    "fault": ("commands.fault", "the demo plant's faults", _fault),
    "init": ("commands.setup", "write a first station.toml and site/", _init),
    "check": ("commands.setup", "validate configuration, all errors at once", _check),
    "query": ("commands.query", "read a station's data, running or not", _query),
    "act": ("commands.act", "submit one operator command", _act),
    "verify": ("commands.verify", "check the journal: hashes, chains, signatures, receipts", _verify),
    "archive": ("commands.archive", "seal old parts of the journal into files, show what they hold", _archive),
    "backup": ("commands.backup", "a station's databases, keys and settings in one proven file", _backup),
    "restore": ("commands.restore", "bring a backup back; opens a new stream", _restore),
    "export": ("commands.export", "write what this station holds into a file", _export),
    "import": ("commands.import_", "take in what was carried here", _import),
    "doctor": ("commands.doctor", "what works here and what does not, each with its remedy", _doctor),
    "centre": ("commands.centre", "the central PostgreSQL", _centre),
    "bench": ("commands.bench", "the published benchmarks", _bench),
}


def parser() -> argparse.ArgumentParser:
    top = argparse.ArgumentParser(prog="leitstand", description="Operator console for plant control rooms.")
    top.add_argument("--version", action="version", version=f"leitstand {__version__}")
    words = top.add_subparsers(dest="word", required=True, metavar="COMMAND")
    for word, (_, text, flags) in WORDS.items():
        # the fields of an operators' command are its own: `--password` is no short form of `--password-file`
        sub = words.add_parser(word, help=text, description=text, allow_abbrev=word != "act")
        sub.add_argument("--config", metavar="DIR", help="folder of station.toml")
        sub.add_argument("--data", metavar="DIR", help="folder of the databases")
        flags(sub)
    return top


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command; returns the exit code. Usage errors exit 2 by argparse."""
    options, rest = parser().parse_known_args(arguments)
    if rest and options.word != "act":  # `act` has one flag per field of its command
        parser().error(f"unrecognized arguments: {' '.join(rest)}")
    options.rest = rest
    for stream in (sys.stdout, sys.stderr):
        if hasattr(stream, "reconfigure"):
            stream.reconfigure(
                encoding="utf-8", errors="backslashreplace"
            )  # Windows consoles may have an old code page
    module = import_module(f"console.app.{WORDS[options.word][0]}")
    try:
        return int(module.command(options))
    except BrokenPipeError:
        return Exit.DONE
    except (Refused, OSError) as error:  # a damaged or newer database, a key that is none, a folder that is read-only
        print(error, file=sys.stderr)
        return Exit.WORLD
