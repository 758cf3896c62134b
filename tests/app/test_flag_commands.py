"""Shelving and service from the command line, through files, to the alarm list and the log."""

import asyncio
import json
import time
from collections.abc import Awaitable, Callable
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest

from console.app.answers import answer
from console.app.bootstrap import Core, Work, build
from console.app.door import Door
from console.app.folders import Folders
from console.domain.alarm_flags import AlarmFlag
from console.domain.alarms import Occurrence, Priority
from console.domain.refusal import Refused
from console.services.station import AlarmHistoryQuery
from tests.support.story_site import LEAD, OPERATOR, make_site, make_station


def told(folder: Path, story: Callable[[Core], Awaitable[Any]]) -> Any:
    async def inside() -> Any:
        core = await build(Folders(folder, folder), Work.ACT)
        try:
            result = await story(core)
            core.alarm_lane.add(core.engine.take_transitions())
            await core.alarm_lane.flush()
            return result
        finally:
            await core.stop()

    return asyncio.run(inside())


def now_us() -> int:
    return time.time_ns() // 1000


def raised(core: Core) -> Occurrence:
    core.engine.raise_system("fan", "A fan of the cabinet stands", Priority.LOW, now_us())
    delta = core.engine.snapshot()
    condition = next(one for one in delta.conditions if one.subject == "fan")
    found = core.engine.open_occurrence(condition.condition_id)
    assert found is not None
    return found


async def act(core: Core, name: str, who: tuple[str, str], **fields: str) -> dict[str, Any]:
    return await Door(core).act(name, fields, *who)


def named(occurrence: Occurrence) -> str:
    return f"{occurrence.condition_id}@{occurrence.start_us}"


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return make_station(make_site(tmp_path), "k1", "K1", ())


@pytest.mark.proves("ALARM-F32", "ALARM-F35", "ALARM-F70")
def test_what_is_shelved_by_command_is_hidden_logged_and_still_shelved_after_a_restart(folder: Path) -> None:
    async def shelve(core: Core) -> Occurrence:
        one = raised(core)
        fields = {"occurrences": named(one), "duration_s": "900", "reason_code": "maintenance", "reason": "fan ordered"}
        receipt = await act(core, "shelve", OPERATOR, **fields)
        assert len(receipt["hashes"]) == 1
        assert core.engine.counts().shelved == 1
        assert sum(core.engine.counts().unacknowledged) == 0
        assert core.engine.annunciation.snapshot().priority == 0
        (row,) = [row for row in await answer(core, "alarms", {}) if row["tag"] == "fan"]
        assert row["shelved_until"] > row["started_at"]
        assert not row["suppressed"]
        return one

    async def look(core: Core) -> None:
        delta = core.engine.snapshot()
        row = core.engine.condition(one.condition_id)
        assert row is not None
        (record,) = delta.aside[row.row]
        assert (record.flag, record.workstation, record.reason) == (AlarmFlag.SHELVED, "K1", "fan ordered")
        assert 890_000_000 < record.until_us - now_us() <= 900_000_000
        history = await core.station.query(AlarmHistoryQuery(one.condition_id))
        assert [line.transition for line in history] == ["shelved", "raised"]
        await act(core, "unshelve", OPERATOR, condition_ids=str(one.condition_id))
        assert core.engine.counts().shelved == 0

    one = told(folder, shelve)
    told(folder, look)


def test_the_list_of_alarms_says_who_acknowledged_and_when(folder: Path) -> None:
    async def acknowledge(core: Core) -> None:
        one = raised(core)
        (row,) = [row for row in await answer(core, "alarms", {}) if row["tag"] == "fan"]
        assert (row["acked_by"], row["acked_at"]) == (None, None)
        before_us = now_us()
        await act(core, "ack", OPERATOR, occurrences=named(one))
        (row,) = [row for row in await answer(core, "alarms", {}) if row["tag"] == "fan"]
        assert row["acked_by"]
        at_us = datetime.fromisoformat(row["acked_at"]).timestamp() * 1e6
        assert before_us - 1_000 <= at_us <= now_us() + 1_000

    told(folder, acknowledge)


@pytest.mark.proves("ALARM-F18")
def test_service_needs_the_higher_role_and_is_there_until_somebody_ends_it(folder: Path) -> None:
    async def take_out(core: Core) -> Occurrence:
        one = raised(core)
        fields = {"condition_ids": str(one.condition_id), "reason": "fan is being changed", "work_order": "WO 7"}
        with pytest.raises(Refused, match="Only shift leads and engineers"):
            await act(core, "out-of-service", OPERATOR, **fields)
        await act(core, "out-of-service", LEAD, **fields)
        assert core.engine.counts().out_of_service == 1
        return one

    async def give_back(core: Core) -> None:
        assert core.engine.counts().out_of_service == 1
        await act(core, "return-to-service", LEAD, condition_ids=str(one.condition_id))
        assert core.engine.counts().out_of_service == 0
        assert core.engine.annunciation.snapshot().priority == Priority.LOW

    one = told(folder, take_out)
    told(folder, give_back)


def test_a_one_shot_shelf_is_written_with_yes_and_anything_else_is_refused(folder: Path) -> None:
    async def story(core: Core) -> None:
        fields = {
            "occurrences": named(raised(core)),
            "duration_s": "900",
            "reason_code": "other",
            "reason": "x",
            "is_one_shot": "maybe",
        }
        with pytest.raises(ValueError, match="yes or no"):
            await act(core, "shelve", OPERATOR, **fields)
        await act(core, "shelve", OPERATOR, **{**fields, "is_one_shot": "yes"})
        rows = await core.parts.journal.about("condition", fields["occurrences"].partition("@")[0])
        (told_of,) = [json.loads(one.payload_json) for one in rows if one.etype == "alarm.shelved"]
        assert told_of["is_one_shot"] is True

    told(folder, story)
