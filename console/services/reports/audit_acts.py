"""The act of taking journal rows away: permitted scope, a worker thread, progress, cancel, and a fact about it."""

import asyncio
from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import tzinfo
from pathlib import Path
from threading import Event

from console.domain.audit_commands import ExportAudit
from console.domain.command import Command
from console.domain.file_names import checked_path
from console.domain.people import Role
from console.domain.refusal import Refused
from console.domain.station_facts import JournalExported
from console.services.acts import Act, receipt
from console.services.journal.entries import Actor, Journal
from console.services.journal.envelope import BadEvent
from console.services.journal.event_table import Names
from console.services.journal.keys import StationKey
from console.services.journal.own_stream import Place
from console.services.publications import Latest
from console.services.records import ExportRecord
from console.services.reports.audit_export import ENDINGS, Cancelled, Exported, Exporter, Job, export_audit
from console.services.reports.audit_rows import Question, Scope
from console.services.reports.proof import proof_path
from console.services.station import JournalQuery, Receipt

_SITE = frozenset({Role.SHIFT_LEAD, Role.ENGINEER, Role.SERVICE_MANAGER, Role.AUDITOR})


def scope_of(roles: tuple[str, ...]) -> Scope:
    """How much somebody with these roles may take away: the row "read audit, export" of the role matrix."""
    if _SITE.intersection(roles):
        return Scope.SITE
    return Scope.METADATA if Role.ADMINISTRATOR in roles else Scope.OWN


@dataclass(frozen=True, slots=True)
class Source:
    """Where exports come from: the journal's file and who the station is. `fonts`: folder of the program's fonts."""

    journal: Path
    place: Place
    key: StationKey
    names: Names
    site_name: str
    station_name: str
    zone: tzinfo
    fonts: Path


class AuditActs:
    """Lives in the main thread; one export at a time, beside all other acts. `record` tells how far it is."""

    def __init__(self, journal: Journal, source: Source, clock_us: Callable[[], int]) -> None:
        self._journal = journal
        self._source = source
        self._clock_us = clock_us
        self.record: Latest[ExportRecord] = Latest(ExportRecord())

    def acts(self) -> Mapping[type[Command], Act]:
        return {ExportAudit: Act(self._export, is_long=True)}

    async def _export(self, command: ExportAudit, actor: Actor) -> Receipt:
        """Ends early when the asking task is cancelled; then nothing is left behind and no fact is written."""
        if self.record.value.is_running:
            raise Refused("Another export is running; wait for it or cancel it")
        file = checked_path(command.file, ENDINGS)
        if not file.is_absolute():
            raise Refused("{file} is not written: {why}.", file=command.file, why="it is no absolute path")
        self.record.set(ExportRecord(file.name, 0, 0, True))
        try:
            exported = await self._in_worker(file, command, actor)
        except BadEvent as error:
            why = "the journal holds an altered entry; leitstand verify says where"
            raise Refused("{file} is not written: {why}.", file=command.file, why=why) from error
        except Cancelled:
            raise Refused("The export was cancelled; nothing was written.") from None
        except FileExistsError as error:
            raise Refused("{file} is there already; nothing was overwritten.", file=error.filename) from error
        except OSError as error:
            why = error.strerror or str(error)
            raise Refused("{file} is not written: {why}.", file=str(file), why=why) from error
        finally:
            done = self.record.value
            self.record.set(ExportRecord(done.file, done.done, done.total, False))
        what = f"audit_{file.suffix.casefold()[1:]}"
        fact = JournalExported(what, file.name, exported.rows, exported.sha256)
        return receipt(await self._journal.append([fact], actor), str(file))

    async def _in_worker(self, file: Path, command: ExportAudit, actor: Actor) -> Exported:
        loop, stop, source = asyncio.get_running_loop(), Event(), self._source

        def progress(done: int, total: int) -> None:
            loop.call_soon_threadsafe(self.record.set, ExportRecord(file.name, done, total, True))

        who = (actor.user_id, actor.login or actor.user_id, actor.name or actor.user_id)
        exporter = Exporter(*who, source.place, source.site_name, source.station_name)
        asked = Question(_query(command), scope_of(actor.roles), actor.user_id, source.zone)
        job = Job(file, asked, exporter, self._clock_us(), source.fonts, progress, stop.is_set)
        pool = ThreadPoolExecutor(1, "audit export")
        work = loop.run_in_executor(pool, export_audit, source.journal, job, source.key, source.names)
        try:
            return await asyncio.shield(work)
        except asyncio.CancelledError:
            stop.set()
            await asyncio.wait([work])
            if work.exception() is None:  # it was quicker: without a fact about it, it must not stay
                for path in (file, proof_path(file)):
                    path.unlink(missing_ok=True)
            raise
        finally:
            pool.shutdown(wait=False)


def _query(command: ExportAudit) -> JournalQuery:
    return JournalQuery(
        text=command.text,
        etype=command.etype,
        user=command.user,
        entity=command.entity,
        from_us=command.from_us,
        to_us=command.to_us,
        station=command.station,
    )
