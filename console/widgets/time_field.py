"""A field for a moment of the site's time: `21.11. 06:00`, `2026-11-21`, `06:00`; what is not understood says so."""

import re
from datetime import UTC, timedelta

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QLineEdit

from console.ui.format import US, local, time_tip
from console.ui.plain_label import plain_tip
from console.ui.translation import tr

_TIME = r"(?P<hour>\d{1,2}):(?P<minute>\d\d)(?::(?P<second>\d\d))?"
_FORMS = tuple(
    re.compile(form)
    for form in (
        rf"(?P<year>\d{{4}})-(?P<month>\d\d?)-(?P<day>\d\d?)(?:[ T]+{_TIME})?",
        rf"(?P<day>\d\d?)\.(?P<month>\d\d?)\.(?P<year>\d{{4}})?(?: +{_TIME})?",
        _TIME,
    )
)


def moment_us(text: str, now_us: int, *, is_end: bool = False) -> int | None:
    """Microseconds UTC of a time in the site's zone; 0 for an empty text, None for one that is no time.

    A missing year or day is the present one. A day without a time is its beginning, or with `is_end` its end.
    """
    text = text.strip()
    if not text:
        return 0
    found = next((match for form in _FORMS if (match := form.fullmatch(text))), None)
    if found is None:
        return None
    told = {key: int(value) for key, value in found.groupdict().items() if value}
    today = local(now_us)
    try:
        day = today.replace(
            year=told.get("year", today.year),
            month=told.get("month", today.month),
            day=told.get("day", today.day),
            hour=told.get("hour", 0),
            minute=told.get("minute", 0),
            second=told.get("second", 0),
            microsecond=0,
            fold=0,
        )
        day += timedelta(days=1) if is_end and "hour" not in told else timedelta()
        return max(0, round(day.astimezone(UTC).timestamp()) * US)
    except (ValueError, OverflowError):
        return None


class TimeField(QLineEdit):
    """`changed` when another moment is meant; a text that is no time is marked and means no bound."""

    changed = Signal()

    def __init__(self, *, is_end: bool = False) -> None:
        super().__init__()
        self._is_end = is_end
        self._now_us = 0
        self.at_us = 0
        self.setMaxLength(24)
        self.setClearButtonEnabled(True)
        self.textChanged.connect(self._read)

    def set_now(self, now_us: int) -> None:
        """What "today" is."""
        self._now_us = now_us

    def _read(self, text: str) -> None:
        at_us = moment_us(text, self._now_us, is_end=self._is_end)
        self.setProperty("invalid", at_us is None)
        self.style().unpolish(self)
        self.style().polish(self)
        hint = tr("A time such as 21.11. 06:00, 2026-11-21 or 06:00") if at_us is None else time_tip(at_us)
        self.setToolTip(plain_tip(hint))
        if (at_us or 0) != self.at_us:
            self.at_us = at_us or 0
            self.changed.emit()
