"""The benchmark of trends says what it measured beside what, with few points here."""

import pytest

from console.app.bench import trend, trend_peers


@pytest.fixture
def rows(qapp, monkeypatch, capsys):
    monkeypatch.setattr(trend, "MANY", 60_000)
    monkeypatch.setattr(trend, "FEW", 30_000)
    monkeypatch.setattr(trend, "RATE", 5_000)
    monkeypatch.setattr(trend, "FAITHFUL", 20_000)
    monkeypatch.setattr(trend_peers, "find_spec", lambda _name: None)
    found = list(trend.run(quick=True))
    assert "leitstand[bench]" in capsys.readouterr().err
    return found


def test_every_promise_about_trends_is_measured_beside_its_limit(rows):
    goals = [(row.goal, row.beside) for row in rows if row.goal]
    floor = "bare QPainter polyline of 2 x width points"
    assert ("<= 0.75", floor) in goals
    assert ("<= 1.15", "16 x 30,000 points") in goals
    assert ("<= 0.06", floor) in goals
    assert ("<= 2.1", "1 pixel") in goals
    assert ("<= 20", "") in goals
    assert ("<= 50 ms", "") in goals
    assert any("pyqtgraph" in row.beside for row in rows)
    faithful = [row for row in rows if "pixels lost or invented" in row.case]
    assert {row.case.split(":")[0] for row in faithful} == {
        "noise", "steps", "spikes", "gaps", "lone samples between gaps"}  # fmt: skip
    assert all(row.holds for row in faithful)
    assert all(row.value > 0 for row in rows if row.unit == "ms")
