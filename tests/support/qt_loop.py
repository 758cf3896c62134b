"""Qt and asyncio as one loop for a test, as in the program."""

import asyncio
from collections.abc import Callable, Coroutine
from typing import Any, TypeVar

import qasync
from PySide6.QtWidgets import QApplication

T = TypeVar("T")


def run(work: Coroutine[Any, Any, T], *, timeout_s: float = 20.0) -> T:
    """Run to its end in a loop of its own on the application that pytest-qt made."""
    app = QApplication.instance()
    assert isinstance(app, QApplication)
    app.setQuitOnLastWindowClosed(False)  # as the program does: a dialog that closes ends nothing
    loop = qasync.QEventLoop(app)
    asyncio.set_event_loop(loop)
    try:
        return loop.run_until_complete(asyncio.wait_for(work, timeout_s))
    finally:
        loop.close()
        asyncio.set_event_loop(None)


async def until(condition: Callable[[], object], *, timeout_s: float = 10.0) -> None:
    """Let the loop turn until the condition holds; AssertionError after the deadline."""
    loop = asyncio.get_running_loop()
    deadline = loop.time() + timeout_s
    while not condition():
        assert loop.time() < deadline, "waited in vain"
        await asyncio.sleep(0.005)
