"""`site/history.toml`: how long and how finely the plant is remembered, checked whole, all errors at once."""

import hashlib
import re
from math import isfinite
from pathlib import Path

from console.config.alarm_rule_table import seconds
from console.config.problems import BadConfiguration, Problem, TableReader, read_toml
from console.domain.history.settings import (
    LEVELS_S,
    STANDARD_NAME,
    Band,
    HistorySettings,
    RetentionClass,
    TagHistory,
    TagRule,
    is_sound,
)

FILE = "history.toml"
VERSION = 1
MOST_DAYS = 36_525.0  # a century
MOST_RULES = 10_000
_PERCENT = re.compile(r"\s*(\d+(?:\.\d+)?)\s*%\s*")
HISTORY_TEMPLATE = """\
# How long and how finely the plant is remembered. Without this file: samples 30 days, rollups of 10 s 90 days,
# of 100 s a year, of 1,000 s 5 years, of 10,000 s 10 years, nothing held back.
version = 1

# [[class]]
# name = "standard"             # what tags have that no [[tag]] names
# raw_days = 30
# rollup_days = { 10 = 90, 100 = 365, 1000 = 1826, 10000 = 3652 }
# budget_mb = 20000             # beyond it the oldest samples of the class go first, then its finest rollups

# [[tag]]                       # the first that names a tag decides
# pattern = "*/Vibration/*"     # group/node/device/metric, * crosses slashes
# class = "standard"
# exception = 0.05              # held back while it differs by no more from the stored value; or "0.5 %" of it
# compression = 0.1             # held back while a straight line goes through it; averages are those of what is stored
# max_interval_s = 60           # stored after this time in any case
# central = true                # its samples go to the centre, not only its rollups
# record = false                # never stored
"""


def read_history(folder: Path) -> tuple[HistorySettings, list[Problem]]:
    """The settings of `folder/history.toml` as far as they can be read, and everything wrong; no file: the usual."""
    path = folder / FILE
    if not path.exists():
        return HistorySettings(), []
    reader = read_toml(path)
    if reader.integer("version", 1) > VERSION:
        reader.problem("version", "is newer than this program knows", "install the newer Leitstand")
    classes = _classes(reader)
    rules = _rules(reader, classes)
    reader.unknown_keys()
    revision = hashlib.sha256(path.read_bytes()).hexdigest()[:16]
    return HistorySettings(tuple(classes.values()), rules, revision), reader.problems


def load_history(folder: Path) -> HistorySettings:
    """Like `read_history`, raising `BadConfiguration` with all problems."""
    found, problems = read_history(folder)
    if problems:
        raise BadConfiguration(tuple(problems))
    return found


def _classes(reader: TableReader) -> dict[str, RetentionClass]:
    classes = {STANDARD_NAME: RetentionClass(STANDARD_NAME)}
    seen: set[str] = set()
    for table in reader.tables("class"):
        name = table.text("name").strip()
        if "name" in table.table and not name:
            table.problem("name", "must not be empty", "give it a short name that never changes")
        if name in seen:
            table.problem("name", f"'{name}' is used twice", "every class needs its own name")
        seen.add(name)
        usual = RetentionClass(name)
        raw_days = _days(table, "raw_days", usual.raw_days)
        rollup_days = _rollup_days(table, usual)
        if not is_sound((raw_days, *rollup_days)):
            what = "raw_days, 10, 100, 1000, 10000"
            table.problem("rollup_days", "a coarser level is kept shorter than a finer one", f"let them rise: {what}")
        budget_mb = table.number("budget_mb", 0.0, low=0.0)
        if not isfinite(budget_mb):
            table.problem("budget_mb", "must be a finite number", "0 for none")
        table.unknown_keys()
        classes[name] = RetentionClass(name, raw_days, rollup_days, budget_mb)
    return classes


def _rollup_days(table: TableReader, usual: RetentionClass) -> tuple[float, ...]:
    """A level that is not named is kept as usual, but never shorter than a finer one."""
    section = table.section("rollup_days")
    found: list[float] = []
    least = float(table.table["raw_days"]) if isinstance(table.table.get("raw_days"), int | float) else 0.0
    for level_s, days in zip(LEVELS_S, usual.rollup_days, strict=True):
        is_given = str(level_s) in section.table
        given = _days(section, str(level_s), max(days, least))
        least = max(least, given)
        found.append(given if is_given else least)
    section.unknown_keys()
    return tuple(found)


def _days(table: TableReader, key: str, usual: float) -> float:
    """More than an hour, at most a century."""
    days = table.number(key, usual)
    if not 1 / 24 <= days <= MOST_DAYS:  # nan too
        table.problem(key, f"must lie between 0.05 and {MOST_DAYS:g} days", "correct the number")
        return usual
    return days


def _rules(reader: TableReader, classes: dict[str, RetentionClass]) -> tuple[TagRule, ...]:
    tables = reader.tables("tag")
    if len(tables) > MOST_RULES:
        reader.problem("tag", f"there are more than {MOST_RULES} of them", "write patterns that name more tags")
        return ()
    rules: list[TagRule] = []
    for table in tables:
        pattern = table.text("pattern").strip()
        if "pattern" in table.table and not pattern:
            table.problem("pattern", "must not be empty", "write a pattern such as Press/*/Temperature")
        name = table.text("class", STANDARD_NAME)
        if name not in classes:
            known = ", ".join(classes)
            table.problem("class", f"there is no class '{name}'", f"one of: {known}; or add a [[class]]")
        history = TagHistory(
            name,
            _band(table, "exception"),
            _band(table, "compression"),
            seconds(table, "max_interval_s", TagHistory().max_interval_s, low=1.0),
            table.flag("central"),
            table.flag("record", default=True),
        )
        if history.is_central and not history.is_recorded:
            table.problem("central", "cannot be together with record = false", "remove one of them")
        table.unknown_keys()
        rules.append(TagRule(pattern, history))
    return tuple(rules)


def _band(table: TableReader, key: str) -> Band:
    """A number in the tag's unit, or "0.5 %" of the stored value."""
    if isinstance(table.table.get(key), str):
        text = table.text(key)
        match = _PERCENT.fullmatch(text)
        if match is None or float(match[1]) > 100:
            table.problem(key, f"'{text}' is no percentage", 'write a number in the tag\'s unit, or "0.5 %"')
            return Band()
        return Band(float(match[1]), is_percent=True)
    width = table.number(key, 0.0, low=0.0)
    if not isfinite(width):
        table.problem(key, "must be a finite number", "correct the number")
        return Band()
    return Band(width)
