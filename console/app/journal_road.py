"""The road of every journal entry through the station, replayed, own or received alike, and what late facts change."""

import asyncio
import logging
from collections.abc import Callable, Coroutine, Sequence

from console.domain.refusal import Refused
from console.services.centre_marks import CentreMarks
from console.services.identity.gate import Rejudged
from console.services.identity.people import People
from console.services.journal.entries import Entry
from console.services.journal.log import JournalLog
from console.services.journal.projector import Projector
from console.services.servicedesk.incidents import IncidentDesk

_VERDICTS = ("unauthorised", "revoked_user")
log = logging.getLogger(__name__)


class JournalRoad:
    """`apply` takes entries in this order: people and rights, the gate, alarms and notes, incidents, labels, marks.

    An unsafe act without the right to it has no effect until it is countersigned; when facts about people come late,
    what was applied is taken back or let through (sync.md section 6, last row; P19).
    """

    def __init__(
        self,
        journal: JournalLog,
        people: People,
        projector: Projector,
        desk: IncidentDesk,
        marks: CentreMarks,
        others: Sequence[Callable[[Sequence[Entry]], None]] = (),
    ) -> None:
        self._journal = journal
        self._people = people
        self._projector = projector
        self._desk = desk
        self._marks = marks
        self._others = others
        self._tasks: set[asyncio.Task[None]] = set()
        self._is_live = False
        people.gate.rejudged.subscribe(self._on_rejudged)

    def replayed(self, entries: tuple[Entry, ...]) -> None:
        """Entries of the past: their flags are in the file already."""
        self._people.take(entries)
        self._desk.withhold(entry.hash for entry in entries if self._people.gate.is_withheld(entry))
        self._projector.apply(entries)
        self._desk.apply(entries)
        for take in self._others:
            take(entries)
        self._marks.on_entries(entries)

    def apply(self, entries: tuple[Entry, ...]) -> None:
        """Entries of now."""
        self.replayed(entries)
        doubtful = [(entry.hash, verdict) for entry in entries if (verdict := self._people.gate.judge(entry))]
        if doubtful:
            self._spawn(self._flag(doubtful))

    def go_live(self) -> None:
        """The past is replayed: from now on flags are written."""
        self._is_live = True

    async def close(self) -> None:
        """Flags that are being written are written; the others follow at the next start."""
        for task in tuple(self._tasks):
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    def _on_rejudged(self, judged: Rejudged) -> None:
        self._desk.withhold(entry.hash for entry in judged.withheld)
        self._desk.release(entry.hash for entry in judged.released)
        if judged.from_hlc is not None and self._is_live:
            self._spawn(self._judge_anew(judged.from_hlc))

    async def _judge_anew(self, from_hlc: int) -> None:
        """Flags of what was stored before follow the verdicts of now."""
        try:
            async for entries in self._journal.walk(from_hlc):
                for entry in entries:
                    await self._follow_verdict(entry)
                await asyncio.sleep(0)
        except Refused as refusal:
            log.warning("flags could not be brought up to date: %s", refusal)

    async def _follow_verdict(self, entry: Entry) -> None:
        gate = self._people.gate
        verdict = gate.judge(entry)
        settled = gate.cleared_by(entry)
        known = self._journal.flags_of(entry.hash)
        for flag in _VERDICTS:
            stands = flag == verdict and not settled
            if stands and flag not in known:
                await self._journal.flag(entry.hash, flag)
            elif not stands and flag in known:
                await self._journal.clear_flag(entry.hash, flag, settled)

    async def _flag(self, doubtful: Sequence[tuple[bytes, str]]) -> None:
        try:
            for event_hash, verdict in doubtful:
                await self._journal.flag(event_hash, verdict)
        except Refused as refusal:
            log.warning("a flag could not be written: %s", refusal)

    def _spawn(self, work: Coroutine[object, object, None]) -> None:
        task = asyncio.ensure_future(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)
