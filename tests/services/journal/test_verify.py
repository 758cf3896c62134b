"""Anyone can prove the journal, or is shown the place where it was altered; a kill -9 loses nothing reported."""

import asyncio
import multiprocessing
import os
import signal
from collections.abc import Callable
from multiprocessing.connection import Connection as Pipe
from pathlib import Path

import pytest

from console.domain.facts import IncidentNoted
from console.services.journal.entries import Entry
from console.services.journal.event_table import Tip
from console.services.journal.keys import FileKey
from console.services.journal.log import CENTRE
from console.services.journal.verify import verify_journal
from console.services.storage.database import LIBRARY
from tests.support.journals import StationJournal, note, started


def _written(folder: Path, texts: list[str], receipts: bool = False) -> Path:
    async def story() -> Path:
        station = await StationJournal(folder, "A1").start()
        for text in texts:
            await station.act(note(text))
        last = station.seen[-1]
        if receipts:
            await station.log.note_receipts(CENTRE, [Tip(last.stream, last.seq, last.hash)])
        station.close()
        return station.path

    return asyncio.run(story())


def _sql(path: Path, *statements: str) -> None:
    """Alter the file as an insider would: the triggers are dropped first and put back."""
    connection = LIBRARY.connect(str(path), isolation_level=None)
    triggers = connection.execute("SELECT name, sql FROM sqlite_schema WHERE type = 'trigger'").fetchall()
    for name, _ in triggers:
        connection.execute(f"DROP TRIGGER {name}")
    for statement in statements:
        connection.execute(statement)
    for _, sql in triggers:
        connection.execute(sql)
    connection.close()


def test_a_running_station_and_a_stopped_one_are_verified_alike(tmp_path: Path) -> None:
    async def story() -> None:
        a, b = await started(tmp_path, "A1", "B2")
        await a.act(note("one"), note("two"))
        await b.log.receive(await a.all_events(), "a")
        report = verify_journal(b.path)
        assert report.is_sound
        assert (report.events, report.streams) == (4, 2)
        a.close()
        b.close()

    asyncio.run(story())
    report = verify_journal(tmp_path / "B2" / "journal.db")
    assert report.is_sound
    assert report.events == 4


def test_one_byte_altered_in_the_file_is_found_with_its_place(tmp_path: Path) -> None:
    path = _written(tmp_path, ["first", "second", "third"])
    content = path.read_bytes()
    assert b'"text":"second"' in content
    path.write_bytes(content.replace(b'"text":"second"', b'"text":"5econd"'))
    report = verify_journal(path)
    assert [(b.seq, b.reason) for b in report.breaks] == [(3, "hash does not fit the bytes")]
    assert report.events == 4


@pytest.mark.proves("SEC-20", "P17")
@pytest.mark.parametrize(
    ("statements", "seq", "reason"),
    [
        (["DELETE FROM event WHERE seq = 3"], 4, "predecessor is missing"),
        (["DELETE FROM event WHERE seq = 1"], 2, "predecessor is missing"),
        (["DELETE FROM event WHERE seq >= 3"], 4, "the end is missing: 4 events were written, 2 are there"),
        (["UPDATE event SET user_id = 'u-eve' WHERE seq = 2"], 2, "the row and its signed body disagree"),
        (["UPDATE event SET hlc = hlc + 1 WHERE seq = 2"], 2, "the row and its signed body disagree"),
        (["UPDATE event SET sig = zeroblob(64) WHERE seq = 3"], 3, "signature does not fit the stream's key"),
        (["UPDATE stream SET pubkey = zeroblob(32)"], 1, "signature does not fit the stream's key"),
        (["DELETE FROM stream"], 1, "events of a stream that is not listed"),
    ],
)
def test_every_way_to_alter_the_table_is_found_with_its_place(
    tmp_path: Path, statements: list[str], seq: int, reason: str
) -> None:
    path = _written(tmp_path, ["first", "second", "third"])
    _sql(path, *statements)
    report = verify_journal(path)
    assert (report.breaks[0].seq, report.breaks[0].reason) == (seq, reason)


@pytest.mark.proves("P16")
def test_an_end_cut_off_with_care_is_betrayed_by_the_centres_receipt(tmp_path: Path) -> None:
    path = _written(tmp_path, ["first", "second"], receipts=True)
    _sql(
        path,
        "DELETE FROM event WHERE seq = 3",
        "UPDATE stream SET head_seq = 2, head_hash = (SELECT hash FROM event WHERE seq = 2)",
        "UPDATE stream_tip SET seq = 2, hash = (SELECT hash FROM event WHERE seq = 2)",
    )
    assert [b.reason for b in verify_journal(path).breaks] == ["centre holds an event that is not here"]


@pytest.mark.proves("P17", "SEC-20")
def test_a_journal_that_was_rewritten_with_another_key_is_found_by_the_stations_own(tmp_path: Path) -> None:
    own = FileKey.load_or_create(tmp_path / "real")
    path = _written(tmp_path / "forged", ["nothing happened"])
    assert verify_journal(path).is_sound
    assert not verify_journal(path, own.public_key).is_sound


def test_a_file_that_is_damaged_or_missing_is_said_to_be(tmp_path: Path) -> None:
    path = _written(tmp_path, ["x" * 5000] * 30)
    content = bytearray(path.read_bytes())
    content[4096:8192] = bytes(4096)
    path.write_bytes(content)
    assert not verify_journal(path).is_sound
    assert verify_journal(tmp_path / "nowhere.db").breaks[0].reason == "the file is missing"
    (tmp_path / "noise.db").write_bytes(b"not a database" * 1000)
    assert "damaged" in verify_journal(tmp_path / "noise.db").breaks[0].reason


def _writes_until_killed(folder: str, told: Pipe) -> None:
    async def story() -> None:
        station = await StationJournal(Path(folder), "A1").start()
        number = 0

        def answered(text: str) -> Callable[[asyncio.Future[tuple[Entry, ...]]], None]:
            return lambda done: told.send(text) if not done.exception() else None

        while True:
            tasks = []
            for _ in range(8):
                number += 1
                task = asyncio.ensure_future(station.act(note(f"n{number}"), note(f"m{number}")))
                task.add_done_callback(answered(f"n{number}"))
                tasks.append(task)
            await asyncio.gather(*tasks)

    asyncio.run(story())


@pytest.mark.parametrize("after", [5, 60])
def test_a_station_killed_while_it_writes_has_everything_it_reported(tmp_path: Path, after: int) -> None:
    context = multiprocessing.get_context("spawn")
    here, there = context.Pipe(duplex=False)
    process = context.Process(target=_writes_until_killed, args=(str(tmp_path), there))
    process.start()
    there.close()
    reported = [here.recv() for _ in range(after)]
    process.kill() if os.name == "nt" else os.kill(process.pid or 0, signal.SIGKILL)
    process.join(20)
    try:
        while here.poll():
            reported.append(here.recv())
    except EOFError:
        pass
    here.close()
    process.close()

    async def story() -> list[str]:
        station = await StationJournal(tmp_path, "A1").start()
        entries: list[Entry] = []
        await station.log.replay(entries.extend)
        await station.act(note("goes on"))
        station.close()
        return [entry.fact.text for entry in entries if isinstance(entry.fact, IncidentNoted)]

    stored = asyncio.run(story())
    assert set(reported) <= set(stored)
    assert len(stored) % 2 == 0  # acts that belong together are there together
    report = verify_journal(tmp_path / "journal.db")
    assert report.is_sound, report.breaks
