"""Stations that are neighbours at a real broker, and what a stranger can say there."""

import asyncio
import random
import threading
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path
from uuid import UUID

import paho.mqtt.client as mqtt
from paho.mqtt.enums import CallbackAPIVersion

from console.config.settings import BrokerSettings
from console.services.alarms.transitions import AlarmTransition
from console.services.journal.keys import FileKey
from console.services.records import CatchUp, LinkRecord, PeerRecord, Trouble
from console.services.sync.neighbour_words import OpenNow
from console.services.sync.neighbours import Listeners, Neighbours, Standing
from console.services.telemetry.clock import Clock
from tests.support.broker import Broker
from tests.support.journals import SITE, StationJournal


@dataclass
class Heard:
    """Everything that a station's neighbours part told its main loop."""

    links: dict[str, LinkRecord] = field(default_factory=dict)
    peers: dict[str, PeerRecord] = field(default_factory=dict)
    states: list[tuple[str, str]] = field(default_factory=list)
    progress: list[CatchUp] = field(default_factory=list)
    troubles: dict[tuple[str, str], Trouble] = field(default_factory=dict)
    twins: int = 0
    divergences: list[tuple[str, str]] = field(default_factory=list)
    occurrences: dict[UUID, Sequence[OpenNow] | None] = field(default_factory=dict)
    rows: list[AlarmTransition] = field(default_factory=list)
    joins: list[bytes] = field(default_factory=list)
    certificates: list[str] = field(default_factory=list)

    def on_peer(self, record: PeerRecord) -> None:
        self.peers[record.name] = record
        if (record.name, record.state) not in self.states[-1:]:
            self.states.append((record.name, record.state))

    def on_troubles(self, troubles: list[Trouble]) -> None:
        self.troubles.update({(one.sender, one.kind): one for one in troubles})

    def on_twin(self) -> None:
        self.twins += 1

    def counted(self, kind: str) -> int:
        return sum(one.count for one in self.troubles.values() if one.kind == kind)

    def state(self, code: str) -> str:
        found = self.peers.get(f"neighbour:{code}")
        return found.state if found else "none"


class Neighbour(StationJournal):
    """A station's journal with its neighbours part; `now` and `buckets` are what it has to tell."""

    def __init__(
        self,
        folder: Path,
        code: str,
        broker: Broker,
        *,
        site: UUID = SITE,
        station_db: Path | None = None,
        standing: dict[str, object] | None = None,
        check_every_s: float = 60.0,
        clock: Clock | None = None,
        listeners: dict[str, object] | None = None,
        user: str = "",
        password: Path | None = None,
    ) -> None:
        super().__init__(folder, code, site=site)
        self.heard = Heard()
        self.now: tuple[OpenNow, ...] = ()
        self.buckets: dict[str, bytes] | None = None
        self._told: tuple[OpenNow, ...] | None = None
        self.key = FileKey.load_or_create(folder / "keys")
        told = Listeners(
            on_link=lambda link: self.heard.links.update({link.name: link}),
            on_peer=self.heard.on_peer,
            on_catch_up=self.heard.progress.append,
            on_troubles=self.heard.on_troubles,
            on_twin=self.heard.on_twin,
            on_divergence=lambda bucket, peer: self.heard.divergences.append((bucket, peer)),
            on_occurrences=lambda station, told: self.heard.occurrences.update({station: told}),
            on_alarm_rows=self.heard.rows.extend,
            on_join=self.heard.joins.append,
            on_joined=self.heard.certificates.append,
            open_now=self._open_now,
            digests=lambda: self.buckets,
        )
        self.neighbours = Neighbours(
            self.log,
            self.path,
            BrokerSettings("plant", broker.host, broker.port, username=user, password_file=password),
            Standing(f"PC {code}", self.key, **(standing or {})),  # type: ignore[arg-type]
            replace(told, **(listeners or {})),  # type: ignore[arg-type]
            station_db=station_db,
            chance=random.Random(code),
            check_every_s=check_every_s,
            clock=clock,
        )

    def _open_now(self, everything: bool) -> tuple[OpenNow, ...] | None:
        if self.now == self._told and not everything:
            return None
        self._told = self.now
        return self.now


@asynccontextmanager
async def neighbour(folder: Path, code: str, broker: Broker, **more: object) -> AsyncIterator[Neighbour]:
    """A started station; stopped and closed at the end."""
    station = Neighbour(folder / code, code, broker, **more)  # type: ignore[arg-type]
    try:
        await station.start()
        station.neighbours.start()
        yield station
    finally:
        await asyncio.to_thread(station.neighbours.stop)
        station.close()


class Stranger:
    """Anybody with access to the broker: hears everything of Leitstand and says what it likes."""

    def __init__(self, broker: Broker) -> None:
        self.heard: list[tuple[str, bytes, bool]] = []
        self._is_there = threading.Event()
        self._client = mqtt.Client(CallbackAPIVersion.VERSION2)
        self._client.on_message = lambda _c, _d, message: self.heard.append(
            (message.topic, bytes(message.payload), message.retain)
        )
        self._client.on_connect = lambda client, *_rest: client.subscribe("leitstand/#", 1)
        self._client.on_subscribe = lambda *_all: self._is_there.set()
        self._client.connect(broker.host, broker.port)
        self._client.loop_start()
        assert self._is_there.wait(10)

    def say(self, topic: str, payload: bytes, *, retain: bool = False) -> None:
        self._client.publish(topic, payload, qos=0, retain=retain)

    def of(self, word: str) -> list[tuple[str, bytes]]:
        return [(topic, payload) for topic, payload, _ in self.heard if f"/{word}/" in topic]

    def __enter__(self) -> "Stranger":
        return self

    def __exit__(self, *_error: object) -> None:
        self._client.disconnect()
        self._client.loop_stop()
