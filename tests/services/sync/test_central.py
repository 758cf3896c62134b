"""Events at the centre, on plain and on partitioned tables: what fits is kept once, what does not stops nobody."""

import threading
from dataclasses import replace
from uuid import uuid4

import psycopg
import pytest

from console.services.journal.event_table import Tip
from console.services.sync import central as central_module
from console.services.sync.central import Central
from console.services.sync.central_schema import MIGRATIONS, CentreRefuses
from tests.support.centres import KEY, Chain, Site
from tests.support.synced import asked


def _tips(*events: object) -> tuple[Tip, ...]:
    return tuple(sorted((Tip(e.stream, e.seq, e.raw.hash) for e in events), key=lambda t: (t.stream, t.seq, t.hash)))  # type: ignore[attr-defined]


def _held(central: Central, chain: Chain) -> set[bytes]:
    return {raw.hash for _, raw in central.pull(chain.stream, 0, b"")}


@pytest.mark.proves("P13", "P14")
def test_what_is_pushed_three_times_or_without_hearing_the_answer_is_there_once(site: Site) -> None:
    central, chain = site.session("A1"), Chain(site.place("A1"))
    events = chain.grow(20)
    assert central.push(events).taken == 20
    again = central.push(events)  # as after a lost answer
    assert (again.taken, again.held) == (0, _tips(events[-1]))
    assert central.push(events[::-1]).taken == 0
    assert central.tips() == _tips(events[-1])
    assert central.greeting.held == ()
    assert site.session("A1").greeting.held == _tips(events[-1])
    assert [(seq, raw) for seq, raw in central.pull(chain.stream, 0, b"")] == [(e.seq, e.raw) for e in events]


@pytest.mark.proves("P17", "SEC-22", "INV-3")
def test_a_chain_that_was_rehashed_a_flipped_byte_and_a_gap_are_not_taken(site: Site) -> None:
    central, chain = site.session("A1"), Chain(site.place("A1"))
    first, second, third, fourth = chain.grow(4)
    flipped = replace(second, raw=replace(second.raw, body=second.raw.body.replace(b'"x"', b'"y"')))
    pushed = central.push([first, flipped, third, fourth])
    assert (pushed.taken, pushed.held) == (1, _tips(first))
    assert central.push([fourth, third]).taken == 0
    rehashed = Chain(chain.place, chain.stream, [first]).grow(1, "rewritten", after=1)
    assert central.push([fourth, third, second, *rehashed]).taken == 4  # kept as a fork: both branches, for ever
    assert central.tips() == _tips(fourth, *rehashed)


@pytest.mark.proves("INV-13")
def test_a_fork_is_found_by_hashes_at_places_and_fetched_by_hash(site: Site) -> None:
    a, b = site.session("A1"), site.session("B2")
    chain = Chain(site.place("A1"))
    trunk = chain.grow(10)
    left = chain.grow(200, "left")
    right = chain.grow(200, "right", after=10)
    pushed = a.push([*trunk, *left, *right])  # both branches in one batch, each place twice
    assert pushed.taken == 410
    assert pushed.held == _tips(left[-1], right[-1])
    assert b.tips() == pushed.held
    at = b.hashes(chain.stream, [10, 11, 210, 999])
    assert at == [*_tips(trunk[-1]), *_tips(left[0], right[0]), *_tips(left[-1], right[-1])]
    wanted = [left[3].raw.hash, right[5].raw.hash, bytes(32)]
    assert b.events_by_hash(wanted) == [left[3].raw, right[5].raw]
    assert len(_held(b, chain)) == 410


@pytest.mark.proves("P10", "INV-24")
def test_an_event_that_cannot_be_read_stops_no_other_and_nul_in_a_text_is_none(site: Site) -> None:
    central = site.session("A1")
    good, odd = Chain(site.place("A1")), Chain(site.place("A1"))
    events = good.grow(5)
    poison = odd.grow(2, "nul \0 and half a pair \\ud800")
    broken = [
        replace(events[0], raw=replace(events[0].raw, body=body))
        for body in (b"", b"{", b"\xff\xfe", b"[]", b'{"seq": "x"}', b'{"hlc": 1}', b"[" * 20_000)
    ]
    assert central.push([*broken, *events[:3], *poison, *broken, *events[3:]]).taken == 7
    rows = asked(site.database.url, f"select payload ->> 'text' from leitstand.fact where stream_id = '{odd.stream}'")
    assert rows == [("nul \ufffd and half a pair \\ufffd",)] * 2
    assert [raw for _, raw in central.pull(odd.stream, 0, b"")] == [e.raw for e in poison]


@pytest.mark.proves("INV-31", "P39")
def test_an_event_whose_bytes_name_another_site_is_not_taken(site: Site) -> None:
    central = site.session("A1")
    elsewhere = Chain(replace(site.place("A1"), site=uuid4())).grow(1)
    other_tenant = Chain(replace(site.place("A1"), tenant=uuid4())).grow(1)
    assert central.push([*elsewhere, *other_tenant]).taken == 0
    assert central.tips() == ()


@pytest.mark.proves("P8", "INV-23")
def test_the_kinds_of_facts_that_a_site_uses_are_known(site: Site) -> None:
    central, chain = site.session("A1"), Chain(site.place("A1"))
    central.push([*chain.grow(2), *chain.grow(1, etype="something.of_tomorrow")])
    kinds = f"select etype, ever, streams from leitstand.event_type where site_id = '{site.site}' order by 1"
    assert asked(site.database.url, kinds) == [("incident.noted", 1, 1), ("something.of_tomorrow", 1, 1)]


def test_what_a_neighbour_carries_counts_for_who_made_it_and_names_who_brought_it(site: Site) -> None:
    carrier, chain = site.session("B2"), Chain(site.place("A1"))
    assert carrier.push(chain.grow(3)).taken == 3
    assert site.session("A1").greeting.held == _tips(chain.events[-1])
    assert asked(
        site.database.url,
        f"select distinct station_id, pushed_by from leitstand.event where stream_id = '{chain.stream}'",
    ) == [(site.place("A1").station, site.place("B2").station)]


def test_a_long_stream_comes_in_pages_of_at_most_a_mebibyte(site: Site) -> None:
    central, chain = site.session("A1"), Chain(site.place("A1"))
    for _ in range(3):
        central.push(chain.grow(10, "z" * 60_000))
    seq, last, pages, seen = 0, b"", 0, 0
    while page := central.pull(chain.stream, seq, last):
        assert sum(len(raw.body) for _, raw in page) <= 1 << 20
        seq, last = page[-1][0], page[-1][1].hash
        pages, seen = pages + 1, seen + len(page)
    assert (pages, seen) == (2, 30)


@pytest.mark.proves("INV-12", "P16")
def test_receipts_tell_each_station_what_the_others_hold_forks_included(site: Site) -> None:
    a, b, c = (site.session(code) for code in ("A1", "B2", "C3"))
    chain = Chain(site.place("A1"))
    chain.grow(5)
    fork = chain.grow(1, "fork", after=4)
    a.push(chain.events)
    ends = list(_tips(chain.events[4], fork[0]))
    b.confirm(ends, [b"s1", b"s2"])
    b.confirm(ends)  # again: told once
    c.confirm(list(_tips(chain.events[2])))
    told = [(one.peer, one.tip.seq, one.sig) for one in a.receipts()]
    assert sorted(told) == sorted([(site.place("B2").station, 5, b"s1"), (site.place("C3").station, 3, b"")]) and {
        one.peer for one in b.receipts()
    } == {site.place("C3").station}
    count = f"select count(*) from leitstand.receipt where peer_id = '{site.place('B2').station}'"
    assert asked(site.database.url, count) == [(2,)]


def test_hello_tells_the_clocks_difference_and_another_key_or_protocol_is_refused_with_the_remedy(
    site: Site, monkeypatch: pytest.MonkeyPatch
) -> None:
    settings, place = site.settings("A1"), site.place("A1")
    ahead = Central(settings, place, now_us=lambda: central_module._wall_us() + 3_600_000_000)
    assert -3_601_000_000 < ahead.greeting.clock_offset_us < -3_599_000_000
    assert ahead.greeting.schema_ver == len(MIGRATIONS)
    ahead.close()
    with pytest.raises(CentreRefuses, match=r"not the enrolled one.*leitstand centre enrol STATION URL"):
        Central(settings, place, public_key=KEY[::-1])
    monkeypatch.setattr(central_module, "PROTOCOL", 9)
    with pytest.raises(CentreRefuses, match="leitstand centre init URL"):
        Central(settings, place)


@pytest.mark.proves("P36")
def test_a_centre_set_back_shows_that_it_knows_less_and_takes_again_what_it_lost(site: Site) -> None:
    central, chain = site.session("A1"), Chain(site.place("A1"))
    events = chain.grow(10)
    central.push(events)
    asked(
        site.database.url,
        "set session_replication_role = replica;"  # as a restored copy: without the triggers
        f"delete from leitstand.event where stream_id = '{chain.stream}' and seq > 6;"
        f"delete from leitstand.stream_tip where stream_id = '{chain.stream}';"
        f"insert into leitstand.stream_tip select tenant_id, site_id, stream_id, hash, seq from leitstand.event"
        f" where stream_id = '{chain.stream}' and seq = 6",
    )
    assert site.session("A1").greeting.held == _tips(events[5])
    assert central.push(events[6:]).held == _tips(events[-1])


def test_who_is_in_anothers_way_tries_again(site: Site, monkeypatch: pytest.MonkeyPatch) -> None:
    central, chain = site.session("A1"), Chain(site.place("A1"))
    asked(
        site.database.url,
        "create sequence public.tries minvalue -1000 start 1; grant usage on sequence public.tries to public;"
        "create function public.fail_twice() returns trigger language plpgsql as $$ begin"
        "  if nextval('public.tries') < 3 then raise exception 'again' using errcode = '40001'; end if;"
        "  return null; end $$;"
        "create trigger fail_twice after insert on leitstand.stream for each row execute function public.fail_twice()",
    )
    try:
        assert central.push(chain.grow(2)).taken == 2
        asked(site.database.url, "alter sequence public.tries restart with -100")
        monkeypatch.setattr(central_module, "_REST_S", 0.001)
        with pytest.raises(psycopg.errors.SerializationFailure):
            central.push(Chain(site.place("A1")).grow(1))
    finally:
        asked(
            site.database.url,
            "drop trigger fail_twice on leitstand.stream; drop function public.fail_twice; drop sequence public.tries",
        )


def test_two_who_push_overlapping_parts_of_one_stream_at_once_leave_one_end(site: Site) -> None:
    chain = Chain(site.place("A1"))
    events = chain.grow(40)
    carriers = [site.session(code) for code in ("A1", "B2", "C3")]
    start = threading.Barrier(3)

    def carry(central: Central, offset: int) -> None:
        start.wait(10)
        for upto in range(10 + offset, 41):
            central.push(events[:upto])

    threads = [threading.Thread(target=carry, args=(one, n)) for n, one in enumerate(carriers)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(30)
    assert carriers[0].tips() == _tips(events[-1])
    assert len(_held(carriers[0], chain)) == 40
