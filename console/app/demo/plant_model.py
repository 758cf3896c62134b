"""The demo's plant as a document: reads `resources/demo/plant.toml` into nodes, devices, metrics, meters and links."""

import re
import tomllib
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from console.domain.values import ValueType

_PLACES = re.compile(r"\{([^}]*)\}")
_TYPES = {kind.name.replace("_", "").lower(): kind for kind in ValueType}


@dataclass(frozen=True, slots=True)
class MetricModel:
    """One metric: looked at every `every_s` seconds, published when it changed; `signal` says how it moves."""

    name: str
    value_type: ValueType
    unit: str
    every_s: float
    signal: str


@dataclass(frozen=True, slots=True)
class DeviceModel:
    name: str
    kind: str
    asset_class: str
    level: float
    description: str
    cycle_s: float  # 0: no machine cycle
    metrics: tuple[MetricModel, ...]


@dataclass(frozen=True, slots=True)
class NodeModel:
    """A Sparkplug edge node with its own metrics; `switch` is what connects it to the broker."""

    group: str
    node: str
    area: str
    level: float
    switch: str
    description: str
    metrics: tuple[MetricModel, ...]
    devices: tuple[DeviceModel, ...]


@dataclass(frozen=True, slots=True)
class MeterModel:
    """An energy meter that publishes JSON to `topic`."""

    name: str
    topic: str
    rated_kw: float


@dataclass(frozen=True, slots=True)
class PlantModel:
    name: str
    time_zone: str
    seed: int
    nodes: tuple[NodeModel, ...]
    meters: tuple[MeterModel, ...]
    meter_area: str
    meter_every_s: float
    links: tuple[tuple[str, str, str], ...]  # a, b, kind

    def devices(self) -> Iterator[tuple[NodeModel, DeviceModel]]:
        for node in self.nodes:
            for device in node.devices:
                yield node, device

    def metric_count(self) -> int:
        own = sum(len(node.metrics) for node in self.nodes)
        return own + sum(len(device.metrics) for _, device in self.devices())


def load_plant(path: Path) -> PlantModel:
    """Read the plant; raises KeyError or ValueError naming what is wrong in the file."""
    table = tomllib.loads(path.read_text(encoding="utf-8"))
    kinds: dict[str, Any] = table["kind"]
    metrics = {name: tuple(_metrics(kind["metrics"])) for name, kind in kinds.items()}
    nodes = tuple(_node(entry, kinds, metrics) for entry in table["node"])
    meters = table["meters"]
    return PlantModel(
        name=table["name"],
        time_zone=table["time_zone"],
        seed=table["seed"],
        nodes=nodes,
        meters=tuple(
            MeterModel(name, meters["topic"].format(hall=hall, id=name), rated) for hall, name, rated in meters["list"]
        ),
        meter_area=meters["area"],
        meter_every_s=float(meters["every_s"]),
        links=tuple((a, b, kind) for kind, pairs in table["links"].items() for a, b in pairs),
    )


def expand(name: str) -> Iterator[str]:
    """`Joint {1..6}/Load` gives six names, `Axis {X,Y}/Load` two, a plain name itself."""
    place = _PLACES.search(name)
    if place is None:
        yield name
        return
    inside = place.group(1)
    if ".." in inside:
        low, high = inside.split("..")
        choices = [str(number) for number in range(int(low), int(high) + 1)]
    else:
        choices = inside.split(",")
    for choice in choices:
        yield from expand(name[: place.start()] + choice + name[place.end() :])


def _metrics(rows: list[list[Any]]) -> Iterator[MetricModel]:
    for name, type_name, unit, every_s, signal in rows:
        for full_name in expand(name):
            yield MetricModel(full_name, _TYPES[type_name.lower()], unit, float(every_s), signal)


def _node(entry: dict[str, Any], kinds: dict[str, Any], metrics: dict[str, tuple[MetricModel, ...]]) -> NodeModel:
    return NodeModel(
        group=entry["group"],
        node=entry["id"],
        area=entry["area"],
        level=float(entry["level"]),
        switch=entry["switch"],
        description=entry["description"],
        metrics=metrics["edge"],
        devices=tuple(_device(row, kinds, metrics) for row in entry["devices"]),
    )


def _device(row: list[Any], kinds: dict[str, Any], metrics: dict[str, tuple[MetricModel, ...]]) -> DeviceModel:
    name, kind_name, description = row[:3]
    kind = kinds[kind_name]
    return DeviceModel(
        name=name,
        kind=kind_name,
        asset_class=row[3] if len(row) > 3 else kind["class"],
        level=float(row[4] if len(row) > 4 else kind["level"]),
        description=description,
        cycle_s=float(kind.get("cycle_s", 0.0)),
        metrics=metrics[kind_name],
    )
