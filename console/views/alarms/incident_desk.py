"""From alarms to incidents: open one for all of them, show the one that is open, attach them to another."""

from collections.abc import Mapping, Sequence
from uuid import UUID

from PySide6.QtWidgets import QWidget

from console.domain.alarms import Priority
from console.domain.commands import LinkAlarms, OpenIncident
from console.domain.refusal import Refused
from console.models.incident_table import IncidentTable, is_open
from console.ui.acknowledging import names_of
from console.ui.asking import ask_until_done
from console.ui.dialogs import Field, Question
from console.ui.translation import tr, tr_n
from console.ui.view import Selection, ViewContext
from console.views.alarms.seen import Seen
from console.widgets.incident_form import IncidentForm, Prefill


class IncidentDesk:
    """Opens the form for the selected alarms, or shows the incident that is open for one of them; keeps drafts."""

    def __init__(self, context: ViewContext, incidents: IncidentTable, view: QWidget) -> None:
        self._context = context
        self._incidents = incidents
        self._view = view
        self.forms: dict[tuple[str, str], IncidentForm] = {}  # by author and alarms
        self.author = ""  # user id of the person who sits here: a draft stays with whoever began it

    def open_or_show(self, alarms: Sequence[Seen]) -> None:
        """Raises Refused when nothing is selected."""
        if not alarms:
            raise Refused("Select an alarm first")
        for seen in alarms:
            record = self._incidents.open_for(seen.occurrence)
            if record is not None:
                self._context.go("incidents", Selection(incident_id=record.incident_id, occurrence=seen.occurrence))
                return
        self._show_form(_prefill(alarms))

    async def attach(self, alarms: Sequence[Seen]) -> None:
        """Choose one of the open incidents; raises Refused without an alarm or an incident."""
        if not alarms:
            raise Refused("Select an alarm first")
        records = [record for record in self._incidents.records if is_open(record)]
        if not records:
            raise Refused("No incident is open")
        choices = tuple((str(record.incident_id), f"{record.number} · {record.title}") for record in records)
        n = len(alarms)
        question = Question(
            tr("Attach to incident"),
            "\n".join(names_of(alarms)),
            (Field("incident", tr("Incident"), "choice", choices=choices),),
            tr_n("Attach {n} alarm", "Attach {n} alarms", n),
            width=560,
        )

        async def act(answers: Mapping[str, str]) -> None:
            occurrences = tuple(seen.occurrence for seen in alarms)
            await self._context.station.submit(LinkAlarms(UUID(answers["incident"]), occurrences))

        await ask_until_done(question, act, self._view)

    def _show_form(self, prefill: Prefill) -> None:
        key = (self.author, prefill.key)
        form = self.forms.get(key)
        if form is None:
            form = IncidentForm(prefill, self._submit, self._view)
            self.forms[key] = form
            form.accepted.connect(lambda: self._forget(key))
        form.show()
        form.raise_()
        form.activateWindow()
        form.title_field.setFocus()

    def _forget(self, key: tuple[str, str]) -> None:
        form = self.forms.pop(key, None)
        if form is not None:
            form.deleteLater()

    async def _submit(self, command: OpenIncident) -> None:
        receipt = await self._context.station.submit(command)
        if receipt.number:
            self._context.refused(self._view, tr("Incident {number} is open.", number=receipt.number))


def _prefill(alarms: Sequence[Seen]) -> Prefill:
    first = min(alarms, key=lambda seen: seen.priority)
    assets = dict.fromkeys(seen.condition.asset_id for seen in alarms if seen.condition.asset_id is not None)
    urgency = {Priority.CRITICAL: 1, Priority.HIGH: 2, Priority.MEDIUM: 3}.get(Priority(first.priority), 4)
    return Prefill(
        title=first.name[:180],
        description="\n".join(seen.name for seen in alarms) if len(alarms) > 1 else "",
        urgency=urgency,
        alarms=tuple((seen.occurrence, seen.name) for seen in alarms),
        asset_ids=tuple(assets),
    )
