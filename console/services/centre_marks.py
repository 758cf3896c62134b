"""Which incident entries the centre holds: remembers what is not there yet, and tells the desk when it is."""

from collections import defaultdict
from collections.abc import Callable, Collection, Sequence
from uuid import UUID

from console.domain.facts import IncidentOpened
from console.services.journal.entries import Entry

_INCIDENT = IncidentOpened.entity_type
Place = tuple[UUID, int, bytes]  # stream, seq, hash


class CentreMarks:
    """Fed by replay, by the journal's entries, and by what peers tell; `is_there` says what is known now."""

    def __init__(self, is_there: Callable[[UUID, int, bytes], bool], mark: Callable[[Sequence[bytes]], None]) -> None:
        self._is_there = is_there
        self._mark = mark
        self._waiting: dict[UUID, list[Place]] = defaultdict(list)

    def on_entries(self, entries: Sequence[Entry]) -> None:
        places = [(one.stream, one.seq, one.hash) for one in entries if one.entity_type == _INCIDENT]
        self._sort(places)

    def on_holdings(self, streams: Collection[UUID]) -> None:
        """Of these streams the centre holds another part now."""
        for stream in streams:
            self._sort(self._waiting.pop(stream, []))

    def _sort(self, places: Sequence[Place]) -> None:
        there = []
        for place in places:
            if self._is_there(*place):
                there.append(place[2])
            else:
                self._waiting[place[0]].append(place)
        if there:
            self._mark(there)
