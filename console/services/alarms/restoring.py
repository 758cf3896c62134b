"""Open occurrences of the last run take their rows again: same identity, marked uncertain, silent."""

from collections.abc import Callable, Collection, Iterable

from console.domain.alarm_flags import AlarmFlag
from console.domain.alarm_step import Alarm, Event, Returning, Transition, Trigger, step
from console.domain.alarms import AlarmState, Condition
from console.services.alarms.alarm_book import AlarmBook, Maker
from console.services.alarms.transitions import OpenOccurrence


def restore(
    book: AlarmBook,
    occurrences: Iterable[OpenOccurrence],
    now_us: int,
    returning_of: Callable[[OpenOccurrence], Returning],
) -> dict[int, Collection[int]]:
    """Returns their rows, each with the numbers of the shelves whose end over it is in the log.

    What is returned and acknowledged meanwhile closes here. Several of one condition: the newest takes the row.
    """
    rows: dict[int, Collection[int]] = {}
    for occurrence in sorted(occurrences, key=lambda item: item.start_us):
        row = book.row_of(occurrence.condition_id)
        if row is None:
            row = book.open_row(
                occurrence.condition_id,
                _stored(occurrence),
                outer=occurrence.priority,
                inner=occurrence.priority,
                sign=-1 if occurrence.side == "low" else 1,
                returning=returning_of(occurrence),
            )
        _restore_row(book, row, occurrence, now_us)
        rows[row] = occurrence.shelves_ended
    return rows


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


def _stored(occurrence: OpenOccurrence) -> Maker:
    """The static part as the log has it, until the tag or asset is known again."""

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
        )

    return make
