"""`leitstand backup FILE`: databases, keys and settings of a station in one proven file, while it runs or not."""

import argparse
import asyncio
import json
import sys
from pathlib import Path
from typing import Any

from console.app.exit_codes import Exit
from console.app.folders import Folders, resolve
from console.config.problems import BadConfiguration
from console.services.local_socket import ask
from console.services.storage.ownership import is_owned

_PATIENCE_S = 12 * 3600.0  # a history of a hundred gigabytes on a slow disk


def command(options: argparse.Namespace) -> int:
    file = Path(options.file).expanduser().resolve()
    if file.is_dir():
        print(f"{file} is a folder: name the file that the backup shall become", file=sys.stderr)
        return Exit.BAD_INPUT
    try:
        reply = asyncio.run(_back_up(resolve(options.config, options.data), file, not options.without_history))
    except (ValueError, BadConfiguration) as error:
        print(error, file=sys.stderr)
        return Exit.BAD_INPUT
    if not reply["ok"]:
        print(reply.get("refused") or reply.get("error"), file=sys.stderr)
        return Exit.WORLD
    print(f"{reply['file']}: {reply['events']} events, {reply['size']} bytes, sha256 {reply['sha256']}: proven")
    print("It holds the station's private key: keep it as you keep that.")
    return Exit.DONE


async def _back_up(folders: Folders, file: Path, with_history: bool) -> dict[str, Any]:
    """Through the running station's door, so that its journal tells of it; else by opening the stopped one."""
    if is_owned(folders.data):
        question = json.dumps({"op": "backup", "file": str(file), "history": with_history}).encode()
        reply: dict[str, Any] = json.loads(
            await ask(folders.data, question, _PATIENCE_S) or b'{"ok": false, "error": "the station gave no answer"}'
        )
        return reply
    from console.app.bootstrap import Work, build
    from console.app.door import Door

    if not (folders.data / "journal.db").exists():
        raise FileNotFoundError(f"there is no journal in {folders.data}")
    core = await build(folders, Work.ACT)
    try:
        return await Door(core).back_up(str(file), with_history=with_history)
    finally:
        await core.stop()
