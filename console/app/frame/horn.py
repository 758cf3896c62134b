"""The horn: loops the sound of the most urgent priority until silenced, and says at once when it cannot be heard."""

import logging
import time
from collections.abc import Callable, Sequence
from typing import Any

from PySide6.QtCore import QObject, QTimer, QUrl, Signal

from console.services.records import HornSnapshot, HornState
from console.ui.resources import resource
from console.ui.translation import mark

log = logging.getLogger(__name__)
SINGLE = {1: "critical", 2: "high", 3: "medium", 4: "low"}
SOUNDS = (*SINGLE.values(), *(f"many_{name}" for name in SINGLE.values()), "recall", "link")
TESTED = (*SINGLE.values(), "many_critical", "link", "recall")  # every kind once
NEVER_MUTE = ("critical", "many_critical", "link")  # no quieter than the site allows
NO_DEVICE = mark("No sound device: alarms are silent")
NO_SOUND = mark("The horn's sound cannot be played")
STALLED = mark("The sound device takes no sound: alarms are silent")
INTERRUPTED = mark("The test ended because an alarm came")
ROUNDS = 1_000_000  # of a loop; counted down by Qt as they are played, which an endless loop is not
LOOK_MS = 1000
PATIENCE_S = 8.0  # longer than the longest sound
USUAL_VOLUME, USUAL_LOWEST = 80, 20  # percent


class Horn(QObject):
    """`show(HornSnapshot)` follows the station; `failed(text)` (marked English) and `recovered()` report the device.

    QtMultimedia is loaded by `open_device`, after the first window. Nothing here waits for the device: loading and
    errors come as signals. A new `request` starts the sound again from its beginning; never do two sound at once.
    `test(names)` plays these one after the other and ends with `tested(text)`, empty when all were played; an alarm
    ends it.
    """

    failed = Signal(str)
    recovered = Signal()
    tested = Signal(str)

    def __init__(self, parent: QObject | None = None, mono_s: Callable[[], float] = time.monotonic) -> None:
        super().__init__(parent)
        self._snapshot = HornSnapshot(HornState.QUIET, 0, 0)
        self._effects: dict[str, Any] = {}
        self._media: Any = None
        self._devices: Any = None
        self._playing = ""
        self._once: list[str] = []  # heard once each before `_playing` goes on
        self._is_test = False
        self._failure = ""
        self._volume, self._lowest = USUAL_VOLUME, USUAL_LOWEST
        self._mono_s = mono_s
        self._moved_s = 0.0  # when the device last took a whole round
        self.rounds = 0  # whole rounds that devices have taken since the start
        self._watch = QTimer(self, interval=LOOK_MS)
        self._watch.timeout.connect(self._look)

    # -- what others ask ---------------------------------------------------------------------------------------------

    @property
    def failure(self) -> str:
        """Why there is no sound now, empty when there is."""
        return self._failure

    @property
    def playing(self) -> str:
        """Name of the sound that is meant to be heard now, empty for silence."""
        return self._once[0] if self._once else self._playing

    @property
    def is_alarming(self) -> bool:
        """True while an alarm asks for sound."""
        return bool(self._playing)

    @property
    def media(self) -> Any:
        """QtMultimedia once `open_device` has loaded it, else None."""
        return self._media

    def volume_of(self, name: str) -> int:
        """Percent at which a sound is played."""
        return max(self._volume, self._lowest) if name in NEVER_MUTE else self._volume

    # -- told --------------------------------------------------------------------------------------------------------

    def open_device(self) -> None:
        """Load the sounds and watch the devices; a missing one is a state, told by `failed`."""
        if self._media is not None:
            return
        from PySide6 import QtMultimedia

        self._media = QtMultimedia
        self._devices = QtMultimedia.QMediaDevices(self)
        self._devices.audioOutputsChanged.connect(self._on_devices)
        self._on_devices()

    def set_volume(self, percent: int, lowest: int) -> None:
        """How loud at this workstation, 0..100, and what the site wants at least for the most urgent sounds."""
        self._volume, self._lowest = percent, lowest
        for name, effect in self._effects.items():
            effect.setVolume(self._linear(name))

    def show(self, snapshot: HornSnapshot) -> None:
        """Sound, change or stop, as the station says."""
        again = snapshot.request != self._snapshot.request
        self._snapshot = snapshot
        self._follow(again)

    def test(self, names: Sequence[str] = TESTED) -> bool:
        """False while an alarm sounds or there is no device: then nothing is tested."""
        if self._playing or self._failure or not self._effects:
            return False
        self._is_test, self._once = True, list(names)
        self._play()
        return True

    def close(self) -> None:
        """Silence, and let the device go."""
        self._stop()
        for effect in self._effects.values():
            effect.deleteLater()
        self._effects.clear()

    # -- playing -----------------------------------------------------------------------------------------------------

    def _wanted(self) -> str:
        told = self._snapshot
        name = told.pattern or SINGLE.get(told.priority, "")
        # NO_DEVICE is what this horn told the station: it goes on trying, or a device that comes back stays unheard.
        return name if told.state in (HornState.SOUNDING, HornState.NO_DEVICE) and name in SOUNDS else ""

    def _follow(self, again: bool) -> None:
        name = self._wanted()
        if name == self._playing and not again:
            return
        if self._is_test and not name:
            return
        self._stop()
        self._playing = name
        self._once = [self._snapshot.first] if name and again and self._snapshot.first in SOUNDS else []
        self._play()

    def _play(self) -> None:
        name = self.playing
        effect = self._effects.get(name)
        if effect is None:
            return
        effect.setLoopCount(1 if self._once else ROUNDS)
        self._moved_s = self._mono_s()
        self._watch.start()
        effect.play()

    def _stop(self) -> None:
        was_test, self._is_test = self._is_test, False
        self._playing, self._once = "", []
        self._watch.stop()
        for effect in self._effects.values():
            effect.stop()
        if was_test:
            self.tested.emit(self._failure or INTERRUPTED)

    def _is_current(self, effect: Any) -> bool:
        return self._effects.get(self.playing) is effect

    def _on_round(self, effect: Any) -> None:
        is_loop = self._is_current(effect) and not self._once
        if is_loop and 0 < effect.loopsRemaining() < ROUNDS:  # neither begun nor stopped
            self.rounds += 1
            self._moved_s = self._mono_s()
            if self._failure == STALLED:
                self._recover()

    def _on_playing(self, effect: Any) -> None:
        """What is heard once has been heard: the next one."""
        if not self._once or not self._is_current(effect) or effect.isPlaying():
            return
        if effect.status() != self._media.QSoundEffect.Status.Ready:
            return
        del self._once[0]
        self.rounds += 1
        if self.playing:
            self._play()
        elif self._is_test:
            self._is_test = False
            self._watch.stop()
            self.tested.emit("")

    def _look(self) -> None:
        """A device that takes nothing is as good as none (a driver that hangs, a server that is gone)."""
        if self.playing in self._effects and self._mono_s() - self._moved_s > PATIENCE_S:
            self._fail(STALLED)
            if self._is_test:
                self._stop()
            else:
                self._play()  # it may come back; `_on_round` says so

    # -- the device --------------------------------------------------------------------------------------------------

    def _on_devices(self) -> None:
        device = self._media.QMediaDevices.defaultAudioOutput()
        if device.isNull():
            self.close()
            self._fail(NO_DEVICE)
            return
        if self._effects:
            for effect in self._effects.values():
                effect.setAudioDevice(device)
        else:
            self._load(device)
        self._follow(again=True)

    def _load(self, device: Any) -> None:
        for name in SOUNDS:
            effect = self._media.QSoundEffect(device, self)
            effect.setVolume(self._linear(name))
            effect.statusChanged.connect(lambda made=effect: self._on_status(made))
            effect.playingChanged.connect(lambda made=effect: self._on_playing(made))
            effect.loopsRemainingChanged.connect(lambda made=effect: self._on_round(made))
            effect.setSource(QUrl.fromLocalFile(str(resource("sounds", f"{name}.wav"))))
            self._effects[name] = effect

    def _linear(self, name: str) -> float:
        """As loud as it seems, not as the amplitude is (a slider at half sounds half as loud)."""
        volume = self.volume_of(name) / 100
        if self._media is None:
            return volume
        scale = self._media.QtAudio.VolumeScale
        return float(self._media.QtAudio.convertVolume(volume, scale.LogarithmicVolumeScale, scale.LinearVolumeScale))

    def _on_status(self, effect: Any) -> None:
        status = self._media.QSoundEffect.Status
        if effect.status() == status.Error:
            self._fail(NO_SOUND)
        elif effect.status() == status.Ready:
            if self._failure != STALLED:
                self._recover()
            if self._is_current(effect) and not effect.isPlaying():
                self._play()

    def _recover(self) -> None:
        if self._failure:
            self._failure = ""
            self.recovered.emit()

    def _fail(self, text: str) -> None:
        if self._failure != text:
            self._failure = text
            log.info("horn: %s", text)
            self.failed.emit(text)
