"""The screens of the console in the order of the navigation rail; each is imported when it is first looked at."""

from importlib import import_module

from console.app.frame.docks import ViewSpec
from console.ui.translation import mark
from console.ui.view import View, ViewContext

_SCREENS = (
    ("overview", mark("Overview"), "overview", "OverviewView"),
    ("alarms", mark("Alarms"), "bell", "AlarmsView"),
    ("topology", mark("Topology"), "topology", "TopologyView"),
    ("trends", mark("Trends"), "trend", "TrendsView"),
    ("incidents", mark("Incidents"), "incident", "IncidentsView"),
    ("journal", mark("Journal"), "journal", "JournalView"),
    ("kpi", mark("Alarm KPIs"), "kpi", "KpiView"),
    ("performance", mark("Performance"), "performance", "PerformanceView"),
    ("masteralarms", mark("Rationalize"), "masteralarms", "MasterAlarmsView"),
    ("sync", mark("Sync"), "sync", "SyncView"),
    ("administration", mark("Admin"), "administration", "AdministrationView"),
    ("diagnostics", mark("Diagnostics"), "diagnostics", "DiagnosticsView"),
)


def view_specs() -> tuple[ViewSpec, ...]:
    return tuple(ViewSpec(view_id, title, icon, _Late(view_id, name)) for view_id, title, icon, name in _SCREENS)


class _Late:
    """Imports a screen's room on first use."""

    def __init__(self, view_id: str, name: str) -> None:
        self._module = f"console.views.{view_id}.view"
        self._name = name

    def __call__(self, context: ViewContext) -> View:
        view: View = getattr(import_module(self._module), self._name)(context)
        return view
