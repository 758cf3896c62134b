"""Out of service: for maintenance, by a person, until a person ends it; whatever the alarm does meanwhile (trap 8)."""

from collections.abc import Callable, Iterable
from uuid import UUID

from console.domain.alarm_flags import HIDING, AlarmFlag
from console.domain.alarm_step import Transition
from console.domain.identity import Hash
from console.domain.shelving import OutOfService, Taken
from console.services.alarms.alarm_book import AlarmBook, RowWatcher
from console.services.alarms.flags import Flags
from console.services.alarms.transition_log import number_of
from console.services.records import AsideRecord

Told = tuple[int, Taken | None, tuple[Hash, ...]]  # hlc, what (None: returned), parents


def _never(_condition_id: UUID, _hlc: int) -> bool:
    return False


class Service(RowWatcher):
    """Facts come by `take`, from now or from the past, in any order."""

    def __init__(self, book: AlarmBook, flags: Flags, name_of: Callable[[str], str] = str) -> None:
        self._book = book
        self._flags = flags
        self._name_of = name_of
        self.was_shelved: Callable[[UUID, int], bool] = _never  # condition, hlc of an act
        self._facts: dict[UUID, dict[Hash, Told]] = {}
        self._of_hash: dict[Hash, UUID] = {}
        self._registers: dict[UUID, OutOfService] = {}
        self._withheld: set[Hash] = set()
        self._out: dict[UUID, Taken] = {}
        flags.explain(AlarmFlag.OUT_OF_SERVICE, self.aside)
        book.watchers.append(self)

    def take(
        self,
        condition_id: UUID,
        by: Hash,
        hlc: int,
        value: Taken | None,
        parents: Iterable[Hash],
        who: str,
        at_us: int,
        now_us: int,
    ) -> None:
        """Taken out, or None for returned, at this wall time. Idempotent; may come before its condition."""
        facts = self._facts.setdefault(condition_id, {})
        if by in facts:
            return
        facts[by] = (hlc, value, tuple(parents))
        self._of_hash[by] = condition_id
        if by not in self._withheld:
            was_out = condition_id in self._out
            self._registers.setdefault(condition_id, OutOfService()).put(by, hlc, value, parents)
            self._settle(condition_id, by, who, at_us, now_us)
            if value is None and not was_out:
                self._returned_already(condition_id, facts[by], at_us, now_us)

    def withhold(self, hashes: Iterable[Hash], now_us: int) -> None:
        """These events have no effect until released, whether they are here or come later."""
        fresh = set(hashes) - self._withheld
        self._withheld |= fresh
        self._make_anew(fresh, now_us)

    def release(self, hashes: Iterable[Hash], now_us: int) -> None:
        freed = set(hashes) & self._withheld
        self._withheld -= freed
        was_out = set(self._out)
        self._make_anew(freed, now_us)
        for one in freed:
            condition_id = self._of_hash.get(one)
            told = self._facts[condition_id][one] if condition_id is not None else None
            if condition_id is not None and told is not None and told[1] is None and condition_id not in was_out:
                self._returned_already(condition_id, told, now_us, now_us)

    def opened(self, row: int, condition_id: UUID) -> None:
        if condition_id in self._out:
            self._flags.hide(row, AlarmFlag.OUT_OF_SERVICE)

    def heads(self, condition_id: UUID) -> tuple[Hash, ...]:
        """What the next fact about it names as parents."""
        register = self._registers.get(condition_id)
        return register.heads() if register is not None else ()

    def taken(self, condition_id: UUID) -> Taken | None:
        """Who took it out; None: it is in service."""
        return self._out.get(condition_id)

    def aside(self, condition_id: UUID) -> AsideRecord | None:
        taken = self._out.get(condition_id)
        if taken is None:
            return None
        return AsideRecord(
            AlarmFlag.OUT_OF_SERVICE,
            self._name_of(taken.user_id),
            taken.station_code,
            reason=taken.reason,
            since_us=taken.since_us,
            work_order=taken.work_order,
        )

    def _make_anew(self, hashes: Iterable[Hash], now_us: int) -> None:
        for one in hashes:
            condition_id = self._of_hash.get(one)
            if condition_id is None:
                continue
            register = self._registers[condition_id] = OutOfService()
            for by, (hlc, value, parents) in self._facts[condition_id].items():
                if by not in self._withheld:
                    register.put(by, hlc, value, parents)
            self._settle(condition_id, one, "", now_us, now_us)

    def _settle(self, condition_id: UUID, by: Hash, who: str, at_us: int, now_us: int) -> None:
        taken, before = self._registers[condition_id].taken(), self._out.get(condition_id)
        if taken == before:
            return
        row = self._book.row_of(condition_id)
        if taken is not None:
            self._out[condition_id] = taken
            if row is not None:
                self._flags.hide(row, AlarmFlag.OUT_OF_SERVICE)
                self._book.rows.mark(row)
                self._log(row, Transition.OUT_OF_SERVICE, by, at_us, now_us, who)
            return
        del self._out[condition_id]
        if row is not None:
            self._log(row, Transition.RETURNED_TO_SERVICE, by, at_us, now_us, who)
            began_later = self._is_annunciated_after(row, at_us, now_us)  # both facts came late: it was heard already
            if began_later or self._is_seen_since(row, self._facts[condition_id][by]):
                self._flags.show(row, AlarmFlag.OUT_OF_SERVICE)
            else:
                self._flags.announce(row, AlarmFlag.OUT_OF_SERVICE, at_us, now_us)
                if self._is_shelved_since(row, self._facts[condition_id][by]):
                    self._book.relist(row, at_us, now_us, in_silence=True)

    def _returned_already(self, condition_id: UUID, told: Told, at_us: int, now_us: int) -> None:
        """A return that came before what it ends, or beside another one: what it does to the alarm does not depend on
        the order. Active, the alarm waits anew unless it was annunciated, or somebody acknowledged it, after that."""
        row = self._book.row_of(condition_id)
        if row is None or not self._book.rows.is_active(row):
            return
        if self._book.rows.is_hidden(row) and not self._is_shelved_since(row, told):
            return
        if not self._is_annunciated_after(row, at_us, now_us) and not self._is_seen_since(row, told):
            self._book.relist(row, at_us, now_us)

    def _is_annunciated_after(self, row: int, at_us: int, now_us: int) -> bool:
        return int(self._book.rows.annunciated_us[row]) > self._book.node_time_us(row, at_us, now_us)

    def _is_shelved_since(self, row: int, told: Told) -> bool:
        """Whether a shelf that began after this return is all that hides the alarm: it was back before, and waits under
        the shelf. What was shelved when it returned keeps its acknowledgement."""
        hlc, value, _parents = told
        hiding = AlarmFlag(int(self._book.rows.flags[row])) & HIDING
        return value is None and hiding == AlarmFlag.SHELVED and not self.was_shelved(self._book.ids[row], hlc)

    def _is_seen_since(self, row: int, told: Told) -> bool:
        """Whether somebody acknowledged the alarm after this return was given."""
        hlc, value, _parents = told
        if value is not None:  # nobody returned it: it is in service because the act was withheld
            return False
        covering = self._book.acknowledgements.all_covering(self._book.ids[row], self._book.rows.load(row))
        return any(one.hlc > hlc for one in covering)

    def _log(self, row: int, transition: Transition, by: Hash, at_us: int, now_us: int, who: str) -> None:
        self._book.log.put_flag(row, transition, number_of(by), at_us, now_us, who)
