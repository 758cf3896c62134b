"""Alarm rules from a file: what is right is used, what is wrong is named all at once."""

import pytest

from console.config.alarm_rules import load_alarm_rules, read_alarm_rules
from console.config.problems import BadConfiguration
from console.domain.alarms import AlarmKind, Priority

GOOD = """
version = 1
[[rule]]
id = "press-hot"
tag = "Line1/*/Temperature"
kind = "limit"
hh = 95
h = 90.5
l = 5
deadband = 1.5
on_delay_s = 2
off_delay_s = 3.5
priority = 1
priority_inner = "medium"
text = "Press too hot"
response = "Stop the press"
area = "Press shop"

[[rule]]
id = "fault"
tag = "*/State"
kind = "discrete"
equals = ["FAULT", 3, true]
priority = "HIGH"

[[rule]]
id = "door"
tag = "*/Door"
kind = "discrete"
equals = true
"""


def write(tmp_path, text):
    (tmp_path / "alarms.toml").write_text(text, encoding="utf-8")
    return read_alarm_rules(tmp_path)


def test_a_good_file_gives_its_rules(tmp_path):
    rules, problems = write(tmp_path, GOOD)
    assert problems == []
    hot, fault, door = rules
    assert (hot.hh, hot.h, hot.l, hot.ll) == (95.0, 90.5, 5.0, None)
    assert (hot.deadband, hot.on_delay_s, hot.off_delay_s) == (1.5, 2.0, 3.5)
    assert (hot.priority, hot.priority_inner) == (Priority.CRITICAL, Priority.MEDIUM)
    assert (hot.text, hot.response, hot.area) == ("Press too hot", "Stop the press", "Press shop")
    assert (fault.kind, fault.equals, fault.priority) == (AlarmKind.DISCRETE, ("FAULT", 3, True), Priority.HIGH)
    assert (door.equals, door.priority) == ((True,), Priority.MEDIUM)


def test_no_file_means_no_rules(tmp_path):
    assert read_alarm_rules(tmp_path) == ((), [])


def test_every_error_of_the_file_is_named_at_once_with_its_place_and_its_remedy(tmp_path):
    rules, problems = write(
        tmp_path,
        """
[[rule]]
id = "a"
tag = "*"
h = 90
hh = 80
deadband = -1
[[rule]]
id = "a"
tag = ""
kind = "limit"
[[rule]]
tag = "*"
kind = "discrete"
h = 5
prioritiy = 2
[[rule]]
id = "d"
tag = "*"
kind = "sometimes"
priority = 7
[[rule]]
id = "e"
tag = "*"
kind = "stale"
equals = [[1]]
on_delay_s = "soon"
priority = true
[[rule]]
id = "f"
tag = "*"
h = nan
[[rule]]
id = "g/high"
tag = "*"
kind = "node_dead"
on_delay_s = 3
deadband = 1
[[rule]]
id = "good"
tag = "*"
h = 1
""",
    )
    assert [rule.rule_id for rule in rules] == ["good"]
    assert {problem.file for problem in problems} == {"alarms.toml"}
    keys = {problem.key for problem in problems}
    assert keys >= {
        "rule[0].hh",
        "rule[0].deadband",
        "rule[1].id",
        "rule[1].tag",
        "rule[1].kind",
        "rule[2].id",
        "rule[2].h",
        "rule[2].equals",
        "rule[2].prioritiy",
        "rule[3].kind",
        "rule[3].priority",
        "rule[4].equals",
        "rule[4].on_delay_s",
        "rule[4].priority",
        "rule[5].h",
        "rule[6].id",
        "rule[6].on_delay_s",
        "rule[6].deadband",
    }
    assert all(problem.remedy for problem in problems)


@pytest.mark.parametrize("text", ["[[rule", "rule = 3", "version = 3", "\x00"])
def test_a_file_that_is_no_rule_file_is_a_problem_and_never_a_crash(tmp_path, text):
    _rules, problems = write(tmp_path, text)
    assert problems


def test_loading_raises_with_all_problems(tmp_path):
    write(tmp_path, '[[rule]]\nid = "x"\ntag = "*"\n')
    with pytest.raises(BadConfiguration, match="a limit rule needs a limit"):
        load_alarm_rules(tmp_path)


def test_a_file_with_a_byte_order_mark_is_read(tmp_path):
    (tmp_path / "alarms.toml").write_bytes(b"\xef\xbb\xbf" + GOOD.encode())
    assert len(load_alarm_rules(tmp_path)) == 3
