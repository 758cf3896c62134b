"""The bench of the alarm list measures what it says, beside its peer in the same run."""

import json

from pytestqt.qtbot import QtBot

from console.app.bench import table


def test_the_quick_run_tells_its_peer_its_ratio_and_its_goal(qtbot: QtBot) -> None:
    beside, whole = tuple(table.run(quick=True))
    assert beside.beside == "QSortFilterProxyModel"
    assert beside.beside_value is not None and beside.ratio is not None
    assert beside.value > 0 and abs(beside.ratio - beside.value / beside.beside_value) < 0.01
    assert whole.goal == "<= 50 ms" and whole.holds == (whole.value <= 50)
    assert json.loads(whole.as_json())["case"] == "100,000 rows, 10,000 changes, painted"
