"""Joins what people keep beside trends to a built station: annotations, pen groups, and files of values."""

from collections.abc import Callable, Iterable
from datetime import tzinfo
from secrets import randbits
from uuid import UUID

from console.domain.tags import Tag
from console.services.history_records import RawColumns
from console.services.identity.gate import Rejudged
from console.services.journal.entries import Entry
from console.services.local_station import Parts
from console.services.records import TrendColumns
from console.services.station import RawQuery, TrendQuery
from console.services.trends.annotation_desk import AnnotationDesk
from console.services.trends.pen_group_desk import PenGroupDesk
from console.services.trends.trend_acts import TrendActs
from console.services.trends.trend_files import TrendFiles, Values


def join_trends(
    parts: Parts, zone: tzinfo, name_of: Callable[[str], str], now_us: Callable[[], int]
) -> Callable[[Iterable[Entry]], None]:
    """What takes the journal's entries; everything else follows by itself."""
    gate = parts.people.gate
    annotations, groups = AnnotationDesk(name_of, gate.is_withheld), PenGroupDesk(name_of)

    def apply(entries: Iterable[Entry]) -> None:
        entries = tuple(entries)
        annotations.apply(entries)
        groups.apply(entries)

    def on_rejudged(judged: Rejudged) -> None:
        if judged.withheld or judged.released:
            annotations.rejudge()

    gate.rejudged.subscribe(on_rejudged)
    parts.people.renamed.subscribe(annotations.rejudge)
    parts.people.renamed.subscribe(groups.renamed)
    files = TrendFiles(_values(parts), zone)
    acts = TrendActs(parts.journal, annotations, groups, files, clock_us=now_us, random_bits=randbits)
    parts.operations.extend(acts.acts())
    parts.annotations, parts.pen_groups, parts.trend_files = annotations, groups, files.record
    return apply


def _values(parts: Parts) -> Values:
    """What history holds, asked as everybody asks it once the station is there."""

    def tag(tag_id: UUID) -> Tag | None:
        handle = parts.ring.handle_of(tag_id)
        return parts.store.tag(handle) if handle >= 0 else None

    async def raw(tag_id: UUID, from_us: int, to_us: int, limit: int) -> RawColumns:
        answer: tuple[RawColumns, ...] = await parts.more_answers[RawQuery](RawQuery((tag_id,), from_us, to_us, limit))
        return answer[0]

    async def buckets(tag_id: UUID, from_us: int, to_us: int, count: int) -> TrendColumns:
        question = TrendQuery((tag_id,), from_us, to_us, count)
        answer: tuple[TrendColumns, ...] = await parts.more_answers[TrendQuery](question)
        return answer[0]

    return Values(tag, raw, buckets)
