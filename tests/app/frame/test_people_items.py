"""What the strip and the notice bar say about people: nothing while nothing waits, everything that does."""

from dataclasses import replace
from uuid import UUID

from console.app.frame.people_items import news, person_item, waiting_items
from console.services import people_records as p
from console.services.records import SessionRecord
from console.ui.format import US
from console.widgets.lamp import LampState
from tests.support.frame_plant import NOW_US, STATUS

DAY_US = 24 * 3600 * US
OLGA = SessionRecord("u2", "olga", "Olga", ("operator",), NOW_US)
USE = p.BreakGlassRecord("b", "K1", NOW_US, "nobody here", False)
ACT = p.WithheldRecord("ab" * 32, NOW_US, "K2", "Dora", "incident.moved", "{}", "revoked_user")
JOIN = p.JoinRecord(UUID(int=9), "K4", "Packing", NOW_US)
GATE = p.StationRecord(UUID(int=3), "K3", "Gate", False, False)


def test_rights_that_nobody_confirmed_lately_say_so_and_block_nothing() -> None:
    assert "confirmed" not in person_item(OLGA, STATUS, NOW_US).rest
    fresh = replace(OLGA, confirmed_us=NOW_US - DAY_US + 1)
    assert "confirmed" not in person_item(fresh, STATUS, NOW_US).rest
    old = person_item(replace(OLGA, confirmed_us=NOW_US - 12 * DAY_US), STATUS, NOW_US)
    assert "rights last confirmed 12 days ago" in old.rest and old.lamp == LampState.WARNING
    assert "1 day ago" in person_item(replace(OLGA, confirmed_us=NOW_US - DAY_US), STATUS, NOW_US).rest


def test_a_locked_desk_and_the_control_room_identity_never_look_like_a_person_at_work() -> None:
    locked = person_item(replace(OLGA, is_locked=True), STATUS, NOW_US)
    assert locked.strong == "locked: view only" and locked.rest == "Olga" and locked.lamp == LampState.WARNING
    place = person_item(replace(OLGA, method="break_glass"), STATUS, NOW_US)
    assert place.strong == "Control room" and place.lamp == LampState.WARNING
    assert "nobody" in person_item(None, STATUS, NOW_US).strong


def test_nothing_is_said_while_nothing_waits() -> None:
    assert waiting_items(None) == () and waiting_items(p.PeopleRecord()) == ()
    assert waiting_items(p.PeopleRecord(break_glass=(USE,))) == (), "the shift is not over"


def test_what_waits_is_counted_and_an_overdue_name_is_an_alarm() -> None:
    (item,) = waiting_items(p.PeopleRecord(withheld=(ACT,), joining=(JOIN,), can_let_in=True))
    assert item.lamp == LampState.WARNING
    assert item.tip.splitlines() == ["1 act to countersign", "1 station asks to join"]
    (item,) = waiting_items(p.PeopleRecord(break_glass=(replace(USE, is_overdue=True),), withheld=(ACT,)))
    assert item.lamp == LampState.ALARM and item.strong == "2 waiting" and "without a name" in item.rest
    assert waiting_items(p.PeopleRecord(joining=(JOIN,))) == (), "where nobody can let it in it waits elsewhere"


def test_news_are_told_once() -> None:
    before = p.PeopleRecord(stations=(GATE,), break_glass=(USE,))
    now = p.PeopleRecord(
        break_glass=(replace(USE, is_overdue=True),),
        withheld=(ACT,),
        joining=(JOIN,),
        stations=(replace(GATE, is_revoked=True),),
        can_let_in=True,
    )
    told = "\n".join(news(before, now))
    for words in ("no effect until", "Gate was revoked", "say who it was", "Packing asks to be let in"):
        assert words in told
    assert news(now, now) == []
