"""Joins the proof of the journal in the background with the station: what it is proven against, and what it raises."""

import logging
import time
from collections.abc import Callable
from typing import Protocol

from console.app.storage_care import StorageCare
from console.config.settings import SiteSettings, StationSettings
from console.domain.alarms import Priority
from console.services.alarms.engine import AlarmEngine
from console.services.journal.entries import Entry
from console.services.journal.envelope import BadEvent
from console.services.journal.event_table import Tip
from console.services.journal.log import JournalLog
from console.services.journal.scrub import Scrub, ScrubRecord
from console.services.journal.verify import Against, VerifyReport
from console.services.records import CatchUp
from console.services.storage.anchor import Anchor, anchor_folder
from console.services.storage.failures import DamagedDatabase
from console.services.storage.schema import Database
from console.services.sync.sync_status import SyncStatus

log = logging.getLogger(__name__)
BROKEN_TEXT = "The proof of the journal found a break: `leitstand verify` names the place"

_HISTORY = "journal"  # as the name of a peer: what this station catches up with is its own past


class Place(Protocol):
    """What of a built station tells who it is."""

    @property
    def settings(self) -> StationSettings: ...
    @property
    def site(self) -> SiteSettings: ...


class ProofCare:
    """`scrub` is run by the station's standing work; `replay_rest` gives what a long journal left out at the start."""

    def __init__(
        self,
        place: Place,
        journal: Database,
        public_key: bytes,
        care: StorageCare,
        engine: AlarmEngine,
        status: SyncStatus,
        now_us: Callable[[], int],
    ) -> None:
        self._place = place
        self._public_key = public_key
        self._care = care
        self._engine = engine
        self._status = status
        self._now_us = now_us
        self.scrub = Scrub(
            journal.readers,
            journal.writer,
            against=self._against,
            now_us=now_us,
            mono_s=time.monotonic,
            on_record=self._on_record,
            on_broken=self._on_broken,
        )

    async def replay_rest(self, journal: JournalLog, apply: Callable[[tuple[Entry, ...]], None]) -> None:
        """Give the projections what a long journal left out at the start. Damage of the oldest events is met here."""

        def applied(entries: tuple[Entry, ...]) -> None:
            apply(entries)
            done, of_all = journal.replaying
            self._status.on_catch_up(CatchUp(_HISTORY, done, of_all))

        try:
            await journal.replay_rest(applied)
            self._status.on_catch_up(CatchUp(_HISTORY, 1, 1))
        except (BadEvent, DamagedDatabase) as error:
            await self._care.on_damage(str(error))

    def _on_record(self, record: ScrubRecord) -> None:
        self._status.set_proof("" if record.state == "never" else record.state, record.at_us, record.place)

    def _against(self) -> Against:
        settings, site = self._place.settings, self._place.site
        mark = Anchor(anchor_folder(settings.anchor), settings.station_id).read()
        anchor = Tip(mark.stream, mark.seq, mark.hash) if mark is not None else None
        return Against(self._public_key, anchor, site.site_id, site.authority)

    async def _on_broken(self, report: VerifyReport) -> None:
        """Damaged events are rescued at the next start: the file is set aside, what proves itself comes back."""
        if any(one.is_damage for one in report.breaks):
            await self._care.on_damage(next(report.places()))
        self._engine.raise_system("journal.proof", BROKEN_TEXT, Priority.HIGH, self._now_us())
