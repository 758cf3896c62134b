"""A running site without anybody: the assistant's last step beside the console, which shows the plant meanwhile."""

from collections.abc import Awaitable, Callable
from pathlib import Path

from PySide6.QtWidgets import QHBoxLayout, QPushButton, QScrollArea, QVBoxLayout, QWidget

from console.app.assistant.fields import wrapped
from console.app.assistant.pages import PeoplePage
from console.app.assistant.plan import Hash, NewSite, first_people
from console.app.first_files import TIME_ZONE, write_first_people
from console.domain.refusal import Refused
from console.ui.dialogs import ReturningDialog
from console.ui.errands import DEFECT_TEXT, Errands
from console.ui.translation import tr, tr_refusal


class FirstPeopleDialog(ReturningDialog):
    """Not modal: watching goes on. `made` is awaited when site/users.toml names the two."""

    def __init__(
        self,
        site: Path,
        site_name: str,
        hash_password: Hash,
        made: Callable[[], Awaitable[object]],
        parent: QWidget | None = None,
    ) -> None:
        super().__init__(parent)
        self.setModal(False)
        self.setWindowTitle(tr("Leitstand: first people"))
        self.resize(860, 560)
        self._site, self._hash, self._made = site, hash_password, made
        self.errands = Errands(self.say)
        self.people = PeoplePage()
        self.people.site_name = site_name
        column = QVBoxLayout(self)
        column.setContentsMargins(24, 18, 24, 16)
        column.setSpacing(12)
        room = QScrollArea()
        room.setWidgetResizable(True)
        room.setWidget(self.people)
        column.addWidget(room, 1)
        self.notice = wrapped("", "dim")
        self.notice.setMinimumHeight(36)
        column.addWidget(self.notice)
        row = QHBoxLayout()
        row.addStretch(1)
        self.later_button, self.make_button = QPushButton(tr("Only watch for now")), QPushButton(tr("Set up"))
        self.later_button.setAutoDefault(False)
        self.make_button.setProperty("primary", True)
        self.make_button.setDefault(True)
        row.addWidget(self.later_button)
        row.addWidget(self.make_button)
        column.addLayout(row)
        self.later_button.clicked.connect(self.reject)
        self.make_button.clicked.connect(self._make)
        self.people.changed.connect(self._check)
        self._check()

    def say(self, text: str, role: str = "refused") -> None:
        self.notice.setText(text)
        self.notice.setProperty("role", role)
        self.notice.style().unpolish(self.notice)
        self.notice.style().polish(self.notice)

    def _check(self) -> None:
        why = self.people.why_not()
        self.say(why, "dim")
        self.make_button.setEnabled(not why)

    def _make(self) -> None:
        if self.make_button.isEnabled():
            self.errands.run(self._do())

    async def _do(self) -> None:
        self.make_button.setEnabled(False)
        told = self.people
        site = NewSite(told.site_name, TIME_ZONE, told.administrator.person(), told.lead.person())
        try:
            write_first_people(self._site, await first_people(site, self._hash))
            await self._made()
        except Refused as refused:
            self.say(tr_refusal(refused))
        except OSError as error:
            self.say(tr("Nothing was set up: {why}", why=error.strerror or str(error)))
        except Exception:
            self.say(tr(DEFECT_TEXT))
            raise
        else:
            self.accept()
        finally:
            self.make_button.setEnabled(not told.why_not())
