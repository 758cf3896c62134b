"""What a person does with alarms: acknowledge exactly what was seen, comment, open or show the incident."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from PySide6.QtWidgets import QWidget

from console.domain.alarms import Condition, Occurrence, Priority
from console.domain.commands import AcknowledgeAlarms, CommentAlarm, OpenIncident
from console.domain.merge_commands import UnacknowledgeAlarms
from console.domain.refusal import Refused
from console.models.alarm_table import AlarmTable, alarm_text
from console.models.incident_table import IncidentTable
from console.services.station import Station
from console.ui.dialogs import Field, Question, confirm
from console.ui.translation import tr, tr_n
from console.ui.view import Selection, ViewContext
from console.widgets.asking import ask_until_done
from console.widgets.incident_form import IncidentForm, Prefill

PAGE_LIMIT = 100
_NAMED = 12  # critical alarms named one by one in the confirmation


@dataclass(frozen=True, slots=True)
class Seen:
    """One alarm as the person saw it."""

    occurrence: Occurrence
    condition: Condition
    priority: int

    @property
    def name(self) -> str:
        text = alarm_text(self.condition)
        return f"{self.condition.asset_name} · {text}" if self.condition.asset_name else text


def seen_at(table: AlarmTable, positions: Sequence[int]) -> tuple[Seen, ...]:
    """The alarms on screen at these positions."""
    found = []
    for place in positions:
        condition, occurrences = table.condition_at(place), table.occurrences([place])
        if condition is not None and occurrences:
            found.append(Seen(occurrences[0], condition, table.symbol(table.row_at(place))[0]))
    return tuple(found)


async def acknowledge(station: Station, alarms: Sequence[Seen]) -> None:
    """Raises Refused, also when nothing is owed."""
    if not alarms:
        raise Refused("There is nothing to acknowledge here")
    await station.submit(AcknowledgeAlarms(tuple(seen.occurrence for seen in alarms)))


async def acknowledge_page(station: Station, alarms: Sequence[Seen], parent: QWidget) -> None:
    """Ask first, critical alarms by name; acknowledges what was on screen when asked, however long the answer takes."""
    if not alarms:
        raise Refused("No alarm in sight is unacknowledged")
    shown = alarms[:PAGE_LIMIT]
    critical = [seen.name for seen in shown if seen.priority == Priority.CRITICAL]
    lines = []
    if critical:
        lines.append(tr_n("{n} critical alarm:", "{n} critical alarms:", len(critical)))
        lines += [f"    {name}" for name in critical[:_NAMED]]
        if len(critical) > _NAMED:
            lines.append("    " + tr("and {n} more", n=len(critical) - _NAMED))
    others = len(shown) - len(critical)
    if others:
        lines.append(tr_n("{n} other alarm in sight", "{n} other alarms in sight", others))
    title = tr_n("Acknowledge {n} alarm in sight?", "Acknowledge {n} alarms in sight?", len(shown))
    accept = tr_n("Acknowledge {n} alarm", "Acknowledge {n} alarms", len(shown))
    if await confirm(title, "\n".join(lines), accept, parent):
        await acknowledge(station, shown)


async def unacknowledge(station: Station, alarms: Sequence[Seen], parent: QWidget) -> None:
    """Ask first: from then on they count as unacknowledged for everybody, and their horn may sound again."""
    if not alarms:
        raise Refused("None of the selected alarms is acknowledged")
    shown = alarms[:PAGE_LIMIT]
    n = len(shown)
    lines = [seen.name for seen in shown[:_NAMED]]
    if n > _NAMED:
        lines.append(tr("and {n} more", n=n - _NAMED))
    question = Question(
        tr_n("Take the acknowledgement of {n} alarm back?", "Take the acknowledgement of {n} alarms back?", n),
        "\n".join(lines),
        (Field("comment", tr("Comment"), "lines"),),
        tr_n("Take back for {n} alarm", "Take back for {n} alarms", n),
        hints=(tr("Unacknowledged again at every console. Who had acknowledged stays written down."),),
    )

    async def act(answers: Mapping[str, str]) -> None:
        await station.submit(UnacknowledgeAlarms(tuple(seen.occurrence for seen in shown), answers["comment"]))

    await ask_until_done(question, act, parent)


async def comment(station: Station, alarms: Sequence[Seen], parent: QWidget) -> None:
    """One comment for all of them, each its own entry."""
    if not alarms:
        raise Refused("Select an alarm first")

    async def act(answers: Mapping[str, str]) -> None:
        for seen in alarms:
            await station.submit(CommentAlarm(seen.occurrence, answers["text"]))

    about = alarms[0].name if len(alarms) == 1 else tr_n("{n} alarm", "{n} alarms", len(alarms))
    fields = (Field("text", tr("Comment"), "lines", required=True),)
    await ask_until_done(Question(tr("Comment"), about, fields, tr("Keep comment")), act, parent)


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
