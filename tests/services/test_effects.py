"""What facts do to alarms and preferences, in whatever order they arrive."""

from dataclasses import dataclass, field
from types import SimpleNamespace
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from console.domain import facts as f
from console.domain.alarm_facts import AlarmUnacknowledged
from console.domain.alarms import Occurrence
from console.services.effects import Effects
from console.services.journal.projector import Projector

CONDITION, INCIDENT = UUID(int=1), UUID(int=2)
WALL = 10_000_000_000


@dataclass
class Engine:
    notes: dict = field(default_factory=dict)
    acknowledged: list = field(default_factory=list)
    taken_back: list = field(default_factory=list)
    silenced: list = field(default_factory=list)
    note_of: object = None

    @property
    def annunciation(self):
        return SimpleNamespace(silence=lambda position, through: self.silenced.append((position, through)))

    def set_note(self, occurrence, note):
        self.notes[occurrence] = note

    def note_by(self, note_of):
        self.note_of = note_of

    @property
    def acknowledging(self):
        def apply(condition, interval, _now_us):
            self.acknowledged.append((condition, interval.start_us, interval.seen_through_us, interval.user_id))

        def take_back(condition, act, who, _now_us):
            self.taken_back.append((condition, act.named, act.seen_through_us, who))

        return SimpleNamespace(apply=apply, take_back=take_back)


def entry(fact, hlc=1, user="u1"):
    actor = SimpleNamespace(user_id=user)
    return SimpleNamespace(fact=fact, etype=fact.etype, hlc=hlc, actor=actor, hash=b"h" * 32, wall_us=WALL)


def make():
    engine, projector = Engine(), Projector()
    effects = Effects(projector, engine, {"u1": "Anna", "u2": "Ben"}.get, lambda: 99)
    return engine, projector, effects


def test_an_acknowledgement_names_who_gave_it():
    engine, projector, _ = make()
    projector.apply((entry(f.AlarmAcknowledged(CONDITION, 5, 7), user="u2"),))
    assert engine.acknowledged == [(CONDITION, 5, 7, "u2")]


@pytest.mark.proves("P25", "INV-19")
def test_an_acknowledgement_of_a_sample_stamped_next_year_reaches_five_minutes_beyond_its_own_clock():
    engine, projector, _ = make()
    projector.apply((entry(f.AlarmAcknowledged(CONDITION, 5, WALL + 365 * 86400 * 1_000_000)),))
    assert engine.acknowledged == [(CONDITION, 5, WALL + 300_000_000, "u1")]


def test_an_unacknowledgement_takes_back_what_it_names_and_a_hash_that_is_none_is_passed_over():
    engine, projector, _ = make()
    named = ("ab" * 32, "no hash", "AB" * 32 + "zz")
    projector.apply((entry(AlarmUnacknowledged(CONDITION, 5, named, 7), user="u2"),))
    assert engine.taken_back == [(CONDITION, {b"\xab" * 32}, 7, "u2")]


def test_an_incident_number_stands_beside_its_alarm_even_when_the_link_arrives_first():
    engine, projector, _ = make()
    occurrence = Occurrence(CONDITION, 5)
    projector.apply((entry(f.IncidentAlarmLinked(INCIDENT, CONDITION, 5)),))
    assert engine.notes == {}
    projector.apply((entry(f.IncidentOpened(INCIDENT, "INC-1", "t", 1, 1)),))
    assert engine.notes == {occurrence: "INC-1"}


def test_notes_are_set_again_once_the_alarms_are_restored():
    engine, projector, effects = make()
    projector.apply((entry(f.AlarmCommented(CONDITION, 5, "seen")),))
    engine.notes.clear()
    effects.set_notes()
    assert engine.notes == {Occurrence(CONDITION, 5): "Anna: seen"}


def test_a_silence_reaches_the_horn():
    engine, projector, _ = make()
    projector.apply((entry(f.HornSilenced("desk", 12)),))
    assert engine.silenced == [("desk", 12)]


@given(st.permutations([(1, "a"), (2, "b"), (3, "c")]))
def test_the_newest_preference_stands_whatever_the_order(order):
    _, projector, effects = make()
    for hlc, value in order:
        projector.apply((entry(f.PreferenceSaved("u1", "theme", value), hlc=hlc),))
    assert effects.preferences == {"u1": {"theme": "c"}}
