"""Centres on plain and on partitioned tables, stations enrolled there, and chains of events made quickly."""

from dataclasses import dataclass, field
from uuid import UUID, uuid4

import msgspec
import psycopg

from console.config.settings import CentreSettings
from console.services.journal.envelope import FIRST, Body, Event, RawEvent, encode_body, hash_of
from console.services.journal.own_stream import Place
from console.services.sync.alarm_lane import LaneRow
from console.services.sync.central import Central
from tests.support.postgres import TestDatabase

KEY = bytes(range(32))
HLC = 1_790_000_000_000 << 16


@dataclass
class Chain:
    """A stream that grows; signatures are left out, the centre cannot check them. `at` a place forks it."""

    place: Place
    stream: UUID = field(default_factory=uuid4)
    events: list[Event] = field(default_factory=list)

    def grow(
        self,
        count: int,
        text: str = "x",
        etype: str = "incident.noted",
        after: int | None = None,
        *,
        payload: dict[str, str] | None = None,
        entity_id: str = "",
    ) -> list[Event]:
        """Events behind number `after` (from 1; None: the last made), kept in `events` too."""
        last = self.events[-1 if after is None else after - 1] if self.events else None
        made = []
        for _ in range(count):
            last = self._event(last, payload or {"text": text}, etype, entity_id or str(self.stream))
            made.append(last)
        self.events += made
        return made

    def _event(self, last: Event | None, payload: dict[str, str], etype: str, entity_id: str) -> Event:
        seq, prev = (last.seq + 1, last.raw.hash) if last else (1, FIRST)
        body = Body(
            v=1, tenant=self.place.tenant, site=self.place.site, station=self.place.station, stream=self.stream,
            seq=seq, prev=prev.hex(), id=uuid4(), hlc=f"{HLC + seq:016x}", wall_us=seq, etype=etype, ever=1,
            entity_type="incident", entity_id=entity_id, payload=msgspec.Raw(msgspec.json.encode(payload)),
            tx_id=uuid4(), user_id="u-anna",
        )  # fmt: skip
        encoded = encode_body(body)
        return Event(RawEvent(hash_of(prev, encoded), encoded, bytes(64)), body)


@dataclass
class Site:
    """A site of its own in a centre that other tests use too: `place("A1")`, `session("A1")`, `settings("A1")`."""

    database: TestDatabase
    site: UUID = field(default_factory=uuid4)
    places: dict[str, Place] = field(default_factory=dict)
    sessions: list[Central] = field(default_factory=list)

    def place(self, code: str) -> Place:
        return self.places.setdefault(code, Place(self.site, uuid4(), code))

    def settings(self, code: str) -> CentreSettings:
        return self.database.enrolled(self.place(code), KEY)

    def session(self, code: str, lane: int = 0) -> Central:
        """An open session of a station that is enrolled for it; `lane` counts its alarm logs."""
        place = self.place(code)
        central = Central(self.settings(code), place, public_key=KEY, lane=UUID(int=place.station.int ^ lane))
        self.sessions.append(central)
        return central

    def connection(self, code: str, *, autocommit: bool = True) -> "psycopg.Connection":  # type: ignore[type-arg]
        """A bare connection with the station's role."""
        settings = self.settings(code)
        assert settings.password_file is not None
        return psycopg.connect(
            host=settings.host, port=settings.port, dbname=settings.database, user=settings.user,
            password=settings.password_file.read_text(encoding="utf-8"), autocommit=autocommit,
        )  # fmt: skip

    def close(self) -> None:
        for central in self.sessions:
            central.close()


def lane_row(number: int, transition: str = "raised", at_us: int | None = None, receive_us: int = 0) -> LaneRow:
    return LaneRow(UUID(int=number), 100, transition, 0, at_us or number, receive_us, 1, 2, 78.5, "T high", "Press 1/T")
