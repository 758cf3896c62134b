"""`leitstand demo`: broker, simulated plant, central PostgreSQL and consoles on this machine."""

import argparse
import asyncio
import contextlib
import subprocess
import sys
from pathlib import Path

from console.app.demo.child_process import own_environment
from console.app.demo.demo import Demo
from console.app.exit_codes import Exit
from console.app.folders import Folders
from console.app.logs import set_up_logs
from console.app.serve import on_request_to_end
from console.config.problems import BadConfiguration
from console.domain.commands import SignOn
from console.domain.refusal import Refused
from console.services.storage.ownership import DataFolderInUse

DEFAULT_FOLDER = "demo-data"


def command(options: argparse.Namespace) -> int:
    folder = Path(options.data or options.config or DEFAULT_FOLDER).resolve()
    try:
        demo = Demo(folder, options.stations, not options.no_centre)
    except Refused as error:
        print(error, file=sys.stderr)
        return Exit.USAGE
    set_up_logs(folder)
    try:
        if options.headless:
            return asyncio.run(_headless(demo, options.seconds))
        from console.app.main import in_window_loop

        return in_window_loop(lambda: _with_window(demo, options.seconds))
    except BadConfiguration as error:  # somebody edited the demo's files
        print(error, file=sys.stderr)
        return Exit.BAD_INPUT
    except (Refused, DataFolderInUse, OSError, TimeoutError) as error:
        print(f"the demo cannot start: {error}", file=sys.stderr)
        return Exit.WORLD


def _tell(demo: Demo) -> None:
    print(f"demo plant in {demo.folder} (broker: {demo.broker_program})", flush=True)
    print(f"  people and passwords: {demo.folder / 'users.txt'}", flush=True)
    print(f"  faults: leitstand fault list --data {demo.folder}", flush=True)


async def _headless(demo: Demo, seconds: float | None) -> int:
    """All stations in this process, without a window."""
    from console.app.bootstrap import Core, Work, build

    stop = asyncio.Event()
    restore = on_request_to_end(stop.set)
    cores: list[Core] = []
    try:
        await demo.start()
        for folder in demo.station_folders:
            core = await build(Folders(folder, folder), Work.RUN)
            cores.append(core)
            core.start()
        _tell(demo)
        with contextlib.suppress(TimeoutError):
            await asyncio.wait_for(stop.wait(), seconds)
    finally:
        for core in cores:
            await core.stop()
        await demo.stop()
        restore()
    return Exit.DONE


async def _with_window(demo: Demo, seconds: float | None) -> int:
    """The first console here, signed on as the operator; further ones as processes of their own."""
    from console.app.demo.fault_panel import add_fault_panel
    from console.app.main import Console

    first = demo.station_folders[0]
    console = Console(first)
    console.show()
    others: list[subprocess.Popen[bytes]] = []
    try:
        await demo.start()
        _tell(demo)
        add_fault_panel(console.window, demo)
        others += [_console_process(folder) for folder in demo.station_folders[1:]]

        async def sign_on() -> None:
            assert console.core is not None
            await console.core.station.submit(SignOn("operator", demo.password("operator")))

        return await console.work(Folders(first, first), seconds, sign_on)
    finally:
        for process in others:
            process.terminate()
        await console.close()
        for process in others:
            await asyncio.to_thread(process.wait)
        await demo.stop()


def _console_process(folder: Path) -> "subprocess.Popen[bytes]":
    return subprocess.Popen(  # noqa: S603 our own interpreter and module
        [sys.executable, "-m", "console", "run", "--config", str(folder), "--data", str(folder)], env=own_environment()
    )
