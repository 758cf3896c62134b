"""Pen groups as they follow from the journal: the same at every console, whatever the order of arrival."""

from collections.abc import Callable, Iterable
from uuid import UUID

from console.domain.history.pen_groups import PenGroup, PenGroupDeleted, PenGroupSaved, Pens, last_pens
from console.domain.history.versions import Version
from console.services.journal.entries import Entry
from console.services.trend_records import PenGroupRecord, PenGroupsDelta, PensVersion
from console.services.trends.wordings import Saying, Wordings

_NOTHING = Pens("", False, ())


class PenGroupDesk:
    """The projection. Lives in the main thread."""

    def __init__(self, name_of: Callable[[str], str] = str) -> None:
        self._name_of = name_of
        self._wordings: Wordings[Pens] = Wordings()

    def apply(self, entries: Iterable[Entry]) -> None:
        """Entries of any kind, own and replicated alike; what is known is passed over."""
        for entry in entries:
            fact = entry.fact
            if isinstance(fact, PenGroupSaved):
                pens = Pens(fact.name, fact.is_shared, fact.tag_ids, fact.look)
                self._wordings.put(fact.group_id, Saying(entry.to_keep(), pens, is_first=True))
            elif isinstance(fact, PenGroupDeleted):
                self._wordings.put(fact.group_id, Saying(entry.to_keep(), None, is_first=False))

    def renamed(self, _told: object = None) -> None:
        self._wordings.rejudge()

    def group(self, group_id: UUID) -> PenGroup | None:
        """As decisions see it; None for one that nothing began here."""
        case = self._wordings.case(group_id)
        return PenGroup(group_id, case[0].actor.user_id, case[1]) if case is not None else None

    def snapshot(self) -> PenGroupsDelta:
        return PenGroupsDelta(True, tuple(self._records(self._wordings)))

    def take_delta(self) -> PenGroupsDelta | None:
        """What changed since the last call, None when nothing did."""
        changed = tuple(self._records(self._wordings.take_touched()))
        return PenGroupsDelta(False, changed) if changed else None

    def _records(self, ids: Iterable[UUID]) -> Iterable[PenGroupRecord]:
        known = (self.group(one) for one in ids)
        return (self._record(one) for one in known if one is not None)

    def _record(self, known: PenGroup) -> PenGroupRecord:
        versions, pens = known.versions, last_pens(known) or _NOTHING
        shown = versions.shown
        return PenGroupRecord(
            known.group_id,
            pens.name,
            pens.is_shared,
            pens.tag_ids,
            pens.look,
            self._name_of(known.owner),
            known.owner,
            self._name_of(shown.who),
            shown.at_us,
            versions.is_gone,
            tuple(by.hex() for by in versions.heads),
            tuple(map(self._told, versions.standing)) if versions.is_disputed else (),
        )

    def _told(self, version: Version[Pens]) -> PensVersion:
        pens, who = version.content, self._name_of(version.who)
        if pens is None:
            return PensVersion(version.by.hex(), who, version.at_us, is_gone=True)
        return PensVersion(version.by.hex(), who, version.at_us, pens.name, pens.is_shared, pens.tag_ids, pens.look)
