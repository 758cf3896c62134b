"""Nobody's word makes a station leave its stream, only its own signature; and no question keeps a station busy."""

import asyncio
from collections.abc import Callable
from pathlib import Path
from uuid import UUID

import pytest

from console.domain.facts import StreamOpened
from console.services.journal.event_table import Tip
from console.services.journal.table_store import TableDisk
from console.services.storage.database import reader_engine
from console.services.sync import fork_search
from console.services.sync import messages as m
from console.services.sync.conversation import Budget, Outcome, answer, exchange
from console.services.sync.fork_search import digests, search
from tests.sim.memory_store import MemoryJournal, MemoryStore
from tests.support.journals import StationJournal, note, started

Answer = Callable[[m.Question], m.Answer]


def _hello(station: StationJournal) -> m.Hello:
    return m.Hello(station.place.site, station.place.station, station.place.code, station.place.tenant)


def _honest(station: StationJournal) -> Answer:
    def say(question: m.Question) -> m.Answer:
        engine = reader_engine(station.path)
        with engine.connect() as connection, TableDisk(connection).read() as store:
            told = answer(store, question, _hello(station))
        engine.dispose()
        return told

    return say


async def _exchange(station: StationJournal, say: Answer) -> tuple[Outcome, list[m.Question]]:
    """As a road does it: vector and events go to the journal."""
    outcome, asked = Outcome(), []
    engine = reader_engine(station.path)
    with engine.connect() as connection:
        talk = exchange(TableDisk(connection), _hello(station), outcome, Budget(0, 1, 1))
        question = next(talk)
        while True:
            asked.append(question)
            try:
                question = talk.send(say(question))
            except StopIteration:
                break
    engine.dispose()
    assert outcome.vector is not None
    await station.log.note_vector("b", m.tips_of(outcome.vector.heads))
    await station.log.receive(outcome.pulled, "b")
    return outcome, asked


def _reasons(station: StationJournal) -> list[str]:
    return [entry.fact.reason for entry in station.seen if isinstance(entry.fact, StreamOpened) and entry.is_own]


@pytest.mark.proves("INV-14", "SEC-22")
def test_a_neighbour_that_invents_ends_of_our_stream_does_not_make_us_leave_it(tmp_path: Path) -> None:
    async def story() -> None:
        a, b = await started(tmp_path, "A1", "B2")
        await a.act(note("one"))
        own = a.seen[-1].stream
        honest = _honest(b)

        def say(question: m.Question) -> m.Answer:
            told = honest(question)
            if isinstance(told, m.Vector):
                invented = tuple(m.Head(own, seq, bytes([seq]) * 32) for seq in range(3, 30))
                return m.Vector(told.hello, (*told.heads, *invented))
            return told

        for _ in range(3):
            outcome, asked = await _exchange(a, say)
            chosen = [question for question in asked if isinstance(question, m.AskChosen)]
            assert len(chosen) == 1 and len(chosen[0].hashes) <= 8, "one short question, however much is claimed"
            assert outcome.fruitless == {own}, "and the peer is not asked for this stream for a while"
        await a.act(note("two"))
        assert _reasons(a) == ["first_start"]
        assert a.seen[-1].stream == own
        a.close()
        b.close()

    asyncio.run(story())


@pytest.mark.proves("INV-14", "P4", "P5")
def test_one_exchange_with_a_peer_that_shows_our_unknown_event_is_enough_to_leave_the_stream(tmp_path: Path) -> None:
    async def story() -> None:
        a, b = await started(tmp_path, "A1", "B2")
        await a.act(note("before"))
        a.close()
        backup = a.path.read_bytes()
        a = await StationJournal(tmp_path / "A1", "A1").start()
        for number in range(30):
            await a.act(note(f"lost on this disk {number}"))
        await b.log.receive(await a.all_events(), "a")
        a.close()
        a.path.write_bytes(backup)
        a = await StationJournal(tmp_path / "A1", "A1").start()
        outcome, _ = await _exchange(a, _honest(b))
        assert outcome.pulled[0].hash == b.seen[-1].hash, "its end comes first, not in its turn behind thirty others"
        await a.act(note("after"))
        assert _reasons(a) == ["unknown_own"]
        a.close()
        b.close()

    asyncio.run(story())


class _CountingStore(MemoryStore):
    """Pretends to hold a stream of any length, and counts what is read of it."""

    __slots__ = ("head", "read")

    def __init__(self, head: int) -> None:
        super().__init__(MemoryJournal().committed)
        self.head, self.read = head, 0

    def stream(self, stream):  # type: ignore[no-untyped-def]
        return type("Row", (), {"head_seq": self.head})

    def hashes(self, stream, from_seq, to_seq):  # type: ignore[no-untyped-def]
        rows = [Tip(stream, seq, b"") for seq in range(max(1, from_seq), min(to_seq, self.head) + 1)]
        self.read += len(rows)
        return rows


@pytest.mark.proves("P11", "SEC-22")
@pytest.mark.parametrize("ranges", [64, 1])
def test_digests_of_whole_streams_are_answered_up_to_a_number_of_events(
    monkeypatch: pytest.MonkeyPatch, ranges: int
) -> None:
    monkeypatch.setattr(fork_search, "MAX_DIGESTED", 1000)
    stream = UUID(int=7)
    greedy = _CountingStore(900)
    assert len(digests(greedy, stream, [(1, 2**53)] * ranges)) == 1, "of a short stream all of it, once"
    assert greedy.read == 900
    wide = _CountingStore(5000)
    assert digests(wide, stream, [(1, 5000)] * ranges) == ()
    assert wide.read == 0


@pytest.mark.proves("INV-7", "P3")
def test_a_fork_is_found_though_each_answer_digests_a_part_of_the_stream_only(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(fork_search, "MAX_DIGESTED", 200)

    async def twins() -> tuple[StationJournal, StationJournal]:
        a, b, c = await started(tmp_path, "A1", "B2", "C3")
        for _ in range(7):
            await a.act(*(note("shared") for _ in range(100)))
        a.close()
        clone = tmp_path / "clone"
        (clone / "keys").mkdir(parents=True)
        for name in ("journal.db", "keys/station.pem"):
            (clone / name).write_bytes((tmp_path / "A1" / name).read_bytes())
        for folder, taker in ((tmp_path / "A1", b), (clone, c)):
            twin = await StationJournal(folder, "A1").start()
            await twin.act(note(folder.name))
            await taker.log.receive(await twin.all_events(), "x")
            twin.close()
        return b, c

    b, c = asyncio.run(twins())
    stream = next(entry.stream for entry in b.seen if not entry.is_own)
    say, partial = _honest(c), 0
    engine = reader_engine(b.path)
    with engine.connect() as connection:
        talk = search(TableDisk(connection), stream, 702)
        question = next(talk)
        while True:
            told = say(question)
            if isinstance(question, m.AskRanges):
                assert isinstance(told, m.Ranges)
                partial += len(told.digests) < len(question.bounds)
            try:
                question = talk.send(told)
            except StopIteration as end:
                branches = end.value
                break
    engine.dispose()
    assert partial > 0
    assert [tip.hash for tip in branches.only_here] == [b.seen[-1].hash]
    assert [tip.hash for tip in branches.only_there] == [c.seen[-1].hash]
    b.close()
    c.close()
