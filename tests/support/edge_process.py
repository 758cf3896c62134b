"""Starts and steers `foreign_edge.py` with the interpreter of the separate environment `.venv-edge`."""

import subprocess
from pathlib import Path

from tests.support.waiting import until

PROJECT = Path(__file__).resolve().parents[2]


def edge_python() -> Path:
    """Its interpreter; RuntimeError names what makes it."""
    for name in ("bin/python", "Scripts/python.exe"):
        found = PROJECT / ".venv-edge" / name
        if found.exists():
            return found
    raise RuntimeError("the environment .venv-edge is missing: python3 run.py test makes it from lock/edge.txt")


class ForeignEdge:
    """A process that publishes as a stranger does."""

    def __init__(self, port: int) -> None:
        self._process = subprocess.Popen(
            [str(edge_python()), str(PROJECT / "tests" / "support" / "foreign_edge.py"), str(port)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            text=True,
            bufsize=1,
        )
        assert self._process.stdout is not None
        assert self._process.stdout.readline().strip() == "ready", "the foreign edge node did not start"

    def tell(self, line: str) -> None:
        assert self._process.stdin is not None
        self._process.stdin.write(line + "\n")
        self._process.stdin.flush()

    def die(self) -> None:
        self.tell("die")
        until(lambda: self._process.poll() is not None, what="the foreign edge node is gone")

    def end(self) -> None:
        if self._process.poll() is None:
            self.tell("quit")
            try:
                self._process.wait(10)
            except subprocess.TimeoutExpired:
                self._process.kill()
                self._process.wait(10)
        for pipe in (self._process.stdin, self._process.stdout):
            if pipe is not None:
                pipe.close()
