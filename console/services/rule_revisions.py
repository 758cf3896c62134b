"""Which alarm rules each station works by, as the journal tells, and who differs (P38)."""

from collections.abc import Collection, Sequence
from uuid import UUID

from console.domain.facts import SiteFileApplied
from console.services.journal.entries import Entry

RULES_FILES = ("alarms.toml", "derived.toml")  # what decides together which alarms there are


class RuleRevisions:
    """The newest applied rule files of each station, whatever the order in which its facts arrive."""

    def __init__(self) -> None:
        self._newest: dict[tuple[UUID, str], tuple[tuple[int, bytes], str]] = {}

    def apply(self, entries: Sequence[Entry]) -> None:
        for entry in entries:
            if isinstance(entry.fact, SiteFileApplied) and entry.fact.file in RULES_FILES:
                place, key = (entry.hlc, entry.hash), (entry.station, entry.fact.file)
                known = self._newest.get(key)
                if known is None or known[0] < place:
                    self._newest[key] = (place, entry.fact.sha256)

    def of(self, station: UUID, file: str = RULES_FILES[0]) -> str:
        """SHA-256 of the rules that this station applied last, empty while it told of none."""
        known = self._newest.get((station, file))
        return known[1] if known is not None else ""

    def differing(self, own: UUID, present: Collection[UUID]) -> list[UUID]:
        """Stations among `present` that work by other rules than `own`; who told of none is not judged."""
        return sorted(one for one in present if any(self._differs(own, one, file) for file in RULES_FILES))

    def _differs(self, own: UUID, other: UUID, file: str) -> bool:
        ours, theirs = self.of(own, file), self.of(other, file)
        return bool(ours and theirs and ours != theirs)
