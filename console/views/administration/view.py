"""People, stations and what waits for a person; everybody may look, acting needs the role."""

from collections.abc import Callable, Mapping

from PySide6.QtGui import QHideEvent, QShowEvent
from PySide6.QtWidgets import QStackedWidget

from console.models.empty_words import EmptyWords
from console.services.people_records import PeopleRecord
from console.services.records import SessionRecord
from console.services.station import PEOPLE, SESSION
from console.ui.counted_tabs import CountedTabs
from console.ui.plain_label import PlainLabel
from console.ui.rights import denied_to
from console.ui.table_view import TableView
from console.ui.theme import theme
from console.ui.translation import mark, tr
from console.ui.view import View, ViewContext
from console.views.administration.account_page import AccountPage
from console.views.administration.page import TablePage
from console.views.administration.people_page import PeoplePage
from console.views.administration.stations_page import StationsPage
from console.views.administration.waiting_pages import BreakGlassPage, WithheldPage
from console.widgets.panel import bare_column, panel_row
from console.widgets.table_export import export_table

_TITLES = {
    "people": mark("People"),
    "stations": mark("Stations"),
    "acts": mark("Acts to countersign"),
    "uses": mark("Control room"),
    "account": mark("My account"),
}
_EMPTY = {
    "people": mark(
        "Nobody may sign on yet: this station only shows. The first-start assistant makes the first people."
    ),
    "stations": mark("No station is known yet. One that asks to be let in appears here with its name."),
    "acts": mark("No act waits. What somebody did without the right to do it would stand here without effect."),
    "uses": mark("Every use of the control room identity has a name."),
}


class AdministrationView(View):
    """Told whole by PEOPLE; the session decides what can be done."""

    view_id = "administration"
    title = mark("Administration")
    icon = "administration"

    def __init__(self, context: ViewContext) -> None:
        super().__init__(context)
        station = context.station
        self.record = PeopleRecord()
        self.session: SessionRecord | None = None
        self.people, self.stations = PeoplePage(context, self.say), StationsPage(context, self.say)
        self.acts, self.uses = WithheldPage(context, self.say), BreakGlassPage(context, self.say)
        self.account = AccountPage(station)
        self.pages: dict[str, TablePage] = {
            "people": self.people,
            "stations": self.stations,
            "acts": self.acts,
            "uses": self.uses,
        }
        self.heading, self.stack = PlainLabel(), QStackedWidget()
        self.tabs = CountedTabs(_TITLES)
        self._lay_out()
        theme().changed.connect(self._retell)
        self.words = EmptyWords(station, PEOPLE, self._tell)
        self._undo = [
            self.words.close,
            station.subscribe(PEOPLE, self._on_people),
            station.subscribe(SESSION, self._on_session),
        ]
        self.show_page("people")
        self._on_session(self.session)
        self._tell()

    def _lay_out(self) -> None:
        column = bare_column(self)
        row = panel_row(column)
        self.heading.setProperty("role", "heading")
        row.addWidget(self.heading)
        row.addWidget(self.tabs)
        row.addStretch(1)
        self.tabs.chosen.connect(self.show_page)
        for page in (*self.pages.values(), self.account):
            self.stack.addWidget(page)
        column.addWidget(self.stack, 1)

    def show_page(self, name: str) -> None:
        self.tabs.choose(name)
        page = self.pages.get(name, self.account)
        self.stack.setCurrentWidget(page)
        self.setFocusProxy(page)
        self._follow_visible()
        self._tell()

    @property
    def page(self) -> str:
        return self.tabs.shown

    def say(self, text: str) -> None:
        self.context.refused(self, text)

    def action_handlers(self) -> Mapping[str, Callable[[], object]]:
        table = self._table()
        if table is None:
            return {}
        return {
            "table.copy": table.copy_selection,
            "table.export": lambda: export_table(table, self.say),
        }

    def save_state(self) -> dict[str, object]:
        return {name: page.table.save_state() for name, page in self.pages.items()} | {"page": self.page}

    def restore_state(self, state: Mapping[str, object]) -> None:
        for name, page in self.pages.items():
            kept = state.get(name)
            if isinstance(kept, Mapping):
                page.table.restore_state(kept)
        if state.get("page") in _TITLES:
            self.show_page(str(state["page"]))

    def close_view(self) -> None:
        for undo in self._undo:
            undo()
        self._undo.clear()
        for page in self.pages.values():
            page.close_page()
        self.account.close_page()

    def _table(self) -> TableView | None:
        page = self.pages.get(self.page)
        return page.table if page is not None else None

    def _on_people(self, record: PeopleRecord) -> None:
        self.record = record
        self.stations.can_let_in = record.can_let_in
        self.uses.people = record.people
        self.people.wrong_erasings = record.wrong_erasings
        self._tell()

    def _on_session(self, session: SessionRecord | None) -> None:
        self.session = session
        commands = {deed.command for page in self.pages.values() for deed in page.deeds.values()}
        denied = denied_to(session, commands | {"revoke-role"})
        for page in self.pages.values():
            page.set_denied(denied)
        self.people.set_own(session.user_id if session is not None else "")
        self._tell()

    def _tell(self) -> None:
        """Counts, empty words and what rows allow; nothing is claimed before the station told it once."""
        record, is_known = self.record, self.words.is_known
        counts = {
            "people": len(record.people),
            "stations": len(record.stations) + len(record.joining),
            "acts": len(record.withheld),
            "uses": len(record.break_glass),
        }
        self.heading.setText(tr(self.title))
        self.tabs.set_counts({name: count if is_known else None for name, count in counts.items()})
        self.tabs.retell()
        for name, page in self.pages.items():
            page.model.flush()
            page.table.set_empty_text(self.words.text(_EMPTY[name]))
            page.refresh()
        user_id = self.session.user_id if self.session is not None else ""
        self.account.show_account(self.session, next((p for p in record.people if p.user_id == user_id), None))

    def _retell(self) -> None:
        for page in self.pages.values():
            page.retell()
        self._tell()

    def _follow_visible(self) -> None:
        for name, page in self.pages.items():
            page.model.set_visible(self.isVisible() and name == self.page)

    def showEvent(self, event: QShowEvent) -> None:
        super().showEvent(event)
        self._follow_visible()
        self._tell()

    def hideEvent(self, event: QHideEvent) -> None:
        super().hideEvent(event)
        for page in self.pages.values():
            page.model.set_visible(False)
