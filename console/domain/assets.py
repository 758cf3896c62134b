"""What an asset is: a thing of the plant, its place in the Purdue levels, and its links."""

from dataclasses import dataclass
from enum import StrEnum
from uuid import UUID


class AssetClass(StrEnum):
    UNKNOWN = "unknown"
    NODE = "node"  # a Sparkplug edge node that nobody described yet
    DEVICE = "device"
    SITE = "site"
    LINE = "line"
    CELL = "cell"
    SENSOR = "sensor"
    DRIVE = "drive"
    MACHINE = "machine"
    ROBOT = "robot"
    PLC = "plc"
    SAFETY_PLC = "safety_plc"
    IO_STATION = "io_station"
    HMI = "hmi"
    TERMINAL = "terminal"
    GATEWAY = "gateway"
    SWITCH = "switch"
    FIREWALL = "firewall"
    ACCESS_POINT = "access_point"
    SERVER = "server"
    HISTORIAN = "historian"
    MES = "mes"
    DATABASE = "database"
    INTERFACE = "interface"
    PRINTER = "printer"
    UPS = "ups"
    CLOUD = "cloud"
    ERP = "erp"
    APPLICATION = "application"


class LinkKind(StrEnum):
    CONNECTS = "connects"
    DEPENDS_ON = "depends_on"
    PART_OF = "part_of"
    RUNS_ON = "runs_on"
    FEEDS = "feeds"
    POWERS = "powers"


@dataclass(frozen=True, slots=True)
class Asset:
    """`level` is the Purdue level 0..4 (2.5 for the network between control and operations), None when unknown.

    `is_proposed` marks what only its births made known: shown, never mixed up with the documented plant.
    """

    asset_id: UUID
    name: str
    asset_class: AssetClass = AssetClass.UNKNOWN
    level: float | None = None
    area: str = ""
    parent: UUID | None = None
    source: str = ""  # broker/group/node[/device], empty when nothing publishes it
    is_proposed: bool = False
    description: str = ""
    procedure: str = ""


@dataclass(frozen=True, slots=True)
class Link:
    """A typed relation. `CONNECTS` has no direction; the others read "a kind b"."""

    a: UUID
    b: UUID
    kind: LinkKind = LinkKind.CONNECTS
