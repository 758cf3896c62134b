"""What sounds: the most urgent of what nobody has seen, until it is silenced or something newer comes."""

import pytest

from console.domain.alarms import Priority
from console.services.alarms.annunciation import OTHER_STATION_US, Annunciation
from console.services.records import HornState


@pytest.mark.proves("ALARM-F59")
def test_the_most_urgent_alarm_sounds_and_the_next_one_when_it_is_seen():
    horn = Annunciation("desk")
    horn.annunciate(1, Priority.LOW, 10)
    horn.annunciate(2, Priority.CRITICAL, 11)
    assert (horn.snapshot().state, horn.snapshot().priority) == (HornState.SOUNDING, 1)
    horn.end(2)
    assert horn.snapshot().priority == 4
    horn.end(1)
    assert horn.snapshot().state is HornState.QUIET
    assert horn.snapshot().request == 2


@pytest.mark.proves("ALARM-F45")
def test_silence_lasts_until_the_next_alarm_and_then_only_that_one_sounds():
    horn = Annunciation("desk")
    horn.annunciate(1, Priority.CRITICAL, 10)
    assert horn.silence("desk", horn.newest_sounding_us())
    assert (horn.snapshot().state, horn.snapshot().priority) == (HornState.SILENCED, 0)
    horn.annunciate(2, Priority.LOW, 20)
    assert (horn.snapshot().state, horn.snapshot().priority) == (HornState.SOUNDING, 4)


def test_a_silence_of_another_position_silences_nothing_here():
    horn = Annunciation("desk")
    horn.annunciate(1, Priority.HIGH, 10)
    assert not horn.silence("hall", 10)
    assert horn.snapshot().state is HornState.SOUNDING


def test_an_older_silence_that_arrives_late_does_not_touch_a_newer_alarm():
    horn = Annunciation("desk")
    horn.annunciate(1, Priority.HIGH, 10)
    horn.annunciate(2, Priority.MEDIUM, 10 + OTHER_STATION_US + 1)
    horn.silence("desk", 10)
    assert horn.snapshot().priority == 3


def test_a_silence_at_another_station_of_the_desk_reaches_the_same_alarm_that_came_here_a_moment_later():
    horn = Annunciation("desk")
    horn.annunciate(1, Priority.HIGH, 1_000_000)
    horn.silence("desk", 950_000)
    assert horn.snapshot().state is HornState.SILENCED


def test_a_silence_given_here_never_reaches_what_came_between_the_key_and_its_effect():
    horn = Annunciation("desk")
    horn.annunciate(1, Priority.HIGH, 10)
    through = horn.newest_sounding_us()
    horn.annunciate(2, Priority.HIGH, 11)
    horn.end(1)
    horn.silence("desk", through)
    assert horn.snapshot().state is HornState.SOUNDING


def test_a_clock_that_was_set_back_does_not_put_a_new_alarm_under_an_old_silence():
    horn = Annunciation("desk")
    horn.annunciate(1, Priority.HIGH, 1000)
    horn.silence("desk", horn.newest_sounding_us())
    horn.annunciate(2, Priority.HIGH, 5)
    assert horn.snapshot().state is HornState.SOUNDING


@pytest.mark.proves("ALARM-F14")
def test_what_was_known_before_a_restart_and_journal_alarms_do_not_sound():
    horn = Annunciation("desk")
    horn.restore(1)
    horn.annunciate(2, Priority.JOURNAL, 10)
    assert (horn.snapshot().state, horn.snapshot().request) == (HornState.SILENCED, 0)


@pytest.mark.proves("ALARM-F63")
def test_without_a_sound_device_the_horn_says_so():
    horn = Annunciation("desk")
    horn.set_device(False)
    horn.annunciate(1, Priority.CRITICAL, 10)
    assert (horn.snapshot().state, horn.snapshot().priority) == (HornState.NO_DEVICE, 1)
