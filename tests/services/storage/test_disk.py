"""A full disk, a locked file, a reader that holds on: acts are visibly refused, nothing acknowledged is lost."""

import asyncio
import multiprocessing
import shutil
import sys
import threading
from collections.abc import Iterator
from multiprocessing.connection import Connection as Pipe
from pathlib import Path
from typing import NamedTuple

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy.engine import Connection

from console.domain.refusal import Refused
from console.services.journal.verify import verify_journal
from console.services.storage.ballast import Ballast, ballast_bytes
from console.services.storage.database import LIBRARY
from console.services.storage.disk_watch import (
    ALARM_FREE,
    WARN_FREE,
    WARN_WAL,
    DiskProblem,
    DiskState,
    DiskWatch,
    judge,
    measured,
)
from tests.support.journals import StationJournal, note

GB = 1 << 30


# -- what is a problem -----------------------------------------------------------------------------------------------


@pytest.mark.proves("SEC-17", "INV-34")
@given(free=st.integers(0, 8 * GB), total=st.integers(8 * GB, 64 * GB), wal=st.integers(0, 2 * WARN_WAL))
def test_every_shortage_is_named_and_nothing_else(free: int, total: int, wal: int) -> None:
    problems = judge(DiskState(free, total, wal))
    assert (DiskProblem.FULL in problems) == (free < ALARM_FREE)
    assert (DiskProblem.LOW in problems) == (ALARM_FREE <= free < WARN_FREE)
    assert (DiskProblem.CAPACITY in problems) == (total - free > 0.8 * total)
    assert (DiskProblem.WAL in problems) == (wal > WARN_WAL)


def test_the_real_disk_can_be_measured(tmp_path: Path) -> None:
    state = measured(tmp_path / "journal.db", Ballast(tmp_path, 1))
    assert 0 < state.free <= state.total
    assert (state.wal, state.has_ballast) == (0, False)


def test_what_is_set_aside_for_others_is_neither_used_nor_free(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(shutil, "disk_usage", lambda _path: _Usage(total=252 * GB, used=53 * GB, free=49 * GB))
    state = measured(tmp_path / "journal.db", Ballast(tmp_path, 1))
    assert (state.free, state.total) == (49 * GB, 102 * GB)
    assert judge(state) == frozenset()


class _Usage(NamedTuple):
    total: int
    used: int
    free: int


class Disk:
    """A disk of which the test says how full it is; the ballast on it is real."""

    def __init__(self, folder: Path) -> None:
        self.free = 10 * GB
        self.wal = 0
        self.ballast = Ballast(folder, 3 << 20)
        self.told: list[frozenset[DiskProblem]] = []
        self.ended: list[float] = []
        self.watch = DiskWatch(folder / "journal.db", self.ballast, self.told.append, self._end, self._measure)

    def _measure(self, journal: Path, ballast: Ballast) -> DiskState:
        return DiskState(self.free, 1000 * GB, self.wal, ballast.path.exists())

    def _end(self, seconds: float) -> int:
        self.ended.append(seconds)
        return 0


@pytest.mark.proves("P33", "SEC-17")
def test_the_ballast_is_made_given_free_when_the_disk_is_full_and_made_again(tmp_path: Path, log_lines: object) -> None:
    log_lines.expect("ballast is given free")  # type: ignore[attr-defined]
    disk = Disk(tmp_path)
    low, full = DiskProblem.LOW, DiskProblem.FULL

    async def at(free: int) -> frozenset[DiskProblem]:
        disk.free = free
        await disk.watch.look()
        return disk.watch.problems - {DiskProblem.CAPACITY}

    async def story() -> None:
        assert await at(10 * GB) == set()
        assert disk.ballast.is_there()
        assert disk.ballast.path.stat().st_blocks * 512 >= disk.ballast.size
        assert await at(GB) == {low}
        assert disk.ballast.is_there()
        assert await at(ALARM_FREE - 1) == {full}
        assert not disk.ballast.path.exists()
        assert await at(ALARM_FREE + 100) == {low, full}, "there is room only because the reserve is gone"
        assert await at(GB) == {low, full}
        assert not disk.ballast.path.exists()
        assert await at(10 * GB) == set()
        assert disk.ballast.is_there()
        assert len(disk.told) == 5

    asyncio.run(story())


def test_no_ballast_is_made_where_it_would_take_the_last_room_or_when_the_station_ends(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    ballast = Ballast(tmp_path, 9 << 20)
    assert not ballast.make(keep_free=shutil.disk_usage(tmp_path).total)
    ballast.stop()
    assert not ballast.make(keep_free=0)
    assert list(tmp_path.iterdir()) == []
    assert not Ballast(tmp_path, 0).make(0)
    monkeypatch.setenv("LEITSTAND_BALLAST_MB", "8")
    assert ballast_bytes(512) == 8 << 20
    monkeypatch.delenv("LEITSTAND_BALLAST_MB")
    assert ballast_bytes(512) == 512 << 20


def test_a_large_wal_ends_long_reads(tmp_path: Path) -> None:
    disk = Disk(tmp_path)
    asyncio.run(disk.watch.look())
    assert disk.ended == []
    disk.wal = WARN_WAL + 1
    asyncio.run(disk.watch.look())
    assert disk.ended
    assert disk.told[-1] >= {DiskProblem.WAL}


# -- P33: a quota at every write -------------------------------------------------------------------------------------


@pytest.mark.proves("P33", "INV-34", "SEC-18", "INV-1")
def test_with_any_room_left_acts_are_kept_or_refused_and_reading_goes_on(tmp_path: Path) -> None:
    """The journal may grow by 0, 1, 2 ... pages: wherever the room ends, what was acknowledged is there."""

    async def story() -> None:
        station = await StationJournal(tmp_path, "K1").start()
        acknowledged: set[bytes] = set(await station.hashes())
        refused = 0
        for room in range(24):
            await station.database.writer.write(lambda c, room=room: _leave_room(c, room))
            answers = await asyncio.gather(
                *(station.act(note(f"{room} " + "x" * 900 * n)) for n in range(1, 4)), return_exceptions=True
            )
            for answer in answers:
                if isinstance(answer, Refused):
                    refused += 1
                    assert "disk is full" in str(answer)
                else:
                    assert not isinstance(answer, BaseException)
                    acknowledged |= {entry.hash for entry in answer}
            assert acknowledged == await station.hashes(), "the display reads on, and shows what was kept"
        assert refused > 5
        await station.database.writer.write(lambda c: c.exec_driver_sql("PRAGMA max_page_count=1000000"))
        await station.act(note("room again"))
        station.close()
        assert verify_journal(tmp_path / "journal.db").is_sound

    asyncio.run(story())


def _leave_room(connection: Connection, pages: int) -> None:
    count = connection.exec_driver_sql("PRAGMA page_count").scalar_one()
    connection.exec_driver_sql(f"PRAGMA max_page_count={count + pages}")


def _write_until_the_limit(folder: str, pipe: Pipe) -> None:
    """A child whose files may not grow beyond a limit: every write of the WAL may be the one that fails."""
    import resource
    import signal

    async def story() -> None:
        station = await StationJournal(Path(folder), "K1").start()
        size = (Path(folder) / "journal.db-wal").stat().st_size
        signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
        limit = resource.getrlimit(resource.RLIMIT_FSIZE)[1]
        kept: list[bytes] = []
        refused = 0
        for number in range(400):
            resource.setrlimit(resource.RLIMIT_FSIZE, (size + 7919 * refused, limit))
            try:
                kept += [entry.hash for entry in await station.act(note(f"{number}"))]
            except Refused:
                refused += 1
                assert len(await station.hashes()) == len(kept) + 1
            if refused == 60:
                break
        resource.setrlimit(resource.RLIMIT_FSIZE, (limit, limit))
        kept += [entry.hash for entry in await station.act(note("room again"))]
        station.close()
        pipe.send((kept, refused))

    asyncio.run(story())


@pytest.mark.skipif(sys.platform == "win32", reason="limits of a process are POSIX")
@pytest.mark.proves("P33", "INV-34", "SEC-18")
def test_where_the_system_itself_refuses_bytes_no_acknowledged_act_is_lost(tmp_path: Path) -> None:
    context = multiprocessing.get_context("spawn")
    mine, yours = context.Pipe()
    child = context.Process(target=_write_until_the_limit, args=(str(tmp_path), yours))
    child.start()
    assert mine.poll(60)
    kept, refused = mine.recv()
    child.join(30)
    assert child.exitcode == 0
    assert refused == 60
    assert len(kept) > 5

    async def story() -> None:
        station = StationJournal(tmp_path, "K1")
        assert set(kept) < await station.hashes()
        station.close()

    asyncio.run(story())
    assert verify_journal(tmp_path / "journal.db").is_sound


# -- P32: locked by another process ----------------------------------------------------------------------------------


def _hold_the_lock(path: str, pipe: Pipe) -> None:
    connection = LIBRARY.connect(path, isolation_level=None)
    connection.execute("BEGIN IMMEDIATE")
    pipe.send("locked")
    pipe.recv()
    connection.execute("ROLLBACK")
    connection.close()


@pytest.fixture
def lock_holder(tmp_path: Path) -> Iterator[tuple[Pipe, "multiprocessing.process.BaseProcess"]]:
    context = multiprocessing.get_context("spawn")
    mine, yours = context.Pipe()
    child = context.Process(target=_hold_the_lock, args=(str(tmp_path / "journal.db"), yours))
    yield mine, child
    child.join(30)


@pytest.mark.proves("P32")
def test_a_file_that_another_program_locks_for_a_while_only_delays(
    tmp_path: Path, lock_holder: tuple[Pipe, "multiprocessing.process.BaseProcess"]
) -> None:
    pipe, child = lock_holder

    async def story() -> None:
        station = await StationJournal(tmp_path, "K1").start()
        child.start()
        assert await asyncio.to_thread(pipe.recv) == "locked"
        answer = asyncio.ensure_future(station.act(note("waits")))
        await asyncio.sleep(0.1)
        assert not answer.done()
        pipe.send("enough")
        (entry,) = await answer
        assert entry.hash in await station.hashes()
        station.close()

    asyncio.run(story())


@pytest.mark.proves("P32", "SEC-18")
def test_a_file_that_stays_locked_refuses_everything_that_waits_after_one_patience(
    tmp_path: Path, lock_holder: tuple[Pipe, "multiprocessing.process.BaseProcess"]
) -> None:
    pipe, child = lock_holder

    async def story() -> None:
        station = await StationJournal(tmp_path, "K1").start()
        await station.database.writer.write(lambda c: c.exec_driver_sql("PRAGMA busy_timeout=300"))
        child.start()
        assert await asyncio.to_thread(pipe.recv) == "locked"
        before = await station.hashes()
        async with asyncio.timeout(10):  # 40 patiences one after the other would be 12 s
            answers = await asyncio.gather(*(station.act(note("x")) for _ in range(40)), return_exceptions=True)
        assert all(isinstance(answer, Refused) and "Not saved" in str(answer) for answer in answers)
        assert await station.hashes() == before, "the display reads on"
        pipe.send("enough")
        child.join(30)
        await station.act(note("again"))
        station.close()

    asyncio.run(story())


# -- P34: a reader that holds on -------------------------------------------------------------------------------------


@pytest.mark.proves("P34")
def test_a_reader_that_holds_on_is_ended_and_the_wal_begins_anew(tmp_path: Path) -> None:
    async def story() -> None:
        station = await StationJournal(tmp_path, "K1").start()
        wal = tmp_path / "journal.db-wal"
        begun = threading.Event()

        def hold(connection: Connection) -> None:
            connection.exec_driver_sql("SELECT count(*) FROM event").scalar_one()
            begun.set()
            endless = "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n) SELECT sum(i) FROM n"
            connection.exec_driver_sql(endless).scalar_one()

        question = asyncio.ensure_future(station.database.readers.read(hold))
        assert await asyncio.to_thread(begun.wait, 30)
        await station.database.writer.write(lambda c: c.exec_driver_sql("PRAGMA wal_autocheckpoint=50"))

        async def grow() -> int:
            before = wal.stat().st_size
            for _ in range(15):
                await station.act(*(note("x" * 4000) for _ in range(10)))
            return wal.stat().st_size - before

        assert await grow() > 1_000_000
        assert station.database.readers.interrupt_older(3600) == 0
        assert station.database.readers.interrupt_older(0) == 1
        with pytest.raises(Refused, match="took too long"):
            await question
        await station.act(note("folds"))
        assert await grow() <= 0, "the WAL is used again from its beginning"
        station.close()

    asyncio.run(story())
