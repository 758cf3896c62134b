"""The contract with scripts: words, exit codes, stable keys, and what the program says on which stream."""

import json
import re
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
from pysqlite3 import dbapi2 as sqlite

from tests.support.broker import running_broker
from tests.support.console_process import PROJECT, ConsoleProcess, Row, leitstand
from tests.support.living_node import LivingNode, living_node
from tests.support.screen import running_screen
from tests.support.story_site import AUDITOR, OPERATOR, Broker, make_site, make_station
from tests.support.waiting import until

TEMPERATURE = "plant/line1/press1/Temperature"
KEYS = {
    "tags": "id name source value type unit quality detail source_at received_at asset",
    "alarms": "condition started_at tag asset area kind priority severity state acked_by acked_at shelved_until "
    "suppressed text",
    "incidents": "id number state priority title opened_by opened_at assigned assets alarms",
    "journal": "hash stream seq at station user type entity",
    "assets": "id name class state parent",
    "links": "name state since lag_s",
    "sync": "station head waiting lag_s conflicts forks",
    "nodes": "broker group node device state births rebirths_requested seq_gaps",
    "troubles": "sender kind count first_at last_at example",
    "horn": "state priority request position",
}
TIME = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{6}Z")


@dataclass
class Shop:
    station: ConsoleProcess
    plant: LivingNode
    folder: Path

    def json(self, *words: str) -> list[Row]:
        """Rows of `leitstand query ... --json`: one object a line, nothing else on stdout."""
        done = leitstand("query", *words, "--json", "--data", self.folder)
        assert done.returncode == 0, done.stderr
        return [json.loads(line) for line in done.stdout.splitlines()]

    def act(self, command: str, person: tuple[str, str], *fields: str) -> "subprocess.CompletedProcess[str]":
        login, password = person
        return leitstand(
            "act", command, "--data", self.folder, "--user", login, "--password-stdin", *fields, stdin=password + "\n"
        )

    def occurrence(self) -> str:
        return occurrence_of(self.station.query("alarms"))


def occurrence_of(alarms: list[Row]) -> str:
    """The temperature's occurrence, as `--occurrences` wants it."""
    row = next(row for row in alarms if row["tag"].endswith("Temperature"))
    return f"{row['condition']}@{row['start_us']}"


def differences(rows: list[Row], before: list[Row]) -> list[tuple[str, object, object]]:
    """(key, now, before) of everything that differs."""
    if len(rows) != len(before):
        return [("rows", len(rows), len(before))]
    pairs = zip(rows, before, strict=True)
    return [(key, row[key], was[key]) for row, was in pairs for key in was if row[key] != was[key]]


@pytest.fixture(scope="module")
def shop(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Shop]:
    site = make_site(Path(tmp_path_factory.mktemp("words")))
    with running_broker() as broker, living_node(broker.port, {"Temperature": 87.5, "Pressure": 6.0}) as plant:
        folder = make_station(site, "station-1", "K1", (Broker("plant", broker.port),))
        station = ConsoleProcess("serve", folder)
        try:
            station.start()
            until(lambda: station.query("alarms"), what="an alarm")
            plant.publish("spBv1.0/plant/NDATA/line9", b"\xff\xff")  # somebody's trouble
            until(lambda: station.query("troubles"), what="a trouble")
            yield Shop(station, plant, folder)
        finally:
            station.end()


def test_every_query_has_its_stable_keys_and_times_in_utc(shop: Shop) -> None:
    opened = shop.act("open-incident", OPERATOR, "--title", "Press is hot", "--occurrences", shop.occurrence())
    assert opened.returncode == 0, opened.stderr
    for what, keys in KEYS.items():
        rows = shop.json(what)
        assert rows, what
        assert set(keys.split()) <= set(rows[0]), what
        for key, value in rows[0].items():
            if key.endswith("_at") and value is not None:
                assert TIME.fullmatch(value), (what, key, value)
    assert shop.json("sync")[0]["head"] == len(shop.json("journal", "--limit", "100000")), "every entry counts once"
    filtered = shop.json("tags", "--filter", "temperature")
    assert [row["source"] for row in filtered] == [f"plant/{TEMPERATURE}"]
    assert len(shop.json("tags", "--limit", "2")) == 2
    oldest = shop.json("journal")[-1]["hash"]
    assert [row["hash"] for row in shop.json("journal", "--filter", oldest, "--limit", "1")] == [oldest]


def test_history_gives_samples_between_two_times_and_refuses_what_it_cannot_answer(shop: Shop) -> None:
    row = shop.station.tags()[TEMPERATURE]
    span = ("--from", "2020-01-01T00:00:00Z", "--to", "2099-01-01T00:00:00Z")
    samples = shop.json("history", TEMPERATURE, *span)
    other_zone = ("--from", "2020-01-01T00:00:00-05:00", "--to", "2099-01-01")
    assert shop.json("history", TEMPERATURE, *other_zone)[: len(samples)] == samples, "a time without a zone is UTC"
    assert {sample["last"] for sample in samples} == {87.5}
    assert set(samples[0]) >= {"at", "low", "high", "last", "good"}
    assert shop.json("history", row["id"], *span)[0] == samples[0], "by id as by path"
    for words in ((TEMPERATURE,), ("no/such/tag", *span), (TEMPERATURE, "--from", "yesterday", "--to", "today")):
        done = leitstand("query", "history", *words, "--json", "--data", shop.folder)
        assert done.returncode == 1, words
        assert done.stderr and not done.stdout


def test_an_act_is_done_refused_or_not_understood_and_the_exit_code_says_which(shop: Shop) -> None:
    occurrence = shop.occurrence()
    refused = shop.act("ack", AUDITOR, "--occurrences", occurrence)
    assert refused.returncode == 3
    assert "refused: " in refused.stderr
    wrong = shop.act("ack", (OPERATOR[0], "not her password"), "--occurrences", occurrence)
    assert (wrong.returncode, "wrong" in wrong.stderr) == (3, True)
    nobody = leitstand("act", "ack", "--data", shop.folder, "--occurrences", occurrence)
    assert (nobody.returncode, "--user" in nobody.stderr) == (3, True)
    unknown = shop.act("ack", OPERATOR, "--colour", "red")
    assert unknown.returncode == 1
    assert "ack has no field colour; it has: occurrences, comment" in unknown.stderr
    missing = shop.act("ack", OPERATOR)
    assert (missing.returncode, "needs --occurrences" in missing.stderr) == (1, True)
    no_command = shop.act("dance", OPERATOR)
    assert (no_command.returncode, "dance" in no_command.stderr) == (1, True)
    assert leitstand("act", "--data", shop.folder).returncode == 2

    silenced = leitstand("act", "silence", "--data", shop.folder)
    assert silenced.returncode == 0, "the horn can be silenced by anybody"
    again = leitstand("act", "silence", "--data", shop.folder)
    assert (again.returncode, "Nothing is sounding" in again.stderr) == (3, True)

    done = shop.act("ack", OPERATOR, "--occurrences", occurrence, "--comment", "seen", "--json")
    assert done.returncode == 0, done.stderr
    assert set(json.loads(done.stdout)) == {"entity_id", "number", "hashes"}
    alarm = next(row for row in shop.json("alarms") if row["kind"] == "limit")
    assert (alarm["state"], alarm["acked_by"]) == ("acknowledged", "Anna Keller")
    stale = shop.act("ack", OPERATOR, "--occurrences", occurrence.partition("@")[0] + "@1")
    assert stale.returncode == 3, "an occurrence that is not the one on screen"


def test_a_password_file_that_others_can_read_is_not_taken(shop: Shop, tmp_path: Path) -> None:
    file = tmp_path / "password"
    file.write_text(OPERATOR[1] + "\n", encoding="utf-8")
    words = ("act", "comment", "--data", shop.folder, "--user", OPERATOR[0], "--password-file", file)
    fields = ("--occurrence", shop.occurrence(), "--text", "by script")
    file.chmod(0o644)
    loose = leitstand(*words, *fields)
    assert (loose.returncode, "chmod 600" in loose.stderr) == (1, True)
    file.chmod(0o600)
    assert leitstand(*words, *fields).returncode == 0


def test_a_second_serve_ends_with_5_and_names_the_folder(shop: Shop) -> None:
    second = leitstand("serve", "--config", shop.folder, "--data", shop.folder, "--seconds", "5")
    assert second.returncode == 5
    assert str(shop.folder) in second.stderr
    window = leitstand("run", "--config", shop.folder, "--data", shop.folder, environment={"DISPLAY": ""})
    assert window.returncode == 5, "a station without a window cannot be raised"
    assert "has no window" in window.stderr


def test_doctor_says_one_line_for_each_part_of_the_world(shop: Shop) -> None:
    done = leitstand("doctor", "--config", shop.folder, "--data", shop.folder)
    lines = {line[5:].split("  ")[0].strip(): line[:4].strip() for line in done.stdout.splitlines()}
    assert done.returncode == 0, done.stdout
    for name in ("config", "sqlite", "disk", "permissions", "clock", "fonts", "sound", "broker plant", "centre"):
        assert any(found.startswith(name) for found in lines), (name, done.stdout)
    assert all(state in ("ok", "warn") for state in lines.values())


def test_doctor_names_a_broker_that_does_not_answer_with_its_remedy(tmp_path: Path) -> None:
    site = make_site(tmp_path)
    folder = make_station(site, "alone", "K7", (Broker("plant", 1),))
    done = leitstand("doctor", "--config", folder, "--data", folder)
    assert done.returncode == 5
    (line,) = [line for line in done.stdout.splitlines() if "broker plant" in line]
    assert line.startswith("fail") and "start the broker" in line


def test_verify_is_sound_beside_a_running_station(shop: Shop) -> None:
    done = leitstand("verify", "--data", shop.folder)
    assert (done.returncode, "sound" in done.stdout) == (0, True), done.stderr


def test_a_stopped_station_answers_as_it_did(shop: Shop) -> None:
    shop.plant.set(Temperature=99.0)
    until(lambda: shop.station.tags()[TEMPERATURE]["value"] == 99.0, what="a value to remember")
    alarms, incidents = shop.json("alarms"), shop.json("incidents")
    assert shop.station.end() == 0
    assert differences(shop.json("alarms"), alarms) == []
    assert differences(shop.json("incidents"), incidents) == []
    kept = {row["source"]: row for row in shop.json("tags")}
    row = kept[f"plant/{TEMPERATURE}"]
    assert row["value"] == 99.0
    assert row["quality"] != "good", "nothing is live while no station runs"
    assert shop.json("sync")[0]["head"] == len(shop.json("journal", "--limit", "100000"))
    offline = shop.act("comment", OPERATOR, "--occurrence", occurrence_of(alarms), "--text", "at night")
    assert offline.returncode == 0, offline.stderr
    shop.station = ConsoleProcess("serve", shop.folder).start()
    assert {row["condition"] for row in shop.station.query("alarms") if row["kind"] == "limit"} == {
        row["condition"] for row in alarms if row["kind"] == "limit"
    }


def test_a_tampered_byte_in_the_journal_is_found_and_its_place_is_named(shop: Shop) -> None:
    shop.station.end()
    with sqlite.connect(shop.folder / "journal.db") as journal:
        tables = [row[0] for row in journal.execute("select name from sqlite_master where type = 'trigger'")]
        for trigger in tables:
            journal.execute(f'drop trigger "{trigger}"')
        seq, body = journal.execute("select seq, body from event where etype = 'incident.opened'").fetchone()
        journal.execute("update event set body = ? where seq = ?", (body.replace(b"hot", b"hat"), seq))
    done = leitstand("verify", "--data", shop.folder)
    assert done.returncode == 4
    assert f"seq {seq}" in done.stderr
    assert "BROKEN" in done.stdout


def test_serve_imports_no_qt(tmp_path: Path) -> None:
    site = make_site(tmp_path)
    folder = make_station(site, "station-1", "K1", ())
    program = (
        "import sys\nfrom console.app.cli import main\n"
        f"code = main(['serve', '--config', {str(folder)!r}, '--data', {str(folder)!r}, '--seconds', '1'])\n"
        "qt = sorted(m for m in sys.modules if m.startswith(('PySide6', 'shiboken', 'qasync', 'pyqtgraph')))\n"
        "sys.exit(f'{code} {qt}' if code or qt else 0)\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", program], cwd=PROJECT, capture_output=True, text=True, timeout=60, check=False
    )
    assert done.returncode == 0, done.stderr


def test_a_second_run_raises_the_window_of_the_first(tmp_path: Path) -> None:
    site = make_site(tmp_path)
    folder = make_station(site, "station-1", "K1", ())
    with running_screen() as screen:
        first = ConsoleProcess("run", folder, screen.environment)
        try:
            first.start()
            screen.wait_for_window("Leitstand")
            done = leitstand("run", "--config", folder, "--data", folder, environment=screen.environment)
            assert done.returncode == 0, done.stderr
            assert len(screen.windows("Leitstand")) == 1, "one window, not two"
            assert first.is_running
        finally:
            assert first.end() == 0


def test_init_makes_a_site_and_join_a_further_station_of_it(tmp_path: Path) -> None:
    first, second = tmp_path / "first", tmp_path / "second"
    assert leitstand("init", first, "--site", 'Werk "Süd"').returncode == 0
    assert leitstand("check", first).returncode == 0
    joined = leitstand("init", second, "--join", first / "site")
    assert joined.returncode == 0, joined.stderr
    assert (second / "site" / "site.toml").read_bytes() == (first / "site" / "site.toml").read_bytes()
    ids = [re.search(r'station_id = "([^"]+)"', (f / "station.toml").read_text("utf-8")) for f in (first, second)]
    assert ids[0] and ids[1] and ids[0][1] != ids[1][1]
    before = (first / "station.toml").read_bytes()
    again = leitstand("init", first)
    assert (again.returncode, (first / "station.toml").read_bytes()) == (1, before), "nothing is overwritten"
    assert leitstand("init", tmp_path / "third", "--join", tmp_path / "nowhere").returncode == 1


def test_check_names_every_mistake_of_every_file_at_once_and_run_starts_nothing(tmp_path: Path) -> None:
    site = make_site(tmp_path)
    folder = make_station(site, "station-1", "K1", (Broker("a/b", 99_999),))
    (site / "alarms.toml").write_text(
        'version = 1\n[[rule]]\nid = "x"\ntag = "*"\nkind = "limit"\nhh = 1.0\nh = 2.0\ncolour = "red"\n', "utf-8"
    )
    (site / "topics.toml").write_text('version = 1\n[[map]]\ntopic = "a/#/b"\n', "utf-8")
    (site / "assets.toml").write_text('version = 1\n[[asset]]\nname = "x"\nclass = "spaceship"\n', "utf-8")
    done = leitstand("check", folder)
    assert done.returncode == 1
    assert not done.stdout
    for word in ("broker[0].port", "broker[0].name", "colour", "a/#/b", "spaceship"):
        assert word in done.stderr, (word, done.stderr)
    for file in ("station.toml", "alarms.toml", "topics.toml", "assets.toml"):
        assert file in done.stderr, file
    started = leitstand("serve", "--config", folder, "--data", folder, "--seconds", "1")
    assert (started.returncode, "port" in started.stderr) == (1, True)


def test_usage_errors_end_with_2_and_no_data_with_5(tmp_path: Path) -> None:
    assert leitstand("query", "everything").returncode == 2
    assert leitstand("fly").returncode == 2
    assert leitstand("query", "tags", "--surprise").returncode == 2
    nothing = leitstand("query", "tags", "--config", tmp_path, "--data", tmp_path / "none")
    assert nothing.returncode in (1, 5) and nothing.stderr
    assert leitstand("verify", "--data", tmp_path / "none").returncode == 5
