"""The history lane: hands this station's history to the centre, hour by hour, and fetches other stations' from there.

A thread and a connection of its own, so that samples never stand before events. history.db itself is what waits while
the centre is away; nothing is kept twice. What is lost first when it stays away longer than the history is kept is
what the retention classes let go first: samples of chosen tags, then 10 s, 100 s, 1,000 s, 10,000 s. The newest hour
goes first, then days, then hours, each from the oldest on.
"""

import asyncio
import logging
import random
import threading
import time
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, TypeVar

import psycopg
from sqlalchemy.engine import Connection

from console.config.settings import CentreSettings
from console.domain.refusal import Refused
from console.services.historian.rollup_columns import LEVELS_S, SECOND_US
from console.services.historian.samples import TagInfo
from console.services.journal.own_stream import Place
from console.services.storage.database import reader_engine
from console.services.sync.central_samples import MOST_BYTES, CentralSamples, CentralTag, Part
from console.services.sync.central_schema import CentreRefuses
from console.services.sync.central_schema_4 import DAY_S, HOUR_S
from console.services.sync.history_parts import Chosen, Counted, batches, counted, made, oldest_us
from console.services.sync.line import Line

T = TypeVar("T")
TAGS_AT_ONCE = 200
_GRACE_S = {HOUR_S: 120, DAY_S: LEVELS_S[-1] + 120}  # the last bucket of a day ends in the next one
_RECHECK_S = 48 * HOUR_S  # hours that are looked at once more after a start: late samples may have come meanwhile
_LOOK_S = 30.0
_BACK_OFF_S = (1.0, 2.0, 5.0, 10.0, 30.0)
_REFUSED_S = 300.0
log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class LaneState:
    """How the lane is, for status and diagnostics. `state`: off, connecting, live, lost, refused."""

    state: str = "off"
    detail: str = ""
    handed_until_us: int = 0  # all hours before this one are at the centre, 0: none yet
    waiting_hours: int = 0


@dataclass(frozen=True, slots=True)
class Catalogue:
    """What travels: called in the lane's thread. `tags` are those of history.db, `names` tell the centre of them."""

    tags: Callable[[], Sequence[Chosen]]
    names: Callable[[Sequence[TagInfo]], Sequence[CentralTag]]


@dataclass(slots=True, eq=False)
class _Question:
    ask: Callable[[CentralSamples, Callable[[], None]], Any]
    future: "asyncio.Future[Any]"
    loop: asyncio.AbstractEventLoop
    is_cancelled: bool = False

    def on_done(self, done: "asyncio.Future[Any]") -> None:
        self.is_cancelled = done.cancelled()

    def check(self) -> None:
        if self.is_cancelled:
            raise asyncio.CancelledError


@dataclass(slots=True)
class _Progress:
    """What this session knows of its own hand-over."""

    marks: dict[int, int]
    told: dict[int, TagInfo] = field(default_factory=dict)
    newest: int = 0  # the complete hour that went ahead of the backlog


class HistoryLane:
    """Started in the main loop. `ask` is answered while the centre can be reached, else it is Refused."""

    def __init__(
        self,
        path: Path,
        settings: CentreSettings,
        place: Place,
        catalogue: Catalogue,
        *,
        now_us: Callable[[], int],
        look_s: float = _LOOK_S,
        chance: random.Random | None = None,
    ) -> None:
        self._path = path
        self._settings = settings
        self._place = place
        self._catalogue = catalogue
        self._now_us = now_us
        self._look_s = look_s
        self._chance = chance or random.Random()  # noqa: S311 jitter, not secrets
        self._stopping = threading.Event()
        self._wake = threading.Event()
        self._questions: deque[_Question] = deque()
        self._late: set[tuple[int, int]] = set()  # (span, start) of parts that changed after they were handed over
        self._is_rechecked = False
        self._guard = threading.Lock()
        self._line: Line | None = None
        self._thread: threading.Thread | None = None
        self.state = LaneState()

    def start(self) -> None:
        """Begin, unless there is no centre."""
        if self._settings.host:
            self.state = LaneState("connecting")
            self._thread = threading.Thread(target=self._run, name="history lane", daemon=True)
            self._thread.start()

    def stop(self, patience_s: float = 3.0) -> None:
        """End the thread; what was not handed over goes next time."""
        self._stopping.set()
        self._wake.set()
        line = self._line
        if line is not None:
            line.cut()
        if self._thread is not None:
            self._thread.join(patience_s)
        self.state = LaneState("off", "", self.state.handed_until_us)
        self._give_up("The station is closing.")

    def note_late(self, times_us: Sequence[int]) -> None:
        """Samples of these times came now: parts that were handed over before are made anew. Any thread."""
        spans = {(span, int(at_us) // (span * SECOND_US) * span * SECOND_US) for at_us in times_us for span in _GRACE_S}
        with self._guard:
            self._late |= spans

    def ask(self, question: Callable[[CentralSamples, Callable[[], None]], T]) -> "asyncio.Future[T]":
        """Run `question(central, check)` in the lane's thread; cancel the future to give it up (`check` raises then).

        Refused when the centre cannot be reached now. Main loop.
        """
        loop = asyncio.get_running_loop()
        future: asyncio.Future[T] = loop.create_future()
        if self.state.state != "live":
            future.set_exception(Refused("The centre cannot be reached: other stations' history is not here."))
            return future
        one = _Question(question, future, loop)
        future.add_done_callback(one.on_done)
        with self._guard:
            self._questions.append(one)
        self._wake.set()
        return future

    # --- lane thread -----------------------------------------------------------------------------------------------

    def _run(self) -> None:
        failures = 0
        while not self._stopping.is_set():
            central: CentralSamples | None = None
            pause = 0.0
            try:
                line = self._line = Line(self._settings)
                central = CentralSamples(self._settings, self._place, line)
                failures = 0
                self._session(central)
            except CentreRefuses as refusal:
                self._tell("refused", str(refusal))
                pause = _REFUSED_S
            except (psycopg.Error, OSError) as error:
                self._tell("lost", str(error).strip().splitlines()[0] if str(error).strip() else type(error).__name__)
            except Exception as error:
                log.exception("a defect in handing the history over")
                self._tell("lost", str(error))
                pause = _BACK_OFF_S[-1]
            finally:
                if central is not None:
                    central.close()
            self._give_up("The centre cannot be reached: other stations' history is not here.")
            pause = pause or _BACK_OFF_S[min(failures, len(_BACK_OFF_S) - 1)]
            failures += 1
            self._stopping.wait(pause * self._chance.uniform(0.8, 1.2))

    def _session(self, central: CentralSamples) -> None:
        """Until the link breaks or the station stops."""
        progress = _Progress(central.marks())
        self._tell("live", progress=progress)
        engine = reader_engine(self._path)
        try:
            with engine.connect() as history:
                while not self._stopping.is_set():
                    self._wake.clear()
                    self._round(central, history, progress)
                    self._tell("live", progress=progress)
                    self._serve(central, self._look_s)
        finally:
            engine.dispose()

    def _round(self, central: CentralSamples, history: Connection, progress: _Progress) -> None:
        with history.begin():
            oldest = oldest_us(history)
        if not oldest:
            return
        due = {span: self._due_us(span) for span in _GRACE_S}
        newest = due[HOUR_S] - HOUR_S * SECOND_US
        if newest > progress.newest:
            self._span(central, history, HOUR_S, newest, progress)
            progress.newest = newest
        for span in (DAY_S, HOUR_S):
            width = span * SECOND_US
            start = max(progress.marks.get(span, 0), oldest // width * width)
            while start < due[span] and not self._stopping.is_set():
                self._span(central, history, span, start, progress)
                start += width
                central.mark(span, start)
                progress.marks[span] = start
                self._tell("live", progress=progress)
        self._again(central, history, progress, due)

    def _again(self, central: CentralSamples, history: Connection, progress: _Progress, due: dict[int, int]) -> None:
        """Parts that late samples changed; once after a start those of the last days, whatever was noted then."""
        with self._guard:
            late, self._late = self._late, set()
        if not self._is_rechecked:
            self._is_rechecked = True
            for span in _GRACE_S:
                width = span * SECOND_US
                late |= {
                    (span, start)
                    for start in range(due[span] - _RECHECK_S * SECOND_US // width * width, due[span], width)
                }
        for span, start in sorted(late):
            if self._stopping.is_set():
                return
            if start < due[span]:
                self._span(central, history, span, start, progress)

    def _span(
        self, central: CentralSamples, history: Connection, span_s: int, start_us: int, progress: _Progress
    ) -> None:
        """All tags' parts of one hour or day, some tags at a time; rests as long as it worked."""
        chosen = self._catalogue.tags()
        for first in range(0, len(chosen), TAGS_AT_ONCE):
            if self._stopping.is_set():
                return
            began_s = time.monotonic()
            some = chosen[first : first + TAGS_AT_ONCE]
            with history.begin():
                found = list(counted(history, some, span_s, start_us))
            held = central.have(span_s, [one.place for one in found]) if found else {}
            news = [one for one in found if one.is_news_to(held.get(one.place))]
            self._name(central, [one.chosen.tag for one in news], progress)
            for batch in batches(_made(history, news, span_s), TAGS_AT_ONCE, MOST_BYTES):
                central.push(span_s, batch)
            self._serve(central, time.monotonic() - began_s)

    def _name(self, central: CentralSamples, tags: Sequence[TagInfo], progress: _Progress) -> None:
        unknown = [tag for tag in tags if progress.told.get(tag.key) != tag]
        if unknown:
            central.tell_tags(self._catalogue.names(unknown))
            progress.told.update((tag.key, tag) for tag in unknown)

    def _serve(self, central: CentralSamples, seconds: float) -> None:
        """Answer questions for so long, at least all that wait."""
        until_s = time.monotonic() + seconds
        while not self._stopping.is_set():
            with self._guard:
                question = self._questions.popleft() if self._questions else None
                if question is None:
                    self._wake.clear()
            if question is not None:
                self._answer(central, question)
            elif (left := until_s - time.monotonic()) > 0:
                self._wake.wait(left)
            else:
                return

    def _answer(self, central: CentralSamples, question: _Question) -> None:
        result: Any = None
        error: BaseException | None = None
        try:
            question.check()
            result = question.ask(central, question.check)
        except asyncio.CancelledError:
            return
        except (psycopg.Error, OSError) as failure:
            _settle(question, None, Refused("The centre did not answer: {reason}", reason=str(failure).strip()))
            raise
        except Exception as failure:
            error = failure
        _settle(question, result, error)

    def _due_us(self, span_s: int) -> int:
        """Parts that begin before this moment minus their span are complete."""
        width = span_s * SECOND_US
        return (self._now_us() - _GRACE_S[span_s] * SECOND_US) // width * width

    def _tell(self, state: str, detail: str = "", progress: _Progress | None = None) -> None:
        handed = progress.marks.get(HOUR_S, 0) if progress is not None else self.state.handed_until_us
        waiting = max(0, (self._due_us(HOUR_S) - handed) // (HOUR_S * SECOND_US)) if handed else 0
        self.state = LaneState(state, detail, handed, waiting)

    def _give_up(self, text: str) -> None:
        with self._guard:
            questions, self._questions = list(self._questions), deque()
        for question in questions:
            _settle(question, None, Refused(text))


def _made(history: Connection, news: Sequence[Counted], span_s: int) -> Iterator[Part]:
    """Each in a transaction of its own: none is open while the centre takes its time."""
    for one in news:
        with history.begin():
            part = made(history, one, span_s)
        yield part


def _settle(question: _Question, result: Any, error: BaseException | None) -> None:
    def tell() -> None:
        if question.future.done():
            return
        if error is not None:
            question.future.set_exception(error)
        else:
            question.future.set_result(result)

    with suppress(RuntimeError):  # the loop is closed: nobody waits
        question.loop.call_soon_threadsafe(tell)
