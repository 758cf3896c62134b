"""Values of tags into a file, row by row: numbers stay numbers, texts are never run as formulas."""

import csv
from collections.abc import Iterable, Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any, Protocol

from console.services.reports.row_writers import neutral

ENDINGS = (".csv", ".xlsx")
SHEET_ROWS = 1_048_575  # below the heading
Cell = str | float | int | None


class ValueFile(Protocol):
    """`rows` any number of times, then `end`; or `drop` for a file that is not wanted any more."""

    def rows(self, rows: Iterable[Sequence[Cell]]) -> None: ...
    def end(self, about: Sequence[str]) -> None: ...
    def drop(self) -> None: ...


class CsvValues:
    """UTF-8 with a byte order mark, RFC 4180, point as decimal sign. Refuses to write over a file: FileExistsError."""

    def __init__(self, path: Path, headers: Sequence[str]) -> None:
        self._file = path.open("x", encoding="utf-8-sig", newline="")
        self._writer = csv.writer(self._file, quoting=csv.QUOTE_NONNUMERIC, lineterminator="\r\n")
        self._writer.writerow(headers)

    def rows(self, rows: Iterable[Sequence[Cell]]) -> None:
        self._writer.writerows([_told(cell) for cell in row] for row in rows)

    def end(self, about: Sequence[str]) -> None:
        self._file.close()

    def drop(self) -> None:
        self._file.close()


class XlsxValues:
    """Numbers as numbers, everything else as text. A sheet that is full is followed by another; `about` is the last."""

    def __init__(self, path: Path, headers: Sequence[str]) -> None:
        import xlsxwriter

        if path.exists():
            raise FileExistsError(str(path))
        options = {"constant_memory": True, "strings_to_formulas": False, "strings_to_urls": False}
        self._book: Any = xlsxwriter.Workbook(str(path), {**options, "strings_to_numbers": False})
        self._headers = headers
        self._sheets = 0
        self._begin()

    def rows(self, rows: Iterable[Sequence[Cell]]) -> None:
        for row in rows:
            if self._at > SHEET_ROWS:
                self._begin()
            for column, cell in enumerate(row):
                if isinstance(cell, float | int):
                    self._sheet.write_number(self._at, column, cell)
                elif cell:
                    self._sheet.write_string(self._at, column, cell[:32_767].replace("\x00", "\ufffd"))
            self._at += 1

    def end(self, about: Sequence[str]) -> None:
        sheet = self._book.add_worksheet("About")
        for at, text in enumerate(about):
            sheet.write_string(at, 0, text)
        self._book.close()

    def drop(self) -> None:
        with suppress(OSError):
            self._book.close()  # removes its own temporary files

    def _begin(self) -> None:
        self._sheets += 1
        self._sheet: Any = self._book.add_worksheet("Values" if self._sheets == 1 else f"Values {self._sheets}")
        self._sheet.freeze_panes(1, 0)
        bold = self._book.add_format({"bold": True})
        for column, header in enumerate(self._headers):
            self._sheet.set_column(column, column, 30 if column < 3 else 14)
            self._sheet.write_string(0, column, header, bold)
        self._at = 1


def open_values(path: Path, headers: Sequence[str]) -> ValueFile:
    """By the ending of the name."""
    return XlsxValues(path, headers) if path.suffix.casefold() == ".xlsx" else CsvValues(path, headers)


def _told(cell: Cell) -> Cell:
    return neutral(cell).replace("\x00", "\ufffd") if isinstance(cell, str) else cell
