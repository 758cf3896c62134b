"""Out of service and back: facts reach a station in any order, and all stations come to the same."""

from itertools import permutations

import pytest

from console.domain.alarm_flags import AlarmFlag
from console.domain.alarms import AlarmKind, AlarmRule, AlarmState, Priority
from console.domain.shelving import Taken
from tests.support.alarm_plant import condition_of, us
from tests.support.flag_plant import FlagPlant

HOT = AlarmRule("hot", "*/Temp", AlarmKind.LIMIT, hh=95.0, h=90.0, priority=Priority.HIGH, text="Too hot")
OUT, BACK, ALSO_BACK, SEEN, SEEN_LATER, SHELVE, SHELVE_FIRST = (bytes([n]) * 32 for n in range(1, 8))
A, B, C, D, E, F = AlarmState


class Site:
    """What people did, each at its second; `tell` lets a station know it, as the exchange does."""

    def __init__(self, hot):
        self.hot = hot
        self.service = {OUT: (10, Taken("Emil", "sensor change", "WO 7", "A1", us(10)), ())}
        self.service[BACK] = (20, None, (OUT,))
        self.service[ALSO_BACK] = (22, None, (OUT,))
        self.shelves = {SHELVE: (25, 3000), SHELVE_FIRST: (2, 3000)}  # begun at, lasting
        self.acks = {SEEN: (5, 4), SEEN_LATER: (30, 29)}  # given at, seen through

    def tell(self, plant, by, now=60):
        if by in self.acks:
            at, reach = self.acks[by]
            plant.acknowledged(self.hot, us(1), us(reach), "Eva", us(now), by=by, hlc=plant.hlc(at))
            return
        if by in self.shelves:
            plant.shelve(self.hot, *self.shelves[by], by=by, now=now)
            return
        at, value, parents = self.service[by]
        plant.engine.service.take(self.hot, by, plant.hlc(at), value, parents, "Emil", us(at), us(now))


def station(value=92.0):
    plant = FlagPlant(HOT)
    tag = plant.tag()
    plant.send((tag, 1, value))
    plant.pass_time(60)
    return plant, Site(condition_of(tag, "hot", "high"))


def outcome(order, *, twice=False):
    plant, site = station()
    for by in (*order, *(order if twice else ())):
        site.tell(plant, by)
    return plant.state(site.hot), plant.flags(site.hot)


@pytest.mark.proves("ALARM-F18", "INV-5")
@pytest.mark.parametrize("twice", [False, True])
@pytest.mark.parametrize(
    ("facts", "state"),
    [
        ((OUT, BACK), B),
        ((SEEN, OUT, BACK), B),  # acknowledged before: it waits anew
        ((SEEN, OUT, BACK, ALSO_BACK), B),
        ((SEEN, OUT, BACK, SEEN_LATER), C),  # acknowledged after it was back
        ((OUT, BACK, ALSO_BACK, SEEN_LATER), C),
    ],
)
def test_whatever_the_order_of_arrival_an_alarm_back_in_service_is_the_same_everywhere(facts, state, twice):
    found = {order: outcome(order, twice=twice) for order in permutations(facts)}
    assert {order: one for order, one in found.items() if one != (state, 0)} == {}


@pytest.mark.proves("ALARM-F18", "ALARM-F19", "INV-5")
@pytest.mark.parametrize(
    ("facts", "state"),
    [
        ((SEEN, OUT, BACK, SHELVE), B),  # back and waiting, and shelved after that
        ((SEEN, OUT, BACK, SHELVE, SEEN_LATER), C),
        ((OUT, BACK, SHELVE), B),
    ],
)
def test_a_return_waits_under_a_shelf_that_began_after_it_whichever_is_known_first(facts, state):
    found = {order: outcome(order) for order in permutations(facts)}
    assert {order: one for order, one in found.items() if one != (state, AlarmFlag.SHELVED)} == {}


@pytest.mark.proves("ALARM-F18", "ALARM-F19")
def test_a_return_that_comes_under_a_shelf_is_silent_and_stays_so_when_the_shelf_is_lifted_by_hand():
    plant, site = station()
    for by in (SEEN, OUT, SHELVE, BACK):
        site.tell(plant, by)
        assert not (plant.sounds and by is not SEEN)
    plant.unshelve(site.hot, 61)
    assert (plant.state(site.hot), plant.flags(site.hot), plant.sounds) == (B, 0, False)


@pytest.mark.proves("ALARM-F19")
@pytest.mark.parametrize("order", [(SEEN, SHELVE_FIRST, OUT, BACK), (SEEN, OUT, SHELVE_FIRST, BACK)])
def test_what_was_shelved_when_it_came_back_into_service_keeps_its_acknowledgement(order):
    assert outcome(order) == (C, AlarmFlag.SHELVED)


@pytest.mark.proves("ALARM-F18")
def test_a_return_that_comes_before_its_out_of_service_makes_the_active_alarm_sound():
    plant, site = station()
    site.tell(plant, SEEN)
    assert (plant.state(site.hot), plant.sounds) == (C, False)
    site.tell(plant, BACK)
    assert (plant.state(site.hot), plant.sounds) == (B, True)
    site.tell(plant, OUT)
    assert (plant.state(site.hot), plant.flags(site.hot), plant.sounds) == (B, 0, True)


@pytest.mark.proves("ALARM-F18")
def test_a_return_says_nothing_about_an_alarm_that_began_after_it():
    plant, site = station(20.0)
    tag = plant.tags.tag(0)
    plant.send((tag, 61, 92.0))
    plant.acknowledge(plant.open(tag, "hot", "high"), 62)
    site.tell(plant, BACK, now=63)
    assert (plant.state(site.hot), plant.sounds) == (C, False)
