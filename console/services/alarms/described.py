"""What a return does to an alarm, by its rule's class."""

from console.domain.alarm_classes import AlarmSettings
from console.domain.alarm_step import Returning
from console.domain.alarms import AlarmRule


def returning_of(rule: AlarmRule | None, settings: AlarmSettings) -> Returning:
    """What a return does to alarms of this rule."""
    its = settings.class_of(rule.alarm_class if rule is not None else "")
    if its.is_latching:
        return Returning.LATCHING
    return Returning.CLOSING if its.closes_by_itself else Returning.PLAIN
