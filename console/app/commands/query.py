"""`leitstand query`: what a station knows, running or not, as a table or one JSON object a line."""

import argparse
import asyncio
import json
import sys
from datetime import UTC, datetime
from typing import Any

from console.app.exit_codes import Exit
from console.app.folders import Folders, resolve
from console.config.problems import BadConfiguration
from console.domain.refusal import Refused
from console.services.local_socket import ask
from console.services.storage.ownership import is_owned

_WIDEST = 60


def command(options: argparse.Namespace) -> int:
    try:
        arguments = _arguments(options)
        rows = asyncio.run(_rows(resolve(options.config, options.data), options.what, arguments))
    except (ValueError, BadConfiguration) as error:
        print(error, file=sys.stderr)
        return Exit.BAD_INPUT
    except OSError as error:
        print(error, file=sys.stderr)
        return Exit.WORLD
    if options.filter:
        wanted = options.filter.casefold()
        rows = [row for row in rows if wanted in json.dumps(row, ensure_ascii=False).casefold()]
    if options.limit:
        rows = rows[: options.limit]
    if options.json:
        for row in rows:
            print(json.dumps(row, ensure_ascii=False, allow_nan=False))
    else:
        _print_table(rows)
    return Exit.DONE


async def _rows(folders: Folders, what: str, arguments: dict[str, Any]) -> list[dict[str, Any]]:
    """Asks the running station, else reads its files."""
    if is_owned(folders.data):
        question = json.dumps({"op": "query", "what": what, "args": arguments}).encode()
        reply = json.loads(await ask(folders.data, question) or b'{"ok": false, "error": "no answer"}')
        if not reply["ok"]:
            raise ValueError(str(reply.get("error") or reply.get("refused", "")).removeprefix("ValueError: "))
        rows: list[dict[str, Any]] = reply["rows"]
        return rows
    from console.app.answers import answer
    from console.app.bootstrap import Work, build

    if not folders.data.exists():
        raise FileNotFoundError(f"there is no data in {folders.data}")
    core = await build(folders, Work.READ)
    try:
        return await answer(core, what, arguments)
    except Refused as error:  # what was asked for does not exist; what the world lacks was told while building
        raise ValueError(str(error)) from error
    finally:
        await core.stop()


def _arguments(options: argparse.Namespace) -> dict[str, Any]:
    arguments: dict[str, Any] = {"limit": 0 if options.filter else options.limit}  # a filter looks at everything
    if options.what == "history":
        if not options.tag or not options.from_time or not options.to_time:
            raise ValueError("history needs a tag, --from and --to")
        arguments |= {
            "tag": options.tag,
            "from_us": microseconds(options.from_time),
            "to_us": microseconds(options.to_time),
            "buckets": options.buckets,
            "as": options.form,
            "period": options.period,
            "percentiles": options.percentiles,
            "by_time": options.by_time,
        }
    if options.what == "kpi":
        arguments["position"] = options.position
        for name, text in (("from_us", options.from_time), ("to_us", options.to_time)):
            arguments[name] = microseconds(text) if text else 0
    return arguments


def microseconds(text: str) -> int:
    """UTC microseconds of an ISO-8601 time; a time without a zone is UTC."""
    at = datetime.fromisoformat(text)
    return round((at if at.tzinfo else at.replace(tzinfo=UTC)).timestamp() * 1_000_000)


def _print_table(rows: list[dict[str, Any]]) -> None:
    if not rows:
        print("nothing")
        return
    columns = list(rows[0])
    lines = [[_cell(row.get(column)) for column in columns] for row in rows]
    widths = [min(_WIDEST, max(len(c), *(len(line[i]) for line in lines))) for i, c in enumerate(columns)]
    for line in [columns, *lines]:
        print("  ".join(cell[:width].ljust(width) for cell, width in zip(line, widths, strict=True)).rstrip())


def _cell(value: object) -> str:
    text = "" if value is None else ", ".join(map(str, value)) if isinstance(value, list) else str(value)
    return "".join(c if c.isprintable() else " " for c in text)
