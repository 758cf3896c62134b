"""Does the sound device take sound: opens it, plays a short soft tone and counts what was played (NUREG-0700 4.4.2-2).

Apart from the horn's own player, which stays silent between alarms and could fail unseen.
"""

import math
import struct
from typing import Any

from PySide6.QtCore import QBuffer, QByteArray, QIODevice, QObject, QTimer, Signal

from console.app.frame.horn import NO_DEVICE, NO_SOUND, STALLED

RATE = 44_100
LENGTH_S = 0.25
PATIENCE_MS = 5000
HERTZ, LEVEL = 830.0, 0.01  # hardly to be heard, yet no silence that a device may leave out


def soft_tone() -> bytes:
    """16-bit mono samples."""
    count = round(RATE * LENGTH_S)
    wave = (round(32767 * LEVEL * math.sin(2 * math.pi * HERTZ * at / RATE)) for at in range(count))
    return struct.pack(f"<{count}h", *wave)


class SoundCheck(QObject):
    """`run()` again and again; each ends with `done(text)`: empty, or why alarms cannot be heard (marked English)."""

    done = Signal(str)

    def __init__(self, media: Any, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._media = media  # QtMultimedia, loaded by the horn
        self._sink: Any = None
        self._buffer: QBuffer | None = None
        self.played_us = 0  # of the newest check
        self._patience = QTimer(self, interval=PATIENCE_MS, singleShot=True)
        self._patience.timeout.connect(lambda: self._end(STALLED))

    @property
    def is_running(self) -> bool:
        return self._sink is not None

    def run(self) -> None:
        """Begin, unless a check is going on."""
        if self.is_running:
            return
        media = self._media
        device = media.QMediaDevices.defaultAudioOutput()
        if device.isNull():
            self.done.emit(NO_DEVICE)
            return
        form = media.QAudioFormat()
        form.setSampleRate(RATE)
        form.setChannelCount(1)
        form.setSampleFormat(media.QAudioFormat.SampleFormat.Int16)
        self._buffer = QBuffer(self)
        self._buffer.setData(QByteArray(soft_tone()))
        self._buffer.open(QIODevice.OpenModeFlag.ReadOnly)
        self._sink = media.QAudioSink(device, form, self)
        self._sink.stateChanged.connect(self._on_state)
        self._patience.start()
        self._sink.start(self._buffer)

    def close(self) -> None:
        """End without an answer."""
        self._patience.stop()
        sink, self._sink = self._sink, None
        if sink is not None:
            sink.stateChanged.disconnect(self._on_state)
            sink.stop()
            sink.deleteLater()
        if self._buffer is not None:
            self._buffer.deleteLater()
            self._buffer = None

    def _on_state(self, state: Any) -> None:
        sink, audio = self._sink, self._media.QtAudio
        if sink is None or state == audio.State.ActiveState:
            return
        if sink.error() not in (audio.Error.NoError, audio.Error.UnderrunError):
            self._end(NO_SOUND)
        elif state == audio.State.IdleState:
            self._end("" if sink.processedUSecs() > 0 else STALLED)

    def _end(self, text: str) -> None:
        self.played_us = int(self._sink.processedUSecs()) if self._sink is not None else 0
        self.close()
        self.done.emit(text)
