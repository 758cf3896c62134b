"""Programs of different age at one site: what one does not know it keeps, hands on, counts, and reads once updated."""

import asyncio
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from uuid import UUID

import msgspec
import pytest

from console.domain.facts import FACTS, Fact, IncidentFieldSet, IncidentNoted, IncidentOpened
from console.domain.incident_facts import IncidentMerged, IncidentNoteAmended
from console.services.journal.entries import Entry
from console.services.journal.envelope import RawEvent, decode_event, hash_of
from console.services.journal.keys import FileKey
from console.services.journal.verify import verify_journal
from console.services.projection_digest import ProjectionDigest
from console.services.servicedesk.incidents import IncidentDesk
from tests.support.journals import StationJournal, note, started

ONE, TWO = UUID(int=1), UUID(int=2)
# What each age of the program does not know yet.
AGES: dict[str, tuple[type[Fact], ...]] = {
    "N-2": (IncidentMerged, IncidentNoteAmended, IncidentFieldSet, IncidentNoted),
    "N-1": (IncidentMerged, IncidentNoteAmended),
    "N": (),
}


@contextmanager
def program(age: str) -> Iterator[None]:
    """As if this process were a program of that age."""
    gone = {kind.etype: FACTS.pop(kind.etype) for kind in AGES[age]}
    try:
        yield
    finally:
        FACTS.update(gone)


async def lived(a: StationJournal) -> list[RawEvent]:
    """Acts of a program of today, and three of a program of tomorrow."""
    await a.act(IncidentOpened(ONE, "INC-1", "pump", 2, 2))
    await a.act(IncidentOpened(TWO, "INC-2", "pump again", 2, 2))
    (noted,) = await a.act(note("seen", ONE))
    await a.act(IncidentFieldSet(ONE, "title", "the pump"))
    await a.act(IncidentNoteAmended(ONE, noted.hash.hex(), "seen by Anna", "more exact"))
    await a.act(IncidentMerged(TWO, ONE, "same pump"))
    return await a.all_events()


def tomorrow(folder: Path, last: RawEvent) -> list[RawEvent]:
    """A kind that nobody knows; a newer version that says it is readable, with a field more; one that is not."""
    key, made = FileKey.load_or_create(folder / "keys"), [last]
    changes: tuple[dict[str, Any], ...] = (
        {"etype": "incident.hummed", "ever": 1, "min_reader": 1, "shape": {"new": [1, 2]}},
        {"etype": "incident.noted", "ever": 2, "min_reader": 1, "more": "text"},
        {"etype": "incident.noted", "ever": 3, "min_reader": 3},
    )
    for number, change in enumerate(changes):
        fields = msgspec.json.decode(last.body)
        before = decode_event(made[-1])
        fields |= change
        fields |= {"seq": before.seq + 1, "prev": made[-1].hash.hex(), "hlc": f"{before.hlc + 1:016x}"}
        fields |= {"tx_n": 1, "tx_i": 0, "tx_id": str(UUID(int=77 + number)), "parents": []}
        fields["payload"] = {"incident_id": str(ONE), "text": f"tomorrow {number}", "colour": "red"}
        body = msgspec.json.encode(fields)
        event_hash = hash_of(made[-1].hash, body)
        made.append(RawEvent(event_hash, body, key.sign(event_hash)))
    return made[1:]


async def shown(station: StationJournal) -> tuple[list[tuple[bytes, bool]], dict[str, bytes]]:
    """(hash, is read) of every entry, and the digests of what is made of them."""
    entries: list[Entry] = []
    await station.log.replay(entries.extend)
    desk = IncidentDesk()
    desk.apply(entries)
    return sorted((e.hash, e.fact is not None) for e in entries), ProjectionDigest({"incident": desk}).digests()


async def flags(station: StationJournal) -> set[str]:
    rows = await station.database.readers.read(
        lambda c: c.exec_driver_sql("SELECT flag FROM event_flag WHERE cleared_by IS NULL").all()
    )
    return {row[0] for row in rows}


@pytest.mark.proves("P8", "INV-23", "INV-5")
@pytest.mark.parametrize("road", [("N-2",), ("N-1",), ("N-2", "N-1"), ("N-1", "N-2"), ("N-2", "N-2", "N-1")])
def test_events_pass_through_any_chain_of_older_programs_and_are_read_after_their_update(
    tmp_path: Path, road: tuple[str, ...]
) -> None:
    async def story() -> None:
        a, wanted = await started(tmp_path, "A1", "W9")
        events = await lived(a)
        events += tomorrow(tmp_path / "A1", events[-1])
        await wanted.log.receive(events, "a")
        as_if_known, digests = await shown(wanted)
        assert sum(is_read for _, is_read in as_if_known) == len(as_if_known) - 2
        for number, age in enumerate(road):
            name = f"B{number}"
            with program(age):
                b = await StationJournal(tmp_path / name, name, a.clock).start()
                taken = await b.log.receive(events, "x")
                assert (len(taken.stored), taken.rejected, taken.held) == (len(events), [], 0)
                assert b.log.event_count == len(events) + 1, "counted"
                assert "unknown_type" in await flags(b)
                read_then, _ = await shown(b)
                assert sum(is_read for _, is_read in read_then) < sum(is_read for _, is_read in as_if_known)
                events = [raw for raw in await b.all_events() if raw.hash in {one.hash for one in events}]
                b.close()
                assert verify_journal(b.path).is_sound, "an older program proves what it cannot read"
            updated = await StationJournal(tmp_path / name, name, a.clock).start()
            read_now, digests_now = await shown(updated)
            ours = {raw.hash for raw in events}
            assert [one for one in read_now if one[0] in ours] == [one for one in as_if_known if one[0] in ours]
            assert digests_now == digests
            assert await flags(updated) == {"unknown_type"} | ({"poison"} & await flags(wanted)), "only of tomorrow"
            updated.close()
        a.close()
        wanted.close()

    asyncio.run(story())


@pytest.mark.proves("P9")
def test_an_older_program_goes_on_with_a_journal_in_which_a_newer_one_wrote(tmp_path: Path) -> None:
    async def story() -> None:
        (a,) = await started(tmp_path, "A1")
        await lived(a)
        a.close()
        with program("N-2"):
            old = await StationJournal(tmp_path / "A1", "A1", a.clock).start()
            await old.act(IncidentOpened(UUID(int=3), "INC-3", "by the old one", 2, 2))
            old.close()
            assert verify_journal(old.path).is_sound
        new = await StationJournal(tmp_path / "A1", "A1", a.clock).start()
        entries, _ = await shown(new)
        assert all(is_read for _, is_read in entries)
        assert len({e for e, _ in entries}) == 8
        new.close()

    asyncio.run(story())
