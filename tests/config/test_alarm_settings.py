"""What alarms.toml says beside its rules, and derived.toml: what is right is used, what is wrong is named at once."""

import pytest

from console.app.demo.site_folder import COPIED
from console.config.alarm_rules import load_alarm_file, read_alarm_file
from console.config.derived_file import load_derived, read_derived
from console.config.problems import BadConfiguration
from console.domain.alarm_classes import AlarmSettings
from console.domain.alarms import AlarmKind, Priority
from tests.app.demo.plant import RESOURCES

GOOD = """
version = 2
[[class]]
id = "machine"
name = "Machine protection"
latching = true
needs_comment = true
needs_signature = true
shelvable = false
longest_shelf_s = 600
realarm_s = 1200
stands_out = true

[[class]]
id = "info"
closes_by_itself = true

[shelving]
longest_s = { high = 60, low = 120, medium = 0 }
at_most = 3
at_once = 2
warn_s = 30
presets_s = [60, 30]

[flood]
enter = 20
leave = 10
window_s = 300

[sound]
burst = 5
nag_s = 0
lowest_volume = 0
shifts = ["05:30", "17:30"]

[[suppression]]
id = "stopped"
when = "'Line/PLC1/Running' = false"
alarms = ["Line/*:flow"]
areas = ["Press shop"]
classes = ["machine"]
text = "The line is stopped"

[[rule]]
id = "deviation"
tag = "*/Temp"
kind = "deviation"
setpoint = "./Setpoint"
h = 5
ll = -8
deadbands = { ll = 2, h = 0.5 }
count = 3
within_s = 60
class = "machine"
first_out = "press {device}"
suppress_when = "'./State' = 0"
cause = "c"
consequence = "k"
time_to_respond_s = 120
owner = "o"
needs_comment = true

[[rule]]
id = "rate"
tag = "*"
kind = "rate"
h = 0.5
over_s = 30
"""


def write(tmp_path, text, name="alarms.toml"):
    (tmp_path / name).write_text(text, encoding="utf-8")
    return (read_alarm_file if name == "alarms.toml" else read_derived)(tmp_path)


def test_everything_of_the_file_is_used(tmp_path):
    found, problems = write(tmp_path, GOOD)
    assert problems == []
    machine, info = found.settings.class_of("machine"), found.settings.class_of("info")
    assert (machine.name, machine.is_latching, machine.is_shelvable) == ("Machine protection", True, False)
    assert machine.needs_comment
    assert machine.needs_signature
    assert (machine.longest_shelf_s, machine.realarm_s, machine.stands_out) == (600, 1200, True)
    assert info.closes_by_itself
    assert found.settings.class_of("nobody").class_id == "standard"
    shelving = found.settings.shelving
    assert shelving.longest_s == {Priority.HIGH: 60, Priority.LOW: 120}
    assert (shelving.at_most, shelving.at_once, shelving.warn_s, shelving.presets_s) == (3, 2, 30, (30, 60))
    flood, sound = found.settings.flood, found.settings.sound
    assert (flood.enter, flood.leave, flood.window_s, sound.burst, sound.nag_s) == (20, 10, 300, 5, 0)
    assert (sound.lowest_volume, sound.shifts_s) == (0, (19_800, 63_000))
    (suppression,) = found.settings.suppressions
    deviation, rate = found.rules
    assert suppression.meets("Line/PLC1/P/Flow", deviation, "Press shop") is False
    assert (deviation.kind, deviation.setpoint, deviation.h, deviation.ll) == (AlarmKind.DEVIATION, "./Setpoint", 5, -8)
    assert dict(deviation.deadbands) == {"ll": 2.0, "h": 0.5}
    assert (deviation.count, deviation.within_s, deviation.alarm_class) == (3, 60.0, "machine")
    assert (deviation.first_out, deviation.suppress_when) == ("press {device}", "'./State' = 0")
    assert (deviation.cause, deviation.consequence, deviation.time_to_respond_s, deviation.owner) == (
        "c",
        "k",
        120,
        "o",
    )
    assert deviation.needs_comment
    assert (rate.kind, rate.over_s) == (AlarmKind.RATE, 30.0)


def test_a_file_of_version_1_reads_as_ever_with_the_usual_settings(tmp_path):
    found, problems = write(tmp_path, 'version = 1\n[[rule]]\nid = "a"\ntag = "*"\nh = 1\n')
    assert problems == []
    assert found.settings == AlarmSettings()
    assert found.rules[0].alarm_class == "standard"


WRONG = """
version = 2
[[class]]
id = "a"
latching = true
closes_by_itself = true
longest_shelf_s = 0
[[class]]
id = "a"
collor = 1
[shelving]
longest_s = { urgent = 5, journal = 5, high = -1 }
presets_s = [0]
at_once = 0
[flood]
enter = 3
leave = 4
[sound]
nag_s = "never"
lowest_volume = 101
shifts = ["24:00"]
[[suppression]]
id = "s"
when = "'a' ="
[[suppression]]
id = "s"
when = "'./a'"
classes = ["b"]
[[rule]]
id = "dev"
tag = "*"
kind = "deviation"
h = -1
over_s = 5
[[rule]]
id = "rate"
tag = "*"
kind = "rate"
l = 1
over_s = 0
setpoint = 5
[[rule]]
id = "lim"
tag = "*"
h = 5
deadbands = { hh = 1, x = 2 }
count = 3
class = "nobody"
suppress_when = "1 +"
on_delay_s = inf
[[rule]]
id = "dead"
tag = "*"
kind = "node_dead"
first_out = "g"
count = 0
[[rule]]
id = "within"
tag = "*"
h = 5
within_s = 5
setpoint = true
"""


def test_every_error_is_named_at_once_with_its_place_and_its_remedy(tmp_path):
    found, problems = write(tmp_path, WRONG)
    assert found.rules == ()
    keys = {problem.key for problem in problems}
    assert keys >= {
        "class[0].closes_by_itself",
        "class[0].longest_shelf_s",
        "class[1].id",
        "class[1].collor",
        "shelving.longest_s.urgent",
        "shelving.longest_s.journal",
        "shelving.longest_s.high",
        "shelving.presets_s",
        "shelving.at_once",
        "flood.leave",
        "sound.nag_s",
        "sound.lowest_volume",
        "sound.shifts",
        "suppression[0].when",
        "suppression[0].alarms",
        "suppression[1].id",
        "suppression[1].when",
        "suppression[1].classes",
        "rule[0].h",
        "rule[0].over_s",
        "rule[0].setpoint",
        "rule[1].l",
        "rule[1].over_s",
        "rule[1].setpoint",
        "rule[2].deadbands.hh",
        "rule[2].deadbands.x",
        "rule[2].within_s",
        "rule[2].class",
        "rule[2].suppress_when",
        "rule[2].on_delay_s",
        "rule[3].first_out",
        "rule[3].count",
        "rule[4].within_s",
        "rule[4].setpoint",
    }
    assert all(problem.remedy for problem in problems)
    assert any("character 6" in problem.text for problem in problems if problem.key == "suppression[0].when")
    with pytest.raises(BadConfiguration):
        load_alarm_file(tmp_path)


DERIVED = """
[[tag]]
path = "Line/Sums/Both"
expression = "'./One' + 'Line/PLC2/Two'"
unit = "kW"
interval_s = 2
[[tag]]
path = "Line/Sums/One"
expression = "'Line/PLC1/P/Power' / 1000"
[[tag]]
path = "Line/Sums/Machine/Part/Deep"
expression = "'./Part/Other' > 0"
"""


def test_derived_tags_come_inputs_first(tmp_path):
    found, problems = write(tmp_path, DERIVED, "derived.toml")
    assert problems == []
    assert [tag.path for tag in found] == ["Line/Sums/One", "Line/Sums/Both", "Line/Sums/Machine/Part/Deep"]
    assert found[1].source.path() == "derived/Line/Sums/Both"
    assert found[2].inputs == ("Line/Sums/Machine/Part/Other",)
    assert read_derived(tmp_path / "nowhere") == ((), [])


def test_a_circle_of_derived_tags_is_refused_and_named(tmp_path):
    text = "".join(f'[[tag]]\npath = "A/B/{n}"\nexpression = "\'A/B/{(n + 1) % 3}\' + 1"\n' for n in range(3))
    found, problems = write(tmp_path, text, "derived.toml")
    assert found == ()
    assert ["A/B/0 -> A/B/1 -> A/B/2 -> A/B/0" in problem.text for problem in problems] == [True]
    _found, problems = write(tmp_path, '[[tag]]\npath = "A/B/C"\nexpression = "\'derived/A/B/C\'"\n', "derived.toml")
    assert "A/B/C -> A/B/C" in problems[0].text


def test_a_chain_of_thousands_is_read_and_ordered(tmp_path):
    count = 3000
    text = "".join(f'[[tag]]\npath = "A/B/{n}"\nexpression = "\'A/B/{n + 1}\'"\n' for n in range(count))
    found, problems = write(tmp_path, text, "derived.toml")
    assert problems == []
    assert [tag.path for tag in found[:2]] == [f"A/B/{count - 1}", f"A/B/{count - 2}"]


def test_every_error_of_derived_tags_is_named(tmp_path):
    text = """
version = 2
[[tag]]
path = "A/B"
expression = "1 + 1"
[[tag]]
path = "derived/A/B/C"
expression = "'x' +"
interval_s = -1
colour = "red"
[[tag]]
path = "A/B/C"
expression = "'x'"
[[tag]]
path = "A/B/C"
expression = "'x'"
"""
    found, problems = write(tmp_path, text, "derived.toml")
    assert [tag.path for tag in found] == ["A/B/C"]
    assert {problem.key for problem in problems} == {
        "version", "tag[0].path", "tag[0].expression", "tag[1].path", "tag[1].expression", "tag[1].interval_s",
        "tag[1].colour", "tag[3].path",
    }  # fmt: skip
    assert all(problem.remedy for problem in problems)
    with pytest.raises(BadConfiguration):
        load_derived(tmp_path)


def test_the_demo_shows_every_kind_of_rule_setting_and_derived_tag():
    assert "derived.toml" in COPIED
    found = load_alarm_file(RESOURCES)
    kinds = {rule.kind for rule in found.rules}
    assert kinds >= {AlarmKind.LIMIT, AlarmKind.DEVIATION, AlarmKind.RATE, AlarmKind.DISCRETE, AlarmKind.BAD_QUALITY}
    assert any(rule.count > 1 for rule in found.rules)
    assert any(rule.first_out for rule in found.rules)
    assert any(rule.deadbands for rule in found.rules)
    assert any(one.is_latching for one in found.settings.classes.values())
    assert any(one.needs_signature for one in found.settings.classes.values())
    assert found.settings.suppressions
    windows = {window.function for tag in load_derived(RESOURCES) for window in tag.expression.windows}
    assert "increase" in windows


def test_who_acknowledges_many_and_how_a_shelf_is_left_are_the_sites_choice(tmp_path):
    path = tmp_path / "alarms.toml"
    path.write_text(
        'version = 2\n[acknowledging]\ngroup_roles = ["shift_lead"]\n[shelving]\nby_condition = true\n',
        encoding="utf-8",
    )
    settings = load_alarm_file(tmp_path).settings
    assert (settings.group.roles, settings.shelving.by_condition) == (frozenset({"shift_lead"}), True)
    path.write_text('version = 2\n[acknowledging]\ngroup_roles = ["king"]\n', encoding="utf-8")
    with pytest.raises(BadConfiguration, match="king"):
        load_alarm_file(tmp_path)
