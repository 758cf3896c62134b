"""The named places of the trend view: parts of their own that add layers, strips and entries of the menu to it."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Protocol

from PySide6.QtWidgets import QBoxLayout, QWidget

from console.domain.tags import Tag
from console.models.tag_cache import TagCache
from console.models.trend_feed import TrendFeed
from console.models.trend_table import TrendTable
from console.ui.table_view import TableView
from console.ui.view import ViewContext
from console.views.trends.header import TrendHeader
from console.views.trends.navigation import TrendNavigation
from console.views.trends.pens import PenSet
from console.widgets.trend_plot import TrendPlot


@dataclass(frozen=True, slots=True)
class TrendParts:
    """What a part may use. `rebuild()` after it changed pens; `picture` is what a picture of the trend shows. Widgets
    of a part go `beside` the plots, on the right, or `below` the header; they show and hide themselves."""

    owner: QWidget
    context: ViewContext
    cache: TagCache
    feed: TrendFeed
    pens: PenSet
    plot: TrendPlot
    header: TrendHeader
    navigation: TrendNavigation
    table: TableView
    model: TrendTable
    picture: QWidget
    rebuild: Callable[[], None]
    now_us: Callable[[], int]
    beside: QBoxLayout
    below: QBoxLayout


class Extra(Protocol):
    """One such part; made once per view with its `TrendParts`."""

    @property
    def has_rows(self) -> bool:
        """Whether it shows something on the time axis that is no pen: the axis is there without any pen then."""
        ...

    def takes(self, tag: Tag) -> bool:
        """Whether it shows this tag itself, instead of a pen."""
        ...

    def pens_changed(self) -> None:
        """Pens were added, removed, or look different."""

    def beat(self, beat: int) -> None:
        """Ten times a second while the view is in sight."""

    def retell(self) -> None:
        """Theme or language changed."""

    def save_state(self) -> dict[str, object]:
        """JSON-able."""

    def restore_state(self, state: Mapping[str, object]) -> None: ...

    def close(self) -> None: ...
