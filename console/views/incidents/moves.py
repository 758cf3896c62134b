"""What can be done with an incident, as a table: one button, one question, one command each."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from console.domain.commands import (
    AssignIncident,
    CancelIncident,
    CloseIncident,
    Command,
    PendIncident,
    ReopenIncident,
    ResolveIncident,
    ResumeIncident,
)
from console.domain.incidents import RESOLUTION_CODES
from console.services.records import IncidentRecord
from console.ui.dialogs import Field, Question
from console.ui.translation import mark, tr

Answers = Mapping[str, str]
CODE_WORDS: Mapping[str, str] = {
    "repaired": mark("repaired"),
    "replaced": mark("replaced"),
    "restarted": mark("restarted"),
    "reconfigured": mark("reconfigured"),
    "workaround": mark("workaround"),
    "no_fault_found": mark("no fault found"),
    "by_itself": mark("went away by itself"),
}


@dataclass(frozen=True, slots=True)
class Move:
    """`command` names the domain command; `fields` are asked first (none: at once); texts are marked English."""

    command: str
    text: str
    fields: Callable[[IncidentRecord], tuple[Field, ...]]
    make: Callable[[IncidentRecord, Answers], Command]
    wrong_state: str
    is_primary: bool = False


def _nothing(_record: IncidentRecord) -> tuple[Field, ...]:
    return ()


def _reason(_record: IncidentRecord) -> tuple[Field, ...]:
    return (Field("reason", tr("Reason"), "lines", required=True),)


def _people(record: IncidentRecord) -> tuple[Field, ...]:
    return (
        Field("team", tr("Team"), value=record.team, required=True, max_length=200),
        Field("agent", tr("Person"), value=record.agent, required=True, max_length=200),
    )


def _solution(_record: IncidentRecord) -> tuple[Field, ...]:
    codes = tuple((code, tr(CODE_WORDS.get(code, code))) for code in RESOLUTION_CODES)
    return (
        Field("code", tr("How it ended"), "choice", choices=codes),
        Field("solution", tr("Solution"), "lines", required=True),
    )


MOVES: tuple[Move, ...] = (
    Move(
        "assign-incident",
        mark("Assign"),
        _people,
        lambda record, told: AssignIncident(record.incident_id, told["team"], told["agent"]),
        mark("Only a new or assigned incident can be assigned"),
        is_primary=True,
    ),
    Move(
        "pend-incident",
        mark("Set waiting"),
        _reason,
        lambda record, told: PendIncident(record.incident_id, told["reason"]),
        mark("Only an assigned incident can be set waiting"),
    ),
    Move(
        "resume-incident",
        mark("Resume"),
        _nothing,
        lambda record, _told: ResumeIncident(record.incident_id),
        mark("Only a waiting incident can be resumed"),
    ),
    Move(
        "resolve-incident",
        mark("Resolve"),
        _solution,
        lambda record, told: ResolveIncident(record.incident_id, told["code"], told["solution"]),
        mark("Only an assigned incident can be resolved"),
    ),
    Move(
        "reopen-incident",
        mark("Reopen"),
        _reason,
        lambda record, told: ReopenIncident(record.incident_id, told["reason"]),
        mark("Only a resolved incident can be reopened"),
    ),
    Move(
        "close-incident",
        mark("Close incident"),
        _nothing,
        lambda record, _told: CloseIncident(record.incident_id),
        mark("Only a resolved incident can be closed"),
    ),
    Move(
        "cancel-incident",
        mark("Cancel incident"),
        _reason,
        lambda record, told: CancelIncident(record.incident_id, told["reason"]),
        mark("Only an open incident can be cancelled"),
    ),
)


def question(move: Move, record: IncidentRecord) -> Question | None:
    """What is asked before the move; None: nothing."""
    fields = move.fields(record)
    text = f"{record.number} · {record.title}"
    return Question(tr(move.text), text, fields, tr(move.text)) if fields else None


def why_not(move: Move, record: IncidentRecord, denied: Mapping[str, str]) -> str:
    """Why this move is not possible now, translated; empty: it is. The role speaks first."""
    if move.command in denied:
        return tr(denied[move.command])
    return "" if move.command in record.allowed else tr(move.wrong_state)
