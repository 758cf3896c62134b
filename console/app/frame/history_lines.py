"""What happened to the selected thing lately: transitions of its alarm and notes of its incidents, newest first."""

import asyncio
from collections.abc import Callable

from console.app.frame.faceplate_facts import FaceplateFacts
from console.models.alarm_past import step_word
from console.services.station import AlarmHistoryQuery, AlarmLogRow, Station
from console.ui.errands import Errands
from console.ui.format import clock_text
from console.ui.translation import tr
from console.ui.view import Selection

MAX_LINES = 10


class HistoryLines:
    """Asks in the background; an answer for an older selection is dropped."""

    def __init__(
        self,
        station: Station,
        errands: Errands,
        clock: Callable[[], int],
        show: Callable[[list[tuple[str, str]]], None],
    ) -> None:
        self._station = station
        self._errands = errands
        self._show = show
        self._clock = clock
        self._task: asyncio.Task[object] | None = None

    def ask(self, selection: Selection, facts: FaceplateFacts) -> None:
        self.close()
        if facts.title:
            self._task = self._errands.run(self._ask(selection, facts))

    def close(self) -> None:
        if self._task is not None:
            self._task.cancel()
            self._task = None

    async def _ask(self, selection: Selection, facts: FaceplateFacts) -> None:
        conditions = [alarm.condition.condition_id for alarm in facts.alarms[:3]]
        if selection.occurrence is not None:
            conditions = [selection.occurrence.condition_id]
        found: list[tuple[int, str]] = [
            (at_us, f"{record.number}: {text}" if not who else f"{record.number}: {text} ({who})")
            for record in facts.incidents
            for at_us, who, text in record.notes
        ]
        for condition_id in conditions:
            try:
                rows = await self._station.query(AlarmHistoryQuery(condition_id, MAX_LINES))
            except (LookupError, OSError):
                continue  # no log yet: nothing happened that it could tell
            found += [(row.at_us, _line(row, is_own=selection.occurrence is not None)) for row in rows]
        found.sort(key=lambda line: -line[0])
        now_us = self._clock()
        self._show([(clock_text(at_us, now_us), text) for at_us, text in found[:MAX_LINES]])


def _line(row: AlarmLogRow, *, is_own: bool) -> str:
    """What happened; `is_own`: with the very alarm that is shown, whose text stands above already."""
    told = step_word(row.transition)
    return told if is_own else f"{told} · {tr(row.text)}"
