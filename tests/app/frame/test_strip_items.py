"""The status strip's words about the exchange: silent while all is well, decisive when not."""

from dataclasses import replace

from console.app.frame.strip_items import SYNC_KEYS, strip_items
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
