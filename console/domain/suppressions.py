"""Suppression by design: alarms that mean nothing while the plant is in a certain state (ISA-18.2; OPC 10000-9 4.8)."""

from dataclasses import dataclass
from fnmatch import fnmatchcase

from console.domain.alarms import AlarmRule


@dataclass(frozen=True, slots=True)
class Suppression:
    """One `[[suppression]]`: while `when` is true, the alarms that meet every given filter are suppressed.

    `alarms` are globs over `path:rule` (path without broker), `areas` and `classes` are names; an empty filter meets
    all, but not all three may be empty. Unknown is never true: what cannot be known suppresses nothing.
    """

    suppression_id: str
    when: str
    alarms: tuple[str, ...] = ()
    areas: tuple[str, ...] = ()
    classes: tuple[str, ...] = ()
    text: str = ""

    def meets(self, path: str, rule: AlarmRule, area: str) -> bool:
        name = f"{path}:{rule.rule_id}"
        if self.alarms and not any(fnmatchcase(name, glob) or fnmatchcase(path, glob) for glob in self.alarms):
            return False
        if self.areas and area not in self.areas:
            return False
        return not self.classes or rule.alarm_class in self.classes
