"""Annotations: what people write beside a trend, at a moment or over a span of time, and what may be done with them."""

from dataclasses import dataclass, field
from typing import ClassVar
from uuid import UUID

from console.domain.command import Command
from console.domain.fact import Fact
from console.domain.history.versions import Versions
from console.domain.identity import Hash
from console.domain.plain_text import line, paragraph, required
from console.domain.refusal import Refused

MOST_SUBJECTS = 32
_LAST_US = 253_370_764_800_000_000  # year 9999
NOT_KNOWN = "This annotation is not known here"
Decided = tuple[Fact, tuple[Hash, ...]]  # what is to be written, and the wordings that it replaces


@dataclass(frozen=True, slots=True)
class AnnotationAdded(Fact):
    """`from_us == to_us`: a moment. Without tags and assets it is about the whole site."""

    etype: ClassVar[str] = "annotation.added"
    entity_type: ClassVar[str] = "annotation"
    annotation_id: UUID
    from_us: int
    to_us: int
    text: str
    tag_ids: tuple[UUID, ...] = ()
    asset_ids: tuple[UUID, ...] = ()


@dataclass(frozen=True, slots=True)
class AnnotationEdited(Fact):
    """Other words or another time; also brings one back that was withdrawn. Parents: the wordings it replaces."""

    etype: ClassVar[str] = "annotation.edited"
    entity_type: ClassVar[str] = "annotation"
    annotation_id: UUID
    from_us: int
    to_us: int
    text: str


@dataclass(frozen=True, slots=True)
class AnnotationWithdrawn(Fact):
    """Stands no longer beside the trend; the journal keeps it. Parents: the wordings that were seen."""

    etype: ClassVar[str] = "annotation.withdrawn"
    entity_type: ClassVar[str] = "annotation"
    annotation_id: UUID
    reason: str = ""


@dataclass(frozen=True, slots=True)
class AddAnnotation(Command):
    """`to_us` 0: a moment."""

    name: ClassVar[str] = "add-annotation"
    from_us: int
    text: str
    to_us: int = 0
    tag_ids: tuple[UUID, ...] = ()
    asset_ids: tuple[UUID, ...] = ()


@dataclass(frozen=True, slots=True)
class EditAnnotation(Command):
    """Times 0 stay as they are. `seen`: hashes (hex) of the wordings on screen; none: whatever stands."""

    name: ClassVar[str] = "edit-annotation"
    annotation_id: UUID
    text: str
    from_us: int = 0
    to_us: int = 0
    seen: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class WithdrawAnnotation(Command):
    name: ClassVar[str] = "withdraw-annotation"
    annotation_id: UUID
    reason: str = ""
    seen: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Note:
    """One wording: when and what."""

    from_us: int
    to_us: int
    text: str


@dataclass(slots=True)
class Annotation:
    """As it follows from its facts; `author` (user id) and what it is about come from its first fact."""

    annotation_id: UUID
    author: str = ""
    added_us: int = 0
    tag_ids: tuple[UUID, ...] = ()
    asset_ids: tuple[UUID, ...] = ()
    versions: Versions[Note] = field(default_factory=Versions)


def add(command: AddAnnotation, annotation_id: UUID) -> AnnotationAdded:
    """Raises Refused for no text, no time or too many subjects."""
    if len(command.tag_ids) + len(command.asset_ids) > MOST_SUBJECTS:
        raise Refused("An annotation is about at most {limit} tags and assets", limit=MOST_SUBJECTS)
    note = _note(command.from_us, command.to_us or command.from_us, command.text)
    return AnnotationAdded(annotation_id, note.from_us, note.to_us, note.text, command.tag_ids, command.asset_ids)


def edit(command: EditAnnotation, known: Annotation) -> Decided:
    """The new wording, which replaces what its author saw and nothing else. Raises Refused when it says nothing new."""
    before = last_words(known)
    note = _note(command.from_us or before.from_us, command.to_us or command.from_us or before.to_us, command.text)
    versions = known.versions
    if len(versions.standing) == 1 and versions.shown.content == note:
        raise Refused("Nothing has changed")
    fact = AnnotationEdited(known.annotation_id, note.from_us, note.to_us, note.text)
    return fact, versions.replaced_by(command.seen)


def withdraw(command: WithdrawAnnotation, known: Annotation) -> Decided:
    """Raises Refused when it is withdrawn already."""
    if known.versions.is_gone:
        raise Refused("This annotation is withdrawn already")
    fact = AnnotationWithdrawn(known.annotation_id, line(command.reason))
    return fact, known.versions.replaced_by(command.seen)


def last_words(known: Annotation) -> Note:
    """What it says, or said before it was withdrawn."""
    said = [version.content for version in (*known.versions.history, known.versions.shown) if version.content]
    return said[-1] if said else Note(0, 0, "")


def _note(from_us: int, to_us: int, text: str) -> Note:
    if not 0 < min(from_us, to_us) <= max(from_us, to_us) < _LAST_US:
        raise Refused("An annotation needs a time between 1970 and 9999")
    return Note(min(from_us, to_us), max(from_us, to_us), required(paragraph(text), "Write what is to be remembered"))


FACTS: tuple[type[Fact], ...] = (AnnotationAdded, AnnotationEdited, AnnotationWithdrawn)
COMMANDS: tuple[type[Command], ...] = (AddAnnotation, EditAnnotation, WithdrawAnnotation)
