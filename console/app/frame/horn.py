"""The horn: loops the sound of the most urgent priority until silenced, and says at once when it cannot be heard."""

import logging
from typing import Any

from PySide6.QtCore import QObject, QUrl, Signal

from console.services.records import HornSnapshot, HornState
from console.ui.resources import resource
from console.ui.translation import mark

log = logging.getLogger(__name__)
SOUNDS = {1: "critical", 2: "high", 3: "medium", 4: "low"}
NO_DEVICE = mark("No sound device: alarms are silent")
NO_SOUND = mark("The horn's sound cannot be played")


class Horn(QObject):
    """`show(HornSnapshot)` follows the station; `failed(text)` (marked English) and `recovered()` report the device.

    QtMultimedia is loaded by `open_device`, after the first window. Nothing here waits for the device: loading and
    errors come as signals. A new `request` starts the sound again from its beginning.
    """

    failed = Signal(str)
    recovered = Signal()

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._snapshot = HornSnapshot(HornState.QUIET, 0, 0)
        self._effects: dict[int, Any] = {}
        self._media: Any = None
        self._devices: Any = None
        self._playing = 0
        self._failure = ""

    @property
    def failure(self) -> str:
        """Why there is no sound now, empty when there is."""
        return self._failure

    @property
    def playing(self) -> int:
        """Priority that is meant to sound now, 0 for silence."""
        return self._playing

    def open_device(self) -> None:
        """Load the sounds and watch the devices; a missing one is a state, told by `failed`."""
        if self._media is not None:
            return
        from PySide6 import QtMultimedia

        self._media = QtMultimedia
        self._devices = QtMultimedia.QMediaDevices(self)
        self._devices.audioOutputsChanged.connect(self._on_devices)
        self._on_devices()

    def show(self, snapshot: HornSnapshot) -> None:
        """Sound, change or stop, as the station says."""
        again = snapshot.request != self._snapshot.request
        self._snapshot = snapshot
        self._follow(again)

    def close(self) -> None:
        """Silence, and let the device go."""
        self._stop()
        for effect in self._effects.values():
            effect.deleteLater()
        self._effects.clear()

    def _follow(self, again: bool) -> None:
        sounding = self._snapshot.state == HornState.SOUNDING
        priority = self._snapshot.priority if sounding and self._snapshot.priority in SOUNDS else 0
        if priority == self._playing and not again:
            return
        self._stop()
        self._playing = priority
        effect = self._effects.get(priority)
        if effect is not None:
            effect.play()

    def _stop(self) -> None:
        for effect in self._effects.values():
            effect.stop()
        self._playing = 0

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
        effect_type = self._media.QSoundEffect
        for priority, name in SOUNDS.items():
            effect = effect_type(device, self)
            effect.setLoopCount(effect_type.Loop.Infinite.value)
            effect.statusChanged.connect(lambda made=effect: self._on_status(made))
            effect.setSource(QUrl.fromLocalFile(str(resource("sounds", f"{name}.wav"))))
            self._effects[priority] = effect

    def _on_status(self, effect: Any) -> None:
        status = self._media.QSoundEffect.Status
        if effect.status() == status.Error:
            self._fail(NO_SOUND)
        elif effect.status() == status.Ready:
            if self._failure:
                self._failure = ""
                self.recovered.emit()
            is_wanted = self._playing > 0 and self._effects.get(self._playing) is effect
            if is_wanted and not effect.isPlaying():
                effect.play()

    def _fail(self, text: str) -> None:
        if self._failure != text:
            self._failure = text
            log.info("horn: %s", text)
            self.failed.emit(text)
