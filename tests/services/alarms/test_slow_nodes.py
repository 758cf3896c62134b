"""A node whose clock is an hour slow: what waits anew by this PC's clock is acknowledged in the node's own time."""

from dataclasses import replace

import numpy as np
import pytest

from console.domain.alarm_classes import AlarmClass, AlarmSettings
from console.domain.alarms import AlarmKind, AlarmRule, AlarmState, Priority
from tests.support.alarm_plant import S, batch_of, condition_of, us
from tests.support.flag_plant import FlagPlant

HOT = AlarmRule("hot", "*/Temp", AlarmKind.LIMIT, h=90.0, priority=Priority.HIGH, alarm_class="slow", text="Too hot")
SETTINGS = AlarmSettings({"slow": AlarmClass("slow", realarm_s=600)})
SLOW_S = 3600
A, B, C, D, E, F = AlarmState


class SlowPlant(FlagPlant):
    """Seconds are those of this PC; samples and watermark of the node lie an hour before."""

    def live(self, second: float, value: float) -> None:
        batch = self.tags.apply(batch_of((self.temp, second - SLOW_S, value)))
        self.engine.on_samples(replace(batch, receive_us=batch.receive_us + SLOW_S * S))
        self.wait(second)

    def wait(self, second: float) -> None:
        self.tags.watermarks_us[:] = np.maximum(self.tags.watermarks_us, us(second - SLOW_S))
        self.engine.tick(us(second), second)

    def see(self, second: float) -> None:
        self.acknowledge(self.open(self.temp, "hot", "high"), second)


@pytest.fixture
def plant():
    plant = SlowPlant(HOT, settings=SETTINGS)
    plant.temp = plant.tag()
    plant.live(0, 20.0)
    return plant


@pytest.fixture
def hot(plant):
    return condition_of(plant.temp, "hot", "high")


def realarmed(plant, hot):
    plant.see(20)
    for second in range(100, 701, 100):
        plant.live(second, 92.0)


def unshelved_by_time(plant, hot):
    plant.shelve(hot, 20, 300)
    plant.live(400, 92.0)


def back_in_service(plant, hot):
    plant.take_out(hot, 20)
    plant.live(100, 92.0)
    plant.return_to_service(hot, 200)


@pytest.mark.proves("ALARM-F3", "ALARM-F11", "ALARM-F30")
@pytest.mark.parametrize("again", [realarmed, unshelved_by_time, back_in_service])
def test_what_comes_after_an_alarm_that_waited_anew_is_not_acknowledged_with_it(plant, hot, again):
    plant.live(10, 92.0)
    again(plant, hot)
    assert (plant.state(hot), plant.sounds) == (B, True)
    now = plant.now_s = 800
    plant.live(now, 92.0)
    plant.see(now + 1)
    assert (plant.state(hot), plant.sounds) == (C, False)
    plant.live(now + 10, 20.0)
    assert plant.state(hot) is A
    for second in (now + 20, now + 1800, now + SLOW_S - 10):
        plant.live(second, 92.0)
        assert (plant.state(hot), plant.sounds) == (B, True), second
        plant.see(second + 1)
        plant.live(second + 5, 20.0)
        assert plant.state(hot) is A


@pytest.mark.proves("ALARM-F11", "ALARM-T10")
def test_it_waits_anew_although_what_was_acknowledged_reaches_further_than_the_sample(plant, hot):
    """A tag that reports by exception: its one sample is all that anybody has seen, again and again."""
    plant.live(10, 92.0)
    for second in (20, 720, 1420):
        plant.see(second)
        assert plant.state(hot) is C
        plant.wait(second + 601)
        assert (plant.state(hot), plant.sounds) == (B, True)
        occurrence = plant.open(plant.temp, "hot", "high")
        assert plant.engine.annunciated_us(occurrence) <= us(second + 601 - SLOW_S)
    plant.see(2030)
    assert plant.state(hot) is C
