"""A hundred thousand conditions of every kind: work follows the samples and not what is configured; it is counted."""

import pytest

from console.domain.alarms import AlarmKind, AlarmRule
from console.domain.tags import TagSource
from console.services.alarms.limits import BandColumns
from tests.support.alarm_plant import FakeTags, Plant

RULES = (
    AlarmRule("limit", "*/Temp", AlarmKind.LIMIT, h=90.0, hh=99.0, deadbands=(("hh", 2.0),)),
    AlarmRule("deviation", "*/Temp", AlarmKind.DEVIATION, h=50.0, setpoint="20"),
    AlarmRule("rate", "*/Temp", AlarmKind.RATE, h=5.0, over_s=10.0),
    AlarmRule("count", "*/Temp", AlarmKind.LIMIT, l=1.0, count=3, within_s=60.0),
)


class Counted(Plant):
    """How many bands were configured, and how many rows were fed."""

    def __init__(self, tags: int, monkeypatch: pytest.MonkeyPatch) -> None:
        self.configured = self.fed = 0
        configure, feed = BandColumns.configure, BandColumns.feed

        def counting_configure(bands, row, settings):
            self.configured += 1
            configure(bands, row, settings)

        def counting_feed(bands, row, x, ok, at_us):
            self.fed += len(row)
            return feed(bands, row, x, ok, at_us)

        monkeypatch.setattr(BandColumns, "configure", counting_configure)
        monkeypatch.setattr(BandColumns, "feed", counting_feed)
        super().__init__(*RULES, tags=FakeTags(tags))
        sources = (TagSource("plant", "Line", f"N{n % 50}", f"D{n}", "Temp") for n in range(tags))
        self.made = [self.tags.define(source) for source in sources]
        self.engine.on_tags(tuple(self.made))


@pytest.mark.parametrize("count", [1_000, 25_000])
def test_what_a_turn_costs_does_not_grow_with_what_is_configured(count, monkeypatch):
    plant = Counted(count, monkeypatch)
    assert plant.configured == count * len(RULES)  # each once
    plant.send(*((tag, 0, 20.0) for tag in plant.made[:500]))
    assert plant.fed == 500 * len(RULES)
    plant.fed = 0
    plant.send(*((tag, 20, 95.0) for tag in plant.made[:500]))
    due = 500  # the rate has a moment of its own, ten seconds after the first sample
    assert plant.fed <= 500 * len(RULES) + due
    assert sum(plant.engine.counts().active) == 1500  # limit, deviation, rate
    plant.fed = 0
    plant.pass_time(60)
    assert plant.fed <= 2 * 500  # only rates that still move
