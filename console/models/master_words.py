"""What the fields, states and findings of master alarm records are called."""

from collections.abc import Mapping

from console.domain.master_fields import FIELD_OF, Kind
from console.services.master_records import RowFault
from console.ui.translation import mark, tr

FIELD_WORDS: dict[str, str] = {
    "class": mark("Class"),
    "cause": mark("Cause"),
    "consequence": mark("Consequence"),
    "severity": mark("Severity"),
    "response": mark("Response"),
    "time_to_respond_s": mark("Time to respond"),
    "owner": mark("Owner"),
    "display": mark("Display"),
    "limit": mark("Limit"),
    "deadband": mark("Deadband"),
    "on_delay_s": mark("On-delay"),
    "off_delay_s": mark("Off-delay"),
    "priority": mark("Priority"),
}
STATE_WORDS: dict[str, str] = {
    "": mark("not rationalized"),
    "draft": mark("draft"),
    "in_review": mark("in review"),
    "approved": mark("approved"),
    "retired": mark("retired"),
}
SEVERITY_WORDS: dict[str, str] = {
    "": mark("not decided"),
    "minor": mark("minor"),
    "major": mark("major"),
    "severe": mark("severe"),
}
FINDING_WORDS: dict[str, str] = {
    "changed": mark("setting is not as approved"),
    "text": mark("words are not as approved"),
    "no_record": mark("has no master record"),
    "not_approved": mark("is not approved yet"),
    "no_rule": mark("approved, but there is no such alarm"),
    "retired": mark("retired, but the alarm exists"),
}


def field_word(name: str) -> str:
    """What a field, or a column of a file, is called."""
    return tr(FIELD_WORDS[name]) if name in FIELD_WORDS else name


def state_word(state: str) -> str:
    return tr(STATE_WORDS[state]) if state in STATE_WORDS else state


def value_word(name: str, value: str) -> str:
    """A value as people read it; an empty one as it is."""
    field = FIELD_OF.get(name)
    if field is None or not value:
        return value
    if field.kind is Kind.SEVERITY:
        return tr(SEVERITY_WORDS[value]) if value in SEVERITY_WORDS else value
    if field.kind is Kind.SECONDS and value.isdecimal():
        return seconds_word(int(value))
    return f"{value} s" if name.endswith("_s") else value


def seconds_word(seconds: int) -> str:
    """`90 s`, `2 min`, `1 h`: the largest unit without a remainder."""
    for size, unit in ((86_400, "d"), (3600, "h"), (60, "min")):
        if seconds >= size and seconds % size == 0:
            return f"{seconds // size} {unit}"
    return f"{seconds} s"


def fault_text(fault: RowFault) -> str:
    """`Row 4, Limit: This is no number: high`."""
    values: Mapping[str, object] = {
        key: tr(value) if isinstance(value, str) else value for key, value in fault.values.items()
    }
    why = tr(fault.why, **values)
    if not fault.column:
        return tr("Row {row}: {why}", row=fault.row, why=why)
    return tr("Row {row}, {column}: {why}", row=fault.row, column=field_word(fault.column), why=why)
