"""Suppression by rule and masking by a parent: silent while it lasts, what is active sounds once when it ends."""

from collections.abc import Iterable
from uuid import UUID

from console.domain.alarm_flags import AlarmFlag
from console.domain.alarm_step import Event, Transition, Trigger
from console.domain.alarms import AlarmState
from console.services.alarms.alarm_book import AlarmBook, RowWatcher
from console.services.alarms.flags import Flags
from console.services.records import AsideRecord

_WORDS = {
    AlarmFlag.SUPPRESSED: (Transition.SUPPRESSED, Transition.UNSUPPRESSED),
    AlarmFlag.MASKED: (Transition.MASKED, Transition.UNMASKED),
}


class Suppressing(RowWatcher):
    """One flag, set by any number of rules; a condition is free when none of them holds it any more.

    The flag is not kept over a restart: the rules are judged anew, and what is not known hides nothing. What began
    under it is written beside the occurrence, and known again.
    """

    def __init__(self, book: AlarmBook, flags: Flags, flag: AlarmFlag = AlarmFlag.SUPPRESSED) -> None:
        self._book = book
        self._flags = flags
        self._flag = flag
        self._by: dict[UUID, dict[str, int]] = {}  # condition -> rule -> since, by this PC
        self._at: dict[UUID, int] = {}  # condition -> source time of what made the first rule hold it
        self._begun: dict[int, set[int]] = {}  # row -> starts of what began under the flag
        flags.explain(flag, self.aside)
        book.watchers.append(self)

    def set(self, rule_id: str, condition_ids: Iterable[UUID], at_us: int, now_us: int, *, is_on: bool) -> None:
        """Let a rule hold these conditions, or let go. `at_us`: source time of what made the rule say so."""
        for condition_id in condition_ids:
            rules = self._by.setdefault(condition_id, {})
            was_held, was_known = bool(rules), rule_id in rules
            if is_on:
                rules.setdefault(rule_id, now_us)
            else:
                rules.pop(rule_id, None)
            if not rules:
                del self._by[condition_id]
                self._at.pop(condition_id, None)
            elif not was_held:
                self._at[condition_id] = at_us
            row = self._book.row_of(condition_id)
            if row is not None and was_known != is_on:
                self._follow(row, rule_id, at_us, now_us, was_held=was_held, is_held=condition_id in self._by)

    def opened(self, row: int, condition_id: UUID) -> None:
        if condition_id in self._by:
            self._flags.hide(row, self._flag)

    def begun(self, row: int, now_us: int) -> None:
        if self._by and self._book.rows.has_flag(row, self._flag):
            self._begun.setdefault(row, set()).add(int(self._book.rows.start_us[row]))
            at_us = self._at.get(self._book.ids[row], now_us)
            self._book.log.put(row, self._book.rows.load(row), (_WORDS[self._flag][0],), at_us, now_us)

    def returned(self, row: int, now_us: int) -> None:
        """What began under the flag and ended without it was in the list: it stays there."""
        begun = self._begun.get(row)
        if begun is not None and not self._book.rows.has_flag(row, self._flag):
            alarm = self._book.rows.load(row)
            if alarm.start_us in begun:
                begun.discard(alarm.start_us)
                self._book.log.put(row, alarm, (_WORDS[self._flag][1],), now_us, now_us)

    def restored(self, row: int, start_us: int) -> None:
        """An occurrence of the last run began under the flag, and no rule had let go by its end."""
        self._begun.setdefault(row, set()).add(start_us)

    def rules_of(self, condition_id: UUID) -> tuple[str, ...]:
        """What holds the condition now."""
        return tuple(self._by.get(condition_id, ()))

    def aside(self, condition_id: UUID) -> AsideRecord | None:
        rules = self._by.get(condition_id)
        if not rules:
            return None
        return AsideRecord(self._flag, since_us=min(rules.values()), rule_id=", ".join(rules))

    def _follow(self, row: int, rule_id: str, at_us: int, now_us: int, *, was_held: bool, is_held: bool) -> None:
        on, off = _WORDS[self._flag]
        if was_held == is_held:
            self._book.rows.mark(row)  # another rule holds it as well: only its words change
        elif is_held:
            self._flags.hide(row, self._flag)
            self._book.log.put_flag(row, on, at_us // 1000, at_us, now_us, rule_id)
        else:
            self._book.log.put_flag(row, off, at_us // 1000, at_us, now_us, rule_id)
            self._dismiss(row, at_us, now_us)
            self._flags.announce(row, self._flag, at_us, now_us)

    def _dismiss(self, row: int, at_us: int, now_us: int) -> None:
        """What began and ended under the flag is in the log alone."""
        begun = self._begun.pop(row, None)
        if not begun:
            return
        for alarm in self._book.acknowledgements.take_older(row, begun):
            self._book.log.put(row, alarm, (Transition.CLOSED,), now_us, now_us)
        if int(self._book.rows.start_us[row]) in begun:
            self._book.apply(row, Trigger(Event.DISMISS, now_us), now_us)
            alarm = self._book.rows.load(row)
            if alarm.state is not AlarmState.NORMAL and alarm.start_us in begun:
                self._book.log.put(row, alarm, (_WORDS[self._flag][1],), at_us, now_us)
