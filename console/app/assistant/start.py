"""When the assistant comes up: before a PC is set up, and beside a console whose site names nobody yet."""

import asyncio
from contextlib import suppress
from typing import TYPE_CHECKING

from console.app.assistant.first_people import FirstPeopleDialog
from console.app.assistant.window import AssistantWindow
from console.app.folders import Folders
from console.services.identity.password_worker import PasswordWorker
from console.services.notifier import Undo
from console.services.people_records import PeopleRecord
from console.services.station import PEOPLE
from console.ui.translation import set_language, system_language

if TYPE_CHECKING:
    from console.app.bootstrap import Core
    from console.app.frame.main_window import MainWindow


async def set_up(folders: Folders, seconds: float | None = None) -> bool:
    """True when the station stands in `folders`; False when the assistant was closed, or after `seconds`."""
    set_language(system_language())
    worker = PasswordWorker()
    window = AssistantWindow(folders, worker.hash)
    try:
        with suppress(TimeoutError):
            return await asyncio.wait_for(window.answer(), seconds)
        return False
    finally:
        window.close()
        window.deleteLater()
        worker.close()


class FirstPeople:
    """Offers the assistant's last step once, when the station has told that nobody may sign on here.

    Only where the site's key lies, or where a site has none: at a station that merely joined, the people of the site
    are on their way.
    """

    def __init__(self, core: "Core", window: "MainWindow") -> None:
        self._core, self._window = core, window
        self.dialog: FirstPeopleDialog | None = None
        self._worker: PasswordWorker | None = None
        self._is_told = False
        self._undo: Undo = core.station.subscribe(PEOPLE, self._on_people)

    def close(self) -> None:
        self._undo()
        if self.dialog is not None:
            self.dialog.errands.cancel()
            self.dialog.close()

    def _on_people(self, people: PeopleRecord) -> None:
        if self._is_told:
            return
        self._is_told = True
        core = self._core
        if people.people or people.not_enrolled or not (people.can_let_in or not core.site.authority):
            return
        self._worker = PasswordWorker()
        self.dialog = FirstPeopleDialog(
            core.site_folder, core.site.name, self._worker.hash, core.people.look, self._window
        )
        self.dialog.finished.connect(self._ended)
        self.dialog.show()

    def _ended(self) -> None:
        if self._worker is not None:
            self._worker.close()
            self._worker = None
        if self.dialog is not None:
            self.dialog.deleteLater()
            self.dialog = None
