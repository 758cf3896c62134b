"""`leitstand doctor` on the history: its size and growth, when it is full, what is lost and whether there is a copy."""

import asyncio
import os
import re
from pathlib import Path

import numpy as np
import pytest

from console.app.commands.doctor_history import history
from console.app.folders import Folders
from console.config.station_file import load_station
from console.domain import identity
from console.domain.values import ValueType
from console.services.historian.samples import SampleBlock
from console.services.historian.store import open_history_db
from console.services.storage.direct import direct
from console.services.storage.history_copy import history_copy
from tests.support.live_plant import SITE
from tests.support.story_site import make_site, make_station

NOW_S = 1_800_000_000.0
DAY_US = 86_400_000_000


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return make_station(make_site(tmp_path), "one", "K1", ())


def said(folder: Path) -> list[tuple[str, str]]:
    return [(one.state, one.text) for one in history(load_station(folder), Folders(folder, folder), NOW_S)]


def keep(folder: Path, days: int) -> None:
    """A tag with a sample a minute up to now, sealed."""

    async def story() -> None:
        store = open_history_db(folder / "history.db")
        tag_id = identity.tag_id(SITE, "plant", "A", "B", "", "C")
        count = days * 1_440
        key = np.full(count, store.key_of(tag_id, ValueType.DOUBLE, "standard"), np.uint32)
        at_us = round(NOW_S * 1e6) - np.arange(count, dtype=np.int64)[::-1] * 60_000_000
        value = np.random.default_rng(1).normal(size=count)
        await store.append([SampleBlock(key, at_us, value, np.zeros(count, np.uint8))])
        while await store.compact_some(1.0, round(NOW_S * 1e6), is_all=True):
            pass
        store.close()

    asyncio.run(story())


def test_a_station_that_never_ran_has_no_history_yet(folder: Path) -> None:
    assert said(folder) == [("ok", f"none yet in {folder}")]


def test_size_growth_and_days_left_are_told_by_class(folder: Path) -> None:
    (folder.parent / "site" / "history.toml").write_text('[[class]]\nname = "standard"\nbudget_mb = 1.0\n')
    keep(folder, 5)
    (disk, whole), (state, budget), copy = said(folder)
    assert (disk, copy[0]) == ("ok", "warn")  # in a test the backups are on the disk of the data
    assert "grows by" in whole
    assert state == "warn"
    assert re.fullmatch(r"class standard: 0\.\d MB of 1 MB, grows by 0\.1 MB a day, full in [1-9] days", budget)


def test_less_than_an_hour_of_history_foretells_nothing_and_damage_is_told(folder: Path) -> None:
    async def story() -> None:
        store = open_history_db(folder / "history.db")
        sql = "INSERT INTO damage (key, level, from_us, to_us, samples, reason) VALUES (1, -1, 0, 1, 77, 'torn')"
        await store.database.writer.write(lambda connection: direct(connection, sql).close())
        store.close()

    asyncio.run(story())
    texts = said(folder)
    assert "growth not predictable yet" in texts[0][1]
    assert ("warn", "77 samples are lost by damage to the file") in texts


def test_a_file_that_is_no_database_is_a_failure(folder: Path) -> None:
    (folder / "history.db").write_bytes(b"nothing of the kind" * 1_000)
    ((state, text),) = said(folder)
    assert state == "fail"
    assert "cannot be read" in text


def test_a_copy_on_another_disk_is_told_with_its_age(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    keep(folder, 1)
    backups = folder / "backups"
    backups.mkdir()
    real = Path.stat

    def on_another_disk(path: Path, **how: bool) -> os.stat_result:
        found = real(path, **how)
        return os.stat_result((*found[:2], 77, *found[3:])) if path == backups else found

    monkeypatch.setattr(Path, "stat", on_another_disk)
    assert said(folder)[-1] == ("warn", f"no copy in {backups}")
    copy = history_copy(backups, "K1")
    copy.write_bytes(b"x")
    os.utime(copy, (NOW_S - 7_200, NOW_S - 7_200))
    assert said(folder)[-1] == ("ok", f"copy 2 h old, in {backups}")
    os.utime(copy, (NOW_S - 5 * 86_400, NOW_S - 5 * 86_400))
    assert said(folder)[-1] == ("warn", f"the copy is 5 days old, in {backups}")
