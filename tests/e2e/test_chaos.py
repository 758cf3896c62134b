"""Three stations, a real centre, a real broker, and cables that go bad in every way: nothing is lost or doubled."""

import logging
import os
import random
import threading
import time
from collections import Counter
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path

import pytest

from tests.support.chaos_proxy import Bad
from tests.support.console_process import Row, leitstand
from tests.support.fleet import COLD, HOT, Fleet, Hand, running_fleet
from tests.support.story_site import LEAD, OPERATOR
from tests.support.waiting import until

log = logging.getLogger(__name__)
AFTER_FAULTS_S = 30.0  # product promise: equal again within so long
SOAK_S = float(os.environ.get("LEITSTAND_SOAK_S", "60"))
TWIN = "data folder was copied"
FAULTS = tuple(bad for bad in Bad if bad is not Bad.FLOWS)


class Chaos:
    """One run: hands act at every station while faults come and go; then everything mends and has to be equal."""

    def __init__(self, fleet: Fleet, seed: int) -> None:
        self.fleet = fleet
        self.chance = random.Random(seed)
        self.hands = [
            Hand(fleet, code, OPERATOR if number != 1 else LEAD, seed) for number, code in enumerate(fleet.stations)
        ]
        self.disputed = ""
        self.titles = 0
        self._pause = threading.Event()

    def hand(self, code: str) -> Hand:
        return next(hand for hand in self.hands if hand.code == code)

    def add_hand(self, code: str, seed: int) -> None:
        self.hands.append(Hand(self.fleet, code, OPERATOR, seed))
        self.hands[-1].start()

    def open_the_incident(self) -> None:
        """One that all know before the trouble begins."""
        opened = self.hand("K1").act("open-incident", "disputed", title="disputed")
        assert opened is not None
        self.disputed = opened["entity_id"]
        self.fleet.await_equal(AFTER_FAULTS_S)

    def edit_it_at_two_desks_that_are_apart(self) -> None:
        roads = [*self.fleet.roads["K1"], *self.fleet.roads["K2"]]
        for road in roads:
            road.set(Bad.CUT)
        for code in ("K1", "K2"):
            self.titles += 1
            title = f"title {self.titles} of {code}"
            done = self.hand(code).act("edit-incident", incident_id=self.disputed, field="title", value=title)
            assert done is not None, self.hand(code).refused
        for road in roads:
            road.set(Bad.FLOWS)

    def misbehave(self, seconds: float) -> None:
        """Now and then another cable goes bad in another way, or mends; alarms come and go."""
        until_s = time.monotonic() + seconds
        while (left := until_s - time.monotonic()) > 0:
            cable = self.chance.choice(self.fleet.cables.all)
            state = self.chance.choice((Bad.FLOWS, *FAULTS))
            log.info("%s %s", cable.name, state)
            cable.set(state)
            self.fleet.plant.set(**{self.chance.choice(self.fleet.metrics): self.chance.choice((HOT, COLD))})
            self._pause.wait(min(left, self.chance.uniform(0.2, 0.8)))

    def settle(self) -> float:
        """Hands rest, cables mend; gives the seconds until all are equal."""
        for hand in self.hands:
            hand.stop()
        self.fleet.plant.set(**dict.fromkeys(self.fleet.metrics, COLD))
        self.fleet.cables.mend()
        began = time.monotonic()
        self.fleet.await_equal(AFTER_FAULTS_S)
        return time.monotonic() - began

    def check(self) -> str:
        """Nothing acknowledged is lost, nothing is there twice, every journal is sound; gives a summary."""
        fleet = self.fleet
        hashes, digests = fleet.await_equal(AFTER_FAULTS_S)
        assert digests, "nothing was compared"
        accepted = [one for hand in self.hands for one in hand.hashes]
        assert len(accepted) == len(set(accepted))
        assert not set(accepted) - hashes, "an accepted act is lost"
        centre = Counter(fleet.in_centre())
        assert set(centre.values()) == {1}, "an event is in the centre twice"
        written = [text for hand in self.hands for text in hand.texts]
        for code, station in fleet.stations.items():
            summaries = [row["summary"] for row in station.query("journal")]
            seen = Counter(word for summary in summaries for word in summary.replace('"', " ").split())
            for text in written:
                assert seen[text] == 1 or text == "disputed", f"{code} has {text} {seen[text]} times"
            until(
                lambda at=station: _is_calm(at.query("sync")[0]),
                what=f"{code} waits for nothing, and set nothing apart",
            )
        folders = [station.folder for station in fleet.stations.values()]
        with ThreadPoolExecutor(2) as pool:
            for done in pool.map(lambda folder: leitstand("verify", "--config", folder, "--data", folder), folders):
                assert (done.returncode, "sound" in done.stdout) == (0, True), (done.stdout, done.stderr)
        refused = Counter(text for hand in self.hands for text in hand.refused)
        corrupted = sum(cable.corrupted for cable in fleet.cables.all)
        broken = sum(hand.broken for hand in self.hands)
        counts = f"{len(accepted)} accepted, {broken} unanswered, {len(hashes)} events, {corrupted} pieces altered"
        return f"{counts}; {dict(refused)}"

    def check_the_twins(self) -> None:
        """Who copied a disk is told so at one of the two consoles at least, and by one alarm, not by many."""
        alarms = {code: len(self.fleet.texts(code, TWIN)) for code in self.fleet.stations}
        for code in self.fleet.stations:
            if code.endswith("-copy"):
                assert alarms[code] + alarms[code.removesuffix("-copy")] >= 1, "nobody is told of the copied disk"
        assert max(alarms.values()) <= 1, alarms

    def check_the_dispute(self) -> None:
        for code, station in self.fleet.stations.items():
            assert station.query("sync")[0]["conflicts"] >= 1, f"{code} shows no conflict"
            (row,) = [row for row in station.query("incidents") if row["id"] == self.disputed]
            assert row["title"] in ("title 1 of K1", "title 2 of K2")


def _is_calm(sync: Row) -> bool:
    return (sync["waiting"], sync["set_apart"], sync["only_here"]) == (0, 0, 0)


@contextmanager
def chaos_in(folder: Path, seed: int) -> Iterator[Chaos]:
    with running_fleet(folder, seed) as fleet:
        chaos = Chaos(fleet, seed)
        try:
            chaos.open_the_incident()
            for hand in chaos.hands:
                hand.start()
            yield chaos
        finally:
            for hand in chaos.hands:
                hand.stop()


@pytest.mark.timeout(240)
@pytest.mark.proves(
    "P3", "P4", "P13", "P14", "P36", "P40", "INV-1", "INV-7", "INV-8", "INV-13", "INV-14", "INV-33"
)  # fmt: skip
def test_nothing_is_lost_or_doubled_whatever_happens_to_cables_centre_broker_and_disks(tmp_path: Path) -> None:
    seed = int(os.environ.get("LEITSTAND_SEED", "1"))
    with chaos_in(tmp_path, seed) as chaos:
        fleet = chaos.fleet
        chaos.misbehave(1)
        fleet.remember_centre()
        chaos.misbehave(2)
        chaos.edit_it_at_two_desks_that_are_apart()
        chaos.misbehave(1)
        fleet.clone("K3", "K3-copy")
        chaos.add_hand("K3-copy", seed)
        chaos.misbehave(2)
        fleet.set_centre_back()
        chaos.misbehave(1)
        fleet.peers.kill()
        fleet.stations["K2"].kill()
        fleet.peers.start()
        fleet.start("K2")
        chaos.misbehave(3)
        took_s = chaos.settle()
        log.info("equal %.1f s after the faults ended; %s", took_s, chaos.check())
        chaos.check_the_dispute()
        chaos.check_the_twins()


class Soak:
    """Everything that can happen, in any order, as the seed says."""

    def __init__(self, chaos: Chaos, seed: int) -> None:
        self._chaos = chaos
        self._seed = seed
        self._chance = random.Random(f"soak {seed}")
        self._is_remembered = False
        self.happened: Counter[str] = Counter()

    def something_happens(self) -> None:
        happening = self._chance.choice(
            (
                self.centre_killed,
                self.centre_set_back,
                self.broker_killed,
                self.power_cut,
                self.disk_copied,
                self.disputed,
            )
        )
        log.info("now %s", happening.__name__)
        self.happened[happening.__name__] += 1
        happening()

    def _some(self) -> str:
        return self._chance.choice(tuple(self._chaos.fleet.stations))

    def centre_killed(self) -> None:
        self._chaos.fleet.server.kill()
        self._chaos.misbehave(1)
        self._chaos.fleet.server.start()

    def centre_set_back(self) -> None:
        if not self._is_remembered:
            self._chaos.fleet.remember_centre()
            self._is_remembered = True
            return
        self._chaos.fleet.set_centre_back()

    def broker_killed(self) -> None:
        self._chaos.fleet.peers.kill()
        self._chaos.misbehave(1)
        self._chaos.fleet.peers.start()

    def power_cut(self) -> None:
        code = self._some()
        self._chaos.fleet.stations[code].kill()
        self._chaos.misbehave(self._chance.uniform(0, 2))
        self._chaos.fleet.start(code)

    def disk_copied(self) -> None:
        code = self._chance.choice(("K1", "K2", "K3"))
        if len(self._chaos.fleet.stations) < 5 and f"{code}-copy" not in self._chaos.fleet.stations:
            self._chaos.fleet.clone(code, f"{code}-copy", is_running=self._chance.random() < 0.5)
            self._chaos.add_hand(f"{code}-copy", self._seed)

    def disputed(self) -> None:
        self._chaos.edit_it_at_two_desks_that_are_apart()


@pytest.mark.soak
@pytest.mark.timeout(SOAK_S + 500)
@pytest.mark.parametrize("seed", [int(seed) for seed in os.environ.get("LEITSTAND_SEEDS", "11,12,13,14,15").split(",")])
@pytest.mark.proves("P3", "P13", "P14", "P36", "P40", "INV-1", "INV-7", "INV-8", "INV-13", "INV-14", "INV-33")
def test_a_long_time_of_anything_leaves_nothing_lost_or_doubled(tmp_path: Path, seed: int) -> None:
    with chaos_in(tmp_path, seed) as chaos:
        soak = Soak(chaos, seed)
        until_s = time.monotonic() + SOAK_S
        while time.monotonic() < until_s:
            chaos.misbehave(chaos.chance.uniform(1, 5))
            soak.something_happens()
        took_s = chaos.settle()
        log.info("seed %d: equal %.1f s after the faults; %s; %s", seed, took_s, chaos.check(), dict(soak.happened))
        chaos.check_the_twins()
