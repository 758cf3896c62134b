"""Joins the questions about the alarm system's performance to a built station, and what tells watched time."""

from collections.abc import Callable
from zoneinfo import ZoneInfo

from console.config.settings import SiteSettings, StationSettings
from console.services.alarms.engine import AlarmEngine
from console.services.alarms.master_desk import MasterDesk
from console.services.alarms.watch_spans import WatchSpans
from console.services.kpi_records import KpiPosition
from console.services.local_station import Parts
from console.services.reports.kpi_desk import KpiDesk, KpiSource
from console.services.storage.schema import Database
from console.ui.resources import resource


def join_kpi(
    parts: Parts,
    database: Database,
    settings: StationSettings,
    site: SiteSettings,
    master: MasterDesk,
    now_us: Callable[[], int],
    engine: AlarmEngine,
) -> WatchSpans:
    """Let the questions and the command `export-alarm-kpi` in. What it gives is told on while the station runs."""

    def changed_settings() -> int | None:
        """Without any master record nobody has said what the settings should be."""
        is_known = any(master.record(key) is not None for key in master.live)
        return master.unauthorised if is_known else None

    watch = WatchSpans(database.writer, now_us)
    zone = ZoneInfo(site.time_zone)
    source = KpiSource(
        database.readers,
        watch,
        zone,
        site.name,
        settings.name,
        resource("fonts"),
        now_us,
        changed_settings,
        flood=lambda: engine.settings.flood,
        shifts_s=lambda: engine.settings.sound.shifts_s,
        positions=tuple(KpiPosition(one.position_id, one.name or one.position_id, one.areas) for one in site.positions),
    )
    desk = KpiDesk(parts.journal, source)
    parts.operations.extend(desk.acts())
    parts.more_answers |= desk.answers()
    return watch
