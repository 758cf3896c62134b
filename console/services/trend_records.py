"""What people write and keep beside trends, as it crosses the seam: annotations and pen groups with all that stands."""

from dataclasses import dataclass
from uuid import UUID


@dataclass(frozen=True, slots=True)
class NoteVersion:
    """One wording of an annotation; `is_gone`: it was withdrawn here. `hash` hex, times microseconds UTC."""

    hash: str
    who: str
    at_us: int
    from_us: int = 0
    to_us: int = 0
    text: str = ""
    is_gone: bool = False


@dataclass(frozen=True, slots=True)
class AnnotationRecord:
    """As it is shown; of a withdrawn one the last words. `competing`: every wording that stands when they differ, the
    shown one last; `earlier`: all wordings, oldest first; `heads`: what the next edit names as seen (hex)."""

    annotation_id: UUID
    from_us: int
    to_us: int
    text: str
    tag_ids: tuple[UUID, ...]
    asset_ids: tuple[UUID, ...]
    author: str  # shown name
    author_id: str
    added_us: int
    changed_by: str
    changed_us: int
    is_gone: bool = False
    heads: tuple[str, ...] = ()
    competing: tuple[NoteVersion, ...] = ()
    earlier: tuple[NoteVersion, ...] = ()


@dataclass(frozen=True, slots=True)
class AnnotationsDelta:
    """Records replace those of the same id."""

    is_snapshot: bool
    annotations: tuple[AnnotationRecord, ...]


@dataclass(frozen=True, slots=True)
class PensVersion:
    """One wording of a pen group; `is_gone`: it was deleted here."""

    hash: str
    who: str
    at_us: int
    name: str = ""
    is_shared: bool = False
    tag_ids: tuple[UUID, ...] = ()
    look: str = ""
    is_gone: bool = False


@dataclass(frozen=True, slots=True)
class PenGroupRecord:
    """As it is shown; the rest as in `AnnotationRecord`. One that is not shared is for its owner only."""

    group_id: UUID
    name: str
    is_shared: bool
    tag_ids: tuple[UUID, ...]
    look: str
    owner: str  # shown name
    owner_id: str
    changed_by: str
    changed_us: int
    is_gone: bool = False
    heads: tuple[str, ...] = ()
    competing: tuple[PensVersion, ...] = ()


@dataclass(frozen=True, slots=True)
class PenGroupsDelta:
    """Records replace those of the same id."""

    is_snapshot: bool
    groups: tuple[PenGroupRecord, ...]
