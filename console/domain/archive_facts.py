"""Facts about old parts of the journal: what was sealed into files, and what was taken out of the tables then."""

from dataclasses import dataclass
from typing import ClassVar
from uuid import UUID

from console.domain.fact import Fact


@dataclass(frozen=True, slots=True)
class JournalArchived(Fact):
    """A part of a stream was sealed into a file, proven, and may leave this station's table. Hashes are hex.

    `first_us` and `last_us` are the logical times of its first and last event; `uri` is where the file was written.
    """

    etype: ClassVar[str] = "journal.archived"
    entity_type: ClassVar[str] = "stream"
    stream: UUID
    from_seq: int
    to_seq: int
    first_prev: str
    last_hash: str
    count: int
    merkle_root: str
    first_us: int
    last_us: int
    uri: str


@dataclass(frozen=True, slots=True)
class JournalPruned(Fact):
    """Finished entries before this moment are at this station in the archive alone; `held_by` has them besides."""

    etype: ClassVar[str] = "journal.pruned"
    entity_type: ClassVar[str] = "station"
    station_id: UUID
    before_us: int
    events: int
    held_by: str


ALL: tuple[type[Fact], ...] = (JournalArchived, JournalPruned)
