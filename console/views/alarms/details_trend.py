"""The half hour around an alarm's start: asked from the history, drawn with the limits and the moment."""

import asyncio
from collections.abc import Callable
from uuid import UUID

from console.domain.alarms import AlarmKind
from console.domain.refusal import Refused
from console.models.alarm_present import Present, crossed_limit
from console.services.station import Station, TrendQuery
from console.ui.errands import Errands
from console.ui.format import US
from console.ui.translation import tr, tr_refusal
from console.widgets.trend_snippet import Snippet, TrendSnippet

SPAN_US = 30 * 60 * US
_SHORTEST_US = 3 * 60 * US
_BEHIND_US = 20 * 60 * US  # of it behind the moment
_BUCKETS = 240
_ANEW_US = 5 * US  # how often a curve that still grows is asked again


class DetailsTrend(TrendSnippet):
    """`follow(present, now)` asks for another alarm, and anew while the curve grows; what comes late is dropped."""

    def __init__(self, station: Station, errands: Errands, clock: Callable[[], int]) -> None:
        super().__init__()
        self._station, self._errands, self._clock = station, errands, clock
        self._task: asyncio.Task[object] | None = None
        self._asked: tuple[object, int] = (None, 0)

    def follow(self, present: Present | None, now_us: int) -> None:
        condition = present.condition if present is not None else None
        if present is None or condition is None or condition.tag_id is None:
            self.stop()
            self.hide()
            return
        self.show()
        at_us = present.occurrence.start_us or now_us
        key, asked_us = self._asked
        is_growing = now_us < at_us + _BEHIND_US + _ANEW_US
        if key == (present.occurrence, condition) and not (is_growing and now_us - asked_us >= _ANEW_US):
            return
        if key != (present.occurrence, condition):
            self.show_words(tr("The history is being read …"))
        self.stop()
        self._asked = ((present.occurrence, condition), now_us)
        self._task = self._errands.run(self._ask(present, condition.tag_id, at_us, now_us))

    def stop(self) -> None:
        self._asked = (None, 0)
        if self._task is not None:
            self._task.cancel()
            self._task = None

    async def _ask(self, present: Present, tag_id: UUID, at_us: int, now_us: int) -> None:
        to_us = min(now_us, at_us + _BEHIND_US)
        from_us = min(to_us, at_us) - SPAN_US if to_us < at_us else to_us - SPAN_US
        try:
            answer = await self._station.query(TrendQuery((tag_id,), from_us, to_us, _BUCKETS))
        except Refused as error:
            self.show_words(tr_refusal(error))
            return
        except (LookupError, OSError):
            self.show_words(tr("There is no history of this value."))
            return
        if not answer or not len(answer[0].time_us):
            self.show_words(tr("There is no history of this value."))
            return
        found, condition = answer[0], present.condition
        first_us = int(found.time_us[0])
        if first_us > from_us:  # nothing is known before: what is known gets the room
            from_us = min(first_us, to_us - _SHORTEST_US)
        self.show_snippet(
            Snippet(
                from_us,
                to_us,
                min(now_us, to_us),
                found.time_us,
                found.low,
                found.high,
                found.last,
                found.good,
                condition.limits if condition.kind is AlarmKind.LIMIT else (),  # of others they are no values of it
                crossed_limit(condition, present.severity),
                present.occurrence.start_us,
                present.priority,
                condition.unit,
            )
        )
