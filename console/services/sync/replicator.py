"""The sync thread: keeps this station's journal and the centre equal, says how the link is, and waits for nobody."""

import asyncio
import logging
import random
import threading
import time
from collections.abc import Callable, Coroutine, Iterable
from contextlib import ExitStack, suppress
from functools import partial
from pathlib import Path
from typing import Any
from uuid import UUID

import psycopg
from psycopg.errors import DeadlockDetected, SerializationFailure
from sqlalchemy.engine import Connection

from console.config.settings import CentreSettings
from console.domain.refusal import Refused
from console.services.journal.entries import Entry
from console.services.journal.envelope import RawEvent
from console.services.journal.event_table import Tip, find_stream, read_meta, tips
from console.services.journal.holdings import CENTRE
from console.services.journal.log import JournalLog
from console.services.journal.own_stream import OWN
from console.services.journal.table_store import TableDisk
from console.services.notifier import Undo
from console.services.records import LinkRecord
from console.services.storage.database import reader_engine
from console.services.sync import messages as m
from console.services.sync.alarm_lane import NO_LANE, RowsSince, alarm_rows_since, lane_of
from console.services.sync.central import Central
from console.services.sync.central_schema import CentreRefuses
from console.services.sync.exchange import Exchange, push_alarm_lane
from console.services.sync.line import Line

_POLL_S = 2.0
_JITTER = 0.2
_BACK_OFF_S = (1.0, 2.0, 3.0, 5.0, 10.0)
_REFUSED_S = 30.0
_FULL_DISK_S = 5.0
_REST_S = 30.0
_RESTARTING = ("starting up", "shutting down", "recovery", "terminating connection", "too many c")
log = logging.getLogger(__name__)


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
        self._station_db = station_db
        self._rows_since = rows_since
        self._chance = chance or random.Random()  # noqa: S311 jitter, not secrets
        self._poll_s = poll_s
        self._wake = threading.Event()
        self._stopping = threading.Event()
        self._receiving = threading.Event()  # set while the main loop takes in what was pulled
        self._resting: dict[UUID, float] = {}  # streams that could not be moved on, until when
        self._noted: set[Tip] = set()
        self._link = LinkRecord(CENTRE, "off", now_us())
        self._last_exchange_us = 0
        self._thread: threading.Thread | None = None
        self._loop: asyncio.AbstractEventLoop | None = None
        self._tasks: set[asyncio.Task[None]] = set()
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

    # --- main loop -------------------------------------------------------------------------------------------------

    def _on_entries(self, entries: tuple[Entry, ...]) -> None:
        if any(entry.is_own for entry in entries):
            self._wake.set()

    def _spawn(self, work: Callable[[], Coroutine[Any, Any, None]]) -> None:
        """Run a coroutine function in the main loop; called there."""
        if not self._stopping.is_set():
            task = asyncio.create_task(work())
            self._tasks.add(task)
            task.add_done_callback(self._tasks.discard)

    async def _take_in(self, raws: list[RawEvent]) -> None:
        try:
            received = await self._journal.receive(raws, CENTRE)
            bad = received.rejected
            if bad:
                log.warning(
                    "%d events from the centre do not fit; the first: %s %s", len(bad), bad[0].stream, bad[0].reason
                )
            self._rest({one.stream for one in bad if one.stream is not None})
        except Refused as refusal:
            log.warning("what the centre sent could not be stored: %s", refusal)
            await asyncio.sleep(_FULL_DISK_S)
        finally:
            self._receiving.clear()
            self._wake.set()

    async def _look_for_twin(self, ends: tuple[Tip, ...]) -> None:
        with suppress(Refused):
            await self._journal.note_vector(CENTRE, ends)

    async def _note(self, held: list[Tip]) -> None:
        with suppress(Exception):  # a receipt that is not noted is told again at the next start
            await self._journal.note_receipts(CENTRE, held)

    # --- sync thread -----------------------------------------------------------------------------------------------

    def _run(self) -> None:
        failures = 0
        with ExitStack() as files:
            journal = files.enter_context(reader_engine(self._journal_path).connect())
            station = files.enter_context(reader_engine(self._station_db).connect()) if self._station_db else None
            while not self._stopping.is_set():
                state, detail, pause = self._session(journal, station)
                if self._stopping.is_set():
                    break
                if pause == 0.0:
                    failures = 0 if self._link.state == "live" else failures + 1
                    pause = self._jittered(_BACK_OFF_S[min(failures, len(_BACK_OFF_S) - 1)])
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
        except CentreRefuses as refusal:
            return "refused", str(refusal), _REFUSED_S
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
        return "off", "", 0.0

    def _exchanges(self, central: Central, journal: Connection, station: Connection | None) -> None:
        exchange = Exchange(central, TableDisk(journal), self._hello())
        rid = central.greeting.alarm_rid_held  # what a centre that was set back lost is sent again
        self._noted.clear()
        while not self._stopping.is_set():
            self._wake.clear()
            now = time.monotonic()
            resting = {stream for stream, until in self._resting.items() if until > now}
            outcome = exchange.run(may_pull=not self._receiving.is_set(), resting=resting)
            self._rest(outcome.fruitless)
            if outcome.vector is not None:
                ends = m.tips_of(outcome.vector.heads)
                self._in_main(partial(self._spawn, partial(self._look_for_twin, ends)))
            if outcome.pulled:
                self._receiving.set()
                self._in_main(partial(self._spawn, partial(self._take_in, outcome.pulled)))
            self._note_held(central, outcome.held)
            if station is not None:
                rid = push_alarm_lane(central, station, self._rows_since, rid, self._stopping.is_set)
            self._last_exchange_us = self._now_us()
            self._report("live", outcome.waiting)
            if outcome.is_drained or self._receiving.is_set():
                self._wake.wait(self._jittered(self._poll_s))

    def _hello(self) -> m.Hello:
        place = self._journal.place
        return m.Hello(place.site, place.station, place.code, place.tenant)

    def _rest(self, streams: Iterable[UUID]) -> None:
        """What could not be moved on is tried again in a while, so that it costs little and hides nothing."""
        until = time.monotonic() + _REST_S
        self._resting = {**self._resting, **dict.fromkeys(streams, until)}

    def _note_held(self, central: Central, held: list[Tip]) -> None:
        streams = {tip.stream for tip in held if tip not in self._noted}
        if not streams:
            return
        news = [tip for tip in held if tip.stream in streams]  # of a forked stream all ends together
        central.confirm(news)
        self._noted.update(news)
        self._in_main(partial(self._spawn, partial(self._note, news)))

    def _away(self, journal: Connection, state: str, detail: str, pause: float) -> None:
        """Wait for the next attempt; acts of the operator meanwhile only raise the number that waits."""
        until = time.monotonic() + pause
        while not self._stopping.is_set() and (left := until - time.monotonic()) > 0:
            if self._wake.wait(left):
                self._wake.clear()
                self._report(state, self._waiting_by_receipts(journal), detail)

    def _waiting_by_receipts(self, journal: Connection) -> int:
        """Events that the centre is not known to hold."""
        with journal.begin():
            rows = journal.exec_driver_sql(
                "SELECT stream_id, max(seq) FROM receipt WHERE peer_id = ? GROUP BY stream_id", (CENTRE,)
            ).all()
            ends = tips(journal)
        held = {UUID(row[0]): int(row[1]) for row in rows}
        return sum(max(0, tip.seq - held.get(tip.stream, 0)) for tip in ends)

    def _report(self, state: str, waiting: int, detail: str = "") -> None:
        old, now = self._link, self._now_us()
        since = old.since_us if old.state == state else now
        lag = (now - self._last_exchange_us) / 1e6 if self._last_exchange_us and state != "live" else None
        self._link = LinkRecord(CENTRE, state, since, lag, waiting, detail)
        if self._link != old:
            self._in_main(partial(self._on_link, self._link))

    def _in_main(self, callback: Callable[[], None]) -> None:
        assert self._loop is not None
        with suppress(RuntimeError):  # the loop has ended: nobody listens
            self._loop.call_soon_threadsafe(callback)

    def _jittered(self, seconds: float) -> float:
        return seconds * self._chance.uniform(1 - _JITTER, 1 + _JITTER)


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
