"""Killed under load at random moments: opens at once, holds what it acknowledged, and no sample twice."""

import random
import statistics
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
from sqlalchemy.engine import Connection

from console.services.historian.damage import Damage
from console.services.historian.direct_history import DirectHistory
from console.services.historian.history_read import read_raw, read_rollups
from console.services.storage.failpoints import EXIT_CODE
from tests.support.history_kills import PER_TICK, START_US, STEP_US, TAGS, Nursery

EVER = 1 << 62


@pytest.fixture(scope="module")
def nursery() -> Iterator[Nursery]:
    with Nursery() as made:
        yield made


def check(folder: Path, acknowledged: int) -> tuple[float, int]:
    """Seconds to open and answer a first question; ticks found."""
    began = time.perf_counter()
    store = DirectHistory(folder / "history.db")
    try:
        store.read(lambda connection: read_raw(connection, 1, START_US, START_US + STEP_US))
        opened_s = time.perf_counter() - began
        return opened_s, store.read(lambda connection: whole(connection, acknowledged))
    finally:
        store.close()


def whole(connection: Connection, acknowledged: int) -> int:
    """Every tag has the samples 0, 1, 2, ... without a hole or a double, in chunks and in buckets alike."""
    damage, counts = Damage(), set()
    for key in range(1, TAGS + 1):
        raw = read_raw(connection, key, 0, EVER, None, damage)
        assert raw.value.tolist() == list(range(len(raw)))
        assert (np.diff(raw.at_us) == STEP_US).all()
        rolled = read_rollups(connection, key, 0, START_US, START_US + len(raw) * STEP_US, ("count", "sum"))
        assert (rolled.count.sum(), rolled.sum.sum()) == (len(raw), raw.value.sum())
        counts.add(len(raw))
    assert not damage
    assert len(counts) == 1, "a tick is stored for all of its tags or for none"
    (count,) = counts
    assert count >= acknowledged * PER_TICK, f"{acknowledged * PER_TICK - count} acknowledged samples are lost"
    return count // PER_TICK


def test_killed_ten_times_under_load_it_loses_nothing_acknowledged_and_doubles_nothing(
    tmp_path: Path, nursery: Nursery
) -> None:
    chance = random.Random(4)
    for _ in range(10):
        life = nursery.run(tmp_path, chance.choice((1, 2, chance.randint(3, 60))))
        assert life.code == -9 or sys.platform == "win32"
        check(tmp_path, life.acknowledged)
    store = DirectHistory(tmp_path / "history.db")
    sealed = store.read(lambda connection: connection.exec_driver_sql("SELECT count(*) FROM chunk").scalar_one())
    store.close()
    assert sealed, "nothing was sealed: the kills met appends alone"


@pytest.mark.parametrize("point", ["commit.before:9", "commit.after:9", "insert.after:14"])
def test_killed_around_a_commit_a_tick_is_there_wholly_or_not_at_all(
    tmp_path: Path, nursery: Nursery, point: str
) -> None:
    for _ in range(2):
        life = nursery.run(tmp_path, 10_000, point)
        assert life.code == EXIT_CODE
        check(tmp_path, life.acknowledged)


@pytest.mark.soak
@pytest.mark.timeout(900)
def test_killed_every_second_for_a_minute(tmp_path: Path, nursery: Nursery, capsys: pytest.CaptureFixture[str]) -> None:
    opened, ticks = [], 0
    for _ in range(60):
        life = nursery.run(tmp_path, 1_000_000, seconds=1.0)
        seconds, ticks = check(tmp_path, life.acknowledged)
        opened.append(seconds)
    with capsys.disabled():
        sys.stdout.write(
            f"\n60 kills, {ticks * PER_TICK * TAGS} samples, 0 acknowledged ones lost, 0 doubled; opened in "
            f"{statistics.median(opened) * 1000:.0f} ms (median), {max(opened) * 1000:.0f} ms at most\n"
        )
