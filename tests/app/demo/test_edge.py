"""The simulated edge node keeps the letter of Sparkplug B: births, aliases, sequence, death and rebirth."""

import struct

import pytest
from hypothesis import given
from hypothesis import strategies as st

from console.app.demo.edge import EdgeNode, Outgoing
from console.app.demo.plant import Plant, Point
from console.app.demo.sparkplug_payload import wire_integer, write_value
from console.domain.values import SIGNED_BITS, ValueType
from console.services.telemetry.sparkplug_b_pb2 import Payload
from tests.app.demo.plant import NOON_US, SECOND_US, shipped_plant

NOW_MS = NOON_US // 1000


@pytest.fixture
def plant() -> Plant:
    return Plant(shipped_plant(), NOON_US)


def _node(plant: Plant, path: str = "Assembly/AS-EOL") -> tuple[EdgeNode, dict[str, list[Point]]]:
    points = plant.points_of(path)
    group, node = path.split("/")
    return EdgeNode(group, node, points), points


def _read(message: Outgoing) -> Payload:
    payload = Payload()
    payload.ParseFromString(message.payload)
    return payload


def _bd_seq(message: Outgoing) -> int:
    return next(int(metric.long_value) for metric in _read(message).metrics if metric.name == "bdSeq")


def test_every_node_of_the_plant_is_born_with_types_aliases_units_and_quality(plant: Plant) -> None:
    for model in shipped_plant().nodes:
        node, points = _node(plant, f"{model.group}/{model.node}")
        node.connecting(NOW_MS)
        births = node.births(NOW_MS)
        assert births[0].topic == f"spBv1.0/{model.group}/NBIRTH/{model.node}"
        assert [b.topic.rsplit("/", 1)[1] for b in births[1:]] == [device.name for device in model.devices]
        aliases: list[int] = []
        for birth in births:
            for metric in _read(birth).metrics:
                assert metric.datatype and metric.name and metric.timestamp == NOW_MS
                if metric.HasField("alias"):
                    aliases.append(metric.alias)
                    assert metric.WhichOneof("value") is not None
                    assert "Quality" in metric.properties.keys
        assert len(aliases) == len(set(aliases)) == sum(len(own) for own in points.values())


def test_a_unit_travels_in_the_birth(plant: Plant) -> None:
    node, _ = _node(plant, "Assembly/AS-CELL-A")
    birth = next(b for b in node.births(NOW_MS) if b.topic.endswith("ROB-A1"))
    metric = next(m for m in _read(birth).metrics if m.name == "Joint 3/Temperature")
    properties = dict(zip(metric.properties.keys, metric.properties.values, strict=True))
    assert properties["engUnit"].string_value == "°C"
    assert properties["Quality"].int_value == 192


def test_the_sequence_starts_at_zero_and_wraps_after_255(plant: Plant) -> None:
    node, points = _node(plant)
    node.connecting(NOW_MS)
    messages = node.births(NOW_MS)
    for _ in range(300):
        message = node.data("PLC-A3", points["PLC-A3"][:2], NOW_MS)
        assert message is not None
        messages.append(message)
    messages.append(node.device_death("CAM-A1", NOW_MS))
    assert [_read(message).seq for message in messages] == [number % 256 for number in range(len(messages))]


def test_each_connection_has_its_own_bdseq_and_a_rebirth_keeps_it(plant: Plant) -> None:
    node, _ = _node(plant)
    will = node.connecting(NOW_MS)
    assert will.topic == "spBv1.0/Assembly/NDEATH/AS-EOL"
    assert not _read(will).HasField("seq")
    assert will.qos == 1
    assert _bd_seq(will) == _bd_seq(node.births(NOW_MS)[0]) == _bd_seq(node.births(NOW_MS)[0])
    assert _bd_seq(node.connecting(NOW_MS)) == (_bd_seq(will) + 1) % 256


def test_bdseq_wraps_after_255(plant: Plant) -> None:
    node = EdgeNode("g", "n", {}, first_bd_seq=255)
    assert [_bd_seq(node.connecting(NOW_MS)) for _ in range(2)] == [255, 0]


def test_data_carries_aliases_only(plant: Plant) -> None:
    node, points = _node(plant)
    message = node.data("TEST-A1", points["TEST-A1"], NOW_MS)
    assert message is not None
    for metric in _read(message).metrics:
        assert not metric.HasField("name")
        assert not metric.HasField("datatype")
        assert metric.HasField("alias")


def test_a_dead_device_is_silent_until_it_is_born_again(plant: Plant) -> None:
    node, points = _node(plant)
    death = node.device_death("CAM-A1", NOW_MS)
    assert death.topic == "spBv1.0/Assembly/DDEATH/AS-EOL/CAM-A1"
    assert node.data("CAM-A1", points["CAM-A1"], NOW_MS) is None
    assert not any(birth.topic.endswith("CAM-A1") for birth in node.births(NOW_MS))
    assert node.device_birth("CAM-A1", NOW_MS).topic == "spBv1.0/Assembly/DBIRTH/AS-EOL/CAM-A1"
    assert node.data("CAM-A1", points["CAM-A1"], NOW_MS) is not None


def test_only_a_true_rebirth_command_asks_for_births(plant: Plant) -> None:
    node, _ = _node(plant)
    command = Payload(timestamp=NOW_MS)
    metric = command.metrics.add(name="Node Control/Rebirth", datatype=ValueType.BOOLEAN, boolean_value=True)
    assert node.wants_rebirth(command.SerializeToString())
    metric.boolean_value = False
    assert not node.wants_rebirth(command.SerializeToString())
    assert not node.wants_rebirth(b"\xff\xff\xff")
    assert not node.wants_rebirth(b"")


def test_a_template_is_defined_at_the_node_and_instantiated_at_the_device(plant: Plant) -> None:
    node, _ = _node(plant)
    births = node.births(NOW_MS)
    definition = next(m for m in _read(births[0]).metrics if m.name == "TestResult")
    assert definition.template_value.is_definition
    assert not definition.template_value.HasField("template_ref")
    bench = next(b for b in births if b.topic.endswith("TEST-A1"))
    instance = next(m for m in _read(bench).metrics if m.name == "Last result").template_value
    assert instance.template_ref == "TestResult"
    assert [m.name for m in instance.metrics] == [m.name for m in definition.template_value.metrics]


def test_bad_quality_travels_with_the_value(plant: Plant) -> None:
    node, points = _node(plant)
    point = points["CAM-A1"][1]
    point.is_bad = True
    message = node.data("CAM-A1", [point], NOW_MS)
    assert message is not None
    assert _read(message).metrics[0].properties.values[0].int_value == 0
    point.is_bad = False
    healed = node.recovered("CAM-A1", [point], NOW_MS)
    assert healed is not None
    assert _read(healed).metrics[0].properties.values[0].int_value == 192


def test_every_value_of_a_minute_can_be_written(plant: Plant) -> None:
    node_of = {f"{n.group}/{n.node}": _node(plant, f"{n.group}/{n.node}")[0] for n in shipped_plant().nodes}
    written = 0
    for second in range(60):
        for changes in plant.advance(NOON_US + second * SECOND_US):
            message = node_of[changes.node].data(changes.device, changes.points, NOW_MS)
            assert message is not None
            written += len(_read(message).metrics)
    assert written > 1_000


@given(st.sampled_from(sorted(SIGNED_BITS)), st.integers(-(1 << 63), (1 << 63) - 1))
def test_signed_integers_travel_as_twos_complement(value_type: ValueType, value: int) -> None:
    bits = SIGNED_BITS[value_type]
    value = max(-(1 << (bits - 1)), min((1 << (bits - 1)) - 1, value))
    wire = wire_integer(value, value_type)
    width = 64 if bits == 64 else 32
    assert 0 <= wire < 1 << width
    assert wire - (1 << width) * (wire >> (width - 1)) == value


def test_a_counter_wraps_at_the_width_of_its_type() -> None:
    assert wire_integer(65_537, ValueType.UINT16) == 1
    assert wire_integer(40_000, ValueType.INT16) == (40_000 - 65_536) % (1 << 32)


def test_arrays_are_packed_as_the_specification_says() -> None:
    metric = Payload.Metric()
    write_value(metric, ValueType.BOOLEAN_ARRAY, (False, False, True, True, False, True, False, False, True, True))
    assert metric.bytes_value == struct.pack("<I", 10) + bytes([0x34, 0xC0])
    write_value(metric, ValueType.STRING_ARRAY, ("ABC", "hello"))
    assert metric.bytes_value == b"ABC\0hello\0"
    write_value(metric, ValueType.FLOAT_ARRAY, (1.23, 89.341))
    assert metric.bytes_value == bytes.fromhex("A4709D3F98AEB242")
