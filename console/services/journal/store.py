"""The disk as the journal's core sees it: one protocol for SQLite and for the simulator's memory."""

from collections.abc import Collection, Iterable, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from typing import Protocol
from uuid import UUID

from console.domain.station_facts import StationRevoked
from console.services.journal.envelope import Event, RawEvent
from console.services.journal.event_table import Stream, Tip


@dataclass(frozen=True, slots=True)
class Held:
    """An event that waits for its predecessor; verified when that has come."""

    raw: RawEvent
    stream: UUID
    seq: int
    missing: bytes  # hash of the predecessor


@dataclass(frozen=True, slots=True)
class Rejection:
    """An event that was not taken, and why; its bytes are not kept."""

    hash: bytes
    stream: UUID | None
    seq: int
    reason: str
    peer: str
    since_us: int


class EventStore(Protocol):
    """One transaction on a journal. What was written counts once the transaction it belongs to is durable."""

    def meta(self, name: str) -> str | None: ...
    def set_meta(self, name: str, value: str) -> None: ...

    def stream(self, stream: UUID) -> Stream | None: ...
    def streams(self) -> tuple[Stream, ...]: ...
    def add_stream(self, stream: Stream, opened_hlc: int, predecessor: UUID | None) -> None: ...
    def close_stream(self, stream: UUID) -> None: ...
    def mark_forked(self, stream: UUID) -> None: ...

    def place_of(self, event_hash: bytes) -> tuple[UUID, int] | None:
        """Stream and seq of a stored event, None when it is not here."""
        ...

    def insert(self, event: Event, recv_from: str, recv_at: int) -> int:
        """Store an event whose stream exists; moves the stream's head and tips; gives its local receive order."""
        ...

    def tips(self) -> tuple[Tip, ...]: ...

    def events_after(self, stream: UUID, seq: int, event_hash: bytes, limit: int, size: int) -> list[RawEvent]:
        """Events behind (seq, hash) in that order: at most `limit` and, beyond the first, `size` bytes of bodies.

        It ends before an event whose content is in the archive alone (`archived_behind`)."""
        ...

    def archived_behind(self, stream: UUID, seq: int, event_hash: bytes) -> bool:
        """True when the next event behind (seq, hash) is known here, and its content is in the archive alone."""
        ...

    def hashes(self, stream: UUID, from_seq: int, to_seq: int) -> list[Tip]:
        """Every event of the stream with from_seq <= seq <= to_seq, ordered by (seq, hash)."""
        ...

    def events_by_hash(self, hashes: Sequence[bytes]) -> list[RawEvent]:
        """Those that are here, ordered by (stream, seq, hash)."""
        ...

    def flag(self, event_hash: bytes, flag: str, since_us: int) -> None: ...

    def hold(self, held: Held, recv_at: int) -> None:
        """Keep an event for when its predecessor comes; bounded in bytes, the oldest gives way."""
        ...

    def held_behind(self, event_hash: bytes) -> list[RawEvent]:
        """Events that wait for this one, taken out of the waiting room."""
        ...

    def note_rejection(self, rejection: Rejection) -> None: ...

    def revocations(self, station: UUID) -> Iterable[tuple[int, StationRevoked]]:
        """Each revocation of this station with its logical stamp."""
        ...

    def newest_stamp(self, furthest: int) -> int:
        """The newest logical stamp of all events that is not above `furthest`, 0 for none."""
        ...

    def newest_of(self, etypes: Collection[str]) -> int:
        """The newest logical stamp of events of these types, 0 for none."""
        ...

    def stamp_of(self, event_hash: bytes) -> int:
        """The logical stamp of a stored event, 0 when it is not here."""
        ...


class Disk(Protocol):
    """What a peer's questions are answered from: consistent views, each of one moment."""

    def read(self) -> AbstractContextManager[EventStore]: ...
