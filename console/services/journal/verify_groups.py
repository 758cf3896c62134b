"""Whether transactions are whole, by the receiver's own rule, and whose stream an archived part is of."""

from dataclasses import dataclass, field
from uuid import UUID

from console.domain.identity import may_open
from console.services.journal.archive_file import Manifest
from console.services.journal.envelope import Event
from console.services.journal.receiving import NOT_ITS_STREAM, goes_on

NOT_WHOLE = "a transaction is not whole: this entry does not go on where the one before it stopped"
CUT_SHORT = "a transaction is not whole: the archived part ends in the middle of it"
CUT_IN = "a transaction is not whole: the archived part begins in the middle of it"


def ends_group(event: Event) -> bool:
    """True for the last event of a transaction."""
    return event.body.tx_i == event.body.tx_n - 1


@dataclass(slots=True)
class PartWalk:
    """One archived part. `take` every sound event of its file in order, then ask `faults`: (seq, reason).

    What neither frame nor tree nor signature shows: a part is sealed of whole transactions, all of one station, and
    the stream's id is that station's.
    """

    groups: int = 0
    places: dict[bytes, int] = field(default_factory=dict)
    _stations: dict[UUID, int] = field(default_factory=dict)  # each with the seq where it stands first
    _torn: list[int] = field(default_factory=list)
    _first: Event | None = None
    _last: Event | None = None

    def take(self, event: Event) -> None:
        before, self._last = self._last, event
        self._first = self._first or event
        self.places[event.raw.hash] = event.seq
        self._stations.setdefault(event.body.station, event.seq)
        self.groups += event.body.tx_i == 0
        if before is not None and before.raw.hash == event.prev and not goes_on(before, event):
            self._torn.append(event.seq)

    def faults(self, told: Manifest) -> list[tuple[int, str]]:
        """By seq. An event that is damaged or missing was found by the file itself; next to it nothing is claimed."""
        found = [(seq, NOT_WHOLE) for seq in self._torn]
        strangers = [seq for one, seq in self._stations.items() if one != told.stream_station]
        found += [(seq, "of another station than its stream") for seq in strangers]
        first, last = self._first, self._last
        if first is not None and first.seq == told.from_seq and first.body.tx_i != 0:
            found.append((first.seq, CUT_IN))
        if last is not None and last.seq == told.to_seq and not ends_group(last):
            found.append((last.seq, CUT_SHORT))
        if not may_open(told.stream, told.stream_station, _key(told)):
            found.append((told.from_seq, NOT_ITS_STREAM))
        return sorted(found)


def _key(told: Manifest) -> bytes:
    try:
        return bytes.fromhex(told.stream_key)
    except ValueError:
        return b""
