"""What was written at two places at once, in words, and the questions that settle, amend and merge."""

from collections.abc import Mapping
from uuid import UUID

from console.domain.merge_commands import AmendNote, MergeIncidents, ResolveConflict
from console.models.incident_table import incident_state_word
from console.services.records import CompetingValue, IncidentRecord, IncidentStep, RelatedIncident
from console.ui.dialogs import Field, Question
from console.ui.format import clock_text
from console.ui.translation import mark, tr
from console.widgets.incident_form import IMPACT_WORDS, URGENCY_WORDS

FIELD_WORDS: Mapping[str, str] = {
    "title": mark("Title"),
    "description": mark("Description"),
    "impact": mark("Impact"),
    "urgency": mark("Urgency"),
    "state": mark("State"),
    "agent": mark("Assigned to"),
    "pending_reason": mark("Reason for waiting"),
}
GRADES: Mapping[str, Mapping[int, str]] = {"impact": IMPACT_WORDS, "urgency": URGENCY_WORDS}
_CHOICE = 90  # characters of a value in the list of choices


def field_of(name: str, now: str) -> Field:
    """The input that changes a field of an incident, starting with its value of now."""
    choices = tuple((str(grade), tr(word)) for grade, word in GRADES.get(name, {}).items())
    kind = "choice" if choices else ("lines" if name == "description" else "line")
    return Field("value", tr(FIELD_WORDS[name]), kind, now, choices, required=name == "title")


def value_text(one: CompetingValue) -> str:
    """The value as people know it."""
    if one.field == "state":
        return incident_state_word(str(one.value))
    if one.field == "agent":
        return one.shown or tr("nobody")
    words = GRADES.get(one.field, {})
    return tr(words[one.value]) if isinstance(one.value, int) and one.value in words else one.shown


def said_by(one: CompetingValue, now_us: int) -> str:
    return f"{one.who} · {clock_text(one.at_us, now_us)}"


def settle_question(record: IncidentRecord, field: str, now_us: int) -> Question:
    """Which of the values stands, and why; the shown one is chosen to begin with."""
    standing = [one for one in reversed(record.competing) if one.field == field]
    choices: dict[str, str] = {}
    for one in standing:
        text = " ".join(value_text(one).split()) or tr("empty")
        short = text if len(text) <= _CHOICE else text[: _CHOICE - 1] + "…"
        choices.setdefault(str(one.value), f"{short}   ({said_by(one, now_us)})")
    fields = (
        Field("value", tr("What stands"), "choice", next(iter(choices), ""), tuple(choices.items())),
        Field("reason", tr("Reason"), "lines", required=True),
    )
    title = f"{tr('Settle the conflict')}: {tr(FIELD_WORDS.get(field, field))}"
    hint = tr("The other value stays in the history.")
    return Question(title, _about(record), fields, tr("Settle"), width=560, hints=(hint,))


def settle_command(record: IncidentRecord, field: str, answers: Mapping[str, str]) -> ResolveConflict:
    value = next(
        (one.value for one in record.competing if one.field == field and str(one.value) == answers["value"]), ""
    )
    return ResolveConflict(record.incident_id, field, value, answers["reason"])


def amend_question(record: IncidentRecord, note: IncidentStep) -> Question:
    fields = (
        Field("text", tr("Note"), "lines", note.text, required=True),
        Field("reason", tr("Reason"), "lines", required=True),
    )
    hint = tr("What was written before stays readable, struck through.")
    return Question(tr("Amend note"), _about(record), fields, tr("Amend"), width=560, hints=(hint,))


def amend_command(record: IncidentRecord, note: IncidentStep, answers: Mapping[str, str]) -> AmendNote:
    return AmendNote(record.incident_id, note.hash, answers["text"], answers["reason"])


def merge_question(record: IncidentRecord, other: RelatedIncident) -> Question:
    text = f"{_about(record)}\n{other.number} · {other.title}"
    reason = Field("reason", tr("Reason"), "lines", value=tr("Both are about the same alarm"), required=True)
    hint = tr("Both stay in the journal and are shown as one. This cannot be undone.")
    return Question(tr("Merge these incidents?"), text, (reason,), tr("Merge"), width=560, hints=(hint,))


def merge_command(record: IncidentRecord, other_id: UUID, answers: Mapping[str, str]) -> MergeIncidents:
    return MergeIncidents(record.incident_id, other_id, answers["reason"])


def _about(record: IncidentRecord) -> str:
    return f"{record.number} · {record.title}"
