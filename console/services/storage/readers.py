"""Read-only connections in their own threads; an await that is cancelled interrupts its query."""

import asyncio
import threading
from collections import deque
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from typing import Any, TypeVar

from sqlalchemy import Engine
from sqlalchemy.engine import Connection

from console.domain.refusal import Refused

T = TypeVar("T")


@dataclass(slots=True, eq=False)
class _Question:
    function: Callable[[Connection], Any]
    future: "asyncio.Future[Any]"
    loop: asyncio.AbstractEventLoop
    is_cancelled: bool = False
    interrupt: Callable[[], None] | None = None  # while it runs


class ReaderPool:
    """Implements `ports.Reader`: `size` threads, one read-only connection each; each question sees one snapshot."""

    def __init__(self, engine: Engine, name: str, size: int = 2) -> None:
        self._engine = engine
        self._questions: deque[_Question] = deque()
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
        future.add_done_callback(lambda done: self._give_up(question) if done.cancelled() else None)
        with self._ready:
            if self._closing:
                future.set_exception(Refused("The station is closing."))
                return future
            self._questions.append(question)
            self._ready.notify()
        return future

    def close(self) -> None:
        """Interrupt nothing, answer nothing more, end the threads and their connections."""
        with self._ready:
            self._closing = True
            self._ready.notify_all()
        for thread in self._threads:
            thread.join()
        self._engine.dispose()

    def _give_up(self, question: _Question) -> None:
        with self._ready:
            question.is_cancelled = True
            if question.interrupt is not None:
                question.interrupt()

    def _run(self) -> None:
        connection: Connection | None = None
        while (question := self._take()) is not None:
            try:
                connection = connection or self._engine.connect()
                result, error = self._ask(connection, question), None
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
        driver = connection.connection.driver_connection
        assert driver is not None
        with self._ready:
            if question.is_cancelled:
                return None
            question.interrupt = driver.interrupt
        try:
            with connection.begin() as transaction:
                result = question.function(connection)
                transaction.rollback()
                return result
        finally:
            with self._ready:
                question.interrupt = None


def _settle(future: "asyncio.Future[Any]", result: Any, error: BaseException | None) -> None:
    if future.done():
        return
    if error is not None:
        future.set_exception(error)
    else:
        future.set_result(result)
