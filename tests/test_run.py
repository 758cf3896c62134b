"""`run.py`: what is missing is named with the one command that installs it, never skipped."""

import subprocess
import sys
from pathlib import Path

import pytest

import run

ROOT = Path(run.__file__).parent


@pytest.fixture
def lacks_cursor(monkeypatch):
    monkeypatch.setattr(run, "loads", lambda library: library != "libxcb-cursor.so.0")
    monkeypatch.setattr(run, "found", lambda name: name != "mosquitto")


def test_a_user_without_rights_is_given_the_command(monkeypatch, capsys, lacks_cursor):
    monkeypatch.setattr("os.geteuid", lambda: 1000)
    assert run.system_packages(run.PROGRAMS) == run.LACKS
    said = capsys.readouterr().err
    assert "system package libxcb-cursor0" in said
    assert "Remedy: sudo apt-get install -y --no-install-recommends libxcb-cursor0 mosquitto" in said


def test_root_on_debian_installs_what_is_missing_and_nothing_else(monkeypatch, lacks_cursor):
    calls = []

    def fake_run(command, **_options):
        calls.append(command)
        return subprocess.CompletedProcess(command, 0)

    monkeypatch.setattr("os.geteuid", lambda: 0)
    monkeypatch.setattr("shutil.which", lambda name: f"/usr/bin/{name}")
    monkeypatch.setattr(subprocess, "run", fake_run)
    assert run.system_packages(run.PROGRAMS) == 0
    assert calls[0] == ["apt-get", "update"]
    assert calls[1][-2:] == ["libxcb-cursor0", "mosquitto"]


def test_a_failed_installation_is_said(monkeypatch, capsys, lacks_cursor):
    monkeypatch.setattr("os.geteuid", lambda: 0)
    monkeypatch.setattr("shutil.which", lambda name: f"/usr/bin/{name}")
    monkeypatch.setattr(subprocess, "run", lambda command, **_: subprocess.CompletedProcess(command, 100))
    assert run.system_packages(run.PROGRAMS) == run.LACKS
    assert "libxcb-cursor0" in capsys.readouterr().err


def test_nothing_missing_means_nothing_done(monkeypatch):
    monkeypatch.setattr(run, "loads", lambda library: True)
    monkeypatch.setattr(run, "found", lambda name: True)
    monkeypatch.setattr(subprocess, "run", lambda *_, **__: pytest.fail("nothing is to be run"))
    assert run.system_packages(run.TEST_PROGRAMS) == 0


def test_an_unknown_word_is_a_usage_error_and_help_is_not():
    assert run.main(["fly"]) == 2
    assert run.main([]) == 2
    assert run.main(["--help"]) == 0


def test_run_py_needs_nothing_but_the_standard_library():
    isolated = [sys.executable, "-I", "-S", "-c", f"import sys; sys.path.insert(0, {str(ROOT)!r}); import run"]
    assert subprocess.run(isolated, check=False, capture_output=True).returncode == 0


def test_the_demo_asks_for_a_screen(monkeypatch, capsys):
    monkeypatch.setattr(run, "set_up", lambda *_: 0)
    monkeypatch.setattr(run, "has_screen", lambda: False)
    monkeypatch.setattr(run, "WINDOWS", False)
    assert run.demo([]) == run.LACKS
    assert "--headless" in capsys.readouterr().err


def test_paths_on_the_command_line_are_those_of_the_folder_one_stands_in(tmp_path, monkeypatch):
    (tmp_path / "console").mkdir()  # a folder of that name is not the program
    monkeypatch.chdir(tmp_path)
    assert run.leitstand("init", "here") == 0
    assert (tmp_path / "here" / "station.toml").is_file()
