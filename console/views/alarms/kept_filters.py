"""Filters kept by name: preferences of the person signed on, carried to every station as facts."""

from collections.abc import Callable, Mapping

from PySide6.QtWidgets import QWidget

from console.domain.commands import SavePreference
from console.models.alarm_filter import AlarmFilter, filters_of, filters_text
from console.models.alarm_table import AlarmTable
from console.services.station import PreferencesQuery, Station
from console.ui.asking import ask_until_done
from console.ui.dialogs import Field, Question
from console.ui.translation import tr

PREFERENCE = "alarms.filters"


class KeptFilters:
    """`tell(filters)` after each change."""

    def __init__(self, station: Station, tell: Callable[[Mapping[str, AlarmFilter]], None]) -> None:
        self._station, self._tell = station, tell
        self.filters: dict[str, AlarmFilter] = {}

    async def load(self) -> None:
        """Those of the person who is signed on now; nobody has none."""
        came = await self._station.query(PreferencesQuery())
        self.filters = filters_of(came.get(PREFERENCE, "{}"))
        self._tell(self.filters)

    async def keep(self, table: AlarmTable, parent: QWidget) -> None:
        """Ask for a name for the table's filter; one that is there is replaced."""
        wanted, class_names = table.filter, table.alarms.class_names
        question = Question(
            tr("Keep this filter"),
            " · ".join(part for part in (wanted.text, wanted.words(class_names)) if part),
            (Field("name", tr("Name"), required=True, max_length=60),),
            tr("Keep filter"),
        )

        async def act(answers: Mapping[str, str]) -> None:
            await self._save({**self.filters, answers["name"].strip(): wanted})

        await ask_until_done(question, act, parent)

    async def drop(self, name: str) -> None:
        await self._save({kept: one for kept, one in self.filters.items() if kept != name})

    async def _save(self, filters: dict[str, AlarmFilter]) -> None:
        """Raises Refused, and keeps what was, when nobody is signed on."""
        await self._station.submit(SavePreference(PREFERENCE, filters_text(filters)))
        self.filters = filters
        self._tell(filters)
