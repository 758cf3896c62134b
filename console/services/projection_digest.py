"""Whether two stations that hold the same events also show the same: digests of the projections, bucket by bucket.

A bucket's digest is the sum of its entities' digests, so that a changed entity
costs what it costs itself, and the order in which entities came to be does not matter.
"""

from collections.abc import Iterable
from hashlib import sha256
from typing import Protocol
from uuid import UUID

BUCKETS = 64
_FIELD = 1 << 256


class Digested(Protocol):
    """A projection whose entities can be compared; `IncidentDesk` and `Acknowledgements` are."""

    def take_touched(self) -> frozenset[UUID]:
        """Entities whose digest may be another one since the last call."""
        ...

    def digest(self, entity_id: UUID, /) -> bytes | None:
        """Equal wherever the same events were taken in; None for an unknown entity."""
        ...


class ProjectionDigest:
    """Main thread only; one per station. `kinds` name the projections: {"incident": desk, "ack": kept intervals}."""

    def __init__(self, kinds: dict[str, Digested]) -> None:
        self._kinds = kinds
        self._entities: dict[str, dict[UUID, int]] = {kind: {} for kind in kinds}
        self._sums: dict[str, int] = {}

    def digests(self) -> dict[str, bytes]:
        """Bucket ("incident/07") to 32 bytes; empty buckets are left out. Costs what changed since the last call."""
        for kind, projection in self._kinds.items():
            for entity_id in projection.take_touched():
                self._count(kind, entity_id, projection.digest(entity_id))
        return {bucket: total.to_bytes(32, "big") for bucket, total in sorted(self._sums.items()) if total}

    def ids_in(self, bucket: str) -> tuple[UUID, ...]:
        """The entities of a bucket, for rebuilding them from the journal after a divergence."""
        kind = bucket.partition("/")[0]
        return tuple(sorted(one for one in self._entities.get(kind, ()) if bucket_of(kind, one) == bucket))

    def _count(self, kind: str, entity_id: UUID, digest: bytes | None) -> None:
        bucket, known = bucket_of(kind, entity_id), self._entities[kind]
        told = 0 if digest is None else int.from_bytes(sha256(kind.encode() + entity_id.bytes + digest).digest(), "big")
        self._sums[bucket] = (self._sums.get(bucket, 0) - known.get(entity_id, 0) + told) % _FIELD
        if told:
            known[entity_id] = told
        else:
            known.pop(entity_id, None)


def bucket_of(kind: str, entity_id: UUID) -> str:
    """One of 64 for each kind, evenly whatever made the id."""
    return f"{kind}/{sha256(entity_id.bytes).digest()[0] % BUCKETS:02d}"


def differing(ours: dict[str, bytes], theirs: dict[str, bytes]) -> tuple[str, ...]:
    """Buckets that are not equal, also those that one side lacks."""
    return tuple(sorted(bucket for bucket in _all(ours, theirs) if ours.get(bucket) != theirs.get(bucket)))


def _all(*sides: Iterable[str]) -> set[str]:
    return {bucket for side in sides for bucket in side}
