"""What is shown beside the curves of a trend: markers of what happened, and runs of states."""

from collections.abc import Hashable, Sequence
from dataclasses import dataclass
from enum import StrEnum

from console.ui.priority_symbol import SymbolState


class MarkerKind(StrEnum):
    """In the order in which a symbol stands for several."""

    ALARM = "alarm"
    INCIDENT = "incident"
    ANNOTATION = "annotation"
    CHANGE = "change"
    SHIFT = "shift"


_ORDER = tuple(MarkerKind)


@dataclass(frozen=True, slots=True)
class Marker:
    """One thing at a moment, or from `at_us` until `until_us`. `record` names what a click opens."""

    kind: MarkerKind
    at_us: int
    text: str  # plain
    record: Hashable | None = None
    until_us: int = 0
    priority: int = 0  # of an alarm
    state: SymbolState = SymbolState.RETURNED

    @property
    def order(self) -> tuple[int, int, int]:
        return (_ORDER.index(self.kind), self.priority or 9, -self.at_us)


class MarkerSet:
    """All markers of a trend by kind, and which kinds are shown. Tell strip and plot to repaint after a change."""

    def __init__(self) -> None:
        self._by_kind: dict[MarkerKind, tuple[Marker, ...]] = {}
        self.shown: frozenset[MarkerKind] = frozenset(MarkerKind)

    def put(self, kind: MarkerKind, markers: Sequence[Marker]) -> bool:
        """True when they are others than before."""
        changed = self._by_kind.get(kind, ()) != tuple(markers)
        self._by_kind[kind] = tuple(markers)
        return changed

    def visible(self) -> list[Marker]:
        return [one for kind in _ORDER if kind in self.shown for one in self._by_kind.get(kind, ())]


@dataclass(frozen=True, slots=True)
class StateRun:
    """[from_us, to_us) in one state. `shade`: 0 is the quiet state (no, stopped), others are told apart by it; -1: not
    trusted, and `text` says why. `is_mixed`: several states, too short to show each."""

    from_us: int
    to_us: int
    text: str
    shade: int
    is_mixed: bool = False
