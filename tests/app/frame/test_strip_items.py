"""The status strip's words about the exchange: silent while all is well, decisive when not."""

from dataclasses import replace

import pytest

from console.app.frame.strip_items import SYNC_KEYS, strip_items, view_behind
from console.services.records import StatusRecord
from console.ui.translation import set_language
from console.widgets.lamp import LampState
from console.widgets.status_strip import StripItem
from tests.support import sync_rows


def items(sync: object) -> dict[str, StripItem]:
    return {item.key: item for item in strip_items({}, None, None, sync_rows.NOW_US, sync)}  # type: ignore[arg-type]


def test_a_healthy_exchange_and_an_unknown_one_add_nothing() -> None:
    assert not SYNC_KEYS & set(items(sync_rows.calm()))
    assert not SYNC_KEYS & set(items(None))


def test_what_waits_conflicts_forks_and_an_overdue_backup_stand_in_one_place() -> None:
    item = items(sync_rows.busy())["sync"]
    assert item.strong == "14 only on this PC"
    assert item.rest == "· 2 conflicts · 1 fork · 3 set apart · backup overdue · a clock is wrong"
    assert item.lamp == LampState.ALARM  # a clock more than 5 minutes off
    assert "Gate (K3) 5:42 ahead" in item.tip


def test_one_conflict_alone_is_the_decisive_word() -> None:
    item = items(replace(sync_rows.calm(), conflicts=1))["sync"]
    assert (item.strong, item.rest, item.lamp) == ("1 conflict", "", LampState.WARNING)


def test_a_station_that_only_watches_says_so_in_german_too() -> None:
    set_language("de")
    told = items(sync_rows.unenrolled())
    assert told["enrolment"].strong == "schaut nur zu"
    assert told["sync"].strong == "keine Sicherung"
    set_language("en")
    assert "7K2M-Q9XR" in told["enrolment"].tip


@pytest.mark.proves("ALARM-F81")
def test_changes_of_a_burst_that_are_not_taken_in_yet_are_told_and_lead_to_the_alarms() -> None:
    calm = StatusRecord("Plant", "PC", "Desk", "UTC")
    assert "alarms" not in {item.key for item in strip_items({}, calm, None, sync_rows.NOW_US)}
    waiting = replace(calm, alarms_waiting=41_250)
    (item,) = [one for one in strip_items({}, waiting, None, sync_rows.NOW_US) if one.key == "alarms"]
    assert (item.strong, item.lamp) == ("41,250 changes are still being taken in", LampState.WARNING)
    assert view_behind("alarms") == "alarms" and view_behind("tags") == "diagnostics"
