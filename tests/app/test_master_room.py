"""Master alarm records in a whole station: what people are told, what is noticed at the start, what a restart keeps."""

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from console.app.bootstrap import Core, Work, build, now_us
from console.app.folders import Folders
from console.app.master_room import DIFFERENT
from console.config.users_file import UserEntry, hash_password, write_users
from console.domain import master_commands as ma
from console.domain.alarms import Priority
from console.domain.command import Command
from console.domain.commands import SignOn
from console.domain.people import Role
from console.domain.signatures import SignatureProof
from console.services.records import AlarmsDelta
from console.services.station import MASTER, SignatureQuery
from tests.support.story_site import RULES, make_site, make_station

PASSWORD = "correct horse battery"
VALUES = {
    "cause": "Fan stands",
    "consequence": "Motor burns",
    "severity": "severe",
    "response": "Stop the line",
    "time_to_respond_s": "120",
    "limit": "95",
}
HH = "temperature/HH"


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    site = make_site(tmp_path)
    hashed = hash_password(PASSWORD)
    people = (("emil", Role.ENGINEER), ("lena", Role.SHIFT_LEAD))
    write_users(site, [UserEntry(f"u-{one}", one, one.title(), (role,), password_hash=hashed) for one, role in people])
    return make_station(site, "k1", "K1", ())


def told(folder: Path, story: Callable[[Core], Awaitable[Any]]) -> Any:
    async def inside() -> Any:
        core = await build(Folders(folder, folder), Work.ACT)
        try:
            return await story(core)
        finally:
            await core.stop()

    return asyncio.run(inside())


async def signed(core: Core, command: Command) -> None:
    sheet = await core.station.query(SignatureQuery(command))
    await core.station.submit(replace(command, proof=SignatureProof(PASSWORD, sheet.meaning, sheet.sha256)))  # type: ignore[call-arg]


async def approve(core: Core, key: str, values: dict[str, str]) -> None:
    await core.station.submit(SignOn("emil", PASSWORD))
    await core.station.submit(ma.SetMasterAlarm(key, tuple(values.items())))
    await core.station.submit(ma.SubmitMasterAlarms((key,)))
    await core.station.submit(SignOn("lena", PASSWORD))
    await signed(core, ma.ApproveMasterAlarms((key,)))


def shown_texts(core: Core) -> dict[str, str]:
    delta: AlarmsDelta = core.engine.snapshot()
    return {one.text: one.subject for one in delta.conditions}


@pytest.mark.proves("ALARM-F69")
def test_rules_that_are_not_as_approved_raise_an_alarm_that_goes_with_them(folder: Path) -> None:
    async def first(core: Core) -> None:
        await approve(core, HH, VALUES)
        core.station.beat()
        assert DIFFERENT not in shown_texts(core)

    told(folder, first)
    rules = folder.parent / "site" / "alarms.toml"
    rules.write_text(RULES.replace("hh = 95.0", "hh = 120.0"), encoding="utf-8")

    async def changed(core: Core) -> None:
        core.station.beat()
        assert DIFFERENT in shown_texts(core), "noticed at the start, before anybody looks"
        assert core.master.unauthorised == 1
        await core.station.submit(SignOn("emil", PASSWORD))
        await approve(core, HH, {"limit": "120"})
        core.station.beat()
        assert core.master.unauthorised == 0

    told(folder, changed)


@pytest.mark.proves("ALARM-F68", "ALARM-F13")
def test_records_reviews_and_who_approved_survive_a_restart(folder: Path) -> None:
    async def first(core: Core) -> Any:
        await approve(core, HH, VALUES)
        return core.master.records()

    async def again(core: Core) -> Any:
        return core.master.records()

    assert told(folder, first) == told(folder, again)


@pytest.mark.proves("ALARM-F73")
def test_an_alarm_that_stands_tells_the_approved_words_as_soon_as_they_are_approved(folder: Path) -> None:
    async def story(core: Core) -> None:
        core.engine.raise_system("temperature", "Motor hot", Priority.HIGH, now_us())
        rule_id = next(one.rule_id for one in core.engine.snapshot().conditions)
        core.station.beat()
        await approve(core, rule_id, VALUES)
        core.station.beat()
        condition = next(one for one in core.engine.snapshot().conditions if one.rule_id == rule_id)
        assert (condition.response, condition.cause) == ("Stop the line", "Fan stands")
        assert condition.time_to_respond_s == 120
        await core.station.submit(SignOn("emil", PASSWORD))
        await core.station.submit(ma.RetireMasterAlarms((rule_id,), "gone"))
        core.station.beat()
        condition = next(one for one in core.engine.snapshot().conditions if one.rule_id == rule_id)
        assert condition.cause == ""

    told(folder, story)


def test_the_seam_tells_every_rule_and_its_record(folder: Path) -> None:
    async def story(core: Core) -> None:
        seen: list[Any] = []
        await approve(core, HH, VALUES)
        core.station.subscribe(MASTER, seen.append)
        for _ in range(3):
            core.station.beat()
        states = {one.key: one.state for delta in seen for one in delta.records}
        assert states == {HH: "approved", "temperature/H": "", "pressure/L": ""}

    told(folder, story)
