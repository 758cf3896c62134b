"""What an act changed: for a fact, each field it writes with the value before it and after it.

Works on payloads, so that it also reads what a later version added to a fact. Facts that only add (notes, comments,
signatures) write no field and replace nothing.
"""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Any

Payload = Mapping[str, Any]
_YES, _NO = "yes", "no"


@dataclass(frozen=True, slots=True)
class Change:
    """One field; `before` is empty when nothing known stood there."""

    field: str
    before: str
    after: str


@dataclass(frozen=True, slots=True)
class Told:
    """A stored fact as far as it matters here: its hash (hex), type and payload."""

    hash: str
    etype: str
    payload: Payload


def changes(fact: Told, earlier: Iterable[Told]) -> tuple[Change, ...]:
    """`earlier`: facts of the same entity from before this one, newest first; read only as far as needed. Unchanged
    fields are left out."""
    written = _written(fact)
    missing = set(written)
    before: dict[str, str] = {}
    for one in earlier if missing else ():
        found = _written(one)
        for field in missing & set(found):
            before[field] = found[field]
        missing -= set(found)
        if not missing:
            break
    return tuple(
        Change(field, before.get(field, ""), after)
        for field, after in written.items()
        if before.get(field, "") != after
    )


def replaces(etype: str) -> bool:
    """Whether facts of this type can replace a value at all: only for these it is worth looking for earlier ones."""
    return etype in _WRITES and etype not in _FIRST


def _written(fact: Told) -> dict[str, str]:
    write = _WRITES.get(fact.etype)
    if write is None:
        return {}
    return {field: _text(value) for field, value in write(fact) if value is not None}


def _text(value: object) -> str:
    if isinstance(value, (list, tuple)):
        return ", ".join(map(_text, value))
    return (_YES if value else _NO) if isinstance(value, bool) else str(value)


_FIRST = frozenset({"incident.opened", "incident.noted", "alarm.acknowledged", "user.added"})  # nothing was before
Writes = Iterable[tuple[str, Any]]


def _fields(*names: str) -> Callable[[Told], Writes]:
    """The named fields of the payload, those that it has."""
    return lambda fact: [(name, fact.payload[name]) for name in names if name in fact.payload]


def _opened(fact: Told) -> Writes:
    return [*_fields("title", "description", "impact", "urgency")(fact), ("state", "new")]


def _moved(fact: Told) -> Writes:
    """An empty text in a transition means that it says nothing of that field."""
    said = _fields("team", "agent", "resolution_code", "solution")(fact)
    return [("state", fact.payload.get("to")), *((name, value) for name, value in said if value != "")]


def _by(key: str, value: str) -> Callable[[Told], Writes]:
    """A register that is named in the payload."""
    return lambda fact: [(str(fact.payload.get(key, "")), fact.payload.get(value))]


def _set(field: str, value: str) -> Callable[[Told], Writes]:
    return lambda _fact: [(field, value)]


def _acknowledged(value: str) -> Callable[[Told], Writes]:
    return lambda fact: [(f"acknowledged {fact.payload.get('start_us', '')}".strip(), value)]


def _role(value: str) -> Callable[[Told], Writes]:
    def write(fact: Told) -> Writes:
        role, area = fact.payload.get("role", ""), fact.payload.get("area", "")
        return [(f"role {role} {area}".strip(), value)]

    return write


_WRITES: Mapping[str, Callable[[Told], Writes]] = {
    "incident.opened": _opened,
    "incident.field_set": _by("field", "value"),
    "incident.moved": _moved,
    "incident.merged": _fields("other_id"),
    "incident.noted": lambda fact: [(f"note {fact.hash[:16]}", fact.payload.get("text"))],
    "incident.note_amended": lambda fact: [
        (f"note {str(fact.payload.get('note', ''))[:16]}", fact.payload.get("text"))
    ],
    "alarm.acknowledged": _acknowledged(_YES),
    "alarm.unacknowledged": _acknowledged(_NO),
    "alarm.shelved": lambda fact: [("shelved until_us", fact.payload.get("until_us"))],
    "alarm.unshelved": _set("shelved until_us", ""),
    "alarm.out_of_service": _set("in service", _NO),
    "alarm.returned_to_service": _set("in service", _YES),
    "master_alarm.set": lambda fact: [(str(one[0]), one[1]) for one in fact.payload.get("values", ())],
    "master_alarm.moved": lambda fact: [("state", fact.payload.get("to"))],
    "annotation.added": _fields("text", "from_us", "to_us"),
    "annotation.edited": lambda fact: [*_fields("text", "from_us", "to_us")(fact), ("withdrawn", _NO)],
    "annotation.withdrawn": _set("withdrawn", _YES),
    "pen_group.saved": lambda fact: [*_fields("name", "is_shared", "tag_ids", "look")(fact), ("deleted", _NO)],
    "pen_group.deleted": _set("deleted", _YES),
    "user.added": _set("enabled", _YES),
    "user.profile_changed": lambda fact: [("profile version", fact.payload.get("version"))],
    "user.erased": _set("login and name", "erased"),
    "user.disabled": _set("enabled", _NO),
    "user.enabled": _set("enabled", _YES),
    "user.merged": _fields("into"),
    "user.role_granted": _role(_YES),
    "user.role_revoked": _role(_NO),
    "user.credential_set": _by("kind", "version"),
    "preference.saved": _by("key", "value"),
    "site.file_applied": _by("file", "sha256"),
    "station.enrolled": lambda fact: [*_fields("code", "name", "public_key_hex")(fact), ("trusted", _YES)],
    "station.revoked": _set("trusted", _NO),
    "break_glass.attributed": _fields("user_id"),
}
