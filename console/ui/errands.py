"""Asking the station from the window: keeps the running tasks, shows refusals where they belong, logs defects."""

import asyncio
import logging
from collections.abc import Callable, Coroutine
from typing import Any

from console.domain.refusal import Refused
from console.ui.translation import mark, tr, tr_refusal

log = logging.getLogger(__name__)
DEFECT_TEXT = mark("That did not work; nothing was changed. The log has the detail.")


class Errands:
    """Runs coroutines in the current event loop. `show(text)` tells the person why something was refused.

    Without a running loop (the program is ending) a coroutine is closed and nothing happens.
    """

    def __init__(self, show: Callable[[str], None]) -> None:
        self._show = show
        self._tasks: set[asyncio.Task[Any]] = set()

    def run(self, work: Coroutine[Any, Any, Any]) -> asyncio.Task[Any] | None:
        try:
            loop = asyncio.get_running_loop()
        except RuntimeError:
            work.close()
            return None
        task = loop.create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._done)
        return task

    def cancel(self) -> None:
        for task in tuple(self._tasks):
            task.cancel()

    def __len__(self) -> int:
        return len(self._tasks)

    def _done(self, task: asyncio.Task[Any]) -> None:
        self._tasks.discard(task)
        if task.cancelled():
            return
        error = task.exception()
        if isinstance(error, Refused):
            self._show(tr_refusal(error))
        elif error is not None:
            log.error("an errand of the window failed", exc_info=error)
            self._show(tr(DEFECT_TEXT))
