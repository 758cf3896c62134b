"""`leitstand bench alarms`: a flood through the real window and station: log, paint, sound, key, a plain list."""

import json
import secrets
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from console.app.bench.alarm_agreement import agreement
from console.app.bench.alarm_feed import RULES, TAGS
from console.app.bench.alarm_peer import plain_list_s
from console.app.bench.alarms_window import BURST, LOGIN, PASSWORD, PER_S, PRELOAD
from console.app.bench.rows import BenchRow
from console.app.demo.child_process import own_environment
from console.config import site_files, station_file
from console.config.users_file import UserEntry, hash_password, write_users
from console.domain.identity import uuid7
from console.domain.people import Role
from console.services.storage.database import LIBRARY

_POLL_S = 0.05
_PATIENCE_S = 400.0
_NEW_ROWS = """SELECT count(*), max(rid), min(at_us) FROM alarm_log
WHERE rid > ? AND kind = 'limit' AND transition IN ('raised', 'returned')"""


@dataclass(slots=True)
class LogWatch:
    """Looks into the station's database from outside: when which transition was durable."""

    path: Path
    seen: list[tuple[float, int, float]] = field(default_factory=list)  # wall us, rows so far, age of the oldest new
    _last: int = 0
    _rows: int = 0
    _connection: Any = None

    def look(self) -> None:
        if self._connection is None:
            if not self.path.exists():
                return
            self._connection = LIBRARY.connect(f"{self.path.resolve().as_uri()}?mode=ro", uri=True)
        try:
            count, last, oldest_us = self._connection.execute(_NEW_ROWS, (self._last,)).fetchone()
        except LIBRARY.Error:  # not made yet
            return
        now_us = time.time_ns() / 1000
        if count:
            self._last, self._rows = last, self._rows + count
            self.seen.append((now_us, self._rows, (now_us - oldest_us) / 1e6))

    def close(self) -> int:
        """Rows of alarms that were raised or returned."""
        self.look()
        if self._connection is not None:
            self._connection.close()
        return self._rows

    def durable_after_s(self, start_us: float, count: int) -> float:
        """How long after `start_us` so many more rows were there."""
        before = max((rows for at, rows, _age in self.seen if at < start_us), default=0)
        return (
            min((at - start_us for at, rows, _age in self.seen if rows >= before + count), default=float("inf")) / 1e6
        )

    def oldest_s(self, start_us: float, end_us: float) -> float:
        """The longest that a transition of this time was on its way."""
        return max((age for at, _rows, age in self.seen if start_us <= at <= end_us + 1e6), default=float("inf"))


def run(quick: bool) -> Iterator[BenchRow]:
    """Needs a QApplication for the plain list beside it."""
    with tempfile.TemporaryDirectory(prefix="leitstand-bench-", ignore_cleanup_errors=True) as scratch:
        folder = alarm_station(Path(scratch) / "load")
        options = ("--idle", "2", "--load", "6", "--keys", "8") if quick else ("--load", "60", "--keys", "30")
        log = LogWatch(folder / "station.db")
        told = _window(folder, "load", options, log)
        yield from _log_rows(told, log, log.close())
        yield from _window_rows(told)
        yield _peer_row(told, quick)
        folder = alarm_station(Path(scratch) / "start")
        _window(folder, "fill", ("--idle", "0"))
        starts = [_window(folder, "start", ("--since", repr(time.time())))["start"] for _ in range(2)]
        yield from _start_rows(min(starts, key=lambda one: float(one["ms"])))
    yield from agreement(quick)


def _start_rows(start: dict[str, Any]) -> Iterator[BenchRow]:
    yield _goal("process start to a painted list of 20,000", start["ms"], "ms", 2000.0)
    yield BenchRow("alarms", "the same, processor time of the process", round(start["cpu_ms"]), "ms")
    yield BenchRow("alarms", f"process start to all {TAGS:,} tags back, links started", round(start["tags_ms"]), "ms")
    yield BenchRow("alarms", "meanwhile: window lateness p99", round(start["late"]["p99"], 2), "ms")


def _log_rows(told: dict[str, Any], log: LogWatch, logged: int) -> Iterator[BenchRow]:
    sent, steady = told["sent"]["transitions"], told["steady"]
    lost = sent - logged
    yield BenchRow("alarms", "lost on the way to alarm_log", lost, "transitions", "sent", sent, None, "0", lost == 0)
    yield _goal(
        f"burst of {BURST:,} all in alarm_log", log.durable_after_s(told["burst"]["start_us"], BURST), "s", 30.0
    )
    backlog = log.oldest_s(steady["start_us"], steady["end_us"])
    yield _goal(f"{PER_S:,}/s: longest way to alarm_log", backlog, "s", 2.0)


def _window_rows(told: dict[str, Any]) -> Iterator[BenchRow]:
    idle, burst, steady = told["idle"], told["burst"], told["steady"]
    yield _goal(f"{PER_S:,}/s: event to painted row p95", steady["painted_p95"], "ms", 300.0)
    yield _goal(f"{PER_S:,}/s: event to painted row p99", steady["painted_p99"], "ms", 1000.0)
    for name, part in ((f"{PER_S:,}/s", steady), ("burst", burst)):
        yield BenchRow(
            "alarms", f"{name}: window lateness p99", round(part["p99"], 2), "ms", "the same window idle",
            round(idle["p99"], 2), round(part["p99"] / max(idle["p99"], 1e-3), 2), "<= 50 ms", part["p99"] <= 50.0,
        )  # fmt: skip
        yield BenchRow("alarms", f"{name}: window lateness, worst", round(part["max"], 1), "ms")
    yield _goal("burst: sound after the first critical", burst["sound_ms"], "ms", 500.0)
    key = told["acknowledge"]
    yield _goal(f"acknowledge key to painted, {key['active']:,} active, p95", key["p95"], "ms", 100.0)
    yield BenchRow("alarms", f"{PER_S:,}/s: window process", round(steady["cpu"] * 100), "% of a core")


def _peer_row(told: dict[str, Any], quick: bool) -> BenchRow:
    count = BURST // 10 if quick else BURST
    peer, own = plain_list_s(PRELOAD, count) * BURST / count, told["burst"]["listed_ms"] / 1000
    name = "QSortFilterProxyModel" + (f" (from {count:,}, by proportion)" if quick else "")
    return BenchRow(
        "alarms", f"burst of {BURST:,} listed beside {PRELOAD:,}", round(own, 2), "s", name, round(peer, 2),
        round(own / peer, 3),
    )  # fmt: skip


def _goal(case: str, value: float, unit: str, most: float) -> BenchRow:
    return BenchRow("alarms", case, round(value, 3), unit, goal=f"<= {most:g} {unit}", holds=value <= most)


def _window(folder: Path, part: str, options: tuple[str, ...], log: LogWatch | None = None) -> dict[str, Any]:
    """Run the window process; what it told, by name. Raises RuntimeError when it failed."""
    out = folder.parent / f"{folder.name}-{part}.txt"
    with out.open("w", encoding="utf-8") as lines:
        window = subprocess.Popen(
            [sys.executable, "-m", "console.app.bench.alarms_window", str(folder), part, *options],
            stdout=lines, env=_as_installed(folder.parent),
        )  # fmt: skip
        until = time.monotonic() + _PATIENCE_S
        while window.poll() is None and time.monotonic() < until:
            if log is not None:
                log.look()
            try:
                window.wait(_POLL_S)
            except subprocess.TimeoutExpired:
                continue
        if window.poll() is None:
            window.terminate()
    if window.wait(30) != 0:
        raise RuntimeError(f"the window of part '{part}' failed")
    told = [json.loads(line) for line in out.read_text(encoding="utf-8").splitlines() if line.startswith("{")]
    return {one["what"]: one for one in told}


def _as_installed(scratch: Path) -> dict[str, str]:
    """As an installed console runs, its modules compiled once: where Python may not write them (an installed folder,
    a setting of the shell) each start would measure the compiler, 1 to 2 s of it."""
    environment = own_environment()
    environment.pop("PYTHONDONTWRITEBYTECODE", None)
    return {**environment, "PYTHONPYCACHEPREFIX": str(scratch / "compiled")}


def alarm_station(folder: Path) -> Path:
    """A station without a broker, whose site has the rules of the bench and one operator."""
    site = folder / "site"
    site.mkdir(parents=True)
    ids = [uuid7(time.time_ns() // 1_000_000, secrets.randbits(80)) for _ in range(2)]
    (site / "site.toml").write_text(
        site_files.SITE_TEMPLATE.format(site_id=ids[0], name='"Bench"', tz="UTC"), encoding="utf-8"
    )
    (site / "alarms.toml").write_text(RULES, encoding="utf-8")
    operator = UserEntry(LOGIN, LOGIN, "Bench", (Role.OPERATOR,), password_hash=hash_password(PASSWORD))
    write_users(site, [operator])
    text = station_file.TEMPLATE.format(station_id=ids[1], name='"bench"', code="B1")
    head, _, rest = text.partition("[[broker]]")
    (folder / station_file.FILE).write_text(head + "[centre]" + rest.partition("[centre]")[2], encoding="utf-8")
    return folder
