"""`leitstand bench sync`: events pushed to a real centre beside plain INSERT, and a window that catches up."""

import json
import secrets
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any, LiteralString
from uuid import UUID, uuid5

import psycopg

from console.app.bench.ingest import bench_station
from console.app.bench.rows import BenchRow
from console.app.demo.centre import DATABASE, prepare_centre
from console.app.demo.child_process import own_environment
from console.app.demo.postgres import DemoPostgres
from console.config.private_file import write_private
from console.config.settings import CentreSettings
from console.config.site_files import load_site
from console.config.station_file import load_station
from console.domain.facts import AlarmAcknowledged, AlarmCommented, Fact, IncidentNoted
from console.services.journal.entries import Actor
from console.services.journal.envelope import Event, decode_event
from console.services.journal.event_table import events_in_order
from console.services.journal.hlc import HybridClock
from console.services.journal.keys import FileKey
from console.services.journal.own_stream import OwnStream, Place, draft_of
from console.services.journal.table_store import TableStore
from console.services.storage.database import writer_engine
from console.services.storage.schema import open_journal_db
from console.services.sync.central import Central
from console.services.sync.central_stations import Enrolment, enrol

FRAME_MS = 16.0
GROWTH_MB = 200.0
_BATCH = 500
_PATIENCE_S = 3600.0
_OPERATOR = Actor("u-bench", "bench", "Bench", ("operator",), "s", "password")
_COLUMNS: LiteralString = (
    "tenant_id, site_id, stream_id, seq, hash, prev_hash, hlc, wall_us, station_id, etype, ever, entity_type, "
    "entity_id, user_id, tx_id, tx_n, body, sig"
)


def run(quick: bool) -> Iterator[BenchRow]:
    """Full: a backlog of a million events; the centre is the demo's PostgreSQL with its disk writes on."""
    count = 10_000 if quick else 1_000_000
    with tempfile.TemporaryDirectory(prefix="leitstand-bench-", ignore_cleanup_errors=True) as scratch:
        folder = Path(scratch)
        postgres = DemoPostgres(folder / "centre")
        postgres.start()
        try:
            prepare_centre(postgres)
            window = bench_station(folder / "window", 1)
            site = load_site(window / "site").site_id
            author = _author(folder / "author", site, count)
            yield from _push(postgres, folder, site, author, min(count, 100_000))
            yield from _catch_up(postgres, window, count)
        finally:
            postgres.stop()


def _author(folder: Path, site: UUID, count: int) -> "_Author":
    """A station with `count` signed events in its journal."""
    folder.mkdir(parents=True)
    open_journal_db(folder / "journal.db").close()
    key = FileKey.load_or_create(folder / "keys")
    place = Place(site, uuid5(site, "author"), "A1")
    begin_us = time.time_ns() // 1000 - count
    moment = [begin_us]
    own = OwnStream(place, key, HybridClock(lambda: moment[0]), secrets.token_bytes)
    engine = writer_engine(folder / "journal.db", synchronous="OFF")
    with engine.connect() as connection:
        for start in range(0, count, 1000):
            with connection.begin():
                store = TableStore(connection)
                for number in range(start, min(count, start + 1000)):
                    moment[0] = begin_us + number
                    draft = draft_of([_fact(site, number)], _OPERATOR, reason="", parents=(), wall_us=moment[0])
                    own.append(store, draft, moment[0])
    engine.dispose()
    return _Author(folder, place, key)


class _Author:
    def __init__(self, folder: Path, place: Place, key: FileKey) -> None:
        self.folder = folder
        self.place = place
        self.key = key

    def events(self, start: int, limit: int) -> list[Event]:
        """Events of the journal in order, decoded."""
        engine = writer_engine(self.folder / "journal.db")
        with engine.connect() as connection, connection.begin():
            raws = events_in_order(connection, start, limit)
        engine.dispose()
        return [decode_event(raw) for raw in raws]


def _fact(site: UUID, number: int) -> Fact:
    """A mix as a desk makes it: acknowledgements, comments, notes of incidents."""
    condition = uuid5(site, f"condition {number % 10_000}")
    if number % 10 == 8:
        return AlarmCommented(condition, number, "seen, the pump was switched over")
    if number % 10 == 9:
        return IncidentNoted(uuid5(site, f"incident {number % 2_000}"), "the spare part is ordered")
    return AlarmAcknowledged(condition, number, number + 5)


def _push(postgres: DemoPostgres, folder: Path, site: UUID, author: _Author, count: int) -> Iterator[BenchRow]:
    """The same events, in turns: through the centre's function by the station's role, and by plain INSERT."""
    settings = _enrolled(postgres, folder, author.place, author.key.public_key)
    central = Central(settings, author.place, public_key=author.key.public_key)
    ours = plain = 0.0
    with psycopg.connect(postgres.url_of(DATABASE)) as connection:
        connection.execute("create table public.plain (like leitstand.event including all)")
        connection.commit()
        for start in range(0, count, _BATCH):
            events = author.events(start, _BATCH)
            begun = time.perf_counter()
            central.push(events)
            ours += time.perf_counter() - begun
            begun = time.perf_counter()
            _insert(connection, events)
            plain += time.perf_counter() - begun
    ratio = plain / ours
    yield BenchRow(
        "sync", f"{count:,} events pushed, checked by the centre", round(count / ours), "events/s",
        "plain INSERT of the same rows", round(count / plain), round(ratio, 2), ">= 0.3 x", ratio >= 0.3,
    )  # fmt: skip
    for start in range(count, _count(author), _BATCH):
        central.push(author.events(start, _BATCH))
    central.close()


def _count(author: _Author) -> int:
    engine = writer_engine(author.folder / "journal.db")
    with engine.connect() as connection, connection.begin():
        found = int(connection.exec_driver_sql("SELECT max(rid) FROM event").scalar_one())
    engine.dispose()
    return found


def _insert(connection: "psycopg.Connection[Any]", events: Sequence[Event]) -> None:
    """One transaction a batch, as the push is one."""
    marks: LiteralString = ", ".join(["%s"] * 18)
    with connection.transaction(), connection.cursor() as cursor:
        cursor.executemany(f"insert into public.plain ({_COLUMNS}) values ({marks})", [_row(e) for e in events])
    connection.commit()


def _row(event: Event) -> tuple[object, ...]:
    body = event.body
    return (
        body.tenant, body.site, body.stream, body.seq, event.raw.hash, event.prev, event.hlc, body.wall_us,
        body.station, body.etype, body.ever, body.entity_type, body.entity_id, body.user_id, body.tx_id, body.tx_n,
        event.raw.body, event.raw.sig,
    )  # fmt: skip


def _enrolled(postgres: DemoPostgres, folder: Path, place: Place, public_key: bytes) -> CentreSettings:
    password = secrets.token_urlsafe(24)
    with psycopg.connect(postgres.url_of(DATABASE), autocommit=True) as connection:
        role = enrol(connection, Enrolment(place.site, place.station, place.code, public_key), password)
    file = folder / f"{role}.password"
    write_private(file, password)
    return CentreSettings("127.0.0.1", postgres.port, DATABASE, role, file)


def _catch_up(postgres: DemoPostgres, window: Path, count: int) -> Iterator[BenchRow]:
    """A console with an empty journal meets the centre: how long, how smooth, how much memory."""
    station, site = load_station(window), load_site(window / "site")
    key = FileKey.load_or_create(window / "keys")
    place = Place(site.site_id, station.station_id, station.code)
    settings = _enrolled(postgres, window, place, key.public_key)
    text = (window / "station.toml").read_text(encoding="utf-8")
    centre = (
        f'[centre]\nhost = "127.0.0.1"\nport = {settings.port}\nuser = "{settings.user}"\n'
        f"password_file = {json.dumps(str(settings.password_file))}\n"
    )
    text = text.replace('[centre]\nhost = ""\nport = 5432\n', centre)
    (window / "station.toml").write_text(text, encoding="utf-8")
    process = subprocess.run(
        [sys.executable, "-m", "console.app.bench.sync_window", str(window), "--events", str(count)],
        stdout=subprocess.PIPE, text=True, env=own_environment(), check=True, timeout=_PATIENCE_S,
    )  # fmt: skip
    told = {line["what"]: line for line in map(json.loads, process.stdout.splitlines()) if "what" in line}
    idle, busy = told["idle"], told["caught_up"]
    yield BenchRow("sync", f"window caught up {count:,} events", round(busy["events"] / busy["seconds"]), "events/s")
    ratio = busy["p99"] / max(idle["p99"], 1e-3)
    yield BenchRow(
        "sync", "window lateness while catching up, p99", round(busy["p99"], 2), "ms", "the same window idle",
        round(idle["p99"], 2), round(ratio, 2), f"<= {FRAME_MS:g} ms", busy["p99"] <= FRAME_MS,
    )  # fmt: skip
    yield BenchRow("sync", "window lateness while catching up, worst", round(busy["max"], 1), "ms")
    grown = busy["grown_mb"]
    if grown is not None:
        yield BenchRow(
            "sync", "memory grown by the catch-up, highest", round(grown), "MB",
            goal=f"< {GROWTH_MB:g} MB", holds=grown < GROWTH_MB,
        )  # fmt: skip
    yield BenchRow(
        "sync",
        "an act meanwhile, durable, p99",
        round(busy["act_p99"], 1),
        "ms",
        goal="<= 200 ms",
        holds=busy["act_p99"] <= 200,
    )
