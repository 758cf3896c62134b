"""What the alarm view looked like, to be found again: columns, sort, tab, filter, groups and the strip's lines."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

from console.models.alarm_filter import AlarmFilter
from console.models.alarm_groups import GroupBy
from console.models.alarm_table import AlarmTab

if TYPE_CHECKING:
    from console.views.alarms.view import AlarmsView


def state_of(view: AlarmsView) -> dict[str, object]:
    """JSON-able; groups that a flood made are not kept."""
    return {
        "table": view.list.save_state(),
        "asides": view.lists.save_state(),
        "tab": view.lists.tab.value,
        "filter": view.table.filter.kept(),
        "group": (GroupBy.NONE if view.flood.is_automatic else view.table.groups.by).value,
        "timeline": view.timeline.by,
        "details": view.details.save_state(),
    }


def bring_back(view: AlarmsView, state: Mapping[str, object]) -> None:
    """What `state_of` gave, as far as it can be read; a filter of an older version was its words alone."""
    table, tab, asides, kept = (state.get(key) for key in ("table", "tab", "asides", "filter"))
    if isinstance(table, Mapping):
        view.list.restore_state(table)
    if isinstance(asides, Mapping):
        view.lists.restore_state(asides)
    details = state.get("details")
    if isinstance(details, Mapping):
        view.details.restore_state(details)
    if tab in set(AlarmTab):
        view.show_tab(AlarmTab(str(tab)))
    if state.get("group") in set(GroupBy):
        view.flood.choose(GroupBy(str(state["group"])))
    if isinstance(state.get("timeline"), str):
        view.timeline.show_by(str(state["timeline"]))
    view.choose_whole(AlarmFilter(text=kept) if isinstance(kept, str) else AlarmFilter.of_kept(kept))
