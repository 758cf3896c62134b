"""What facts do to alarms and preferences, in whatever order they arrive."""

from dataclasses import dataclass, field
from types import SimpleNamespace
from uuid import UUID

from hypothesis import given
from hypothesis import strategies as st

from console.domain import facts as f
from console.domain.alarms import Occurrence
from console.services.effects import Effects
from console.services.journal.projector import Projector

CONDITION, INCIDENT = UUID(int=1), UUID(int=2)


@dataclass
class Engine:
    notes: dict = field(default_factory=dict)
    acknowledged: list = field(default_factory=list)
    silenced: list = field(default_factory=list)

    @property
    def annunciation(self):
        return SimpleNamespace(silence=lambda position, through: self.silenced.append((position, through)))

    def set_note(self, occurrence, note):
        self.notes[occurrence] = note

    def apply_acknowledgement(self, condition, start, through, who, comment, now_us):
        self.acknowledged.append((condition, start, through, who))


def entry(fact, hlc=1, user="u1"):
    return SimpleNamespace(fact=fact, etype=fact.etype, hlc=hlc, actor=SimpleNamespace(user_id=user), hash=b"h" * 32)


def make():
    engine, projector = Engine(), Projector()
    effects = Effects(projector, engine, {"u1": "Anna", "u2": "Ben"}.get, lambda: 99)
    return engine, projector, effects


def test_an_acknowledgement_names_who_gave_it():
    engine, projector, _ = make()
    projector.apply((entry(f.AlarmAcknowledged(CONDITION, 5, 7), user="u2"),))
    assert engine.acknowledged == [(CONDITION, 5, 7, "Ben")]


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
