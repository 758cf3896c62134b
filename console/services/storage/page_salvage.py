"""Finds table rows in a damaged SQLite file page by page, without its tables of contents; every row is only a claim.

Format: https://www.sqlite.org/fileformat2.html (sections 1.3, 1.6, 2.1 and 4.2). Used where SQLite itself gives the
file up: a lost header or inner page costs nothing here, because each leaf page tells its rows by itself. Committed
pages that stand in the WAL still count before those in the file; what was never committed does not count.
"""

import struct
from collections.abc import Iterator
from pathlib import Path
from typing import BinaryIO

MAGIC = b"SQLite format 3\0"
_LEAF = 0x0D  # a leaf page of a table
_DEFAULT_PAGE = 4096
_WAL_HEADER, _FRAME_HEADER = 32, 24
_MOST = 1 << 20  # bytes of one row that are believed; an event has at most 64 KiB and its columns
Row = tuple[object, ...]


def committed_pages(wal: Path) -> tuple[dict[int, int], int]:
    """Where the newest committed image of each page starts in the WAL, and where its last commit ends (bytes).

    Frames count only while salts and checksums fit and a commit frame follows, exactly as SQLite reads them.
    """
    pages: dict[int, int] = {}
    end = 0
    with wal.open("rb") as file:
        head = file.read(_WAL_HEADER)
        if len(head) < _WAL_HEADER:
            return pages, end
        magic, _, page_size = struct.unpack(">III", head[:12])
        if magic not in {0x377F0682, 0x377F0683} or page_size not in _page_sizes():
            return pages, end
        order = ">" if magic & 1 else "<"
        sums = _checksum(order, head[:24], (0, 0))
        if sums != struct.unpack(">II", head[24:32]):
            return pages, end
        salts, waiting, at = head[16:24], {}, _WAL_HEADER
        while len(frame := file.read(_FRAME_HEADER + page_size)) == _FRAME_HEADER + page_size:
            sums = _checksum(order, frame[_FRAME_HEADER:], _checksum(order, frame[:8], sums))
            if frame[8:16] != salts or struct.unpack(">II", frame[16:24]) != sums:
                break
            number, size_after_commit = struct.unpack(">II", frame[:8])
            waiting[number] = at + _FRAME_HEADER
            at += len(frame)
            if size_after_commit:
                pages.update(waiting)
                waiting.clear()
                end = at
    return pages, end


def rows_in(database: Path) -> Iterator[Row]:
    """Every row of every table's leaf pages, in no order: NULL, int, float, str or bytes per column.

    Old images of pages may give a row twice; damaged ones give nothing or nonsense, so check what you take.
    """
    wal = database.with_name(database.name + "-wal")
    newer = committed_pages(wal)[0] if wal.exists() else {}
    with database.open("rb") as main, (wal if newer else database).open("rb") as other:
        pages = _Pages(main, other, newer)
        for number in pages.numbers():
            yield from _rows_of_page(pages, number)


class _Pages:
    """Page images by number, from the WAL before the file."""

    def __init__(self, main: BinaryIO, wal: BinaryIO, newer: dict[int, int]) -> None:
        self._main, self._wal, self._newer = main, wal, newer
        head = main.read(100)
        told = struct.unpack(">H", head[16:18])[0] if len(head) >= 100 else 0
        told = 65536 if told == 1 else told
        sound = head.startswith(MAGIC) and told in _page_sizes()
        self.size = told if sound else _DEFAULT_PAGE  # this program never asks for another one
        self.usable = self.size - (head[20] if sound else 0)
        main.seek(0, 2)
        self.count = max([main.tell() // self.size, *newer])

    def numbers(self) -> range:
        return range(1, self.count + 1)

    def image(self, number: int) -> bytes:
        """Empty or short when it is not there."""
        if number < 1:
            return b""
        place = self._newer.get(number)
        file = self._main if place is None else self._wal
        file.seek((number - 1) * self.size if place is None else place)
        return file.read(self.size)


def _rows_of_page(pages: _Pages, number: int) -> Iterator[Row]:
    page = pages.image(number)
    start = 100 if number == 1 else 0
    if len(page) < pages.size or page[start] != _LEAF:
        return
    cells = struct.unpack(">H", page[start + 3 : start + 5])[0]
    for index in range(min(cells, pages.size // 4)):
        place = start + 8 + 2 * index
        try:
            (cell,) = struct.unpack(">H", page[place : place + 2])
            row = _row(pages, page, cell)
        except (struct.error, IndexError, ValueError):
            continue
        if row:
            yield row


def _row(pages: _Pages, page: bytes, cell: int) -> Row:
    """One row from its cell; IndexError, ValueError or struct.error when it is none."""
    length, at = _varint(page, cell)
    if not 0 < length <= _MOST:
        raise ValueError("no row")
    _, at = _varint(page, at)
    most = pages.usable - 35
    if length <= most:
        payload = page[at : at + length]
    else:
        least = (pages.usable - 12) * 32 // 255 - 23
        here = least + (length - least) % (pages.usable - 4)
        here = here if here <= most else least
        payload = page[at : at + here]
        (overflow,) = struct.unpack(">I", page[at + here : at + here + 4])
        while len(payload) < length:
            more = pages.image(overflow)
            if len(more) < pages.size:
                raise ValueError("row goes on in a page that is not there")
            (following,) = struct.unpack(">I", more[:4])
            payload += more[4 : min(pages.usable, 4 + length - len(payload))]
            overflow = following
    if len(payload) < length:
        raise ValueError("row goes beyond its page")
    return _columns(payload)


def _columns(payload: bytes) -> Row:
    head, at = _varint(payload, 0)
    body, columns = head, []
    while at < head:
        kind, at = _varint(payload, at)
        value, size = _value(payload, body, kind)
        if body + size > len(payload):
            raise ValueError("column goes beyond its row")
        columns.append(value)
        body += size
    return tuple(columns)


def _value(payload: bytes, at: int, kind: int) -> tuple[object, int]:
    if kind >= 12:
        size = (kind - 12) // 2
        part = payload[at : at + size]
        return (part.decode("utf-8") if kind % 2 else part), size
    if kind == 7:
        return struct.unpack(">d", payload[at : at + 8])[0], 8
    if kind in (0, 8, 9):
        return (None if kind == 0 else kind - 8), 0
    size = (0, 1, 2, 3, 4, 6, 8)[kind]
    return int.from_bytes(payload[at : at + size], "big", signed=True), size


def _varint(data: bytes, at: int) -> tuple[int, int]:
    """A SQLite varint and the place behind it."""
    value = 0
    for index in range(8):
        byte = data[at + index]
        value = value << 7 | byte & 0x7F
        if byte < 0x80:
            return value, at + index + 1
    return value << 8 | data[at + 8], at + 9


def _checksum(order: str, data: bytes, start: tuple[int, int]) -> tuple[int, int]:
    a, b = start
    words = struct.unpack(f"{order}{len(data) // 4}I", data)
    for first, second in zip(words[::2], words[1::2], strict=True):
        a = (a + first + b) & 0xFFFFFFFF
        b = (b + second + a) & 0xFFFFFFFF
    return a, b


def _page_sizes() -> tuple[int, ...]:
    return tuple(1 << power for power in range(9, 17))
