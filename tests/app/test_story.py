"""One alarm's story as a built station tells it: raw inputs, devices with the same rule, what was said."""

import asyncio
from pathlib import Path

import pytest

from console.app.bootstrap import Core, Work, build
from console.app.folders import Folders
from console.domain import identity
from console.domain.alarms import Occurrence
from console.domain.commands import CommentAlarm, SignOn
from console.domain.tags import Tag, TagSource
from console.domain.values import ValueType
from console.services.records import LinkRecord
from console.services.station import AlarmDetailsQuery
from console.services.telemetry.batch import LinkChanged, TagsDefined
from tests.support.alarm_plant import T0, batch_of, us
from tests.support.story_site import LEAD, make_site, make_station

ALARMS = """
version = 2
[[rule]]
id = "hot"
tag = "Line/*/Temp"
h = 90
[[rule]]
id = "double"
tag = "Line/Figures/Double"
h = 10
[[rule]]
id = "off"
tag = "Line/PLC1/P1/Speed"
kind = "deviation"
setpoint = "./Wanted"
h = 5
"""
DERIVED = """
[[tag]]
path = "Line/Figures/Double"
expression = "2 * 'Line/PLC1/P1/Temp'"
"""


def condition(tag: Tag, rule: str) -> Occurrence:
    return Occurrence(identity.condition_id(tag.tag_id, f"{rule}/high"), us(1))


@pytest.mark.proves("ALARM-F70", "ALARM-F73")
def test_a_station_tells_the_story_of_an_alarm_with_its_inputs_and_like_cases(tmp_path: Path) -> None:
    async def story() -> None:
        site = make_site(tmp_path)
        (site / "alarms.toml").write_text(ALARMS, encoding="utf-8")
        (site / "derived.toml").write_text(DERIVED, encoding="utf-8")
        folder = make_station(site, "one", "K1", ())
        core: Core = await build(Folders(folder, folder), Work.ACT)
        try:
            await core.station.submit(SignOn(*LEAD))

            def define(device: str, metric: str) -> Tag:
                source = TagSource("plant", "Line", "PLC1", device, metric)
                return core.telemetry.handles.define(source, ValueType.DOUBLE)[0]

            temp, other = define("P1", "Temp"), define("P2", "Temp")
            speed, wanted = define("P1", "Speed"), define("P1", "Wanted")
            inbox = core.ingest.inbox
            inbox.put(LinkChanged("plant", LinkRecord("broker:plant", "live", T0), T0))
            inbox.put(TagsDefined((temp, other, speed, wanted)))
            inbox.put(batch_of((other, 0, 95.0), (temp, 1, 95.0), (wanted, 1, 10.0), (speed, 1, 20.0)))
            core.ingest.turn(us(1), 1.0, budget_s=5.0)
            core.alarm_lane.add(core.engine.take_transitions())
            await core.alarm_lane.flush()

            hot = condition(temp, "hot")
            await core.station.submit(CommentAlarm(hot, "fan is loud"))
            told = await core.station.query(AlarmDetailsQuery(hot.condition_id, hot.start_us))
            assert [step.kind for step in told.steps if step.kind != "raised"] == ["alarm.commented"]
            said = next(step for step in told.steps if step.text)
            assert (said.text, said.who, said.workstation) == ("fan is loud", "Jonas Wagner", "K1")
            assert [(one.asset_name, one.is_own) for one in told.past] == [("P2", False)], "the same rule on P2"
            assert told.inputs.tags == (), "measured as it is"

            double = next(tag for tag in core.parts.store.tags() if tag.source.metric == "Double")
            told = await core.station.query(AlarmDetailsQuery(condition(double, "double").condition_id, us(1)))
            assert told.inputs.expression == "2 * 'Line/PLC1/P1/Temp'"
            assert told.inputs.tags == (("Line/PLC1/P1/Temp", temp.handle),)

            told = await core.station.query(AlarmDetailsQuery(condition(speed, "off").condition_id, us(1)))
            assert told.inputs.expression == "Speed - ./Wanted"
            assert [handle for _path, handle in told.inputs.tags] == [speed.handle, wanted.handle]
        finally:
            await core.stop()

    asyncio.run(story())
