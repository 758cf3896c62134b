"""A real X screen of its own (Xvfb) with keys and mouse (xdotool), ended by its process."""

import os
import shutil
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager

from tests.support.waiting import until


def program(name: str, package: str) -> str:
    found = shutil.which(name)
    if found is None:
        raise RuntimeError(f"{name} is missing: apt-get install {package}")
    return found


class XScreen:
    """No window manager runs: windows stand where they put themselves, focus is given by hand."""

    def __init__(self, width: int = 1600, height: int = 900) -> None:
        read_end, write_end = os.pipe()
        server = [program("Xvfb", "xvfb"), "-displayfd", str(write_end), "-screen", "0", f"{width}x{height}x24"]
        self._process = subprocess.Popen(
            [*server, "-nolisten", "tcp"],
            pass_fds=[write_end],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
        os.close(write_end)
        with os.fdopen(read_end) as told:
            self.display = f":{told.readline().strip()}"

    @property
    def environment(self) -> dict[str, str]:
        """What a program needs to draw here."""
        return {"DISPLAY": self.display, "QT_QPA_PLATFORM": "xcb"}

    def windows(self, title: str) -> list[str]:
        """Ids of the visible windows whose title is this, or this behind the count of alarms."""
        found = self._xdotool("search", "--onlyvisible", "--name", f"^([(][0-9+]*[)] )?{title}$", check=False)
        return found.split()

    def wait_for_window(self, title: str) -> str:
        return until(lambda: self.windows(title), what=f"a window '{title}' on {self.display}")[-1]

    def wait_until_gone(self, title: str) -> None:
        until(lambda: not self.windows(title), what=f"no window '{title}' any more")

    def focus(self, window: str) -> None:
        self._xdotool("windowfocus", "--sync", window)

    def focused_title(self) -> str:
        return self._xdotool("getwindowfocus", "getwindowname", check=False).strip()

    def key(self, *keys: str) -> None:
        """Real key presses to whatever has the focus, in X names: `F2`, `space`, `ctrl+l`."""
        self._xdotool("key", "--clearmodifiers", *keys)

    def type(self, text: str) -> None:
        self._xdotool("type", "--delay", "8", text)

    def pixels(self) -> bytes:
        """The whole screen as RGB bytes."""
        picture = subprocess.run(
            [program("import", "imagemagick"), "-window", "root", "-depth", "8", "rgb:-"],
            env={**os.environ, **self.environment},
            capture_output=True,
            check=True,
            timeout=30,
        )
        return picture.stdout

    def end(self) -> None:
        self._process.terminate()
        self._process.wait(10)

    def _xdotool(self, *words: str, check: bool = True) -> str:
        done = subprocess.run(
            [program("xdotool", "xdotool"), *words],
            env={**os.environ, **self.environment},
            capture_output=True,
            text=True,
            timeout=30,
            check=False,
        )
        assert done.returncode == 0 or not check, f"xdotool {words}: {done.stderr}"
        return done.stdout


@contextmanager
def running_screen() -> Iterator[XScreen]:
    screen = XScreen()
    try:
        yield screen
    finally:
        screen.end()
