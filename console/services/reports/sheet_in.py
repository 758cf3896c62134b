"""Reads the first sheet of an XLSX file as rows of texts, step by step; trusts nothing in it.

ECMA-376 part 1: shared and inline strings, numbers, booleans; formulas give the value that was kept with them. Only
the standard library: a file that declares entities, is too large when unpacked, or is no workbook is refused.
"""

import re
import zipfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any
from xml.etree import ElementTree as ET

MOST_BYTES = 200_000_000  # unpacked; a workbook of a few thousand records has a few million
MOST_COLUMNS = 200
_MAIN = "{http://schemas.openxmlformats.org/spreadsheetml/2006/main}"
_RELATION = "{http://schemas.openxmlformats.org/officeDocument/2006/relationships}id"
_RELATIONSHIP = "{http://schemas.openxmlformats.org/package/2006/relationships}Relationship"
_ESCAPED = re.compile("_x([0-9A-Fa-f]{4})_")
_CELL = re.compile(r"([A-Z]{1,3})[0-9]+")
_DAMAGE = (zipfile.BadZipFile, ET.ParseError, KeyError, ValueError, NotImplementedError, EOFError, OSError)


class BadSheet(Exception):
    """The file cannot be read; the text says why, in English."""


@dataclass(frozen=True, slots=True)
class SheetRow:
    """One row: its number as a spreadsheet counts, and its cells by column, the empty ones as empty texts."""

    number: int
    cells: tuple[str, ...]


def sheet_rows(path: Path) -> Iterator[SheetRow]:
    """Rows that hold something. Raises BadSheet at any point for what is no readable workbook."""
    try:
        with zipfile.ZipFile(path) as archive:
            if sum(one.file_size for one in archive.infolist()) > MOST_BYTES:
                raise BadSheet("it is too large")
            texts = _shared(archive)
            with archive.open(_first_sheet(archive)) as source:
                yield from _rows(source, texts)
    except BadSheet:
        raise
    except _DAMAGE as error:
        raise BadSheet("it is no readable workbook") from error


def _elements(source: IO[bytes], tag: str) -> Iterator[ET.Element]:
    """Every element of a kind, whole, forgotten when the next one is asked for."""
    parser: ET.XMLPullParser[Any] = ET.XMLPullParser(("start", "end"))
    root: ET.Element | None = None
    tail = b""
    while piece := source.read(65_536):
        # a workbook needs no entities, and no encoding that could hide them
        if b"\0" in piece or b"<!DOCTYPE" in tail + piece:
            raise BadSheet("it declares entities")
        tail = piece[-16:]
        parser.feed(piece)
        for event, element in _read_events(parser):
            if root is None:
                root = element
            if event == "end" and element.tag == tag:
                yield element
                element.clear()
                root.clear()
    parser.close()


def _read_events(parser: "ET.XMLPullParser[Any]") -> Iterator[tuple[str, ET.Element]]:
    yield from parser.read_events()  # type: ignore[misc]


def _shared(archive: zipfile.ZipFile) -> list[str]:
    if "xl/sharedStrings.xml" not in archive.namelist():
        return []
    with archive.open("xl/sharedStrings.xml") as source:
        return [_text(element) for element in _elements(source, _MAIN + "si")]


def _first_sheet(archive: zipfile.ZipFile) -> str:
    """Its name in the archive, by the workbook's own relations."""
    with archive.open("xl/workbook.xml") as source:
        wanted = next((element.get(_RELATION) for element in _elements(source, _MAIN + "sheet")), None)
    with archive.open("xl/_rels/workbook.xml.rels") as source:
        for relation in _elements(source, _RELATIONSHIP):
            if relation.get("Id") == wanted:
                target = relation.get("Target", "")
                return target.lstrip("/") if target.startswith("/") else f"xl/{target}"
    raise BadSheet("it has no sheet")


def _rows(source: IO[bytes], texts: list[str]) -> Iterator[SheetRow]:
    number = 0
    for element in _elements(source, _MAIN + "row"):
        told = element.get("r")
        number = int(told) if told else number + 1
        cells: dict[int, str] = {}
        for at, cell in enumerate(element.findall(_MAIN + "c")):
            column = _column(cell.get("r"), at)
            if column < MOST_COLUMNS:
                cells[column] = _value(cell, texts)
        if any(cells.values()):
            yield SheetRow(number, tuple(cells.get(column, "") for column in range(max(cells) + 1)))


def _column(reference: str | None, at: int) -> int:
    """From `C7`, counting from 0; a cell without a reference stands where it stands."""
    found = _CELL.fullmatch(reference or "")
    if found is None:
        return at
    column = 0
    for letter in found[1]:
        column = column * 26 + ord(letter) - 64
    return column - 1


def _value(cell: ET.Element, texts: list[str]) -> str:
    kind = cell.get("t", "n")
    if kind == "inlineStr":
        inline = cell.find(_MAIN + "is")
        return "" if inline is None else _text(inline)
    found = cell.find(_MAIN + "v")
    value = "" if found is None or found.text is None else found.text
    if kind == "s":
        return texts[int(value)] if value else ""
    if kind == "b":
        return "TRUE" if value == "1" else "FALSE"
    return _unescaped(value) if kind == "str" else value


def _text(element: ET.Element) -> str:
    """All runs of a string, without the phonetic ones."""
    runs = [element.findtext(_MAIN + "t", "")] if element.find(_MAIN + "t") is not None else []
    runs += [run.findtext(_MAIN + "t", "") for run in element.findall(_MAIN + "r")]
    return _unescaped("".join(runs))


def _unescaped(text: str) -> str:
    return _ESCAPED.sub(lambda found: chr(int(found[1], 16)), text)
