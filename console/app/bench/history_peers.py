"""The peers of `leitstand bench history`: a numpy scan in memory, DuckDB, and plain rows in SQLite."""

import itertools
from pathlib import Path
from types import ModuleType
from typing import Any

import numpy as np
from pysqlite3 import dbapi2

from console.app.bench.history_data import BUCKETS, SECOND_US, Plant
from console.services.records import Floats, Longs

_AT_ONCE = 50_000
_PEN_SQL = (
    "SELECT (t - ?) // ? AS k, min(v), max(v), avg(v) FROM s WHERE id = ? AND t >= ? AND t < ? GROUP BY k ORDER BY k"
)


class NumpyScan:
    """All values in memory, and where each bucket begins known beforehand: what memory can give, not more.

    The quicker of two ways counts: bucket by bucket while it is in the cache, or one reduceat for each figure.
    """

    def __init__(self, plant: Plant) -> None:
        self._plant = plant
        self._values: list[Floats] = []
        self._edges: dict[int, list[Longs]] = {seconds: [] for seconds in plant.windows().values()}

    def add(self, at: Longs, value: Floats) -> None:
        """One more pen."""
        self._values.append(value)
        for seconds, edges in self._edges.items():
            begin_us = self._plant.end_us - seconds * SECOND_US
            wanted = begin_us + np.arange(BUCKETS + 1, dtype=np.int64) * (seconds * SECOND_US // BUCKETS)
            edges.append(np.searchsorted(at, wanted))

    def by_bucket(self, seconds: int) -> int:
        count = 0
        for value, edges in zip(self._values, self._edges[seconds], strict=True):
            borders = edges.tolist()
            for start, stop in itertools.pairwise(borders):
                if start < stop:
                    part = value[start:stop]
                    part.min(), part.max(), part.sum()
                    count += 1
        return count

    def by_figure(self, seconds: int) -> int:
        count = 0
        for value, edges in zip(self._values, self._edges[seconds], strict=True):
            starts = np.unique(edges[:-1])
            starts = starts[starts < edges[-1]]
            part = value[: int(edges[-1])]
            np.minimum.reduceat(part, starts), np.maximum.reduceat(part, starts), np.add.reduceat(part, starts)
            count += starts.size
        return count


class DuckPeer:
    """One table in a file, written pen by pen, on all cores."""

    def __init__(self, duckdb: ModuleType, path: Path) -> None:
        self.path = path
        self._connection: Any = duckdb.connect(str(path), config={"memory_limit": "4GB"})
        self._connection.execute("CREATE TABLE s (id SMALLINT, t BIGINT, v DOUBLE)")

    def add(self, pen: int, at: Longs, value: Floats) -> None:
        self._connection.register("pen", {"t": at, "v": value})
        self._connection.execute("INSERT INTO s SELECT ?, t, v FROM pen", [pen])
        self._connection.unregister("pen")

    def seal(self) -> None:
        self._connection.execute("CHECKPOINT")

    def ask(self, plant: Plant, seconds: int) -> int:
        """Rows of all pens."""
        begin_us, width = plant.end_us - seconds * SECOND_US, seconds * SECOND_US // BUCKETS
        rows = 0
        for pen in range(plant.pens):
            question = [begin_us, width, pen, begin_us, plant.end_us]
            rows += len(self._connection.execute(_PEN_SQL, question).fetchnumpy()["k"])
        return rows

    def close(self) -> None:
        self._connection.close()


class SqliteRows:
    """One row a sample, in the order in which it is asked for."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self._connection = dbapi2.connect(str(path))
        self._connection.executescript(
            "PRAGMA journal_mode=WAL; PRAGMA synchronous=FULL;"
            " CREATE TABLE s (id INTEGER, t INTEGER, v REAL, PRIMARY KEY (id, t)) WITHOUT ROWID"
        )

    def add(self, at: Longs, value: Floats) -> None:
        for start in range(0, at.size, _AT_ONCE):
            part = slice(start, start + _AT_ONCE)
            rows = zip([0] * at[part].size, at[part].tolist(), value[part].tolist(), strict=True)
            with self._connection:
                self._connection.executemany("INSERT INTO s VALUES (?, ?, ?)", rows)

    def ask(self, plant: Plant, seconds: int) -> int:
        begin_us, width = plant.end_us - seconds * SECOND_US, seconds * SECOND_US // BUCKETS
        question = (begin_us, width, 0, begin_us, plant.end_us)
        return len(self._connection.execute(_PEN_SQL.replace("//", "/"), question).fetchall())

    def close(self) -> None:
        self._connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
        self._connection.close()
