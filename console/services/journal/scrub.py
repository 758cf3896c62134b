"""Proves the journal again and again while the station runs: once a month, and at once what came by a snapshot.

In small slices with long pauses, by a reader's thread, so that neither the operator nor the sync notices it.
"""

import asyncio
import json
import logging
from collections.abc import Awaitable, Callable
from dataclasses import asdict, dataclass, replace
from typing import Any, Protocol

from sqlalchemy.engine import Connection

from console.domain.refusal import Refused
from console.services.journal.event_table import read_meta, write_meta
from console.services.journal.verify import Against, Verification
from console.services.journal.verify_report import VerifyReport
from console.services.storage.failures import DamagedDatabase
from console.services.storage.ports import Reader, Writer

UNPROVEN = "unproven_snapshot"  # meta: the snapshot whose signatures were not checked yet, as JSON; empty: none
_LAST = "last_scrub"
MONTH_US = 30 * 86_400_000_000
_LOOK_S = 3600.0
_CALM_S = 60.0
_SLICE = 50  # events; some 10 ms
_DUTY = 0.1
_URGENT_DUTY = 0.5
log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class ScrubRecord:
    """How the last proof went: state is never, running, sound or broken; `place` says the first break."""

    state: str = "never"
    at_us: int = 0
    events: int = 0
    of_all: int = 0
    breaks: int = 0
    place: str = ""
    is_of_snapshot: bool = False


class Pause(Protocol):
    def __call__(self, seconds: float, /) -> Awaitable[object]: ...


class Scrub:
    """`await load()`, then run `run()` as a task; cancel it to stop. `on_record(record)` tells every step of it,
    `on_broken(report)` what was found. Main thread; the proof itself runs in the reader's thread."""

    def __init__(
        self,
        reader: Reader,
        writer: Writer,
        *,
        against: Callable[[], Against],
        now_us: Callable[[], int],
        mono_s: Callable[[], float],
        on_record: Callable[[ScrubRecord], None] = lambda record: None,
        on_broken: Callable[[VerifyReport], Awaitable[None]],
        pause: Pause = asyncio.sleep,
    ) -> None:
        self.record = ScrubRecord()
        self._reader = reader
        self._writer = writer
        self._against = against
        self._now_us = now_us
        self._mono_s = mono_s
        self._on_record = on_record
        self._on_broken = on_broken
        self._pause = pause

    async def run(self) -> None:
        """For ever: proves when it is due, looks again every hour."""
        await self.load()
        if not await self._reader.read(lambda c: read_meta(c, UNPROVEN)):
            await self._pause(_CALM_S)  # a start has other things to do
        while True:
            try:
                if await self.is_due():
                    await self.once()
            except Refused as refusal:  # it had to give way to the writer, or the disk is full: it is due again
                log.info("the proof of the journal is put off: %s", refusal)
            await self._pause(_LOOK_S)

    async def load(self) -> None:
        """What the last proof found, over a restart."""
        told = await self._reader.read(lambda c: read_meta(c, _LAST))
        if told:
            try:
                self.record = ScrubRecord(**json.loads(told))
            except (ValueError, TypeError) as error:
                log.info("what the last proof of the journal found cannot be read: %s", error)
            self._on_record(self.record)

    async def is_due(self) -> bool:
        """A snapshot waits for its proof, or the last one is a month old, or of a time to come."""
        if await self._reader.read(lambda c: read_meta(c, UNPROVEN)):
            return True
        age_us = self._now_us() - self.record.at_us
        return not 0 <= age_us < MONTH_US

    async def once(self) -> VerifyReport:
        """One proof of the whole journal."""
        is_urgent = bool(await self._reader.read(lambda c: read_meta(c, UNPROVEN)))
        proof = Verification(self._against(), checks_pages=False, chunk=_SLICE)
        report = proof.report
        self._tell(ScrubRecord("running", self._now_us(), is_of_snapshot=is_urgent))
        try:
            for part in proof.slices():
                began_s = self._mono_s()
                await self._reader.read(part)
                self._tell(replace(self.record, events=report.events, of_all=proof.expected))
                took_s = self._mono_s() - began_s
                duty = _URGENT_DUTY if is_urgent else _DUTY
                await self._pause(took_s * (1 / duty - 1))
        except DamagedDatabase as error:
            report.broken("", 0, str(error), is_damage=True)
        await self._end(report, is_urgent)
        return report

    async def _end(self, report: VerifyReport, is_urgent: bool) -> None:
        record = ScrubRecord(
            "sound" if report.is_sound else "broken",
            self._now_us(),
            report.events,
            report.events,
            len(report.breaks) + report.unlisted,
            next(report.places(), ""),
            is_urgent,
        )

        def keep(connection: Connection) -> None:
            write_meta(connection, _LAST, json.dumps(asdict(record)))
            if is_urgent and report.is_sound:
                write_meta(connection, UNPROVEN, "")

        self._tell(record)
        if not report.is_sound:
            for place in report.places():
                log.error("the journal is broken: %s", place)
            await self._on_broken(report)
        await self._writer.write(keep)

    def _tell(self, record: ScrubRecord) -> None:
        self.record = record
        self._on_record(record)


def unproven_snapshot(connection: Connection) -> dict[str, Any]:
    """The snapshot that waits for its proof: sha256, file, station, events; empty when none does."""
    told = read_meta(connection, UNPROVEN)
    found: dict[str, Any] = json.loads(told) if told else {}
    return found
