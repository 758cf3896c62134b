"""The master alarm record: its review, who may approve it, and what may be decided about it (ALARM-F68).

A record goes draft, in review, approved; whoever changes a value makes it a draft again, and what was approved goes on
being what the alarm rules are measured by until something else is. Retired ones stay to be read.
"""

import hashlib
import json
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from enum import StrEnum

from console.domain.identity import Hash
from console.domain.incidents import Decision
from console.domain.master_commands import SetMasterAlarm
from console.domain.master_facts import MasterAlarmMoved, MasterAlarmSet
from console.domain.master_fields import AREA_MARK, FIELDS, NEEDED_OF_AREA, key_of, parts_of, value_of
from console.domain.plain_text import line, paragraph, required
from console.domain.priority_matrix import PriorityMatrix
from console.domain.refusal import Refused

AT_ONCE = 100  # records of one review step: a journal transaction holds at most 200 events
_PARENTS = 64


class MasterState(StrEnum):
    DRAFT = "draft"
    IN_REVIEW = "in_review"
    APPROVED = "approved"
    RETIRED = "retired"


OPENNESS = (MasterState.RETIRED, MasterState.APPROVED, MasterState.IN_REVIEW, MasterState.DRAFT)  # in doubt: work
EVENTS = {
    "submit": MasterState.IN_REVIEW,
    "approve": MasterState.APPROVED,
    "send_back": MasterState.DRAFT,
    "retire": MasterState.RETIRED,
}
_FROM: Mapping[str, Collection[MasterState]] = {
    "submit": frozenset({MasterState.DRAFT, MasterState.RETIRED}),  # what was retired may come back
    "approve": frozenset({MasterState.IN_REVIEW}),
    "send_back": frozenset({MasterState.IN_REVIEW}),
    "retire": frozenset({MasterState.DRAFT, MasterState.IN_REVIEW, MasterState.APPROVED}),
}
_WRONG_STATE = {
    "submit": "Only a draft or a retired record can be submitted for review: {key}",
    "approve": "Only a record in review can be approved: {key}",
    "send_back": "Only a record in review can be sent back: {key}",
    "retire": "This record is retired already: {key}",
}


@dataclass(frozen=True, slots=True)
class Approved:
    """What was approved last, by whom and when."""

    values: Mapping[str, str]
    priority: int  # 0: none
    who: str  # user id
    at_us: int


@dataclass(frozen=True, slots=True)
class MasterAlarm:
    """A record as decisions see it. `heads` maps "state" and each field to the events whose value stands now;
    `authors` wrote what is not approved yet, or submitted it."""

    key: str
    values: Mapping[str, str] = field(default_factory=dict)
    state: MasterState = MasterState.DRAFT
    heads: Mapping[str, tuple[Hash, ...]] = field(default_factory=dict)
    authors: frozenset[str] = frozenset()
    approved: Approved | None = None
    disputed: tuple[str, ...] = ()

    @property
    def content(self) -> str:
        return content_of(self.key, self.values)

    @property
    def missing(self) -> tuple[str, ...]:
        """Fields without which nobody can review it."""
        needed = [one.key for one in FIELDS if one.is_needed]
        return tuple(name for name in (NEEDED_OF_AREA if is_area(self.key) else needed) if not self.values.get(name))


def is_area(key: str) -> bool:
    return key.startswith(AREA_MARK)


def content_of(key: str, values: Mapping[str, str]) -> str:
    """64 hex digits of what a record says; an empty value is none."""
    told = [key, sorted((name, value) for name, value in values.items() if value)]
    text = json.dumps(told, ensure_ascii=False, separators=(",", ":"))
    return hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()


def write(command: SetMasterAlarm, record: MasterAlarm | None) -> Decision:
    """The fields that differ from what is shown, and those in dispute; Refused when nothing is to be written."""
    key = key_of(*parts_of(command.key))
    known = record or MasterAlarm(key)
    given = {name: value_of(name, text) for name, text in command.values}
    changed = changed_values(known, given)
    if not changed:
        raise Refused("Nothing has changed")
    return Decision((MasterAlarmSet(key, tuple(changed.items())),), replaced(known, changed)[:_PARENTS])


def changed_values(known: MasterAlarm, given: Mapping[str, str]) -> dict[str, str]:
    return {
        name: value
        for name, value in given.items()
        if value != known.values.get(name, "") or len(known.heads.get(name, ())) > 1
    }


def replaced(known: MasterAlarm, names: Collection[str]) -> tuple[Hash, ...]:
    """The events whose values these fields show."""
    return tuple(dict.fromkeys(by for name in names for by in known.heads.get(name, ())))


def step(event: str, record: MasterAlarm, user_id: str, matrix: PriorityMatrix, reason: str = "") -> MasterAlarmMoved:
    """One step of the review; Refused in the wrong state, for an incomplete or disputed record, and for the approval
    of one's own work (four eyes)."""
    if record.state not in _FROM[event]:
        raise Refused(_WRONG_STATE[event], key=record.key)
    if event in ("submit", "approve"):
        _is_reviewable(record)
    if event == "approve" and user_id in record.authors:
        raise Refused("Somebody else must approve what you wrote: {key}", key=record.key)
    why = paragraph(reason)
    if event in ("send_back", "retire"):
        required(why, "Give a reason")
    approves = event == "approve"
    values = {name: value for name, value in sorted(record.values.items()) if value} if approves else {}
    given = matrix.priority(values.get("severity", ""), values.get("time_to_respond_s", ""))
    return MasterAlarmMoved(
        record.key,
        event,
        EVENTS[event].value,
        record.content,
        tuple(values.items()),
        int(given) if approves and given is not None else 0,
        why,
        tuple(by.hex() for by in record.heads.get("state", ())),
    )


def _is_reviewable(record: MasterAlarm) -> None:
    if record.disputed:
        raise Refused("Two consoles wrote this at once: settle it first ({key})", key=record.key)
    if record.missing:
        raise Refused("This is missing in {key}: {fields}", key=record.key, fields=", ".join(record.missing))


def checked_keys(keys: Collection[str]) -> tuple[str, ...]:
    """Each once; Refused for none and for too many."""
    found = tuple(dict.fromkeys(line(key) for key in keys))
    if not found:
        raise Refused("No record is selected")
    if len(found) > AT_ONCE:
        raise Refused("At most {limit} records at once", limit=AT_ONCE)
    return found
