"""The two steps that a burst is made of, for many rows at once: a fresh raise and a plain return.

They do what `AlarmBook.apply` does to one row after the other, as columns: many times as many rows in the same time.
What is anything else (hidden, latching, acknowledged before it came, open elsewhere, an older one behind it, a stamp
that was seen before) is left to the book. A property test holds both roads against each other.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from console.domain.alarm_flags import AlarmFlag
from console.domain.alarm_step import Alarm, Returning, Transition
from console.domain.alarms import AlarmState, Priority
from console.services.alarms.alarm_book import AlarmBook
from console.services.alarms.alarm_rows import RETURNING
from console.services.alarms.limits import Flags, Floats, Rows, Times

_MARKS = int(AlarmFlag.CHATTERING | AlarmFlag.FIRST_OUT | AlarmFlag.REALARMED | AlarmFlag.ESCALATED)
_PLAIN = RETURNING.index(Returning.PLAIN)


@dataclass(frozen=True, slots=True)
class BandSteps:
    """One change each of n alarm rows. `value` counts where `has_value` says so."""

    row: Rows
    at_us: Times
    old: NDArray[np.int8]
    new: NDArray[np.int8]
    value: Floats
    has_value: Flags

    def __len__(self) -> int:
        return len(self.row)

    def of(self, pick: Flags) -> "BandSteps":
        return BandSteps(
            self.row[pick], self.at_us[pick], self.old[pick], self.new[pick], self.value[pick], self.has_value[pick]
        )


class PlainSteps:
    """Main thread only; beside the book."""

    def __init__(self, book: AlarmBook) -> None:
        self._book = book

    def play(self, steps: BandSteps, now_us: int) -> Flags:
        """Take all that are plain, no row twice among `steps`; True where it was."""
        marked = (self._book.rows.flags[steps.row] & ~np.uint16(_MARKS)) != 0
        raised = self._fresh(steps, ~marked & (steps.old == 0) & (steps.new > 0), now_us)
        if raised.any():
            self._raise(steps.of(raised), now_us)
        returned = self._returning(steps, ~marked & (steps.old > 0) & (steps.new == 0))
        if returned.any():
            self._return(steps.of(returned), now_us)
        return raised | returned

    def _fresh(self, steps: BandSteps, is_raise: Flags, now_us: int) -> Flags:
        """Raises of rows on which nothing is active, by a stamp that is later than all that was on them."""
        known, row, at_us = self._book.rows, steps.row, steps.at_us
        state = known.state[row]
        found: Flags = is_raise & ((state == AlarmState.NORMAL) | (state == AlarmState.RETURNED_UNACKNOWLEDGED))
        found &= known.priorities_of(row, steps.new) < Priority.JOURNAL
        found &= (known.start_us[row] < at_us) & (known.annunciated_us[row] < at_us) & (known.returned_us[row] < at_us)
        places = np.flatnonzero(found)
        if len(places) and self._book.is_set_back(now_us):
            return np.zeros_like(found)
        news = map(self._is_news, row[places].tolist(), at_us[places].tolist())
        found[places] = np.fromiter(news, bool, len(places))
        return found

    def _is_news(self, row: int, at_us: int) -> bool:
        """Nobody has seen it, no other station has it, nothing that is over is behind the row, and nobody asks which
        of its group came first: that follows the order in which they came and went."""
        book, condition_id = self._book, self._book.ids[row]
        if book.condition(row).first_out:
            return False
        if book.behind.over(row) is not None or book.is_open_elsewhere(condition_id):
            return False
        if not book.acknowledgements.knows(condition_id):
            return True
        begun = Alarm(AlarmState.UNACKNOWLEDGED, at_us, at_us, at_us)
        return book.acknowledgements.covering(condition_id, begun) is None

    def _returning(self, steps: BandSteps, is_return: Flags) -> Flags:
        """Returns of rows that neither latch nor close by themselves, and have nothing behind them to show instead."""
        known, row = self._book.rows, steps.row
        state = known.state[row]
        found: Flags = is_return & ((state == AlarmState.UNACKNOWLEDGED) | (state == AlarmState.ACKNOWLEDGED))
        found &= (known.returning[row] == _PLAIN) & (known.priority[row] < Priority.JOURNAL)
        for at, one in zip(np.flatnonzero(found).tolist(), row[found].tolist(), strict=True):
            is_over = state[at] == AlarmState.ACKNOWLEDGED
            found[at] = not (
                self._book.condition(one).first_out or (is_over and self._book.acknowledgements.older(one))
            )
        return found

    def _raise(self, steps: BandSteps, now_us: int) -> None:
        book, known = self._book, self._book.rows
        rows = steps.row.tolist()
        waited = known.state[steps.row] == AlarmState.RETURNED_UNACKNOWLEDGED
        behind = [(row, known.load(row)) for row in steps.row[waited].tolist()]
        self._take_values(steps)
        _forget(known.notes, rows)
        _forget(known.acked_by, rows)
        known.raise_all(steps.row, steps.at_us, steps.new)
        for row, alarm in behind:
            book.behind.push(row, alarm, now_us)
        book.log.put_all(rows, Transition.RAISED, steps.at_us, now_us)
        for watcher in book.watchers:
            watcher.begun_all(rows, now_us)
        for watcher in book.watchers:
            watcher.annunciated_all(rows, now_us)
        book.annunciation.annunciate_all(rows, known.priority[steps.row].tolist(), now_us)

    def _return(self, steps: BandSteps, now_us: int) -> None:
        book, known = self._book, self._book.rows
        rows = steps.row.tolist()
        is_over = known.state[steps.row] == AlarmState.ACKNOWLEDGED
        self._take_values(steps)
        known.return_all(steps.row, steps.at_us)
        book.returned_us.update(zip(rows, known.returned_us[steps.row].tolist(), strict=True))
        _forget(known.acked_by, steps.row[~is_over].tolist())
        book.log.put_all(rows, Transition.RETURNED, known.returned_us[steps.row], now_us)
        book.log.put_all(steps.row[is_over].tolist(), Transition.CLOSED, steps.at_us[is_over], now_us)
        book.annunciation.end_all(rows)
        for watcher in book.watchers:
            watcher.returned_all(rows, now_us)

    def _take_values(self, steps: BandSteps) -> None:
        self._book.rows.value[steps.row[steps.has_value]] = steps.value[steps.has_value]


def _forget(texts: dict[int, str], rows: Sequence[int]) -> None:
    if texts:
        for row in rows:
            texts.pop(row, None)
