"""Who sits here: sign on, unlock or switch in one place; the last people of this workstation are one key away."""

import asyncio
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from enum import Enum, auto

from PySide6.QtCore import QPoint, Qt, QTimer, Signal
from PySide6.QtGui import QCloseEvent, QKeyEvent
from PySide6.QtWidgets import (
    QFormLayout,
    QHBoxLayout,
    QLineEdit,
    QMenu,
    QPlainTextEdit,
    QPushButton,
    QVBoxLayout,
    QWidget,
)

from console.app.frame.known_people import KnownPerson
from console.domain.refusal import Refused
from console.ui.dialogs import ReturningDialog, fit_height
from console.ui.plain_label import PlainLabel
from console.ui.secret_field import SecretField
from console.ui.translation import mark, tr, tr_refusal
from console.widgets.flow import FlowLayout

SIGN_ON_TEXT = mark("Without signing on everything is shown and nothing can be changed; the horn can be silenced.")
LOCKED_TEXT = mark(
    "Locked by {name}: alarms, horn and trends stay live. Unlock with password or PIN, or sign on as another person."
)
BREAK_GLASS_WARNING = mark(
    "For the case that nobody here can sign on. The control room identity acknowledges alarms and silences the horn, "
    "nothing else. It is written down, and somebody has to say who it was before the shift ends."
)


class Wish(Enum):
    SIGN_ON = auto()
    BREAK_GLASS = auto()
    SIGN_OFF = auto()


@dataclass(frozen=True, slots=True)
class Answer:
    wish: Wish
    login: str = ""
    secret: str = ""
    why: str = ""


class LoginField(QLineEdit):
    """Up and Down go through the people who signed on here before."""

    stepped = Signal(int)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        step = {Qt.Key.Key_Down: 1, Qt.Key.Key_Up: -1}.get(Qt.Key(event.key()), 0)
        if step:
            self.stepped.emit(step)
        else:
            super().keyPressEvent(event)


class SignOnDialog(ReturningDialog):
    """`locked_by` is who locked the console (None: nobody is signed on); `forget` takes a user id off the list."""

    def __init__(
        self,
        people: Sequence[KnownPerson],
        locked_by: KnownPerson | None,
        parent: QWidget | None = None,
        *,
        forget: Callable[[str], None] = lambda user_id: None,
    ) -> None:
        super().__init__(parent)
        self.setModal(False)
        self.setMinimumWidth(560)
        self.setWindowTitle(tr("Sign on") if locked_by is None else tr("Unlock or switch user"))
        self.people = tuple(people)
        self.locked_by = locked_by
        self._forget = forget
        self._future: asyncio.Future[Answer | None] | None = None
        self._waits_s = 0
        self._at = -1
        self.login, self.secret = LoginField(), SecretField(label=tr("Password or PIN"))
        self.login.setMaxLength(200)
        self.login.setAccessibleName(tr("User"))
        self.chips: dict[str, QPushButton] = {}
        self.notice = PlainLabel()
        self.accept_button, self.cancel_button = QPushButton(), QPushButton(tr("Cancel"))
        self.break_glass_button = QPushButton(tr("Act as control room..."))
        self.sign_off_button = QPushButton(tr("Sign off"))
        self.why = QPlainTextEdit()
        self._page, self._emergency = QWidget(), QWidget()
        self._lay_out()
        self._connect()
        self._clock = QTimer(self, interval=1000)
        self._clock.timeout.connect(self._count_down)
        self._begin()

    def _lay_out(self) -> None:
        column = QVBoxLayout(self)
        column.setContentsMargins(20, 16, 20, 16)
        column.setSpacing(12)
        self._heading = PlainLabel(self.windowTitle())
        self._heading.setProperty("role", "heading")
        name = self.locked_by.name if self.locked_by is not None else ""
        self._text = PlainLabel(tr(LOCKED_TEXT, name=name) if self.locked_by is not None else tr(SIGN_ON_TEXT))
        self._text.setWordWrap(True)
        column.addWidget(self._heading)
        column.addWidget(self._text)
        column.addWidget(self._page)
        column.addWidget(self._emergency)
        self._lay_out_page(QVBoxLayout(self._page))
        self._lay_out_emergency(QVBoxLayout(self._emergency))
        self._emergency.hide()
        self.notice.setWordWrap(True)
        self.notice.setProperty("role", "refused")
        self.notice.hide()
        column.addWidget(self.notice)
        column.addStretch(1)
        column.addLayout(self._buttons())

    def _lay_out_page(self, column: QVBoxLayout) -> None:
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(8)
        if self.people:
            row = QWidget()
            flow = FlowLayout(row, spacing=6)
            for person in self.people:
                chip = QPushButton(person.name or person.login)
                chip.setCheckable(True)
                chip.setAutoDefault(False)
                chip.setFocusPolicy(Qt.FocusPolicy.NoFocus)  # Up and Down in the field do the same
                chip.clicked.connect(lambda _checked=False, one=person: self.choose(one))
                chip.setContextMenuPolicy(Qt.ContextMenuPolicy.CustomContextMenu)
                chip.customContextMenuRequested.connect(lambda place, one=person: self._chip_menu(one, place))
                flow.addWidget(chip)
                self.chips[person.user_id] = chip
            column.addWidget(row)
        form = QFormLayout()
        form.setHorizontalSpacing(16)
        form.setVerticalSpacing(8)
        form.addRow(PlainLabel(tr("User")), self.login)
        form.addRow(PlainLabel(tr("Password or PIN")), self.secret)
        column.addLayout(form)
        if len(self.people) > 1:
            hint = PlainLabel(tr("Up and Down: who signed on here before"))
            hint.setProperty("role", "small")
            column.addWidget(hint)

    def _lay_out_emergency(self, column: QVBoxLayout) -> None:
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(8)
        text = PlainLabel(tr(BREAK_GLASS_WARNING))
        text.setWordWrap(True)
        column.addWidget(text)
        column.addWidget(PlainLabel(tr("Why can nobody sign on?")))
        self.why.setTabChangesFocus(True)
        self.why.setFixedHeight(80)
        self.why.setAccessibleName(tr("Why can nobody sign on?"))
        column.addWidget(self.why)

    def _buttons(self) -> QHBoxLayout:
        row = QHBoxLayout()
        for button in (self.break_glass_button, self.sign_off_button):
            button.setAutoDefault(False)
            button.setProperty("flat", True)
            row.addWidget(button)
        self.sign_off_button.setVisible(self.locked_by is not None)
        row.addStretch(1)
        self.cancel_button.setAutoDefault(False)
        self.accept_button.setProperty("primary", True)
        self.accept_button.setDefault(True)
        row.addWidget(self.cancel_button)
        row.addWidget(self.accept_button)
        return row

    def _connect(self) -> None:
        self.login.stepped.connect(self._step)
        for field in (self.login, self.secret):
            field.textChanged.connect(self._check)
        self.login.textChanged.connect(self._on_login)
        self.why.textChanged.connect(self._check)
        self.accept_button.clicked.connect(self._accepted)
        self.cancel_button.clicked.connect(self.reject)
        self.break_glass_button.clicked.connect(self.show_emergency)
        self.sign_off_button.clicked.connect(lambda: self._end(Answer(Wish.SIGN_OFF)))
        for first, second in (
            (self.login, self.secret),
            (self.secret, self.accept_button),
            (self.accept_button, self.cancel_button),
        ):
            self.setTabOrder(first, second)

    def _begin(self) -> None:
        if self.locked_by is not None:
            self.login.setText(self.locked_by.login)
            self.secret.setFocus()
        else:
            self.login.setFocus()
        self._on_login()
        self._check()

    # who and with what

    def choose(self, person: KnownPerson) -> None:
        self.login.setText(person.login)
        self.secret.setFocus()

    def show_emergency(self) -> None:
        """Ask why; the way back is Cancel or Esc."""
        self._emergency.show()
        self._page.hide()
        self._text.hide()
        self.break_glass_button.hide()
        self.sign_off_button.hide()
        self.say("")
        self._heading.setText(tr("Act as control room"))
        self.why.setFocus()
        self._check()
        fit_height(self)

    @property
    def is_emergency(self) -> bool:
        return not self._emergency.isHidden()

    def say(self, text: str) -> None:
        self.notice.setText(text)
        self.notice.setVisible(bool(text))
        fit_height(self)

    def refuse(self, refused: Refused) -> None:
        """Why not; where one has to wait, the seconds are counted. What was typed as a secret is gone."""
        seconds = refused.values.get("seconds")
        self._waits_s = seconds if isinstance(seconds, int) and not self.is_emergency else 0
        self.say(self._wait_text() if self._waits_s else tr_refusal(refused))
        if self._waits_s:
            self._clock.start()
        self.set_busy(False)

    def set_busy(self, is_busy: bool) -> None:
        for field in (self.login, self.secret, self.why, self.break_glass_button, self.sign_off_button):
            field.setEnabled(not is_busy)
        self._check()
        if is_busy:
            self.accept_button.setEnabled(False)
        elif not self.is_emergency:
            self.secret.clear()
            self.secret.setFocus()

    async def answer(self) -> Answer | None:
        """What the person wants next; None when he turned away."""
        self._future = asyncio.get_running_loop().create_future()
        if not self.isVisible():
            self.show()
        self.raise_()
        self.activateWindow()
        try:
            return await self._future
        finally:
            self._future = None

    def reject(self) -> None:
        """Esc goes back one step."""
        if self.is_emergency:
            self._leave_emergency()
        else:
            super().reject()

    def done(self, result: int) -> None:
        super().done(result)
        self._end(None)

    def closeEvent(self, event: QCloseEvent) -> None:
        super().closeEvent(event)
        self._end(None)

    def _leave_emergency(self) -> None:
        self._emergency.hide()
        self._page.show()
        self._text.show()
        self.break_glass_button.show()
        self.sign_off_button.setVisible(self.locked_by is not None)
        self._heading.setText(self.windowTitle())
        self.say("")
        (self.secret if self.login.text() else self.login).setFocus()
        self._check()

    def _accepted(self) -> None:
        if not self.accept_button.isEnabled():
            return
        if self.is_emergency:
            self._end(Answer(Wish.BREAK_GLASS, why=self.why.toPlainText().strip()))
        elif not self.secret.text():
            self.secret.setFocus()
        else:
            self._end(Answer(Wish.SIGN_ON, self.login.text().strip(), self.secret.text()))

    def _end(self, answer: Answer | None) -> None:
        if self._future is not None and not self._future.done():
            self._future.set_result(answer)

    def _step(self, by: int) -> None:
        if self.people:
            first = self._at + by if self._at >= 0 else (0 if by > 0 else -1)
            self.login.setText(self.people[first % len(self.people)].login)
            self.login.selectAll()

    def _on_login(self) -> None:
        login = self.login.text().strip().casefold()
        self._at = next((at for at, one in enumerate(self.people) if one.login.casefold() == login), -1)
        for at, person in enumerate(self.people):
            if person.user_id in self.chips:
                self.chips[person.user_id].setChecked(at == self._at)
        if self._waits_s:  # waiting is per login: another one may try at once
            self._waits_s = 0
            self.say("")
        self._check()

    def _check(self) -> None:
        is_own = self.locked_by is not None and self.login.text().strip().casefold() == self.locked_by.login.casefold()
        if self.is_emergency:
            self.accept_button.setText(tr("Act as control room"))
            self.accept_button.setEnabled(bool(self.why.toPlainText().strip()) and self.why.isEnabled())
            return
        self.accept_button.setText(tr("Unlock") if is_own else tr("Sign on"))
        is_whole = bool(self.login.text().strip() and self.secret.text())
        self.accept_button.setEnabled(is_whole and not self._waits_s and self.login.isEnabled())

    def _count_down(self) -> None:
        self._waits_s = max(0, self._waits_s - 1)
        if not self._waits_s:
            self._clock.stop()
            self.say("")
        else:
            self.say(self._wait_text())
        self._check()

    def _wait_text(self) -> str:
        return tr("Too many tries: wait {seconds} s", seconds=self._waits_s)

    def _chip_menu(self, person: KnownPerson, place: QPoint) -> None:
        menu = QMenu(self)
        menu.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        menu.addAction(tr("Forget at this workstation"), lambda: self._forget_person(person))
        menu.popup(self.chips[person.user_id].mapToGlobal(place))

    def _forget_person(self, person: KnownPerson) -> None:
        self._forget(person.user_id)
        self.people = tuple(one for one in self.people if one.user_id != person.user_id)
        chip = self.chips.pop(person.user_id)
        chip.hide()
        chip.deleteLater()
