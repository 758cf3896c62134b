"""Three stations of one site as processes, their centre, their brokers, and a bad cable on every road between them."""

import random
import shutil
import subprocess
import threading
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from pathlib import Path

import psycopg

from console.app.demo.postgres import DemoPostgres
from console.services.identity.certificates import Authority
from tests.support.broker import Broker, running_broker
from tests.support.chaos_proxy import Bad, Cable, Cables, running_cables
from tests.support.console_process import ConsoleProcess, Row
from tests.support.living_node import LivingNode, living_node
from tests.support.postgres import TestDatabase
from tests.support.story_site import RULES, make_site, make_station
from tests.support.story_site import Broker as Named
from tests.support.waiting import until

CODES = ("K1", "K2", "K3")
HOT, COLD = 90.0, 20.0
State = tuple[frozenset[str], dict[str, str]]


class Fleet:
    """`stations` by code; `copy` is the second life of K3's data folder once it was made. Made by `running_fleet`."""

    def __init__(self, folder: Path, parts: "Parts", metrics: int) -> None:
        self.folder = folder
        self.server = parts.server
        self.peers = parts.peers
        self.plant = parts.plant
        self.cables = parts.cables
        self.centre = TestDatabase(parts.server, "fleet")
        self.site = make_site(folder, RULES.replace("*/Temperature", "*/Temperature*"))
        self._bring_authority()
        self.roads: dict[str, tuple[Cable, Cable]] = {}  # (to the centre, to the neighbours' broker)
        self.stations: dict[str, ConsoleProcess] = {}
        for code in CODES:
            self._make(code, parts.plant_port)
        self.metrics = [f"Temperature{number}" for number in range(metrics)]

    def _bring_authority(self) -> None:
        key = Authority.create(self.site).public_key.hex()
        file = self.site / "site.toml"
        text = file.read_text("utf-8").replace("version = 1\n", f'version = 2\nauthority = "{key}"\n')
        file.write_text(text, encoding="utf-8")

    def _make(self, code: str, plant_port: int) -> None:
        roads = (
            self.cables.cable(f"{code}:centre", self.server.port),
            self.cables.cable(f"{code}:peers", self.peers.port),
        )
        brokers = (Named("plant", plant_port), Named("peers", roads[1].port))
        folder = make_station(self.site, f"station-{code}", code, brokers, self.centre)
        file = folder / "station.toml"
        text = file.read_text("utf-8")
        head, _, centre = text.partition("[centre]")
        centre = centre.replace(f"port = {self.server.port}", f"port = {roads[0].port}")
        more = 'anchor = "../anchors"\n'
        head = head.replace("version = 1\n", f"version = 2\n{more}")
        file.write_text(f'{head}[centre]{centre}[neighbours]\nbroker = "peers"\n', encoding="utf-8")
        self.roads[code] = roads
        self.stations[code] = ConsoleProcess("serve", folder)

    def start(self, *codes: str) -> None:
        """Together, as a control room after a power cut."""
        failures: list[BaseException] = []

        def one(code: str) -> None:
            try:
                self.stations[code].start()
            except BaseException as error:
                failures.append(error)

        threads = [threading.Thread(target=one, args=(code,)) for code in codes or tuple(self.stations)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        if failures:
            raise failures[0]

    def clone(self, code: str, name: str, *, is_running: bool = False) -> None:
        """The power goes, the disk is copied, both run on; or it is copied file by file under a station that runs on.
        The copy hangs on the same cables."""
        station = self.stations[code]
        if not is_running:
            station.kill()
        folder = station.folder.with_name(f"station-{name}")
        shutil.copytree(station.folder, folder, ignore=_no_sockets)
        self.stations[name] = ConsoleProcess("serve", folder)
        self.roads[name] = self.roads[code]
        self.start(*((name,) if is_running else (code, name)))

    # --- the centre ------------------------------------------------------------------------------------------------

    def in_centre(self) -> list[str]:
        """Hash of every event there, as often as it is there."""
        with psycopg.connect(self.centre.url) as connection:
            return [row[0] for row in connection.execute("select encode(hash, 'hex') from leitstand.event")]

    def set_roads(self, centre: Bad, peers: Bad) -> None:
        """All roads to the centre, and all to the neighbours' broker."""
        for to_centre, to_peers in self.roads.values():
            to_centre.set(centre)
            to_peers.set(peers)

    @property
    def _cluster(self) -> Path:
        return self.server._data

    def remember_centre(self) -> None:
        """A copy of the stopped cluster, file by file: what a backup at night is."""
        self.server.stop()
        _copy_tree(self._cluster, self._cluster.with_name("an-hour-ago"))
        self.server.start()

    def set_centre_back(self) -> None:
        """The power goes, and the administrator brings the backup back."""
        self.server.kill()
        shutil.rmtree(self._cluster)
        _copy_tree(self._cluster.with_name("an-hour-ago"), self._cluster)
        self.server.start()

    # --- what stations say -----------------------------------------------------------------------------------------

    def state(self, code: str) -> State:
        """(hashes of everything in the journal, digests of what is shown)."""
        station = self.stations[code]
        rows = [row["hash"] for row in station.query("journal")]
        assert len(rows) == len(set(rows)), f"{code} shows an event twice"
        return frozenset(rows), station.ask({"op": "digests"})["digests"]

    def equal_states(self) -> State | None:
        """The state that all stations and the centre have in common."""
        states = [self.state(code) for code in self.stations]
        if any(state != states[0] for state in states) or frozenset(self.in_centre()) != states[0][0]:
            return None
        return states[0]

    def await_equal(self, seconds: float) -> State:
        """As `equal_states`; AssertionError says who has how much."""
        try:
            return until(self.equal_states, seconds=seconds, every_s=0.3, what="equal journals and digests")
        except AssertionError as error:
            raise AssertionError(f"{error}\n{self.report()}") from error

    def report(self) -> str:
        lines = []
        held = {code: self.state(code) for code in self.stations}
        centre = self.in_centre()
        every = frozenset().union(*(state[0] for state in held.values()), centre)
        for code, (hashes, digests) in held.items():
            station = self.stations[code]
            links = [f"{row['name']}={row['state']} {row['detail']}" for row in station.query("links")]
            lines.append(f"{code}: {len(hashes)} of {len(every)}, {len(digests)} buckets; {'; '.join(links)}")
            lacks = every - hashes
            kinds = {
                (r["station"], r["type"], r["stream"][-6:], r["seq"])
                for c in held
                for r in self.stations[c].query("journal")
                if r["hash"] in lacks
            }
            lines.append(f"   lacks {sorted(kinds)[:6]}")
            lines.append(f"   digests {sorted(set(digests.items()) ^ set(held['K1'][1].items()))[:4]}")
        lines.append(f"centre: {len(set(centre))} of {len(every)}")
        lines += [f"--- {code}\n{station.said()[-1500:]}" for code, station in self.stations.items()]
        return "\n".join(lines)

    def texts(self, code: str, kind: str) -> list[Row]:
        return [row for row in self.stations[code].query("alarms") if kind in row["text"]]

    def end(self) -> None:
        ending = [threading.Thread(target=station.end) for station in self.stations.values()]
        for thread in ending:
            thread.start()
        for thread in ending:
            thread.join()


class Parts:
    def __init__(self, server: DemoPostgres, plant_port: int, peers: Broker, plant: LivingNode, cables: Cables) -> None:
        self.server, self.plant_port, self.peers, self.plant, self.cables = server, plant_port, peers, plant, cables


@contextmanager
def running_fleet(folder: Path, seed: int, metrics: int = 6, start: Sequence[str] = CODES) -> Iterator[Fleet]:
    """Everything started, or only some stations; at the end nothing of it is left."""
    server = DemoPostgres(folder / "postgres", durable=False)
    with ExitStack() as stack:
        stack.callback(server.remove)
        server.start()
        server.create_database("fleet")
        plant_broker, peers = stack.enter_context(running_broker()), stack.enter_context(running_broker())
        values = {f"Temperature{number}": COLD for number in range(metrics)}
        plant = stack.enter_context(living_node(plant_broker.port, values))
        cables = stack.enter_context(running_cables(seed))
        fleet = Fleet(folder, Parts(server, plant_broker.port, peers, plant, cables), metrics)
        stack.callback(fleet.end)
        fleet.start(*start)
        yield fleet


def _no_sockets(_folder: str, names: list[str]) -> set[str]:
    """What is not copied: the door, and files that SQLite or a writer of small files has only for a moment."""
    return {name for name in names if name.endswith((".sock", "-shm", ".tmp", ".new"))}


def _copy_tree(source: Path, target: Path) -> None:
    """With owners: PostgreSQL may belong to another account than the test."""
    subprocess.run(["cp", "-a", str(source), str(target)], check=True)


class Hand:
    """Somebody at one station who acts without a pause; remembers what was accepted."""

    def __init__(self, fleet: Fleet, code: str, person: tuple[str, str], seed: int) -> None:
        self.code = code
        self.hashes: list[str] = []
        self.texts: list[str] = []  # each was written once
        self.refused: list[str] = []
        self.broken = 0  # the station died meanwhile: done or not, nobody was told
        self._fleet = fleet
        self._person = person
        self._chance = random.Random(f"{seed} {code}")
        self._end = threading.Event()
        self._count = 0
        self._thread = threading.Thread(target=self._run, name=f"hand-{code}", daemon=True)

    def start(self) -> None:
        self._thread.start()

    def stop(self) -> None:
        """May be repeated."""
        self._end.set()
        if self._thread.ident is not None:
            self._thread.join(60)
            assert not self._thread.is_alive()

    def act(self, command: str, written: str = "", /, **fields: str) -> Row | None:
        try:
            reply = self._fleet.stations[self.code].act(command, self._person, **fields)
        except (OSError, ValueError):
            self.broken += 1
            return None
        if not reply.get("ok"):
            self.refused.append(f"{command}: {reply}")
            return None
        self.hashes += reply["hashes"]
        if written:
            self.texts.append(written)
        return reply

    def _run(self) -> None:
        while not self._end.is_set():
            try:
                self._one()
            except (OSError, ValueError):
                self.broken += 1
            self._end.wait(self._chance.uniform(0.05, 0.4))

    def _one(self) -> None:
        self._count += 1
        text = f"{self.code}/{self._count}"
        station = self._fleet.stations[self.code]
        kind = self._chance.choice(("note", "note", "open", "ack", "comment"))
        if kind == "open":
            self.act("open-incident", text, title=text)
            return
        if kind == "note":
            incidents: Sequence[Row] = station.query("incidents")
            if incidents:
                chosen = self._chance.choice(list(incidents))
                self.act("note-incident", text, incident_id=chosen["id"], text=text)
            return
        alarms = [row for row in station.query("alarms") if row["kind"] == "limit"]
        if kind == "ack":
            alarms = [row for row in alarms if row["state"] == "unacknowledged"]
        if not alarms:
            return
        chosen = self._chance.choice(alarms)
        occurrence = f"{chosen['condition']}@{chosen['start_us']}"
        if kind == "ack":
            self.act("ack", occurrences=occurrence)
        else:
            self.act("comment", text, occurrence=occurrence, text=text)
