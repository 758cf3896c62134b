"""A console whose disk went back in time, or lost its end: the others know better, and nobody writes over them."""

import shutil
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest
from pysqlite3 import dbapi2 as sqlite

from tests.support.chaos_proxy import Bad
from tests.support.console_process import ConsoleProcess, Row, leitstand
from tests.support.fleet import Fleet, Hand, running_fleet
from tests.support.story_site import OPERATOR
from tests.support.waiting import until

TWIN = "data folder was copied or brought back"


@pytest.fixture(scope="module")
def fleet(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Fleet]:
    with running_fleet(Path(tmp_path_factory.mktemp("back")), 1, metrics=1, start=("K1", "K2")) as made:
        del made.stations["K3"]
        yield made


def act(station: ConsoleProcess, title: str) -> Row:
    done = station.act("open-incident", OPERATOR, title=title)
    assert done["ok"], done
    return done


def own_streams(station: ConsoleProcess) -> set[str]:
    return {row["stream"] for row in station.query("journal") if row["type"] == "stream.opened"}


def put_back(source: Path, target: Path) -> None:
    """The same files with their old content: for the machine itself nothing happened, as after a snapshot."""
    for file in target.rglob("*"):
        old = source / file.relative_to(target)
        if file.is_file() and not old.exists():
            file.unlink()
    for old in source.rglob("*"):
        if old.is_file():
            place = target / old.relative_to(source)
            place.parent.mkdir(parents=True, exist_ok=True)
            with place.open("r+b" if place.exists() else "wb") as file:
                file.write(old.read_bytes())
                file.truncate()


def no_sockets(folder: str, names: list[str]) -> set[str]:
    return {name for name in names if name.endswith(".sock")}


def both_sound(fleet: Fleet) -> None:
    for station in fleet.stations.values():
        done = leitstand("verify", "--config", station.folder, "--data", station.folder)
        assert (done.returncode, "sound" in done.stdout) == (0, True), (done.stdout, done.stderr)


@pytest.mark.timeout(240)
@pytest.mark.proves("P4", "P5", "INV-7", "INV-8", "INV-13", "INV-14")
def test_a_machine_resumed_from_a_snapshot_gets_its_acts_back_and_goes_on_in_a_new_stream(
    fleet: Fleet, tmp_path: Path
) -> None:
    station = fleet.stations["K1"]
    act(station, "before-the-snapshot")
    station.kill()
    anchors = fleet.folder / "anchors"
    shutil.copytree(station.folder, tmp_path / "disk", ignore=no_sockets)
    shutil.copytree(anchors, tmp_path / "anchors")
    station.start()
    accepted = [act(station, f"after-{number}") for number in range(3)]
    hashes, _ = fleet.await_equal(30)
    before = own_streams(station)
    station.kill()
    fleet.set_roads(Bad.CUT, Bad.CUT)
    put_back(tmp_path / "disk", station.folder)
    put_back(tmp_path / "anchors", anchors)  # the snapshot is of the whole machine
    station.start()
    assert len(station.query("incidents")) == 1, "what it knew then"
    forked = act(station, "while-nobody-could-tell")
    fleet.set_roads(Bad.FLOWS, Bad.FLOWS)
    fleet.await_equal(30)
    later = act(station, "afterwards")
    held, _ = fleet.await_equal(30)
    assert hashes | set(forked["hashes"]) | set(later["hashes"]) <= held
    assert all(set(done["hashes"]) <= held for done in accepted)
    assert len(own_streams(station)) == len(before) + 1, "it goes on in a stream of its own"
    until(lambda: len(fleet.texts("K1", TWIN)) == 1, what="the operator is told, once")
    titles = [row["title"] for row in fleet.stations["K2"].query("incidents")]
    assert len(titles) == len(set(titles)) == 6
    for one in fleet.stations.values():
        assert one.query("sync")[0]["forks"] == 1, "both branches are kept, and shown"
    both_sound(fleet)


@pytest.mark.timeout(240)
@pytest.mark.proves("P16", "INV-15")
def test_a_journal_whose_end_somebody_cut_off_says_so_and_gets_it_back(fleet: Fleet) -> None:
    station = fleet.stations["K2"]
    accepted = [act(station, f"to-be-hidden-{number}") for number in range(3)]
    fleet.await_equal(30)
    assert station.end() == 0
    cut_off_the_end(station.folder / "journal.db", 4)
    fleet.stations["K2"] = station = ConsoleProcess("serve", station.folder).start()
    until(lambda: len(fleet.texts("K2", TWIN)) == 1, what="an alarm")
    held, _ = fleet.await_equal(30)
    assert all(set(done["hashes"]) <= held for done in accepted), "the others had it"
    both_sound(fleet)


@pytest.mark.timeout(240)
@pytest.mark.proves("P3", "INV-8", "INV-13")
def test_a_disk_that_is_copied_under_a_running_console_makes_two_that_both_keep_everything(fleet: Fleet) -> None:
    hand = Hand(fleet, "K1", OPERATOR, 3)
    hand.start()
    try:
        until(lambda: len(hand.hashes) > 2, what="it is busy")
        fleet.clone("K1", "K1-copy", is_running=True)
        there = [act(fleet.stations["K1-copy"], f"at-the-copy-{number}") for number in range(3)]
        count = len(hand.hashes)
        until(lambda: len(hand.hashes) > count + 2, what="busy still")
        hand.stop()
        held, _ = fleet.await_equal(30)
        assert set(hand.hashes) | {one for done in there for one in done["hashes"]} <= held
        for name in ("K1", "K1-copy"):
            until(lambda name=name: len(fleet.texts(name, TWIN)) == 1, what=f"{name} says so, once")
        both_sound(fleet)
    finally:
        hand.stop()
        fleet.stations.pop("K1-copy").end()


def cut_off_the_end(file: Path, count: int) -> None:
    """As somebody would who may write the file and knows its tables."""
    with closing(sqlite.connect(file)) as journal, journal:
        triggers = journal.execute("select name, sql from sqlite_master where type = 'trigger'").fetchall()
        for name, _ in triggers:
            journal.execute(f'drop trigger "{name}"')
        (own,) = journal.execute("select value from meta where name = 'own_stream'").fetchone()
        chain = journal.execute("select seq, hash from event where stream_id = ? order by seq desc", (own,)).fetchall()
        seq, head = chain[count]
        journal.execute("delete from event where stream_id = ? and seq > ?", (own, seq))
        journal.execute("delete from receipt where stream_id = ? and seq > ?", (own, seq))
        journal.execute("update stream set head_seq = ?, head_hash = ? where stream_id = ?", (seq, head, own))
        journal.execute("delete from stream_tip where stream_id = ?", (own,))
        journal.execute("insert into stream_tip (stream_id, hash, seq) values (?, ?, ?)", (own, head, seq))
        for _, statement in triggers:
            journal.execute(statement)
