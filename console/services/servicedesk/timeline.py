"""What happened to an incident, line by line: the same lines in the same order whatever the order of arrival."""

from collections import defaultdict
from collections.abc import Callable, Collection, Iterable
from dataclasses import replace

from console.domain.facts import (
    IncidentAlarmLinked,
    IncidentFieldSet,
    IncidentMoved,
    IncidentNoted,
    IncidentOpened,
)
from console.domain.incident_facts import IncidentMerged, IncidentNoteAmended
from console.services.journal.entries import Actor, Entry
from console.services.records import IncidentStep

Key = tuple[int, bytes]  # hybrid clock, hash: the order of everything that has no other
NameOf = Callable[[str], str]
EVENTS = {  # shown in the timeline, translated where it is shown
    "assign": "Assigned",
    "reassign": "Assigned to another",
    "pend": "Waiting",
    "resume": "Resumed",
    "resolve": "Resolved",
    "reopen": "Reopened",
    "close": "Closed",
    "cancel": "Cancelled",
    "settle": "Conflict settled",
}
FIELD_TITLES = {
    "title": "Title changed",
    "description": "Description changed",
    "impact": "Impact changed",
    "urgency": "Urgency changed",
}
OTHER_LINES = ("Opened", "Alarm linked", "Note amended", "Merged with another incident")


def key(entry: Entry) -> Key:
    return (entry.hlc, entry.hash)


def who(actor: Actor, name_of: NameOf) -> str:
    """The shown name; of somebody unknown here the name that came with the event."""
    shown = name_of(actor.user_id)
    return actor.name if shown == actor.user_id and actor.name else shown


def timeline(entries: Iterable[Entry], withheld: Collection[bytes], name_of: NameOf) -> tuple[IncidentStep, ...]:
    """Oldest first. An amended note shows its newest text; what stood before is beside it, struck through."""
    ordered = sorted(entries, key=key)
    texts = _texts(entry for entry in ordered if entry.hash not in withheld)
    steps = []
    for entry in ordered:
        step = _step(entry, name_of)
        if step is None:
            continue
        written = texts.get(step.hash, ()) if step.kind == "note" else ()
        if len(written) > 1:
            step = replace(step, text=written[-1], struck=written[:-1])
        steps.append(replace(step, is_withheld=True) if entry.hash in withheld else step)
    return tuple(steps)


def note_text(entries: Iterable[Entry], note: bytes) -> str | None:
    """The text of a note as it stands, None when this event wrote no note here."""
    written = _texts(sorted(entries, key=key)).get(note.hex())
    return written[-1] if written else None


def as_note(step: IncidentStep) -> str:
    """A line as one text, for exports."""
    return f"{step.text}: {step.detail}" if step.detail else step.text


def _texts(ordered: Iterable[Entry]) -> dict[str, tuple[str, ...]]:
    """Of every note (hash, hex) its texts, the standing one last; an amendment may stand before its note."""
    first: dict[str, str] = {}
    amended: dict[str, list[str]] = defaultdict(list)
    for entry in ordered:
        if isinstance(entry.fact, IncidentNoted):
            first[entry.hash.hex()] = entry.fact.text
        elif isinstance(entry.fact, IncidentNoteAmended):
            amended[entry.fact.note].append(entry.fact.text)
    return {note: (text, *amended.get(note, ())) for note, text in first.items()}


def _step(entry: Entry, name_of: NameOf) -> IncidentStep | None:
    """A line of the timeline; None for a move that this version does not know."""
    said = _said(entry, name_of)
    if said is None:
        return None
    kind, text, detail = said
    return IncidentStep(entry.wall_us, who(entry.actor, name_of), kind, text, detail, entry.hash.hex())


def _said(entry: Entry, name_of: NameOf) -> tuple[str, str, str] | None:
    """Kind, text, detail."""
    match entry.fact:
        case IncidentOpened(title=title):
            said = ("move", "Opened", title)
        case IncidentNoted(text=text):
            said = ("note", text, "")
        case IncidentAlarmLinked(text=text):
            said = ("alarm", "Alarm linked", text)
        case IncidentNoteAmended(reason=reason):
            said = ("amendment", "Note amended", reason)
        case IncidentMerged(reason=reason):
            said = ("merge", "Merged with another incident", reason)
        case IncidentFieldSet(field=field, value=value) if field in FIELD_TITLES:
            said = ("field", FIELD_TITLES[field], _joined(str(value), entry.reason))
        case IncidentMoved(event=event) as moved if event in EVENTS:
            said = ("move", EVENTS[event], _details(moved, name_of))
        case _:
            return None
    return said


def _details(moved: IncidentMoved, name_of: NameOf) -> str:
    """What was said with the move; who has the incident only where that changes."""
    owner = [moved.team, name_of(moved.agent) if moved.agent else ""] if moved.event in _OWNS else []
    state = moved.to if moved.event == "settle" else ""
    return _joined(state, *owner, moved.resolution_code, moved.solution, moved.reason)


def _joined(*parts: str) -> str:
    return ", ".join(part for part in parts if part)


_OWNS = ("assign", "reassign", "settle")
