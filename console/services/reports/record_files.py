"""Tables of records as files that come back the same: CSV as people's spreadsheets write it, and XLSX.

What is written and read again is equal cell by cell. In CSV a text that a spreadsheet would run as a formula is
written with an apostrophe before it (ASVS 5 1.2.10), which reading takes away again; XLSX holds texts as texts.
"""

import csv
import io
from collections.abc import Generator, Iterable, Iterator, Sequence
from pathlib import Path
from typing import Any

from console.services.reports.row_writers import neutral
from console.services.reports.sheet_in import BadSheet, SheetRow, sheet_rows

ENDINGS = (".csv", ".xlsx")
MOST_BYTES = 30_000_000
_DELIMITERS = ";,\t"
_MARKS = ((b"\xef\xbb\xbf", "utf-8-sig"), (b"\xff\xfe", "utf-16"), (b"\xfe\xff", "utf-16"))


def guarded(cell: str) -> str:
    """With one more apostrophe when what follows its apostrophes is dangerous; `unguarded` takes that one away."""
    bare = cell.lstrip("'")
    return f"'{cell}" if neutral(bare) != bare else cell


def unguarded(cell: str) -> str:
    bare = cell.lstrip("'")
    return cell[1:] if cell.startswith("'") and neutral(bare) != bare else cell


def write_records(
    path: Path, title: str, headers: Sequence[str], rows: Iterable[Sequence[str]]
) -> Generator[int, None, None]:
    """Writes whole or not at all, over what was there; yields how many rows are written; closing it leaves no file.
    OSError as it comes."""
    part = path.with_name(path.name + ".part")
    try:
        if path.suffix.casefold() == ".xlsx":
            yield from _write_xlsx(part, title, headers, rows)
        else:
            yield from _write_csv(part, headers, rows)
        part.replace(path)
    finally:
        part.unlink(missing_ok=True)


def _write_csv(path: Path, headers: Sequence[str], rows: Iterable[Sequence[str]]) -> Generator[int, None, None]:
    with path.open("w", encoding="utf-8-sig", newline="") as out:
        writer = csv.writer(out, delimiter=";", quoting=csv.QUOTE_ALL, lineterminator="\r\n")
        writer.writerow(headers)
        for count, row in enumerate(rows, 1):
            writer.writerow([guarded(cell) for cell in row])
            yield count


def _write_xlsx(
    path: Path, title: str, headers: Sequence[str], rows: Iterable[Sequence[str]]
) -> Generator[int, None, None]:
    import xlsxwriter

    options = {"strings_to_formulas": False, "strings_to_urls": False, "strings_to_numbers": False}
    book: Any = xlsxwriter.Workbook(str(path), options)
    try:
        sheet, bold = book.add_worksheet(title[:31]), book.add_format({"bold": True})
        plain = book.add_format({"num_format": "@"})  # what is typed over it stays a text: no dates out of 1.5
        sheet.freeze_panes(1, 0)
        for column, header in enumerate(headers):
            sheet.set_column(column, column, 22, plain)
            sheet.write_string(0, column, header, bold)
        for count, row in enumerate(rows, 1):
            for column, cell in enumerate(row):
                if cell.startswith("<r>"):  # the writer would take it for its own markup
                    sheet.write_rich_string(count, column, plain, cell[0], plain, cell[1:], plain)
                elif cell:
                    sheet.write_string(count, column, cell, plain)
            yield count
    finally:
        book.close()


def read_records(path: Path, first_header: str) -> Iterator[SheetRow]:
    """Every row that holds something, the heading first, numbered as a spreadsheet numbers them. BadSheet says why a
    file cannot be read; `first_header` is a heading by which the separator of a CSV file is told."""
    if path.suffix.casefold() == ".xlsx":
        return sheet_rows(path)
    return _csv_rows(path, first_header)


def _csv_rows(path: Path, first_header: str) -> Iterator[SheetRow]:
    try:
        content = path.read_bytes()
    except OSError as error:
        raise BadSheet(error.strerror or "it cannot be read") from error
    if len(content) > MOST_BYTES:
        raise BadSheet("it is too large")
    text = _decoded(content)
    if "\0" in text:
        raise BadSheet("it is no text")
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=_delimiter(text, first_header), strict=True)
    try:
        for number, cells in enumerate(reader, 1):
            if any(cells):
                yield SheetRow(number, tuple(unguarded(cell) for cell in cells))
    except csv.Error as error:
        raise BadSheet("its quotation marks do not fit together") from error


def _decoded(content: bytes) -> str:
    """By its mark; else UTF-8; else as Western spreadsheets on Windows save."""
    for mark, encoding in _MARKS:
        if content.startswith(mark):
            try:
                return content.decode(encoding)
            except UnicodeDecodeError as error:
                raise BadSheet("it is no text") from error
    try:
        return content.decode("utf-8")
    except UnicodeDecodeError:
        return content.decode("cp1252", "replace")


def _delimiter(text: str, first_header: str) -> str:
    """The sign that parts the heading into cells of which one is the known one; else the most frequent one."""
    head = text.partition("\n")[0].strip("\r")
    for sign in _DELIMITERS:
        if first_header in [cell.strip().strip('"').casefold() for cell in head.split(sign)]:
            return sign
    return max(_DELIMITERS, key=head.count)
