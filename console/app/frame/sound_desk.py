"""Everything about sound at this workstation: volume, the test by a person, and the check when a shift begins."""

from collections.abc import Callable
from datetime import UTC
from pathlib import Path

from PySide6.QtCore import QObject, QTimer, Signal
from PySide6.QtWidgets import QWidget

from console.app.frame.horn import USUAL_VOLUME, Horn
from console.app.frame.sound_check import SoundCheck
from console.app.frame.sound_dialog import SoundDialog
from console.domain.alarm_classes import SoundRules
from console.domain.shifts import shift_start_us
from console.services.station import AlarmSettingsQuery, Station
from console.ui.errands import Errands
from console.ui.format import local
from console.ui.preferences import Preferences
from console.ui.wall_clock import now_us

WORKSTATION = "@workstation"  # no person's id: what is chosen here holds for whoever sits here
VOLUME = "volume"
LOOK_MS = 20_000


class SoundDesk(QObject):
    """`problem(text)`: why alarms cannot be heard (marked English), empty when they can. `checked(why, text)`: a check
    has ended, `why` is start, shift or test; whoever composed the window writes it down."""

    problem = Signal(str)
    checked = Signal(str, str)

    def __init__(
        self,
        station: Station,
        horn: Horn,
        folder: Path,
        errands: Errands,
        window: QWidget,
        *,
        clock: Callable[[], int] = now_us,
    ) -> None:
        super().__init__(window)
        self._station, self._errands, self._window, self._clock = station, errands, window, clock
        self.horn = horn
        self.rules = SoundRules()
        self._kept = Preferences(folder)
        self._kept.use(WORKSTATION)
        self._check: SoundCheck | None = None
        self._why = ""
        self._found = ""  # by the newest check
        self._told: str | None = None
        self._shift_us = 0
        self.dialog: SoundDialog | None = None
        horn.failed.connect(lambda _text: self._tell())
        horn.recovered.connect(self._on_recovered)
        horn.tested.connect(self._on_tested)
        self._use(self.volume)
        errands.run(self._learn())
        self._timer = QTimer(self, interval=LOOK_MS)
        self._timer.timeout.connect(self.look)
        self._timer.start()

    @property
    def volume(self) -> int:
        """Percent, as chosen at this workstation."""
        kept = self._kept.get(VOLUME)
        return min(max(kept, 0), 100) if isinstance(kept, int) else USUAL_VOLUME

    def set_volume(self, percent: int) -> None:
        self._kept.set(VOLUME, percent, carry=False)
        self._use(percent)

    def look(self) -> None:
        """Every few seconds: a shift that has begun is checked; a device that failed is tried again."""
        if self.horn.media is None:
            return
        begun_us = shift_start_us(self._clock(), self.rules.shifts_s, local(self._clock()).tzinfo or UTC)
        is_first, before_us = self._why == "", self._shift_us
        self._shift_us = max(self._shift_us, begun_us)
        if is_first or self._shift_us > before_us:
            self._run("start" if is_first else "shift")
        elif self._found:
            self._run("again")

    def test(self) -> bool:
        """Play each sound once; False while an alarm sounds or nothing can be played."""
        return self.horn.test()

    def open(self) -> None:
        """Show the dialog, once."""
        if self.dialog is None:
            self.dialog = SoundDialog(self, self._window)
            self.dialog.finished.connect(self._on_closed)
        self.dialog.show()
        self.dialog.raise_()
        self.dialog.activateWindow()

    def close(self) -> None:
        self._timer.stop()
        if self._check is not None:
            self._check.close()
        if self.dialog is not None:
            self.dialog.close()

    async def _learn(self) -> None:
        self.rules = (await self._station.query(AlarmSettingsQuery())).sound
        self._use(self.volume)

    def _use(self, percent: int) -> None:
        self.horn.set_volume(percent, self.rules.lowest_volume)

    def _run(self, why: str) -> None:
        if self._check is None:
            self._check = SoundCheck(self.horn.media, self)
            self._check.done.connect(self._on_checked)
        self._why = why
        self._check.run()

    def _on_checked(self, text: str) -> None:
        was_ok, self._found = not self._found, text
        if self._why != "again" or not text or was_ok:
            self.checked.emit("shift" if self._why == "again" else self._why, text)
        self._tell()

    def _on_tested(self, text: str) -> None:
        self.checked.emit("test", text)
        if self.dialog is not None:
            self.dialog.show_tested(text)

    def _on_recovered(self) -> None:
        self._found = ""  # what the horn itself plays can be heard
        self._tell()

    def _on_closed(self) -> None:
        dialog, self.dialog = self.dialog, None
        if dialog is not None:
            dialog.deleteLater()

    def _tell(self) -> None:
        text = self.horn.failure or self._found
        if text != self._told:
            self._told = text
            self.problem.emit(text)
