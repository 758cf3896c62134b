"""Facts that tidy up incidents after a partition: two that are one, and a note that was put right."""

from dataclasses import dataclass
from typing import ClassVar
from uuid import UUID

from console.domain.fact import Fact


@dataclass(frozen=True, slots=True)
class IncidentMerged(Fact):
    """A person found that both are about the same; they stay two records under one root, the smallest id."""

    etype: ClassVar[str] = "incident.merged"
    entity_type: ClassVar[str] = "incident"
    incident_id: UUID
    other_id: UUID
    reason: str = ""


@dataclass(frozen=True, slots=True)
class IncidentNoteAmended(Fact):
    """Another text for a note, with the reason; what was written before stays readable, struck through.

    `note` is the hash (hex) of the event that wrote the note first.
    """

    etype: ClassVar[str] = "incident.note_amended"
    entity_type: ClassVar[str] = "incident"
    incident_id: UUID
    note: str
    text: str
    reason: str


ALL: tuple[type[Fact], ...] = (IncidentMerged, IncidentNoteAmended)
