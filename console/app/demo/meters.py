"""Energy meters that speak plain JSON over MQTT: what `topics.toml` is for."""

import json
import math
from collections.abc import Iterable
from fnmatch import fnmatchcase
from random import Random

from console.app.demo.edge import Outgoing
from console.app.demo.machine import day_factor
from console.app.demo.plant_model import MeterModel


class MeterBank:
    """All meters; each publishes one JSON object per interval unless it is silenced."""

    def __init__(self, meters: Iterable[MeterModel], every_s: float, seed: int, now_us: int) -> None:
        self._meters = tuple(meters)
        self._random = Random(seed)  # noqa: S311 a plant that can be repeated
        self._every_us = int(every_s * 1e6)
        self._due_us = now_us
        self._last_us = now_us
        self._energy = {meter.name: self._random.uniform(1e5, 9e5) for meter in self._meters}
        self._silent: set[str] = set()

    def silence(self, pattern: str, on: bool) -> None:
        names = {meter.name for meter in self._meters if fnmatchcase(meter.name, pattern)}
        self._silent = self._silent | names if on else self._silent - names

    def tick(self, now_us: int) -> list[Outgoing]:
        """The messages due now."""
        if now_us < self._due_us:
            return []
        self._due_us = max(self._due_us + self._every_us, now_us)
        step_h = (now_us - self._last_us) / 3.6e9
        self._last_us = now_us
        return [self._message(meter, now_us, step_h) for meter in self._meters if meter.name not in self._silent]

    def _message(self, meter: MeterModel, now_us: int, step_h: float) -> Outgoing:
        now_s = now_us / 1e6
        swing = 0.05 * math.sin(now_s / 37.0 + meter.rated_kw)
        power = meter.rated_kw * (day_factor(now_s) * 0.8 + swing + self._random.uniform(-0.01, 0.01))
        self._energy[meter.name] += power * step_h
        volts = [round(230.5 + 1.2 * math.sin(now_s / 200 + n) + self._random.uniform(-0.2, 0.2), 2) for n in range(3)]
        factor = round(0.94 + 0.01 * math.sin(now_s / 90), 3)
        amps = [round(power * 1000 / 3 / volt / factor, 1) for volt in volts]
        table = {
            "ts": now_us // 1000,
            "power_kw": round(power, 2),
            "energy_kwh": round(self._energy[meter.name], 3),
            "power_factor": factor,
            "voltage": {f"l{n + 1}": volt for n, volt in enumerate(volts)},
            "current": {f"l{n + 1}": amp for n, amp in enumerate(amps)},
            "ok": True,
        }
        return Outgoing(meter.topic, json.dumps(table, separators=(",", ":")).encode())
