"""Which rules concern a tag: globs compiled once and found by their last path segment, for 50,000 tags at start."""

import re
from collections.abc import Iterable
from fnmatch import translate

from console.domain.alarms import AlarmKind, AlarmRule

_WILD = re.compile(r"[*?\[]")
OWN_KINDS = frozenset(  # only by a rule
    {AlarmKind.LIMIT, AlarmKind.DEVIATION, AlarmKind.RATE, AlarmKind.BASELINE, AlarmKind.DISCRETE}
)
TAG_KINDS = OWN_KINDS | {AlarmKind.BAD_QUALITY, AlarmKind.STALE}


class RuleMatch:
    """Finds the rules of a path such as `group/node/device/metric` (no broker). `*` crosses slashes; case counts.

    A literal `[`, `*` or `?` in a name is written `[[]`, `[*]`, `[?]` in the pattern.
    """

    def __init__(self, rules: Iterable[AlarmRule]) -> None:
        self._by_tail: dict[str, _Heads] = {}
        self._any_tail = _Heads()
        for rule in rules:
            tail = rule.tag.rpartition("/")[2]
            # only a whole literal segment is an index: "*/Temp" yes, "*Temp" and "*/T*" no
            if "/" in rule.tag and not _WILD.search(tail) and "[" not in rule.tag:
                self._by_tail.setdefault(tail, _Heads()).add(rule)
            else:
                self._any_tail.add(rule)

    def rules_of(self, path: str) -> list[AlarmRule]:
        """All rules whose pattern matches the whole path, indexed ones first, each group in the order of the site."""
        heads = self._by_tail.get(path.rpartition("/")[2])
        indexed = heads.matching(path) if heads is not None else []
        return [*indexed, *self._any_tail.matching(path)]


class _Heads:
    """Rules by what their pattern literally begins with: thousands of rules, each for one cell, cost as few."""

    def __init__(self) -> None:
        self._count = 0
        self._by_head: dict[str, list[tuple[int, re.Pattern[str], AlarmRule]]] = {}
        self._lengths: tuple[int, ...] = ()

    def add(self, rule: AlarmRule) -> None:
        head = _WILD.split(rule.tag, maxsplit=1)[0]
        self._by_head.setdefault(head, []).append((self._count, re.compile(translate(rule.tag)), rule))
        self._count += 1
        if len(head) not in self._lengths:
            self._lengths = tuple(sorted((*self._lengths, len(head))))

    def matching(self, path: str) -> list[AlarmRule]:
        found = [
            (number, rule)
            for length in self._lengths
            if length <= len(path)
            for number, pattern, rule in self._by_head.get(path[:length], ())
            if pattern.match(path)
        ]
        return [rule for _, rule in sorted(found, key=lambda one: one[0])]
