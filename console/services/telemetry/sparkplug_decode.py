"""Reads Sparkplug payloads and metric values by the data type of their birth (Sparkplug 3.0, chapter 6)."""

import zlib
from dataclasses import dataclass
from enum import IntEnum
from typing import Any

from console.domain.quality import Detail, Quality
from console.domain.values import NUMERIC_TYPES, SIGNED_BITS, ValueType
from console.services.telemetry.sparkplug_b_pb2 import Payload

COMPRESSED = "SPBV1.0_COMPRESSED"
MAX_TEXT = 8 << 10  # bytes UTF-8
EXACT = 1 << 53  # integers beyond have no exact float64
NAN = float("nan")

Metric = Any  # Payload.Metric of the generated classes; spelled so because field reads are the hot path


class Kind(IntEnum):
    """Which field of the metric the inner loop reads."""

    DOUBLE = 0
    FLOAT = 1
    INT = 2
    LONG = 3
    BOOLEAN = 4
    OTHER = 5


@dataclass(slots=True)
class MetricDef:
    """What a birth said about a metric. `limit`: raw values below it are the value itself, all others go the long
    way (negative numbers in two's complement, integers beyond 2**53)."""

    name: str
    device: str
    handle: int
    value_type: ValueType
    kind: int
    limit: int


@dataclass(frozen=True, slots=True)
class Reading:
    """A value: `value` is nan where there is no number."""

    value: float = NAN
    quality: int = Quality.GOOD
    detail: int = Detail.NONE
    text: str | None = None
    exact: int | None = None


_KINDS = {
    **dict.fromkeys((ValueType.INT8, ValueType.INT16, ValueType.INT32), Kind.INT),
    **dict.fromkeys((ValueType.UINT8, ValueType.UINT16, ValueType.UINT32), Kind.INT),
    **dict.fromkeys((ValueType.INT64, ValueType.UINT64, ValueType.DATETIME), Kind.LONG),
    ValueType.FLOAT: Kind.FLOAT,
    ValueType.DOUBLE: Kind.DOUBLE,
    ValueType.BOOLEAN: Kind.BOOLEAN,
}
_UNSIGNED_BITS = {ValueType.UINT8: 8, ValueType.UINT16: 16, ValueType.UINT32: 32, ValueType.UINT64: 64}
_NUMBER_FIELDS = ("int_value", "long_value", "float_value", "double_value", "boolean_value")
_GUESSES = {
    "int_value": ValueType.UINT32,
    "long_value": ValueType.UINT64,
    "float_value": ValueType.FLOAT,
    "double_value": ValueType.DOUBLE,
    "boolean_value": ValueType.BOOLEAN,
    "string_value": ValueType.STRING,
    "bytes_value": ValueType.BYTES,
    "dataset_value": ValueType.DATASET,
    "template_value": ValueType.TEMPLATE,
}
_ELEMENT_BYTES = {
    ValueType.INT8_ARRAY: 1, ValueType.INT16_ARRAY: 2, ValueType.INT32_ARRAY: 4, ValueType.INT64_ARRAY: 8,
    ValueType.UINT8_ARRAY: 1, ValueType.UINT16_ARRAY: 2, ValueType.UINT32_ARRAY: 4, ValueType.UINT64_ARRAY: 8,
    ValueType.FLOAT_ARRAY: 4, ValueType.DOUBLE_ARRAY: 8, ValueType.DATETIME_ARRAY: 8,
}  # fmt: skip
_UNREADABLE = Reading(quality=Quality.BAD, detail=Detail.UNDECODABLE)


def type_of(metric: Metric) -> tuple[ValueType, bool]:
    """The data type that a birth gives, or a guess by the field in use; False when it had to be guessed."""
    number = metric.datatype
    if 0 < number <= ValueType.DATETIME_ARRAY:
        return ValueType(number), True
    return _GUESSES.get(metric.WhichOneof("value") or "", ValueType.UNKNOWN), False


def define(name: str, device: str, handle: int, value_type: ValueType) -> MetricDef:
    kind = _KINDS.get(value_type, Kind.OTHER)
    limit = EXACT
    if kind == Kind.INT:
        limit = 1 << (SIGNED_BITS[value_type] - 1 if value_type in SIGNED_BITS else _UNSIGNED_BITS[value_type])
    return MetricDef(name, device, handle, value_type, int(kind), limit)


def clean_name(name: str | bytes) -> str:
    """The metric name as text; protobuf hands bytes where the sender's UTF-8 is broken."""
    return name.decode("utf-8", "replace") if isinstance(name, bytes) else name


def read_value(metric: Metric, value_type: ValueType) -> Reading:
    """The value of a metric by its birth's type. Never raises on a parsed payload; what does not fit is UNDECODABLE."""
    if metric.is_null:
        return Reading(quality=Quality.BAD, detail=Detail.NULL)
    field = metric.WhichOneof("value")
    if field in _NUMBER_FIELDS:
        return _number(getattr(metric, field), value_type)
    if field is None or value_type in NUMERIC_TYPES:
        return _UNREADABLE
    if field == "string_value":
        return shorten(clean_name(metric.string_value))
    return _short_form(metric, field, value_type)


def _number(raw: float | bool, value_type: ValueType) -> Reading:
    if value_type in {ValueType.FLOAT, ValueType.DOUBLE, ValueType.UNKNOWN}:
        return Reading(float(raw))
    if value_type == ValueType.BOOLEAN:
        return Reading(float(bool(raw)))
    return _integer(raw, value_type) if value_type in NUMERIC_TYPES else _UNREADABLE


def shorten(text: str) -> Reading:
    """A text value, cut at 8 KiB UTF-8 (TOO_LONG)."""
    if len(text) * 4 <= MAX_TEXT:
        return Reading(text=text)
    raw = text.encode("utf-8", "replace")
    if len(raw) <= MAX_TEXT:
        return Reading(text=text)
    cut = raw[:MAX_TEXT].decode("utf-8", "ignore")
    return Reading(quality=Quality.UNCERTAIN, detail=Detail.TOO_LONG, text=cut)


def _integer(raw: float | bool, value_type: ValueType) -> Reading:
    if isinstance(raw, float):
        if raw != raw or raw in (float("inf"), float("-inf")) or raw != int(raw):  # noqa: PLR0124 - NaN
            return _UNREADABLE
        raw = int(raw)
    number = int(raw)
    if value_type in SIGNED_BITS:
        number = _signed(number, SIGNED_BITS[value_type])
        if not -(1 << (SIGNED_BITS[value_type] - 1)) <= number < 1 << (SIGNED_BITS[value_type] - 1):
            return _UNREADABLE
    elif not 0 <= number < 1 << _UNSIGNED_BITS.get(value_type, 64):
        return _UNREADABLE
    return Reading(float(number), exact=number if abs(number) >= EXACT else None)


def _signed(raw: int, bits: int) -> int:
    """Two's complement in the type's own width, or sign-extended into the 32 or 64 bit field that carries it."""
    for width in (width for width in (bits, 32, 64) if width >= bits):
        low, high = (1 << width) - (1 << (bits - 1)), 1 << width
        if low <= raw < high:
            return raw - high
    return raw


def _short_form(metric: Metric, field: str, value_type: ValueType) -> Reading:
    """What people see of a value that has no place in a column: its kind and size, never its bytes."""
    if field == "bytes_value":
        return _bytes_form(metric.bytes_value, value_type)
    if field == "dataset_value":
        return _dataset(metric.dataset_value)
    if field == "template_value":
        template = metric.template_value
        name = clean_name(template.template_ref)[:64]
        return Reading(text=f"Template {name} ({len(template.metrics)})")
    return _UNREADABLE


def _bytes_form(raw: bytes, value_type: ValueType) -> Reading:
    """Arrays (6.4.16) by their number of elements, Bytes and File by their size."""
    width = _ELEMENT_BYTES.get(value_type)
    if width is not None:
        if len(raw) % width:
            return _UNREADABLE
        return Reading(text=f"{value_type.name.removesuffix('_ARRAY').title()}[{len(raw) // width}]")
    if value_type == ValueType.BOOLEAN_ARRAY:
        return Reading(text=f"Boolean[{int.from_bytes(raw[:4], 'little')}]")
    if value_type == ValueType.STRING_ARRAY:
        return Reading(text=f"String[{raw.count(0)}]")
    return Reading(text=f"{'File' if value_type == ValueType.FILE else 'Bytes'} {len(raw)} B")


def _dataset(data: Any) -> Reading:
    """num_of_columns = len(columns) = len(types) = elements of every row (`payloads-dataset-*`)."""
    width = len(data.columns)
    fits = data.num_of_columns == width == len(data.types)
    if not fits or any(len(row.elements) != width for row in data.rows):
        return _UNREADABLE
    return Reading(text=f"DataSet {width} x {len(data.rows)}")


def read_quality(metric: Metric) -> tuple[int, int] | None:
    """Quality and detail that the sender gives (192 GOOD, 500 STALE, 0 BAD), None when it gives none."""
    item = find_property(metric, "quality")
    if item is None:
        return None
    code = item.int_value if item.WhichOneof("value") == "int_value" else item.long_value
    if code == 192:
        return Quality.GOOD, Detail.NONE
    known = {0: Quality.BAD, 500: Quality.STALE}
    return known.get(code, Quality.UNCERTAIN), Detail.REPORTED


def read_unit(metric: Metric) -> str:
    """The birth's engUnit property, at most 64 characters, as given."""
    item = find_property(metric, "engunit")
    return clean_name(item.string_value)[:64] if item is not None else ""


def find_property(metric: Metric, lower_name: str) -> Any | None:
    if not metric.HasField("properties"):
        return None
    properties = metric.properties
    for index, key in enumerate(properties.keys):
        if clean_name(key).lower() == lower_name:
            return properties.values[index] if index < len(properties.values) else None
    return None


class PayloadError(ValueError):
    """The payload cannot be used; the text is the kind of trouble."""


def parse_payload(raw: bytes, max_size: int) -> Any:
    """The payload, unpacked when it is compressed. Raises PayloadError("undecodable" | "too_large")."""
    try:
        payload = Payload.FromString(raw)
    except Exception as error:
        raise PayloadError("undecodable") from error
    if payload.uuid == COMPRESSED:
        try:
            return Payload.FromString(_unpack(payload.body, max_size))
        except PayloadError:
            raise
        except Exception as error:
            raise PayloadError("undecodable") from error
    return payload


def _unpack(body: bytes, max_size: int) -> bytes:
    """GZIP or DEFLATE with an upper bound on the result: a small bomb must not fill the memory."""
    for window in (47, -15):  # gzip or zlib by its header, then raw deflate
        unpacker = zlib.decompressobj(window)
        try:
            data = unpacker.decompress(body, max_size + 1)
        except zlib.error:
            continue
        if len(data) > max_size:
            raise PayloadError("too_large")
        if unpacker.eof:
            return data
    raise PayloadError("undecodable")
