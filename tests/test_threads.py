"""Threads live in the few files that ARCHITECTURE.md names, and nowhere else."""

import ast
from pathlib import Path

ROOT = Path(__file__).parent.parent / "console"
ALLOWED = {
    "services/identity/password_worker.py",
    "services/local_station.py",
    "services/reports/audit_acts.py",  # one, while an export is written
    "services/reports/record_work.py",  # one, while a file of master records is read or written
    "services/storage/readers.py",
    "services/storage/writer.py",
    "services/sync/history_lane.py",
    "services/sync/neighbour_link.py",
    "services/sync/replicator.py",
    "services/telemetry/mqtt_link.py",
    "app/bench/alarm_feed.py",  # stands in for the link to a broker
    "app/bench/history_store.py",  # reads while the bench writes, as a window does
    "app/bench/blast.py",  # a peer process, not the console
}
MAKERS = {"Thread", "ThreadPoolExecutor", "ProcessPoolExecutor", "QThread", "QThreadPool", "start_new_thread"}


def makers_of_threads() -> set[str]:
    found = set()
    for path in ROOT.rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Call):
                name = node.func.attr if isinstance(node.func, ast.Attribute) else getattr(node.func, "id", "")
                if name in MAKERS:
                    found.add(path.relative_to(ROOT).as_posix())
    return found


def test_threads_are_made_only_where_the_architecture_says():
    assert makers_of_threads() == ALLOWED
