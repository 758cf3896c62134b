"""`leitstand doctor --security` lists every deviation from the secure settings, and nothing else."""

from dataclasses import replace
from pathlib import Path
from uuid import UUID

import pytest

from console.app.commands import doctor_security
from console.app.commands.doctor_security import security
from console.app.commands.doctor_storage import functions
from console.app.folders import Folders
from console.config.private_file import write_private
from console.config.settings import BackupSettings, BrokerSettings, CentreSettings, StationSettings
from console.config.station_file import read_station
from console.config.users_file import write_users
from console.domain.people import Role
from console.services.storage.database import LIBRARY
from console.services.storage.schema import open_journal_db
from tests.support.console_process import leitstand
from tests.support.desk import user


@pytest.fixture
def folders(tmp_path: Path) -> Folders:
    (tmp_path / "site").mkdir()
    (tmp_path / "data" / "keys").mkdir(parents=True)
    (tmp_path / "site" / "site.toml").write_text(
        f'version = 1\nid = "{UUID(int=5)}"\nname = "Plant"\ntz = "UTC"\nauthority = "{"ab" * 32}"\n', encoding="utf-8"
    )
    write_users(
        tmp_path / "site", (user("adam", Role.ADMINISTRATOR, user_id="p1"), user("aude", Role.AUDITOR, user_id="p2"))
    )
    write_private(tmp_path / "secret", "x")
    return Folders(tmp_path, tmp_path / "data")


@pytest.fixture(autouse=True)
def other_disk(monkeypatch: pytest.MonkeyPatch) -> None:
    """A folder called `second` is on another disk here."""
    monkeypatch.setattr(doctor_security, "_disk_of", lambda folder: 2 if folder.name == "second" else 1)


def secure(folders: Folders) -> StationSettings:
    secret = folders.config / "secret"
    broker = BrokerSettings(host="10.0.0.5", tls=True, username="k1", password_file=secret, ca_file=secret)
    centre = CentreSettings("10.0.0.6", password_file=secret, sslmode="verify-full", cert_file=secret, key_file=secret)
    return StationSettings(
        UUID(int=1), "PC 1", "K1", brokers=(broker,), centre=centre, lock_after_s=600,
        backup=BackupSettings(folders.config / "second"), anchor=folders.config / "anchors",
    )  # fmt: skip


def found(station: StationSettings, folders: Folders) -> list[tuple[str, str]]:
    return [(one.name, one.state) for one in security(station, folders)]


@pytest.mark.proves("SEC-41")
def test_a_station_that_is_set_up_securely_has_nothing_to_list(folders: Folders) -> None:
    assert found(secure(folders), folders) == [("security", "ok")]


@pytest.mark.proves("SEC-41", "SEC-31")
@pytest.mark.parametrize(
    ("name", "changes"),
    [
        ("broker plant", {"brokers": (BrokerSettings(host="10.0.0.5", username="k", password_file=Path("x")),)}),
        ("broker plant", {"brokers": (BrokerSettings(host="10.0.0.5", tls=True),)}),
        ("centre", {"centre": CentreSettings("10.0.0.6", sslmode="prefer", cert_file=Path("x"))}),
        ("centre", {"centre": CentreSettings("10.0.0.6", sslmode="verify-full")}),
        ("lock", {"lock_after_s": 0}),
        ("PIN", {"shift_s": 13 * 3600}),
        ("backup", {"backup": BackupSettings()}),
        ("ballast", {"ballast_mb": 0}),
    ],
)
def test_each_weaker_setting_is_listed_alone(folders: Folders, name: str, changes: dict[str, object]) -> None:
    assert found(replace(secure(folders), **changes), folders) == [(name, "warn")]  # type: ignore[arg-type]


@pytest.mark.proves("SEC-41")
def test_what_stays_on_this_machine_needs_no_tls(folders: Folders) -> None:
    secret = folders.config / "secret"
    broker = BrokerSettings(host="127.0.0.1", username="k", password_file=secret)
    station = replace(secure(folders), brokers=(broker,), centre=CentreSettings("localhost"))
    assert found(station, folders) == [("security", "ok")]


@pytest.mark.proves("SEC-41")
def test_the_anchor_crash_points_and_the_site_are_looked_at(folders: Folders, monkeypatch: pytest.MonkeyPatch) -> None:
    station = secure(folders)
    assert found(replace(station, anchor=folders.data / "anchors"), folders) == [("anchor", "warn")]
    with monkeypatch.context() as patch:
        patch.setenv("LEITSTAND_FAILPOINT", "x")
        assert found(station, folders) == [("crash tests", "warn")]
    telling = user("aude", Role.AUDITOR)  # her id holds her login
    write_users(folders.config / "site", (user("adam", Role.ADMINISTRATOR, user_id="p1"), telling))
    assert found(station, folders) == [("people", "warn")]
    write_users(folders.config / "site", (user("adam", Role.ADMINISTRATOR, Role.AUDITOR, user_id="p1"),))
    assert found(station, folders) == [("people", "warn")]
    write_users(folders.config / "site", (user("adam", Role.ADMINISTRATOR, user_id="p1"),))
    assert found(station, folders) == [("people", "warn")]
    site = folders.config / "site" / "site.toml"
    site.write_text(site.read_text(encoding="utf-8").split("authority")[0], encoding="utf-8")
    write_private(folders.config / "site" / "authority.pem", "key")
    assert found(station, folders) == [("enrolment", "warn"), ("authority", "warn"), ("people", "warn")]


@pytest.mark.proves("SEC-41", "SEC-63")
@pytest.mark.parametrize(
    "name",
    ["secret", "site/users.toml", "data/keys/station.pem", "data/station.db", "second/leitstand-K1-1.zip"],
)
def test_a_secret_that_others_can_read_fails(folders: Folders, name: str) -> None:
    path = folders.config / name
    path.parent.mkdir(exist_ok=True)
    if not path.exists():
        write_private(path, "secret")
    assert found(secure(folders), folders) == [("security", "ok")]
    path.chmod(0o640)
    assert found(secure(folders), folders) == [("files", "fail")]


@pytest.mark.proves("SEC-41", "SEC-24")
def test_the_command_says_it_on_a_fresh_station(tmp_path: Path) -> None:
    folder = tmp_path / "k1"
    made = leitstand("init", folder, "--admin", "adam", "--password-stdin", stdin="lamp window staple grey\n")
    assert made.returncode == 0, made.stderr
    told = leitstand("doctor", "--security", "--config", folder)
    assert told.returncode == 0
    lines = told.stdout.splitlines()
    assert lines[0].startswith("ok   self-test")
    assert {line.split()[1] for line in lines[1:]} >= {"authority", "people", "lock", "backup"}
    assert all(" - " in line for line in lines[1:]), "each with its remedy"
    station, _ = read_station(folder)
    assert station is not None


@pytest.mark.proves("SEC-24", "SEC-30")
def test_a_journal_whose_guards_were_taken_away_is_named_on_demand(folders: Folders) -> None:
    path = folders.data / "journal.db"
    assert functions(folders).state == "ok", "none yet"
    open_journal_db(path).close()
    assert functions(folders).state == "ok"
    connection = LIBRARY.connect(str(path))
    connection.execute("DROP TRIGGER event_no_delete")
    connection.close()
    found = functions(folders)
    assert (found.state, "can be changed" in found.text) == ("fail", True)
    path.write_bytes(b"no database")
    assert functions(folders).state == "ok", "damage is another row's business"
