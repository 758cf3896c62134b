"""Questions about the alarm system's performance through the seam, and the files they are written to."""

import asyncio
import csv
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any
from zipfile import ZipFile
from zoneinfo import ZoneInfo

import pytest

from console.domain.alarm_classes import FloodRules
from console.domain.audit_commands import ExportAlarmKpi
from console.domain.refusal import Refused
from console.domain.station_facts import JournalExported
from console.services.alarms import alarm_tables
from console.services.alarms.watch_spans import WatchSpans, put_span
from console.services.kpi_records import LISTS, KpiPosition, KpiReport
from console.services.reports.kpi_desk import KpiDesk, KpiSource
from console.services.reports.kpi_export import HEADERS, Heading, table
from console.services.reports.proof import file_sha256
from console.services.station import AlarmAreasQuery, AlarmKpiQuery, AlarmPositionsQuery
from console.services.storage.schema import Database, open_station_db
from console.ui.resources import resource
from tests.support.alarm_month import ZONE, Month, S, at, write_log
from tests.support.journals import ANNA
from tests.support.kpi_by_hand import ByHand

DESKS = (
    KpiPosition("melt", "Melt shop", ("Area 0", "Area 2")),
    KpiPosition("press", "Press shop", ("Area 1",)),
    KpiPosition("lead", "Shift lead"),
)
LOW, HIGH = at("2026-10-01 00:00"), at("2026-10-31 00:00")


class Facts:
    """A journal that keeps the facts it is given."""

    def __init__(self) -> None:
        self.facts: list[Any] = []

    async def append(self, facts: list[Any], _actor: object, **_: object) -> tuple[()]:
        self.facts += facts
        return ()


class Room:
    """A station's database with a month in it, and the desk before it."""

    def __init__(self, folder: Path, month: Month) -> None:
        self.database: Database = open_station_db(folder / "station.db", [alarm_tables.metadata])
        self.journal, self.month = Facts(), month
        watch = WatchSpans(self.database.writer, lambda: HIGH)
        self.source = KpiSource(
            self.database.readers, watch, ZoneInfo(ZONE), "Plant Kassel", "Desk", resource("fonts"), lambda: HIGH
        )
        self.desk = KpiDesk(self.journal, self.source)  # type: ignore[arg-type]

    async def fill(self) -> None:
        def put(connection: Any) -> None:
            write_log(connection, self.month.rows)
            for begin, end in self.month.watched:
                put_span(connection, begin, end)

        await self.database.writer.write(put)

    def run(self, story: Callable[[], Any]) -> Any:
        async def whole() -> Any:
            await self.fill()
            return await story()

        try:
            return asyncio.run(whole())
        finally:
            self.database.close()


@pytest.fixture(scope="module")
def month() -> Month:
    return Month(LOW, HIGH, seed=4, conditions=30)


@pytest.fixture
def room(tmp_path: Path, month: Month) -> Room:
    return Room(tmp_path, month)


@pytest.mark.proves("ALARM-F66")
def test_the_seam_answers_with_the_figures_of_the_log(room: Room, month: Month) -> None:
    low = HIGH - 7 * 86400 * S
    report = room.run(lambda: room.desk.report(AlarmKpiQuery(low, HIGH + 999 * S)))
    by_hand = ByHand(month.rows, month.watched, low, HIGH, ZONE)
    assert report.to_us == HIGH, "the future is no part of it"
    assert {one.kpi.value: one.value for one in report.figures if one.value is not None} == {
        name: value for name, value in by_hand.figures().items() if value is not None
    }
    assert all(one.subject for one in report.lists["top_ten"])


def test_areas_are_told_by_name(room: Room) -> None:
    assert room.run(lambda: room.desk.areas(AlarmAreasQuery())) == ("Area 0", "Area 1", "Area 2")


@pytest.mark.parametrize(
    "query",
    [
        AlarmKpiQuery(HIGH, HIGH),
        AlarmKpiQuery(HIGH + S, HIGH + 2 * S),
        AlarmKpiQuery(HIGH - 500 * 86400 * S, HIGH),
        AlarmKpiQuery(LOW, HIGH, positions=-1),
        AlarmKpiQuery(LOW, HIGH, positions=101),
        AlarmKpiQuery(LOW, HIGH, position="nowhere"),
    ],
)
def test_a_period_that_means_nothing_is_refused(room: Room, query: AlarmKpiQuery) -> None:
    with pytest.raises(Refused):
        room.run(lambda: room.desk.report(query))


@pytest.mark.proves("ALARM-F67", "ALARM-T38")
def test_what_is_exported_is_every_row_of_the_report(room: Room, month: Month, tmp_path: Path) -> None:
    file = tmp_path / "kpi.csv"

    async def story() -> Any:
        await room.desk.acts()[ExportAlarmKpi].do(ExportAlarmKpi(str(file), LOW, HIGH), ANNA)
        return await room.desk.report(AlarmKpiQuery(LOW, HIGH))

    report = room.run(story)
    with file.open(encoding="utf-8-sig", newline="") as opened:
        head, *rows = list(csv.reader(opened))
    assert tuple(head) == HEADERS
    by_hand = ByHand(month.rows, month.watched, LOW, HIGH, ZONE)
    figures = {row[1]: row[2] for row in rows if row[0] == "figure"}
    assert figures == {name: "" if value is None else repr(value) for name, value in by_hand.figures().items()} | {
        name: str(value) for name, value in by_hand.figures().items() if isinstance(value, int)
    }
    assert sum(int(row[2]) for row in rows if row[0] == "ten minutes" and row[2]) == len(by_hand.called) - sum(
        count for count, is_data in by_hand.bins(600 * S).values() if not is_data
    )
    for name in LISTS:
        assert sum(row[0] == name for row in rows) == len(report.lists[name]) > 0, name
    assert len({tuple(row[11] for row in rows if row[0] == name) for name in LISTS}) > 1
    (fact,) = room.journal.facts
    assert fact == JournalExported("alarm_kpi_csv", "kpi.csv", len(rows), file_sha256(file))


@pytest.mark.parametrize("form", [".csv", ".xlsx", ".pdf"])
def test_every_form_is_written_whole_and_over_nothing(room: Room, tmp_path: Path, form: str) -> None:
    file = tmp_path / f"kpi{form}"

    async def story() -> None:
        door = room.desk.acts()[ExportAlarmKpi]
        await door.do(ExportAlarmKpi(str(file), LOW, HIGH), ANNA)
        with pytest.raises(Refused, match="overwritten"):
            await door.do(ExportAlarmKpi(str(file), LOW, HIGH), ANNA)
        with pytest.raises(Refused):
            await door.do(ExportAlarmKpi("kpi.csv", LOW, HIGH), ANNA)

    room.run(story)
    assert file.stat().st_size > 2000
    assert not list(tmp_path.glob("*.part"))
    if form == ".xlsx":
        sheet = ZipFile(file).read("xl/worksheets/sheet1.xml").decode()
        assert "<f>" not in sheet
        assert sheet.count("<row ") == room.journal.facts[0].events + 1


@pytest.mark.proves("ALARM-T38")
def test_a_name_that_looks_like_a_formula_is_none_in_the_file(room: Room, tmp_path: Path) -> None:
    def rename(connection: Any) -> None:
        connection.exec_driver_sql("UPDATE alarm_log SET subject = '=cmd|calc', area = '+1', text = '@x'")

    async def story() -> None:
        await room.database.writer.write(rename)
        await room.desk.acts()[ExportAlarmKpi].do(ExportAlarmKpi(str(tmp_path / "k.csv"), LOW, HIGH), ANNA)

    room.run(story)
    text = (tmp_path / "k.csv").read_text("utf-8-sig")
    assert '"\'=cmd|calc"' in text
    assert '"=cmd' not in text
    assert '"+1"' not in text
    assert '"@x"' not in text


def test_times_of_the_report_carry_their_offset(month: Month, room: Room) -> None:
    report = room.run(lambda: room.desk.report(AlarmKpiQuery(at("2026-10-24 00:00"), at("2026-10-27 00:00"))))
    told = Heading("Plant", "Desk", "Anna", HIGH, ZoneInfo(ZONE))
    days = [row for row in table(report, replace(told)) if row[:2] == ("day", "annunciations")]
    assert [(row[6], row[7]) for row in days][1] == ("2026-10-25 00:00:00+02:00", "2026-10-26 00:00:00+01:00")


@pytest.mark.proves("ALARM-F66")
def test_a_shift_is_the_one_that_runs_at_the_site_and_a_flood_what_the_site_says(room: Room) -> None:
    shifts, rules = (5 * 3600, 13 * 3600 + 1800, 21 * 3600), FloodRules(4, 2, 300)
    now = at("2026-10-20 15:00")
    eight_hours = AlarmKpiQuery(now - 8 * 3600 * S, now, since_shift=True)
    source = replace(room.source, now_us=lambda: now, shifts_s=lambda: shifts, flood=lambda: rules)
    desk = KpiDesk(room.journal, source)  # type: ignore[arg-type]
    report = room.run(lambda: desk.report(eight_hours))
    assert (report.from_us, report.to_us, report.flood) == (at("2026-10-20 13:30"), now, rules)


def test_a_site_without_shifts_is_told_the_last_hours(room: Room) -> None:
    now = at("2026-10-20 15:00")
    desk = KpiDesk(room.journal, replace(room.source, now_us=lambda: now))  # type: ignore[arg-type]
    report = room.run(lambda: desk.report(AlarmKpiQuery(now - 8 * 3600 * S, now, since_shift=True)))
    assert report.from_us == now - 8 * 3600 * S


def desk_of(room: Room, desks: tuple[KpiPosition, ...] = DESKS) -> KpiDesk:
    return KpiDesk(room.journal, replace(room.source, positions=desks, changed_settings=lambda: 3))  # type: ignore[arg-type]


def told(report: KpiReport) -> dict[str, float | None]:
    return {one.kpi.value: one.value for one in report.figures if one.kpi.value != "changed_settings"}


def by_hand_of(month: Month, areas: tuple[int, ...], positions: int = 1) -> dict[str, float | None]:
    rows = [row for row in month.rows if row[0][0] % 3 in areas]
    found = ByHand(rows, month.watched, LOW, HIGH, ZONE, positions).figures()
    return {name: value for name, value in found.items() if name != "changed_settings"}


@pytest.mark.proves("ALARM-F66")
@pytest.mark.parametrize(("position", "areas"), [("melt", (0, 2)), ("press", (1,)), ("lead", (0, 1, 2))])
def test_a_position_is_measured_by_the_alarms_of_its_areas_undivided(
    room: Room, month: Month, position: str, areas: tuple[int, ...]
) -> None:
    report = room.run(lambda: desk_of(room).report(AlarmKpiQuery(LOW, HIGH, position=position)))
    wanted = by_hand_of(month, areas)
    assert told(report) == {name: wanted.get(name) for name in told(report)}
    assert report.position == next(one for one in DESKS if one.position_id == position)
    assert report.positions == 1


@pytest.mark.proves("ALARM-F66")
@pytest.mark.parametrize(("desks", "count"), [(DESKS, 3), ((), 1)])
def test_the_whole_site_is_divided_by_the_positions_that_it_has(
    room: Room, month: Month, desks: tuple[KpiPosition, ...], count: int
) -> None:
    report = room.run(lambda: desk_of(room, desks).report(AlarmKpiQuery(LOW, HIGH)))
    wanted = by_hand_of(month, (0, 1, 2), count)
    assert told(report) == {name: wanted.get(name) for name in told(report)}
    assert (report.position, report.positions) == (None, count)


def test_one_area_of_a_position_is_looked_at_and_one_of_another_is_refused(room: Room, month: Month) -> None:
    async def story() -> KpiReport:
        desk = desk_of(room)
        assert await desk.positions(AlarmPositionsQuery()) == DESKS
        for query in (
            AlarmKpiQuery(LOW, HIGH, areas=("Area 1",), position="melt"),
            AlarmKpiQuery(LOW, HIGH, positions=2, position="melt"),
        ):
            with pytest.raises(Refused):
                await desk.report(query)
        return await desk.report(AlarmKpiQuery(LOW, HIGH, areas=("Area 2", "Area 1"), position="melt"))

    report = room.run(story)
    wanted = by_hand_of(month, (2,))
    assert told(report) == {name: wanted.get(name) for name in told(report)}
    changed = next(one.value for one in report.figures if one.kpi.value == "changed_settings")
    assert changed is None, "settings are counted for the whole site"


@pytest.mark.proves("ALARM-F66")
def test_an_alarm_that_moved_to_another_area_took_its_past_along(room: Room, month: Month) -> None:
    """Its raise stands in the log under the old area: counted there it would never return."""

    def move(connection: Any) -> None:
        old = "SELECT min(start_us) FROM alarm_log AS o WHERE o.condition_id = alarm_log.condition_id AND start_us > 0"
        moved = f"UPDATE alarm_log SET area = 'Area 1' WHERE start_us = ({old}) AND transition = 'raised'"
        connection.exec_driver_sql(
            f"{moved} AND (SELECT count(DISTINCT start_us) FROM alarm_log AS o"
            " WHERE o.condition_id = alarm_log.condition_id AND start_us > 0) > 1"
        )

    async def story() -> KpiReport:
        await room.database.writer.write(move)
        return await desk_of(room).report(AlarmKpiQuery(LOW, HIGH, position="melt"))

    report = room.run(story)
    wanted = by_hand_of(month, (0, 2))
    assert told(report) == {name: wanted.get(name) for name in told(report)}


@pytest.mark.proves("ALARM-F66")
@pytest.mark.parametrize("form", [".csv", ".xlsx", ".pdf"])
@pytest.mark.parametrize(("position", "says"), [("melt", "Operator position Melt shop"), ("", "Whole site")])
def test_a_file_and_its_receipt_say_whose_figures_they_are(
    room: Room, tmp_path: Path, form: str, position: str, says: str
) -> None:
    file = tmp_path / f"kpi{form}"
    command = ExportAlarmKpi(str(file), LOW, HIGH, position=position)
    receipt = room.run(lambda: desk_of(room).acts()[ExportAlarmKpi].do(command, ANNA))
    assert receipt.number.startswith(says)
    if form == ".csv":
        with file.open(encoding="utf-8-sig", newline="") as opened:
            row = list(csv.reader(opened))[1]
        assert row[0] == "whose"
        assert row[1].startswith(says)
        assert row[9] == ("Area 0, Area 2" if position else "")
    elif form == ".xlsx":
        with ZipFile(file) as parts:
            assert says in parts.read("xl/sharedStrings.xml").decode()
            title = parts.read("docProps/core.xml").decode()
        assert ("Melt shop" if position else "whole site") in title
    else:
        assert file.stat().st_size > 2000
