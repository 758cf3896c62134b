"""`site/alarms.toml`: the alarm rules of the site, checked whole, with every error at once."""

from itertools import pairwise
from math import isfinite
from pathlib import Path

from console.config.problems import BadConfiguration, Problem, TableReader, read_toml
from console.domain.alarms import AlarmKind, AlarmRule, Priority

VERSION = 1
PRIORITIES = {priority.name.lower(): priority for priority in Priority}
KINDS = tuple(kind.value for kind in AlarmKind if kind is not AlarmKind.SYSTEM)
WITHOUT_DELAY = (AlarmKind.NODE_DEAD, AlarmKind.CLOCK, AlarmKind.LINK_DOWN)  # a death or a loss is a fact at once
LIMITS = ("ll", "l", "h", "hh")  # in rising order


def read_alarm_rules(folder: Path) -> tuple[tuple[AlarmRule, ...], list[Problem]]:
    """The rules of `folder/alarms.toml` that can be used, and everything wrong; a missing file means no rule."""
    path = folder / "alarms.toml"
    if not path.exists():
        return (), []
    reader = read_toml(path)
    if reader.integer("version", 1) > VERSION:
        reader.problem("version", "is newer than this program knows", "install the newer Leitstand")
    rules: list[AlarmRule] = []
    seen: set[str] = set()
    for table in reader.tables("rule"):
        before = len(reader.problems)
        rule = _rule(table)
        if rule.rule_id and rule.rule_id in seen:
            table.problem("id", f"'{rule.rule_id}' is used twice", "every rule needs its own id")
        seen.add(rule.rule_id)
        if len(reader.problems) == before:
            rules.append(rule)
    reader.unknown_keys()
    return tuple(rules), reader.problems


def load_alarm_rules(folder: Path) -> tuple[AlarmRule, ...]:
    """Like `read_alarm_rules`, raising `BadConfiguration` with all problems."""
    rules, problems = read_alarm_rules(folder)
    if problems:
        raise BadConfiguration(tuple(problems))
    return rules


def _rule(table: TableReader) -> AlarmRule:
    kind = table.choice("kind", KINDS, AlarmKind.LIMIT.value)
    limits = {key: _optional(table, key) for key in LIMITS}
    rule_id = table.text("id").strip()
    if "id" in table.table and not rule_id:
        table.problem("id", "must not be empty", "give it a short name that never changes")
    if "/" in rule_id:  # the sides of a rule are named id/high and id/low
        table.problem("id", "must not contain '/'", "use '-' instead")
    pattern = table.text("tag").strip()
    if "tag" in table.table and not pattern:
        table.problem("tag", "must not be empty", "write a pattern such as Press/*/Temperature")
    rule = AlarmRule(
        rule_id=rule_id,
        tag=pattern,
        kind=AlarmKind(kind) if kind in KINDS else AlarmKind.LIMIT,
        **limits,
        equals=_equals(table),
        deadband=table.number("deadband", 0.0, low=0.0),
        on_delay_s=table.number("on_delay_s", 0.0, low=0.0),
        off_delay_s=table.number("off_delay_s", 0.0, low=0.0),
        priority=_priority(table, "priority") or Priority.MEDIUM,
        priority_inner=_priority(table, "priority_inner"),
        text=table.text("text", ""),
        response=table.text("response", ""),
        area=table.text("area", ""),
        revision=table.integer("revision", 1, low=1),
    )
    _check_kind(table, rule, limits)
    table.unknown_keys()
    return rule


def _optional(table: TableReader, key: str) -> float | None:
    value = table.number(key, 0.0)
    if not isfinite(value):
        table.problem(key, "must be a finite number", "correct the number")
        return None
    return value if key in table.table else None


def _check_kind(table: TableReader, rule: AlarmRule, limits: dict[str, float | None]) -> None:
    given = [(key, value) for key, value in limits.items() if value is not None]
    if rule.kind is AlarmKind.LIMIT:
        if not given:
            table.problem("kind", "a limit rule needs a limit", "add one of ll, l, h, hh")
        for (low, a), (high, b) in pairwise(given):
            if a >= b:
                table.problem(high, f"must lie above {low}", f"correct {high} or {low}")
    elif given:
        table.problem(given[0][0], f"has no meaning for kind '{rule.kind}'", "remove it")
    delays = ("on_delay_s", "off_delay_s") if rule.kind in WITHOUT_DELAY else ()
    for key in (*delays, *(() if rule.kind is AlarmKind.LIMIT else ("deadband", "priority_inner"))):
        if key in table.table:
            table.problem(key, f"has no meaning for kind '{rule.kind}'", "remove it")
    if rule.kind is AlarmKind.DISCRETE and not rule.equals:
        table.problem("equals", "a discrete rule needs its alarm values", 'add equals = ["FAULT"] or [1, 2] or true')
    if rule.kind is not AlarmKind.DISCRETE and rule.equals:
        table.problem("equals", f"has no meaning for kind '{rule.kind}'", "remove it")


def _equals(table: TableReader) -> tuple[float | bool | str, ...]:
    value: object = table._get("equals", (list, int, float, str), "a value or a list of values", [])
    items = value if isinstance(value, list) else [value]
    if not all(isinstance(item, int | float | str) for item in items):
        table.problem("equals", "may hold numbers, true, false and texts only", 'for example ["FAULT", 3]')
        return ()
    return tuple(items)


def _priority(table: TableReader, key: str) -> Priority | None:
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
