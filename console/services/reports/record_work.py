"""Reading and writing a file of records beside the window: one file at a time, in a worker thread of its own, with
progress, and nothing left behind when whoever asked stops waiting."""

import asyncio
import hashlib
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from threading import Event
from typing import TypeVar

from console.domain.refusal import Refused
from console.services.publications import Latest
from console.services.records import ExportRecord
from console.services.reports.record_files import MOST_BYTES, read_records, write_records
from console.services.reports.sheet_in import BadSheet, SheetRow

T = TypeVar("T")
Tell = Callable[[int], None]  # rows so far; raises _Stopped when nobody waits any more
_EVERY = 100


class _Stopped(Exception):
    pass


class RecordWork:
    """Lives in the main thread. `record` tells what runs and how far it is."""

    def __init__(self) -> None:
        self.record: Latest[ExportRecord] = Latest(ExportRecord())

    async def read(self, path: Path, first_header: str) -> tuple[list[SheetRow], str]:
        """All rows, the heading first, and the SHA-256 of what was read. Raises Refused with the reason."""

        def work(tell: Tell) -> tuple[list[SheetRow], str]:
            if path.stat().st_size > MOST_BYTES:
                raise BadSheet("it is too large")
            digest = _digest(path)
            rows: list[SheetRow] = []
            for row in read_records(path, first_header):
                rows.append(row)
                tell(len(rows))
            if _digest(path) != digest:
                raise BadSheet("it changed while it was read")
            return rows, digest

        try:
            return await self._beside(path.name, 0, work)
        except BadSheet as error:
            raise Refused("{file} cannot be read: {why}", file=path.name, why=str(error)) from error
        except OSError as error:
            raise Refused("{file} cannot be read: {why}", file=path.name, why=error.strerror or str(error)) from error

    async def write(self, path: Path, title: str, headers: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
        """The whole file or none; its SHA-256. Raises Refused with the reason, and for a file that is there already."""

        def work(tell: Tell) -> str:
            if path.exists():
                raise FileExistsError(str(path))
            writing = write_records(path, title, headers, rows)
            try:
                for count in writing:
                    tell(count)
            finally:
                writing.close()
            return _digest(path)

        try:
            return await self._beside(path.name, len(rows), work)
        except asyncio.CancelledError:
            _forget(path)  # it may have been quicker than the cancelling
            raise
        except FileExistsError as error:
            raise Refused("{file} is there already; nothing was overwritten.", file=str(path)) from error
        except OSError as error:
            why = error.strerror or str(error)
            raise Refused("{file} is not written: {why}.", file=str(path), why=why) from error

    async def _beside(self, name: str, total: int, work: Callable[[Tell], T]) -> T:
        if self.record.value.is_running:
            raise Refused("Another file of master records is being read or written; wait for it or cancel it")
        loop, stop, done = asyncio.get_running_loop(), Event(), 0

        def tell(count: int) -> None:
            nonlocal done
            done = count
            if stop.is_set():
                raise _Stopped
            if count % _EVERY == 0:
                loop.call_soon_threadsafe(self.record.set, ExportRecord(name, count, total, True))

        self.record.set(ExportRecord(name, 0, total, True))
        pool = ThreadPoolExecutor(1, "record file")
        running = loop.run_in_executor(pool, work, tell)
        try:
            return await asyncio.shield(running)
        except asyncio.CancelledError:
            stop.set()
            await asyncio.wait([running])
            running.exception()
            raise
        finally:
            pool.shutdown(wait=False)
            self.record.set(ExportRecord(name, done, total or done, False))


def _forget(path: Path) -> None:
    path.unlink(missing_ok=True)


def _digest(path: Path) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest()
