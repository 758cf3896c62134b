"""Acknowledgement intervals by the hundred thousand: 65 bytes each instead of a handful of objects.

A month's backlog of a plant brings a million of them, and all are kept in reach, because an alarm may come to light
after its acknowledgement (pitfall P22). Objects are made only of those that somebody asks for.
"""

from collections.abc import Container, Iterable, Iterator
from dataclasses import dataclass
from struct import Struct

from console.domain.identity import Hash

_RECORD = Struct("<B32sQqqI")  # length of the hash, hash, hlc, start, seen through, number of the person
_KEY = 33
_INDEXED_FROM = 512  # below this a search through the bytes is quicker than what an index costs in memory
_LEAST, _MOST = -(1 << 63), (1 << 63) - 1

_people: list[str] = [""]  # user ids that ever acknowledged, shared by all stores: few, and they never end
_number_of: dict[str, int] = {"": 0}


@dataclass(frozen=True, slots=True, order=True)
class AckInterval:
    """One acknowledgement: the event that made it, its place in time, and how far it reaches.

    `exactly_us`, where it is not 0: the annunciation that it names and that lies further ahead of the clock of the one
    who acted than any act may reach. It counts for that annunciation of the occurrence that begins at `start_us` alone.
    """

    hlc: int
    by: Hash
    start_us: int
    seen_through_us: int
    user_id: str = ""
    comment: str = ""
    exactly_us: int = 0


class IntervalStore:
    """A grow-only set by hash, of everything but `exactly_us`; what is no longer needed is dropped by `drop`.

    Times in microseconds, any clock.
    """

    __slots__ = ("_comments", "_index", "_records")

    def __init__(self) -> None:
        self._records = bytearray()
        self._comments: dict[Hash, str] = {}
        self._index: set[bytes] | None = None

    def __len__(self) -> int:
        return len(self._records) // _RECORD.size

    def __contains__(self, by: object) -> bool:
        if not isinstance(by, bytes):
            return False
        key = _key(by)
        if self._index is not None:
            return key in self._index
        at = self._records.find(key)
        while at >= 0 and at % _RECORD.size:  # the bytes of two neighbours may look like it
            at = self._records.find(key, at + 1)
        return at >= 0

    def put(self, interval: AckInterval) -> bool:
        """False when one of this hash is known."""
        if interval.by in self:
            return False
        by = interval.by
        self._records += _RECORD.pack(
            len(by),
            by,
            interval.hlc,
            _fit(interval.start_us),
            _fit(interval.seen_through_us),
            _person(interval.user_id),
        )
        if interval.comment:
            self._comments[by] = interval.comment
        if self._index is not None:
            self._index.add(_key(by))
        elif len(self) >= _INDEXED_FROM:
            self._index = {bytes(self._records[at : at + _KEY]) for at in range(0, len(self._records), _RECORD.size)}
        return True

    def __iter__(self) -> Iterator[AckInterval]:
        """In the order of arrival."""
        return self.reaching(_LEAST)

    def reaching(self, through_us: int) -> Iterator[AckInterval]:
        """Those that saw at least as far."""
        for length, padded, hlc, start_us, seen_us, person in _RECORD.iter_unpack(bytes(self._records)):
            if seen_us >= through_us:
                by = padded[:length]
                yield AckInterval(hlc, by, start_us, seen_us, _people[person], self._comments.get(by, ""))

    def furthest_us(self, otherwise: int) -> int:
        """How far any of them reaches."""
        return max((record[4] for record in _RECORD.iter_unpack(bytes(self._records))), default=otherwise)

    def drop(self, before_us: int) -> tuple[AckInterval, ...]:
        """Take out and return what reaches less far than this."""
        kept, gone = IntervalStore(), []
        for one in self:
            if one.seen_through_us < before_us:
                gone.append(one)
            else:
                kept.put(one)
        if gone:
            self._records, self._comments, self._index = kept._records, kept._comments, kept._index
        return tuple(gone)

    def without(self, named: Container[Hash]) -> Iterable[AckInterval]:
        """Those that are not named here."""
        return (one for one in self if one.by not in named)


def _key(by: Hash) -> bytes:
    return bytes([len(by)]) + by.ljust(_KEY - 1, b"\0")


def _fit(us: int) -> int:
    return min(max(us, _LEAST), _MOST)


def _person(user_id: str) -> int:
    number = _number_of.get(user_id)
    if number is None:
        number = _number_of[user_id] = len(_people)
        _people.append(user_id)
    return number
