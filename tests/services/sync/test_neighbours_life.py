"""How neighbours come and go: broker and station restarts, strangers who want in, revoked stations, wrong clocks."""

import asyncio
import shutil
import time
from collections.abc import Iterator
from pathlib import Path
from uuid import uuid4

import pytest

from console.domain.alarm_step import Transition
from console.services.alarms.alarm_log import insert_transitions
from console.services.alarms.alarm_tables import metadata
from console.services.alarms.transitions import AlarmTransition
from console.services.identity.certificates import Authority, make_certificate
from console.services.storage.schema import open_station_db
from console.services.sync.neighbour_board import CLOCK
from console.services.sync.neighbour_peer import NOT_ENROLLED, REVOKED, TWIN
from console.services.sync.neighbour_words import OpenNow
from tests.conftest import LogLines
from tests.support.broker import Broker, running_broker
from tests.support.journals import SITE, note
from tests.support.neighbourhood import Neighbour, Stranger, neighbour
from tests.support.synced import until, until_equal


@pytest.fixture
def broker() -> Iterator[Broker]:
    with running_broker() as one:
        yield one


async def met(a: Neighbour, b: Neighbour) -> None:
    codes = a.place.code, b.place.code
    await until(lambda: a.heard.state(codes[1]) == "live" and b.heard.state(codes[0]) == "live", "they meet")


@pytest.mark.proves("P40")
def test_a_broker_that_restarts_costs_nothing_that_was_done(tmp_path: Path, broker: Broker) -> None:
    async def story() -> None:
        async with neighbour(tmp_path, "A1", broker) as a, neighbour(tmp_path, "B2", broker) as b:
            await met(a, b)
            broker.kill()
            await until(lambda: a.heard.state("B2") == "lost", "the strip says so")
            await a.act(note("while nobody hears"))
            await b.act(note("here neither"))
            broker.start()
            await until_equal(a, b, at_least=4)
            await met(a, b)

    asyncio.run(story())


@pytest.mark.proves("P40")
def test_a_broker_that_answers_no_more_is_noticed_although_its_connection_stands(
    tmp_path: Path, broker: Broker
) -> None:
    async def story() -> None:
        async with neighbour(tmp_path, "A1", broker) as a, neighbour(tmp_path, "B2", broker) as b:
            await met(a, b)
            broker.stall()
            await until(lambda: a.heard.state("B2") == "lost" and b.heard.state("A1") == "lost", "half open is lost")
            await a.act(note("meanwhile"))
            broker.go_on()
            await until_equal(a, b, at_least=3)

    asyncio.run(story())


def test_a_console_that_says_goodbye_is_off_and_comes_back(tmp_path: Path, broker: Broker) -> None:
    async def story() -> None:
        async with neighbour(tmp_path, "A1", broker) as a:
            async with neighbour(tmp_path, "B2", broker) as b:
                await met(a, b)
            await until(lambda: a.heard.state("B2") == "off", "it said goodbye")
            async with neighbour(tmp_path, "B2", broker) as b:
                await met(a, b)

    asyncio.run(story())


def test_a_console_without_a_broker_is_alone_and_content(tmp_path: Path, broker: Broker) -> None:
    async def story() -> None:
        station = Neighbour(tmp_path, "A1", broker)
        station.neighbours._broker = None
        await station.start()
        station.neighbours.start()
        await station.act(note("x"))
        station.neighbours.stop()
        station.close()
        assert not station.heard.peers

    asyncio.run(story())


@pytest.mark.proves("P39", "SEC-2", "SEC-50")
def test_who_is_not_enrolled_is_turned_away_and_sees_why(tmp_path: Path, broker: Broker) -> None:
    authority = Authority.create(tmp_path)

    def standing(folder: Path, code: str, *, enrolled: bool) -> dict[str, object]:
        probe = Neighbour(folder / code, code, broker)
        place = probe.place
        certificate = make_certificate(
            authority, site=SITE, station=place.station, code=code, public_key=probe.key.public_key, issued_us=1
        )
        probe.close()
        return {"authority": authority.public_key, "certificate": lambda: certificate if enrolled else ""}

    async def story() -> None:
        a1, b2, c3 = (standing(tmp_path, code, enrolled=code != "C3") for code in ("A1", "B2", "C3"))
        async with (
            neighbour(tmp_path, "A1", broker, standing=a1) as a,
            neighbour(tmp_path, "B2", broker, standing=b2) as b,
            neighbour(tmp_path, "C3", broker, standing=c3) as c,
        ):
            await met(a, b)
            await until(lambda: a.heard.state("C3") == "refused" and c.heard.state("A1") == "refused", "turned away")
            assert a.heard.peers["neighbour:C3"].detail == c.heard.peers["neighbour:A1"].detail == NOT_ENROLLED
            await c.act(note("unheard"))
            await a.act(note("x"))
            await until_equal(a, b, at_least=3)
            assert len(await c.hashes()) == 2
            with Stranger(broker) as stranger:
                await until(lambda: len(stranger.of("head")) >= 3, "heads")
                assert max(len(payload) for _topic, payload in stranger.of("head")) <= 1024

    asyncio.run(story())


@pytest.mark.proves("P18")
def test_a_revoked_console_is_turned_away(tmp_path: Path, broker: Broker) -> None:
    async def story() -> None:
        async with neighbour(tmp_path, "B2", broker) as b:
            revoked = frozenset({b.place.station})
            async with neighbour(tmp_path, "A1", broker, standing={"revoked": lambda: revoked}) as a:
                await until(lambda: a.heard.state("B2") == "refused", "turned away")
                assert a.heard.peers["neighbour:B2"].detail == REVOKED
                await until(lambda: b.heard.state("A1") == "refused", "and is told so")
                await b.act(note("unheard"))
                await a.act(note("x"))
                assert len(await a.hashes()) == 2

    asyncio.run(story())


@pytest.mark.proves("P6", "INV-32")
def test_a_wrong_clock_is_told_and_stops_nothing(tmp_path: Path, broker: Broker) -> None:
    class Late:
        def now_us(self) -> int:
            return time.time_ns() // 1000 - 3600 * 1_000_000

        def mono_s(self) -> float:
            return time.monotonic()

    async def story() -> None:
        async with neighbour(tmp_path, "A1", broker) as a, neighbour(tmp_path, "B2", broker, clock=Late()) as b:
            await met(a, b)
            await until(lambda: (a.heard.peers["neighbour:B2"].clock_offset_s or 0) < -3500, "the offset")
            assert a.heard.peers["neighbour:B2"].detail == CLOCK
            await a.act(note("x"))
            await until_equal(a, b, at_least=3)

    asyncio.run(story())


@pytest.mark.proves("P3", "INV-13", "INV-14")
def test_a_copied_data_folder_is_noticed_and_both_consoles_keep_what_was_done(
    tmp_path: Path, broker: Broker, log_lines: LogLines
) -> None:
    async def first() -> None:
        async with neighbour(tmp_path, "A1", broker) as a:
            await a.act(note("before"))

    async def story() -> None:
        async with neighbour(tmp_path, "A1", broker) as a, neighbour(tmp_path / "copy", "A1", broker) as copy:
            await a.act(note("at the first"))
            await copy.act(note("at the copy"))
            await until(lambda: a.heard.twins > 0 and copy.heard.twins > 0, "both say so")
            await until_equal(a, copy, at_least=4)
            assert a.heard.peers["neighbour:A1"].detail == TWIN
            await a.act(note("afterwards"))
            await copy.act(note("afterwards too"))
            held = await until_equal(a, copy, at_least=6)
            assert len(held) >= 6
            (entry,) = await a.act(note("where"))
            await until_equal(a, copy, at_least=len(held) + 1)
            assert a.log.holdings.places(entry.stream, entry.seq, entry.hash) == (False, 0)

    asyncio.run(first())
    shutil.copytree(tmp_path / "A1", tmp_path / "copy" / "A1")
    asyncio.run(story())


def test_a_request_to_join_reaches_who_may_answer_and_the_certificate_comes_back(
    tmp_path: Path, broker: Broker
) -> None:
    async def story() -> None:
        wish = {"request": lambda: b"{let me in}"}
        async with neighbour(tmp_path, "A1", broker) as a, neighbour(tmp_path, "B2", broker, standing=wish) as b:
            await until(lambda: a.heard.joins == [b"{let me in}"], "the request")
            with Stranger(broker) as stranger:
                a.neighbours.publish_joined(b.place.station, "abcd")
                await until(lambda: b.heard.certificates == ["abcd"], "the certificate")
                await until(lambda: stranger.of("joined")[-1:][0][1] == b"", "it is taken off the broker")

    asyncio.run(story())


def test_what_is_active_and_the_alarm_log_are_told_when_consoles_meet_and_when_it_changes(
    tmp_path: Path, broker: Broker
) -> None:
    condition = uuid4()

    def row(n: int, kind: str = "limit") -> AlarmTransition:
        return AlarmTransition(condition, 5, Transition.SEVERITY_UP, n, 5, 6, 1, 2, 7.5, "Presse heiß", "plant/x", kind)

    async def story() -> None:
        database = open_station_db(tmp_path / "station.db", [metadata])
        try:
            await database.writer.write(
                lambda c: insert_transitions(c, [row(0), row(7, "system"), row(8, "link_down")])
            )
            async with neighbour(tmp_path, "A1", broker, station_db=tmp_path / "station.db") as a:
                a.now = (OpenNow(condition, 5, 5, 1),)
                async with neighbour(tmp_path, "B2", broker) as b:
                    station = a.place.station
                    await until(lambda: b.heard.occurrences.get(station) == a.now, "told when they meet")
                    await until(lambda: b.heard.rows == [row(0)], "rows, but nothing about the other station itself")
                    a.now = ()
                    await database.writer.write(lambda c: insert_transitions(c, [row(1)]))
                    await until(lambda: b.heard.occurrences.get(station) == (), "told when it changed")
                    await until(lambda: b.heard.rows[-1] == row(1), "new rows")
                async with neighbour(tmp_path, "B2", broker) as b:
                    await until(lambda: row(0) in b.heard.rows and row(1) in b.heard.rows, "told anew")
                    await met(a, b)
                    broker.kill()
                    await until(lambda: b.heard.occurrences[a.place.station] is None, "away: it knows nothing")
        finally:
            database.close()

    asyncio.run(story())


@pytest.mark.proves("INV-6")
def test_consoles_with_the_same_journal_that_show_something_else_are_found_out(tmp_path: Path, broker: Broker) -> None:
    async def story() -> None:
        async with (
            neighbour(tmp_path, "A1", broker, check_every_s=0.5) as a,
            neighbour(tmp_path, "B2", broker, check_every_s=0.5) as b,
        ):
            a.buckets = {"incident/07": b"same", "ack/01": b"one", "ack/02": b"more"}
            b.buckets = {"incident/07": b"same", "ack/01": b"other"}
            await met(a, b)
            for station in (a, b):
                await until(lambda s=station: len(s.heard.divergences) >= 2, "both find it")  # type: ignore[misc]
                assert {bucket for bucket, _ in station.heard.divergences} == {"ack/01", "ack/02"}

    asyncio.run(story())


@pytest.mark.proves("P11", "INV-26", "INV-25")
def test_a_backlog_shows_its_progress_and_a_fresh_act_does_not_wait_for_it(tmp_path: Path, broker: Broker) -> None:
    async def story() -> None:
        async with neighbour(tmp_path, "A1", broker) as a:
            for _ in range(8):
                await a.act(*[note("old")] * 200)
            async with neighbour(tmp_path, "B2", broker) as b:
                await until(lambda: b.heard.progress, "progress is shown")
                (entry,) = await b.act(note("now"))
                begun = time.monotonic()
                await until(lambda: any(one.hash == entry.hash for one in a.seen), "the fresh act")
                waited = time.monotonic() - begun
                assert not b.heard.progress[-1].done >= b.heard.progress[-1].total, f"waited {waited} s for the backlog"
                await until_equal(a, b, at_least=1603)
                await until(lambda: b.heard.progress[-1].done == b.heard.progress[-1].total, "it has caught up")

    asyncio.run(story())
