"""The store on one connection in the calling thread, nothing beside it: for measurements, repair and tests."""

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TypeVar

from sqlalchemy.engine import Connection

from console.services.historian.compaction import (
    SEAL_AT,
    SLICE,
    Compactor,
    PartWork,
    close_part,
    open_part,
    plan_tags,
    share_out,
    work_of,
    write_tags,
)
from console.services.historian.history_schema import HISTORY, NEWEST_PART
from console.services.historian.samples import SampleBlock, TagInfo
from console.services.historian.store import append_to
from console.services.storage.database import writer_engine
from console.services.storage.migrations import migrate

T = TypeVar("T")


class DirectHistory:
    """`append`, then `compact` as often as wanted; `read` takes the functions of `history_read`."""

    def __init__(self, path: Path, *, synchronous: str = "FULL", slice_tags: int = SLICE) -> None:
        self._engine = writer_engine(path, synchronous=synchronous)
        migrate(self._engine, path, HISTORY)
        self.connection = self._engine.connect()
        self._compactor = Compactor()
        self._slice = slice_tags

    def append(self, blocks: Sequence[SampleBlock], tags: Sequence[TagInfo] = ()) -> None:
        """One durable transaction."""
        with self.connection.begin():
            append_to(self.connection, blocks, tags)

    def load(self, block: SampleBlock) -> None:
        """Seal samples at once, past the tail: twice as fast as `append` and `compact`; some 1,000,000 at a time.

        Of equal stamps they count as older than what waits in the tail.
        """
        work = self.read(lambda connection: work_of(connection, block))
        while work.done < len(work.keys):
            self._write_slice(work)

    def compact(self, now_us: int, *, is_all: bool = False, parts: int | None = None, part_most: int = SEAL_AT) -> int:
        """Seal what is due (or everything), at most so many partitions; gives how many were sealed."""
        done = 0
        while parts is None or done < parts:
            part = self.read(lambda connection: self._compactor.next_part(connection, now_us, is_all=is_all))
            if part is None:
                break
            if part == NEWEST_PART:
                with self.connection.begin():
                    share_out(self.connection)
                self._compactor.forget(part)
                continue
            self._compactor.close(self._seal(part, part_most), now_us)
            done += 1
        return done

    def read(self, function: Callable[[Connection], T]) -> T:
        """The result of `function(connection)` in a transaction of its own."""
        with self.connection.begin():
            return function(self.connection)

    def close(self) -> None:
        """Close the file."""
        self.connection.close()
        self._engine.dispose()

    def _seal(self, part: int, part_most: int) -> PartWork:
        work = self.read(lambda connection: open_part(connection, part, part_most))
        while work.done < len(work.keys):
            self._write_slice(work)
        if not work.is_stale:
            with self.connection.begin():
                close_part(self.connection, work)
        return work

    def _write_slice(self, work: PartWork) -> None:
        with self.connection.begin():
            write_tags(self.connection, plan_tags(self.connection, work, self._slice))
