"""One `[[rule]]` of `site/alarms.toml`, checked whole."""

from itertools import pairwise
from math import isfinite

from console.config.problems import TableReader
from console.domain.alarms import AlarmKind, AlarmRule, Priority
from console.domain.expressions import Expression, ExpressionError, parse
from console.domain.history.baseline import LEAST_KNOWN, Cycle, Measure

PRIORITIES = {priority.name.lower(): priority for priority in Priority}
KINDS = tuple(kind.value for kind in AlarmKind if kind is not AlarmKind.SYSTEM)
WITHOUT_DELAY = (AlarmKind.NODE_DEAD, AlarmKind.CLOCK, AlarmKind.LINK_DOWN)  # a death or a loss is a fact at once
WITH_LIMITS = (AlarmKind.LIMIT, AlarmKind.DEVIATION, AlarmKind.RATE, AlarmKind.BASELINE)
LIMITS = ("ll", "l", "h", "hh")  # in rising order
LONGEST_S = 31 * 86_400.0
MOST_ENTRIES = 1000
MOST_PERIODS = 100
CYCLES, BOUNDS = tuple(one.value for one in Cycle), tuple(one.value for one in Measure)
# what has a meaning for some kinds only
_FOR_KINDS: dict[str, tuple[AlarmKind, ...]] = {
    "deadband": WITH_LIMITS,
    "deadbands": WITH_LIMITS,
    "priority_inner": WITH_LIMITS,
    "equals": (AlarmKind.DISCRETE,),
    "setpoint": (AlarmKind.DEVIATION,),
    "over_s": (AlarmKind.RATE,),
    **dict.fromkeys(("cycle", "periods", "bound", "floor", "least_sigma"), (AlarmKind.BASELINE,)),
    **dict.fromkeys(
        ("on_delay_s", "off_delay_s", "count", "within_s", "suppress_when", "first_out"),
        tuple(kind for kind in AlarmKind if kind not in WITHOUT_DELAY),
    ),
}


def read_rule(table: TableReader) -> AlarmRule:
    """The rule as far as it can be read; its problems are in the reader."""
    kind = table.choice("kind", KINDS, AlarmKind.LIMIT.value)
    limits = {key: _optional(table, key) for key in LIMITS}
    rule = AlarmRule(
        rule_id=_rule_id(table),
        tag=_pattern(table),
        kind=AlarmKind(kind) if kind in KINDS else AlarmKind.LIMIT,
        **limits,
        equals=_equals(table),
        deadband=table.number("deadband", 0.0, low=0.0),
        on_delay_s=seconds(table, "on_delay_s", 0.0),
        off_delay_s=seconds(table, "off_delay_s", 0.0),
        priority=read_priority(table, "priority") or Priority.MEDIUM,
        priority_inner=read_priority(table, "priority_inner"),
        text=table.text("text", ""),
        response=table.text("response", ""),
        area=table.text("area", ""),
        revision=table.integer("revision", 1, low=1),
        alarm_class=table.text("class", "standard"),
        deadbands=_deadbands(table),
        setpoint=_setpoint(table),
        over_s=seconds(table, "over_s", 60.0, low=0.1),
        count=table.integer("count", 1, low=1, high=MOST_ENTRIES),
        within_s=seconds(table, "within_s", 0.0),
        first_out=table.text("first_out", ""),
        suppress_when=table.text("suppress_when", ""),
        cause=table.text("cause", ""),
        consequence=table.text("consequence", ""),
        time_to_respond_s=table.integer("time_to_respond_s", 0, low=0, high=int(LONGEST_S)),
        owner=table.text("owner", ""),
        needs_comment=table.flag("needs_comment"),
        cycle=table.choice("cycle", CYCLES, "weekday_hour") or "weekday_hour",
        periods=table.integer("periods", 12, low=LEAST_KNOWN, high=MOST_PERIODS),
        bound=table.choice("bound", BOUNDS, "sigma") or "sigma",
        floor=_optional(table, "floor"),
        least_sigma=table.number("least_sigma", 0.0, low=0.0),
    )
    _check_kind(table, rule, limits)
    if rule.suppress_when:
        read_expression(table, "suppress_when", rule.suppress_when)
    table.unknown_keys()
    return rule


def read_expression(table: TableReader, key: str, text: str, *, wants_truth: bool = True) -> Expression | None:
    """The parsed expression, or None and a problem that names the character."""
    try:
        expression = parse(text)
    except ExpressionError as error:
        table.problem(key, f"at character {error.at}: {error.text}", "correct the expression")
        return None
    if wants_truth and expression.is_text:
        table.problem(key, "is a text and never true", "compare it with something")
        return None
    return expression


def seconds(table: TableReader, key: str, default: float, *, low: float = 0.0) -> float:
    """A time in seconds, at most a month."""
    value = table.number(key, default, low=low)
    if not value <= LONGEST_S:  # nan and inf too
        table.problem(key, f"must be at most {LONGEST_S:g} seconds", "correct the number")
        return default
    return value


def _rule_id(table: TableReader) -> str:
    rule_id = table.text("id").strip()
    if "id" in table.table and not rule_id:
        table.problem("id", "must not be empty", "give it a short name that never changes")
    if "/" in rule_id:  # the sides of a rule are named id/high and id/low
        table.problem("id", "must not contain '/'", "use '-' instead")
    return rule_id


def _pattern(table: TableReader) -> str:
    pattern = table.text("tag").strip()
    if "tag" in table.table and not pattern:
        table.problem("tag", "must not be empty", "write a pattern such as Press/*/Temperature")
    return pattern


def _deadbands(table: TableReader) -> tuple[tuple[str, float], ...]:
    section = table.section("deadbands")
    given = tuple((key, section.number(key, 0.0, low=0.0)) for key in LIMITS if key in section.table)
    for key in LIMITS:
        section.number(key, 0.0)  # asked for, so that only others are unknown
    section.unknown_keys()
    for key, value in given:
        if key not in table.table:
            table.problem(f"deadbands.{key}", f"there is no limit {key}", f"add {key} or remove its deadband")
        if not isfinite(value):
            table.problem(f"deadbands.{key}", "must be a finite number", "correct the number")
    return given


def _setpoint(table: TableReader) -> str:
    """A number as its text, or a tag's path."""
    value: object = table._get("setpoint", (int, float, str), "a number or a tag's path", "")
    if isinstance(value, bool):
        table.problem("setpoint", "must be a number or a tag's path", "correct the value")
        return ""
    if isinstance(value, float) and not isfinite(value):
        table.problem("setpoint", "must be a finite number", "correct the number")
        return ""
    return str(value).strip()


def _optional(table: TableReader, key: str) -> float | None:
    value = table.number(key, 0.0)
    if not isfinite(value):
        table.problem(key, "must be a finite number", "correct the number")
        return None
    return value if key in table.table else None


def _check_kind(table: TableReader, rule: AlarmRule, limits: dict[str, float | None]) -> None:
    given = [(key, value) for key, value in limits.items() if value is not None]
    for key, kinds in _FOR_KINDS.items():
        if key in table.table and rule.kind not in kinds:
            table.problem(key, f"has no meaning for kind '{rule.kind}'", "remove it")
    if rule.kind in WITH_LIMITS:
        _check_limits(table, rule, given)
    elif given:
        table.problem(given[0][0], f"has no meaning for kind '{rule.kind}'", "remove it")
    if rule.kind is AlarmKind.DISCRETE and not rule.equals:
        table.problem("equals", "a discrete rule needs its alarm values", 'add equals = ["FAULT"] or [1, 2] or true')
    if rule.kind is AlarmKind.DEVIATION and not rule.setpoint:
        table.problem("setpoint", "a deviation needs what it deviates from", "add a number or a tag's path")
    if rule.count > 1 and not rule.within_s:
        table.problem("within_s", "is missing beside count", "add the seconds within which the entries count")
    if rule.within_s and rule.count == 1:
        table.problem("within_s", "has no meaning without a count above 1", "add count or remove it")


def _check_limits(table: TableReader, rule: AlarmRule, given: list[tuple[str, float]]) -> None:
    if not given:
        table.problem("kind", f"a {rule.kind} rule needs a limit", "add one of ll, l, h, hh")
    for (low, a), (high, b) in pairwise(given):
        if a >= b:
            table.problem(high, f"must lie above {low}", f"correct {high} or {low}")
    if rule.kind is AlarmKind.LIMIT:
        return
    for key, value in given:  # no deviation and no change are never an alarm
        if (value <= 0) if key in ("h", "hh") else (value >= 0):
            side = "above" if key in ("h", "hh") else "below"
            table.problem(key, f"must lie {side} 0 for kind '{rule.kind}'", "correct the number")


def _equals(table: TableReader) -> tuple[float | bool | str, ...]:
    value: object = table._get("equals", (list, int, float, str), "a value or a list of values", [])
    items = value if isinstance(value, list) else [value]
    if not all(isinstance(item, int | float | str) for item in items):
        table.problem("equals", "may hold numbers, true, false and texts only", 'for example ["FAULT", 3]')
        return ()
    return tuple(items)


def read_priority(table: TableReader, key: str) -> Priority | None:
    """1 to 5 or its name; None when it is not given."""
    value: object = table._get(key, (int, str), "1 to 5 or its name", 0)
    if key not in table.table or isinstance(value, bool):
        if isinstance(value, bool):
            table.problem(key, "must be 1 to 5 or its name", "correct the value")
        return None
    if isinstance(value, str) and value.lower() in PRIORITIES:
        return PRIORITIES[value.lower()]
    if isinstance(value, int) and 1 <= value <= 5:
        return Priority(value)
    if isinstance(table.table[key], int | str):
        table.problem(key, f"'{value}' is not known", "1 critical, 2 high, 3 medium, 4 low, 5 journal")
    return None
