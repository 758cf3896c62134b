"""The history in a built station: it is kept, and whatever happens to its file, the station runs and says so."""

import asyncio
import itertools
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from console.app import history_room
from console.app.bootstrap import Core, Work, build
from console.app.folders import Folders
from console.app.history_room import BROKEN_TEXT, CLOSED_TEXT, KIND, LOSES_TEXT, WAITS_TEXT
from console.domain.alarms import AlarmState
from console.domain.refusal import Refused
from console.domain.tags import Tag, TagSource
from console.domain.values import ValueType
from console.services.historian.history_read import read_raw
from console.services.historian.retention import Room
from console.services.records import LinkRecord
from console.services.storage.failures import DamagedDatabase
from console.services.storage.writer import WriterThread
from console.services.telemetry.batch import LinkChanged, TagsDefined
from tests.support.alarm_plant import T0, batch_of, us
from tests.support.story_site import make_site, make_station

HISTORY = """
[[class]]
name = "long"
[[tag]]
pattern = "Line/*/Load"
class = "long"
"""


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    site = make_site(tmp_path)
    (site / "history.toml").write_text(HISTORY, encoding="utf-8")
    return make_station(site, "one", "K1", ())


class Running:
    """A built station whose history works; its clock is the test's."""

    def __init__(self, core: Core) -> None:
        self.core = core
        self.at = itertools.count(1)

    def hear(self, value: float) -> Tag:
        """A sample, walked past all consumers."""
        core, inbox = self.core, self.core.ingest.inbox
        load, _ = core.telemetry.handles.define(TagSource("plant", "Line", "PLC1", "P1", "Load"), ValueType.DOUBLE)
        at = next(self.at)
        inbox.put(LinkChanged("plant", LinkRecord("broker:plant", "live", T0), T0))
        inbox.put(TagsDefined((load,)))
        inbox.put(batch_of((load, at, value)))
        core.ingest.turn(us(at), float(at), budget_s=5.0)
        return load

    def alarms(self) -> list[str]:
        """Texts of the alarms that are active."""
        delta = self.core.engine.snapshot()
        texts = {condition.row: condition.text for condition in delta.conditions}
        pairs = zip(delta.rows.tolist(), delta.state.tolist(), strict=True)
        return [
            texts[row]
            for row, state in pairs
            if AlarmState(state) in (AlarmState.UNACKNOWLEDGED, AlarmState.ACKNOWLEDGED)
        ]

    async def samples(self, tag: Tag) -> list[float]:
        store = self.core.history.store
        found = store.find(tag.tag_id) if store is not None else None
        if store is None or found is None:
            return []
        block = await store.database.readers.read(lambda c: read_raw(c, found.key, 0, 1 << 62))
        return [value for value in block.value.tolist() if not np.isnan(value)]


def story(folder: Path, tell: Callable[[Running], object]) -> None:
    async def run() -> None:
        core = await build(Folders(folder, folder), Work.ACT)
        try:
            core.history.start()
            await tell(Running(core))  # type: ignore[misc]
        finally:
            await core.stop()

    asyncio.run(run())


async def until(ask: Callable[[], object]) -> None:
    async with asyncio.timeout(30):
        while not ask():  # noqa: ASYNC110 what is waited for is no event of this loop
            await asyncio.sleep(0.01)


def test_what_was_heard_before_the_file_is_open_and_after_is_kept_and_there_at_the_next_start(folder: Path) -> None:
    async def first(running: Running) -> None:
        tag = running.hear(1.0)
        assert running.core.history.store is None, "the start waits for nothing"
        await running.core.history.opened.wait()
        running.hear(2.0)
        await running.core.history.recorder.tick()
        assert await running.samples(tag) == [1.0, 2.0]
        assert running.core.history.store is not None
        found = running.core.history.store.find(tag.tag_id)
        assert found is not None
        assert found.retention_class == "long"
        running.hear(3.0)  # written by the stop

    async def second(running: Running) -> None:
        await running.core.history.opened.wait()
        running.at = itertools.count(10)
        tag = running.hear(4.0)
        await running.core.history.recorder.tick()
        assert await running.samples(tag) == [1.0, 2.0, 3.0, 4.0]

    story(folder, first)
    story(folder, second)


def test_a_station_that_ends_as_soon_as_it_began_keeps_what_it_heard(folder: Path) -> None:
    async def first(running: Running) -> None:
        running.hear(1.0)
        await asyncio.sleep(0)

    async def second(running: Running) -> None:
        await running.core.history.opened.wait()
        running.at = itertools.count(10)
        tag = running.hear(2.0)
        await running.core.history.recorder.tick()
        assert await running.samples(tag) == [1.0, 2.0]

    story(folder, first)
    story(folder, second)


def test_a_stopped_station_opens_its_history_for_who_asks(folder: Path) -> None:
    async def asked() -> None:
        core = await build(Folders(folder, folder), Work.READ)
        try:
            store = await core.history.open()
            assert store is await core.history.open()
            assert store.tags() == ()
        finally:
            await core.stop()

    asyncio.run(asked())


def test_a_history_that_cannot_be_opened_is_an_alarm_and_is_opened_when_it_can(
    folder: Path, monkeypatch: pytest.MonkeyPatch, log_lines
) -> None:
    log_lines.expect("cannot be opened")
    monkeypatch.setattr(history_room, "AGAIN_S", 0.05)
    (folder / "history.db").mkdir()

    async def tell(running: Running) -> None:
        await until(lambda: CLOSED_TEXT in running.alarms())
        tag = running.hear(1.0)
        (folder / "history.db").rmdir()
        await running.core.history.opened.wait()
        assert CLOSED_TEXT not in running.alarms()
        await running.core.history.recorder.tick()
        assert await running.samples(tag) == [1.0]

    story(folder, tell)


def test_a_file_that_is_no_history_is_set_aside_and_a_new_one_begun(folder: Path, log_lines) -> None:
    log_lines.expect("history.db is damaged")
    (folder / "history.db").write_bytes(b"no database at all " * 500)

    async def tell(running: Running) -> None:
        await running.core.history.opened.wait()
        assert running.core.history.store is not None
        assert (folder / "history.db.damaged-1").exists()
        tag = running.hear(1.0)
        await running.core.history.recorder.tick()
        assert await running.samples(tag) == [1.0]

    story(folder, tell)
    assert (folder / "history.db.damaged-1").read_bytes().startswith(b"no database")


def test_a_disk_that_is_nearly_full_belongs_to_the_journal_and_the_oldest_samples_go_at_once(
    folder: Path, monkeypatch: pytest.MonkeyPatch, log_lines
) -> None:
    log_lines.expect("kept for the journal")
    log_lines.expect("could not be written")
    monkeypatch.setattr(history_room, "KEEP_FREE", 1 << 60)

    async def tell(running: Running) -> None:
        history = running.core.history
        await history.opened.wait()
        tag = running.hear(1.0)
        await history.recorder.tick()
        assert WAITS_TEXT in running.alarms()
        assert history._tidy_now.is_set()
        assert await running.samples(tag) == []
        history._on_room(Room(reusable=100_000, disk_free=1))  # what was purged may be used again
        await history.recorder.tick()
        assert await running.samples(tag) == [1.0]
        assert WAITS_TEXT not in running.alarms()
        history._on_room(Room(reusable=10, disk_free=1))
        running.hear(2.0)
        await history.recorder.tick()
        assert await running.samples(tag) == [1.0]

    story(folder, tell)


def test_damage_that_a_running_station_meets_is_told_and_put_right_by_the_next_start(folder: Path, log_lines) -> None:
    log_lines.expect("istory")

    async def first(running: Running) -> None:
        await running.core.history.opened.wait()
        running.hear(1.0)
        await running.core.history.recorder.tick()
        running.core.history.look_for_damage(DamagedDatabase("{file} is damaged ({reason})", file="x", reason="torn"))
        assert BROKEN_TEXT in running.alarms()

    async def second(running: Running) -> None:
        await running.core.history.opened.wait()
        assert (folder / "history.db.damaged-1").exists()
        running.at = itertools.count(10)
        tag = running.hear(2.0)
        history = running.core.history
        await until(lambda: "history.damage" in history._told and not history._told["history.damage"])
        await history.recorder.tick()
        assert await running.samples(tag) == [1.0, 2.0]

    story(folder, first)
    story(folder, second)


def test_a_full_disk_is_an_alarm_samples_wait_and_what_is_lost_is_counted(
    folder: Path, monkeypatch: pytest.MonkeyPatch, log_lines
) -> None:
    log_lines.expect("history")
    is_full = True
    write = WriterThread.write

    def refuse(self: WriterThread, function: Callable[..., object]) -> object:
        if is_full and self._name.startswith("history"):
            future = asyncio.get_running_loop().create_future()
            future.set_exception(Refused("Not saved: the disk is full."))
            return future
        return write(self, function)

    async def tell(running: Running) -> None:
        nonlocal is_full
        recorder = running.core.history.recorder
        await running.core.history.opened.wait()
        monkeypatch.setattr(WriterThread, "write", refuse)
        monkeypatch.setattr(recorder, "_most_rows", 3)
        tag = running.hear(1.0)
        await recorder.tick()
        assert WAITS_TEXT in running.alarms()
        for value in range(2, 8):
            running.hear(float(value))
        await recorder.tick()
        assert LOSES_TEXT in running.alarms()
        (trouble,) = [one for one in running.core.parts.troubles.all() if one.kind == KIND]
        assert trouble.count == 4
        is_full = False
        await recorder.tick()
        await recorder.tick()
        assert not {WAITS_TEXT, LOSES_TEXT} & set(running.alarms())
        assert (await running.samples(tag))[:3] == [1.0, 2.0, 3.0]

    story(folder, tell)
