"""A journal that behaves like the real one but keeps its entries in memory: durable order, chained hashes, HLC."""

import asyncio
import hashlib
from collections.abc import Callable, Sequence
from dataclasses import fields
from itertools import count
from uuid import UUID

from console.domain.facts import Fact
from console.domain.refusal import Refused
from console.services.journal.entries import Actor, Entry
from console.services.notifier import Notifier


def entity_id(fact: Fact) -> str:
    """The first field of a fact names what it is about, as in the real journal."""
    return str(getattr(fact, fields(fact)[0].name)) if fields(fact) else ""


class MemoryLog:
    """`append` gives its entries to every subscriber of `entries` before it returns, one transaction after the other.

    `fail_with` makes the next appends refuse, as a full disk would. `receive` takes another station's entries.
    """

    def __init__(self, clock_us: Callable[[], int], code: str = "A1", number: int = 1) -> None:
        self.entries: Notifier[tuple[Entry, ...]] = Notifier()
        self.kept: list[Entry] = []
        self.fail_with: Refused | None = None
        self._clock_us = clock_us
        self._code = code
        self._station = UUID(int=number)
        self._stream = UUID(int=1000 + number)
        self._seq = count(1)
        self._prev = b"\0" * 32
        self._hlc = 0

    async def append(
        self,
        facts: Sequence[Fact],
        actor: Actor,
        *,
        reason: str = "",
        parents: Sequence[bytes] = (),
        meaning: str = "",
    ) -> tuple[Entry, ...]:
        await asyncio.sleep(0)  # the disk: others may run meanwhile
        if self.fail_with is not None:
            raise self.fail_with
        made = tuple(self._entry(fact, actor, reason, tuple(parents), meaning) for fact in facts)
        self.kept.extend(made)
        self.entries.notify(made)
        return made

    def receive(self, entries: Sequence[Entry]) -> None:
        """Entries of another station; known ones are ignored."""
        known = {entry.hash for entry in self.kept}
        fresh = tuple(entry for entry in entries if entry.hash not in known)
        self._hlc = max([self._hlc, *(entry.hlc for entry in fresh)])
        self.kept.extend(fresh)
        self.entries.notify(fresh)

    def facts(self, kind: type[Fact]) -> list[Fact]:
        """Facts of one kind in the order of their arrival."""
        return [entry.fact for entry in self.kept if isinstance(entry.fact, kind)]

    def _entry(self, fact: Fact, actor: Actor, reason: str, parents: tuple[bytes, ...], meaning: str) -> Entry:
        seq = next(self._seq)
        now = self._clock_us()
        self._hlc = max(self._hlc + 1, (now // 1000) << 16)
        body = repr((self._stream, seq, self._hlc, actor.user_id, fact, parents)).encode()
        prev, self._prev = self._prev, hashlib.sha256(self._prev + body).digest()
        return Entry(
            rid=len(self.kept) + 1,
            hash=self._prev,
            stream=self._stream,
            seq=seq,
            prev=prev,
            hlc=self._hlc,
            wall_us=now,
            station=self._station,
            station_code=self._code,
            actor=actor,
            fact=fact,
            etype=fact.etype,
            ever=fact.ever,
            entity_type=fact.entity_type,
            entity_id=entity_id(fact),
            reason=reason,
            parents=parents,
            payload_json=repr(fact),
            is_own=True,
            meaning=meaning,
            policy_ver=actor.policy_ver,
        )
