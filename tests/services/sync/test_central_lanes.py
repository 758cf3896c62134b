"""The alarm lane and the credentials at the centre: read by vector, by time, by what is open; the newest hash wins."""

from dataclasses import replace
from uuid import UUID

import msgspec
import pytest

from console.services.sync.central import BATCH
from console.services.sync.central_rows import CredentialRow, place_in_range
from tests.support.centres import Site, lane_row
from tests.support.synced import asked


def test_a_row_that_several_stations_saw_is_one_with_the_earliest_sight_and_is_read_from_each_lane(site: Site) -> None:
    a, b, c = (site.session(code) for code in ("A1", "B2", "C3"))
    assert a.push_alarm_log([(1, lane_row(5, receive_us=205)), (2, lane_row(6))]) == 2
    assert b.push_alarm_log([(7, lane_row(5, receive_us=203))]) == 7
    assert asked(
        site.database.url, f"select receive_us from leitstand.alarm_log where site_id = '{site.site}' order by 1"
    ) == [(0,), (203,)]
    page = c.alarm_since({})
    assert [row.condition_id.int for row in page.rows] == [5, 6]
    assert sorted(page.vector.values()) == [2, 7]
    assert c.alarm_since(page.vector).rows == ()
    assert [row.condition_id.int for row in a.alarm_since({}).rows] == [5]  # one's own lanes are not read back
    assert c.alarm_heads() == page.vector


@pytest.mark.proves("P13", "ALARM-F71")
def test_rows_pushed_again_come_to_nobody_again_and_hello_says_where_to_go_on(site: Site) -> None:
    a, c = site.session("A1"), site.session("C3")
    rows = [(number, lane_row(number)) for number in range(1, 11)]
    a.push_alarm_log(rows)
    vector = c.alarm_since({}).vector
    assert a.push_alarm_log(rows[:4]) == 10
    assert c.alarm_since(vector).rows == ()
    assert site.session("A1").greeting.alarm_rid_held == 10
    assert site.session("A1", lane=9).greeting.alarm_rid_held == 0  # a new file begins anew
    site.session("A1", lane=9).push_alarm_log([(1, lane_row(99))])
    assert [row.condition_id.int for row in c.alarm_since(vector).rows] == [99]


def test_a_station_that_was_away_for_long_reads_page_by_page_and_misses_nothing(site: Site) -> None:
    a, b, c = (site.session(code) for code in ("A1", "B2", "C3"))
    for start in range(1, 1601, BATCH):
        a.push_alarm_log([(n, lane_row(n)) for n in range(start, min(start + BATCH, 1601))])
    b.push_alarm_log([(n, lane_row(10_000 + n)) for n in range(1, 401)])
    vector: dict[UUID, int] = {}
    seen: set[int] = set()
    pages = 0
    while (page := c.alarm_since(vector)).rows:
        assert len(page.rows) <= BATCH
        seen |= {row.condition_id.int for row in page.rows}
        vector, pages = page.vector, pages + 1
    assert seen == {*range(1, 1601), *range(10_001, 10_401)}
    assert pages == 4


def test_a_span_of_time_is_read_in_pages_and_each_row_comes_once(site: Site) -> None:
    a, c = site.session("A1"), site.session("C3")
    rows = [lane_row(n, at_us=n // 7) for n in range(1, 1201)]  # seven at each moment
    for start in range(0, 1200, BATCH):
        a.push_alarm_log([(start + n + 1, row) for n, row in enumerate(rows[start : start + BATCH])])
    read, after = [], None
    while page := c.alarm_range(10, 160, after):
        read += page
        after = place_in_range(page[-1])
    assert read == [row for row in sorted(rows, key=place_in_range) if 10 <= row.at_us < 160]


def test_open_occurrences_are_those_that_no_station_saw_end_in_whatever_order_they_are_told(site: Site) -> None:
    a, b, c = (site.session(code) for code in ("A1", "B2", "C3"))
    a.push_alarm_log([(1, lane_row(1)), (2, lane_row(2)), (3, lane_row(2, "returned")), (4, lane_row(3))])
    b.push_alarm_log([(1, lane_row(3, "closed")), (2, lane_row(4, "retired"))])
    a.push_alarm_log([(5, lane_row(4)), (6, lane_row(5)), (7, lane_row(5, "acknowledged"))])
    told = [(row.condition_id.int, row.transition) for row in c.open_alarms()]
    assert told == [(1, "raised"), (2, "raised"), (2, "returned"), (5, "acknowledged"), (5, "raised")]


def test_text_with_quotes_umlauts_and_no_value_travels_as_it_is(site: Site) -> None:
    a, c = site.session("A1"), site.session("C3")
    row = msgspec.structs.replace(
        lane_row(1), text="Ölstand \"tief\" \\ 'x'; --", subject="Ü/1", who="änne", value=None
    )
    a.push_alarm_log([(1, row)])
    assert c.alarm_since({}).rows == (row,)


def test_of_a_credential_the_highest_version_stays_whoever_brings_it_and_other_sites_get_none(site: Site) -> None:
    a, b = site.session("A1"), site.session("B2")
    station = site.place("A1").station
    first = CredentialRow("u-anna", "password", 1, "$argon2id$1", 10, station, "aa")
    second = msgspec.structs.replace(first, version=2, encoded="$argon2id$2", sig="bb")
    pin = CredentialRow("u-anna", "pin", 1, "$argon2id$p", 11, station, "cc")
    assert a.push_credentials([second, first, pin]) == 2
    assert b.push_credentials([first, second]) == 0
    assert b.pull_credentials() == [second, pin]
    twin = msgspec.structs.replace(second, sig="b0")  # one version set twice: everywhere the same one stays
    assert b.push_credentials([twin]) == 0
    other = replace(site, site=UUID(int=site.site.int ^ 1), places={}, sessions=[])
    assert other.session("A1").pull_credentials() == []
    other.close()
