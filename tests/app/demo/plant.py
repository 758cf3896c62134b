"""What several tests of the demo share: the shipped plant, its rules and a virtual clock."""

from functools import cache
from pathlib import Path

from console.app.demo.plant_model import PlantModel, load_plant
from console.config.alarm_rules import load_alarm_rules
from console.domain.alarms import AlarmRule
from console.ui.resources import resource

RESOURCES: Path = resource("demo")
NOON_US = 1_795_345_200_000_000  # 2026-11-22 11:00 UTC
SECOND_US = 1_000_000


@cache
def shipped_plant() -> PlantModel:
    return load_plant(RESOURCES / "plant.toml")


@cache
def shipped_rules() -> tuple[AlarmRule, ...]:
    return load_alarm_rules(RESOURCES)
