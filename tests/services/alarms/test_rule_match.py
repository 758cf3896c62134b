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
