"""What a condition has from its rule and the rule's class, beside its name and limits."""

from dataclasses import replace

from console.domain.alarm_classes import AlarmSettings
from console.domain.alarm_step import Returning
from console.domain.alarms import AlarmRule, Condition
from console.services.alarms.alarm_book import Maker


def with_class(maker: Maker, rule: AlarmRule, settings: AlarmSettings) -> Maker:
    """The same static part, with what rule and class say about answering it."""
    its = settings.class_of(rule.alarm_class)

    def make(row: int) -> Condition:
        made = maker(row)
        return replace(
            made,
            alarm_class=its.class_id,
            class_name=its.name,
            cause=rule.cause,
            consequence=rule.consequence,
            time_to_respond_s=rule.time_to_respond_s,
            owner=rule.owner,
            needs_comment=rule.needs_comment or its.needs_comment,
            needs_signature=its.needs_signature,
            is_shelvable=its.is_shelvable,
            first_out=made.first_out or rule.first_out,  # a tag's names its device
        )

    return make


def returning_of(rule: AlarmRule | None, settings: AlarmSettings) -> Returning:
    """What a return does to alarms of this rule."""
    its = settings.class_of(rule.alarm_class if rule is not None else "")
    if its.is_latching:
        return Returning.LATCHING
    return Returning.CLOSING if its.closes_by_itself else Returning.PLAIN
