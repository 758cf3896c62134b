"""Rows into files: CSV, XLSX and PDF; whatever a text looks like, no program that opens the file runs it."""

import csv
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any, Protocol

from console.services.reports.pdf_pages import PdfPages

_FORMULA_STARTS = ("=", "+", "-", "@", "\t", "\r", "\n", "\x00", "|", "%", "＝", "＋", "－", "＠")
_BLANKS = " \u00a0\ufeff\u200b\v\f"
_SHEET_ROWS = 1_048_575  # below the heading
_HEAD = ("site time", "person", "type", "concerns")  # of an entry in a PDF
_PLACE = ("time UTC", "station", "entry", "user id", "roles")  # its second line
_CELL = 32_767  # characters that a cell of a spreadsheet holds


class RowWriter(Protocol):
    """Writes one file: `begin`, rows, `end`. `end` is given what the document closes with."""

    def begin(self, title: str, headers: Sequence[str], about: Sequence[str]) -> None: ...

    def row(self, cells: Sequence[str]) -> None: ...

    def end(self, closing: Sequence[str]) -> None: ...

    def drop(self) -> None:
        """Let go of the file; what is in it is of no worth."""
        ...


def neutral(cell: str) -> str:
    """With an apostrophe before what a spreadsheet could take for a formula (ASVS 5 1.2.10); numbers as well."""
    return f"'{cell}" if cell.lstrip(_BLANKS).startswith(_FORMULA_STARTS) else cell


class CsvWriter:
    """UTF-8 with a byte order mark, every cell quoted, RFC 4180; the rows and nothing else."""

    def __init__(self, path: Path) -> None:
        self._file = path.open("x", encoding="utf-8-sig", newline="")
        self._writer = csv.writer(self._file, quoting=csv.QUOTE_ALL, lineterminator="\r\n")

    def begin(self, title: str, headers: Sequence[str], about: Sequence[str]) -> None:
        self.row(headers)

    def row(self, cells: Sequence[str]) -> None:
        self._writer.writerow([neutral(cell).replace("\x00", "\ufffd") for cell in cells])

    def end(self, closing: Sequence[str]) -> None:
        self._file.close()

    def drop(self) -> None:
        self._file.close()


class XlsxWriter:
    """Texts only: no formulas, no links, no numbers made of them. A sheet that is full is followed by another."""

    def __init__(self, path: Path, sheet: str = "Journal") -> None:
        import xlsxwriter

        self._name = sheet
        options = {"constant_memory": True, "strings_to_formulas": False, "strings_to_urls": False}
        self._book: Any = xlsxwriter.Workbook(str(path), {**options, "strings_to_numbers": False})
        self._sheet: Any = None
        self._headers: Sequence[str] = ()
        self._at = 0
        self._sheets = 0

    def begin(self, title: str, headers: Sequence[str], about: Sequence[str]) -> None:
        self._headers = headers
        self._book.set_properties({"title": title, "comments": "\n".join(about)})
        self._new_sheet()

    def row(self, cells: Sequence[str]) -> None:
        if self._at > _SHEET_ROWS:
            self._new_sheet()
        for column, cell in enumerate(cells):
            self._sheet.write_string(self._at, column, cell[:_CELL].replace("\x00", "\ufffd"))
        self._at += 1

    def end(self, closing: Sequence[str]) -> None:
        sheet = self._book.add_worksheet("About")
        for at, line in enumerate(closing):
            sheet.write_string(at, 0, line[:_CELL])
        self._book.close()

    def drop(self) -> None:
        with suppress(OSError):
            self._book.close()  # removes its own temporary files

    def _new_sheet(self) -> None:
        self._sheets += 1
        self._sheet = self._book.add_worksheet(self._name if self._sheets == 1 else f"{self._name} {self._sheets}")
        self._sheet.freeze_panes(1, 0)
        bold = self._book.add_format({"bold": True})
        for column, header in enumerate(self._headers):
            self._sheet.set_column(column, column, 20)
            self._sheet.write_string(0, column, header, bold)
        self._at = 1


class PdfWriter:
    """Blocks of lines, an entry each: readable on paper, with the heading and the page on every page."""

    def __init__(self, path: Path, fonts: Path) -> None:
        self._pages = PdfPages(path, fonts)
        self._headers: Sequence[str] = ()

    def begin(self, title: str, headers: Sequence[str], about: Sequence[str]) -> None:
        self._headers = headers
        self._pages.begin(title)
        for line in about:
            self._pages.line(line)
        self._pages.gap()

    def row(self, cells: Sequence[str]) -> None:
        told = dict(zip(self._headers, cells, strict=True))
        place = "   ".join(f"{key}: {told[key]}" for key in _PLACE if told[key])
        rest = [f"{key}: {told[key]}" for key in self._headers if told[key] and key not in {*_HEAD, *_PLACE}]
        self._pages.entry("   ".join(told[key] for key in _HEAD), [place, *rest])

    def end(self, closing: Sequence[str]) -> None:
        self._pages.gap()
        for line in closing:
            self._pages.line(line)
        self._pages.close()

    def drop(self) -> None:
        """Nothing is written before `end`."""
