"""A real station answers for its alarms, tells the time that it watched, and begins another span after a restart."""

import asyncio
import json
import time
from pathlib import Path

import pytest

from console.app import cli
from console.app.bootstrap import Work, build
from console.app.exit_codes import Exit
from console.app.folders import Folders
from console.domain.alarm_targets import Kpi
from console.domain.alarms import Priority
from console.services.alarms.watch_spans import read_spans
from console.services.station import AlarmAreasQuery, AlarmHistoryQuery, AlarmKpiQuery
from console.services.storage.database import reader_engine
from tests.support.story_site import make_site, make_station

HOUR_US = 3_600_000_000


@pytest.mark.proves("ALARM-F66")
def test_a_running_station_answers_and_remembers_when_it_watched(tmp_path: Path) -> None:
    folder = make_station(make_site(tmp_path), "k1", "K1", ())

    async def one_run(text: str) -> float | None:
        core = await build(Folders(folder, folder), Work.RUN)
        core.start()
        try:
            core.engine.raise_system(text, text, Priority.HIGH, time.time_ns() // 1000)
            async with asyncio.timeout(20):
                while not any(row.text == text for row in await core.station.query(AlarmHistoryQuery())):  # noqa: ASYNC110 - the file is asked
                    await asyncio.sleep(0.05)
            now = time.time_ns() // 1000
            report = await core.station.query(AlarmKpiQuery(now - HOUR_US, now + HOUR_US))
            assert report.to_us < now + HOUR_US, "it ends now"
            assert 0 < report.watched_us <= HOUR_US
            assert report.value(Kpi.CHANGED_SETTINGS) is None, "there is no master record yet"
            assert isinstance(await core.station.query(AlarmAreasQuery()), tuple)
            return report.value(Kpi.PER_DAY)
        finally:
            await core.stop()

    first = asyncio.run(one_run("first"))
    assert first is not None
    assert first > 0
    asyncio.run(one_run("second"))
    engine = reader_engine(folder / "station.db")
    with engine.connect() as connection:
        spans = read_spans(connection, 0, 2**62)
    engine.dispose()
    runs = [span for span in spans if span[0] != span[1]]
    assert len(runs) >= 2
    assert all(begin < end for begin, end in runs)


@pytest.mark.proves("ALARM-F66")
def test_the_command_line_tells_whose_figures_they_are(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    folder = make_station(make_site(tmp_path), "k1", "K1", ())

    async def one_run() -> None:
        core = await build(Folders(folder, folder), Work.RUN)
        core.start()
        await core.stop()

    asyncio.run(one_run())
    asked = ["query", "kpi", "--config", str(folder), "--data", str(folder), "--json"]
    for more, whose in (([], "whole site"), (["--position", "desk"], "Control room")):
        assert cli.main([*asked, *more]) == 0
        rows = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
        assert {row["figure"] for row in rows} == {kpi.value for kpi in Kpi}
        assert {row["whose"] for row in rows} == {whose}
    assert cli.main([*asked, "--position", "nowhere"]) == Exit.BAD_INPUT
    assert "nowhere" in capsys.readouterr().err
