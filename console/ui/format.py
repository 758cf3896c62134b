"""How ages, times, numbers, qualities and values are written, everywhere the same; what is not good never looks so."""

import math
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import cache
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from console.domain.quality import Detail, Quality
from console.ui.translation import language, mark, tr
from console.ui.translation import whole_text as whole_text  # noqa: PLC0414 one of the forms of this module

US = 1_000_000
DASH = "–"
_TRUSTED = frozenset({Quality.GOOD, Quality.UNCERTAIN})

QUALITY_WORDS: dict[int, str] = {
    Quality.GOOD: mark("good"),
    Quality.UNCERTAIN: mark("uncertain"),
    Quality.BAD: mark("bad"),
    Quality.STALE: mark("stale"),
    Quality.BLIND: mark("blind"),
    Quality.UNKNOWN: mark("unknown"),
}
DETAIL_WORDS: dict[int, str] = {
    Detail.NONE: "",
    Detail.NULL: mark("no value sent"),
    Detail.REPORTED: mark("reported by the source"),
    Detail.BAD_CLOCK: mark("clock of the source is wrong"),
    Detail.NOT_FINITE: mark("not a finite number"),
    Detail.NODE_DEAD: mark("node is dead"),
    Detail.DEVICE_DEAD: mark("device is dead"),
    Detail.AWAITS_BIRTH: mark("waits for its birth"),
    Detail.SILENT: mark("source is silent"),
    Detail.LINK_DOWN: mark("our link is down"),
    Detail.UNDECODABLE: mark("cannot be read"),
    Detail.TOO_LONG: mark("shortened"),
    Detail.NEVER_SEEN: mark("never seen"),
    Detail.BY_INPUT: mark("its inputs cannot be trusted"),
}
STATE_WORDS: dict[str, str] = {
    "ok": mark("ok"),
    "alarm": mark("in alarm"),
    "down": mark("DOWN"),
    "stale": mark("stale"),
    "blind": mark("blind"),
    "unknown": mark("unknown"),
    "online": mark("online"),
    "offline": mark("offline"),
    "live": mark("live"),
    "connecting": mark("connecting"),
    "lost": mark("lost"),
    "refused": mark("refused"),
    "off": mark("off"),
}
_site_zone = "UTC"


@dataclass(frozen=True, slots=True)
class ValueText:
    """A value as shown. `style` is "" (good), "uncertain", "bad" or "stale": italic and dim, never a healthy look."""

    number: str
    unit: str
    style: str
    tip: str
    exact: str = ""  # every digit, where `number` is shorter

    @property
    def text(self) -> str:
        return f"{self.number} {self.unit}".rstrip()

    @property
    def full(self) -> str:
        """The value with every digit and its quality, for hovering."""
        return f"{self.exact or self.number} {self.unit}".rstrip() + f"\n{self.tip}"


def set_site_zone(name: str) -> None:
    """IANA name of the site's zone; an unknown one leaves the zone as it is."""
    global _site_zone
    if _zone(name) is not None:
        _site_zone = name


@cache
def _zone(name: str) -> ZoneInfo | None:
    try:
        return ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        return None


def local(at_us: int) -> datetime:
    """Microseconds UTC as a time of the site's zone; what lies outside years 1..9999 becomes the nearest bound."""
    seconds = min(max(at_us // US, -62_135_000_000), 253_402_000_000)
    return datetime.fromtimestamp(seconds, UTC).astimezone(_zone(_site_zone) or UTC)


def age_text(age_us: int) -> str:
    """`0:42`, `24:05` (minutes), `2:28 h`, `3 d 4 h`; negative ages (clock ahead) count as zero."""
    seconds = max(0, age_us // US)
    if seconds < 3600:
        return f"{seconds // 60}:{seconds % 60:02d}"
    if seconds < 86_400:
        return f"{seconds // 3600}:{seconds % 3600 // 60:02d} h"
    return f"{seconds // 86_400} d {seconds % 86_400 // 3600} h"


def clock_text(at_us: int, now_us: int = 0) -> str:
    """Time of day; with the day before it when `now_us` is given and lies on another day. Never (0): a dash."""
    if at_us <= 0:
        return DASH
    moment = local(at_us)
    if now_us and local(now_us).date() != moment.date():
        return f"{day_text(moment)} {moment:%H:%M:%S}"
    return f"{moment:%H:%M:%S}"


def short_clock_text(at_us: int, now_us: int) -> str:
    """As `clock_text` for the column of a list: of another day the day and the minute; hovering tells the rest."""
    told = clock_text(at_us, now_us)
    return told.rpartition(":")[0] if " " in told else told


def day_text(moment: datetime) -> str:
    """`21.11.` in German, `21 Nov` in English."""
    return f"{moment:%d.%m.}" if language() == "de" else f"{moment.day} {_MONTHS[moment.month - 1]}"


_MONTHS = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")


def date_text(moment: datetime) -> str:
    return f"{moment:%d.%m.%Y}" if language() == "de" else f"{moment.day} {_MONTHS[moment.month - 1]} {moment.year}"


def time_tip(at_us: int) -> str:
    """Full site time with its offset, for hovering; then the same in UTC."""
    if at_us <= 0:
        return ""
    moment = local(at_us)
    offset = f"{moment:%z}"
    utc = moment.astimezone(UTC)
    return (
        f"{date_text(moment)} {moment:%H:%M:%S}.{at_us % US // 1000:03d} {offset[:3]}:{offset[3:]} ({utc:%H:%M:%S} UTC)"
    )


def number_text(value: float, *, digits: int = 4) -> str:
    """The one rule of all screens: whole numbers as they are, else at most `digits` significant digits.

    No decimals from 10,000 on, where thousands are grouped; decimal sign of the language. Never rounded to a zero.
    """
    if math.isnan(value):
        return DASH
    if math.isinf(value):
        return "∞" if value > 0 else "-∞"
    size = abs(value)
    if size and (size >= 1e15 or size < 1e-4):
        shown = f"{value:.{max(digits - 1, 1)}e}"
    else:
        is_whole = size >= 10_000 or value == int(value)
        decimals = 0 if is_whole else max(0, digits - 1 - math.floor(math.log10(size)))
        shown = f"{value:,.{decimals}f}"
        if "." in shown:
            shown = shown.rstrip("0").rstrip(".")
        if size < 9_999.5:
            shown = shown.replace(",", "")
    return _signed("0" if shown == "-0" else shown)


def exact_text(value: float) -> str:
    """Every digit that is known, for hovering over a number that is shown short; empty when nothing was left out."""
    if not math.isfinite(value) or value == int(value):
        return ""
    exact = _signed(repr(value))
    return "" if exact == number_text(value) else exact


def _signed(shown: str) -> str:
    """Decimal and thousands signs of the language."""
    return shown.translate(str.maketrans(",.", ".,")) if language() == "de" else shown


def quality_word(quality: int, detail: int = 0) -> str:
    """`good`, or for example `stale: node is dead`. An unknown number reads as unknown, never as good."""
    word = tr(QUALITY_WORDS.get(quality, QUALITY_WORDS[Quality.UNKNOWN]))
    why = DETAIL_WORDS.get(detail, "")
    return f"{word}: {tr(why)}" if why else word


def state_word(state: str) -> str:
    """Word of an asset, node or link state; unknown ones are shown as they are."""
    return tr(STATE_WORDS[state]) if state in STATE_WORDS else state


def is_trusted(quality: int) -> bool:
    return quality in _TRUSTED


def value_text(
    value: float,
    quality: int,
    *,
    detail: int = 0,
    text: str = "",
    unit: str = "",
    enum: tuple[tuple[int, str], ...] = (),
    is_boolean: bool = False,
) -> ValueText:
    """The shown form of a tag's value; `text` wins over the number, an enumeration over both."""
    shown, exact = text, ""
    named = dict(enum).get(int(value)) if enum and math.isfinite(value) and value == int(value) else None
    if named is not None:
        shown, unit = named, ""
    elif not shown and is_boolean and not math.isnan(value):
        shown = tr("yes") if value else tr("no")
    elif not shown:
        shown, exact = number_text(value), exact_text(value)
    if quality == Quality.GOOD:
        style = ""
    elif quality == Quality.UNCERTAIN:
        style = "uncertain"
    elif quality == Quality.BAD:
        style = "bad"
    else:
        style = "stale"
    if quality == Quality.UNKNOWN and detail == Detail.NEVER_SEEN:
        shown, unit = DASH, ""
    return ValueText(shown, unit, style, quality_word(quality, detail), exact)
