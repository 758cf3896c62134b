"""A station's neighbours, joined: what they tell goes to alarms, people and the strip, and what they are told."""

import asyncio
import logging
from collections.abc import Coroutine, Sequence
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any
from uuid import UUID

from console.domain.alarms import Priority
from console.domain.refusal import Refused
from console.domain.station_facts import DivergenceFound, StationEnrolled
from console.services.identity.credentials import SignedCredential
from console.services.journal.entries import SYSTEM, Entry
from console.services.notifier import Notifier, Undo
from console.services.projection_digest import ProjectionDigest
from console.services.records import Trouble
from console.services.sync.neighbour_words import OpenNow
from console.services.sync.neighbours import Listeners, Neighbours, Standing
from console.services.sync.profile_rows import ProfileNow, signed_of, told_of
from console.services.sync.sync_status import SyncStatus
from console.services.telemetry.clock import SystemClock

if TYPE_CHECKING:
    from console.app.bootstrap import Core

DIVERGENCE_TEXT = "Two consoles with the same journal showed something else; it was made anew: tell the manufacturer"
PATIENCE_S = 8.0  # for last words to a broker that may not answer
log = logging.getLogger(__name__)


class Neighbourhood:
    """Built once the station's parts stand; started and stopped with the exchange of journals, in the main loop.

    `twins` tells whenever another console acts under this station's name.
    """

    def __init__(self, core: "Core", data: Path, status: SyncStatus) -> None:
        self.twins: Notifier[None] = Notifier()
        self._core = core
        self._clock = SystemClock()
        self._undos: list[Undo] = []
        self._tasks: set[asyncio.Future[None]] = set()
        self._told_profiles: tuple[SignedCredential, ...] = ()
        self._digest = ProjectionDigest({"incident": core.parts.desk, "ack": core.engine.acknowledging.kept})
        self.neighbours = Neighbours(
            core.parts.journal,
            data / "journal.db",
            core.settings.neighbours_broker,
            Standing(
                core.settings.name,
                core.key,
                core.site.authority,
                lambda: core.enrolment.certificate_hex,
                self._revoked,
                core.enrolment.request,
            ),
            Listeners(
                on_link=core.parts.links.put,
                on_peer=status.on_peer,
                on_catch_up=status.on_catch_up,
                on_troubles=self._on_troubles,
                on_twin=lambda: self.twins.notify(None),
                on_divergence=self._on_divergence,
                on_occurrences=self._on_occurrences,
                on_alarm_rows=core.alarm_lane.add,
                on_join=self._on_join,
                on_joined=core.enrolment.take_certificate,
                on_profiles=self._on_profiles,
                open_now=self._open_now,
                digests=self.digests,
            ),
            station_db=data / "station.db",
        )

    def digests(self) -> dict[str, bytes] | None:
        """What this station shows, bucket by bucket: equal wherever the same events were applied. None while a long
        journal is still being replayed."""
        return None if self._core.parts.journal.replaying != (0, 0) else self._digest.digests()

    def start(self) -> None:
        people = self._core.people
        self._undos = [
            self._core.parts.journal.entries.subscribe(self._on_entries),
            people.changed.subscribe(lambda _none: self._tell_profiles()),
        ]
        self._tell_profiles()
        self.neighbours.start()

    async def stop(self) -> None:
        for undo in self._undos:
            undo()
        for task in tuple(self._tasks):
            task.cancel()
        self.neighbours.ask_stop()
        until_s = self._clock.mono_s() + PATIENCE_S
        while self.neighbours.is_running and self._clock.mono_s() < until_s:  # noqa: ASYNC110 a thread tells no loop
            await asyncio.sleep(0.02)
        self.neighbours.stop()

    def _revoked(self) -> frozenset[UUID]:
        return frozenset(one.station_id for one in self._core.people.stations.known() if one.is_revoked)

    def _on_entries(self, entries: tuple[Entry, ...]) -> None:
        for entry in entries:
            if entry.is_own and isinstance(entry.fact, StationEnrolled):
                self.neighbours.publish_joined(entry.fact.station_id, entry.fact.certificate_hex)

    def _on_join(self, raw: bytes) -> None:
        if self._core.enrolment.take_request(raw):
            self._core.people.changed.notify(None)

    def _tell_profiles(self) -> None:
        """What neighbours may have: signed, and of nobody who was erased."""
        rows = self._core.people.credentials.profiles()
        if rows != self._told_profiles:
            self._told_profiles = rows
            self.neighbours.set_profiles(told_of(rows))

    def _on_profiles(self, rows: Sequence[ProfileNow]) -> None:
        self._spawn(self._take_profiles(rows))

    async def _take_profiles(self, rows: Sequence[ProfileNow]) -> None:
        with suppress(Refused):  # it is asked again
            await self._core.people.take_profiles(signed_of(self._core.site.site_id, rows))

    def _spawn(self, work: Coroutine[Any, Any, None]) -> None:
        task = asyncio.ensure_future(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    def _on_occurrences(self, station: UUID, told: Sequence[OpenNow] | None) -> None:
        self._core.engine.elsewhere.told(station, told, self._clock.now_us())

    def _open_now(self, everything: bool) -> list[OpenNow] | None:
        ours = self._core.engine.elsewhere.ours(everything=everything)
        return None if ours is None else [OpenNow(*one) for one in ours]

    def _on_troubles(self, troubles: list[Trouble]) -> None:
        for trouble in troubles:
            self._core.parts.troubles.put(trouble)

    def _on_divergence(self, bucket: str, peer: str) -> None:
        log.error("sync.divergence: %s differs from %s although both hold the same events", bucket, peer)
        self._core.engine.raise_system("divergence", DIVERGENCE_TEXT, Priority.HIGH, self._clock.now_us())
        self._spawn(self._note_divergence(bucket, peer))

    async def _note_divergence(self, bucket: str, peer: str) -> None:
        """The bucket is made anew from the journal; what was found stays in the journal, whatever comes of it."""
        core = self._core
        with suppress(Refused):
            await core.parts.journal.append([DivergenceFound(peer, bucket)], SYSTEM)
            for entity in self._digest.ids_in(bucket):
                if bucket.startswith("incident/"):
                    core.parts.desk.rebuild(entity, await core.parts.journal.about("incident", str(entity)))
                else:
                    entries = await core.parts.journal.about("condition", str(entity))
                    core.effects.rebuild_acknowledgements(entity, entries)
