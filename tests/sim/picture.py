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
    """`apply` takes entries as `JournalLog.entries` gives them. `failed` counts those that a projection choked on."""

    def __init__(self) -> None:
        self.people = PeopleHistory()
        self.gate = Gate(self.people)
        self.desk = IncidentDesk()
        self.acks: dict[UUID, AckSet] = defaultdict(AckSet)
        self.seen: dict[bytes, Entry] = {}
        self.twice: list[bytes] = []  # delivered more than once since the start
        self._hiding: dict[UUID, dict[bytes, Entry]] = defaultdict(dict)
        self._service: dict[UUID, dict[bytes, Entry]] = defaultdict(dict)
        self.failed = 0

    def apply(self, entries: Sequence[Entry]) -> None:
        judged = self.gate.take(entries)
        self.desk.withhold([*(e.hash for e in judged.withheld), *(e.hash for e in entries if self._is_withheld(e))])
        self.desk.release(e.hash for e in judged.released)
        self.desk.apply(entries)
        for entry in entries:
            if entry.hash in self.seen:
                self.twice.append(entry.hash)
            self.seen[entry.hash] = entry
            if entry.fact is not None:
                self._take(entry, entry.fact)

    def acks_of(self, condition: UUID) -> AckSet:
        return self.acks.get(condition, AckSet())

    def _is_withheld(self, entry: Entry) -> bool:
        return self.gate.is_withheld(entry)

    def _take(self, entry: Entry, fact: Any) -> None:
        if isinstance(fact, AlarmAcknowledged):
            self.acks[fact.condition_id].put(
                interval_of(
                    entry.hash, entry.hlc, entry.wall_us, fact.start_us, fact.seen_through_us,
                    user_id=entry.actor.user_id, comment=fact.comment,
                )
            )  # fmt: skip
        elif isinstance(fact, alarm.AlarmUnacknowledged):
            named = [bytes.fromhex(one) for one in fact.acknowledgements]
            self.acks[fact.condition_id].take_back(
                taken_back(entry.hash, entry.hlc, entry.wall_us, fact.start_us, fact.seen_through_us, named)
            )
        elif isinstance(fact, _HIDING):
            self._hiding[fact.condition_id][entry.hash] = entry
        elif isinstance(fact, _SERVICE):
            self._service[fact.condition_id][entry.hash] = entry

    def shelf(self, condition: UUID) -> Shelf:
        """With what is let through now."""
        shelf = Shelf()
        for entry in self._hiding.get(condition, {}).values():
            fact: Any = entry.fact
            if not self._is_withheld(entry):
                is_shelf = isinstance(fact, alarm.AlarmShelved)
                value = shelved(entry.wall_us, fact.until_us, fact.max_s, entry.actor.user_id) if is_shelf else None
                shelf.put(entry.hash, entry.hlc, value, entry.parents)
        return shelf

    def service(self, condition: UUID) -> OutOfService:
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
        for condition in {*self.acks, *self._hiding, *self._service}:
            acks = self.acks.get(condition, AckSet())
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
    return (rights.user_id, rights.login, rights.name, sorted(rights.disabled_by), rights.grants, rights.merged_into)


def _short(*parts: object) -> str:
    return hashlib.sha256(repr(parts).encode()).hexdigest()[:16]
