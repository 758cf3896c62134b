"""Commands from texts: what is wrong is named, and nobody acts in another's name."""

import asyncio
import json
from uuid import UUID

import pytest

from console.app.door import Door, command_from
from console.domain.alarms import Occurrence
from console.domain.commands import AcknowledgeAlarms, EditIncident, OpenIncident

ID = UUID(int=3)


def test_occurrences_are_written_condition_at_start():
    command = command_from("ack", {"occurrences": f"{ID}@17, {ID}@18", "comment": "seen"})
    assert command == AcknowledgeAlarms((Occurrence(ID, 17), Occurrence(ID, 18)), "seen")


def test_numbers_ids_and_dashes():
    assert command_from("open-incident", {"title": "T", "impact": "2", "asset-ids": str(ID)}) == OpenIncident(
        "T", impact=2, asset_ids=(ID,)
    )
    assert command_from("edit-incident", {"incident-id": str(ID), "field": "impact", "value": "1"}) == EditIncident(
        ID, "impact", 1
    )


@pytest.mark.parametrize(
    ("name", "fields", "says"),
    [
        ("fly", {}, "no command 'fly'"),
        ("ack", {}, "--occurrences"),
        ("ack", {"occurrences": "x", "colour": "red"}, "no field colour"),
        ("ack", {"occurrences": "nonsense"}, "'nonsense' is not valid"),
        ("open-incident", {"title": "T", "impact": "high"}, "--impact"),
    ],
)
def test_mistakes_are_named(name, fields, says):
    with pytest.raises(ValueError, match=says):
        command_from(name, fields)


NOT_TEXT = b'{"op": "act", "command": "ack", "fields": [], "login": {}, "password": 5}'
ENDLESS = b'{"op": "query", "what": "journal", "args": {"limit": 1e400}}'
NO_OBJECT = b'{"op": "query", "what": "journal", "args": []}'
DEEP = b"[" * 100_000


@pytest.mark.proves("SEC-26")
@pytest.mark.parametrize("line", [b"", b"{", b"[]", b"{}", b'{"op": "fly"}', b"\xff\xfe", b'{"op": "act"}', b"null"])
def test_any_line_gets_an_answer(line):
    answer = json.loads(asyncio.run(Door(None).handle(line)))
    assert answer["ok"] is False


@pytest.mark.proves("SEC-26")
@pytest.mark.parametrize("line", [NOT_TEXT, ENDLESS, NO_OBJECT, DEEP])
def test_well_formed_nonsense_gets_an_answer(line):
    answer = json.loads(asyncio.run(Door(None).handle(line)))
    assert answer["ok"] is False


@pytest.mark.proves("SEC-1")
def test_nobody_acts_without_a_name():
    question = {"op": "act", "command": "ack", "fields": {"occurrences": f"{ID}@1"}, "login": "", "password": ""}
    answer = json.loads(asyncio.run(Door(None).handle(json.dumps(question).encode())))
    assert "--user" in answer["refused"]


def test_a_station_without_window_says_so():
    assert json.loads(asyncio.run(Door(None).handle(b'{"op": "raise"}')))["error"] == "this station has no window"
