"""Incidents as they follow from the journal: the same records whatever the order and number of arrivals."""

from collections.abc import Callable, Iterable
from dataclasses import replace
from uuid import UUID

from console.domain.alarms import Occurrence
from console.domain.facts import (
    IncidentAlarmLinked,
    IncidentFieldSet,
    IncidentMoved,
    IncidentNoted,
    IncidentOpened,
)
from console.domain.incident_facts import IncidentMerged, IncidentNoteAmended
from console.domain.incident_settling import Note
from console.domain.incidents import OPEN_STATES, Incident
from console.domain.merges import Link, Merges, merge_suggestions
from console.services.journal.entries import Entry
from console.services.records import IncidentRecord, IncidentsDelta, RelatedIncident
from console.services.servicedesk.case import Case, Relations
from console.services.servicedesk.timeline import who
from console.services.story_records import LinkedIncident

IncidentFact = (
    IncidentOpened
    | IncidentAlarmLinked
    | IncidentNoted
    | IncidentFieldSet
    | IncidentMoved
    | IncidentMerged
    | IncidentNoteAmended
)


class IncidentDesk:
    """The projection. `apply` takes entries of any kind; `name_of` gives the shown name of a user id.

    What `withhold` names has no effect, whether it came before or comes later, until it is released. Lives in the
    main thread; records are built only when somebody looks.
    """

    def __init__(self, name_of: Callable[[str], str] = str) -> None:
        self._name_of = name_of
        self._cases: dict[UUID, Case] = {}
        self._of_hash: dict[bytes, tuple[UUID, ...]] = {}
        self._of_condition: dict[UUID, set[UUID]] = {}
        self._of_link: dict[Link, set[UUID]] = {}
        self._of_number: dict[str, set[UUID]] = {}
        self._joined: dict[bytes, tuple[UUID, UUID]] = {}
        self._merges = Merges()
        self._withheld: set[bytes] = set()
        self._disputed: set[UUID] = set()
        self._unjudged: set[UUID] = set()
        self._changed: set[UUID] = set()
        self._touched: set[UUID] = set()

    def apply(self, entries: Iterable[Entry]) -> None:
        """Take in what the journal gives, own and replicated alike; what is known or no incident's is passed over."""
        for entry in entries:
            if isinstance(entry.fact, IncidentFact) and entry.hash not in self._of_hash:
                self._take(entry, entry.fact)

    def withhold(self, hashes: Iterable[bytes]) -> None:
        """These events are to have no effect until `release`d (an unsafe act that waits for a countersignature)."""
        fresh = set(hashes) - self._withheld
        self._withheld |= fresh
        self._rebuild(fresh)

    def release(self, hashes: Iterable[bytes]) -> None:
        """These events take effect after all, as if they had never been withheld."""
        freed = set(hashes) & self._withheld
        self._withheld -= freed
        self._rebuild(freed)

    def mark_in_centre(self, hashes: Iterable[bytes]) -> None:
        """These journal entries are durable in the central database; those that are no incident's are passed over."""
        for one in hashes:
            for incident_id in self._of_hash.get(one, ()):
                self._cases[incident_id].in_centre.add(one)
                self._changed.add(incident_id)

    def renamed(self) -> None:
        """The directory of people changed: every shown name may be another one."""
        self._changed.update(self._cases)

    @property
    def is_changed(self) -> bool:
        return bool(self._changed)

    def take_delta(self) -> IncidentsDelta:
        """What changed since the last call, oldest incident first; empty when nothing did."""
        changed, self._changed = self._changed, set()
        return IncidentsDelta(False, self._records(changed))

    def snapshot(self) -> IncidentsDelta:
        return IncidentsDelta(True, self._records(self._cases))

    def record(self, incident_id: UUID) -> IncidentRecord | None:
        """The shown record; None while its opening has not arrived."""
        case = self._cases.get(incident_id)
        return case.record(self._name_of, self._relations(case)) if case is not None and case.is_opened else None

    def incident(self, incident_id: UUID) -> Incident | None:
        """The record as decisions see it; None while its opening has not arrived."""
        case = self._cases.get(incident_id)
        return case.incident() if case is not None and case.is_opened else None

    def moves(self, incident_id: UUID) -> tuple[IncidentMoved, ...]:
        """The moves that stand side by side, the shown one last; empty for an unknown incident."""
        case = self._cases.get(incident_id)
        return case.moves() if case is not None else ()

    def note(self, incident_id: UUID, by: bytes) -> Note | None:
        """The note that event `by` wrote on this incident, None when there is none."""
        case = self._cases.get(incident_id)
        return case.note(by) if case is not None else None

    @property
    def merges(self) -> Merges:
        """Which incidents people found to be one; for reading."""
        return self._merges

    def by_number(self, number: str) -> IncidentRecord | None:
        """The incident that shows this number (with its suffix, where two consoles gave the same one)."""
        wanted = number.strip().upper()
        found = (self.record(one) for one in self._of_number.get(wanted.partition("/")[0], ()))
        return next((record for record in found if record is not None and record.number == wanted), None)

    def open_for(self, condition_id: UUID) -> IncidentRecord | None:
        """The newest incident that is open for any occurrence of this alarm."""
        about = self._of_condition.get(condition_id, ())
        return self._newest_open(one for one in about if any(condition_id == c for c, _ in self._cases[one].links))

    def open_for_occurrence(self, occurrence: Occurrence) -> IncidentRecord | None:
        """The newest incident that is open for exactly this occurrence."""
        key = (occurrence.condition_id, occurrence.start_us)
        return self._newest_open(one for one in self._of_link.get(key, ()) if key in self._cases[one].links)

    def linked(self, condition_id: UUID, start_us: int) -> tuple[LinkedIncident, ...]:
        """The incidents about exactly this occurrence with what was done, oldest first."""
        link = (condition_id, start_us)
        cases = (self._cases[one] for one in self._of_link.get(link, ()))
        mine = sorted((case for case in cases if case.is_opened and link in case.links), key=lambda c: c.opened_key)
        return tuple(self._linked(case) for case in mine)

    def _linked(self, case: Case) -> LinkedIncident:
        told = case.solution()
        known = LinkedIncident(case.incident_id, case.number, case.state.value, case.title)
        if told is None or not isinstance(told.fact, IncidentMoved):
            return known
        code, words = told.fact.resolution_code, told.fact.solution
        by = who(told.actor, self._name_of)
        return replace(known, resolution_code=code, solution=words, solved_by=by, solved_us=told.wall_us)

    def numbers(self) -> Iterable[str]:
        """Every number that was given, without suffixes: a station continues behind its own."""
        return tuple(self._of_number)

    @property
    def disputed(self) -> int:
        """How many incidents have concurrent values that a person should settle."""
        for incident_id in self._unjudged:
            if self._cases[incident_id].is_disputed:
                self._disputed.add(incident_id)
            else:
                self._disputed.discard(incident_id)
        self._unjudged.clear()
        return len(self._disputed)

    def take_touched(self) -> frozenset[UUID]:
        """Incidents whose digest may be another one since the last call."""
        touched, self._touched = self._touched, set()
        return frozenset(touched)

    def digest(self, incident_id: UUID) -> bytes | None:
        """32 bytes that are equal wherever the same events were taken in; None for an unknown incident."""
        case = self._cases.get(incident_id)
        return None if case is None else case.digest() + self._merges.root(incident_id).bytes

    def ids(self) -> tuple[UUID, ...]:
        """Every incident of which anything is known, opened or not."""
        return tuple(self._cases)

    def rebuild(self, incident_id: UUID, entries: Iterable[Entry]) -> None:
        """Make this one incident anew from all its entries in the journal (after a divergence)."""
        case = self._cases.get(incident_id)
        if case is not None:
            joined = {by: entry for by, entry in case.entries.items() if by in self._joined}
            self._anew(case, joined)
        for one in [one for one, ids in self._of_hash.items() if ids == (incident_id,)]:
            del self._of_hash[one]
        self.apply(entries)

    def _take(self, entry: Entry, fact: IncidentFact) -> None:
        has_effect = entry.hash not in self._withheld
        concerned: tuple[UUID, ...] = (fact.incident_id,)
        if isinstance(fact, IncidentMerged):
            concerned = tuple(dict.fromkeys((fact.incident_id, fact.other_id)))
            self._join(entry.hash, fact)
        self._of_hash[entry.hash] = concerned
        for incident_id in concerned:
            case = self._cases.get(incident_id)
            if case is None:
                case = self._cases[incident_id] = Case(incident_id)
            before = case.number
            case.take(entry, fact, has_effect=has_effect)
            if isinstance(fact, IncidentAlarmLinked):
                self._of_condition.setdefault(fact.condition_id, set()).add(incident_id)
                self._of_link.setdefault((fact.condition_id, fact.start_us), set()).add(incident_id)
            self._tell(case)
            if isinstance(fact, IncidentOpened) and case.is_opened:
                self._file_number(case, before)

    def _join(self, by: bytes, fact: IncidentMerged) -> None:
        self._joined[by] = (fact.incident_id, fact.other_id)
        if by not in self._withheld:
            before = {*self._merges.members(fact.incident_id), *self._merges.members(fact.other_id)}
            self._merges.join(fact.incident_id, fact.other_id)
            self._tell_all(before)

    def _rebuild(self, hashes: set[bytes]) -> None:
        """Only the incidents that these events are about; sets of merged ones when a merge is among them."""
        if not hashes:
            return
        if hashes & self._joined.keys():
            self._tell_all(one for pair in self._joined.values() for one in pair)
            self._merges = Merges(pair for by, pair in self._joined.items() if by not in self._withheld)
        for incident_id in {one for by in hashes for one in self._of_hash.get(by, ())}:
            old = self._cases[incident_id]
            self._anew(old, old.entries)

    def _anew(self, old: Case, entries: dict[bytes, Entry]) -> None:
        case = self._cases[old.incident_id] = Case(old.incident_id)
        case.in_centre = old.in_centre
        for entry in entries.values():
            if entry.fact is not None:
                case.take(entry, entry.fact, has_effect=entry.hash not in self._withheld)
        self._tell(case)
        self._file_number(case, old.number)

    def _tell(self, case: Case) -> None:
        """It is another one now, and so may be what is suggested for its neighbours."""
        self._tell_all((case.incident_id, *self._neighbours(case)))
        self._unjudged.add(case.incident_id)

    def _tell_all(self, ids: Iterable[UUID]) -> None:
        told = set(ids)
        self._changed |= told
        self._touched |= told

    def _neighbours(self, case: Case) -> set[UUID]:
        """Others that are linked to one of its alarms."""
        return {one for link in case.links for one in self._of_link.get(link, ())}

    def _file_number(self, case: Case, before: str) -> None:
        """An opening may change the number and the order of those who share one: they are all shown anew."""
        left = self._of_number.get(before, set())
        left.discard(case.incident_id)
        sharing = self._of_number.setdefault(case.number, set()) if case.is_opened else set()
        sharing.add(case.incident_id)
        self._changed |= left | sharing

    def _relations(self, case: Case) -> Relations:
        root = self._merges.root(case.incident_id)
        if root != case.incident_id:
            return Relations(self._suffix(case), root=self._related(root))
        members = self._merges.members(root)[1:]
        merged = tuple(found for one in members if (found := self._related(one)) is not None)
        return Relations(self._suffix(case), merged=merged, suggestions=self._suggestions(case))

    def _suggestions(self, case: Case) -> tuple[RelatedIncident, ...]:
        near = [self._cases[one] for one in {case.incident_id, *self._neighbours(case)}]
        links = {one.incident_id: one.links for one in near if one.is_opened and one.state in OPEN_STATES}
        found = merge_suggestions(links, self._merges).get(case.incident_id, ())
        return tuple(told for one in found if (told := self._related(one)) is not None)

    def _related(self, incident_id: UUID) -> RelatedIncident | None:
        """None while its opening has not arrived."""
        case = self._cases.get(incident_id)
        if case is None or not case.is_opened:
            return None
        return RelatedIncident(incident_id, case.number + self._suffix(case), case.title)

    def _suffix(self, case: Case) -> str:
        """`/2`, `/3` ... for further incidents that carry the same number, in the order of their openings' hashes."""
        sharing = self._of_number.get(case.number, set())
        if len(sharing) < 2:
            return ""
        place = sorted(sharing, key=lambda one: self._cases[one].opened_key[1]).index(case.incident_id)
        return f"/{place + 1}" if place else ""

    def _newest_open(self, ids: Iterable[UUID]) -> IncidentRecord | None:
        cases = [self._cases[one] for one in ids]
        standing = [case for case in cases if case.is_opened and case.state in OPEN_STATES]
        newest = max(standing, key=lambda case: case.opened_key, default=None)
        return None if newest is None else self.record(newest.incident_id)

    def _records(self, ids: Iterable[UUID]) -> tuple[IncidentRecord, ...]:
        cases = sorted((self._cases[one] for one in ids), key=lambda case: case.opened_key)
        return tuple(case.record(self._name_of, self._relations(case)) for case in cases if case.is_opened)
