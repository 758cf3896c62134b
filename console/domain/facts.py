"""What can become a journal entry: immutable facts in the past tense. Names and versions are stable for ever.

A fact's `entity` is what it is about; its fields are its payload. `FACTS` maps the stored name to the class.
"""

from dataclasses import dataclass
from typing import ClassVar
from uuid import UUID

from console.domain import alarm_facts, archive_facts, incident_facts, master_facts, people_facts, station_facts
from console.domain.fact import Fact as Fact  # noqa: PLC0414 part of this module's face
from console.domain.history import annotations, pen_groups
from console.domain.station_facts import StreamOpened as StreamOpened  # noqa: PLC0414 part of this module's face


@dataclass(frozen=True, slots=True)
class AlarmAcknowledged(Fact):
    """Covers every occurrence of the condition that starts in [start_us, seen_through_us]."""

    etype: ClassVar[str] = "alarm.acknowledged"
    entity_type: ClassVar[str] = "condition"
    condition_id: UUID
    start_us: int
    seen_through_us: int
    comment: str = ""


@dataclass(frozen=True, slots=True)
class AlarmCommented(Fact):
    etype: ClassVar[str] = "alarm.commented"
    entity_type: ClassVar[str] = "condition"
    condition_id: UUID
    start_us: int
    text: str


@dataclass(frozen=True, slots=True)
class HornSilenced(Fact):
    etype: ClassVar[str] = "horn.silenced"
    entity_type: ClassVar[str] = "position"
    position: str
    through_us: int  # newest annunciation that was sounding


@dataclass(frozen=True, slots=True)
class IncidentOpened(Fact):
    etype: ClassVar[str] = "incident.opened"
    entity_type: ClassVar[str] = "incident"
    incident_id: UUID
    number: str
    title: str
    impact: int  # 1..4, itsm matrix
    urgency: int  # 1..4
    description: str = ""
    asset_ids: tuple[UUID, ...] = ()


@dataclass(frozen=True, slots=True)
class IncidentAlarmLinked(Fact):
    etype: ClassVar[str] = "incident.alarm_linked"
    entity_type: ClassVar[str] = "incident"
    incident_id: UUID
    condition_id: UUID
    start_us: int
    text: str = ""


@dataclass(frozen=True, slots=True)
class IncidentNoted(Fact):
    etype: ClassVar[str] = "incident.noted"
    entity_type: ClassVar[str] = "incident"
    incident_id: UUID
    text: str


@dataclass(frozen=True, slots=True)
class IncidentFieldSet(Fact):
    """Multi-value register: `field` is title, description, impact, urgency or pending_reason."""

    etype: ClassVar[str] = "incident.field_set"
    entity_type: ClassVar[str] = "incident"
    incident_id: UUID
    field: str
    value: str | int


@dataclass(frozen=True, slots=True)
class IncidentMoved(Fact):
    """A state transition of the incident; `event` is the transition's name in `domain.incidents`."""

    etype: ClassVar[str] = "incident.moved"
    entity_type: ClassVar[str] = "incident"
    incident_id: UUID
    event: str
    to: str
    team: str = ""
    agent: str = ""  # user id
    resolution_code: str = ""
    solution: str = ""
    reason: str = ""
    seen: int = 0  # of a closing: how many events of the incident its parents stand for; 0: an older version's


@dataclass(frozen=True, slots=True)
class UserSignedOn(Fact):
    etype: ClassVar[str] = "user.signed_on"
    entity_type: ClassVar[str] = "user"
    user_id: str
    method: str = "password"


@dataclass(frozen=True, slots=True)
class UserSignedOff(Fact):
    etype: ClassVar[str] = "user.signed_off"
    entity_type: ClassVar[str] = "user"
    user_id: str
    why: str = ""


@dataclass(frozen=True, slots=True)
class SignOnFailed(Fact):
    """Older versions wrote the login of a known person; it is not read any more (P29)."""

    etype: ClassVar[str] = "user.sign_on_failed"
    entity_type: ClassVar[str] = "user"
    user_id: str = ""  # "(unknown)" for a login that nobody has
    why: str = ""


@dataclass(frozen=True, slots=True)
class ActRefused(Fact):
    """Access denied: somebody asked for what his role may not do."""

    etype: ClassVar[str] = "act.refused"
    entity_type: ClassVar[str] = "user"
    user_id: str
    command: str
    why: str


@dataclass(frozen=True, slots=True)
class SiteFileApplied(Fact):
    etype: ClassVar[str] = "site.file_applied"
    entity_type: ClassVar[str] = "site"
    file: str
    sha256: str
    summary: str = ""


@dataclass(frozen=True, slots=True)
class PreferenceSaved(Fact):
    """Layouts, theme, language and the like of a person; `value` is JSON text."""

    etype: ClassVar[str] = "preference.saved"
    entity_type: ClassVar[str] = "user"
    user_id: str
    key: str
    value: str


@dataclass(frozen=True, slots=True)
class RebirthRequested(Fact):
    """Somebody asked a Sparkplug node for its birth certificate: written down before it is sent."""

    etype: ClassVar[str] = "node.rebirth_requested"
    entity_type: ClassVar[str] = "node"
    node_path: str  # broker/group/node


_OWN: tuple[type[Fact], ...] = (
    AlarmAcknowledged,
    AlarmCommented,
    HornSilenced,
    IncidentOpened,
    IncidentAlarmLinked,
    IncidentNoted,
    IncidentFieldSet,
    IncidentMoved,
    UserSignedOn,
    UserSignedOff,
    SignOnFailed,
    ActRefused,
    SiteFileApplied,
    PreferenceSaved,
    RebirthRequested,
)
FACTS: dict[str, type[Fact]] = {
    fact.etype: fact
    for fact in (
        *station_facts.ALL,
        *people_facts.ALL,
        *_OWN,
        *alarm_facts.ALL,
        *incident_facts.ALL,
        *archive_facts.ALL,
        *master_facts.ALL,
        *annotations.FACTS,
        *pen_groups.FACTS,
    )
}
