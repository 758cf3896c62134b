"""What an alarm goes by: its rule, that rule's class, and what a return does to it."""

from collections.abc import Mapping

from console.domain.alarm_classes import AlarmClass, AlarmSettings
from console.domain.alarm_step import Returning
from console.domain.alarms import AlarmRule
from console.services.alarms.transitions import OpenOccurrence


def returning_of(rule: AlarmRule | None, settings: AlarmSettings) -> Returning:
    """What a return does to alarms of this rule."""
    its = settings.class_of(rule.alarm_class if rule is not None else "")
    if its.is_latching:
        return Returning.LATCHING
    return Returning.CLOSING if its.closes_by_itself else Returning.PLAIN


def described(
    rules: Mapping[str, AlarmRule], settings: AlarmSettings, occurrence: OpenOccurrence
) -> tuple[AlarmRule | None, AlarmClass, Returning]:
    """What an occurrence of the last run goes by today; no rule any more: the standard class."""
    rule = rules.get(occurrence.rule_id)
    its_class = settings.class_of(rule.alarm_class if rule is not None else "")
    return rule, its_class, returning_of(rule, settings)
