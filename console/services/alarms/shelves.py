"""Shelves: from facts in any order to what is hidden now, and the end of each by its time, its return or by hand.

Ends are absolute wall times; this station's monotonic clock bounds them too, so that a clock set back hides nothing
longer. Leaving the shelf: by hand the row is as it is, by time what is active and was not
acknowledged under the shelf waits anew and sounds (rule 17; OPC 10000-9 5.8.17 for restarts).
"""

from collections.abc import Callable, Collection, Iterable, Mapping
from dataclasses import dataclass
from uuid import UUID

from console.domain.alarm_flags import AlarmFlag
from console.domain.alarm_step import Transition
from console.domain.alarms import ACTIVE_STATES, AlarmState
from console.domain.identity import Hash
from console.domain.shelving import Shelf, Shelved, is_over
from console.services.alarms.alarm_book import AlarmBook, RowWatcher
from console.services.alarms.flags import Flags
from console.services.alarms.transition_log import number_of
from console.services.records import AsideRecord

Told = tuple[int, Shelved | None, tuple[Hash, ...], str]  # hlc, what (None: unshelved), parents, user id
ONE_SHOTS_US = 7 * 24 * 3600 * 1_000_000  # no shelf lasts longer; what began before that has ended


@dataclass(slots=True)
class _Held:
    """A shelf in force; `since_s` on the monotonic clock, None until the next tick."""

    shelf: Shelved
    since_s: float | None = None


class Shelves(RowWatcher):
    """Facts come by `take`, from now or from the past; `tick` ends what is over. `by_condition`: `ShelvingRules`."""

    def __init__(self, book: AlarmBook, flags: Flags, name_of: Callable[[str], str] = str) -> None:
        self._book = book
        self._flags = flags
        self._name_of = name_of
        self.by_condition = False
        self._facts: dict[UUID, dict[Hash, Told]] = {}
        self._of_hash: dict[Hash, UUID] = {}
        self._registers: dict[UUID, Shelf] = {}
        self._withheld: set[Hash] = set()
        self._held: dict[UUID, _Held] = {}
        self._ended: dict[UUID, Hash] = {}  # one-shot shelves that saw their return
        flags.explain(AlarmFlag.SHELVED, self.aside)
        book.watchers.append(self)

    def take(
        self,
        condition_id: UUID,
        by: Hash,
        hlc: int,
        value: Shelved | None,
        parents: Iterable[Hash],
        who: str,
        now_us: int,
    ) -> None:
        """A shelving, or None for an unshelving. Idempotent; may come before its condition and before its parents."""
        facts = self._facts.setdefault(condition_id, {})
        if by in facts:
            return
        facts[by] = (hlc, value, tuple(parents), who)
        self._of_hash[by] = condition_id
        if by not in self._withheld:
            self._registers.setdefault(condition_id, Shelf()).put(by, hlc, value, parents)
            self._settle(condition_id, now_us, by)

    def withhold(self, hashes: Iterable[Hash], now_us: int) -> None:
        """These events have no effect until released, whether they are here or come later."""
        fresh = set(hashes) - self._withheld
        self._withheld |= fresh
        self._make_anew(fresh, now_us)

    def release(self, hashes: Iterable[Hash], now_us: int) -> None:
        freed = set(hashes) & self._withheld
        self._withheld -= freed
        self._make_anew(freed, now_us)

    def tick(self, now_us: int, mono_s: float) -> None:
        """Once a turn: shelves that are over end."""
        for condition_id, held in tuple(self._held.items()):
            if held.since_s is None:
                held.since_s = mono_s
            if is_over(held.shelf, now_us, mono_s - held.since_s):
                self._expire(condition_id, held.shelf, now_us)

    def opened(self, row: int, condition_id: UUID) -> None:
        if condition_id in self._held:
            self._flags.hide(row, AlarmFlag.SHELVED)

    def returned(self, row: int, now_us: int) -> None:
        """The end of a one-shot shelf: silent."""
        condition_id = self._book.ids[row]
        held = self._held.get(condition_id)
        if held is not None and held.shelf.is_one_shot:
            self._end_one_shot(condition_id, held.shelf)
            self._flags.show(row, AlarmFlag.SHELVED)
            self._log(condition_id, Transition.SHELF_RETURNED, held.shelf.by, now_us, now_us)

    def restored(self, rows: Mapping[int, Collection[int]], returned: Iterable[UUID], now_us: int) -> None:
        """After a restart: one-shot shelves whose condition `returned` since are over, and what ended while nothing
        ran here ends now. What was acknowledged then waits again, but does not sound. `rows` of restored alarms, each
        with the numbers of the shelves whose end is in the log."""
        for condition_id in returned:
            granted = self._granted(condition_id)
            if granted is not None and granted.is_one_shot:
                self._end_one_shot(condition_id, granted)
                row = self._book.row_of(condition_id)
                if row is not None:
                    self._flags.show(row, AlarmFlag.SHELVED)
        for row, ended in rows.items():
            granted = self._granted(self._book.ids[row])
            is_over = granted is not None and self._book.ids[row] not in self._held
            if granted is not None and is_over and number_of(granted.by) not in ended:
                self._catch_up(row, granted, now_us)

    def one_shots(self, now_us: int) -> dict[UUID, int]:
        """Conditions under a one-shot shelf that may still count, with the wall time of its beginning."""
        found = ((one, self._granted(one)) for one in self._registers)
        return {
            one: shelf.from_us
            for one, shelf in found
            if shelf is not None and shelf.is_one_shot and shelf.until_us > now_us - ONE_SHOTS_US
        }

    def heads(self, condition_id: UUID) -> tuple[Hash, ...]:
        """What the next shelving or unshelving names as parents."""
        register = self._registers.get(condition_id)
        return register.heads() if register is not None else ()

    def in_force(self, condition_id: UUID) -> Shelved | None:
        """The shelf that hides the condition now."""
        held = self._held.get(condition_id)
        return held.shelf if held is not None else None

    def was_in_force(self, condition_id: UUID, hlc: int) -> bool:
        """Whether a shelf that was given before this act lasted until it."""
        facts = self._facts.get(condition_id, {})
        before = [(told[0], by) for by, told in facts.items() if told[0] < hlc and by not in self._withheld]
        last = facts[max(before)[1]][1] if before else None
        return last is not None and last.until_us > (hlc >> 16) * 1000  # milliseconds

    def of_person(self, user_id: str) -> frozenset[UUID]:
        """What this person has shelved now."""
        return frozenset(one for one, held in self._held.items() if held.shelf.user_id == user_id)

    def aside(self, condition_id: UUID) -> AsideRecord | None:
        held = self._held.get(condition_id)
        if held is None:
            return None
        shelf = held.shelf
        return AsideRecord(
            AlarmFlag.SHELVED,
            self._name_of(shelf.user_id),
            shelf.station_code,
            shelf.reason_code,
            shelf.reason,
            shelf.from_us,
            shelf.until_us,
            shelf.is_one_shot,
            times=self.times(condition_id),
        )

    def times(self, condition_id: UUID) -> int:
        """How often it was shelved anew before its shelf had ended."""
        count, until_us = 0, 0
        facts = [(item[0], by, item[1]) for by, item in self._facts.get(condition_id, {}).items()]
        for _hlc, by, value in sorted(facts, key=lambda item: item[:2]):  # two stations may write in one millisecond
            if by in self._withheld:
                continue
            if value is None:
                count, until_us = 0, 0
            else:
                count = count + 1 if value.from_us < until_us else 0
                until_us = value.until_us
        return count

    def _granted(self, condition_id: UUID) -> Shelved | None:
        register = self._registers.get(condition_id)
        return register.granted() if register is not None else None

    def _make_anew(self, hashes: Iterable[Hash], now_us: int) -> None:
        for condition_id in {self._of_hash[one] for one in hashes if one in self._of_hash}:
            register = self._registers[condition_id] = Shelf()
            for by, (hlc, value, parents, _who) in self._facts[condition_id].items():
                if by not in self._withheld:
                    register.put(by, hlc, value, parents)
            self._settle(condition_id, now_us, None)

    def _settle(self, condition_id: UUID, now_us: int, by: Hash | None) -> None:
        """The register says something else: shelve, replace the shelf, or lift it. `by`: the event that came."""
        granted, held = self._granted(condition_id), self._held.get(condition_id)
        wanted = granted is not None and not is_over(granted, now_us, 0) and self._ended.get(condition_id) != granted.by
        if wanted and granted is not None:
            if held is None or held.shelf != granted:
                self._hold(condition_id, granted, now_us)
        elif held is None:
            if granted is not None and granted.by == by:
                self._came_too_late(condition_id, granted, now_us)
        else:
            told = self._facts[condition_id].get(by) if by is not None else None
            is_by_hand = granted is None and told is not None
            self._lift(condition_id, held.shelf, now_us, by if is_by_hand else None, told[3] if told else "")

    def _hold(self, condition_id: UUID, shelf: Shelved, now_us: int) -> None:
        self._held[condition_id] = _Held(shelf)
        row = self._book.row_of(condition_id)
        if row is not None:
            self._flags.hide(row, AlarmFlag.SHELVED)
            self._book.rows.mark(row)
            self._log(condition_id, Transition.SHELVED, shelf.by, shelf.from_us, now_us, shelf.user_id)

    def _lift(self, condition_id: UUID, shelf: Shelved, now_us: int, by: Hash | None, who: str) -> None:
        """Unshelved by an event; without one (it was withheld) doubt shows and sounds."""
        del self._held[condition_id]
        row = self._book.row_of(condition_id)
        if row is None:
            return
        self._log(condition_id, Transition.UNSHELVED, by or shelf.by, now_us, now_us, who)
        if by is not None and not self.by_condition:
            self._flags.show(row, AlarmFlag.SHELVED)
        else:
            self._flags.announce(row, AlarmFlag.SHELVED, now_us, now_us)

    def _expire(self, condition_id: UUID, shelf: Shelved, now_us: int) -> None:
        del self._held[condition_id]
        row = self._book.row_of(condition_id)
        if row is None:
            return
        ended_us = min(shelf.until_us, now_us)  # a clock set back ends it early: nobody can acknowledge the future
        self._log(condition_id, Transition.SHELF_EXPIRED, shelf.by, ended_us, now_us)
        if self._acknowledged_under(row, shelf):
            self._flags.show(row, AlarmFlag.SHELVED)
        else:
            self._flags.announce(row, AlarmFlag.SHELVED, ended_us, now_us)

    def _catch_up(self, row: int, shelf: Shelved, now_us: int) -> None:
        """A restored alarm whose shelf is over: whatever its end should have done and has not done yet."""
        rows = self._book.rows
        is_done = int(rows.annunciated_us[row]) >= shelf.until_us or self._ended.get(self._book.ids[row]) == shelf.by
        if is_done or rows.state[row] not in ACTIVE_STATES or self._acknowledged_under(row, shelf):
            return
        ended_us = min(shelf.until_us, now_us)
        self._log(self._book.ids[row], Transition.SHELF_EXPIRED, shelf.by, ended_us, now_us)
        if not rows.is_hidden(row):
            was_acknowledged = rows.state[row] == AlarmState.ACKNOWLEDGED
            self._book.relist(row, ended_us, now_us, in_silence=bool(was_acknowledged))

    def _came_too_late(self, condition_id: UUID, shelf: Shelved, now_us: int) -> None:
        """A shelf that is known here after its end only: the alarm was in sight all the time, so nothing sounds. What
        was acknowledged before the shelf waits again, as it does where the shelf ended (rule 17)."""
        row = self._book.row_of(condition_id)
        if row is None or self._book.rows.state[row] != AlarmState.ACKNOWLEDGED or self._book.rows.is_hidden(row):
            return
        is_ended = shelf.is_one_shot and self._book.returned_us.get(row, 0) > shelf.from_us
        is_newer = int(self._book.rows.annunciated_us[row]) >= shelf.until_us
        if is_ended or is_newer or self._acknowledged_under(row, shelf):
            return
        ended_us = min(shelf.until_us, now_us)
        self._log(condition_id, Transition.SHELF_EXPIRED, shelf.by, ended_us, now_us)
        self._book.relist(row, ended_us, now_us, in_silence=True)

    def _acknowledged_under(self, row: int, shelf: Shelved) -> bool:
        """Whether somebody acknowledged it after the shelf began: he knows."""
        if self._book.rows.state[row] != AlarmState.ACKNOWLEDGED:
            return False
        covering = self._book.acknowledgements.all_covering(self._book.ids[row], self._book.rows.load(row))
        return any(one.hlc > shelf.hlc for one in covering)

    def _end_one_shot(self, condition_id: UUID, shelf: Shelved) -> None:
        self._ended[condition_id] = shelf.by
        self._held.pop(condition_id, None)

    def _log(
        self, condition_id: UUID, transition: Transition, by: Hash, at_us: int, now_us: int, who: str = ""
    ) -> None:
        row = self._book.row_of(condition_id)
        if row is not None:
            self._book.log.put_flag(row, transition, number_of(by), at_us, now_us, who)
