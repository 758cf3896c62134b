"""Keeps what is usual up to date for the alarm rules that judge by it: every hour, from history, a tag at a time."""

import asyncio
import logging
from collections.abc import Callable, Sequence
from datetime import tzinfo
from typing import Protocol

from console.domain.history.baseline import Reference
from console.domain.refusal import Refused
from console.domain.tags import Tag
from console.services.alarms.usual import Need
from console.services.reports.period_history import HOUR_US, PeriodHistory, whole_hours
from console.services.reports.usual_report import past_us, usual

LOOK_S = 20.0
AFTER_US = 60_000_000  # of a new hour: what belongs to the last one has come
log = logging.getLogger(__name__)


class Judge(Protocol):
    """Who is told what is usual (`alarms.usual.UsualBands`)."""

    @property
    def needs(self) -> tuple[Need, ...]: ...

    def tell(self, need: Need, usual: Sequence[Reference | None]) -> None: ...


class BaselineKeeper:
    """Main thread; `run` is standing work. History that cannot be read is tried again at the next look."""

    def __init__(
        self,
        judge: Judge,
        history: PeriodHistory,
        tag: Callable[[int], Tag],
        zone: tzinfo,
        now_us: Callable[[], int],
    ) -> None:
        self._judge, self._history, self._tag = judge, history, tag
        self._zone, self._now_us = zone, now_us
        self._told: dict[Need, int] = {}  # need -> the hour it was told in
        self._is_failing = False

    async def run(self) -> None:
        """Until cancelled."""
        while True:
            try:
                await self.look()
                self._is_failing = False
            except Refused:  # the history is not open (yet); if it cannot be opened, that is an alarm of its own
                pass
            except Exception as error:
                if not self._is_failing:
                    log.warning("what is usual cannot be read from history: %s", error)
                self._is_failing = True
            await asyncio.sleep(LOOK_S)

    async def look(self) -> int:
        """Tell what the present hour has not been told of; returns how many needs were."""
        told = 0
        for need in self._judge.needs:
            hour = (self._now_us() - AFTER_US) // HOUR_US
            if self._told.get(need) == hour:
                continue
            from_us, to_us = whole_hours(self._now_us(), past_us(need.cycle, need.periods))
            tag = self._tag(need.handle)
            (columns,) = await self._history.periods((tag.tag_id,), from_us, to_us, HOUR_US)
            now_us = self._now_us()
            found = await asyncio.to_thread(usual, columns, need.cycle, need.periods, now_us, self._zone)
            self._judge.tell(need, found)
            self._told[need] = hour
            told += 1
        return told
