"""What a running station notices about its own clock and its site's files, and writes down."""

import asyncio
import hashlib
import logging
from collections.abc import Awaitable, Callable, Sequence
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING
from uuid import UUID

from console.config import users_file
from console.domain.alarms import Priority
from console.domain.fact import Fact
from console.domain.facts import SiteFileApplied
from console.domain.refusal import Refused
from console.domain.station_facts import ClockStepped
from console.services.clock_steps import ClockSteps
from console.services.journal.entries import SITE_FILE, SYSTEM
from console.services.journal.holdings import CENTRE
from console.services.records import PeerState
from console.services.station import JournalQuery
from console.services.telemetry.clock import SystemClock

if TYPE_CHECKING:
    from console.app.bootstrap import Core

OFFSET_TEXT = "The clock of this PC differs from the centre's by more than 5 seconds"
RULES_TEXT = "Consoles of this site work by different alarm rules: copy the same site folder to all and restart them"
OFFSET_S = 5.0
SANE_S = 300.0  # a clock that is off by less is followed by others (INV-16)
_TOLD_S = 0.25  # a smaller change of the offset is no news for the log
_LOOK_S = 1.0
_TOGETHER_S = 0.05  # two readings of clocks that are compared
_RULES_TURNS = 5
_MEASURED_S = 30.0  # after a step of the clock: everybody's offset was measured anew by then
log = logging.getLogger(__name__)

Append = Callable[[Sequence[Fact]], Awaitable[object]]
Tell = Callable[[str, str], None]  # key and text of a system alarm; without text it has ended


class ClockCare:
    """Writes down every step of the PC's clock and logs its offset to the centre. `append` may raise Refused."""

    def __init__(self, station_id: UUID, append: Append, tell: Tell, offset_s: Callable[[], float | None]) -> None:
        self._station_id = station_id
        self._append = append
        self._tell = tell
        self._offset_s = offset_s
        self._steps = ClockSteps()
        self._unwritten_ms = 0
        self._logged_s: float | None = None
        self.stepped_s = float("-inf")  # monotonic: until a while later others' offsets are those of before

    async def look(self, now_us: int, mono_s: float) -> None:
        jumped_ms = self._steps.look(now_us, mono_s)
        if jumped_ms:
            self.stepped_s = mono_s
            log.warning("clock: somebody set it by %+d ms", jumped_ms)
            self._unwritten_ms += jumped_ms
        if self._unwritten_ms:
            try:
                await self._append([ClockStepped(self._station_id, self._unwritten_ms)])
            except Refused:
                return  # with the next look
            self._unwritten_ms = 0
        self._compare(self._offset_s())

    def _compare(self, offset_s: float | None) -> None:
        if offset_s is None:
            return  # nobody to compare with: what was known stands
        if self._logged_s is None or abs(offset_s - self._logged_s) >= _TOLD_S:
            log.info("clock: source system, UTC, offset to the centre %+.3f s", offset_s)
            self._logged_s = offset_s
        self._tell("clock.centre", OFFSET_TEXT if abs(offset_s) > OFFSET_S else "")


class Watches:
    """Part of the standing work: `run` until cancelled."""

    def __init__(self, core: "Core") -> None:
        self._core = core
        self._clock = SystemClock()
        self._care = ClockCare(core.settings.station_id, self._append, self._tell, self._offset_s)

    async def run(self) -> None:
        await note_site_files(self._core)
        turn = 0
        while True:
            before_s, now_us, after_s = self._clock.mono_s(), self._clock.now_us(), self._clock.mono_s()
            if after_s - before_s < _TOGETHER_S:  # else the machine was busy between the two: no step of the clock
                await self._care.look(now_us, before_s)
            if turn % _RULES_TURNS == 0:
                self._compare_rules()
                await self._end_clock_doubt(before_s)
            turn += 1
            await asyncio.sleep(_LOOK_S)

    def _compare_rules(self) -> None:
        core = self._core
        peers = core.sync.status.record().peers
        present = [one.station_id for one in peers if one.station_id is not None and one.state == PeerState.LIVE]
        self._tell("rules", RULES_TEXT if core.rules.differing(core.settings.station_id, present) else "")

    async def _end_clock_doubt(self, mono_s: float) -> None:
        """Once another's clock agrees with ours again, what is done here is no longer stamped by the wrong one."""
        if mono_s - self._care.stepped_s < _MEASURED_S:
            return
        peers = self._core.sync.status.record().peers
        told = [one.clock_offset_s for one in peers if one.state == PeerState.LIVE and one.clock_offset_s is not None]
        if any(abs(offset_s) < SANE_S for offset_s in told):
            with suppress(Refused):  # a full disk: with a later look
                if await self._core.parts.journal.on_sane_clock():
                    log.warning("clock: it is right again; what follows goes into a new stream")

    def _offset_s(self) -> float | None:
        return next((one.clock_offset_s for one in self._core.sync.status.record().peers if one.name == CENTRE), None)

    async def _append(self, facts: Sequence[Fact]) -> object:
        return await self._core.parts.journal.append(facts, SYSTEM)

    def _tell(self, key: str, text: str) -> None:
        if text:
            self._core.engine.raise_system(key, text, Priority.HIGH, self._clock.now_us())
        else:
            self._core.engine.clear_system(key, self._clock.now_us())


async def note_site_files(core: "Core") -> None:
    """Each file of `site/` whose content is not what this station applied last becomes a fact."""
    journal = core.parts.journal
    rows = await journal.query(JournalQuery(etype=SiteFileApplied.etype, station=core.settings.code))
    folder = core.settings.site or core.folders.config / "site"
    for path in sorted(folder.glob("*.toml")):
        if path.name == users_file.FILE:
            continue  # its people are facts, and so is that it was read
        digest = await asyncio.to_thread(_digest, path)
        newest = next((row.summary for row in rows if path.name in row.summary), "")
        if digest not in newest:
            try:
                await journal.append([SiteFileApplied(path.name, digest)], SITE_FILE)
            except Refused as refusal:
                log.warning("that %s was applied is not written down: %s", path.name, refusal)


def _digest(path: Path) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest()
