"""`[priority_matrix]` of `site/alarms.toml`: which consequence and which time to respond make which priority."""

from console.config.alarm_rule_table import PRIORITIES
from console.config.problems import TableReader
from console.domain.alarms import Priority
from console.domain.master_fields import Severity
from console.domain.priority_matrix import DEFAULT_MATRIX, PriorityMatrix

_LONGEST_S = 31 * 86_400


def read_matrix(reader: TableReader) -> PriorityMatrix:
    """The site's matrix, the usual one where it gives none; what is wrong is in the reader.

    `bounds_s = [180, 600, 1800]` and, for `severe`, `major` and `minor`, one priority more than there are bounds.
    """
    table = reader.section("priority_matrix")
    if not table.table:
        return DEFAULT_MATRIX
    before = len(reader.problems)
    bounds = _bounds(table)
    rows = {severity: _row(table, severity.value, len(bounds) + 1) for severity in Severity}
    table.unknown_keys()
    return PriorityMatrix(bounds, rows) if len(reader.problems) == before else DEFAULT_MATRIX


def _bounds(table: TableReader) -> tuple[int, ...]:
    given = _items(table, "bounds_s", list(DEFAULT_MATRIX.bounds_s))
    whole = [one for one in given if isinstance(one, int) and not isinstance(one, bool) and 0 < one <= _LONGEST_S]
    if not given or len(whole) != len(given) or whole != sorted(set(whole)):
        table.problem("bounds_s", "must be rising seconds", "for example [180, 600, 1800]")
        return DEFAULT_MATRIX.bounds_s
    return tuple(whole)


def _row(table: TableReader, key: str, length: int) -> tuple[Priority, ...]:
    given = _items(table, key, [int(one) for one in DEFAULT_MATRIX.rows[Severity(key)]])
    found = [_priority(one) for one in given]
    known = tuple(one for one in found if one is not None)
    if len(known) != length or len(found) != length:
        table.problem(key, f"needs {length} priorities", "1 critical, 2 high, 3 medium, 4 low, 5 journal")
    elif list(known) != sorted(known):
        table.problem(key, "more time must not make an alarm more urgent", "give priorities that do not fall")
    return known


def _items(table: TableReader, key: str, usual: list[int]) -> list[object]:
    found: object = table._get(key, list, "a list", usual)
    return list(found) if isinstance(found, list) else []


def _priority(given: object) -> Priority | None:
    if isinstance(given, str):
        return PRIORITIES.get(given.lower())
    is_one = isinstance(given, int) and not isinstance(given, bool) and given in set(Priority)
    return Priority(given) if is_one else None  # type: ignore[arg-type]
