"""The whole road: a value becomes an alarm, keys acknowledge it and open an incident, both consoles and the centre
know it, and a power cut changes nothing. Real window, real keys, real broker, real PostgreSQL."""

import threading
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import psycopg
import pytest

from console.app.demo.postgres import DemoPostgres
from tests.support.broker import running_broker
from tests.support.console_process import ConsoleProcess, Row, leitstand
from tests.support.living_node import LivingNode, living_node
from tests.support.postgres import TestDatabase
from tests.support.screen import XScreen, running_screen
from tests.support.story_site import OPERATOR, Broker, make_site, make_station
from tests.support.waiting import until

TEMPERATURE = "plant/line1/press1/Temperature"
PRESSURE = "plant/line1/press1/Pressure"
_ACTS = 200
_CONFIRMED_BEFORE_THE_CUT = 8


@dataclass
class Desk:
    screen: XScreen
    window: ConsoleProcess
    neighbour: ConsoleProcess
    plant: LivingNode
    centre: TestDatabase

    def alarm(self, subject: str, at: ConsoleProcess | None = None) -> Row | None:
        rows = (at or self.window).query("alarms")
        return next((row for row in rows if row["tag"].endswith(subject)), None)

    def in_centre(self, statement: str) -> list[tuple[object, ...]]:
        with psycopg.connect(self.centre.url) as connection:
            return connection.execute(statement.encode()).fetchall()


@pytest.fixture(scope="module")
def desk(tmp_path_factory: pytest.TempPathFactory, postgres_server: DemoPostgres) -> Iterator[Desk]:
    folder = Path(tmp_path_factory.mktemp("story"))
    postgres_server.start()
    postgres_server.create_database("story")
    centre = TestDatabase(postgres_server, "story")
    with running_broker() as broker, running_screen() as screen:
        site = make_site(folder)
        brokers = (Broker("plant", broker.port),)
        first = make_station(site, "station-1", "K1", brokers, centre)
        second = make_station(site, "station-2", "K2", brokers, centre)
        quiet = {"PULSE_SERVER": f"unix:{folder}/nobody", "XDG_RUNTIME_DIR": str(folder)}
        window = ConsoleProcess("run", first, {**screen.environment, **quiet})
        neighbour = ConsoleProcess("serve", second)
        with living_node(broker.port, {"Temperature": 60.0, "Pressure": 6.0}) as plant:
            try:
                window.start()
                neighbour.start()
                yield Desk(screen, window, neighbour, plant, centre)
            finally:
                neighbour.end()
                window.end()


def test_a_value_over_its_limit_stands_in_the_window_and_at_the_second_console(desk: Desk) -> None:
    for station in (desk.window, desk.neighbour):
        until(lambda at=station: at.tags().get(TEMPERATURE, {}).get("quality") == "good", what="live values")
    assert desk.alarm(TEMPERATURE) is None
    desk.plant.set(Temperature=87.5)
    alarm = until(lambda: desk.alarm(TEMPERATURE), what="the alarm")
    assert (alarm["state"], alarm["priority"], alarm["text"]) == ("unacknowledged", 1, "Temperature high")
    there = until(lambda: desk.alarm(TEMPERATURE, desk.neighbour), what="the alarm at the second console")
    assert (there["condition"], there["start_us"]) == (alarm["condition"], alarm["start_us"])


def test_an_operator_signs_on_with_the_keyboard(desk: Desk) -> None:
    screen = desk.screen
    screen.focus(screen.wait_for_window("Leitstand"))
    screen.key("ctrl+l")
    screen.focus(screen.wait_for_window("Sign on"))
    login, password = OPERATOR
    screen.type(login)
    screen.key("Tab")
    screen.type(password)
    screen.key("Return")
    screen.wait_until_gone("Sign on")
    signed_on = until(lambda: [r for r in desk.window.query("journal") if "sign" in r["type"]], what="the fact")
    assert signed_on[0]["user"]


@pytest.mark.proves("ALARM-F76", "ALARM-F70")
def test_f2_and_space_acknowledge_and_both_consoles_and_the_centre_know_who(desk: Desk) -> None:
    screen = desk.screen
    screen.focus(screen.wait_for_window("Leitstand"))
    before = screen.pixels()
    screen.key("F2")
    until(lambda: screen.pixels() != before, what="F2 shows the most urgent alarm")

    def acknowledged() -> bool:
        screen.key("space")
        alarm = desk.alarm(TEMPERATURE)
        return alarm is not None and alarm["state"] == "acknowledged"

    until(acknowledged, every_s=1.0, seconds=15, what="acknowledged by Space")
    alarm = desk.alarm(TEMPERATURE)
    assert alarm is not None and alarm["acked_by"] == "Anna Keller"
    there = until(
        lambda: (row := desk.alarm(TEMPERATURE, desk.neighbour)) and row["state"] == "acknowledged" and row,
        what="acknowledged at the second console",
    )
    assert there["acked_by"] == "Anna Keller"
    statement = "select condition_id::text, start_us, user_id from leitstand.acknowledgement"
    rows = until(lambda: desk.in_centre(statement), what="the acknowledgement in PostgreSQL")
    assert (alarm["condition"], alarm["start_us"], "user-anna") in rows


def test_i_opens_an_incident_that_the_centre_and_the_second_console_have(desk: Desk) -> None:
    screen = desk.screen
    screen.key("i")
    screen.focus(screen.wait_for_window("New incident"))
    screen.key("Return")
    screen.wait_until_gone("New incident")
    incident = until(lambda: desk.window.query("incidents"), what="the incident")[0]
    alarm = desk.alarm(TEMPERATURE)
    assert alarm is not None
    assert (incident["title"], incident["opened_by"]) == ("press1 · Temperature high", "Anna Keller")
    assert incident["alarms"] == [f"{alarm['condition']}@{alarm['start_us']}"]
    there = until(lambda: desk.neighbour.query("incidents"), what="the incident at the second console")[0]
    assert (there["number"], there["id"], there["state"]) == (incident["number"], incident["id"], incident["state"])
    statement = "select incident_id::text, number from leitstand.incident_fact where number is not null"
    rows = until(lambda: desk.in_centre(statement), what="the incident in PostgreSQL")
    assert (incident["id"], incident["number"]) in rows


def test_a_power_cut_in_a_burst_of_acts_loses_nothing_and_sounds_nothing_twice(desk: Desk) -> None:
    desk.plant.set(Pressure=3.1)
    pressure = until(lambda: desk.alarm(PRESSURE), what="a second alarm, left unacknowledged")
    acknowledged = desk.alarm(TEMPERATURE)
    assert acknowledged is not None
    horn = desk.window.query("horn")[0]
    assert horn["request"] >= 2, "both alarms sounded once"
    incident = desk.window.query("incidents")[0]
    until(lambda: _transition_is_durable(desk, pressure), what="the alarm's transition on disk")
    notes, enough = _burst_of_notes(desk, incident["id"])
    assert enough.wait(30), "acts are confirmed"
    desk.window.kill()
    for thread in notes.threads:
        thread.join(35)
    assert len(notes.confirmed) >= _CONFIRMED_BEFORE_THE_CUT

    desk.window.start()
    assert desk.window.tags().keys() >= {TEMPERATURE, PRESSURE}, "what was known is known, whatever the broker says"
    after = {(row["condition"], row["start_us"]): row for row in desk.window.query("alarms")}
    assert after[acknowledged["condition"], acknowledged["start_us"]]["state"] == "acknowledged"
    assert after[acknowledged["condition"], acknowledged["start_us"]]["acked_by"] == "Anna Keller"
    assert after[pressure["condition"], pressure["start_us"]]["state"] == "unacknowledged"
    again = desk.window.query("incidents")
    assert [(row["id"], row["number"], row["title"]) for row in again] == [
        (incident["id"], incident["number"], incident["title"])
    ]
    kept = {row["hash"] for row in desk.window.query("journal")}
    assert set(notes.confirmed) <= kept, "what was confirmed is there"

    until(lambda: desk.window.tags()[PRESSURE]["quality"] == "good", what="live again")
    count = desk.window.tags()["plant/line1/press1/Count"]["value"]
    until(lambda: desk.window.tags()["plant/line1/press1/Count"]["value"] > count + 5, what="further samples")
    still = {(row["condition"], row["start_us"]) for row in desk.window.query("alarms") if row["kind"] == "limit"}
    assert still == {(row["condition"], row["start_us"]) for row in (acknowledged, pressure)}
    # "Alarms cannot be heard" is the only one that may be new: this screen has no sound device.
    horn = desk.window.query("horn")[0]
    assert horn["request"] == 0 and horn["priority"] == 0, horn
    verified = leitstand("verify", "--config", desk.window.folder, "--data", desk.window.folder)
    assert verified.returncode == 0, verified.stderr
    assert "sound" in verified.stdout


def test_after_the_restart_a_new_alarm_sounds_again(desk: Desk) -> None:
    before = desk.window.query("horn")[0]["request"]
    desk.plant.set(Temperature=60.0)
    until(lambda: desk.alarm(TEMPERATURE) is None, what="the acknowledged alarm leaves with its return")
    desk.plant.set(Temperature=99.0)
    until(lambda: desk.alarm(TEMPERATURE), what="a new occurrence")
    assert desk.window.query("horn")[0]["request"] == before + 1


def test_when_nobody_is_signed_on_the_keys_change_nothing(desk: Desk) -> None:
    screen = desk.screen
    screen.focus(screen.wait_for_window("Leitstand"))
    acts = {"alarm.acknowledged", "incident.opened"}
    before = [row["hash"] for row in desk.window.query("journal") if row["type"] in acts]
    screen.key("F2")
    screen.key("space")
    screen.key("i")
    screen.key("F3")
    until(lambda: desk.window.query("journal")[0]["type"] == "horn.silenced", what="the horn is silenced by anybody")
    assert screen.windows("New incident") == []
    assert [row["hash"] for row in desk.window.query("journal") if row["type"] in acts] == before
    alarm = desk.alarm(TEMPERATURE)
    assert alarm is not None and alarm["state"] == "unacknowledged"


class _Notes:
    def __init__(self) -> None:
        self.confirmed: list[str] = []
        self.threads: list[threading.Thread] = []
        self.lock = threading.Lock()


def _burst_of_notes(desk: Desk, incident_id: str) -> tuple[_Notes, threading.Event]:
    """Three hands write without a pause until the power goes."""
    notes, enough = _Notes(), threading.Event()

    def write(hand: int) -> None:
        for number in range(_ACTS):
            try:
                reply = desk.window.act("note-incident", OPERATOR, incident_id=incident_id, text=f"{hand}/{number}")
            except (OSError, ValueError):
                return  # the power went
            if reply.get("ok"):
                with notes.lock:
                    notes.confirmed += reply["hashes"]
                    if len(notes.confirmed) >= _CONFIRMED_BEFORE_THE_CUT:
                        enough.set()

    # Three at once: more parallel passwords of one login are taken for somebody who guesses.
    notes.threads = [threading.Thread(target=write, args=(hand,), daemon=True) for hand in range(3)]
    for thread in notes.threads:
        thread.start()
    return notes, enough


def _transition_is_durable(desk: Desk, alarm: Row) -> bool:
    statement = f"select 1 from leitstand.alarm_log where condition_id = '{alarm['condition']}'"
    return bool(desk.in_centre(statement))
