"""`leitstand serve`: the same station without a window, on a plain asyncio loop; imports no Qt."""

import argparse
import asyncio
import contextlib
import logging
import signal
import sys
from collections.abc import Callable

from console.app.bootstrap import Work, build
from console.app.exit_codes import Exit
from console.app.folders import Folders, resolve
from console.app.logs import set_up_logs
from console.config.problems import BadConfiguration
from console.domain.refusal import Refused
from console.services.storage.ownership import DataFolderInUse

log = logging.getLogger(__name__)


def command(options: argparse.Namespace) -> int:
    """Until Ctrl+C, a termination request or `--seconds`; exit 5 when the folder is in use."""
    folders = resolve(options.config, options.data)
    try:
        return asyncio.run(serve(folders, options.seconds))
    except BadConfiguration as error:
        print(error, file=sys.stderr)
        return Exit.BAD_INPUT
    except DataFolderInUse as error:
        print(f"another Leitstand already works on {error}", file=sys.stderr)
        return Exit.WORLD
    except (Refused, OSError) as error:
        print(error, file=sys.stderr)
        return Exit.WORLD


async def serve(folders: Folders, seconds: float | None) -> int:
    core = await build(folders, Work.RUN)
    set_up_logs(folders.data)
    stop = asyncio.Event()
    restore = on_request_to_end(stop.set)
    core.start()
    print(f"leitstand serves {core.site.name} from {folders.data}", flush=True)
    try:
        with contextlib.suppress(TimeoutError):
            await asyncio.wait_for(stop.wait(), seconds)
    finally:
        await core.stop()
        restore()
    return Exit.DONE


def on_request_to_end(end: Callable[[], None]) -> Callable[[], None]:
    """Call `end` in the loop on Ctrl+C or a termination request; returns the undoing. Works on Windows too, where
    loops have no signal handlers."""
    loop = asyncio.get_running_loop()
    names = [name for name in ("SIGINT", "SIGTERM", "SIGBREAK") if hasattr(signal, name)]
    before = {name: signal.signal(getattr(signal, name), lambda *_: loop.call_soon_threadsafe(end)) for name in names}

    def restore() -> None:
        for name, handler in before.items():
            signal.signal(getattr(signal, name), handler)

    return restore
