"""The time bar at work: lengths, named periods of the site's calendar, jumps, and which of them is shown."""

from collections.abc import Callable
from datetime import UTC

from PySide6.QtCore import QObject, Signal

from console.models.trend_periods import TrendPeriod, period_us
from console.services.station import AlarmSettingsQuery, Station
from console.ui.errands import Errands
from console.ui.format import local
from console.ui.translation import mark, tr
from console.views.trends.navigation import TrendNavigation
from console.widgets.trend_time_bar import TrendTimeBar, span_words

NO_SHIFTS = mark("This site has no shifts: they stand in its alarm settings")


class TimeChoice(QObject):
    """`jumped(at_us)`: a moment that is worth a mark."""

    jumped = Signal(object)

    def __init__(
        self,
        bar: TrendTimeBar,
        navigation: TrendNavigation,
        station: Station,
        now_us: Callable[[], int],
        say: Callable[[str], None],
    ) -> None:
        super().__init__(navigation)
        self._bar, self._navigation, self._station, self._now_us = bar, navigation, station, now_us
        self._shifts_s: tuple[int, ...] = ()
        self._asked = False
        self._period = ""
        self._period_us = (0, 0)
        self._errands = Errands(say)
        bar.back_pressed.connect(navigation.back)
        bar.forward_pressed.connect(navigation.forward)
        bar.span_chosen.connect(navigation.set_span)
        bar.period_chosen.connect(lambda name: self.choose(TrendPeriod(name)))
        bar.field.jumped.connect(self._jump)
        bar.field.refused.connect(say)

    def ask_shifts(self) -> None:
        """Once, when somebody looks: when this site's shifts begin."""
        if not self._asked:
            self._asked = True
            self._errands.run(self._ask())

    def choose(self, period: TrendPeriod) -> None:
        """Show a named period; the part that is still to come stays empty and fills up."""
        found = period_us(period, self._now_us(), local(self._now_us()).tzinfo or UTC, self._shifts_s)
        if found is not None:
            self._period, self._period_us = period, found
            self._navigation.hold(*found)

    def words(self) -> str:
        """What is shown, as a person writes it."""
        return span_words(*self._navigation.window_us)

    def tell(self) -> None:
        """Show on the bar what is chosen."""
        navigation = self._navigation
        is_period = not navigation.is_live and navigation.window_us == self._period_us
        self._bar.tell(
            navigation.look.span_us,
            self._period if is_period else "",
            navigation.can_go_back,
            navigation.can_go_forward,
        )
        self._bar.set_unavailable({} if self._shifts_s else {TrendPeriod.SHIFT: tr(NO_SHIFTS)})

    def close(self) -> None:
        self._errands.cancel()

    async def _ask(self) -> None:
        settings = await self._station.query(AlarmSettingsQuery())
        self._shifts_s = settings.sound.shifts_s
        self.tell()

    def _jump(self, from_us: int, to_us: int) -> None:
        """A whole day as it is; a moment into the middle of the window, marked."""
        if to_us > from_us:
            self._navigation.hold(from_us, to_us)
            return
        span = self._navigation.look.span_us
        self.jumped.emit(from_us)
        self._navigation.look_at(from_us - span // 2, from_us - span // 2 + span)
