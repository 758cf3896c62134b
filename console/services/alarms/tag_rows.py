"""The static part of a tag's alarm: what it hangs on, its priorities and its words."""

from dataclasses import dataclass
from uuid import UUID

from console.domain.alarm_classes import AlarmClass
from console.domain.alarms import AlarmKind, AlarmRule, Condition, Priority
from console.domain.tags import Tag
from console.services.alarms.alarm_book import Maker
from console.services.alarms.places import Places

# English templates, translated when shown; a rule's own text wins and is shown as written.
TEXTS = {
    (AlarmKind.LIMIT, "high"): "Value is high",
    (AlarmKind.LIMIT, "low"): "Value is low",
    (AlarmKind.DEVIATION, "high"): "Value is too far above its setpoint",
    (AlarmKind.DEVIATION, "low"): "Value is too far below its setpoint",
    (AlarmKind.RATE, "high"): "Value rises too fast",
    (AlarmKind.RATE, "low"): "Value falls too fast",
    (AlarmKind.BASELINE, "high"): "Value is higher than usual at this time",
    (AlarmKind.BASELINE, "low"): "Value is lower than usual at this time",
    (AlarmKind.DISCRETE, ""): "State is an alarm",
    (AlarmKind.BAD_QUALITY, ""): "Bad quality of the value",
    (AlarmKind.STALE, ""): "Sends no data",
}


@dataclass(frozen=True, slots=True)
class TagRow:
    band: int
    handle: int
    rule: AlarmRule


def priorities(rule: AlarmRule, side: str) -> tuple[int, int]:
    """Priorities of the outer and the inner band; without an outer band the inner one has the rule's priority."""
    outer_limit = {"high": rule.hh, "low": rule.ll}.get(side)
    if outer_limit is None:
        return rule.priority, rule.priority
    if rule.priority_inner is not None:
        return rule.priority, rule.priority_inner
    inner = rule.priority if rule.priority >= Priority.LOW else Priority(rule.priority + 1)
    return rule.priority, inner


def area_of(rule: AlarmRule, tag: Tag, places: Places) -> str:
    """The rule's own area, else that of the asset, else Sparkplug group and node."""
    return _area(rule, tag, places(tag.asset_id)[1])


def _area(rule: AlarmRule, tag: Tag, documented: str) -> str:
    source = tag.source
    return rule.area or documented or "/".join(part for part in (source.group, source.node) if part)


def first_out_of(rule: AlarmRule, tag: Tag) -> str:
    """The group of which the first alarm is marked; `{group}`, `{node}` and `{device}` are those of the tag."""
    source = tag.source
    name = rule.first_out
    for word, part in (("{group}", source.group), ("{node}", source.node), ("{device}", source.device)):
        name = name.replace(word, part)
    return name


def _unit(rule: AlarmRule, unit: str) -> str:
    """Of what its limits compare."""
    if rule.kind is AlarmKind.RATE:
        return f"{unit}/s"
    return {"sigma": "σ", "percent": "%"}.get(rule.bound, unit) if rule.kind is AlarmKind.BASELINE else unit


def tag_condition(
    condition_id: UUID, tag: Tag, rule: AlarmRule, side: str, its_class: AlarmClass, places: Places
) -> Maker:
    """Makes the condition when it is first shown or logged, with what rule and class say about answering it; whole in
    one go, because a burst makes tens of thousands."""

    def make(row: int) -> Condition:
        source = tag.source
        name, area = places(tag.asset_id)
        names = (("HH", rule.hh), ("H", rule.h)) if side == "high" else (("L", rule.l), ("LL", rule.ll))
        return Condition(
            row,
            condition_id,
            rule.rule_id,
            rule.kind,
            side,
            tag.tag_id,
            tag.handle,
            tag.asset_id,
            source.path(),
            name or source.device or source.node,
            _area(rule, tag, area),
            rule.text or TEXTS[rule.kind, side],
            rule.response,
            _unit(rule, tag.unit),
            tuple([(name, limit) for name, limit in names if limit is not None]) if side else (),
            alarm_class=its_class.class_id,
            class_name=its_class.name,
            cause=rule.cause,
            consequence=rule.consequence,
            time_to_respond_s=rule.time_to_respond_s,
            owner=rule.owner,
            needs_comment=rule.needs_comment or its_class.needs_comment,
            needs_signature=its_class.needs_signature,
            is_shelvable=its_class.is_shelvable,
            first_out=first_out_of(rule, tag) if rule.first_out else "",
        )

    return make
