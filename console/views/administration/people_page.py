"""People: who may sign on, with which roles and where."""

from collections.abc import Callable, Mapping, Sequence

from PySide6.QtWidgets import QFrame, QHBoxLayout, QPushButton, QScrollArea, QVBoxLayout, QWidget

from console.domain import people_commands as u
from console.domain.people import Role
from console.models.people_tables import PersonTable, grant_text, secrets_text
from console.services.people_records import GrantRecord, PersonRecord, WrongErasingRecord
from console.ui.dialogs import Field, Question
from console.ui.plain_label import PlainLabel, plain_tip
from console.ui.translation import mark, tr
from console.ui.view import ViewContext
from console.views.administration.deeds import Answers, ask_and_do, role_choices, why_field
from console.views.administration.page import Deed, TablePage
from console.views.administration.wrong_erasings import WrongErasings

_SELECT_FIRST = mark("Select a person first")
_HINT = mark("Without a password the person cannot sign on; it can be set later.")


class PeoplePage(TablePage):
    """The list, and the selected person's rights beside it."""

    def __init__(self, context: ViewContext, say: Callable[[str], None]) -> None:
        self.people = PersonTable(context.station)
        super().__init__("admin_people", self.people, (4, 1, 5), say)
        self.people.setParent(self)
        self.station = context.station
        self.card = PersonCard(self._take_role, self._grant_role)
        self.body.addWidget(self.card)
        self.wrong = WrongErasings()
        self.column.insertWidget(0, self.wrong)
        self.offer(
            (
                Deed("admin.add", mark("Add person..."), u.AddUser.name, self.add, key="Ins", is_primary=True),
                Deed("admin.grant", mark("Grant role..."), u.GrantRole.name, self.grant, self._none, key="R"),
                Deed("admin.password", mark("Set password..."), u.SetPassword.name, self.set_password, self._foreign),
                Deed("admin.rename", mark("Rename..."), u.RenameUser.name, self.rename, self._none, key="E"),
                Deed("admin.merge", mark("Merge..."), u.MergeUsers.name, self.merge, self._none),
                Deed("admin.disable", mark("Disable..."), u.DisableUser.name, self.disable, self._active, key="Del"),
                Deed("admin.enable", mark("Enable..."), u.EnableUser.name, self.enable, self._disabled),
                Deed("admin.erase", mark("Erase..."), u.ErasePerson.name, self.erase, self._erasable),
            ),
            context.actions,
        )

    def person(self) -> PersonRecord | None:
        return self.people.record_at(self.selected())

    async def add(self) -> None:
        fields = (
            Field("login", tr("Login"), required=True, max_length=60),
            Field("name", tr("Full name"), required=True, max_length=200),
            Field("role", tr("Role"), "choice", "operator", role_choices(with_none=True, without=("administrator",))),
            Field("area", tr("Area"), max_length=200),
            Field("password", tr("First password"), "password"),
        )
        hints = (
            tr(_HINT),
            tr("An empty area is the whole site. The administrator's role is granted later, signed."),
        )
        question = Question(tr("Add person"), "", fields, tr("Add person"), width=520, hints=hints)

        def make(told: Answers) -> u.AddUser:
            return u.AddUser(told["login"], told["name"], told["role"], told["area"], told["password"])

        await ask_and_do(self.station, question, make, self)

    async def grant(self) -> None:
        person = self.person()
        if person is not None:
            await self._grant_to(person)

    async def _grant_to(self, person: PersonRecord) -> None:
        fields = (
            Field("role", tr("Role"), "choice", Role.OPERATOR, role_choices()),
            Field("area", tr("Area"), max_length=200),
        )
        hint = tr("An empty area is the whole site. The administrator's role needs your signature.")
        question = Question(tr("Grant role"), _about(person), fields, tr("Grant role"), hints=(hint,))
        await ask_and_do(
            self.station, question, lambda told: u.GrantRole(person.user_id, told["role"], told["area"]), self
        )

    async def _take_from(self, person: PersonRecord, grant: GrantRecord) -> None:
        text = f"{_about(person)}\n{grant_text(grant)}"
        question = Question(tr("Take this role away?"), text, (why_field(),), tr("Take role away"))
        await ask_and_do(
            self.station,
            question,
            lambda told: u.RevokeRole(person.user_id, grant.role, grant.area, told["why"]),
            self,
        )

    async def set_password(self) -> None:
        person = self.person()
        if person is None:
            return
        fields = (Field("password", tr("New password"), "password", required=True),)
        hint = tr("Tell it to the person yourself; it can be changed in My account. The old one stops working at once.")
        question = Question(tr("Set password"), _about(person), fields, tr("Set password"), hints=(hint,))
        await ask_and_do(self.station, question, lambda told: u.SetPassword(told["password"], person.user_id), self)

    async def rename(self) -> None:
        person = self.person()
        if person is None:
            return
        fields = (
            Field("login", tr("Login"), value=person.login, required=True, max_length=60),
            Field("name", tr("Full name"), value=person.name, required=True, max_length=200),
        )
        question = Question(tr("Rename person"), "", fields, tr("Rename"))
        await ask_and_do(
            self.station, question, lambda told: u.RenameUser(person.user_id, told["login"], told["name"]), self
        )

    async def merge(self) -> None:
        """Made twice: one stays."""
        person = self.person()
        if person is None:
            return
        others = [self.people.record_at(at) for at in range(self.people.rowCount())]
        choices = tuple(
            (one.user_id, f"{one.name} ({one.login})") for one in others if one and one.user_id != person.user_id
        )
        fields = (Field("into", tr("Stays"), "choice", choices=choices, required=True),)
        hint = tr("Everything the first one did counts for the one who stays. This cannot be undone.")
        question = Question(
            tr("Merge two entries of one person?"), _about(person), fields, tr("Merge"), width=520, hints=(hint,)
        )
        await ask_and_do(self.station, question, lambda told: u.MergeUsers(person.user_id, told["into"]), self)

    async def disable(self) -> None:
        person = self.person()
        if person is None:
            return
        hint = tr("Sessions end at once, at every station that hears of it. What was done stays in the journal.")
        question = Question(
            tr("Disable this account?"), _about(person), (why_field(),), tr("Disable account"), hints=(hint,)
        )
        await ask_and_do(self.station, question, lambda told: u.DisableUser(person.user_id, told["why"]), self)

    async def enable(self) -> None:
        person = self.person()
        if person is None:
            return
        question = Question(tr("Enable this account?"), _about(person), (why_field(),), tr("Enable account"))
        await ask_and_do(self.station, question, lambda told: u.EnableUser(person.user_id, told["why"]), self)

    async def erase(self) -> None:
        person = self.person()
        if person is None:
            return
        hints = (
            tr("Login, name, password and PIN are forgotten at every station. This cannot be undone."),
            tr("What was done stays in the journal under the id. Texts that somebody wrote are left as they are."),
        )
        question = Question(
            tr("Erase this person?"), _about(person), (why_field(),), tr("Erase person"), width=520, hints=hints
        )
        await ask_and_do(self.station, question, lambda told: u.ErasePerson(person.user_id, told["why"]), self)

    def set_own(self, user_id: str) -> None:
        """Whose session this is: one's own password is changed in one's own account."""
        self._own = user_id
        self.refresh()

    _own = ""
    wrong_erasings: Sequence[WrongErasingRecord] = ()

    def _grant_role(self, person: PersonRecord) -> None:
        self.errands.run(self._grant_to(person))

    def _take_role(self, person: PersonRecord, grant: GrantRecord) -> None:
        self.errands.run(self._take_from(person, grant))

    def _none(self) -> str:
        return "" if self.person() is not None else tr(_SELECT_FIRST)

    def _foreign(self) -> str:
        person = self.person()
        if person is not None and person.user_id == self._own:
            return tr("Change your own password in My account")
        return self._none()

    def _active(self) -> str:
        person = self.person()
        return tr("{name} is disabled already", name=person.name) if person and person.is_disabled else self._none()

    def _disabled(self) -> str:
        person = self.person()
        return tr("{name} is not disabled", name=person.name) if person and not person.is_disabled else self._none()

    def _erasable(self) -> str:
        person = self.person()
        is_active = person is not None and not person.is_disabled
        return tr("Disable the account first") if is_active else self._none()

    def _tell_detail(self) -> None:
        self.wrong.show_erasings(self.wrong_erasings)
        self.card.show_person(self.person(), self.denied)


def _about(person: PersonRecord) -> str:
    return f"{person.name} ({person.login})"


class PersonCard(QScrollArea):
    """The selected person: state, roles one by one, sessions."""

    def __init__(
        self,
        take: Callable[[PersonRecord, GrantRecord], None],
        grant: Callable[[PersonRecord], None],
    ) -> None:
        super().__init__()
        self._take, self._grant = take, grant
        self._shown: tuple[object, ...] = ()
        self.setWidgetResizable(True)
        self.setFixedWidth(330)
        self.take_buttons: list[QPushButton] = []
        self.hide()

    def show_person(self, person: PersonRecord | None, denied: Mapping[str, str]) -> None:
        shown = (person, u.RevokeRole.name in denied, tr("Roles"))
        if shown == self._shown:
            return
        self._shown = shown
        self.setVisible(person is not None)
        if person is None:
            return
        page = QWidget()
        column = QVBoxLayout(page)
        column.setContentsMargins(14, 12, 14, 12)
        column.setSpacing(10)
        column.addWidget(_label(person.name, "heading"))
        state = tr("disabled") if person.is_disabled else tr("active")
        column.addWidget(_label(f"{person.login} · {state}", "dim"))
        column.addWidget(_label(tr("Roles"), "strong"))
        self.take_buttons = []
        for one in person.grants:
            column.addWidget(self._grant_line(person, one, denied))
        if not person.grants:
            column.addWidget(_label(tr("No role: this person only watches."), "dim"))
        column.addWidget(_label(tr("Signs on with"), "strong"))
        column.addWidget(_label(secrets_text(person)))
        column.addWidget(_label(tr("Signed on at"), "strong"))
        column.addWidget(_label(", ".join(person.sessions) or tr("nowhere now")))
        column.addStretch(1)
        self.setWidget(page)

    def _grant_line(self, person: PersonRecord, one: GrantRecord, denied: Mapping[str, str]) -> QFrame:
        card = QFrame()
        card.setProperty("role", "card")
        row = QHBoxLayout(card)
        row.setContentsMargins(10, 4, 4, 4)
        row.addWidget(_label(grant_text(one)), 1)
        button = QPushButton(tr("Take away..."))
        button.setProperty("flat", True)
        button.setAutoDefault(False)
        why = denied.get(u.RevokeRole.name, "")
        button.setEnabled(not why)
        button.setToolTip(plain_tip(tr(why)) if why else "")
        button.setAccessibleName(tr("Take away: {role}", role=grant_text(one)))
        button.clicked.connect(lambda: self._take(person, one))
        self.take_buttons.append(button)
        row.addWidget(button)
        return card


def _label(text: str, role: str = "") -> PlainLabel:
    label = PlainLabel(text)
    label.setWordWrap(True)
    if role:
        label.setProperty("role", role)
    return label
