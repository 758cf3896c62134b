"""Which alarm rules each station works by, as the journal tells, and who differs (sync.md section 9, P38)."""

from collections.abc import Collection, Sequence
from uuid import UUID

from console.domain.facts import SiteFileApplied
from console.services.journal.entries import Entry

RULES_FILE = "alarms.toml"


class RuleRevisions:
    """The newest applied rule file of each station, whatever the order in which its facts arrive."""

    def __init__(self) -> None:
        self._newest: dict[UUID, tuple[tuple[int, bytes], str]] = {}

    def apply(self, entries: Sequence[Entry]) -> None:
        for entry in entries:
            if isinstance(entry.fact, SiteFileApplied) and entry.fact.file == RULES_FILE:
                place = (entry.hlc, entry.hash)
                known = self._newest.get(entry.station)
                if known is None or known[0] < place:
                    self._newest[entry.station] = (place, entry.fact.sha256)

    def of(self, station: UUID) -> str:
        """SHA-256 of the rules that this station applied last, empty while it told of none."""
        known = self._newest.get(station)
        return known[1] if known is not None else ""

    def differing(self, own: UUID, present: Collection[UUID]) -> list[UUID]:
        """Stations among `present` that work by other rules than `own`; who told of none is not judged."""
        ours = self.of(own)
        return sorted(one for one in present if ours and self.of(one) not in ("", ours))
