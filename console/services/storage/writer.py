"""The one thread that writes a database: functions queued together share one durable commit."""

import asyncio
import logging
import threading
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, TypeVar

from sqlalchemy import Engine
from sqlalchemy.engine import Connection

from console.domain.refusal import Refused
from console.services.storage.direct import direct
from console.services.storage.failpoints import reach
from console.services.storage.failures import as_refusal, is_locked

T = TypeVar("T")
_GROUP = 256  # functions per commit, so that one flood does not delay the first answer
log = logging.getLogger(__name__)


@dataclass(slots=True)
class _Job:
    function: Callable[[Connection], Any]
    future: "asyncio.Future[Any]"
    loop: asyncio.AbstractEventLoop
    result: Any = None
    error: BaseException | None = None


class WriterThread:
    """Implements `ports.Writer`. One connection, `BEGIN IMMEDIATE`, a savepoint per function, group commit.

    A function may run a second time when the group it was in could not commit, so it keeps no state of its own.
    Results come to the loop that was running at `write`, in the order of writing, after the commit. A full disk
    refuses what was asked and the thread lives on; a file that another program locks does so after 5 s. A queued
    function is done even if its caller no longer waits.
    """

    def __init__(self, engine: Engine, name: str) -> None:
        self._engine = engine
        self._name = name
        self._jobs: deque[_Job] = deque()
        self._ready = threading.Condition()
        self._closing = False
        self._thread = threading.Thread(target=self._run, name=name, daemon=True)
        self._thread.start()

    def write(self, function: Callable[[Connection], T]) -> "asyncio.Future[T]":
        """Queue `function(connection)`; the future has its result when it is durable, or its error (then undone)."""
        loop = asyncio.get_running_loop()
        future: asyncio.Future[T] = loop.create_future()
        with self._ready:
            if self._closing:
                future.set_exception(Refused("Not saved: the station is closing."))
                return future
            self._jobs.append(_Job(function, future, loop))
            self._ready.notify()
        return future

    @property
    def depth(self) -> int:
        """Functions that wait."""
        return len(self._jobs)

    def close(self) -> None:
        """Finish everything queued, then end the thread and its connection."""
        with self._ready:
            self._closing = True
            self._ready.notify()
        self._thread.join()
        self._engine.dispose()

    def _run(self) -> None:
        connection: Connection | None = None
        while (group := self._take()) is not None:
            try:
                if connection is None or connection.invalidated:
                    connection = self._engine.connect()
                self._commit(connection, group)
            except Exception as error:  # the file cannot even be opened
                for job in group:
                    job.error = error
            _deliver(group)
        if connection is not None:
            connection.close()

    def _take(self) -> list[_Job] | None:
        with self._ready:
            while not self._jobs:
                if self._closing:
                    return None
                self._ready.wait()
            return [self._jobs.popleft() for _ in range(min(len(self._jobs), _GROUP))]

    def _commit(self, connection: Connection, group: list[_Job]) -> None:
        error = _attempt(connection, group)
        if error is None:
            return
        if len(group) == 1 or is_locked(error):  # waiting again for each would hold 256 answers back for minutes
            for job in group:
                job.error, job.result = error, None
            return
        for job in group:  # the group failed as a whole: each gets its own chance and its own answer
            job.error, job.result = None, None
            job.error = _attempt(connection, [job]) or job.error


def _attempt(connection: Connection, group: list[_Job]) -> BaseException | None:
    """Run the group in one transaction; the error that undid all of it, or None when it is committed."""
    try:
        reach("begin.before")
        with connection.begin():
            reach("begin.after")
            for job in group:
                _run_one(connection, job, is_alone=len(group) == 1)
            reach("commit.before")
        reach("commit.after")
    except Exception as error:
        return error
    return None


def _run_one(connection: Connection, job: _Job, *, is_alone: bool) -> None:
    """A function that is alone in its transaction needs no savepoint: it is undone with it."""
    if is_alone:
        reach("insert.before")
        job.result = job.function(connection)
        reach("insert.after")
        return
    direct(connection, "SAVEPOINT job")
    try:
        reach("insert.before")
        job.result = job.function(connection)
        reach("insert.after")
    except Exception as error:
        if not _in_transaction(connection):
            raise  # SQLite undid the whole transaction (disk full, I/O error)
        direct(connection, "ROLLBACK TO job")
        job.error, job.result = error, None
    direct(connection, "RELEASE job")


def _in_transaction(connection: Connection) -> bool:
    return bool(getattr(connection.connection.driver_connection, "in_transaction", False))


def _deliver(group: list[_Job]) -> None:
    """Hand the answers over in order, one wake-up per loop."""
    reach("receipt.before")
    by_loop: dict[int, list[_Job]] = {}
    for job in group:
        by_loop.setdefault(id(job.loop), []).append(job)
    for jobs in by_loop.values():
        try:
            jobs[0].loop.call_soon_threadsafe(_settle, jobs)
        except RuntimeError:
            log.debug("the loop was closed before its writes were answered")


def _settle(jobs: list[_Job]) -> None:
    for job in jobs:
        if job.future.done():
            if job.error is not None:
                log.warning("a write failed and nobody waited for it: %s", job.error)
        elif job.error is not None:
            job.future.set_exception(as_refusal(job.error))
        else:
            job.future.set_result(job.result)
