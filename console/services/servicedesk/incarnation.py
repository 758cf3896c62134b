"""The letter in this station's record numbers: which of its journal streams gave them."""

from collections.abc import Iterable
from uuid import UUID

from console.domain.facts import StreamOpened
from console.services.journal.entries import Entry

_LETTERS = "ABCDEFGHIJKLMNOPQRSTUVWXYZ"


class IncarnationLetter:
    """Counts the streams of one station: A for the first, B after a new image, a restore or a new key; Z, AA, AB ...

    Let it `apply` what the journal replays and gives; call it for the letter of now.
    """

    def __init__(self, station: UUID) -> None:
        self._station = station
        self._streams: set[UUID] = set()

    def apply(self, entries: Iterable[Entry]) -> None:
        opened = (entry for entry in entries if isinstance(entry.fact, StreamOpened))
        self._streams.update(entry.stream for entry in opened if entry.station == self._station)

    def __call__(self) -> str:
        place, letters = max(1, len(self._streams)), ""
        while place:
            place, letter = divmod(place - 1, 26)
            letters = _LETTERS[letter] + letters
        return letters
