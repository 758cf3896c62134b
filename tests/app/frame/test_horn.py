"""The horn is heard, is silenced, and a missing device is told, never endured in silence."""

import itertools
import subprocess
import sys
import threading
import time
import wave
from pathlib import Path

import numpy as np
import pytest

from console.app.frame.horn import NO_DEVICE, SOUNDS, Horn
from console.services.records import HornSnapshot, HornState
from console.ui.resources import resource
from tests.support.sound import NullSink

PROJECT = Path(__file__).resolve().parents[3]


class HornProgram:
    def __init__(self, environment):
        command = [sys.executable, "-m", "tests.app.frame.horn_program"]
        self.child = subprocess.Popen(
            command,
            cwd=PROJECT,
            env=environment,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            text=True,
            bufsize=1,
        )
        self.lines = []
        self._reader = threading.Thread(target=self._read, daemon=True)
        self._reader.start()

    def _read(self):
        for line in self.child.stdout:
            self.lines.append(line.strip())

    def tell(self, line):
        self.child.stdin.write(line + "\n")
        self.child.stdin.flush()

    def wait_for(self, start):
        deadline = time.monotonic() + 30
        while not any(line.startswith(start) for line in self.lines):
            assert time.monotonic() < deadline, self.lines
            threading.Event().wait(0.005)

    def stop(self):
        if self.child.poll() is None:
            self.tell("quit")
            self.child.wait(10)
        self.child.stdin.close()
        self._reader.join(10)
        self.child.stdout.close()


def test_a_critical_alarm_is_heard_within_half_a_second_and_silence_is_silent(tmp_path):
    sink = NullSink(tmp_path)
    sink.start()
    program = None
    try:
        program = HornProgram({**sink.environment, "QT_QPA_PLATFORM": "offscreen"})
        program.wait_for("open")
        sink.wait_until_listening()
        assert sink.peak() == 0
        taken_s = [sounded_after_s(program, sink, request) for request in (1, 2, 3)]
    finally:
        if program is not None:
            program.stop()
        sink.stop()
    assert program.child.returncode == 0
    assert min(taken_s) < 0.5, taken_s  # of three, because other programs share this machine


def sounded_after_s(program, sink, request):
    """Sound until it is heard, silence until nothing is heard; seconds to the first sample above zero."""
    program.tell(f"1 {request}")
    begun = time.monotonic()
    loud = 0
    while loud < 1000:
        assert time.monotonic() < begun + 5, "the horn is not heard"
        threading.Event().wait(0.01)
        loud = max(loud, sink.peak())
    taken_s = time.monotonic() - begun
    program.tell(f"0 {request}")
    deadline = time.monotonic() + 5
    quiet = 0
    while quiet < 10:  # ten chunks in a row: the device's buffer has run out
        assert time.monotonic() < deadline, "the horn sounds on after it was silenced"
        threading.Event().wait(0.05)
        quiet = quiet + 1 if sink.peak() == 0 else 0
    return taken_s


def test_without_a_device_the_failure_is_told_and_nothing_hangs(tmp_path):
    import os

    nowhere = {
        "PULSE_SERVER": f"unix:{tmp_path}/none",
        "XDG_RUNTIME_DIR": str(tmp_path),
        "QT_QPA_PLATFORM": "offscreen",
    }
    program = HornProgram({**os.environ, **nowhere})
    try:
        program.wait_for("failed")
        program.tell("1 1")
        program.wait_for("told 1")
        assert f"failed {NO_DEVICE}" in program.lines
    finally:
        program.stop()
    assert program.child.returncode == 0


class Effect:
    """Stands for QSoundEffect."""

    def __init__(self):
        self.played = 0
        self.sounding = False

    def play(self):
        self.played += 1
        self.sounding = True

    def stop(self):
        self.sounding = False

    def deleteLater(self):
        self.sounding = False


@pytest.fixture
def horn(qapp):
    made = Horn()
    made._effects = {priority: Effect() for priority in SOUNDS}
    return made


def test_only_the_most_urgent_priority_sounds(horn):
    horn.show(HornSnapshot(HornState.SOUNDING, 3, 1))
    horn.show(HornSnapshot(HornState.SOUNDING, 1, 2))
    assert [p for p, effect in horn._effects.items() if effect.sounding] == [1]
    horn.show(HornSnapshot(HornState.SILENCED, 0, 2))
    assert [p for p, effect in horn._effects.items() if effect.sounding] == []


def test_the_same_request_does_not_start_the_sound_again(horn):
    for request in (1, 1, 1, 2):
        horn.show(HornSnapshot(HornState.SOUNDING, 2, request))
    assert horn._effects[2].played == 2


def strongest_hz(name):
    with wave.open(str(resource("sounds", f"{name}.wav"))) as file:
        assert (file.getnchannels(), file.getsampwidth()) == (1, 2)
        rate = file.getframerate()
        samples = np.frombuffer(file.readframes(file.getnframes()), np.int16).astype(float)
    assert np.abs(samples).max() > 10_000
    return float(np.abs(np.fft.rfft(samples)).argmax()) * rate / len(samples)


def test_the_sounds_can_be_told_apart():
    pitches = sorted(strongest_hz(name) for name in SOUNDS.values())
    assert pitches[0] >= 500
    assert pitches[-1] <= 3000
    assert all(higher >= 1.2 * lower for lower, higher in itertools.pairwise(pitches))
