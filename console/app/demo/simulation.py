"""The simulator without a network: plant, edge nodes, meters and faults, moved by a clock from outside."""

from collections.abc import Iterable
from dataclasses import dataclass
from fnmatch import fnmatchcase
from itertools import groupby

from console.app.demo.edge import EdgeNode, Outgoing
from console.app.demo.faults import CutNode, Fault, KillDevice, SilenceMeter, SkewClock, fault_named
from console.app.demo.meters import MeterBank
from console.app.demo.plant import Plant, Point
from console.app.demo.plant_model import PlantModel

METERS = "energy"  # the connection that carries the meters


@dataclass(frozen=True, slots=True)
class Publish:
    connection: str  # group/node, or METERS
    message: Outgoing


@dataclass(frozen=True, slots=True)
class Cut:
    """Break this connection without a DISCONNECT, and keep it broken."""

    connection: str


@dataclass(frozen=True, slots=True)
class Restore:
    connection: str


Action = Publish | Cut | Restore


class Simulation:
    """Decides what each connection does; whoever has the sockets does it. Times are int64 microseconds UTC."""

    def __init__(self, model: PlantModel, now_us: int) -> None:
        self.plant = Plant(model, now_us)
        self._meters = MeterBank(model.meters, model.meter_every_s, model.seed, now_us)
        first = now_us // 1_000_000 % 256
        self._nodes = {
            f"{node.group}/{node.node}": EdgeNode(
                node.group, node.node, self.plant.points_of(f"{node.group}/{node.node}"), first
            )
            for node in model.nodes
        }
        self._cut: set[str] = set()
        self._skew_ms: dict[str, int] = {}
        self.active: set[str] = set()

    def connections(self) -> list[str]:
        return [*self._nodes, METERS]

    def command_topic(self, connection: str) -> str:
        """What this connection subscribes to, empty for nothing."""
        node = self._nodes.get(connection)
        return node.command_topic if node else ""

    def will(self, connection: str, now_us: int) -> Outgoing | None:
        """The will of the next CONNECT."""
        node = self._nodes.get(connection)
        return node.connecting(self._clock_ms(connection, now_us)) if node else None

    def connected(self, connection: str, now_us: int) -> list[Outgoing]:
        """What to publish first on a new connection: the births."""
        node = self._nodes.get(connection)
        return node.births(self._clock_ms(connection, now_us)) if node else []

    def commanded(self, connection: str, payload: bytes, now_us: int) -> list[Outgoing]:
        """The answer to an NCMD: new births when a rebirth is asked for."""
        node = self._nodes.get(connection)
        if node is None or not node.wants_rebirth(payload):
            return []
        return node.births(self._clock_ms(connection, now_us))

    def tick(self, now_us: int) -> list[Publish]:
        """Live until now; everything worth a message."""
        messages: list[Publish] = []
        for changes in self.plant.advance(now_us):
            if changes.node not in self._cut:
                message = self._nodes[changes.node].data(
                    changes.device, changes.points, self._clock_ms(changes.node, now_us)
                )
                messages += [Publish(changes.node, message)] if message else []
        return messages + [Publish(METERS, message) for message in self._meters.tick(now_us)]

    def set_fault(self, name: str, on: bool, now_us: int) -> list[Action]:
        """Switch a fault and say what follows at once. Raises Refused for an unknown name."""
        fault = fault_named(name)
        if on == (name in self.active):
            return []
        self.active ^= {name}
        actions = self._connection_effects(fault, on, now_us)
        return actions + self._quality_messages(self.plant.apply(fault, on), now_us)

    def _connection_effects(self, fault: Fault, on: bool, now_us: int) -> list[Action]:
        actions: list[Action] = []
        for effect in fault.effects:
            match effect:
                case CutNode():
                    actions += self._cut_nodes(effect.nodes, on)
                case KillDevice():
                    actions += self._device_deaths(effect.devices, on, now_us)
                case SkewClock():
                    for path in self._nodes_like(effect.nodes):
                        self._skew_ms[path] = int(effect.by_s * 1000) if on else 0
                case SilenceMeter():
                    self._meters.silence(effect.meters, on)
                case _:
                    pass  # values belong to the plant, infrastructure to the demo
        return actions

    def _cut_nodes(self, pattern: str, on: bool) -> list[Action]:
        paths = self._nodes_like(pattern)
        self._cut = self._cut | set(paths) if on else self._cut - set(paths)
        return [Cut(path) if on else Restore(path) for path in paths]

    def _device_deaths(self, pattern: str, on: bool, now_us: int) -> list[Action]:
        actions: list[Action] = []
        for path, node in self._nodes.items():
            now_ms = self._clock_ms(path, now_us)
            for device in node.devices:
                if fnmatchcase(f"{path}/{device}", pattern):
                    message = node.device_death(device, now_ms) if on else node.device_birth(device, now_ms)
                    actions.append(Publish(path, message))
        return actions

    def _quality_messages(self, points: Iterable[Point], now_us: int) -> list[Action]:
        actions: list[Action] = []
        for owner, group in groupby(points, key=_owner):
            path, device = owner
            message = self._nodes[path].recovered(device, group, self._clock_ms(path, now_us))
            actions += [Publish(path, message)] if message else []
        return actions

    def _nodes_like(self, pattern: str) -> list[str]:
        return [path for path in self._nodes if fnmatchcase(path, pattern)]

    def _clock_ms(self, connection: str, now_us: int) -> int:
        return now_us // 1000 + self._skew_ms.get(connection, 0)


def _owner(point: Point) -> tuple[str, str]:
    group, node, _ = point.path.split("/", 2)
    return f"{group}/{node}", point.device
