"""Main thread: takes what the telemetry threads put into the inbox, in order, and walks it past everybody."""

import logging
import time
from collections import deque
from collections.abc import Callable, Sequence
from typing import Protocol

import numpy as np

from console.services.inbox import Inbox
from console.services.notifier import Notifier
from console.services.records import Trouble
from console.services.telemetry.batch import (
    Consumer,
    LinkChanged,
    Message,
    QualityChanged,
    SampleBatch,
    SessionChanged,
    TagsDefined,
    TroubleSeen,
)
from console.services.telemetry.tag_store import TagStore
from console.services.telemetry.watchdog import Watchdog

log = logging.getLogger(__name__)
_MAX_ROWS = 2_000  # told in one piece: about 10 ms of all consumers together, then the clock is looked at
_MAX_TAGS = 250  # so many new tags are told in one piece: a birth of 10,000 must not hold up the window
_RATE_S = 1.0


class Derived(Consumer, Protocol):
    """Makes tags of other tags. Told of everything first; what it says follows at once, to everybody."""

    def go_on(self, now_us: int) -> None:
        """Once a turn: what time alone changes."""

    def take(self) -> list[TagsDefined | SampleBatch | QualityChanged]:
        """What it has to say since the last call, in order."""


class Ingest:
    """`turn` is called every 15 ms (`pulse.TURN_S`): store first, then the consumers in their order.

    No sample skips one of them. `derived` says more at each step, in the same order and within the same budget.

    `troubles` notifies each counted trouble. `elapsed` measures the turn's own time, so that tests can inject it.
    """

    def __init__(
        self,
        inbox: Inbox[Message],
        store: TagStore,
        watchdog: Watchdog,
        consumers: Sequence[Consumer],
        *,
        elapsed: Callable[[], float] = time.perf_counter,
        derived: Derived | None = None,
    ) -> None:
        self.troubles: Notifier[Trouble] = Notifier()
        self.samples = 0
        self.samples_per_s = 0.0
        self.defects = 0
        self.lag_s = 0.0
        self.inbox = inbox
        self._pieces: deque[Message] = deque()  # of a message that is too long for one turn
        self._store = store
        self._watchdog = watchdog
        self._derived = derived
        self._consumers = (*consumers,) if derived is None else (derived, *consumers)
        self._elapsed = elapsed
        self._rate_since_s: float | None = None
        self._rate_samples = 0

    def turn(self, now_us: int, mono_s: float, budget_s: float = 0.012) -> int:
        """Work through the inbox until it is empty or the budget is used up; returns the samples taken."""
        until = self._elapsed() + budget_s
        before = self.samples
        self.lag_s = 0.0
        waiting: list[SampleBatch] = []
        rows = 0
        while True:
            message = self._next()
            self.lag_s = max(self.lag_s, self.inbox.lag_s)
            if isinstance(message, SampleBatch):
                waiting.append(message)
                rows += len(message)
            if waiting and (not isinstance(message, SampleBatch) or rows >= _MAX_ROWS or self._elapsed() >= until):
                self._samples(waiting, mono_s)
                waiting, rows = [], 0
            self._follow(mono_s)
            if message is None:
                break
            if not isinstance(message, SampleBatch):
                self._other(message, mono_s)
                self._follow(mono_s)
            if self._elapsed() >= until:
                break
        if waiting:
            self._samples(waiting, mono_s)
        # While we are behind, what a node has said may still wait in the inbox: its silence, and delays that run
        # on its watermark, are judged as of the oldest message that was not read yet.
        heard_until_s = mono_s - (self.inbox.lag_s if self.has_more else 0.0)
        self._quality(self._watchdog.check(now_us, heard_until_s))
        self._store.advance(heard_until_s)
        if self._derived is not None:
            self._derived.go_on(now_us)
            self._follow(mono_s)
        self._measure(mono_s)
        return self.samples - before

    @property
    def has_more(self) -> bool:
        """Something waits for the next turn."""
        return bool(self._pieces) or self.inbox.depth > 0

    def _next(self) -> Message | None:
        """The next message in order; a long definition of tags comes in pieces."""
        if not self._pieces:
            message = self.inbox.take()
            if not isinstance(message, TagsDefined) or len(message.tags) <= _MAX_TAGS:
                return message
            tags = message.tags
            self._pieces.extend(TagsDefined(tags[at : at + _MAX_TAGS]) for at in range(0, len(tags), _MAX_TAGS))
        return self._pieces.popleft()

    def _samples(self, batches: list[SampleBatch], mono_s: float) -> None:
        batch = self._store.apply(join(batches), mono_s)
        self.samples += len(batch)
        self._tell(lambda consumer: consumer.on_samples(batch))

    def _other(self, message: Message, mono_s: float) -> None:
        if isinstance(message, TagsDefined):
            self._store.define(message.tags, mono_s)
            self._tell(lambda consumer: consumer.on_tags(message.tags))
        elif isinstance(message, SessionChanged):
            self._quality(self._store.session(message))
            self._tell(lambda consumer: consumer.on_session(message))
        elif isinstance(message, LinkChanged):
            self._watchdog.link(message, mono_s)
            self._quality(self._store.link(message))
            self._tell(lambda consumer: consumer.on_link(message))
        elif isinstance(message, TroubleSeen):
            self.troubles.notify(message.trouble)

    def _follow(self, mono_s: float) -> None:
        """What the derived tags say to what was just told."""
        if self._derived is None:
            return
        for message in self._derived.take():
            if isinstance(message, TagsDefined):
                self._other(message, mono_s)
            elif isinstance(message, QualityChanged):
                self._quality(self._store.doubt(message))
            else:
                batch = self._store.apply(message, mono_s)
                self._tell(lambda consumer, batch=batch: consumer.on_samples(batch))  # type: ignore[misc]

    def _quality(self, changes: list[QualityChanged]) -> None:
        for change in changes:
            self._tell(lambda consumer, change=change: consumer.on_quality(change))  # type: ignore[misc]

    def _tell(self, call: Callable[[Consumer], None]) -> None:
        """A defect in one consumer is logged and counted; the others still hear everything."""
        for consumer in self._consumers:
            try:
                call(consumer)
            except Exception:
                self.defects += 1
                log.exception("a follower of the tags failed")

    def _measure(self, mono_s: float) -> None:
        if self._rate_since_s is None:
            self._rate_since_s, self._rate_samples = mono_s, self.samples
        elif mono_s - self._rate_since_s >= _RATE_S:
            self.samples_per_s = (self.samples - self._rate_samples) / (mono_s - self._rate_since_s)
            self._rate_since_s, self._rate_samples = mono_s, self.samples


def join(batches: Sequence[SampleBatch]) -> SampleBatch:
    """Consecutive batches as one, rows in order."""
    if len(batches) == 1:
        return batches[0]
    texts: dict[int, str] = {}
    exact: dict[int, int] = {}
    start = 0
    for batch in batches:
        texts.update((start + row, text) for row, text in batch.texts.items())
        exact.update((start + row, number) for row, number in batch.exact.items())
        start += len(batch)
    return SampleBatch(
        np.concatenate([b.handle for b in batches]),
        np.concatenate([b.source_us for b in batches]),
        np.concatenate([b.receive_us for b in batches]),
        np.concatenate([b.value for b in batches]),
        np.concatenate([b.quality for b in batches]),
        np.concatenate([b.detail for b in batches]),
        np.concatenate([b.flags for b in batches]),
        texts,
        exact,
    )
