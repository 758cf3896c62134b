"""`leitstand centre init|status URL`: the central PostgreSQL's schema, and what it holds."""

import argparse
import sys
from pathlib import Path
from typing import Any

import psycopg

from console.app.commands.act import read_password_file
from console.app.exit_codes import Exit
from console.domain.refusal import Refused
from console.services.sync.central_schema import ensure_schema

_CONNECT_S = 5


def command(options: argparse.Namespace) -> int:
    """`init` may be repeated: it does only what is missing. The password comes from a file, never from the line."""
    try:
        password = read_password_file(Path(options.password_file)) if options.password_file else None
    except ValueError as error:
        print(error, file=sys.stderr)
        return Exit.BAD_INPUT
    try:
        with psycopg.connect(options.url, password=password, autocommit=True, connect_timeout=_CONNECT_S) as connection:
            if options.what == "init":
                ensure_schema(connection)
            return _status(connection)
    except Refused as error:
        print(error, file=sys.stderr)
        return Exit.REFUSED
    except psycopg.Error as error:
        print(f"the centre cannot be reached: {str(error).strip()}", file=sys.stderr)
        return Exit.WORLD


def _status(connection: "psycopg.Connection[Any]") -> int:
    known = connection.execute("select to_regclass('leitstand.event')").fetchone()
    if known is None or known[0] is None:
        print("this database is no centre yet: leitstand centre init URL", file=sys.stderr)
        return Exit.WORLD
    row = connection.execute(
        "select count(*), count(distinct stream_id), count(distinct site_id) from leitstand.event"
    ).fetchone()
    assert row is not None
    print(f"{row[0]} events in {row[1]} streams of {row[2]} sites")
    return Exit.DONE
