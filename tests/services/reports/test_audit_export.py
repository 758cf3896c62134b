"""Exports with proof: complete, readable, harmless, and every change to them is found."""

import asyncio
import csv
import json
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from uuid import UUID
from zipfile import ZipFile
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from console.domain.facts import IncidentFieldSet
from console.services.journal.event_table import id_as_name
from console.services.journal.keys import FileKey
from console.services.reports.audit_export import Cancelled, Exported, Exporter, Job, export_audit
from console.services.reports.audit_rows import HEADERS, WITHHELD, Question, Scope
from console.services.reports.proof import canonical, proof_path, signed_proof
from console.services.reports.row_writers import neutral
from console.services.reports.verify_export import verify_export
from console.services.station import JournalQuery
from console.ui.resources import resource
from tests.support.hostile import FORMULAS, HOSTILE
from tests.support.journals import ANNA, StationJournal, note

BERLIN = ZoneInfo("Europe/Berlin")
INCIDENT = UUID(int=7)
FORMS = (".csv", ".xlsx", ".pdf")


class Office:
    """A journal with a few acts, and somebody who exports it."""

    def __init__(self, folder: Path, texts: tuple[str, ...] = ("pump hot",)) -> None:
        self.folder = folder
        self.station = StationJournal(folder / "data", "K1")
        self.key = FileKey.load_or_create(folder / "data" / "keys")
        asyncio.run(self._fill(texts))

    async def _fill(self, texts: tuple[str, ...]) -> None:
        await self.station.start()
        await self.station.log.append([IncidentFieldSet(INCIDENT, "title", "Fan")], ANNA)
        await self.station.log.append([IncidentFieldSet(INCIDENT, "title", "Fan 2")], ANNA, reason="typo")
        for text in texts:
            await self.station.log.append([note(text, INCIDENT)], ANNA, reason=text[:100])

    def job(self, name: str, **values: object) -> Job:
        exporter = Exporter("u-bo", "bo", "Bo Ä.", self.station.place, "Plant Kassel", "Desk North")
        asked = Question(JournalQuery(), Scope.SITE, "u-bo", BERLIN)
        return replace(Job(self.folder / name, asked, exporter, 1_790_000_000_000_000, resource("fonts")), **values)

    def export(self, job: Job) -> Exported:
        return export_audit(self.station.path, job, self.key, id_as_name)

    def check(self, job: Job) -> list[str]:
        return verify_export(job.file, self.station.path).faults


@pytest.fixture
def office(tmp_path: Path):  # type: ignore[no-untyped-def]
    made = Office(tmp_path)
    yield made
    made.station.close()


def rows_of(file: Path) -> list[dict[str, str]]:
    with file.open(encoding="utf-8-sig", newline="") as opened:
        return list(csv.DictReader(opened))


@pytest.mark.proves("SEC-35", "SEC-46")
@pytest.mark.parametrize("form", FORMS)
def test_an_export_is_whole_and_its_proof_holds(office: Office, form: str) -> None:
    job = office.job(f"audit{form}")
    exported = office.export(job)
    report = verify_export(job.file, office.station.path)
    assert (report.faults, report.notes, report.rows, report.signer) == ([], [], 4, "K1")
    assert exported.rows == 4
    assert sorted(path.name for path in office.folder.iterdir()) == [f"audit{form}", f"audit{form}.proof.json", "data"]


@pytest.mark.proves("SEC-48")
def test_a_row_says_who_when_with_zone_what_before_after_and_why(office: Office) -> None:
    job = office.job("audit.csv")
    office.export(job)
    changed = rows_of(job.file)[2]
    assert changed["site time"].endswith("+02:00")
    assert changed["time UTC"].endswith("Z")
    assert (changed["user id"], changed["roles"], changed["type"]) == ("u-anna", "operator", "incident.field_set")
    assert (changed["before"], changed["after"], changed["reason"]) == ("title: Fan", "title: Fan 2", "typo")


@pytest.mark.proves("SEC-35")
@pytest.mark.parametrize("form", FORMS)
def test_one_flipped_bit_in_the_file_is_found(office: Office, form: str) -> None:
    job = office.job(f"audit{form}")
    office.export(job)
    content = bytearray(job.file.read_bytes())
    content[len(content) // 2] ^= 1
    job.file.write_bytes(content)
    assert "the file was changed: its SHA-256 is not the one in the proof" in office.check(job)


def _in_manifest(change: Callable[[dict[str, object]], object]) -> Callable[[dict[str, object]], None]:
    return lambda proof: change(proof["manifest"])  # type: ignore[arg-type,return-value]


@pytest.mark.proves("SEC-35")
@pytest.mark.parametrize(
    "change",
    [
        _in_manifest(lambda m: m.update(rows=3)),
        _in_manifest(lambda m: m["exporter"].update(name="Somebody")),  # type: ignore[attr-defined]
        _in_manifest(lambda m: m["filters"].update(user="anna")),  # type: ignore[attr-defined]
        _in_manifest(lambda m: m.update(at_us=1)),
        _in_manifest(lambda m: m["hashes"].reverse()),  # type: ignore[attr-defined]
        lambda proof: proof.update(signature="00" * 64),
    ],
)
def test_a_changed_proof_is_found(office: Office, change: Callable[[dict[str, object]], None]) -> None:
    job = office.job("audit.pdf")
    office.export(job)
    told = json.loads(proof_path(job.file).read_text())
    change(told)
    proof_path(job.file).write_text(json.dumps(told))
    assert any("signature does not fit" in fault for fault in office.check(job))


@pytest.mark.proves("SEC-35")
def test_a_file_signed_anew_by_another_key_is_not_of_this_station(office: Office, tmp_path: Path) -> None:
    job = office.job("audit.csv")
    office.export(job)
    stranger = FileKey.load_or_create(tmp_path / "stranger")
    manifest = json.loads(proof_path(job.file).read_text())["manifest"]
    manifest["station"]["public_key"] = stranger.public_key.hex()
    proof_path(job.file).write_bytes(signed_proof(manifest, stranger))
    assert office.check(job) == ["the signing key is not one of station K1 in this journal"]
    assert verify_export(job.file).is_sound  # alone it can only be told that it fits together
    assert "no journal here" in verify_export(job.file).notes[0]


def test_rows_that_another_journal_lacks_are_named(office: Office, tmp_path: Path) -> None:
    job = office.job("audit.csv")
    office.export(job)
    other = Office(tmp_path / "other")
    try:
        faults = verify_export(job.file, other.station.path).faults
    finally:
        other.station.close()
    assert sum("is not in this journal" in fault for fault in faults) == 4


def test_a_missing_or_foreign_proof_is_a_fault_not_a_crash(office: Office) -> None:
    job = office.job("audit.csv")
    office.export(job)
    for content in (
        b"",
        b"[]",
        b'{"manifest": 1, "signature": ""}',
        b'{"manifest": {"v": 9}, "signature": ""}',
        b"\xff",
    ):
        proof_path(job.file).write_bytes(content)
        assert office.check(job)
    proof_path(job.file).unlink()
    assert "there is no audit.csv.proof.json" in office.check(job)[0]


@pytest.mark.proves("SEC-60")
@pytest.mark.parametrize("cell", FORMULAS)
def test_no_formula_of_the_corpus_survives_in_a_cell(cell: str) -> None:
    shown = neutral(cell)
    assert shown.startswith("'")
    assert shown[1:] == cell


@pytest.mark.proves("SEC-60")
def test_a_journal_full_of_formulas_gives_files_without_any(tmp_path: Path) -> None:
    office = Office(tmp_path, tuple(text for text in FORMULAS[::8] if "\x00" not in text))
    try:
        sheet, table = office.job("audit.xlsx"), office.job("audit.csv")
        office.export(sheet)
        office.export(table)
        with ZipFile(sheet.file) as opened:
            pages = [opened.read(name) for name in opened.namelist() if name.startswith("xl/worksheets/")]
        assert not any(b"<f>" in page or b"<f " in page or b"hyperlink" in page for page in pages)
        raw = table.file.read_text(encoding="utf-8-sig")
        assert all(line.startswith('"') for line in raw.split("\r\n") if line)
        starts = ("=", "+", "-", "@", "\t", "\r", "\x00")
        assert not [cell for row in rows_of(table.file) for cell in row.values() if cell.lstrip().startswith(starts)]
    finally:
        office.station.close()


@pytest.mark.proves("SEC-61")
@pytest.mark.parametrize("form", FORMS)
def test_hostile_texts_are_written_as_they_are(tmp_path: Path, form: str) -> None:
    office = Office(tmp_path, (*HOSTILE, "語 😀 ش", "x" * 6000))
    try:
        job = office.job(f"audit{form}")
        office.export(job)
        assert not office.check(job)
        if form == ".csv":
            reasons = [row["reason"] for row in rows_of(job.file)]
            assert reasons[3:-2] == [neutral(text) for text in HOSTILE]
        if form == ".pdf":
            assert job.file.read_bytes().startswith(b"%PDF-")
    finally:
        office.station.close()


def test_what_was_cancelled_or_failed_leaves_nothing_behind(office: Office, tmp_path: Path) -> None:
    for form in FORMS:
        with pytest.raises(Cancelled):
            office.export(office.job(f"audit{form}", is_cancelled=lambda: True))
    with pytest.raises(OSError, match="No such file"):
        office.export(office.job("missing/audit.csv"))
    assert [path.name for path in office.folder.iterdir()] == ["data"]


def test_nothing_is_overwritten(office: Office) -> None:
    job = office.job("audit.csv")
    office.export(job)
    before = job.file.read_bytes()
    with pytest.raises(FileExistsError):
        office.export(job)
    assert job.file.read_bytes() == before


def test_progress_ends_with_the_number_of_rows(office: Office) -> None:
    told: list[tuple[int, int]] = []
    office.export(office.job("audit.csv", progress=lambda done, total: told.append((done, total))))
    assert told == [(0, 4), (4, 4)]


def test_an_operator_takes_only_his_own_and_an_administrator_no_contents(office: Office) -> None:
    mine = Question(JournalQuery(), Scope.OWN, "u-anna", BERLIN)
    other = Question(JournalQuery(etype="incident"), Scope.OWN, "u-bo", BERLIN)
    bare = Question(JournalQuery(etype="incident"), Scope.METADATA, "u-bo", BERLIN)
    for name, asked, count in (("mine.csv", mine, 3), ("other.csv", other, 0), ("bare.csv", bare, 3)):
        job = office.job(name, asked=asked)
        assert office.export(job).rows == count
        assert not office.check(job)
    rows = rows_of(office.folder / "bare.csv")
    assert {(row["content"], row["reason"], row["after"]) for row in rows} == {(WITHHELD, WITHHELD, "")}
    assert rows_of(office.folder / "other.csv") == []


def test_the_columns_are_a_contract() -> None:
    assert HEADERS[0] == "time UTC"
    assert HEADERS[-1] == "hash"


VALUES = st.recursive(
    st.one_of(st.none(), st.booleans(), st.integers(), st.text()),
    lambda inner: st.one_of(st.lists(inner, max_size=3), st.dictionaries(st.text(), inner, max_size=3)),
)


@settings(max_examples=50)
@given(st.dictionaries(st.text(), VALUES, max_size=4))
def test_the_signed_bytes_do_not_depend_on_order_or_layout(manifest: dict[str, object]) -> None:
    again = json.loads(json.dumps(dict(reversed(manifest.items())), indent=3))
    assert canonical(again) == canonical(manifest)
