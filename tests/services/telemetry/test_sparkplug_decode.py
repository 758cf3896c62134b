"""Values by their birth's data type, after the corrected examples of the specification (chapter 6)."""

import struct
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from console.domain.quality import Detail, Quality
from console.domain.values import SIGNED_BITS, ValueType
from console.services.telemetry.sparkplug_b_pb2 import Payload
from console.services.telemetry.sparkplug_decode import MAX_TEXT, read_unit, read_value
from tests.services.telemetry.rig import Rig
from tests.support.edge import M


def metric(**fields: Any) -> Payload.Metric:
    return Payload.Metric(**fields)


@given(st.sampled_from(sorted(SIGNED_BITS)), st.data())
def test_signed_integers_survive_twos_complement_in_every_width(kind: ValueType, data: st.DataObject) -> None:
    bits = SIGNED_BITS[kind]
    number = data.draw(st.integers(-(1 << (bits - 1)), (1 << (bits - 1)) - 1))
    field, width = ("long_value", 64) if kind == ValueType.INT64 else ("int_value", 32)
    reading = read_value(metric(**{field: number % (1 << width)}), kind)
    assert (reading.exact if reading.exact is not None else reading.value) == number
    own_width = read_value(metric(**{field: number % (1 << bits)}), kind)
    assert own_width == reading


@given(st.integers(0, 2**64 - 1))
def test_unsigned_64_bit_counters_stay_exact_from_the_wire_to_the_screen(number: int) -> None:
    rig = Rig()
    rig.birth(M("count", 0, 8, alias=1))
    rig.send("NDATA", [M(alias=1, value=number, type=0, wire_type=8)])
    shown = rig.text("count") or str(int(rig.value("count")))
    assert shown == str(number)


@pytest.mark.parametrize(
    ("kind", "fields"),
    [
        (ValueType.INT8, {"int_value": 300}),
        (ValueType.UINT8, {"int_value": 256}),
        (ValueType.UINT16, {"int_value": 70_000}),
        (ValueType.INT32, {"string_value": "5"}),
        (ValueType.DOUBLE, {"string_value": "5"}),
        (ValueType.INT32, {"double_value": 0.5}),
        (ValueType.STRING, {"int_value": 5}),
        (ValueType.DOUBLE, {}),
        (ValueType.INT32_ARRAY, {"bytes_value": b"12345"}),
    ],
)
def test_what_does_not_fit_its_type_is_bad_and_no_number(kind: ValueType, fields: dict[str, object]) -> None:
    reading = read_value(metric(**fields), kind)
    assert (reading.quality, reading.detail) == (Quality.BAD, Detail.UNDECODABLE)
    assert reading.value != reading.value


@pytest.mark.parametrize(
    ("kind", "raw", "shown"),
    [
        (ValueType.INT8_ARRAY, bytes.fromhex("E97B"), "Int8[2]"),
        (ValueType.FLOAT_ARRAY, bytes.fromhex("A4709D3F98AEB242"), "Float[2]"),
        (ValueType.DATETIME_ARRAY, bytes.fromhex("C7D0907524010000B8BAB89781010000"), "Datetime[2]"),
        (ValueType.BOOLEAN_ARRAY, struct.pack("<I", 12) + b"\x34\xd0", "Boolean[12]"),
        (ValueType.STRING_ARRAY, b"ABC\0hello\0", "String[2]"),
        (ValueType.BYTES, b"<script>", "Bytes 8 B"),
        (ValueType.FILE, b"MZ", "File 2 B"),
    ],
)
def test_arrays_and_bytes_show_kind_and_size_never_their_content(kind: ValueType, raw: bytes, shown: str) -> None:
    assert read_value(metric(bytes_value=raw), kind).text == shown


def test_a_long_text_is_cut_and_says_so() -> None:
    reading = read_value(metric(string_value="ü" * MAX_TEXT), ValueType.STRING)
    assert reading.text == "ü" * (MAX_TEXT // 2)
    assert (reading.quality, reading.detail) == (Quality.UNCERTAIN, Detail.TOO_LONG)
    assert read_value(metric(string_value="x" * MAX_TEXT), ValueType.STRING).detail == Detail.NONE


def test_a_dataset_must_be_as_wide_as_it_says() -> None:
    good = Payload.Metric()
    good.dataset_value.num_of_columns = 1
    good.dataset_value.columns.append("a")
    good.dataset_value.types.append(3)
    good.dataset_value.rows.add().elements.add().int_value = 1
    assert read_value(good, ValueType.DATASET).text == "DataSet 1 x 1"
    good.dataset_value.num_of_columns = 2
    assert read_value(good, ValueType.DATASET).quality == Quality.BAD


def test_every_common_type_reaches_the_screen() -> None:
    rig = Rig()
    rig.birth(
        M("i8", -5, 1), M("u8", 200, 5), M("i64", -(2**60), 4), M("f", 1.5, 9), M("on", True, 11), M("off", False, 11),
        M("text", "läuft", 12), M("when", 1_790_000_000_000, 13), M("id", "a-b", 15), M("zero", 0.0, 10),
    )  # fmt: skip
    assert [rig.value(n) for n in ("i8", "u8", "f", "on", "off", "when", "zero")] == [
        -5.0, 200.0, 1.5, 1.0, 0.0, 1_790_000_000_000.0, 0.0,
    ]  # fmt: skip
    assert [rig.text(n) for n in ("i64", "text", "id")] == [str(-(2**60)), "läuft", "a-b"]
    assert (rig.store.quality == Quality.GOOD).all()


def test_the_unit_is_taken_as_given_whatever_its_case() -> None:
    made = Payload.Metric()
    made.properties.keys.append("EngUnit")
    made.properties.values.add().string_value = "m³/h"
    assert read_unit(made) == "m³/h"
