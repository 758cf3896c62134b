"""Which rules concern a tag: globs compiled once and found by their last path segment, for 50,000 tags at start."""

import re
from collections.abc import Iterable
from fnmatch import translate

from console.domain.alarms import AlarmKind, AlarmRule

_WILD = re.compile(r"[*?\[]")
TAG_KINDS = frozenset({AlarmKind.LIMIT, AlarmKind.DISCRETE, AlarmKind.BAD_QUALITY, AlarmKind.STALE})


class RuleMatch:
    """Finds the rules of a path such as `group/node/device/metric` (no broker). `*` crosses slashes; case counts.

    A literal `[`, `*` or `?` in a name is written `[[]`, `[*]`, `[?]` in the pattern.
    """

    def __init__(self, rules: Iterable[AlarmRule]) -> None:
        self._by_tail: dict[str, list[tuple[str, re.Pattern[str], AlarmRule]]] = {}
        self._any_tail: list[tuple[str, re.Pattern[str], AlarmRule]] = []
        for rule in rules:
            entry = (_WILD.split(rule.tag, maxsplit=1)[0], re.compile(translate(rule.tag)), rule)
            tail = rule.tag.rpartition("/")[2]
            # only a whole literal segment is an index: "*/Temp" yes, "*Temp" and "*/T*" no
            if "/" in rule.tag and not _WILD.search(tail) and "[" not in rule.tag:
                self._by_tail.setdefault(tail, []).append(entry)
            else:
                self._any_tail.append(entry)

    def rules_of(self, path: str) -> list[AlarmRule]:
        """All rules whose pattern matches the whole path, indexed ones first."""
        entries = self._by_tail.get(path.rpartition("/")[2], ())
        return [
            rule
            for group in (entries, self._any_tail)
            for prefix, pattern, rule in group
            if path.startswith(prefix) and pattern.match(path)
        ]
