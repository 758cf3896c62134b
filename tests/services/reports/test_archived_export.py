"""An export for auditors says what it could not hold because it is in the archive alone."""

import asyncio
from dataclasses import replace
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from console.services.journal import archive_finished, archive_sealing
from console.services.journal.event_table import id_as_name
from console.services.reports.audit_export import Exporter, Job, export_audit
from console.services.reports.audit_rows import Question, Scope
from console.services.reports.proof import proof_path, read_proof
from console.services.reports.verify_export import verify_export
from console.services.station import JournalQuery
from console.ui.resources import resource
from tests.support.archived import PlantYear


@pytest.mark.proves("P30", "SEC-35")
def test_an_export_names_the_archive_that_holds_older_entries(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(archive_sealing, "NEAR", 5)
    monkeypatch.setattr(archive_finished, "NEAR", 5)

    async def story() -> None:
        async with PlantYear(tmp_path / "A1", "A1") as plant:
            await plant.live(days=8)
            who = Exporter("u-bo", "bo", "Bo", plant.place, "Plant", "Desk")
            asked = Question(JournalQuery(), Scope.SITE, "u-bo", ZoneInfo("Europe/Berlin"))
            job = Job(tmp_path / "whole.csv", asked, who, plant.clock.now_us, resource("fonts"))
            export_audit(plant.path, job, plant.key, id_as_name)
            assert "archived" not in read_proof(proof_path(job.file)).manifest
            gone = await plant.archive(tmp_path / "out", plant.clock.now_us)
            later = replace(job, file=tmp_path / "rest.csv")
            export_audit(plant.path, later, plant.key, id_as_name)
            told = read_proof(proof_path(later.file)).manifest["archived"]
            assert told["events"] == gone
            assert told["where"].startswith("file://")
            report = verify_export(later.file, plant.path)
            assert report.is_sound, report.faults
            assert any("archived" in one for one in report.notes)
            assert verify_export(job.file, plant.path).is_sound  # the hashes of what left are still in the journal
            now = replace(asked, query=JournalQuery(from_us=plant.clock.now_us + 1))
            recent = replace(job, file=tmp_path / "recent.csv", asked=now)
            export_audit(plant.path, recent, plant.key, id_as_name)
            assert "archived" not in read_proof(proof_path(recent.file)).manifest

    asyncio.run(story())
