"""The running side of archiving: sealed files become known to the journal, finished entries leave its table.

Everything here may be cut off at any moment and asked again. The order is what makes that safe: a file is proven
before its fact is written, the fact is durable before the file is listed, and only what is listed may leave.
"""

import asyncio
from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from uuid import UUID

from sqlalchemy.engine import Connection

from console.domain.acknowledgements import interval_of
from console.domain.archive_facts import JournalArchived, JournalPruned
from console.domain.facts import AlarmAcknowledged
from console.domain.refusal import Refused
from console.services.alarms.acknowledgements import Acknowledgements, digest_of
from console.services.journal import archive_table as table
from console.services.journal.archive_file import Sealed, check_segment, read_manifest
from console.services.journal.archive_finished import Bound, Finished
from console.services.journal.entries import SYSTEM
from console.services.journal.envelope import Event, RawEvent, decode_event
from console.services.journal.event_table import Tip, place_of
from console.services.journal.facts_codec import decode_fact
from console.services.journal.holdings import CENTRE, Holdings
from console.services.journal.log import JournalLog
from console.services.journal.verify_archive import told_segments
from console.services.storage.failpoints import reach
from console.services.storage.ports import Reader, Writer

CONDITION = "condition"
_WINDOW = 500  # rows that are looked at in one write: an operator's act waits no longer
_STEP = 40  # windows of one call
_PAUSE_S = 0.01
_BITS = 16


@dataclass(frozen=True, slots=True)
class Pruned:
    """How far a step of pruning came: entries that left, and the row behind which the next one goes on (0: done)."""

    events: int
    next_rid: int
    of_rid: int


class Archiving:
    """Main thread. `holdings` tells which other stations hold what, for sites without a centre."""

    def __init__(
        self,
        journal: JournalLog,
        holdings: Holdings,
        writer: Writer,
        reader: Reader,
        kept: Acknowledgements,
        station: UUID,
    ) -> None:
        self._journal = journal
        self._holdings = holdings
        self._writer = writer
        self._reader = reader
        self._kept = kept
        self._station = station

    async def note(self, raw: bytes, sig: bytes, uri: str) -> None:
        """A file was sealed and proven: told to the journal once, then listed. Raises Refused."""
        sealed = Sealed(read_manifest(raw), raw, sig)
        told = sealed.manifest
        if told.station != self._station or not sealed.is_signed:
            raise Refused("The archived part was not sealed by this station.")
        known = await self._reader.read(lambda c: told_segments(c, told.stream))
        if (told.stream, told.from_seq, told.merkle_root) not in known:
            fact = JournalArchived(
                told.stream,
                told.from_seq,
                told.to_seq,
                told.first_prev,
                told.last_hash,
                told.count,
                told.merkle_root,
                told.first_us,
                told.last_us,
                uri,
            )
            await self._journal.append([fact], SYSTEM)
        reach("seal.told")
        await self._writer.write(lambda c: table.add_segment(c, sealed, uri))
        reach("seal.listed")

    async def prune(
        self, before_us: int, held: Collection[Tip] | None, alive: Collection[UUID] | None, after_rid: int = 0
    ) -> Pruned:
        """One step. `held` are the ends of streams that the centre said now that it has; None: at a site without one,
        what other stations confirmed. `alive` are conditions with an alarm that is not over, None: not known."""
        ends = await self._reader.read(lambda c: _ends(c, held)) if held is not None else self._held_by_others()
        is_alive = None if alive is None else frozenset(alive).__contains__
        finished = Finished(Bound((before_us // 1000) << _BITS, ends, is_alive))
        await self._reader.read(finished.look)
        total, rid = 0, after_rid
        for _ in range(_STEP):
            if rid >= finished.last_rid:
                break
            total += await self._writer.write(partial(_take_out, finished=finished, after_rid=rid))
            rid += _WINDOW
            await asyncio.sleep(_PAUSE_S)
        self._kept.archived_next = await self._reader.read(lambda c: table.sums(c, CONDITION))
        return Pruned(total, rid if rid < finished.last_rid else 0, finished.last_rid)

    async def told(self, before_us: int, events: int, held_by: str) -> None:
        """Pruning is over: everybody sees what left."""
        await self._journal.append([JournalPruned(self._station, before_us, events, held_by)], SYSTEM)

    def _held_by_others(self) -> Mapping[UUID, int]:
        found: dict[UUID, int] = {}
        for peer in self._holdings.peers():
            if peer != CENTRE:
                for stream, seq in self._holdings.ends_of(peer).items():
                    found[stream] = max(seq, found.get(stream, 0))
        return found

    async def bring_back(self, path: Path, events: Sequence[Event], now_us: int) -> int:
        """What left the table for this file (`proven_events`) stands in it again, and what a journal that was rescued
        or begins anew lacks comes in as from a peer; gives the number of entries."""
        count = 0
        for start in range(0, len(events), _WINDOW):
            part = events[start : start + _WINDOW]
            count += await self._writer.write(partial(_put_back, events=part, now_us=now_us, name=path.name))
            received = await self._journal.receive([event.raw for event in part], _peer(path.name))
            count += len(received.stored)
        return count


def proven_events(path: Path) -> list[Event]:
    """Everything in a file that proves itself. Raises Refused, OSError."""
    events: list[Event] = []
    report = check_segment(path, events.append)
    if not report.is_sound:
        fault = report.faults[0]
        raise Refused("{file} is damaged at seq {seq}: {why}.", file=path.name, seq=fault.seq, why=fault.reason)
    return events


def _ends(connection: Connection, held: Iterable[Tip]) -> Mapping[UUID, int]:
    """Only what stands here at the same place counts."""
    found: dict[UUID, int] = {}
    for tip in held:
        if place_of(connection, tip.hash) == (tip.stream, tip.seq):
            found[tip.stream] = max(tip.seq, found.get(tip.stream, 0))
    return found


def _take_out(connection: Connection, finished: Finished, after_rid: int) -> int:
    rows = finished.in_window(connection, after_rid, after_rid + _WINDOW)
    if not rows:
        return 0
    reach("prune.before")
    acknowledged = [rid for rid, etype, _ in rows if etype == AlarmAcknowledged.etype]
    for condition, amount in _amounts(connection, acknowledged).items():
        table.add_sum(connection, CONDITION, condition, amount)
    return table.take_out(connection, [rid for rid, _, _ in rows])


def _put_back(connection: Connection, events: Iterable[Event], now_us: int, name: str) -> int:
    gone = [event for event in events if table.is_pruned(connection, event.raw.hash)]
    for event in gone:
        if amount := _amount(event):
            table.add_sum(connection, CONDITION, amount[0], -amount[1])
    return table.put_back(connection, gone, now_us, _peer(name))


def _peer(name: str) -> str:
    return f"archive:{name}"[:200]


def _amounts(connection: Connection, rids: Sequence[int]) -> Mapping[str, int]:
    """Per condition the digests of these acknowledgements together."""
    found: dict[str, int] = defaultdict(int)
    sql = f"SELECT hash, body, sig FROM event WHERE rid IN ({', '.join('?' * len(rids))})"  # noqa: S608 question marks
    for row in connection.exec_driver_sql(sql, tuple(rids)).all():
        if amount := _amount(decode_event(RawEvent(*row))):
            found[amount[0]] += amount[1]
    return found


def _amount(event: Event) -> tuple[str, int] | None:
    """(condition, digest) of an acknowledgement as the projection counts it."""
    body = event.body
    fact = decode_fact(body.etype, body.min_reader, bytes(body.payload))
    if not isinstance(fact, AlarmAcknowledged):
        return None
    interval = interval_of(event.raw.hash, event.hlc, body.wall_us, fact.start_us, fact.seen_through_us)
    return str(fact.condition_id), digest_of(interval)
