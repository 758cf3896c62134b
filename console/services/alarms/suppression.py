"""Suppression by design: follows the expressions of rules and of `[[suppression]]`, and tells the engine on and off."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import Protocol
from uuid import UUID

from console.domain import identity
from console.domain.alarm_classes import AlarmSettings
from console.domain.alarms import AlarmRule
from console.domain.expression_terms import Term
from console.domain.expressions import Expression, parse
from console.domain.quality import Quality
from console.domain.suppressions import Suppression
from console.domain.tags import Tag
from console.services.alarms.places import Places, unplaced
from console.services.alarms.rule_match import TAG_KINDS, RuleMatch
from console.services.alarms.tag_conditions import sides
from console.services.alarms.tag_rows import area_of
from console.services.telemetry.batch import LinkChanged, QualityChanged, SampleBatch, SessionChanged, TagColumns
from console.services.telemetry.expression_feed import Evaluated, ExpressionFeed


class Suppressor(Protocol):
    """Who hides alarms: the engine (`EngineFace.suppress`)."""

    def suppress(
        self, rule_id: str, condition_ids: Iterable[UUID], at_us: int, now_us: int, *, is_on: bool
    ) -> None: ...


@dataclass(slots=True)
class _Switch:
    """One expression beside one device, and the conditions that it suppresses."""

    name: str  # what the alarm says it is suppressed by
    is_on: bool = False
    conditions: set[UUID] = field(default_factory=set)


class SuppressionByDesign:
    """A `Consumer`, before the engine: what a plant state explains is hidden before it sounds. Main thread.

    Unknown is never true: a state that cannot be known, or only by uncertain values, suppresses nothing.
    """

    def __init__(
        self,
        rules: Iterable[AlarmRule],
        settings: AlarmSettings,
        tags: TagColumns,
        suppressor: Suppressor,
        places: Places = unplaced,
    ) -> None:
        self._suppressor = suppressor
        self._places = places
        self._now_us = 0
        self._ended: dict[int, int] = {}  # expression -> when its state ended, not told yet
        rules = tuple(rule for rule in rules if rule.kind in TAG_KINDS)
        self._site: Sequence[tuple[Suppression, _Switch]] = [
            (one, _Switch(one.suppression_id)) for one in settings.suppressions
        ]
        self._parsed = {rule.rule_id: parse(rule.suppress_when) for rule in rules if rule.suppress_when}
        site = [parse(one.when) for one in settings.suppressions]
        self._match = RuleMatch(rule for rule in rules if self._site or rule.suppress_when)
        self._is_idle = not (self._site or self._parsed)
        self._feed = ExpressionFeed(tags, (*site, *self._parsed.values()))
        self._switches: list[_Switch] = []
        self._by_device: dict[tuple[str, str], _Switch] = {}
        for expression, (_one, switch) in zip(site, self._site, strict=True):
            self._add(expression, "", switch)

    def on_tags(self, tags: tuple[Tag, ...]) -> None:
        if self._is_idle:
            return
        for tag in tags:
            self._feed.know(tag)
        for tag in tags:
            path = tag.source.path().partition("/")[2]
            for rule in self._match.rules_of(path):
                self._hang(tag, path, rule)

    def on_samples(self, batch: SampleBatch) -> None:
        if len(batch) and not self._is_idle:
            self._now_us = max(self._now_us, int(batch.receive_us[-1]))
            self._judge(self._feed.samples(batch), is_early=True)

    def on_quality(self, change: QualityChanged) -> None:
        self._now_us = max(self._now_us, change.at_us)
        self._judge(self._feed.distrust(change.handles, change.quality))

    def on_session(self, change: SessionChanged) -> None:
        """What it means to tags comes as their quality."""

    def on_link(self, change: LinkChanged) -> None:
        """What it means to tags comes as their quality."""

    def tick(self, now_us: int) -> None:
        """Once a turn, after the engine had its samples: what ended lets go; functions over time go on."""
        self._now_us = max(self._now_us, now_us)
        self._release()
        self._judge(self._feed.go_on())

    def let_go(self, now_us: int) -> None:
        """Before other rules take over: everything that is held is free."""
        self._release()
        for switch in self._switches:
            if switch.is_on:
                self._tell(switch, now_us, is_on=False)

    def _hang(self, tag: Tag, path: str, rule: AlarmRule) -> None:
        ids = [
            identity.condition_id(tag.tag_id, f"{rule.rule_id}/{side}" if side else rule.rule_id)
            for side in sides(rule)
        ]
        for one, switch in self._site:
            if one.meets(path, rule, area_of(rule, tag, self._places)):
                self._join(switch, ids)
        expression = self._parsed.get(rule.rule_id)
        if expression is None:
            return
        device = tag.source.asset_path().partition("/")[2] if expression.is_relative else ""
        switch_of = self._by_device.get((rule.rule_id, device))
        if switch_of is None:
            switch_of = self._by_device[rule.rule_id, device] = _Switch(rule.rule_id)
            self._add(expression, device, switch_of)
        self._join(switch_of, ids)

    def _add(self, expression: Expression, device: str, switch: _Switch) -> None:
        index = self._feed.add(expression, device)
        self._switches.append(switch)
        switch.is_on = _is_true(self._feed.present(index))

    def _join(self, switch: _Switch, ids: Iterable[UUID]) -> None:
        fresh = [one for one in ids if one not in switch.conditions]
        switch.conditions.update(fresh)
        if switch.is_on and fresh:
            self._suppressor.suppress(switch.name, fresh, self._now_us, self._now_us, is_on=True)

    def _judge(self, evaluations: Iterable[Evaluated], *, is_early: bool = False) -> None:
        """`is_early`: the engine judges these samples after us. What began before the state ended must still find it
        so: the end is told with the next step."""
        self._release()
        for one in evaluations:
            switch, is_on = self._switches[one.index], _is_true(one.term)
            if is_on is switch.is_on:
                continue
            if is_on or not is_early:
                self._release(one.index)
                self._tell(switch, one.at_us, is_on=is_on)
            else:
                switch.is_on = False
                self._ended[one.index] = one.at_us

    def _release(self, index: int | None = None) -> None:
        """Tell the ends that wait, or one of them."""
        waiting = list(self._ended) if index is None else [index] if index in self._ended else []
        for one in waiting:
            self._tell(self._switches[one], self._ended.pop(one), is_on=False)

    def _tell(self, switch: _Switch, at_us: int, *, is_on: bool) -> None:
        switch.is_on = is_on
        self._suppressor.suppress(switch.name, sorted(switch.conditions), at_us, self._now_us, is_on=is_on)


def _is_true(term: Term) -> bool:
    value, quality = term
    return quality == Quality.GOOD and not isinstance(value, str) and bool(value)
