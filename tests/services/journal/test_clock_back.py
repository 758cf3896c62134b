"""A clock that was years ahead and is right again: what is done afterwards is stamped and shown as of now."""

import asyncio
from pathlib import Path

import pytest

from console.domain.facts import IncidentNoted, StreamOpened
from console.domain.people_facts import UserDisabled
from console.services.journal.hlc import wall_ms
from console.services.journal.verify import verify_journal
from tests.support.journals import StationJournal, note, started

TEN_YEARS_US = 10 * 365 * 86_400_000_000


async def _suspects(station: StationJournal) -> list[str]:
    sql = "SELECT e.hash FROM event_flag f JOIN event e USING (hash) WHERE f.flag = 'clock_suspect'"
    hashes = await station.database.readers.read(lambda c: set(c.exec_driver_sql(sql).scalars()))
    return [e.fact.text for e in station.seen if e.hash in hashes and isinstance(e.fact, IncidentNoted)]


async def _jumped(folder: Path) -> tuple[StationJournal, StationJournal]:
    a, b = await started(folder, "A1", "B2")
    await a.act(note("before"))
    a.clock.now_us += TEN_YEARS_US
    await a.act(note("in ten years"))
    a.clock.now_us -= TEN_YEARS_US - 60_000_000
    b.clock.now_us += 60_000_000
    await a.act(note("back, but nobody said that it is right"))
    return a, b


@pytest.mark.proves("P6", "P7", "INV-16", "INV-17")
def test_the_doubt_ends_with_a_new_stream_once_another_clock_agrees(tmp_path: Path) -> None:
    async def story() -> None:
        a, b = await _jumped(tmp_path)
        assert await a.log.on_sane_clock()
        assert not await a.log.on_sane_clock(), "once is enough"
        (entry,) = await a.act(note("after"))
        opened = a.seen[-2].fact
        assert isinstance(opened, StreamOpened) and (opened.reason, opened.predecessor) == ("clock", a.seen[0].stream)
        assert abs(wall_ms(entry.hlc) - a.clock.now_us // 1000) < 5 * 60_000
        await b.log.receive(await a.all_events(), "a")
        assert await _suspects(b) == ["in ten years", "back, but nobody said that it is right"]
        for stream in {one.stream for one in a.seen}:
            stamps = [one.hlc for one in a.seen if one.stream == stream]
            assert stamps == sorted(set(stamps)), "stamps of a stream rise"
        a.close()
        b.close()
        assert verify_journal(b.path).is_sound

    asyncio.run(story())


@pytest.mark.proves("INV-1", "P6")
def test_a_power_cut_between_leaving_the_stream_and_the_next_act_changes_nothing(tmp_path: Path) -> None:
    async def story() -> None:
        a, b = await _jumped(tmp_path)
        assert await a.log.on_sane_clock()
        now_us = a.clock.now_us
        a.close()
        a = StationJournal(tmp_path / "A1", "A1")
        a.clock.now_us = now_us
        await a.start()
        (entry,) = await a.act(note("after"))
        assert wall_ms(entry.hlc) < now_us // 1000 + 5 * 60_000
        await b.log.receive(await a.all_events(), "a")
        assert "after" not in await _suspects(b)
        a.close()
        b.close()

    asyncio.run(story())


@pytest.mark.proves("INV-16", "P6")
def test_a_clock_that_was_never_far_ahead_opens_no_stream(tmp_path: Path) -> None:
    async def story() -> None:
        (a,) = await started(tmp_path, "A1")
        await a.act(note("one"))
        a.clock.now_us -= 9 * 60_000_000  # the wall makes up for it
        assert not await a.log.on_sane_clock()
        await a.act(note("two"))
        assert len({one.stream for one in a.seen}) == 1
        a.close()

    asyncio.run(story())


@pytest.mark.proves("INV-16")
def test_a_station_restarts_above_its_own_stamps_however_wrong_they_are(tmp_path: Path) -> None:
    async def story() -> None:
        a, _b = await _jumped(tmp_path)
        last, now_us = a.seen[-1].hlc, a.clock.now_us
        a.close()
        a = StationJournal(tmp_path / "A1", "A1")
        a.clock.now_us = now_us
        await a.start()
        (entry,) = await a.act(note("again"))
        assert entry.hlc > last, "nobody has confirmed the clock yet"
        a.close()
        _b.close()

    asyncio.run(story())


@pytest.mark.proves("P19", "INV-32")
def test_two_clocks_without_battery_do_not_bring_an_act_before_a_revocation(tmp_path: Path) -> None:
    async def story() -> None:
        (a,) = await started(tmp_path, "A1")
        await a.act(UserDisabled("lena", "left"))
        a.clock.now_us = 40 * 86_400_000_000  # February 1970, and the neighbour says the same
        assert not await a.log.on_sane_clock()
        (entry,) = await a.act(note("by whoever was revoked"))
        assert entry.hlc > a.seen[-2].hlc
        a.close()

    asyncio.run(story())
