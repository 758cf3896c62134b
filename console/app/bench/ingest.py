"""`leitstand bench ingest`: the real window on a real broker under load; loss, and lateness beside its own idle."""

import asyncio
import json
import secrets
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from console.app.bench.rows import BenchRow
from console.app.demo.broker import DemoBroker, find_mosquitto
from console.app.demo.child_process import own_environment
from console.config import site_files, station_file
from console.domain.identity import uuid7

GOAL_MS = 20.0
_PATIENCE_S = 60.0


@dataclass(frozen=True, slots=True)
class Case:
    name: str
    per_message: int
    messages_per_s: int
    seconds: float


FULL = (Case("100,000 metrics/s, 20 a message", 20, 5000, 60.0), Case("10,000 one-metric messages/s", 1, 10_000, 60.0))
QUICK = (Case("100,000 metrics/s, 20 a message", 20, 5000, 8.0), Case("10,000 one-metric messages/s", 1, 10_000, 8.0))


def run(quick: bool) -> Iterator[BenchRow]:
    """Needs mosquitto: the demo's own broker would be the limit."""
    if find_mosquitto() is None:
        raise FileNotFoundError("bench ingest needs mosquitto: apt-get install mosquitto")
    for case in QUICK if quick else FULL:
        yield from _one(case, 4.0 if quick else 10.0)


def _one(case: Case, idle_s: float) -> Iterator[BenchRow]:
    with tempfile.TemporaryDirectory(prefix="leitstand-bench-", ignore_cleanup_errors=True) as scratch:
        broker = DemoBroker(Path(scratch) / "broker")
        asyncio.run(broker.start())
        try:
            sent, idle, load = _measure(
                case, idle_s, bench_station(Path(scratch) / "station", broker.port), broker.port
            )
        finally:
            asyncio.run(broker.stop())
    lost = sent["metrics"] - load["samples"]
    yield BenchRow("ingest", f"{case.name}: lost", lost, "metrics", "sent", sent["metrics"], None, "0", lost == 0)
    ratio = load["p99"] / max(idle["p99"], 1e-3)
    yield BenchRow(
        "ingest", f"{case.name}: window lateness p99", round(load["p99"], 2), "ms", "the same window idle",
        round(idle["p99"], 2), round(ratio, 2), f"<= {GOAL_MS:g} ms", load["p99"] <= GOAL_MS,
    )  # fmt: skip
    rate = load["samples"] / load["seconds"]
    yield BenchRow(
        "ingest", f"{case.name}: taken", round(rate), "metrics/s", "sent", round(sent["metrics"] / sent["seconds"])
    )
    yield BenchRow("ingest", f"{case.name}: window process", round(load["cpu"] * 100), "% of a core")


def _measure(case: Case, idle_s: float, station: Path, port: int) -> tuple[dict[str, Any], ...]:
    window = subprocess.Popen(
        [
            sys.executable, "-m", "console.app.bench.ingest_window", str(station),
            "--idle", str(idle_s), "--load", str(case.seconds),
        ],
        stdout=subprocess.PIPE, text=True, env=own_environment(),
    )  # fmt: skip
    try:
        idle = _line(window, "idle")
        blaster = subprocess.run(
            [
                sys.executable, "-m", "console.app.bench.blast", str(port), "--per", str(case.per_message),
                "--rate", str(case.messages_per_s), "--seconds", str(case.seconds + 2),
            ],
            stdout=subprocess.PIPE, text=True, env=own_environment(), check=True, timeout=case.seconds + _PATIENCE_S,
        )  # fmt: skip
        load = _line(window, "load")
    finally:
        window.terminate()
        window.wait(_PATIENCE_S)
    return json.loads(blaster.stdout), idle, load


def _line(process: "subprocess.Popen[str]", what: str) -> dict[str, Any]:
    assert process.stdout is not None
    for line in process.stdout:
        if line.startswith("{"):
            told: dict[str, Any] = json.loads(line)
            if told["what"] == what:
                return told
    raise RuntimeError(f"the window ended before it told '{what}'")


def bench_station(folder: Path, port: int) -> Path:
    site = folder / "site"
    site.mkdir(parents=True)
    ids = [uuid7(time.time_ns() // 1_000_000, secrets.randbits(80)) for _ in range(2)]
    (site / "site.toml").write_text(
        site_files.SITE_TEMPLATE.format(site_id=ids[0], name='"Bench"', tz="UTC"), encoding="utf-8"
    )
    text = station_file.TEMPLATE.format(station_id=ids[1], name='"bench"', code="B1")
    (folder / station_file.FILE).write_text(text.replace("port = 1883", f"port = {port}"), encoding="utf-8")
    return folder
