"""The history of tags at the centre: packed parts in partitions by time, the fuller part stays, nothing by the back."""

from uuid import UUID, uuid4

import psycopg
import pytest

from console.domain.tags import TagSource
from console.services.sync.central_history_care import history_partitions, prune_history
from console.services.sync.central_samples import Body, CentralSamples, CentralTag, Part, source_of, source_text
from console.services.sync.central_schema_4 import DAY_S, HOUR_S
from tests.support.centres import Site
from tests.support.synced import asked

HOUR_US, DAY_US = HOUR_S * 1_000_000, DAY_S * 1_000_000
TEN = 1_790_000_000_000_000 // DAY_US * DAY_US + 10 * HOUR_US


def _session(site: Site, code: str) -> CentralSamples:
    session = CentralSamples(site.settings(code), site.place(code))
    site.sessions.append(session)  # type: ignore[arg-type]
    return session


def _part(tag: UUID, start_us: int = TEN, samples: int = 10, raw: bytes | None = None, mark: bytes = b"") -> Part:
    return Part(tag, start_us, samples, b"fine" + mark, b"coarse" + mark, raw)


def _partitions(site: Site, table: str) -> set[str]:
    rows = asked(
        site.database.url,
        f"select inhrelid::regclass::text from pg_inherits where inhparent = 'leitstand.{table}'::regclass",
    )
    return {str(name) for (name,) in rows}


def test_what_one_station_hands_over_another_reads_hour_by_hour(site: Site) -> None:
    a, b, tag = _session(site, "A1"), _session(site, "B2"), uuid4()
    parts = [_part(tag, TEN + hour * HOUR_US, mark=b"%d" % hour) for hour in range(5)]
    assert a.push(HOUR_S, parts) == 5
    found = list(b.bodies(HOUR_S, Body.FINE, tag, TEN + HOUR_US + 5, TEN + 3 * HOUR_US))
    assert found == [(TEN + HOUR_US, b"fine1"), (TEN + 2 * HOUR_US, b"fine2")]
    assert list(b.bodies(HOUR_S, Body.RAW, tag, TEN, TEN + 5 * HOUR_US)) == []
    assert list(b.bodies(HOUR_S, Body.COARSE, uuid4(), TEN, TEN + 5 * HOUR_US)) == []


def test_each_hour_has_a_partition_and_days_share_theirs(site: Site) -> None:
    a, tag = _session(site, "A1"), uuid4()
    a.push(HOUR_S, [_part(tag, TEN + hour * HOUR_US) for hour in range(3)])
    a.push(DAY_S, [_part(tag, TEN // DAY_US * DAY_US)])
    hours = {f"leitstand.history_hour_{(TEN + hour * HOUR_US) // HOUR_US}" for hour in range(3)}
    assert hours <= _partitions(site, "history_hour")
    assert len(_partitions(site, "history_day")) >= 1


def test_of_two_stations_that_heard_the_same_hour_the_fuller_stays_whoever_comes_first(site: Site) -> None:
    a, b, tag = _session(site, "A1"), _session(site, "B2"), uuid4()
    assert a.push(HOUR_S, [_part(tag, samples=10, mark=b"A")]) == 1
    assert b.push(HOUR_S, [_part(tag, samples=9, mark=b"B")]) == 0
    assert b.push(HOUR_S, [_part(tag, samples=10, mark=b"B")]) == 0
    assert list(a.bodies(HOUR_S, Body.FINE, tag, TEN, TEN + 1)) == [(TEN, b"fineA")]
    assert b.push(HOUR_S, [_part(tag, samples=12, mark=b"B")]) == 1
    assert list(a.bodies(HOUR_S, Body.FINE, tag, TEN, TEN + 1)) == [(TEN, b"fineB")]


def test_the_samples_of_a_chosen_tag_come_later_and_stay(site: Site) -> None:
    a, tag = _session(site, "A1"), uuid4()
    a.push(HOUR_S, [_part(tag, samples=10)])
    assert a.push(HOUR_S, [_part(tag, samples=10, raw=b"raw")]) == 1
    assert a.push(HOUR_S, [_part(tag, samples=11)]) == 1
    assert list(a.bodies(HOUR_S, Body.RAW, tag, TEN, TEN + 1)) == [(TEN, b"raw")]
    held = a.have(HOUR_S, [(tag, TEN), (tag, TEN + HOUR_US)])
    assert list(held) == [(tag, TEN)]
    assert (held[tag, TEN].samples, held[tag, TEN].has_raw) == (11, True)


def test_a_part_pushed_twice_in_one_call_and_again_is_one(site: Site) -> None:
    a, tag = _session(site, "A1"), uuid4()
    assert a.push(HOUR_S, [_part(tag, samples=3, mark=b"3"), _part(tag, samples=7, mark=b"7")]) == 1
    assert a.push(HOUR_S, [_part(tag, samples=7, mark=b"7")]) == 0
    assert list(a.bodies(HOUR_S, Body.FINE, tag, TEN, TEN + 1)) == [(TEN, b"fine7")]


def test_more_than_a_page_is_read_to_its_end(site: Site) -> None:
    a, tag = _session(site, "A1"), uuid4()
    starts = [TEN // DAY_US * DAY_US - day * DAY_US for day in range(450)]
    a.push(DAY_S, [_part(tag, start) for start in starts])
    found = [start for start, _ in a.bodies(DAY_S, Body.COARSE, tag, starts[-1], TEN)]
    assert found == sorted(starts)


@pytest.mark.parametrize(
    "part",
    [
        _part(UUID(int=1), TEN + 1),
        _part(UUID(int=1), -HOUR_US),
        _part(UUID(int=1), TEN * 40),
        _part(UUID(int=1), samples=-1),
        Part(UUID(int=1), TEN, 1, bytes((1 << 20) + 1), b""),
    ],
    ids=["not on the hour", "before 1970", "far in the future", "less than nothing", "too large"],
)
def test_what_cannot_be_a_part_is_refused_and_makes_no_partition(site: Site, part: Part) -> None:
    before = _partitions(site, "history_hour")
    with pytest.raises(psycopg.errors.InvalidParameterValue):
        _session(site, "A1").push(HOUR_S, [part])
    assert _partitions(site, "history_hour") == before


def test_another_site_sees_neither_parts_nor_names(site: Site) -> None:
    a, tag = _session(site, "A1"), uuid4()
    a.push(HOUR_S, [_part(tag)])
    a.tell_tags([CentralTag(tag, "b/g/n/d/Temperature", "Temperature", "°C", 3, "[]")])
    other = Site(site.database)
    try:
        stranger = _session(other, "X1")
        assert list(stranger.bodies(HOUR_S, Body.FINE, tag, TEN, TEN + 1)) == []
        assert stranger.find(()) == []
        assert stranger.have(HOUR_S, [(tag, TEN)]) == {}
    finally:
        other.close()


def test_tags_are_found_by_their_words_and_by_id_and_renamed(site: Site) -> None:
    a, b = _session(site, "A1"), _session(site, "B2")
    one, two = uuid4(), uuid4()
    tags = [
        CentralTag(one, "plant/Press 1/T\0emperature", "Temperature", "°C", 3, "[]"),
        CentralTag(two, "plant/Press 2/Speed", "Speed", "1/min", 3, "[]"),
    ]
    assert a.tell_tags(tags) == 2
    assert a.tell_tags(tags) == 0
    assert [(tag.tag_id, tag.path, tag.station) for tag in b.find(["press", "TEMP"])] == [
        (one, "plant/Press 1/Temperature", "A1")
    ]
    assert [tag.tag_id for tag in b.find((), [two])] == [two]
    assert b.find(["%"]) == []  # words are plain text, no pattern
    assert b.tell_tags([CentralTag(two, "plant/Press 2/Speed", "Speed of the ram", "1/min", 3, "[]")]) == 1
    assert [tag.name for tag in a.find(["ram"])] == ["Speed of the ram"]


def test_each_station_finds_its_own_mark_again_and_it_never_goes_back(site: Site) -> None:
    a, b = _session(site, "A1"), _session(site, "B2")
    assert a.marks() == {}
    a.mark(HOUR_S, TEN)
    a.mark(DAY_S, TEN - DAY_US)
    a.mark(HOUR_S, TEN - HOUR_US)
    assert _session(site, "A1").marks() == {HOUR_S: TEN, DAY_S: TEN - DAY_US}
    assert b.marks() == {}


def test_a_source_travels_whole_and_nonsense_is_none() -> None:
    source = TagSource("broker", "Ärea", "node", "", 'm"etric/1', plain=True)
    assert source_of(source_text(source)) == source
    for nonsense in ("", "[]", "{}", '["a","b","c","d",5,true]'):
        with pytest.raises(ValueError, match=r".+"):
            source_of(nonsense)


def test_the_oldest_hours_go_by_whole_partitions_and_days_stay(site: Site) -> None:
    a, tag = _session(site, "A1"), uuid4()
    old = 1_000 * DAY_US  # 1972: no other test's
    a.push(HOUR_S, [_part(tag, old + hour * HOUR_US) for hour in range(3)])
    a.push(DAY_S, [_part(tag, old)])
    with psycopg.connect(site.database.url, autocommit=True) as connection:
        before = {one.name for one in history_partitions(connection)}
        gone = prune_history(connection, HOUR_S, old + 2 * HOUR_US)
        left = history_partitions(connection)
    assert [one.from_us for one in gone] == [old, old + HOUR_US]
    assert {one.name for one in left} == before - {one.name for one in gone}
    assert [start for start, _ in a.bodies(HOUR_S, Body.FINE, tag, old, old + DAY_US)] == [old + 2 * HOUR_US]
    assert [start for start, _ in a.bodies(DAY_S, Body.FINE, tag, old, old + DAY_US)] == [old]
