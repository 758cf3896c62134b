"""What the centre holds of one tag, read as if it were on this disk: for the trends of other stations' tags.

The newest complete hour is the end of what is known. Days that are not complete yet are made of their hours.
"""

from collections.abc import Callable
from uuid import UUID

import numpy as np

from console.services.historian.chunk_codec import unpack_chunk
from console.services.historian.rollup_codec import unpack_rollups
from console.services.historian.rollup_columns import LEVELS_S, SECOND_US, Held, RollupColumns, no_rows
from console.services.historian.rollups import coarsen, concat
from console.services.historian.samples import SampleBlock, empty_block, join_blocks, pick
from console.services.sync.central_samples import Body, CentralSamples
from console.services.sync.central_schema_4 import DAY_S, HOUR_S
from console.services.sync.history_parts import LEVELS

NEVER = 1 << 62
_LOOK_BACK_S = (2 * HOUR_S, 2 * DAY_S, 40 * DAY_S, 400 * DAY_S, 4_000 * DAY_S)


class CentralPast:
    """Implements the historian's `Past` for one tag, within one question. psycopg errors pass through.

    `check` is called between the parts and raises when nobody waits any more.
    """

    def __init__(
        self, central: CentralSamples, tag: UUID, now_us: int, check: Callable[[], None] = lambda: None
    ) -> None:
        self._central = central
        self._tag = tag
        self._now_us = now_us
        self._check = check
        self._raw_from_us: int | None = None

    def raw(self, from_us: int, to_us: int, limit: int) -> SampleBlock:
        """Samples, where the centre has them."""
        blocks = []
        count = 0
        for _start, body in self._central.bodies(HOUR_S, Body.RAW, self._tag, from_us, min(to_us, self._end_us)):
            self._check()
            chunk = unpack_chunk(body)
            inside = np.flatnonzero((chunk.at_us >= from_us) & (chunk.at_us < to_us))
            key = np.zeros(len(chunk), np.uint32)
            blocks.append(pick(SampleBlock(key, chunk.at_us, chunk.value, chunk.quality, chunk.exact), inside))
            count += inside.size
            if count >= limit:
                break
        if not blocks:
            return empty_block()
        whole = join_blocks(blocks)
        return pick(whole, np.arange(min(limit, len(whole))))

    def rollups(self, level_s: int, from_us: int, to_us: int, columns: tuple[str, ...] | None) -> RollupColumns:
        """Buckets of a level that touch [from_us, to_us)."""
        level = LEVELS_S.index(level_s)
        to_us = min(to_us, self._end_us)
        span_s = HOUR_S if level in LEVELS[HOUR_S] else DAY_S
        body = Body.FINE if level == LEVELS[span_s][0] else Body.COARSE
        width = level_s * SECOND_US
        begin = from_us // width * width
        found = self._parts(span_s, body, begin, to_us, columns, width)
        if span_s == DAY_S:
            found = self._with_hours(found, begin, to_us, width)
        return found.between(begin // width, -(-to_us // width))

    def held_before(self, at_us: int) -> Held | None:
        """What the last bucket before that moment left; its stamp is the bucket's end."""
        at_us = min(at_us, self._end_us)
        for back_s in _LOOK_BACK_S:
            level_s = LEVELS_S[1] if back_s <= 2 * DAY_S else LEVELS_S[-1]
            width = level_s * SECOND_US
            begin = max(at_us - back_s * SECOND_US, 0)
            rollups = self.rollups(level_s, begin, at_us, None).between(0, at_us // width)
            if len(rollups):
                end_us = (int(rollups.k[-1]) + 1) * width - 1
                return Held(end_us, float(rollups.tail[-1]), int(rollups.tail_quality[-1]))
        return None

    def kept_from_us(self, level_s: int) -> int:
        """The centre keeps all levels alike; samples from its first part that has them."""
        if level_s:
            return 0
        if self._raw_from_us is None:
            first = next(iter(self._central.bodies(HOUR_S, Body.RAW, self._tag, 0, self._end_us)), None)
            self._raw_from_us = first[0] if first is not None else NEVER
        return self._raw_from_us

    @property
    def _end_us(self) -> int:
        return self._now_us + HOUR_S * SECOND_US

    def _parts(
        self, span_s: int, body: Body, from_us: int, to_us: int, columns: tuple[str, ...] | None, width: int
    ) -> RollupColumns:
        parts = [no_rows(width)]
        for _start, packed in self._central.bodies(span_s, body, self._tag, from_us, to_us):
            self._check()
            parts.append(unpack_rollups(packed, columns))
        return concat(*parts)

    def _with_hours(self, found: RollupColumns, from_us: int, to_us: int, width: int) -> RollupColumns:
        """Behind the last day that is there: its hours."""
        begin = max(from_us, (int(found.k[-1]) + 1) * width if len(found) else 0)
        if begin >= to_us:
            return found
        hours = self._parts(HOUR_S, Body.COARSE, begin, to_us, None, LEVELS_S[1] * SECOND_US)
        hours = hours.between(begin // hours.width_us, NEVER)
        if not len(hours):
            return found
        more = coarsen(hours, width, None, (int(hours.k[-1]) + 1) * hours.width_us)
        return concat(found, more) if len(found) else more
