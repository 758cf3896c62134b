"""Joins the master alarm records to a built station: rules, rights, the door for people, the seam, and the notice when
what is in force is not what was approved."""

from collections.abc import Callable, Sequence
from secrets import randbits

from console.domain.alarms import AlarmRule, Priority
from console.domain.master_fields import AREA_MARK
from console.domain.priority_matrix import DEFAULT_MATRIX, PriorityMatrix
from console.services.alarms.master_desk import MasterDesk
from console.services.alarms.master_door import MasterActs
from console.services.alarms.master_guidance import Guide
from console.services.identity.gate import Rejudged
from console.services.local_station import Parts

DIFFERENT = "Alarm settings in force differ from the approved master records"
_SOURCE = "rationalization"


def join_master(
    parts: Parts,
    rules: Sequence[AlarmRule],
    name_of: Callable[[str], str],
    now_us: Callable[[], int],
    matrix: PriorityMatrix = DEFAULT_MATRIX,
) -> MasterDesk:
    """The projection, to be fed with the journal's entries; everything else follows by itself."""
    gate, engine = parts.people.gate, parts.engine
    desk = MasterDesk(name_of, rules=rules, matrix=matrix, is_withheld=gate.is_withheld)
    guide = Guide(desk)

    def on_rejudged(judged: Rejudged) -> None:
        if judged.withheld or judged.released:
            desk.rejudge()

    def on_audited(unauthorised: int) -> None:
        if unauthorised:
            engine.raise_system(_SOURCE, DIFFERENT, Priority.MEDIUM, now_us())
        else:
            engine.clear_system(_SOURCE, now_us())

    def on_changed(keys: frozenset[str]) -> None:
        rules = {key.partition("/")[0] for key in keys}
        guide.forget()
        engine.guide_anew(lambda one: one.rule_id in rules or AREA_MARK + one.area in rules)

    engine.guide_by(guide)
    desk.changed.subscribe(on_changed)
    gate.rejudged.subscribe(on_rejudged)
    desk.audited.subscribe(on_audited)
    acts = MasterActs(parts.journal, desk, parts.people.signing, clock_us=now_us, random_bits=randbits)
    parts.operations.extend(acts.acts())
    parts.master, parts.master_files, parts.master_preview = desk, acts.files.record, acts.preview
    return desk
