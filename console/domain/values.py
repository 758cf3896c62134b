"""The data types a tag's value can have (Sparkplug B 3.0 chapter 6 numbers them)."""

from enum import IntEnum


class ValueType(IntEnum):
    UNKNOWN = 0
    INT8 = 1
    INT16 = 2
    INT32 = 3
    INT64 = 4
    UINT8 = 5
    UINT16 = 6
    UINT32 = 7
    UINT64 = 8
    FLOAT = 9
    DOUBLE = 10
    BOOLEAN = 11
    STRING = 12
    DATETIME = 13
    TEXT = 14
    UUID = 15
    DATASET = 16
    BYTES = 17
    FILE = 18
    TEMPLATE = 19
    PROPERTY_SET = 20
    PROPERTY_SET_LIST = 21
    INT8_ARRAY = 22
    INT16_ARRAY = 23
    INT32_ARRAY = 24
    INT64_ARRAY = 25
    UINT8_ARRAY = 26
    UINT16_ARRAY = 27
    UINT32_ARRAY = 28
    UINT64_ARRAY = 29
    FLOAT_ARRAY = 30
    DOUBLE_ARRAY = 31
    BOOLEAN_ARRAY = 32
    STRING_ARRAY = 33
    DATETIME_ARRAY = 34


INTEGER_TYPES = frozenset(range(ValueType.INT8, ValueType.UINT64 + 1))
SIGNED_BITS = {ValueType.INT8: 8, ValueType.INT16: 16, ValueType.INT32: 32, ValueType.INT64: 64}
NUMERIC_TYPES = INTEGER_TYPES | {ValueType.FLOAT, ValueType.DOUBLE, ValueType.BOOLEAN, ValueType.DATETIME}


def is_numeric(value_type: ValueType) -> bool:
    """True when a value of this type has a place in the float64 column (booleans are 0 and 1, dates ms UTC)."""
    return value_type in NUMERIC_TYPES
