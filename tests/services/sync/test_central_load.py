"""Many at once: what is committed late, out of order or never is missed by nobody who pulls by vector."""

import random
import threading
from collections.abc import Callable
from uuid import UUID

import msgspec
import psycopg
import pytest

from console.services.journal.envelope import Event
from console.services.sync.alarm_lane import LaneRow
from console.services.sync.central import Central
from tests.support.centres import Chain, Site, lane_row

WRITERS = 8
BATCHES = 25
SIZE = 20
PUSH = "select * from leitstand.push(%s, %s, %b::bytea[], %b::bytea[], %b::bytea[])"
HISTORY = "select leitstand.history_push(%s, %s, %s, %s::bigint[], %s::jsonb)"


def _writers(site: Site, step: Callable[["psycopg.Connection", str, int], None]) -> list[threading.Thread]:  # type: ignore[type-arg]
    """Each of eight stations does its step so often, every time in a transaction that stays open for a random while."""

    def work(number: int) -> None:
        chance, code = random.Random(number), f"W{number}"
        with site.connection(code, autocommit=False) as connection:
            for batch in range(BATCHES):
                step(connection, code, batch)
                connection.execute("select pg_sleep(%s)", (chance.uniform(0, 0.02),))
                connection.commit()

    for number in range(WRITERS):
        site.settings(f"W{number}")
    return [threading.Thread(target=work, args=(number,)) for number in range(WRITERS)]


def _pull_all(central: Central, reached: dict[UUID, tuple[int, bytes]], seen: list[bytes]) -> None:
    for tip in central.tips():
        place = reached.get(tip.stream, (0, b""))
        while page := central.pull(tip.stream, *place):
            seen += [raw.hash for _, raw in page]
            place = reached[tip.stream] = (page[-1][0], page[-1][1].hash)


def _given(events: list[Event]) -> tuple[list[bytes], list[bytes], list[bytes]]:
    return [e.raw.hash for e in events], [e.raw.body for e in events], [e.raw.sig for e in events]


@pytest.mark.proves("P1", "P15", "INV-8")
def test_of_eight_writers_that_commit_at_random_moments_no_event_is_missed_and_none_comes_twice(site: Site) -> None:
    chains = {f"W{number}": Chain(site.place(f"W{number}")) for number in range(WRITERS)}

    def push(connection: "psycopg.Connection", code: str, _batch: int) -> None:  # type: ignore[type-arg]
        place = site.place(code)
        connection.execute(PUSH, (place.tenant, place.site, *_given(chains[code].grow(SIZE))))

    reader, reached, seen = site.session("R1"), {}, []  # type: ignore[var-annotated]
    threads = _writers(site, push)
    for thread in threads:
        thread.start()
    while any(thread.is_alive() for thread in threads):
        _pull_all(reader, reached, seen)
    _pull_all(reader, reached, seen)
    made = [event.raw.hash for chain in chains.values() for event in chain.events]
    assert len(made) == WRITERS * BATCHES * SIZE
    assert sorted(seen) == sorted(made)


@pytest.mark.proves("P1")
def test_of_eight_stations_alarm_lanes_no_row_is_missed_however_their_commits_overlap(site: Site) -> None:
    chance = random.Random(5)

    def push(connection: "psycopg.Connection", code: str, batch: int) -> None:  # type: ignore[type-arg]
        place, first = site.place(code), batch * SIZE
        numbers = sorted(chance.randrange(400) + 1 for _ in range(SIZE))  # many see the same, at times of their own
        rows = [lane_row(number, receive_us=chance.randrange(1000)) for number in numbers]
        rids = [first + 1 + offset for offset in range(SIZE)]
        connection.execute(HISTORY, (place.tenant, place.site, place.station, rids, msgspec.json.encode(rows).decode()))
        sent.update(row.condition_id for row in rows)

    sent: set[UUID] = set()
    seen: set[UUID] = set()
    reader, vector = site.session("R1"), {}  # type: ignore[var-annotated]
    threads = _writers(site, push)
    for thread in threads:
        thread.start()
    while any(thread.is_alive() for thread in threads):
        page = reader.alarm_since(vector)
        vector = page.vector
        seen |= {row.condition_id for row in page.rows}
    while (page := reader.alarm_since(vector)).rows:
        vector = page.vector
        seen |= {row.condition_id for row in page.rows}
    assert seen == sent
    assert set(vector.values()) == {BATCHES * SIZE}
    assert len(vector) == WRITERS


@pytest.mark.proves("P2")
def test_a_transaction_that_stays_open_stalls_no_one(site: Site) -> None:
    chain, held = Chain(site.place("A1")), Chain(site.place("B2"))
    pusher, reader = site.session("A1"), site.session("R1")
    with site.connection("B2", autocommit=False) as stuck:
        place = site.place("B2")
        stuck.execute(PUSH, (place.tenant, place.site, *_given(held.grow(5))))
        stuck.execute(HISTORY, (place.tenant, place.site, place.station, [1], _encoded([lane_row(1)])))
        for _ in range(5):
            pusher.push(chain.grow(3))
            pusher.push_alarm_log([(len(chain.events), lane_row(len(chain.events) + 1))])
            assert [tip.seq for tip in reader.tips()] == [len(chain.events)]
            assert len(reader.pull(chain.stream, 0, b"")) == len(chain.events)
        page = reader.alarm_since({})
        assert len(page.rows) == 5
        stuck.commit()
    assert len(reader.tips()) == 2
    assert [row.condition_id.int for row in reader.alarm_since(page.vector).rows] == [1]


def _encoded(rows: list[LaneRow]) -> str:
    return msgspec.json.encode(rows).decode()
