"""Stations: which belong to the site, which asks to be let in, and the end of one that is lost."""

from collections.abc import Callable

from console.domain import people_commands as u
from console.models.people_tables import StationRow, StationTable
from console.ui.dialogs import Field, Question
from console.ui.translation import mark, tr
from console.ui.view import ViewContext
from console.views.administration.deeds import ask_and_do, why_field
from console.views.administration.page import Deed, TablePage

_NO_KEY = mark("The site's key is not at this station: use one whose site folder holds authority.pem")


class StationsPage(TablePage):
    """Letting in by the pairing code that stands on the other screen, revoking with a signature."""

    def __init__(self, context: ViewContext, say: Callable[[str], None]) -> None:
        self.stations = StationTable(context.station)
        super().__init__("admin_stations", self.stations, (4, 3), say)
        self.stations.setParent(self)
        self.station = context.station
        self.can_let_in = False
        self.offer(
            (
                Deed(
                    "admin.let_in",
                    mark("Let in..."),
                    u.EnrolStation.name,
                    self.let_in,
                    self._why_not_in,
                    key="Return",
                    is_primary=True,
                ),
                Deed(
                    "admin.revoke", mark("Revoke station..."), u.RevokeStation.name, self.revoke, self._known, key="Del"
                ),
            ),
            context.actions,
        )

    def row(self) -> StationRow | None:
        return self.stations.record_at(self.selected())

    async def let_in(self) -> None:
        row = self.row()
        if row is None:
            return
        fields = (Field("code", tr("Pairing code"), required=True, max_length=20),)
        hint = tr("Read it off the other station's own screen, never off a message. Small letters and dashes are fine.")
        question = Question(tr("Let this station in?"), _about(row), fields, tr("Let in"), hints=(hint,))
        await ask_and_do(self.station, question, lambda told: u.EnrolStation(row.station_id, told["code"]), self)

    async def revoke(self) -> None:
        row = self.row()
        if row is None:
            return
        trusted = (
            ("known", tr("What arrived until now stays trusted")),
            ("none", tr("Nothing it ever wrote is trusted")),
        )
        fields = (Field("trusted", tr("What is trusted"), "choice", "known", trusted), why_field())
        hint = tr("It can no longer exchange anything with this site. This cannot be undone.")
        question = Question(
            tr("Revoke this station?"), _about(row), fields, tr("Revoke station"), width=520, hints=(hint,)
        )
        await ask_and_do(
            self.station, question, lambda told: u.RevokeStation(row.station_id, told["why"], told["trusted"]), self
        )

    def _why_not_in(self) -> str:
        row = self.row()
        if row is None or row.state != "asks":
            return tr("Select a station that asks to be let in")
        return "" if self.can_let_in else tr(_NO_KEY)

    def _known(self) -> str:
        row = self.row()
        if row is None or row.state == "asks":
            return tr("Select a station that belongs to the site")
        if row.state == "revoked":
            return tr("This station is revoked already")
        return tr("A station does not revoke itself: do it at another one") if row.state == "own" else ""


def _about(row: StationRow) -> str:
    return f"{row.name} ({row.code})" if row.name else row.code
