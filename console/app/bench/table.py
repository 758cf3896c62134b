"""`leitstand bench table`: from a burst of changed alarms to the painted list, beside Qt's own sorting proxy."""

from collections.abc import Callable, Iterator
from statistics import median
from time import perf_counter
from uuid import UUID

import numpy as np
from numpy.typing import NDArray
from PySide6.QtCore import QAbstractTableModel, QModelIndex, QPersistentModelIndex, QSortFilterProxyModel, Qt
from PySide6.QtGui import QPaintEvent
from PySide6.QtWidgets import QApplication

from console.app.bench.rows import BenchRow
from console.domain.alarms import AlarmKind, AlarmState, Condition
from console.domain.commands import Command
from console.models.alarm_order import alarm_keys
from console.models.alarm_table import AlarmTable
from console.models.sorted_table import SYMBOL_ROLE
from console.services.notifier import Undo
from console.services.records import AlarmsDelta
from console.services.station import ALARMS, Query, Receipt, T, Topic
from console.ui.table_view import TableView
from console.widgets.row_delegate import RowDelegate
from console.widgets.symbol_delegate import SymbolDelegate

ROWS, CHANGES = 100_000, 10_000
GOAL_MS = 50.0
PEER_BUDGET_S = 12.0  # the peer gets fewer rows until one burst fits; what is extrapolated says so
_KEY_ROLE = int(Qt.ItemDataRole.UserRole) + 9
_STATES = np.asarray([AlarmState.UNACKNOWLEDGED, AlarmState.ACKNOWLEDGED, AlarmState.RETURNED_UNACKNOWLEDGED], np.uint8)


class _OneTopicStation:
    """Hands alarm deltas to the model under test; it is never asked for anything else."""

    def __init__(self) -> None:
        self.deliver: Callable[[AlarmsDelta], None] = lambda _delta: None

    async def submit(self, command: Command) -> Receipt:
        raise LookupError(command.name)

    async def query(self, query: Query[T]) -> T:
        raise LookupError(type(query).__name__)

    def subscribe(self, topic: Topic[T], callback: Callable[[T], None]) -> Undo:
        if topic.name == ALARMS.name:
            self.deliver = callback  # type: ignore[assignment]
        return lambda: None


def _conditions(count: int) -> tuple[Condition, ...]:
    return tuple(
        Condition(
            row,
            UUID(int=row + 1),
            "temperature",
            AlarmKind.LIMIT,
            "high",
            subject=f"plant/area {row % 20}/node {row // 50}/tag {row}",
            asset_name=f"NODE-{row // 50}",
            area=f"Area {row % 20}",
            text=f"Temperature {row} high",
            unit="°C",
            limits=(("H", 70.0), ("HH", 80.0)),
        )
        for row in range(count)
    )


def _burst(
    rng: np.random.Generator, rows: NDArray[np.int32], at_us: int, conditions: tuple[Condition, ...] = ()
) -> AlarmsDelta:
    n = len(rows)
    start = at_us + rng.integers(0, 1_000_000, n)
    return AlarmsDelta(
        is_snapshot=bool(conditions),
        conditions=conditions,
        rows=rows,
        state=rng.choice(_STATES, n),
        priority=rng.integers(1, 5, n).astype(np.uint8),
        severity=np.ones(n, np.int8),
        start_us=start,
        annunciated_us=start,
        changed_us=start,
        value=rng.normal(75.0, 5.0, n),
        count=np.ones(n, np.int32),
        uncertain=np.zeros(n, np.bool_),
        flags=np.zeros(n, np.uint8),
    )


class _PeerSource(QAbstractTableModel):
    """The same cells behind QSortFilterProxyModel: the key as sort role, one dataChanged per burst."""

    def __init__(self, table: AlarmTable) -> None:
        super().__init__()
        self.table = table
        self.keys: list[int] = []

    def refresh(self) -> None:
        alarms = self.table.alarms
        keys = alarm_keys(alarms["state"], alarms["priority"], alarms["start_us"])  # type: ignore[arg-type]
        self.keys = (keys >> np.uint64(1)).tolist()  # a signed 64-bit QVariant holds it

    def rowCount(self, parent: QModelIndex | QPersistentModelIndex | None = None) -> int:
        return len(self.keys)

    def columnCount(self, parent: QModelIndex | QPersistentModelIndex | None = None) -> int:
        return len(AlarmTable.COLUMNS)

    def data(self, index: QModelIndex | QPersistentModelIndex, role: int = 0) -> object:
        if role == _KEY_ROLE:
            return self.keys[index.row()]
        if role == Qt.ItemDataRole.DisplayRole:
            return self.table.cell(index.row(), AlarmTable.COLUMNS[index.column()].key)
        return self.table.symbol(index.row()) if role == SYMBOL_ROLE and index.column() == 0 else None


class _CountingView(TableView):
    """Knows when it has painted all of itself; a flashing symbol alone does not count."""

    paints = 0

    def paintEvent(self, event: QPaintEvent) -> None:
        super().paintEvent(event)
        self.paints += event.rect().contains(self.viewport().rect())


def _view(model: QAbstractTableModel | QSortFilterProxyModel) -> _CountingView:
    view = _CountingView("bench")
    view.setModel(model)
    view.setItemDelegate(RowDelegate(view))
    view.setItemDelegateForColumn(0, SymbolDelegate(view, 0, SYMBOL_ROLE))
    view.resize(1400, 900)
    view.show()
    QApplication.processEvents()
    view.selectRow(3)
    QApplication.processEvents()
    return view


def _painted_ms(view: _CountingView, change: Callable[[], None]) -> float:
    """From the change to the end of the first paint that shows it."""
    before = view.paints
    started = perf_counter()
    change()
    while view.paints == before and perf_counter() - started < PEER_BUDGET_S * 10:
        QApplication.processEvents()
    return (perf_counter() - started) * 1000


def _own(rng: np.random.Generator, rows: int, changes: int, repeats: int) -> list[float]:
    station = _OneTopicStation()
    table = AlarmTable(station)
    station.deliver(_burst(rng, np.arange(rows, dtype=np.int32), 1_780_000_000_000_000, _conditions(rows)))
    table.set_visible(True)
    view = _view(table)
    times = []
    for turn in range(repeats + 1):
        delta = _burst(rng, _some(rng, rows, changes), 1_780_000_100_000_000 + turn * 1_000_000)
        station.deliver(delta)
        times.append(_painted_ms(view, table.flush))
    _done(view)
    table.close()
    return times[1:]


def _own_by_area(rng: np.random.Generator, rows: int, changes: int, repeats: int) -> list[float]:
    """The same with three chosen sort columns: no merge, one multi-key sort per beat."""
    station = _OneTopicStation()
    table = AlarmTable(station)
    station.deliver(_burst(rng, np.arange(rows, dtype=np.int32), 1_780_000_000_000_000, _conditions(rows)))
    table.set_visible(True)
    view = _view(table)
    view.set_sort(((5, False), (4, False), (1, True)))
    times = []
    for turn in range(repeats):
        station.deliver(_burst(rng, _some(rng, rows, changes), 1_780_000_100_000_000 + turn * 1_000_000))
        times.append(_painted_ms(view, table.flush))
    _done(view)
    table.close()
    return times


def _peer(rng: np.random.Generator, rows: int, changes: int) -> float:
    station = _OneTopicStation()
    table = AlarmTable(station)
    station.deliver(_burst(rng, np.arange(rows, dtype=np.int32), 1_780_000_000_000_000, _conditions(rows)))
    table.flush()
    source, proxy = _PeerSource(table), QSortFilterProxyModel()
    source.refresh()
    proxy.setSortRole(_KEY_ROLE)
    proxy.setDynamicSortFilter(True)
    proxy.setSourceModel(source)
    proxy.sort(0)
    view = _view(proxy)

    def change() -> None:
        station.deliver(_burst(rng, _some(rng, rows, changes), 1_780_000_100_000_000))
        table.flush()
        source.refresh()
        source.dataChanged.emit(source.index(0, 0), source.index(rows - 1, len(AlarmTable.COLUMNS) - 1))

    took = _painted_ms(view, change)
    _done(view)
    table.close()
    return took


def _some(rng: np.random.Generator, rows: int, changes: int) -> NDArray[np.int32]:
    return rng.choice(rows, changes, replace=False).astype(np.int32)


def _done(view: _CountingView) -> None:
    view.hide()
    view.setModel(None)
    view.deleteLater()
    QApplication.processEvents()


def _peer_at_size(rng: np.random.Generator) -> tuple[float, str]:
    """The peer's time at full size: measured when it fits the budget, else from two smaller sizes by their slope."""
    sizes = (5_000, 10_000, 20_000)
    measured: list[tuple[int, float]] = []
    for size in sizes:
        took = _peer(rng, size, size // 10)
        measured.append((size, took))
        if took > PEER_BUDGET_S * 250:
            break
    (small, fast), (large, slow) = measured[-2] if len(measured) > 1 else (1, measured[0][1]), measured[-1]
    slope = max(1.0, float(np.log(slow / fast) / np.log(large / small)))
    expected = slow * (ROWS / large) ** slope
    if expected < PEER_BUDGET_S * 1000:
        return _peer(rng, ROWS, CHANGES), "QSortFilterProxyModel"
    return expected, f"QSortFilterProxyModel (extrapolated from {large} rows, {slow:.0f} ms, exponent {slope:.2f})"


def run(quick: bool) -> Iterator[BenchRow]:
    """Rows of the bench; needs a QApplication. `quick` repeats less and asks a smaller peer."""
    rng = np.random.default_rng(7)
    repeats = 5 if quick else 15
    own = median(_own(rng, ROWS, CHANGES, repeats))
    if quick:
        at, peer = 5_000, _peer(rng, 5_000, 500)
        small = median(_own(rng, at, 500, repeats))
        yield _row(f"{at:,} rows, 500 changes, painted", small, "QSortFilterProxyModel", peer)
        yield _row(f"{ROWS:,} rows, {CHANGES:,} changes, painted", own, "", None, GOAL_MS)
        return
    peer, name = _peer_at_size(rng)
    yield _row(f"{ROWS:,} rows, {CHANGES:,} changes, painted", own, name, peer, GOAL_MS)
    yield _row("the same, sorted by area, asset, since", median(_own_by_area(rng, ROWS, CHANGES, repeats)), name, peer)


def _row(case: str, value: float, beside: str, peer: float | None, goal_ms: float | None = None) -> BenchRow:
    return BenchRow(
        "table",
        case,
        round(value, 2),
        "ms",
        beside,
        None if peer is None else round(peer, 1),
        None if peer is None else round(value / peer, 5),
        "" if goal_ms is None else f"<= {goal_ms:g} ms",
        None if goal_ms is None else value <= goal_ms,
    )
