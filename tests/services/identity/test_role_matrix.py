"""Every role and every command at the operators' door itself; the expected table is the one on paper."""

import asyncio
import dataclasses
import types
import typing
from uuid import UUID

import pytest

from console.domain import commands as c
from console.domain import people_commands as u
from console.domain.alarms import Occurrence
from console.domain.commands import COMMANDS, Command
from console.domain.facts import ActRefused
from console.domain.history.annotations import AddAnnotation
from console.domain.history.pen_groups import SavePenGroup
from console.domain.people import Role
from console.domain.permissions import PERMISSIONS, SIGN_ON_FIRST
from console.domain.refusal import Refused
from console.domain.signatures import Record
from console.services.acts import Act
from console.services.station import Receipt
from tests.domain.test_permissions import NEEDS_NOBODY, cells
from tests.support.people_desk import PeopleDesk
from tests.support.trend_desk import TrendDesk

LOGIN = {
    Role.OPERATOR: "olga",
    Role.SHIFT_LEAD: "lena",
    Role.ENGINEER: "emil",
    Role.SERVICE_MANAGER: "sina",
    Role.ADMINISTRATOR: "adam",
    Role.AUDITOR: "aude",
}
OTHERS = {"set-password": {"user": "otto"}, "attribute-break-glass": {"user": "otto"}}
DENIALS = {text for row in PERMISSIONS.values() for text in (row.why_not, row.why_not_own) if text} | {SIGN_ON_FIRST}


def example(kind: type[Command], **given: object) -> Command:
    """A command with something in every field that has no default."""
    hints = typing.get_type_hints(kind)
    values = {f.name: something(hints[f.name]) for f in dataclasses.fields(kind) if f.default is dataclasses.MISSING}
    return kind(**{**values, **given})


def something(hint: object) -> object:
    origin = typing.get_origin(hint)
    if origin is tuple:
        return ()
    if origin in (typing.Union, types.UnionType):
        return something(typing.get_args(hint)[0])
    return {UUID: UUID(int=999), Occurrence: Occurrence(UUID(int=999), 1), int: 1, bool: False, bytes: b""}.get(
        typing.cast("type", hint), "x"
    )


async def whole(desk: PeopleDesk) -> None:
    """Commands of areas that this desk does not run get an act that does nothing: the question is who is let in."""

    async def nothing(_command, _actor):
        return Receipt(())

    await desk.start()
    rest = set(COMMANDS.values()) - desk.operations.commands - {c.SignOn, c.SignOff}
    desk.operations.extend({kind: Act(nothing, record=lambda command: Record("x", "x")) for kind in rest})


async def beside_trends(desk: TrendDesk, login: str) -> dict[str, tuple[dict[str, UUID], dict[str, UUID]]]:
    """Of each command about an annotation or a pen group: one of one's own, as far as one may have any, and otto's."""
    made: dict[str, list[dict[str, UUID]]] = {}
    for who in (login, "otto"):
        await desk.signed_on(who)
        group = UUID((await desk.submit(SavePenGroup(f"by {who}", (UUID(int=1),), is_shared=True))).entity_id)
        try:
            note = UUID((await desk.submit(AddAnnotation(1, f"by {who}"))).entity_id)
        except Refused:
            note = UUID(int=999)
        for name in ("edit-annotation", "withdraw-annotation"):
            made.setdefault(name, []).append({"annotation_id": note})
        for name in ("save-pen-group", "remove-pen-group"):
            made.setdefault(name, []).append({"group_id": group})
    return {name: (mine, foreign) for name, (mine, foreign) in made.items()}


async def is_let_in(desk: PeopleDesk, command: Command) -> bool:
    """False when the door itself refused, which is then in the journal; what the state refuses was let in."""
    before = len(desk.log.facts(ActRefused))
    try:
        await desk.submit(command)
    except Refused as refusal:
        is_denied = refusal.text in DENIALS
    else:
        is_denied = False
    assert len(desk.log.facts(ActRefused)) - before == is_denied, command
    return not is_denied


@pytest.mark.proves("SEC-1", "SEC-11", "INV-28")
@pytest.mark.parametrize("role", list(Role))
def test_every_role_at_the_door_with_every_command(tmp_path, role):
    async def story(desk: TrendDesk):
        await whole(desk)
        table = {name: cell for name, one, cell in cells() if one is role}
        incidents = {}
        for opener in ("olga", "lena"):
            await desk.signed_on(opener)
            incidents[opener] = UUID((await desk.submit(c.OpenIncident(f"by {opener}"))).entity_id)
        mine = incidents.get(LOGIN[role], incidents["olga"])
        foreign = incidents["lena" if role is Role.OPERATOR else "olga"]
        things = {"close-incident": ({"incident_id": mine}, {"incident_id": foreign})}
        things |= await beside_trends(desk, LOGIN[role])
        await desk.signed_on(LOGIN[role])
        for name, cell in sorted(table.items()):
            kind = COMMANDS[name]
            given, other = things.get(name, ({}, OTHERS.get(name, {})))
            assert await is_let_in(desk, example(kind, **given)) == (cell in "yo"), name
            if cell != "y" or name in OTHERS:
                assert await is_let_in(desk, example(kind, **other)) == (cell == "y"), name
            if desk.sign_on.is_locked(desk.sign_on.current):
                await desk.signed_on(LOGIN[role])
        assert all(entry.actor.user_id for entry in desk.log.kept), "nothing is written without a user"
        people = [entry.actor for entry in desk.log.kept if entry.actor.user_id.startswith("id-")]
        assert people and all(one.roles and one.session_id and one.policy_ver for one in people)

    with TrendDesk(tmp_path) as desk:
        asyncio.run(story(desk))


@pytest.mark.proves("SEC-11")
def test_nobody_is_let_in_without_a_name_but_to_silence_and_to_break_the_glass(tmp_path):
    async def story(desk: PeopleDesk):
        await whole(desk)
        for name in sorted(set(COMMANDS) - NEEDS_NOBODY):
            with pytest.raises(Refused) as refusal:
                await desk.submit(example(COMMANDS[name]))
            assert refusal.value.text == SIGN_ON_FIRST, name
        await desk.submit(u.BreakGlass("nobody here"))

    with PeopleDesk(tmp_path) as desk:
        asyncio.run(story(desk))
