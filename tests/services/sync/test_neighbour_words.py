"""What neighbours say is read by stations that are older, and by newer ones."""

from uuid import UUID

import msgspec
import pytest

from console.services.sync.neighbour_words import Now, OpenNow, encode, now

CONDITION = UUID(int=7)
OF_OLD = bytes.fromhex("929196c410000000000000000000000000000000070b0c02010190")  # as it was sent without `heard_us`


class OldOpenNow(msgspec.Struct, frozen=True, array_like=True):
    """`OpenNow` as it was before it told how far an occurrence was heard."""

    condition_id: UUID
    start_us: int
    annunciated_us: int
    priority: int
    severity: int = 1
    worst: int = 1


class OldNow(msgspec.Struct, frozen=True, array_like=True):
    occurrences: tuple[OldOpenNow, ...] | None
    rows: tuple[()] = ()


@pytest.mark.proves("ALARM-T12")
def test_a_station_of_today_reads_what_an_older_one_has_open_and_takes_it_for_unheard():
    old = OldNow((OldOpenNow(CONDITION, 11, 12, 2, 1, 1),))
    assert msgspec.msgpack.Encoder(uuid_format="bytes").encode(old) == OF_OLD
    assert now(OF_OLD) == Now((OpenNow(CONDITION, 11, 12, 2, 1, 1, heard_us=0),))


@pytest.mark.proves("ALARM-T12")
def test_an_older_station_reads_what_one_of_today_has_open_without_what_it_does_not_know():
    told = encode(Now((OpenNow(CONDITION, 11, 12, 2, 1, 1, heard_us=99),)))
    assert msgspec.msgpack.Decoder(OldNow).decode(told) == OldNow((OldOpenNow(CONDITION, 11, 12, 2, 1, 1),))
    assert now(told).occurrences[0].heard_us == 99
