"""Comparing a trend with another time: the choice, and the ghosts of the pens under them."""

from collections.abc import Mapping
from functools import partial

from PySide6.QtWidgets import QMenu, QPushButton

from console.domain.history.periods import DAY_US
from console.models.trend_comparison import Comparison, Distance
from console.ui.dialogs import Field, Question, ask
from console.ui.errands import Errands
from console.ui.format import US
from console.ui.translation import mark, tr
from console.views.trends.extras import TrendParts
from console.widgets.trend_curve import Curve
from console.widgets.trend_ghost import GhostSource

CHOICES: tuple[tuple[str, Distance | None], ...] = (
    (mark("Nothing"), None),
    (mark("Yesterday"), Distance(1)),
    (mark("Last week"), Distance(7)),
    (mark("4 weeks ago"), Distance(28)),
    (mark("A year ago (same weekday)"), Distance(364)),
)
FURTHEST_US = 10 * 366 * DAY_US
GHOST_KEY = 1 << 40  # above every handle: what touches a pen does not touch its ghost
_UNITS = {"min": 60 * US, "h": 3600 * US, "d": DAY_US}


class Compare:
    """`pens_changed` puts ghosts under the curves of the plot as it stands now."""

    def __init__(self, parts: TrendParts) -> None:
        self._parts = parts
        show = partial(parts.context.refused, parts.owner)
        self.comparison = Comparison(parts.context.station, show, self._redraw)
        self._errands = Errands(show)
        self.button = QPushButton()
        self.button.setAutoDefault(False)
        self.menu = QMenu(self.button)
        self.button.setMenu(self.menu)
        self.menu.aboutToShow.connect(self._fill)
        parts.header.add_widget(self.button)
        parts.plot.window_changed.connect(lambda _window: self._look())
        self.retell()

    def choose(self, distance: Distance | None) -> None:
        self.comparison.choose(distance)
        self._parts.rebuild()
        self.retell()

    def pens_changed(self) -> None:
        """The plot was built anew: ghosts go under its curves."""
        self._look()
        self._lay_under()

    def retell(self) -> None:
        self.button.setText(tr("Compare: {what}", what=self.name()))
        self.button.setToolTip(tr("Draw these pens as they were at another time under them"))

    def name(self) -> str:
        """What is compared with, in words."""
        distance = self.comparison.distance
        for text, known in CHOICES:
            if known == distance:
                return tr(text)
        exact = distance.exact_us if distance is not None else 0
        unit = next(one for one in ("d", "h", "min") if exact % _UNITS[one] == 0 or one == "min")
        return tr("{n} earlier", n=f"{exact / _UNITS[unit]:g} {unit}")

    def save_state(self) -> dict[str, object]:
        distance = self.comparison.distance or Distance()
        return {"days": distance.days, "exact_us": distance.exact_us}

    def restore_state(self, state: Mapping[str, object]) -> None:
        days, exact = state.get("days"), state.get("exact_us")
        if isinstance(days, int) and isinstance(exact, int) and abs(days) <= 3660 and abs(exact) <= FURTHEST_US:
            self.comparison.choose(Distance(days, exact) if days or exact else None)
            self.retell()

    def close(self) -> None:
        self.comparison.close()
        self._errands.cancel()

    async def ask_distance(self) -> None:
        """A distance of one's own."""
        units = tuple((unit, tr(unit)) for unit in _UNITS)
        question = Question(
            tr("Compare with an earlier time"),
            fields=(
                Field("n", tr("How much earlier"), value="8", required=True, max_length=8),
                Field("unit", tr("Unit"), "choice", "h", units),
            ),
            accept=tr("Compare"),
            hints=(tr("Exactly this long before; yesterday and last week follow the clocks of the site."),),
        )
        answers = await ask(question, self._parts.owner)
        if answers is None:
            return
        exact = _distance(answers["n"], answers["unit"])
        if exact:
            self.choose(Distance(exact_us=exact))
        else:
            self._parts.context.refused(self._parts.owner, tr("“{words}” is no length of time", words=answers["n"]))

    def _fill(self) -> None:
        self.menu.clear()
        for text, distance in CHOICES:
            act = self.menu.addAction(tr(text))
            act.setCheckable(True)
            act.setChecked(distance == self.comparison.distance)
            act.triggered.connect(lambda _on=False, one=distance: self.choose(one))
        self.menu.addSeparator()
        self.menu.addAction(tr("Other time…")).triggered.connect(lambda: self._errands.run(self.ask_distance()))

    def _look(self) -> None:
        tags = {row.tag.handle: row.tag.tag_id for row in self._parts.pens.rows if not row.look.is_hidden}
        window = self._parts.plot.shown
        if window is not None and tags and self.comparison.look(tags, window.from_us, window.to_us):
            self._lay_under()

    def _lay_under(self) -> None:
        """One ghost per curve, behind it, in its colour."""
        for item in self._parts.plot.spans:
            own = [curve for curve in item.curves if curve.key < GHOST_KEY]
            ghosts = [ghost for curve in own if (ghost := self._ghost(curve)) is not None]
            if ghosts or len(own) != len(item.curves):
                item.curves = [*ghosts, *own]
                item.invalidate()

    def _ghost(self, curve: Curve) -> Curve | None:
        pen = self.comparison.pens.get(curve.key)
        if pen is None or self.comparison.distance is None:
            return None
        source = GhostSource(pen, self.comparison.pieces)
        return Curve(curve.key + GHOST_KEY, source, curve.colour, axis=curve.axis, is_log=curve.is_log, is_ghost=True)

    def _redraw(self) -> None:
        """The history of the other time came."""
        self._lay_under()
        self._parts.plot.reloaded()


def _distance(number: str, unit: str) -> int:
    """Microseconds; 0 for what is none."""
    try:
        exact = round(float(number.replace(",", ".")) * _UNITS[unit])
    except (ValueError, OverflowError):
        return 0
    return exact if 0 < exact <= FURTHEST_US else 0
