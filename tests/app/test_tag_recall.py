"""The tags of the last run come back behind the window; nothing of the plant is heard before each has its handle."""

import asyncio
from pathlib import Path

import pytest

from console.app.bootstrap import Core, Work, build
from console.app.folders import Folders
from console.domain.tags import TagSource
from console.domain.values import ValueType
from console.services.records import LinkRecord
from console.services.telemetry import tag_snapshot
from console.services.telemetry.batch import LinkChanged, TagsDefined
from tests.conftest import LogLines
from tests.support.alarm_plant import T0, batch_of
from tests.support.story_site import make_site, make_station
from tests.support.synced import until

COUNT = 600  # more than two pieces
RULES = 'version = 2\n[[rule]]\nid = "high"\ntag = "*/Load-*"\nh = 10\n'


async def lived_before(folder: Path) -> None:
    """A run with 600 tags; every third is in alarm."""
    core = await build(Folders(folder, folder), Work.RUN)
    define = core.telemetry.handles.define
    tags = [
        define(TagSource("plant", "Line", "PLC1", f"P{at}", f"Load-{at}"), ValueType.DOUBLE)[0] for at in range(COUNT)
    ]
    inbox = core.ingest.inbox
    inbox.put(LinkChanged("plant", LinkRecord("broker:plant", "live", T0), T0))
    inbox.put(TagsDefined(tuple(tags)))
    inbox.put(batch_of(*((tag, 1, 20.0 if at % 3 == 0 else 5.0) for at, tag in enumerate(tags))))
    core.start()
    try:
        await until(lambda: not core.ingest.has_more and core.engine.counts().active[2] == COUNT // 3, "the alarms")
    finally:
        await core.stop()


def known(core: Core) -> dict[str, float]:
    store = core.parts.store
    return {tag.source.metric: float(store.value[tag.handle]) for tag in store.tags()}


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    site = make_site(tmp_path)
    (site / "alarms.toml").write_text(RULES, encoding="utf-8")
    made = make_station(site, "k1", "K1", ())
    asyncio.run(lived_before(made))
    return made


@pytest.mark.proves("ALARM-F14")
def test_open_alarms_stand_before_the_tags_are_back_and_links_start_only_after(folder: Path) -> None:
    async def story() -> None:
        core = await build(Folders(folder, folder), Work.RUN, tags_later=True)
        started: list[int] = []
        start = core.telemetry.start

        def noted() -> None:
            started.append(core.parts.store.size)
            start()

        core.telemetry.start = noted  # type: ignore[method-assign]
        try:
            assert core.engine.counts().active[2] == COUNT // 3
            assert core.parts.store.size == 0
            core.start()
            assert not started
            await until(lambda: bool(started), "the links")
            assert started == [COUNT]
            assert known(core) == {f"Load-{at}": 20.0 if at % 3 == 0 else 5.0 for at in range(COUNT)}
            assert not len(core.parts.store.take_unsaved())  # they came from the file: nothing of them is written anew
            one = core.engine.snapshot().conditions[0]
            assert core.engine.hung_on(one.condition_id) is not None
            assert one.tag_handle >= 0
        finally:
            await core.stop()

    asyncio.run(story())


def test_a_station_that_ends_while_its_tags_come_back_starts_no_link(folder: Path) -> None:
    async def story() -> None:
        core = await build(Folders(folder, folder), Work.RUN, tags_later=True)
        started: list[bool] = []
        core.telemetry.start = lambda: started.append(True)  # type: ignore[method-assign]
        core.start()
        await core.stop()
        assert not started

    asyncio.run(story())


def test_a_tag_file_that_cannot_be_read_is_said_and_the_plant_is_heard(
    folder: Path, log_lines: LogLines, monkeypatch: pytest.MonkeyPatch
) -> None:
    log_lines.expect("the tag file cannot be read")

    def fails(_connection: object) -> list[tag_snapshot.StoredTag]:
        raise ValueError("spoiled")

    async def story() -> None:
        core = await build(Folders(folder, folder), Work.RUN, tags_later=True)
        started: list[bool] = []
        core.telemetry.start = lambda: started.append(True)  # type: ignore[method-assign]
        monkeypatch.setattr(tag_snapshot, "load", fails)
        core.start()
        try:
            await until(lambda: bool(started), "the links")
            assert core.defects == ["tag file"]
        finally:
            await core.stop()

    asyncio.run(story())
