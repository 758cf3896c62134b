"""`leitstand run`: the window first, the station behind it a moment later, both in one loop."""

import argparse
import asyncio
import contextlib
import gc
import json
import logging
import os
import sys
from collections.abc import Awaitable, Callable, Coroutine
from pathlib import Path
from typing import TYPE_CHECKING, Any

from PySide6.QtCore import QLoggingCategory, Qt
from PySide6.QtWidgets import QApplication

from console.app.exit_codes import Exit
from console.app.folders import Folders, resolve
from console.app.logs import set_up_logs
from console.config.problems import BadConfiguration
from console.config.station_file import FILE, load_station
from console.domain.refusal import Refused
from console.services.late_station import LateStation
from console.services.storage.ownership import DataFolderInUse, is_owned

if TYPE_CHECKING:
    from console.app.assistant.start import FirstPeople
    from console.app.bootstrap import Core

log = logging.getLogger(__name__)
# What QtMultimedia tells of itself is no news to an operator; a horn that cannot be heard raises an alarm.
_QUIET = "qt.multimedia.ffmpeg.info=false\nqt.multimedia.symbolsresolver.*=false"
# A burst of alarms makes half a million objects that stay; with Python's own numbers it sets off ten full collections
# over everything the plant has, 150 ms each. Young ones find what is garbage; measured with bench alarms.
_COLLECT = (700, 10, 1000)
_SWITCH_S = 0.0002  # the default of 5 ms lets a busy telemetry thread hold up painting; measured with bench ingest


def command(options: argparse.Namespace) -> int:
    """Exit 0 when the window was closed, or when another process owned the folder and raised its window."""
    folders = resolve(options.config, options.data)
    if not (folders.config / FILE).exists() and _has_screen():
        return in_window_loop(lambda: first_start(folders, options.seconds))
    try:
        load_station(folders.config)
    except BadConfiguration as error:
        print(error, file=sys.stderr)
        return Exit.BAD_INPUT
    if is_owned(folders.data):
        return _raise_other(folders.data)
    return in_window_loop(lambda: run(folders, options.seconds))


def in_window_loop(work: Callable[[], Coroutine[Any, Any, int]]) -> int:
    """Run a coroutine in a loop that is Qt's and asyncio's at once."""
    import qasync

    if not _has_screen():
        print("there is no screen (neither DISPLAY nor WAYLAND_DISPLAY is set): use leitstand serve", file=sys.stderr)
        return Exit.WORLD
    sys.setswitchinterval(_SWITCH_S)
    gc.disable()  # collecting while the window's modules are imported delays it; `Console.work` turns it on again
    app = application()
    loop = qasync.QEventLoop(app)
    asyncio.set_event_loop(loop)
    with loop:
        try:
            return int(loop.run_until_complete(work()))
        except (BadConfiguration, DataFolderInUse, Refused, OSError) as error:
            print(error, file=sys.stderr)
            return Exit.BAD_INPUT if isinstance(error, BadConfiguration) else Exit.WORLD
        finally:
            gc.enable()


def _has_screen() -> bool:
    """Qt would end the process without one."""
    if not sys.platform.startswith("linux") or os.environ.get("QT_QPA_PLATFORM"):
        return True
    return bool(os.environ.get("DISPLAY") or os.environ.get("WAYLAND_DISPLAY"))


def application() -> QApplication:
    """The one QApplication, dressed: Fusion, our fonts and style sheet."""
    app = QApplication.instance()
    if not isinstance(app, QApplication):
        QApplication.setHighDpiScaleFactorRoundingPolicy(Qt.HighDpiScaleFactorRoundingPolicy.PassThrough)
        app = QApplication(["leitstand"])
    QLoggingCategory.setFilterRules(_QUIET)
    app.setApplicationName("Leitstand")
    app.setDesktopFileName("leitstand")  # under this name a Linux desktop shows the count on its taskbar
    app.setQuitOnLastWindowClosed(False)
    return app


async def first_start(folders: Folders, seconds: float | None = None) -> int:
    """A PC that is not set up: the assistant, then the console on what it wrote."""
    from console.app.assistant.start import set_up
    from console.ui.stylesheet import apply_look

    apply_look(application())
    return await run(folders, seconds) if await set_up(folders, seconds) else Exit.DONE


async def run(folders: Folders, seconds: float | None = None) -> int:
    """The console on these folders until its window is closed."""
    console = Console(folders.data)
    console.show()
    try:
        return await console.work(folders, seconds)
    finally:
        await console.close()


class Console:
    """One window and the station behind it."""

    def __init__(self, data: Path) -> None:
        from console.app.frame.attention import Attention
        from console.app.frame.main_window import MainWindow
        from console.app.frame.sound_desk import SoundDesk
        from console.app.view_specs import view_specs
        from console.ui.preferences import Preferences
        from console.ui.stylesheet import apply_look

        apply_look(application())
        self.late = LateStation()
        self.core: Core | None = None
        self.stop = asyncio.Event()
        preferences = Preferences(data / "layouts", self._carry)
        self.window = MainWindow(self.late, view_specs(), preferences)
        self.window.closing.connect(self.stop.set)
        self.sound = SoundDesk(self.late, self.window.horn, preferences.folder, self.window.errands, self.window)
        self.sound.problem.connect(self._sound_failed)
        self.sound.checked.connect(self._sound_checked)
        self.window.actions_set.register_global("app.sound", self.sound.open)
        receiving = self.window.banners.receiving
        self.attention = Attention(self.late, self.window, receiving.why, self.raise_window)
        self._sound: str | None = None
        self._first_people: FirstPeople | None = None

    def show(self) -> None:
        room = self.window.screen().availableGeometry()
        self.window.resize(min(1600, room.width()), min(900, room.height()))
        self.window.show()

    async def work(
        self, folders: Folders, seconds: float | None = None, after: Callable[[], Awaitable[None]] | None = None
    ) -> int:
        """Build and start the station, run `after`, wait for the end of the window or of the time."""
        await asyncio.sleep(0)  # the window paints before the station's modules are imported
        from console.app.assistant.start import FirstPeople
        from console.app.bootstrap import Work, build
        from console.app.serve import on_request_to_end

        self.core = await build(folders, Work.RUN, tags_later=True)
        set_up_logs(folders.data)
        self._guard_loop()
        self.window.person.use_station(self.core.settings.language, self.core.settings.theme)
        self.core.start(self.raise_window)
        self.late.attach(self.core.station)
        self._first_people = FirstPeople(self.core, self.window)
        if self._sound is not None:
            self.core.set_sound(self._sound)
        restore = on_request_to_end(self.stop.set)
        # A full collection over what start-up made would cost 200 ms, now or later, and finds some hundred objects.
        gc.freeze()
        gc.set_threshold(*_COLLECT)
        gc.enable()
        try:
            if after is not None:
                await after()
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(self.stop.wait(), seconds)
        finally:
            restore()
        return Exit.DONE

    async def close(self) -> None:
        """Layout kept, station ended, window gone."""
        if self._first_people is not None:
            self._first_people.close()
        self.attention.close()
        self.sound.close()
        self.window.finish()
        if self.core is not None:
            await self.core.stop()
        self.window.close()
        self.window.deleteLater()

    def raise_window(self) -> None:
        """A second start was tried: this window comes to the front."""
        self.window.setWindowState(self.window.windowState() & ~Qt.WindowState.WindowMinimized)
        self.window.show()
        self.window.raise_()
        self.window.activateWindow()

    def _carry(self, key: str, value: str) -> None:
        from console.domain.commands import SavePreference

        session = self.window.person.session
        if session is None or SavePreference.name in session.denied:
            return  # locked, or the control room identity: it stays at this workstation
        self.window.errands.run(self.late.submit(SavePreference(key, value)))

    def _sound_failed(self, problem: str) -> None:
        self._sound = problem
        self.window.banners.set_no_sound(bool(problem))
        if self.core is not None:
            self.core.set_sound(problem)

    def _sound_checked(self, why: str, problem: str) -> None:
        if self.core is not None:
            from console.app.sound_care import note_check

            self.window.errands.run(note_check(self.core, why, problem))

    def _guard_loop(self) -> None:
        """A defect is logged and shown; the window goes on."""
        core = self.core
        assert core is not None

        def on_loop(_loop: asyncio.AbstractEventLoop, context: dict[str, Any]) -> None:
            error = context.get("exception")
            log.error("in the loop: %s", context.get("message", ""), exc_info=error)
            core.defect(f"{type(error).__name__ if error else ''} {context.get('message', '')}")

        def on_call(kind: type[BaseException], error: BaseException, trace: Any) -> None:
            if issubclass(kind, KeyboardInterrupt):
                self.stop.set()
                return
            log.error("in the window", exc_info=(kind, error, trace))
            core.defect(f"{kind.__name__}: {error}")

        asyncio.get_running_loop().set_exception_handler(on_loop)
        sys.excepthook = on_call


def _raise_other(data: Path) -> int:
    """Another process has this station: bring its window to the front."""
    from console.services.local_socket import ask

    try:
        reply = json.loads(asyncio.run(ask(data, b'{"op": "raise"}')) or b'{"ok": false, "error": "no answer"}')
    except OSError as error:
        reply = {"ok": False, "error": str(error)}
    if reply["ok"]:
        return Exit.DONE
    print(f"another Leitstand already works on {data}: {reply['error']}", file=sys.stderr)
    return Exit.WORLD
