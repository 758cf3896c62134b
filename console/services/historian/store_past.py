"""What is on disk of one tag, for a query: the store's reading functions bound to a reader's connection."""

from sqlalchemy.engine import Connection

from console.services.historian import history_read
from console.services.historian.rollup_columns import LEVELS_S, LEVELS_US, Held, RollupColumns
from console.services.historian.samples import SampleBlock, join_blocks
from console.services.historian.seals import Seal, load_seal, young_level
from console.services.storage.direct import direct


class StorePast:
    """Implements `Past` of one key."""

    def __init__(self, connection: Connection, key: int) -> None:
        self._connection = connection
        self._key = key

    def raw(self, from_us: int, to_us: int, limit: int) -> SampleBlock:
        parts, count = [], 0
        while from_us < to_us and count < limit:  # a chunk is opened as a whole: no more of them than needed
            until_us = min(to_us, self._enough_until(from_us, to_us, limit - count))
            part = history_read.read_raw(self._connection, self._key, from_us, until_us, limit - count)
            parts.append(part)
            count, from_us = count + len(part), until_us
        return join_blocks(parts)

    def _enough_until(self, from_us: int, to_us: int, wanted: int) -> int:
        """Until when chunks hold about this many samples."""
        sql = (
            "SELECT last_us FROM (SELECT last_us, sum(n) OVER (ORDER BY first_us) AS n FROM chunk"
            " WHERE key = ? AND first_us >= ? AND first_us < ?) WHERE n >= ? ORDER BY last_us LIMIT 1"
        )
        row = direct(self._connection, sql, (self._key, from_us, to_us, wanted)).fetchone()
        return int(row[0]) + 1 if row is not None else to_us

    def rollups(self, level_s: int, from_us: int, to_us: int, columns: tuple[str, ...] | None) -> RollupColumns:
        level = LEVELS_S.index(level_s)
        return history_read.read_rollups(self._connection, self._key, level, from_us, to_us, columns)

    def held_before(self, at_us: int) -> Held | None:
        return history_read.held_before(self._connection, self._key, at_us)

    def kept_from_us(self, level_s: int) -> int:
        seal = load_seal(self._connection, self._key)
        if not level_s:
            return seal.raw_from_us or 0
        first, coarsest = self._first_us(seal, level_s), self._first_us(seal, LEVELS_S[-1])
        return 0 if first is None or coarsest is None or first < coarsest + LEVELS_US[-1] else first

    def _first_us(self, seal: Seal, level_s: int) -> int | None:
        """When the oldest bucket of a level begins; None when it has none."""
        level = LEVELS_S.index(level_s)
        sql = "SELECT min(first_k) FROM rollup WHERE key = ? AND level = ?"
        packed = direct(self._connection, sql, (self._key, level)).fetchone()[0]
        young = young_level(seal.young, level, ("k",)).k
        firsts = [int(k) for k in (packed, young[0] if young.size else None) if k is not None]
        return min(firsts) * LEVELS_US[level] if firsts else None
