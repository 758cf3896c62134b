"""The stations of the site as the journal tells: their keys, what is known of their streams, and who was revoked."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from uuid import UUID

from console.domain.station_facts import StationEnrolled, StationRevoked, StreamOpened
from console.services.identity.certificates import BadCertificate, check_certificate
from console.services.journal.entries import Entry


@dataclass(slots=True)
class _Station:
    code: str = ""
    name: str = ""
    keys: dict[bytes, int] = field(default_factory=dict)  # public key -> hlc from which it is known
    heads: dict[UUID, int] = field(default_factory=dict)  # stream -> highest seq seen
    stream_keys: dict[UUID, bytes] = field(default_factory=dict)
    revocations: dict[bytes, Entry] = field(default_factory=dict)
    enrolled_hlc: int = -1


@dataclass(frozen=True, slots=True)
class KnownStation:
    """A station for lists: `is_revoked` until it is let in again with another key."""

    station_id: UUID
    code: str
    name: str
    is_revoked: bool
    streams: tuple[UUID, ...]
    seqs: tuple[int, ...]


class Stations:
    """Feed every entry to `take`, in any order.

    `authority` is the site's public key, empty for trust on first sight; `counts` tells whether a revocation has
    effect (the gate: not one by somebody who might not).
    """

    def __init__(
        self, site: UUID, authority: bytes = b"", counts: Callable[[Entry], bool] = lambda entry: True
    ) -> None:
        self._site = site
        self._authority = authority
        self._counts = counts
        self._stations: dict[UUID, _Station] = {}
        self.version = 0  # another one whenever keys may count that did not, or no longer

    def take(self, entries: Sequence[Entry]) -> None:
        keys = (StreamOpened, StationEnrolled, StationRevoked)
        self.version += any(isinstance(entry.fact, keys) for entry in entries)
        for entry in entries:
            station = self._stations.setdefault(entry.station, _Station())
            station.heads[entry.stream] = max(entry.seq, station.heads.get(entry.stream, 0))
            match entry.fact:
                case StreamOpened():
                    self._opened(station, entry, entry.fact)
                case StationEnrolled():
                    self._enrolled(entry, entry.fact)
                case StationRevoked():
                    revoked = self._stations.setdefault(entry.fact.station_id, _Station())
                    revoked.revocations[entry.hash] = entry

    def keys_of(self, station_id: UUID) -> tuple[bytes, ...]:
        """Keys whose signatures count now: those first let in after the newest revocation."""
        station = self._stations.get(station_id)
        if station is None:
            return ()
        since = max((entry.hlc for entry in self._revocations(station)), default=-1)
        return tuple(key for key, hlc in station.keys.items() if hlc > since)

    def keys_ever(self, station_id: UUID) -> tuple[bytes, ...]:
        """Every key that the station ever had, revoked ones too."""
        station = self._stations.get(station_id)
        return tuple(station.keys) if station is not None else ()

    def is_key_revoked(self, station_id: UUID, key: bytes) -> bool:
        """True for a key that this station had when it was revoked."""
        station = self._stations.get(station_id)
        return station is not None and key in station.keys and key not in self.keys_of(station_id)

    def is_revoked(self, station_id: UUID) -> bool:
        station = self._stations.get(station_id)
        return station is not None and bool(self._revocations(station)) and not self.keys_of(station_id)

    def is_revoked_at(self, station_id: UUID, stream: UUID, seq: int) -> bool:
        """True for an event behind what a revocation still trusts: it gets the flag `revoked_station`. A stream of a
        key that was let in later is trusted."""
        station = self._stations.get(station_id)
        if station is None or station.stream_keys.get(stream) in self.keys_of(station_id):
            return False
        facts = [entry.fact for entry in self._revocations(station)]
        return any(isinstance(fact, StationRevoked) and seq > _trusted(fact, stream) for fact in facts)

    def known(self) -> tuple[KnownStation, ...]:
        """All stations that were ever heard of, by code."""
        found = [self._known(station_id, station) for station_id, station in self._stations.items()]
        return tuple(sorted(found, key=lambda one: (one.code, one.station_id)))

    def find(self, station_id: UUID) -> KnownStation | None:
        station = self._stations.get(station_id)
        return self._known(station_id, station) if station is not None else None

    def _known(self, station_id: UUID, station: _Station) -> KnownStation:
        heads = sorted(station.heads.items())
        streams, seqs = tuple(stream for stream, _ in heads), tuple(seq for _, seq in heads)
        return KnownStation(station_id, station.code, station.name, self.is_revoked(station_id), streams, seqs)

    def _revocations(self, station: _Station) -> list[Entry]:
        return [entry for entry in station.revocations.values() if self._counts(entry)]

    def _opened(self, station: _Station, entry: Entry, fact: StreamOpened) -> None:
        key = self._proven(fact.public_key_hex, fact.certificate_hex, entry.station, fact.station_code)
        if key is None:
            return
        station.code = station.code or fact.station_code
        station.stream_keys[fact.stream] = key
        _keep_key(station, key, entry.hlc)

    def _enrolled(self, entry: Entry, fact: StationEnrolled) -> None:
        key = self._proven(fact.public_key_hex, fact.certificate_hex, fact.station_id, fact.code)
        if key is None:
            return
        station = self._stations.setdefault(fact.station_id, _Station())
        if entry.hlc > station.enrolled_hlc:
            station.enrolled_hlc, station.code, station.name = entry.hlc, fact.code, fact.name
        _keep_key(station, key, entry.hlc)

    def _proven(self, key_hex: str, certificate: str, station: UUID, code: str) -> bytes | None:
        """The key, when the site's authority let it in for this station (or the site has none); else None."""
        try:
            key = bytes.fromhex(key_hex)
            if self._authority:
                check_certificate(
                    certificate, self._authority, site=self._site, station=station, code=code, public_key=key
                )
        except (BadCertificate, ValueError):
            return None
        return key


def _keep_key(station: _Station, key: bytes, hlc: int) -> None:
    """The earliest mention counts, so that a revoked key cannot come back by opening another stream."""
    station.keys[key] = min(hlc, station.keys.get(key, hlc))


def _trusted(fact: StationRevoked, stream: UUID) -> int:
    return dict(zip(fact.streams, fact.seqs, strict=False)).get(stream, 0)
