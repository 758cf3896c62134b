"""The trend stories among the pictures: live pens, a year, two cursors, another week as a ghost, and states."""

import asyncio
from collections.abc import Awaitable, Callable, Iterable
from typing import TYPE_CHECKING

from console.app.demo.past_months import OF_A_YEAR
from console.domain.values import ValueType
from console.models.trend_comparison import Distance
from console.ui.wall_clock import now_us
from console.views.trends.beside import Beside
from console.views.trends.view import TrendsView

if TYPE_CHECKING:
    from console.app.main import Console
    from console.domain.tags import Tag

LIVE = (
    "HYD-11/Oil pressure",
    "HYD-11/Filter/Pressure drop",
    "HYD-11/Oil level",
    "UPS-1/Battery/Charge",
    "SR-APPS/MES/Answer time",
    "SR-APPS/ERP-IF/Answer time",
    "FW-OT/Throughput",
    "NAS-1/Network/Send",
)
STATES = ("Battery/Charge", "On battery", "Mode", "Running", "State", "Recipe", "Door closed")
_STRIPS = 5
_LOADED_S = 3.0  # the coarse answer, the fine one, the strips
_DAY_US = 86_400_000_000
_LIVE_US, _STATES_US = 150_000_000, 300_000_000


class TrendStories:
    """Takes the pictures one after the other with `every_look(name)`."""

    def __init__(self, console: "Console", every_look: Callable[[str], Awaitable[None]]) -> None:
        self._console = console
        self._every_look = every_look

    async def tell(self) -> None:
        window = self._console.window
        window.go("trends")
        assert window.docks is not None
        view = window.docks.view("trends")
        assert isinstance(view, TrendsView)
        beside = view.extras["beside"]
        assert isinstance(beside, Beside)
        self._draw(view, beside, LIVE)
        view.navigation.set_span(_LIVE_US)
        view.navigation.follow()
        await self._take("trends-live")
        now = now_us()
        self._draw(view, beside, OF_A_YEAR)
        view.navigation.look_at(now - 365 * _DAY_US, now)
        await self._take("trends-year")
        view.navigation.look_at(now - 14 * _DAY_US, now - _DAY_US // 12)
        view.plot.cursors.set("A", now - 10 * _DAY_US)
        view.plot.cursors.set("B", now - 3 * _DAY_US)
        await self._take("trends-cursors")
        view.plot.cursors.clear()
        beside.compare.choose(Distance(7))
        view.navigation.look_at(now - 4 * _DAY_US, now - _DAY_US // 12)
        await self._take("trends-ghost")
        beside.compare.choose(None)
        self._draw(view, beside, LIVE[3:4])
        for tag in self._states():
            view.add_pen(tag.handle)
        view.navigation.set_span(_STATES_US)
        view.navigation.follow()
        await self._take("trends-states")
        self._draw(view, beside, ())

    async def _take(self, name: str) -> None:
        await asyncio.sleep(_LOADED_S)
        await self._every_look(name)

    def _draw(self, view: TrendsView, beside: Beside, paths: Iterable[str]) -> None:
        view.pens.clear()
        beside.states.clear()
        for path in paths:
            handle = next((tag.handle for tag in self._tags() if tag.source.path().endswith(path)), -1)
            view.add_pen(handle)

    def _states(self) -> "list[Tag]":
        """Yes/no and text tags, those first that say something."""
        kinds = (ValueType.BOOLEAN, ValueType.STRING)
        found = [tag for tag in self._tags() if tag.value_type in kinds]
        named = [tag for word in STATES for tag in found if tag.source.metric.endswith(word)]
        return list(dict.fromkeys([*named, *found]))[:_STRIPS]

    def _tags(self) -> "tuple[Tag, ...]":
        return self._console.window.picture.tags.tags
