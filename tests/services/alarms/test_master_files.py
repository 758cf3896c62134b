"""Files of master alarm records: what is written comes back cell by cell, and a wrong row stops the whole import."""

import asyncio
import csv
import zipfile
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from console.domain import master_commands as ma
from console.domain.master_audit import unauthorised
from console.domain.master_fields import key_of
from console.domain.refusal import Refused
from console.services.alarms.master_files import HEADERS
from console.services.master_records import MasterPreview
from console.services.reports.record_files import guarded, read_records, unguarded, write_records
from console.services.reports.sheet_in import BadSheet
from tests.support.master_plant import WHOLE, MasterPlant

LL = "oil-pressure/LL"
CELLS = st.text(st.characters(codec="utf-8", exclude_characters="\r\x00"), max_size=12) | st.sampled_from(
    ["", "=1+1", "'=1+1", "''@x", "'n Rohr", "-5", "+49 561", "Öl; Wasser, Luft", 'sagt "halt"', "zwei\nZeilen",
     "<r>x</r>",
     "_x0041_", " ", "\ttab", "100 %", "|cmd", "\u00a0=x", "FALSE", "1,5", "𝄞"]
)  # fmt: skip
TABLES = st.lists(st.tuples(CELLS, CELLS, CELLS), max_size=8)


def shows(sign: str) -> bool:
    return sign.isprintable() or sign in "\n\t"


def back(path: Path, headers: tuple[str, ...], rows: list[tuple[str, ...]]) -> list[tuple[str, ...]]:
    for _ in write_records(path, "master_alarms", headers, rows):
        pass
    read = [row.cells for row in read_records(path, headers[0])]
    return [(*cells, *[""] * (len(headers) - len(cells))) for cells in read[1:]]


@pytest.mark.proves("ALARM-F68")
@settings(deadline=None, max_examples=60)
@given(rows=TABLES)
def test_a_table_comes_back_from_csv_as_it_was(tmp_path_factory, rows):
    path = tmp_path_factory.getbasetemp() / "round.csv"
    assert back(path, ("rule", "b", "c"), rows) == [row for row in rows if any(row)]


@pytest.mark.proves("ALARM-F68")
@settings(deadline=None, max_examples=60)
@given(rows=TABLES)
def test_a_table_comes_back_from_xlsx_as_it_was(tmp_path_factory, rows):
    path = tmp_path_factory.getbasetemp() / "round.xlsx"
    printable = [tuple("".join(filter(shows, cell)) for cell in row) for row in rows]
    assert back(path, ("rule", "b", "c"), printable) == [row for row in printable if any(row)]


@given(CELLS)
def test_no_cell_of_a_csv_file_can_run_and_each_comes_back(cell):
    written = guarded(cell)
    assert not written.lstrip(" \u00a0\ufeff\u200b\v\f").startswith(("=", "+", "-", "@", "\t", "|", "%"))
    assert unguarded(written) == cell


@pytest.mark.parametrize(
    ("content", "encoding"),
    [("rule;response\nöl;Öl prüfen\n", "utf-8"), ("rule,response\nöl,Öl prüfen\n", "utf-8-sig"),
     ("rule;response\nöl;Öl prüfen\n", "cp1252"), ("rule\tresponse\nöl\tÖl prüfen\n", "utf-16")],
)  # fmt: skip
def test_files_are_read_as_spreadsheets_of_any_land_write_them(tmp_path, content, encoding):
    path = tmp_path / "list.csv"
    path.write_bytes(content.encode(encoding))
    assert [row.cells for row in read_records(path, "rule")] == [("rule", "response"), ("öl", "Öl prüfen")]


def test_rows_are_counted_as_a_spreadsheet_counts_them(tmp_path):
    path = tmp_path / "list.csv"
    path.write_text('rule;response\na;"two\nlines"\n;;\nb;x\n', encoding="utf-8")
    assert [row.number for row in read_records(path, "rule")] == [1, 2, 4]


@pytest.mark.parametrize(
    "content", [b"", b"PK\x03\x04 no archive", b"rule;x\n", b"\x00" * 100], ids=["empty", "cut", "text", "zeros"]
)
def test_what_is_no_workbook_is_told_and_not_read(tmp_path, content):
    path = tmp_path / "list.xlsx"
    path.write_bytes(content)
    with pytest.raises(BadSheet):
        list(read_records(path, "rule"))


@pytest.mark.parametrize("part", ["xl/workbook.xml", "xl/sharedStrings.xml", "xl/worksheets/sheet1.xml"])
def test_a_workbook_that_declares_entities_is_not_read(tmp_path, part):
    good, bad = tmp_path / "good.xlsx", tmp_path / "bad.xlsx"
    for _ in write_records(good, "x", ("rule",), [("a",)]):
        pass
    bomb = b'<!DOCTYPE x [<!ENTITY a "aaaaaaaaaa"><!ENTITY b "&a;&a;&a;&a;">]>'
    with zipfile.ZipFile(good) as source, zipfile.ZipFile(bad, "w") as target:
        for name in source.namelist():
            content = source.read(name)
            target.writestr(name, content.replace(b"?>", b"?>" + bomb, 1) if name == part else content)
    with pytest.raises(BadSheet, match="entities"):
        list(read_records(bad, "rule"))


def told(tmp_path, story) -> None:
    async def inside() -> None:
        with MasterPlant(tmp_path) as plant:
            await plant.start()
            await plant.signed_on("emil")
            await story(plant)

    asyncio.run(inside())


async def begun(plant: MasterPlant) -> None:
    while not plant.acts.files.record.value.is_running:  # noqa: ASYNC110 it begins within a turn or two
        await asyncio.sleep(0)


@pytest.mark.proves("ALARM-F68", "ALARM-T38", "ALARM-T39")
@pytest.mark.parametrize("ending", ["csv", "xlsx"])
def test_all_records_go_out_and_come_in_again_without_a_change(tmp_path, ending):
    async def story(plant: MasterPlant) -> None:
        await plant.written(LL, response="=HYPERLINK(1)\nZeile zwei; „Öl“", owner="", off_delay_s="")
        await plant.written("oil-pressure/L", cause="'=quoted", limit="0.30000000000000004")
        await plant.written("@Press shop", consequence="-")
        file = tmp_path / f"records.{ending}"
        receipt = await plant.submit(ma.ExportMasterAlarms(str(file)))
        assert receipt.number == "3"
        preview = await plant.acts.preview(str(file))
        assert (preview.rows, preview.changes, preview.faults) == (3, (), ())
        before = plant.master.records()
        with MasterPlant(tmp_path / "new", "B2", 2) as other:
            await other.start()
            await other.signed_on("erna")
            await other.submit(ma.ImportMasterAlarms(str(file)))
            assert {k: r.values for k, r in other.master.records().items()} == {k: r.values for k, r in before.items()}

    told(tmp_path, story)


@pytest.mark.proves("ALARM-F68")
def test_every_wrong_row_is_listed_with_its_number_and_nothing_is_imported(tmp_path):
    async def story(plant: MasterPlant) -> None:
        file = tmp_path / "records.csv"
        file.write_text(
            "rule;band;severity;limit;response\n"
            "oil-pressure;LL;severe;3;ok\n"
            "oil-pressure;XX;severe;3;ok\n"
            "door-open;;awful;high;ok\n"
            ";;;;no rule\n"
            "oil-pressure;LL;minor;1;twice\n",
            encoding="utf-8",
        )
        preview = await plant.acts.preview(str(file))
        assert [(one.row, one.column) for one in preview.faults] == [
            (3, "rule"), (4, "severity"), (4, "limit"), (5, "rule"), (6, "rule"),
        ]  # fmt: skip
        with pytest.raises(Refused, match="Nothing was imported: 5 places"):
            await plant.submit(ma.ImportMasterAlarms(str(file)))
        assert plant.master.records() == {}

    told(tmp_path, story)


@pytest.mark.parametrize(
    ("heading", "column", "why"),
    [("band;limit", "rule", "This column is missing"), ("rule;colour", "colour", "This column is not known"),
     ("rule;limit;limit", "limit", "This column stands there twice"), ("", "", "The file is empty")],
)  # fmt: skip
def test_a_heading_that_fits_to_nothing_stops_the_import(tmp_path, heading, column, why):
    async def story(plant: MasterPlant) -> None:
        file = tmp_path / "records.csv"
        file.write_text(f"{heading}\n", encoding="utf-8")
        preview = await plant.acts.preview(str(file))
        assert [(one.column, one.why) for one in preview.faults] == [(column, why)]

    told(tmp_path, story)


def test_the_preview_says_what_changes_and_a_column_that_is_not_there_stays(tmp_path):
    async def story(plant: MasterPlant) -> None:
        await plant.written(LL)
        file = tmp_path / "records.csv"
        file.write_text("band;Rule;owner;limit\nLL;oil-pressure;;2,5\n;door-open;Gate;\n", encoding="utf-8")
        preview = await plant.acts.preview(str(file))
        assert [(one.key, one.field, one.before, one.after) for one in preview.changes] == [
            (LL, "owner", "Hydraulics", ""),
            (LL, "limit", "3", "2.5"),
            ("door-open", "owner", "", "Gate"),
        ]
        assert (preview.new, preview.changed) == (1, 1)
        await plant.submit(ma.ImportMasterAlarms(str(file), preview.sha256))
        assert plant.master.record(LL).values == {k: v for k, v in WHOLE.items() if k != "owner"} | {"limit": "2.5"}

    told(tmp_path, story)


def test_a_file_that_changed_since_the_preview_is_not_imported(tmp_path):
    async def story(plant: MasterPlant) -> None:
        file = tmp_path / "records.csv"
        file.write_text("rule;owner\ndoor-open;Gate\n", encoding="utf-8")
        preview = await plant.acts.preview(str(file))
        file.write_text("rule;owner\ndoor-open;Other\n", encoding="utf-8")
        with pytest.raises(Refused, match="changed since it was looked at"):
            await plant.submit(ma.ImportMasterAlarms(str(file), preview.sha256))

    told(tmp_path, story)


@pytest.mark.proves("ALARM-F68")
def test_five_thousand_rows_go_in_as_one_import_with_progress_and_come_out_whole(tmp_path):
    async def story(plant: MasterPlant) -> None:
        file, seen = tmp_path / "many.csv", []
        with file.open("w", encoding="utf-8", newline="") as out:
            writer = csv.writer(out, delimiter=";")
            writer.writerow(["rule", *WHOLE])
            writer.writerows([f"rule-{n}", *WHOLE.values()] for n in range(5000))
        importing = asyncio.ensure_future(plant.submit(ma.ImportMasterAlarms(str(file))))
        while not importing.done():
            await asyncio.sleep(0)
            seen.append(plant.acts.files.record.value.done)
        assert (await importing).number == "5000"
        assert seen == sorted(seen) and len(set(seen)) > 2
        out = tmp_path / "out.xlsx"
        await plant.submit(ma.ExportMasterAlarms(str(out)))
        preview = await plant.acts.preview(str(out))
        assert (preview.rows, preview.changes, preview.faults) == (5000, (), ())
        told = plant.master.take_delta()
        assert len(told.records) < 500, "the window gets them in portions"

    told(tmp_path, story)


def test_a_cancelled_import_or_export_leaves_nothing_behind(tmp_path):
    async def story(plant: MasterPlant) -> None:
        file = tmp_path / "many.csv"
        file.write_text("rule;owner\n" + "".join(f"rule-{n};Gate\n" for n in range(3000)), encoding="utf-8")
        importing = asyncio.ensure_future(plant.submit(ma.ImportMasterAlarms(str(file))))
        await begun(plant)
        importing.cancel()
        with pytest.raises(asyncio.CancelledError):
            await importing
        assert plant.master.records() == {}
        await plant.submit(ma.ImportMasterAlarms(str(file)))
        out = tmp_path / "out.xlsx"
        exporting = asyncio.ensure_future(plant.submit(ma.ExportMasterAlarms(str(out))))
        await begun(plant)
        exporting.cancel()
        with pytest.raises(asyncio.CancelledError):
            await exporting
        assert {path.name for path in tmp_path.iterdir() if path.is_file()} >= {"many.csv"}
        assert not list(tmp_path.glob("*.part")) and not out.exists()

    told(tmp_path, story)


@pytest.mark.proves("ALARM-F69")
def test_the_differences_go_out_as_a_table(tmp_path):
    async def story(plant: MasterPlant) -> None:
        await plant.approved(LL, limit="2.5")
        file = tmp_path / "audit.csv"
        await plant.submit(ma.ExportMasterAlarms(str(file), differences=True))
        rows = [row.cells for row in read_records(file, "rule")]
        assert ("oil-pressure", "LL", "changed", "yes", "limit", "2.5", "3") in rows
        assert len(rows) == 1 + len(plant.master.audit())

    told(tmp_path, story)


def test_an_export_overwrites_nothing(tmp_path):
    async def story(plant: MasterPlant) -> None:
        file = tmp_path / "records.csv"
        file.write_text("mine", encoding="utf-8")
        with pytest.raises(Refused, match="nothing was overwritten"):
            await plant.submit(ma.ExportMasterAlarms(str(file)))
        assert file.read_text(encoding="utf-8") == "mine"

    told(tmp_path, story)


def test_the_heading_of_a_file_names_every_field():
    assert len(set(HEADERS)) == len(HEADERS)
    assert MasterPreview("x", "", 0).new == 0


def test_an_import_of_thousands_is_taken_in_a_portion_a_beat_and_known_at_once_to_whoever_asks(tmp_path):
    count = 1_800

    async def story(plant: MasterPlant) -> None:
        file = tmp_path / "many.csv"
        rows = "".join(f"rule-{at:04};H;Team {at}\n" for at in range(count))
        file.write_text(f"rule;band;owner\n{rows}", encoding="utf-8")
        await plant.submit(ma.ImportMasterAlarms(str(file)))
        assert not plant.master._words, "the journal's notification took nothing in by itself"
        before = 0
        while plant.master.take_delta() is not None:
            assert len(plant.master._words) - before <= 500
            before = len(plant.master._words)
        assert len([one for one in plant.master.snapshot().records if one.rule_id.startswith("rule-")]) == count
        rows = rows.replace("Team 1799", "Team X")
        file.write_text(f"rule;band;owner\n{rows}", encoding="utf-8")
        await plant.submit(ma.ImportMasterAlarms(str(file)))
        assert plant.master.record(key_of("rule-1799", "H")).values["owner"] == "Team X"

    told(tmp_path, story)


def test_what_is_unauthorised_is_counted_as_often_as_all_differences_say(tmp_path):
    async def story(plant: MasterPlant) -> None:
        await plant.written(LL)
        plant.told()
        assert plant.master.unauthorised == unauthorised(plant.master.audit())
        plant.master.set_rules(())
        plant.told()
        assert plant.master.unauthorised == unauthorised(plant.master.audit())

    told(tmp_path, story)
