"""What the faceplate says about a selection, as plain values: what, since when, what it hurts, what to do."""

from dataclasses import dataclass
from uuid import UUID

from console.app.frame.plant_picture import AlarmNow, PlantPicture
from console.domain.alarm_flags import AlarmFlag
from console.domain.alarms import AlarmState
from console.domain.assets import Asset
from console.domain.quality import Detail, Quality
from console.domain.tags import Tag
from console.domain.values import ValueType
from console.services.records import AssetState, IncidentRecord
from console.ui.format import ValueText, age_text, clock_text, number_text, state_word, value_text
from console.ui.theme import PRIORITY_TOKENS
from console.ui.translation import mark, tr, tr_n
from console.ui.view import Selection

MAX_VALUES = 8
MAX_NAMES = 12
_STATE_WORST = {"down": "alarm", "alarm": "alarm", "stale": "stale", "blind": "stale", "unknown": "stale"}
ALARM_STATE_WORDS = {
    AlarmState.NORMAL: mark("gone"),
    AlarmState.UNACKNOWLEDGED: mark("active, unacknowledged"),
    AlarmState.ACKNOWLEDGED: mark("active, acknowledged"),
    AlarmState.RETURNED_UNACKNOWLEDGED: mark("returned, unacknowledged"),
    AlarmState.LATCHED_UNACKNOWLEDGED: mark("latched, unacknowledged"),
    AlarmState.LATCHED_ACKNOWLEDGED: mark("latched, acknowledged"),
}
ASIDE_WORDS = {
    AlarmFlag.OUT_OF_SERVICE: mark("taken out of service"),
    AlarmFlag.SUPPRESSED: mark("suppressed by rule"),
    AlarmFlag.MASKED: mark("hidden behind its cause"),
    AlarmFlag.SHELVED: mark("shelved"),
}
INCIDENT_WORDS = {
    "new": mark("new"),
    "assigned": mark("assigned"),
    "in_progress": mark("in progress"),
    "pending": mark("pending"),
    "resolved": mark("resolved"),
    "closed": mark("closed"),
    "cancelled": mark("cancelled"),
}
CLASS_WORDS: dict[str, str] = {
    "unknown": mark("unknown"),
    "node": mark("Edge node"),
    "device": mark("Device"),
    "site": mark("Site"),
    "line": mark("Line"),
    "cell": mark("Cell"),
    "sensor": mark("Sensor"),
    "drive": mark("Drive"),
    "machine": mark("Machine"),
    "robot": mark("Robot"),
    "plc": mark("PLC"),
    "safety_plc": mark("Safety PLC"),
    "io_station": mark("I/O station"),
    "hmi": mark("HMI"),
    "terminal": mark("Terminal"),
    "gateway": mark("Gateway"),
    "switch": mark("Switch"),
    "firewall": mark("Firewall"),
    "access_point": mark("Access point"),
    "server": mark("Server"),
    "historian": mark("Historian"),
    "mes": mark("MES"),
    "database": mark("Database"),
    "interface": mark("Interface"),
    "printer": mark("Printer"),
    "ups": mark("UPS"),
    "cloud": mark("Cloud service"),
    "erp": mark("ERP"),
    "application": mark("Application"),
}


@dataclass(frozen=True, slots=True)
class Line:
    """A row of a card; `style` is "" or a label role (alarm, stale, dim). `is_detail`: of the alarm alone."""

    label: str
    text: str
    style: str = ""
    tip: str = ""
    is_detail: bool = False


@dataclass(frozen=True, slots=True)
class ValueLine:
    handle: int
    name: str
    value: ValueText
    tone: str  # token of the sparkline
    is_numeric: bool


@dataclass(frozen=True, slots=True)
class FaceplateFacts:
    """Everything but the history, which is asked for and comes later. `hurts_title` says how much is hurt."""

    crumb: str = ""
    title: str = ""
    what: tuple[Line, ...] = ()
    values: tuple[ValueLine, ...] = ()
    alarms: tuple[AlarmNow, ...] = ()
    hurts_title: str = ""
    hurts: tuple[str, ...] = ()
    incidents: tuple[IncidentRecord, ...] = ()
    procedure: str = ""
    needs: tuple[Line, ...] = ()
    asset_id: UUID | None = None


def facts_of(picture: PlantPicture, selection: Selection, now_us: int) -> FaceplateFacts:
    """The facts about the most specific thing that is selected: alarm, incident, tag, then asset."""
    alarm = picture.alarm_of(selection.occurrence) if selection.occurrence is not None else None
    incident = picture.incidents.get(selection.incident_id) if selection.incident_id is not None else None
    tag = _tag(picture, selection)
    asset_id = selection.asset_id
    if alarm is not None:
        tag = tag or picture.tags.tag(alarm.condition.tag_handle)
        asset_id = asset_id or picture.asset_of(alarm.condition)
    if asset_id is None and tag is not None:
        asset_id = tag.asset_id
    if asset_id is None and incident is not None and incident.assets:
        asset_id = incident.assets[0]
    asset = picture.assets.get(asset_id) if asset_id is not None else None
    alarms = _alarms(picture, alarm, tag, asset_id)
    hurts = [name for name in map(picture.name_of, picture.hurt_by(asset_id)) if name] if asset_id is not None else []
    conditions = frozenset(found.condition.condition_id for found in alarms)
    return FaceplateFacts(
        crumb=" › ".join([*picture.path_of(asset), asset.name if tag or alarm else ""]).rstrip(" ›") if asset else "",
        title=_title(alarm, incident, tag, asset),
        what=tuple(_what(picture, alarm, incident, tag, asset, now_us)),
        values=tuple(_values(picture, tag, asset_id, alarms)),
        alarms=tuple(alarms),
        hurts_title=tr_n("Hurts {n} asset", "Hurts {n} assets", len(hurts))
        if hurts
        else tr("Hurts nothing that is known"),
        hurts=tuple(hurts[:MAX_NAMES])
        + ((tr("and {n} more", n=len(hurts) - MAX_NAMES),) if len(hurts) > MAX_NAMES else ()),
        incidents=tuple(picture.open_incidents(asset_id, conditions)) if incident is None else (incident,),
        procedure=_procedure(alarm, alarms, asset),
        needs=tuple(_needs(picture, asset_id)),
        asset_id=asset_id,
    )


def _tag(picture: PlantPicture, selection: Selection) -> Tag | None:
    handle = selection.tag_handle
    if handle < 0 and selection.tag_id is not None:
        handle = picture.tags.handle_of(selection.tag_id)
    return picture.tags.tag(handle)


def _alarms(picture: PlantPicture, alarm: AlarmNow | None, tag: Tag | None, asset_id: UUID | None) -> list[AlarmNow]:
    if tag is not None and alarm is None:
        found = picture.alarms_of_tag(tag.tag_id)
    elif asset_id is not None:
        found = picture.alarms_of_asset(asset_id)
    else:
        found = []
    if alarm is not None and alarm.state != AlarmState.NORMAL:
        found = [alarm, *(other for other in found if other.occurrence != alarm.occurrence)]
    return found


def _title(alarm: AlarmNow | None, incident: IncidentRecord | None, tag: Tag | None, asset: Asset | None) -> str:
    if incident is not None:
        return f"{incident.number} · {incident.title}"
    if tag is not None and alarm is None:
        return tag.name
    if asset is not None:
        return f"{asset.name} · {class_word(asset)}"
    if alarm is not None:
        return alarm.condition.subject or alarm.condition.text
    return ""


def incident_word(state: str) -> str:
    return tr(INCIDENT_WORDS[state]) if state in INCIDENT_WORDS else state


def class_word(asset: Asset) -> str:
    return tr(CLASS_WORDS.get(asset.asset_class, asset.asset_class))


def _what(
    picture: PlantPicture,
    alarm: AlarmNow | None,
    incident: IncidentRecord | None,
    tag: Tag | None,
    asset: Asset | None,
    now_us: int,
) -> list[Line]:
    lines: list[Line] = []
    if incident is not None:
        lines.append(Line(tr("Incident"), f"{incident_word(incident.state)} · P{incident.priority}", "strong"))
        lines.append(Line(tr("Since"), _since(incident.opened_us, now_us)))
        lines.append(Line(tr("Assigned to"), incident.agent or incident.team or tr("nobody")))
    if alarm is not None:
        gone = alarm.state == AlarmState.NORMAL
        lines.append(
            Line(
                tr("Alarm"),
                alarm.condition.text or alarm.condition.subject,
                "dim" if gone or alarm.aside is not None or not 1 <= alarm.priority <= 4 else f"p{alarm.priority}",
            )
        )
        words = [tr(ALARM_STATE_WORDS[alarm.state])] + ([tr(ASIDE_WORDS[alarm.aside])] if alarm.aside else [])
        lines.append(Line(tr("State"), " · ".join(words), "dim" if gone else ""))
        lines.append(Line(tr("Since"), _since(alarm.start_us, now_us), is_detail=True))
        if alarm.condition.limits:
            unit = alarm.condition.unit
            told = ((name, number_text(value, digits=9)) for name, value in alarm.condition.limits)
            limits = " · ".join(f"{name} {value} {unit}".rstrip() for name, value in told)
            lines.append(Line(tr("Limits"), limits, is_detail=True))
        if alarm.acked_by:
            lines.append(Line(tr("Acknowledged by"), alarm.acked_by, is_detail=True))
    if asset is not None:
        lines += _asset_lines(asset, picture.states.get(asset.asset_id), now_us, short=alarm is not None)
    if tag is not None and alarm is None:
        lines += _tag_lines(picture, tag, now_us)
    return lines


def _asset_lines(asset: Asset, state: AssetState | None, now_us: int, *, short: bool) -> list[Line]:
    lines: list[Line] = []
    name = state.state if state is not None else "unknown"
    text = state_word(name)
    if state is not None and state.since_us:
        since = clock_text(state.since_us, now_us)
        text = tr("{state} since {time}", state=text, time=f"{since} · {age_text(now_us - state.since_us)}")
    style = _STATE_WORST.get(name, "")
    if style == "alarm" and state is not None and 1 <= state.priority <= 4:
        style = f"p{state.priority}"
    lines.append(Line(tr("Asset") if short else tr("State"), text, style))
    level = "" if asset.level is None else tr("level {n}", n=number_text(asset.level))
    described = [class_word(asset), level, asset.area]
    lines.append(Line(tr("Class"), " · ".join(part for part in described if part)))
    if asset.is_proposed:
        lines.append(Line(tr("Model"), tr("discovered, not confirmed"), "stale"))
    if asset.description:
        lines.append(Line(tr("About"), asset.description))
    return lines


def _tag_lines(picture: PlantPicture, tag: Tag, now_us: int) -> list[Line]:
    handle = tag.handle
    source_us = int(picture.tags.source_us[handle])
    value = shown_value(picture, tag)
    age = tr("{age} old", age=age_text(now_us - source_us)) if source_us else ""
    return [
        Line(tr("Value"), value.text, value.style if value.style in {"stale"} else "strong"),
        Line(tr("Quality"), " · ".join(part for part in (value.tip, age) if part), "" if not value.style else "stale"),
        Line(tr("Source"), tag.source.path()),
    ]


def shown_value(picture: PlantPicture, tag: Tag) -> ValueText:
    """A tag's value as it stands in the cache."""
    handle = tag.handle
    if handle >= len(picture.tags.value):
        return value_text(float("nan"), Quality.UNKNOWN, detail=Detail.NEVER_SEEN)
    return value_text(
        float(picture.tags.value[handle]),
        int(picture.tags.quality[handle]),
        detail=int(picture.tags.detail[handle]),
        text=picture.tags.texts.get(handle, ""),
        unit=tag.unit,
        enum=tag.enum,
        is_boolean=tag.value_type == ValueType.BOOLEAN,
    )


def _values(picture: PlantPicture, tag: Tag | None, asset_id: UUID | None, alarms: list[AlarmNow]) -> list[ValueLine]:
    """The selected tag first, then tags in alarm, then the asset's others by name."""
    alarmed = {
        alarm.condition.tag_handle: alarm.priority
        for alarm in reversed(alarms)
        if alarm.is_active and alarm.aside is None
    }
    handles = list(picture.tags.handles_of_asset(asset_id)) if asset_id is not None else []
    if tag is not None and tag.handle not in handles:
        handles.append(tag.handle)
    tags = [found for found in map(picture.tags.tag, handles) if found is not None]
    own = tag.handle if tag is not None else -1
    tags.sort(key=lambda t: (t.handle != own, alarmed.get(t.handle, 9), not _is_measured(t), t.source.metric))
    return [
        ValueLine(
            t.handle,
            t.source.metric,
            shown_value(picture, t),
            f"{PRIORITY_TOKENS[alarmed[t.handle]]}.edge" if alarmed.get(t.handle, 9) <= 4 else "normal",
            _is_measured(t),
        )
        for t in tags[:MAX_VALUES]
    ]


def _is_measured(tag: Tag) -> bool:
    return ValueType.INT8 <= tag.value_type <= ValueType.BOOLEAN


def _procedure(alarm: AlarmNow | None, alarms: list[AlarmNow], asset: Asset | None) -> str:
    """The alarm's response first, then the asset's procedure, then the response of its most urgent alarm."""
    if alarm is not None and alarm.condition.response:
        return alarm.condition.response
    if asset is not None and asset.procedure:
        return asset.procedure
    return next((found.condition.response for found in alarms if found.condition.response), "")


def _needs(picture: PlantPicture, asset_id: UUID | None) -> list[Line]:
    if asset_id is None:
        return []
    lines: list[Line] = []
    for other in picture.depends_on(asset_id)[:MAX_NAMES]:
        state = picture.states.get(other)
        name = state.state if state is not None else "unknown"
        lines.append(Line(picture.name_of(other) or str(other), state_word(name), _STATE_WORST.get(name, "dim")))
    return lines


def _since(at_us: int, now_us: int) -> str:
    return f"{clock_text(at_us, now_us)} · {age_text(now_us - at_us)}"
