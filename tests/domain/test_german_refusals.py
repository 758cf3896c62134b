"""Every sentence that refuses an act has its German, with the same places to fill."""

import ast
import string
import tomllib
from pathlib import Path

import pytest

from console.domain.incidents import _WRONG_STATE, RESOLUTION_CODES
from console.services.identity.sign_on import WRONG
from console.services.servicedesk.case import HERE, IN_CENTRE
from console.services.servicedesk.timeline import EVENTS, FIELD_TITLES, OTHER_LINES

ROOT = Path(__file__).parents[2]
SPEAKING = (
    "console/domain/acknowledgement.py",
    "console/domain/incidents.py",
    "console/domain/incident_settling.py",
    "console/domain/permissions.py",
    "console/domain/plain_text.py",
    "console/config/users_file.py",
    "console/domain/shelving_acts.py",
    "console/services/operations.py",
    "console/services/alarms/alarm_door.py",
    "console/services/alarms/flag_acts.py",
    "console/services/servicedesk/incident_door.py",
    "console/services/identity/sign_on.py",
)
PLACE = {"Refused": 0, "required": 1}


def sentences(path: str) -> list[str]:
    """Literal sentences given to `Refused(...)` and `required(...)`."""
    calls = [
        node for node in ast.walk(ast.parse((ROOT / path).read_text(encoding="utf-8"))) if isinstance(node, ast.Call)
    ]
    named = [(call, PLACE[call.func.id]) for call in calls if isinstance(call.func, ast.Name) and call.func.id in PLACE]
    given = [call.args[place] for call, place in named if len(call.args) > place]
    choices = [part for arg in given for part in ([arg.body, arg.orelse] if isinstance(arg, ast.IfExp) else [arg])]
    return [arg.value for arg in choices if isinstance(arg, ast.Constant)]


def tables() -> list[str]:
    """Words of the tables that are translated when they are shown."""
    return [
        *_WRONG_STATE.values(),
        *EVENTS.values(),
        *FIELD_TITLES.values(),
        *OTHER_LINES,
        HERE,
        IN_CENTRE,
        *RESOLUTION_CODES,
        WRONG,
    ]


def places(text: str) -> set[str]:
    return {name for _, name, _, _ in string.Formatter().parse(text) if name}


@pytest.mark.parametrize("path", SPEAKING)
def test_every_refusal_is_said_in_german_too(path):
    german = tomllib.loads((ROOT / "resources/translations/de/operations.toml").read_text(encoding="utf-8"))
    missing = [text for text in sentences(path) if text not in german]
    assert missing == []
    assert all(places(text) == places(german[text]) for text in sentences(path))


def test_the_words_of_the_tables_are_said_in_german_too():
    german = tomllib.loads((ROOT / "resources/translations/de/operations.toml").read_text(encoding="utf-8"))
    assert [text for text in tables() if text not in german] == []


def test_the_search_for_sentences_finds_some():
    assert len(sentences("console/domain/incidents.py")) > 10
