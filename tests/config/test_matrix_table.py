"""The priority matrix of a site: used as written, named where it is wrong, the usual one where it is not given."""

from pathlib import Path

import pytest

from console.config.alarm_rules import read_alarm_file
from console.domain.priority_matrix import DEFAULT_MATRIX


def read(folder: Path, text: str):
    (folder / "alarms.toml").write_text(f"version = 2\n{text}\n", encoding="utf-8")
    return read_alarm_file(folder)


@pytest.mark.proves("ALARM-F68")
def test_a_site_says_its_own_matrix(tmp_path):
    text = '[priority_matrix]\nbounds_s = [300]\nsevere = [1, "high"]\nmajor = [2, 3]\nminor = [4, "journal"]'
    found, problems = read(tmp_path, text)
    assert problems == []
    assert found.settings.matrix.priority("severe", "300") == 1
    assert found.settings.matrix.priority("severe", "301") == 2
    assert found.settings.matrix.priority("minor", "301") == 5


def test_without_a_matrix_the_usual_one_holds(tmp_path):
    found, problems = read(tmp_path, "")
    assert (found.settings.matrix, problems) == (DEFAULT_MATRIX, [])


@pytest.mark.parametrize(
    ("line", "key"),
    [("bounds_s = [600, 300]", "bounds_s"), ("bounds_s = []", "bounds_s"), ('bounds_s = ["a"]', "bounds_s"),
     ("severe = [1, 2]", "severe"), ("severe = [1, 1, 2, 9]", "severe"), ("minor = [4, 3, 2, 1]", "minor"),
     ('major = "high"', "major"), ("colour = 1", "colour")],
)  # fmt: skip
def test_what_is_wrong_is_named_and_the_usual_matrix_holds(tmp_path, line, key):
    found, problems = read(tmp_path, f"[priority_matrix]\n{line}")
    assert any(key in str(one) for one in problems)
    assert found.settings.matrix == DEFAULT_MATRIX
