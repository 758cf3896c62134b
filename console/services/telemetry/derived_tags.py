"""Derived tags: computed from other tags at each step of the ingest, then told to store and consumers like any other.

Source time is that of the newest input; quality that of the inputs. What has no result keeps its last value on screen
and loses its trust, as a tag of a dead node does.
"""

from collections.abc import Iterable, Sequence

import numpy as np

from console.domain.derived import DerivedTag
from console.domain.expression_terms import Term
from console.domain.quality import Detail, Quality
from console.domain.tags import Tag
from console.domain.values import ValueType
from console.services.telemetry.batch import (
    LinkChanged,
    QualityChanged,
    SampleBatch,
    SessionChanged,
    TagColumns,
    TagsDefined,
)
from console.services.telemetry.expression_feed import Evaluated, ExpressionFeed
from console.services.telemetry.handles import HandleTable

Said = TagsDefined | SampleBatch | QualityChanged


class DerivedTags:
    """`tags` come inputs first (`domain.derived.in_order`). Main thread; implements `ingest.Derived`."""

    def __init__(self, tags: Sequence[DerivedTag], handles: HandleTable, columns: TagColumns) -> None:
        self._feed = ExpressionFeed(columns, (tag.expression for tag in tags))
        self._handles: list[int] = []  # by expression
        self._told: list[Term | None] = []
        self._own: set[int] = set()
        self._out: list[Said] = []
        self._now_us = 0
        made: list[Tag] = []
        for tag in tags:
            value_type = ValueType.BOOLEAN if tag.expression.is_truth else ValueType.DOUBLE
            if tag.expression.is_text:
                value_type = ValueType.STRING
            one, _is_new = handles.define(tag.source, value_type, tag.unit)
            made.append(one)
            self._handles.append(one.handle)
            self._told.append(None)
            self._own.add(one.handle)
            self._feed.add(tag.expression, one.source.asset_path().partition("/")[2],
                           interval_s=tag.interval_s, output=one.handle)  # fmt: skip
        if made:
            self._out.append(TagsDefined(tuple(made)))

    def inputs_of(self, handle: int) -> tuple[str, tuple[tuple[str, int], ...]]:
        """The expression that makes a tag, and what it names: path and handle (below 0: unknown). Empty for others."""
        if handle not in self._own:
            return "", ()
        return self._feed.inputs_of(self._handles.index(handle))

    def on_tags(self, tags: tuple[Tag, ...]) -> None:
        for tag in tags:
            self._feed.know(tag)

    def on_samples(self, batch: SampleBatch) -> None:
        if len(batch):
            self._now_us = max(self._now_us, int(batch.receive_us[-1]))
            self._say(self._feed.samples(batch))

    def on_quality(self, change: QualityChanged) -> None:
        self._now_us = max(self._now_us, change.at_us)
        own = np.isin(change.handles, np.fromiter(self._own, np.int32, len(self._own)))
        self._say(self._feed.distrust(change.handles[~own], change.quality))

    def on_session(self, change: SessionChanged) -> None:
        """What it means to tags comes as their quality."""

    def on_link(self, change: LinkChanged) -> None:
        """What it means to tags comes as their quality."""

    def go_on(self, now_us: int) -> None:
        self._now_us = max(self._now_us, now_us)
        self._say(self._feed.go_on())

    def take(self) -> list[Said]:
        taken, self._out = self._out, []
        return taken

    def _say(self, evaluations: Iterable[Evaluated]) -> None:
        """Runs of values as batches; between them, in order, what lost its trust."""
        known: list[tuple[int, int, float | str, int]] = []
        for one in evaluations:
            handle, (value, quality) = self._handles[one.index], one.term
            before = self._told[one.index]
            if value is not None:
                if one.by_time and before == one.term:
                    continue
                self._told[one.index] = one.term
                known.append((handle, one.at_us, value, quality))
            elif before is not None and before != one.term:
                self._told[one.index] = one.term
                self._flush(known)
                known = []
                lost = np.array([handle], np.int32)
                # the columns of the source's own trouble know neither blind nor unknown of a derived tag
                trust = Quality.BAD if quality == Quality.BAD else Quality.STALE
                self._out.append(QualityChanged(lost, int(trust), int(Detail.BY_INPUT), self._now_us))
        self._flush(known)

    def _flush(self, known: list[tuple[int, int, float | str, int]]) -> None:
        if not known:
            return
        count = len(known)
        quality = np.array([one[3] for one in known], np.uint8)
        self._out.append(
            SampleBatch(
                handle=np.array([one[0] for one in known], np.int32),
                source_us=np.array([one[1] for one in known], np.int64),
                receive_us=np.full(count, self._now_us, np.int64),
                value=np.array([np.nan if isinstance(one[2], str) else one[2] for one in known]),
                quality=quality,
                detail=np.where(quality == Quality.GOOD, Detail.NONE, Detail.BY_INPUT).astype(np.uint8),
                flags=np.zeros(count, np.uint8),
                texts={row: one[2] for row, one in enumerate(known) if isinstance(one[2], str)},
            )
        )
