"""The steps of the assistant: what is to be made, site, station, servers, people."""

import asyncio
import socket
from pathlib import Path
from zoneinfo import available_timezones

from PySide6.QtCore import Qt
from PySide6.QtWidgets import (
    QComboBox,
    QCompleter,
    QFileDialog,
    QGridLayout,
    QHBoxLayout,
    QLineEdit,
    QPushButton,
    QSpinBox,
    QWidget,
)

from console.app.assistant.broker_test import look
from console.app.assistant.fields import Page, PersonForm, choice, form, line_field, problem_of, wrapped
from console.app.assistant.plan import brings_its_key, check_logins, check_station, site_to_join
from console.app.first_files import TIME_ZONE, NewStation, Place, new_code
from console.ui.errands import Errands
from console.ui.plain_label import PlainLabel
from console.ui.translation import language, tr


class WelcomePage(Page):
    """A new site, or a further station of one; the language is chosen here."""

    def __init__(self) -> None:
        super().__init__(
            tr("Welcome to Leitstand"),
            tr("This PC is not set up yet. A few questions, and it shows your plant. Nothing leaves this machine."),
        )
        self.language = choice(form(self.column), tr("Language"), [("de", "Deutsch"), ("en", "English")], language())
        self.new_button = QPushButton(tr("Set up a new site"))
        self.join_button = QPushButton(tr("Join a site that exists"))
        for button, words in (
            (self.new_button, tr("The first console of a plant: makes the site, an administrator and a shift lead.")),
            (self.join_button, tr("A further console: you have the site folder of another station at hand.")),
        ):
            button.setMinimumHeight(44)
            button.setAutoDefault(True)
            self.column.addWidget(button)
            self.column.addWidget(wrapped(words, "small"))
        self.column.addStretch(1)

    def first_field(self) -> QWidget | None:
        return self.new_button


class SitePage(Page):
    """What the plant is called and which clock it goes by."""

    def __init__(self) -> None:
        super().__init__(tr("The site"), tr("All consoles of a plant are one site. Its name stands in reports."))
        place = form(self.column)
        self.name = line_field(place, tr("Site name"), tip=tr("for example Kassel works"))
        self.zone = line_field(place, tr("Time zone"), TIME_ZONE)
        completer = QCompleter(sorted(available_timezones()), self)
        completer.setCaseSensitivity(Qt.CaseSensitivity.CaseInsensitive)
        completer.setFilterMode(Qt.MatchFlag.MatchContains)
        self.zone.setCompleter(completer)
        self.column.addStretch(1)
        for field in (self.name, self.zone):
            field.textChanged.connect(self.changed)

    def why_not(self) -> str:
        if not self.name.text().strip():
            return tr("A site has a name")
        if self.zone.text().strip() not in available_timezones():
            return tr("This is no time zone: for example Europe/Berlin")
        return ""


class JoinPage(Page):
    """The copied site folder of another station."""

    def __init__(self) -> None:
        super().__init__(
            tr("Join a site"),
            tr("Copy the folder site/ of another station here, by USB stick for example, and choose it. With the "
               "site's key (authority.pem) in it this station joins at once; without it this screen shows a pairing "
               "code that an administrator types at another station."),
        )  # fmt: skip
        row = QHBoxLayout()
        self.folder = QLineEdit()
        self.folder.setAccessibleName(tr("Site folder"))
        self.browse_button = QPushButton(tr("Choose..."))
        self.browse_button.setAutoDefault(False)
        row.addWidget(PlainLabel(tr("Site folder")))
        row.addWidget(self.folder, 1)
        row.addWidget(self.browse_button)
        self.column.addLayout(row)
        self.found = wrapped("", "small")
        self.column.addWidget(self.found)
        self.column.addStretch(1)
        self.folder.textChanged.connect(self._look)
        self.browse_button.clicked.connect(self._browse)

    def path(self) -> Path:
        return Path(self.folder.text().strip()).expanduser()

    def positions(self) -> list[tuple[str, str]]:
        """Desks that the site knows."""
        settings = site_to_join(self.path())
        return [(one.position_id, one.name or one.position_id) for one in settings.positions]

    def why_not(self) -> str:
        if not self.folder.text().strip():
            return tr("Choose the site folder")
        return problem_of(lambda: site_to_join(self.path()))

    def _look(self) -> None:
        if self.folder.text().strip() and not self.why_not():
            name = site_to_join(self.path()).name
            key = brings_its_key(self.path())
            joins = tr("this station joins at once") if key else tr("this station will show a pairing code")
            self.found.setText(f"{name}: {joins}")
        else:
            self.found.setText("")
        self.changed.emit()

    def _browse(self) -> None:
        dialog = QFileDialog(self, tr("Site folder"))
        dialog.setFileMode(QFileDialog.FileMode.Directory)
        dialog.setModal(False)
        dialog.fileSelected.connect(self.folder.setText)
        dialog.finished.connect(dialog.deleteLater)
        dialog.show()


class StationPage(Page):
    """This PC: its name, its code, the desk it stands at."""

    def __init__(self) -> None:
        super().__init__(
            tr("This station"), tr("The code stands in incident numbers and must be the only one of its kind here.")
        )
        place = form(self.column)
        self.name = line_field(place, tr("Station name"), socket.gethostname() or "")
        self.code = line_field(place, tr("Code"), new_code(), most=3)
        self.position = QComboBox()
        self.position.setEditable(True)
        self.position.setAccessibleName(tr("Desk"))
        place.addRow(PlainLabel(tr("Desk")), self.position)
        self.position.addItem("desk", "desk")
        self.column.addWidget(wrapped(tr("Consoles of one desk share horn and acknowledgement."), "small"))
        self.column.addStretch(1)
        self.code.textEdited.connect(self._upper)
        for field in (self.name, self.code):
            field.textChanged.connect(self.changed)

    def offer(self, positions: list[tuple[str, str]]) -> None:
        """The desks of a site that exists."""
        self.position.clear()
        self.position.setEditable(not positions)
        for position_id, name in positions or [("desk", "desk")]:
            self.position.addItem(name, position_id)

    def desk(self) -> str:
        data = self.position.currentData()
        known = isinstance(data, str) and self.position.currentText() == self.position.itemText(
            self.position.currentIndex()
        )
        return str(data) if known else self.position.currentText().strip() or "desk"

    def why_not(self) -> str:
        return problem_of(lambda: check_station(self.name.text(), self.code.text()))

    def _upper(self, text: str) -> None:
        at = self.code.cursorPosition()
        self.code.setText(text.upper())
        self.code.setCursorPosition(at)


class ServersPage(Page):
    """The broker, and the central database when there is one."""

    def __init__(self) -> None:
        super().__init__(tr("Where the values come from"), tr("Both can be changed in station.toml later."))
        self.errands = Errands(self._say)
        place = form(self.column)
        self.host = line_field(place, tr("MQTT broker"), "127.0.0.1")
        self.port = _port(1883)
        place.addRow(PlainLabel(tr("Port")), self.port)
        row = QHBoxLayout()
        self.test_button = QPushButton(tr("Test"))
        self.test_button.setAutoDefault(False)
        self.answer = wrapped("", "small")
        row.addWidget(self.test_button)
        row.addWidget(self.answer, 1)
        self.column.addLayout(row)
        self.column.addSpacing(8)
        self.column.addWidget(wrapped(tr("Central database (optional)"), "strong"))
        grid = form(self.column)
        self.centre = line_field(grid, tr("PostgreSQL server"), tip=tr("empty: this station works alone"))
        self.centre_port = _port(5432)
        grid.addRow(PlainLabel(tr("Port")), self.centre_port)
        self.database = line_field(grid, tr("Database"), "leitstand")
        self.user = line_field(grid, tr("User"), tip=tr("from leitstand centre enrol"))
        self.column.addStretch(1)
        self.test_button.clicked.connect(lambda: self.errands.run(self.test()))
        self.host.textChanged.connect(self._forget)
        self.port.valueChanged.connect(self._forget)
        self.centre.textChanged.connect(self._follow)
        self._follow()

    def broker(self) -> Place:
        return Place(self.host.text().strip(), self.port.value())

    def central(self) -> Place:
        host = self.centre.text().strip()
        if not host:
            return Place()
        return Place(host, self.centre_port.value(), self.database.text().strip(), self.user.text().strip())

    def why_not(self) -> str:
        return "" if self.host.text().strip() else tr("Name the broker's host; 127.0.0.1 is this PC")

    async def test(self) -> None:
        self.test_button.setEnabled(False)
        self._say(tr("Asking..."))
        try:
            self._say(tr(await look(self.host.text().strip(), self.port.value())))
        except asyncio.CancelledError:
            self._say("")
            raise
        finally:
            self.test_button.setEnabled(True)

    def _say(self, text: str) -> None:
        self.answer.setText(text)

    def _forget(self) -> None:
        self._say("")
        self.changed.emit()

    def _follow(self) -> None:
        for field in (self.centre_port, self.database, self.user):
            field.setEnabled(bool(self.centre.text().strip()))


class PeoplePage(Page):
    """An administrator and a shift lead: no default password, nobody else knows theirs."""

    def __init__(self) -> None:
        super().__init__(
            tr("The first two people"),
            tr("The administrator manages people and stations; the shift lead works at the desk and countersigns. "
               "There is no default password and no way around these two."),
        )  # fmt: skip
        self.site_name = ""
        about = (tr("Manages people, rights and stations"), tr("Acknowledges, opens incidents, countersigns"))
        self.administrator = PersonForm(tr("Administrator"), about[0], lambda: (self.site_name,))
        self.lead = PersonForm(tr("Shift lead"), about[1], lambda: (self.site_name,))
        grid = QGridLayout()
        grid.setSpacing(12)
        for at in (0, 1):
            grid.setColumnStretch(at, 1)
        grid.addWidget(self.administrator, 0, 0)
        grid.addWidget(self.lead, 0, 1)
        self.column.addLayout(grid)
        self.column.addStretch(1)
        for person in (self.administrator, self.lead):
            person.changed.connect(self.changed)

    def why_not(self) -> str:
        for title, person in ((tr("Administrator"), self.administrator), (tr("Shift lead"), self.lead)):
            if why := person.why_not():
                return f"{title}: {why}"
        return problem_of(lambda: check_logins(self.administrator.login.text(), self.lead.login.text()))


def station_of(page: StationPage, servers: ServersPage, language_: str) -> NewStation:
    return NewStation(
        page.name.text().strip(), page.code.text(), page.desk(), language_, servers.broker(), servers.central()
    )


def _port(value: int) -> QSpinBox:
    made = QSpinBox()
    made.setRange(1, 65_535)
    made.setValue(value)
    made.setButtonSymbols(QSpinBox.ButtonSymbols.NoButtons)
    made.setAccessibleName(tr("Port"))
    return made
