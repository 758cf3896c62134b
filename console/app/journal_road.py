"""The road of every journal entry through the station, replayed, own or received alike, and what late facts change."""

import asyncio
import gc
import logging
from collections.abc import Callable, Coroutine, Iterable, Sequence
from typing import Protocol

from console.domain.refusal import Refused
from console.services.centre_marks import CentreMarks
from console.services.identity.gate import Rejudged
from console.services.identity.people import People
from console.services.journal.entries import Entry
from console.services.journal.log import JournalLog
from console.services.journal.projector import Projector
from console.services.servicedesk.incidents import IncidentDesk

_VERDICTS = ("unauthorised", "revoked_user")
_BULK = 100  # entries at once: a backlog, of which projections keep most
_AT_ONCE = 200  # entries that are judged anew before others have their turn
Take = Callable[[tuple[Entry, ...]], object]
log = logging.getLogger(__name__)


class HeldBack(Protocol):
    """A projection in which what was done without the right to it has no effect."""

    def withhold(self, hashes: Iterable[bytes]) -> None: ...
    def release(self, hashes: Iterable[bytes]) -> None: ...


class JournalRoad:
    """`apply` takes entries in this order: people and rights, the gate, alarms and notes, incidents, labels, marks.

    An unsafe act without the right to it has no effect until it is countersigned; when facts about people come late,
    what was applied is taken back or let through (P19).
    """

    def __init__(
        self,
        journal: JournalLog,
        people: People,
        projector: Projector,
        desk: IncidentDesk,
        marks: CentreMarks,
        others: Sequence[Take] = (),
        on_defect: Callable[[str], None] = lambda _place: None,
        held_back: Sequence[HeldBack] = (),
    ) -> None:
        self._journal = journal
        self._people = people
        self._held_back: tuple[HeldBack, ...] = (desk, *held_back)
        self._on_defect = on_defect
        self._steps: tuple[Take, ...] = (
            people.take,
            self._withhold,
            projector.apply,
            desk.apply,
            *others,
            marks.on_entries,
        )
        self._tasks: set[asyncio.Task[None]] = set()
        self._is_live = False
        self._unsure: list[Entry] = []  # whose flags in the file are not what the gate says
        self._anew_from: int | None = None
        self._is_judging = False
        people.gate.rejudged.subscribe(self._on_rejudged)

    def replayed(self, entries: tuple[Entry, ...]) -> None:
        """Entries of the past: their flags are in the file, but for those of a station that ended before it wrote
        them."""
        self._take(entries)
        self._unsure += filter(self._is_unsure, entries)
        self._settle()

    def apply(self, entries: tuple[Entry, ...]) -> None:
        """Entries of now."""
        self._take(entries)
        doubtful = [(entry.hash, verdict) for entry in entries if (verdict := self._people.gate.judge(entry))]
        if doubtful:
            self._spawn(self._flag(doubtful))
        if len(entries) >= _BULK and gc.isenabled():
            gc.freeze()  # a collector that looks through a million kept objects again and again stops the window

    def go_live(self) -> None:
        """The past is replayed: from now on flags are written."""
        self._is_live = True
        self._settle()

    def _take(self, entries: tuple[Entry, ...]) -> None:
        for step in self._steps:
            self._guarded(step, entries)

    def _guarded(self, step: Take, entries: tuple[Entry, ...]) -> None:
        """One entry that a projection cannot take stops neither the others of its batch nor other projections, nor
        the start (P10). A projection passes over what it took before it failed: it knows entries by their hashes."""
        try:
            step(entries)
        except Exception:
            if len(entries) > 1:
                for entry in entries:
                    self._guarded(step, (entry,))
                return
            log.exception("%s cannot take %s of %s", step, entries[0].etype, entries[0].hash.hex()[:12])
            self._on_defect("journal")

    def _withhold(self, entries: tuple[Entry, ...]) -> None:
        withheld = [entry.hash for entry in entries if self._people.gate.is_withheld(entry)]
        if withheld:
            for one in self._held_back:
                one.withhold(withheld)

    def _is_unsure(self, entry: Entry) -> bool:
        verdict = self._people.gate.judge(entry)
        known = self._journal.flags_of(entry.hash)
        return any((flag == verdict) != (flag in known) for flag in _VERDICTS)

    def _settle(self) -> None:
        if self._is_live and self._unsure:
            unsure, self._unsure = self._unsure, []
            self._spawn(self._follow_verdicts(unsure))

    async def close(self) -> None:
        """Flags that are being written are written; the others follow at the next start."""
        for task in tuple(self._tasks):
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    def _on_rejudged(self, judged: Rejudged) -> None:
        for one in self._held_back:
            one.withhold([entry.hash for entry in judged.withheld])
            one.release([entry.hash for entry in judged.released])
        if judged.from_hlc is not None and self._is_live:
            self._anew_from = judged.from_hlc if self._anew_from is None else min(self._anew_from, judged.from_hlc)
            if not self._is_judging:  # one walk at a time, however many facts about people a catch-up brings
                self._is_judging = True
                self._spawn(self._judge_anew())

    async def _judge_anew(self) -> None:
        """Flags of what was stored before follow the verdicts of now."""
        try:
            while (from_hlc := self._anew_from) is not None:
                self._anew_from = None
                async for entries in self._journal.walk(from_hlc, _AT_ONCE):
                    await self._follow_verdicts([entry for entry in entries if self._is_unsure(entry)])
                    await asyncio.sleep(0)
        except Refused as refusal:
            log.warning("flags could not be brought up to date: %s", refusal)
        except Exception:
            log.exception("flags could not be brought up to date")
            self._on_defect("flags")
        finally:
            self._is_judging = False

    async def _follow_verdicts(self, entries: Sequence[Entry]) -> None:
        try:  # together: they share a commit
            await asyncio.gather(*(self._follow_verdict(entry) for entry in entries))
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
            await asyncio.gather(*(self._journal.flag(event_hash, verdict) for event_hash, verdict in doubtful))
        except Refused as refusal:
            log.warning("a flag could not be written: %s", refusal)

    def _spawn(self, work: Coroutine[object, object, None]) -> None:
        task = asyncio.ensure_future(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)
