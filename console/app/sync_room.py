"""Everything that exchanges this station's journal with others, joined: the roads, what they carry beside events, and
what is told of it."""

import asyncio
import logging
from collections.abc import Callable, Sequence
from contextlib import suppress
from itertools import count
from pathlib import Path
from typing import TYPE_CHECKING
from uuid import UUID

from console.app.neighbourhood import Neighbourhood
from console.config.settings import SiteSettings
from console.domain.alarm_step import Transition
from console.domain.alarms import Priority
from console.domain.refusal import Refused
from console.domain.station_facts import ForkFound, StreamOpened
from console.services.alarms.transitions import AlarmTransition
from console.services.identity.certificates import BadCertificate, check_certificate
from console.services.identity.credentials import SignedCredential
from console.services.journal.entries import SYSTEM
from console.services.journal.event_table import Tip
from console.services.journal.keys import is_signed_by
from console.services.notifier import Undo
from console.services.storage.backup_schedule import newest_age_s
from console.services.storage.readers import ReaderPool
from console.services.sync.alarm_lane import LaneRow
from console.services.sync.central_rows import CredentialRow
from console.services.sync.messages import Head, receipt_bytes
from console.services.sync.replicator import Replicator, Riders
from console.services.sync.sync_status import Look, SyncStatus

if TYPE_CHECKING:
    from console.app.bootstrap import Core

FORK_TEXT = "A journal stream was continued at two places: both are kept, see the Sync view"
_LOOK_S = 1.0
_BACKUP_TURNS = 20
_WORDS = frozenset(word.value for word in Transition)
log = logging.getLogger(__name__)


def is_enrolled(site: SiteSettings, opening: StreamOpened, station: UUID) -> bool:
    """True when the site's authority knows the key that opens a stream; a site without one trusts on first sight."""
    if not site.authority:
        return True
    try:
        check_certificate(
            opening.certificate_hex,
            site.authority,
            site=site.site_id,
            station=station,
            code=opening.station_code,
            public_key=bytes.fromhex(opening.public_key_hex),
        )
    except (BadCertificate, ValueError):
        return False
    return True


class SyncRoom:
    """Built with its station, started and stopped by the standing work; all in the main loop."""

    def __init__(self, core: "Core", readers: ReaderPool, data: Path, now_us: Callable[[], int]) -> None:
        self._core = core
        self._readers = readers
        self._now_us = now_us
        self._credential_mark = 0
        self.status = SyncStatus(now_us)
        self.replicator = Replicator(
            core.parts.journal,
            data / "journal.db",
            core.settings.centre,
            on_link=core.parts.links.put,
            now_us=now_us,
            riders=Riders(
                sign=lambda tip: core.key.sign(receipt_bytes(Head(tip.stream, tip.seq, tip.hash))),
                is_signed=self._is_signed,
                on_peer=self.status.on_peer,
                on_alarm_rows=self._take_rows,
                credentials=self._own_credentials,
                on_credentials=self._take_credentials,
            ),
            station_db=data / "station.db",
        )
        self.neighbourhood = Neighbourhood(core, data, self.status)
        self._undos: list[Undo] = []
        self._task: asyncio.Task[None] | None = None
        self._forks: set[asyncio.Task[None]] = set()

    def start(self) -> None:
        journal = self._core.parts.journal
        for notifier in (journal.entries, journal.received, journal.holdings_changed):
            self._undos.append(notifier.subscribe(self.status.on_journal))
        self._undos.append(self._core.people.credentials.changed.subscribe(lambda _none: self._on_credentials()))
        self._undos.append(journal.fork_found.subscribe(self._on_fork))
        self.replicator.start()
        self.neighbourhood.start()
        self._task = asyncio.ensure_future(self._look())

    async def stop(self) -> None:
        for undo in self._undos:
            undo()
        self._undos.clear()
        self.replicator.stop()
        await self.neighbourhood.stop()
        tasks = [task for task in (self._task, *self._forks) if task is not None]
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    def tell(self) -> None:
        """What the Sync view and the status strip show; cheap when nothing changed."""
        core = self._core
        self.status.set_conflicts(core.parts.desk.disputed)
        self.status.set_enrolled(core.enrolment.why_not, core.enrolment.pairing_code)
        core.parts.sync.set(self.status.record())

    async def _look_for_backup(self) -> None:
        """The folder may be far away, so seldom and in a worker."""
        care, code = self._core.care, self._core.settings.code
        if care.backups is not None:
            now_us = self._now_us()
            age_s = await asyncio.to_thread(newest_age_s, care.backups.folder, code, now_us / 1e6)
            self.status.set_backup(0 if age_s is None else now_us - int(age_s * 1e6), care.backup_problem)

    async def _look(self) -> None:
        """A look that fails is taken again: what the Sync view shows must not stand still unseen."""
        failing = False
        for turn in count():
            try:
                await self._look_once(turn)
                failing = False
            except Exception as error:
                self.status.on_journal()
                if not failing:
                    log.warning("the state of the exchange cannot be read: %s", error)
                failing = True
            self.tell()
            await asyncio.sleep(_LOOK_S)

    async def _look_once(self, turn: int) -> None:
        if turn % _BACKUP_TURNS == 0:
            await self._look_for_backup()
        if self.status.is_dirty:
            self.status.is_dirty = False
            self.status.take_look(await self._readers.read(Look))

    def _on_fork(self, found: tuple[UUID, int]) -> None:
        stream, seq = found
        log.warning("fork: stream %s was continued at two places behind %d", stream, seq - 1)
        self._core.engine.raise_system("fork", FORK_TEXT, Priority.HIGH, self._now_us())
        task = asyncio.ensure_future(self._note_fork(stream, seq))
        self._forks.add(task)
        task.add_done_callback(self._forks.discard)

    async def _note_fork(self, stream: UUID, seq: int) -> None:
        with suppress(Refused):
            await self._core.parts.journal.append([ForkFound(stream, seq)], SYSTEM)

    def _is_signed(self, station: UUID, tip: Tip, signature: bytes) -> bool:
        told = receipt_bytes(Head(tip.stream, tip.seq, tip.hash))
        return any(is_signed_by(key, signature, told) for key in self._core.people.stations.keys_of(station))

    def _take_rows(self, rows: Sequence[LaneRow]) -> None:
        """What other stations logged about alarms that exist here; the centre keeps the key and the words of a row,
        kind and rule are this station's own. What no rule here makes is history of the centre alone."""
        told = []
        for row in rows:
            condition = self._core.engine.condition(row.condition_id)
            if condition is None or row.transition not in _WORDS:
                continue
            told.append(
                AlarmTransition(
                    row.condition_id,
                    row.start_us,
                    Transition(row.transition),
                    row.n,
                    row.at_us,
                    row.receive_us,
                    row.priority,
                    row.severity,
                    row.value,
                    row.text,
                    row.subject,
                    condition.kind.value,
                    condition.rule_id,
                    condition.side,
                    condition.area,
                    condition.asset_name,
                    row.who,
                )
            )
        if told:
            self._core.alarm_lane.add(told)

    def _on_credentials(self) -> None:
        if self.replicator.is_running:
            self.replicator.send_credentials()

    async def _own_credentials(self) -> Sequence[CredentialRow]:
        rows, self._credential_mark = await self._core.people.credentials.rows_since(self._credential_mark)
        return [
            CredentialRow(row.user_id, row.kind, row.version, row.encoded, row.at_us, row.station, row.sig.hex())
            for row in rows
        ]

    async def _take_credentials(self, rows: Sequence[CredentialRow]) -> None:
        site = self._core.site.site_id
        taken = [
            SignedCredential(
                1, site, row.user_id, row.kind, row.version, row.encoded, row.at_us, row.station, bytes.fromhex(row.sig)
            )
            for row in rows
        ]
        with suppress(Refused):  # they come again in the next round
            await self._core.people.credentials.take(taken)
