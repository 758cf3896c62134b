"""The export as an act: beside all others, cancelled without a trace, written down when it was done."""

import asyncio
from collections.abc import Callable, Coroutine
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from console.domain.audit_commands import ExportAudit
from console.domain.people import Role
from console.domain.refusal import Refused
from console.domain.station_facts import JournalExported
from console.services.journal.event_table import id_as_name
from console.services.journal.keys import FileKey
from console.services.records import ExportRecord
from console.services.reports.audit_acts import AuditActs, Source, scope_of
from console.services.reports.audit_rows import Scope
from console.services.reports.verify_export import verify_export
from console.services.station import JournalQuery
from console.ui.resources import resource
from tests.support.journals import ANNA, StationJournal, note

Story = Callable[["Desk"], Coroutine[Any, Any, None]]


class Desk:
    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.station = StationJournal(folder / "data", "K1")
        key = FileKey.load_or_create(folder / "data" / "keys")
        source = Source(
            self.station.path, self.station.place, key, id_as_name, "Plant", "Desk", ZoneInfo("UTC"), resource("fonts")
        )
        self.acts = AuditActs(self.station.log, source, self.station.clock)
        (self.act,) = self.acts.acts().values()

    def export(self, name: str) -> "asyncio.Task[Any]":
        return asyncio.ensure_future(self.act.do(ExportAudit(str(self.folder / name)), ANNA))

    def files(self) -> list[str]:
        return sorted(path.name for path in self.folder.iterdir() if path.is_file())


def day(tmp_path: Path, story: Story, events: int = 3) -> None:
    async def whole() -> None:
        desk = Desk(tmp_path)
        try:
            await desk.station.start()
            for start in range(0, events, 100):
                await desk.station.log.append([note("x")] * min(100, events - start), ANNA)
            await story(desk)
        finally:
            desk.station.close()

    asyncio.run(whole())


@pytest.mark.proves("SEC-16")
def test_an_export_is_a_fact_with_the_files_hash(tmp_path: Path) -> None:
    async def story(desk: Desk) -> None:
        receipt = await desk.export("audit.csv")
        (row,) = await desk.station.log.query(JournalQuery(etype=JournalExported.etype))
        assert row.hash in receipt.hashes
        report = verify_export(desk.folder / "audit.csv", desk.station.path)
        assert report.is_sound
        assert '"events":3' in row.summary  # an operator's own rows
        assert desk.acts.record.value == ExportRecord("audit.csv", 3, 3, False)

    day(tmp_path, story)


def test_a_cancelled_export_leaves_neither_file_nor_fact(tmp_path: Path) -> None:
    async def story(desk: Desk) -> None:
        task = desk.export("audit.csv")
        await asyncio.sleep(0)
        assert desk.acts.record.value.is_running
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
        assert desk.files() == []
        assert await desk.station.log.query(JournalQuery(etype=JournalExported.etype)) == ()
        assert not desk.acts.record.value.is_running
        await desk.export("audit.csv")  # the next one is not hindered

    day(tmp_path, story, 2000)


def test_a_second_export_is_refused_while_one_runs(tmp_path: Path) -> None:
    async def story(desk: Desk) -> None:
        first = desk.export("one.csv")
        await asyncio.sleep(0)
        with pytest.raises(Refused, match="Another export"):
            await desk.export("two.csv")
        await first
        assert desk.files() == ["one.csv", "one.csv.proof.json"]

    day(tmp_path, story)


@pytest.mark.proves("SEC-62")
@pytest.mark.parametrize("name", ["../up.csv", "NUL.csv", "a.csv:x", "a.txt"])
def test_a_trap_is_refused_before_anything_is_written(tmp_path: Path, name: str) -> None:
    async def story(desk: Desk) -> None:
        with pytest.raises(Refused, match="is not written"):
            await desk.export(name)
        with pytest.raises(Refused, match="absolute"):
            await desk.act.do(ExportAudit("here.csv"), ANNA)
        assert desk.files() == []

    day(tmp_path, story)


def test_what_is_there_is_not_overwritten(tmp_path: Path) -> None:
    async def story(desk: Desk) -> None:
        (desk.folder / "audit.csv").write_text("mine")
        with pytest.raises(Refused, match="nothing was overwritten"):
            await desk.export("audit.csv")
        assert (desk.folder / "audit.csv").read_text() == "mine"

    day(tmp_path, story)


@pytest.mark.parametrize(
    ("roles", "scope"),
    [
        ((Role.OPERATOR,), Scope.OWN),
        ((Role.ADMINISTRATOR,), Scope.METADATA),
        ((Role.OPERATOR, Role.ADMINISTRATOR), Scope.METADATA),
        ((Role.AUDITOR,), Scope.SITE),
        ((Role.ADMINISTRATOR, Role.SHIFT_LEAD), Scope.SITE),
        ((), Scope.OWN),
    ],
)
def test_the_role_decides_how_much_leaves(roles: tuple[str, ...], scope: Scope) -> None:
    assert scope_of(roles) is scope
