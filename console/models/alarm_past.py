"""What happened with an alarm and in like cases, as labelled lines, from what the station answered.

Lines are (label, text, role), newest first; what people wrote stands as they wrote it.
"""

from collections.abc import Sequence
from statistics import median

from console.domain.chatter import COUNT, WITHIN_US, proposal
from console.domain.facts import AlarmAcknowledged, AlarmCommented
from console.models.alarm_aside import REASON_WORDS
from console.models.alarm_present import Line, Lines
from console.models.incident_table import incident_state_word
from console.models.sync_words import FLAG_WORDS
from console.models.tag_cache import TagCache
from console.services.story_records import AlarmDetails, LinkedIncident, PastOccurrence, RawInputs, StoryStep
from console.ui.format import US, age_text, clock_text, number_text, time_tip, value_text
from console.ui.translation import mark, tr, tr_n

STEP_WORDS = {
    "raised": mark("raised"),
    "severity_up": mark("more severe"),
    "severity_down": mark("less severe"),
    "returned": mark("returned to normal"),
    "acknowledged": mark("acknowledged"),
    "unacknowledged": mark("acknowledgement taken back"),
    "reannunciated": mark("announced anew"),
    "realarmed": mark("acknowledgement ran out"),
    "closed": mark("closed"),
    "retired": mark("rule or source is gone"),
    "superseded": mark("followed by a newer one"),
    "shelved": mark("shelved"),
    "unshelved": mark("unshelved"),
    "shelf_expired": mark("shelf ended"),
    "shelf_returned": mark("shelf ended with the return"),
    "out_of_service": mark("taken out of service"),
    "returned_to_service": mark("returned to service"),
    "suppressed": mark("suppressed by rule"),
    "unsuppressed": mark("no longer suppressed"),
    "masked": mark("hidden behind its cause"),
    "unmasked": mark("no longer hidden behind its cause"),
    "taken": mark("somebody works on it"),
    "left": mark("nobody works on it any more"),
    "escalated": mark("escalated: nobody acknowledged it in time"),
    "escalation_ended": mark("escalation ended"),
    "commented": mark("commented"),
    "reset": mark("reset"),
}
SOLUTION_WORDS = {
    "repaired": mark("repaired"),
    "replaced": mark("replaced"),
    "restarted": mark("restarted"),
    "reconfigured": mark("reconfigured"),
    "workaround": mark("workaround"),
    "no_fault_found": mark("no fault found"),
    "by_itself": mark("went away by itself"),
}
_WITH_VALUE = frozenset({"raised", "severity_up", "severity_down", "returned"})
_LATE_US = 60 * US  # received this much after it happened: worth telling


def step_word(kind: str) -> str:
    """What happened, in the person's language; what this version does not know is shown as it is."""
    word = STEP_WORDS.get(kind.removeprefix("alarm."))
    return tr(word) if word else kind


def acknowledgement_lines(details: AlarmDetails, now_us: int) -> Lines:
    """Every acknowledgement with its name, also of several who did not know of each other."""
    acts = [step for step in details.steps if step.kind == AlarmAcknowledged.etype]
    return tuple((clock_text(one.at_us, now_us), _said(one), "dim" if one.is_taken_back else "") for one in acts)


def comment_lines(details: AlarmDetails, now_us: int) -> Lines:
    acts = [step for step in details.steps if step.kind == AlarmCommented.etype]
    return tuple((clock_text(one.at_us, now_us), _said(one), "") for one in acts)


def history_lines(details: AlarmDetails, now_us: int, most: int, unit: str | None) -> Lines:
    """Source time; what happened; who and where; and when it came to this PC where that was later. `unit` None: the
    value says nothing (a state is an alarm or not)."""
    return tuple((clock_text(one.at_us, now_us), _happened(one, now_us, unit), "") for one in details.steps[:most])


def _happened(step: StoryStep, now_us: int, unit: str | None) -> str:
    parts = [step_word(step.kind)]
    if unit is not None and step.value is not None and step.kind in _WITH_VALUE:
        parts.append(f"{number_text(step.value)} {unit}".rstrip())
    if step.until_us:
        parts.append(tr("until {time}", time=clock_text(step.until_us, now_us)))
    return " · ".join(part for part in (*parts, _said(step), _received(step)) if part)


def _received(step: StoryStep) -> str:
    if abs(step.receive_us - step.at_us) < _LATE_US or not step.receive_us:
        return ""
    return tr("received {time}", time=time_tip(step.receive_us).partition(" (")[0])


def _said(step: StoryStep) -> str:
    """Who, where, what he wrote, and what is to be known about it."""
    code = tr(REASON_WORDS[step.reason_code]) if step.reason_code in REASON_WORDS else step.reason_code
    parts = [step.who, step.workstation, code, step.work_order, f"“{step.text}”" if step.text else ""]
    if step.is_taken_back:
        parts.append(tr("taken back"))
    if step.is_concurrent:
        parts.append(tr("did not know of the other"))
    parts += [tr(FLAG_WORDS[flag]) if flag in FLAG_WORDS else flag for flag in step.doubts]
    return " · ".join(part for part in parts if part)


def incident_lines(incidents: Sequence[LinkedIncident], now_us: int) -> Lines:
    lines: list[Line] = []
    for one in incidents:
        lines.append((one.number, f"{incident_state_word(one.state)} · {one.title}", ""))
        if one.solution or one.resolution_code:
            lines.append((tr("Solution"), _solved(one, now_us), "strong"))
    return tuple(lines)


def _solved(one: LinkedIncident, now_us: int) -> str:
    code = SOLUTION_WORDS.get(one.resolution_code)
    parts = (tr(code) if code else one.resolution_code, one.solution, one.solved_by, clock_text(one.solved_us, now_us))
    return " · ".join(part for part in parts if part)


# -- like cases ------------------------------------------------------------------------------------------------------


def past_summary(details: AlarmDetails) -> str:
    """How often it came before, how long it usually lasted, and how soon somebody acknowledged it."""
    own = [one for one in details.past if one.is_own]
    if not details.past:
        return tr("This is the first time that is known.")
    parts = [tr_n("{n} time before", "{n} times before", details.own_past)]
    lasted = [one.ended_us - one.start_us for one in own if one.ended_us > one.start_us]
    if lasted:
        parts.append(tr("usually for {age}", age=age_text(round(median(lasted)))))
    acked = [one.acknowledged_us - one.start_us for one in own if one.acknowledged_us >= one.start_us > 0]
    if acked:
        parts.append(tr("acknowledged after {age}", age=age_text(round(median(acked)))))
    others = len(details.past) - len(own)
    if others:
        parts.append(tr_n("{n} time on other devices", "{n} times on other devices", others))
    return "\n".join(line for line in (" · ".join(parts), calming_text(details)) if line)


def calming_text(details: AlarmDetails) -> str:
    """For an alarm that comes and goes: what its own log says would have calmed it (ALARM-F53); else empty."""
    own = sorted((one.start_us, one.ended_us) for one in details.past if one.is_own and one.start_us)
    spans = [*own, (details.start_us, 0)] if details.start_us else own
    starts = [start for start, _ in spans]
    if not any(last - first <= WITHIN_US for first, last in zip(starts, starts[COUNT - 1 :], strict=False)):
        return ""
    offered = proposal(spans)
    parts = [tr("shelve it for {age}", age=age_text(offered.shelve_s * US))]
    if offered.on_delay_s:
        parts.append(tr("on-delay of {n} s", n=offered.on_delay_s))
    if offered.off_delay_s:
        parts.append(tr("off-delay of {n} s", n=offered.off_delay_s))
    return tr("It comes and goes. What would calm it: {ways}", ways=", ".join(parts))


def solution_lines(details: AlarmDetails, now_us: int) -> Lines:
    """What was done then: each incident once, newest first; own cases before those of other devices."""
    found: dict[object, Line] = {}
    for one in sorted(details.past, key=lambda past: not past.is_own):
        for incident in one.incidents:
            if incident.solution or incident.resolution_code:
                line = (incident.number, _solved(incident, now_us), "")
                found.setdefault(incident.incident_id, line)
    return tuple(found.values())


def past_lines(details: AlarmDetails, now_us: int, most: int) -> Lines:
    """One line for each earlier time, with what was said and done."""
    return tuple((clock_text(one.start_us, now_us), _past(one), "") for one in details.past[:most])


def _past(one: PastOccurrence) -> str:
    parts = [] if one.is_own else [one.asset_name or tr("another device")]
    parts.append(
        tr("for {age}", age=age_text(one.ended_us - one.start_us))
        if one.ended_us > one.start_us
        else tr("no return seen")
    )
    age = age_text(one.acknowledged_us - one.start_us)
    if one.acknowledged_us >= one.start_us > 0 and one.acknowledged_by:
        parts.append(tr("acknowledged after {age} by {name}", age=age, name=one.acknowledged_by))
    elif one.acknowledged_us >= one.start_us > 0:
        parts.append(tr("acknowledged after {age}", age=age))
    else:
        parts.append(tr("never acknowledged"))
    said = [f"{act.who}: “{act.text}”" for act in one.acts if act.text]
    done = [" ".join(part for part in (i.number, incident_state_word(i.state)) if part) for i in one.incidents]
    return "\n".join([" · ".join(parts), *said, *done])


def input_lines(inputs: RawInputs, tags: TagCache) -> Lines:
    """The raw values behind a computed one, as they are now; first what is made of them."""
    lines: list[Line] = [(tr("Computed"), inputs.expression, "")] if inputs.expression else []
    for path, handle in inputs.tags:
        lines.append((path.rpartition("/")[2], *_input(path, handle, tags)))
    return tuple(lines)


def _input(path: str, handle: int, tags: TagCache) -> tuple[str, str]:
    tag = tags.tag(handle)
    if tag is None or handle >= len(tags.value):
        return f"{path} · {tr('not known')}", "stale"
    shown = value_text(
        float(tags.value[handle]),
        int(tags.quality[handle]),
        detail=int(tags.detail[handle]),
        text=tags.texts.get(handle, ""),
        unit=tag.unit,
        enum=tag.enum,
    )
    return f"{shown.text} · {shown.tip}\n{tag.source.path()}", "stale" if shown.style else ""
