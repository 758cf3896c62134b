"""The ways a simulated metric moves, by name: `make_signal("warm 34 61 0.1", ...)` gives a function of time."""

import hashlib
import math
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from random import Random
from uuid import NAMESPACE_URL, uuid5

from console.app.demo.machine import Machine, day_factor
from console.domain.values import ValueType

_SHIFT_S = 8 * 3600
_ORDER_S = 2 * 3600


@dataclass(frozen=True, slots=True)
class Table:
    """A Sparkplug DataSet: columns, their types, rows of equal length."""

    columns: tuple[str, ...]
    types: tuple[ValueType, ...]
    rows: tuple[tuple[int | float | bool | str, ...], ...]


@dataclass(frozen=True, slots=True)
class Instance:
    """A Sparkplug template instance: members as (name, type, value)."""

    template: str
    members: tuple[tuple[str, ValueType, int | float | bool | str], ...]


Value = int | float | bool | str | bytes | tuple[float, ...] | tuple[bool, ...] | tuple[str, ...] | Table | Instance
Signal = Callable[[float], Value]  # of UTC seconds
TEMPLATES: dict[str, tuple[tuple[str, ValueType], ...]] = {
    "TestResult": (
        ("Passed", ValueType.BOOLEAN),
        ("Leak rate", ValueType.FLOAT),
        ("Torque", ValueType.DOUBLE),
        ("Serial", ValueType.STRING),
        ("Attempts", ValueType.UINT8),
    )
}


def make_signal(spec: str, machine: Machine, rng: Random, seed_name: str) -> tuple[Signal, float]:
    """The signal and its deadband (0: publish every change). `seed_name` makes ids and offsets its own."""
    word, _, rest = spec.partition(" ")
    return _MAKERS[word](rest.split(), machine, rng, seed_name)


def _noise(rng: Random, size: float) -> Callable[[], float]:
    """Noise with memory, so that a trend looks like a process and not like a random number generator."""
    last = 0.0

    def draw() -> float:
        nonlocal last
        last = 0.8 * last + 0.5 * size * max(-2.5, min(2.5, rng.gauss(0.0, 1.0)))
        return last

    return draw


def _between(words: list[str], machine: Machine, rng: Random, share: Callable[[float], float]) -> tuple[Signal, float]:
    low, high, size = (float(word) for word in words)
    noise = _noise(rng, size)
    return (lambda now_s: low + (high - low) * share(now_s) + noise()), size * 0.7


def _warm(words: list[str], machine: Machine, rng: Random, _: str) -> tuple[Signal, float]:
    return _between(words, machine, rng, lambda _now: machine.heat)


def _load(words: list[str], machine: Machine, rng: Random, _: str) -> tuple[Signal, float]:
    return _between(words, machine, rng, lambda _now: machine.load)


def _daily(words: list[str], machine: Machine, rng: Random, _: str) -> tuple[Signal, float]:
    return _between(words, machine, rng, lambda now_s: (day_factor(now_s) - 0.72) / 0.28)


def _steady(words: list[str], machine: Machine, rng: Random, _: str) -> tuple[Signal, float]:
    centre, size = float(words[0]), float(words[1])
    drift = float(words[2]) if len(words) > 2 else 0.0
    noise, turn, period_s = _noise(rng, size), rng.uniform(0, 2 * math.pi), rng.uniform(1200.0, 5400.0)
    return (lambda now_s: centre + drift * math.sin(turn + 2 * math.pi * now_s / period_s) + noise()), size * 0.7


_SHAPES: dict[str, Callable[[float], float]] = {
    "sine": lambda phase: 0.5 - 0.5 * math.cos(2 * math.pi * phase),
    "bell": lambda phase: math.exp(-(((phase - 0.5) / 0.16) ** 2)),
    "pulse": lambda phase: 1.0 if 0.42 < phase < 0.58 else 0.0,
    "ramp": lambda phase: phase,
    "steps": lambda phase: math.floor(phase * 6) / 5,
}


def _wave(words: list[str], machine: Machine, rng: Random, _: str) -> tuple[Signal, float]:
    shape, shift = _SHAPES[words[0]], rng.uniform(0.0, 0.12)
    return _between(words[1:], machine, rng, lambda _now: shape((machine.phase + shift) % 1.0))


def _walk(words: list[str], machine: Machine, rng: Random, _: str) -> tuple[Signal, float]:
    low, high, step = (float(word) for word in words)
    place = (low + high) / 2

    def signal(_now: float) -> float:
        nonlocal place
        place = min(high, max(low, place + rng.choice((-step, 0.0, 0.0, 0.0, step))))
        return place

    return signal, 0.0


def _count(words: list[str], machine: Machine, rng: Random, _: str) -> tuple[Signal, float]:
    rate = float(words[1]) if len(words) > 1 else 1.0
    start, events = rng.randrange(0, 500), 0

    def rare(_now: float) -> int:
        nonlocal events
        events += rng.random() < rate
        return start + events

    kinds: dict[str, Signal] = {
        "good": lambda _now: machine.good,
        "scrap": lambda _now: machine.scrap,
        "cycles": lambda _now: machine.cycles,
        "hours": lambda _now: round(machine.hours, 3),
        "energy": lambda _now: round(machine.energy * rate, 3),
        "seconds": lambda now_s: int((now_s - machine.started_s + start * 100) * rate),
        "bytes": lambda now_s: int((now_s - machine.started_s + 3e5 + start * 50 + math.sin(now_s / 40)) * rate),
        "rare": rare,
    }
    return kinds[words[0]], 0.0


def _flag(words: list[str], machine: Machine, rng: Random, _: str) -> tuple[Signal, float]:
    kinds: dict[str, Signal] = {
        "true": lambda _now: True,
        "false": lambda _now: False,
        "running": lambda _now: machine.is_running,
        "second": lambda _now: machine.phase > 0.5,
        "int": lambda _now: int(machine.is_running),
    }
    return kinds[words[0]], 0.0


def _state(words: list[str], machine: Machine, rng: Random, _: str) -> tuple[Signal, float]:
    if words:
        return (lambda _now: machine.state.name), 0.0
    return (lambda _now: int(machine.state)), 0.0


def _cycle_time(words: list[str], machine: Machine, rng: Random, _: str) -> tuple[Signal, float]:
    return (lambda _now: round(machine.last_cycle_s, 3)), 0.0


def _rate(words: list[str], machine: Machine, rng: Random, _: str) -> tuple[Signal, float]:
    return (lambda _now: round(60.0 / machine.last_cycle_s if machine.is_running else 0.0, 2)), 0.0


def _pick(words: list[str], machine: Machine, rng: Random, seed_name: str) -> tuple[Signal, float]:
    every = {"shift": _SHIFT_S, "order": _ORDER_S, "cycle": 30}.get(words[0]) or int(words[0])
    choices = " ".join(words[1:]).split("|")
    offset = _number(seed_name)
    return (lambda now_s: choices[(int(now_s // every) + offset) % len(choices)]), 0.0


def _order(words: list[str], machine: Machine, rng: Random, seed_name: str) -> tuple[Signal, float]:
    offset = _number("/".join(seed_name.split("/")[:2])) % 40  # the devices of a node work on one order
    return (lambda now_s: f"FA-{100_000 + (int(now_s // _ORDER_S) * 7 + offset * 131) % 900_000}"), 0.0


def _serial(words: list[str], machine: Machine, rng: Random, seed_name: str) -> tuple[Signal, float]:
    return (lambda _now: f"KS{_number(seed_name) % 100:02d}-{machine.cycles:08d}"), 0.0


def _uuid(words: list[str], machine: Machine, rng: Random, seed_name: str) -> tuple[Signal, float]:
    if words[0] == "device":
        fixed = str(uuid5(NAMESPACE_URL, seed_name))
        return (lambda _now: fixed), 0.0
    return (lambda _now: str(uuid5(NAMESPACE_URL, f"{seed_name}#{machine.cycles}"))), 0.0


def _now(words: list[str], machine: Machine, rng: Random, _: str) -> tuple[Signal, float]:
    """Milliseconds UTC of: the start, the last cycle, the last midnight, the end of next year."""
    started_ms = int(machine.started_s * 1000)
    kinds: dict[str, Signal] = {
        "boot": lambda _now: started_ms,
        "cycle": lambda _now: int(machine.finished_s * 1000),
        "day": lambda now_s: int(now_s // 86_400) * 86_400_000,
        "year": lambda now_s: (
            int(datetime(datetime.fromtimestamp(now_s, UTC).year + 2, 1, 1, tzinfo=UTC).timestamp()) * 1000
        ),
    }
    return kinds[words[0]], 0.0


def _const(words: list[str], machine: Machine, rng: Random, _: str) -> tuple[Signal, float]:
    text = " ".join(words)
    value: Value = tuple(text.split("|")) if "|" in text else int(text) if text.lstrip("-").isdigit() else text
    return (lambda _now: value), 0.0


def _wear(words: list[str], machine: Machine, rng: Random, seed_name: str) -> tuple[Signal, float]:
    fresh, worn, period_s = (float(word) for word in words)
    offset_s = _number(seed_name) % int(period_s)
    return (lambda now_s: fresh + (worn - fresh) * ((now_s + offset_s) % period_s) / period_s), abs(worn - fresh) / 5e3


def _spectrum(words: list[str], machine: Machine, rng: Random, _: str) -> tuple[Signal, float]:
    lines = int(words[0])

    def signal(_now: float) -> tuple[float, ...]:
        peak = 4 + int(machine.load * 6)
        return tuple(
            round(machine.load * 2.0 / (1 + abs(line - peak)) + 0.05 * rng.random(), 4) for line in range(lines)
        )

    return signal, 0.0


def _bits(words: list[str], machine: Machine, rng: Random, _: str) -> tuple[Signal, float]:
    size = int(words[0])
    return (lambda now_s: tuple((int(now_s) // (2 + bit)) % 2 == 0 for bit in range(size))), 0.0


def _blob(words: list[str], machine: Machine, rng: Random, seed_name: str) -> tuple[Signal, float]:
    fixed = hashlib.sha256(seed_name.encode()).digest()
    return (lambda _now: fixed), 0.0


_TOOLS = (
    ("Place", ValueType.INT32),
    ("Tool", ValueType.STRING),
    ("Radius mm", ValueType.DOUBLE),
    ("Life %", ValueType.FLOAT),
)
_RESULTS = (("Serial", ValueType.STRING), ("Passed", ValueType.BOOLEAN), ("Finished", ValueType.DATETIME))


def _table(words: list[str], machine: Machine, rng: Random, _: str) -> tuple[Signal, float]:
    columns = _TOOLS if words[0] == "tools" else _RESULTS
    names, types = tuple(name for name, _type in columns), tuple(value_type for _name, value_type in columns)

    def tools(_now: float) -> Table:
        worn = machine.cycles // 40
        rows = tuple((n, f"T{n * 7:03d}", 4.0 + n * 0.5, float(95 - (worn + n * 9) % 90)) for n in range(1, 7))
        return Table(names, types, rows)

    def results(_now: float) -> Table:
        finished_ms = int(machine.finished_s * 1000)
        parts = range(machine.cycles, machine.cycles - 5, -1)
        return Table(names, types, tuple((f"KS-{part:08d}", part % 173 != 0, finished_ms) for part in parts))

    return (tools if words[0] == "tools" else results), 0.0


def _udt(words: list[str], machine: Machine, rng: Random, _: str) -> tuple[Signal, float]:
    members = TEMPLATES[words[0]]

    def signal(_now: float) -> Instance:
        wobble = (machine.cycles * 37 % 100) / 100.0
        serial = f"KS-{machine.cycles:08d}"
        values: tuple[int | float | bool | str, ...] = (
            machine.cycles % 173 != 0, 0.6 + 0.5 * wobble, 40.0 + 3.0 * wobble, serial, 1
        )  # fmt: skip
        return Instance(words[0], tuple((*member, value) for member, value in zip(members, values, strict=True)))

    return signal, 0.0


def _number(text: str) -> int:
    """A stable number of a name; `hash` differs from process to process."""
    return int.from_bytes(hashlib.sha256(text.encode()).digest()[:4], "big")


_MAKERS: dict[str, Callable[[list[str], Machine, Random, str], tuple[Signal, float]]] = {
    "warm": _warm,
    "load": _load,
    "daily": _daily,
    "steady": _steady,
    "wave": _wave,
    "walk": _walk,
    "count": _count,
    "flag": _flag,
    "state": _state,
    "cycletime": _cycle_time,
    "rate": _rate,
    "pick": _pick,
    "order": _order,
    "serial": _serial,
    "uuid": _uuid,
    "now": _now,
    "const": _const,
    "wear": _wear,
    "spectrum": _spectrum,
    "bits": _bits,
    "blob": _blob,
    "table": _table,
    "udt": _udt,
}
