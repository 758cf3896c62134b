"""Tables that leave the program: CSV that no spreadsheet can take for formulas, written whole or not at all."""

import asyncio
import csv
import io
from collections.abc import Iterable, Sequence
from itertools import islice
from pathlib import Path

_FORMULA_STARTS = ("=", "+", "-", "@", "\t", "\r", "\n", "\x00", "|", "%", "＝", "＋", "－", "＠")
_BLANKS = " \u00a0\ufeff\u200b\v\f"


def escape_formula(cell: str) -> str:
    """A cell that a spreadsheet would run as a formula gets an apostrophe (OWASP, CSV injection); numbers stay."""
    if not cell.startswith(_FORMULA_STARTS) and not cell.lstrip(_BLANKS).startswith(_FORMULA_STARTS):
        return cell
    return cell if _is_number(cell) else f"'{cell}"


def _is_number(cell: str) -> bool:
    try:
        float(cell.replace(",", "."))
    except ValueError:
        return False
    return True


def csv_text(headers: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    """RFC 4180 text with CRLF; every cell quoted and escaped."""
    out = io.StringIO()
    _write(out, headers, rows)
    return out.getvalue()


def write_csv(path: Path, headers: Sequence[str], rows: Iterable[Sequence[str]]) -> int:
    """Write UTF-8 with a byte order mark (spreadsheets need it); returns the number of rows. OSError as it comes."""
    part = path.with_name(path.name + ".part")
    try:
        with part.open("w", encoding="utf-8-sig", newline="") as out:
            count = _write(out, headers, rows)
        part.replace(path)
    finally:
        part.unlink(missing_ok=True)
    return count


async def write_csv_in_turns(
    path: Path, headers: Sequence[str], rows: Iterable[Sequence[str]], *, turn: int = 250
) -> int:
    """As `write_csv`, but after each `turn` rows everything else has its turn; ended half-way it leaves no file."""
    part = path.with_name(path.name + ".part")
    waiting, count = iter(rows), 0
    try:
        with part.open("w", encoding="utf-8-sig", newline="") as out:
            writer = csv.writer(out, quoting=csv.QUOTE_ALL, lineterminator="\r\n")
            writer.writerow([_cell(cell) for cell in headers])
            while some := [[_cell(cell) for cell in row] for row in islice(waiting, turn)]:
                writer.writerows(some)
                count += len(some)
                await asyncio.sleep(0)
        part.replace(path)
    finally:
        part.unlink(missing_ok=True)
    return count


def _write(out: io.TextIOBase | io.StringIO, headers: Sequence[str], rows: Iterable[Sequence[str]]) -> int:
    writer = csv.writer(out, quoting=csv.QUOTE_ALL, lineterminator="\r\n")
    writer.writerow([_cell(cell) for cell in headers])
    count = 0
    for row in rows:
        writer.writerow([_cell(cell) for cell in row])
        count += 1
    return count


def _cell(cell: str) -> str:
    return escape_formula(cell).replace("\x00", "\ufffd")  # readers of CSV stop at a NUL


def tabbed_text(headers: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    """Tab-separated text for the clipboard; tabs and line ends inside cells become blanks, formulas are escaped."""

    def clean(cell: str) -> str:
        return escape_formula(" ".join(cell.split()))

    return "\n".join("\t".join(clean(cell) for cell in row) for row in (headers, *rows))
