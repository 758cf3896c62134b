"""The living plant: every metric's value at a given time, what changed, and what faults do to it."""

from collections.abc import Iterable
from dataclasses import dataclass
from fnmatch import fnmatchcase
from random import Random

from console.app.demo.faults import Degrade, Drive, Effect, Fault, StopMachines
from console.app.demo.machine import Machine
from console.app.demo.plant_model import DeviceModel, MetricModel, NodeModel, PlantModel
from console.app.demo.signals import Signal, Value, make_signal
from console.domain.values import INTEGER_TYPES, ValueType

_BACK_S = 3.0  # a driven value returns within this time when its fault ends


class Override:
    """A fault's grip on one metric: grows from 0 to 1, and back after `release`."""

    __slots__ = ("_from", "_over_s", "_released_s", "_start_s", "to")

    def __init__(self, to: float | bool | str, over_s: float, start_s: float) -> None:
        self.to = to
        self._over_s = over_s
        self._start_s = start_s
        self._released_s: float | None = None
        self._from = 0.0

    def release(self, now_s: float) -> None:
        self._from = self.grip(now_s)
        self._released_s = now_s

    def grip(self, now_s: float) -> float:
        if self._released_s is not None:
            return max(0.0, self._from * (1.0 - (now_s - self._released_s) / _BACK_S))
        if now_s < self._start_s:
            return 0.0
        return 1.0 if self._over_s <= 0 else min(1.0, (now_s - self._start_s) / self._over_s)

    def is_over(self, now_s: float) -> bool:
        return self._released_s is not None and self.grip(now_s) <= 0.0


class Point:
    """One metric of the running plant."""

    __slots__ = ("_signal", "deadband", "device", "is_bad", "model", "override", "path", "value")

    def __init__(
        self, path: str, device: str, model: MetricModel, signal: Signal, deadband: float, now_s: float
    ) -> None:
        self.path = path  # group/node[/device]/metric
        self.device = device
        self.model = model
        self._signal = signal
        self.deadband = deadband
        self.override: Override | None = None
        self.is_bad = False
        self.value: Value = 0
        self.value = self.read(now_s)

    def read(self, now_s: float) -> Value:
        """The value now, a fault's grip included, as its data type has it."""
        value = self._signal(now_s)
        if self.override is not None:
            value = self._driven(value, self.override, now_s)
        if isinstance(value, float) and self.model.value_type in INTEGER_TYPES:
            return round(value)
        if isinstance(value, float) and self.model.value_type is ValueType.FLOAT:
            return round(value, 4)
        if self.model.value_type in (ValueType.STRING, ValueType.TEXT) and not isinstance(value, str):
            return str(value)
        return value

    def look(self, now_s: float) -> bool:
        """Read; True when the change is worth a message (report by exception)."""
        value = self.read(now_s)
        last = self.value
        if isinstance(value, float) and isinstance(last, float):
            if abs(value - last) <= self.deadband:
                return False
        elif value == last:
            return False
        self.value = value
        return True

    def _driven(self, value: Value, override: Override, now_s: float) -> Value:
        grip = override.grip(now_s)
        if override.is_over(now_s):
            self.override = None
            return value
        if isinstance(value, bool) or isinstance(override.to, (bool, str)) or not isinstance(value, (int, float)):
            return override.to if grip >= 1.0 else value
        return value + (override.to - value) * grip


@dataclass(frozen=True, slots=True)
class Changes:
    """What one device (empty name: the node itself) has to say now."""

    node: str  # group/node
    device: str
    points: tuple[Point, ...]


class _Unit:
    """A device or a node's own metrics: one machine behind all its points, grouped by how often they are looked at."""

    def __init__(self, node: str, device: str, machine: Machine, points: list[Point], phase_s: float) -> None:
        self.node = node
        self.device = device
        self.path = f"{node}/{device}" if device else node
        self.machine = machine
        self.points = points
        self._groups: dict[float, list[Point]] = {}
        for point in points:
            self._groups.setdefault(point.model.every_s, []).append(point)
        self._due_s = {every_s: machine.now_s + phase_s * min(every_s, 2.0) for every_s in self._groups}

    def advance(self, now_s: float) -> list[Point]:
        self.machine.advance(now_s)
        changed: list[Point] = []
        for every_s, points in self._groups.items():
            if now_s < self._due_s[every_s]:
                continue
            self._due_s[every_s] = max(self._due_s[every_s] + every_s, now_s)
            changed += [point for point in points if point.look(now_s)]
        return changed


class Plant:
    """All values of the plant, advanced by a clock given from outside; equal seeds and clocks give equal plants."""

    def __init__(self, model: PlantModel, now_us: int) -> None:
        self.model = model
        self._now_s = now_us / 1e6
        self._random = Random(model.seed)  # noqa: S311 a plant that can be repeated
        self._units: list[_Unit] = []
        for node in model.nodes:
            self._units.append(self._unit(node, None))
            self._units.extend(self._unit(node, device) for device in node.devices)

    def points_of(self, node: str) -> dict[str, list[Point]]:
        """Points of a node (group/node) by device name, the node's own under ''."""
        return {unit.device: unit.points for unit in self._units if unit.node == node}

    def advance(self, now_us: int) -> list[Changes]:
        """Live until `now_us` and say what changed."""
        self._now_s = now_us / 1e6
        said = ((unit, unit.advance(self._now_s)) for unit in self._units)
        return [Changes(unit.node, unit.device, tuple(points)) for unit, points in said if points]

    def apply(self, fault: Fault, on: bool) -> list[Point]:
        """Let a fault grip or release its metrics; points whose quality changed must be published at once."""
        changed: list[Point] = []
        for effect in fault.effects:
            changed += self._apply(fault.name, effect, on)
        return changed

    def _apply(self, name: str, effect: Effect, on: bool) -> list[Point]:
        match effect:
            case Drive():
                self._drive(effect, on)
            case Degrade():
                return self._degrade(effect, on)
            case StopMachines():
                for unit in self._matching(effect.devices):
                    if unit.machine.cycle_s > 0:
                        unit.machine.is_stopped = on
            case _:
                pass  # connections, clocks, meters and infrastructure are not values
        return []

    def _drive(self, effect: Drive, on: bool) -> None:
        points = [p for unit in self._units for p in unit.points if fnmatchcase(p.path, effect.points)]
        for number, point in enumerate(points):
            if not on:
                if point.override is not None:
                    point.override.release(self._now_s)
            elif effect.spread:
                later_s = effect.over_s * number / len(points)
                point.override = Override(effect.to, 0.0, self._now_s + later_s)
            else:
                jumps = isinstance(effect.to, (bool, str))
                point.override = Override(effect.to, 0.0 if jumps else effect.over_s, self._now_s)

    def _degrade(self, effect: Degrade, on: bool) -> list[Point]:
        points = [p for unit in self._units for p in unit.points if fnmatchcase(p.path, effect.points)]
        for point in points:
            point.is_bad = on
        return points

    def _matching(self, devices: str) -> Iterable[_Unit]:
        return (unit for unit in self._units if fnmatchcase(unit.path, devices))

    def _unit(self, node: NodeModel, device: DeviceModel | None) -> _Unit:
        rng = Random(self._random.getrandbits(64))  # noqa: S311 a plant that can be repeated
        machine = Machine(rng, device.cycle_s if device else 0.0, self._now_s)
        path = f"{node.group}/{node.node}"
        name = device.name if device else ""
        prefix = f"{path}/{name}" if device else path
        points: list[Point] = []
        for metric in device.metrics if device else node.metrics:
            full = f"{prefix}/{metric.name}"
            signal, deadband = make_signal(metric.signal, machine, rng, full)
            points.append(Point(full, name, metric, signal, deadband, self._now_s))
        return _Unit(path, name, machine, points, rng.random())
