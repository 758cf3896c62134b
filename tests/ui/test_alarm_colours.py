"""Alarm colours mean alarms: who names them, and that nothing else looks like them. What is normal has no colour."""

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from console.ui.resources import resource
from console.ui.theme import PRIORITY_TOKENS, THEMES, load_tokens
from tests.ui.color_science import difference

ROOT = Path(__file__).resolve().parents[2] / "console"

# Who paints in alarm colours, and which alarm that is.
PAINTERS = {
    "app/frame/attention.py": "the icon of the program: how many alarms wait",
    "ui/priority_symbol.py": "the symbol of an alarm",
    "ui/theme.py": "hands the colours out",
    "views/alarms/timeline.py": "when which alarm was active",
    "views/overview/area_tiles.py": "the most urgent alarm of an area",
    "widgets/alarm_banner.py": "the most urgent alarm; that nothing is received, which is one",
    "widgets/priority_count.py": "how many alarms, and that nothing is received",
    "widgets/lamp.py": "one of our own links or records in alarm",
    "widgets/navigation_rail.py": "the badge with the number of alarms",
    "widgets/topology_painter.py": "an asset in alarm",
    "widgets/trend_snippet.py": "when the alarm was active, and its limits",
    "widgets/trend_ground.py": "when an alarm was active, and its limits",
    "widgets/trend_markers.py": "when which alarm began",
}
# Labels in the colour of a critical alarm (role "alarm"), and which alarm that is.
LABELS = {
    "app/frame/faceplate_facts.py": "an asset in alarm",
    "app/frame/sound_dialog.py": "no sound: the system alarm of the sound device",
    "widgets/alarm_banner.py": "a broker that is not heard; no sound device",
}
ROLES = {"alarm", "p1", "p2", "p3", "p4"}
# One accent (focus, the primary button, what is chosen) is blue, and so is the lowest priority, by design: an alarm
# also has its symbol and its digit (ALARM-F77), and the accent is never a symbol.
BY_DESIGN = {"accent"}


def sources() -> Iterator[tuple[str, ast.Module]]:
    for path in sorted(ROOT.rglob("*.py")):
        if "bench" not in path.parts:
            yield path.relative_to(ROOT).as_posix(), ast.parse(path.read_text(encoding="utf-8"))


def texts(tree: ast.AST) -> set[str]:
    return {node.value for node in ast.walk(tree) if isinstance(node, ast.Constant) and isinstance(node.value, str)}


@pytest.mark.proves("ALARM-F78")
def test_only_what_shows_an_alarm_paints_in_alarm_colours() -> None:
    tokens = set(PRIORITY_TOKENS.values())
    found = {
        name
        for name, tree in sources()
        if tokens & {text.removesuffix(".edge").removesuffix(".digit") for text in texts(tree)}
        or any(isinstance(node, ast.Attribute) and node.attr == "priority_color" for node in ast.walk(tree))
    }
    assert found == set(PAINTERS), "a new painter says here which alarm it shows"


@pytest.mark.proves("ALARM-F78")
def test_no_refusal_and_no_mistake_in_a_form_is_written_in_the_colour_of_an_alarm() -> None:
    """Roles are given by setProperty("role", ...), by a default of an argument called role, or as a line's style."""
    found = set()
    for name, tree in sources():
        for node in ast.walk(tree):
            if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute):
                is_role = node.func.attr == "setProperty" and "role" in texts(node)
                if (is_role or node.func.attr in {"_say", "say"}) and "alarm" in texts(node):
                    found.add(name)
            elif isinstance(node, ast.arguments) and any(one.arg == "role" for one in node.args):
                if any(isinstance(one, ast.Constant) and one.value == "alarm" for one in node.defaults):
                    found.add(name)
            elif isinstance(node, ast.Assign) and "alarm" in texts(node.value):
                names = {one.id for one in node.targets if isinstance(one, ast.Name)}
                if names & {"role", "style", "_STATE_WORST"}:
                    found.add(name)
    assert found == set(LABELS), "a new label says here which alarm it shows"


@pytest.mark.proves("ALARM-F78")
def test_the_style_sheet_colours_nothing_like_an_alarm_but_labels_of_alarms() -> None:
    sheet = resource("theme", "look.qss").read_text(encoding="utf-8")
    rules = re.findall(r"([^{}]+)\{((?:[^{}]|\$\{\w+\})*)\}", re.sub(r"/\*.*?\*/", "", sheet, flags=re.DOTALL))
    coloured = [selector.strip() for selector, body in rules if "alarm_" in body]
    assert {role for selector in coloured for role in re.findall(r'role="(\w+)"', selector)} == ROLES
    assert all(set(re.findall(r'role="(\w+)"', part)) & ROLES for one in coloured for part in one.split(","))


@pytest.mark.proves("ALARM-F78")
@pytest.mark.parametrize("name", THEMES)
def test_nothing_else_looks_like_an_alarm_and_what_is_normal_is_grey(name: str) -> None:
    tokens = load_tokens(name)
    alarms = [f"{token}{part}" for token in PRIORITY_TOKENS.values() for part in ("", ".edge")]
    others = [key for key in tokens if not key.startswith("alarm.") and key not in BY_DESIGN]
    assert [(o, a) for o in others for a in alarms if difference(tokens[o], tokens[a], "normal") < 12] == []
    grey = [int(tokens["normal"][at : at + 2], 16) for at in (1, 3, 5)]
    assert max(grey) - min(grey) <= 24


@pytest.mark.proves("ALARM-F78")
def test_no_icon_brings_a_colour_of_its_own_that_looks_like_an_alarm() -> None:
    for name in THEMES:
        tokens = load_tokens(name)
        alarms = [tokens[token] for token in PRIORITY_TOKENS.values()]
        for icon in resource("icons").glob("*.svg"):
            for colour in re.findall(r"#[0-9a-fA-F]{6}\b", icon.read_text(encoding="utf-8")):
                assert all(difference(colour, one, "normal") >= 12 for one in alarms), (icon.name, colour)
