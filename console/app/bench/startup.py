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
print("furnished", flush=True)
import os
os._exit(0)
"""
_OURS = """
import asyncio, os, sys
from pathlib import Path
from console.app.main import Console, in_window_loop
from console.app.frame.main_window import MainWindow
open_docks = MainWindow.open_docks
def after_first_paint(window):
    print("shown", flush=True)
    open_docks(window)
    print("furnished", flush=True)
    os._exit(0)
MainWindow.open_docks = after_first_paint
async def work():
    Console(Path(sys.argv[1])).show()
    await asyncio.sleep(30)
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
        runs = 4 if quick else 9
        for code in (_BARE, _OURS):
            _times(code, folder, environment)  # warm
        # in turns, so that a busy moment of the machine hits both
        pairs = [(_times(_BARE, folder, environment), _times(_OURS, folder, environment)) for _ in range(runs)]
        bare = median(pair[0]["shown"] for pair in pairs)
        for case, word, goal in (
            ("process start to first window painted", "shown", GOAL),
            ("process start to docks and first view", "furnished", None),
        ):
            ours = median(pair[1][word] for pair in pairs)
            ratio = ours / bare
            yield BenchRow(
                "startup", case, round(ours * 1000), "ms", "a bare PySide6 window", round(bare * 1000), round(ratio, 2),
                f"<= {goal:g} x" if goal else "", ratio <= goal if goal else None,
            )  # fmt: skip
        served = subprocess.run(
            [sys.executable, "-c", _SERVE, str(folder)], env=environment, capture_output=True, text=True, check=True
        )
        count = int(served.stdout.strip().splitlines()[-1])
        yield BenchRow("startup", "PySide6 modules in `leitstand serve`", count, "modules", goal="0", holds=count == 0)


def _times(code: str, folder: Path, environment: dict[str, str]) -> dict[str, float]:
    """Seconds from the process's start to each word that it prints."""
    start = time.perf_counter()
    process = subprocess.Popen(
        [sys.executable, "-c", code, str(folder)], env=environment, stdout=subprocess.PIPE, text=True
    )
    assert process.stdout is not None
    told = {line.strip(): time.perf_counter() - start for line in process.stdout}
    process.wait()
    if not {"shown", "furnished"} <= told.keys():
        raise RuntimeError("no window was shown")
    return told
