"""Joins performance management to a built station: its questions, and what baseline alarms are told."""

from collections.abc import Callable
from uuid import UUID
from zoneinfo import ZoneInfo

from console.app.site_reading import SiteFiles, places_of
from console.domain.tags import Tag
from console.services.alarms.engine import AlarmEngine
from console.services.local_station import Parts
from console.services.reports.baseline_keeper import BaselineKeeper
from console.services.reports.performance_desk import PerformanceDesk, PerformanceSource
from console.services.reports.period_history import AskedHistory
from console.services.reports.tag_catalogue import TagCatalogue
from console.services.station import AggregateQuery


def join_performance(parts: Parts, files: SiteFiles, now_us: Callable[[], int], engine: AlarmEngine) -> BaselineKeeper:
    """Let the questions in, before the station is built. The keeper's `run` is standing work."""
    store, zone, places = parts.store, ZoneInfo(files.site.time_zone), places_of(files.plant)
    engine.usual.zone = zone
    history = AskedHistory(lambda: parts.more_answers.get(AggregateQuery), lambda: parts.history_store() is not None)

    def area_of(tag: Tag) -> str:
        source = tag.source
        return places(tag.asset_id)[1] or "/".join(part for part in (source.group, source.node) if part)

    def tag_of(tag_id: UUID) -> Tag | None:
        handle = parts.ring.handle_of(tag_id)
        return store.tag(handle) if handle >= 0 else None

    catalogue = TagCatalogue(store.tags, lambda: store.definitions, area_of, files.performance)
    source = PerformanceSource(history, catalogue, tag_of, store.tag, engine.usual, zone, now_us)
    parts.more_answers |= PerformanceDesk(source).answers()
    return BaselineKeeper(engine.usual, history, store.tag, zone, now_us)
