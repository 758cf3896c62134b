"""Joins the audit export to a built station: where its rows, names, key and fonts come from."""

from collections.abc import Callable
from pathlib import Path
from zoneinfo import ZoneInfo

from console.config.settings import SiteSettings, StationSettings
from console.services.journal.event_table import Names
from console.services.journal.keys import FileKey
from console.services.journal.own_stream import Place
from console.services.local_station import Parts
from console.services.reports.audit_acts import AuditActs, Source
from console.ui.resources import resource


def join_audit(
    parts: Parts, settings: StationSettings, site: SiteSettings, data: Path, names: Names, now_us: Callable[[], int]
) -> None:
    """Let the command `export-audit` in and tell its progress at the seam."""
    source = Source(
        data / "journal.db",
        Place(site.site_id, settings.station_id, settings.code),
        FileKey.load_or_create(data / "keys"),
        names,
        site.name,
        settings.name,
        ZoneInfo(site.time_zone),
        resource("fonts"),
    )
    acts = AuditActs(parts.journal, source, now_us)
    parts.operations.extend(acts.acts())
    parts.export = acts.record
