"""`leitstand bench startup`: the first window of the console beside a bare PySide6 window, both warm, same run."""

import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path
from statistics import median

from console.app.bench.ingest import bench_station
from console.app.bench.rows import BenchRow
from console.app.demo.child_process import own_environment

GOAL = 5.0
_BARE = """
from PySide6 import QtWidgets
app = QtWidgets.QApplication([])
window = QtWidgets.QMainWindow()
window.setCentralWidget(QtWidgets.QTableView())
window.resize(1600, 900)
window.show()
app.processEvents()
window.repaint()
print("shown", flush=True)
import os
os._exit(0)
"""
_OURS = """
import asyncio, os, sys
from pathlib import Path
from console.app.main import Console, in_window_loop
async def work():
    console = Console(Path(sys.argv[1]))
    console.show()
    await asyncio.sleep(0)
    console.window.repaint()
    print("shown", flush=True)
    os._exit(0)
in_window_loop(work)
"""
_SERVE = """
import asyncio, sys
from pathlib import Path
from console.app.folders import Folders
from console.app.serve import serve
folder = Path(sys.argv[1])
asyncio.run(serve(Folders(folder, folder), 0.5))
print(sum(name.split(".")[0].startswith("PySide6") for name in sys.modules))
"""


def run(quick: bool) -> Iterator[BenchRow]:
    environment = own_environment()
    if sys.platform.startswith("linux") and not os.environ.get("DISPLAY"):
        environment["QT_QPA_PLATFORM"] = "offscreen"
    with tempfile.TemporaryDirectory(prefix="leitstand-bench-", ignore_cleanup_errors=True) as scratch:
        folder = bench_station(Path(scratch) / "station", 1)
        times = {
            code: [_until_shown(code, folder, environment) for _ in range(4 if quick else 9)][1:]
            for code in (_BARE, _OURS)
        }
        bare, ours = median(times[_BARE]), median(times[_OURS])
        ratio = ours / bare
        yield BenchRow(
            "startup", "process start to first window", round(ours * 1000), "ms", "a bare PySide6 window",
            round(bare * 1000), round(ratio, 2), f"<= {GOAL:g} x", ratio <= GOAL,
        )  # fmt: skip
        served = subprocess.run(
            [sys.executable, "-c", _SERVE, str(folder)], env=environment, capture_output=True, text=True, check=True
        )
        count = int(served.stdout.strip().splitlines()[-1])
        yield BenchRow("startup", "PySide6 modules in `leitstand serve`", count, "modules", goal="0", holds=count == 0)


def _until_shown(code: str, folder: Path, environment: dict[str, str]) -> float:
    start = time.perf_counter()
    process = subprocess.Popen(
        [sys.executable, "-c", code, str(folder)], env=environment, stdout=subprocess.PIPE, text=True
    )
    assert process.stdout is not None
    for line in process.stdout:
        if line.strip() == "shown":
            took = time.perf_counter() - start
            process.wait()
            return took
    raise RuntimeError("no window was shown")
