"""The columns of the alarm KPIs out of `alarm_log`, without making a Python object of every row.

SQLite joins each column into one text or blob, numpy reads it: less than half of what fetching the rows costs. Beside
the rows of the window stand those that its beginning needs: of occurrences that were open then, and of what hid alarms.
"""

from collections.abc import Collection, Iterable, Sequence
from dataclasses import replace
from typing import Any
from uuid import UUID

import numpy as np
from numpy.typing import NDArray
from sqlalchemy.engine import Connection

from console.services.kpi_records import KpiReport, Offender
from console.services.reports.alarm_kpi import LOOKBACK_US
from console.services.reports.kpi_columns import CODE, FIRST_ASIDE, UNKNOWN, AlarmColumns, columns_of
from console.services.reports.kpi_memory import KpiMemory, joined
from console.services.reports.kpi_numbering import numbered

I64 = NDArray[np.int64]
Row = tuple[bytes, int, str, int, int]
_TENS = np.uint8(1)
_FIRST = 10  # so that a code and a priority are three digits, of whatever kind
_CODES = " ".join(f"WHEN '{word}' THEN {10 * (_FIRST + code)}" for word, code in CODE.items())
_KIND = (
    f"CASE transition {_CODES} ELSE {10 * (_FIRST + UNKNOWN)} END"
    " + CASE WHEN priority BETWEEN 0 AND 9 THEN priority ELSE 9 END"
)
_PACKED = (
    "SELECT count(*), CAST(group_concat(condition_id, '') AS BLOB), group_concat(start_us - {base}, ' '),"
    " group_concat(at_us - start_us, ' '), group_concat({kind}, ' ')"
    " FROM alarm_log WHERE {which}"
)
_ROW = "SELECT condition_id, start_us, transition, at_us, priority FROM alarm_log"
_OF_OCCURRENCE = f"{_ROW} WHERE condition_id = ? AND start_us = ? AND at_us < ? ORDER BY rid"
_ASIDE = f"{_ROW} WHERE start_us = 0 AND at_us < ? ORDER BY at_us, rid"
_OPEN_NOW = "SELECT condition_id, start_us FROM alarm_open WHERE start_us < ?"
# the plus keeps SQLite on the index of moments: few rows tell of what comes after the window
_OPEN_THEN = (
    "SELECT DISTINCT +condition_id, +start_us FROM alarm_log WHERE at_us >= ? AND start_us < ? AND start_us > 0"
)
# every condition of the log by steps through its index, each with the area of its newest occurrence
_PLACED = (
    "WITH RECURSIVE one(id) AS (SELECT min(condition_id) FROM alarm_log UNION ALL"
    " SELECT (SELECT min(condition_id) FROM alarm_log WHERE condition_id > one.id) FROM one WHERE one.id IS NOT NULL)"
    " SELECT id, (SELECT area FROM alarm_log WHERE condition_id = id ORDER BY start_us DESC, at_us DESC, rid DESC"
    " LIMIT 1) FROM one WHERE id IS NOT NULL"
)
_WHAT = "SELECT subject, text, area, priority FROM alarm_log WHERE condition_id = ?"


def read_columns(
    connection: Connection, from_us: int, to_us: int, areas: Sequence[str] = (), memory: KpiMemory | None = None
) -> AlarmColumns:
    """What `alarm_kpi` needs of [from_us, to_us); `areas`: of the alarms of these only, empty for all. An alarm lies
    in the area of its newest occurrence, with all its past: half an occurrence would never end. With a `memory` only
    what it does not hold is read."""
    low = from_us - LOOKBACK_US

    def read(which: str, values: tuple[object, ...], base: int) -> AlarmColumns:
        return packed(connection, which, values, base)

    window = (memory or KpiMemory()).window(connection, low, to_us, read)
    if areas:
        chosen = {condition_id for condition_id, area in _placed(connection) if area in areas}
        window = _of(window, chosen)
    before: list[Row] = []
    for condition_id, start_us in _open_at(connection, window, low, to_us):
        before += _rows(connection, _OF_OCCURRENCE, (condition_id, start_us, low))
    before += _rows(connection, _ASIDE, (low,))
    whole = joined(columns_of(before), window)
    return _of(whole, chosen) if areas else whole


def described(connection: Connection, report: KpiReport) -> KpiReport:
    """With what the listed alarms are called."""
    known: dict[UUID, tuple[str, str, str, int]] = {}

    def named(one: Offender) -> Offender:
        if one.condition_id not in known:
            known[one.condition_id] = _what(connection, one)
        return replace(one, **dict(zip(("subject", "text", "area", "priority"), known[one.condition_id], strict=True)))  # type: ignore[arg-type]

    return replace(report, lists={name: tuple(map(named, found)) for name, found in report.lists.items()})


def read_areas(connection: Connection) -> tuple[str, ...]:
    """Every area in which alarms of the log lie."""
    return tuple(sorted({area for _condition_id, area in _placed(connection) if area}))


def _placed(connection: Connection) -> list[tuple[bytes, str]]:
    """Each condition of the log and its area."""
    return [(bytes(row[0]), str(row[1])) for row in connection.exec_driver_sql(_PLACED)]


def _of(columns: AlarmColumns, chosen: Collection[bytes]) -> AlarmColumns:
    """The rows of these conditions."""
    is_chosen = np.fromiter((one in chosen for one in columns.ids), np.bool_, len(columns.ids))
    return columns.take(is_chosen[columns.condition])


def packed(connection: Connection, which: str, values: tuple[object, ...], base_us: int) -> AlarmColumns:
    """The rows of `alarm_log` that meet a condition in SQL; times count from `base_us` on, which keeps them short."""
    sql = _PACKED.format(base=int(base_us), kind=_KIND, which=which)
    count, ids, starts, delays, kinds = connection.exec_driver_sql(sql, values).one()
    if not count:
        return columns_of(())
    condition, known = dense(ids)
    start_us = _numbers(starts) + base_us
    tens, ones, priority = _digits(kinds)
    return AlarmColumns(condition, start_us, start_us + _numbers(delays), 10 * (tens - _TENS) + ones, priority, known)


def _numbers(text: str) -> I64:
    return np.fromstring(text, dtype=np.int64, sep=" ")


def _digits(text: str) -> NDArray[np.uint8]:
    """Three digits each, with a space between: three columns."""
    figures = np.frombuffer(f"{text} ".encode("ascii"), np.uint8).reshape(-1, 4)[:, :3] - np.uint8(ord("0"))
    return np.ascontiguousarray(figures.T)


def dense(blob: bytes) -> tuple[NDArray[np.int32], tuple[bytes, ...]]:
    """Numbers from 0 for ids of 16 bytes that stand one behind the other, and the ids by number."""
    halves = np.frombuffer(blob, ">u8").astype(np.uint64).reshape(-1, 2)
    number, first = numbered(np.ascontiguousarray(halves[:, 0]), np.ascontiguousarray(halves[:, 1]))
    ids = tuple(blob[16 * at : 16 * at + 16] for at in first.tolist())
    return number, ids


def _open_at(connection: Connection, window: AlarmColumns, low: int, high: int) -> Iterable[tuple[bytes, int]]:
    """Occurrences that may have been open at `low`: open now, or something happened to them since."""
    older = np.flatnonzero((window.start_us < low) & (window.code < FIRST_ASIDE))
    ids = window.ids
    found = {(ids[int(window.condition[at])], int(window.start_us[at])) for at in older.tolist()}
    found.update(_pairs(connection.exec_driver_sql(_OPEN_NOW, (low,))))
    found.update(_pairs(connection.exec_driver_sql(_OPEN_THEN, (high, low))))
    return sorted(found)


def _pairs(rows: Iterable[Any]) -> Iterable[tuple[bytes, int]]:
    return ((bytes(row[0]), int(row[1])) for row in rows)


def _rows(connection: Connection, sql: str, values: tuple[object, ...]) -> list[Row]:
    return [(bytes(row[0]), row[1], row[2], row[3], row[4]) for row in connection.exec_driver_sql(sql, values)]


def _what(connection: Connection, one: Offender) -> tuple[str, str, str, int]:
    """From a row of the named occurrence, else from any row of the condition."""
    sql, values = f"{_WHAT} LIMIT 1", (one.condition_id.bytes,)
    if one.start_us:
        sql, values = f"{_WHAT} AND start_us = ? LIMIT 1", (one.condition_id.bytes, one.start_us)  # type: ignore[assignment]
    row = connection.exec_driver_sql(sql, values).first()
    return ("", "", "", 0) if row is None else (str(row[0]), str(row[1]), str(row[2]), int(row[3]))
