"""What the measured room of the history means to who runs the station."""

from math import inf

import pytest

from console.domain.history.room import DAY_US, LevelUse
from console.domain.history.settings import HistorySettings, RetentionClass
from console.services.historian.retention import RESERVE, Room
from console.services.historian.room_report import report

GB = 1_000_000_000


def use(name, size, days, level_s=0):
    return LevelUse(name, level_s, size, 0, int(days * DAY_US))


def test_the_class_whose_budget_is_full_first_is_named():
    settings = HistorySettings(
        (RetentionClass("standard", 100, budget_mb=10_000), RetentionClass("rich", 900, (900,) * 4, 5_000))
    )
    room = Room((use("standard", GB, 10), use("rich", GB, 10)), 2 * GB, 0, 100 * GB + RESERVE)
    found = report(room, settings)
    assert found.tightest[0] == "rich"
    assert found.tightest[1].days_left == pytest.approx(40)
    assert dict(found.by_class)["standard"].days_left == pytest.approx(90)


def test_the_disk_is_full_when_its_reserve_is_met():
    settings = HistorySettings((RetentionClass("standard", 1_000, (1_000,) * 4),))
    found = report(Room((use("standard", GB, 10),), GB, 0, 10 * GB + RESERVE), settings)
    assert found.tightest == ("", found.disk)
    assert found.disk.days_left == pytest.approx(100)
    assert report(Room((use("standard", GB, 10),), GB, 0, RESERVE // 2), settings).disk.days_left == 0


def test_a_disk_that_outlasts_the_days_of_every_level_is_never_full():
    found = report(Room((use("standard", GB, 10),), GB, 0, 100 * GB), HistorySettings())
    assert found.disk.days_left == inf


def test_of_a_new_history_nothing_is_foretold():
    found = report(Room((use("standard", 1_000, 0.001),), GB, 0, 100 * GB), HistorySettings())
    assert not found.disk.is_predictable
    assert not found.tightest[1].is_predictable
    assert report(Room(), HistorySettings()).by_class == ()
