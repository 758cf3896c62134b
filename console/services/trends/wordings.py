"""Facts about things that people word anew, kept by thing: what has effect of them, and which things changed."""

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from typing import Generic, TypeVar
from uuid import UUID

from console.domain.history.versions import Version, Versions
from console.domain.identity import Hash
from console.services.journal.entries import Entry

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Saying(Generic[T]):
    """One fact: the wording in it, None for taking away; `is_first` for one that can begin a thing."""

    entry: Entry
    content: T | None
    is_first: bool


class Wordings(Generic[T]):
    """Lives in the main thread. The same for any order of arrival; `is_withheld` tells acts without the right to them,
    asked anew for everything after `rejudge`."""

    def __init__(self, is_withheld: Callable[[Entry], bool] = lambda _entry: False) -> None:
        self._is_withheld = is_withheld
        self._said: dict[UUID, dict[Hash, Saying[T]]] = {}
        self._cases: dict[UUID, tuple[Entry, Versions[T]] | None] = {}
        self._touched: dict[UUID, None] = {}

    def put(self, thing: UUID, saying: Saying[T]) -> None:
        """What is known already is passed over."""
        known = self._said.setdefault(thing, {})
        if saying.entry.hash not in known:
            known[saying.entry.hash] = saying
            self._touch((thing,))

    def rejudge(self) -> None:
        self._touch(tuple(self._said))

    def case(self, thing: UUID) -> tuple[Entry, Versions[T]] | None:
        """Its first entry and its wordings; None while nothing began it here."""
        if thing not in self._cases:
            self._cases[thing] = self._made(self._said.get(thing, {}).values())
        return self._cases[thing]

    def __iter__(self) -> Iterator[UUID]:
        return iter(tuple(self._said))

    def take_touched(self) -> tuple[UUID, ...]:
        """Things that may be other ones since the last call."""
        touched, self._touched = tuple(self._touched), {}
        return touched

    def _touch(self, things: Iterable[UUID]) -> None:
        for thing in things:
            self._touched[thing] = None
            self._cases.pop(thing, None)

    def _made(self, sayings: Iterable[Saying[T]]) -> tuple[Entry, Versions[T]] | None:
        with_effect = [one for one in sayings if not self._is_withheld(one.entry)]
        firsts = [one.entry for one in with_effect if one.is_first]
        if not firsts:
            return None
        versions: Versions[T] = Versions()
        for one in with_effect:
            entry = one.entry
            told = Version(entry.hash, entry.hlc, entry.actor.user_id, entry.wall_us, one.content)
            versions.put(told, entry.parents)
        return min(firsts, key=lambda entry: (entry.hlc, entry.hash)), versions
