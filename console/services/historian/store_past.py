"""What is on disk of one tag, for a query: the store's reading functions bound to a reader's connection."""

from sqlalchemy.engine import Connection

from console.services.historian.damage import Damage, known_damage
from console.services.historian.history_read import EVER_US, TagReader
from console.services.historian.history_schema import RAW
from console.services.historian.rollup_columns import LEVELS_S, LEVELS_US, Held, RollupColumns
from console.services.historian.samples import SampleBlock, join_blocks
from console.services.historian.seals import young_level
from console.services.storage.direct import direct


class StorePast:
    """Implements `Past` of one key."""

    def __init__(self, connection: Connection, key: int) -> None:
        self._connection = connection
        self._key = key
        self._damage = Damage()
        self._reader = TagReader(connection, key, self._damage)
        self._noted = known_damage(connection, key, -EVER_US, EVER_US)

    def raw(self, from_us: int, to_us: int, limit: int) -> SampleBlock:
        parts, count = [], 0
        while from_us < to_us and count < limit:  # a chunk is opened as a whole: no more of them than needed
            until_us = min(to_us, self._enough_until(from_us, to_us, limit - count))
            part = self._reader.raw(from_us, until_us, limit - count)
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
        return self._reader.rollups(level, from_us, to_us, columns)

    def held_before(self, at_us: int) -> Held | None:
        return self._reader.held_before(at_us)

    def lost(self, level_s: int, from_us: int, to_us: int) -> tuple[tuple[int, int], ...]:
        """Spans [from, to) in which samples (0) or buckets of a level are damaged, met until now or remembered. What
        was damaged in the tail may have been any tag's: nobody's time is made a gap for it."""
        level = LEVELS_S.index(level_s) if level_s else RAW
        spans = {
            (one.from_us, one.to_us + 1)
            for one in (*self._noted, *self._damage.chunks)
            if (one.key, one.level) == (self._key, level) and one.from_us < to_us and one.to_us >= from_us
        }
        return tuple(sorted(spans))

    def kept_from_us(self, level_s: int) -> int:
        if not level_s:
            return self._reader.seal.raw_from_us or 0
        if level_s == LEVELS_S[-1]:
            return 0
        first, coarsest = self._first_us(LEVELS_S.index(level_s)), self._first_us(len(LEVELS_S) - 1)
        return 0 if first is None or coarsest is None or first < coarsest + LEVELS_US[-1] else first

    def _first_us(self, level: int) -> int | None:
        """When the oldest bucket of a level begins; None when it has none. The newest ones stand apart."""
        sql = "SELECT first_k FROM rollup WHERE key = ? AND level = ? ORDER BY first_k LIMIT 1"
        row = direct(self._connection, sql, (self._key, level)).fetchone()
        k = row[0] if row is not None else next(iter(young_level(self._reader.seal.young, level, ("k",)).k), None)
        return None if k is None else int(k) * LEVELS_US[level]
