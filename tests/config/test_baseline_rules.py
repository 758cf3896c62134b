"""Alarm rules of kind baseline in alarms.toml: what they hold, and everything that can be wrong with them."""

from pathlib import Path

from console.config.alarm_rules import load_alarm_rules, read_alarm_rules
from console.domain.alarms import AlarmKind

HEAD = 'version = 2\n[[rule]]\nid = "a"\ntag = "*/CPU/Load"\n'


def written(folder: Path, text: str) -> Path:
    (folder / "alarms.toml").write_text(HEAD + text, encoding="utf-8")
    return folder


def wrong(folder: Path, text: str) -> set[str]:
    return {problem.key for problem in read_alarm_rules(written(folder, text))[1]}


def test_a_baseline_rule_has_its_own_keys_and_good_defaults(tmp_path: Path) -> None:
    (plain,) = load_alarm_rules(written(tmp_path, 'kind = "baseline"\nh = 3\nl = -3\n'))
    assert (plain.kind, plain.cycle, plain.periods, plain.bound) == (AlarmKind.BASELINE, "weekday_hour", 12, "sigma")
    assert (plain.floor, plain.least_sigma) == (None, 0.0)
    text = 'kind = "baseline"\nhh = 50\ncycle = "month_day"\nperiods = 6\nbound = "percent"\n'
    text += "floor = 0\nleast_sigma = 1.5\n"
    (rule,) = load_alarm_rules(written(tmp_path, text))
    assert (rule.cycle, rule.periods, rule.bound, rule.floor, rule.least_sigma) == ("month_day", 6, "percent", 0.0, 1.5)


def test_what_a_baseline_rule_cannot_be(tmp_path: Path) -> None:
    assert wrong(tmp_path, 'kind = "baseline"\n') == {"rule[0].kind"}
    assert wrong(tmp_path, 'kind = "baseline"\nh = 0\nl = 3\n') == {"rule[0].h", "rule[0].l"}
    assert wrong(tmp_path, 'kind = "baseline"\nh = 3\ncycle = "year"\nbound = "far"\n') == {
        "rule[0].cycle",
        "rule[0].bound",
    }
    assert wrong(tmp_path, 'kind = "baseline"\nh = 3\nperiods = 2\nleast_sigma = -1\nfloor = nan\n') == {
        "rule[0].periods",
        "rule[0].least_sigma",
        "rule[0].floor",
    }


def test_its_keys_have_no_meaning_for_other_kinds(tmp_path: Path) -> None:
    text = 'kind = "limit"\nh = 3\ncycle = "hour"\nperiods = 6\nbound = "sigma"\nfloor = 1\nleast_sigma = 1\n'
    assert wrong(tmp_path, text) == {f"rule[0].{key}" for key in ("cycle", "periods", "bound", "floor", "least_sigma")}
