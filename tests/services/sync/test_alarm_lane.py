"""The alarm lane: N stations that saw the same transition make one row; a restart sends nothing anew."""

import asyncio
from pathlib import Path
from uuid import UUID, uuid4

import pytest
from sqlalchemy import insert

from console.services.alarms.alarm_tables import alarm_log, metadata
from console.services.storage.database import reader_engine
from console.services.storage.schema import Database, open_station_db
from console.services.sync.alarm_lane import lane_of
from tests.support.postgres import TestDatabase
from tests.support.synced import asked, synced, until


async def _log(database: Database, transition: str, receive_us: int, *conditions: UUID, text: str = "T 78 °C") -> None:
    row = {
        "start_us": 100, "transition": transition, "n": 0, "at_us": 100, "receive_us": receive_us, "priority": 1,
        "severity": 2, "value": 78.5, "text": text, "subject": "Press 1/T", "kind": "", "rule_id": "", "side": "",
        "area": "", "asset_name": "", "who": "anna",
    }  # fmt: skip
    rows = [row | {"condition_id": condition.bytes} for condition in conditions]
    await database.writer.write(lambda c: c.execute(insert(alarm_log), rows).rowcount)


@pytest.mark.proves("ALARM-F71")
def test_two_stations_make_one_row_and_the_earliest_sight_is_kept(tmp_path: Path, postgres: TestDatabase) -> None:
    condition = uuid4()
    files = [open_station_db(tmp_path / f"{code}.db", [metadata]) for code in ("A1", "B2")]

    async def story() -> None:
        async with (
            synced(tmp_path, "A1", postgres, files[0].path) as a,
            synced(tmp_path, "B2", postgres, files[1].path) as b,
        ):
            await _log(files[0], "raised", 205, condition)
            await _log(files[1], "raised", 203, condition)
            await _log(files[1], "returned", 300, condition, text="nul \0 inside")
            question = "select transition, receive_us, value, text, who from leitstand.alarm_log order by 1"
            expected = [("raised", 203, 78.5, "T 78 °C", "anna"), ("returned", 300, 78.5, "nul  inside", "anna")]
            a.replicator.wake()
            b.replicator.wake()
            await until(lambda: a.state == "live" and asked(postgres.url, question) == expected, "one row each")

    asyncio.run(story())
    for file in files:
        file.close()


@pytest.mark.proves("P36", "P37", "ALARM-F71")
def test_rows_written_before_the_centre_was_there_follow_and_a_centre_set_back_gets_again_what_it_lost(
    tmp_path: Path, postgres: TestDatabase
) -> None:
    database = open_station_db(tmp_path / "station.db", [metadata])

    def count() -> object:
        return asked(postgres.url, "select count(*) from leitstand.alarm_log")[0][0]

    async def story() -> None:
        await _log(database, "raised", 1, *(UUID(int=number) for number in range(1200)))
        async with synced(tmp_path, "A1", postgres, database.path) as a:
            await until(lambda: a.state == "live" and count() == 1200, "the backlog")
        asked(postgres.url, "delete from leitstand.alarm_log")
        async with synced(tmp_path, "A1", postgres, database.path) as a:
            await _log(database, "raised", 1, UUID(int=5000))
            await until(lambda: a.state == "live" and count() == 1, "after a restart only what is new")
        asked(
            postgres.url,
            "update leitstand.alarm_lane set rid = 1000; delete from leitstand.alarm_sighting where rid > 1000",
        )
        async with synced(tmp_path, "A1", postgres, database.path) as a:
            await until(lambda: a.state == "live" and count() == 201, "from where the centre remembers")
        asked(postgres.url, "drop schema leitstand cascade")
        async with synced(tmp_path, "A1", postgres, database.path) as a:
            await until(lambda: a.state == "live" and count() == 1201, "an empty centre is filled again")

    asyncio.run(story())
    database.close()


def test_a_new_alarm_log_and_a_restored_one_are_lanes_of_their_own(tmp_path: Path) -> None:
    files = [open_station_db(tmp_path / f"{number}.db", [metadata]) for number in range(2)]
    open_station_db(files[0].path, [metadata]).close()
    with reader_engine(files[0].path).connect() as one, reader_engine(files[1].path).connect() as other:
        lanes = [lane_of(one, "s1"), lane_of(other, "s1"), lane_of(one, "s2")]
        assert len(set(lanes)) == 3
        assert lane_of(one, "s1") == lanes[0]
    for file in files:
        file.close()
