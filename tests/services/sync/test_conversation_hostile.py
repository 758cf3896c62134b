"""An exchange with a peer that lies, invents or is damaged ends soon, believes nothing, and moves what can be moved."""

import asyncio
from collections.abc import Callable
from pathlib import Path

import pytest

from console.services.journal.event_table import Tip
from console.services.journal.table_store import TableDisk
from console.services.storage.database import reader_engine, writer_engine
from console.services.sync import messages as m
from console.services.sync.central_rows import Pushed
from console.services.sync.conversation import Budget, Outcome, answer, exchange
from console.services.sync.exchange import Exchange
from tests.support.journals import StationJournal, note, started

Answer = Callable[[m.Question], m.Answer]


def _hello(station: StationJournal) -> m.Hello:
    return m.Hello(station.place.site, station.place.station, station.place.code, station.place.tenant)


def _talk(station: StationJournal, say: Answer, *, pushes: bool = False) -> tuple[Outcome, list[m.Question]]:
    """One exchange of this station with whoever `say`s; gives what it found and asked."""
    outcome, asked = Outcome(), []
    engine = reader_engine(station.path)
    with engine.connect() as connection:
        talk = exchange(TableDisk(connection), _hello(station), outcome, Budget(4, 4, 10), pushes=pushes)
        try:
            question = next(talk)
            while True:
                asked.append(question)
                assert len(asked) < 20_000
                question = talk.send(say(question))
        except StopIteration:
            pass
    engine.dispose()
    return outcome, asked


def _honest(station: StationJournal) -> Answer:
    def say(question: m.Question) -> m.Answer:
        engine = reader_engine(station.path)
        with engine.connect() as connection, TableDisk(connection).read() as store:
            told = answer(store, question, _hello(station))
        engine.dispose()
        return told

    return say


def _forked(tmp_path: Path, each: int) -> tuple[StationJournal, StationJournal]:
    """Two stations that hold another branch of the same stream each."""

    async def story() -> tuple[StationJournal, StationJournal]:
        a, b, c = await started(tmp_path, "A1", "B2", "C3")
        await a.act(note("shared"))
        a.close()
        clone = tmp_path / "clone"
        (clone / "keys").mkdir(parents=True)
        for name in ("journal.db", "keys/station.pem"):
            (clone / name).write_bytes((tmp_path / "A1" / name).read_bytes())
        for folder, taker in ((tmp_path / "A1", b), (clone, c)):
            twin = await StationJournal(folder, "A1").start()
            for number in range(0, each, 100):
                await twin.act(*(note(f"{folder.name} {n}") for n in range(number, min(each, number + 100))))
            await taker.log.receive(await twin.all_events(), "x")
            twin.close()
        return b, c

    return asyncio.run(story())


@pytest.mark.proves("INV-12")
def test_ends_that_contradict_our_journal_confirm_nothing(tmp_path: Path) -> None:
    a, b = asyncio.run(_two(tmp_path))
    opening, one = a.seen
    lies = (
        m.Head(opening.stream, 10**9, opening.hash),
        m.Head(b.seen[0].stream, 2, one.hash),
        m.Head(opening.stream, -5, bytes(32)),
        m.Head(opening.stream, 2**63, bytes(32)),
        m.Head(opening.stream, 7, b"short"),
    )
    outcome, asked = _talk(a, lambda _q: m.Vector(_hello(b), lies))
    assert (outcome.held, outcome.pulled, len(asked)) == ([], [], 1)
    true = m.Head(opening.stream, 1, opening.hash)
    outcome, _ = _talk(a, lambda _q: m.Vector(_hello(b), (*lies, true)))
    assert outcome.held == [Tip(opening.stream, 1, opening.hash)]
    a.close()
    b.close()


async def _two(tmp_path: Path) -> tuple[StationJournal, StationJournal]:
    a, b = await started(tmp_path, "A1", "B2")
    await a.act(note("one"))
    return a, b


def test_a_peer_that_invents_differences_without_end_is_left_alone(tmp_path: Path) -> None:
    a, b = asyncio.run(_two(tmp_path))
    stream = a.seen[0].stream
    heads = (m.Head(stream, 2**52, b"\1" * 32), m.Head(stream, 2**52, b"\2" * 32))

    def invented(question: m.Question) -> m.Answer:
        if isinstance(question, m.AskVector):
            return m.Vector(_hello(b), heads)
        if isinstance(question, m.AskRanges):
            return m.Ranges(tuple(b"\7" * 32 for _ in question.bounds))
        if isinstance(question, m.AskHashes):
            return m.Hashes(())
        return m.Events(())

    outcome, asked = _talk(a, invented)
    assert outcome.fruitless == {stream}
    assert len(asked) < 5000
    a.close()
    b.close()


@pytest.mark.parametrize("kind", [m.Took(3), m.Refusal("no"), m.Hashes(()), m.Ranges(()), m.Events(())])
def test_an_answer_of_another_kind_ends_the_exchange(tmp_path: Path, kind: m.Answer) -> None:
    a, b = asyncio.run(_two(tmp_path))
    outcome, asked = _talk(b, lambda _q: kind)
    assert (outcome.vector, len(asked)) == (None, 1)
    vector = _honest(a)(m.AskVector(_hello(b)))
    outcome, asked = _talk(b, lambda q: vector if isinstance(q, m.AskVector) else kind)
    assert outcome.pulled == []
    assert len(asked) < 5
    a.close()
    b.close()


@pytest.mark.proves("INV-33")
def test_a_long_fork_is_moved_in_steps_that_cost_what_they_move(tmp_path: Path) -> None:
    b, c = _forked(tmp_path, 600)

    async def story() -> int:
        rounds = 0
        while True:
            outcome, asked = _talk(b, _honest(c))
            if not outcome.pulled:
                assert await c.hashes() <= await b.hashes()
                return rounds
            assert len(asked) <= 14  # a few ranges, looks at hashes of 640 places, four batches of ten
            await b.log.receive(outcome.pulled, "c")
            rounds += 1

    assert asyncio.run(story()) >= 600 // 40
    b.close()
    c.close()


@pytest.mark.proves("P10", "P35")
def test_an_event_that_was_spoiled_on_our_disk_stops_only_its_own_stream(tmp_path: Path) -> None:
    async def story() -> None:
        a, b = await started(tmp_path, "A1", "B2")
        await b.act(note("of b"))
        await a.log.receive(await b.all_events(), "b")
        await a.act(note("one"))
        await a.act(note("two"))
        a.close()
        engine = writer_engine(a.path)
        with engine.connect() as connection, connection.begin():
            connection.exec_driver_sql("DROP TRIGGER event_no_update")
            connection.exec_driver_sql("UPDATE event SET body = x'7b7d' WHERE hash = ?", (a.seen[-2].hash,))
        engine.dispose()
        given: list[bytes] = []
        outcome, engine = Outcome(), reader_engine(a.path)
        with engine.connect() as connection:
            road = Exchange(_Centre(given), TableDisk(connection), _hello(a))  # type: ignore[arg-type]
            outcome = road.run(may_pull=True, resting=())
        engine.dispose()
        sound = {raw.hash for raw in await b.all_events()} | {a.seen[0].hash}
        assert set(given) == sound
        assert outcome.pushed == len(sound)
        b.close()

    asyncio.run(story())


class _Centre:
    """Takes everything, tells nothing."""

    def __init__(self, given: list[bytes]) -> None:
        self._given = given

    def tips(self) -> tuple[Tip, ...]:
        return ()

    def push(self, events: list[object]) -> Pushed:
        self._given += [event.raw.hash for event in events]  # type: ignore[attr-defined]
        return Pushed(len(events), ())
