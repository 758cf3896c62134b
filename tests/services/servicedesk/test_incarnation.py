"""The letter tells the incarnations of one station apart."""

from dataclasses import replace
from uuid import UUID

import pytest

from console.domain.facts import StreamOpened
from console.services.servicedesk.incarnation import IncarnationLetter
from tests.services.servicedesk.test_incidents import entry

STATION = UUID(int=2)


def opened(n: int, station: UUID = STATION):
    stream = UUID(int=1000 + n)
    return replace(entry(n % 250, StreamOpened(stream, "A1", "", "first_start")), stream=stream, station=station)


@pytest.mark.proves("P26")
@pytest.mark.parametrize(("streams", "letter"), [(0, "A"), (1, "A"), (2, "B"), (26, "Z"), (27, "AA"), (28, "AB")])
def test_each_new_stream_has_the_next_letter(streams, letter):
    incarnation = IncarnationLetter(STATION)
    for n in range(streams):
        incarnation.apply([opened(n), opened(n)])
    assert incarnation() == letter


def test_other_stations_do_not_count():
    incarnation = IncarnationLetter(STATION)
    incarnation.apply([opened(1), opened(2, UUID(int=3)), opened(3, UUID(int=4))])
    assert incarnation() == "A"
