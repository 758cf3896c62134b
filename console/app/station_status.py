"""The station's own state for status strip, doctor and scripts: freshness, rates, and what is wrong with itself."""

from typing import TYPE_CHECKING

from console.services.records import StatusRecord

if TYPE_CHECKING:
    from console.app.bootstrap import Core

TROUBLE_US = 10 * 60 * 1_000_000


def status_of(core: "Core", now_us: int) -> StatusRecord:
    """Cheap: called ten times a second."""
    live, stale, bad, blind = core.feed.counts()
    is_fed = hasattr(core, "ingest")
    return StatusRecord(
        site_name=core.site.name,
        station_name=core.settings.name,
        position=core.settings.position,
        time_zone=core.site.time_zone,
        tags_live=live,
        tags_stale=stale,
        tags_bad=bad,
        tags_blind=blind,
        samples_per_s=round(core.ingest.samples_per_s, 1) if is_fed else 0.0,
        inbox_lag_ms=round(core.ingest.lag_s * 1000, 1) if is_fed else 0.0,
        troubles=_recent_troubles(core, now_us),
        journal_events=core.parts.journal.event_count,
        defects=len(core.defects),
        alarms_waiting=core.engine.waiting,
        history=core.history.record if hasattr(core, "history") else None,
    )


def _recent_troubles(core: "Core", now_us: int) -> int:
    """Bad input of the last minutes. A node that speaks before its birth is asked for it: that is no trouble."""
    since_us = now_us - TROUBLE_US
    troubles = core.parts.troubles.all()
    return sum(trouble.last_us >= since_us and trouble.kind != "data_before_birth" for trouble in troubles)
