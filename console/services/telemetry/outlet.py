"""Where one telemetry thread puts what it decoded: samples into columns, everything else in order between them."""

from console.services.inbox import Inbox
from console.services.telemetry.batch import Message, SampleBatch, TroubleSeen
from console.services.telemetry.columns import SampleColumns
from console.services.telemetry.troubles import TroubleBook


class Outlet:
    """Keeps the order of samples, definitions and sessions; `flush` makes few large messages of many small ones."""

    def __init__(self, inbox: Inbox[Message]) -> None:
        self.columns = SampleColumns()
        self.troubles = TroubleBook()
        self._inbox = inbox
        self._out: list[Message] = []

    @property
    def waiting(self) -> int:
        """Rows and messages not yet handed on."""
        return len(self.columns) + len(self._out)

    @property
    def is_full(self) -> bool:
        """The main thread does not keep up: nothing more may be read from the wire."""
        return self._inbox.is_full

    @property
    def has_room(self) -> bool:
        return self._inbox.has_room

    def emit(self, message: Message) -> None:
        """Everything collected before stays before it."""
        self._close_batch()
        self._out.append(message)

    def trouble(self, sender: str, kind: str, at_us: int, example: str = "", count: int = 1) -> None:
        self.troubles.note(sender, kind, at_us, example, count)

    def flush(self, now_us: int, *, at_once: bool = False) -> None:
        """Hand everything to the main thread."""
        self._close_batch()
        out, self._out = self._out, []
        for message in out:
            self._inbox.put(message, len(message) if isinstance(message, SampleBatch) else 1)
        for trouble in self.troubles.due(now_us, at_once=at_once):
            self._inbox.put(TroubleSeen(trouble))

    def _close_batch(self) -> None:
        batch = self.columns.take()
        if batch is not None:
            self._out.append(batch)
