"""One running station with secrets everywhere: what it listens on, whom it calls, and where its secrets end up."""

import json
import random
import socket
import string
import subprocess
import sys
import zipfile
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from console.config.private_file import write_private
from console.domain.commands import COMMANDS
from console.services.local_socket import address
from tests.support.broker import free_port, mosquitto_passwd_path, running_broker
from tests.support.console_process import ConsoleProcess, Row, leitstand
from tests.support.living_node import living_node
from tests.support.story_site import LEAD, OPERATOR, Broker, make_site, make_station
from tests.support.waiting import until

pytestmark = pytest.mark.skipif(not sys.platform.startswith("linux"), reason="reads /proc")
CANARY = "canary-7f3a9"
BROKER_SECRET, CENTRE_SECRET, WRONG = f"{CANARY}-broker", f"{CANARY}-centre", f"{CANARY}-wrong-password"
NEW_PASSWORD, PIN_LIKE = f"{CANARY} green chair window", f"{CANARY}-pin"
HASHES = ("users.toml", "station.db", "station.db-wal")  # argon2id, and nowhere else
LISTEN = "0A"


@dataclass
class Story:
    station: ConsoleProcess
    folder: Path
    broker_port: int
    centre_port: int
    secrets: list[str] = field(default_factory=lambda: [OPERATOR[1], LEAD[1], BROKER_SECRET, CENTRE_SECRET, WRONG])
    replies: list[str] = field(default_factory=list)
    said: str = ""

    def ask(self, question: Row) -> Row:
        reply = self.station.ask(question)
        self.replies.append(json.dumps(reply))
        return reply

    def act(self, command: str, login: str, password: str, fields: dict[str, str] | None = None) -> Row:
        return self.ask({"op": "act", "command": command, "fields": fields or {}, "login": login, "password": password})

    @property
    def root(self) -> Path:
        return self.folder.parent


@pytest.fixture(scope="module")
def story(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Story]:
    root = Path(tmp_path_factory.mktemp("secrets"))
    users = root / "mosquitto-users"
    users.touch(mode=0o600)
    subprocess.run([mosquitto_passwd_path(), "-b", str(users), "k1", BROKER_SECRET], check=True, capture_output=True)
    users.chmod(0o644)  # mosquitto gives up its rights; these are hashes of the test's own broker
    broken = free_port()
    with running_broker((f"password_file {users}", "allow_anonymous true")) as broker:
        folder = make_station(make_site(root), "station-1", "K1", (Broker("plant", broker.port),))
        write_private(root / "broker.password", BROKER_SECRET)
        write_private(root / "centre.password", CENTRE_SECRET)
        text = (folder / "station.toml").read_text(encoding="utf-8")
        text = text.replace("[[broker]]", '[[broker]]\nusername = "k1"\npassword_file = "../broker.password"')
        text = text.replace('host = ""', f'host = "127.0.0.1"\nport = {broken}\nuser = "ls"')
        text = text.rstrip() + '\npassword_file = "../centre.password"\nsslmode = "disable"\n'
        (folder / "station.toml").write_text(text, encoding="utf-8")
        station = ConsoleProcess("serve", folder)
        with living_node(broker.port, {"Temperature": 87.5}):
            try:
                station.start()
                until(lambda: station.query("alarms"), what="an alarm")
                yield Story(station, folder, broker.port, broken)
            finally:
                station.end()


def sockets(pid: int, family: str) -> list[tuple[str, int, int]]:
    """(state, local port, remote port) of this process's own sockets."""
    inodes = set()
    for entry in Path(f"/proc/{pid}/fd").iterdir():
        try:
            target = str(entry.readlink())
        except FileNotFoundError:
            continue
        if target.startswith("socket:["):
            inodes.add(target[8:-1])
    found = []
    for line in Path(f"/proc/{pid}/net/{family}").read_text(encoding="ascii").splitlines()[1:]:
        parts = line.split()
        if parts[9] in inodes:
            found.append((parts[3], int(parts[1].split(":")[1], 16), int(parts[2].split(":")[1], 16)))
    return found


@pytest.mark.proves("SEC-34")
def test_a_running_station_listens_to_nobody_but_its_own_door_and_calls_only_whom_it_was_told(story: Story) -> None:
    pid = story.station.pid
    known = {story.broker_port, story.centre_port}
    for _ in range(20):
        tcp = sockets(pid, "tcp") + sockets(pid, "tcp6")
        assert [one for one in tcp if one[0] == LISTEN] == []
        assert {remote for _, _, remote in tcp} <= known
        assert sockets(pid, "udp") + sockets(pid, "udp6") == []
        story.station.ask({"op": "ping"})
    assert story.broker_port in {remote for _, _, remote in sockets(pid, "tcp")}
    door = Path(address(story.folder))
    assert door.stat().st_mode & 0o077 == 0, "only the owner knocks"


@pytest.mark.proves("SEC-1", "SEC-26")
def test_whatever_is_asked_at_the_door_without_a_name_writes_nothing_of_a_person(story: Story) -> None:
    rng = random.Random(7)
    before = {row["hash"] for row in story.station.query("journal", limit=100_000)}
    for name in sorted(COMMANDS):
        for _ in range(3):
            fields = {"".join(rng.choices(string.ascii_lowercase, k=5)): "x" for _ in range(rng.randrange(3))}
            fields |= {key: "1" for key in COMMANDS[name].__dataclass_fields__ if rng.random() < 0.8}
            login = rng.choice(("", "", " ", "nobody", "anna", "anna\0", "' or 1=1 --", "system", "site-file"))
            reply = story.act(name, login, rng.choice(("", WRONG)), fields)
            assert not reply["ok"] or name == "silence", (name, reply)
    rows = [row for row in story.station.query("journal", limit=100_000) if row["hash"] not in before]
    assert {row["type"] for row in rows} <= {"horn.silenced", "user.sign_on_failed"}
    assert all(row["user"] for row in rows)


@pytest.mark.proves("SEC-28")
def test_no_answer_repeats_a_secret_however_wrong_the_question(story: Story) -> None:
    secret = story.root / "new.password"
    write_private(secret, NEW_PASSWORD)
    story.secrets.append(NEW_PASSWORD)
    assert story.act("set-password", *OPERATOR, {"password": NEW_PASSWORD, "current": OPERATOR[1]})["ok"], (
        story.replies[-1]
    )
    story.act("set-pin", OPERATOR[0], NEW_PASSWORD, {"pin": PIN_LIKE, "current": WRONG})
    story.act("ack", OPERATOR[0], WRONG, {"occurrences": "x"})
    story.act("ack", OPERATOR[0], NEW_PASSWORD, {"occurrences": "x"})
    story.act("no-such-act", OPERATOR[0], NEW_PASSWORD)
    story.act("set-password", OPERATOR[0], NEW_PASSWORD, {"password": "short", "wrong": WRONG})
    story.ask({"op": "act", "command": "ack", "login": OPERATOR[0], "password": [NEW_PASSWORD], "fields": {}})
    story.ask({"op": NEW_PASSWORD[:5], "password": NEW_PASSWORD})
    assert [reply for reply in story.replies if CANARY in reply] == []


@pytest.mark.proves("SEC-28", "SEC-63")
def test_secrets_are_not_taken_from_a_command_line(story: Story) -> None:
    words = ("act", "set-password", "--data", story.folder, "--user", OPERATOR[0], "--password-stdin")
    told = leitstand(*words, "--password", NEW_PASSWORD, stdin=f"{NEW_PASSWORD}\n")
    assert (told.returncode, "@FILE" in told.stderr) == (1, True)
    assert CANARY not in told.stdout + told.stderr
    open_file = story.root / "open.txt"
    open_file.write_text("x")
    open_file.chmod(0o644)
    told = leitstand(*words, "--password", f"@{open_file}", stdin=f"{NEW_PASSWORD}\n")
    assert (told.returncode, "chmod 600" in told.stderr) == (1, True)


@pytest.mark.proves("SEC-38")
def test_a_caller_at_the_door_who_sends_without_end_or_never_finishes_costs_nobody_anything(story: Story) -> None:
    with socket.socket(socket.AF_UNIX) as endless, socket.socket(socket.AF_UNIX) as silent:
        for one in (endless, silent):
            one.settimeout(10)
            one.connect(address(story.folder))
        silent.sendall(b'{"op":')
        with pytest.raises((BrokenPipeError, ConnectionError)):
            for _ in range(64):
                endless.sendall(b"x" * (1 << 20))
            assert endless.recv(1) == b""
            raise ConnectionError
        assert story.ask({"op": "ping"})["ok"]


@pytest.mark.proves("SEC-28", "SEC-63")
def test_after_all_of_it_no_secret_lies_anywhere(story: Story) -> None:
    backup = story.root / "backup.zip"
    assert story.ask({"op": "backup", "file": str(backup)})["ok"]
    story.said = story.station.said()
    assert story.station.end() == 0
    (story.root / "new.password").unlink(missing_ok=True)
    holds = {name: [] for name in ("password", "hash", "key")}
    for name, content in everything(story.root, backup):
        shown = name.removeprefix("backup:")
        if any(secret.encode() in content for secret in story.secrets):
            holds["password"].append(name)
        if b"$argon2id$" in content and not shown.endswith(HASHES):
            holds["hash"].append(name)
        if b"PRIVATE KEY" in content and "keys/" not in shown:
            holds["key"].append(name)
    assert holds == {"password": ["broker.password", "centre.password"], "hash": [], "key": []}
    assert not [secret for secret in story.secrets if secret in story.said], "nor in what it printed"


def everything(root: Path, backup: Path) -> Iterator[tuple[str, bytes]]:
    """(name, content) of every file below the folder and of every part of the backup."""
    for path in sorted(root.rglob("*")):
        if path.is_file() and path != backup and path.name != "mosquitto-users":
            yield path.relative_to(root).as_posix(), path.read_bytes()
    with zipfile.ZipFile(backup) as archive:
        for part in archive.namelist():
            yield f"backup:{part}", archive.read(part)
