"""One's own account: the password and the PIN, whose rules are told while one types."""

from collections.abc import Callable, Coroutine
from typing import Any

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QFormLayout, QFrame, QHBoxLayout, QPushButton, QScrollArea, QVBoxLayout, QWidget

from console.domain.people_commands import SetPassword, SetPin
from console.domain.refusal import Refused
from console.services.identity.password_rules import check_password, check_pin
from console.services.people_records import PersonRecord
from console.services.records import SessionRecord
from console.services.station import Station
from console.ui.errands import DEFECT_TEXT, Errands
from console.ui.plain_label import PlainLabel, plain_tip
from console.ui.secret_field import SecretField
from console.ui.translation import tr, tr_refusal
from console.widgets.password_pair import PasswordPair

_WIDTH = 460


class SecretForm(QFrame):
    """The present password, the new secret twice, one button; a refusal stands below the field."""

    def __init__(
        self,
        title: str,
        deed: str,
        pair: PasswordPair,
        send: Callable[[str, str], Coroutine[Any, Any, object]],
        done: str,
    ) -> None:
        super().__init__()
        self.setProperty("role", "card")
        self.setMaximumWidth(_WIDTH + 120)
        self._send, self._done_text = send, done
        self._errands = Errands(self.say)
        self._why_not = ""
        self.pair, self.current = pair, SecretField(label=tr("Your password now"))
        self.button, self.notice = QPushButton(deed), PlainLabel()
        self.button.setAutoDefault(False)
        self.notice.setWordWrap(True)
        column = QVBoxLayout(self)
        column.setContentsMargins(16, 12, 16, 12)
        column.setSpacing(8)
        heading = PlainLabel(title)
        heading.setProperty("role", "strong")
        column.addWidget(heading)
        form = QFormLayout()
        form.setHorizontalSpacing(16)
        label = PlainLabel(tr("Your password now"))
        form.addRow(label, self.current)
        column.addLayout(form)
        column.addWidget(pair)
        self._line_up(label)
        row = QHBoxLayout()
        row.addWidget(self.notice, 1)
        row.addWidget(self.button, 0, Qt.AlignmentFlag.AlignTop)
        column.addLayout(row)
        self.button.clicked.connect(self._submit)
        for field in (self.current, pair.first, pair.second):
            field.returnPressed.connect(self._submit)
        self.current.textChanged.connect(self.check)
        pair.changed.connect(self.check)
        self.check()

    def set_why_not(self, why: str) -> None:
        """Translated reason why nobody can do this now; empty: it can be done."""
        self._why_not = why
        for field in (self.current, self.pair.first, self.pair.second):
            field.setEnabled(not why)
        self.check()

    def say(self, text: str, role: str = "refused") -> None:
        self.notice.setProperty("role", role)
        self.notice.style().unpolish(self.notice)
        self.notice.style().polish(self.notice)
        self.notice.setText(text)

    def check(self) -> None:
        is_whole = bool(self.current.text()) and self.pair.is_right
        self.button.setEnabled(is_whole and not self._why_not)
        self.button.setToolTip(plain_tip(self._why_not))

    def cancel(self) -> None:
        self._errands.cancel()

    def _submit(self) -> None:
        if self.button.isEnabled():
            self._errands.run(self._do())

    async def _do(self) -> None:
        self.button.setEnabled(False)
        try:
            await self._send(self.pair.text(), self.current.text())
        except Refused as refused:
            self.current.clear()
            self.say(tr_refusal(refused))
            self.current.setFocus()
        except Exception:
            self.say(tr(DEFECT_TEXT))
            raise
        else:
            self.current.clear()
            self.pair.clear()
            self.say(self._done_text, "dim")
        finally:
            self.check()

    def _line_up(self, label: PlainLabel) -> None:
        widest = max(one.sizeHint().width() for one in (label, *self.pair.labels))
        for one in (label, *self.pair.labels):
            one.setMinimumWidth(widest)


class AccountPage(QScrollArea):
    """Made anew for each language and person."""

    def __init__(self, station: Station) -> None:
        super().__init__()
        self._station = station
        self.session: SessionRecord | None = None
        self.person: PersonRecord | None = None
        self._shown: tuple[object, ...] = ()
        self.password: SecretForm | None = None
        self.pin: SecretForm | None = None
        self.setWidgetResizable(True)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)

    def show_account(self, session: SessionRecord | None, person: PersonRecord | None) -> None:
        self.session, self.person = session, person
        who = (session.user_id, session.name) if session is not None else ("", "")
        shown = (*who, tr("My account"))
        if shown != self._shown:
            self._shown = shown
            self._build()
        self._follow()

    def close_page(self) -> None:
        for form in (self.password, self.pin):
            if form is not None:
                form.cancel()

    def _build(self) -> None:
        self.close_page()
        page = QWidget()
        column = QVBoxLayout(page)
        column.setContentsMargins(16, 14, 16, 14)
        column.setSpacing(12)
        self.who = PlainLabel()
        self.who.setProperty("role", "heading")
        self.has = PlainLabel()
        self.has.setWordWrap(True)
        column.addWidget(self.who)
        column.addWidget(self.has)
        self.password = SecretForm(
            tr("Change password"),
            tr("Change password"),
            PasswordPair(self._password_problem),
            lambda new, current: self._station.submit(SetPassword(new, current=current)),
            tr("The password is changed."),
        )
        labels = (tr("New PIN"), tr("Once more"))
        self.pin = SecretForm(
            tr("Set PIN"),
            tr("Set PIN"),
            PasswordPair(_pin_problem, labels, may_be_empty=True),
            lambda new, current: self._station.submit(SetPin(new, current)),
            tr("The PIN is set."),
        )
        column.addWidget(self.password)
        column.addWidget(self.pin)
        hint = PlainLabel(
            tr("A PIN unlocks and signs for the rest of the shift in which you signed on with your password at this "
               "station. Leave it empty to take it away.")
        )  # fmt: skip
        hint.setWordWrap(True)
        hint.setProperty("role", "small")
        hint.setMaximumWidth(_WIDTH + 120)
        column.addWidget(hint)
        column.addStretch(1)
        self.setWidget(page)

    def _follow(self) -> None:
        session, person = self.session, self.person
        denied = session.denied if session is not None else {}
        nobody = "" if session is not None else tr("Sign on to do this")
        self.who.setText(session.name if session is not None else tr("Nobody is signed on"))
        has = ""
        if person is not None:
            has = tr("You have a password and a PIN.") if person.has_pin else tr("You have a password and no PIN yet.")
        self.has.setText(has)
        self.has.setVisible(bool(has))
        for form, command in ((self.password, SetPassword.name), (self.pin, SetPin.name)):
            if form is not None:
                form.set_why_not(nobody or (tr(denied[command]) if command in denied else ""))

    def _password_problem(self, text: str) -> str:
        about = (self.session.login, self.session.name) if self.session is not None else ()
        return _problem(lambda: check_password(text, about))


def _pin_problem(text: str) -> str:
    return _problem(lambda: check_pin(text))


def _problem(check: Callable[[], None]) -> str:
    try:
        check()
    except Refused as refused:
        return tr_refusal(refused)
    return ""
