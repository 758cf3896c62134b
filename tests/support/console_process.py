"""Leitstand as its users start it: processes of the real program, asked through its door and its command line."""

import json
import os
import signal
import socket
import subprocess
import sys
import tempfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from console.services.local_socket import address
from tests.support.waiting import until

PROJECT = Path(__file__).resolve().parents[2]
_END_S = 20.0
Row = dict[str, Any]


def leitstand(
    *words: str | Path, stdin: str = "", environment: Mapping[str, str] | None = None
) -> "subprocess.CompletedProcess[str]":
    """One command of the program, whole: its output and its exit code."""
    return subprocess.run(
        [sys.executable, "-m", "console", *map(str, words)],
        cwd=PROJECT,
        input=stdin,
        env={**os.environ, **(environment or {})},
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )


class ConsoleProcess:
    """`run` or `serve` on one station's folder. `start` waits until the station answers at its door."""

    def __init__(self, word: str, folder: Path, environment: Mapping[str, str] | None = None) -> None:
        self.word = word
        self.folder = folder
        self._environment = {**os.environ, **(environment or {})}
        self._process: subprocess.Popen[bytes] | None = None
        with tempfile.NamedTemporaryFile(prefix="leitstand-e2e-", suffix=".log", delete=False) as log:
            self._log = Path(log.name)

    @property
    def pid(self) -> int:
        assert self._process is not None
        return self._process.pid

    @property
    def is_running(self) -> bool:
        return self._process is not None and self._process.poll() is None

    def start(self) -> "ConsoleProcess":
        with self._log.open("ab") as out:
            self._process = subprocess.Popen(
                [sys.executable, "-m", "console", self.word, "--config", str(self.folder), "--data", str(self.folder)],
                cwd=PROJECT,
                env=self._environment,
                stdin=subprocess.DEVNULL,
                stdout=out,
                stderr=out,
            )
        until(self._answers, what=f"{self.word} answers at its door", seconds=60)
        return self

    def said(self) -> str:
        """Everything that it wrote to its output."""
        return self._log.read_text(encoding="utf-8", errors="replace")

    def ask(self, question: Mapping[str, Any]) -> Row:
        """One question at the door."""
        with socket.socket(socket.AF_UNIX) as door:
            door.settimeout(30)
            door.connect(address(self.folder))
            door.sendall(json.dumps(question).encode() + b"\n")
            with door.makefile("rb") as answers:
                reply: Row = json.loads(answers.readline())
        return reply

    def query(self, what: str, **arguments: Any) -> list[Row]:
        """Rows as `leitstand query WHAT --json` gives them."""
        reply = self.ask({"op": "query", "what": what, "args": arguments})
        assert reply["ok"], reply
        rows: list[Row] = reply["rows"]
        return rows

    def act(self, command: str, person: tuple[str, str], **fields: str) -> Row:
        """One command in the name of (login, password)."""
        login, password = person
        return self.ask({"op": "act", "command": command, "fields": fields, "login": login, "password": password})

    def tags(self) -> dict[str, Row]:
        """By path without the broker."""
        return {row["source"].partition("/")[2]: row for row in self.query("tags")}

    def link(self, name: str = "broker:plant") -> Row:
        return next((row for row in self.query("links") if row["name"] == name), {"state": "none"})

    def memory(self, key: str = "VmRSS") -> int:
        """Bytes, as /proc has them (VmRSS now, VmHWM at most)."""
        for line in Path(f"/proc/{self.pid}/status").read_text(encoding="ascii").splitlines():
            if line.startswith(key):
                return int(line.split()[1]) * 1024
        raise LookupError(key)

    def kill(self) -> None:
        """Power cut of this process."""
        assert self._process is not None
        self._process.kill()
        self._process.wait(10)

    def end(self) -> int:
        """Orderly end; the exit code."""
        if self._process is None:
            return 0
        if self._process.poll() is None:
            self._process.send_signal(signal.SIGTERM)
            try:
                self._process.wait(_END_S)
            except subprocess.TimeoutExpired:
                self._process.kill()
                self._process.wait(10)
        code = self._process.returncode
        self._log.unlink(missing_ok=True)
        return code

    def _answers(self) -> bool:
        assert self._process is not None
        assert self._process.poll() is None, f"{self.word} ended with {self._process.returncode}: {self.said()}"
        try:
            return bool(self.ask({"op": "ping"})["ok"])
        except (OSError, ValueError):
            return False
