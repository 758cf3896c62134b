"""Judges the simulated plant by the demo's alarm rules, by a plain evaluator of its own: what would alarm now?"""

from dataclasses import dataclass, field

from console.app.demo.plant import Plant, Point
from console.domain.alarms import AlarmKind, AlarmRule
from console.services.alarms.rule_match import RuleMatch


@dataclass
class AlarmWatch:
    """`look` at every turn; `active` holds (rule id, path) of conditions that outlasted their on-delay."""

    plant: Plant
    rules: tuple[AlarmRule, ...]
    active: set[tuple[str, str]] = field(default_factory=set)
    ever: set[tuple[str, str]] = field(default_factory=set)

    def __post_init__(self) -> None:
        match = RuleMatch(self.rules)
        points = [
            point
            for node in self.plant.model.nodes
            for own in self.plant.points_of(f"{node.group}/{node.node}").values()
            for point in own
        ]
        self._judged = [(point, rule) for point in points for rule in match.rules_of(point.path)]
        self._since: dict[tuple[str, str], int] = {}

    def look(self, now_us: int) -> None:
        self.active = set()
        for point, rule in self._judged:
            key = (rule.rule_id, point.path)
            if not is_true(rule, point):
                self._since.pop(key, None)
            elif now_us - self._since.setdefault(key, now_us) >= rule.on_delay_s * 1e6:
                self.active.add(key)
        self.ever |= self.active

    def concerned(self) -> set[str]:
        """Ids of the rules that concern at least one metric."""
        return {rule.rule_id for _, rule in self._judged}


def is_true(rule: AlarmRule, point: Point) -> bool:
    if rule.kind is AlarmKind.BAD_QUALITY:
        return point.is_bad
    value = point.value
    if rule.kind is AlarmKind.DISCRETE:
        return any(value == wanted and isinstance(value, str) == isinstance(wanted, str) for wanted in rule.equals)
    if not isinstance(value, (int, float)) or rule.kind in (AlarmKind.RATE, AlarmKind.BASELINE):
        return False  # what takes a past to judge is the engine's own
    if rule.kind is AlarmKind.DEVIATION:
        try:
            value -= float(rule.setpoint)
        except ValueError:
            return False
    high = [limit for limit in (rule.h, rule.hh) if limit is not None]
    low = [limit for limit in (rule.l, rule.ll) if limit is not None]
    return any(value >= limit for limit in high) or any(value <= limit for limit in low)
