"""The demo plant's faults: what each does, and the board that switches them by schedule and by hand."""

from collections.abc import Iterable
from dataclasses import dataclass

from console.domain.refusal import Refused

_SECOND_US = 1_000_000


@dataclass(frozen=True, slots=True)
class Drive:
    """Metrics (glob over group/node/device/metric) go to a value within `over_s`; texts and flags jump at once.

    With `spread` each metric starts a moment later than the one before it, all within `over_s`.
    """

    points: str
    to: float | bool | str
    over_s: float = 0.0
    spread: bool = False


@dataclass(frozen=True, slots=True)
class Degrade:
    """Metrics report quality BAD."""

    points: str


@dataclass(frozen=True, slots=True)
class CutNode:
    """The node's connection breaks without a word: the broker publishes its will."""

    nodes: str


@dataclass(frozen=True, slots=True)
class KillDevice:
    """The node declares the device dead (DDEATH), and born again afterwards."""

    devices: str


@dataclass(frozen=True, slots=True)
class StopMachines:
    """Everything that works in cycles goes to state FAULT."""

    devices: str


@dataclass(frozen=True, slots=True)
class SkewClock:
    nodes: str
    by_s: float


@dataclass(frozen=True, slots=True)
class SilenceMeter:
    meters: str


@dataclass(frozen=True, slots=True)
class Infrastructure:
    """What the demo itself does to its broker, its centre and the cables in front of them."""

    action: str  # "stall-broker", "kill-broker", "pull-cable", "centre-away"


Effect = Drive | Degrade | CutNode | KillDevice | StopMachines | SkewClock | SilenceMeter | Infrastructure


@dataclass(frozen=True, slots=True)
class Fault:
    """One row of `leitstand fault list`. `text` is English, shown translated.

    With `every_s` it comes by itself: first `first_s` after the start, for `lasts_s`, then every `every_s`.
    """

    name: str
    text: str
    effects: tuple[Effect, ...]
    first_s: int = 0
    lasts_s: int = 0
    every_s: int = 0


FAULTS: tuple[Fault, ...] = (
    Fault(
        "cut-switch",
        "The assembly switch fails: everything behind it drops off the network",
        (
            CutNode("Assembly/*"),
            KillDevice("Network/NW-OT/SW-ASSY"),
            Drive("Network/NW-OT/SW-DIST/Port 3/Link", False),
            Drive("Network/NW-OT/SW-DIST/Ring closed", False),
        ),
    ),
    Fault(
        "stop-plc",
        "The controller of machining cell 10 goes to STOP: its machines stand still",
        (
            Drive("Machining/MC-CELL-10/PLC-M1/Mode", "STOP"),
            Drive("Machining/MC-CELL-10/PLC-M1/Running", False),
            Drive("Machining/MC-CELL-10/PLC-M1/Diagnostics/Faults", 1.0),
            StopMachines("Machining/MC-CELL-10/*"),
        ),
        first_s=1500,
        lasts_s=40,
        every_s=3600,
    ),
    Fault(
        "stall-broker",
        "The network path to the broker hangs half-open: connected, but nothing arrives",
        (Infrastructure("stall-broker"),),
    ),
    Fault("kill-broker", "The broker's process ends", (Infrastructure("kill-broker"),)),
    Fault(
        "pull-cable",
        "The network cable of the control room is pulled: packets vanish without a word",
        (Infrastructure("pull-cable"),),
    ),
    Fault("centre-away", "The central database cannot be reached", (Infrastructure("centre-away"),)),
    Fault(
        "wrong-clock",
        "The clock of the gateway of machining cell 20 is 62 minutes ahead",
        (SkewClock("Machining/MC-CELL-20", 62 * 60.0),),
    ),
    Fault(
        "flood",
        "The 24 V supply of all field input stations collapses: 504 channels report a fault within seconds",
        (Drive("*/IO-*/Channel */Fault", True, over_s=4.0, spread=True), Drive("*/IO-*/Supply", 14.2, over_s=2.0)),
    ),
    Fault(
        "robot-overheat",
        "Joint 3 of robot ROB-A1 runs hot",
        (
            Drive("Assembly/AS-CELL-A/ROB-A1/Joint 3/Temperature", 97.0, over_s=12.0),
            Drive("Assembly/AS-CELL-A/ROB-A1/Joint 3/Torque", 88.0, over_s=6.0),
        ),
        first_s=240,
        lasts_s=75,
        every_s=1800,
    ),
    Fault(
        "disk-filling",
        "The data disk of the database server fills up",
        (
            Drive("ServerRoom/SR-INFRA/SRV-DB/Disk D/Used", 98.5, over_s=15.0),
            Drive("ServerRoom/SR-INFRA/SRV-DB/Disk/Latency", 38.0, over_s=15.0),
        ),
        first_s=900,
        lasts_s=120,
        every_s=2700,
    ),
    Fault(
        "historian-queue",
        "The historian writes too slowly: its queue grows",
        (
            Drive("ServerRoom/SR-APPS/HISTORIAN/Queue/Length", 52_000.0, over_s=12.0),
            Drive("ServerRoom/SR-APPS/HISTORIAN/Answer time", 1_900.0, over_s=8.0),
        ),
        first_s=600,
        lasts_s=60,
        every_s=2400,
    ),
    Fault("bad-quality", "The sensors of chiller CHILLER-1 report bad quality", (Degrade("Utilities/*/CHILLER-1/*"),)),
    Fault(
        "silent-sensor",
        "Energy meter meter-05 falls silent without a word",
        (SilenceMeter("meter-05"),),
    ),
    Fault(
        "oil-pressure",
        "The hydraulic unit of PRESS-11 loses oil pressure",
        (
            Drive("PressShop/PS-LINE-1/HYD-11/Oil pressure", 1.9, over_s=5.0),
            Drive("PressShop/PS-LINE-1/HYD-11/Oil level", 61.0, over_s=20.0),
        ),
        first_s=420,
        lasts_s=50,
        every_s=2100,
    ),
    Fault(
        "ups-on-battery",
        "The mains of the control voltage fail: UPS-1 runs on battery",
        (
            Drive("Utilities/UT-POWER/UPS-1/On battery", True),
            Drive("Utilities/UT-POWER/UPS-1/Input/Voltage", 0.0, over_s=0.5),
            Drive("Utilities/UT-POWER/UPS-1/Battery/Charge", 34.0, over_s=90.0),
            Drive("Utilities/UT-POWER/UPS-1/Battery/Runtime", 6.0, over_s=90.0),
        ),
    ),
    Fault(
        "emergency-stop",
        "The emergency stop of press line 1 is pressed: an alarm that only a signature acknowledges",
        (Drive("PressShop/PS-LINE-1/SAFE-P1/Emergency stop", True),),
    ),
    Fault(
        "safety-trip",
        "The safety controller of press line 1 trips: a latched alarm that stays until it is reset",
        (Drive("PressShop/PS-LINE-1/SAFE-P1/Running", False),),
    ),
    Fault(
        "line-stopped",
        "Press line 1 is stopped: pumps and lubrication stand too, and their alarms are suppressed",
        (
            Drive("PressShop/PS-LINE-1/PLC-P1/Running", False),
            Drive("PressShop/PS-LINE-1/HYD-*/Pump */Running", False),
            Drive("PressShop/PS-LINE-1/PRESS-*/Lubrication/Flow", 0.6, over_s=4.0),
        ),
    ),
)


def fault_named(name: str, faults: Iterable[Fault] = FAULTS) -> Fault:
    """Raises Refused when there is none of this name."""
    found = next((fault for fault in faults if fault.name == name), None)
    if found is None:
        raise Refused("There is no fault named {name}.", name=name)
    return found


@dataclass(frozen=True, slots=True)
class FaultState:
    """What `leitstand fault list` shows. Times int64 us UTC, 0 = none."""

    name: str
    text: str
    is_on: bool
    by_hand: bool
    since_us: int
    ends_us: int  # by schedule
    next_us: int  # by schedule

    def as_table(self) -> dict[str, object]:
        return {
            "name": self.name,
            "text": self.text,
            "on": self.is_on,
            "by_hand": self.by_hand,
            "since_us": self.since_us,
            "ends_us": self.ends_us,
            "next_us": self.next_us,
        }


class FaultBoard:
    """Which faults are on. By hand wins over the schedule until the next scheduled turn of that fault."""

    def __init__(self, start_us: int, *, is_scheduled: bool = True, faults: Iterable[Fault] = FAULTS) -> None:
        self._start_us = start_us
        self._is_scheduled = is_scheduled
        self._faults = tuple(faults)
        self._since_us: dict[str, int] = {}
        self._by_hand: set[str] = set()
        self._turn: dict[str, bool] = {}  # what the schedule said last

    def set(self, name: str, on: bool, now_us: int) -> bool:
        """Switch by hand; True when that changed something. Raises Refused for an unknown name."""
        fault = fault_named(name, self._faults)
        self._by_hand.add(fault.name)
        return self._switch(fault.name, on, now_us)

    def tick(self, now_us: int) -> list[tuple[Fault, bool]]:
        """Faults that the schedule switches now, with their new state."""
        changed: list[tuple[Fault, bool]] = []
        for fault in self._faults:
            wanted = self._is_due(fault, now_us)
            if wanted == self._turn.get(fault.name, False):
                continue
            self._turn[fault.name] = wanted
            if not wanted and fault.name in self._by_hand:
                continue
            self._by_hand.discard(fault.name)
            if self._switch(fault.name, wanted, now_us):
                changed.append((fault, wanted))
        return changed

    def active(self) -> list[Fault]:
        return [fault for fault in self._faults if fault.name in self._since_us]

    def states(self, now_us: int) -> list[FaultState]:
        return [self._state(fault, now_us) for fault in self._faults]

    def _switch(self, name: str, on: bool, now_us: int) -> bool:
        if on == (name in self._since_us):
            return False
        if on:
            self._since_us[name] = now_us
        else:
            del self._since_us[name]
        return True

    def _place(self, fault: Fault, now_us: int) -> int:
        """Microseconds since the newest scheduled start; negative before the first."""
        since_first = now_us - self._start_us - fault.first_s * _SECOND_US
        return since_first if since_first < 0 else since_first % (fault.every_s * _SECOND_US)

    def _is_due(self, fault: Fault, now_us: int) -> bool:
        if not self._is_scheduled or fault.every_s == 0:
            return False
        return 0 <= self._place(fault, now_us) < fault.lasts_s * _SECOND_US

    def _state(self, fault: Fault, now_us: int) -> FaultState:
        ends_us = next_us = 0
        if self._is_scheduled and fault.every_s:
            place = self._place(fault, now_us)
            next_us = now_us - place + (fault.every_s * _SECOND_US if place >= 0 else 0)
            if fault.name in self._since_us and fault.name not in self._by_hand and self._is_due(fault, now_us):
                ends_us = now_us - place + fault.lasts_s * _SECOND_US
        since_us = self._since_us.get(fault.name, 0)
        is_on = fault.name in self._since_us
        return FaultState(fault.name, fault.text, is_on, fault.name in self._by_hand, since_us, ends_us, next_us)
