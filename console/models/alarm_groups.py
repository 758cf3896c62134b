"""The alarm list in groups, each under a head row with its counts; of a folded one the critical stay in sight."""

from dataclasses import dataclass
from enum import StrEnum

import numpy as np
from numpy.typing import NDArray

from console.domain.alarms import AlarmState, Priority
from console.models.alarm_columns import BETWEEN, AlarmColumns
from console.models.alarm_order import is_unacknowledged
from console.models.alarm_texts import class_word
from console.models.row_order import NO_ROWS, Rows
from console.ui.translation import mark, tr

_FIRST_BASE = 1024
IN_SIGHT = 3  # unacknowledged critical alarms of a folded group that stay under its head; the head counts them all


class GroupBy(StrEnum):
    """CAUSE is area and cause: the same cause in two areas is two groups."""

    NONE = "none"
    AREA = "area"
    ASSET = "asset"
    CLASS = "class"
    CAUSE = "cause"


GROUP_WORDS = {
    GroupBy.NONE: mark("not grouped"),
    GroupBy.AREA: mark("grouped by area"),
    GroupBy.ASSET: mark("grouped by asset"),
    GroupBy.CLASS: mark("grouped by class"),
    GroupBy.CAUSE: mark("grouped by area and cause"),
}
_FIELDS = {GroupBy.AREA: "area", GroupBy.ASSET: "asset_name", GroupBy.CLASS: "alarm_class", GroupBy.CAUSE: "cause"}
_EMPTY = {
    GroupBy.AREA: mark("no area"),
    GroupBy.ASSET: mark("no asset"),
    GroupBy.CLASS: mark("no class"),
    GroupBy.CAUSE: mark("no cause"),
}


@dataclass(frozen=True, slots=True)
class Group:
    """One head row. `priority` is the most urgent of what nobody has acknowledged, else of all."""

    name: str
    count: int
    unacknowledged: int
    critical: int  # of the unacknowledged ones
    priority: int
    first_us: int
    last_us: int
    is_folded: bool


class AlarmGroups:
    """Arranges an order of rows under head rows. Head rows have numbers from `base` on, behind every alarm's row."""

    def __init__(self, alarms: AlarmColumns) -> None:
        self._alarms = alarms
        self.by = GroupBy.NONE
        self.base = _FIRST_BASE
        self._folded: set[str] = set()
        self._all_folded = False
        self._count: NDArray[np.int64] = np.empty(0, np.int64)
        self._unacknowledged: NDArray[np.int64] = self._count
        self._critical: NDArray[np.int64] = self._count
        self._priority: NDArray[np.int64] = self._count
        self._first: NDArray[np.int64] = self._count
        self._last: NDArray[np.int64] = self._count

    def choose(self, by: GroupBy, *, folded: bool = False) -> None:
        """Group anew, every group folded or open."""
        self.by = by
        self._all_folded = folded
        self._folded.clear()

    def is_head(self, row: int) -> bool:
        return self.by != GroupBy.NONE and row >= self.base

    def toggle(self, row: int) -> None:
        """Fold an open group, open a folded one; `row` is its head's."""
        self._folded ^= {self._name(row - self.base)}

    def is_folded(self, row: int) -> bool:
        return (self._name(row - self.base) in self._folded) != self._all_folded

    def head_of(self, row: int) -> int:
        """The head row of an alarm's group."""
        return self.base + int(self._codes()[row])

    def arranged(self, flat: Rows) -> Rows:
        """The rows of `flat` group by group, the group with the first row first, each in the order of `flat`."""
        codes = self._codes()
        self.base = max(_FIRST_BASE, 1 << len(self._alarms).bit_length())
        self._tell(flat, codes)
        if not len(flat):
            return NO_ROWS
        mine = codes[flat]
        first = np.full(len(self._count), len(flat))
        first[mine[::-1]] = np.arange(len(flat))[::-1]  # the last to write stands: that with the lowest place
        present = np.flatnonzero(self._count)
        ordered = present[np.argsort(first[present], kind="stable")]
        rank = np.zeros(
            len(self._count), np.uint16 if len(ordered) < 1 << 16 else np.int64
        )  # small ones sort by digits
        rank[ordered] = np.arange(len(ordered))
        # One alarm is its own cause: a head over it would only say the same again.
        is_alone = (self._count == 1) & (self.by == GroupBy.CAUSE)
        is_seen = self._seen(flat, mine, ~is_alone)
        rows, mine = flat[is_seen], mine[is_seen]
        rows = rows[np.argsort(rank[mine], kind="stable")]
        seen = np.bincount(mine, minlength=len(self._count))[ordered]
        has_head = ~is_alone[ordered]
        return np.insert(rows, (np.cumsum(seen) - seen)[has_head], (self.base + ordered[has_head]).astype(np.int32))

    def _seen(self, flat: Rows, mine: NDArray[np.int32], may_fold: NDArray[np.bool_]) -> NDArray[np.bool_]:
        """Which rows of `flat` stand under their heads: all of an open group, the first urgent ones of a folded one."""
        folded = np.full(len(self._count), self._all_folded)
        turned = self._alarms.texts[_FIELDS[self.by]].codes_of(frozenset(self._folded))
        folded[turned[turned < len(folded)]] ^= True
        folded &= may_fold
        if not folded.any():
            return np.ones(len(flat), np.bool_)
        is_folded = folded[mine]
        seen = ~is_folded
        alarms = self._alarms
        is_urgent = is_folded & (alarms["priority"][flat] == Priority.CRITICAL)
        urgent = np.flatnonzero(is_urgent)
        urgent = urgent[is_unacknowledged(alarms["state"][flat[urgent]])]  # type: ignore[arg-type]
        by_group = urgent[np.argsort(mine[urgent], kind="stable")]
        group, places = mine[by_group], np.arange(len(by_group))
        begins = np.maximum.accumulate(np.where(np.diff(group, prepend=-1) != 0, places, 0))
        seen[by_group[places - begins < IN_SIGHT]] = True
        return seen

    def group(self, row: int) -> Group:
        """What the head row tells."""
        code = row - self.base
        if not 0 <= code < len(self._count):
            return Group("", 0, 0, 0, 0, 0, 0, False)
        return Group(
            self._words(code),
            int(self._count[code]),
            int(self._unacknowledged[code]),
            int(self._critical[code]),
            int(self._priority[code]),
            int(self._first[code]),
            int(self._last[code]),
            self.is_folded(row),
        )

    def _tell(self, flat: Rows, codes: NDArray[np.int32]) -> None:
        alarms, mine = self._alarms, codes[flat]
        size = int(codes.max(initial=-1)) + 1
        owed = is_unacknowledged(alarms["state"][flat])  # type: ignore[arg-type]
        urgency = alarms["priority"][flat] + np.where(owed, np.uint8(0), np.uint8(16))  # unacknowledged first
        start = alarms["since_us"][flat]
        self._count = np.bincount(mine, minlength=size)
        self._unacknowledged = np.bincount(mine[owed], minlength=size)
        self._critical = np.bincount(mine[urgency == Priority.CRITICAL], minlength=size)
        worst = np.full(size, 31, np.uint8)
        np.minimum.at(worst, mine, urgency)
        self._priority = worst.astype(np.int64) % 16
        self._first = np.full(size, np.iinfo(np.int64).max)
        np.minimum.at(self._first, mine, start)
        self._last = np.zeros(size, np.int64)
        np.maximum.at(self._last, mine, start)

    def _codes(self) -> NDArray[np.int32]:
        return np.maximum(self._alarms.texts[_FIELDS[self.by]].codes(len(self._alarms)), 0)

    def _words(self, code: int) -> str:
        """The group's name in the person's language: Leitstand's own alarm texts are among the causes."""
        area, _, cause = self._name(code).rpartition(BETWEEN)
        if self.by == GroupBy.CAUSE:
            cause = tr(cause)
        elif self.by == GroupBy.CLASS:
            cause = class_word(cause, self._alarms.class_names.get(cause, ""))
        return " · ".join(part for part in (area, cause) if part) or tr(_EMPTY.get(self.by, ""))

    def _name(self, code: int) -> str:
        return self._alarms.texts[_FIELDS[self.by]].name(code)


def head_state(group: Group) -> AlarmState:
    """The state whose symbol stands for the group."""
    return AlarmState.UNACKNOWLEDGED if group.unacknowledged else AlarmState.ACKNOWLEDGED
