"""Rights at the one door for alarms: the emergency identity, signatures, and rights that go while an act waits."""

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import replace
from pathlib import Path

import pytest

from console.domain import alarm_commands as a
from console.domain import commands as c
from console.domain import people_commands as u
from console.domain.alarm_classes import AlarmClass
from console.domain.alarm_facts import AlarmOutOfService, AlarmReset, AlarmShelved
from console.domain.alarms import Occurrence
from console.domain.command import Command
from console.domain.facts import ActRefused, AlarmAcknowledged
from console.domain.people_facts import RecordSigned
from console.domain.permissions import BREAK_GLASS_ONLY, SIGN_ON_FIRST
from console.domain.refusal import Refused
from console.domain.signatures import SignatureProof
from console.services.identity.session import LOCKED
from console.services.operations import Operations
from tests.support.desk import PASSWORD
from tests.support.people_desk import PeopleDesk

SIGNED = AlarmClass("signed", needs_signature=True)


def told(tmp_path: Path, story: Callable[[PeopleDesk], Awaitable[None]]) -> None:
    async def inside(desk: PeopleDesk) -> None:
        await desk.start()
        desk.operations = Operations(
            desk.log, desk.alarms, desk.incidents, desk.sign_on, clock_us=desk.clock, site_short="KASS",
            station_code=desk.code, position="desk", signing=desk.people.signing,
        )  # fmt: skip
        desk.operations.extend(desk.people.acts())
        await story(desk)

    with PeopleDesk(tmp_path / "a") as desk:
        asyncio.run(inside(desk))


async def refused(asked: Awaitable[object]) -> str:
    with pytest.raises(Refused) as refusal:
        await asked
    return refusal.value.text


def shelve(one: Occurrence) -> a.ShelveAlarms:
    return a.ShelveAlarms((one,), 900, reason_code="other", reason="noisy")


def take_out(one: Occurrence) -> a.TakeOutOfService:
    return a.TakeOutOfService((one.condition_id,), "sensor change", "WO 7")


def give_back(one: Occurrence) -> a.ReturnToService:
    return a.ReturnToService((one.condition_id,), "done")


def unshelve(one: Occurrence) -> a.UnshelveAlarms:
    return a.UnshelveAlarms((one.condition_id,), "done")


def reset(one: Occurrence) -> a.ResetAlarms:
    return a.ResetAlarms((one,))


def acknowledge(one: Occurrence) -> c.AcknowledgeAlarms:
    return c.AcknowledgeAlarms((one,))


@pytest.mark.proves("SEC-14")
@pytest.mark.parametrize("command", [shelve, unshelve, take_out, give_back, reset])
def test_behind_the_broken_glass_nothing_is_hidden_brought_back_or_reset(
    tmp_path: Path, command: Callable[[Occurrence], Command]
) -> None:
    async def story(desk: PeopleDesk) -> None:
        one = desk.alarms.raise_alarm(1, desk.clock())
        await desk.submit(u.BreakGlass("nobody can sign on"))
        assert await refused(desk.submit(command(one))) == BREAK_GLASS_ONLY
        assert desk.log.facts(ActRefused)[-1].command == command(one).name  # type: ignore[attr-defined]
        assert not desk.log.facts(AlarmShelved) and not desk.log.facts(AlarmOutOfService)

    told(tmp_path, story)


@pytest.mark.proves("SEC-14", "SEC-53")
def test_the_emergency_identity_acknowledges_but_signs_nothing(tmp_path: Path) -> None:
    async def story(desk: PeopleDesk) -> None:
        plain, strict = (desk.alarms.raise_alarm(n, desk.clock()) for n in (1, 2))
        desk.alarms.classes[strict.condition_id] = SIGNED
        await desk.submit(u.BreakGlass("nobody can sign on"))
        await desk.submit(acknowledge(plain))
        assert "signature only" in await refused(desk.submit(acknowledge(strict)))
        proof = SignatureProof(PASSWORD, "acknowledged", "00" * 32)
        signs = replace(acknowledge(strict), signs=True, proof=proof)
        assert "no password" in await refused(desk.submit(signs))
        assert [fact.condition_id for fact in desk.log.facts(AlarmAcknowledged)] == [plain.condition_id]  # type: ignore[attr-defined]
        assert not desk.log.facts(RecordSigned)

    told(tmp_path, story)


@pytest.mark.proves("SEC-53")
def test_one_alarm_that_wants_a_signature_binds_the_whole_batch_and_words_alone_are_none(tmp_path: Path) -> None:
    async def story(desk: PeopleDesk) -> None:
        plain, strict = (desk.alarms.raise_alarm(n, desk.clock()) for n in (1, 2))
        desk.alarms.classes[strict.condition_id] = SIGNED
        await desk.signed_on("olga")
        batch = c.AcknowledgeAlarms((plain, strict), "seen")
        assert "signature only" in await refused(desk.submit(batch))
        assert "your signature" in await refused(desk.submit(replace(batch, signs=True)))
        sheet = desk.sheet(replace(batch, signs=True))
        for proof in (
            SignatureProof("wrong", sheet.meaning, sheet.sha256),
            SignatureProof(PASSWORD, "approved", sheet.sha256),
            SignatureProof(PASSWORD, sheet.meaning, "00" * 32),
        ):
            await refused(desk.submit(replace(batch, signs=True, proof=proof)))
        assert not desk.log.facts(AlarmAcknowledged) and not desk.log.facts(RecordSigned)
        await desk.signed(replace(batch, signs=True))
        assert len(desk.log.facts(AlarmAcknowledged)) == 2 and len(desk.log.facts(RecordSigned)) == 1

    told(tmp_path, story)


@pytest.mark.proves("SEC-1", "SEC-10")
@pytest.mark.parametrize("command", [shelve, acknowledge, reset])
def test_a_right_that_goes_between_dialog_and_submit_is_gone(
    tmp_path: Path, command: Callable[[Occurrence], Command]
) -> None:
    async def story(desk: PeopleDesk) -> None:
        one = desk.alarms.raise_alarm(1, desk.clock())
        await desk.signed_on("olga")  # the dialog is open
        adam, _ = await desk.sign_on.open_session("adam", PASSWORD)
        await desk.submit(u.RevokeRole("olga", "operator", why="moved"), adam)
        assert await refused(desk.submit(command(one)))
        assert [fact.command for fact in desk.log.facts(ActRefused)] == [command(one).name]  # type: ignore[attr-defined]
        assert not written(desk)

    told(tmp_path, story)


@pytest.mark.proves("SEC-1", "SEC-10")
@pytest.mark.parametrize("command", [shelve, acknowledge, reset])
def test_a_right_that_goes_while_the_command_waits_for_its_turn_is_gone(
    tmp_path: Path, command: Callable[[Occurrence], Command]
) -> None:
    async def story(desk: PeopleDesk) -> None:
        one = desk.alarms.raise_alarm(1, desk.clock())
        await desk.signed_on("olga")
        adam, _ = await desk.sign_on.open_session("adam", PASSWORD)
        removal = asyncio.ensure_future(desk.submit(u.RevokeRole("olga", "operator", why="moved"), adam))
        await asyncio.sleep(0)
        asked = asyncio.ensure_future(desk.submit(command(one)))
        await removal
        assert await refused(asked)
        assert not written(desk)

    told(tmp_path, story)


@pytest.mark.proves("SEC-13")
@pytest.mark.parametrize("how", ["lock", "sign off", "revoke"])
def test_who_locks_leaves_or_is_shut_out_while_his_command_waits_does_nothing_more(tmp_path: Path, how: str) -> None:
    async def story(desk: PeopleDesk) -> None:
        one = desk.alarms.raise_alarm(1, desk.clock())
        session = await desk.signed_on("olga")
        adam, _ = await desk.sign_on.open_session("adam", PASSWORD)
        async with desk.operations._one_at_a_time:  # somebody's act takes its time
            asked = asyncio.ensure_future(desk.submit(shelve(one)))
            await asyncio.sleep(0)
            if how == "lock":
                await desk.sign_on.lock(session.session_id)
            elif how == "sign off":
                await desk.submit(c.SignOff())
            else:
                act = desk.operations._acts[u.RevokeRole]
                await act.do(u.RevokeRole("olga", "operator", why="moved"), desk.sign_on.actor(adam))
        why = await refused(asked)
        if how != "revoke":
            assert why == (LOCKED if how == "lock" else SIGN_ON_FIRST)
        assert not written(desk)

    told(tmp_path, story)


@pytest.mark.proves("SEC-53", "SEC-10")
def test_a_right_that_goes_while_the_password_is_checked_signs_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def story(desk: PeopleDesk) -> None:
        one = desk.alarms.raise_alarm(1, desk.clock())
        desk.alarms.classes[one.condition_id] = SIGNED
        await desk.signed_on("olga")
        await adam_does_while_it_is_checked(desk, monkeypatch, u.RevokeRole("olga", "operator", why="moved"))
        assert "rights changed" in await refused(desk.signed(replace(acknowledge(one), signs=True)))
        assert not written(desk) and not desk.log.facts(RecordSigned)

    told(tmp_path, story)


@pytest.mark.proves("SEC-53")
def test_a_name_that_changes_while_the_password_is_checked_takes_no_right_away(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def story(desk: PeopleDesk) -> None:
        one = desk.alarms.raise_alarm(1, desk.clock())
        desk.alarms.classes[one.condition_id] = SIGNED
        await desk.signed_on("olga")
        await adam_does_while_it_is_checked(desk, monkeypatch, u.RenameUser("olga", "olga", "Olga Newname"))
        await desk.signed(replace(acknowledge(one), signs=True))
        assert len(desk.log.facts(RecordSigned)) == 1

    told(tmp_path, story)


async def adam_does_while_it_is_checked(desk: PeopleDesk, monkeypatch: pytest.MonkeyPatch, command: Command) -> None:
    """The next password that somebody proves is found right, and before that is used adam gives this command."""
    adam, _ = await desk.sign_on.open_session("adam", PASSWORD)
    prove = desk.sign_on.prove_again

    async def slow(*told: object) -> str:
        method = await prove(*told)  # type: ignore[arg-type]
        await desk.operations._acts[type(command)].do(command, desk.sign_on.actor(adam))
        return method

    monkeypatch.setattr(desk.sign_on, "prove_again", slow)


def written(desk: PeopleDesk) -> list[object]:
    return [*desk.log.facts(AlarmShelved), *desk.log.facts(AlarmAcknowledged), *desk.log.facts(AlarmReset)]
