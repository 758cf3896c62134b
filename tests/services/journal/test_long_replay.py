"""A long journal is replayed in two parts, the urgent first, the rest while the station runs: the end is the same."""

import asyncio
import random
from pathlib import Path
from uuid import UUID

import pytest

from console.domain.facts import (
    AlarmAcknowledged,
    AlarmCommented,
    Fact,
    HornSilenced,
    IncidentAlarmLinked,
    IncidentFieldSet,
    IncidentMoved,
    IncidentNoted,
    IncidentOpened,
    PreferenceSaved,
    UserSignedOn,
)
from console.services.journal import long_replay
from console.services.journal.entries import Entry
from console.services.journal.long_replay import LongReplay
from console.services.journal.urgent import ordered, urgent_rids
from console.services.projection_digest import ProjectionDigest
from console.services.servicedesk.incidents import IncidentDesk
from tests.support.journals import ANNA, StationJournal, note, started

CONDITIONS = [UUID(int=number + 1) for number in range(12)]
_WEEK_US = 7 * 86_400_000_000


def some_facts(rnd: random.Random, incidents: list[UUID], at_us: int) -> list[Fact]:
    condition = rnd.choice(CONDITIONS)
    incident = rnd.choice(incidents) if incidents else None
    chance = rnd.random()
    if chance < 0.3:
        return [AlarmAcknowledged(rnd.choice(CONDITIONS), at_us - 5, at_us) for _ in range(rnd.randint(1, 4))]
    if chance < 0.4:
        return [AlarmCommented(condition, at_us, "seen")]
    if chance < 0.55 or incident is None:
        incidents.append(UUID(int=rnd.getrandbits(128)))
        link = IncidentAlarmLinked(incidents[-1], condition, at_us)
        return [IncidentOpened(incidents[-1], f"INC-{len(incidents)}", "title", 2, 2), link]
    return [
        rnd.choice(
            (
                IncidentNoted(incident, "a note"),
                IncidentFieldSet(incident, "title", f"title {rnd.random()}"),
                *[IncidentMoved(incident, "close", "closed")] * 4,
                *[IncidentMoved(incident, "assign", "assigned", agent="u-1")] * 2,
                HornSilenced("desk", at_us),
                UserSignedOn("u-1"),
                PreferenceSaved("u-1", "theme", f'"{rnd.random()}"'),
            )
        )
    ]


async def lived(folder: Path, seed: int, acts: int = 120) -> StationJournal:
    """A station's year, with a neighbour's events in it and a transaction of which the end is missing."""
    rnd = random.Random(seed)
    incidents: list[UUID] = []
    states: dict[UUID, bytes] = {}
    a, b = await started(folder, "A1", "B2")
    for _ in range(acts):
        for station in (a, b):
            station.clock.now_us += rnd.randint(0, _WEEK_US // 4)
        station = rnd.choice((a, b))
        facts = some_facts(rnd, incidents, station.clock.now_us)
        parents = [states[facts[0].incident_id]] if isinstance(facts[0], IncidentMoved) and rnd.random() < 0.8 else []
        made = await station.log.append(facts, ANNA, parents=parents)
        if isinstance(facts[0], IncidentOpened | IncidentMoved):
            states[facts[0].incident_id] = made[0].hash
    await b.act(note("of three 1"), note("of three 2"), note("of three 3"))
    events = await b.all_events()
    await a.log.receive(events[:-1], "b")
    b.close()
    return a


def state(entries: list[Entry]) -> tuple[dict[str, bytes], set[tuple[str, str]]]:
    """What a projection that needs whole entities makes of them, and every fact that was given."""
    desk = IncidentDesk()
    desk.apply(entries)
    return ProjectionDigest({"incident": desk}).digests(), {(e.hash.hex(), e.etype) for e in entries}


@pytest.mark.proves("INV-5", "INV-6", "INV-10")
@pytest.mark.parametrize("seed", range(8))
def test_urgent_and_rest_together_are_the_whole_journal_once(
    tmp_path: Path, seed: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(long_replay, "_SLICE", 7)

    async def story() -> None:
        a = await lived(tmp_path, seed)
        whole: list[Entry] = []
        await a.log.replay(whole.extend)
        replay = LongReplay(a.database.readers, a.log._entries)
        first: list[Entry] = []
        rest: list[Entry] = []
        given = await replay.first(CONDITIONS[:2], first.extend, newest=20)
        assert given == len(first) < len(whole)
        assert [(e.hlc, e.rid) for e in first] == sorted((e.hlc, e.rid) for e in first)
        await replay.rest(rest.extend, asyncio.sleep, 0)
        assert len({e.hash for e in (*first, *rest)}) == len(first) + len(rest) == len(whole)
        assert state([*first, *rest]) == state(whole)
        assert not any("of three" in e.payload_json for e in (*first, *rest)), "not whole, not shown"
        a.close()

    asyncio.run(story())


@pytest.mark.proves("INV-22")
@pytest.mark.parametrize("seed", range(4))
def test_what_is_open_is_known_whole_before_the_station_begins(tmp_path: Path, seed: int) -> None:
    async def story() -> None:
        a = await lived(tmp_path, seed, acts=200)
        whole: list[Entry] = []
        first: list[Entry] = []
        await a.log.replay(whole.extend)
        await LongReplay(a.database.readers, a.log._entries).first(CONDITIONS[:3], first.extend, newest=20)
        every, early = IncidentDesk(), IncidentDesk()
        every.apply(whole)
        early.apply(first)
        open_ones = [one for one in every.snapshot().incidents if one.state not in ("closed", "cancelled")]
        assert 0 < len(open_ones) < len(every.snapshot().incidents)
        assert len(first) < len(whole)
        for one in open_ones:
            assert early.record(one.incident_id) == one
        for condition in CONDITIONS[:3]:
            acks = {e.hash for e in whole if e.entity_id == str(condition)}
            assert acks <= {e.hash for e in first}
        assert {e.hash for e in whole[-15:]} <= {e.hash for e in first}
        a.close()

    asyncio.run(story())


@pytest.mark.proves("INV-5")
def test_what_happens_while_the_rest_is_replayed_is_neither_lost_nor_doubled(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("console.services.journal.log.WHOLE", 10)
    monkeypatch.setattr("console.services.journal.urgent.NEWEST", 20)

    async def story() -> None:
        a = await lived(tmp_path, 3)
        a.close()
        again = await StationJournal(tmp_path / "A1", "A1", a.clock).start()
        heard: list[Entry] = []
        await again.log.replay(heard.extend, urgent=())
        again.log.entries.subscribe(heard.extend)
        assert again.log.replaying != (0, 0)

        async def act_meanwhile(_seconds: float) -> None:
            await again.act(note("meanwhile"))

        await again.log.replay_rest(heard.extend, act_meanwhile)
        assert again.log.replaying == (0, 0)
        assert len({e.hash for e in heard}) == len(heard)
        whole: list[Entry] = []
        await again.log.replay(whole.extend)
        assert {e.hash for e in heard} == {e.hash for e in whole}
        assert state(heard) == state(whole)
        again.close()

    asyncio.run(story())


def test_a_short_journal_is_replayed_at_once(tmp_path: Path) -> None:
    async def story() -> None:
        a = await lived(tmp_path, 1, acts=30)
        heard: list[Entry] = []
        count = await a.log.replay(heard.extend, urgent=())
        assert (a.log.replaying, len(heard)) == ((0, 0), count)
        rids = await a.database.readers.read(lambda c: ordered(c, urgent_rids(c, (), 10**6)))
        assert len(rids) >= count
        a.close()

    asyncio.run(story())
