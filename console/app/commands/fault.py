"""`leitstand fault list` and `fault NAME on|off`: the running demo plant's faults."""

import argparse
import json
import sys
import time
from pathlib import Path
from typing import Any

from console.app.demo.control import list_faults, set_fault
from console.app.exit_codes import Exit


def command(options: argparse.Namespace) -> int:
    folder = Path(options.data or "demo-data")
    try:
        if options.name == "list":
            for row in list_faults(folder):
                print(json.dumps(row) if options.json else _line(row))
            return Exit.DONE
        if options.state is None:
            print("usage: leitstand fault NAME on|off", file=sys.stderr)
            return Exit.USAGE
        set_fault(folder, options.name, options.state == "on")
    except ConnectionError as error:
        print(f"no demo plant runs from {folder}: {error}", file=sys.stderr)
        return Exit.WORLD
    except KeyError:
        print(f"no fault is named '{options.name}'; see leitstand fault list", file=sys.stderr)
        return Exit.BAD_INPUT
    return Exit.DONE


def _line(row: dict[str, Any]) -> str:
    """On or off, name, text, and when it comes by itself or ends."""
    now_us = time.time_ns() // 1000
    coming = "" if row["on"] or not row["next_us"] else f"  (by itself in {(row['next_us'] - now_us) // 1_000_000} s)"
    return f"{'ON ' if row['on'] else 'off'} {row['name']:18} {row['text']}{coming}"
