"""Stations at one broker agree without the centre: within a second when both are there, and afterwards when not."""

import asyncio
from collections.abc import Iterator
from pathlib import Path

import pytest

from console.services.journal.verify import verify_journal
from console.services.station import JournalQuery
from tests.support.broker import Broker, running_broker
from tests.support.journals import note
from tests.support.neighbourhood import neighbour
from tests.support.synced import until, until_equal


@pytest.fixture
def broker() -> Iterator[Broker]:
    with running_broker() as one:
        yield one


def test_what_is_done_at_one_console_is_at_the_other_without_a_centre(tmp_path: Path, broker: Broker) -> None:
    async def story() -> None:
        async with neighbour(tmp_path, "A1", broker) as a, neighbour(tmp_path, "B2", broker) as b:
            await until(lambda: a.heard.state("B2") == "live" and b.heard.state("A1") == "live", "they meet")
            await a.act(note("from a"))
            await b.act(note("from b"))
            await until_equal(a, b, at_least=4)
        assert verify_journal(a.path).is_sound
        assert verify_journal(b.path).is_sound

    asyncio.run(story())


@pytest.mark.proves("INV-12")
def test_the_operator_sees_on_how_many_stations_an_act_is(tmp_path: Path, broker: Broker) -> None:
    async def story() -> None:
        async with (
            neighbour(tmp_path, "A1", broker) as a,
            neighbour(tmp_path, "B2", broker) as b,
            neighbour(tmp_path, "C3", broker) as c,
        ):
            await until(lambda: all(a.heard.state(one) == "live" for one in ("B2", "C3")), "they meet")
            (entry,) = await a.act(note("x"))
            await until(lambda: a.log.holdings.places(entry.stream, entry.seq, entry.hash) == (False, 2), "receipts")
            await until_equal(a, b, c, at_least=4)
            rows = {row.hash: row.stations for row in await a.log.query(JournalQuery())}
            assert rows[entry.hash.hex()] == 2

    asyncio.run(story())


@pytest.mark.proves("INV-33")
def test_a_console_that_was_away_catches_up(tmp_path: Path, broker: Broker) -> None:
    async def story() -> None:
        async with neighbour(tmp_path, "A1", broker) as a:
            for number in range(30):
                await a.act(note(f"{number}"), note("."))
            async with neighbour(tmp_path, "B2", broker) as b:
                await until_equal(a, b, at_least=62)

    asyncio.run(story())
