"""Stations and a real centre: everything done anywhere is everywhere, whatever stops in between."""

import asyncio
import socket
from dataclasses import replace
from pathlib import Path
from uuid import UUID, uuid4

import psycopg
import pytest

from console.config.private_file import write_private
from console.config.settings import CentreSettings
from console.domain.facts import IncidentNoted, IncidentOpened
from console.services.journal.envelope import decode_event
from console.services.journal.verify import verify_journal
from console.services.records import LinkRecord
from console.services.station import JournalQuery
from console.services.sync.central import Central
from console.services.sync.central_schema import ensure_schema
from console.services.sync.replicator import Replicator
from tests.conftest import LogLines
from tests.support.journals import StationJournal, acknowledgement, note
from tests.support.postgres import TestDatabase
from tests.support.synced import asked, enrolled, synced, until, until_equal


def test_what_is_done_at_one_console_reaches_the_other_and_sql(tmp_path: Path, postgres: TestDatabase) -> None:
    condition, incident = uuid4(), uuid4()

    async def story() -> None:
        async with synced(tmp_path, "A1", postgres) as a, synced(tmp_path, "B2", postgres) as b:
            await a.act(acknowledgement(condition, 77))
            (opened,) = await a.act(IncidentOpened(incident, "INC-1", "Presse heiß", 1, 2))
            await b.act(note("from b", incident))
            await until_equal(a, b, at_least=5)
            await until(lambda: any(e.entity_id == str(incident) and not e.is_own for e in b.seen), "B shows it")
            assert next(e for e in b.seen if e.etype == "incident.opened").fact == opened.fact
            await until(lambda: a.links[-1].waiting == 0 and a.state == "live", "A is done")
        assert verify_journal(a.path).is_sound
        assert verify_journal(b.path).is_sound

    asyncio.run(story())
    acks = "select condition_id, start_us, seen_through_us, user_id from leitstand.acknowledgement"
    assert asked(postgres.url, acks) == [(condition, 77, 82, "u-anna")]
    facts = (
        f"select etype, title, text from leitstand.incident_fact where incident_id = '{incident}' order by etype desc"
    )
    assert asked(postgres.url, facts) == [
        ("incident.opened", "Presse heiß", None),
        ("incident.noted", None, "from b"),
    ]


def test_the_operator_sees_when_an_act_is_in_the_centre(tmp_path: Path, postgres: TestDatabase) -> None:
    async def story() -> None:
        async with synced(tmp_path, "A1", postgres) as a:
            told: list[set[UUID]] = []
            a.log.holdings_changed.subscribe(told.append)
            (entry,) = await a.act(note("x"))
            await until(lambda: a.log.is_in_centre(entry), "the receipt")
            assert entry.stream in told[-1]
            assert [row.in_centre for row in await a.log.query(JournalQuery())] == [True, True]

    asyncio.run(story())


def test_a_centre_that_is_down_at_the_start_is_a_state_and_is_caught_up_with(
    tmp_path: Path, postgres: TestDatabase
) -> None:
    server = postgres.server
    first, second = (enrolled(tmp_path, code, postgres) for code in ("A1", "B2"))
    server.stop()

    async def story() -> None:
        async with synced(tmp_path, "A1", first) as a:
            for number in range(20):
                await a.act(note(f"{number}"))
            await until(lambda: a.state == "lost" and a.links[-1].waiting == 21, "the strip counts what waits")
            server.start()
            await until(lambda: a.state == "live" and a.links[-1].waiting == 0, "A catches up")
            async with synced(tmp_path, "B2", second) as b:
                await until_equal(a, b, at_least=22)

    asyncio.run(story())
    assert asked(postgres.url, "select count(*) from leitstand.event") == [(22,)]


@pytest.mark.proves("P13", "P14", "INV-8")
def test_a_centre_killed_in_the_middle_loses_and_doubles_nothing(tmp_path: Path, postgres: TestDatabase) -> None:
    server = postgres.server

    async def story() -> None:
        async with synced(tmp_path, "A1", postgres) as a, synced(tmp_path, "B2", postgres) as b:
            for number in range(60):
                await asyncio.gather(a.act(note(f"a{number}")), b.act(note(f"b{number}")))
                if number == 30:
                    server.kill()
            await until(lambda: a.state == "lost" and b.state == "lost", "both say it")
            server.start()
            held = await until_equal(a, b, at_least=122)
            await until(lambda: a.state == "live" and b.state == "live", "both are live again")
            assert len(held) == 122
            hashes = [e.hash for e in b.seen]
            assert len(hashes) == len(set(hashes)) == 122

    asyncio.run(story())


def test_a_station_that_joins_late_receives_a_long_history_in_order(
    tmp_path: Path, postgres: TestDatabase, monkeypatch: pytest.MonkeyPatch
) -> None:
    for module in ("central", "exchange"):
        monkeypatch.setattr(f"console.services.sync.{module}.BATCH", 20)

    async def story() -> None:
        async with synced(tmp_path, "A1", postgres) as a:
            await asyncio.gather(*(a.act(note(f"{n}"), note(f"{n}'")) for n in range(300)))
            await until(lambda: a.state == "live" and a.links[-1].waiting == 0, "pushed")
            async with synced(tmp_path, "C3", postgres) as c:
                await until_equal(a, c, at_least=602)
                texts = [e.fact.text for e in c.seen if isinstance(e.fact, IncidentNoted)]
                assert texts == [text for n in range(300) for text in (f"{n}", f"{n}'")]
                await until(lambda: all(map(c.log.is_in_centre, c.seen)), "C knows that all of it is there")

    asyncio.run(story())
    assert verify_journal(tmp_path / "C3" / "journal.db").is_sound


@pytest.mark.proves("P37")
def test_a_centre_that_was_replaced_by_an_empty_one_is_filled_again(tmp_path: Path, postgres: TestDatabase) -> None:
    async def story() -> None:
        async with synced(tmp_path, "A1", postgres) as a, synced(tmp_path, "B2", postgres) as b:
            await a.act(note("x"))
            await b.act(note("y"))
            await until_equal(a, b, at_least=4)
        asked(postgres.url, "drop schema leitstand cascade")
        async with synced(tmp_path, "A1", postgres) as a:
            await until(lambda: a.state == "live" and a.links[-1].waiting == 0, "refilled")

    asyncio.run(story())
    assert asked(postgres.url, "select count(*) from leitstand.event") == [(4,)]


@pytest.mark.proves("P3", "INV-8", "INV-13")
def test_both_branches_of_a_cloned_station_reach_everyone(tmp_path: Path, postgres: TestDatabase) -> None:
    async def story() -> None:
        original = await StationJournal(tmp_path / "A1", "A1").start()
        original.close()
        for name in ("journal.db", "keys/station.pem"):
            target = tmp_path / "clone" / "A1" / name
            target.parent.mkdir(parents=True, exist_ok=True)
            target.write_bytes((tmp_path / "A1" / name).read_bytes())
        first = await StationJournal(tmp_path / "A1", "A1").start()
        second = await StationJournal(tmp_path / "clone" / "A1", "A1").start()
        for station, texts in ((first, ["1", "2"]), (second, ["one", "two", "three"])):
            for text in texts:
                await station.act(note(text))
            station.close()
        async with (
            synced(tmp_path, "A1", postgres) as a,
            synced(tmp_path / "clone", "A1", postgres) as clone,
            synced(tmp_path, "B2", postgres) as b,
        ):
            await until_equal(a, clone, b, at_least=7)
            await a.act(note("after"))
            await clone.act(note("after too"))
            await until_equal(a, clone, b, at_least=9)
            texts = {e.fact.text for e in b.seen if isinstance(e.fact, IncidentNoted)}
            assert texts == {"1", "2", "one", "two", "three", "after", "after too"}
        assert verify_journal(b.path).is_sound

    asyncio.run(story())


@pytest.mark.parametrize("altered", ["true", "next"])
def test_a_byte_altered_at_the_centre_is_not_taken_and_the_rest_goes_on(
    tmp_path: Path, postgres: TestDatabase, log_lines: LogLines, altered: str, caplog: pytest.LogCaptureFixture
) -> None:
    log_lines.expect("from the centre do not fit")

    async def story() -> None:
        async with synced(tmp_path, "A1", postgres) as a:
            await a.act(note("true"))
            await a.act(note("next"))
            await until(lambda: a.state == "live" and a.links[-1].waiting == 0, "pushed")
        asked(
            postgres.url,
            "set session_replication_role = replica;"  # no triggers: as a superuser with bad intent would
            "update leitstand.event"
            f" set body = convert_to(replace(convert_from(body, 'UTF8'), '{altered}', 'lie!'), 'UTF8')",
        )
        async with synced(tmp_path, "B2", postgres) as b, synced(tmp_path, "C3", postgres) as c:
            await c.act(note("other stream"))
            sound = {"other stream"} if altered == "true" else {"other stream", "true"}
            await until(lambda: {e.fact.text for e in b.seen if isinstance(e.fact, IncidentNoted)} == sound, "the rest")
            for number in range(10):
                await c.act(note(f"{number}"))
                await until(lambda text=f"{number}": b.seen[-1].fact == note(text), "it goes on")
            assert len([line for line in caplog.messages if "do not fit" in line]) <= 6
        assert verify_journal(b.path).is_sound

    asyncio.run(story())


def test_events_and_receipts_at_the_centre_are_changed_by_nobody(tmp_path: Path, postgres: TestDatabase) -> None:
    async def story() -> None:
        async with synced(tmp_path, "A1", postgres) as a:
            await a.act(note("x"))
            await until(lambda: a.state == "live" and a.links[-1].waiting == 0, "pushed")
            await until(lambda: asked(postgres.url, "select count(*) > 0 from leitstand.receipt") == [(True,)], "told")

    asyncio.run(story())
    partitions = "select tableoid::regclass::text from leitstand.event limit 1"
    (partition,) = asked(postgres.url, partitions)[0]
    for table in ("leitstand.event", str(partition), "leitstand.receipt"):
        for sql in (f"delete from {table}", f"update {table} set seq = 9", f"truncate {table}"):
            with pytest.raises(psycopg.errors.RaiseException, match="is never changed"):
                asked(postgres.url, sql)


def test_another_site_in_the_same_database_is_never_seen(tmp_path: Path, postgres: TestDatabase) -> None:
    async def story() -> None:
        foreign = StationJournal(tmp_path / "f", "F1", site=uuid4())
        await foreign.start()
        async with synced(tmp_path, "A1", postgres) as a:
            await until(lambda: a.state == "live", "A is live")
            central = Central(postgres.enrolled(foreign.place, bytes(32)), foreign.place)
            assert central.push([decode_event(raw) for raw in await foreign.all_events()]).taken == 1
            assert len(central.tips()) == 1
            central.close()
            await a.act(note("x"))
            await until(lambda: a.links[-1].waiting == 0, "pushed")
            assert await a.hashes() & await foreign.hashes() == set()
            assert asked(postgres.url, "select count(distinct site_id) from leitstand.event") == [(2,)]
        foreign.close()

    asyncio.run(story())


def test_a_centre_of_a_newer_program_is_refused_with_words(tmp_path: Path, postgres: TestDatabase) -> None:
    with psycopg.connect(postgres.url, autocommit=True) as connection:
        ensure_schema(connection)
        connection.execute("update leitstand.meta set value = '9' where name in ('min_protocol', 'max_protocol')")

    async def story() -> None:
        async with synced(tmp_path, "A1", postgres) as a:
            await until(lambda: a.state == "refused", "it says so")
            assert "install the same Leitstand" in a.links[-1].detail
            await a.act(note("goes on here"))

    asyncio.run(story())


def test_an_act_is_sent_at_once_and_not_at_the_next_poll(tmp_path: Path, postgres: TestDatabase) -> None:
    async def story() -> None:
        async with synced(tmp_path, "A1", postgres, poll_s=600.0) as a:
            await until(lambda: a.state == "live", "A is live")
            for number in range(3):
                (entry,) = await a.act(note(f"{number}"))
                there = f"select count(*) from leitstand.event where seq = {entry.seq}"
                await until(lambda question=there: asked(postgres.url, question) == [(1,)], "it is there")

    asyncio.run(story())


def test_the_centre_takes_no_event_whose_bytes_do_not_fit_its_hash_or_whose_predecessor_is_missing(
    tmp_path: Path, postgres: TestDatabase
) -> None:
    async def story() -> None:
        station = await StationJournal(tmp_path, "A1").start()
        await station.act(note("one"))
        await station.act(note("two"))
        opening, one, two = [decode_event(raw) for raw in await station.all_events()]
        forged = replace(one, raw=replace(one.raw, body=one.raw.body.replace(b'"one"', b'"0ne"')))
        central = Central(postgres.enrolled(station.place, bytes(32)), station.place)
        assert central.push([opening, forged, two]).taken == 1
        assert central.push([two, two]).taken == 0
        assert central.push([two, one, opening, one]).taken == 2
        assert central.push([opening, one, two]).taken == 0
        assert [(tip.seq, tip.hash) for tip in central.tips()] == [(3, two.raw.hash)]
        central.close()
        station.close()

    asyncio.run(story())


def test_a_wrong_password_is_shown_as_a_refusal(tmp_path: Path, postgres: TestDatabase) -> None:
    write_private(tmp_path / "wrong.txt", "wrong")
    settings = replace(enrolled(tmp_path, "A1", postgres), password_file=tmp_path / "wrong.txt")

    async def story() -> None:
        async with synced(tmp_path, "A1", settings) as a:
            await until(lambda: a.state == "refused", "it says so")
            assert "password authentication failed" in a.links[-1].detail

    asyncio.run(story())


def test_a_centre_that_accepts_and_says_nothing_does_not_hold_up_the_operator(tmp_path: Path) -> None:
    with socket.socket() as silent:
        silent.bind(("127.0.0.1", 0))
        silent.listen()

        async def story() -> None:
            settings = CentreSettings("127.0.0.1", silent.getsockname()[1], "x", "x")
            async with synced(tmp_path, "A1", settings) as a:
                await until(lambda: a.state == "connecting", "it tries")
                for number in range(5):
                    await a.act(note(f"{number}"))
                assert len(a.seen) == 6
                await until(lambda: a.state == "lost", "it gives up")

        asyncio.run(story())


def test_without_a_centre_the_link_is_off_and_no_thread_runs(tmp_path: Path) -> None:
    async def story() -> None:
        async with synced(tmp_path, "A1", CentreSettings()) as a:
            await a.act(note("x"))
            assert [link.state for link in a.links] == ["off"]
            assert a.replicator._thread is None

    asyncio.run(story())


def test_a_file_that_cannot_be_read_is_said_and_the_exchange_goes_on_trying(
    tmp_path: Path, log_lines: LogLines
) -> None:
    log_lines.expect("the exchange with the centre begins anew")

    async def story() -> None:
        station = await StationJournal(tmp_path / "A1", "A1").start()
        links: list[LinkRecord] = []
        replicator = Replicator(
            station.log,
            station.path,
            CentreSettings(host="127.0.0.1", port=1, user="nobody"),
            on_link=links.append,
            now_us=station.clock,
            station_db=tmp_path / "absent" / "station.db",
        )
        replicator.start()
        await until(lambda: bool(links) and links[-1].state == "lost" and bool(links[-1].detail), "it is said")
        assert replicator.is_running
        replicator.stop()
        assert not replicator.is_running
        station.close()

    asyncio.run(story())
