"""The sync thread: keeps this station's journal and the centre equal, says how the link is, and waits for nobody."""

import asyncio
import logging
import random
import threading
import time
from collections.abc import Awaitable, Callable, Coroutine, Sequence
from contextlib import ExitStack, suppress
from dataclasses import dataclass
from functools import partial
from itertools import groupby
from pathlib import Path
from typing import Any
from uuid import UUID

import psycopg
from psycopg.errors import DeadlockDetected, SerializationFailure
from sqlalchemy.engine import Connection
from sqlalchemy.exc import DBAPIError

from console.config.settings import CentreSettings
from console.domain.refusal import Refused
from console.services.clock_steps import ClockSteps
from console.services.journal.archive_table import Segment, segments
from console.services.journal.entries import Entry
from console.services.journal.envelope import RawEvent
from console.services.journal.event_table import Tip, find_stream, read_meta, tips
from console.services.journal.holdings import CENTRE
from console.services.journal.log import JournalLog
from console.services.journal.own_stream import OWN
from console.services.journal.receipts import confirmed
from console.services.journal.table_store import TableDisk
from console.services.notifier import Undo
from console.services.records import LinkRecord, PeerRecord
from console.services.storage.database import reader_engine
from console.services.sync import messages as m
from console.services.sync.alarm_lane import NO_LANE, LaneRow, RowsSince, alarm_rows_since, lane_of
from console.services.sync.central import Central
from console.services.sync.central_rows import CredentialRow, PeerReceipt
from console.services.sync.central_schema import CentreRefuses
from console.services.sync.centre_session import CentreSession, Round
from console.services.sync.line import Line
from console.services.sync.resting import Resting

_POLL_S = 2.0
_JITTER = 0.2
_BACK_OFF_S = (1.0, 2.0, 3.0, 5.0, 10.0)
_REFUSED_S = (2.0, 5.0, 10.0, 30.0)  # a word that a bad cable altered is refused, too: the first pause is short
_FULL_DISK_S = 5.0
_RESTARTING = ("starting up", "shutting down", "recovery", "terminating connection", "too many")  # sessions
log = logging.getLogger(__name__)


async def _nothing(*_told: object) -> Sequence[Any]:
    return ()


@dataclass(frozen=True, slots=True)
class Riders:
    """What travels beside the events; called in the main loop unless it says otherwise."""

    sign: Callable[[Tip], bytes] = lambda _tip: b""  # this station's receipt; any thread
    is_signed: Callable[[UUID, Tip, bytes], bool] = lambda _station, _tip, _signature: False
    on_peer: Callable[[PeerRecord], None] = lambda _peer: None
    on_alarm_rows: Callable[[Sequence[LaneRow]], None] = lambda _rows: None
    credentials: Callable[[], Awaitable[Sequence[CredentialRow]]] = _nothing
    on_credentials: Callable[[Sequence[CredentialRow]], Coroutine[Any, Any, Any]] = _nothing


class Replicator:
    """Created and started in the main loop; `on_link` and the journal are called there.

    `station_db` names the file whose alarm log travels in its own lane (None: no lane). With no centre in the
    settings there is no thread and the link is "off".
    """

    def __init__(
        self,
        journal: JournalLog,
        journal_path: Path,
        settings: CentreSettings,
        *,
        on_link: Callable[[LinkRecord], None],
        now_us: Callable[[], int],
        riders: Riders | None = None,
        station_db: Path | None = None,
        rows_since: RowsSince = alarm_rows_since,
        chance: random.Random | None = None,
        poll_s: float = _POLL_S,
    ) -> None:
        self._journal = journal
        self._journal_path = journal_path
        self._settings = settings
        self._on_link = on_link
        self._now_us = now_us
        self._riders = riders or Riders()
        self._station_db = station_db
        self._rows_since = rows_since
        self._chance = chance or random.Random()  # noqa: S311 jitter, not secrets
        self._poll_s = poll_s
        self._wake = threading.Event()
        self._stopping = threading.Event()
        self._receiving = threading.Event()  # set while the main loop takes in what was pulled
        self._resting = Resting()
        self._credentials: list[CredentialRow] = []  # of this station, to be handed over
        self._offset_s: float | None = None
        self._missing = 0
        self._link = LinkRecord(CENTRE, "off", now_us())
        self._last_exchange_us = 0
        self._thread: threading.Thread | None = None
        self._loop: asyncio.AbstractEventLoop | None = None
        self._tasks: set[asyncio.Task[Any]] = set()
        self._undo: Undo | None = None
        self._line: Line | None = None

    @property
    def link(self) -> LinkRecord:
        return self._link

    @property
    def is_running(self) -> bool:
        """True while the sync thread lives."""
        return self._thread is not None and self._thread.is_alive()

    def start(self) -> None:
        """Begin; call in the main loop after the journal's replay."""
        self._loop = asyncio.get_running_loop()
        if not self._settings.host:
            self._on_link(self._link)
            return
        self._undo = self._journal.entries.subscribe(self._on_entries)
        self._thread = threading.Thread(target=self._run, name="sync", daemon=True)
        self._thread.start()

    def stop(self, patience_s: float = 2.0) -> None:
        """End the thread. A session that waits for a centre that does not answer is cut; what was pushed without
        an answer is pushed again at the next start."""
        self._stopping.set()
        self._wake.set()
        line = self._line
        if line is not None:
            line.cut()
        if self._undo is not None:
            self._undo()
        for task in tuple(self._tasks):
            task.cancel()
        if self._thread is not None:
            self._thread.join(patience_s)
            if self.is_running:
                log.warning("the sync thread still waits for the centre")

    def wake(self) -> None:
        """Exchange now instead of at the next poll; any thread."""
        self._wake.set()

    def send_credentials(self) -> None:
        """A password, PIN or name was set here, or somebody erased: it travels with the next round. Main loop."""
        self._spawn(self._fetch_credentials)
        self._wake.set()

    # --- main loop -------------------------------------------------------------------------------------------------

    def _on_entries(self, entries: tuple[Entry, ...]) -> None:
        if any(entry.is_own for entry in entries):
            self._wake.set()

    def _spawn(self, work: Callable[[], Coroutine[Any, Any, Any]]) -> None:
        """Run a coroutine function in the main loop; called there."""
        if not self._stopping.is_set():
            task = asyncio.create_task(work())
            self._tasks.add(task)
            task.add_done_callback(self._tasks.discard)

    async def _take_in(self, raws: list[RawEvent], streams: set[UUID]) -> None:
        try:
            received = await self._journal.receive(raws, CENTRE)
            bad = received.rejected
            if bad:
                log.warning(
                    "%d events from the centre do not fit; the first: %s %s", len(bad), bad[0].stream, bad[0].reason
                )
            # bytes that do not even name their stream cast doubt on all that came
            doubtful = {stream for one in bad for stream in (streams if one.stream is None else {one.stream})}
            self._resting.put(doubtful, time.monotonic())
            self._resting.moved(streams - doubtful)
        except Refused as refusal:
            log.warning("what the centre sent could not be stored: %s", refusal)
            await asyncio.sleep(_FULL_DISK_S)
        except Exception:
            log.exception("a defect in taking in what the centre sent")
            self._resting.put(streams, time.monotonic())
            await asyncio.sleep(_FULL_DISK_S)
        finally:
            self._receiving.clear()
            self._wake.set()

    async def _look_for_twin(self, ends: tuple[Tip, ...]) -> None:
        with suppress(Refused):
            await self._journal.note_vector(CENTRE, ends)

    async def _note_others(self, peer: UUID, receipts: list[PeerReceipt]) -> None:
        with suppress(Exception):
            proven = [one for one in receipts if self._riders.is_signed(peer, one.tip, one.sig)]
            held, signatures = [one.tip for one in proven], [one.sig for one in proven]
            await self._journal.note_receipts(f"neighbour:{peer}", held, signatures, is_hearsay=True)

    async def _fetch_credentials(self) -> None:
        with suppress(Exception):  # asked again in the next session
            self._credentials.extend(await self._riders.credentials())

    async def _note(self, held: list[Tip]) -> None:
        with suppress(Exception):  # a receipt that is not noted is told again at the next start
            await self._journal.note_receipts(CENTRE, held)

    # --- sync thread -----------------------------------------------------------------------------------------------

    def _run(self) -> None:
        """The thread lives as long as the station: a link that nobody tends any more must not look as it looked."""
        while not self._stopping.is_set():
            try:
                self._keep_equal()
            except Exception as error:
                log.exception("the exchange with the centre begins anew")
                self._report("lost", self._link.waiting, _first_line(error))
                self._stopping.wait(_BACK_OFF_S[-1])

    def _keep_equal(self) -> None:
        failures = 0
        with ExitStack() as files:
            journal = files.enter_context(reader_engine(self._journal_path).connect())
            station = files.enter_context(reader_engine(self._station_db).connect()) if self._station_db else None
            while not self._stopping.is_set():
                began_us = self._last_exchange_us
                state, detail, pause = self._session(journal, station)
                if self._stopping.is_set():
                    break
                failures = 0 if self._last_exchange_us != began_us else failures + 1
                if pause == 0.0:
                    pauses = _REFUSED_S if state == "refused" else _BACK_OFF_S
                    pause = self._jittered(pauses[min(failures, len(pauses) - 1)])
                self._report(state, self._waiting_by_receipts(journal), detail)
                self._away(journal, state, detail, pause)

    def _session(self, journal: Connection, station: Connection | None) -> tuple[str, str, float]:
        """Connect and exchange until the link breaks; gives the state to show, why, and the pause (0 = back-off)."""
        central: Central | None = None
        try:
            if self._link.state != "lost":
                self._report("connecting", self._waiting_by_receipts(journal))
            line = self._line = Line(self._settings)
            if self._stopping.is_set():  # asked between two looks: nobody would cut this line any more
                return "off", "", 0.0
            with journal.begin():
                own_stream = read_meta(journal, OWN)
                stream = find_stream(journal, UUID(own_stream)) if own_stream else None
            lane = lane_of(station, own_stream) if station is not None else NO_LANE
            public_key = stream.public_key if stream else b""
            central = Central(self._settings, self._journal.place, line, public_key=public_key, lane=lane)
            self._exchanges(central, journal, station)
            # It ends when the station does, or when somebody set this PC's clock: its offset has to be asked anew.
            return self._link.state, "", self._jittered(_POLL_S / 4)
        except CentreRefuses as refusal:
            return "refused", str(refusal), 0.0
        except (DeadlockDetected, SerializationFailure) as error:
            log.info("two stations were in each other's way: %s", _first_line(error))
            return self._link.state, "", self._jittered(_POLL_S / 4)
        except (psycopg.Error, OSError) as error:
            return _state_of(error), _first_line(error), 0.0
        except Exception as error:
            log.exception("a defect in the exchange with the centre")
            return "lost", _first_line(error), 0.0
        finally:
            if central is not None:
                central.close()

    def _exchanges(self, central: Central, journal: Connection, station: Connection | None) -> None:
        session = CentreSession(
            central,
            TableDisk(journal),
            station,
            self._hello(),
            self._rows_since,
            self._stopping.is_set,
            self._riders.sign,
            lambda: _archived(journal),
        )
        self._offset_s = session.clock_offset_s
        self._in_main(partial(self._spawn, self._fetch_credentials))
        steps = ClockSteps()
        while not (self._stopping.is_set() or steps.look(self._now_us(), time.monotonic())):
            self._wake.clear()
            resting = self._resting.now(time.monotonic())
            credentials = list(self._credentials)
            found = session.round(may_pull=not self._receiving.is_set(), resting=resting, credentials=credentials)
            del self._credentials[: len(credentials)]  # what a broken session took is handed over in the next one
            self._resting.put(found.outcome.fruitless, time.monotonic())
            self._hand_over(found)
            self._last_exchange_us = self._now_us()
            detail = m.ARCHIVED_HERE if found.outcome.archived else ""
            self._report("live", found.outcome.waiting, detail, missing=found.outcome.missing)
            if found.outcome.is_drained or self._receiving.is_set():
                self._wake.wait(self._jittered(self._poll_s))

    def _hand_over(self, found: Round) -> None:
        """What a round found goes to the main loop; events are taken in one batch after the other."""
        outcome = found.outcome
        if outcome.vector is not None:
            ends = m.tips_of(outcome.vector.heads)
            self._in_main(partial(self._spawn, partial(self._look_for_twin, ends)))
        if outcome.pulled:
            self._receiving.set()
            self._in_main(partial(self._spawn, partial(self._take_in, outcome.pulled, outcome.pulled_streams)))
        if found.held:
            self._in_main(partial(self._spawn, partial(self._note, found.held)))
        for peer, receipts in groupby(found.receipts, key=lambda one: one.peer):
            self._in_main(partial(self._spawn, partial(self._note_others, peer, list(receipts))))
        if found.alarm_rows:
            self._in_main(partial(self._riders.on_alarm_rows, found.alarm_rows))
        if found.credentials:
            self._in_main(partial(self._spawn, partial(self._riders.on_credentials, found.credentials)))

    def _hello(self) -> m.Hello:
        place = self._journal.place
        return m.Hello(place.site, place.station, place.code, place.tenant)

    def _away(self, journal: Connection, state: str, detail: str, pause: float) -> None:
        """Wait for the next attempt; acts of the operator meanwhile only raise the number that waits."""
        until = time.monotonic() + pause
        while not self._stopping.is_set() and (left := until - time.monotonic()) > 0:
            if self._wake.wait(left):
                self._wake.clear()
                self._report(state, self._waiting_by_receipts(journal), detail)

    def _waiting_by_receipts(self, journal: Connection) -> int:
        """Events that the centre is not known to hold; what was told last when the file does not answer."""
        try:
            with journal.begin():
                ends = {tip.stream: tip.seq for tip in tips(journal)}  # of a fork the furthest
                return sum(max(0, seq - confirmed(journal, CENTRE, stream)) for stream, seq in ends.items())
        except DBAPIError as error:
            log.warning("what waits for the centre cannot be counted: %s", _first_line(error))
            return self._link.waiting

    def _report(self, state: str, waiting: int, detail: str = "", *, missing: int = 0) -> None:
        old, now = self._link, self._now_us()
        since = old.since_us if old.state == state else now
        lag = (now - self._last_exchange_us) / 1e6 if self._last_exchange_us and state != "live" else None
        self._link = LinkRecord(CENTRE, state, since, lag, waiting, detail)
        if self._link != old or missing != self._missing:
            self._missing = missing
            offset = self._offset_s if state == "live" else None
            peer = PeerRecord(
                CENTRE, state, since, lag_s=lag, clock_offset_s=offset, waiting=waiting, missing=missing, detail=detail
            )
            self._in_main(partial(self._tell, self._link, peer))

    def _tell(self, link: LinkRecord, peer: PeerRecord) -> None:
        self._on_link(link)
        self._riders.on_peer(peer)

    def _in_main(self, callback: Callable[[], None]) -> None:
        assert self._loop is not None
        with suppress(RuntimeError):  # the loop has ended: nobody listens
            self._loop.call_soon_threadsafe(callback)

    def _jittered(self, seconds: float) -> float:
        return seconds * self._chance.uniform(1 - _JITTER, 1 + _JITTER)


def _archived(journal: Connection) -> Sequence[Segment]:
    with journal.begin():
        return segments(journal)


def _state_of(error: BaseException) -> str:
    """A centre that answers and turns us away (password, database name), or whose schema is not ours (functions or
    tables missing), is "refused"; one that restarts is "lost"."""
    if isinstance(error, psycopg.ProgrammingError):
        return "refused"
    text = str(error)
    is_refusal = "FATAL" in text and not any(word in text for word in _RESTARTING)
    return "refused" if is_refusal and isinstance(error, psycopg.OperationalError) else "lost"


def _first_line(error: BaseException) -> str:
    return str(error).strip().splitlines()[0] if str(error).strip() else type(error).__name__
