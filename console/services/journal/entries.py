"""What the journal takes and gives: drafts of facts in, entries out; and who acts."""

from collections.abc import Awaitable, Sequence
from dataclasses import dataclass, field, replace
from sys import intern
from typing import Protocol
from uuid import UUID

from console.domain.facts import Fact


@dataclass(frozen=True, slots=True)
class Actor:
    """Who makes a fact. The system itself acts as user "system", site files as "site-file"."""

    user_id: str
    login: str = ""
    name: str = ""
    roles: tuple[str, ...] = ()
    session_id: str = ""
    auth_method: str = ""
    policy_ver: int = 0  # how many facts about people and rights were known when this was decided


SYSTEM = Actor("system", "system", "Leitstand", ("system",))
SITE_FILE = Actor("site-file", "site-file", "site file", ("system",))


@dataclass(frozen=True, slots=True)
class Entry:
    """One stored event: the fact and its envelope. `rid` is the local receive order, `hash` the identity."""

    rid: int
    hash: bytes
    stream: UUID
    seq: int
    prev: bytes
    hlc: int
    wall_us: int
    station: UUID
    station_code: str
    actor: Actor
    fact: Fact | None  # None: a type that this version does not know; kept and forwarded
    etype: str
    ever: int
    entity_type: str
    entity_id: str
    reason: str
    parents: tuple[bytes, ...]
    payload_json: str
    is_own: bool
    body: bytes = field(default=b"", repr=False, compare=False)  # empty in a replay
    sig: bytes = field(default=b"", repr=False, compare=False)
    meaning: str = ""  # of an electronic signature
    policy_ver: int = 0

    def to_keep(self) -> "Entry":
        """Without what only carrying and proving need: a projection keeps a hundred thousand of them for years."""
        return replace(self, prev=b"", payload_json="", body=b"", sig=b"", entity_id=intern(self.entity_id))


class Journal(Protocol):
    """The append-only log. Lives in the main thread; writes happen in the writer thread (group commit)."""

    def append(
        self,
        facts: Sequence[Fact],
        actor: Actor,
        *,
        reason: str = "",
        parents: Sequence[bytes] = (),
        meaning: str = "",
    ) -> Awaitable[tuple[Entry, ...]]:
        """Append the facts as one transaction; the result comes when they are durable, and after every subscriber
        to `entries` has applied them. Raises `Refused` when the journal cannot write (disk full, read-only)."""
        ...
