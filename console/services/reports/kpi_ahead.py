"""The first look at a long time: both halves of its rows at once, each by a thread of the reader.

SQLite joins the columns without Python's lock, so two cores work. What they give is one moment's log: rows that came
after the question are left to the memory, as for every later look.
"""

import asyncio
from functools import partial

from sqlalchemy.engine import Connection

from console.services.reports.alarm_kpi import LOOKBACK_US
from console.services.reports.kpi_columns import AlarmColumns
from console.services.reports.kpi_memory import MOST_ROWS, KpiMemory, joined
from console.services.reports.kpi_read import packed
from console.services.storage.ports import Reader

LEAST_ROWS = 100_000  # fewer are read in less time than is worth a second thread
_NEWEST = "SELECT coalesce(max(rid), 0) FROM alarm_log"
_BEGIN = "SELECT rid FROM alarm_log WHERE at_us >= ? ORDER BY at_us LIMIT 1"
_END = "SELECT rid FROM alarm_log WHERE at_us < ? ORDER BY at_us DESC LIMIT 1"
_MIDDLE = "SELECT at_us FROM alarm_log WHERE rid >= ? ORDER BY rid LIMIT 1"
# the plus keeps SQLite on the index of moments
_HALF = "at_us >= ? AND at_us < ? AND +rid <= ?"


async def read_ahead(reader: Reader, from_us: int, to_us: int, memory: KpiMemory) -> None:
    """Fill the memory for a window from `from_us` to `to_us`, where that is much and nothing of it is known."""
    low = from_us - LOOKBACK_US
    if not memory.lacks(low):
        return
    found = await reader.read(lambda connection: _middle(connection, low, to_us))
    if found is None:
        return
    newest, middle = found
    halves = ((low, middle), (middle, to_us))
    before, after = await asyncio.gather(
        *(reader.read(partial(_half, window=half, newest=newest, base_us=low)) for half in halves)
    )
    memory.put(low, to_us, newest, joined(before, after))


def _middle(connection: Connection, low: int, high: int) -> tuple[int, int] | None:
    """The newest number, and a moment about which as many rows lie before as behind; None: not worth dividing."""
    begin, end = (
        connection.exec_driver_sql(sql, (at_us,)).scalar() or 0 for sql, at_us in ((_BEGIN, low), (_END, high))
    )
    if not LEAST_ROWS <= end - begin <= MOST_ROWS:
        return None
    middle = int(connection.exec_driver_sql(_MIDDLE, ((begin + end) // 2,)).scalar_one())
    return int(connection.exec_driver_sql(_NEWEST).scalar_one()), min(max(middle, low), high)


def _half(connection: Connection, window: tuple[int, int], newest: int, base_us: int) -> AlarmColumns:
    return packed(connection, _HALF, (*window, newest), base_us)
