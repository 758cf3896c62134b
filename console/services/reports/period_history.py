"""What performance reports ask of history: figures of tags over equal periods, some tags at a time."""

from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from typing import Protocol
from uuid import UUID

from console.domain.calendar_periods import Period
from console.domain.refusal import Refused
from console.services.history_records import AggregateColumns
from console.services.station import AggregateQuery

Answer = tuple[AggregateColumns, ...]
OPENING = "The history is not open yet; it is asked again in a moment."
HOUR_US = 3_600_000_000
DAY_US = 24 * HOUR_US
AT_ONCE = 20  # tags a question: between two of them others are answered, and a report can be given up


class PeriodHistory(Protocol):
    """One `AggregateColumns` a tag, in order, of the periods of `width_us` that begin at `from_us`: an hour, 10,000 s
    (both on whole multiples), or the whole window. An unknown tag has periods without anything; cancel by cancelling
    the await.
    """

    async def periods(
        self, tag_ids: tuple[UUID, ...], from_us: int, to_us: int, width_us: int
    ) -> tuple[AggregateColumns, ...]: ...


async def in_turn(
    history: PeriodHistory, tag_ids: Sequence[UUID], from_us: int, to_us: int, width_us: int
) -> AsyncIterator[tuple[int, AggregateColumns]]:
    """Place in `tag_ids` and columns, tag by tag."""
    for first in range(0, len(tag_ids), AT_ONCE):
        some = tuple(tag_ids[first : first + AT_ONCE])
        for place, columns in enumerate(await history.periods(some, from_us, to_us, width_us), first):
            yield place, columns


def whole_hours(now_us: int, past_us: int) -> tuple[int, int]:
    """From and to, on whole hours, the running one included."""
    to_us = -(-now_us // HOUR_US) * HOUR_US
    return to_us - max(HOUR_US, past_us // HOUR_US * HOUR_US), to_us


class AskedHistory:
    """The station's own history, asked as anybody would; `answer` None: none is kept here. What came since the start
    alone is no history to judge by: until the file is open (`is_open`) questions are refused."""

    def __init__(
        self, answer: Callable[[], Callable[[AggregateQuery], Awaitable[Answer]] | None], is_open: Callable[[], bool]
    ) -> None:
        self._answer, self.is_open = answer, is_open

    async def periods(self, tag_ids: tuple[UUID, ...], from_us: int, to_us: int, width_us: int) -> Answer:
        answer = self._answer()
        if answer is None:
            raise Refused("No history is kept here.")
        if not self.is_open():
            raise Refused(OPENING)
        if width_us == HOUR_US:
            return await answer(AggregateQuery(tag_ids, from_us, to_us, period=Period.HOUR))
        count = (to_us - from_us) // width_us
        return await answer(AggregateQuery(tag_ids, from_us, to_us, count + 1 if count > 1 else 1))
