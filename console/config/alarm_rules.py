"""`site/alarms.toml`: the alarm rules of the site and what it decides about alarms, checked whole, all errors at once.

Version 1 had rules only; version 2 adds classes, shelving, flood, sound and suppressions. Both are read.
"""

from dataclasses import dataclass, field
from pathlib import Path

from console.config.alarm_rule_table import read_rule
from console.config.alarm_settings import read_settings
from console.config.problems import BadConfiguration, Problem, TableReader, read_toml
from console.domain.alarm_classes import AlarmSettings
from console.domain.alarms import AlarmRule

FILE = "alarms.toml"
VERSION = 2


@dataclass(frozen=True, slots=True)
class AlarmFile:
    """Rules and settings that can be used."""

    rules: tuple[AlarmRule, ...] = ()
    settings: AlarmSettings = field(default_factory=AlarmSettings)


def read_alarm_file(folder: Path) -> tuple[AlarmFile, list[Problem]]:
    """What of `folder/alarms.toml` can be used, and everything wrong; a missing file means no rule."""
    path = folder / FILE
    if not path.exists():
        return AlarmFile(), []
    reader = read_toml(path)
    if reader.integer("version", 1) > VERSION:
        reader.problem("version", "is newer than this program knows", "install the newer Leitstand")
    settings = read_settings(reader)
    rules = _rules(reader, settings)
    reader.unknown_keys()
    return AlarmFile(rules, settings), reader.problems


def load_alarm_file(folder: Path) -> AlarmFile:
    """Like `read_alarm_file`, raising `BadConfiguration` with all problems."""
    found, problems = read_alarm_file(folder)
    if problems:
        raise BadConfiguration(tuple(problems))
    return found


def read_alarm_rules(folder: Path) -> tuple[tuple[AlarmRule, ...], list[Problem]]:
    """The rules alone, with every problem of the file."""
    found, problems = read_alarm_file(folder)
    return found.rules, problems


def load_alarm_rules(folder: Path) -> tuple[AlarmRule, ...]:
    """Like `read_alarm_rules`, raising `BadConfiguration` with all problems."""
    return load_alarm_file(folder).rules


def _rules(reader: TableReader, settings: AlarmSettings) -> tuple[AlarmRule, ...]:
    rules: list[AlarmRule] = []
    seen: set[str] = set()
    for table in reader.tables("rule"):
        before = len(reader.problems)
        rule = read_rule(table)
        if rule.rule_id and rule.rule_id in seen:
            table.problem("id", f"'{rule.rule_id}' is used twice", "every rule needs its own id")
        seen.add(rule.rule_id)
        if rule.alarm_class not in settings.classes:
            known = ", ".join(settings.classes)
            table.problem("class", f"there is no class '{rule.alarm_class}'", f"one of: {known}; or add a [[class]]")
        if len(reader.problems) == before:
            rules.append(rule)
    return tuple(rules)
