"""What the rest of the services knows of storage: run a function on the writer's or a reader's connection."""

from collections.abc import Awaitable, Callable
from typing import Protocol, TypeVar

from sqlalchemy.engine import Connection

T = TypeVar("T")


class Writer(Protocol):
    """One thread, one connection, `BEGIN IMMEDIATE`, group commit: functions queued together share a transaction.

    The result arrives in the main loop only after the commit. A function that raises undoes only itself (savepoint).
    """

    def write(self, function: Callable[[Connection], T]) -> Awaitable[T]: ...


class Reader(Protocol):
    """Read-only connections in their own threads; cancelling the await interrupts the query."""

    def read(self, function: Callable[[Connection], T]) -> Awaitable[T]: ...
