"""Where on the time axis a trend looks: live, looking back, or at a fixed span; the way back to where it was."""

from collections.abc import Callable
from dataclasses import dataclass

from PySide6.QtCore import QObject, QTimer, Signal

from console.ui.format import US
from console.widgets.trend_plot import LONGEST_US, SHORTEST_US, TrendPlot

SETTLE_MS = 150  # a window that stays this long is loaded
KEEP_MS = 700  # one that stays this long is worth coming back to
MOST_KEPT = 100
MINUTE = 60 * US


@dataclass(frozen=True, slots=True)
class Look:
    """Live shows the newest `span_us`. Else a window that ends at `end_us`, also when that is in the future."""

    span_us: int
    end_us: int = 0
    is_live: bool = True

    @property
    def place(self) -> tuple[int, int, bool]:
        """What makes a look another one: while time runs, a live one stays the same."""
        return self.span_us, 0 if self.is_live else self.end_us, self.is_live


class TrendNavigation(QObject):
    """Moves the plot. `settled(from_us, to_us)`: nobody moves any more, the window's history is wanted."""

    moved = Signal()
    settled = Signal(object, object)

    def __init__(self, plot: TrendPlot, now_us: Callable[[], int], parent: QObject) -> None:
        super().__init__(parent)
        self._plot, self._now_us = plot, now_us
        self.look = Look(15 * MINUTE)
        self._past: list[Look] = []
        self._next: list[Look] = []
        self._here = self.look
        self._settle = QTimer(self, singleShot=True, interval=SETTLE_MS)
        self._settle.timeout.connect(self._tell_settled)
        self._keep = QTimer(self, singleShot=True, interval=KEEP_MS)
        self._keep.timeout.connect(self.keep)
        plot.window_wanted.connect(self.look_at)
        plot.live_wanted.connect(self.follow)

    @property
    def is_live(self) -> bool:
        return self.look.is_live

    @property
    def window_us(self) -> tuple[int, int]:
        end_us = self._now_us() if self.look.is_live else self.look.end_us
        return end_us - self.look.span_us, end_us

    @property
    def can_go_back(self) -> bool:
        return bool(self._past) or self._here.place != self.look.place

    @property
    def can_go_forward(self) -> bool:
        return bool(self._next)

    def look_at(self, from_us: int, to_us: int) -> None:
        """A window that a person moved to; reaching now makes it live."""
        self._go(Look(_span(to_us - from_us), to_us, to_us >= self._now_us()))

    def hold(self, from_us: int, to_us: int) -> None:
        """A span that stays where it is, though its end may lie ahead."""
        self._go(Look(_span(to_us - from_us), to_us, False))

    def follow(self) -> None:
        """The newest values."""
        self._go(Look(self.look.span_us))

    def pause(self) -> None:
        self._go(Look(self.look.span_us, self._now_us(), False))

    def set_span(self, span_us: int) -> None:
        """Another length; the end stays."""
        self._go(Look(_span(span_us), self.look.end_us, self.look.is_live))

    def begin_with(self, look: Look) -> None:
        """What was remembered; there is no way back behind it."""
        self.look = self._here = look
        self._past, self._next = [], []
        self.show()
        self._settle.start()

    def back(self) -> None:
        self.keep()
        if self._past:
            self._next.append(self._here)
            self._return_to(self._past.pop())

    def forward(self) -> None:
        self.keep()
        if self._next:
            self._past.append(self._here)
            self._return_to(self._next.pop())

    def keep(self) -> None:
        """This is a place to come back to."""
        self._keep.stop()
        if self._here.place != self.look.place:
            self._past = [*self._past, self._here][-MOST_KEPT:]
            self._next = []
            self._here = self.look
            self.moved.emit()

    def beat(self) -> None:
        """Time goes on: a live window moves, one that ends ahead fills up."""
        now = self._now_us()
        if self.look.is_live:
            self._plot.advance(now)
        elif self.look.end_us > now:
            self._plot.show_span(*self.window_us, now)

    def show(self) -> None:
        """Bring the plot to the present look."""
        self._plot.show_span(*self.window_us, self._now_us())
        self.moved.emit()

    def load_soon(self) -> None:
        """Pens came that need the window's history."""
        self._settle.start()

    def stop(self) -> None:
        self._settle.stop()
        self._keep.stop()

    def _go(self, look: Look) -> None:
        self.look = look
        self._settle.start()
        self._keep.start()
        self.show()

    def _return_to(self, look: Look) -> None:
        self.look = self._here = look
        self._settle.start()
        self.show()

    def _tell_settled(self) -> None:
        self.settled.emit(*self.window_us)


def _span(span_us: int) -> int:
    return min(max(span_us, SHORTEST_US), LONGEST_US)
