"""What the alarm view can do now, by action id: each act takes what is selected in the list that is in sight."""

from collections.abc import Callable, Coroutine, Mapping
from typing import Any

from PySide6.QtWidgets import QWidget

from console.domain.alarm_classes import AlarmSettings
from console.models.alarm_table import AlarmTab
from console.services.station import AlarmSettingsQuery, Station
from console.ui.acknowledging import Say
from console.ui.errands import Errands
from console.ui.view import Selection
from console.views.alarms import deeds, keeping, shelving
from console.views.alarms.export import export_alarms
from console.views.alarms.incident_desk import IncidentDesk
from console.views.alarms.lists import AlarmLists
from console.views.alarms.seen import Seen, selection_of

Handlers = Mapping[str, Callable[[], object]]


class AlarmActs:
    """`view` is the parent of every question; refusals go to `say` beside it."""

    def __init__(
        self,
        station: Station,
        lists: AlarmLists,
        desk: IncidentDesk,
        view: QWidget,
        say: Say,
        go: Callable[[str, Selection | None], None],
    ) -> None:
        self._station, self._lists, self._desk, self._view = station, lists, desk, view
        self._say, self._go = say, go
        self.errands = Errands(say)
        self.settings = AlarmSettings()

    async def learn_settings(self) -> None:
        """What this site allows, read anew: its files may have changed."""
        self.settings = await self._station.query(AlarmSettingsQuery())

    def handlers(self, tab: AlarmTab) -> dict[str, Callable[[], object]]:
        found: dict[str, Callable[[], object]] = {
            "alarm.comment": self.comment,
            "incident.open": self.open_incident,
            "alarm.attach": self.attach,
            "show.trend": lambda: self.show_in("trends"),
            "show.topology": lambda: self.show_in("topology"),
            "table.copy": self._lists.shown[1].copy_selection,
            "table.export": lambda: export_alarms(self._lists, self._say, self.errands),
        }
        if tab != AlarmTab.OUT_OF_SERVICE:
            found["alarm.out_of_service"] = self.take_out_of_service
        if tab == AlarmTab.SHELVED:
            found |= {"alarm.extend": self.extend, "alarm.unshelve": self.unshelve, "alarm.shelve": self.shelve}
        elif tab == AlarmTab.OUT_OF_SERVICE:
            found["alarm.return_to_service"] = self.return_to_service
        elif tab != AlarmTab.SUPPRESSED:
            found |= {
                "alarm.acknowledge": self.acknowledge,
                "alarm.unacknowledge": self.unacknowledge,
                "alarm.shelve": self.shelve,
                "alarm.reset": self.reset,
                "alarm.reset_first_out": self.reset_first_out,
                "alarm.take": self.take,
                "alarm.leave": self.leave,
            }
        return found

    def _chosen(self) -> tuple[Seen, ...]:
        return self._lists.selection()

    def _run(self, work: Coroutine[Any, Any, None]) -> object:
        async def act() -> None:
            await work
            self._lists.table.flush()  # who pressed the key sees it now, not with the next beat

        return self.errands.run(act())

    def acknowledge(self) -> object:
        return self._run(deeds.acknowledge(self._station, self._chosen(), self._view, self._say))

    def acknowledge_page(self, alarms: tuple[Seen, ...]) -> object:
        return self._run(deeds.acknowledge_page(self._station, alarms, self._view, self._say))

    def unacknowledge(self) -> object:
        return self._run(deeds.unacknowledge(self._station, self._chosen(), self._view))

    def comment(self) -> object:
        return self._run(deeds.comment(self._station, self._chosen(), self._view))

    def shelve(self) -> object:
        chosen = self._chosen()  # before anything is awaited: exactly what was on screen

        async def act() -> None:
            await self.learn_settings()
            await shelving.shelve(self._station, chosen, self.settings, self._view, self._say)

        return self._run(act())

    def extend(self) -> object:
        return self._run(shelving.extend(self._station, self._chosen(), self.settings, self._say))

    def unshelve(self) -> object:
        return self._run(shelving.unshelve(self._station, self._chosen()))

    def take_out_of_service(self) -> object:
        return self._run(keeping.take_out_of_service(self._station, self._chosen(), self._view))

    def return_to_service(self) -> object:
        return self._run(keeping.return_to_service(self._station, self._chosen(), self._view))

    def reset(self) -> object:
        return self._run(keeping.reset(self._station, self._chosen(), self._say))

    def reset_first_out(self) -> object:
        return self._run(keeping.reset_first_out(self._station, self._chosen()))

    def take(self) -> object:
        return self._run(keeping.take(self._station, self._chosen()))

    def leave(self) -> object:
        return self._run(keeping.leave(self._station, self._chosen()))

    def attach(self) -> object:
        return self._run(self._desk.attach(self._chosen()))

    def open_incident(self) -> object:
        chosen = self._chosen()

        async def open_or_show() -> None:
            self._desk.open_or_show(chosen)

        return self._run(open_or_show())

    def show_in(self, view_id: str) -> None:
        chosen = self._chosen()
        if chosen:
            self._go(view_id, selection_of(chosen[0]))
