"""What `site/alarms.toml` says beside its rules: classes, shelving, flood, sound and suppressions by design."""

import re

from console.config.alarm_rule_table import LONGEST_S, PRIORITIES, read_expression
from console.config.matrix_table import read_matrix
from console.config.problems import TableReader
from console.domain.alarm_classes import (
    STANDARD,
    STANDARD_ID,
    AlarmClass,
    AlarmSettings,
    FloodRules,
    GroupRules,
    ShelvingRules,
    SoundRules,
)
from console.domain.alarms import Priority
from console.domain.people import Role
from console.domain.suppressions import Suppression

MOST_ALARMS = 100_000
_DAY_S = 86_400
_CLOCK = re.compile(r"([01]\d|2[0-3]):([0-5]\d)")


def read_settings(reader: TableReader) -> AlarmSettings:
    """The settings as far as they can be read; what is wrong is in the reader. What is not given is the default."""
    classes = _classes(reader)
    shelving, flood, sound = _shelving(reader), _flood(reader), _sound(reader)
    suppressions, group = _suppressions(reader, classes), _group(reader)
    return AlarmSettings(classes, shelving, flood, sound, suppressions, group, read_matrix(reader))


def _classes(reader: TableReader) -> dict[str, AlarmClass]:
    classes = {STANDARD_ID: STANDARD}
    seen: set[str] = set()
    for table in reader.tables("class"):
        class_id = table.text("id").strip()
        if "id" in table.table and not class_id:
            table.problem("id", "must not be empty", "give it a short name that never changes")
        if class_id in seen:
            table.problem("id", f"'{class_id}' is used twice", "every class needs its own id")
        seen.add(class_id)
        found = AlarmClass(
            class_id,
            table.text("name", class_id),
            is_latching=table.flag("latching"),
            closes_by_itself=table.flag("closes_by_itself"),
            needs_comment=table.flag("needs_comment"),
            needs_signature=table.flag("needs_signature"),
            is_shelvable=table.flag("shelvable", default=True),
            longest_shelf_s=table.integer("longest_shelf_s", STANDARD.longest_shelf_s, low=1, high=int(LONGEST_S)),
            realarm_s=table.integer("realarm_s", 0, low=0, high=int(LONGEST_S)),
            stands_out=table.flag("stands_out"),
            escalate_s=table.integer("escalate_s", 0, low=0, high=int(LONGEST_S)),
        )
        if found.is_latching and found.closes_by_itself:
            table.problem("closes_by_itself", "cannot be together with latching", "remove one of them")
        table.unknown_keys()
        classes[class_id] = found
    return classes


def _shelving(reader: TableReader) -> ShelvingRules:
    table, usual = reader.section("shelving"), ShelvingRules()
    longest = usual.longest_s
    if "longest_s" in table.table:
        section = table.section("longest_s")
        longest = {
            priority: section.integer(name, 0, low=0, high=int(LONGEST_S))
            for name, priority in PRIORITIES.items()
            if priority is not Priority.JOURNAL and name in section.table
        }
        for name in section.table:
            if name not in PRIORITIES or name == Priority.JOURNAL.name.lower():
                section.problem(name, "is no priority that can be shelved", "one of: critical, high, medium, low")
        longest = {priority: most for priority, most in longest.items() if most}
    found = ShelvingRules(
        longest,
        at_most=table.integer("at_most", usual.at_most, low=0, high=MOST_ALARMS),
        at_once=table.integer("at_once", usual.at_once, low=1, high=MOST_ALARMS),
        warn_s=table.integer("warn_s", usual.warn_s, low=0, high=_DAY_S),
        by_condition=table.flag("by_condition"),
        presets_s=_presets(table, usual.presets_s),
    )
    table.unknown_keys()
    return found


def _presets(table: TableReader, usual: tuple[int, ...]) -> tuple[int, ...]:
    value: object = table._get("presets_s", list, "a list of seconds", list(usual))
    items = value if isinstance(value, list) else list(usual)
    if not items or not all(type(item) is int and 0 < item <= LONGEST_S for item in items):
        table.problem("presets_s", "must be whole seconds above 0", "for example [900, 3600]")
        return usual
    return tuple(sorted(set(items)))


def _group(reader: TableReader) -> GroupRules:
    """`[acknowledging] group_roles`: who acknowledges more than one alarm at once."""
    usual = GroupRules()
    if "acknowledging" not in reader.table:
        return usual
    table = reader.section("acknowledging")
    roles = table.texts("group_roles") if "group_roles" in table.table else tuple(usual.roles)
    for role in roles:
        if role not in set(Role):
            table.problem("group_roles", f"'{role}' is no role", f"one of: {', '.join(Role)}")
    table.unknown_keys()
    return GroupRules(frozenset(roles))


def _flood(reader: TableReader) -> FloodRules:
    table, usual = reader.section("flood"), FloodRules()
    found = FloodRules(
        table.integer("enter", usual.enter, low=1, high=MOST_ALARMS),
        table.integer("leave", usual.leave, low=1, high=MOST_ALARMS),
        table.integer("window_s", usual.window_s, low=10, high=_DAY_S),
    )
    if found.leave > found.enter:
        table.problem("leave", "must not lie above enter", "a flood ends below where it begins")
        found = usual
    table.unknown_keys()
    return found


def _sound(reader: TableReader) -> SoundRules:
    table, usual = reader.section("sound"), SoundRules()
    found = SoundRules(
        table.integer("burst", usual.burst, low=1, high=MOST_ALARMS),
        table.integer("nag_s", usual.nag_s, low=0, high=_DAY_S),
        table.integer("lowest_volume", usual.lowest_volume, low=0, high=100),
        _shifts(table, usual.shifts_s),
    )
    table.unknown_keys()
    return found


def _shifts(table: TableReader, usual: tuple[int, ...]) -> tuple[int, ...]:
    """When shifts begin, seconds after midnight at the site; an empty list checks at the start of the program only."""
    if "shifts" not in table.table:
        return usual
    found = set()
    for text in table.texts("shifts"):
        matched = _CLOCK.fullmatch(text)
        if matched is None:
            table.problem("shifts", f"'{text}' is no time of day", 'for example ["06:00", "14:00", "22:00"]')
        else:
            found.add(int(matched[1]) * 3600 + int(matched[2]) * 60)
    return tuple(sorted(found))


def _suppressions(reader: TableReader, classes: dict[str, AlarmClass]) -> tuple[Suppression, ...]:
    found: list[Suppression] = []
    seen: set[str] = set()
    for table in reader.tables("suppression"):
        before = len(reader.problems)
        suppression = Suppression(
            table.text("id").strip(),
            table.text("when"),
            table.texts("alarms"),
            table.texts("areas"),
            table.texts("classes"),
            table.text("text", ""),
        )
        if suppression.suppression_id in seen:
            table.problem("id", f"'{suppression.suppression_id}' is used twice", "every suppression needs its own id")
        seen.add(suppression.suppression_id)
        if "id" in table.table and not suppression.suppression_id:
            table.problem("id", "must not be empty", "give it a short name that never changes")
        if not (suppression.alarms or suppression.areas or suppression.classes):
            table.problem("alarms", "it says of no alarm that it is meant", "add alarms, areas or classes")
        for class_id in suppression.classes:
            if class_id not in classes:
                table.problem("classes", f"there is no class '{class_id}'", "add a [[class]] or correct the name")
        expression = read_expression(table, "when", suppression.when) if "when" in table.table else None
        if expression is not None and expression.is_relative:
            table.problem("when", "'./' has no meaning here: no device stands beside it", "write the whole path")
        table.unknown_keys()
        if len(reader.problems) == before:
            found.append(suppression)
    return tuple(found)
