"""`run.py screenshots DIR`: the demo under a virtual screen, a PNG of every screen in both themes and languages."""

import argparse
import asyncio
import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

from console.app.exit_codes import Exit
from console.app.folders import Folders

if TYPE_CHECKING:
    from console.app.demo.demo import Demo
    from console.app.main import Console
    from console.services.records import StatusRecord

SIZE = (1920, 1080)
FAULTS = ("robot-overheat", "oil-pressure", "ups-on-battery", "cut-switch")
_PATIENCE_S = 60.0
_SETTLE_S = 1.2


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--size", default=f"{SIZE[0]}x{SIZE[1]}")
    parser.add_argument("--live-s", type=float, default=40.0, help="how long the plant runs before the first picture")
    parser.add_argument("--inside", action="store_true", help=argparse.SUPPRESS)
    options = parser.parse_args()
    width, height = (int(part) for part in options.size.split("x"))
    if options.inside:
        from console.app.main import in_window_loop

        options.folder.mkdir(parents=True, exist_ok=True)
        return in_window_loop(lambda: take_pictures(options.folder, (width, height), options.live_s))
    return on_virtual_screen(sys.argv[1:], width, height)


def on_virtual_screen(arguments: list[str], width: int, height: int) -> int:
    """Run this again with a screen of its own, started and ended here by its process."""
    server = shutil.which("Xvfb")
    if server is None:
        print("Xvfb is missing: apt-get install -y xvfb", file=sys.stderr)
        return Exit.WORLD
    read_end, write_end = os.pipe()
    command = [server, "-displayfd", str(write_end), "-screen", "0", f"{width}x{height}x24", "-nolisten", "tcp"]
    screen = subprocess.Popen(command, pass_fds=[write_end], stderr=subprocess.DEVNULL)  # noqa: S603
    os.close(write_end)
    try:
        with os.fdopen(read_end) as told:
            number = told.readline().strip()
        environment = {**os.environ, "DISPLAY": f":{number}", "QT_QPA_PLATFORM": "xcb"}
        again = [sys.executable, "-m", "console.app.demo.screenshots", *arguments, "--inside"]
        return subprocess.run(again, env=environment, check=False).returncode  # noqa: S603
    finally:
        screen.terminate()
        screen.wait()


async def take_pictures(folder: Path, size: tuple[int, int], live_s: float) -> int:
    from console.app.demo.demo import Demo
    from console.app.main import Console
    from console.domain.commands import SignOn

    with tempfile.TemporaryDirectory(prefix="leitstand-pictures-", ignore_cleanup_errors=True) as scratch:
        demo = Demo(Path(scratch) / "demo", is_scheduled=False)
        await demo.start()
        first = demo.station_folders[0]
        console = Console(first)
        console.window.setGeometry(0, 0, *size)
        console.window.show()
        photographer = Photographer(console, demo, folder, live_s)

        async def after() -> None:
            assert console.core is not None
            await console.core.station.submit(SignOn("operator", demo.password("operator")))
            await photographer.work()
            console.stop.set()

        try:
            return await console.work(Folders(first, first), None, after)
        finally:
            await console.close()
            await demo.stop()


class Photographer:
    """Brings the plant into an interesting state and takes every screen in it."""

    def __init__(self, console: "Console", demo: "Demo", folder: Path, live_s: float) -> None:
        self._console = console
        self._demo = demo
        self._folder = folder
        self._live_s = live_s

    async def work(self) -> None:
        from console.ui.theme import theme
        from console.ui.translation import set_language

        await asyncio.sleep(self._live_s)
        for fault in FAULTS:
            await self._demo.set_fault(fault, True)
        await self._until(lambda: sum(self._counts()) >= 3)
        await asyncio.sleep(8)
        await self._act()
        for language in ("en", "de"):
            set_language(language)
            for name in ("light", "dark"):
                theme().use(name)
                await self._every_view(f"{name}-{language}")
        set_language("en")
        theme().use("light")
        await self._demo.set_fault("pull-cable", True)
        await self._until(lambda: self._status().tags_blind > 0)
        self._console.window.go("overview")
        await self._picture("overview-blind-light-en")

    async def _act(self) -> None:
        """Acknowledge one alarm, open an incident from another."""
        from console.domain.alarms import AlarmState, Occurrence
        from console.domain.commands import AcknowledgeAlarms, OpenIncident

        core = self._console.core
        assert core is not None
        delta = core.engine.snapshot()
        ids = {condition.row: condition.condition_id for condition in delta.conditions}
        listed = [
            Occurrence(ids[int(row)], int(start))
            for row, state, start in zip(delta.rows, delta.state, delta.start_us, strict=True)
            if int(state) == AlarmState.UNACKNOWLEDGED
        ]
        if len(listed) > 1:
            await core.station.submit(AcknowledgeAlarms((listed[-1],)))
        if listed:
            await core.station.submit(OpenIncident("", 2, 1, occurrences=(listed[0],)))

    async def _every_view(self, suffix: str) -> None:
        from console.app.view_specs import view_specs

        window = self._console.window
        window.show_top_alarm()
        for spec in view_specs():
            window.go(spec.view_id)
            await self._picture(f"{spec.view_id}-{suffix}")

    async def _picture(self, name: str) -> None:
        await asyncio.sleep(_SETTLE_S)
        self._console.window.grab().save(str(self._folder / f"{name}.png"))
        print(self._folder / f"{name}.png", flush=True)

    def _counts(self) -> tuple[int, ...]:
        core = self._console.core
        assert core is not None
        return core.engine.counts().active

    def _status(self) -> "StatusRecord":
        core = self._console.core
        assert core is not None
        return core.status()

    async def _until(self, is_so: Callable[[], bool]) -> None:
        loop = asyncio.get_running_loop()
        end = loop.time() + _PATIENCE_S
        while not is_so():
            if loop.time() > end:
                raise TimeoutError("the demo plant did not come into the state for the pictures")
            await asyncio.sleep(0.2)


if __name__ == "__main__":
    sys.exit(main())
