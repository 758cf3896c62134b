"""Programs of several ages in one process: which kinds of facts the station that runs now knows."""

from console.domain.alarm_facts import AlarmOutOfService, AlarmReturnedToService
from console.domain.facts import FACTS
from console.domain.incident_facts import IncidentMerged

NEW_KINDS = (AlarmOutOfService, AlarmReturnedToService, IncidentMerged)


def run_as(is_old: bool) -> None:
    """From now on the code knows what an old or the present version knows."""
    if is_old == (NEW_KINDS[0].etype not in FACTS):
        return
    for kind in NEW_KINDS:
        if is_old:
            FACTS.pop(kind.etype, None)
        else:
            FACTS[kind.etype] = kind
