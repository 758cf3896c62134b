"""When this station looked at the plant: a span from each start, told on every minute, so that a time without alarms
can be told from a time without anybody who would have seen them."""

from collections.abc import Callable

from sqlalchemy import BigInteger, Column, Table, func, select
from sqlalchemy.dialects.sqlite import insert
from sqlalchemy.engine import Connection

from console.services.alarms.alarm_tables import alarm_log, metadata
from console.services.storage.ports import Writer

EVERY_S = 60.0
_LOST_US = 3 * 60 * 1_000_000  # a PC that slept, or a clock that was put: another span begins

alarm_watch = Table(
    "alarm_watch",
    metadata,
    Column("began_us", BigInteger, primary_key=True),
    Column("seen_us", BigInteger, nullable=False),
)


class WatchSpans:
    """Writes the span of this run: `begin`, then `tell` every minute and once at the end. A crash loses a minute."""

    def __init__(self, writer: Writer, now_us: Callable[[], int]) -> None:
        self._writer = writer
        self._now_us = now_us
        self._began_us = 0
        self._seen_us = 0

    def begin(self) -> None:
        """The station watches from now on."""
        self._began_us = self._seen_us = self._now_us()

    def present(self) -> list[tuple[int, int]]:
        """The span of this run so far, whether it is written or not; none before `begin`."""
        return [(self._began_us, max(self._seen_us, self._now_us()))] if self._began_us else []

    async def tell(self) -> None:
        """The station is watching still. Raises what the writer raises."""
        now_us = self._now_us()
        if not self._began_us or not 0 <= now_us - self._seen_us <= _LOST_US:
            self._began_us = now_us
        self._seen_us = now_us
        began_us = self._began_us
        await self._writer.write(lambda connection: put_span(connection, began_us, now_us))


def put_span(connection: Connection, began_us: int, seen_us: int) -> None:
    """Begin a span or tell it on."""
    row = insert(alarm_watch).values(began_us=began_us, seen_us=seen_us)
    connection.execute(row.on_conflict_do_update(index_elements=["began_us"], set_={"seen_us": row.excluded.seen_us}))


def read_spans(connection: Connection, from_us: int, to_us: int) -> list[tuple[int, int]]:
    """Watched spans that reach into [from_us, to_us). Before the first span was ever told (the file of an older
    program) the station counts as watching from its first alarm on."""
    inside = (alarm_watch.c.seen_us > from_us) & (alarm_watch.c.began_us < to_us)
    rows = connection.execute(select(alarm_watch.c.began_us, alarm_watch.c.seen_us).where(inside))
    spans = [(int(began), int(seen)) for began, seen in rows]
    first = connection.execute(select(func.min(alarm_watch.c.began_us))).scalar_one()
    rows_of_alarms = select(alarm_log.c.at_us).where(alarm_log.c.start_us > 0)
    oldest = connection.execute(rows_of_alarms.order_by(alarm_log.c.at_us).limit(1)).scalar_one_or_none()
    if oldest is not None:
        until_us = to_us if first is None else int(first)
        if oldest < until_us:
            spans.append((int(oldest), until_us))
    return spans
