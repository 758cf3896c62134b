"""Which incident entries the centre holds: remembers what is not there yet, and tells the desk when it is."""

from collections.abc import Callable, Mapping, Sequence

from console.domain.facts import IncidentOpened
from console.services.journal.entries import Entry

_INCIDENT = IncidentOpened.entity_type


class CentreMarks:
    """Fed by replay and by the journal's entries; `is_in_centre` answers for what is known at start."""

    def __init__(self, is_in_centre: Callable[[Entry], bool], mark: Callable[[Sequence[bytes]], None]) -> None:
        self._is_in_centre = is_in_centre
        self._mark = mark
        self._waiting: dict[str, dict[int, bytes]] = {}  # stream -> seq -> hash

    def on_entries(self, entries: Sequence[Entry]) -> None:
        there = []
        for entry in entries:
            if entry.entity_type != _INCIDENT:
                continue
            if self._is_in_centre(entry):
                there.append(entry.hash)
            else:
                self._waiting.setdefault(str(entry.stream), {})[entry.seq] = entry.hash
        if there:
            self._mark(there)

    def on_held(self, held: Mapping[str, int]) -> None:
        """`held`: stream id -> highest sequence number that the centre has."""
        there = []
        for stream, highest in held.items():
            waiting = self._waiting.get(stream, {})
            arrived = [seq for seq in waiting if seq <= highest]
            there += [waiting.pop(seq) for seq in arrived]
        if there:
            self._mark(there)
