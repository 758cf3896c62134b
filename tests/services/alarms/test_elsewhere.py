"""One condition has one occurrence at the whole site, whoever finds it first, and no new alarm is ever silenced."""

from dataclasses import dataclass
from uuid import UUID, uuid4

import pytest

from console.domain.acknowledgements import interval_of
from console.domain.alarm_step import Event, Transition, Trigger
from console.domain.alarms import AlarmKind, AlarmState, Condition
from console.services.alarms.alarm_book import AlarmBook
from console.services.alarms.annunciation import Annunciation
from console.services.alarms.elsewhere import PROBATION_US, Elsewhere
from console.services.records import HornState

CONDITION, SECOND, NEIGHBOUR = uuid4(), uuid4(), uuid4()
S = 1_000_000
T = 1_790_000_000 * S


@dataclass(frozen=True)
class There:
    condition_id: UUID
    start_us: int
    annunciated_us: int
    worst: int = 1
    heard_us: int = 0


def there(start_us: int, annunciated_us: int = 0, worst: int = 1) -> There:
    return There(CONDITION, start_us, annunciated_us or start_us, worst)


class Station:
    def __init__(self) -> None:
        self.horn = Annunciation("desk")
        self.book = AlarmBook(self.horn)
        self.elsewhere = Elsewhere(self.book)
        self.row = self.book.open_row(
            CONDITION, lambda row: Condition(row, CONDITION, "r", AlarmKind.LIMIT), outer=1, inner=2
        )

    def true(self, at_us: int, severity: int = 1) -> None:
        self.book.apply(self.row, Trigger(Event.CONDITION_TRUE, at_us, severity), at_us)

    def false(self, at_us: int) -> None:
        self.book.apply(self.row, Trigger(Event.CONDITION_FALSE, at_us), at_us)

    def told(self, *occurrences: There, now_us: int = T) -> None:
        self.elsewhere.told(NEIGHBOUR, occurrences, now_us)

    def acknowledge(self, start_us: int, seen_through_us: int) -> None:
        interval = interval_of(uuid4().bytes * 2, 1, seen_through_us, start_us, seen_through_us, user_id="Anna")
        self.book.acknowledge(CONDITION, interval, seen_through_us)

    @property
    def alarm(self):
        return self.book.rows.load(self.row)

    @property
    def sounds(self) -> bool:
        return self.horn.snapshot().state is HornState.SOUNDING


def logged(station: Station) -> list[tuple[Transition, int]]:
    return [(one.transition, one.start_us) for one in station.book.log.take()]


@pytest.mark.proves("ALARM-T12")
def test_a_condition_found_true_is_the_occurrence_that_a_neighbour_knows_without_a_sound():
    station = Station()
    station.told(there(T - 600 * S))
    station.true(T)
    assert (station.alarm.state, station.alarm.start_us) == (AlarmState.UNACKNOWLEDGED, T - 600 * S)
    assert not station.sounds
    assert station.horn.snapshot().state is HornState.SILENCED
    assert logged(station) == [(Transition.RAISED, T - 600 * S)]


def test_an_acknowledgement_that_somebody_gave_there_counts_here():
    station = Station()
    station.acknowledge(T - 600 * S, T - 500 * S)
    station.told(there(T - 600 * S))
    station.true(T)
    assert station.alarm.state is AlarmState.ACKNOWLEDGED
    assert station.book.rows.acked_by[station.row] == "Anna"


@pytest.mark.proves("INV-18", "INV-22")
def test_what_is_worse_here_than_it_was_there_sounds():
    station = Station()
    station.told(there(T - 600 * S, worst=1))
    station.true(T, severity=2)
    assert station.alarm.start_us == T - 600 * S
    assert station.alarm.annunciated_us == T
    assert station.sounds


def test_the_same_sample_at_both_stations_sounds_at_both():
    station = Station()
    station.told(there(T))
    station.true(T)
    assert station.sounds


@pytest.mark.proves("INV-18", "P23")
def test_an_occurrence_whose_end_was_seen_here_is_not_adopted_however_late_the_neighbour_is():
    station = Station()
    station.true(T)
    station.acknowledge(T, T)
    station.told(there(T))
    station.false(T + S)
    station.true(T + 2 * S)
    assert station.alarm.start_us == T + 2 * S
    assert station.sounds
    station.told(there(T))
    assert station.alarm.start_us == T + 2 * S


@pytest.mark.proves("INV-18", "INV-22")
def test_an_adoption_that_the_neighbour_does_not_confirm_sounds_after_all():
    station = Station()
    station.told(there(T - 600 * S))
    station.true(T)
    assert not station.sounds
    station.told(there(T), now_us=T + S)
    assert station.alarm.start_us == T
    assert station.sounds
    assert logged(station)[-2:] == [(Transition.SUPERSEDED, T - 600 * S), (Transition.RAISED, T)]


def test_an_adoption_that_was_confirmed_stays_when_the_alarm_ends_there_first():
    station = Station()
    station.told(there(T - 600 * S))
    station.true(T)
    station.told(there(T - 600 * S), now_us=T + S)
    station.told(now_us=T + 2 * S)
    assert station.alarm.start_us == T - 600 * S
    assert not station.sounds


def test_a_late_word_takes_no_adoption_back():
    station = Station()
    station.told(there(T - 600 * S))
    station.true(T)
    station.told(now_us=T + PROBATION_US + 1)
    assert station.alarm.start_us == T - 600 * S


def test_two_open_occurrences_that_meet_are_one_and_the_older_names_it():
    station = Station()
    station.true(T)
    requests = station.horn.snapshot().request
    station.told(there(T - 600 * S))
    assert station.alarm.start_us == T - 600 * S
    assert station.sounds  # it did before, and nobody silenced it
    assert station.horn.snapshot().request == requests
    assert logged(station) == [
        (Transition.RAISED, T), (Transition.SUPERSEDED, T), (Transition.RAISED, T - 600 * S),
    ]  # fmt: skip
    station.told(there(T + 5 * S))
    assert station.alarm.start_us == T - 600 * S


def test_what_was_acknowledged_there_is_quiet_here_once_the_two_have_met():
    station = Station()
    station.acknowledge(T - 600 * S, T - 500 * S)
    station.true(T)
    assert station.sounds
    station.told(there(T - 600 * S))
    assert station.alarm.state is AlarmState.ACKNOWLEDGED
    assert not station.sounds


@pytest.mark.proves("INV-22")
def test_an_acknowledged_alarm_that_was_worse_there_waits_again_in_silence():
    station = Station()
    station.true(T)
    station.acknowledge(T, T)
    station.told(there(T - 600 * S, annunciated_us=T + 5 * S, worst=2))
    assert station.alarm.state is AlarmState.UNACKNOWLEDGED
    assert not station.sounds


def test_a_neighbour_that_is_away_has_nothing_open():
    station = Station()
    station.told(there(T - 600 * S))
    station.elsewhere.told(NEIGHBOUR, None, T)
    station.true(T)
    assert station.alarm.start_us == T
    assert station.sounds


def test_what_is_active_here_is_told_once_and_again_when_it_changed():
    station = Station()
    station.row = station.book.open_row(
        SECOND, lambda row: Condition(row, SECOND, "r", AlarmKind.LIMIT), outer=1, inner=2
    )
    assert station.elsewhere.ours(everything=False) is None
    station.true(T)
    assert station.elsewhere.ours(everything=False) == [(SECOND, T, T, 2, 1, 1, 0)]
    assert station.elsewhere.ours(everything=False) is None
    assert station.elsewhere.ours(everything=True) == [(SECOND, T, T, 2, 1, 1, 0)]
    station.false(T + S)
    assert station.elsewhere.ours(everything=False) == []
