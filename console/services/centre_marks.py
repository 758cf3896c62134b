"""Which incident entries the centre holds: remembers what is not there yet, and tells the desk when it is."""

from collections import defaultdict
from collections.abc import Callable, Collection, Sequence
from heapq import heappop, heappush
from uuid import UUID

from console.domain.facts import IncidentOpened
from console.services.journal.entries import Entry

_INCIDENT = IncidentOpened.entity_type
Place = tuple[UUID, int, bytes]  # stream, seq, hash


class CentreMarks:
    """Fed by replay, by the journal's entries, and by what peers tell; `is_there` says what is known now."""

    def __init__(
        self,
        is_there: Callable[[UUID, int, bytes], bool],
        mark: Callable[[Sequence[bytes]], None],
        is_forked: Callable[[UUID], bool] = lambda _stream: False,
    ) -> None:
        self._is_there = is_there
        self._mark = mark
        self._is_forked = is_forked
        self._waiting: dict[UUID, list[Place]] = defaultdict(list)  # heaps: the lowest seq of the stream first

    def on_entries(self, entries: Sequence[Entry]) -> None:
        places = [(one.stream, one.seq, one.hash) for one in entries if one.entity_type == _INCIDENT]
        self._sort(places)

    def on_holdings(self, streams: Collection[UUID]) -> None:
        """Of these streams somebody holds another part now. What the centre holds of a stream without branches is
        its beginning: nobody looks through everything that waits for each event that is confirmed."""
        for stream in streams:
            if self._is_forked(stream):
                self._sort(self._waiting.pop(stream, []))
                continue
            there, waiting = [], self._waiting.get(stream, [])
            while waiting and self._is_there(*waiting[0]):
                there.append(heappop(waiting)[2])
            if there:
                self._mark(there)

    def _sort(self, places: Sequence[Place]) -> None:
        there = []
        for place in places:
            if self._is_there(*place):
                there.append(place[2])
            else:
                heappush(self._waiting[place[0]], place)
        if there:
            self._mark(there)
