"""How far this station's journal came, kept outside its data folder: a folder that was rolled back shows at once."""

import asyncio
import json
import logging
import os
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from uuid import UUID

import platformdirs

from console.config.private_file import write_private
from console.services.storage.failpoints import reach
from console.services.storage.registry_mark import read_mark, write_mark

VERSION = 1
ENVIRONMENT = "LEITSTAND_ANCHOR_DIR"
PAUSE_S = 0.5  # between two writes; with the write itself well below a second
RETRY_S = 5.0
ROLLED_BACK = "rolled_back"
FINGERPRINT = "fingerprint"
log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class AnchorMark:
    """The last event of the own stream that is known to be durable."""

    stream: UUID
    seq: int
    hash: bytes


def why_new_stream(
    head: AnchorMark | None,
    anchor: AnchorMark | None,
    fingerprint_then: str,
    fingerprint_now: str,
    knows: Callable[[AnchorMark], bool],
) -> str:
    """Why this station may not continue its stream: "rolled_back", "fingerprint", or "" when it may.

    `head` is the own stream's head in the journal (None: there is no own stream), `anchor` what was written outside
    it (None: nothing), `knows(mark)` whether the journal holds exactly this event at this place. The anchor is
    written after the commit, so a journal that does not hold it was set back, lost or exchanged (invariant 15).
    A fingerprint that was never taken (empty) is no reason; another one is: the folder was copied (P3).
    """
    if anchor is not None and (head is None or not knows(anchor)):
        return ROLLED_BACK
    if anchor is not None and head is not None and head.stream == anchor.stream and head.seq < anchor.seq:
        return ROLLED_BACK
    if head is not None and fingerprint_then and fingerprint_then != fingerprint_now:
        return FINGERPRINT
    return ""


def anchor_folder(told: Path | None) -> Path:
    """Where anchors stand: as station.toml says, else as the environment says, else where the system keeps state."""
    if told is not None:
        return told
    given = os.environ.get(ENVIRONMENT)
    return Path(given) if given else Path(platformdirs.user_state_dir("Leitstand", False)) / "anchors"


class Anchor:
    """`<folder>/<station id>.json`, on Windows also the registry; the further one counts."""

    def __init__(self, folder: Path, station_id: UUID) -> None:
        self.path = folder / f"{station_id}.json"
        self._name = str(station_id)

    def read(self) -> AnchorMark | None:
        """What was written last; None when there is nothing, or nothing that can be read."""
        texts = list(read_mark(self._name))
        with suppress(FileNotFoundError):
            texts.append(self.path.read_text(encoding="utf-8", errors="replace"))
        marks = [mark for text in texts if (mark := _parsed(text, self.path)) is not None]
        return max(marks, key=lambda mark: (mark.stream.bytes, mark.seq), default=None)

    def write(self, mark: AnchorMark) -> None:
        """Durable and whole, or not at all. Raises OSError."""
        self.path.parent.mkdir(parents=True, exist_ok=True)
        text = json.dumps({"v": VERSION, "stream": str(mark.stream), "seq": mark.seq, "hash": mark.hash.hex()})
        reach("anchor.before")
        write_private(self.path, text + "\n")
        write_mark(self._name, text)
        reach("anchor.after")


class AnchorKeeper:
    """Writes what was noted within a second, on the main loop; `on_problem(text)` when it cannot, "" when it can again.

    Call `note` after a commit only, and `await flush()` at the end.
    """

    def __init__(self, anchor: Anchor, on_problem: Callable[[str], None] = lambda text: None) -> None:
        self._anchor = anchor
        self._on_problem = on_problem
        self._waiting: AnchorMark | None = None
        self._written: AnchorMark | None = None
        self._task: asyncio.Task[None] | None = None
        self._is_failing = False
        self._ending = asyncio.Event()

    def note(self, stream: UUID, seq: int, event_hash: bytes) -> None:
        """This event of the own stream is durable now."""
        self._waiting = AnchorMark(stream, seq, event_hash)
        if self._task is None:
            self._task = asyncio.get_running_loop().create_task(self._run())

    async def flush(self) -> None:
        """Write what waits, once; a failure has been told by `on_problem`. Nothing runs afterwards."""
        self._ending.set()  # and never a cancellation: it would leave a writing thread behind
        if self._task is not None:
            await self._task
        await self._write()
        self._ending.clear()

    async def _run(self) -> None:
        while await self._write() and not self._ending.is_set():
            with suppress(TimeoutError):
                async with asyncio.timeout(RETRY_S if self._is_failing else PAUSE_S):
                    await self._ending.wait()
        self._task = None

    async def _write(self) -> bool:
        """False when nothing waited. A failure leaves the mark waiting."""
        mark = self._waiting
        if mark is None or mark == self._written:
            return False
        try:
            await asyncio.to_thread(self._anchor.write, mark)
        except OSError as error:
            if not self._is_failing:
                log.warning("the anchor cannot be written: %s", error)
            self._is_failing = True
            self._on_problem(str(error))
            return True
        self._written = mark
        if self._is_failing:
            self._is_failing = False
            self._on_problem("")
        return True


def _parsed(text: str, path: Path) -> AnchorMark | None:
    try:
        table: dict[str, Any] = json.loads(text)
        mark = AnchorMark(UUID(table["stream"]), int(table["seq"]), bytes.fromhex(table["hash"]))
    except (ValueError, KeyError, TypeError, AttributeError, OverflowError, RecursionError) as error:
        log.warning("the anchor %s cannot be read: %s", path, error)
        return None
    return mark
