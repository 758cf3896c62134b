"""The demo plant has the size and the variety that the first story promises."""

from collections import Counter

import pytest

from console.app.demo.plant_model import expand
from console.domain.assets import AssetClass, LinkKind
from console.domain.values import ValueType
from tests.app.demo.plant import shipped_plant


def test_the_plant_has_three_lines_sixty_devices_and_fifteen_hundred_metrics() -> None:
    plant = shipped_plant()
    groups = {node.group for node in plant.nodes}
    assert {"PressShop", "Machining", "Assembly", "Utilities", "Network", "ServerRoom", "ShopFloor"} <= groups
    assert len(plant.nodes) >= 10
    assert sum(1 for _ in plant.devices()) >= 60
    assert plant.metric_count() >= 1_500


def test_every_common_sparkplug_type_occurs() -> None:
    found = Counter(metric.value_type for _, device in shipped_plant().devices() for metric in device.metrics)
    wanted = set(range(ValueType.INT8, ValueType.BYTES + 1)) | {ValueType.TEMPLATE, ValueType.FLOAT_ARRAY}
    assert not {kind.name for kind in ValueType if kind in wanted} - {kind.name for kind in found}


def test_devices_stand_on_every_purdue_level_from_field_to_enterprise() -> None:
    levels = {device.level for _, device in shipped_plant().devices()}
    assert {0.0, 1.0, 2.0, 2.5, 3.0, 4.0} <= levels


def test_the_things_of_the_story_are_there() -> None:
    classes = {device.asset_class for _, device in shipped_plant().devices()}
    story = {"plc", "robot", "sensor", "switch", "firewall", "server", "ups", "historian", "mes", "terminal", "printer"}
    assert story | {"interface", "erp", "cloud", "drive", "safety_plc", "io_station"} <= classes
    assert classes <= {kind.value for kind in AssetClass}


def test_names_are_unique_and_links_name_things_that_exist() -> None:
    plant = shipped_plant()
    names = [node.node for node in plant.nodes] + [device.name for _, device in plant.devices()]
    names += [meter.name for meter in plant.meters]
    assert len(names) == len(set(names))
    assert {end for a, b, _ in plant.links for end in (a, b)} <= set(names)
    assert {kind for _, _, kind in plant.links} <= {kind.value for kind in LinkKind}
    for node in plant.nodes:
        assert node.switch in names
        for device in node.devices:
            metrics = [metric.name for metric in device.metrics]
            assert len(metrics) == len(set(metrics)), device.name


@pytest.mark.parametrize(
    ("name", "expanded"),
    [
        ("Ram/Force", ["Ram/Force"]),
        ("Joint {1..3}/Load", ["Joint 1/Load", "Joint 2/Load", "Joint 3/Load"]),
        ("Axis {X,Y}/Load", ["Axis X/Load", "Axis Y/Load"]),
        ("{A,B}/{1..2}", ["A/1", "A/2", "B/1", "B/2"]),
    ],
)
def test_braces_repeat_a_metric(name: str, expanded: list[str]) -> None:
    assert list(expand(name)) == expanded
