"""Stations that hold the same events compare as equal; one that shows something else is found and put right."""

from types import SimpleNamespace
from uuid import UUID

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from console.domain.alarm_facts import AlarmUnacknowledged
from console.domain.alarms import AlarmKind, AlarmRule, AlarmState
from console.domain.facts import AlarmAcknowledged
from console.services.effects import Effects
from console.services.journal.projector import Projector
from console.services.projection_digest import BUCKETS, ProjectionDigest, bucket_of, differing
from tests.support.alarm_plant import Plant, condition_of, us

HOT = AlarmRule("hot", "*", AlarmKind.LIMIT, h=90.0)


class Station:
    """An alarm engine fed by facts, and its digest."""

    def __init__(self) -> None:
        self.plant, projector = Plant(HOT), Projector()
        self.tag = self.plant.tag()
        self.effects = Effects(projector, self.plant.engine, str, lambda: us(9))
        self.apply = projector.apply
        self.digest = ProjectionDigest({"ack": self.plant.engine.acknowledging.kept})

    @property
    def hot(self) -> UUID:
        return condition_of(self.tag, "hot", "high")


def entry(n: int, fact: object) -> SimpleNamespace:
    actor = SimpleNamespace(user_id="eva")
    return SimpleNamespace(
        fact=fact, etype=fact.etype, hlc=n, wall_us=us(5), hash=bytes([n]) * 32, actor=actor, parents=()
    )


@st.composite
def histories(draw: st.DrawFn) -> list[SimpleNamespace]:
    made: list[SimpleNamespace] = []
    for n in range(1, draw(st.integers(2, 8))):
        condition, start, through = UUID(int=draw(st.integers(1, 3))), draw(st.integers(0, 5)), draw(st.integers(5, 9))
        named = [one.hash.hex() for one in made if isinstance(one.fact, AlarmAcknowledged)]
        if named and draw(st.booleans()):
            chosen = tuple(sorted(draw(st.sets(st.sampled_from(named), min_size=1))))
            made.append(entry(n, AlarmUnacknowledged(condition, us(start), chosen, us(through))))
        else:
            made.append(entry(n, AlarmAcknowledged(condition, us(start), us(through))))
    return made


@pytest.mark.proves("INV-5", "INV-6", "INV-7")
@settings(max_examples=60, deadline=None)
@given(histories(), st.data())
def test_the_same_facts_in_any_order_and_twice_give_equal_digests_also_when_old_ones_were_forgotten(made, data):
    one, other = Station(), Station()
    for fact in made:
        one.apply((fact,))
        one.digest.digests()  # step by step, against all at once
    for fact in data.draw(st.permutations(made)) + data.draw(st.lists(st.sampled_from(made))):
        other.apply((fact,))
    one.plant.engine.acknowledging.kept.forget(us(data.draw(st.integers(0, 12))), lambda _condition: False)
    assert one.digest.digests() == other.digest.digests() != {}
    other.apply((entry(99, AlarmAcknowledged(UUID(int=1), us(0), us(1))),))
    assert differing(one.digest.digests(), other.digest.digests()) == (bucket_of("ack", UUID(int=1)),)


@pytest.mark.proves("INV-7")
def test_a_station_that_shows_another_state_is_found_and_rebuilt_from_the_journal():
    right, wrong = Station(), Station()
    facts = [
        entry(1, AlarmAcknowledged(right.hot, us(0), us(3))),
        entry(2, AlarmUnacknowledged(right.hot, us(0), ((b"\x01" * 32).hex(),), us(3))),
    ]
    for station, known in ((right, facts), (wrong, facts[:1])):
        station.plant.send((station.tag, 0, 92.0))
        station.apply(tuple(known))
    assert wrong.plant.state(wrong.hot) is AlarmState.ACKNOWLEDGED
    found = differing(right.digest.digests(), wrong.digest.digests())
    assert [wrong.digest.ids_in(bucket) for bucket in found] == [(wrong.hot,)]
    wrong.effects.rebuild_acknowledgements(wrong.hot, facts)
    assert wrong.plant.state(wrong.hot) is AlarmState.UNACKNOWLEDGED
    assert differing(right.digest.digests(), wrong.digest.digests()) == ()


def test_what_is_acknowledged_by_mistake_waits_again_after_a_rebuild():
    station = Station()
    station.plant.send((station.tag, 0, 92.0))
    station.apply((entry(1, AlarmAcknowledged(station.hot, us(0), us(3))),))
    station.effects.rebuild_acknowledgements(station.hot, [])
    assert station.plant.state(station.hot) is AlarmState.UNACKNOWLEDGED
    assert station.digest.digests() == {}


def test_the_cost_of_a_comparison_follows_what_changed():
    class Counting:
        def __init__(self) -> None:
            self.touched = {UUID(int=n) for n in range(1, 1001)}
            self.asked = 0

        def take_touched(self):
            touched, self.touched = frozenset(self.touched), set()
            return touched

        def digest(self, entity_id):
            self.asked += 1
            return entity_id.bytes

    projection = Counting()
    digest = ProjectionDigest({"x": projection})
    assert len(digest.digests()) == BUCKETS
    projection.touched = {UUID(int=7)}
    digest.digests()
    assert projection.asked == 1001
