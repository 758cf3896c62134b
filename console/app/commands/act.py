"""`leitstand act COMMAND --user U --field value ...`: one operator command through the same door as the window."""

import argparse
import asyncio
import dataclasses
import getpass
import json
import sys
from pathlib import Path
from typing import Any

from console.app.exit_codes import Exit
from console.app.folders import Folders, resolve
from console.config.private_file import is_private
from console.config.problems import BadConfiguration
from console.domain.commands import COMMANDS
from console.domain.refusal import Refused
from console.services.local_socket import ask
from console.services.storage.ownership import is_owned


def command(options: argparse.Namespace) -> int:
    if options.act == "list":
        print("\n".join(sorted(COMMANDS)))
        return Exit.DONE
    try:
        fields = _secrets_read(options.act, _fields(options.rest))
        password = password_of(options) if options.user else ""
        reply = asyncio.run(act(resolve(options.config, options.data), options.act, fields, options.user, password))
    except (ValueError, BadConfiguration) as error:
        print(error, file=sys.stderr)
        return Exit.BAD_INPUT
    except OSError as error:
        print(error, file=sys.stderr)
        return Exit.WORLD
    return report(reply, options.json)


def report(reply: dict[str, Any], as_json: bool) -> int:
    if "refused" in reply:
        print(f"refused: {reply['refused']}", file=sys.stderr)
        return Exit.REFUSED
    if not reply["ok"]:
        print(reply["error"].removeprefix("ValueError: "), file=sys.stderr)
        return Exit.BAD_INPUT
    if as_json:
        print(json.dumps({key: reply[key] for key in ("entity_id", "number", "hashes")}))
    else:
        print(" ".join(part for part in ("done", reply["number"], reply["entity_id"]) if part))
    return Exit.DONE


async def act(folders: Folders, name: str, fields: dict[str, str], login: str, password: str) -> dict[str, Any]:
    """Through the running station's door, else directly on the stopped station's data."""
    question = {"op": "act", "command": name, "fields": fields, "login": login, "password": password}
    if is_owned(folders.data):
        reply: dict[str, Any] = json.loads(
            await ask(folders.data, json.dumps(question).encode())
            or b'{"ok": false, "error": "the station gave no answer"}'
        )
        return reply
    from console.app.bootstrap import Work, build
    from console.app.door import Door

    core = await build(folders, Work.ACT)
    try:
        return await Door(core).act(name, fields, login, password)
    except Refused as refusal:
        return {"ok": False, "refused": str(refusal)}
    finally:
        await core.stop()


def _fields(rest: list[str]) -> dict[str, str]:
    """`--field value` and `--field=value` pairs."""
    fields: dict[str, str] = {}
    words = iter(rest)
    for word in words:
        if not word.startswith("--") or len(word) < 3:
            raise ValueError(f"unexpected '{word}': fields are written --field value")
        key, equals, value = word[2:].partition("=")
        if not equals:
            value = next(words, "")
            if not value:
                raise ValueError(f"--{key} has no value")
        fields[key] = value
    return fields


def _secrets_read(name: str, fields: dict[str, str]) -> dict[str, str]:
    """Passwords and PINs from the owner-only files that are named in their place; a command line is read by many.

    Raises OSError and ValueError.
    """
    kind = COMMANDS.get(name)
    secret = {f.name for f in dataclasses.fields(kind) if not f.repr} if kind is not None else set()
    read = dict(fields)
    for key, value in fields.items():
        if key.replace("-", "_") in secret:
            if not value.startswith("@"):
                raise ValueError(f"--{key} names a file that only its owner reads: --{key} @FILE")
            read[key] = read_password_file(Path(value[1:]))
    return read


def read_password_file(path: Path) -> str:
    """The password in an owner-only file. Raises OSError, and ValueError when others may read it."""
    if not is_private(path):
        raise ValueError(f"{path} can be read by others: chmod 600 {path}")
    return path.read_text(encoding="utf-8").rstrip("\r\n")


def password_of(options: argparse.Namespace) -> str:
    if options.password_file:
        return read_password_file(Path(options.password_file))
    if options.password_stdin:
        return sys.stdin.readline().rstrip("\r\n")
    return getpass.getpass(f"password of {options.user}: ")
