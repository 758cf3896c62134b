"""The simulator's disk behaves as the real one: the same operations and schedules on both give the same answers."""

import random
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest

from console.domain.facts import IncidentNoted
from console.domain.station_facts import StationRevoked
from console.services.journal.entries import SYSTEM
from console.services.journal.envelope import Event
from console.services.journal.event_table import Stream
from console.services.journal.hlc import HybridClock
from console.services.journal.own_stream import OwnStream, Place, Surroundings, draft_of
from console.services.journal.store import Held, Rejection
from tests.sim.file_journal import FileJournals
from tests.sim.memory_store import MemoryJournal
from tests.sim.schedule import run, schedule_of
from tests.sim.seals import QuickKey

_SITE = UUID(int=1)


def _events(rng: random.Random) -> list[Event]:
    """Chains of three streams, one of them forked."""
    made: list[Event] = []
    for number in range(3):
        store = MemoryJournal()
        place, clock = Place(_SITE, UUID(int=10 + number), f"A{number}"), HybridClock(lambda: 1_790_000_000_000_000)
        own = OwnStream(place, QuickKey(bytes([number])), clock, rng.randbytes, surroundings=Surroundings("b"))

        def act(fact: Any, journal: MemoryJournal = store, own: OwnStream = own) -> None:
            draft = draft_of([fact], SYSTEM, reason="", parents=(), wall_us=1)
            opened, events = journal.write(lambda s: own.append(s, draft, 1))
            journal.commit()
            made.extend(one.event for one in (*opened, *events))

        for n in range(rng.randint(2, 8)):
            act(IncidentNoted(_SITE, str(n)))
        before = store.backup()
        act(IncidentNoted(_SITE, "here"))
        store.restore(before)
        act(StationRevoked(UUID(int=11), (UUID(int=5),), (rng.randint(0, 3),), "lost"))
    return made


def _operations(rng: random.Random, events: list[Event]) -> list[tuple[str, tuple[Any, ...]]]:
    streams = {event.stream: event for event in events if event.seq == 1}
    done: list[tuple[str, tuple[Any, ...]]] = []
    for stream, opening in streams.items():
        row = Stream(stream, opening.body.station, "A1", b"k" * 32, False, 0, bytes(32))
        done.append(("add_stream", (row, opening.hlc, None)))
    waiting = sorted(events, key=lambda event: (event.seq, rng.random()))
    done += [("insert", (event, "peer", 7)) for event in waiting]
    for _ in range(40):
        event, other = rng.choice(events), rng.choice(events)
        done.insert(
            rng.randrange(len(streams), len(done) + 1),
            rng.choice(
                (
                    ("hold", (Held(event.raw, event.stream, event.seq, event.prev), rng.randrange(9))),
                    ("held_behind", (event.prev,)),
                    ("close_stream", (event.stream,)),
                    ("mark_forked", (event.stream,)),
                    ("flag", (event.raw.hash, rng.choice(("poison", "unknown_type")), 3)),
                    ("set_meta", (rng.choice("ab"), str(rng.random()))),
                    ("meta", (rng.choice("abc"),)),
                    ("place_of", (event.raw.hash,)),
                    ("stream", (event.stream,)),
                    ("streams", ()),
                    ("tips", ()),
                    (
                        "events_after",
                        (event.stream, event.seq, event.raw.hash, rng.randint(1, 5), rng.choice((1, 999, 9999))),
                    ),
                    ("hashes", (event.stream, rng.randint(1, 4), rng.randint(1, 9))),
                    ("events_by_hash", ([event.raw.hash, other.raw.hash, bytes(32)],)),
                    ("revocations", (UUID(int=11),)),
                    ("newest_stamp", (event.hlc - rng.randint(0, 1),)),
                    ("stamp_of", (rng.choice((event.raw.hash, bytes(32))),)),
                    ("note_rejection", (Rejection(event.raw.hash, event.stream, event.seq, "why", "peer", 5),)),
                )
            ),
        )
    return done


def _answer(store: Any, name: str, given: tuple[Any, ...]) -> Any:
    answer = getattr(store, name)(*given)
    if name in ("held_behind", "revocations"):
        return sorted(answer, key=repr)
    return answer


@pytest.mark.proves("INV-2")
@pytest.mark.parametrize("seed", range(30))
def test_memory_and_sqlite_answer_every_question_alike(tmp_path: Path, seed: int) -> None:
    rng = random.Random(seed)
    memory, file = MemoryJournal(), FileJournals(tmp_path).make("a")
    events = _events(rng)
    for number, (name, given) in enumerate(_operations(rng, events)):
        told = [journal.write(lambda s, n=name, g=given: _answer(s, n, g)) for journal in (memory, file)]
        assert told[0] == told[1], name
        if rng.random() < 0.3:
            memory.commit()
            file.commit()
        elif rng.random() < 0.1 and number > len(events):
            memory.crash()
            file.crash()
    memory.commit()
    file.commit()
    assert memory.raws() == file.raws()
    assert (memory.flags(), memory.waiting()) == (file.flags(), file.waiting())
    assert memory.stored_in_order() == file.stored_in_order()
    file.close()


def test_readers_see_the_last_commit_only(tmp_path: Path) -> None:
    for journal in (MemoryJournal(), FileJournals(tmp_path).make("a")):
        journal.write(lambda s: s.set_meta("a", "1"))
        with journal.read() as store:
            assert store.meta("a") is None
        journal.commit()
        journal.write(lambda s: s.set_meta("a", "2"))
        journal.crash()
        with journal.read() as store:
            assert store.meta("a") == "1"
        journal.close()


@pytest.mark.parametrize("seed", range(12))
def test_the_same_schedule_ends_alike_on_both_disks(tmp_path: Path, seed: int) -> None:
    schedule = schedule_of(seed)
    memory, file = run(schedule), run(schedule, FileJournals(tmp_path).make)
    assert (
        (memory.rule, memory.events, memory.signals)
        == (file.rule, file.events, file.signals)
        == ("", memory.events, memory.signals)
    )
    assert memory.trace == file.trace
