"""A field that several people may set at once: a multi-value register with causal parents.

A value leaves the heads only when a later event names it as parent, so that nothing is silently overwritten, and the
result does not depend on the order in which events arrive or on how often.
"""

from collections.abc import Callable, Iterable
from typing import Generic, TypeVar

from console.domain.identity import Hash

T = TypeVar("T")


class Register(Generic[T]):
    """Heads are ordered by (rank, hybrid clock, hash); the last one is shown, the others are listed beside it."""

    __slots__ = ("_heads", "_rank", "_superseded", "_values")

    def __init__(self, rank: Callable[[T], int] | None = None) -> None:
        self._rank = rank
        self._values: dict[Hash, tuple[int, T]] = {}
        self._superseded: set[Hash] = set()
        self._heads: tuple[Hash, ...] | None = None  # until the next value

    def put(self, by: Hash, hlc: int, value: T, parents: Iterable[Hash] = ()) -> None:
        """Event `by` sets the value, knowing `parents` (which may arrive later than it)."""
        self._values[by] = (hlc, value)
        self._superseded.update(parents)
        self._heads = None

    def heads(self) -> tuple[Hash, ...]:
        """Events whose value nobody has replaced, the shown one last."""
        if self._heads is None:
            alive = [by for by in self._values if by not in self._superseded]
            self._heads = tuple(sorted(alive, key=self._order)) if len(alive) > 1 else tuple(alive)
        return self._heads

    def values(self) -> tuple[T, ...]:
        """The values of the heads, the shown one last."""
        return tuple(self._values[by][1] for by in self.heads())

    def is_disputed(self, key: Callable[[T], object] = lambda value: value) -> bool:
        """True when concurrent events set values that differ by `key`."""
        return len({key(value) for value in self.values()}) > 1

    def _order(self, by: Hash) -> tuple[int, int, Hash]:
        hlc, value = self._values[by]
        return (self._rank(value) if self._rank else 0, hlc, by)
