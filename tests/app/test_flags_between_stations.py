"""Two consoles, one of them away for a while: what was done without it is the same at both, and nothing sounds."""

import asyncio
from pathlib import Path

import pytest

from console.app.bootstrap import Core
from console.domain import alarm_commands as a
from console.domain import commands as c
from console.domain.alarm_flags import AlarmFlag
from console.domain.alarms import AlarmState, Occurrence, Priority
from console.services.records import HornState
from tests.app.test_neighbourhood import is_live, open_alarm, running, state_of
from tests.support import story_site
from tests.support.broker import Broker, running_broker
from tests.support.edge import M, running_edge
from tests.support.story_site import LEAD, RULES, make_site, make_station
from tests.support.synced import until

# critical alarms are never shelved: here it is a medium one
MEDIUM = RULES.replace("priority = 1\n", f"priority = {int(Priority.MEDIUM)}\n").replace("_inner = 1", "_inner = 3")


def told_of(core: Core, occurrence: Occurrence) -> tuple[int, str, str, int]:
    """Flags, who acknowledged, who shelved, and the end of the shelf."""
    delta = core.engine.snapshot()
    condition = core.engine.condition(occurrence.condition_id)
    assert condition is not None
    flags = int(delta.flags[delta.rows == condition.row][0])
    shelves = [one for one in delta.aside.get(condition.row, ()) if one.flag == AlarmFlag.SHELVED]
    who, until_us = (shelves[0].who, shelves[0].until_us) if shelves else ("", 0)
    return flags, delta.acked_by.get(condition.row, ""), who, until_us


@pytest.mark.proves("ALARM-T12", "ALARM-F47", "ALARM-F35")
def test_what_was_acknowledged_and_shelved_while_a_console_was_away_is_the_same_there_without_a_sound(
    tmp_path: Path,
) -> None:
    async def story(broker: Broker) -> None:
        site, brokers = make_site(tmp_path, MEDIUM), (story_site.Broker("plant", broker.port),)
        first, second = make_station(site, "k1", "K1", brokers), make_station(site, "k2", "K2", brokers)
        with running_edge(broker.port) as edge:
            async with running(first) as k1:
                async with running(second) as k2:
                    await until(lambda: is_live(k1, "neighbour:K2") and is_live(k2, "broker:plant"), "they meet")
                    edge.birth([M("Temperature", 20.0)])
                    await until(lambda: min(k1.parts.store.size, k2.parts.store.size) > 0, "born at both")
                    edge.data([M("Temperature", 90.0)])
                    await until(lambda: open_alarm(k1) is not None and open_alarm(k2) is not None, "alarm at both")
                    occurrence = open_alarm(k1)
                    assert occurrence is not None
                    assert open_alarm(k2) == occurrence
                await k1.station.submit(c.SignOn(*LEAD))
                await k1.station.submit(c.AcknowledgeAlarms((occurrence,), "seen"))
                await k1.station.submit(a.ShelveAlarms((occurrence,), 900, "maintenance", "sensor is being changed"))
                async with running(second) as k2:
                    await until(lambda: told_of(k2, occurrence) == told_of(k1, occurrence), "the same at both")
                    flags, acknowledged, shelved, until_us = told_of(k2, occurrence)
                    assert (acknowledged, shelved) == ("Jonas Wagner", "Jonas Wagner")
                    assert flags & AlarmFlag.SHELVED
                    assert until_us > 0
                    assert state_of(k2, occurrence) is AlarmState.ACKNOWLEDGED
                    assert k2.engine.annunciation.snapshot().state is not HornState.SOUNDING
                    await k1.station.submit(a.UnshelveAlarms((occurrence.condition_id,)))
                    await until(lambda: not told_of(k2, occurrence)[0] & AlarmFlag.SHELVED, "unshelved at both")
                    assert state_of(k2, occurrence) is AlarmState.ACKNOWLEDGED
                    assert k2.engine.annunciation.snapshot().state is not HornState.SOUNDING
                    assert not k2.defects
            assert not k1.defects

    with running_broker() as broker:
        asyncio.run(story(broker))
