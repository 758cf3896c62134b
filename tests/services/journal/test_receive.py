"""Events of other stations: stored once whatever the order and number of deliveries; nothing unsound gets in."""

import asyncio
import random
from dataclasses import replace
from pathlib import Path
from uuid import uuid4

import msgspec
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from console.domain.facts import IncidentNoted, StreamOpened
from console.services.journal.envelope import RawEvent, decode_event, hash_of
from console.services.journal.keys import FileKey
from console.services.journal.log import JournalLog
from console.services.journal.receiving import Received
from console.services.journal.verify import verify_journal
from tests.support.journals import ANNA, StationJournal, note, started


def test_a_neighbours_acts_arrive_with_their_actor_time_and_place(tmp_path: Path) -> None:
    async def story() -> None:
        a, b = await started(tmp_path, "A1", "B2")
        await a.act(note("hello"))
        await b.log.receive(await a.all_events(), "a")
        entry = b.seen[-1]
        assert entry.fact == note("hello")
        assert (entry.station_code, entry.is_own, entry.actor.user_id) == ("A1", False, ANNA.user_id)
        assert entry.hash == a.seen[-1].hash
        a.close()
        b.close()

    asyncio.run(story())


@pytest.mark.proves("P13", "INV-5", "INV-11")
@settings(max_examples=12, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.integers(0, 2**32))
def test_duplicates_and_disorder_end_in_the_same_journal(tmp_path: Path, seed: int) -> None:
    rnd = random.Random(seed)

    async def story() -> None:
        folder = tmp_path / uuid4().hex
        a, b, c = await started(folder, "A1", "B2", "C3")
        for number in range(rnd.randint(1, 6)):
            await a.act(*(note(f"{number}.{n}") for n in range(rnd.randint(1, 3))))
            await b.act(note(f"b{number}"))
        everything = await a.all_events() + await b.all_events()
        while not {raw.hash for raw in everything} <= await c.hashes():
            delivery = rnd.choices(everything, k=rnd.randint(1, len(everything)))
            rnd.shuffle(delivery)
            await c.log.receive(delivery, "x")
        again = await c.log.receive(everything, "x")
        assert (len(again.stored), again.known) == (0, len(everything))
        heard = [e.hash for e in c.seen]
        assert len(heard) == len(set(heard))
        assert set(heard) == await c.hashes()
        for station in (a, b, c):
            station.close()
        assert verify_journal(c.path).is_sound

    asyncio.run(story())


@pytest.mark.proves("P12", "INV-10")
def test_acts_that_belong_together_are_seen_together_even_when_cut_apart(tmp_path: Path) -> None:
    async def story() -> None:
        a, b = await started(tmp_path, "A1", "B2")
        await a.act(note("1"), note("2"), note("3"))
        events = await a.all_events()
        await b.log.receive(events[:3], "a")
        assert not [e for e in b.seen if isinstance(e.fact, IncidentNoted)]
        await b.log.receive(events[3:], "a")
        assert [e.fact.text for e in b.seen if isinstance(e.fact, IncidentNoted)] == ["1", "2", "3"]
        a.close()
        b.close()

    asyncio.run(story())


async def _events_of(station: StationJournal) -> list[RawEvent]:
    await station.act(note("one"))
    await station.act(note("two"))
    return await station.all_events()


def _rejected(received: Received) -> list[str]:
    return [one.reason for one in received.rejected]


def _with_body(raw: RawEvent, old: bytes, new: bytes) -> RawEvent:
    body = raw.body.replace(old, new)
    assert body != raw.body
    return RawEvent(hash_of(decode_event(raw).prev, body), body, raw.sig)


@pytest.mark.proves("SEC-22", "INV-3")
@pytest.mark.parametrize("kind", ["byte", "rehashed", "signature", "site"])
def test_an_event_that_was_tampered_with_is_not_taken_and_its_stream_waits_there(tmp_path: Path, kind: str) -> None:
    async def story() -> None:
        a, b = await started(tmp_path, "A1", "B2")
        opening, one, two = await _events_of(a)
        bad = {
            "byte": replace(one, body=one.body.replace(b"one", b"0ne")),
            "rehashed": _with_body(one, b"one", b"0ne"),
            "signature": replace(one, sig=bytes(64)),
            "site": _with_body(one, str(a.place.site).encode(), str(uuid4()).encode()),
        }[kind]
        reason = {
            "byte": "hash does not fit",
            "rehashed": "signature does not fit",
            "signature": "signature does not fit",
            "site": "of another site",
        }[kind]
        received = await b.log.receive([opening, bad, two], "a")
        assert len(received.stored) == 1
        assert reason in _rejected(received)[0]
        received = await b.log.receive([one, two], "a")
        assert len(received.stored) == 2
        a.close()
        b.close()
        assert verify_journal(b.path).is_sound

    asyncio.run(story())


def test_an_event_that_comes_before_its_predecessor_waits_for_it(tmp_path: Path) -> None:
    async def story() -> None:
        a, b = await started(tmp_path, "A1", "B2")
        opening, one, two = await _events_of(a)
        received = await b.log.receive([two], "a")
        assert (received.stored, received.held, received.rejected) == ([], 1, [])
        received = await b.log.receive([opening], "a")
        assert len(received.stored) == 1
        received = await b.log.receive([one], "a")
        assert [stored.event.seq for stored in received.stored] == [2, 3]
        assert await b.hashes() >= {opening.hash, one.hash, two.hash}
        a.close()
        b.close()
        assert verify_journal(b.path).is_sound

    asyncio.run(story())


@pytest.mark.proves("P39", "INV-31")
def test_a_stream_of_another_site_is_not_taken(tmp_path: Path) -> None:
    async def story() -> None:
        (b,) = await started(tmp_path, "B2")
        foreign = await StationJournal(tmp_path / "f", "F1", site=uuid4()).start()
        received = await b.log.receive(await _events_of(foreign), "f")
        assert received.stored == []
        assert _rejected(received)[0] == "of another site"
        foreign.close()
        b.close()

    asyncio.run(story())


@pytest.mark.proves("P8", "INV-23")
def test_a_kind_of_fact_from_the_future_is_kept_and_handed_on_unread(tmp_path: Path) -> None:
    async def story() -> None:
        a, b, c = await started(tmp_path, "A1", "B2", "C3")
        await a.act(note("future"))
        opening, known = await a.all_events()
        fields = msgspec.json.decode(known.body)
        fields |= {"etype": "incident.hummed", "shape": {"new": [1, 2]}}
        body = msgspec.json.encode(fields)
        key = FileKey.load_or_create(tmp_path / "A1" / "keys")
        event_hash = hash_of(bytes.fromhex(fields["prev"]), body)
        future = RawEvent(event_hash, body, key.sign(event_hash))
        await b.log.receive([opening, future], "a")
        entry = b.seen[-1]
        assert (entry.fact, entry.etype) == (None, "incident.hummed")
        await c.log.receive(await b.all_events(), "b")
        assert body in [e.body for e in c.seen]
        flags = await c.database.readers.read(lambda con: con.exec_driver_sql("SELECT flag FROM event_flag").all())
        assert [tuple(row) for row in flags] == [("unknown_type",)]
        for station in (a, b, c):
            station.close()
        assert verify_journal(c.path).is_sound

    asyncio.run(story())


@pytest.mark.proves("INV-17", "P7", "SEC-19")
def test_an_event_from_a_wrong_clock_is_kept_flagged_and_not_followed(tmp_path: Path) -> None:
    async def story() -> None:
        a, b = await started(tmp_path, "A1", "B2")
        a.clock.now_us += 86_400_000_000 * 400
        await a.act(note("from next year"))
        await b.log.receive(await a.all_events(), "a")
        ours = (await b.act(note("now")))[0]
        assert ours.hlc < b.seen[-2].hlc
        flags = await b.database.readers.read(lambda con: con.exec_driver_sql("SELECT flag FROM event_flag").all())
        assert [tuple(row) for row in flags] == [("clock_suspect",)]
        a.close()
        b.close()

    asyncio.run(story())


@pytest.mark.proves("P4", "INV-14")
def test_a_file_set_back_to_a_backup_begins_a_new_stream_and_loses_nothing(tmp_path: Path) -> None:
    async def story() -> None:
        a, b = await started(tmp_path, "A1", "B2")
        await a.act(note("before"))
        backup = tmp_path / "backup.db"
        await a.database.writer.write(lambda c: None)
        a.close()
        backup.write_bytes(a.path.read_bytes())
        a = await StationJournal(tmp_path / "A1", "A1").start()
        await a.act(note("lost on this disk"))
        await b.log.receive(await a.all_events(), "a")
        a.close()
        a.path.write_bytes(backup.read_bytes())

        a = await StationJournal(tmp_path / "A1", "A1").start()
        await a.log.receive(await b.all_events(), "b")
        await a.act(note("after"))
        texts = [e.fact.text for e in a.seen if isinstance(e.fact, IncidentNoted)]
        assert texts == ["lost on this disk", "after"]
        opened = [e.fact for e in a.seen if isinstance(e.fact, StreamOpened) and e.is_own]
        assert opened[-1].reason == "unknown_own"
        a.close()
        b.close()
        assert verify_journal(a.path).is_sound

    asyncio.run(story())


@pytest.mark.proves("P3", "INV-13")
def test_both_branches_of_a_cloned_disk_are_kept_and_the_fork_is_flagged(tmp_path: Path) -> None:
    async def story() -> None:
        a, b = await started(tmp_path, "A1", "B2")
        a.close()
        clone = tmp_path / "clone"
        (clone / "keys").mkdir(parents=True)
        for name in ("journal.db", "keys/station.pem"):
            (clone / name).write_bytes((tmp_path / "A1" / name).read_bytes())
        first = await StationJournal(tmp_path / "A1", "A1").start()
        second = await StationJournal(clone, "A1").start()
        await first.act(note("first"))
        await second.act(note("second"))
        await second.act(note("second again"))
        await b.log.receive(await first.all_events(), "x")
        await b.log.receive(await second.all_events(), "x")
        texts = {e.fact.text for e in b.seen if isinstance(e.fact, IncidentNoted)}
        assert texts == {"first", "second", "second again"}
        forked = await b.database.readers.read(
            lambda con: con.exec_driver_sql("SELECT count(*) FROM stream WHERE forked = 1").scalar_one()
        )
        assert forked == 1
        for station in (first, second, b):
            station.close()
        assert verify_journal(b.path).is_sound

    asyncio.run(story())


def test_the_log_is_a_journal() -> None:
    from console.services.journal.entries import Journal

    def takes(journal: Journal) -> Journal:
        return journal

    assert takes(JournalLog.__new__(JournalLog)) is not None
