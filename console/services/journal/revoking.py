"""What a revocation takes from the trust in a station: which events it covers, and flagging those that are here.

A station may have written a hundred thousand events before it is revoked. They are flagged in slices, each a
transaction of its own, so that no act waits behind all of them; how far that came stands in the journal's file, so
that a station that ends meanwhile goes on where it was.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from uuid import UUID

import msgspec

from console.domain.station_facts import StationRevoked
from console.services.journal.envelope import Event
from console.services.journal.event_table import Stored, Stream
from console.services.journal.facts_codec import decode_fact
from console.services.journal.store import EventStore

AT_ONCE = 1000  # events of one slice: some 10 ms of the writer
_DUE = "revocations_due"
_Place = tuple[str, int]  # stream and seq from which on it has to be flagged


@dataclass(frozen=True, slots=True)
class Revocation:
    """What an administrator left of the trust in a station: of streams with these keys, up to these seqs."""

    keys: frozenset[bytes]
    trusted: Mapping[UUID, int]

    def covers(self, event: Event, key: bytes) -> bool:
        return key in self.keys and event.seq > self.trusted.get(event.stream, 0)


Trust = list[Revocation]


def trust_in(store: EventStore, station: UUID) -> Trust:
    """Empty for a station that nobody revoked. A key that was let in after a revocation is trusted again (P18).

    A key of a stream that the revocation names is covered whatever its clock said: a wrong clock is no way around it.
    """
    revocations = list(store.revocations(station))
    if not revocations:
        return []
    own = [stream for stream in store.streams() if stream.station == station]
    return [
        Revocation(
            frozenset(s.public_key for s in own if s.opened_hlc < hlc or s.stream in fact.streams),
            dict(zip(fact.streams, fact.seqs, strict=False)),
        )
        for hlc, fact in revocations
    ]


def flag_by_own(store: EventStore, made: Sequence[Stored], now_us: int) -> set[bytes]:
    """What our own revocations say about events that are here already; gives the hashes of the first slice."""
    flagged: set[bytes] = set()
    for stored in made:
        body = stored.event.body
        if body.etype == StationRevoked.etype:
            fact = decode_fact(body.etype, body.min_reader, bytes(body.payload))
            if isinstance(fact, StationRevoked):
                flagged |= flag_revoked(store, fact.station_id, now_us)
    return flagged


def flag_revoked(store: EventStore, station: UUID, now_us: int, at_once: int = 0) -> set[bytes]:
    """Begin to flag what is here and behind the last trusted events of a revoked station; gives the hashes of the
    first slice. The rest is done by `flag_next`, again and again until nothing `is_due`."""
    if not trust_in(store, station):
        return set()
    due = _due(store)
    due[str(station)] = ("", 0)  # from the beginning: this revocation may reach back further than one before it
    _note(store, due)
    return flag_next(store, now_us, at_once)


def is_due(store: EventStore) -> bool:
    """True while events of revoked stations wait for their flag."""
    return bool(store.meta(_DUE))


def flag_next(store: EventStore, now_us: int, at_once: int = 0) -> set[bytes]:
    """Flag the next slice, of `at_once` events (0: AT_ONCE); gives its hashes."""
    due, flagged, at_once = _due(store), set[bytes](), at_once or AT_ONCE
    for station in sorted(due):
        place = _flag_some(store, UUID(station), due[station], now_us, at_once, flagged)
        if place is not None:
            due[station] = place
            break
        del due[station]
    _note(store, due)
    return flagged


def _flag_some(
    store: EventStore, station: UUID, place: _Place, now_us: int, at_once: int, flagged: set[bytes]
) -> _Place | None:
    """From a place on, until the slice is full; gives the place to go on from, None when the station is done."""
    trust = trust_in(store, station)
    streams = sorted((one for one in store.streams() if one.station == station), key=lambda one: str(one.stream))
    for stream in streams:
        name, low = str(stream.stream), _first_covered(trust, stream)
        if low is None or name < place[0]:
            continue
        low = max(low, place[1] if name == place[0] else 1)
        while low <= stream.head_seq:
            if len(flagged) >= at_once:
                return name, low
            high = low + at_once - len(flagged) - 1
            for tip in store.hashes(stream.stream, low, min(high, stream.head_seq)):
                store.flag(tip.hash, "revoked_station", now_us)
                flagged.add(tip.hash)
            low = high + 1
    return None


def _first_covered(trust: Trust, stream: Stream) -> int | None:
    """The first seq of a stream that any revocation covers."""
    covered = [one.trusted.get(stream.stream, 0) + 1 for one in trust if stream.public_key in one.keys]
    return min(covered, default=None)


def _due(store: EventStore) -> dict[str, _Place]:
    told = store.meta(_DUE)
    return msgspec.json.decode(told, type=dict[str, _Place]) if told else {}


def _note(store: EventStore, due: Mapping[str, _Place]) -> None:
    told = msgspec.json.encode(due).decode() if due else ""
    if told != (store.meta(_DUE) or ""):
        store.set_meta(_DUE, told)
