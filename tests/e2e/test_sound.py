"""The horn through the whole chain: from a value on the wire to what a loudspeaker would play."""

import array
import logging
import subprocess
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from tests.support.broker import running_broker
from tests.support.console_process import ConsoleProcess
from tests.support.living_node import LivingNode, living_node
from tests.support.screen import XScreen, running_screen
from tests.support.sound import NullSink
from tests.support.story_site import Broker, make_site, make_station
from tests.support.waiting import until

log = logging.getLogger(__name__)
TEMPERATURE = "plant/line1/press1/Temperature"
HEARD_WITHIN_S = 0.5
RATE = 44_100
_LOUD = 500  # of 32768


class Recorder:
    """Records the sink's monitor with a time line: `loud_at_us` is when the first loud sample was played."""

    def __init__(self, sink: NullSink) -> None:
        self.loud_at_us = 0
        self.peak = 0
        self.seconds = 0.0
        command = ["parec", "-d", "test.monitor", "--format=s16le", f"--rate={RATE}", "--channels=1"]
        self._process = subprocess.Popen(
            [*command, "--latency-msec=20"], env=sink.environment, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL
        )
        self._thread = threading.Thread(target=self._listen, daemon=True)
        self._thread.start()

    def end(self) -> None:
        self._process.terminate()
        self._process.wait(10)
        self._thread.join(10)

    def _listen(self) -> None:
        assert self._process.stdout is not None
        with self._process.stdout as stream:
            while chunk := stream.read1(4096):  # type: ignore[attr-defined]
                samples = array.array("h", chunk[: len(chunk) // 2 * 2])
                self.seconds += len(samples) / RATE
                loud = next((at for at, value in enumerate(samples) if abs(value) > _LOUD), None)
                if loud is None:
                    continue
                self.peak = max(self.peak, *(abs(value) for value in samples))
                if not self.loud_at_us:
                    # The end of the chunk is heard now at the latest; its samples lie before.
                    self.loud_at_us = time.time_ns() // 1000 - round((len(samples) - loud) / RATE * 1e6)


@contextmanager
def console(
    folder: Path, screen: XScreen, sound: dict[str, str], zones: tuple[str, ...] = ()
) -> Iterator[tuple[ConsoleProcess, LivingNode]]:
    site = make_site(folder)
    metrics = {"Temperature": 60.0, "Pressure": 6.0, **dict.fromkeys(zones, 60.0)}
    with running_broker() as broker, living_node(broker.port, metrics) as plant:
        station = make_station(site, "station-1", "K1", (Broker("plant", broker.port),))
        process = ConsoleProcess("run", station, {**sound, **screen.environment})
        try:
            process.start()
            until(lambda: process.tags().get(TEMPERATURE, {}).get("quality") == "good", what="live values")
            yield process, plant
        finally:
            process.end()


def plays_to(sink: NullSink) -> bool:
    """Whether a program of ours is connected to the sound server."""
    listed = subprocess.run(
        ["pactl", "list", "short", "clients"], env=sink.environment, capture_output=True, text=True, check=False
    )
    return "python" in listed.stdout


def test_the_first_critical_alarm_is_heard_within_half_a_second_of_its_value(tmp_path: Path) -> None:
    sound_folder = tmp_path / "sound"
    sound_folder.mkdir(mode=0o700)
    sink = NullSink(sound_folder)
    sink.start()
    recorder = None
    try:
        recorder = Recorder(sink)
        until(lambda: recorder.seconds > 0.2, what="the recording runs")
        with running_screen() as screen, console(tmp_path / "plant", screen, sink.environment) as (process, plant):
            until(lambda: plays_to(sink), what="the horn has its device")
            assert process.query("horn")[0]["state"] == "quiet"
            assert recorder.loud_at_us == 0, "silence before"
            plant.set(Temperature=99.0)
            until(lambda: process.query("horn")[0]["state"] == "sounding", every_s=0.02, what="the horn")
            until(lambda: recorder.loud_at_us, seconds=10, every_s=0.02, what="something is heard")
            alarm = next(row for row in process.query("alarms") if row["tag"].endswith("Temperature"))
            # The crossing sample's own stamp: even earlier than the alarm, on the same machine's clock.
            taken_s = (recorder.loud_at_us - alarm["start_us"]) / 1e6
            log.info("heard %.3f s after the value, peak %d of 32768", taken_s, recorder.peak)
            assert alarm["priority"] == 1
            assert 0 < taken_s <= HEARD_WITHIN_S, taken_s
            screen.focus(screen.wait_for_window("Leitstand"))
            screen.key("F3")
            until(lambda: process.query("horn")[0]["state"] == "silenced", what="F3 silences")
    finally:
        if recorder is not None:
            recorder.end()
        sink.stop()


@pytest.mark.proves("ALARM-F60", "ALARM-F80", "ALARM-T17", "ALARM-T24")
def test_a_burst_of_critical_alarms_is_one_sound_one_number_and_one_title(tmp_path: Path) -> None:
    sound_folder = tmp_path / "sound"
    sound_folder.mkdir(mode=0o700)
    sink = NullSink(sound_folder)
    sink.start()
    recorder = None
    zones = tuple(f"Zone{n}/Temperature" for n in range(11))
    try:
        recorder = Recorder(sink)
        until(lambda: recorder.seconds > 0.2, what="the recording runs")
        with (
            running_screen() as screen,
            console(tmp_path / "plant", screen, sink.environment, zones) as (process, plant),
        ):
            until(lambda: plays_to(sink), what="the horn has its device")
            window = screen.wait_for_window("Leitstand")
            plant.set(Temperature=99.0, **dict.fromkeys(zones, 99.0))
            until(lambda: process.query("horn")[0]["summary"] == 12, what="one sound for all twelve")
            (horn,) = process.query("horn")
            assert (horn["sound"], horn["priority"]) == ("many_critical", 1)
            assert horn["request"] <= 4, "three sounds and one summary at most"
            waiting = [row for row in process.query("alarms") if row["state"] == "unacknowledged"]
            assert len(waiting) == horn["summary"]
            until(lambda: recorder.loud_at_us, seconds=10, what="the burst is heard")
            until(lambda: screen.windows("[(]12[)] Leitstand"), what="the title tells the same number")
            screen.focus(window)
            screen.key("F3")
            until(lambda: process.query("horn")[0]["state"] == "silenced", what="F3 silences all of it")
            assert process.end() == 0, "an orderly end while alarms wait"
    finally:
        if recorder is not None:
            recorder.end()
        sink.stop()


def test_without_a_sound_device_an_alarm_says_so_and_nothing_hangs(tmp_path: Path) -> None:
    nowhere = {"PULSE_SERVER": f"unix:{tmp_path}/nobody", "XDG_RUNTIME_DIR": str(tmp_path), "HOME": str(tmp_path)}
    with running_screen() as screen, console(tmp_path / "plant", screen, nowhere) as (process, plant):
        mute = until(
            lambda: [row for row in process.query("alarms") if row["text"].startswith("Alarms cannot be heard")],
            what="an alarm about the missing sound",
        )
        assert (mute[0]["kind"], mute[0]["state"]) == ("system", "unacknowledged")
        assert process.query("horn")[0]["state"] == "no_device"
        plant.set(Temperature=99.0)
        until(lambda: any(row["priority"] == 1 for row in process.query("alarms")), what="a critical alarm")
        before = process.tags()["plant/line1/press1/Count"]["value"]
        until(lambda: process.tags()["plant/line1/press1/Count"]["value"] > before + 5, what="the station goes on")
        screen.focus(screen.wait_for_window("Leitstand"))
        pixels = screen.pixels()
        screen.key("F2")
        until(lambda: screen.pixels() != pixels, what="the window answers keys")
        assert process.end() == 0, "an orderly end"
