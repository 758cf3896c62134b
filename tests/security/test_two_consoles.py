"""Two running consoles, a broker and a centre: what they notice of each other's rules and of the centre's clock."""

import json
import shutil
from pathlib import Path

import pytest

from console.app.watches import RULES_TEXT
from tests.support.broker import running_broker
from tests.support.console_process import ConsoleProcess
from tests.support.postgres import DemoPostgres, TestDatabase, postgres, postgres_server
from tests.support.story_site import Broker, make_site, make_station
from tests.support.waiting import until

__all__ = ["DemoPostgres", "postgres", "postgres_server"]


@pytest.mark.timeout(150)
@pytest.mark.proves("P38", "SEC-19")
def test_other_rules_are_an_alarm_at_both_and_the_centres_offset_is_in_the_log(
    tmp_path: Path, postgres: TestDatabase
) -> None:
    site = make_site(tmp_path / "first")
    other = tmp_path / "second" / "site"
    shutil.copytree(site, other)
    rules = other / "alarms.toml"
    rules.write_text(rules.read_text(encoding="utf-8").replace("h = 80.0", "h = 81.0"), encoding="utf-8")
    with running_broker() as broker:
        place = (Broker("plant", broker.port),)
        one = ConsoleProcess("serve", make_station(site, "station-1", "K1", place, postgres))
        two = ConsoleProcess("serve", make_station(other, "station-2", "K2", place))
        try:
            one.start()
            two.start()
            for station in (one, two):
                until(
                    lambda station=station: says(station, RULES_TEXT), what="the alarm of different rules", seconds=60
                )
            line = until(lambda: logged(one, "offset to the centre"), what="the offset in the log", seconds=60)
            assert "UTC" in line
            assert any(row["clock_offset_s"] is not None for row in one.query("sync")[0]["peers"])
        finally:
            one.end()
            two.end()


def says(station: ConsoleProcess, text: str) -> bool:
    return any(row["text"] == text and row["active"] for row in station.query("alarms"))


def logged(station: ConsoleProcess, words: str) -> str:
    file = station.folder / "logs" / "leitstand.log"
    lines = file.read_text(encoding="utf-8").splitlines() if file.exists() else []
    return next((text for line in lines if words in (text := json.loads(line)["text"])), "")
