"""What goes on while a station runs: the beat, the alarm lane, the tag file, the door, and what it says of itself."""

import asyncio
import contextlib
import logging
from collections.abc import Callable
from typing import TYPE_CHECKING
from uuid import UUID

from console.app.door import Door
from console.app.storage_care import damage_met
from console.app.watches import Watches
from console.domain.alarms import Priority
from console.domain.refusal import Refused
from console.services.alarms.alarm_log import AlarmLog
from console.services.alarms.watch_spans import EVERY_S as WATCH_S
from console.services.journal.twin_watch import TwinWatch
from console.services.local_socket import LocalServer
from console.services.notifier import Undo
from console.services.pulse import Pulse
from console.services.storage.anchor import FINGERPRINT, ROLLED_BACK
from console.services.telemetry.clock import SystemClock
from console.services.telemetry.tag_snapshot import LOOK_S as TAGS_S
from console.services.telemetry.tag_snapshot import TagSnapshot

if TYPE_CHECKING:
    from console.app.bootstrap import Core

log = logging.getLogger(__name__)
CENTRE_PATIENCE_S = 60.0  # a shorter absence is no alarm; the status strip shows it at once
CENTRE_TEXT = "The centre is away; what is done here is kept and sent when it is back"
TWIN_TEXT = "This station's data folder was copied or brought back: another console may act under its name"
LANE_TEXT = "The alarm log cannot be written; its rows wait in memory"
WATCH_TEXT = "Watched time cannot be written; alarm figures of this time will be missing"
TAGS_TEXT = "The tag file cannot be written; after a restart old values will be missing"
FLUSH_S = 0.1
TAKE_S, BEHIND_S = 0.012, 0.008  # of a turn for what comes in; while a burst waits to be played, which takes its own
LOOK_S = 5.0


class StandingWork:
    """Started and stopped with its station; everything in the main loop."""

    def __init__(
        self, core: "Core", alarm_lane: AlarmLog, tag_file: TagSnapshot, raise_window: Callable[[], None] | None
    ) -> None:
        self._core = core
        self._alarm_lane = alarm_lane
        self._tag_file = tag_file
        self._clock = SystemClock()
        self._pulse = Pulse(self._turn, core.station.beat_some, core.defect)
        self._server = LocalServer(core.folders.data, Door(core, raise_window).handle)
        self._tasks: list[asyncio.Task[None]] = []
        self._made_here: set[UUID] = set()  # streams that this very process writes
        self._twin = TwinWatch(self._made_here.__contains__)
        self._undos: list[Undo] = []

    def start(self) -> None:
        core = self._core
        journal = core.parts.journal
        self._undos.append(journal.own_head.subscribe(lambda head: self._made_here.add(head.stream)))
        self._undos.append(journal.entries.subscribe(lambda e: self._twin.on_entries(e, self._clock.now_us())))
        if core.doubt in (ROLLED_BACK, FINGERPRINT):
            self._twin.on_word(self._clock.now_us())
        core.sync.neighbourhood.twins.subscribe(lambda _: self._twin.on_word(self._clock.now_us()))
        core.watch.begin()
        core.history.start()
        if core.recall.is_done:
            core.telemetry.start()
        core.sync.start()
        core.care.start(core.readers)
        self._pulse.start()
        for work in (
            self._recall_tags(),
            self._serve_door(),
            self._flush_alarms(),
            self._tell_watched(),
            self._save_tags(),
            Watches(core).run(),
            self._look_at_people(),
            core.replay_rest(),
            core.proof.scrub.run(),
            core.usual.run(),
        ):
            task = asyncio.ensure_future(work)
            task.add_done_callback(self._on_ended)
            self._tasks.append(task)

    async def _recall_tags(self) -> None:
        """The tags of the last run behind the window; the links start when every tag has its handle."""
        core = self._core
        if core.recall.is_done:
            return
        try:
            await core.recall.in_pieces()
        except Exception as error:
            log.exception("the tag file cannot be read; its tags are unknown until their sources tell them")
            damage_met(error, core.folders.data)  # noted: the next start sets the file aside
            core.defect("tag file")
        core.telemetry.start()

    def _on_ended(self, task: "asyncio.Task[None]") -> None:
        """What ends by an error is missed by nobody until it is needed: it is said at once."""
        error = None if task.cancelled() else task.exception()
        if error is not None:
            log.error("a part of the standing work ended: %s", task.get_coro(), exc_info=error)
            self._core.defect("standing work")

    async def stop(self) -> None:
        core = self._core
        for undo in self._undos:
            undo()
        self._pulse.stop()  # first: our own goodbye to the broker is no event of the plant
        core.telemetry.stop()
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        await self._server.close()
        await core.sync.stop()
        with contextlib.suppress(Refused, OSError):
            core.engine.drain(self._clock.now_us())
            self._alarm_lane.add(core.engine.take_transitions())
            await self._alarm_lane.flush()
            await core.watch.tell()
            await self._tag_file.save()

    def _turn(self) -> bool:
        now_us, mono_s = self._clock.now_us(), self._clock.mono_s()
        self._core.ingest.turn(now_us, mono_s, BEHIND_S if self._core.engine.waiting else TAKE_S)
        self._core.by_design.tick(now_us)
        self._core.engine.tick(now_us, mono_s)
        self._alarm_lane.add(self._core.engine.take_transitions())
        self._judge_centre(now_us)
        self._judge_twin(now_us)
        return self._core.ingest.has_more or self._core.engine.waiting > 0

    def _judge_centre(self, now_us: int) -> None:
        link = self._core.sync.replicator.link
        if link.state in ("live", "off"):
            self._core.engine.clear_system("centre", now_us)
        elif now_us - link.since_us > CENTRE_PATIENCE_S * 1e6:
            self._core.engine.raise_system("centre", CENTRE_TEXT, Priority.LOW, now_us)

    def _judge_twin(self, now_us: int) -> None:
        if self._twin.is_suspected(now_us):
            self._core.engine.raise_system("twin", TWIN_TEXT, Priority.HIGH, now_us)
        else:
            self._core.engine.clear_system("twin", now_us)

    async def _serve_door(self) -> None:
        try:
            await self._server.start()
        except OSError as error:
            log.warning("the local door stays closed: %s", error)

    async def _flush_alarms(self) -> None:
        await self._repeat(FLUSH_S, self._alarm_lane.flush, "alarm log", LANE_TEXT)

    async def _tell_watched(self) -> None:
        await self._repeat(WATCH_S, self._core.watch.tell, "watched time", WATCH_TEXT)

    async def _save_tags(self) -> None:
        await self._repeat(TAGS_S, lambda: self._tag_file.look(self._clock.mono_s()), "tag file", TAGS_TEXT)

    async def _repeat(self, pause_s: float, work: Callable[[], object], name: str, text: str) -> None:
        """Until stopped; a failure is said once, the rows wait and come first again."""
        failing = False
        while True:
            await asyncio.sleep(pause_s)
            try:
                await work()  # type: ignore[misc]
            except Exception as error:
                if not failing:
                    log.warning("the %s cannot be written: %s", name, error)
                    self._core.engine.raise_system(name, text, Priority.HIGH, self._clock.now_us())
                failing = True
            else:
                if failing:
                    self._core.engine.clear_system(name, self._clock.now_us())
                failing = False

    async def _look_at_people(self) -> None:
        """A changed users.toml, and glasses broken and never explained, are noticed while the station runs."""
        core = self._core
        while True:
            await asyncio.sleep(LOOK_S)
            now_us = self._clock.now_us()
            if core.sync.replicator.link.state == "live":
                core.people.sign_on.note_confirmed(now_us)
            for key, text in (await core.people.look()).items():
                if text:
                    core.engine.raise_system(key, text, Priority.HIGH, now_us)
                else:
                    core.engine.clear_system(key, now_us)
