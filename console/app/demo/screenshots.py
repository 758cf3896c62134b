"""`run.py screenshots DIR`: the demo under a virtual screen, a PNG of every screen in both themes and languages."""

import argparse
import asyncio
import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from console.app.exit_codes import Exit
from console.app.folders import Folders

if TYPE_CHECKING:
    from console.app.demo.demo import Demo
    from console.app.frame.plant_picture import AlarmNow
    from console.app.main import Console
    from console.services.records import StatusRecord
    from console.ui.view import Selection

SIZE = (1920, 1080)
FAULTS = ("robot-overheat", "oil-pressure", "ups-on-battery", "cut-switch")
_PATIENCE_S = 60.0
_SETTLE_S = 1.2
_DRESS_S = 3.5
_FAULTS_LAST_S = 25.0
ALARM, OTHER_ALARM = "Oil pressure", "UPS runs on battery"
USUAL = "SR-APPS/MES/Answer time"
PENS = ("HYD-11/Oil pressure", "HYD-11/Filter/Pressure drop", "HYD-11/Oil level", "UPS-1/Battery/Charge")
GERMAN = ("alarms-light-de", "alarms-critical-light-de", "alarms-shelved-light-de", "alarms-details-light-de",
          "alarms-flood-light-de", "kpi-light-de", "masteralarms-light-de", "performance-light-de",
          "performance-baselines-light-de", "trends-cursors-light-de", "trends-states-light-de")  # fmt: skip


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--size", default=f"{SIZE[0]}x{SIZE[1]}")
    parser.add_argument("--live-s", type=float, default=40.0, help="how long the plant runs before the first picture")
    parser.add_argument("--every-language", action="store_true", help="every screen in German as well")
    parser.add_argument("--inside", action="store_true", help=argparse.SUPPRESS)
    options = parser.parse_args()
    width, height = (int(part) for part in options.size.split("x"))
    if options.inside:
        from console.app.main import in_window_loop

        options.folder.mkdir(parents=True, exist_ok=True)
        return in_window_loop(lambda: take_pictures(options, (width, height)))
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


async def take_pictures(options: argparse.Namespace, size: tuple[int, int]) -> int:
    from PySide6.QtGui import QImage

    from console.app.demo.alarm_pictures import plant_of_many_channels
    from console.app.demo.demo import Demo, now_us
    from console.app.demo.past_months import write_past_months
    from console.app.demo.past_week import write_past_week
    from console.app.demo.plant_model import load_plant
    from console.app.demo.small_png import save_small
    from console.app.main import Console
    from console.domain.commands import SignOn

    with tempfile.TemporaryDirectory(prefix="leitstand-pictures-", ignore_cleanup_errors=True) as scratch:
        resources = plant_of_many_channels(Path(scratch) / "resources")
        demo = Demo(Path(scratch) / "demo", is_scheduled=False, resources=resources)
        await demo.start()
        first = demo.station_folders[0]
        await write_past_week(first, demo.site_folder, load_plant(resources / "plant.toml"), now_us())
        await write_past_months(first, demo.site_folder, load_plant(resources / "plant.toml"), now_us())
        console = Console(first)
        console.window.setGeometry(0, 0, *size)
        console.window.show()
        photographer = Photographer(console, demo, options.folder, options.live_s, options.every_language)

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
            for file in options.folder.glob("*.png"):  # now there is time
                save_small(QImage(str(file)), file)


class Photographer:
    """Brings the plant into an interesting state and takes every screen in it."""

    def __init__(self, console: "Console", demo: "Demo", folder: Path, live_s: float, every_language: bool) -> None:
        self._console = console
        self._demo = demo
        self._folder = folder
        self._live_s = live_s
        self._every_language = every_language
        self._alarm: Selection | None = None
        self._incident: Selection | None = None

    async def work(self) -> None:
        from console.app.demo.alarm_pictures import AlarmStories
        from console.app.demo.trend_pictures import TrendStories

        stories = AlarmStories(self._console, self._demo, self._in_every_look, self._until)
        await asyncio.sleep(self._live_s)
        await stories.begin()
        await self._in_every_look("overview-calm")
        self._console.window.go("alarms")
        await self._in_every_look("alarms-quiet")
        await stories.one_critical()
        await self._draw_trends()
        for fault in FAULTS:
            await self._demo.set_fault(fault, True)
        await self._until(lambda: self._find(ALARM) is not None and sum(self._counts()) >= 5)
        await asyncio.sleep(_FAULTS_LAST_S)
        await self._act()
        await stories.records()
        await stories.keep_aside()
        await stories.kept_aside()
        assert self._alarm is not None
        await stories.details(self._alarm)
        await stories.master()
        for language in ("en", "de"):
            for name in ("light", "dark"):
                await self._dress(name, language)
                await self._every_view(f"{name}-{language}")
        await self._dress("light", "en")
        await self._draw_performance()
        await TrendStories(self._console, self._in_every_look).tell()
        await self._demo.set_fault("pull-cable", True)
        await self._until(lambda: self._status().tags_blind > 0)
        self._console.window.go("overview")
        await self._picture("overview-blind-light-en")
        for fault in ("pull-cable", "cut-switch"):
            await self._demo.set_fault(fault, False)
        await self._until(lambda: self._status().tags_blind == 0)
        await self._forget_link()
        await stories.flood()

    async def _in_every_look(self, name: str) -> None:
        """Light, dark, and light in German where that is among the pictures."""
        for look, language in (("light", "en"), ("dark", "en"), ("light", "de")):
            if language == "de" and not self._every_language and f"{name}-{look}-{language}" not in GERMAN:
                continue
            await self._dress(look, language)
            await self._picture(f"{name}-{look}-{language}")
        await self._dress("light", "en")

    async def _dress(self, look: str, language: str) -> None:
        """Change theme and language. Qt dresses every widget anew, on a busy machine for longer than the broker waits
        for a ping: what that did to the alarms is over before the next picture."""
        from console.ui.theme import theme
        from console.ui.translation import set_language

        is_same, stale = theme().name == look, self._status().tags_stale
        set_language(language)
        theme().use(look)  # texts are set anew with it
        if is_same:
            return
        await asyncio.sleep(_DRESS_S)
        await self._until(lambda: self._status().tags_blind == 0 and self._status().tags_stale <= stale)
        await self._forget_link()

    async def _forget_link(self) -> None:
        """What was lost and is back is acknowledged: it is no part of the next picture."""
        from console.domain.alarms import AlarmKind
        from console.domain.commands import AcknowledgeAlarms

        core = self._console.core
        listed = self._console.window.picture.alarms()
        if core is not None and (lost := [one for one in listed if one.condition.kind is AlarmKind.LINK_DOWN]):
            await core.station.submit(AcknowledgeAlarms(tuple(one.occurrence for one in lost)))

    async def _draw_trends(self) -> None:
        """Pens of interest on plots by unit, in a window that their short life fills."""
        from console.ui.view import Selection

        window = self._console.window
        window.go("trends")
        assert window.docks is not None
        view = window.docks.view("trends")
        assert view is not None
        view.restore_state({"span_us": round((self._live_s + _FAULTS_LAST_S + 30) * 1e6)})
        for path in PENS:
            handle = next((tag.handle for tag in window.picture.tags.tags if tag.source.path().endswith(path)), -1)
            window.go("trends", Selection(tag_handle=handle))
        window.go("overview")

    async def _draw_performance(self) -> None:
        """The other tabs of performance management: what is busiest, what is usual, what load does."""
        from console.ui.view import Selection
        from console.views.performance.view import PerformanceView

        window = self._console.window
        window.go("performance")
        assert window.docks is not None
        view = window.docks.view("performance")
        assert isinstance(view, PerformanceView)
        usual = next(tag.tag_id for tag in window.picture.tags.tags if tag.source.path().endswith(USUAL))
        for tab in ("capacity", "top", "baselines", "load"):
            view.show_selection(Selection(tag_id=usual))
            view.show_tab(tab)
            await asyncio.sleep(_SETTLE_S)
            await self._until(lambda: not view.is_busy)
            await self._in_every_look(f"performance-{tab}")

    def _find(self, words: str) -> "AlarmNow | None":
        listed = self._console.window.picture.alarms()
        return next((alarm for alarm in listed if words in alarm.condition.text), None)

    async def _act(self) -> None:
        """Acknowledge and comment one alarm; open an incident from another, assign it and note something."""
        from uuid import UUID

        from console.domain.commands import (
            AcknowledgeAlarms,
            AssignIncident,
            CommentAlarm,
            NoteIncident,
            OpenIncident,
        )
        from console.ui.view import Selection

        core = self._console.core
        alarm, other = self._find(ALARM), self._find(OTHER_ALARM)
        assert core is not None and alarm is not None and other is not None
        submit = core.station.submit
        await submit(AcknowledgeAlarms((other.occurrence,)))
        await submit(CommentAlarm(other.occurrence, "Generator runs, electrician is on his way"))
        asset_id = self._console.window.picture.asset_of(alarm.condition)
        assets = (asset_id,) if asset_id is not None else ()
        title = "Press 11 loses oil pressure"
        receipt = await submit(OpenIncident(title, 2, 1, "Pressure fell within seconds.", (alarm.occurrence,), assets))
        incident_id = UUID(receipt.entity_id)
        await submit(AssignIncident(incident_id, "Maintenance press shop", "demo-operator"))
        await submit(NoteIncident(incident_id, "Leak at the suction filter, press is at top dead centre."))
        condition = alarm.condition
        self._alarm = Selection(
            asset_id, condition.tag_handle, condition.tag_id, alarm.occurrence, None, alarm.start_us
        )
        self._incident = Selection(asset_id, incident_id=incident_id)

    async def _every_view(self, suffix: str) -> None:
        from console.app.view_specs import view_specs
        from console.ui.table_view import TableView
        from console.widgets.topology_canvas import TopologyCanvas

        window = self._console.window
        assert window.docks is not None
        for spec in view_specs():
            if spec.view_id == "masteralarms":  # has its story
                continue
            window.go("alarms", self._alarm)  # the faceplate shows it
            shown = {"incidents": self._incident, "journal": None}  # the journal unfiltered
            window.go(spec.view_id, shown.get(spec.view_id, self._alarm))
            view = window.docks.view(spec.view_id)
            if spec.view_id == "journal" and view is not None:
                await asyncio.sleep(_SETTLE_S)
                for table in view.findChildren(TableView):
                    table.selectRow(1)
            await self._until(partial(_is_at_rest, view))
            canvas = view.findChild(TopologyCanvas) if view is not None else None
            if canvas is not None:
                canvas.fit()
            name = f"{spec.view_id}-{suffix}"
            if self._every_language or suffix.endswith("-en") or name in GERMAN:
                await self._picture(name)

    async def _picture(self, name: str) -> None:
        from console.ui.priority_symbol import SymbolState, flash_clock

        await asyncio.sleep(_SETTLE_S)
        await self._until(lambda: flash_clock().lit(SymbolState.UNACKNOWLEDGED))
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


def _is_at_rest(view: object) -> bool:
    """False while a screen computes what it shows."""
    return not getattr(view, "is_busy", False)


if __name__ == "__main__":
    sys.exit(main())
