"""What the bench of alarms counts with: the log seen from outside, and the plain list beside it."""

from pathlib import Path

from pytestqt.qtbot import QtBot

from console.app.bench.alarm_feed import PER_MESSAGE, TAGS, Feed, handles_of
from console.app.bench.alarm_peer import plain_list_s
from console.app.bench.alarms import LogWatch, alarm_station
from console.app.bench.alarms_window import BURST, PRELOAD
from console.app.site_reading import read_site
from console.config.station_file import load_station
from console.domain.alarms import Priority
from console.services.inbox import Inbox
from console.services.telemetry.batch import Message


def test_the_log_seen_from_outside_tells_when_all_of_a_burst_were_durable():
    log = LogWatch(Path("none.db"), [(1e6, 10, 0.1), (2e6, 40, 0.4), (3e6, 60, 1.5)])
    assert log.durable_after_s(1.5e6, 50) == 1.5
    assert log.durable_after_s(1.5e6, 51) == float("inf")
    assert log.oldest_s(2.5e6, 3e6) == 1.5


def test_the_station_of_the_bench_has_a_rule_for_each_urgency_and_no_broker(tmp_path):
    folder = alarm_station(tmp_path / "station")
    settings = load_station(folder)
    assert settings.brokers == ()
    rules = read_site(settings.site or folder / "site").rules
    assert {rule.priority for rule in rules} == set(Priority) - {Priority.JOURNAL}


def test_a_burst_is_put_in_messages_and_each_sample_crosses_its_limit():
    inbox: Inbox[Message] = Inbox()
    feed = Feed(inbox)
    calm = handles_of("medium", "low")
    assert len(calm) >= PRELOAD + BURST // 2 and len(handles_of("critical")) == TAGS // 20
    feed.burst(calm[:50])
    assert inbox.depth == -(-50 // PER_MESSAGE) and feed.sent == 50 and feed.is_high.sum() == 50


def test_the_plain_list_takes_its_time_with_all_of_them(qtbot: QtBot):
    assert plain_list_s(100, 200) > 0
