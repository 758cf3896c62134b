"""Patterns of rules find their tags, and only theirs."""

from fnmatch import fnmatchcase

from hypothesis import given
from hypothesis import strategies as st

from console.domain.alarms import AlarmKind, AlarmRule
from console.services.alarms.rule_match import RuleMatch

PIECES = st.lists(st.sampled_from(["a", "b", "/", "*", "?", "[ab]", "Temp", "ü"]), min_size=1, max_size=6).map("".join)
PATHS = st.lists(st.sampled_from(["a", "b", "/", "Temp", "ü", "*", "["]), min_size=1, max_size=6).map("".join)


@given(st.lists(PIECES, max_size=6), PATHS)
def test_the_index_finds_exactly_what_each_pattern_alone_would_match(patterns, path):
    rules = [AlarmRule(f"r{i}", pattern, AlarmKind.LIMIT, h=1.0) for i, pattern in enumerate(patterns)]
    found = {rule.rule_id for rule in RuleMatch(rules).rules_of(path)}
    assert found == {rule.rule_id for rule in rules if fnmatchcase(path, rule.tag)}


def test_case_counts_and_a_star_crosses_slashes():
    match = RuleMatch([AlarmRule("r", "Line*/Temp", AlarmKind.LIMIT, h=1.0)])
    assert match.rules_of("Line1/PLC/Press/Temp")
    assert not match.rules_of("line1/PLC/Press/Temp")
    assert not match.rules_of("Line1/PLC/Press/Temp2")


def test_thousands_of_rules_for_other_cells_are_not_even_tried():
    rules = [AlarmRule(f"r{i}", f"Cell {i:05}/*/Temp{i}*", AlarmKind.LIMIT, h=1.0) for i in range(3000)]
    match = RuleMatch(rules)
    tried = []

    class Counted:
        def __init__(self, pattern):
            self._pattern = pattern

        def match(self, path):
            tried.append(path)
            return self._pattern.match(path)

    heads = match._any_tail
    heads._by_head = {head: [(n, Counted(p), r) for n, p, r in group] for head, group in heads._by_head.items()}
    assert [rule.rule_id for rule in match.rules_of("Cell 00042/PLC/Temp42")] == ["r42"]
    assert len(tried) == 1


def test_rules_come_in_the_order_of_the_site():
    patterns = ["*", "Line*", "*", "Line1*", "Line1/Temp*"]
    rules = [AlarmRule(f"r{i}", pattern, AlarmKind.LIMIT, h=1.0) for i, pattern in enumerate(patterns)]
    assert [rule.rule_id for rule in RuleMatch(rules).rules_of("Line1/Temp")] == ["r0", "r1", "r2", "r3", "r4"]
