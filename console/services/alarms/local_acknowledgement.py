"""What an acknowledgement by the person at this console means, before it becomes a fact: all or nothing."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass

from console.domain.alarms import UNACKNOWLEDGED_STATES, AlarmState, Occurrence
from console.domain.facts import AlarmAcknowledged
from console.domain.refusal import Refused
from console.services.alarms.alarm_book import AlarmBook

NO_LONGER_ON_SCREEN = "Nothing was acknowledged: these alarms are no longer the ones on screen: {alarms}"
ALL_ACKNOWLEDGED = "All of these alarms are already acknowledged."
NOTHING_THERE = "There is nothing to acknowledge."


@dataclass(frozen=True, slots=True)
class AcknowledgeCheck:
    """What a local acknowledgement makes: facts for the journal, and what was already acknowledged and is skipped."""

    facts: tuple[AlarmAcknowledged, ...]
    skipped: tuple[Occurrence, ...]


def check_acknowledge(
    book: AlarmBook, occurrences: Iterable[Occurrence], seen_through: Callable[[int], int], comment: str
) -> AcknowledgeCheck:
    """See `AlarmEngine.check_acknowledge`. `seen_through` gives the reach of an acknowledgement of a row."""
    facts: list[AlarmAcknowledged] = []
    skipped: list[Occurrence] = []
    wrong: list[str] = []
    for occurrence in dict.fromkeys(occurrences):
        row = book.row_of(occurrence.condition_id)
        if row is None or book.rows.start_us[row] != occurrence.start_us:
            wrong.append(str(occurrence.condition_id) if row is None else _name(book, row))
            continue
        state = AlarmState(book.rows.state[row])
        if state in UNACKNOWLEDGED_STATES:
            reach = seen_through(row)
            facts.append(AlarmAcknowledged(occurrence.condition_id, occurrence.start_us, reach, comment))
        elif state is AlarmState.NORMAL and not _was_acknowledged(book, row):
            wrong.append(_name(book, row))
        else:
            skipped.append(occurrence)
    if wrong:
        raise Refused(NO_LONGER_ON_SCREEN, alarms="; ".join(wrong))
    if not facts:
        raise Refused(ALL_ACKNOWLEDGED if skipped else NOTHING_THERE)
    return AcknowledgeCheck(tuple(facts), tuple(skipped))


def _was_acknowledged(book: AlarmBook, row: int) -> bool:
    """The occurrence closed meanwhile by somebody's acknowledgement."""
    return book.acknowledgements.covering(book.ids[row], book.rows.load(row)) is not None


def _name(book: AlarmBook, row: int) -> str:
    condition = book.condition(row)
    return f"{condition.subject} {condition.text}".strip()
