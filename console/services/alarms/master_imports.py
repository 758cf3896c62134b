"""Imports of master alarm records as the journal tells them: parts that take effect together, or not at all."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field

from console.domain.identity import Hash
from console.domain.master_facts import MasterAlarmsImported
from console.services.alarms.master_case import Word
from console.services.journal.entries import Entry

_MOST_PARTS = 200  # what one transaction holds


@dataclass(slots=True)
class Import:
    """`parts` by number; `undone` by the events that took it back."""

    import_id: str
    parts: dict[int, tuple[Entry, MasterAlarmsImported]] = field(default_factory=dict)
    undone: set[Hash] = field(default_factory=set)
    is_applied: bool = False

    def put(self, entry: Entry, fact: MasterAlarmsImported) -> bool:
        """Takes a part; True when it made the import whole. Parts of another stream are somebody else's."""
        if not 0 <= fact.part < fact.parts <= _MOST_PARTS:
            return False
        first = next(iter(self.parts.values()), (entry, fact))
        if first[0].stream != entry.stream or first[1].parts != fact.parts:
            return False
        self.parts.setdefault(fact.part, (entry, fact))
        if self.is_applied or len(self.parts) < fact.parts:
            return False
        self.is_applied = True
        return True

    def words(self) -> Iterator[tuple[str, Word]]:
        """(key, what it says) of every row; a row that is none is passed over."""
        for _, (entry, fact) in sorted(self.parts.items()):
            for row in fact.rows:
                if len(row) >= 2 and len(row) % 2 == 0:
                    values = tuple(zip(row[2::2], row[3::2], strict=True))
                    yield row[0], Word(entry, hashes(row[1].split()), values, None, self.import_id)

    @property
    def head(self) -> tuple[Entry, MasterAlarmsImported]:
        return self.parts[min(self.parts)]


def hashes(told: Iterable[str]) -> tuple[Hash, ...]:
    """Names of events as a payload has them; none when one of them is no name."""
    try:
        return tuple(bytes.fromhex(one) for one in told)
    except ValueError:
        return ()
