"""What a master alarm record holds, field by field: its kind, and the one spelling in which a value is kept.

Every value is a text, empty where nothing is decided, so that files, journal and screen tell the same (ALARM-F68,
F69 and F73; the fields follow the master alarm database of ISA-18.2 as OPC 10000-9 mirrors it).
"""

from dataclasses import dataclass
from enum import StrEnum
from math import isfinite

from console.domain.alarms import AlarmKind, AlarmRule
from console.domain.plain_text import TEXT_BYTES, line, paragraph
from console.domain.refusal import Refused

AREA_MARK = "@"  # "@Press shop" is the record of an area: what it says holds for alarms there that say nothing
BANDS = ("HH", "H", "L", "LL")
BAND_KINDS = frozenset({AlarmKind.LIMIT, AlarmKind.DEVIATION, AlarmKind.RATE, AlarmKind.BASELINE})
LONGEST = 2000  # characters of a text: thousands of them must fit into one import
_LONGEST_S = 31 * 86_400


class Kind(StrEnum):
    LINE = "line"
    TEXT = "text"
    NUMBER = "number"
    SECONDS = "seconds"
    SEVERITY = "severity"


class Severity(StrEnum):
    """The worst consequence when nobody responds, for people, environment or money."""

    MINOR = "minor"
    MAJOR = "major"
    SEVERE = "severe"


@dataclass(frozen=True, slots=True)
class Field:
    """`is_setting`: what the alarm rules must show exactly as approved; `is_needed` before a review begins."""

    key: str
    kind: Kind
    is_setting: bool = False
    is_needed: bool = False


FIELDS: tuple[Field, ...] = (
    Field("class", Kind.LINE, is_setting=True),
    Field("cause", Kind.TEXT, is_needed=True),
    Field("consequence", Kind.TEXT, is_needed=True),
    Field("severity", Kind.SEVERITY, is_needed=True),
    Field("response", Kind.TEXT, is_needed=True),
    Field("time_to_respond_s", Kind.SECONDS, is_needed=True),
    Field("owner", Kind.LINE),
    Field("display", Kind.LINE),
    Field("limit", Kind.NUMBER, is_setting=True),
    Field("deadband", Kind.NUMBER, is_setting=True),
    Field("on_delay_s", Kind.NUMBER, is_setting=True),
    Field("off_delay_s", Kind.NUMBER, is_setting=True),
)
FIELD_OF = {field.key: field for field in FIELDS}
NEEDED_OF_AREA = ("response",)


def key_of(rule_id: str, band: str = "") -> str:
    """The name of a record: a rule, with its band where it has some; the record of an area begins with `@`.

    Raises Refused for what cannot be the id of a rule.
    """
    rule, side = line(rule_id), line(band).upper()
    if not rule or rule == AREA_MARK or "/" in rule:
        raise Refused("This is no id of an alarm rule: {rule}", rule=rule)
    if side and (side not in BANDS or rule.startswith(AREA_MARK)):
        raise Refused("A band is HH, H, L or LL, or nothing: {band}", band=side)
    return f"{rule}/{side}" if side else rule


def can_be_named(rule_id: str) -> bool:
    """False for the few ids of rules that cannot name a record."""
    try:
        return bool(key_of(rule_id)) and not rule_id.startswith(AREA_MARK)
    except Refused:
        return False


def parts_of(key: str) -> tuple[str, str]:
    """(rule id, band) of a record's name; raises Refused like `key_of`."""
    rule, _, band = key.partition("/")
    if key_of(rule, band) != key:
        raise Refused("This is no id of an alarm rule: {rule}", rule=key)
    return rule, band


def value_of(name: str, text: str) -> str:
    """A value in its one spelling; Refused (a field's name and why not) for what the field cannot hold."""
    field = FIELD_OF.get(name)
    if field is None:
        raise Refused("A master record has no field {field}", field=name)
    if field.kind is Kind.LINE:
        return line(_plain(text))
    if field.kind is Kind.TEXT:
        return _plain(text)
    trimmed = text.strip()
    if not trimmed:
        return ""
    if field.kind is Kind.SEVERITY:
        if trimmed.lower() not in set(Severity):
            raise Refused("The consequence is minor, major or severe: {value}", value=_cut(trimmed))
        return trimmed.lower()
    return number_text(_number(field, trimmed))


def _plain(text: str) -> str:
    """Line breaks as one sign, no control characters: a spreadsheet would change them."""
    told = paragraph(text.replace("\r\n", "\n").replace("\r", "\n"))
    if len(told) > LONGEST:
        raise Refused("The text is too long: at most {limit} characters", limit=LONGEST)
    if any((ord(sign) < 32 and sign not in "\n\t") or sign in "\x7f\ufffe\uffff" for sign in told):
        raise Refused("The text contains characters that cannot be stored")
    return told


def _number(field: Field, text: str) -> float:
    """With a point or, as German spreadsheets write it, one comma."""
    spelt = text.replace(",", ".") if text.count(",") == 1 and "." not in text else text
    try:
        number = float(spelt)
    except ValueError:
        number = float("nan")
    if not isfinite(number) or "_" in spelt:
        raise Refused("This is no number: {value}", value=_cut(text))
    if field.key != "limit" and number < 0:
        raise Refused("This must not be below zero: {value}", value=_cut(text))
    if field.kind is Kind.SECONDS and (number != int(number) or not 0 < number <= _LONGEST_S):
        raise Refused("The time to respond is whole seconds, at most 31 days: {value}", value=_cut(text))
    return number


def number_text(number: float) -> str:
    """The shortest text that gives the same number again."""
    return str(int(number)) if number == int(number) and abs(number) < 1e15 else repr(number)


def _cut(text: str) -> str:
    return text if len(text) <= 40 else f"{text[:39]}…"


assert LONGEST * 4 <= TEXT_BYTES


def bands_of(rule: AlarmRule) -> tuple[str, ...]:
    """The bands of a rule, most urgent side first; one without a name where its kind has no limits."""
    if rule.kind not in BAND_KINDS:
        return ("",)
    return tuple(band for band in BANDS if getattr(rule, band.lower()) is not None)


def settings_of(rule: AlarmRule, band: str) -> dict[str, str]:
    """What a rule says now, in the fields of its record."""
    limit: float | None = getattr(rule, band.lower()) if band else None
    deadband = dict(rule.deadbands).get(band.lower(), rule.deadband)
    return {
        "class": rule.alarm_class,
        "cause": _told(rule.cause),
        "consequence": _told(rule.consequence),
        "response": _told(rule.response),
        "time_to_respond_s": str(rule.time_to_respond_s) if rule.time_to_respond_s else "",
        "owner": _told(rule.owner),
        "limit": "" if limit is None else number_text(limit),
        "deadband": number_text(deadband) if band else "",
        "on_delay_s": number_text(rule.on_delay_s),
        "off_delay_s": number_text(rule.off_delay_s),
    }


def _told(text: str) -> str:
    return text.replace("\r\n", "\n").strip()
