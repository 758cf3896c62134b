"""Who works on an alarm ("I have it"): beside its state, no acknowledgement; of several words the newest stands."""

from console.domain.alarm_flags import AlarmFlag
from console.domain.alarm_step import Transition
from console.domain.alarms import AlarmState, Occurrence
from console.domain.identity import Hash
from console.services.alarms.alarm_book import AlarmBook, RowWatcher
from console.services.alarms.transition_log import number_of

KEPT = 20_000  # occurrences of which an owner is known; the oldest words are forgotten


class Ownership(RowWatcher):
    """Bound to the occurrence: what comes back after its return is nobody's."""

    def __init__(self, book: AlarmBook) -> None:
        self._book = book
        self._said: dict[Occurrence, tuple[int, Hash, str]] = {}  # hlc, event, user id (empty: nobody)
        book.watchers.append(self)

    def take(self, occurrence: Occurrence, by: Hash, hlc: int, user_id: str, who: str, at_us: int, now_us: int) -> None:
        """Taken by `user_id`, or left (empty), by `who`. In any order, as often as it comes."""
        known = self._said.get(occurrence)
        if known is not None and (hlc, by) <= known[:2]:
            return
        self._said[occurrence] = (hlc, by, user_id)
        if len(self._said) > KEPT + KEPT // 10:
            by_age = sorted(self._said.items(), key=lambda item: item[1])
            self._said = dict(by_age[-KEPT:])
        row = self._book.current_row(occurrence)
        if row is not None and self._book.rows.state[row] != AlarmState.NORMAL:
            self._follow(row)
            word = Transition.TAKEN if user_id else Transition.LEFT
            self._book.log.put_flag(row, word, number_of(by), at_us, now_us, who)

    def owner(self, occurrence: Occurrence) -> str:
        """User id of who works on it, empty for nobody."""
        said = self._said.get(occurrence)
        return said[2] if said is not None else ""

    def begun(self, row: int, now_us: int) -> None:
        if self._said or self._book.rows.has_flag(row, AlarmFlag.OWNED):
            self._follow(row)

    def taken_over(self, row: int, now_us: int) -> None:
        self.begun(row, now_us)

    def _follow(self, row: int) -> None:
        rows = self._book.rows
        owner = self.owner(Occurrence(self._book.ids[row], int(rows.start_us[row])))
        if owner:
            rows.owners[row] = owner
        else:
            rows.owners.pop(row, None)
        rows.set_flag(row, AlarmFlag.OWNED, is_on=bool(owner))
        rows.mark(row)
