"""Master alarm records as a table, and what a table of them would change: every wrong row is named, none is skipped."""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence

from console.domain.master_alarms import MasterAlarm, changed_values, replaced
from console.domain.master_audit import Difference
from console.domain.master_fields import FIELD_OF, FIELDS, key_of, parts_of, value_of
from console.domain.priority_matrix import PriorityMatrix
from console.domain.refusal import Refused
from console.services.master_records import ChangeRow, RowFault
from console.services.reports.sheet_in import SheetRow

KEY_COLUMNS = ("rule", "band")
TOLD_COLUMNS = ("priority", "state")  # written to be read by people; an import passes over them
HEADERS = (*KEY_COLUMNS, *(field.key for field in FIELDS), *TOLD_COLUMNS)
DIFFERENCE_HEADERS = ("rule", "band", "finding", "unauthorised", "field", "master", "live")
MOST_ROWS = 20_000
MOST_FAULTS = 500
_ESCAPED = ('"', "\\", "\n", "\t")  # two bytes each in JSON
Known = Callable[[str], MasterAlarm | None]


def table_of(records: Iterable[MasterAlarm], matrix: PriorityMatrix) -> Iterator[tuple[str, ...]]:
    """One row for each record, in the columns of `HEADERS`."""
    for record in records:
        priority = matrix.priority(record.values.get("severity", ""), record.values.get("time_to_respond_s", ""))
        values = (record.values.get(field.key, "") for field in FIELDS)
        yield (*parts_of(record.key), *values, str(int(priority)) if priority else "", record.state.value)


def table_of_differences(found: Iterable[Difference]) -> Iterator[tuple[str, ...]]:
    for one in found:
        yield (
            *parts_of(one.key), one.finding.value, "yes" if one.is_unauthorised else "no", one.field, one.master,
            one.live,
        )  # fmt: skip


class ImportReader:
    """Feed it row by row, the heading first; then `changes`, `faults` and `written` tell what an import is.

    A column that the file does not have stays as it is; an empty cell takes the value away.
    """

    def __init__(self, known: Known) -> None:
        self.rows = 0
        self.changes: list[ChangeRow] = []
        self.faults: list[RowFault] = []
        self.written: dict[str, dict[str, str]] = {}  # key -> the values that change
        self._known = known
        self._columns: dict[int, str] = {}
        self._seen: dict[str, int] = {}

    def take(self, row: SheetRow) -> None:
        if not self._columns:
            self._heading(row)
        elif len(self.faults) < MOST_FAULTS:
            self._row(row)

    def finish(self) -> None:
        """The file is at its end."""
        if not self._columns and not self.faults:
            self.faults.append(RowFault(1, "", "The file is empty"))

    def _fault(self, row: int, column: str, why: str, values: Mapping[str, object] | None = None) -> None:
        self.faults.append(RowFault(row, column, why, values or {}))

    def _heading(self, row: SheetRow) -> None:
        names = [cell.strip().casefold() for cell in row.cells]
        for at, name in enumerate(names):
            if not name:
                continue
            if name not in HEADERS:
                self._fault(row.number, row.cells[at][:40], "This column is not known")
            elif name in self._columns.values():
                self._fault(row.number, name, "This column stands there twice")
            self._columns[at] = name
        if "rule" not in names:
            self._fault(row.number, "rule", "This column is missing")

    def _row(self, row: SheetRow) -> None:
        self.rows += 1
        if self.rows > MOST_ROWS:
            if self.rows == MOST_ROWS + 1:
                self._fault(row.number, "", "At most {limit} rows can be imported at once", {"limit": MOST_ROWS})
            return
        cells = {name: row.cells[at] if at < len(row.cells) else "" for at, name in self._columns.items()}
        try:
            key = key_of(cells.get("rule", ""), cells.get("band", ""))
        except Refused as refused:
            self._fault(row.number, "rule", refused.text, refused.values)
            return
        if key in self._seen:
            self._fault(row.number, "rule", "This record stands in row {row} already", {"row": self._seen[key]})
            return
        self._seen[key] = row.number
        if any(cell for cell in row.cells[max(self._columns) + 1 :]):
            self._fault(row.number, "", "This row has more cells than the heading")
        values = self._values(row.number, cells)
        if values is not None:
            self._changes(row.number, key, values)

    def _values(self, number: int, cells: Mapping[str, str]) -> dict[str, str] | None:
        """None when one of them is wrong; every wrong one is told."""
        values: dict[str, str] = {}
        before = len(self.faults)
        for name, cell in cells.items():
            if name in FIELD_OF:
                try:
                    values[name] = value_of(name, cell)
                except Refused as refused:
                    self._fault(number, name, refused.text, refused.values)
        return values if len(self.faults) == before else None

    def _changes(self, number: int, key: str, values: Mapping[str, str]) -> None:
        record = self._known(key)
        changed = changed_values(record or MasterAlarm(key), values)
        before = record.values if record is not None else {}
        if changed:
            self.written[key] = changed
        for name, value in changed.items():
            self.changes.append(ChangeRow(number, key, name, before.get(name, ""), value, record is None))


def packed(written: Mapping[str, Mapping[str, str]], known: Known, most: int) -> Iterator[tuple[tuple[str, ...], ...]]:
    """The rows of an import's facts, each fact of at most about `most` bytes, with the events that they replace; made
    when the next one is asked for, so that others may run between."""
    part: list[tuple[str, ...]] = []
    size = 0
    for key, values in written.items():
        parents = replaced(known(key) or MasterAlarm(key), values.keys())
        cells: Sequence[str] = [cell for pair in values.items() for cell in pair]
        row = (key, " ".join(parent.hex() for parent in parents), *cells)
        told = "".join(row)
        cost = len(told.encode()) + 4 * len(row) + sum(told.count(sign) for sign in _ESCAPED)
        if size + cost > most and part:
            yield tuple(part)
            part, size = [], 0
        part.append(row)
        size += cost
    if part:
        yield tuple(part)
