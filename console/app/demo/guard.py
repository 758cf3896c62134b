"""Ends the demo's servers when the demo dies hard: a tiny process that waits for the end of its standard input.

It is told "+PID" and "-PID" by lines. It runs as a plain script (`python -I guard.py`) and imports nothing of ours.
"""

import contextlib
import os
import signal
import subprocess
import sys
from collections.abc import Iterable
from pathlib import Path

HARD = getattr(signal, "SIGKILL", signal.SIGTERM)  # Windows: TerminateProcess either way


class Guard:
    """The demo's side: names the processes that must not outlive it."""

    def __init__(self) -> None:
        from console.app.demo.child_process import apart  # here, for the script itself runs without our package

        self._process = subprocess.Popen(  # noqa: S603 this very file
            [sys.executable, "-I", str(Path(__file__).resolve())],
            stdin=subprocess.PIPE,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            **apart(),
        )

    @property
    def pid(self) -> int:
        return self._process.pid

    def watch(self, pid: int) -> None:
        self._tell(f"+{pid}\n")

    def forget(self, pid: int) -> None:
        self._tell(f"-{pid}\n")

    def close(self) -> None:
        """All is ended in order: nothing is left to guard."""
        self._tell("done\n")
        if self._process.stdin is not None:
            with contextlib.suppress(OSError):
                self._process.stdin.close()
        self._process.wait(10)

    def _tell(self, line: str) -> None:
        if self._process.stdin is not None:
            with contextlib.suppress(OSError, ValueError):
                self._process.stdin.write(line.encode())
                self._process.stdin.flush()


def watch(lines: Iterable[str]) -> set[int]:
    """What is still to be ended when the lines stop."""
    watched: set[int] = set()
    for line in lines:
        order = line.strip()
        if order == "done":
            return set()
        if order.startswith("+"):
            watched.add(int(order[1:]))
        elif order.startswith("-"):
            watched.discard(int(order[1:]))
    return watched


def main() -> None:
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, signal.SIG_IGN)  # Ctrl+C goes to all; the guard stays until its line ends
    for pid in watch(sys.stdin):
        with contextlib.suppress(OSError):
            os.kill(pid, HARD)


if __name__ == "__main__":
    main()
