"""How a packed blob of the history opens: format, checksum, rows. Damage is found before anything is decoded."""

import struct
import zlib

from console.services.historian.number_codec import MAX_ROWS, DamagedChunk, Reader

_HEAD = struct.Struct("<BI")  # format, crc32 of format and body
_ROWS = struct.Struct("<I")


def framed(form: int, rows: int, body: bytes) -> bytes:
    """The blob of a body. Raises ValueError above MAX_ROWS rows."""
    if rows > MAX_ROWS:
        raise ValueError(f"{rows} rows are more than {MAX_ROWS}")
    whole = _ROWS.pack(rows) + body
    return _HEAD.pack(form, zlib.crc32(whole, form)) + whole


def opened(form: int, blob: bytes) -> tuple[int, Reader]:
    """Rows and a reader of the body; raises `DamagedChunk` where the blob is not what was written."""
    if len(blob) < _HEAD.size + _ROWS.size:
        raise DamagedChunk(f"{len(blob)} bytes are no chunk")
    found, crc = _HEAD.unpack_from(blob)
    if found != form:
        raise DamagedChunk(f"format {found}, {form} was expected")
    if zlib.crc32(memoryview(blob)[_HEAD.size :], form) != crc:
        raise DamagedChunk("the checksum does not agree")
    reader = Reader(blob, _HEAD.size)
    (rows,) = reader.fields(_ROWS)
    if rows > MAX_ROWS:
        raise DamagedChunk(f"{rows} rows")
    return rows, reader
