"""What people can ask for when two consoles wrote at once: settle, merge, put right, take back."""

from dataclasses import dataclass
from typing import ClassVar
from uuid import UUID

from console.domain.alarms import Occurrence
from console.domain.command import Command


@dataclass(frozen=True, slots=True)
class UnacknowledgeAlarms(Command):
    """Takes back every acknowledgement that is known here of exactly these occurrences."""

    name: ClassVar[str] = "unacknowledge"
    occurrences: tuple[Occurrence, ...]
    comment: str = ""


@dataclass(frozen=True, slots=True)
class MergeIncidents(Command):
    """Both are about the same: the one with the smaller id becomes the root of the other."""

    name: ClassVar[str] = "merge-incidents"
    incident_id: UUID
    other_id: UUID
    reason: str


@dataclass(frozen=True, slots=True)
class AmendNote(Command):
    """`note` is the hash (hex) of the event that wrote it."""

    name: ClassVar[str] = "amend-note"
    incident_id: UUID
    note: str
    text: str
    reason: str


@dataclass(frozen=True, slots=True)
class ResolveConflict(Command):
    """Of values that were written at once: `field` is title, description, impact, urgency, state or agent.

    `value` is the chosen one: the field's value, the state's name, the agent's user id (empty: nobody).
    """

    name: ClassVar[str] = "resolve-conflict"
    incident_id: UUID
    field: str
    value: str | int
    reason: str


ALL: tuple[type[Command], ...] = (UnacknowledgeAlarms, MergeIncidents, AmendNote, ResolveConflict)
