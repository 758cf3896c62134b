"""Performance management: what fills up, what is busiest, what is usual, and what load does."""

from collections.abc import Callable, Mapping
from uuid import UUID

from PySide6.QtCore import QTimer
from PySide6.QtGui import QHideEvent, QShowEvent
from PySide6.QtWidgets import QProgressBar, QPushButton, QStackedWidget

from console.models.sorted_table import SortedTable
from console.ui.counted_tabs import CountedTabs
from console.ui.errands import Errands
from console.ui.format import US, clock_text
from console.ui.plain_label import PlainLabel
from console.ui.table_view import TableView
from console.ui.theme import theme
from console.ui.translation import mark, tr
from console.ui.view import Selection, View, ViewContext
from console.ui.wall_clock import now_us
from console.views.performance.baseline_page import BaselinePage
from console.views.performance.capacity_page import CapacityPage
from console.views.performance.load_page import LoadPage
from console.views.performance.page import Page
from console.views.performance.top_page import TopPage
from console.widgets.panel import bare_column, panel_row
from console.widgets.table_export import export_table

_AGAIN_MS = 15 * 60_000
_SOON_MS = 5_000  # after a refusal
_DAY_US = 86_400 * US
TABS = {
    "capacity": mark("Capacity"),
    "top": mark("Top lists"),
    "baselines": mark("Baselines"),
    "load": mark("Load"),
}
WINDOWS = {"day": (mark("24 h"), 1), "week": (mark("7 days"), 7), "month": (mark("30 days"), 30)}
_WINDOWED = ("top", "load")


class PerformanceView(View):
    """A tab asks when it is looked at, every quarter of an hour after, and when another window is chosen."""

    view_id = "performance"
    title = mark("Performance")
    icon = "performance"

    def __init__(self, context: ViewContext) -> None:
        super().__init__(context)
        self.errands = Errands(lambda text: context.refused(self, text))
        self._is_shown = False
        self._asked_us: dict[str, int] = {}
        self.tabs, self.stack = CountedTabs(TABS), QStackedWidget()
        self.heading, self.facts = PlainLabel(), PlainLabel(elide=True)
        self.windows = CountedTabs({name: text for name, (text, _days) in WINDOWS.items()})
        self.again_button, self.progress = QPushButton(), QProgressBar()
        self.capacity = CapacityPage(context, self.errands)
        self.top = TopPage(context, self.errands, self.window_us)
        self.baselines = BaselinePage(context, self.errands)
        self.load = LoadPage(context, self.errands, self.window_us)
        self.pages: dict[str, Page] = {
            "capacity": self.capacity,
            "top": self.top,
            "baselines": self.baselines,
            "load": self.load,
        }
        self._again = QTimer(self, interval=_AGAIN_MS)
        self._soon = QTimer(self, interval=_SOON_MS, singleShot=True)
        self.windows.choose("week")
        self._lay_out()
        self._connect()
        self._retell()

    def _lay_out(self) -> None:
        column = bare_column(self)
        top = panel_row(column)
        self.heading.setProperty("role", "heading")
        top.addWidget(self.heading)
        top.addSpacing(12)
        top.addWidget(self.facts, 1)
        self.progress.setRange(0, 0)
        self.progress.setTextVisible(False)
        self.progress.setFixedWidth(120)
        self.again_button.setAutoDefault(False)
        top.addWidget(self.progress)
        top.addWidget(self.again_button)
        row = panel_row(column, edge=4)
        row.addWidget(self.tabs)
        row.addStretch(1)
        row.addWidget(self.windows)
        for page in self.pages.values():
            self.stack.addWidget(page)
        column.addWidget(self.stack, 1)

    def _connect(self) -> None:
        self.tabs.chosen.connect(self.show_tab)
        self.windows.chosen.connect(lambda _name: self._on_window())
        self.again_button.clicked.connect(self.ask)
        self._again.timeout.connect(self.ask)
        self._soon.timeout.connect(self.ask)
        theme().changed.connect(self._retell)
        for page in self.pages.values():
            page.changed.connect(self._tell)
            page.chosen.connect(self._on_chosen)

    @property
    def shown(self) -> str:
        """The tab in sight."""
        return tuple(self.pages)[self.stack.currentIndex()]

    @property
    def page(self) -> Page:
        return self.pages[self.shown]

    def window_us(self) -> tuple[int, int]:
        """Up to now, so many days."""
        end = now_us()
        return end - WINDOWS[self.windows.shown][1] * _DAY_US, end

    def show_tab(self, name: str) -> None:
        """Another tab; it asks when it has not been looked at for a while."""
        if name not in self.pages:
            return
        self.tabs.choose(name)
        self.stack.setCurrentIndex(tuple(self.pages).index(name))
        self._follow_tables()
        if self._is_shown and now_us() - self._asked_us.get(name, 0) > _AGAIN_MS * 1000:
            self.ask()
        self._tell()

    def ask(self) -> None:
        """Compute what is in sight again."""
        self._asked_us[self.shown] = now_us()
        self.page.ask()

    @property
    def is_busy(self) -> bool:
        return any(page.is_busy for page in self.pages.values())

    def show_selection(self, selection: Selection) -> None:
        if selection.tag_id is not None:
            self.baselines.show_tag(selection.tag_id)
            self.capacity.show_tag(selection.tag_id)

    def action_handlers(self) -> Mapping[str, Callable[[], object]]:
        return {
            "table.copy": lambda: view.copy_selection() if (view := self._table()) is not None else None,
            "table.export": lambda: export_table(view, self._say) if (view := self._table()) is not None else None,
        }

    def save_state(self) -> dict[str, object]:
        tables = {view.table_id: view.save_state() for page in self.pages.values() for view in page.views()}
        return {
            "tab": self.shown,
            "window": self.windows.shown,
            "tables": tables,
            "baselines": self.baselines.save_state(),
        }

    def restore_state(self, state: Mapping[str, object]) -> None:
        window, tables, kept = state.get("window"), state.get("tables"), state.get("baselines")
        if window in WINDOWS:
            self.windows.choose(str(window))
        for view in (view for page in self.pages.values() for view in page.views()):
            one = tables.get(view.table_id) if isinstance(tables, Mapping) else None
            if isinstance(one, Mapping):
                view.restore_state(one)
        if isinstance(kept, Mapping):
            self.baselines.restore_state(kept)
        self.show_tab(str(state.get("tab", "")))

    def close_view(self) -> None:
        self._again.stop()
        self._soon.stop()
        for page in self.pages.values():
            page.close_page()
        self.errands.cancel()

    def _table(self) -> TableView | None:
        return next(iter(self.page.views()), None)

    def _say(self, text: str) -> None:
        self.context.refused(self, text)

    def _on_chosen(self, tag_id: UUID) -> None:
        """A row was selected: the faceplate shows its tag, and the baselines are about it next."""
        self.selected.emit(Selection(tag_id=tag_id))
        if self.page is not self.baselines:
            self.baselines.show_tag(tag_id)

    def _on_window(self) -> None:
        for name in _WINDOWED:
            self._asked_us.pop(name, None)
        if self._is_shown and self.shown in _WINDOWED:
            self.ask()

    def _follow_tables(self) -> None:
        """Only what is in sight follows the heartbeat."""
        for page in self.pages.values():
            for view in page.views():
                model = view.model()
                if isinstance(model, SortedTable):
                    model.set_visible(self._is_shown and page is self.page)

    def _tell(self) -> None:
        page = self.page
        busy = page.is_busy
        if page.is_refused and not busy and self._is_shown and not self._soon.isActive():
            self._soon.start()
        self.progress.setVisible(busy)
        self.windows.setVisible(self.shown in _WINDOWED)
        asked = self._asked_us.get(self.shown, 0)
        when = tr("as of {time}", time=clock_text(asked)[:5]) if asked and not busy else ""
        told = page.problem or page.facts()
        self.facts.setText(" · ".join(part for part in (told, when) if part))

    def _retell(self) -> None:
        self.heading.setText(tr(self.title))
        self.again_button.setText(tr("Compute again"))
        self.tabs.retell()
        self.windows.retell()
        for page in self.pages.values():
            page.retell()
        self._tell()

    def showEvent(self, event: QShowEvent) -> None:
        super().showEvent(event)
        self._is_shown = True
        self._follow_tables()
        self._again.start()
        if now_us() - self._asked_us.get(self.shown, 0) > _AGAIN_MS * 1000:
            self.ask()

    def hideEvent(self, event: QHideEvent) -> None:
        super().hideEvent(event)
        self._is_shown = False
        self._again.stop()
        self._soon.stop()
        self._follow_tables()
