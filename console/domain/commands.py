"""What an operator can ask for: imperatives, submitted through one door (`Station.submit`).

`name` is stable: the command line (`leitstand act NAME`), the permissions table and the actions table use it.
"""

from dataclasses import dataclass
from typing import ClassVar
from uuid import UUID

from console.domain import alarm_commands, audit_commands, master_commands, merge_commands, people_commands
from console.domain.alarms import Occurrence
from console.domain.command import Command as Command  # noqa: PLC0414 part of this module's face
from console.domain.history import annotations, export_commands, pen_groups
from console.domain.signatures import SignatureProof


@dataclass(frozen=True, slots=True)
class SignOn(Command):
    name: ClassVar[str] = "sign-on"
    login: str
    password: str


@dataclass(frozen=True, slots=True)
class SignOff(Command):
    name: ClassVar[str] = "sign-off"


@dataclass(frozen=True, slots=True)
class AcknowledgeAlarms(Command):
    """Acknowledges exactly the occurrences that were seen; one that is no longer on screen refuses the whole batch.

    With `signs` it is an electronic signature; it must be one when any of them demands it.
    """

    name: ClassVar[str] = "ack"
    occurrences: tuple[Occurrence, ...]
    comment: str = ""
    signs: bool = False
    proof: SignatureProof | None = None


@dataclass(frozen=True, slots=True)
class CommentAlarm(Command):
    name: ClassVar[str] = "comment"
    occurrence: Occurrence
    text: str


@dataclass(frozen=True, slots=True)
class SilenceHorn(Command):
    """Needs no sign-on; is logged for the position."""

    name: ClassVar[str] = "silence"


@dataclass(frozen=True, slots=True)
class OpenIncident(Command):
    """Impact and urgency 1..4 after the matrix in `domain.incidents`; the priority follows from them."""

    name: ClassVar[str] = "open-incident"
    title: str
    impact: int = 3
    urgency: int = 2
    description: str = ""
    occurrences: tuple[Occurrence, ...] = ()
    asset_ids: tuple[UUID, ...] = ()


@dataclass(frozen=True, slots=True)
class NoteIncident(Command):
    name: ClassVar[str] = "note-incident"
    incident_id: UUID
    text: str


@dataclass(frozen=True, slots=True)
class EditIncident(Command):
    name: ClassVar[str] = "edit-incident"
    incident_id: UUID
    field: str  # title, description, impact, urgency
    value: str | int


@dataclass(frozen=True, slots=True)
class LinkAlarms(Command):
    name: ClassVar[str] = "link-alarms"
    incident_id: UUID
    occurrences: tuple[Occurrence, ...]


@dataclass(frozen=True, slots=True)
class AssignIncident(Command):
    name: ClassVar[str] = "assign-incident"
    incident_id: UUID
    team: str
    agent: str


@dataclass(frozen=True, slots=True)
class PendIncident(Command):
    name: ClassVar[str] = "pend-incident"
    incident_id: UUID
    reason: str


@dataclass(frozen=True, slots=True)
class ResumeIncident(Command):
    name: ClassVar[str] = "resume-incident"
    incident_id: UUID


@dataclass(frozen=True, slots=True)
class ResolveIncident(Command):
    name: ClassVar[str] = "resolve-incident"
    incident_id: UUID
    resolution_code: str
    solution: str


@dataclass(frozen=True, slots=True)
class ReopenIncident(Command):
    name: ClassVar[str] = "reopen-incident"
    incident_id: UUID
    reason: str


@dataclass(frozen=True, slots=True)
class CloseIncident(Command):
    name: ClassVar[str] = "close-incident"
    incident_id: UUID


@dataclass(frozen=True, slots=True)
class CancelIncident(Command):
    name: ClassVar[str] = "cancel-incident"
    incident_id: UUID
    reason: str


@dataclass(frozen=True, slots=True)
class SavePreference(Command):
    name: ClassVar[str] = "save-preference"
    key: str
    value: str


@dataclass(frozen=True, slots=True)
class RequestRebirth(Command):
    """Asks one Sparkplug node for its birth certificate: writes to OT, so it has its own permission."""

    name: ClassVar[str] = "request-rebirth"
    broker: str
    group: str
    node: str


_ALL: tuple[type[Command], ...] = (
    SignOn,
    SignOff,
    AcknowledgeAlarms,
    CommentAlarm,
    SilenceHorn,
    OpenIncident,
    NoteIncident,
    EditIncident,
    LinkAlarms,
    AssignIncident,
    PendIncident,
    ResumeIncident,
    ResolveIncident,
    ReopenIncident,
    CloseIncident,
    CancelIncident,
    SavePreference,
    RequestRebirth,
    *alarm_commands.ALL,
    *merge_commands.ALL,
    *master_commands.ALL,
    *audit_commands.ALL,
    *people_commands.ALL,
    *annotations.COMMANDS,
    *pen_groups.COMMANDS,
    *export_commands.COMMANDS,
)
COMMANDS: dict[str, type[Command]] = {command.name: command for command in _ALL}
