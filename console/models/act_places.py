"""Where each act on an incident is kept durably, and what is doubted about it, by the hash of its event."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass

from console.models.sync_words import flags_text, places_text
from console.services.records import IncidentRecord, JournalDelta, JournalRow
from console.services.station import JOURNAL, JournalQuery, Station
from console.ui.translation import tr

_KIND = "incident "
_MOST = 1000  # entries of one incident that are asked for


@dataclass(frozen=True, slots=True)
class Kept:
    """Texts are translated when they are asked for."""

    in_centre: bool
    stations: int
    flags: tuple[str, ...] = ()

    @property
    def text(self) -> str:
        return places_text(self.in_centre, self.stations)

    @property
    def doubt(self) -> str:
        return flags_text(self.flags)


class ActPlaces:
    """Follows the journal; `tell(entity)` when what is known of an incident (`incident <id>`) changed."""

    def __init__(self, station: Station, tell: Callable[[str], None]) -> None:
        self._station = station
        self._known: dict[str, dict[str, Kept]] = {}  # entity -> hash -> where
        self._tell: Callable[[str], None] = lambda _entity: None  # the snapshot comes while the owner is made
        self._undo = station.subscribe(JOURNAL, self._on_delta)
        self._tell = tell

    def close(self) -> None:
        """Follow the station no longer."""
        self._undo()

    async def ask(self, record: IncidentRecord) -> None:
        """Learn of all entries of an incident, however old."""
        entity = f"{_KIND}{record.incident_id}"
        rows = await self._station.query(JournalQuery(entity=entity, limit=_MOST))
        self._learn(rows)

    def of_act(self, record: IncidentRecord, event_hash: str) -> Kept | None:
        """None for an act of which nothing is known here."""
        return self._known.get(f"{_KIND}{record.incident_id}", {}).get(event_hash)

    def of_record(self, record: IncidentRecord) -> str:
        """Where the whole incident is kept: only as safe as its least safe entry."""
        kept = tuple(self._known.get(f"{_KIND}{record.incident_id}", {}).values())
        if not kept:
            return tr(record.places)
        return places_text(all(one.in_centre for one in kept), min(one.stations for one in kept))

    def _on_delta(self, delta: JournalDelta) -> None:
        self._learn(delta.rows)

    def _learn(self, rows: Iterable[JournalRow]) -> None:
        changed: set[str] = set()
        for row in rows:
            if not row.entity.startswith(_KIND):
                continue
            kept, known = Kept(row.in_centre, row.stations, row.flags), self._known.setdefault(row.entity, {})
            if known.get(row.hash) != kept:
                known[row.hash] = kept
                changed.add(row.entity)
        for entity in changed:
            self._tell(entity)
