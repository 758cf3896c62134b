"""The historian's store through its public face: define, append, read."""

import asyncio
from collections.abc import Awaitable, Callable
from functools import partial
from pathlib import Path
from uuid import UUID

import numpy as np
import pytest
from sqlalchemy.engine import Connection

from console.domain.quality import Quality
from console.domain.values import ValueType
from console.services.historian import compaction
from console.services.historian.history_read import held_before, read_raw, read_rollups
from console.services.historian.samples import SampleBlock
from console.services.historian.store import HistoryStore, open_history_db
from console.services.historian.text_codes import texts_of
from tests.conftest import LogLines

TAG = UUID(int=7)
S = 1_000_000


def block(key: int, at_s: list[int], value: list[float], quality: int = Quality.GOOD) -> SampleBlock:
    n = len(at_s)
    return SampleBlock(
        np.full(n, key, np.uint32),
        np.array(at_s, np.int64) * S,
        np.array(value, np.float64),
        np.full(n, quality, np.uint8),
    )


def run(path: Path, story: Callable[[HistoryStore], Awaitable[None]]) -> None:
    async def go() -> None:
        store = open_history_db(path)
        try:
            await story(store)
        finally:
            store.close()

    asyncio.run(go())


def test_what_was_appended_is_there_after_reopening_and_the_tag_keeps_its_key(tmp_path: Path) -> None:
    path = tmp_path / "history.db"
    keys = []

    async def write(store: HistoryStore) -> None:
        keys.append(store.key_of(TAG, ValueType.DOUBLE, "fast", "bar"))
        await store.append([block(keys[0], [3, 1], [3.0, 1.0]), block(keys[0], [2], [2.0])])

    async def read(store: HistoryStore) -> None:
        tag = store.find(TAG)
        assert tag is not None
        assert (tag.key, tag.retention_class, tag.unit) == (keys[0], "fast", "bar")
        got = await store.database.readers.read(lambda connection: read_raw(connection, tag.key, 0, 10 * S))
        assert got.value.tolist() == [1.0, 2.0, 3.0]

    run(path, write)
    run(path, read)


def test_what_held_before_a_moment_is_the_newest_sample_before_it(tmp_path: Path) -> None:
    async def story(store: HistoryStore) -> None:
        key = store.key_of(TAG, ValueType.DOUBLE)
        await store.append([block(key, [1, 5], [1.0, 5.0])])

        def ask(connection: Connection) -> None:
            held = held_before(connection, key, 5 * S)
            assert held is not None
            assert (held.at_us, held.value) == (S, 1.0)
            assert held_before(connection, key, S) is None

        await store.database.readers.read(ask)

    run(tmp_path / "history.db", story)


def test_a_text_is_stored_once_and_large_integers_come_back_exactly(tmp_path: Path) -> None:
    async def story(store: HistoryStore) -> None:
        key = store.key_of(TAG, ValueType.STRING)
        states = block(key, [1, 2, 3], [0.0] * 3)
        await store.append(
            [SampleBlock(states.key, states.at_us, states.value, states.quality, texts={0: "on", 1: "off", 2: "on"})]
        )
        other = store.key_of(UUID(int=8), ValueType.UINT64)
        numbers = block(other, [1], [2.0**64])
        await store.append([SampleBlock(numbers.key, numbers.at_us, numbers.value, numbers.quality, {0: 2**64 - 1})])

        def ask(connection: Connection) -> None:
            texts = texts_of(connection, key)
            assert [texts[int(code)] for code in read_raw(connection, key, 0, 9 * S).value] == ["on", "off", "on"]
            assert len(texts) == 2
            assert read_raw(connection, other, 0, 9 * S).exact == {0: 2**64 - 1}

        await store.database.readers.read(ask)

    run(tmp_path / "history.db", story)


@pytest.mark.parametrize("ticks", [3, 40])
def test_a_tick_of_many_tags_is_read_tag_by_tag(tmp_path: Path, ticks: int) -> None:
    """40 ticks of 1,000 tags have been shared out to partitions on the way."""

    async def story(store: HistoryStore) -> None:
        for tick in range(ticks):
            value = np.arange(1000, dtype=np.float64) + tick / 100
            key, at = np.arange(1000, dtype=np.uint32), np.full(1000, tick * S)
            await store.append([SampleBlock(key, at, value, np.zeros(1000, np.uint8))])
        got = await store.database.readers.read(lambda connection: read_raw(connection, 321, 0, 99 * S))
        assert got.value.tolist() == [321 + tick / 100 for tick in range(ticks)]

    run(tmp_path / "history.db", story)


def test_sealing_in_slices_changes_nothing_that_is_read(tmp_path: Path) -> None:
    async def story(store: HistoryStore) -> None:
        def ask(connection: Connection) -> list[object]:
            raw = [read_raw(connection, key, 0, 900 * S).value.tolist() for key in range(50)]
            return [raw, [read_rollups(connection, key, 1, 0, 900 * S).sum.tolist() for key in range(50)]]

        for second in range(0, 600, 5):
            key = np.arange(50, dtype=np.uint32)
            at = np.full(50, second * S)
            await store.append([SampleBlock(key, at, key + second / 10, np.zeros(50, np.uint8))])
        before = await store.database.readers.read(ask)
        steps = 0
        while await store.compact_some(0, 0, is_all=True):
            steps += 1
        assert steps > 50
        assert await store.database.readers.read(ask) == before

        def rest(connection: Connection) -> int:
            return int(connection.exec_driver_sql("SELECT count(*) FROM tail").scalar_one())

        assert await store.database.readers.read(rest) == 0

    run(tmp_path / "history.db", story)


def test_a_tag_that_cannot_be_sealed_holds_no_other_up_and_keeps_its_samples(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, log_lines: LogLines
) -> None:
    log_lines.expect("tag 1 cannot be sealed")
    plan = compaction._plan

    def failing(connection: Connection, work: compaction.PartWork, number: int) -> compaction.TagWrites:
        if work.keys[number] == 1:
            raise ZeroDivisionError
        return plan(connection, work, number)

    async def story(store: HistoryStore) -> None:
        def sealed(connection: Connection) -> list[int]:
            return list(connection.exec_driver_sql("SELECT key FROM chunk ORDER BY key").scalars())

        other = 1 + compaction.NEWEST_PART  # of the same partition
        await store.append([block(1, [1, 2], [1.0, 2.0]), block(other, [1], [3.0])])
        monkeypatch.setattr(compaction, "_plan", failing)
        while await store.compact_some(9, 0, is_all=True):
            pass
        assert await store.database.readers.read(sealed) == [other]
        monkeypatch.undo()
        while await store.compact_some(9, compaction.SEAL_AFTER_US, is_all=True):
            pass
        assert await store.database.readers.read(sealed) == [1, other]
        for key, values in ((1, [1.0, 2.0]), (other, [3.0])):
            got = await store.database.readers.read(partial(read_raw, key=key, from_us=0, to_us=9 * S))
            assert got.value.tolist() == values

    run(tmp_path / "history.db", story)
