"""The plant of `leitstand bench alarms`: 100,000 tags with a limit each, and who moves them over it and back.

Messages go into the station's own inbox from a thread of their own, as those of a broker link do; each sample crosses
its limit, so each one is one transition. Source time is when it was meant to happen: what comes late counts as late.
"""

import threading
import time

import numpy as np
from numpy.typing import NDArray

from console.domain.tags import Tag, TagSource
from console.domain.values import ValueType
from console.services.inbox import Inbox
from console.services.records import LinkRecord
from console.services.telemetry.batch import LinkChanged, Message, SampleBatch, TagsDefined
from console.services.telemetry.handles import HandleTable

TAGS = 100_000
PER_MESSAGE = 20
STEP_S = 0.02
LOW, HIGH = 50.0, 80.0
_BROKER = "bench"
_PER_DEVICE, _PER_NODE = 50, 1000
_RULE = """
[[rule]]
id = "{name}"
tag = "*/{name}-*"
h = 70.0
deadband = 1.0
priority = "{name}"
text = "Level too high"
"""
RULES = "version = 2\n" + "".join(_RULE.format(name=name) for name in ("critical", "high", "medium", "low"))
# of 20 tags: 5 % critical, 15 % high, 40 % medium, 40 % low
_PRIORITIES = ("critical", *("high",) * 3, *("medium",) * 8, *("low",) * 8)


def handles_of(*names: str) -> NDArray[np.int32]:
    """The tags whose alarm has one of these priorities."""
    wanted = [at for at, name in enumerate(_PRIORITIES) if name in names]
    every = np.arange(TAGS, dtype=np.int32)
    return every[np.isin(every % len(_PRIORITIES), wanted)]


def plant(handles: HandleTable) -> tuple[Tag, ...]:
    """All tags, defined as a birth defines them."""
    return tuple(handles.define(_source(at), ValueType.DOUBLE, "m")[0] for at in range(TAGS))


def _source(at: int) -> TagSource:
    node, device = f"node {at // _PER_NODE}", f"tank {at // _PER_DEVICE}"
    return TagSource(_BROKER, "plant", node, device, f"{_PRIORITIES[at % len(_PRIORITIES)]}-{at}")


class Feed:
    """Fills the inbox. `put_us` of a burst is the wall time of each sample, so that who paints it knows its age."""

    def __init__(self, inbox: Inbox[Message], seed: int = 7) -> None:
        self._inbox = inbox
        self._rng = np.random.default_rng(seed)
        self.is_high = np.zeros(TAGS, bool)
        self.sent = 0

    def define(self, tags: tuple[Tag, ...]) -> None:
        """The link is up, every tag is known and within its limit."""
        at_us = time.time_ns() // 1000
        self._inbox.put(LinkChanged(_BROKER, LinkRecord(f"broker:{_BROKER}", "live", at_us), at_us))
        for first in range(0, len(tags), 1000):
            self._inbox.put(TagsDefined(tags[first : first + 1000]))
        every = np.arange(TAGS, dtype=np.int32)
        for first in range(0, TAGS, 10_000):
            self._inbox.put(self._batch(every[first : first + 10_000], at_us))

    def flip(self, handles: NDArray[np.int32], at_us: int | None = None) -> int:
        """These cross their limit, now or at `at_us`; gives the time in us."""
        at_us = time.time_ns() // 1000 if at_us is None else at_us
        self.is_high[handles] ^= True
        self._inbox.put(self._batch(handles, at_us))
        self.sent += len(handles)
        return at_us

    def burst(self, handles: NDArray[np.int32]) -> None:
        """All of them at once, in messages as nodes send them."""
        for first in range(0, len(handles), PER_MESSAGE):
            self.flip(handles[first : first + PER_MESSAGE])

    def steady(self, per_s: int, seconds: float) -> threading.Thread:
        """Random tags at an even pace, in a thread that is started here."""
        thread = threading.Thread(target=self._steady, args=(per_s, seconds), name="bench feed", daemon=True)
        thread.start()
        return thread

    def _steady(self, per_s: int, seconds: float) -> None:
        pause, start, start_us = threading.Event(), time.monotonic(), time.time_ns() // 1000
        each = round(per_s * STEP_S)
        for turn in range(round(seconds / STEP_S)):
            due_s = turn * STEP_S
            pause.wait(max(0.0, start + due_s - time.monotonic()))
            some = np.unique(self._rng.integers(0, TAGS, each, np.int32))
            self.flip(some, start_us + int(due_s * 1e6))

    def _batch(self, handles: NDArray[np.int32], at_us: int) -> SampleBatch:
        n = len(handles)
        times, zeros = np.full(n, at_us, np.int64), np.zeros(n, np.uint8)
        value = np.where(self.is_high[handles], HIGH, LOW)
        return SampleBatch(handles, times, times, value, zeros, zeros, zeros)
