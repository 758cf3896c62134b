"""Incidents as they follow from the journal: the same records whatever the order and number of arrivals."""

from collections.abc import Callable, Iterable
from uuid import UUID

from console.domain.alarms import Occurrence
from console.domain.facts import (
    IncidentAlarmLinked,
    IncidentFieldSet,
    IncidentMoved,
    IncidentNoted,
    IncidentOpened,
)
from console.domain.incidents import OPEN_STATES, Incident
from console.services.journal.entries import Entry
from console.services.records import IncidentRecord, IncidentsDelta
from console.services.servicedesk.case import Case

IncidentFact = IncidentOpened | IncidentAlarmLinked | IncidentNoted | IncidentFieldSet | IncidentMoved


class IncidentDesk:
    """The projection. `apply` takes entries of any kind; `name_of` gives the shown name of a user id.

    Lives in the main thread; records are built only when somebody looks.
    """

    def __init__(self, name_of: Callable[[str], str] = str) -> None:
        self._name_of = name_of
        self._cases: dict[UUID, Case] = {}
        self._of_hash: dict[bytes, UUID] = {}
        self._of_condition: dict[UUID, set[UUID]] = {}
        self._of_number: dict[str, set[UUID]] = {}
        self._changed: set[UUID] = set()

    def apply(self, entries: Iterable[Entry]) -> None:
        """Take in what the journal gives, own and replicated alike; what is known or no incident's is passed over."""
        for entry in entries:
            if isinstance(entry.fact, IncidentFact) and entry.hash not in self._of_hash:
                self._take(entry, entry.fact)

    def mark_in_centre(self, hashes: Iterable[bytes]) -> None:
        """These journal entries are durable in the central database; those that are no incident's are passed over."""
        for one in hashes:
            incident_id = self._of_hash.get(one)
            if incident_id is not None:
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
        return case.record(self._name_of, self._suffix(case)) if case is not None and case.is_opened else None

    def incident(self, incident_id: UUID) -> Incident | None:
        """The record as decisions see it; None while its opening has not arrived."""
        case = self._cases.get(incident_id)
        return case.incident() if case is not None and case.is_opened else None

    def by_number(self, number: str) -> IncidentRecord | None:
        """The incident that shows this number (with its suffix, where two consoles gave the same one)."""
        wanted = number.strip().upper()
        found = (self.record(one) for one in self._of_number.get(wanted.partition("/")[0], ()))
        return next((record for record in found if record is not None and record.number == wanted), None)

    def open_for(self, condition_id: UUID) -> IncidentRecord | None:
        """The newest incident that is open for any occurrence of this alarm."""
        return self._newest_open(self._of_condition.get(condition_id, ()))

    def open_for_occurrence(self, occurrence: Occurrence) -> IncidentRecord | None:
        """The newest incident that is open for exactly this occurrence."""
        key = (occurrence.condition_id, occurrence.start_us)
        about = self._of_condition.get(occurrence.condition_id, ())
        return self._newest_open(one for one in about if key in self._cases[one].links)

    def numbers(self) -> Iterable[str]:
        """Every number that was given, without suffixes: a station continues behind its own."""
        return tuple(self._of_number)

    def _take(self, entry: Entry, fact: IncidentFact) -> None:
        incident_id = fact.incident_id
        case = self._cases.setdefault(incident_id, Case(incident_id))
        self._of_hash[entry.hash] = incident_id
        before = case.number
        case.take(entry, fact)
        self._changed.add(incident_id)
        if isinstance(fact, IncidentAlarmLinked):
            self._of_condition.setdefault(fact.condition_id, set()).add(incident_id)
        elif isinstance(fact, IncidentOpened):
            self._file_number(case, before)

    def _file_number(self, case: Case, before: str) -> None:
        """An opening may change the number and the order of those who share one: they are all shown anew."""
        left = self._of_number.get(before, set())
        left.discard(case.incident_id)
        sharing = self._of_number.setdefault(case.number, set())
        sharing.add(case.incident_id)
        self._changed |= left | sharing

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
        return tuple(case.record(self._name_of, self._suffix(case)) for case in cases if case.is_opened)
