"""The assistant's window: one step after the other, all of it by keyboard; nothing is written before the last one."""

import asyncio

from PySide6.QtCore import Qt
from PySide6.QtGui import QCloseEvent, QKeyEvent
from PySide6.QtWidgets import QFrame, QHBoxLayout, QPushButton, QScrollArea, QStackedWidget, QVBoxLayout, QWidget

from console.app.assistant.fields import Page, wrapped
from console.app.assistant.pages import (
    JoinPage,
    PeoplePage,
    ServersPage,
    SitePage,
    StationPage,
    WelcomePage,
    station_of,
)
from console.app.assistant.plan import Hash, NewSite, Plan, carry_out, code_to_show
from console.app.folders import Folders
from console.domain.refusal import Refused
from console.ui.errands import DEFECT_TEXT, Errands
from console.ui.plain_label import PlainLabel
from console.ui.translation import set_language, tr, tr_refusal

_SIZE = (860, 640)


class CodePage(Page):
    """The last step of a station that joins by pairing: the code, large."""

    def __init__(self, code: str) -> None:
        super().__init__(
            tr("Pairing code"),
            tr("An administrator types this code at another station of the site, in Administration, Stations. Until "
               "then this console only watches; the code stays on its screen."),
        )  # fmt: skip
        self.code = PlainLabel(code)
        self.code.setObjectName("pairingCode")
        self.code.setAlignment(Qt.AlignmentFlag.AlignCenter)
        self.code.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)
        self.code.setAccessibleName(" ".join(code))
        self.column.addStretch(1)
        self.column.addWidget(self.code)
        self.column.addStretch(2)


class AssistantWindow(QWidget):
    """`await answer()`: True when the station stands in `folders`, False when the window was closed."""

    def __init__(self, folders: Folders, hash_password: Hash) -> None:
        super().__init__()
        self.setObjectName("page")
        self.resize(*_SIZE)
        self.setMinimumSize(700, 520)
        self._folders, self._hash = folders, hash_password
        self._errands = Errands(self.say)
        self._future: asyncio.Future[bool] | None = None
        self._is_written = False
        column = QVBoxLayout(self)
        column.setContentsMargins(28, 22, 28, 18)
        column.setSpacing(12)
        self.steps = PlainLabel()
        self.steps.setProperty("role", "small")
        column.addWidget(self.steps)
        self.stack = QStackedWidget()
        room = QScrollArea()
        room.setWidgetResizable(True)
        room.setFrameShape(QFrame.Shape.NoFrame)
        room.setWidget(self.stack)
        column.addWidget(room, 1)
        self.notice = wrapped("", "dim")
        self.notice.setMinimumHeight(36)
        column.addWidget(self.notice)
        row = QHBoxLayout()
        self.quit_button, self.back_button, self.next_button = QPushButton(), QPushButton(), QPushButton()
        for button in (self.quit_button, self.back_button, self.next_button):
            button.setAutoDefault(True)
        self.next_button.setProperty("primary", True)
        row.addWidget(self.quit_button)
        row.addStretch(1)
        row.addWidget(self.back_button)
        row.addWidget(self.next_button)
        column.addLayout(row)
        self.quit_button.clicked.connect(self.close)
        self.back_button.clicked.connect(self.back)
        self.next_button.clicked.connect(self.next)
        self.path: list[Page] = []
        self.at = 0
        self._make_pages()

    def _make_pages(self) -> None:
        """All pages in the language of now; only the welcome page is shown when it changes."""
        while self.stack.count():
            old = self.stack.widget(0)
            if old is not None:
                self.stack.removeWidget(old)
                old.deleteLater()
        self.welcome, self.site, self.join = WelcomePage(), SitePage(), JoinPage()
        self.station, self.servers, self.people = StationPage(), ServersPage(), PeoplePage()
        for page in (self.welcome, self.site, self.join, self.station, self.servers, self.people):
            self.stack.addWidget(page)
            page.changed.connect(self._check)
        self.welcome.language.currentIndexChanged.connect(self._on_language)
        self.welcome.new_button.clicked.connect(
            lambda: self._begin([self.site, self.station, self.servers, self.people])
        )
        self.welcome.join_button.clicked.connect(lambda: self._begin([self.join, self.station, self.servers]))
        self.path, self.at = [self.welcome], 0
        self.setWindowTitle(tr("Leitstand: first start"))
        self.quit_button.setText(tr("Quit"))
        self.back_button.setText(tr("Back"))
        self._show()

    async def answer(self) -> bool:
        self._future = asyncio.get_running_loop().create_future()
        self.show()
        self._focus()
        return await self._future

    def back(self) -> None:
        if self.at and not self._is_written:
            self.at -= 1
            self._show()

    def next(self) -> None:
        if not self.next_button.isEnabled():
            return
        if self._is_written:
            self._end(True)
        elif self.at + 1 < len(self.path):
            self.at += 1
            self._show()
        else:
            self._errands.run(self._finish())

    def say(self, text: str, role: str = "refused") -> None:
        self.notice.setText(text)
        self.notice.setProperty("role", role)
        self.notice.style().unpolish(self.notice)
        self.notice.style().polish(self.notice)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Enter goes on, Esc goes back."""
        if event.key() in (Qt.Key.Key_Return, Qt.Key.Key_Enter):
            self.next()
        elif event.key() == Qt.Key.Key_Escape:
            self.back()
        else:
            super().keyPressEvent(event)

    def closeEvent(self, event: QCloseEvent) -> None:
        super().closeEvent(event)
        self._errands.cancel()
        self.servers.errands.cancel()
        self._end(self._is_written)

    def plan(self) -> Plan:
        """What was told so far."""
        station = station_of(self.station, self.servers, self.welcome.language.currentData() or "")
        if self.join in self.path:
            return Plan(station, joined=self.join.path())
        people = self.people
        return Plan(
            station,
            NewSite(
                self.site.name.text(),
                self.site.zone.text().strip(),
                people.administrator.person(),
                people.lead.person(),
            ),
        )

    async def _finish(self) -> None:
        self._set_busy(True)
        try:
            await carry_out(self.plan(), self._folders, self._hash)
            code = code_to_show(self._folders)
        except Refused as refused:
            self.say(tr_refusal(refused))
        except OSError as error:
            self.say(tr("Nothing was set up: {why}", why=error.strerror or str(error)))
        except Exception:
            self.say(tr(DEFECT_TEXT))
            raise
        else:
            self._is_written = True
            self._show_code(code) if code else self._end(True)
        finally:
            self._set_busy(False)

    def _show_code(self, code: str) -> None:
        page = CodePage(code)
        self.stack.addWidget(page)
        self.path.append(page)
        self.at += 1
        self._show()

    def _begin(self, pages: list[Page]) -> None:
        self.path, self.at = [self.welcome, *pages], 1
        if self.join not in pages:
            self.station.offer([])
        self._show()

    def _show(self) -> None:
        page = self.path[self.at]
        if page is self.station and self.join in self.path:
            self.station.offer(self.join.positions())
        if page is self.people:
            self.people.site_name = self.site.name.text()
        self.stack.setCurrentWidget(page)
        is_first, is_last = self.at == 0, self.at + 1 >= len(self.path)
        self.steps.setText("" if is_first else tr("Step {n} of {m}", n=self.at, m=len(self.path) - 1))
        self.back_button.setVisible(not is_first and not self._is_written)
        self.next_button.setVisible(not is_first)
        self.quit_button.setVisible(not self._is_written)
        opens = tr("Open the console") if self._is_written else tr("Set up")
        self.next_button.setText(opens if is_last else tr("Next"))
        self._check()
        self._focus()

    def _focus(self) -> None:
        field = self.path[self.at].first_field() or self.next_button
        field.setFocus()

    def _check(self) -> None:
        why = self.path[self.at].why_not() if self.at else ""
        self.say(why, "dim")
        self.next_button.setEnabled(not why)

    def _set_busy(self, is_busy: bool) -> None:
        for part in (self.stack, self.back_button, self.next_button):
            part.setEnabled(not is_busy)
        if not is_busy and not self.notice.text():
            self._check()

    def _on_language(self) -> None:
        set_language(str(self.welcome.language.currentData()))
        self._make_pages()
        self.welcome.language.setFocus()

    def _end(self, is_done: bool) -> None:
        if self._future is not None and not self._future.done():
            self._future.set_result(is_done)
