"""Sends entries to the projections that asked for their kind; one that fails stops neither the others nor the rest."""

import logging
from collections import defaultdict
from collections.abc import Callable
from typing import Any, TypeVar

from console.domain.facts import Fact
from console.services.journal.entries import Entry
from console.services.notifier import Undo

F = TypeVar("F", bound=Fact)
Handler = Callable[[Entry, F], None]
log = logging.getLogger(__name__)


class Projector:
    """`on(FactClass, handler)`; feed it from `JournalLog.replay` and `JournalLog.entries`.

    Handlers must give the same state for any order of concurrent entries. `failed` counts entries whose handler
    raised: they stay in the journal, their entity is incomplete.
    """

    def __init__(self) -> None:
        self.failed = 0
        self._handlers: dict[str, list[Handler[Any]]] = defaultdict(list)

    def on(self, kind: type[F], handler: Handler[F]) -> Undo:
        """Call `handler(entry, fact)` for every entry of this kind."""
        handlers = self._handlers[kind.etype]
        handlers.append(handler)
        return lambda: handlers.remove(handler)

    def apply(self, entries: tuple[Entry, ...]) -> None:
        """Route entries in their order; unknown kinds (fact None) are left alone."""
        for entry in entries:
            if entry.fact is None:
                continue
            for handler in tuple(self._handlers.get(entry.etype, ())):
                try:
                    handler(entry, entry.fact)
                except Exception:
                    self.failed += 1
                    log.exception("a projection failed at %s of %s", entry.etype, entry.hash.hex()[:12])
