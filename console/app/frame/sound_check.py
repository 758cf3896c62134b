"""Does the sound device take sound: opens it, plays a short soft tone and counts what was played (NUREG-0700 4.4.2-2).

Apart from the horn's own player, which stays silent between alarms and could fail unseen.
"""

import math
import struct
from typing import Any

from PySide6.QtCore import QBuffer, QByteArray, QIODevice, QObject, QTimer, Signal

from console.app.frame.horn import NO_DEVICE, NO_SOUND, STALLED

RATE = 44_100
LENGTH_S = 0.5
BUFFER_S = 0.1  # shorter than the tone: the device must have taken most of it to end
PATIENCE_MS = 5000
LOOK_MS = 50
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
        self._look = QTimer(self, interval=LOOK_MS)
        self._look.timeout.connect(self._count)
        self._patience = QTimer(self, interval=PATIENCE_MS, singleShot=True)
        self._patience.timeout.connect(lambda: self._end(self._why_not()))

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
        self._sink.setBufferSize(round(RATE * BUFFER_S) * 2)
        self._patience.start()
        self._look.start()
        self._sink.start(self._buffer)

    def close(self) -> None:
        """End without an answer."""
        self._patience.stop()
        self._look.stop()
        sink, self._sink = self._sink, None
        if sink is not None:
            sink.stop()
            sink.deleteLater()
        if self._buffer is not None:
            self._buffer.deleteLater()
            self._buffer = None

    def _count(self) -> None:
        if self._sink.processedUSecs() >= round(LENGTH_S * 1e6) - 1:
            self._end("")

    def _why_not(self) -> str:
        errors = self._media.QtAudio.Error
        return NO_SOUND if self._sink.error() in (errors.OpenError, errors.IOError, errors.FatalError) else STALLED

    def _end(self, text: str) -> None:
        self.played_us = int(self._sink.processedUSecs()) if self._sink is not None else 0
        self.close()
        self.done.emit(text)
