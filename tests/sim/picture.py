"""What a simulated station shows: the production projections, fed with whole groups, and their digest."""

import hashlib
from collections import defaultdict
from collections.abc import Iterable, Sequence
from typing import Any
from uuid import UUID

from console.domain import alarm_facts as alarm
from console.domain.acknowledgements import AckSet, interval_of, taken_back
from console.domain.facts import AlarmAcknowledged
from console.domain.shelving import OutOfService, Shelf, Taken, shelved
from console.services.identity.gate import Gate
from console.services.identity.people_history import PeopleHistory
from console.services.journal.entries import Entry
from console.services.servicedesk.incidents import IncidentDesk

_HIDING = (alarm.AlarmShelved, alarm.AlarmUnshelved)
_SERVICE = (alarm.AlarmOutOfService, alarm.AlarmReturnedToService)


class Picture:
    """`apply` takes entries as `JournalLog.entries` gives them; the projections take them in when somebody looks, in
    the same deliveries."""

    def __init__(self) -> None:
        self._people = PeopleHistory()
        self._gate = Gate(self._people)
        self._desk = IncidentDesk()
        self._acks: dict[UUID, AckSet] = defaultdict(AckSet)
        self._due: list[Sequence[Entry]] = []
        self.seen: dict[bytes, Entry] = {}
        self.twice: list[bytes] = []  # delivered more than once since the start
        self._hiding: dict[UUID, dict[bytes, Entry]] = defaultdict(dict)
        self._service: dict[UUID, dict[bytes, Entry]] = defaultdict(dict)

    def apply(self, entries: Sequence[Entry]) -> None:
        for entry in entries:
            if entry.hash in self.seen:
                self.twice.append(entry.hash)
            self.seen[entry.hash] = entry
        self._due.append(entries)

    def _look(self) -> None:
        """Apply what came since somebody looked, delivery by delivery."""
        due, self._due = self._due, []
        for entries in due:
            self._apply(entries)

    def _apply(self, entries: Sequence[Entry]) -> None:
        judged = self._gate.take(entries)
        held = self._gate.withheld_hashes
        self._desk.withhold([*(e.hash for e in judged.withheld), *(e.hash for e in entries if e.hash in held)])
        self._desk.release(e.hash for e in judged.released)
        self._desk.apply(entries)
        for entry in entries:
            if entry.fact is not None:
                self._take(entry, entry.fact)

    @property
    def people(self) -> PeopleHistory:
        self._look()
        return self._people

    @property
    def gate(self) -> Gate:
        self._look()
        return self._gate

    @property
    def desk(self) -> IncidentDesk:
        self._look()
        return self._desk

    def acks_of(self, condition: UUID) -> AckSet:
        self._look()
        return self._acks.get(condition, AckSet())

    def _is_withheld(self, entry: Entry) -> bool:
        return entry.hash in self._gate.withheld_hashes

    def _take(self, entry: Entry, fact: Any) -> None:
        if isinstance(fact, AlarmAcknowledged):
            self._acks[fact.condition_id].put(
                interval_of(
                    entry.hash, entry.hlc, entry.wall_us, fact.start_us, fact.seen_through_us,
                    user_id=entry.actor.user_id, comment=fact.comment,
                )
            )  # fmt: skip
        elif isinstance(fact, alarm.AlarmUnacknowledged):
            named = [bytes.fromhex(one) for one in fact.acknowledgements]
            self._acks[fact.condition_id].take_back(
                taken_back(entry.hash, entry.hlc, entry.wall_us, fact.start_us, fact.seen_through_us, named)
            )
        elif isinstance(fact, _HIDING):
            self._hiding[fact.condition_id][entry.hash] = entry
        elif isinstance(fact, _SERVICE):
            self._service[fact.condition_id][entry.hash] = entry

    def shelf(self, condition: UUID) -> Shelf:
        """With what is let through now."""
        self._look()
        shelf = Shelf()
        for entry in self._hiding.get(condition, {}).values():
            fact: Any = entry.fact
            if not self._is_withheld(entry):
                is_shelf = isinstance(fact, alarm.AlarmShelved)
                value = shelved(entry.wall_us, fact.until_us, fact.max_s, entry.actor.user_id) if is_shelf else None
                shelf.put(entry.hash, entry.hlc, value, entry.parents)
        return shelf

    def service(self, condition: UUID) -> OutOfService:
        self._look()
        service = OutOfService()
        for entry in self._service.get(condition, {}).values():
            if not self._is_withheld(entry):
                taken = isinstance(entry.fact, alarm.AlarmOutOfService)
                value = Taken(entry.actor.user_id) if taken else None
                service.put(entry.hash, entry.hlc, value, entry.parents)
        return service

    def digest(self) -> dict[str, str]:
        """Per bucket, equal at stations that took in the same events."""
        parts: dict[str, str] = {f"incident {one}": self.desk.digest(one).hex() for one in self.desk.ids()}  # type: ignore[union-attr]
        for condition in {*self._acks, *self._hiding, *self._service}:
            acks = self._acks.get(condition, AckSet())
            shelf = self.shelf(condition)
            service = self.service(condition)
            parts[f"condition {condition}"] = _short(
                acks.standing(), shelf.heads(), shelf.granted(),
                service.heads(), service.taken(),
            )  # fmt: skip
        people = [(one, self.people.now(one)) for one in sorted(self.people.ids)]
        parts["people"] = _short([_plain(rights) for _, rights in people], [e.hash for e in self.gate.withheld])
        parts["seen"] = _short(sorted(self.seen))
        return parts


def pictured(entries: Iterable[Entry]) -> Picture:
    """From nothing, one delivery each."""
    picture = Picture()
    for entry in entries:
        picture.apply((entry,))
    return picture


def _plain(rights: Any) -> object:
    if rights is None:
        return None
    told = (sorted(rights.disabled_by), rights.is_erased)
    return (rights.user_id, told, rights.grants, rights.merged_into)


def _short(*parts: object) -> str:
    return hashlib.sha256(repr(parts).encode()).hexdigest()[:16]
