"""The people of a station: where they belong, how long they stay signed on, and who confirms them."""

import asyncio
from collections.abc import Callable
from functools import partial
from typing import TYPE_CHECKING

from console.services.identity.password_worker import PasswordWorker
from console.services.identity.people import Home, People
from console.services.identity.session import SessionRules
from console.services.journal.log import JournalLog
from console.services.storage.database import fold_wal
from console.services.storage.schema import Database

if TYPE_CHECKING:
    from console.app.bootstrap import Core


def people_of(
    core: "Core", journal: JournalLog, worker: PasswordWorker, station_db: Database, now_us: Callable[[], int]
) -> People:
    settings, site = core.settings, core.site
    home = Home(
        site.site_id,
        site.name,
        site.authority,
        core.site_folder,
        settings.station_id,
        settings.lock_after_s,
        SessionRules(settings.max_sessions, settings.shift_s * 1_000_000),
    )
    return People(
        home,
        journal,
        worker,
        core.enrolment,
        core.key,
        station_db.writer,
        station_db.readers,
        now_us,
        is_confirmed=lambda: core.sync.replicator.link.state == "live",
        fold=partial(asyncio.to_thread, fold_wal, station_db.path),
    )
