"""What people do beside trends: annotate, keep and share pen groups, take values away; each decided as it stands."""

from collections.abc import Callable, Mapping
from typing import Protocol
from uuid import UUID

from console.domain.command import Command
from console.domain.fact import Fact
from console.domain.history import annotations as an
from console.domain.history import pen_groups as pg
from console.domain.history.export_commands import ExportTrend
from console.domain.identity import Hash, uuid7
from console.domain.permissions import Subject
from console.domain.plain_text import line
from console.domain.refusal import Refused
from console.domain.station_facts import JournalExported
from console.services.acts import Act, receipt
from console.services.journal.entries import Actor, Journal
from console.services.station import Receipt
from console.services.trends.annotation_desk import AnnotationDesk
from console.services.trends.pen_group_desk import PenGroupDesk


class Files(Protocol):
    """Writes what `ExportTrend` asks for; gives the file's name, its rows and its SHA-256."""

    async def write(self, command: ExportTrend) -> tuple[str, int, str]: ...


class TrendActs:
    """Its part of the operators' door."""

    def __init__(
        self,
        journal: Journal,
        annotations: AnnotationDesk,
        groups: PenGroupDesk,
        files: Files,
        *,
        clock_us: Callable[[], int],
        random_bits: Callable[[int], int],
    ) -> None:
        self._journal = journal
        self._annotations = annotations
        self._groups = groups
        self._files = files
        self._clock_us = clock_us
        self._random_bits = random_bits

    def acts(self) -> Mapping[type[Command], Act]:
        return {
            an.AddAnnotation: Act(self._add),
            an.EditAnnotation: Act(self._edit, self._of_author),
            an.WithdrawAnnotation: Act(self._withdraw, self._of_author),
            pg.SavePenGroup: Act(self._save, self._of_owner),
            pg.DeletePenGroup: Act(self._delete, self._of_owner),
            ExportTrend: Act(self._export, is_long=True),
        }

    async def _add(self, command: an.AddAnnotation, actor: Actor) -> Receipt:
        annotation_id = self._new_id()
        return await self._written((an.add(command, annotation_id), ()), actor, annotation_id)

    async def _edit(self, command: an.EditAnnotation, actor: Actor) -> Receipt:
        known = self._annotation(command.annotation_id)
        return await self._written(an.edit(command, known), actor, known.annotation_id)

    async def _withdraw(self, command: an.WithdrawAnnotation, actor: Actor) -> Receipt:
        known = self._annotation(command.annotation_id)
        return await self._written(an.withdraw(command, known), actor, known.annotation_id, line(command.reason))

    async def _save(self, command: pg.SavePenGroup, actor: Actor) -> Receipt:
        known = self._group(command.group_id) if command.group_id is not None else None
        group_id = known.group_id if known is not None else self._new_id()
        return await self._written(pg.save(command, group_id, known, actor.user_id), actor, group_id)

    async def _delete(self, command: pg.DeletePenGroup, actor: Actor) -> Receipt:
        known = self._group(command.group_id)
        return await self._written(pg.delete(command, known, actor.user_id), actor, known.group_id)

    async def _export(self, command: ExportTrend, actor: Actor) -> Receipt:
        name, rows, digest = await self._files.write(command)
        what = "trend_samples" if not command.buckets else "trend_buckets"
        entries = await self._journal.append([JournalExported(what, name, rows, digest)], actor)
        return receipt(entries, command.file, str(rows))

    async def _written(
        self, decided: tuple[Fact, tuple[Hash, ...]], actor: Actor, entity: UUID, reason: str = ""
    ) -> Receipt:
        fact, parents = decided
        return receipt(await self._journal.append([fact], actor, reason=reason, parents=parents), str(entity))

    def _new_id(self) -> UUID:
        return uuid7(self._clock_us() // 1000, self._random_bits(80))

    def _annotation(self, annotation_id: UUID) -> an.Annotation:
        known = self._annotations.annotation(annotation_id)
        if known is None:
            raise Refused(an.NOT_KNOWN)
        return known

    def _group(self, group_id: UUID) -> pg.PenGroup:
        known = self._groups.group(group_id)
        if known is None:
            raise Refused(pg.NOT_KNOWN)
        return known

    def _of_author(self, command: an.EditAnnotation | an.WithdrawAnnotation) -> Subject:
        known = self._annotations.annotation(command.annotation_id)
        return Subject(opened_by=known.author if known is not None else "")

    def _of_owner(self, command: pg.SavePenGroup | pg.DeletePenGroup) -> Subject:
        """A new group is one's own."""
        known = self._groups.group(command.group_id) if command.group_id is not None else None
        return Subject(is_own=known is None, opened_by=known.owner if known is not None else "")
