"""`site/derived.toml`: tags that are made of others, checked whole with every error at once, circles named."""

from pathlib import Path

from console.config.alarm_rule_table import read_expression, seconds
from console.config.problems import BadConfiguration, Problem, TableReader, read_toml
from console.domain.derived import BROKER, DerivedTag, in_order, source_of

FILE = "derived.toml"
VERSION = 1
MOST_TAGS = 20_000
DERIVED_TEMPLATE = """\
# Tags that are made of others. They trend, alarm and show like any other, under the path derived/<path>.
version = 1

# [[tag]]
# path = "Press/Line 1/Availability"     # group/node/metric or group/node/device/metric
# expression = "100 * 'Press/PLC-P1/PRESS-1/Running' / max(1, 'Press/PLC-P1/PRESS-1/Planned')"
# unit = "%"
# interval_s = 5                          # at most one value in 5 s
"""


def read_derived(folder: Path) -> tuple[tuple[DerivedTag, ...], list[Problem]]:
    """The derived tags of `folder/derived.toml`, inputs before what is made of them, and everything wrong."""
    path = folder / FILE
    if not path.exists():
        return (), []
    reader = read_toml(path)
    if reader.integer("version", 1) > VERSION:
        reader.problem("version", "is newer than this program knows", "install the newer Leitstand")
    tables = reader.tables("tag")
    if len(tables) > MOST_TAGS:
        reader.problem("tag", f"there are more than {MOST_TAGS} derived tags", "remove some")
        tables = []
    found: dict[str, DerivedTag] = {}
    for table in tables:
        tag = _tag(table)
        if tag is not None and tag.path in found:
            table.problem("path", f"'{tag.path}' is used twice", "every derived tag needs its own path")
        elif tag is not None:
            found[tag.path] = tag
    reader.unknown_keys()
    ordered, circle = in_order(tuple(found.values()))
    if circle:
        reader.problem("tag", "goes in a circle: " + " -> ".join(circle), "a tag cannot be made of itself")
    return ordered, reader.problems


def load_derived(folder: Path) -> tuple[DerivedTag, ...]:
    """Like `read_derived`, raising `BadConfiguration` with all problems."""
    found, problems = read_derived(folder)
    if problems:
        raise BadConfiguration(tuple(problems))
    return found


def _tag(table: TableReader) -> DerivedTag | None:
    before = len(table.problems)
    path = table.text("path").strip()
    if "path" in table.table:
        try:
            source_of(path)
        except ValueError:
            table.problem("path", f"'{path}' has fewer than three levels", "write group/node/metric")
        if path.startswith(f"{BROKER}/"):
            table.problem("path", f"must not begin with '{BROKER}/'", "that is put before it anyway")
    text = table.text("expression")
    expression = read_expression(table, "expression", text, wants_truth=False) if "expression" in table.table else None
    if expression is not None and not expression.references:
        table.problem("expression", "names no tag and would never change", "name at least one tag")
    unit, interval_s = table.text("unit", ""), seconds(table, "interval_s", 0.0)
    description = table.text("description", "")
    table.unknown_keys()
    if expression is None or len(table.problems) > before:
        return None
    return DerivedTag(path, expression, unit, interval_s, description)
