"""How one alarm reads in a list: its text, the limit that was crossed now and at worst, what stands beside it."""

import math
from collections.abc import Mapping

from console.domain.alarm_classes import STANDARD_ID
from console.domain.alarm_flags import AlarmFlag
from console.domain.alarms import AlarmKind, AlarmState, Condition, Severity
from console.domain.quality import Quality
from console.domain.tags import Tag
from console.domain.values import ValueType
from console.models.alarm_columns import AlarmColumns
from console.ui.format import DASH, clock_text, number_text, value_text, whole_text
from console.ui.translation import mark, tr

RETURNED_STATES = frozenset(
    {AlarmState.RETURNED_UNACKNOWLEDGED, AlarmState.LATCHED_UNACKNOWLEDGED, AlarmState.LATCHED_ACKNOWLEDGED}
)
STATE_WORDS: Mapping[int, str] = {
    AlarmState.NORMAL: mark("normal"),
    AlarmState.UNACKNOWLEDGED: mark("active, unacknowledged"),
    AlarmState.ACKNOWLEDGED: mark("active, acknowledged"),
    AlarmState.RETURNED_UNACKNOWLEDGED: mark("returned, unacknowledged"),
    AlarmState.LATCHED_UNACKNOWLEDGED: mark("returned and held, unacknowledged"),
    AlarmState.LATCHED_ACKNOWLEDGED: mark("returned, waits for its reset"),
}
_MARKS: tuple[tuple[AlarmFlag, str], ...] = (
    (AlarmFlag.ESCALATED, mark("escalated")),
    (AlarmFlag.FIRST_OUT, mark("first out")),
    (AlarmFlag.CHATTERING, mark("chattering")),
    (AlarmFlag.REALARMED, mark("alarmed again")),
)
# what these saw is not the tag's value
OWN_VALUES = frozenset({AlarmKind.DEVIATION, AlarmKind.RATE, AlarmKind.BASELINE})
_BANDS = {Severity.HIGH_HIGH: "HH", Severity.HIGH: "H", Severity.LOW: "L", Severity.LOW_LOW: "LL"}


def alarm_text(condition: Condition) -> str:
    """What the alarm says: Leitstand's own texts in the person's language, a rule's text as it was written."""
    return tr(condition.text) if condition.text else condition.subject


def class_word(class_id: str, name: str) -> str:
    """What people call a class of alarms: its name, or its id where it has none."""
    return name or (tr("standard") if class_id == STANDARD_ID else class_id)


def limit_text(condition: Condition, severity: int, worst: int = 0) -> str:
    """`HH 95`: the limit that is crossed now; `H 90 (HH)`: it was worse since the last acknowledgement."""
    limits = dict(condition.limits)
    band = _band(condition, severity, limits)
    now = f"{band} {number_text(limits[band], digits=9)}" if band in limits else ("" if not limits else DASH)
    was = _band(condition, worst, limits)
    return f"{now} ({was})" if was in limits and abs(worst) > abs(severity) else now


def _band(condition: Condition, severity: int, limits: Mapping[str, float]) -> str:
    band = _BANDS.get(severity, "")  # type: ignore[call-overload]
    if band not in limits and condition.side == "low":
        band = {"H": "L", "HH": "LL"}.get(band, band)
    return str(band)


def limit_tip(condition: Condition, severity: int, worst: int) -> str:
    if abs(worst) <= abs(severity) or not condition.limits:
        return ""
    now, was = limit_text(condition, severity), limit_text(condition, worst)
    return tr("Now {now}; {worst} was the worst since it was last acknowledged.", now=now, worst=was)


def seen_text(condition: Condition, value: float, tag: Tag | None) -> str:
    """The value that the alarm saw: in the words of its tag where it is a state, else the number with its unit."""
    if math.isnan(value):
        return ""
    if tag is not None and condition.kind not in OWN_VALUES:
        is_boolean = tag.value_type == ValueType.BOOLEAN
        shown = value_text(value, Quality.GOOD, unit=condition.unit or tag.unit, enum=tag.enum, is_boolean=is_boolean)
        return shown.text
    return f"{number_text(value)} {condition.unit}".rstrip()


def note_text(alarms: AlarmColumns, row: int, doubt: str = "", *, is_held: bool = True) -> str:
    """Marks, who has it, what was written, and how many times; `doubt`: why its value cannot be trusted now.
    `is_held`: nothing trustworthy is known of its source now, so that an alarm that is marked for it stays so."""
    flags, state = int(alarms["flags"][row]), int(alarms["state"][row])
    parts = [tr(word) for flag, word in _MARKS if flags & flag]
    if state == AlarmState.LATCHED_ACKNOWLEDGED:
        parts.append(tr("waits for its reset"))
    elif state in RETURNED_STATES:
        parts.append(tr("returned"))
    owner = alarms.owners.get(row, "")
    if owner:
        parts.append(tr("{name} has it", name=owner))
    parts.append(alarms.notes.get(row, ""))
    if alarms["uncertain"][row] and is_held and not doubt:
        parts.append(tr("uncertain"))
    parts.append(doubt)
    count = int(alarms["count"][row])
    if count > 1:
        parts.append(f"×{whole_text(count)}")
    return " · ".join(part for part in parts if part)


def note_tip(alarms: AlarmColumns, row: int, note: str, now_us: int) -> str:
    """The whole note, and of folded activations how many and from when to when."""
    lines = [note]
    count, first = int(alarms["count"][row]), int(alarms["first_us"][row])
    if count > 1:
        last = clock_text(int(alarms["since_us"][row]), now_us)
        if first:
            lines.append(
                tr("{n} times from {first} to {last}", n=whole_text(count), first=clock_text(first, now_us), last=last)
            )
        else:
            lines.append(tr("{n} times, last at {last}", n=whole_text(count), last=last))
    if int(alarms["flags"][row]) & AlarmFlag.CHATTERING:
        lines.append(tr("It comes and goes: shelve it for a while, or propose a delay or a deadband."))
    acked_by = alarms.acked_by.get(row, "")
    if acked_by:
        lines.append(tr("Acknowledged by {name}", name=acked_by))
    return "\n".join(line for line in lines if line)
