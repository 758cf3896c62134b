"""What people decide when two consoles wrote at once: which value stands, which incidents are one, which note holds."""

from dataclasses import dataclass
from uuid import UUID

from console.domain.facts import IncidentFieldSet, IncidentMoved
from console.domain.identity import Hash
from console.domain.incident_facts import IncidentMerged, IncidentNoteAmended
from console.domain.incidents import FIELDS, FINAL_STATES, Decision, Incident, checked_value
from console.domain.merge_commands import AmendNote, MergeIncidents, ResolveConflict
from console.domain.merges import Merges
from console.domain.plain_text import line, paragraph, required
from console.domain.refusal import Refused

SETTLED = "settle"  # the move that settles a dispute about the state


@dataclass(frozen=True, slots=True)
class Note:
    """A note as it stands: its first event and the text shown now."""

    incident_id: UUID
    hash: Hash
    text: str


def resolve(command: ResolveConflict, incident: Incident, moves: tuple[IncidentMoved, ...]) -> Decision:
    """The chosen value replaces every one that stands; it names them all as parents. `moves` are the heads' moves.

    Refused without a reason, without a conflict, and for a state or agent that nobody gave it.
    """
    required(paragraph(command.reason), "Give a reason")
    if command.field in FIELDS:
        heads = incident.heads.get(command.field, ())
        if len(heads) < 2:
            raise Refused("There is no conflict about this any more")
        value = checked_value(command.field, command.value)
        return Decision((IncidentFieldSet(incident.incident_id, command.field, value),), heads)
    if command.field not in ("state", "agent"):
        raise Refused("An incident has no field {field}", field=line(command.field))
    if len(moves) < 2:
        raise Refused("There is no conflict about this any more")
    wanted = str(command.value)
    chosen = [move for move in moves if wanted == (move.to if command.field == "state" else move.agent)]
    if not chosen:
        raise Refused("Choose one of the values that stand")
    stands = chosen[-1]
    closes = stands.to in FINAL_STATES
    settled = IncidentMoved(
        incident.incident_id,
        SETTLED,
        stands.to,
        stands.team,
        stands.agent,
        stands.resolution_code,
        stands.solution,
        paragraph(command.reason),
        incident.events if closes else 0,
    )
    return Decision((settled,), incident.known() if closes else incident.heads.get("state", ()))


def merge(command: MergeIncidents, incident: Incident, other: Incident, merges: Merges) -> Decision:
    """One fact joins both sets, about the root, so that both histories show it from there on."""
    reason = required(paragraph(command.reason), "Give a reason")
    if incident.incident_id == other.incident_id:
        raise Refused("An incident cannot be merged with itself")
    if merges.root(incident.incident_id) == merges.root(other.incident_id):
        raise Refused("These incidents are merged already")
    low, high = sorted((incident.incident_id, other.incident_id))
    return Decision((IncidentMerged(high, low, reason),))


def amend(command: AmendNote, incident: Incident, note: Note | None) -> Decision:
    """Another text for a note; the older one stays, struck through."""
    if incident.state in FINAL_STATES:
        raise Refused("A closed or cancelled incident is read-only")
    if note is None:
        raise Refused("This note is not known here")
    text = required(paragraph(command.text), "Write something first")
    reason = required(paragraph(command.reason), "Give a reason")
    if text == note.text:
        raise Refused("Nothing has changed")
    return Decision((IncidentNoteAmended(incident.incident_id, note.hash.hex(), text, reason),))
