"""What the tests of the details share: what a station answers about an alarm, and the pane beside the list."""

from typing import Any
from uuid import UUID

from console.models.heartbeat import heartbeat
from console.services.station import AlarmDetailsQuery
from console.services.story_records import AlarmDetails, LinkedIncident, PastOccurrence
from console.ui.wall_clock import now_us
from console.views.alarms.details import DetailsPane
from console.views.alarms.view import AlarmsView
from tests.support.qt_loop import until
from tests.support.screens import Screen
from tests.views.alarms.stage import MINUTE, select, view_of

GUIDED: dict[str, Any] = {
    "cause": "Fan blocked",
    "consequence": "Drive trips within minutes",
    "time_to_respond_s": 600,
    "owner": "Maintenance",
    "display": "Trends",
}
INCIDENT = LinkedIncident(UUID(int=5), "INC-7", "closed", "Robot gets hot", "replaced", "New fan", "Bert Ohm", 1)


def answer(query: AlarmDetailsQuery, **more: Any) -> AlarmDetails:
    return AlarmDetails(query.condition_id, query.start_us, **more)


def past(minute: int, *, is_own: bool = True, **more: Any) -> PastOccurrence:
    start = now_us() - minute * MINUTE
    known: dict[str, Any] = {"ended_us": start + 5 * MINUTE, "acknowledged_us": start + MINUTE}
    return PastOccurrence(UUID(int=9), start, "ROB-8", is_own, **{**known, "acknowledged_by": "Anna Ä.", **more})


async def opened(screen: Screen, row: int = 0) -> DetailsPane:
    """The pane beside the list, about this row."""
    view = view_of(screen)
    view.table.flush()
    if not view.details.is_open:
        view.details.toggle()
    select(view, [row])
    pane = view.details.pane
    wanted = view.table.alarms.condition(row)
    await until(lambda: pane.present is not None and pane.present.condition == wanted)
    return pane


def lines(pane: DetailsPane, key: str) -> dict[str, str]:
    told = pane.cards.cards[key].texts()
    return dict(zip(told[::2], told[1::2], strict=False))


def beat(view: AlarmsView) -> None:
    heartbeat().beat()
    view.table.flush()
    view.details.pane.refresh()
