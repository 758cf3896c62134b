"""What is to be known about one alarm now, as labelled lines: state, value, limits, guidance, and why it is kept aside.

Lines are (label, text, role): the role is "" or a look of `ui` labels (strong, stale, dim).
"""

from dataclasses import dataclass

from console.domain.alarm_flags import PRECEDENCE, AlarmFlag
from console.domain.alarms import ACTIVE_STATES, AlarmKind, AlarmState, Condition, Occurrence
from console.domain.values import ValueType
from console.models.alarm_aside import REASON_WORDS
from console.models.alarm_columns import AlarmColumns
from console.models.alarm_texts import OWN_VALUES, STATE_WORDS, alarm_text, class_word, limit_text, seen_text
from console.models.tag_cache import TagCache
from console.services.records import AsideRecord
from console.ui.format import DASH, US, age_text, clock_text, number_text, value_text, whole_text
from console.ui.translation import mark, tr

Line = tuple[str, str, str]
Lines = tuple[Line, ...]

PRIORITY_WORDS = {
    1: mark("critical"),
    2: mark("high"),
    3: mark("medium"),
    4: mark("low"),
    5: mark("journal only"),
}
KIND_WORDS = {
    AlarmKind.LIMIT: mark("limit of the value"),
    AlarmKind.DEVIATION: mark("distance from the setpoint"),
    AlarmKind.RATE: mark("rate of change, per second"),
    AlarmKind.BASELINE: mark("distance from what is usual at this time"),
    AlarmKind.DISCRETE: mark("state that is an alarm by itself"),
    AlarmKind.STALE: mark("source is silent"),
    AlarmKind.BAD_QUALITY: mark("value cannot be trusted"),
    AlarmKind.NODE_DEAD: mark("node or device died"),
    AlarmKind.LINK_DOWN: mark("our own link is down"),
    AlarmKind.CLOCK: mark("clock of the source is wrong"),
    AlarmKind.SYSTEM: mark("Leitstand about itself"),
}
ASIDE_WORDS = {
    AlarmFlag.OUT_OF_SERVICE: mark("Out of service"),
    AlarmFlag.SUPPRESSED: mark("Suppressed by rule"),
    AlarmFlag.MASKED: mark("Behind its cause"),
    AlarmFlag.SHELVED: mark("Shelved"),
}
INTERRUPTED_TEXT = mark("its source was away for a while: meanwhile it may have ended and begun anew")
_LIMIT_OF = {2: "HH", 1: "H", -1: "L", -2: "LL"}


@dataclass(frozen=True, slots=True)
class Present:
    """One alarm as it stands now. `state` and `priority` serve its symbol."""

    occurrence: Occurrence
    state: int
    priority: int
    title: str
    crumb: str
    what: Lines
    limits: Lines
    guidance: Lines
    response: str
    aside: Lines
    condition: Condition
    severity: int
    version: int  # another one when its past may be another one


def present_of(
    alarms: AlarmColumns, tags: TagCache, row: int, now_us: int, before: Occurrence | None = None
) -> Present | None:
    """None for a row that is not known. `before` is what was shown: an alarm that went away meanwhile stays itself."""
    condition, occurrence = alarms.condition(row), alarms.seen(row)
    if condition is None or occurrence is None:
        return None
    if before is not None and not occurrence.start_us and before.condition_id == occurrence.condition_id:
        occurrence = before
    state, priority = int(alarms["state"][row]), int(alarms["priority"][row])
    asides = alarms.asides.get(row, ())
    told = (int(alarms["changed_us"][row]), state, alarms.notes.get(row), alarms.owners.get(row), asides,
            alarms.acked_by.get(row))  # fmt: skip
    return Present(
        occurrence,
        state,
        priority,
        alarm_text(condition),
        " · ".join(part for part in (condition.area, condition.asset_name) if part),
        tuple(_what(alarms, tags, row, condition, now_us)),
        limit_lines(condition, int(alarms["severity"][row]), int(alarms["worst"][row]), state),
        guidance_lines(condition, occurrence.start_us, state, now_us),
        condition.response,
        tuple(line for record in _in_order(asides) for line in aside_lines(record, now_us)),
        condition,
        int(alarms["severity"][row]) if state in ACTIVE_STATES else int(alarms["worst"][row]),
        hash(told),
    )


def _what(alarms: AlarmColumns, tags: TagCache, row: int, condition: Condition, now_us: int) -> list[Line]:
    state, priority = int(alarms["state"][row]), int(alarms["priority"][row])
    since_us = int(alarms["since_us"][row])
    lines = [
        (tr("State"), tr(STATE_WORDS.get(state, STATE_WORDS[AlarmState.NORMAL])), "strong"),
        (tr("Priority"), f"{priority} · {tr(PRIORITY_WORDS.get(priority, ''))}", ""),
    ]
    if state != AlarmState.NORMAL and since_us:
        lines.append((tr("Since"), f"{clock_text(since_us, now_us)} · {age_text(now_us - since_us)}", ""))
    lines += _value_lines(alarms, tags, row, condition, now_us)
    if condition.limits and state != AlarmState.NORMAL:
        lines += _severity_lines(alarms, row, condition)
    count, first = int(alarms["count"][row]), int(alarms["first_us"][row])
    if count > 1:
        since = f" · {tr('since {time}', time=clock_text(first, now_us))}" if first else ""
        lines.append((tr("Came"), f"×{whole_text(count)}{since}", ""))
    lines += [
        (label, name, "")
        for label, name in (
            (tr("Acknowledged by"), alarms.acked_by.get(row, "")),
            (tr("Works on it"), alarms.owners.get(row, "")),
        )
        if name
    ]
    lines.append((tr("Watches"), _kind_text(condition), "dim"))
    if condition.subject:
        lines.append((tr("Source"), condition.subject, "dim"))
    return lines


def _kind_text(condition: Condition) -> str:
    word = tr(KIND_WORDS[condition.kind]) if condition.kind in KIND_WORDS else condition.kind
    return f"{word} · {condition.rule_id}" if condition.rule_id else word


def _value_lines(alarms: AlarmColumns, tags: TagCache, row: int, condition: Condition, now_us: int) -> list[Line]:
    """The tag's value of now with its quality, and what the alarm saw; a value that is not good never looks good."""
    handle, tag = condition.tag_handle, tags.tag(condition.tag_handle)
    seen = float(alarms["value"][row])
    lines: list[Line] = []
    is_trusted_now = False
    if tag is not None and 0 <= handle < len(tags.value):
        shown = value_text(
            float(tags.value[handle]),
            int(tags.quality[handle]),
            detail=int(tags.detail[handle]),
            text=tags.texts.get(handle, ""),
            unit=tag.unit,
            enum=tag.enum,
            is_boolean=tag.value_type == ValueType.BOOLEAN,
        )
        source_us = int(tags.source_us[handle])
        age = tr("{age} old", age=age_text(now_us - source_us)) if source_us else ""
        is_trusted_now = not shown.style
        lines.append((tr("Value now"), shown.text, "strong" if is_trusted_now else "stale"))
        trust = " · ".join(part for part in (shown.tip, age) if part)
        lines.append((tr("Quality"), trust, "stale" if shown.style else ""))
    if told := seen_text(condition, seen, tag) if tag is None or condition.kind in OWN_VALUES else "":
        lines.append((tr("Alarm saw"), told, ""))
    if alarms["uncertain"][row] and is_trusted_now:
        lines.append((tr("Doubt"), tr(INTERRUPTED_TEXT), "dim"))
    elif alarms["uncertain"][row]:
        lines.append((tr("Doubt"), tr("held because the source cannot be trusted now"), "stale"))
    return lines


def _severity_lines(alarms: AlarmColumns, row: int, condition: Condition) -> list[Line]:
    severity, worst = int(alarms["severity"][row]), int(alarms["worst"][row])
    now = limit_text(condition, severity)
    lines = [(tr("Severity now"), now if severity else tr("returned"), "")]
    if abs(worst) > abs(severity):
        lines.append(
            (tr("Worst"), f"{limit_text(condition, worst)} · {tr('since the last acknowledgement')}", "strong")
        )
    return lines


def limit_lines(condition: Condition, severity: int, worst: int, state: int) -> Lines:
    """Every limit with its value; what is crossed now, and what was crossed at worst."""
    own = _LIMIT_OF.get(_sided(condition, severity), "") if state in ACTIVE_STATES else ""
    was = _LIMIT_OF.get(_sided(condition, worst), "") if state != AlarmState.NORMAL else ""
    lines = []
    for name, value in condition.limits:
        shown = f"{number_text(value, digits=9)} {condition.unit}".rstrip()
        if name == own:
            shown = f"{shown} ◂ {tr('crossed now')}"
        elif name == was:
            shown = f"{shown} · {tr('was crossed')}"
        lines.append((name, shown, "strong" if name == own else ""))
    return tuple(lines)


def crossed_limit(condition: Condition, severity: int) -> str:
    """Name of the limit that a severity means on this condition's side; empty for none."""
    return _LIMIT_OF.get(_sided(condition, severity), "")


def _sided(condition: Condition, severity: int) -> int:
    return -abs(severity) if condition.side == "low" else severity


def guidance_lines(condition: Condition, start_us: int, state: int, now_us: int) -> Lines:
    """Cause, consequence, time to respond with what is left of it, owner and class; what nobody wrote says so."""
    lines: list[Line] = [
        (tr("Cause"), condition.cause or tr("not written"), "" if condition.cause else "dim"),
        (tr("Consequence"), condition.consequence or tr("not written"), "" if condition.consequence else "dim"),
    ]
    if condition.time_to_respond_s:
        lines.append((tr("Time to respond"), *_respond(condition.time_to_respond_s, start_us, state, now_us)))
    if condition.owner:
        lines.append((tr("Owner"), condition.owner, ""))
    lines.append((tr("Class"), class_word(condition.alarm_class, condition.class_name), "dim"))
    needs = [
        word
        for is_needed, word in (
            (condition.needs_comment, tr("a comment")),
            (condition.needs_signature, tr("an electronic signature")),
        )
        if is_needed
    ]
    if needs:
        lines.append((tr("To acknowledge"), " · ".join(needs), ""))
    return tuple(lines)


def _respond(seconds: int, start_us: int, state: int, now_us: int) -> tuple[str, str]:
    given = age_text(seconds * US)
    if state not in ACTIVE_STATES or not start_us:
        return given, ""
    left = start_us + seconds * US - now_us
    if left >= 0:
        return tr("{given} · {left} left", given=given, left=age_text(left)), "strong"
    return tr("{given} · over since {age}", given=given, age=age_text(-left)), "strong"


def _in_order(asides: tuple[AsideRecord, ...]) -> list[AsideRecord]:
    order = {int(flag): n for n, flag in enumerate(PRECEDENCE)}
    return sorted(asides, key=lambda record: order.get(record.flag, len(order)))


def aside_lines(record: AsideRecord, now_us: int) -> Lines:
    """One reason why the alarm is kept out of the list: who, where, why, since when, how long still."""
    word = next((tr(text) for flag, text in ASIDE_WORDS.items() if record.flag == flag), DASH)
    code = tr(REASON_WORDS[record.reason_code]) if record.reason_code in REASON_WORDS else record.reason_code
    who = " · ".join(part for part in (record.who or tr("a rule"), record.workstation) if part)
    lines: list[Line] = [(word, who, "strong")]
    why = " · ".join(part for part in (code, record.reason, record.rule_id) if part)
    lines += [(tr("Reason"), why, "")] if why else []
    lines += [(tr("Work order"), record.work_order, "")] if record.work_order else []
    if record.since_us:
        lines.append((tr("Since"), f"{clock_text(record.since_us, now_us)} · {age_text(now_us - record.since_us)}", ""))
    if record.until_us:
        left = record.until_us - now_us
        end = tr("{age} left", age=age_text(left)) if left > 0 else tr("over")
        parts = (clock_text(record.until_us, now_us), end, tr("or its return") if record.is_one_shot else "")
        lines.append((tr("Ends"), " · ".join(part for part in parts if part), ""))
    if record.times:
        lines.append((tr("Again"), f"×{whole_text(record.times)}", ""))
    return tuple(lines)
