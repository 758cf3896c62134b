"""What the status strip says about people: who sits here and how far he is confirmed, and what waits for somebody."""

from console.services.people_records import PeopleRecord
from console.services.records import SessionRecord, StatusRecord
from console.ui.format import US, time_tip
from console.ui.translation import mark, tr, tr_n
from console.widgets.lamp import LampState
from console.widgets.status_strip import StripItem

ROLE_WORDS = {
    "operator": mark("operator"),
    "shift_lead": mark("shift lead"),
    "engineer": mark("engineer"),
    "service_manager": mark("service manager"),
    "administrator": mark("administrator"),
    "auditor": mark("auditor"),
}
_DAY_US = 24 * 3600 * US


def person_item(session: SessionRecord | None, status: StatusRecord | None, now_us: int) -> StripItem:
    """Who sits at this desk; a locked console and rights that nobody confirmed lately say so."""
    position = status.position if status is not None else ""
    if session is None:
        return StripItem("person", position, tr("nobody signed on: view only"), is_left=False)
    name = session.name or session.login
    if session.method == "break_glass":
        words = tr("acknowledges and silences only")
        return StripItem("person", position, tr("Control room"), words, LampState.WARNING, is_left=False)
    roles = ", ".join(tr(ROLE_WORDS[role]) if role in ROLE_WORDS else role for role in session.roles)
    rest = [roles] if roles else []
    days = (now_us - session.confirmed_us) // _DAY_US if session.confirmed_us else 0
    if days >= 1:
        rest.append(tr_n("rights last confirmed {n} day ago", "rights last confirmed {n} days ago", days))
    tip = (
        tr("Rights last confirmed by the centre: {time}", time=time_tip(session.confirmed_us))
        if session.confirmed_us
        else ""
    )
    if session.is_locked:
        return StripItem("person", position, tr("locked: view only"), name, LampState.WARNING, tip, is_left=False)
    lamp = LampState.WARNING if days >= 1 else None
    return StripItem("person", position, name, " · ".join(rest), lamp, tip, is_left=False)


def waiting_items(people: PeopleRecord | None) -> tuple[StripItem, ...]:
    """What about people and stations waits for somebody: one item, nothing while nothing waits."""
    if people is None:
        return ()
    overdue = sum(use.is_overdue for use in people.break_glass)
    words = []
    if overdue:
        words.append(tr_n("{n} control room use without a name", "{n} control room uses without a name", overdue))
    if people.withheld:
        words.append(tr_n("{n} act to countersign", "{n} acts to countersign", len(people.withheld)))
    if people.joining and people.can_let_in:
        words.append(tr_n("{n} station asks to join", "{n} stations ask to join", len(people.joining)))
    if not words:
        return ()
    lamp = LampState.ALARM if overdue else LampState.WARNING
    count = tr("{n} waiting", n=overdue + len(people.withheld) + (len(people.joining) if people.can_let_in else 0))
    return (StripItem("people", tr("People"), count, "· " + " · ".join(words), lamp, "\n".join(words)),)


def news(before: PeopleRecord, now: PeopleRecord) -> list[str]:
    """What has come to wait since, translated; told once in the notice bar."""
    told = []
    fresh = {one.act_hash for one in now.withheld} - {one.act_hash for one in before.withheld}
    if fresh:
        told.append(
            tr_n(
                "{n} act has no effect until somebody countersigns it (Administration).",
                "{n} acts have no effect until somebody countersigns them (Administration).",
                len(fresh),
            )
        )
    revoked = {one.station_id for one in before.stations if one.is_revoked}
    told += [
        tr("Station {name} was revoked: what it sends is no longer trusted.", name=one.name or one.code)
        for one in now.stations
        if one.is_revoked and one.station_id not in revoked
    ]
    overdue = {use.use_id for use in before.break_glass if use.is_overdue}
    if any(use.is_overdue and use.use_id not in overdue for use in now.break_glass):
        told.append(tr("Somebody acted as control room and the shift is over: say who it was (Administration)."))
    asked = {one.station_id for one in before.joining}
    told += [
        tr("Station {name} asks to be let in (Administration).", name=request.name or request.code)
        for request in now.joining
        if request.station_id not in asked and now.can_let_in
    ]
    return told
