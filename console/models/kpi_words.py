"""Words and number forms of the alarm system's figures."""

from console.domain.alarm_classes import FloodRules
from console.domain.alarm_targets import Bound, Kpi, Verdict, target_of
from console.ui.format import DASH, US, age_text, number_text
from console.ui.translation import mark, tr

NAMES: dict[Kpi, str] = {
    Kpi.PER_DAY: mark("Alarms per day"),
    Kpi.PER_HOUR: mark("Alarms per hour, mean"),
    Kpi.PER_TEN_MINUTES: mark("Alarms per 10 min, mean"),
    Kpi.PER_DAY_DECHATTERED: mark("Alarms per day, bursts once"),
    Kpi.HOURS_OVER_30: mark("Hours with more than 30"),
    Kpi.BINS_OVER_10: mark("10 min with more than 10"),
    Kpi.ABOVE_STEADY: mark("10 min with more than 1"),
    Kpi.MOST_IN_TEN_MINUTES: mark("Most in 10 min"),
    Kpi.PEAK_HOUR: mark("Most in one hour"),
    Kpi.PEAK_MINUTE: mark("Most in one minute"),
    Kpi.FLOOD_TIME: mark("Time in flood"),
    Kpi.FLOODS: mark("Floods"),
    Kpi.FLOODS_PER_WEEK: mark("Floods per week"),
    Kpi.LONGEST_FLOOD: mark("Longest flood"),
    Kpi.PEAK_RATE: mark("Peak in any 10 min"),
    Kpi.TOP_TEN_SHARE: mark("Share of the ten most frequent"),
    Kpi.CHATTERING: mark("Chattering alarms"),
    Kpi.FLEETING: mark("Fleeting alarms"),
    Kpi.STALE: mark("Stale alarms, worst day"),
    Kpi.STANDING: mark("Standing alarms, mean"),
    Kpi.SHARE_CRITICAL: mark("Share of critical"),
    Kpi.SHARE_HIGH: mark("Share of critical and high"),
    Kpi.SHARE_MEDIUM: mark("Share of medium"),
    Kpi.SHARE_LOW: mark("Share of low"),
    Kpi.ACK_MEDIAN: mark("Time to acknowledge, median"),
    Kpi.ACK_P95: mark("Time to acknowledge, 95 %"),
    Kpi.ACK_MOST: mark("Time to acknowledge, longest"),
    Kpi.ACTIVE_MEDIAN: mark("Time in alarm, median"),
    Kpi.ACTIVE_P95: mark("Time in alarm, 95 %"),
    Kpi.ACTIVE_MOST: mark("Time in alarm, longest"),
    Kpi.RETURNED_FIRST: mark("Returned before acknowledged"),
    Kpi.SHELVED: mark("Shelved now"),
    Kpi.RESHELVED: mark("Shelved three times or more"),
    Kpi.OUT_OF_SERVICE_LONG: mark("Out of service over 30 days"),
    Kpi.CHANGED_SETTINGS: mark("Settings off the master record"),
}
ORDER = tuple(NAMES)
VERDICTS = {
    Verdict.GOOD: mark("within target"),
    Verdict.OVER_TARGET: mark("off target"),
    Verdict.OVER_LIMIT: mark("over limit"),
    Verdict.NO_DATA: mark("no data"),
    Verdict.NO_TARGET: mark("site decides"),
}
BAND_NAMES = (mark("recommended"), mark("manageable"), mark("over-demanding"), mark("unacceptable"))
PRIORITY_NAMES = (mark("Critical"), mark("High"), mark("Medium"), mark("Low"))
LIST_NAMES = {
    "top_ten": mark("Ten most frequent"),
    "chattering": mark("Chattering"),
    "fleeting": mark("Fleeting"),
    "stale": mark("Stale"),
    "floods": mark("Floods"),
    "reshelved": mark("Shelved again"),
    "returned_first": mark("Returned unseen"),
}
TIPS: dict[Kpi, str] = {
    Kpi.PER_DAY: mark("Annunciations per day of watched time and operator position; shelved, suppressed, masked and "
                      "out-of-service alarms are not counted"),
    Kpi.PER_DAY_DECHATTERED: mark("Every burst of a chattering alarm counted once"),
    Kpi.HOURS_OVER_30: mark("Fixed hours on the site's clock; hours that were not watched are no data"),
    Kpi.BINS_OVER_10: mark("Fixed ten minutes on the site's clock; what was not watched is no data"),
    Kpi.FLOOD_TIME: mark("A flood begins with more than {enter} in any {window} and ends with fewer than {leave}"),
    Kpi.PEAK_RATE: mark("Most in ten sliding minutes"),
    Kpi.CHATTERING: mark("Three activations within 60 seconds"),
    Kpi.FLEETING: mark("Returned within 10 seconds, not acknowledged, not chattering"),
    Kpi.STALE: mark("Active for more than 24 hours without a pause, on the worst day"),
    Kpi.STANDING: mark("Active alarms in the list at any moment, mean over the watched time"),
    Kpi.ABOVE_STEADY: mark("Steady rate of EEMUA 191: one in ten minutes"),
    Kpi.PEAK_HOUR: mark("EEMUA 191: 15 in an hour"),
    Kpi.PEAK_MINUTE: mark("EEMUA 191: 2 in a minute"),
    Kpi.CHANGED_SETTINGS: mark("Live settings that differ from the approved master records; no data without records"),
}  # fmt: skip
PERCENT = frozenset(
    {
        Kpi.HOURS_OVER_30, Kpi.BINS_OVER_10, Kpi.ABOVE_STEADY, Kpi.FLOOD_TIME, Kpi.TOP_TEN_SHARE, Kpi.SHARE_CRITICAL,
        Kpi.SHARE_HIGH, Kpi.SHARE_MEDIUM, Kpi.SHARE_LOW, Kpi.RETURNED_FIRST,
    }
)  # fmt: skip
SECONDS = frozenset(
    {
        Kpi.LONGEST_FLOOD, Kpi.ACK_MEDIAN, Kpi.ACK_P95, Kpi.ACK_MOST, Kpi.ACTIVE_MEDIAN, Kpi.ACTIVE_P95,
        Kpi.ACTIVE_MOST,
    }
)  # fmt: skip
_SIGNS = {Bound.AT_MOST: "≤", Bound.BELOW: "<", Bound.AT_LEAST: "≥"}


def figure_text(kpi: Kpi, value: float | None) -> str:
    """The value with its unit; no data is a dash, never a zero."""
    if value is None:
        return DASH
    if kpi in SECONDS:
        return age_text(round(value * US)) if value >= 1 else f"{number_text(value, digits=2)} s"
    return percent_text(value) if kpi in PERCENT else number_text(value, digits=3)


def percent_text(value: float | None) -> str:
    """A share; two digits are enough below one percent."""
    return DASH if value is None else f"{number_text(value, digits=3 if value >= 1 else 2)} %"


def target_text(kpi: Kpi) -> str:
    """`≤ 144`; empty where the site decides."""
    aim = target_of(kpi)
    if aim.target is None:
        return ""
    sign = "" if aim.bound is Bound.AT_MOST and not aim.target else f"{_SIGNS[aim.bound]} "
    return sign + figure_text(kpi, aim.target)


def limit_text(kpi: Kpi) -> str:
    limit = target_of(kpi).limit
    return "" if limit is None else figure_text(kpi, limit)


def verdict_text(verdict: Verdict) -> str:
    return tr(VERDICTS[verdict])


def window_text(rules: FloodRules) -> str:
    """In how much time alarms make a flood."""
    minutes, seconds = divmod(rules.window_s, 60)
    return f"{rules.window_s} s" if seconds else f"{minutes} min"
