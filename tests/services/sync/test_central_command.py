"""`leitstand centre init|status|enrol` as an administrator types it: exit codes, files, words."""

import json
import tomllib
from pathlib import Path
from uuid import UUID, uuid4

import pytest

from console.app.cli import main
from console.config.private_file import is_private
from console.config.settings import CentreSettings
from console.config.site_files import load_site
from console.config.station_file import load_station
from console.services.journal.keys import FileKey
from console.services.journal.own_stream import Place
from console.services.sync.central import Central
from console.services.sync.central_schema import CentreRefuses
from tests.support.centres import Chain
from tests.support.postgres import TestDatabase
from tests.support.synced import asked


def _station(folder: Path) -> Place:
    assert main(["init", str(folder), "--site", "Kassel"]) == 0
    station = load_station(folder)
    return Place(load_site(folder / "site").site_id, station.station_id, station.code)


def _settings(output: str) -> CentreSettings:
    """From the lines that the command printed, as they would stand in station.toml."""
    table = tomllib.loads(output[output.index("[centre]") :])["centre"]
    return CentreSettings(table["host"], table["port"], table["database"], table["user"], Path(table["password_file"]))


def test_a_centre_is_made_a_station_let_in_looked_at_and_shut_out(
    tmp_path: Path, postgres: TestDatabase, capsys: pytest.CaptureFixture[str]
) -> None:
    place = _station(tmp_path)
    assert main(["centre", "init", postgres.url, "--partitions", "0"]) == 0
    assert main(["centre", "init", postgres.url]) == 0
    assert "0 events in 0 streams of 0 sites; schema 4 of 4" in capsys.readouterr().out
    assert main(["centre", "enrol", str(tmp_path), postgres.url]) == 0
    settings = _settings(capsys.readouterr().out)
    key = FileKey.load_or_create(tmp_path / "data" / "keys").public_key
    assert settings.password_file == tmp_path / "data" / "keys" / "centre.password"
    assert is_private(settings.password_file)
    central = Central(settings, place, public_key=key)
    events = Chain(place).grow(3)
    central.push(events)
    assert main(["centre", "status", postgres.url, "--json"]) == 0
    (row,) = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    assert row["site"] == str(place.site)
    assert (row["station"], row["code"], row["state"]) == (str(place.station), place.code, "enrolled")
    assert (row["events"], row["lag"]) == (3, 3)
    assert row["seen_at"].endswith("Z")
    assert abs(row["clock_offset_s"]) < 60
    assert row["heads"] == [{"stream": str(events[0].stream), "seq": 3, "hash": events[2].raw.hash.hex()}]
    central.confirm(list(central.tips()))
    central.close()
    assert main(["centre", "status", postgres.url]) == 0
    assert f"{place.code}   enrolled" in (told := capsys.readouterr().out) and "lacks 0" in told
    assert main(["centre", "enrol", str(place.station), postgres.url, "--revoke"]) == 0
    assert "1 streams" in capsys.readouterr().out
    with pytest.raises(CentreRefuses, match="revoked"):
        Central(settings, place)
    assert main(["centre", "enrol", str(tmp_path), postgres.url]) == 0
    Central(_settings(capsys.readouterr().out), place, public_key=key).close()
    asked(postgres.url, f"drop owned by {settings.user}; drop role {settings.user}")


def test_a_station_elsewhere_is_let_in_by_its_join_request_or_by_id_and_key(
    tmp_path: Path, postgres: TestDatabase, capsys: pytest.CaptureFixture[str]
) -> None:
    postgres.set_up()
    place, key = Place(uuid4(), uuid4(), "K7"), bytes(range(32))
    request = {"v": 1, "site": str(place.site), "station": str(place.station), "code": "K7", "name": "K7",
               "public_key": key.hex()}  # fmt: skip
    (tmp_path / "request.json").write_text(json.dumps(request), encoding="utf-8")
    target = tmp_path / "k7.password"
    assert main(["centre", "enrol", str(tmp_path / "request.json"), postgres.url, "--to", str(target)]) == 0
    Central(_settings(capsys.readouterr().out), place, public_key=key).close()
    other = Place(place.site, uuid4(), "K8")
    words = ["--site", str(other.site), "--code", "K8", "--key", key.hex(), "--to", str(tmp_path / "k8.password")]
    assert main(["centre", "enrol", str(other.station), postgres.url, *words]) == 0
    Central(_settings(capsys.readouterr().out), other, public_key=key).close()
    for one in (place, other):
        role = f"ls_{one.site.hex[-8:]}_{one.station.hex[-12:]}"
        asked(postgres.url, f"drop owned by {role}; drop role {role}")


def test_what_is_wrong_is_said_with_its_exit_code(
    tmp_path: Path, postgres: TestDatabase, capsys: pytest.CaptureFixture[str]
) -> None:
    def told(*words: str) -> tuple[int, str]:
        code = main(["centre", *words])
        return code, capsys.readouterr().err

    somebody = str(UUID(int=5))
    assert told("status", postgres.url) == (
        5, "This database is no centre of this version yet: leitstand centre init URL\n"
    )  # fmt: skip
    assert told("enrol", str(tmp_path), postgres.url)[0] == 5
    postgres.set_up()
    assert told("enrol", postgres.url) == (2, "usage: leitstand centre enrol STATION URL\n")
    assert told("status", "x", postgres.url)[0] == 2
    assert told("enrol", str(tmp_path), postgres.url)[0] == 1
    assert "--site, --code, --key" in told("enrol", somebody, postgres.url)[1]
    assert told("enrol", somebody, postgres.url, "--revoke")[0] == 3
    assert told("init", postgres.url, "--partitions", "5000")[0] == 1
    assert told("init", "not a url")[0] == 1
    assert told("status", "postgresql://nobody@127.0.0.1:1/x")[0] == 5
    (tmp_path / "request.json").write_text('{"v": 1}', encoding="utf-8")
    assert "is no join request" in told("enrol", str(tmp_path / "request.json"), postgres.url)[1]
    asked(
        postgres.url, "create role guest login password 'g'; grant connect on database " + postgres.name + " to guest"
    )
    guest = f"postgresql://guest:g@127.0.0.1:{postgres.server.port}/{postgres.name}"
    assert told("init", guest)[0] == 3
    assert told("status", guest)[0] == 3
    asked(postgres.url, "drop owned by guest; drop role guest")


def test_the_history_at_the_centre_is_pruned_and_no_time_below_a_day_is_taken(
    postgres: TestDatabase, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["centre", "init", postgres.url]) == 0
    capsys.readouterr()
    assert main(["centre", "prune", postgres.url, "--keep-hours", "7"]) == 0
    assert capsys.readouterr().out == "0 hours dropped, 0.0 MB\n0 months of days dropped, 0.0 MB\n"
    assert main(["centre", "prune", postgres.url, "--keep-hours", "0"]) == 1
    assert "at least 1 day" in capsys.readouterr().err
