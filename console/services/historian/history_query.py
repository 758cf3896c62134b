"""Answers what the seam is asked about history: joins disk and ring per tag, in a reader's thread, cancellable.

The newest question of one asker takes the place of the earlier one, whose reading stops at once.
"""

import asyncio
from collections.abc import Awaitable, Callable
from concurrent.futures import Executor
from dataclasses import dataclass, replace
from datetime import tzinfo
from functools import partial
from typing import Any, Protocol, TypeVar
from uuid import UUID

import numpy as np
from sqlalchemy.engine import Connection

from console.domain.calendar_periods import period_edges
from console.domain.quality import Quality
from console.domain.refusal import Refused
from console.domain.values import ValueType
from console.services import history_records as h
from console.services import station as s
from console.services.historian.aggregate_answer import aggregate_answer
from console.services.historian.far_history import FarHistory
from console.services.historian.live_ring import LiveRing, RingSnapshot
from console.services.historian.percentile_answer import percentile_answer
from console.services.historian.rollup_columns import LEVELS_S, SECOND_US
from console.services.historian.state_answer import state_answer
from console.services.historian.store import HistoryStore
from console.services.historian.store_past import StorePast
from console.services.historian.text_codes import texts_of
from console.services.historian.timeline import NoPast, Past, Present, Stopped, Timeline
from console.services.historian.trend_answer import trend_answer
from console.services.records import Longs, TrendColumns
from console.services.telemetry.batch import TagColumns

EMPTY = "The end of the window must be after its begin."
TOO_MANY = "More than {most} periods: choose longer ones or a shorter window."
NO_SHARE = "A percentile lies between 0 and 100 %."
MOST_PERIODS = 10_000
T = TypeVar("T")
TEXT_TYPES = frozenset({ValueType.STRING, ValueType.TEXT, ValueType.UUID})


class Question(Protocol):
    """What every question about history has."""

    @property
    def tag_ids(self) -> tuple[UUID, ...]: ...

    @property
    def from_us(self) -> int: ...

    @property
    def to_us(self) -> int: ...

    @property
    def asker(self) -> str: ...


@dataclass(slots=True)
class _Wish:
    """Whether somebody still waits; read by the thread that works on the answer."""

    is_given_up: bool = False

    def check(self) -> None:
        if self.is_given_up:
            raise Stopped

    def on_done(self, future: "asyncio.Future[Any]") -> None:
        self.is_given_up = future.cancelled()


@dataclass(frozen=True, slots=True)
class _Tag:
    """One tag of a question, as the main thread knew it when it was asked."""

    present: Present
    key: int  # of the store, 0: it never stored this tag
    name: str
    kind: ValueType
    check: Callable[[], None]
    ring: RingSnapshot

    is_far: bool = False  # never heard by this station
    past: Past | None = None  # at the centre, instead of what is on disk here

    def timeline(self, connection: Connection | None) -> Timeline:
        if self.past is None and connection is not None and self.key:
            stored = StorePast(connection, self.key)
            return Timeline(stored, self.ring, self.present, self.check, stored.lost)
        return Timeline(self.past or NoPast(), self.ring, self.present, self.check)


class HistoryDesk:
    """Lives in the main thread. `store` is None until history.db is open: before, the ring alone is history."""

    def __init__(
        self,
        ring: LiveRing,
        tags: TagColumns,
        zone: tzinfo,
        now_us: Callable[[], int],
        pool: Executor,
        store: Callable[[], HistoryStore | None] = lambda: None,
        far: FarHistory | None = None,
    ) -> None:
        self._store = store
        self._far = far
        self._ring = ring
        self._tags = tags
        self._zone = zone
        self._now_us = now_us
        self._pool = pool
        self._asked: dict[str, asyncio.Future[Any]] = {}

    def answers(self) -> dict[type, Callable[[Any], Awaitable[Any]]]:
        """Question -> who answers it."""
        return {
            s.TrendQuery: self.trend,
            s.AggregateQuery: self.aggregate,
            s.StateQuery: self.states,
            s.PercentileQuery: self.percentiles,
            s.RawQuery: self.raw,
        }

    async def trend(self, query: s.TrendQuery) -> tuple[TrendColumns, ...]:
        def answer(tag: _Tag, connection: Connection | None) -> TrendColumns:
            return trend_answer(tag.timeline(connection), query.from_us, query.to_us, query.buckets)

        return await self._ask(query, answer)

    async def aggregate(self, query: s.AggregateQuery) -> tuple[h.AggregateColumns, ...]:
        edges = edges_of(query, self._zone)

        def answer(tag: _Tag, connection: Connection | None) -> h.AggregateColumns:
            return aggregate_answer(tag.timeline(connection), edges, deviation_by_time=query.deviation_by_time)

        return await self._ask(query, answer)

    async def states(self, query: s.StateQuery) -> tuple[h.StateColumns, ...]:
        _refuse_empty(query)

        def answer(tag: _Tag, connection: Connection | None) -> h.StateColumns:
            texts = texts_of(connection, tag.key) if connection is not None and tag.kind in TEXT_TYPES else {}
            is_boolean = tag.kind is ValueType.BOOLEAN
            window = query.from_us, query.to_us
            return state_answer(tag.timeline(connection), *window, query.most, is_boolean=is_boolean, texts=texts)

        return await self._ask(query, answer)

    async def percentiles(self, query: s.PercentileQuery) -> tuple[h.PercentileAnswer, ...]:
        _refuse_empty(query)
        if not all(0 <= share <= 1 for share in query.shares):
            raise Refused(NO_SHARE)

        def answer(tag: _Tag, connection: Connection | None) -> h.PercentileAnswer:
            window = query.from_us, query.to_us
            return percentile_answer(
                tag.timeline(connection), tag.name, *window, query.shares, is_by_time=query.is_by_time
            )

        return await self._ask(query, answer)

    async def raw(self, query: s.RawQuery) -> tuple[h.RawColumns, ...]:
        _refuse_empty(query)

        def answer(tag: _Tag, connection: Connection | None) -> h.RawColumns:
            block = tag.timeline(connection).raw(query.from_us, query.to_us, query.limit + 1)
            n = min(len(block), query.limit)
            words = texts_of(connection, tag.key) if connection is not None and tag.kind in TEXT_TYPES else {}
            rows = np.flatnonzero(~np.isnan(block.value[:n])).tolist() if words else []
            texts = {row: words.get(int(block.value[row]), "") for row in rows}
            exact = {row: number for row, number in block.exact.items() if row < n}
            columns = block.at_us[:n], block.value[:n], block.quality[:n], len(block) <= query.limit
            return h.RawColumns(tag.present.tag_id, *columns, exact, texts)

        return await self._ask(query, answer)

    async def _ask(self, query: Question, answer: Callable[[_Tag, Connection | None], T]) -> tuple[T, ...]:
        """One answer for each tag; given up when the awaiting task is cancelled, or its asker asks anew."""
        wish = _Wish()
        store = self._store()
        tags = self._tags_of(query.tag_ids, wish, store)
        future = asyncio.ensure_future(self._read(tags, answer, store))
        future.add_done_callback(wish.on_done)
        earlier = self._asked.pop(query.asker, None) if query.asker else None
        if earlier is not None:
            earlier.cancel()
        if query.asker:
            self._asked[query.asker] = future
        try:
            return await future
        finally:
            if self._asked.get(query.asker) is future:
                del self._asked[query.asker]

    async def _read(
        self, tags: tuple[_Tag, ...], answer: Callable[[_Tag, Connection | None], T], store: HistoryStore | None
    ) -> tuple[T, ...]:
        """From disk and ring; of tags that were never heard here from the centre, while it can be reached."""
        far = self._far
        if far is None or not far.is_reachable or not any(tag.is_far for tag in tags):
            return await self._near(tags, answer, store)
        away = tuple(tag for tag in tags if tag.is_far)
        here = tuple(tag for tag in tags if not tag.is_far)
        near, found = await asyncio.gather(
            self._near(here, answer, store), far.read(partial(_far_answers, away, answer)), return_exceptions=True
        )
        if isinstance(near, BaseException):
            raise near
        if isinstance(found, Refused):  # it went away this moment: nothing is known of these
            found = await self._near(away, answer, store)
        elif isinstance(found, BaseException):
            raise found
        by_tag = dict(zip((tag.present.tag_id for tag in here + away), near + found, strict=True))
        return tuple(by_tag[tag.present.tag_id] for tag in tags)

    async def _near(
        self, tags: tuple[_Tag, ...], answer: Callable[[_Tag, Connection | None], T], store: HistoryStore | None
    ) -> tuple[T, ...]:
        work = partial(_answers, tags, answer)
        if store is not None:
            return await store.database.readers.read(work)
        return await asyncio.get_running_loop().run_in_executor(self._pool, work, None)

    def _tags_of(self, tag_ids: tuple[UUID, ...], wish: _Wish, store: HistoryStore | None) -> tuple[_Tag, ...]:
        ring, handles = self._ring.query_snapshot(tag_ids)
        now_us, quality = self._now_us(), self._tags.quality
        made = []
        for tag_id, handle in zip(tag_ids, handles, strict=True):
            info = store.find(tag_id) if store is not None else None
            is_live = 0 <= handle < quality.size and quality[handle] <= Quality.UNCERTAIN
            tag = self._tags.tag(handle) if handle >= 0 else None
            kind = tag.value_type if tag is not None else info.kind if info is not None else ValueType.UNKNOWN
            name = tag.name if tag is not None else str(tag_id)
            key = info.key if info is not None else 0
            is_far = not key and (not 0 <= handle < quality.size or not self._tags.source_us[handle])
            present = Present(tag_id, handle, bool(is_live), now_us)
            made.append(_Tag(present, key, name, kind, wish.check, ring, is_far))
        return tuple(made)


def edges_of(query: s.AggregateQuery, zone: tzinfo) -> Longs:
    """Borders of the asked periods. Raises Refused."""
    _refuse_empty(query)
    from_us, to_us = query.from_us, query.to_us
    if query.period is not None:
        try:
            return np.array(period_edges(from_us, to_us, query.period, zone, MOST_PERIODS), np.int64)
        except ValueError as error:
            raise Refused(TOO_MANY, most=MOST_PERIODS) from error
    if query.buckets > MOST_PERIODS:
        raise Refused(TOO_MANY, most=MOST_PERIODS)
    if query.buckets <= 1:
        return np.array([from_us, to_us], np.int64)
    wide = max(-(-(to_us - from_us) // max(query.buckets - 1, 1)), 1)
    step = max((level * SECOND_US for level in LEVELS_S if level * SECOND_US <= wide), default=1)
    width = -(-wide // step) * step
    inner = np.arange(from_us // width + 1, -(-to_us // width), dtype=np.int64) * width
    return np.concatenate((np.array([from_us], np.int64), inner, np.array([to_us], np.int64)))


def _answers(
    tags: tuple[_Tag, ...], answer: Callable[[_Tag, Connection | None], T], connection: Connection | None
) -> tuple[T, ...]:
    """In the reader's thread."""
    return tuple(answer(tag, connection) for tag in tags)


def _far_answers(
    tags: tuple[_Tag, ...], answer: Callable[[_Tag, Connection | None], T], past_of: Callable[[UUID], Past]
) -> tuple[T, ...]:
    """Where the centre is asked."""
    return tuple(answer(replace(tag, past=past_of(tag.present.tag_id)), None) for tag in tags)


def _refuse_empty(query: Question) -> None:
    if not query.from_us < query.to_us:
        raise Refused(EMPTY)
