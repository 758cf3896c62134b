"""`leitstand bench`: each number beside its peer or physical limit, measured in the same run."""

import argparse
import os
import sys
from collections.abc import Iterator
from importlib import import_module

from console.app.bench.rows import BenchRow
from console.app.exit_codes import Exit

PAINTED = {"table", "trend", "topology", "alarms"}
BENCHES = ("ingest", "table", "trend", "topology", "startup", "journal", "sync", "kpi", "alarms", "history")


def command(options: argparse.Namespace) -> int:
    """Exit 1 when a goal does not hold, 2 for an unknown name."""
    names = [options.name] if options.name else list(BENCHES)
    if unknown := [name for name in names if name not in BENCHES]:
        print(f"no benchmark '{unknown[0]}'; there are: {', '.join(BENCHES)}", file=sys.stderr)
        return Exit.USAGE
    if sys.platform.startswith("linux") and not (os.environ.get("DISPLAY") or os.environ.get("WAYLAND_DISPLAY")):
        os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")
    all_hold = True
    keep_app = _application() if set(names) & PAINTED else None
    for name in names:
        rows: Iterator[BenchRow] = import_module(f"console.app.bench.{name}").run(options.quick)
        for row in rows:
            all_hold = all_hold and row.holds is not False
            print(row.as_json() if options.json else _line(row), flush=True)
    del keep_app
    return Exit.DONE if all_hold else Exit.BAD_INPUT


def _application() -> object:
    from console.app.main import application

    return application()


def _line(row: BenchRow) -> str:
    beside = f"  beside {row.beside}: {row.beside_value:g} {row.unit}" if row.beside_value is not None else ""
    ratio = f"  ratio {row.ratio:.3g}" if row.ratio is not None else ""
    goal = f"  goal {row.goal}: {'holds' if row.holds else 'MISSED'}" if row.goal else ""
    return f"{row.bench:9} {row.case:48} {row.value:10.4g} {row.unit}{beside}{ratio}{goal}"
