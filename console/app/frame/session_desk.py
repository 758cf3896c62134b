"""Who sits at this console: sign on, switch, lock, break the glass, and the bands that say how it stands."""

from collections.abc import Callable
from pathlib import Path

from PySide6.QtWidgets import QVBoxLayout, QWidget
from shiboken6 import isValid

from console.app.frame.drafts import Drafts
from console.app.frame.idle_watch import IdleWatch
from console.app.frame.known_people import KnownPeople, KnownPerson
from console.app.frame.people_items import news
from console.app.frame.sign_on_dialog import Answer, SignOnDialog, Wish
from console.domain.commands import SignOff, SignOn
from console.domain.people import CONTROL_ROOM
from console.domain.people_commands import AttributeBreakGlass, BreakGlass, Lock, Unlock
from console.domain.refusal import Refused
from console.services.identity.password_rules import looks_like_pin
from console.services.people_records import BreakGlassRecord, PeopleRecord
from console.services.records import SessionRecord
from console.services.station import PEOPLE, SESSION, Station
from console.ui.errands import DEFECT_TEXT, Errands
from console.ui.format import clock_text
from console.ui.theme import theme
from console.ui.translation import mark, tr
from console.widgets.standing_band import BandButton, StandingBand

LOCKED_HEADING = mark("Locked: view only")
LOCKED_WORDS = mark("{name} is signed on. Alarms, horn and trends stay live; nothing can be changed.")
IN_BREAK_GLASS = mark("You act as control room: acknowledge and silence, nothing else")
SIGN_ON_SOON = mark("Everything is written down. Sign on with your own name soon, and say that it was you.")
WHO_WAS_IT = mark("Who acted as control room at {time}?")
NOT_ENROLLED_HEADING = mark("This station only watches: it is not enrolled")


class SessionBands(QWidget):
    """One band per thing that can hold; each hidden while it does not."""

    def __init__(self) -> None:
        super().__init__()
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(0)
        self.locked, self.break_glass = StandingBand("lock"), StandingBand("warning")
        self.who, self.enrolment = StandingBand("user"), StandingBand("link-off")
        for band in (self.locked, self.break_glass, self.who, self.enrolment):
            column.addWidget(band)


class SessionDesk:
    """`tell(text)` shows news in the notice bar, `go(view)` leads to a view; `folder` keeps who signed on here."""

    def __init__(
        self,
        station: Station,
        window: QWidget,
        errands: Errands,
        folder: Path,
        clock: Callable[[], int],
        *,
        tell: Callable[[str], None],
        go: Callable[[str], None],
    ) -> None:
        self._station, self._window, self._errands, self._clock = station, window, errands, clock
        self._tell, self._go = tell, go
        self.bands = SessionBands()
        self.known = KnownPeople(folder)
        self.drafts = Drafts(window)
        self.watch = IdleWatch(window)
        self.watch.idle.connect(self._on_idle)
        self.session: SessionRecord | None = None
        self.people: PeopleRecord | None = None
        self.dialog: SignOnDialog | None = None
        self._author = ""  # whose forms are open
        self._later: set[str] = set()  # uses of the control room identity that this person does not name now
        self._undo = [station.subscribe(SESSION, self._on_session), station.subscribe(PEOPLE, self._on_people)]
        theme().changed.connect(self._show_bands)

    def close(self) -> None:
        for undo in self._undo:
            undo()
        theme().changed.disconnect(self._show_bands)
        self.watch.watch(0)

    # what a person asks

    def lock(self) -> None:
        """Ctrl+Shift+L: view only, and nobody is asked."""
        if self._is_working:
            self._errands.run(self._station.submit(Lock()))

    def switch_user(self) -> None:
        """Ctrl+L: view only at once, and ask who comes next."""
        self._errands.run(self._switch())

    @property
    def _is_working(self) -> bool:
        session = self.session
        return session is not None and not session.is_locked and session.method != "break_glass"

    async def _switch(self) -> None:
        if self.dialog is not None:
            self.dialog.raise_()
            self.dialog.activateWindow()
            return
        session = self.session
        is_own = session is not None and session.method != "break_glass"
        locked_by = KnownPerson(session.user_id, session.login, session.name) if session and is_own else None
        dialog = SignOnDialog(self.known.people(), locked_by, self._window, forget=self.known.forget)
        self.dialog = dialog
        try:
            if self._is_working:
                await self._lock_quietly(dialog)
            while (answer := await dialog.answer()) is not None:
                if await self._try(dialog, answer):
                    return
        finally:
            self.dialog = None
            if isValid(dialog):  # the window may have gone meanwhile, and the dialog with it
                dialog.close()
                dialog.deleteLater()

    async def _lock_quietly(self, dialog: SignOnDialog) -> None:
        """A console that cannot lock (its journal is full) still lets the next person sign on."""
        try:
            await self._station.submit(Lock())
        except Refused as refused:
            dialog.refuse(refused)

    async def _try(self, dialog: SignOnDialog, answer: Answer) -> bool:
        """True when it is done; a refusal is shown and the dialog stays."""
        dialog.set_busy(True)
        try:
            await self._submit(dialog, answer)
        except Refused as refused:
            dialog.refuse(refused)
            return False
        except Exception:
            dialog.say(tr(DEFECT_TEXT))
            dialog.set_busy(False)
            raise
        return True

    async def _submit(self, dialog: SignOnDialog, answer: Answer) -> None:
        if answer.wish is Wish.BREAK_GLASS:
            await self._station.submit(BreakGlass(answer.why))
        elif answer.wish is Wish.SIGN_OFF:
            await self._station.submit(SignOff())
        elif self._may_unlock(dialog.locked_by, answer.login):
            await self._station.submit(Unlock(answer.secret, looks_like_pin(answer.secret)))
        else:
            await self._station.submit(SignOn(answer.login, answer.secret))

    def _may_unlock(self, locked_by: KnownPerson | None, login: str) -> bool:
        """The locked person himself, as long as his session lives."""
        session = self.session
        if locked_by is None or session is None or session.user_id != locked_by.user_id:
            return False
        return session.is_locked and login.casefold() == locked_by.login.casefold()

    def _on_idle(self) -> None:
        if self._is_working:
            self._errands.run(self._station.submit(Lock("idle")))

    def _it_was_me(self, use: BreakGlassRecord) -> None:
        self._errands.run(self._station.submit(AttributeBreakGlass(use.use_id)))

    def _not_now(self, use: BreakGlassRecord) -> None:
        self._later.add(use.use_id)
        self._show_bands()

    # what changes by itself

    def _on_session(self, session: SessionRecord | None) -> None:
        self.session = session
        if session is not None and session.user_id != self._author:
            if self._author:
                self.drafts.put_aside(self._author)
            self.drafts.bring_back(session.user_id)
            self._author = session.user_id
            self._later.clear()
            if session.user_id != CONTROL_ROOM and session.method != "break_glass":
                self.known.remember(KnownPerson(session.user_id, session.login, session.name))
        self._follow_idle()
        self._show_bands()

    def _on_people(self, people: PeopleRecord) -> None:
        before, self.people = self.people, people
        if people.people:
            self.known.keep_only({one.user_id for one in people.people if not one.is_disabled})
        if before is not None:
            for text in news(before, people):
                self._tell(text)
        self._follow_idle()
        self._show_bands()

    def _follow_idle(self) -> None:
        seconds = self.people.lock_after_s if self.people is not None else 0
        self.watch.watch(seconds if self._is_working else 0)

    def _show_bands(self) -> None:
        session, bands = self.session, self.bands
        unlock = BandButton(tr("Unlock or switch user"), self.switch_user, "Ctrl+L", is_primary=True)
        is_locked = session is not None and session.is_locked
        name = (session.name or session.login) if session is not None else ""
        bands.locked.show_band(tr(LOCKED_HEADING) if is_locked else "", tr(LOCKED_WORDS, name=name), (unlock,))
        is_broken = session is not None and session.method == "break_glass"
        sign_on = BandButton(tr("Sign on"), self.switch_user, "Ctrl+L", is_primary=True)
        bands.break_glass.show_band(tr(IN_BREAK_GLASS) if is_broken else "", tr(SIGN_ON_SOON), (sign_on,))
        self._show_who()
        people = self.people
        why = people.not_enrolled if people is not None else ""
        code = people.pairing_code if people is not None else ""
        bands.enrolment.show_band(tr(NOT_ENROLLED_HEADING) if why else "", tr(why), code=code)

    def _show_who(self) -> None:
        use = self._use_to_name()
        if use is None:
            self.bands.who.show_band("")
            return
        buttons = (
            BandButton(tr("It was me"), lambda: self._it_was_me(use), is_primary=True),
            BandButton(tr("Somebody else..."), lambda: self._go("administration")),
            BandButton(tr("Later"), lambda: self._not_now(use)),
        )
        self.bands.who.show_band(tr(WHO_WAS_IT, time=clock_text(use.at_us, self._clock())), use.why, buttons)

    def _use_to_name(self) -> BreakGlassRecord | None:
        """The oldest use at this station that the person here can put a name to; overdue ones of others as well."""
        session, people = self.session, self.people
        if session is None or people is None or not self._is_working:
            return None
        if AttributeBreakGlass.name in session.denied:
            return None
        own = {one.code for one in people.stations if one.is_own and one.code}
        waiting = [use for use in people.break_glass if use.use_id not in self._later]
        return next((use for use in waiting if not own or use.station in own), None)
