"""Everything a broken or hostile sender can put on a broker: counted with its sender, and nothing else happens."""

import itertools
import logging
import math
import os
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from console.services.telemetry.sparkplug_session import PROTOCOL_METRICS
from tests.support.broker import running_broker
from tests.support.console_process import ConsoleProcess, Row, leitstand
from tests.support.edge import M, SparkplugEdge, payload, running_edge
from tests.support.living_node import LivingNode, living_node
from tests.support.story_site import Broker, make_site, make_station
from tests.support.waiting import until

log = logging.getLogger(__name__)
_numbers = itertools.count(1)
MIB = 1 << 20
MOST_GROWTH = 120 * MIB  # of the station's memory over all of this file; one 100 MiB payload alone would be as much
GOOD = "plant/line1/press1/Count"
BIDI = "חדר \u202eבקרה \u2066مضخة"
NAMES = (
    "back\\slash",
    "hash # and plus +",
    "<script>alert(1)</script>",
    "<b>bold</b> & \"quoted\" 'text' > end",
    "new\nline and\ttab\r",
    BIDI,
    "x" * 300,
    "a//b///c/",
    "💥 e\u0301 \u0000".strip("\u0000 "),
)


@dataclass
class Attack:
    port: int
    station: ConsoleProcess
    good: LivingNode
    memory_before: int

    def trouble(self, kind: str, sender: str) -> Row | None:
        rows = self.station.query("troubles")
        return next((row for row in rows if row["kind"] == kind and sender in row["sender"]), None)

    def wait_for_trouble(self, kind: str, sender: str, count: int = 1) -> Row:
        def counted() -> Row | None:
            row = self.trouble(kind, sender)
            return row if row is not None and row["count"] >= count else None

        return until(counted, what=f"{kind} of {sender} in {self._kinds()}")

    def _kinds(self) -> list[tuple[str, str, int]]:
        return [(row["sender"][:60], row["kind"], row["count"]) for row in self.station.query("troubles")]

    def wait_until_good_lives(self) -> None:
        """The good node's values go on, live."""
        before = self.station.tags()[GOOD]["value"]

        def goes_on() -> bool:
            row = self.station.tags()[GOOD]
            return row["quality"] == "good" and row["value"] != before

        until(goes_on, what="the good node is unaffected")


@pytest.fixture(scope="module")
def attack(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Attack]:
    site = make_site(Path(tmp_path_factory.mktemp("hostile")))
    with running_broker() as broker, living_node(broker.port, {"Temperature": 60.0, "Pressure": 6.0}) as good:
        folder = make_station(site, "station-1", "K1", (Broker("plant", broker.port),))
        station = ConsoleProcess("serve", folder)
        try:
            station.start()
            until(lambda: station.tags().get(GOOD, {}).get("quality") == "good", what="the good node")
            yield Attack(broker.port, station, good, station.memory())
        finally:
            station.end()


@pytest.fixture(autouse=True)
def _the_station_lives_on_and_the_good_node_is_unaffected(attack: Attack) -> Iterator[None]:
    gaps = _good_gaps(attack)
    yield
    assert attack.station.is_running, attack.station.said()
    attack.wait_until_good_lives()
    assert _good_gaps(attack) == gaps, "the good node lost nothing"
    assert attack.station.link()["state"] == "live"
    assert [row for row in attack.station.query("alarms") if row["tag"] == "defect"] == []


def slowest_answer_during(attack: Attack, work: Callable[[], object]) -> tuple[float, float]:
    """Seconds of the slowest short answer while `work` goes on, and of `work` itself."""
    slowest, is_done = [0.0], threading.Event()

    def ask() -> None:
        while not is_done.is_set():
            begun = time.monotonic()
            attack.station.ask({"op": "ping"})
            slowest[0] = max(slowest[0], time.monotonic() - begun)

    asking = threading.Thread(target=ask, daemon=True)
    asking.start()
    begun = time.monotonic()
    work()
    taken_s = time.monotonic() - begun
    is_done.set()
    asking.join(30)
    return slowest[0], taken_s


def _good_gaps(attack: Attack) -> int:
    nodes = attack.station.query("nodes")
    return sum(row["seq_gaps"] for row in nodes if (row["group"], row["node"]) == ("plant", "line1"))


@pytest.fixture
def bad(attack: Attack) -> Iterator[SparkplugEdge]:
    """A node of its own for each test, so that its troubles are told apart."""
    with running_edge(attack.port, "evil", f"bad{next(_numbers)}-") as edge:
        yield edge


def test_bytes_that_are_no_payload_are_counted_with_their_topic(attack: Attack, bad: SparkplugEdge) -> None:
    for body in (b"\xff\xff\xff\xff", b"\x00", os.urandom(64), b"{" * 40, b"\x0a\xff\xff\xff\xff\x0f"):
        bad.publish(bad.topic("NDATA"), body)
    row = attack.wait_for_trouble("undecodable", bad.node, 3)
    assert row["sender"] == bad.topic("NDATA")
    assert row["first_at"] <= row["last_at"]
    assert len(row["example"]) <= 128


def test_data_before_birth_an_unknown_alias_and_a_gap_are_told_apart(attack: Attack, bad: SparkplugEdge) -> None:
    bad.data([M("early", 1.0)])
    attack.wait_for_trouble("data_before_birth", bad.node)
    bad.birth([M("known", 1.0, alias=1)])
    until(lambda: f"evil/{bad.node}/known" in attack.station.tags(), what="the birth")
    bad.data([M(value=2.0, type=0, wire_type=10, alias=77)])
    attack.wait_for_trouble("unknown_alias", bad.node)
    bad.birth([M("known", 1.0, alias=1)])
    bad.seq = 9
    bad.data([M(value=3.0, type=0, wire_type=10, alias=1)])
    attack.wait_for_trouble("seq_gap", bad.node)
    assert bad.rebirth_wanted.wait(20), "the node is asked for its birth"


@pytest.mark.parametrize("size", [MIB + 1, 100 * MIB], ids=["1 MiB + 1", "100 MiB"])
def test_a_payload_that_is_too_large_is_not_even_read(attack: Attack, bad: SparkplugEdge, size: int) -> None:
    before = attack.station.memory("VmHWM")
    bad.birth([M("known", 1.0)])
    bad.publish(bad.topic("NDATA"), bytes(size))
    row = attack.wait_for_trouble("too_large", bad.node)
    assert int(row["example"].split()[0]) >= size
    growth = attack.station.memory("VmHWM") - before
    log.info("%d bytes made the station's peak memory grow by %.1f MiB", size, growth / MIB)
    assert growth < 16 * MIB, growth


def test_nan_and_infinity_are_bad_values_never_good_numbers(attack: Attack, bad: SparkplugEdge) -> None:
    values = {"nan": math.nan, "plus": math.inf, "minus": -math.inf, "fine": 1.5}
    bad.birth([M(name, value) for name, value in values.items()])
    path = f"evil/{bad.node}/"
    until(lambda: attack.station.tags().get(f"{path}fine", {}).get("value") == 1.5, what="the birth")
    tags = attack.station.tags()
    for name in ("nan", "plus", "minus"):
        assert tags[path + name]["quality"] != "good", name
        assert not isinstance(tags[path + name]["value"], float), name
    assert tags[f"{path}fine"]["quality"] == "good"


@pytest.mark.parametrize("year", [1970, 2099])
def test_a_clock_of_another_century_is_said_and_its_values_are_stored_at_their_arrival(
    attack: Attack, bad: SparkplugEdge, year: int
) -> None:
    ms = 86_400_000 if year == 1970 else round((year - 1970) * 365.2425 * 86_400_000)
    bad.birth([M("level", 4.0)], ms=ms)
    path = f"evil/{bad.node}/level"
    row = until(lambda: attack.station.tags().get(path), what="the birth")
    assert row["detail"] == "bad_clock"
    assert row["source_at"][:4] == row["received_at"][:4] != str(year)
    said = until(
        lambda: [row for row in attack.station.query("alarms") if row["kind"] == "clock" and bad.node in row["tag"]],
        what="the clock alarm",
    )
    assert said


def test_names_of_every_kind_are_shown_as_they_are_and_one_line_each(attack: Attack, bad: SparkplugEdge) -> None:
    bad.birth([M(name, float(number)) for number, name in enumerate(NAMES)])
    bad.device_birth("<img src=x onerror=alert(1)> & co", [M("value", 1.0)])
    bad.device_birth(BIDI, [M("value", 2.0)])
    prefix = f"evil/{bad.node}/"
    until(lambda: sum(path.startswith(prefix) for path in attack.station.tags()) >= len(NAMES) + 2, what="all names")
    tags = attack.station.tags()
    for number, name in enumerate(NAMES):
        assert tags[prefix + name]["value"] == float(number), name[:40]
    as_table = leitstand("query", "tags", "--data", attack.station.folder, "--filter", bad.node)
    assert as_table.returncode == 0, as_table.stderr
    rows = [row for row in attack.station.query("tags") if prefix in row["source"]]
    assert len(as_table.stdout.splitlines()) == len(rows) + 1, "a newline in a name makes no second row"
    assert "\u202e" not in as_table.stdout and "\t" not in as_table.stdout
    as_json = leitstand("query", "tags", "--json", "--data", attack.station.folder, "--filter", bad.node)
    assert len(as_json.stdout.splitlines()) == len(rows)


def test_two_metrics_of_one_name_are_counted_and_make_one_tag(attack: Attack, bad: SparkplugEdge) -> None:
    bad.birth([M("twin", 1.0, alias=1), M("twin", 2.0, alias=2), M("other", 3.0, alias=1)])
    attack.wait_for_trouble("duplicate_name", bad.node)
    attack.wait_for_trouble("duplicate_alias", bad.node)
    paths = [row["source"] for row in attack.station.query("tags") if row["source"].endswith(f"{bad.node}/twin")]
    assert len(paths) == 1


@pytest.mark.parametrize(
    ("topic", "body"),
    [
        ("spBv1.0", b"x"),
        ("spBv1.0/evil", b"x"),
        ("spBv1.0/evil/NOVERB/node", b"x"),
        ("spBv1.0/evil/NBIRTH/n/d/e/f", b"x"),
        ("spBv1.0/evil/DDATA/no-device-given", payload([M("a", 1.0)], seq=0)),
        ("spBv1.0//NBIRTH/", payload([M("a", 1.0)], seq=0)),
        ("spBv1.0/STATE/somebody", b"\xff\xfenot json"),
    ],
    ids=["short", "shorter", "no verb", "too long", "device missing", "empty levels", "state of somebody"],
)
def test_a_topic_outside_the_rules_is_survived(attack: Attack, bad: SparkplugEdge, topic: str, body: bytes) -> None:
    before = len(attack.station.tags())
    bad.publish(topic, body)
    attack.wait_until_good_lives()
    assert len(attack.station.tags()) == before, "no tag comes of it"


@pytest.mark.proves("SEC-38")
def test_ten_thousand_metrics_in_one_message_are_taken_and_one_more_is_refused(
    attack: Attack, bad: SparkplugEdge
) -> None:
    bad.birth([M(f"m{number}", float(number)) for number in range(10_000)])  # bdSeq and Rebirth are not counted
    mine = f"evil/{bad.node}/"
    until(lambda: sum(path.startswith(mine) for path in attack.station.tags()) >= 10_000, what="10,000 metrics")
    assert attack.station.tags()[f"{mine}m9999"]["value"] == 9999.0
    slowest_s, taken_s = slowest_answer_during(attack, lambda: attack.station.query("tags"))
    log.info("10,000 tags took %.2f s; meanwhile the slowest answer took %.2f s", taken_s, slowest_s)
    assert slowest_s < max(0.7 * taken_s, 0.1), "a long answer holds nobody up"
    printed = leitstand("query", "tags", "--json", "--data", attack.station.folder)
    assert printed.returncode == 0, printed.stderr
    assert printed.stdout.count(mine) >= 10_000, "and the command line prints them all"
    bad.data([M(f"m{number}", 0.0) for number in range(10_001 + PROTOCOL_METRICS)])
    attack.wait_for_trouble("too_many_metrics", bad.node)
    assert attack.station.tags()[f"{mine}m9999"]["value"] == 9999.0, "nothing of the refused message is taken"


def test_a_flood_of_senders_is_one_bounded_list(attack: Attack, bad: SparkplugEdge) -> None:
    for number in range(6_000):
        bad._client.publish(f"spBv1.0/flood/NDATA/node{number}", b"\xff\xff")

    def flooded() -> int:
        rows = attack.station.query("troubles")
        assert len(rows) <= 5_100
        return sum(row["count"] for row in rows if "flood" in row["sender"] or row["sender"] == "(others)")

    until(lambda: flooded() >= 6_000, what="every one of them counted")
    assert any(row["sender"] == "(others)" for row in attack.station.query("troubles")), "the rest as one"


@pytest.mark.proves("SEC-26")
def test_after_all_of_it_the_station_has_not_grown_without_bound(attack: Attack) -> None:
    begun = time.monotonic()
    growth = attack.station.memory() - attack.memory_before
    log.info("memory grew by %.1f MiB to %.1f MiB", growth / MIB, attack.station.memory() / MIB)
    assert growth < MOST_GROWTH
    assert attack.station.ask({"op": "ping"})["ok"]
    log.info("answered after %.3f s", time.monotonic() - begun)
