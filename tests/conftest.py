"""Guards for every test: no leaked threads or tasks, no Qt warnings, no unexpected log lines."""

import gc
import itertools
import logging
import os
import tempfile
import threading
import time
from collections.abc import Iterator

import pytest
from hypothesis import settings

# Everybody's run draws the same examples, so that one commit is green or red everywhere. Who searches for more asks for
# LEITSTAND_HYPOTHESIS=random, in runs of many examples.
settings.register_profile("steady", derandomize=True)
settings.register_profile("random")
settings.load_profile(os.environ.get("LEITSTAND_HYPOTHESIS", "steady"))

os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")
os.environ.setdefault("PYQTGRAPH_QT_LIB", "PySide6")
os.environ["LEITSTAND_ANCHOR_DIR"] = tempfile.mkdtemp(prefix="leitstand-anchors-")  # for what outlives one test
os.environ["LEITSTAND_BALLAST_MB"] = "0"

_GRACE_S = 3.0
_TESTS = itertools.count()


def pytest_collection_finish() -> None:
    """What the imports made stays: out of the collector's sight, so that collecting after each test is cheap."""
    gc.collect()
    gc.freeze()


class _Recorder(logging.Handler):
    def __init__(self) -> None:
        super().__init__(logging.WARNING)
        self.lines: list[str] = []

    def emit(self, record: logging.LogRecord) -> None:
        if record.name.startswith(("console", "asyncio", "qasync")):
            self.lines.append(self.format(record))


class LogLines:
    """What the test may log at warning or above: `expect(fragment)`; everything else fails the test."""

    def __init__(self) -> None:
        self.fragments: list[str] = []

    def expect(self, fragment: str) -> None:
        self.fragments.append(fragment)


@pytest.fixture(autouse=True)
def _anchors_of_this_test_only(monkeypatch: pytest.MonkeyPatch, tmp_path_factory: pytest.TempPathFactory) -> None:
    """Tests use the same station ids again: one test's anchor would tell the next that its journal was set back."""
    folder = tmp_path_factory.getbasetemp() / "anchors" / str(next(_TESTS))  # made by who writes one
    monkeypatch.setenv("LEITSTAND_ANCHOR_DIR", str(folder))


@pytest.fixture
def log_lines() -> LogLines:
    return LogLines()


@pytest.fixture(autouse=True)
def _nothing_unexpected_is_logged(log_lines: LogLines) -> Iterator[None]:
    recorder = _Recorder()
    logging.getLogger().addHandler(recorder)
    yield
    gc.collect()  # a task destroyed while pending logs when collected
    logging.getLogger().removeHandler(recorder)
    unexpected = [line for line in recorder.lines if not any(part in line for part in log_lines.fragments)]
    assert not unexpected, "unexpected log lines:\n" + "\n".join(unexpected)


@pytest.fixture(autouse=True)
def _no_thread_is_left(request: pytest.FixtureRequest) -> Iterator[None]:
    before = set(threading.enumerate())
    yield
    deadline = time.monotonic() + _GRACE_S
    left: list[threading.Thread] = []
    while time.monotonic() < deadline:
        left = [t for t in threading.enumerate() if t not in before and t.is_alive()]
        if not left:
            return
        left[0].join(0.05)
    raise AssertionError(f"threads left running: {left}")


@pytest.fixture(autouse=True)
def _no_qt_warning(request: pytest.FixtureRequest) -> Iterator[None]:
    yield
    capture = getattr(request.node, "qt_log_capture", None)
    if capture is None:
        return
    harmless = ("propagateSizeHints", "XDG_RUNTIME_DIR", "No audio device", "PulseAudio", "pulse")
    bad = [r.message for r in capture.records if r.type_name != "QtDebugMsg"]
    bad = [m for m in bad if not any(part in m for part in harmless)]
    assert not bad, "Qt warnings:\n" + "\n".join(bad)
