"""A centre behind a bad cable: whatever it does to bytes and answers, what was done here is there once, and soon."""

import asyncio
import random
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from console.services.journal.verify import verify_journal
from tests.conftest import LogLines
from tests.support.chaos_proxy import Bad, Cables, running_cables
from tests.support.journals import note
from tests.support.postgres import TestDatabase
from tests.support.synced import asked, enrolled, synced, until, until_equal

_ACTS = 6


@pytest.fixture(scope="module")
def cables() -> Iterator[Cables]:
    with running_cables(seed=5) as made:
        yield made


@pytest.mark.parametrize("bad", [bad for bad in Bad if bad is not Bad.FLOWS])
@pytest.mark.proves("P13", "P14", "INV-8", "INV-33")
def test_a_bad_cable_to_the_centre_loses_and_doubles_nothing(
    tmp_path: Path, postgres: TestDatabase, cables: Cables, log_lines: LogLines, bad: Bad
) -> None:
    if bad is Bad.CORRUPT:
        log_lines.expect("the exchange with the centre")  # an altered piece may be any nonsense
        log_lines.expect("from the centre do not fit")

    async def story() -> None:
        settings = enrolled(tmp_path, "A1", postgres)
        cable = cables.cable(f"centre {bad}", settings.port)
        through = replace(settings, port=cable.port)
        async with synced(tmp_path, "A1", through) as a, synced(tmp_path, "B2", postgres) as b:
            await a.act(note("before"))
            await until_equal(a, b, at_least=3)
            cable.set(bad)
            chance = random.Random(str(bad))
            for number in range(_ACTS):
                await asyncio.gather(a.act(note(f"a{number}")), b.act(note(f"b{number}")))
                await asyncio.sleep(chance.uniform(0, 0.2))
            cable.set(Bad.FLOWS)
            held = await until_equal(a, b, at_least=3 + 2 * _ACTS)
            await until(lambda: a.state == "live" and a.links[-1].waiting == 0, "all of it is confirmed")
            assert len(held) == 3 + 2 * _ACTS
            for station in (a, b):  # what is stored is told to the listeners a moment later
                await until(lambda seen=station.seen: len(seen) >= len(held), "all of it is applied")
                hashes = [entry.hash for entry in station.seen]
                assert len(hashes) == len(set(hashes)) == len(held), "each was applied once"
        assert verify_journal(a.path).is_sound
        assert verify_journal(b.path).is_sound

    asyncio.run(story())
    assert asked(postgres.url, "select count(*), count(distinct hash) from leitstand.event") == [(15, 15)]


@pytest.mark.proves("INV-33")
def test_a_centre_that_refused_for_a_moment_is_asked_again_soon(tmp_path: Path, postgres: TestDatabase) -> None:
    async def story() -> None:
        settings = enrolled(tmp_path, "A1", postgres)
        asked(postgres.url, "alter schema leitstand rename to elsewhere")
        async with synced(tmp_path, "A1", settings) as a:
            await until(lambda: a.state == "refused", "it is turned away")
            asked(postgres.url, "alter schema elsewhere rename to leitstand")
            await until(lambda: a.state == "live" and a.links[-1].waiting == 0, "let in again, within seconds")

    asyncio.run(story())
