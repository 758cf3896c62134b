"""Writes values as Sparkplug B metrics (specification 3.0, section 6.4), birth and data alike."""

import struct
from collections.abc import Callable, Sequence

from console.app.demo.signals import TEMPLATES, Instance, Table, Value
from console.domain.values import SIGNED_BITS, ValueType
from console.services.telemetry.sparkplug_b_pb2 import Payload

GOOD, BAD = 192, 0  # quality property values of section 6.4.12
_UNSIGNED_BITS = {ValueType.UINT8: 8, ValueType.UINT16: 16, ValueType.UINT32: 32, ValueType.UINT64: 64}
_LONG = frozenset({ValueType.INT64, ValueType.UINT64, ValueType.DATETIME})
_TEXTS = frozenset({ValueType.STRING, ValueType.TEXT, ValueType.UUID})


def _strings(items: Sequence[object]) -> bytes:
    return b"".join(str(item).encode() + b"\0" for item in items)


def _bits(items: Sequence[object]) -> bytes:
    """Count as uint32 little-endian, then one bit each, most significant first (section 6.4.17)."""
    packed = bytearray((len(items) + 7) // 8)
    for place, item in enumerate(items):
        if item:
            packed[place // 8] |= 0x80 >> (place % 8)
    return struct.pack("<I", len(items)) + bytes(packed)


_ARRAYS: dict[ValueType, Callable[[Sequence[object]], bytes]] = {
    ValueType.FLOAT_ARRAY: lambda items: struct.pack(f"<{len(items)}f", *items),
    ValueType.DOUBLE_ARRAY: lambda items: struct.pack(f"<{len(items)}d", *items),
    ValueType.BOOLEAN_ARRAY: _bits,
    ValueType.STRING_ARRAY: _strings,
}


def wire_integer(value: int, value_type: ValueType) -> int:
    """Two's complement for signed types in 32 (8-32 bits) or 64 bits; counters wrap at their width."""
    bits = SIGNED_BITS.get(value_type)
    if bits is None:
        return value % (1 << _UNSIGNED_BITS.get(value_type, 64))
    half = 1 << (bits - 1)
    signed = (value + half) % (1 << bits) - half
    return signed % (1 << (64 if bits == 64 else 32))


def write_value(metric: Payload.Metric, value_type: ValueType, value: Value) -> None:
    """Set the value field that the data type demands."""
    if value_type is ValueType.FLOAT and isinstance(value, (int, float)):
        metric.float_value = value
    elif value_type is ValueType.DOUBLE and isinstance(value, (int, float)):
        metric.double_value = value
    elif value_type is ValueType.BOOLEAN:
        metric.boolean_value = bool(value)
    elif value_type in _TEXTS:
        metric.string_value = str(value)
    elif isinstance(value, Table):
        _write_table(metric.dataset_value, value)
    elif isinstance(value, Instance):
        _write_instance(metric.template_value, value)
    elif isinstance(value, bytes):
        metric.bytes_value = value
    elif isinstance(value, tuple):
        metric.bytes_value = _ARRAYS[value_type](value)
    elif value_type in _LONG and isinstance(value, (int, float)):
        metric.long_value = wire_integer(int(value), value_type)
    elif isinstance(value, (int, float)):
        metric.int_value = wire_integer(int(value), value_type)
    else:
        raise TypeError(f"{value!r} is no {value_type.name}")


def write_properties(metric: Payload.Metric, unit: str, is_bad: bool) -> None:
    """`engUnit` and `Quality` of a birth; data carries quality only when it is not good."""
    if unit:
        metric.properties.keys.append("engUnit")
        metric.properties.values.add(type=ValueType.STRING, string_value=unit)
    metric.properties.keys.append("Quality")
    metric.properties.values.add(type=ValueType.INT32, int_value=BAD if is_bad else GOOD)


def write_definition(metric: Payload.Metric, name: str) -> None:
    """A template definition; belongs into the NBIRTH only (section 6.4.14)."""
    metric.name = name
    metric.datatype = ValueType.TEMPLATE
    template = metric.template_value
    template.version = "1.0"
    template.is_definition = True
    for member, value_type in TEMPLATES[name]:
        entry = template.metrics.add(name=member, datatype=value_type)
        write_value(entry, value_type, "" if value_type in _TEXTS else 0)


def _write_instance(template: Payload.Template, value: Instance) -> None:
    template.template_ref = value.template
    template.version = "1.0"
    template.is_definition = False
    for name, value_type, member in value.members:
        write_value(template.metrics.add(name=name, datatype=value_type), value_type, member)


def _write_table(dataset: Payload.DataSet, value: Table) -> None:
    dataset.num_of_columns = len(value.columns)
    dataset.columns.extend(value.columns)
    dataset.types.extend(value.types)
    for row in value.rows:
        elements = dataset.rows.add().elements
        for value_type, cell in zip(value.types, row, strict=True):
            element = elements.add()
            if value_type is ValueType.FLOAT:
                element.float_value = float(cell)
            elif value_type is ValueType.DOUBLE:
                element.double_value = float(cell)
            elif value_type is ValueType.BOOLEAN:
                element.boolean_value = bool(cell)
            elif value_type in _TEXTS:
                element.string_value = str(cell)
            elif value_type in _LONG:
                element.long_value = wire_integer(int(cell), value_type)
            else:
                element.int_value = wire_integer(int(cell), value_type)
