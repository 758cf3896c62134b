"""What the engine says by itself can be read in German."""

import tomllib
from pathlib import Path

from console.domain.alarm_step import TABLE
from console.services.alarms.asset_conditions import DEFAULTS
from console.services.alarms.sessions import OWN_CLOCK_TEXT
from console.services.alarms.tag_rows import TEXTS

FILE = Path(__file__).parents[3] / "resources" / "translations" / "de" / "alarm_engine.toml"


def test_every_text_of_the_engine_has_its_german_words():
    german = tomllib.loads(FILE.read_text(encoding="utf-8"))
    said = {default.text for default in DEFAULTS.values()} | {default.response for default in DEFAULTS.values()}
    said |= set(TEXTS.values()) | {cell.refused for cells in TABLE.values() for cell in cells if cell.refused}
    said.add(OWN_CLOCK_TEXT)
    assert said == set(german)
