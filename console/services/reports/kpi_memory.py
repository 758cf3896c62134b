"""Rows of the alarm log that were read for the last look at its performance, so that the next look reads only what is
new. The log only ever grows: what has a higher number than the newest one known is new, whatever time it tells of."""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from sqlalchemy.engine import Connection

from console.services.reports.kpi_columns import AlarmColumns

MOST_ROWS = 3_000_000  # some 80 MB; a longer window is read anew each time
Read = Callable[[str, tuple[object, ...], int], AlarmColumns]  # condition in SQL, its values, base of the times


@dataclass(frozen=True, slots=True)
class _Kept:
    """All rows with a number up to `rid` that tell of [low_us, high_us)."""

    low_us: int
    high_us: int
    rid: int
    columns: AlarmColumns


class KpiMemory:
    """Used by the reader's threads; what is kept is never changed, only replaced."""

    def __init__(self) -> None:
        self._kept: _Kept | None = None

    def lacks(self, low_us: int) -> bool:
        """True when a window that begins there would be read anew as a whole."""
        return self._kept is None or low_us < self._kept.low_us

    def put(self, low_us: int, high_us: int, rid: int, columns: AlarmColumns) -> None:
        """All rows with a number up to `rid` that tell of [low_us, high_us)."""
        if len(columns) <= MOST_ROWS:
            self._kept = _Kept(low_us, high_us, rid, columns)

    def window(self, connection: Connection, low_us: int, high_us: int, read: Read) -> AlarmColumns:
        """The rows that tell of [low_us, high_us), as `connection` sees them."""
        kept = self._kept
        newest = int(connection.exec_driver_sql("SELECT coalesce(max(rid), 0) FROM alarm_log").scalar_one())
        if kept is None or low_us < kept.low_us or newest < kept.rid:
            kept = _Kept(low_us, high_us, newest, read("at_us >= ? AND at_us < ?", (low_us, high_us), low_us))
        else:
            kept = _grown(kept, high_us, newest, read)
        self._kept = kept if len(kept.columns) <= MOST_ROWS else None
        columns = kept.columns
        if (kept.low_us, kept.high_us) == (low_us, high_us):
            return columns
        return columns.take((columns.at_us >= low_us) & (columns.at_us < high_us))


def _grown(kept: _Kept, high_us: int, newest: int, read: Read) -> _Kept:
    """With what was logged since, and with what lies behind the end that was read before."""
    columns = kept.columns
    if newest > kept.rid:  # the plus keeps SQLite on the numbers, of which few are new
        since = (kept.rid, kept.low_us, kept.high_us)
        columns = joined(columns, read("rid > ? AND +at_us >= ? AND +at_us < ?", since, kept.low_us))
    if high_us > kept.high_us:
        columns = joined(columns, read("at_us >= ? AND at_us < ?", (kept.high_us, high_us), kept.low_us))
    return _Kept(kept.low_us, max(kept.high_us, high_us), newest, columns)


def joined(before: AlarmColumns, after: AlarmColumns) -> AlarmColumns:
    """The rows of both, in this order, with one numbering of conditions: that of `before` goes on."""
    if not len(after):
        return before
    number = {condition_id: at for at, condition_id in enumerate(before.ids)}
    moved = np.array([number.setdefault(one, len(number)) for one in after.ids], np.int32)
    return AlarmColumns(
        np.concatenate((before.condition, moved[after.condition])),
        np.concatenate((before.start_us, after.start_us)),
        np.concatenate((before.at_us, after.at_us)),
        np.concatenate((before.code, after.code)),
        np.concatenate((before.priority, after.priority)),
        tuple(number),
    )
