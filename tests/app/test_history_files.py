"""`leitstand init` and `check` know history.toml, and the demo's says what it means."""

from pathlib import Path

import pytest

from console.app.cli import main
from console.config.history_file import load_history
from console.domain.history.settings import Band
from console.ui.resources import resource


def test_a_new_site_has_the_file_and_its_mistakes_are_named(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["init", str(tmp_path)]) == 0
    file = tmp_path / "site" / "history.toml"
    assert file.exists()
    assert main(["check", str(tmp_path)]) == 0
    file.write_text('[[class]]\nname = "x"\nraw_days = -1\n[[tag]]\npattern = "*"\nclass = "y"\n', encoding="utf-8")
    capsys.readouterr()
    assert main(["check", str(tmp_path)]) == 1
    said = capsys.readouterr().err
    assert "history.toml: class[0].raw_days: must lie between" in said
    assert "history.toml: tag[0].class: there is no class 'y'" in said


def test_the_demo_keeps_what_shows_the_health_of_machines_for_a_year() -> None:
    settings = load_history(resource("demo"))
    vibration = settings.history_of("PressShop/PS-LINE-1/PRESS-11/Bearing 1/Vibration")
    assert settings.class_of(vibration.retention_class).raw_days == 365
    assert vibration.is_central
    assert settings.history_of("PressShop/PS-LINE-1/PRESS-11/CPU/Temperature").exception == Band(0.05)
    assert settings.history_of("PressShop/PS-LINE-1/PRESS-11/Heartbeat").retention_class == "short"
    assert settings.history_of("PressShop/PS-LINE-1/PRESS-11/Parts/Good").retention_class == "standard"
