"""Annotations as they follow from the journal: the same at every console, whatever the order of arrival."""

from collections.abc import Callable, Iterable
from uuid import UUID

from console.domain.history.annotations import (
    Annotation,
    AnnotationAdded,
    AnnotationEdited,
    AnnotationWithdrawn,
    Note,
    last_words,
)
from console.domain.history.versions import Version
from console.services.journal.entries import Entry
from console.services.trend_records import AnnotationRecord, AnnotationsDelta, NoteVersion
from console.services.trends.wordings import Saying, Wordings

EARLIER = 50  # wordings that are told of one annotation


class AnnotationDesk:
    """The projection. Lives in the main thread."""

    def __init__(
        self, name_of: Callable[[str], str] = str, is_withheld: Callable[[Entry], bool] = lambda _entry: False
    ) -> None:
        self._name_of = name_of
        self._wordings: Wordings[Note] = Wordings(is_withheld)

    def apply(self, entries: Iterable[Entry]) -> None:
        """Entries of any kind, own and replicated alike; what is known is passed over."""
        for entry in entries:
            fact = entry.fact
            if isinstance(fact, AnnotationAdded | AnnotationEdited):
                note = Note(min(fact.from_us, fact.to_us), max(fact.from_us, fact.to_us), fact.text)
                said = Saying(entry.to_keep(), note, isinstance(fact, AnnotationAdded))
            elif isinstance(fact, AnnotationWithdrawn):
                said = Saying(entry.to_keep(), None, is_first=False)
            else:
                continue
            self._wordings.put(fact.annotation_id, said)

    def rejudge(self, _told: object = None) -> None:
        """Rights of the past, or names of people, became other ones."""
        self._wordings.rejudge()

    def annotation(self, annotation_id: UUID) -> Annotation | None:
        """As decisions see it; None for one that nothing began here."""
        case = self._wordings.case(annotation_id)
        if case is None:
            return None
        first, versions = case
        fact = first.fact
        assert isinstance(fact, AnnotationAdded)
        return Annotation(annotation_id, first.actor.user_id, first.wall_us, fact.tag_ids, fact.asset_ids, versions)

    def snapshot(self) -> AnnotationsDelta:
        return AnnotationsDelta(True, tuple(self._records(self._wordings)))

    def take_delta(self) -> AnnotationsDelta | None:
        """What changed since the last call, None when nothing did."""
        changed = tuple(self._records(self._wordings.take_touched()))
        return AnnotationsDelta(False, changed) if changed else None

    def _records(self, ids: Iterable[UUID]) -> Iterable[AnnotationRecord]:
        known = (self.annotation(one) for one in ids)
        return (self._record(one) for one in known if one is not None)

    def _record(self, known: Annotation) -> AnnotationRecord:
        versions, words = known.versions, last_words(known)
        shown = versions.shown
        return AnnotationRecord(
            known.annotation_id,
            words.from_us,
            words.to_us,
            words.text,
            known.tag_ids,
            known.asset_ids,
            self._name_of(known.author),
            known.author,
            known.added_us,
            self._name_of(shown.who),
            shown.at_us,
            versions.is_gone,
            tuple(by.hex() for by in versions.heads),
            tuple(map(self._told, versions.standing)) if versions.is_disputed else (),
            tuple(map(self._told, versions.history[-EARLIER:])),
        )

    def _told(self, version: Version[Note]) -> NoteVersion:
        note = version.content
        who = self._name_of(version.who)
        if note is None:
            return NoteVersion(version.by.hex(), who, version.at_us, is_gone=True)
        return NoteVersion(version.by.hex(), who, version.at_us, note.from_us, note.to_us, note.text)
