"""What people do with master alarm records: write, review, sign, import, export; each decided as the record stands."""

import asyncio
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path

from console.domain import master_commands as ma
from console.domain.command import Command
from console.domain.fact import Fact
from console.domain.file_names import checked_path
from console.domain.identity import uuid7
from console.domain.master_alarms import MasterAlarm, checked_keys, content_of, step, write
from console.domain.master_facts import MasterAlarmsImported, MasterImportUndone
from console.domain.master_fields import FIELDS, key_of, parts_of
from console.domain.plain_text import line, paragraph, required
from console.domain.refusal import Refused
from console.domain.signatures import Record
from console.domain.station_facts import JournalExported
from console.services.acts import Act, receipt
from console.services.alarms.master_desk import MasterDesk
from console.services.alarms.master_files import (
    DIFFERENCE_HEADERS,
    HEADERS,
    ImportReader,
    packed,
    table_of,
    table_of_differences,
)
from console.services.identity.signing import Signing
from console.services.journal.entries import Actor, Journal
from console.services.journal.envelope import MAX_GROUP, MAX_PARENTS
from console.services.master_records import MasterPreview
from console.services.reports.record_files import ENDINGS
from console.services.reports.record_work import RecordWork
from console.services.station import Receipt

_PART_BYTES = 24 * 1024  # of an import's fact: with everything around it below what an event may hold
_SLICE = 100  # rows between two turns of the others
_MOVES = {
    ma.SubmitMasterAlarms: "submit",
    ma.ApproveMasterAlarms: "approve",
    ma.SendBackMasterAlarms: "send_back",
    ma.RetireMasterAlarms: "retire",
}

_LABELS = {  # of the lines that are signed; translated where they are shown
    "class": "Class",
    "cause": "Cause",
    "consequence": "Consequence",
    "severity": "Severity",
    "response": "Response",
    "time_to_respond_s": "Time to respond",
    "owner": "Owner",
    "display": "Display",
    "limit": "Limit",
    "deadband": "Deadband",
    "on_delay_s": "On-delay",
    "off_delay_s": "Off-delay",
    "priority": "Priority",
}


class MasterActs:
    """Its part of the operators' door. `files.record` tells how far the file is that is being read or written."""

    def __init__(
        self,
        journal: Journal,
        desk: MasterDesk,
        signing: Signing,
        *,
        clock_us: Callable[[], int],
        random_bits: Callable[[int], int],
    ) -> None:
        self.files = RecordWork()
        self._journal = journal
        self._desk = desk
        self._signing = signing
        self._clock_us = clock_us
        self._random_bits = random_bits

    def acts(self) -> Mapping[type[Command], Act]:
        return {
            ma.SetMasterAlarm: Act(self._set),
            ma.SubmitMasterAlarms: Act(self._move),
            ma.ApproveMasterAlarms: Act(self._approve, record=self._approving),
            ma.SendBackMasterAlarms: Act(self._move),
            ma.RetireMasterAlarms: Act(self._move),
            ma.ImportMasterAlarms: Act(self._import, is_long=True),
            ma.UndoMasterImport: Act(self._undo),
            ma.ExportMasterAlarms: Act(self._export, is_long=True),
        }

    async def preview(self, file: str) -> MasterPreview:
        """What a file would change; cancelled by cancelling the asking task."""
        return (await self._read(_existing(file)))[0]

    async def _set(self, command: ma.SetMasterAlarm, actor: Actor) -> Receipt:
        decision = write(command, self._desk.record(key_of(*parts_of(command.key))))
        entries = await self._journal.append(decision.facts, actor, parents=decision.parents)
        return receipt(entries, command.key)

    async def _move(
        self, command: ma.SubmitMasterAlarms | ma.SendBackMasterAlarms | ma.RetireMasterAlarms, actor: Actor
    ) -> Receipt:
        reason = getattr(command, "reason", "")
        records = self._records(command.keys)
        facts = [step(_MOVES[type(command)], one, actor.user_id, self._desk.matrix, reason) for one in records]
        parents = _parents(records)
        return receipt(await self._journal.append(facts, actor, reason=paragraph(reason), parents=parents))

    async def _approve(self, command: ma.ApproveMasterAlarms, actor: Actor) -> Receipt:
        records = self._records(command.keys)

        def decide() -> list[Fact]:
            return [step("approve", one, actor.user_id, self._desk.matrix) for one in self._records(command.keys)]

        decide()  # refused before the password is asked
        entries = await self._signing.append(
            command,
            lambda: self._approving(command),
            decide,
            actor,
            parents=_parents(records),
        )
        return receipt(entries)

    def _approving(self, command: ma.ApproveMasterAlarms) -> Record:
        """One record with all its values; of several the names and the digest of each."""
        records = self._records(command.keys)
        if len(records) == 1:
            return Record("master_alarm", records[0].key, tuple(self._lines(records[0])))
        lines = [(one.key, f"{one.values.get('response', '')[:60]} · {one.content[:16]}") for one in records]
        whole = content_of("", {one.key: one.content for one in records})
        return Record("master_alarms", whole, tuple(lines))

    def _lines(self, record: MasterAlarm) -> Iterator[tuple[str, str]]:
        """All that it says, and the priority that follows."""
        values = record.values
        yield "Alarm", record.key
        yield from ((_LABELS[field.key], values[field.key]) for field in FIELDS if values.get(field.key))
        given = self._desk.matrix.priority(values.get("severity", ""), values.get("time_to_respond_s", ""))
        if given is not None:
            yield _LABELS["priority"], str(int(given))

    def _records(self, keys: tuple[str, ...]) -> list[MasterAlarm]:
        found = []
        for key in checked_keys(keys):
            record = self._desk.record(key)
            if record is None:
                raise Refused("There is no master record of {key}", key=key)
            found.append(record)
        return found

    async def _import(self, command: ma.ImportMasterAlarms, actor: Actor) -> Receipt:
        """Decided in one go after the whole file was read; what it writes is one transaction."""
        preview, reader = await self._read(_existing(command.file))
        if preview.faults:
            raise Refused(
                "Nothing was imported: {n} places in {file} are wrong", n=len(preview.faults), file=preview.file
            )
        if command.sha256 and command.sha256 != preview.sha256:
            raise Refused("Nothing was imported: {file} changed since it was looked at", file=preview.file)
        if not reader.written:
            raise Refused("Nothing has changed")
        parts = []
        for part in packed(reader.written, self._desk.record, _PART_BYTES):
            parts.append(part)
            if len(parts) > MAX_GROUP:
                raise Refused("Nothing was imported: {file} is too large for one import", file=preview.file)
            await asyncio.sleep(0)
        import_id = str(uuid7(self._clock_us() // 1000, self._random_bits(80)))
        facts = [
            MasterAlarmsImported(import_id, number, len(parts), line(preview.file)[:200], rows)
            for number, rows in enumerate(parts)
        ]
        entries = await asyncio.shield(self._journal.append(facts, actor))
        return receipt(entries, import_id, str(len(reader.written)))

    async def _read(self, path: Path) -> tuple[MasterPreview, ImportReader]:
        rows, digest = await self.files.read(path, HEADERS[0])
        reader = ImportReader(self._desk.record)
        for count, row in enumerate(rows):
            reader.take(row)
            if count % _SLICE == _SLICE - 1:
                await asyncio.sleep(0)
        reader.finish()
        told = MasterPreview(path.name, digest, reader.rows, tuple(reader.changes), tuple(reader.faults))
        return told, reader

    async def _undo(self, command: ma.UndoMasterImport, actor: Actor) -> Receipt:
        reason = required(paragraph(command.reason), "Give a reason")
        one = self._desk.import_known(line(command.import_id))
        if one is None:
            raise Refused("This import is not known here")
        if one.undone:
            raise Refused("This import is taken back already")
        parents = [entry.hash for entry, _ in one.parts.values()][:1]
        fact = MasterImportUndone(one.import_id, reason)
        return receipt(await self._journal.append([fact], actor, reason=reason, parents=parents), one.import_id)

    async def _export(self, command: ma.ExportMasterAlarms, actor: Actor) -> Receipt:
        path = checked_path(command.file, ENDINGS)
        if not path.is_absolute():
            raise Refused("{file} is not written: {why}.", file=command.file, why="it is no absolute path")
        what = "alarm_audit" if command.differences else "master_alarms"
        headers = DIFFERENCE_HEADERS if command.differences else HEADERS
        rows: list[tuple[str, ...]] = []
        for count, some in enumerate(self._table(command), 1):
            rows += some
            if count % _SLICE == 0:
                await asyncio.sleep(0)
        digest = await self.files.write(path, what, headers, rows)
        fact = JournalExported(f"{what}_{path.suffix.casefold()[1:]}", path.name, len(rows), digest)
        entries = await asyncio.shield(self._journal.append([fact], actor))
        return receipt(entries, str(path), str(len(rows)))

    def _table(self, command: ma.ExportMasterAlarms) -> Iterator[list[tuple[str, ...]]]:
        """The rows of each record; of most there is no difference."""
        if command.differences:
            return (list(table_of_differences(found)) for found in self._desk.each_audit())
        return (list(table_of((record,), self._desk.matrix)) for record in self._desk.each_record())


def _existing(file: str) -> Path:
    path = checked_path(file, ENDINGS)
    if not path.is_absolute():
        raise Refused("{file} cannot be read: {why}", file=file, why="it is no absolute path")
    return path


def _parents(records: list[MasterAlarm]) -> tuple[bytes, ...]:
    """The steps that these replace, as far as an envelope names parents; each fact names those of its own record."""
    return tuple(dict.fromkeys(by for one in records for by in one.heads.get("state", ())))[:MAX_PARENTS]
