"""What shows only over several alarms or occurrences: floods, chattering, and who was first of a group."""

from collections.abc import Sequence
from itertools import takewhile

import numpy as np

from console.domain.alarm_classes import FloodRules
from console.domain.alarm_flags import AlarmFlag
from console.domain.alarms import AlarmState, Priority
from console.domain.chatter import Chatter
from console.domain.first_out import FirstOutGroup
from console.domain.flood import FloodWatch
from console.services.alarms.alarm_book import AlarmBook, RowWatcher
from console.services.alarms.flags import Flags
from console.services.records import FloodRecord

_LOOK_US = 1_000_000


class Patterns(RowWatcher):
    """Watches the rows; sets marks and nothing else. Cost follows what happens, not what is configured."""

    def __init__(self, book: AlarmBook, flags: Flags, rules: FloodRules) -> None:
        self._book = book
        self._flags = flags
        self.flood = FloodWatch(rules)
        self._newest: dict[int, int] = {}  # row -> start of its newest occurrence that was counted
        self._chatter: dict[int, Chatter] = {}  # rows with an activation in the last minutes, the newest last
        self._groups: dict[str, FirstOutGroup] = {}  # those with activity
        self._looked_us = 0
        book.watchers.append(self)

    def begun(self, row: int, now_us: int) -> None:
        """Another occurrence is on the row. The same one under the name of an older part of it is no news."""
        if self._book.rows.priority[row] < Priority.JOURNAL:
            self._note(row, int(self._book.rows.start_us[row]), now_us)

    def begun_all(self, rows: Sequence[int], now_us: int) -> None:
        index, known = np.array(rows, np.int64), self._book.rows
        index = index[known.priority[index] < Priority.JOURNAL]
        for row, start_us in zip(index.tolist(), known.start_us[index].tolist(), strict=True):
            self._note(row, start_us, now_us)

    def _note(self, row: int, start_us: int, now_us: int) -> None:
        if start_us <= self._newest.get(row, -1):
            return
        self._newest[row] = start_us
        known = self._chatter.pop(row, None)  # to the end: the newest last
        chatter = self._chatter[row] = Chatter() if known is None else known
        if chatter.begun(start_us, now_us):
            self._flags.mark(self._book.ids[row], AlarmFlag.CHATTERING, is_on=True)
        group = self._book.condition(row).first_out
        if group:
            self._first_of(group, row, start_us)

    def annunciated(self, row: int, now_us: int) -> None:
        """The row asks for attention: this is what an operator can read only so much of."""
        priority = int(self._book.rows.priority[row])
        if priority < Priority.JOURNAL:
            self.flood.annunciated(now_us, self._book.condition(row).area, priority)

    def annunciated_all(self, rows: Sequence[int], now_us: int) -> None:
        index, condition_of = np.array(rows, np.int64), self._book.condition
        for row, priority in zip(rows, self._book.rows.priority[index].tolist(), strict=True):
            if priority < Priority.JOURNAL:
                self.flood.annunciated(now_us, condition_of(row).area, priority)

    def tick(self, now_us: int) -> None:
        """Every turn; looks once a second."""
        if 0 <= now_us - self._looked_us < _LOOK_US:
            return
        self._looked_us = now_us
        self.flood.tick(now_us)
        quiet = takewhile(lambda known: known[1].is_quiet(now_us), self._chatter.items())
        for row in [row for row, _chatter in quiet]:
            if self._chatter.pop(row).is_chattering:
                self._flags.mark(self._book.ids[row], AlarmFlag.CHATTERING, is_on=False)
        for name, group in list(self._groups.items()):
            self._look_at(name, group)

    def reset_first_out(self, group: str) -> None:
        """Take the mark off by hand; the next activity of the group marks anew."""
        known = self._groups.get(group)
        if known is None:
            return
        if known.first is not None:
            self._flags.mark(self._book.ids[known.first], AlarmFlag.FIRST_OUT, is_on=False)
        known.reset()

    def flood_record(self) -> FloodRecord:
        """Whether more comes than a person can read, and from where."""
        flood = self.flood
        return FloodRecord(flood.is_flood, flood.since_us, flood.in_window, flood.rules.window_s, flood.areas())

    def _first_of(self, name: str, row: int, start_us: int) -> None:
        group = self._groups.setdefault(name, FirstOutGroup())
        self._look_at(name, group, beside=row)  # who has left the list since belongs to an older activity
        self._groups[name] = group
        before = group.first
        first = group.begun(row, start_us)
        if first == before:
            return
        for member, is_on in ((before, False), (first, True)):
            if member is not None:
                self._flags.mark(self._book.ids[member], AlarmFlag.FIRST_OUT, is_on=is_on)

    def _look_at(self, name: str, group: FirstOutGroup, beside: int = -1) -> None:
        members = np.fromiter(group.members, np.int64)
        gone = members[self._book.rows.state[members] == AlarmState.NORMAL]
        before = group.first
        for row in gone.tolist():
            if row != beside:
                group.normal(row)
        if before is not None and group.first is None:
            self._flags.mark(self._book.ids[before], AlarmFlag.FIRST_OUT, is_on=False)
        if not group.members:
            self._groups.pop(name, None)
