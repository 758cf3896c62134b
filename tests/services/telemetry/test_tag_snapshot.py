"""Tags and last values over a restart, in a real SQLite file."""

import asyncio
import math
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import TypeVar

import pysqlite3
import pytest
from sqlalchemy import Engine, create_engine, func, select
from sqlalchemy.engine import Connection

from console.domain.quality import Detail, Quality
from console.services.telemetry import tag_snapshot, tag_tables
from console.services.telemetry.handles import HandleTable
from console.services.telemetry.tag_snapshot import TagSnapshot
from console.services.telemetry.tag_store import TagStore
from tests.conftest import LogLines
from tests.services.telemetry.rig import SITE, Rig
from tests.support.edge import M

T = TypeVar("T")


class InlineWriter:
    """Writes at once; `is_broken` plays the full disk."""

    def __init__(self, engine: Engine) -> None:
        self.engine = engine
        self.is_broken = False

    def write(self, function: Callable[[Connection], T]) -> Awaitable[T]:
        async def run() -> T:
            if self.is_broken:
                raise OSError("disk full")
            with self.engine.begin() as connection:
                return function(connection)

        return run()


@pytest.fixture
def writer(tmp_path: Path) -> InlineWriter:
    engine = create_engine(f"sqlite:///{tmp_path / 'station.db'}", module=pysqlite3)
    tag_tables.metadata.create_all(engine)
    return InlineWriter(engine)


def restarted(writer: InlineWriter) -> tuple[HandleTable, TagStore]:
    handles, store = HandleTable(SITE), TagStore()
    with writer.engine.connect() as connection:
        tag_snapshot.restore(tag_snapshot.load(connection), handles, store)
    writer.engine.dispose()
    return handles, store


def test_after_a_restart_the_last_values_are_shown_as_stale(writer: InlineWriter) -> None:
    rig = Rig()
    rig.birth(
        M("a", 4.5, unit="bar"),
        M("text", "läuft\ud83d".encode("utf-8", "replace").decode(), 12),
        M("big", 2**63, 8),
        M("nul", None),
    )
    assert asyncio.run(TagSnapshot(rig.store, writer).save()) == 4
    handles, store = restarted(writer)
    found = {tag.source.metric: tag for tag in store.tags()}
    assert {tag.tag_id for tag in found.values()} == {tag.tag_id for tag in rig.store.tags()}
    a = found["a"]
    assert (a.unit, store.value[a.handle], store.quality[a.handle], store.detail[a.handle]) == (
        "bar", 4.5, Quality.STALE, Detail.AWAITS_BIRTH,
    )  # fmt: skip
    assert store.source_us[a.handle] == rig.store.source_us[rig.handle("a")]
    assert store.text(found["big"].handle) == str(2**63)
    assert store.text(found["text"].handle) == "läuft?"
    assert math.isnan(store.value[found["nul"].handle])
    assert handles.nodes("plant") == {("g", "n1")}


def test_only_what_changed_is_written_and_a_failed_write_is_made_up_for(writer: InlineWriter) -> None:
    rig = Rig()
    rig.birth(M("a", 1.0, alias=1), M("b", 1.0, alias=2))
    snapshot = TagSnapshot(rig.store, writer)
    assert asyncio.run(snapshot.save()) == 2
    assert asyncio.run(snapshot.save()) == 0
    rig.send("NDATA", [M(alias=1, value=9.0, type=0)])
    writer.is_broken = True
    with pytest.raises(OSError, match="disk full"):
        asyncio.run(snapshot.save())
    writer.is_broken = False
    assert asyncio.run(snapshot.save()) == 1
    with writer.engine.connect() as connection:
        assert connection.execute(select(func.count()).select_from(tag_tables.tag_value)).scalar() == 2
        values = {stored.tag.source.metric: stored.value for stored in tag_snapshot.load(connection)}
    writer.engine.dispose()
    assert values == {"a": 9.0, "b": 1.0}


def test_a_restored_tag_keeps_its_handle_when_its_node_is_born_again(writer: InlineWriter) -> None:
    rig = Rig()
    rig.birth(M("a", 1.0))
    asyncio.run(TagSnapshot(rig.store, writer).save())
    fresh = Rig()
    with writer.engine.connect() as connection:
        tag_snapshot.restore(tag_snapshot.load(connection), fresh.handles, fresh.store)
    writer.engine.dispose()
    fresh.birth(M("a", 2.0))
    assert fresh.store.size == 1
    assert fresh.value("a") == 2.0
    assert fresh.quality("a") == (Quality.GOOD, Detail.NONE)


def test_a_new_tag_is_in_the_file_at_the_next_look_and_values_follow_every_five_seconds(writer: InlineWriter) -> None:
    rig = Rig()
    rig.birth(M("a", 1.0, alias=1))
    snapshot = TagSnapshot(rig.store, writer)
    assert asyncio.run(snapshot.look(100.0)) == 1
    rig.send("NDATA", [M(alias=1, value=2.0, type=0)])
    assert asyncio.run(snapshot.look(100.5)) == 0
    rig.birth(M("a", 3.0, alias=1), M("b", 3.0, alias=2))
    writer.is_broken = True
    with pytest.raises(OSError, match="disk full"):
        asyncio.run(snapshot.look(101.0))
    writer.is_broken = False
    assert asyncio.run(snapshot.look(101.5)) == 2, "what could not be written is still due"
    rig.send("NDATA", [M(alias=2, value=4.0, type=0)])
    assert asyncio.run(snapshot.look(106.4)) == 0
    assert asyncio.run(snapshot.look(106.5)) == 1
    _, store = restarted(writer)
    assert {tag.source.metric: store.value[tag.handle] for tag in store.tags()} == {"a": 3.0, "b": 4.0}


def test_a_tag_that_cannot_be_understood_costs_itself_alone(writer: InlineWriter, log_lines: LogLines) -> None:
    log_lines.expect("1 tags of the tag file cannot be understood")
    rig = Rig()
    rig.birth(M("a", 1.0), M("b", 1.0))
    asyncio.run(TagSnapshot(rig.store, writer).save())
    with writer.engine.begin() as connection:  # as a later version might write
        connection.execute(tag_tables.tag.update().where(tag_tables.tag.c.metric == "a").values(value_type=4711))
    _, store = restarted(writer)
    assert [tag.source.metric for tag in store.tags()] == ["b"]
