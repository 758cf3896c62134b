"""What several people may write anew and take away: every wording that nobody has replaced stands, none is lost.

A wording leaves only when a later one names it as what its author saw. So two who wrote at once leave two wordings
beside each other, until somebody who sees both chooses; a wording beside a taking-away keeps the thing in sight.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Generic, TypeVar

from console.domain.identity import Hash
from console.domain.registers import Register

T = TypeVar("T")
MOST_PARENTS = 64


@dataclass(frozen=True, slots=True)
class Version(Generic[T]):
    """One wording; `content` None: taken away. `who` is a user id, `at_us` wall time of the station."""

    by: Hash
    hlc: int
    who: str
    at_us: int
    content: T | None

    @property
    def order(self) -> tuple[int, Hash]:
        return (self.hlc, self.by)


class Versions(Generic[T]):
    """All wordings of one thing, whatever the order in which they arrive and however often."""

    def __init__(self) -> None:
        self._register: Register[Version[T]] = Register(lambda version: int(version.content is not None))
        self._all: dict[Hash, Version[T]] = {}

    def put(self, version: Version[T], seen: Iterable[Hash] = ()) -> None:
        """`seen`: the wordings that its author saw and replaces."""
        self._all[version.by] = version
        self._register.put(version.by, version.hlc, version, (one for one in seen if one != version.by))

    def __bool__(self) -> bool:
        return bool(self._all)

    @property
    def standing(self) -> tuple[Version[T], ...]:
        """Those that nobody replaced, the shown one last; never empty when anything was put, but for a ring of
        parents that only a broken program can write: then the newest stands."""
        found = self._register.values()
        return found or self.history[-1:]

    @property
    def shown(self) -> Version[T]:
        return self.standing[-1]

    @property
    def is_gone(self) -> bool:
        """Taken away, and nobody wrote it anew without knowing of that."""
        return self.shown.content is None

    @property
    def is_disputed(self) -> bool:
        return len({version.content for version in self.standing}) > 1

    @property
    def heads(self) -> tuple[Hash, ...]:
        return tuple(version.by for version in self.standing)

    @property
    def history(self) -> tuple[Version[T], ...]:
        """Everything that was ever said, oldest first."""
        return tuple(sorted(self._all.values(), key=lambda version: version.order))

    def replaced_by(self, seen: Iterable[str]) -> tuple[Hash, ...]:
        """What a new wording names as its parents: those of `seen` (hex) that are known here, or all that stand when
        nothing is told. Whatever its author did not see goes on standing beside it."""
        wanted = set(seen)
        found = self.heads if not wanted else tuple(by for by in sorted(self._all) if by.hex() in wanted)
        return found[:MOST_PARENTS]
