"""Read-only connections in their own threads; an await that is cancelled interrupts its query."""

import asyncio
import threading
import time
from collections import deque
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeVar

from sqlalchemy import Engine
from sqlalchemy.engine import Connection
from sqlalchemy.exc import DBAPIError

from console.domain.refusal import Refused
from console.services.storage.failures import is_damage, opening_refusal

T = TypeVar("T")
_STEPS = 10_000  # of SQLite's machine between two looks at the cancellation, well below a millisecond


@dataclass(slots=True, eq=False)
class _Question:
    function: Callable[[Connection], Any]
    future: "asyncio.Future[Any]"
    loop: asyncio.AbstractEventLoop
    is_cancelled: bool = False
    is_overdue: bool = False
    since_s: float = 0.0  # monotonic, when a thread took it

    def on_done(self, done: "asyncio.Future[Any]") -> None:
        self.is_cancelled = done.cancelled()


class ReaderPool:
    """Implements `ports.Reader`: `size` threads, one read-only connection each; each question sees one snapshot.

    A question that meets damage in the file is answered with DamagedDatabase; others raise what they raise.
    """

    def __init__(self, engine: Engine, name: str, path: Path, size: int = 2) -> None:
        self._engine = engine
        self._path = path
        self._questions: deque[_Question] = deque()
        self._running: list[_Question] = []
        self._ready = threading.Condition()
        self._closing = False
        self._threads = [
            threading.Thread(target=self._run, name=f"{name} {number + 1}", daemon=True) for number in range(size)
        ]
        for thread in self._threads:
            thread.start()

    def read(self, function: Callable[[Connection], T]) -> "asyncio.Future[T]":
        """Queue `function(connection)`; cancel the future to give the question up, even while it runs."""
        loop = asyncio.get_running_loop()
        future: asyncio.Future[T] = loop.create_future()
        question = _Question(function, future, loop)
        future.add_done_callback(question.on_done)
        with self._ready:
            if self._closing:
                future.set_exception(Refused("The station is closing."))
                return future
            self._questions.append(question)
            self._ready.notify()
        return future

    def interrupt_older(self, seconds: float) -> int:
        """End questions that have been running longer, whose snapshot keeps the WAL from beginning anew.

        Whoever asked gets Refused. Gives how many were ended.
        """
        before_s = time.monotonic() - seconds
        with self._ready:
            overdue = [question for question in self._running if question.since_s < before_s]
        for question in overdue:
            question.is_overdue = True
        return len(overdue)

    def close(self) -> None:
        """Interrupt nothing, answer nothing more, end the threads and their connections."""
        with self._ready:
            self._closing = True
            self._ready.notify_all()
        for thread in self._threads:
            thread.join()
        self._engine.dispose()

    def _run(self) -> None:
        connection: Connection | None = None
        error: Exception | None
        while (question := self._take()) is not None:
            try:
                connection = connection or self._engine.connect()
                result, error = self._ask(connection, question), None
            except DBAPIError as failure:
                result, error = None, opening_refusal(failure, self._path) if is_damage(failure) else failure
            except Exception as failure:
                result, error = None, failure
            with suppress(RuntimeError):  # the loop is closed: nobody waits
                question.loop.call_soon_threadsafe(_settle, question.future, result, error)
        if connection is not None:
            connection.close()

    def _take(self) -> _Question | None:
        with self._ready:
            while True:
                if self._closing:
                    return None
                if self._questions:
                    return self._questions.popleft()
                self._ready.wait()

    def _ask(self, connection: Connection, question: _Question) -> Any:
        if question.is_cancelled:
            return None
        driver = connection.connection.driver_connection
        assert driver is not None
        # Asked by SQLite as it works: an interrupt from outside is lost when it falls between two statements.
        driver.set_progress_handler(lambda: question.is_cancelled or question.is_overdue, _STEPS)
        question.since_s = time.monotonic()
        with self._ready:
            self._running.append(question)
        try:
            with connection.begin() as transaction:
                result = question.function(connection)
                transaction.rollback()
                return result
        except DBAPIError as error:
            if question.is_overdue and not question.is_cancelled:
                raise Refused("The question took too long and was ended: the journal could not be tidied.") from error
            raise
        finally:
            with self._ready:
                self._running.remove(question)
            driver.set_progress_handler(None, 0)


def _settle(future: "asyncio.Future[Any]", result: Any, error: BaseException | None) -> None:
    if future.done():
        return
    if error is not None:
        future.set_exception(error)
    else:
        future.set_result(result)
