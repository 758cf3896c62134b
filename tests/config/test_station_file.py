"""A station file is read whole, and everything wrong with it is said at once."""

from pathlib import Path
from uuid import UUID

from console.config.station_file import TEMPLATE, read_station


def write(folder: Path, text: str) -> Path:
    (folder / "station.toml").write_text(text, encoding="utf-8")
    return folder


def test_the_template_is_a_valid_station(tmp_path):
    station_id = UUID(int=7)
    settings, problems = read_station(write(tmp_path, TEMPLATE.format(station_id=station_id, name='"PC 1"', code="A1")))
    assert problems == []
    assert settings is not None
    assert settings.station_id == station_id
    assert settings.brokers[0].port == 1883
    assert settings.site == (tmp_path / "site").resolve()


def test_all_errors_come_at_once_with_their_place(tmp_path):
    text = """
station_id = "nonsense"
name = 5
code = "ILO"
colour = "red"
[[broker]]
host = "h"
port = 70000
protocol = "4"
cert_file = "missing.pem"
"""
    settings, problems = read_station(write(tmp_path, text))
    assert settings is None
    keys = {problem.key for problem in problems}
    assert {"station_id", "name", "code", "colour", "broker[0].port", "broker[0].protocol"} <= keys
    assert "broker[0].cert_file" in keys
    assert all(problem.file == "station.toml" for problem in problems)


def test_a_missing_file_names_the_command_that_makes_one(tmp_path):
    settings, problems = read_station(tmp_path)
    assert settings is None
    assert "init" in problems[0].remedy


def test_broken_toml_and_foreign_encodings_are_errors_not_crashes(tmp_path):
    assert read_station(write(tmp_path, "a = = 3"))[1][0].text.startswith("is no valid TOML")
    (tmp_path / "station.toml").write_bytes(b"name = '\xff\xfe'")
    assert "UTF-8" in read_station(tmp_path)[1][0].text


def test_a_newer_format_is_refused_clearly(tmp_path):
    text = TEMPLATE.format(station_id=UUID(int=7), name='"x"', code="A1").replace("version = 2", "version = 3", 1)
    _, problems = read_station(write(tmp_path, text))
    assert [p.key for p in problems] == ["version"]


def test_a_file_of_the_first_version_still_says_what_it_said(tmp_path):
    text = TEMPLATE.format(station_id=UUID(int=7), name='"x"', code="A1")
    old = text.split("# Copies of the databases")[0].replace("version = 2", "version = 1", 1)
    old = "".join(line for line in old.splitlines(keepends=True) if not line.startswith("ballast_mb"))
    before, problems = read_station(write(tmp_path, old))
    assert problems == []
    after, problems = read_station(write(tmp_path, text))
    assert problems == []
    assert before == after


def test_backup_anchor_and_ballast_are_told_by_the_file(tmp_path):
    text = TEMPLATE.format(station_id=UUID(int=7), name='"x"', code="A1")
    text = text.replace("every_s = 900\nkeep = 8", 'folder = "second"\nevery_s = 60\nkeep = 3')
    text = text.replace("ballast_mb = 512", 'anchor = "a"\nballast_mb = 8')
    settings, problems = read_station(write(tmp_path, text))
    assert problems == []
    assert settings is not None
    assert (settings.backup.folder, settings.backup.every_s, settings.backup.keep) == (tmp_path / "second", 60, 3)
    assert (settings.anchor, settings.ballast_mb) == (tmp_path / "a", 8)


def test_backup_settings_that_would_protect_nothing_are_named(tmp_path):
    text = TEMPLATE.format(station_id=UUID(int=7), name='"x"', code="A1")
    text = text.replace("every_s = 900\nkeep = 8", "every_s = 0\nkeep = 0\nfolders = 1")
    _, problems = read_station(write(tmp_path, text))
    assert {problem.key for problem in problems} == {"backup.every_s", "backup.keep", "backup.folders"}


def test_neighbours_meet_at_the_first_broker_unless_the_file_says_otherwise(tmp_path):
    text = TEMPLATE.format(station_id=UUID(int=7), name='"x"', code="A1")
    second = '[[broker]]\nname = "second"\nhost = "127.0.0.2"\n\n# The other consoles'
    two = text.replace("# The other consoles", second, 1)

    def broker_of(told: str) -> str | None:
        settings, problems = read_station(write(tmp_path, told))
        assert problems == []
        assert settings is not None
        found = settings.neighbours_broker
        return found.name if found is not None else None

    assert broker_of(two) == "plant"
    assert broker_of(two.replace('# broker = "plant"', 'broker = "second"', 1)) == "second"
    assert broker_of(two.replace("enabled = true", "enabled = false", 1)) is None
    alone = text.split("[[broker]]")[0] + "[neighbours]" + text.split("[neighbours]")[1]
    assert broker_of(alone) is None
    _, problems = read_station(write(tmp_path, text.replace('# broker = "plant"', 'broker = "other"', 1)))
    assert [problem.key for problem in problems] == ["neighbours.broker"]
