"""A publisher that invents names without end: counted and seen, and the memory of the desk stays what it was."""

import random

import pytest

from console.config.settings import TopicMap
from console.services.inbox import Inbox
from console.services.telemetry import sparkplug_host, sparkplug_session
from console.services.telemetry.batch import Message
from console.services.telemetry.handles import HandleTable
from console.services.telemetry.outlet import Outlet
from console.services.telemetry.plain_topics import PlainTopics
from console.services.telemetry.rebirth import RebirthDesk
from tests.services.telemetry.rig import SITE, Rig
from tests.support.edge import M, payload


def test_names_that_never_show_a_birth_are_remembered_up_to_a_limit(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sparkplug_host, "_MAX_UNBORN", 20)
    rig = Rig()
    for number in range(200):
        rig.send("NDATA", [M("a", 1.0)], node=f"ghost{number}", seq=0)
    rig.pass_time(6)
    told = {session.node.node for session in rig.follower.sessions}
    assert len(told) == 20
    assert "too_many_nodes" in rig.kinds()
    assert len(set(rig.asked)) == 20


def test_a_real_node_is_taken_in_while_somebody_invents_names(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sparkplug_host, "_MAX_UNBORN", 20)
    rig = Rig()
    for number in range(100):
        rig.send("NDATA", [M("a", 1.0)], node=f"ghost{number}", seq=0)
    rig.birth(M("a", 7.0))
    assert rig.value("a") == 7.0
    rig.send("NDATA", [M("a", 8.0)])
    assert rig.value("a") == 8.0


def test_births_of_invented_nodes_end_at_a_limit_too(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sparkplug_host, "_MAX_NODES", 10)
    rig = Rig()
    for number in range(30):
        rig.birth(M("a", 1.0), node=f"n{number}")
    assert rig.store.size == 10
    assert "too_many_nodes" in rig.kinds()


@pytest.mark.proves("SEC-38")
def test_one_node_cannot_have_devices_without_end(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sparkplug_session, "MAX_DEVICES", 10)
    rig = Rig()
    rig.birth()
    for number in range(30):
        rig.send("DBIRTH", [M("a", 1.0)], device=f"d{number}")
    assert rig.store.size == 10
    assert rig.troubles["plant/g/n1/d29", "too_many_devices"].count == 1


@pytest.mark.proves("SEC-38")
def test_tags_end_at_a_limit_and_those_that_are_known_go_on() -> None:
    rig = Rig()
    rig.handles._max_tags = 3
    rig.birth(*[M(f"m{number}", 1.0, alias=number + 1) for number in range(5)])
    assert rig.store.size == 3
    assert rig.troubles["plant/g/n1", "too_many_tags"].count == 2
    rig.send("NDATA", [M(alias=1, value=9.0, type=0)])
    assert rig.value("m0") == 9.0


def test_plain_topics_end_at_the_same_limit_and_long_ones_are_not_taken() -> None:
    inbox: Inbox[Message] = Inbox()
    handles, outlet = HandleTable(SITE, max_tags=3), Outlet(inbox)
    plain = PlainTopics("plant", (TopicMap("a/+", "", "{1}"),), handles, outlet)
    for number in range(5):
        plain.message(f"a/{number}", b"1.0", 1)
    plain.message("a/" + "x" * 5000, b"1.0", 1)
    assert len(handles) == 3
    counted = {(trouble.sender[:3], trouble.kind) for trouble in outlet.troubles.due(1, at_once=True)}
    assert counted == {("a/3", "too_many_tags"), ("a/4", "too_many_tags"), ("a/x", "bad_topic")}


def test_long_topics_are_understood_but_not_kept() -> None:
    rig = Rig()
    node = "n" * 1000
    for number in range(50):
        rig.raw(f"spBv1.0/g/DDATA/{node}/d{number}", payload([M("a", 1.0)], seq=0, ms=1))
    assert not rig.host._routes
    assert rig.kinds() == {"data_before_birth"}


def test_the_desk_asks_the_ones_that_wait_longest_first() -> None:
    desk = RebirthDesk(lambda: 0.5, per_s=3)
    order = random.Random(4).sample(range(50), 50)
    for number in order:
        desk.want(("g", f"n{number:02}"), float(number))
    assert desk.due(100.0) == [("g", "n00"), ("g", "n01"), ("g", "n02")]
    assert desk.due(100.1) == []
    assert desk.due(101.2) == [("g", "n03"), ("g", "n04"), ("g", "n05")]
