"""Pen groups: the tags of a trend under a name, one's own or shared with the site, and what may be done with them."""

import json
from dataclasses import dataclass, field
from typing import ClassVar
from uuid import UUID

from console.domain.command import Command
from console.domain.fact import Fact
from console.domain.history.versions import Versions
from console.domain.identity import Hash
from console.domain.plain_text import line, paragraph, required
from console.domain.refusal import Refused

MOST_PENS = 32
NAME_CHARACTERS = 60
NOT_KNOWN = "This pen group is not known here"
Decided = tuple[Fact, tuple[Hash, ...]]  # what is to be written, and the wordings that it replaces


@dataclass(frozen=True, slots=True)
class PenGroupSaved(Fact):
    """`look` is JSON text: how the pens are drawn; whoever cannot read it draws the tags plainly. Parents: the
    wordings that it replaces."""

    etype: ClassVar[str] = "pen_group.saved"
    entity_type: ClassVar[str] = "pen_group"
    group_id: UUID
    name: str
    is_shared: bool
    tag_ids: tuple[UUID, ...]
    look: str = ""


@dataclass(frozen=True, slots=True)
class PenGroupDeleted(Fact):
    """Parents: the wordings that were seen; one that was written at the same time keeps the group."""

    etype: ClassVar[str] = "pen_group.deleted"
    entity_type: ClassVar[str] = "pen_group"
    group_id: UUID
    name: str = ""


@dataclass(frozen=True, slots=True)
class SavePenGroup(Command):
    """Without an id a new group; with one that is known its new wording. `seen`: hashes (hex) of the wordings on
    screen; none: whatever stands. A group that was deleted comes back by being saved."""

    name: ClassVar[str] = "save-pen-group"
    title: str
    tag_ids: tuple[UUID, ...]
    is_shared: bool = False
    look: str = ""
    group_id: UUID | None = None
    seen: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class DeletePenGroup(Command):
    name: ClassVar[str] = "remove-pen-group"
    group_id: UUID
    seen: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Pens:
    """One wording."""

    name: str
    is_shared: bool
    tag_ids: tuple[UUID, ...]
    look: str = ""


@dataclass(slots=True)
class PenGroup:
    """As it follows from its facts; `owner` (user id) saved it first."""

    group_id: UUID
    owner: str = ""
    versions: Versions[Pens] = field(default_factory=Versions)

    @property
    def was_shared(self) -> bool:
        """Whether a wording that stands is shared with the site, or the last one was before it was deleted."""
        said: list[Pens | None] = [one.content for one in self.versions.standing if one.content]
        return any(pens is not None and pens.is_shared for pens in said or [last_pens(self)])


def save(command: SavePenGroup, group_id: UUID, known: PenGroup | None, user_id: str) -> Decided:
    """The new wording, which replaces what its author saw and nothing else. Raises Refused for no name, no or too many
    pens, a group of somebody else that is not shared, and when nothing has changed."""
    pens = _pens(command)
    fact = PenGroupSaved(group_id, pens.name, pens.is_shared, pens.tag_ids, pens.look)
    if known is None:
        return fact, ()
    _check_owner(known, user_id)
    if not pens.is_shared and known.owner != user_id:
        raise Refused("Only the person who made this pen group may stop sharing it")
    versions = known.versions
    if len(versions.standing) == 1 and versions.shown.content == pens:
        raise Refused("Nothing has changed")
    return fact, versions.replaced_by(command.seen)


def delete(command: DeletePenGroup, known: PenGroup, user_id: str) -> Decided:
    """Raises Refused for a group of somebody else that is not shared, and when it is deleted already."""
    _check_owner(known, user_id)
    if known.versions.is_gone:
        raise Refused("This pen group is deleted already")
    pens = last_pens(known)
    fact = PenGroupDeleted(known.group_id, pens.name if pens is not None else "")
    return fact, known.versions.replaced_by(command.seen)


def last_pens(known: PenGroup) -> Pens | None:
    """What it says, or said before it was deleted."""
    said = [version.content for version in (*known.versions.history, known.versions.shown) if version.content]
    return said[-1] if said else None


def _check_owner(known: PenGroup, user_id: str) -> None:
    if known.owner != user_id and not known.was_shared:
        raise Refused("This pen group belongs to somebody else")


def _pens(command: SavePenGroup) -> Pens:
    name = required(line(command.title), "A pen group needs a name")
    if len(name) > NAME_CHARACTERS:
        raise Refused("The text is too long: at most {limit} characters", limit=NAME_CHARACTERS)
    tag_ids = tuple(dict.fromkeys(command.tag_ids))
    if not tag_ids:
        raise Refused("A pen group needs a pen: add one to the trend first")
    if len(tag_ids) > MOST_PENS:
        raise Refused("At most {limit} pens fit on one trend: remove one first", limit=MOST_PENS)
    look = paragraph(command.look)
    try:
        json.loads(look or "{}")
    except (ValueError, RecursionError):
        raise Refused("The look of a pen group is JSON text") from None
    return Pens(name, command.is_shared, tag_ids, look)


FACTS: tuple[type[Fact], ...] = (PenGroupSaved, PenGroupDeleted)
COMMANDS: tuple[type[Command], ...] = (SavePenGroup, DeletePenGroup)
