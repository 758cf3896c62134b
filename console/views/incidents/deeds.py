"""What a person does with an incident: ask what has to be asked, give the command, keep what was typed when refused."""

from collections.abc import Callable, Mapping

from PySide6.QtWidgets import QWidget

from console.domain.commands import Command, EditIncident
from console.services.records import IncidentRecord, IncidentStep, RelatedIncident
from console.services.station import Station
from console.ui.asking import ask_until_done
from console.ui.dialogs import Question
from console.ui.translation import tr
from console.views.incidents import settling
from console.views.incidents.moves import Move, question

EDITABLE = ("title", "description", "impact", "urgency")


class Deeds:
    """Questions stand over `parent`. Each deed raises Refused only when nothing was asked first."""

    def __init__(self, station: Station, parent: QWidget) -> None:
        self._station = station
        self._parent = parent

    async def move(self, record: IncidentRecord, move: Move) -> None:
        asked = question(move, record)
        if asked is None:
            await self._station.submit(move.make(record, {}))
        else:
            await self._ask(asked, lambda answers: move.make(record, answers))

    async def edit(self, record: IncidentRecord, name: str) -> None:
        if name not in EDITABLE:
            return

        def command(answers: Mapping[str, str]) -> Command:
            told: str | int = int(answers["value"]) if name in settling.GRADES else answers["value"]
            return EditIncident(record.incident_id, name, told)

        field = settling.field_of(name, str(getattr(record, name)))
        await self._ask(Question(tr("Change"), record.number, (field,), tr("Keep")), command)

    async def settle(self, record: IncidentRecord, field: str, now_us: int) -> None:
        asked = settling.settle_question(record, field, now_us)
        await self._ask(asked, lambda answers: settling.settle_command(record, field, answers))

    async def amend(self, record: IncidentRecord, note: IncidentStep) -> None:
        asked = settling.amend_question(record, note)
        await self._ask(asked, lambda answers: settling.amend_command(record, note, answers))

    async def merge(self, record: IncidentRecord, other: RelatedIncident) -> None:
        asked = settling.merge_question(record, other)
        await self._ask(asked, lambda answers: settling.merge_command(record, other.incident_id, answers))

    async def _ask(self, asked: Question, command: Callable[[Mapping[str, str]], Command]) -> None:
        async def act(answers: Mapping[str, str]) -> None:
            await self._station.submit(command(answers))

        await ask_until_done(asked, act, self._parent)
