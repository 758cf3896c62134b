"""Which tags of the plant are a capacity, a figure of performance, or count what is made; looked up once, then kept."""

import asyncio
from collections.abc import Callable, Iterable
from dataclasses import dataclass

from console.domain.history.metrics import Match, Matcher, PerformanceSettings
from console.domain.tags import Tag
from console.domain.values import is_numeric
from console.services.performance_records import Subject

STEP = 400  # tags at a time: the window goes on between


@dataclass(frozen=True, slots=True)
class Found:
    """A tag that the table of metrics knows."""

    tag: Tag
    subject: Subject
    match: Match


@dataclass(frozen=True, slots=True)
class Counter:
    """A tag that counts what is made, and where."""

    tag: Tag
    area: str


class TagCatalogue:
    """Main thread. `version` changes whenever tags were defined."""

    def __init__(
        self,
        tags: Callable[[], Iterable[Tag]],
        version: Callable[[], int],
        area_of: Callable[[Tag], str],
        settings: PerformanceSettings,
    ) -> None:
        self.settings = settings
        self._tags, self._version, self._area_of = tags, version, area_of
        self._matcher = Matcher(settings)
        self._seen = -1
        self._found: tuple[Found, ...] = ()
        self._counters: tuple[Counter, ...] = ()

    async def metrics(self) -> tuple[Found, ...]:
        await self._look()
        return self._found

    async def counters(self) -> tuple[Counter, ...]:
        await self._look()
        return self._counters

    def subject(self, tag: Tag, match: Match | None) -> Subject:
        """How a tag is told; `match` None: it is none of the metrics."""
        metric = match.metric if match is not None else None
        return Subject(
            tag.tag_id,
            tag.source.path().partition("/")[2],
            tag.name,
            self._area_of(tag),
            metric.metric_id if metric is not None else "",
            metric.name if metric is not None else "",
            metric.unit or tag.unit if metric is not None else tag.unit,
        )

    def match_of(self, tag: Tag) -> Match | None:
        return self._matcher.metric_of(tag.source.path().partition("/")[2], tag.unit)

    async def _look(self) -> None:
        version = self._version()
        if version == self._seen:
            return
        found: list[Found] = []
        counters: list[Counter] = []
        for count, tag in enumerate(tuple(self._tags()), 1):
            if count % STEP == 0:
                await asyncio.sleep(0)
            if not is_numeric(tag.value_type):
                continue
            match = self.match_of(tag)
            if match is not None:
                found.append(Found(tag, self.subject(tag, match), match))
            if self._matcher.is_production(tag.source.path().partition("/")[2]):
                counters.append(Counter(tag, self._area_of(tag)))
        self._found, self._counters, self._seen = tuple(found), tuple(counters), version
