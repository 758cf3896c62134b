"""Who sits here: what this person may do, and his theme, language and layout; nobody signed on only watches."""

from collections.abc import Callable

from console.services.records import SessionRecord
from console.services.station import SESSION, PreferencesQuery, Station
from console.ui.actions import ActionSet
from console.ui.errands import Errands
from console.ui.preferences import Preferences
from console.ui.rights import denied_to
from console.ui.theme import DENSITIES, theme
from console.ui.translation import LANGUAGES, language, read_catalogue, set_language


class Person:
    """`session` is None while nobody is signed on. `on_change(is_fresh)` after rights and look follow: true when a
    person came to a free desk, whose arrangement is to be brought back; a quick switch keeps the one on screen."""

    def __init__(
        self,
        station: Station,
        preferences: Preferences,
        actions: ActionSet,
        errands: Errands,
        on_change: Callable[[bool], None],
    ) -> None:
        self._station = station
        self._errands = errands
        self.session: SessionRecord | None = None
        self.preferences = preferences
        self._actions = actions
        self._on_change = on_change
        self._station_language = self._station_theme = ""  # of this workstation, where nobody chose
        self._coming_language = ""  # while it is being changed to
        self._commands = tuple({spec.command for spec in actions.specs() if spec.command})
        self._actions.set_denied(denied_to(None, self._commands))
        self._follow_preferences(at_once=True)  # what was chosen at this workstation before anybody signed on
        self._undo = station.subscribe(SESSION, self._on_session)

    def close(self) -> None:
        self._undo()

    def use_station(self, language: str, theme: str) -> None:
        """What station.toml says holds for whoever chose nothing here; empty: nothing is said."""
        self._station_language, self._station_theme = language, theme
        self._follow_preferences(at_once=True)

    def switch_theme(self) -> None:
        name = "dark" if theme().chosen == "light" else "light"
        self.preferences.set("theme", name)
        theme().switch(name)

    def switch_language(self) -> None:
        name = LANGUAGES[(LANGUAGES.index(self._coming_language or language()) + 1) % len(LANGUAGES)]
        self.preferences.set("language", name)
        self._speak(name, at_once=False)

    def use_density(self, density: str) -> None:
        self.preferences.set("density", density)
        theme().use_density(density)

    def _on_session(self, session: SessionRecord | None) -> None:
        before = self.session.user_id if self.session is not None else ""
        self.session = session
        self._actions.set_denied(denied_to(session, self._commands))
        is_another = session is not None and session.user_id != before
        if is_another and session is not None:
            self.preferences.use(session.user_id)
            self._follow_preferences()
        self._on_change(is_another and not before)
        if is_another and session is not None:
            self._errands.run(self._adopt(session.user_id, is_fresh=not before))

    async def _adopt(self, user_id: str, *, is_fresh: bool) -> None:
        """Take what this person chose at other workstations, where nothing was chosen here."""
        came = await self._station.query(PreferencesQuery())
        if self.session is None or self.session.user_id != user_id:
            return  # another person signed on meanwhile
        is_new_layout = self.preferences.get("layout") is None and "layout" in came
        self.preferences.adopt(came)
        self._follow_preferences()
        if is_new_layout and is_fresh:
            self._on_change(True)

    def _follow_preferences(self, *, at_once: bool = False) -> None:
        """Only what this person chose; the look stays as it is otherwise, also after signing off. While somebody works
        it comes in pieces, at the start at once."""
        density = self.preferences.text("density")
        if density in DENSITIES and density != theme().density:
            theme().use_density(density)
        wanted = self.preferences.text("language") or self._station_language
        if wanted in LANGUAGES and wanted != (self._coming_language or language()):
            self._speak(wanted, at_once=at_once)
        name = self.preferences.text("theme") or self._station_theme
        if name and name != theme().chosen:
            theme().use(name) if at_once else theme().switch(name)

    def _speak(self, name: str, *, at_once: bool) -> None:
        self._coming_language = name
        theme().change_in_pieces(read_catalogue(name), lambda: self._spoken(name))
        if at_once:
            theme().finish()

    def _spoken(self, name: str) -> None:
        set_language(name)
        if self._coming_language == name:
            self._coming_language = ""
