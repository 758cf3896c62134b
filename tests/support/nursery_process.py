"""The process beside a test that makes children to be killed: begun and ended with the test."""

import subprocess
import sys
from pathlib import Path
from typing import ClassVar, Self

ROOT = Path(__file__).parent.parent.parent


class NurseryProcess:
    """A context manager; `module` is run, spoken to by lines on its standard input and output."""

    module: ClassVar[str]

    def __enter__(self) -> Self:
        self._process = subprocess.Popen(
            [sys.executable, "-m", self.module],
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, cwd=ROOT, text=True, bufsize=1,
        )  # fmt: skip
        return self

    def __exit__(self, *_: object) -> None:
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        self._process.stdin.close()
        self._process.wait(30)
        self._process.stdout.close()
