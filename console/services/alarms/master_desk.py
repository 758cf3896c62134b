"""Master alarm records as they follow from the journal, beside the alarm rules in force: the same at every console,
whatever the order and number of arrivals (ALARM-F68, ALARM-F69)."""

from collections import deque
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from itertools import islice

from console.domain.alarms import AlarmRule
from console.domain.identity import Hash
from console.domain.master_alarms import MasterAlarm, MasterState
from console.domain.master_audit import Difference, Live, audit, live_settings, unauthorised
from console.domain.master_facts import MasterAlarmMoved, MasterAlarmSet, MasterAlarmsImported, MasterImportUndone
from console.domain.master_fields import parts_of
from console.domain.priority_matrix import DEFAULT_MATRIX, PriorityMatrix
from console.domain.refusal import Refused
from console.services.alarms.master_case import MasterCase, Word
from console.services.alarms.master_imports import Import, hashes
from console.services.alarms.tag_rows import priorities
from console.services.journal.entries import Entry
from console.services.master_records import ImportRecord, MasterDelta, MasterRecord
from console.services.notifier import Notifier

_AT_ONCE = 64  # records judged in one beat: an import of thousands must not hold up the window
_ROWS_AT_ONCE = 500  # of an import, taken in in one beat
_SIDES = {"HH": ("high", 0), "H": ("high", 1), "L": ("low", 1), "LL": ("low", 0)}


def priority_in_force(rule: AlarmRule, band: str) -> int:
    side, place = _SIDES.get(band, ("", 0))
    return int(priorities(rule, side)[place])


class MasterDesk:
    """The projection. `is_withheld` tells acts that must have no effect (no right, not countersigned); call `rejudge`
    when that changed. Lives in the main thread; `changed` tells keys whose guidance may be another one, `audited` how
    many settings in force are not the approved ones, whenever that changes."""

    def __init__(
        self,
        name_of: Callable[[str], str] = str,
        *,
        rules: Sequence[AlarmRule] = (),
        matrix: PriorityMatrix = DEFAULT_MATRIX,
        is_withheld: Callable[[Entry], bool] = lambda _entry: False,
    ) -> None:
        self.matrix = matrix
        self.changed: Notifier[frozenset[str]] = Notifier()
        self.audited: Notifier[int] = Notifier()
        self._name_of = name_of
        self._is_withheld = is_withheld
        self._live: Mapping[str, Live] = {}
        self._words: dict[str, dict[Hash, Word]] = {}
        self._known: set[Hash] = set()
        self._imports: dict[str, Import] = {}
        self._unsaid: deque[Iterator[tuple[str, Word]]] = deque()  # what imports say and nobody has asked for yet
        self._undoings: dict[Hash, Entry] = {}
        self._cases: dict[str, MasterCase] = {}
        self._records: dict[str, MasterAlarm] = {}
        self._differences: dict[str, tuple[Difference, ...]] = {}
        self._pending: dict[str, None] = {}
        self._rows: dict[str, MasterRecord] = {}  # as told last
        self._guidance: dict[str, tuple[Mapping[str, str], bool]] = {}
        self._unauthorised = self._told_unauthorised = 0
        self._is_imports_old = False
        self.set_rules(rules)

    # what the journal and the site say

    def apply(self, entries: Iterable[Entry]) -> None:
        """Takes entries of any kind, own and replicated alike; what is known is passed over."""
        for entry in entries:
            if entry.hash in self._known:
                continue
            fact = entry.fact
            if isinstance(fact, MasterAlarmSet):
                self._say(fact.key, Word(entry, entry.parents, fact.values))
            elif isinstance(fact, MasterAlarmMoved):
                self._say(fact.key, Word(entry, hashes(fact.seen), (), fact))
            elif isinstance(fact, MasterAlarmsImported):
                self._import(entry, fact)
            elif isinstance(fact, MasterImportUndone):
                self._undo(entry, fact)
            else:
                continue
            self._known.add(entry.hash)

    def set_rules(self, rules: Sequence[AlarmRule]) -> None:
        """The rules in force from now on."""
        before = self._live
        self._live = live_settings(rules, priority_in_force)
        self._touch(before.keys() | self._live.keys())

    def renamed(self) -> None:
        self._touch(self.keys())
        self._is_imports_old = True

    def rejudge(self, _told: object = None) -> None:
        """Rights of the past became other ones: everything anew."""
        for one in self._imports.values():
            one.undone.clear()
        for entry in self._undoings.values():
            if isinstance(entry.fact, MasterImportUndone) and not self._is_withheld(entry):
                self._import_of(entry.fact.import_id).undone.add(entry.hash)
        self._touch(self.keys())

    def _say(self, key: str, word: Word) -> None:
        try:
            parts_of(key)
        except Refused:
            return  # no name of a record: kept in the journal, shown there
        self._words.setdefault(key, {})[word.entry.hash] = word
        self._touch((key,))

    def _import_of(self, import_id: str) -> Import:
        return self._imports.setdefault(import_id, Import(import_id))

    def _import(self, entry: Entry, fact: MasterAlarmsImported) -> None:
        one = self._import_of(fact.import_id)
        if one.put(entry, fact):
            self._is_imports_old = True
            self._unsaid.append(one.words())

    def _say_on(self, most: int | None = None) -> None:
        """So many more rows of the imports, all of them for None."""
        while self._unsaid and (most is None or most > 0):
            said = 0
            for key, word in islice(self._unsaid[0], most):
                self._say(key, word)
                said += 1
            if most is None or said < most:
                self._unsaid.popleft()
            most = most if most is None else most - said

    def _undo(self, entry: Entry, fact: MasterImportUndone) -> None:
        self._undoings[entry.hash] = entry
        if self._is_withheld(entry):
            return
        one = self._import_of(fact.import_id)
        one.undone.add(entry.hash)
        self._is_imports_old = True
        self._touch({key for key, _ in one.words()})

    def _touch(self, keys: Iterable[str]) -> None:
        for key in keys:
            self._pending[key] = None
            self._records.pop(key, None)
            self._cases.pop(key, None)

    # what stands

    def keys(self) -> set[str]:
        """Every rule's band and every record of which anything is known."""
        self._say_on()
        return self._live.keys() | self._words.keys()

    def record(self, key: str) -> MasterAlarm | None:
        """As decisions see it; None for one of which nothing stands."""
        self._say_on()
        return self._record(key)

    def _record(self, key: str) -> MasterAlarm | None:
        case = self._case(key)
        if not case.is_written:
            return None
        if key not in self._records:
            self._records[key] = case.record()
        return self._records[key]

    def records(self) -> dict[str, MasterAlarm]:
        """Every record by its key."""
        return {record.key: record for record in self.each_record()}

    def each_record(self) -> Iterator[MasterAlarm]:
        """One after the other, by key."""
        self._say_on()
        for key in sorted(self._words):
            record = self.record(key)
            if record is not None:
                yield record

    @property
    def live(self) -> Mapping[str, Live]:
        return self._live

    def import_known(self, import_id: str) -> Import | None:
        """An import that took effect here, undone or not."""
        one = self._imports.get(import_id)
        return one if one is not None and one.is_applied else None

    def audit(self) -> tuple[Difference, ...]:
        """All differences between the rules in force and the records, as they stand now."""
        return tuple(one for found in self.each_audit() for one in found)

    def each_audit(self) -> Iterator[tuple[Difference, ...]]:
        """The same key by key, mostly nothing."""
        for key in sorted(self.keys()):
            live, record = self._live.get(key), self.record(key)
            yield audit({key: live} if live else {}, {key: record} if record else {})

    @property
    def unauthorised(self) -> int:
        """The KPI, as far as everything is judged (`take_delta`)."""
        return self._unauthorised

    def _case(self, key: str) -> MasterCase:
        if key not in self._cases:
            words = self._words.get(key, {}).values()
            self._cases[key] = MasterCase(key, (word for word in words if self._has_effect(word)))
        return self._cases[key]

    def _has_effect(self, word: Word) -> bool:
        one = self._imports.get(word.import_id) if word.import_id else None
        return not (one is not None and one.undone) and not self._is_withheld(word.entry)

    # the seam

    def snapshot(self) -> MasterDelta:
        """What is judged already; what still waits comes with the next deltas, a portion each."""
        return MasterDelta(True, tuple(self._rows.values()), (), self._told_imports(), self.unauthorised, self.matrix)

    def take_delta(self) -> MasterDelta | None:
        """What changed since the last call, so many records at a time; None when nothing did."""
        self._say_on(_ROWS_AT_ONCE)
        if not self._pending and not self._is_imports_old:
            return None
        keys = list(islice(self._pending, _AT_ONCE))
        gone: list[str] = []
        here: list[MasterRecord] = []
        for key in keys:
            del self._pending[key]
            told = self._told(key)
            if told is not None:
                self._rows[key] = told
                here.append(told)
            elif self._rows.pop(key, None) is not None:
                gone.append(key)
        self._is_imports_old = False
        self._tell_guidance(keys)
        if not self._pending and not self._unsaid:
            self._tell_unauthorised()
        return MasterDelta(False, tuple(here), tuple(gone), self._told_imports(), self.unauthorised, self.matrix)

    def _tell_guidance(self, keys: Iterable[str]) -> None:
        """Of which of these something else is approved than before."""
        found = set()
        for key in keys:
            record = self._record(key)
            now = record.approved.values if record is not None and record.approved is not None else {}
            is_retired = record is not None and record.state is MasterState.RETIRED
            if self._guidance.get(key, ({}, False)) != (now, is_retired):
                self._guidance[key] = (now, is_retired)
                found.add(key)
        if found:
            self.changed.notify(frozenset(found))

    def _tell_unauthorised(self) -> None:
        if self.unauthorised != self._told_unauthorised:
            self._told_unauthorised = self.unauthorised
            self.audited.notify(self._told_unauthorised)

    def _told(self, key: str) -> MasterRecord | None:
        live, record = self._live.get(key), self._record(key)
        found = audit({key: live} if live else {}, {key: record} if record else {})
        self._unauthorised += unauthorised(found) - unauthorised(self._differences.pop(key, ()))
        if record is None and live is None:
            return None
        self._differences[key] = found
        rule_id, band = parts_of(key)
        rule = live.rule if live is not None else None
        shown = MasterRecord(
            key,
            rule_id,
            band,
            live=live.values if live is not None else {},
            text=rule.text if rule is not None else "",
            tags=rule.tag if rule is not None else "",
            area=rule.area if rule is not None else "",
            differences=found,
        )
        return shown if record is None else self._with_record(shown, record)

    def _with_record(self, shown: MasterRecord, record: MasterAlarm) -> MasterRecord:
        case, approved = self._case(record.key), record.approved
        newest = case.newest
        assert newest is not None
        priority = self.matrix.priority(record.values.get("severity", ""), record.values.get("time_to_respond_s", ""))
        return MasterRecord(
            shown.key,
            shown.rule_id,
            shown.band,
            record.state.value,
            record.values,
            int(priority or 0),
            approved.values if approved is not None else {},
            self._name_of(approved.who) if approved is not None else "",
            approved.at_us if approved is not None else 0,
            self._name_of(newest.entry.actor.user_id),
            newest.entry.wall_us,
            case.reason,
            record.authors,
            record.missing,
            record.disputed,
            case.competing(self._name_of),
            shown.live,
            shown.text,
            shown.tags,
            shown.area,
            shown.differences,
        )

    def _told_imports(self) -> tuple[ImportRecord, ...]:
        """Newest first."""
        whole = sorted((one for one in self._imports.values() if one.is_applied), key=_newest, reverse=True)
        return tuple(
            ImportRecord(
                one.import_id,
                one.head[1].file,
                self._name_of(one.head[0].actor.user_id),
                one.head[0].wall_us,
                sum(len(fact.rows) for _, fact in one.parts.values()),
                bool(one.undone),
            )
            for one in whole
        )


def _newest(one: Import) -> tuple[int, Hash]:
    return (one.head[0].hlc, one.head[0].hash)
