"""What goes on while a station runs: a part of it that ends by an error is said, not missed."""

import asyncio
from pathlib import Path

from console.app.bootstrap import Work, build
from console.app.folders import Folders
from tests.conftest import LogLines
from tests.support.story_site import make_site, make_station
from tests.support.synced import until


def test_a_part_that_ends_by_an_error_is_shown_as_a_defect(tmp_path: Path, log_lines: LogLines) -> None:
    log_lines.expect("a part of the standing work ended")
    folder = make_station(make_site(tmp_path), "k1", "K1", ())

    async def story() -> None:
        core = await build(Folders(folder, folder), Work.RUN)

        async def fails() -> dict[str, str]:
            raise ValueError("what nobody thought of")

        core.people.look = fails  # type: ignore[method-assign]
        core.start()
        try:
            await until(lambda: "standing work" in core.defects, "the defect is said")
        finally:
            await core.stop()

    asyncio.run(story())
