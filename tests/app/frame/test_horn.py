"""The horn is heard, is silenced, and a missing device is told, never endured in silence."""

import itertools
import wave
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from console.app.frame.horn import INTERRUPTED, PATIENCE_S, SINGLE, SOUNDS, STALLED, TESTED, Horn
from console.services.records import HornSnapshot, HornState
from console.ui.resources import resource

PROJECT = Path(__file__).resolve().parents[3]


class Media:
    """Stands for QtMultimedia."""

    class QSoundEffect:
        class Status:
            Ready, Error = "ready", "error"

    class QtAudio:
        class VolumeScale:
            LogarithmicVolumeScale = LinearVolumeScale = 0

        @staticmethod
        def convertVolume(volume, _of, _to):
            return volume


class Effect:
    """Stands for QSoundEffect."""

    def __init__(self, name):
        self.name = name
        self.played = 0
        self.sounding = False
        self.loops = 0
        self.volume = 1.0

    def play(self):
        self.played += 1
        self.sounding = True

    def stop(self):
        self.sounding = False

    def isPlaying(self):
        return self.sounding

    def status(self):
        return Media.QSoundEffect.Status.Ready

    def setLoopCount(self, loops):
        self.loops = loops

    def loopsRemaining(self):
        return self.loops

    def setVolume(self, volume):
        self.volume = volume

    def deleteLater(self):
        self.sounding = False


class Clock:
    def __init__(self):
        self.now_s = 100.0

    def __call__(self):
        return self.now_s


@pytest.fixture
def horn(qapp):
    made = Horn(mono_s=Clock())
    made._media = Media
    made._effects = {name: Effect(name) for name in SOUNDS}
    made.told = []
    made.failed.connect(made.told.append)
    made.tested.connect(made.told.append)
    made.recovered.connect(lambda: made.told.append("recovered"))
    yield made
    made.close()


def heard(horn):
    return [name for name, effect in horn._effects.items() if effect.sounding]


def play_out(horn):
    """The device has played the sound to its end."""
    (name,) = heard(horn)
    effect = horn._effects[name]
    effect.sounding = False
    horn._on_playing(effect)


def play_a_round(horn):
    (name,) = heard(horn)
    effect = horn._effects[name]
    effect.loops -= 1
    horn._on_round(effect)


def test_only_the_most_urgent_priority_sounds(horn):
    horn.show(HornSnapshot(HornState.SOUNDING, 3, 1))
    horn.show(HornSnapshot(HornState.SOUNDING, 1, 2))
    assert heard(horn) == ["critical"]
    horn.show(HornSnapshot(HornState.SILENCED, 0, 2))
    assert heard(horn) == []


def test_the_same_request_does_not_start_the_sound_again(horn):
    for request in (1, 1, 1, 2):
        horn.show(HornSnapshot(HornState.SOUNDING, 2, request))
    assert horn._effects["high"].played == 2


@pytest.mark.proves("ALARM-T24")
def test_a_hundred_criticals_are_one_sound_never_several_at_once(horn):
    for request in range(100):
        horn.show(
            HornSnapshot(HornState.SOUNDING, 1, request + 1, "desk", "many_critical" if request > 3 else "critical")
        )
        assert len(heard(horn)) == 1
    assert heard(horn) == ["many_critical"]


def test_recall_lost_link_and_burst_have_their_own_sounds(horn):
    for request, pattern in enumerate(("recall", "link", "many_high"), 1):
        horn.show(HornSnapshot(HornState.SOUNDING, 2, request, "desk", pattern))
        assert heard(horn) == [pattern]
    horn.show(HornSnapshot(HornState.SOUNDING, 2, 9, "desk", "of a later version"))
    assert heard(horn) == []


@pytest.mark.proves("ALARM-F61")
def test_what_stands_out_is_heard_once_and_then_the_burst_goes_on(horn):
    burst = HornSnapshot(HornState.SOUNDING, 2, 1, "desk", "many_high", 9)
    horn.show(burst)
    horn.show(replace(burst, request=2, first="low"))
    assert heard(horn) == ["low"]
    assert horn._effects["low"].loops == 1
    play_out(horn)
    assert heard(horn) == ["many_high"]
    assert horn._effects["many_high"].loops > 1000
    horn.show(replace(burst, request=2, first="low", summary=10))
    assert heard(horn) == ["many_high"]


def test_the_volume_goes_from_soft_to_loud_and_the_most_urgent_sounds_stay_above_what_the_site_wants(horn):
    horn.set_volume(0, 20)
    loud = {name: effect.volume for name, effect in horn._effects.items()}
    assert loud["low"] == loud["many_high"] == loud["recall"] == 0
    assert loud["critical"] == loud["many_critical"] == loud["link"] == 0.2
    horn.set_volume(0, 0)
    assert horn._effects["critical"].volume == 0, "where the site allows it"
    horn.set_volume(90, 20)
    assert {effect.volume for effect in horn._effects.values()} == {0.9}


@pytest.mark.proves("ALARM-F63")
def test_the_test_plays_each_sound_once_and_says_that_it_is_done(horn):
    assert horn.test()
    played = []
    while heard(horn):
        played += heard(horn)
        play_out(horn)
    assert (tuple(played), horn.told, horn.rounds) == (TESTED, [""], len(TESTED))


def test_an_alarm_ends_the_test_and_no_test_begins_while_one_sounds(horn):
    assert horn.test()
    play_out(horn)
    horn.show(HornSnapshot(HornState.SILENCED, 0, 1))
    assert heard(horn) == ["high"], "silence is no alarm"
    horn.show(HornSnapshot(HornState.SOUNDING, 3, 2))
    assert (heard(horn), horn.told) == (["medium"], [INTERRUPTED])
    assert not horn.test()
    assert heard(horn) == ["medium"]


@pytest.mark.proves("ALARM-T22")
def test_a_device_that_takes_nothing_is_told_and_counts_again_as_soon_as_it_plays(horn):
    horn.show(HornSnapshot(HornState.SOUNDING, 1, 1))
    for _ in range(20):
        horn._mono_s.now_s += PATIENCE_S - 1
        play_a_round(horn)
        horn._look()
    assert (horn.told, horn.rounds) == ([], 20)
    horn._mono_s.now_s += PATIENCE_S + 1
    horn._look()
    assert horn.told == [STALLED]
    horn._mono_s.now_s += 1
    play_a_round(horn)
    assert horn.told == [STALLED, "recovered"]
    assert horn.failure == ""


def test_a_horn_that_could_not_be_heard_goes_on_trying(horn):
    horn.show(HornSnapshot(HornState.NO_DEVICE, 1, 1, "desk", "critical"))
    assert heard(horn) == ["critical"]
    horn.show(HornSnapshot(HornState.NO_DEVICE, 0, 1, "desk"))
    assert heard(horn) == []


def strongest_hz(name):
    with wave.open(str(resource("sounds", f"{name}.wav"))) as file:
        assert (file.getnchannels(), file.getsampwidth()) == (1, 2)
        rate = file.getframerate()
        samples = np.frombuffer(file.readframes(file.getnframes()), np.int16).astype(float)
    assert np.abs(samples).max() > 10_000
    return float(np.abs(np.fft.rfft(samples)).argmax()) * rate / len(samples)


@pytest.mark.proves("ALARM-F59")
def test_the_sounds_can_be_told_apart():
    single = [name for name in SOUNDS if not name.startswith("many_")]
    pitches = sorted(strongest_hz(name) for name in single)
    assert len(single) == 6
    assert pitches[0] >= 500
    assert pitches[-1] <= 3000
    assert all(higher >= 1.2 * lower for lower, higher in itertools.pairwise(pitches))


def test_a_burst_is_at_the_pitch_of_its_most_urgent_alarm_and_rattles():
    for name in SINGLE.values():
        assert strongest_hz(f"many_{name}") == pytest.approx(strongest_hz(name), rel=0.03)
        assert pulses(f"many_{name}") >= 8 > pulses(name)


def pulses(name):
    """How often it becomes loud in one loop."""
    with wave.open(str(resource("sounds", f"{name}.wav"))) as file:
        samples = np.abs(np.frombuffer(file.readframes(file.getnframes()), np.int16).astype(float))
    loud = samples[: len(samples) // 441 * 441].reshape(-1, 441).max(axis=1) > 3000  # of each hundredth of a second
    return int(np.count_nonzero(loud[1:] & ~loud[:-1]) + loud[0])
