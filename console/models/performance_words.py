"""How forecasts, baselines and relations read: why there is a date or none, and how numbers stand in their columns."""

from console.domain.history.baseline import Cycle, Measure
from console.domain.history.forecast import Forecast, Outcome
from console.domain.history.load import Relation
from console.services.performance_records import CapacityRow
from console.ui.format import DASH, US, date_text, local, number_text
from console.ui.translation import mark, tr, tr_n

DAY_US = 86_400 * US
CLOSE, SOME = 0.7, 0.3  # of a rank correlation
_STILL = 1e-4  # of its end a day: less is no movement
# English names of the lists that are built in (domain.history.metrics); a site's own are shown as written
METRICS = (
    mark("Processor"),
    mark("Memory"),
    mark("Disk"),
    mark("Bandwidth"),
    mark("Load of ports"),
    mark("Errors"),
    mark("Scan time"),
    mark("Cycle time"),
    mark("Answer time"),
)
OUTCOMES: dict[Outcome, str] = {
    Outcome.PREDICTED: mark("rises"),
    Outcome.FULL: mark("full now"),
    Outcome.FLAT: mark("not predictable: does not rise"),
    Outcome.FALLING: mark("not predictable: falls"),
    Outcome.UNSURE: mark("not predictable: rises less than it scatters"),
    Outcome.BEYOND: mark("further off than its past lets one see"),
    Outcome.REGULAR: mark("is cleaned up every {time}; its peaks do not rise"),
    Outcome.CLEANED_UP: mark("cleaned up {time} ago; needs more than 2 days since then"),
    Outcome.TOO_SHORT: mark("needs more than 2 days of data; has {time}"),
    Outcome.NO_DATA: mark("no data"),
    Outcome.OLD: mark("no new data for more than a day"),
}
LOW_OUTCOMES: dict[Outcome, str] = {
    Outcome.PREDICTED: mark("falls"),
    Outcome.FULL: mark("empty now"),
    Outcome.FLAT: mark("not predictable: does not fall"),
    Outcome.FALLING: mark("not predictable: rises"),
    Outcome.UNSURE: mark("not predictable: falls less than it scatters"),
    Outcome.REGULAR: mark("is filled up every {time}; its lowest does not fall"),
    Outcome.CLEANED_UP: mark("filled up {time} ago; needs more than 2 days since then"),
}
CYCLES: dict[Cycle, str] = {
    Cycle.WEEKDAY_HOUR: mark("hour of the week"),
    Cycle.HOUR: mark("hour of the day"),
    Cycle.WEEKDAY: mark("day of the week"),
    Cycle.MONTH_DAY: mark("day of the month"),
}
MEASURES: dict[Measure, str] = {
    Measure.SIGMA: mark("standard deviations"),
    Measure.PERCENT: mark("percent"),
    Measure.ABSOLUTE: mark("unit of the value"),
}
MEASURE_SIGNS = {Measure.SIGMA: "σ", Measure.PERCENT: "%", Measure.ABSOLUTE: ""}


def metric_name(name: str) -> str:
    return tr(name)


def span_text(span_us: int) -> str:
    """`40 min`, `17 h`, `5 d`: roughly how long."""
    minutes = span_us // (60 * US)
    if minutes < 60:
        return f"{max(0, minutes)} min"
    if minutes < 48 * 60:
        return f"{round(minutes / 60)} h"
    return tr("{n} d", n=round(minutes / 1440))


def days_text(days: float | None) -> str:
    """`< 1 day`, `12 days`; nothing known: a dash."""
    if days is None:
        return DASH
    if days < 1:
        return tr("< 1 day")
    return tr_n("{n} day", "{n} days", round(days))


def reason_text(row: CapacityRow, now_us: int) -> str:
    """Why there is a date, or none."""
    told = row.forecast
    text = LOW_OUTCOMES.get(told.outcome, OUTCOMES[told.outcome]) if row.is_low else OUTCOMES[told.outcome]
    if told.outcome is Outcome.REGULAR:
        return tr(text, time=span_text(told.every_us))
    if told.outcome is Outcome.CLEANED_UP:
        return tr(text, time=span_text(now_us - told.cleaned_us))
    if told.outcome is Outcome.TOO_SHORT:
        return tr(text, time=span_text(told.has_us))
    if told.cleaned_us and told.outcome not in (Outcome.FULL, Outcome.OLD):
        since = span_text(now_us - told.cleaned_us)
        ago = tr("filled up {time} ago", time=since) if row.is_low else tr("cleaned up {time} ago", time=since)
        return f"{tr(text)} · {ago}"
    return tr(text)


def between_text(told: Forecast) -> str:
    """When at the earliest and at the latest, as the band has it."""
    if told.days is None or told.days == 0:
        return ""
    latest = tr("open") if told.latest is None else days_text(told.latest)
    return f"{days_text(told.earliest)} – {latest}"


def date_of(told: Forecast, now_us: int) -> str:
    return "" if told.days is None else date_text(local(now_us + round(told.days * DAY_US)))


def amount_text(value: float | None, unit: str, digits: int = 4) -> str:
    """A number with its unit; nothing known: a dash."""
    if value is None or value != value:  # noqa: PLR0124 nan
        return DASH
    return f"{number_text(value, digits=digits)} {unit}".rstrip()


def rate_text(told: Forecast, unit: str) -> str:
    """`+0.4 %/d`; nothing where no trend was looked for."""
    if not told.path and told.outcome not in (Outcome.REGULAR, Outcome.PREDICTED):
        return DASH
    if abs(told.per_day) < _STILL * abs(told.full):
        return f"≈ 0 {unit}/d".replace("  ", " ")
    sign = "+" if told.per_day > 0 else ""
    return f"{sign}{number_text(told.per_day, digits=3)} {unit}/d".replace("  ", " ")


def score_text(score: float) -> str:
    """How far out of the ordinary something was."""
    size = number_text(abs(score), digits=2)
    return tr("too high by {n} scatters", n=size) if score > 0 else tr("too low by {n} scatters", n=size)


def relation_text(told: Relation) -> str:
    """In one word how closely a figure goes with production."""
    if told.is_steady:
        return tr("rises or falls steadily, whatever is made")
    if told.spearman is None:
        return tr("not enough hours") if not told.bins else tr("does not change")
    size = abs(told.spearman)
    if size < SOME:
        return tr("does not go with production")
    word = tr("goes closely with production") if size >= CLOSE else tr("goes with production")
    return word if told.spearman > 0 else tr("{word}, the other way", word=word)
