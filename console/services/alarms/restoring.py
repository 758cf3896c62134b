"""Open occurrences of the last run take their rows again: same identity, marked uncertain, silent."""

from collections import Counter
from collections.abc import Callable, Collection, Iterable, Sequence

import numpy as np

from console.domain.alarm_classes import AlarmClass
from console.domain.alarm_flags import AlarmFlag
from console.domain.alarm_step import Alarm, Event, Returning, Transition, Trigger, step
from console.domain.alarms import AlarmRule, AlarmState, Condition
from console.services.alarms.alarm_book import AlarmBook, Maker
from console.services.alarms.transition_log import ONCE
from console.services.alarms.transitions import OpenOccurrence

Rule = tuple[AlarmRule | None, AlarmClass, Returning]  # what an occurrence goes by now, as far as it still exists


def restore(
    book: AlarmBook, occurrences: Iterable[OpenOccurrence], now_us: int, rule_of: Callable[[OpenOccurrence], Rule]
) -> dict[int, Collection[int]]:
    """Returns their rows, each with the numbers of the shelves whose end over it is in the log.

    What is returned and acknowledged meanwhile closes here. Several of one condition: the newest takes the row.
    Tens of thousands that nothing happened to are restored together, as columns.
    """
    rows: dict[int, Collection[int]] = {}
    ordered = sorted(occurrences, key=lambda item: item.start_us)
    of_condition = Counter([one.condition_id for one in ordered])
    plain: list[tuple[int, OpenOccurrence]] = []
    for occurrence in ordered:
        row = book.row_of(occurrence.condition_id)
        is_first = row is None
        if row is None:
            rule, its_class, returning = rule_of(occurrence)
            row = book.open_row(
                occurrence.condition_id,
                _stored(occurrence, rule, its_class),
                outer=occurrence.priority,
                inner=occurrence.priority,
                sign=-1 if occurrence.side == "low" else 1,
                returning=returning,
            )
        rows[row] = occurrence.shelves_ended
        if is_first and of_condition[occurrence.condition_id] == 1 and _is_plain(book, row, occurrence):
            plain.append((row, occurrence))
        else:
            _restore_row(book, row, occurrence, now_us)
    if plain:
        _restore_plain(book, plain, now_us)
    return rows


def _is_plain(book: AlarmBook, row: int, stored: OpenOccurrence) -> bool:
    """Active since its one row in the log, nobody acts on it, nothing hides it."""
    return (
        stored.returned_us <= 0
        and not stored.is_realarmed
        and ONCE.issuperset(stored.counted)
        and not book.rows.flags[row]
        and not book.acknowledgements.knows(stored.condition_id)
    )


def _restore_plain(book: AlarmBook, plain: Sequence[tuple[int, OpenOccurrence]], now_us: int) -> None:
    """What `_restore_row` does to one after the other."""
    rows = [row for row, _one in plain]
    index = np.array(rows, np.int64)
    book.rows.restore_all(
        index,
        start_us=np.array([one.start_us for _row, one in plain], np.int64),
        annunciated_us=np.array([one.annunciated_us for _row, one in plain], np.int64),
        changed_us=np.array([one.changed_us for _row, one in plain], np.int64),
        severity=np.array([abs(one.severity) for _row, one in plain], np.int8),
        worst=np.array([max(one.worst, 1) for _row, one in plain], np.int8),
        value=np.array([one.value for _row, one in plain], np.float64),  # None becomes nan
    )
    for watcher in book.watchers:
        watcher.begun_all(rows, now_us)
    book.annunciation.restore_all(rows)


def _restore_row(book: AlarmBook, row: int, stored: OpenOccurrence, now_us: int) -> None:
    current = book.rows.load(row)
    if current.state is not AlarmState.NORMAL:
        book.behind.push(row, current, now_us)
    book.log.go_on(row, stored.start_us, stored.counted)
    alarm = _alarm(stored, current.returning)
    book.rows.value[row] = float("nan") if stored.value is None else stored.value
    book.rows.count[row] += 1
    book.rows.store(row, alarm)
    book.tell_begun(row, now_us)
    covering = book.acknowledgements.covering(stored.condition_id, alarm)
    if covering is None:
        if stored.is_realarmed:
            book.rows.set_flag(row, AlarmFlag.REALARMED, is_on=True)
        if alarm.state is AlarmState.UNACKNOWLEDGED:
            book.list_silently(row)
        return
    result = step(alarm, Trigger(Event.ACKNOWLEDGE, stored.changed_us, acknowledgement=covering))
    book.rows.store(row, result.alarm)
    book.rows.acked_by[row] = covering.who
    if Transition.CLOSED in result.logs:  # the row of its closing was not written any more
        book.log.put(row, result.alarm, (Transition.CLOSED,), now_us, now_us, covering.who)
    if not book.settle_latch(row, now_us):
        book.free(row, now_us)


def _alarm(stored: OpenOccurrence, returning: Returning) -> Alarm:
    state = AlarmState.UNACKNOWLEDGED
    if stored.returned_us > 0:
        latches = returning is Returning.LATCHING
        state = AlarmState.LATCHED_UNACKNOWLEDGED if latches else AlarmState.RETURNED_UNACKNOWLEDGED
    return Alarm(
        state,
        stored.start_us,
        stored.annunciated_us,
        stored.changed_us,
        stored.returned_us,
        abs(stored.severity),
        max(stored.worst, 1),
        stored.returned_us <= 0,
        returning,
    )


def _stored(occurrence: OpenOccurrence, rule: AlarmRule | None, its_class: AlarmClass) -> Maker:
    """The static part as the log has it, until the tag or asset is known again. What acting on it asks for (a comment,
    a signature) is as its rule and class say now: nobody gets around it while the tags are still to come."""

    def make(row: int) -> Condition:
        return Condition(
            row,
            occurrence.condition_id,
            occurrence.rule_id,
            occurrence.kind,
            occurrence.side,
            subject=occurrence.subject,
            asset_name=occurrence.asset_name,
            area=occurrence.area,
            text=occurrence.text,
            response=rule.response if rule is not None else "",
            alarm_class=its_class.class_id,
            cause=rule.cause if rule is not None else "",
            consequence=rule.consequence if rule is not None else "",
            time_to_respond_s=rule.time_to_respond_s if rule is not None else 0,
            owner=rule.owner if rule is not None else "",
            needs_comment=its_class.needs_comment or (rule is not None and rule.needs_comment),
            needs_signature=its_class.needs_signature,
            is_shelvable=its_class.is_shelvable,
            class_name=its_class.name,
        )

    return make
