"""The made-up weeks of the pictures: the demo's page of performance has something to show from the first moment."""

import asyncio
from pathlib import Path

from console.app.demo import site_folder
from console.app.demo.past_months import write_past_months
from console.services.historian.store import open_history_db
from tests.app.demo.plant import NOON_US, RESOURCES, shipped_plant


def test_every_figure_of_performance_has_a_past(tmp_path: Path) -> None:
    site_folder.prepare_site(tmp_path / "site", shipped_plant(), RESOURCES, 1)
    count = asyncio.run(write_past_months(tmp_path, tmp_path / "site", shipped_plant(), NOON_US, weeks=1))
    store = open_history_db(tmp_path / "history.db")
    try:
        tags = store.tags()
    finally:
        store.close()
    assert len(tags) > 60
    assert count > len(tags) * 900
    assert {"%", "ms", "s", "Mbit/s"} <= {tag.unit for tag in tags}
