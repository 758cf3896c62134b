"""The report of the alarm system's performance as a file: one table in CSV and XLSX, pages in PDF.

Every row tells its section. What comes from outside is neutral text; numbers are numbers in XLSX; no data is empty.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, tzinfo
from pathlib import Path
from typing import Any

from console.domain.alarm_targets import BANDS, target_of
from console.services.kpi_records import LISTS, Bins, KpiReport
from console.services.reports.pdf_pages import PdfPages
from console.services.reports.row_writers import CsvWriter

ENDINGS = (".csv", ".xlsx", ".pdf")
HEADERS = (
    "section", "what", "value", "target", "limit", "verdict", "from", "to", "priority", "area", "text", "id",
)  # fmt: skip
Cell = str | float | int | None
_TITLE = "Leitstand: alarm performance"
_TEN_MINUTES_S = 600
_BINS = ("ten minutes", "hours")
_NOT_ON_PAPER = ("whose", *_BINS)  # it stands in the heading; too many rows


@dataclass(frozen=True, slots=True)
class Heading:
    """Who wrote it, where and of what."""

    site: str
    station: str
    person: str
    at_us: int
    zone: tzinfo
    areas: tuple[str, ...] = ()
    skips_empty: bool = False

    def moment(self, at_us: int) -> str:
        """Site time with its offset from UTC."""
        return datetime.fromtimestamp(at_us / 1_000_000, UTC).astimezone(self.zone).isoformat(" ", "seconds")

    def areas_of(self, report: KpiReport) -> tuple[str, ...]:
        """What was counted: the chosen areas, of a position its own."""
        its = report.position.areas if report.position is not None else ()
        return tuple(area for area in its or self.areas if area in (self.areas or its))

    def lines(self, report: KpiReport) -> list[str]:
        empty = "left out of means and percentages" if self.skips_empty else "counted"
        return [
            f"Site {self.site}, station {self.station}, written {self.moment(self.at_us)} by {self.person}",
            f"Period {self.moment(report.from_us)} to {self.moment(report.to_us)}",
            f"{whose(report)}; areas: {', '.join(self.areas_of(report)) or 'all'}",
            f"Watched {report.watched_us / 3_600_000_000:.2f} h; bins without annunciations are {empty}",
            f"{report.annunciations} annunciations, {report.dechattered} with bursts of chatter counted once",
        ]


def whose(report: KpiReport) -> str:
    """Whose figures they are."""
    one = report.position
    if one is not None:
        return f"Operator position {one.name} ({one.position_id}), not divided"
    return f"Whole site, divided by the number of operator positions: {report.positions}"


def table(report: KpiReport, told: Heading) -> Iterator[tuple[Cell, ...]]:
    """All rows, as wide as HEADERS. Bins that nobody watched have an empty value, as figures without data have."""
    span = {"begin": told.moment(report.from_us), "end": told.moment(report.to_us)}
    yield _row("whose", whose(report), report.positions, area=", ".join(told.areas_of(report)), **span)
    for figure in report.figures:
        aim = target_of(figure.kpi)
        goal = "" if aim.target is None else f"{aim.bound.value} {aim.target:g}"
        yield _row("figure", figure.kpi.value, figure.value, target=goal, limit=aim.limit, verdict=figure.verdict.value)
    for level, count in enumerate(report.by_priority, 1):
        yield _row("priority", f"priority {level}", count, priority=level)
    for (name, _most), share in zip(BANDS, report.bands, strict=False):
        yield _row("load band", name, share)
    for name in LISTS:
        for one in report.lists.get(name, ()):
            yield _row(
                name, one.subject, one.seconds if name == "stale" else one.count,
                begin=told.moment(one.start_us or one.at_us), priority=one.priority or None, area=one.area,
                text=one.text, number=str(one.condition_id),
            )  # fmt: skip
    minutes = "ten minutes" if report.flood.window_s == _TEN_MINUTES_S else f"{report.flood.window_s} s"
    for flood in report.floods:
        span = {"begin": told.moment(flood.start_us), "end": told.moment(flood.end_us)}
        yield _row("flood", f"peak {flood.peak} in {minutes}", flood.count, **span)
    for begin, end in report.unwatched:
        yield _row("no data", "not watched", None, begin=told.moment(begin), end=told.moment(end))
    for day in report.days:
        span = {"begin": told.moment(day.start_us), "end": told.moment(day.end_us)}
        yield _row("day", "annunciations", day.count, **span)
        yield _row("day", "stale", day.stale, **span)
    for name, bins in zip(_BINS, (report.ten_minutes, report.hours), strict=True):
        yield from _bin_rows(name, bins, told)


def write_report(path: Path, report: KpiReport, told: Heading, fonts: Path) -> int:
    """The whole file or none; the number of rows. Nothing is overwritten: FileExistsError, OSError as it comes."""
    if path.exists():
        raise FileExistsError(17, "File exists", str(path))
    part = path.with_name(path.name + ".part")
    part.unlink(missing_ok=True)
    rows = list(table(report, told))
    try:
        _FORMS[path.suffix.casefold()](part, report, told, rows, fonts)
        part.replace(path)
    finally:
        part.unlink(missing_ok=True)
    return len(rows)


def _row(
    section: str, what: str, value: Cell, *, target: str = "", limit: Cell = None, verdict: str = "", begin: str = "",
    end: str = "", priority: Cell = None, area: str = "", text: str = "", number: str = "",
) -> tuple[Cell, ...]:  # fmt: skip
    return (section, what, value, target, limit, verdict, begin, end, priority, area, text, number)


def _bin_rows(name: str, bins: Bins, told: Heading) -> Iterator[tuple[Cell, ...]]:
    columns = (bins.starts_us.tolist(), bins.counts.tolist(), bins.watched.tolist())
    for start, count, is_data in zip(*columns, strict=True):
        span = {"begin": told.moment(start), "end": told.moment(start + bins.width_us)}
        yield _row(name, "annunciations", count if is_data else None, **span)


def _text(cell: Cell) -> str:
    """Numbers whole, so that they can be compared with the log's."""
    return "" if cell is None else repr(cell) if isinstance(cell, float) else str(cell)


def _title(report: KpiReport) -> str:
    return f"{_TITLE}, {report.position.name if report.position is not None else 'whole site'}"


def _write_csv(part: Path, report: KpiReport, told: Heading, rows: list[tuple[Cell, ...]], _fonts: Path) -> None:
    writer = CsvWriter(part)
    try:
        writer.begin(_title(report), HEADERS, told.lines(report))
        for row in rows:
            writer.row([_text(cell) for cell in row])
    finally:
        writer.drop()


def _write_xlsx(part: Path, report: KpiReport, told: Heading, rows: list[tuple[Cell, ...]], _fonts: Path) -> None:
    import xlsxwriter

    options = {"strings_to_formulas": False, "strings_to_urls": False, "strings_to_numbers": False}
    book: Any = xlsxwriter.Workbook(str(part), options)
    try:
        book.set_properties({"title": _title(report), "comments": "\n".join(told.lines(report))})
        sheet, bold = book.add_worksheet("Alarm performance"), book.add_format({"bold": True})
        sheet.freeze_panes(1, 0)
        sheet.set_column(0, len(HEADERS) - 1, 22)
        for column, header in enumerate(HEADERS):
            sheet.write_string(0, column, header, bold)
        for at, row in enumerate(rows, 1):
            for column, cell in enumerate(row):
                if isinstance(cell, str):
                    sheet.write_string(at, column, cell[:32_767].replace("\x00", "\ufffd"))
                elif cell is not None:
                    sheet.write_number(at, column, cell)
        about = book.add_worksheet("About")
        for at, line in enumerate(told.lines(report)):
            about.write_string(at, 0, line[:32_767])
    finally:
        book.close()


def _write_pdf(part: Path, report: KpiReport, told: Heading, rows: list[tuple[Cell, ...]], fonts: Path) -> None:
    pages = PdfPages(part, fonts)
    pages.begin(_title(report))
    for line in told.lines(report):
        pages.line(line)
    section = ""
    for row in rows:
        if row[0] in _NOT_ON_PAPER:
            continue
        if row[0] != section:
            section = str(row[0])
            pages.gap()
            pages.entry(section, [])
        value = "no data" if row[2] is None else f"{row[2]:,.2f}" if isinstance(row[2], float) else str(row[2])
        rest = [
            f"{name}: {_text(cell)}" for name, cell in zip(HEADERS[3:], row[3:], strict=True) if cell not in (None, "")
        ]
        pages.line("   ".join((f"{row[1]}: {value}", *rest)))
    pages.close()


_FORMS = {".csv": _write_csv, ".xlsx": _write_xlsx, ".pdf": _write_pdf}
